from collections.abc import Callable
from datetime import date
from decimal import Decimal
from enum import IntEnum
from typing import Annotated, Any, Literal
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.constraints import Length, Range
from fsroute.http.errors import HTTPError, ValidationError
from fsroute.http.forms import Form
from fsroute.http.multidict import EnvironHeaders, MultiDict, MultiMapping

PAIRS = [("a", "1"), ("b", "x"), ("a", "2"), ("", "blank"), ("n", "-7"), ("ab", "")]
ENVIRON = {
    "HTTP_A": "1", "HTTP_B": "x", "HTTP_X_REQUEST_ID": "r", "CONTENT_TYPE": "a/b", "CONTENT_LENGTH": "3",
    "HTTP_EMPTY": "", "PATH_INFO": "/"
}


class Size(IntEnum):
    SMALL = 1


def query() -> MultiDict:
    return MultiDict(PAIRS, "query parameter")


def headers() -> EnvironHeaders:
    return EnvironHeaders(dict(ENVIRON))


def cookies() -> MultiDict:
    return MultiDict(PAIRS, "cookie")


def form() -> Form:
    return Form(PAIRS)


ALL = [(query, "query parameter"), (headers, "header"), (cookies, "cookie"), (form, "form field")]


# every kind

@pytest.mark.parametrize(("mapping", "what"), ALL)
def test_a_missing_name_is_the_clients_mistake_and_names_it(
    mapping: Callable[[], MultiMapping], what: str
) -> None:
    with pytest.raises(HTTPError, match=f"The {what} 'nope' is missing") as caught:
        mapping()["nope"]
    assert caught.value.status == 400


@pytest.mark.parametrize(("mapping", "what"), ALL)
def test_a_value_that_does_not_convert_is_the_clients_mistake_and_stays_unsaid(
    mapping: Callable[[], MultiMapping], what: str
) -> None:
    with pytest.raises(
        HTTPError, match=f"The {what} 'b' must be a whole number of at most 64 bits"
    ) as caught:
        mapping().get("b", type=int)
    assert caught.value.status == 400
    assert "x" not in caught.value.detail


@pytest.mark.parametrize("mapping", [mapping for mapping, _ in ALL])
def test_one_value_is_the_first_converted_or_the_default_as_it_is(
    mapping: Callable[[], MultiMapping]
) -> None:
    assert mapping()["a"] == "1"
    assert mapping().get("a") == "1"
    assert mapping().get("a", type=int) == 1
    assert mapping().get("a", 5, type=int) == 1
    assert mapping().get("a", 5, int) == 1
    assert mapping().get("nope") is None
    assert mapping().get("nope", type=int) is None
    assert mapping().get("nope", "5", type=int) == "5"


def squared(text: str) -> int:
    if not text.isdigit():
        raise ValueError("must be a row of digits")
    return int(text) ** 2


@pytest.mark.parametrize("mapping",
                         [lambda: MultiDict([("a", "1")]), lambda: EnvironHeaders({"HTTP_A": "1"})])
@pytest.mark.parametrize(("kind", "value"), [
    (float, 1.0), (Decimal, Decimal(1)), (bool, True), (Size, Size.SMALL), (Literal["1"], "1"),
    (Literal[1], 1),
    (int | None, 1), (Annotated[int, Range(1, 5)], 1), (Any, "1"), (squared, 1),
    (lambda text: text * 2, "11"),
    (str.upper, "1"),
])
def test_the_types_are_those_of_a_paths_parameter_or_a_function(
    mapping: Callable[[], MultiMapping], kind: Any, value: Any
) -> None:
    for made in (mapping().get("a", type=kind), mapping().getall("a", type=kind)[0]):
        assert (made, type(made)) == (value, type(value))
    assert mapping().get("nope", type=kind) is None
    assert mapping().get("nope", 7, type=kind) == 7
    assert mapping().getall("nope", type=kind) == []


@pytest.mark.parametrize(("mapping", "what"), ALL)
@pytest.mark.parametrize(("kind", "message"), [
    (float, "must be a plain decimal number of at most 64 characters"),
    (UUID, "must be a UUID of 36 characters with hyphens"),
    (date, "must be a date that exists, as YYYY-MM-DD"),
    (Size, "must be 1"),
    (Annotated[str, Length(2)], "must have at least 2 characters, not 1"),
    (squared, "must be a row of digits"),
    (lambda text: 1 // 0, "is not accepted"),
    (lambda text: b"\xff".decode(), "is not accepted"),
])
def test_what_does_not_convert_is_a_400_that_names_the_field(
    mapping: Callable[[], MultiMapping], what: str, kind: Any, message: str
) -> None:
    for ask in (mapping().get, mapping().getall):
        with pytest.raises(HTTPError) as caught:
            ask("b", type=kind)
        assert caught.value.status == 400
        assert caught.value.detail == f"The {what} 'b' {message}"


@pytest.mark.parametrize("mapping", [mapping for mapping, _ in ALL])
@pytest.mark.parametrize("name", ["a", "nope"])
@pytest.mark.parametrize("kind", [
    bytes, dict, list, type(None), "int", None, [], list[int], tuple[int, ...], int | str,
    Annotated[int, "note"],
    Annotated[str, Range(1)],
])
def test_another_type_is_the_callers_mistake_whatever_was_sent(
    mapping: Callable[[], MultiMapping], name: str, kind: Any
) -> None:
    for method in ("get", "getall"):
        with pytest.raises(TypeError, match=rf"^{method}\('{name}', type=...\): .+; .+"):
            getattr(mapping(), method)(name, type=kind)


@pytest.mark.parametrize("mapping", [mapping for mapping, _ in ALL])
def test_a_blank_is_none_where_the_type_says_so(mapping: Callable[[], MultiMapping]) -> None:
    name = "Empty" if mapping is headers else "ab"
    assert mapping().get(name, 5, type=int | None) is None
    assert mapping().getall(name, type=int | None) == [None]
    with pytest.raises(HTTPError, match="must be a whole number of at most 64 bits, not blank"):
        mapping().get(name, 5, type=int)


@pytest.mark.parametrize("mapping", [mapping for mapping, _ in ALL])
def test_it_cannot_be_written_to(mapping: Callable[[], MultiMapping]) -> None:
    with pytest.raises(TypeError):
        mapping()["a"] = "1"        # type: ignore[index]
    with pytest.raises(TypeError):
        del mapping()["a"]          # type: ignore[attr-defined]
    held = mapping()
    held.items().clear()
    held.lists().clear()
    held.getall("a").clear()
    assert held["a"] == "1"
    assert held.getall("a")[0] == "1"


@pytest.mark.parametrize("mapping", [mapping for mapping, _ in ALL])
def test_every_view_tells_the_same(mapping: Callable[[], MultiMapping]) -> None:
    held = mapping()
    assert len(held) == len(list(held)) == len(set(held))
    for name in held:
        assert name in held
        values = [value for known, value in held.items() if known == name]
        assert held.getall(name) == held.lists()[name] == values
        assert held[name] == held.get(name) == values[0]
    assert list(held.lists()) == list(held)
    assert sum(map(len, held.lists().values())) == len(held.items())


@pytest.mark.parametrize("mapping", [mapping for mapping, _ in ALL])
def test_it_is_a_mapping_to_dict_too(mapping: Callable[[], MultiMapping]) -> None:
    as_dict: dict[str, str] = dict(mapping())
    assert as_dict == {name: values[0] for name, values in mapping().lists().items()}


@pytest.mark.parametrize("mapping", [mapping for mapping, _ in ALL])
@pytest.mark.parametrize("name", [None, 5, b"a", ("a",)])
def test_what_is_no_str_is_not_in_it(mapping: Callable[[], MultiMapping], name: object) -> None:
    assert name not in mapping()


def test_a_long_name_is_cut_in_the_error() -> None:
    for ask in (lambda name: query()[name], lambda name: MultiDict([(name, "x")]).get(name, type=int)):
        with pytest.raises(HTTPError) as caught:
            ask("n" * 100_000)
        assert len(caught.value.detail) < 300


# pairs

@pytest.mark.parametrize(("mapping", "what", "where"), [
    (query, "query parameter", "query"), (headers, "header", "header"), (cookies, "cookie", "cookie"),
    (form, "form field", "form"), (lambda: MultiDict(PAIRS), "field", "form"),
    (lambda: form().files, "file", "form")])
def test_what_is_missing_or_wrong_is_a_validation_error_of_one_fault(
    mapping: Callable[[], MultiMapping], what: str, where: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        mapping()["nope"]
    assert caught.value.errors == [{"in": where, "name": "nope", "message": "is missing"}]
    assert caught.value.detail == f"The {what} 'nope' is missing"
    if what == "file":
        return
    message = "must be a whole number of at most 64 bits"
    asks: list[Callable[[MultiMapping], Any]] = [
        lambda each: each.get("b", type=int), lambda each: each.getall("b", int)]
    for ask in asks:
        with pytest.raises(ValidationError) as caught:
            ask(mapping())
        assert caught.value.errors == [{"in": where, "name": "b", "message": message}]
        assert caught.value.detail == f"The {what} 'b' {message}"
        assert "more" not in caught.value.extra


def test_the_name_in_the_fault_is_cut_as_well() -> None:
    with pytest.raises(ValidationError) as caught:
        query()["n" * 100_000]
    assert caught.value.errors[0]["name"] == "n" * 200


@pytest.mark.parametrize(("pairs", "firsts", "repeated"), [
    ([], {}, {}), ([("a", "1")], {"a": "1"}, {}), ([("a", "1"), ("b", "")], {"a": "1", "b": ""}, {}),
    ([("a", "1"), ("b", "x"), ("a", "")], {"a": "1", "b": "x"}, {"a": ["1", ""]}),
    ([("a", "1")] * 3 + [("b", "2")] * 2, {"a": "1", "b": "2"}, {"a": ["1"] * 3, "b": ["2"] * 2}),
])
def test_names_that_repeat_are_counted(
    pairs: list[tuple[str, str]], firsts: dict[str, str], repeated: dict[str, list[str]]
) -> None:
    for asked in (False, True):
        made = MultiDict(pairs)
        if asked:
            made.get("a")
        assert made.counted() == (firsts, repeated)
        for values in made.counted()[1].values():
            values.append("more")
        assert made.counted() == (firsts, repeated)


def test_nothing_of_the_pairs_is_hidden() -> None:
    assert query().items() == PAIRS
    assert query().getall("a") == ["1", "2"]
    assert query().getall("nope") == []
    assert query().getall("a", type=int) == [1, 2]
    assert query().getall("a", int) == [1, 2]
    assert query().lists() == {"a": ["1", "2"], "b": ["x"], "": ["blank"], "n": ["-7"], "ab": [""]}
    assert list(query()) == ["a", "b", "", "n", "ab"]
    assert len(query()) == 5


def test_a_name_without_a_value_was_sent() -> None:
    assert "ab" in query()
    assert query()["ab"] == query().get("ab", "d") == ""
    with pytest.raises(HTTPError, match="'ab' must be a whole number"):
        query().get("ab", type=int)


def test_the_case_of_a_query_name_counts() -> None:
    assert "A" not in query()
    assert query().get("A") is None


def test_what_it_is_made_of_may_be_an_iterator_and_change_later() -> None:
    assert MultiDict(iter(PAIRS)).items() == PAIRS
    pairs = [("a", "1")]
    held = MultiDict(pairs)
    pairs.append(("b", "2"))
    assert held.items() == [("a", "1")]


def test_its_repr_shows_what_is_in_it() -> None:
    assert repr(MultiDict([("a", "1")])) == "MultiDict([('a', '1')])"
    assert repr(Form([("a", "1")])) == "Form([('a', '1')])"
    assert repr(EnvironHeaders({"HTTP_A": "1"})) == "EnvironHeaders([('A', '1')])"


@given(st.lists(st.tuples(st.sampled_from(["", "a", "b", "ab", "é"]), st.text(max_size=3)), max_size=8))
def test_it_is_a_plain_list_of_pairs_to_ask(pairs: list[tuple[str, str]]) -> None:
    held = MultiDict(pairs)
    assert held.items() == pairs
    assert list(held) == list(dict(pairs))
    for name in ["", "a", "b", "ab", "é"]:
        values = [value for known, value in pairs if known == name]
        assert held.getall(name) == values
        assert held.get(name) == (values[0] if values else None)
        assert (name in held) is bool(values)


# the environ's headers

@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("X-Request-Id", "r"), ("x-request-id", "r"), ("X-REQUEST-ID", "r"), ("x_request_id", "r"),
        ("Content-Type", "a/b"), ("content-type", "a/b"), ("CONTENT_TYPE", "a/b"), ("Content-Length", "3"),
        ("Empty", ""), ("Path-Info", None), ("Http-A", None), ("", None), ("PATH_INFO", None),
        ("HTTP_A", None),
    ],
)
def test_a_header_is_found_by_its_name_in_any_case(name: str, value: str | None) -> None:
    assert headers().get(name) == value
    assert (name in headers()) is (value is not None)
    assert headers().getall(name) == ([] if value is None else [value])


def test_an_empty_content_type_or_length_is_a_hosts_way_to_say_none() -> None:
    held = EnvironHeaders({"CONTENT_TYPE": "", "CONTENT_LENGTH": ""})
    assert (
        held.items(), len(held), "Content-Type" in held, held.get("Content-Length")
    ) == ([], 0, False, None)


def test_items_are_headers_and_nothing_else_of_the_environ() -> None:
    assert headers().items() == [
        ("A", "1"), ("B", "x"), ("X-Request-Id", "r"), ("Content-Type", "a/b"), ("Content-Length", "3"),
        ("Empty", ""),
    ]


def test_a_host_that_spells_the_bare_names_twice_confuses_nobody() -> None:
    held = EnvironHeaders({
        "CONTENT_TYPE": "a/b", "HTTP_CONTENT_TYPE": "evil/x", "CONTENT_LENGTH": "3",
        "HTTP_CONTENT_LENGTH": "9",
    })
    assert held.items() == [("Content-Type", "a/b"), ("Content-Length", "3")]
    assert held.lists() == {"Content-Type": ["a/b"], "Content-Length": ["3"]}


def test_headers_are_read_when_they_are_asked_for() -> None:
    environ = {"HTTP_A": "1"}
    held = EnvironHeaders(environ)
    environ["HTTP_A"] = "2"
    assert held["a"] == "2"

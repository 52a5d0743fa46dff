"""From a plan to the values of a query and a body: what is read, in which order, and what is told."""

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypedDict

import pytest

from fsroute import Form, HTTPError, Request, TreeError, ValidationError
from fsroute.handlers.inputs import reader
from fsroute.handlers.plan import BindingError, plan
from fsroute.http.request import Settings
from tests.conftest import Make
from tests.exchange import environ_of
from tests.typed import IMPORTS, JSON
from tests.uploads import URLENCODED

INT = "must be a whole number of at most 64 bits"


@dataclass
class New:
    name: str


def read(handler: Callable[..., Any], target: str, body: bytes | None = None, **more: Any) -> dict[str, Any]:
    request = Request(environ_of("POST", target, body, **more), "/", {}, Settings())
    return reader(plan(handler, (), "POST"))(request)


def query(request: Any, *, a: int, b: str = "x", c: list[int]) -> None: ...
def unannotated(*, a, b=None): ...  # type: ignore[no-untyped-def]
def body(new: New) -> None: ...
def form(new: Annotated[New, Form]) -> None: ...
def both(new: New, *, a: int) -> None: ...
def form_too(new: Annotated[New, Form], *, a: int) -> None: ...
def maybe(new: New | None = None) -> None: ...
def maybe_both(new: New | None = None, *, a: int = 1) -> None: ...
def maybe_form(new: Annotated[New, Form] | None = None) -> None: ...


A_JSON, A_FORM = b'{"name": "a"}', b"name=a"


@pytest.mark.parametrize(("handler", "target", "sent", "kind", "values"), [
    (query, "/?a=1", None, None, {"a": 1, "c": []}), (query, "/?a=1&b=&c=2&c=3", None, None,
                                                      {"a": 1, "b": "", "c": [2, 3]}),
    (unannotated, "/?a=1&b=2", None, None, {"a": "1", "b": "2"}),
    (unannotated, "/?a=", None, None, {"a": ""}),
    (body, "/?a=x", A_JSON, JSON, {"new": New("a")}), (form, "/?a=x", A_FORM, URLENCODED, {"new": New("a")}),
    (both, "/?a=1", A_JSON, JSON, {"a": 1, "new": New("a")}),
    (form_too, "/?a=1", A_FORM, URLENCODED, {"a": 1, "new": New("a")}),
    (maybe, "/", None, None, {}), (maybe, "/", b"", None, {}), (maybe, "/", b"null", JSON, {"new": None}),
    (maybe, "/", A_JSON, JSON, {"new": New("a")}), (maybe_both, "/", None, None, {}),
    (maybe_both, "/?a=2", A_JSON, JSON, {"a": 2, "new": New("a")}), (maybe_form, "/", None, None, {}),
    (maybe_form, "/", A_FORM, URLENCODED, {"new": New("a")}),
])
def test_the_values_are_those_that_came(
    handler: Callable[..., Any], target: str, sent: bytes | None, kind: str | None, values: dict[str, Any]
) -> None:
    assert read(handler, target, sent, CONTENT_TYPE=kind) == values


@pytest.mark.parametrize(("handler", "target", "sent", "kind", "status"), [
    (body, "/", A_JSON, None, 415), (body, "/", A_FORM, URLENCODED, 415), (form, "/", A_JSON, JSON, 415),
    (both, "/?a=x", A_FORM, URLENCODED, 415), (both, "/?a=x", b"{", JSON, 400),
    (both, "/?a=%FF", A_FORM, URLENCODED, 400),
    (form_too, "/?a=x", b"name=%FF", URLENCODED, 400), (form_too, "/?a=x", A_JSON, JSON, 415),
    (maybe, "/", A_JSON, None, 415), (maybe, "/", None, JSON, 400), (maybe, "/", A_FORM, URLENCODED, 415),
    (maybe_both, "/?a=x", A_JSON, None, 415), (maybe_form, "/", A_FORM, None, 415),
    (maybe_form, "/", None, JSON, 415),
    (query, "/?a=%FF", None, None, 400),
])
def test_what_cannot_be_read_is_told_alone(
    handler: Callable[..., Any], target: str, sent: bytes | None, kind: str | None, status: int
) -> None:
    with pytest.raises(HTTPError) as caught:
        read(handler, target, sent, CONTENT_TYPE=kind)
    assert (type(caught.value), caught.value.status) == (HTTPError, status)


@pytest.mark.parametrize(("handler", "target", "sent", "kind", "names"), [
    (query, "/?b=1&b=2&c=x", None, None, ["a", "b", "c"]), (unannotated, "/", None, None, ["a"]),
    (body, "/", b"{}", JSON, ["/name"]), (form, "/", b"", URLENCODED, ["name"]),
    (both, "/", b"{}", JSON, ["a", "/name"]), (both, "/", A_JSON, JSON, ["a"]),
    (both, "/?a=1", b"[]", JSON, [""]),
    (form_too, "/", b"", URLENCODED, ["a", "name"]), (maybe, "/", b"{}", JSON, ["/name"]),
    (maybe_both, "/?a=x", None, None, ["a"]), (maybe_both, "/?a=x", b"{}", JSON, ["a", "/name"]),
    (maybe_form, "/", b"", URLENCODED, ["name"]),
])
def test_what_can_be_read_is_judged_as_a_whole(
    handler: Callable[..., Any], target: str, sent: bytes | None, kind: str | None, names: list[str]
) -> None:
    for _ in range(2):
        with pytest.raises(ValidationError) as caught:
            read(handler, target, sent, CONTENT_TYPE=kind)
        assert [each["name"] for each in caught.value.errors] == names


class Untouchable(io.BytesIO):
    def read(self, *size: Any) -> Any:
        pytest.fail("wsgi.input was read")


def test_the_query_alone_leaves_the_body_alone() -> None:
    assert read(query, "/?a=1", A_JSON, **{"wsgi.input": Untouchable()}) == {"a": 1, "c": []}


def test_a_query_that_cannot_be_read_is_told_before_the_body_is_touched() -> None:
    with pytest.raises(HTTPError, match="not UTF-8"):
        read(both, "/?a=%FF", A_JSON, **{"wsgi.input": Untouchable()})


def test_a_body_that_is_alone_leaves_the_query_alone() -> None:
    assert read(body, "/?%FF", A_JSON) == {"new": New("a")}
    assert read(maybe, "/?%FF", A_JSON) == {"new": New("a")}


def test_a_validation_error_of_a_check_keeps_its_words_where_it_is_alone() -> None:
    def taken(new: New) -> New:
        raise ValidationError([{"in": "body", "name": "/name", "message": "is taken"}], "Choose another name")

    def handler(new: Annotated[New, taken]) -> None: ...
    def with_query(new: Annotated[New, taken], *, a: int = 1) -> None: ...
    for each in (handler, with_query):
        with pytest.raises(ValidationError, match="Choose another name"):
            read(each, "/", A_JSON)
    with pytest.raises(ValidationError) as caught:
        read(with_query, "/?a=x", A_JSON)
    assert [(each["in"], each["name"]) for each in caught.value.errors] == [("query", "a"), ("body", "/name")]
    assert caught.value.detail == f"The query parameter 'a' {INT} (and 1 more)"


class Wide(TypedDict):
    name: Annotated[str, Form]


def of_items(it: list[Annotated[New, Form]]) -> None: ...
def of_values(it: dict[str, Annotated[New, Form]]) -> None: ...
def of_member(it: Wide) -> None: ...
def of_form_member(it: Annotated[Wide, Form]) -> None: ...
def of_query(*, it: Annotated[str, Form]) -> None: ...
def of_query_list(*, it: list[Annotated[str, Form]]) -> None: ...


@pytest.mark.parametrize("handler", [of_items, of_values, of_member, of_form_member, of_query, of_query_list])
def test_the_mark_of_a_form_is_a_fault_where_no_form_can_be(handler: Callable[..., Any]) -> None:
    with pytest.raises(BindingError, match="Form"):
        reader(plan(handler, (), "POST"))


def test_the_mark_of_a_form_is_refused_by_a_reader_too() -> None:
    request = Request(environ_of("POST", "/", A_JSON), "/", {}, Settings())
    with pytest.raises(TypeError, match="Form"):
        request.json(list[Annotated[New, Form]])


@pytest.mark.parametrize("source", [
    "type Sent = Annotated[Item, Form]\ndef POST(it: Sent): return it.sku",
    "type Sent = Annotated[Item, Form]\ndef POST(it: Annotated[Sent, lambda item: item]): return it.sku",
    "type Sent = Item\ndef POST(it: Annotated[Sent, Form]): return it.sku",
    "type Sent = Annotated[Item, Form] | None\ndef POST(it: Sent = None): return it and it.sku",
])
def test_the_mark_may_stand_behind_the_name_of_an_alias(make: Make, source: str) -> None:
    from tests.exchange import exchange

    try:
        compile("type A = int", "", "exec")
    except SyntaxError:
        pytest.skip("this Python has no type statement")
    try:
        app = make({"x/route.py": IMPORTS + source})
    except TreeError as fault:
        pytest.fail(str(fault))
    assert exchange(app, environ_of("POST", "/x", b"sku=a", CONTENT_TYPE=URLENCODED)).body == b"a"

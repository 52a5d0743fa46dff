"""Texts and files of a query or a form, and the values that they become."""

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated, Any, Literal, NewType, NotRequired, TypedDict

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fsroute import Form, HTTPError, Length, Range, UploadedFile, ValidationError
from fsroute.http import fields as module
from fsroute.http.convert import Unconvertible
from fsroute.http.fields import form_checker, form_reader, read
from fsroute.http.multidict import MultiDict

Pairs = list[tuple[str, Any]]
INT = "must be a whole number of at most 64 bits"
Age = NewType("Age", int)


def result(declared: list[tuple[str, Any, bool]], pairs: Pairs, other: Pairs | None = None
           ) -> tuple[dict[str, Any], list[tuple[str, str, str]]]:
    """The values, and the faults. declared: name, annotation, whether it is required."""
    errors: list[dict[str, str]] = []
    made = [module.field(annotation, name, required) for name, annotation, required in declared]
    values = read(made, MultiDict(pairs), "query", errors, None if other is None else MultiDict(other))
    return values, [(each["in"], each["name"], each["message"]) for each in errors]


@pytest.mark.parametrize(("annotation", "required", "pairs", "values"), [
    (str, True, [("q", "a")], {"q": "a"}), (str, False, [], {}), (int, True, [("q", "5"),
    ("r", "x")], {"q": 5}),
    (int | None, True, [("q", "")], {"q": None}), (int | None, False, [], {}),
    (str | None, True, [("q", "")], {"q": ""}),
    (list[int], True, [], {"q": []}), (list[int], False, [], {}), (tuple[int, ...], True, [], {"q": ()}),
    (list[int], True, [("q", "1")], {"q": [1]}), (list[int], False, [("q", "1"), ("r", ""),
    ("q", "2")], {"q": [1, 2]}),
    (Sequence[str], True, [("q", "1"), ("q", "1")], {"q": ["1", "1"]}),
    (list, True, [("q", "")], {"q": [""]}),
    (list[int] | None, True, [], {"q": []}), (Age, True, [("q", "5")], {"q": 5}),
    (Annotated[list[int], Length(0, 2)], True, [], {"q": []}),
    (Annotated[list[int], sorted], True, [("q", "2"), ("q", "1")], {"q": [1, 2]}),
    (Annotated[int | None, Range(1)], True, [("q", "")], {"q": None}),
])
def test_a_field_becomes_its_value_or_stays_out(
    annotation: Any, required: bool, pairs: Pairs, values: dict[str, Any]
) -> None:
    assert result([("q", annotation, required)], pairs) == (values, [])


@pytest.mark.parametrize(("annotation", "required", "pairs", "message"), [
    (str, True, [], "is missing"), (str, True, [("Q", "a")], "is missing"),
    (int | None, True, [], "is missing"),
    (int, False, [("q", "")], f"{INT}, not blank"), (int, True, [("q", "x")], INT),
    (int, False, [("q", "1"), ("q", "1")], "must be given once, not 2 times"),
    (str, True, [("q", "1")] * 7, "must be given once, not 7 times"),
    (list[int], True, [("q", "1"), ("q", "x"), ("q", "y")], f"item 2 {INT}"),
    (Annotated[list[int], Length(1)], True, [], "must have at least 1 item, not 0"),
    (Annotated[list[int], Length(1, 1)], False, [("q", "1"), ("q", "2")], "must have exactly 1 item, not 2"),
    (Literal["a", "b"], True, [("q", "c")], "must be one of a, b"),
])
def test_what_is_wrong_is_told_by_its_name(
    annotation: Any, required: bool, pairs: Pairs, message: str
) -> None:
    values, errors = result([("q", annotation, required)], pairs)
    assert (values, [(where, name) for where, name, _ in errors]) == ({}, [("query", "q")])
    assert errors[0][2] == message


def test_a_long_name_is_cut_at_two_hundred_characters() -> None:
    for name, told in (("n" * 200, "n" * 200), ("n" * 201, "n" * 200)):
        assert result([(name, int, True)], [(name, "x")])[1] == [("query", told, INT)]


def test_every_field_is_judged_and_all_faults_are_added() -> None:
    declared = [("a", int, True), ("b", int, True), ("c", list[int], False), ("d", str, True),
    ("e", str, False)]
    values, errors = result(declared, [("b", "1"), ("a", "x"), ("c", "y"), ("z", "")])
    assert (values, [name for _, name, _ in errors]) == ({"b": 1}, ["a", "c", "d"])


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["", "1", "2", "x"])), max_size=8),
       st.booleans(), st.booleans())
@example([("a", "1"), ("b", ""), ("b", "")], True, False)
def test_it_is_a_plain_look_at_all_the_pairs(pairs: Pairs, required: bool, as_list: bool) -> None:
    values, errors = result([("a", list[int] if as_list else int, required), ("b", str, required)], pairs)
    for name in "ab":
        texts = [text for known, text in pairs if known == name]
        many = as_list and name == "a"
        right = all(text in ("1", "2") for text in texts) if name == "a" else True
        told = [message for _, known, message in errors if known == name]
        if (not texts and required and not many) or (len(texts) > 1 and not many) or not right:
            assert (len(told), name in values) == (1, False)
        elif not texts and not required:
            assert (told, name in values) == ([], False)
        elif many:
            assert values[name] == [int(text) for text in texts]
        else:
            assert str(values[name]) == texts[0]


def test_a_fault_that_is_no_value_error_passes() -> None:
    def wrong(text: str) -> str:
        raise LookupError(text)

    with pytest.raises(LookupError):
        result([("q", Annotated[str, wrong], True)], [("q", "x")])
    with pytest.raises(HTTPError):
        result([("q", Annotated[str, raising], True)], [("q", "x")])


def raising(text: str) -> str:
    raise HTTPError(409)


@pytest.mark.parametrize("pairs", [[], [("q", "1")], [("q", "1"), ("q", "2")]])
def test_no_list_is_handed_out_twice(pairs: Pairs) -> None:
    made = [module.field(list[str], "q", True)]
    came = MultiDict(pairs)
    first, second = read(made, came, "query", []), read(made, came, "query", [])
    first["q"].append("more")
    assert second["q"] == [text for _, text in pairs] == came.getall("q")
    assert read(made, came, "query", [])["q"] == second["q"]


# forms

@dataclass
class Person:
    name: str
    age: int | None = None
    tags: list[str] = field(default_factory=list)
    photo: UploadedFile | None = None

    def __post_init__(self) -> None:
        if self.name == "nobody":
            raise ValueError("must be somebody")
        if self.name == "unlucky":
            raise UnicodeError("an inner matter")
        if self.name == "broken":
            raise LookupError("nothing to tell")


class Sent(TypedDict):
    name: str
    age: NotRequired[int]


def upload(filename: str = "a") -> UploadedFile:
    return UploadedFile(filename, "text/plain", io.BytesIO(b""))


PHOTO = upload()


@pytest.mark.parametrize(("annotation", "form", "value"), [
    (Person, Form([("name", "a"), ("other", "x")]), Person("a")),
    (Person, Form([("name", ""), ("age", ""), ("tags", "x"), ("tags", "y")]), Person("", None, ["x", "y"])),
    (Person, Form([("name", "a")], [("photo", PHOTO), ("other", PHOTO)]), Person("a", photo=PHOTO)),
    (Sent, Form([("name", "a")]), {"name": "a"}), (Sent, Form([("name", "a"), ("age", "5"), ("x", "")]),
                                                   {"name": "a", "age": 5}),
    (Person | None, Form([("name", "a")]), Person("a")), (Annotated[Sent, len], Form([("name", "a")]), 1),
    (Annotated[Annotated[Sent, len] | None, str], Form([("name", "a")]), "1"),
])
def test_a_form_becomes_a_value_of_a_flat_class(annotation: Any, form: Form, value: Any) -> None:
    for reader in (form_reader(annotation), form_checker(annotation)):
        assert reader(form) == value
        assert reader(form) == value


@pytest.mark.parametrize(("annotation", "form", "faults"), [
    (Person, Form([]), [("name", "is missing")]),
    (Person, Form([("age", "x")], [("tags", PHOTO)]), [("name", "is missing"), ("age", INT),
                                                      ("tags", "must be text, not a file")]),
    (Person, Form([("name", "a"), ("photo", "x")]), [("photo", "must be a file, not text")]),
    (Person, Form([("name", "a"), ("photo", ""), ("photo", "x")]), [("photo", "must be a file, not text")]),
    (Person, Form([("name", "a")], [("photo", PHOTO),
    ("photo", PHOTO)]), [("photo", "must be given once, not 2 times")]),
    (Person, Form([("name", "nobody")]), [("", "must be somebody")]),
    (Person, Form([("name", "unlucky")]), [("", "is not accepted")]),
    (Annotated[Person, raising_value := lambda person: int("x" * 1 if person else "")], Form([("name", "a")]),
     [("", "invalid literal for int() with base 10: 'x'")]),
    (Sent, Form([("age", "")]), [("name", "is missing"), ("age", f"{INT}, not blank")]),
])
def test_what_is_wrong_with_a_form_is_told_all_at_once(
    annotation: Any, form: Form, faults: list[Any]
) -> None:
    for _ in range(2):
        with pytest.raises(ValidationError) as caught:
            form_reader(annotation)(form)
        assert [(each["name"], each["message"]) for each in caught.value.errors] == faults
        assert {each["in"] for each in caught.value.errors} == {"form"}


def test_a_post_init_that_fails_in_another_way_is_the_servers_fault() -> None:
    with pytest.raises(LookupError):
        form_reader(Person)(Form([("name", "broken")]))


def test_the_whole_is_not_made_of_parts_that_are_wrong() -> None:
    made = []

    def note(value: Any) -> Any:
        made.append(value)
        return value

    with pytest.raises(ValidationError):
        form_reader(Annotated[Person, note])(Form([("age", "x"), ("name", "nobody")]))
    assert made == []


@dataclass
class Nested:
    person: Person


@dataclass
class OfDict:
    by_name: dict[str, str]


class Own:
    pass


@pytest.mark.parametrize("annotation", [
    int, str, list[Person], list[str], dict[str, str], Own, Any, Nested, OfDict, Decimal, UploadedFile, Form,
    Person | Nested, Literal["a"], "Person", 5])
def test_what_no_form_could_be_is_refused(annotation: Any) -> None:
    with pytest.raises(Unconvertible):
        form_reader(annotation)
    with pytest.raises(Unconvertible):
        form_checker(annotation)


@dataclass
class Closed:
    __extra__ = "forbid"
    name: str
    photo: UploadedFile | None = None


def test_a_class_that_forbids_others_takes_no_other_field_or_file() -> None:
    reader = form_reader(Closed)
    assert reader(Form([("name", "a")], [("photo", PHOTO)])) == Closed("a", PHOTO)
    with pytest.raises(ValidationError) as caught:
        reader(Form([("other", "1"), ("other", "2"), ("n" * 300, "")], [("more", PHOTO), ("other", PHOTO)]))
    assert [(each["name"], each["message"]) for each in caught.value.errors] == [
        ("name", "is missing"), ("other", "is not expected"), ("n" * 200, "is not expected"),
        ("more", "is not expected")]
    with pytest.raises(ValidationError) as caught:
        reader(Form([], [("name", PHOTO)]))
    assert [each["message"] for each in caught.value.errors] == ["must be text, not a file"]
    assert reader(Form([("name", "a"), ("photo", "")])) == Closed("a")
    for form, name, message in (
            (Form([("name", "a")], [("name", PHOTO)]), "name", "must be text, not a file"),
            (Form([("name", "a"), ("photo", "b")], [("photo", PHOTO)]), "photo", "must be a file, not text")):
        with pytest.raises(ValidationError) as caught:
            reader(form)
        assert caught.value.errors == [{"in": "form", "name": name, "message": message}]


def test_of_a_thousand_fields_that_are_not_expected_a_hundred_are_told() -> None:
    with pytest.raises(ValidationError) as caught:
        form_reader(Closed)(Form([("name", "a"), *[(f"x{number}", "") for number in range(999)]]))
    assert (len(caught.value.errors), caught.value.extra["more"]) == (100, True)


def test_a_form_with_a_type_is_compiled_the_first_time(monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass
    class Fresh:
        name: str

    form_checker(Fresh)
    monkeypatch.setattr(module, "members", lambda record: pytest.fail("it was compiled already"))
    assert form_checker(Fresh)(Form([("name", "a")])) == Fresh("a")
    with pytest.raises(pytest.fail.Exception):
        form_reader(Fresh)


def test_a_form_of_a_type_that_cannot_be_hashed_is_compiled_each_time() -> None:
    class Marked:
        __hash__ = None  # type: ignore[assignment]

        def __call__(self, value: Any) -> Any:
            return value

    assert form_checker(Annotated[Sent, Marked()])(Form([("name", "a")])) == {"name": "a"}

"""That a schema says what the check does: for each annotation, over a table of values."""

import json
import re
from collections.abc import Iterator
from dataclasses import InitVar, dataclass, field
from datetime import date, datetime
from decimal import Decimal
from enum import Enum, IntEnum
from typing import Annotated, Any, Generic, Literal, NewType, NotRequired, TypedDict, TypeVar, Union
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from jsonschema.validators import extend

from fsroute import HTTPError
from fsroute.http.constraints import Length, Pattern, Range
from fsroute.http.convert import Unconvertible, conversion
from fsroute.http.schema import checker
from fsroute.openapi.schemas import Names, Schemas

T = TypeVar("T")
UserId = NewType("UserId", int)


class Color(Enum):
    RED = "red"
    BLUE = "blue"
    CRIMSON = "red"         # noqa: PIE796


class Level(IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(Enum):
    A = "a"
    ONE = 1
    YES = True


class Beyond(Enum):
    PAIR = (1, 2)
    NAME = "name"


class Unhashable(Enum):
    SOME = [1]              # noqa: RUF012
    ONE = 1


class Endless(Enum):
    ONE = 1.0
    MANY = float("inf")


@dataclass
class User:
    """Somebody.

    With a name.
    """

    name: str
    age: int = 0
    tags: list[str] = field(default_factory=list)


@dataclass
class Card:
    kind: Literal["card"]
    number: Annotated[str, Pattern("[0-9]{4}")]


@dataclass
class Cash:
    kind: Literal["cash", "coins"] = "cash"
    amount: int = 0


@dataclass
class Tree:
    value: int
    children: "list[Tree]" = field(default_factory=list)
    parent: "Tree | None" = None


@dataclass
class Page(Generic[T]):
    items: list[T]
    next: "Page[T] | None" = None


class Movie(TypedDict):
    """A film."""

    title: str
    year: NotRequired[int]


@dataclass
class WithSecret:
    name: str
    secret: InitVar[str]


@dataclass
class Strict:
    name: str
    size: int = field(init=False, default=0)
    __extra__ = "forbid"


@dataclass
class Money:
    cents: int

    def __json__(self) -> str:
        return f"{self.cents / 100:.2f}"


def shouted(text: str) -> str:
    return text.upper()


ANNOTATIONS: list[Any] = [
    str, int, float, bool, Decimal, UUID, date, datetime, Any, object, UserId,
    int | None, str | None, Annotated[str | None, Length(2)] | None, Decimal | None, Any | None,
    list[int] | None, Color | None, User | None,
    Literal["a"], Literal["a", "b"], Literal[1, 2], Literal["a", 1, True, None], Literal[True], Color, Level,
    Mixed,
    list, list[str], list[int | None], list[list[int]], tuple[int, ...], dict, dict[str, int],
    dict[str, list[str]],
    User, Tree, Page[int], Page[Page[str]], Movie, list[Movie], dict[str, User], WithSecret, list[Strict],
    Strict | None,
    Card | Cash, Card | Cash | None, list[Card | Cash],
    Annotated[int, Range(0, 10)], Annotated[int, Range(min=1.5)], Annotated[float, Range(max=1)],
    Annotated[int, Range(Decimal("0.5"), float("inf"))], Annotated[int | None, Range(0, 10)],
    Annotated[Annotated[int, Range(0, 10)] | None, Range(5, 20)], Annotated[Literal[1, 2], Range(2)],
    Annotated[str, Length(1, 3)], Annotated[str, Length(min=1), Length(max=2)],
    Annotated[list[int], Length(1, 2)],
    Annotated[dict[str, int], Length(max=1)], Annotated[str | None, Length(2)],
    Annotated[str, Pattern("[a-c]+")], Annotated[str, Pattern("a|b", max_length=1)],
    Annotated[str, Pattern("a.*"), Pattern(".*c")], Annotated[str, Pattern("(?i)A+")],
    Annotated[str | None, Pattern("a+"), Length(max=2)], list[Annotated[str, Length(1)]],
    Annotated[str, shouted, Length(max=1)], Annotated[Annotated[str, shouted], Pattern("[A-Z]")],
    Annotated[date, Range(min=date(2026, 1, 1))],
]

VALUES: list[Any] = [
    None, True, False, 0, 1, 2, 3, -1, 7, 11, 1.0, 0.5, 1.5, -0.0, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1,
    10**70,
    "", "a", "b", "c", "A", "aa", "abc", "abcd", "a\nc", "a\n", "red", "RED", "1", "-1", "01", "1.5", "1e5",
    ".5", "true", "٣",
    "1" * 64, "1" * 65, "a" * 256, "a" * 257, "é", "\U0001F600",
    "6fa459ea-ee8a-3ca4-894e-db77e160355e", "6FA459EAEE8A3CA4894EDB77E160355E", "2026-01-31", "2026-02-30",
    "20260131",
    "2026-01-31T12:00:00Z", "2026-01-31T12:00:00", "2026-01-31t12:00:00.5+01:00",
    [], [1], [1, 2], [1, 2, 3], ["a"], ["a", ""], [None], [[1], []], [[None]], [{"title": "A"}],
    [{"kind": "cash"}],
    {}, {"a": 1}, {"a": 1, "b": 2}, {"a": ["x"]}, {"a": [1]}, {"name": "A"}, {"name": 1},
    {"name": "A", "age": None},
    {"name": "A", "age": 1, "tags": ["x"], "more": 1}, {"name": "A", "tags": [1]}, {"a": {"name": "A"}},
    {"name": "A", "secret": "x"}, {"title": "A"}, {"title": "A", "year": 1}, {"title": "A", "year": "1"},
    {"value": 1}, {"value": 1, "children": [{"value": 2}]}, {"value": 1, "children": [{"value": "x"}]},
    {"value": 1, "parent": {"value": 2, "parent": None}}, {"items": [1]}, {"items": ["a"]}, {"items": []},
    {"items": [1], "next": {"items": []}}, {"items": [1], "next": {}}, {"items": [{"items": ["a"]}]},
    {"kind": "card", "number": "1234"}, {"kind": "card", "number": "123"}, {"kind": "card"}, {"kind": "cash"},
    {"kind": "coins", "amount": 1}, {"kind": "cash", "amount": "1"}, {"kind": "gold"}, {"amount": 1},
]

formats: Any = FormatChecker(["date", "uuid"])


def _is_date_time(value: object) -> bool:
    return not isinstance(value, str) or bool(conversion(datetime).convert(value))


formats.checks("date-time", raises=ValueError)(_is_date_time)


def _pattern(validator: Any, pattern: str, value: Any, schema: Any) -> Iterator[ValidationError]:
    """As in ECMA-262, where a final "$" does not match before a line's end."""
    if isinstance(value, str) and not re.search(pattern.replace("$", r"\Z"), value):
        yield ValidationError(f"{value!r} does not match {pattern!r}")


_extend: Any = extend
Validator: Any = _extend(Draft202012Validator, {"pattern": _pattern})


def meets(schema: dict[str, Any], schemas: Schemas, value: Any) -> bool:
    whole = json.loads(json.dumps({**schema, "components": {"schemas": schemas.components()}}))
    Draft202012Validator.check_schema(whole)
    return bool(Validator(whole, format_checker=formats).is_valid(value))


def passes(annotation: Any, value: Any) -> bool:
    try:
        checker(annotation)(value)
    except HTTPError:
        return False
    return True


def whole_floats(value: Any) -> bool:
    """Whether a float that JSON Schema takes for an integer is in it."""
    if isinstance(value, list | dict):
        return any(map(whole_floats, value.values() if isinstance(value, dict) else value))
    return isinstance(value, float) and value.is_integer()


def is_said(annotation: Any, value: Any) -> bool:
    """Whether JSON Schema has words for what the check says of the value."""
    if whole_floats(value) and annotation not in (float, Decimal):
        return False                            # 1.0 is an integer there
    beyond = {str(Annotated[str, Pattern("(?i)A+")]), str(Annotated[str, shouted, Length(max=1)]),
              str(Annotated[Annotated[str, shouted], Pattern("[A-Z]")]),
              str(Annotated[date, Range(min=date(2026, 1, 1))])}
    return str(annotation) not in beyond and not (value == 10**70 and annotation in (Decimal, Decimal | None))


@pytest.mark.parametrize("annotation", ANNOTATIONS, ids=str)
def test_a_schema_takes_exactly_what_the_check_takes(annotation: Any) -> None:
    schemas = Schemas()
    schema = schemas.of_json(annotation)
    compared = 0
    for value in VALUES:
        accepted = meets(schema, schemas, value)
        if is_said(annotation, value):
            assert accepted == passes(annotation, value), (schema, value)
            compared += 1
        else:
            assert accepted or not passes(annotation, value), (schema, value)
    assert compared > 20 or not is_said(annotation, "")


def test_what_json_schema_has_no_words_for_it_takes() -> None:
    for annotation, value in [(int, 1.0), (str, "\ud800"), (Literal[1], 1.0), (Decimal, 10**70),
                              (float, 10**400),
                              (Annotated[str, Pattern("(?i)A+")], "b"), (date, "2026-13-01")]:
        schemas = Schemas()
        schema = schemas.of_json(annotation)
        assert Draft202012Validator(schema).is_valid(value)
        assert not passes(annotation, value)


@pytest.mark.parametrize(("annotation", "schema"), [
    (str, {"type": "string"}),
    (int, {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1}),
    (float, {"type": "number"}),
    (bool, {"type": "boolean"}),
    (UUID, {"type": "string", "format": "uuid"}),
    (date, {"type": "string", "format": "date"}),
    (datetime, {"type": "string", "format": "date-time"}),
    (Any, {}),
    (object, {}),
    (Any | None, {}),
    (Annotated[str | None, Length(2)] | None, {"type": ["string", "null"], "minLength": 2}),
    (str | None, {"type": ["string", "null"]}),
    (Literal["a"], {"type": "string", "const": "a"}),
    (Literal["a", 1], {"type": ["string", "integer"], "enum": ["a", 1]}),
    (Literal["a", None], {"anyOf": [{"type": "string", "const": "a"}, {"type": "null"}]}),
    (Color, {"type": "string", "enum": ["red", "blue"]}),
    (list, {"type": "array"}),
    (list[Any], {"type": "array"}),
    (list[str], {"type": "array", "items": {"type": "string"}}),
    (dict, {"type": "object"}),
    (dict[str, bool], {"type": "object", "additionalProperties": {"type": "boolean"}}),
    (User, {"$ref": "#/components/schemas/User"}),
    (User | None, {"anyOf": [{"$ref": "#/components/schemas/User"}, {"type": "null"}]}),
    (Annotated[int, Range(0, 2.5)], {"type": "integer", "format": "int64", "minimum": 0, "maximum": 2.5}),
    (Annotated[float, Range(Decimal("0.5"), Decimal(2))], {"type": "number", "minimum": 0.5, "maximum": 2}),
    (Annotated[float, Range(-float("inf"), 1)], {"type": "number", "maximum": 1}),
    (Annotated[bool, Range(False, True)], {"type": "boolean"}),
    (Annotated[date, Range(min=date(2026, 1, 1))], {"type": "string", "format": "date"}),
    (Annotated[str, Length(1), Length(2, 9), Length(max=5)],
     {"type": "string", "minLength": 2, "maxLength": 5}),
    (Annotated[list[str], Length(1)], {"type": "array", "items": {"type": "string"}, "minItems": 1}),
    (Annotated[dict[str, Any], Length(1)], {"type": "object", "minProperties": 1}),
    (Annotated[Any, Length(1)], {}),
    (Annotated[str, Pattern("a|b", max_length=1)], {"type": "string", "maxLength": 1,
                                                    "pattern": "^(?:a|b)$"}),
    (Annotated[str, Length(max=5), Pattern("a")], {"type": "string", "maxLength": 5, "pattern": "^(?:a)$"}),
    (Annotated[str, Pattern("a"), Pattern("b"), Pattern("c")],
     {"type": "string", "maxLength": 256, "pattern": "^(?:a)$",
      "allOf": [{"pattern": "^(?:b)$"}, {"pattern": "^(?:c)$"}]}),
    (Annotated[str, Pattern(r"\d+")],
     {"type": "string", "maxLength": 256, "description": r"It matches the Python pattern \d+"}),
    (Annotated[str, Length(1), str.upper, Length(5)], {"type": "string", "minLength": 1}),
    (Annotated[Annotated[str, str.upper] | None, Length(5)], {"type": ["string", "null"]}),
    (Beyond, {}),                               # JSON has not all of its values
    (Endless, {}),
    (Unhashable, {}),
    (int | str, {}),                            # what nothing tells apart
    (set[int], {}),
    (tuple[int, str], {}),
    ("nothing that is a type", {}),
], ids=str)
def test_an_annotation_has_this_schema(annotation: Any, schema: dict[str, Any]) -> None:
    assert Schemas().of_json(annotation) == schema


def test_a_class_is_a_component_with_its_docstring_members_and_defaults() -> None:
    schemas = Schemas()
    schemas.of_json(User)
    assert schemas.components() == {"User": {
        "type": "object",
        "description": "Somebody.\n\nWith a name.",
        "properties": {
            "name": {"type": "string"},
            "age": {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1,
                    "default": 0},
            "tags": {"type": "array", "items": {"type": "string"}, "default": []}},
        "required": ["name"]}}


def test_a_typed_dict_is_one_too_and_a_docstring_that_nobody_wrote_is_none() -> None:
    schemas = Schemas()
    for annotation in (Movie, Card, TypedDict("Bare", {"a": str})):     # type: ignore[operator]
        schemas.of_json(annotation)
    movie, card, bare = schemas.components().values()
    assert movie["description"] == "A film."
    assert movie["required"] == ["title"]
    assert "description" not in card
    assert "description" not in bare


def test_a_class_may_hold_itself() -> None:
    schemas = Schemas()
    assert schemas.of_json(Tree) == {"$ref": "#/components/schemas/Tree"}
    properties = schemas.components()["Tree"]["properties"]
    assert properties["children"] == {"type": "array", "items": {"$ref": "#/components/schemas/Tree"},
                                      "default": []}
    assert properties["parent"] == {"anyOf": [{"$ref": "#/components/schemas/Tree"}, {"type": "null"}],
                                    "default": None}


def test_a_generic_class_is_named_by_what_it_is_of() -> None:
    schemas = Schemas()
    for annotation in (Page[int], Page[str | None], Page[list[User]], Page[Literal["a"]],
                       Page[Annotated[int, Range(1)]], Page[int]):
        schemas.of_json(annotation)
    assert list(schemas.components()) == [
        "Page_int", "Page_str_or_None", "Page_list_User", "Page_Literal_a", "Page_int_2", "User"]


def test_classes_of_one_name_are_told_apart() -> None:
    def make(annotation: Any) -> Any:
        return dataclass(type("User", (), {"__annotations__": {"it": annotation}}))

    schemas = Schemas()
    names = [schemas.of_json(kind)["$ref"].rpartition("/")[2] for kind in (User, make(int), make(str), User)]
    assert names == ["User", "User_2", "User_3", "User"]
    assert schemas.components()["User_3"]["properties"] == {"it": {"type": "string"}}


@pytest.mark.parametrize(("name", "component"), [
    ("Größe", "Gr_e"), ("Problem", "Problem_2"), ("ValidationProblem", "ValidationProblem_2"),
    ("ContentType", "ContentType"), ("NoneType", "NoneType"), ("A" * 200, "A" * 80)])
def test_a_component_has_a_name_that_openapi_allows(name: str, component: str) -> None:
    kind: Any = dataclass(type(name, (), {"__annotations__": {"a": int}}))
    schemas = Schemas()
    assert schemas.of_json(kind) == {"$ref": f"#/components/schemas/{component}"}


def test_a_class_that_grows_with_every_level_comes_to_an_end() -> None:
    schemas = Schemas()
    schemas.of_json(Growing[int])
    assert 5 < len(schemas.components()) < 20
    assert meets({"$ref": "#/components/schemas/Growing_int"}, schemas, {"next": None})


@dataclass
class Growing(Generic[T]):
    next: "Growing[list[T]] | None"


def test_what_tells_classes_apart_is_required_in_each_and_told() -> None:
    schemas = Schemas()
    assert schemas.of_json(Card | Cash) == {
        "oneOf": [{"$ref": "#/components/schemas/Card"}, {"$ref": "#/components/schemas/Cash"}],
        "discriminator": {"propertyName": "kind", "mapping": {
            "card": "#/components/schemas/Card", "cash": "#/components/schemas/Cash",
            "coins": "#/components/schemas/Cash"}}}
    card, cash = schemas.components().values()
    assert card["required"] == ["kind", "number"]
    assert cash["required"] == ["kind"]


def test_a_tag_that_is_no_text_is_told_as_json_has_it() -> None:
    @dataclass
    class One:
        is_one: Literal[True]

    @dataclass
    class Other:
        is_one: Literal[False]

    assert list(Schemas().of_json(One | Other)["discriminator"]["mapping"]) == ["true", "false"]


def test_tags_that_are_one_text_are_told_apart_by_the_classes_alone() -> None:
    @dataclass
    class Number:
        kind: Literal[1]

    @dataclass
    class Truth:
        kind: Literal[True]

    @dataclass
    class Text:
        kind: Literal["1", "true"]

    made = Schemas().of_json(Number | Truth | Text)
    assert made == {
        "oneOf": [{"$ref": f"#/components/schemas/{name}"} for name in ("Number", "Truth", "Text")]}


def test_the_work_for_classes_of_one_name_grows_with_their_number() -> None:
    tried = []
    for count in (100, 200):
        asked: list[str] = []
        names = Names()
        names._numbers = Counting(asked)
        assert [names.new("A") for _ in range(count)][-1] == f"A_{count}"
        tried.append(len(asked))
    assert tried[1] <= 2.1 * tried[0]


class Counting(dict[str, int]):
    """One that writes down what is looked for in it."""

    def __init__(self, asked: list[str]) -> None:
        self.asked = asked

    def __contains__(self, name: object) -> bool:
        self.asked.append(str(name))
        return super().__contains__(name)


def test_what_is_made_from_but_not_part_of_a_class_is_for_writing_only() -> None:
    schemas = Schemas()
    schemas.of_json(WithSecret)
    assert schemas.components()["WithSecret"]["properties"] == {
        "name": {"type": "string"}, "secret": {"type": "string", "writeOnly": True}}


def test_a_class_that_forbids_other_members_says_so() -> None:
    schemas = Schemas()
    schemas.of_json(Strict)
    schemas.of_text(Strict)
    for schema in schemas.components().values():
        assert schema["additionalProperties"] is False
        assert schema["required"] == ["name"]
    assert "additionalProperties" not in _component(User)


def test_a_class_that_could_only_be_given_is_an_object() -> None:
    @dataclass(init=False)
    class Given:
        name: str

        def __init__(self, first: str, last: str) -> None:
            self.name = f"{first} {last}"

    assert _component(Given) == {"type": "object"}


def test_what_a_class_makes_itself_is_for_reading_only() -> None:
    assert _component(Strict)["properties"]["size"] == {"readOnly": True}


def _component(kind: Any) -> Any:
    schemas = Schemas()
    name = schemas.of_json(kind)["$ref"].rpartition("/")[2]
    return schemas.components()[name]


def test_a_class_with_a_json_form_of_its_own_may_be_either() -> None:
    schemas = Schemas()
    schemas.of_json(list[Money])
    [taken, given] = schemas.components()["Money"]["anyOf"]
    assert taken["required"] == ["cents"]
    assert given == {"type": "string"}


@dataclass
class Free:
    cents: int

    def __json__(self):                                 # type: ignore[no-untyped-def]
        return self.cents


def test_a_class_whose_json_form_says_nothing_may_be_anything() -> None:
    schemas = Schemas()
    assert schemas.of_json(list[Free]) == {"type": "array", "items": {"$ref": "#/components/schemas/Free"}}
    assert schemas.components()["Free"] == {}


@dataclass(frozen=True)
class Fixed:
    name: str


@dataclass
class Defaults:
    color: Color = Color.RED
    price: Decimal = Decimal("1.50")
    day: date = date(2026, 1, 31)
    day_or_none: date | None = None
    level: Annotated[int, Range(1, 5)] = 0              # not one of its own values
    number: float = float("nan")
    low: Annotated[float, Range(min=1)] = 0.5
    high: Annotated[float, Range(max=1)] = 1.5
    middle: Annotated[float, Range(0, 1)] = 0.5
    whole: float = 1
    name: Annotated[str, Pattern("[a-z]+")] = "A"
    short: Annotated[str, Length(max=1)] = "ab"
    flag: bool = 1                                      # type: ignore[assignment]
    text: str = None                                    # type: ignore[assignment]
    choice: Literal[1, 2] = True                        # type: ignore[assignment]
    table: dict[str, int] = field(default_factory=dict)
    made: list[int] = field(default_factory=lambda: [1])
    pair: tuple[int, ...] = (1, 2)
    wrong: tuple[int, ...] = ("a",)                     # type: ignore[assignment]
    many: Annotated[tuple[int, ...], Length(max=1)] = (1, 2)
    thing: Any = len
    letter: Literal["a"] | None = "b"                   # type: ignore[assignment]
    text_for_day: date = "tomorrow"                     # type: ignore[assignment]
    thing_for_table: dict[str, int] = Fixed("a")        # type: ignore[assignment]


def test_a_default_is_told_where_json_has_it_and_the_schema_takes_it() -> None:
    schemas = Schemas()
    schemas.of_json(Defaults)
    properties = schemas.components()["Defaults"]["properties"]
    assert {name: schema["default"] for name, schema in properties.items() if "default" in schema} == {
        "color": "red", "price": "1.50", "day": "2026-01-31", "day_or_none": None, "middle": 0.5, "whole": 1,
        "table": {}, "pair": [1, 2]}


# --- as text ---

@pytest.mark.parametrize(("annotation", "schema"), [
    (str, {"type": "string"}),
    (Any, {"type": "string"}),
    (list, {"type": "array", "items": {"type": "string"}}),
    (list[Any], {"type": "array", "items": {"type": "string"}}),
    (bool | None, {"type": "boolean"}),
    (Literal["a", "b", None], {"type": "string", "enum": ["a", "b"]}),
    (Level, {"type": "integer", "enum": [1, 2]}),
    (Decimal, {"type": "string", "format": "decimal", "maxLength": 64,
               "pattern": r"^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?$"}),
    (list[float], {"type": "array", "items": {"type": "number"}}),
    (Annotated[list[int], Length(1)],
     {"type": "array", "minItems": 1,
      "items": {"type": "integer", "format": "int64", "minimum": -(2**63), "maximum": 2**63 - 1}}),
], ids=str)
def test_an_annotation_has_this_schema_as_text(annotation: Any, schema: dict[str, Any]) -> None:
    assert Schemas().of_text(annotation) == schema


TEXTS = [value for value in VALUES if isinstance(value, str) and "\ud800" not in value] + ["0", "1.0",
                                                                                           "false", "null",
                                                                                           "-0"]


@pytest.mark.parametrize("annotation", [
    str, int, float, Decimal, UUID, date, datetime, Color, Level, Literal["a", "b"],
    Annotated[str, Pattern("[a-c]+")], Annotated[str, Length(1, 3)], Annotated[int, Range(0, 10)],
], ids=str)
def test_a_text_that_converts_meets_the_schema(annotation: Any) -> None:
    schemas = Schemas()
    schema = schemas.of_text(annotation)
    told = 0
    for text in TEXTS:
        try:
            conversion(annotation).convert(text)
        except ValueError:
            continue
        value = text if schema["type"] == "string" else json.loads(text)
        assert meets(schema, schemas, value), text
        told += 1
    assert told


def test_a_class_that_comes_in_a_form_too_is_another_component() -> None:
    @dataclass
    class Contact:
        amount: Decimal | None
        tags: list[str]
        some: Annotated[list[str], Length(1)]

    schemas = Schemas()
    assert schemas.of_json(Contact)["$ref"].endswith("/Contact")
    assert schemas.of_text(Contact)["$ref"].endswith("/Contact_form")
    assert schemas.of_text(Contact)["$ref"].endswith("/Contact_form")
    contact, form = schemas.components().values()
    assert contact["required"] == ["amount", "tags", "some"]
    assert form["required"] == ["amount", "some"]       # a list of which nothing came is empty
    assert contact["properties"]["amount"]["type"] == ["string", "number", "null"]
    assert form["properties"]["amount"]["type"] == "string"


# --- anything ---

def _annotations() -> st.SearchStrategy[Any]:
    plain: list[Any] = [str, int, float, bool, Decimal, UUID, date, datetime, Any, None, bytes, set, T, ...,
                        "x", Color,
                        Mixed, User, Tree, Movie, Card, Cash, WithSecret, Money, Literal["a"],
                        Literal[1, True]]

    kinds: list[Any] = [list, dict, tuple, Page, Union]
    limits: list[Any] = [Range(0, 3), Length(1, 2), Pattern("a+"), str, 3]
    annotated: Any = Annotated

    def composed(kind: Any, inner: Any, limit: Any) -> Any:
        if inner in (..., "x"):
            return inner
        if limit is not None:
            return annotated[inner, limit]
        return kind[{dict: (str, inner), tuple: (inner, ...), Union: (inner, None)}.get(kind, inner)]

    def made(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
        limit = st.sampled_from([None, None, None, *limits])
        return st.builds(composed, st.sampled_from(kinds), inner, limit) | st.tuples(inner, inner).map(both)

    def both(parts: tuple[Any, Any]) -> Any:
        return tuple.__class_getitem__(parts)
    return st.recursive(st.sampled_from(plain), made, max_leaves=6)


@given(_annotations(), st.sampled_from(VALUES))
def test_no_annotation_fails_and_none_refuses_what_the_check_takes(annotation: Any, value: Any) -> None:
    schemas = Schemas()
    schema = schemas.of_json(annotation)
    try:
        accepted = passes(annotation, value)
    except (Unconvertible, TypeError):
        accepted = False
    assert meets(schema, schemas, value) or not accepted

"""A parsed JSON value, by annotation: what it must be and what it becomes."""
# The old names of typing are tested too.
# ruff: noqa: RUF041, UP006, UP007, UP035, UP045

import copy
import inspect
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import KW_ONLY, InitVar, dataclass, field, make_dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum, IntFlag
from types import ModuleType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Dict,
    Generic,
    List,
    Literal,
    NewType,
    NotRequired,
    Optional,
    Required,
    Tuple,
    TypedDict,
    TypeVar,
    Union,
)
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsroute.http import schema
from fsroute.http.constraints import Length, Pattern, Range
from fsroute.http.convert import Unconvertible
from fsroute.http.errors import HTTPError, ValidationError
from fsroute.http.jsontext import dumps, loads
from fsroute.http.schema import checker, compiled
from fsroute.http.shapes import remembered
from tests.conftest import Client
from tests.kinds import Colour, Mode, Mood, Size

Faults = dict[str, str]

T = TypeVar("T")
U = TypeVar("U")


def refusal(check: Callable[[Any], Any], value: Any) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        check(value)
    assert caught.value.status == 400
    assert caught.value.__cause__ is None
    assert {error["in"] for error in caught.value.errors} == {"body"}
    return caught.value


def faults(annotation: Any, value: Any) -> Faults:
    """The faults of a value, each message by its pointer."""
    errors = refusal(compiled(annotation), value).errors
    found = {error["name"]: error["message"] for error in errors}
    assert len(found) == len(errors), "a place is named twice"
    return found


# --- the annotations of the cases ---

class Bits(IntFlag):
    ONE = 1
    TWO = 2


class Mixed(Enum):
    YES = True
    HALF = 0.5
    TWO = 2
    NAME = "name"


class Texts(str, Enum):     # noqa: UP042   as it was written before StrEnum
    A = "a"


class Many(Enum):
    A0, A1, A2, A3, A4, A5, A6, A7, A8, A9 = range(10)
    B0, B1, B2, B3, B4, B5, B6, B7, B8, B9 = range(10, 20)
    LAST = "x" * 100


@dataclass
class Item:
    name: str
    price: float = 0.0


@dataclass
class Order:
    items: list[Item]
    note: str | None = None
    paid: bool = False
    tags: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Strict:
    first: int = 1
    second: str


@dataclass
class Halves:
    here: int
    _: KW_ONLY
    there: int


@dataclass
class Counted:
    unit: ClassVar[str] = "m"
    bare: ClassVar = 1
    length: int
    scale: InitVar[int] = 1
    total: int = field(init=False, default=0)
    made: list[str] = field(init=False, default_factory=list)

    def __post_init__(self, scale: int) -> None:
        self.total = self.length * scale


@dataclass
class Animal:
    name: str
    legs: int = 4


@dataclass
class Bird(Animal):
    legs: int = 2
    flies: bool = True


class Undecorated(Animal):
    wings: int


@dataclass
class Node:
    value: int
    child: "Node | None" = None
    others: "list[Node]" = field(default_factory=list)


@dataclass
class Left:
    right: "Right | None" = None


@dataclass
class Right:
    left: Left | None = None


@dataclass
class Page(Generic[T]):
    items: list[T]
    next: int | None = None


@dataclass
class Pair(Generic[T, U]):
    one: T
    two: dict[str, U]


@dataclass
class IntPage(Page[int]):
    total: int = 0


@dataclass
class Noted(Page[int], Generic[T]):
    note: T | None = None


@dataclass
class Turned(Pair[U, T], Generic[T, U]):
    three: T | None = None


@dataclass
class Renamed(Page[int], Generic[T]):
    items: list[T]          # type: ignore[assignment]


class Widget(TypedDict):
    name: str
    size: NotRequired[int]


class Loose(TypedDict, total=False):
    id: Required[int]
    note: str


class Child(Loose):
    born: date


class Boxed(TypedDict, Generic[T]):
    value: T


class IntBoxed(Boxed[int]):
    unit: str


class Qualified(TypedDict):
    limit: Annotated[NotRequired[int], Range(1, 9)]
    page: NotRequired[Annotated[int, Range(1, 9)]]


Odd = TypedDict("Odd", {"a~/b": int, "": int, "self": NotRequired[int], "content-type": NotRequired[str]})


@dataclass
class Card:
    kind: Literal["card"]
    number: str


@dataclass
class Cash:
    kind: Literal["cash", "coins"]
    amount: int


class Wire(TypedDict):
    kind: Literal["wire", 1]
    iban: str


@dataclass
class DefaultTag:
    kind: Literal[True] = True


Payment = Card | Cash | Wire


@dataclass
class Wallet:
    payments: list[Payment]
    main: Payment | None = None


@dataclass
class Closed:
    __extra__ = "forbid"
    name: str = ""
    below: "Closed | None" = None
    open: Item | None = None


class ClosedToo(Closed):
    pass


@dataclass
class Opened(Closed):
    __extra__ = "ignore"


@dataclass
class ClosedCash:
    __extra__ = "forbid"
    kind: Literal["cash"]


@dataclass
class Range1:
    low: int
    high: int

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError("must have a low that is not above the high")
        if self.low == 13:
            raise UnicodeDecodeError("utf-8", b"secret", 0, 1, "secret")
        if self.low == 14:
            raise ValueError
        if self.low == 15:
            raise KeyError("secret")
        if self.low == 16:
            raise HTTPError(409, "taken")
        if self.low == 17:
            raise TypeError("secret")


@dataclass
class AtMost:
    """A check that has no hash, as a dataclass that compares has none."""

    most: int

    def __call__(self, value: int) -> int:
        if value > self.most:
            raise ValueError(f"must be at most {self.most}")
        return value


@dataclass
class Names(dict[str, int]):
    a: int
    __hash__ = None


def even(value: int) -> int:
    if value % 2:
        raise ValueError("must be even")
    if value == 100:
        raise ValueError
    if value == 200:
        raise UnicodeError("secret")
    return 10 // (value - 4) and value


def no_result(value: Any) -> None:
    pass


def empty_to_none(value: Any) -> Any:
    return value or None


def taken(value: Any) -> Any:
    raise HTTPError(409, "taken")


def wrong_type(value: Any) -> Any:
    raise TypeError("secret")


UserId = NewType("UserId", int)
ItemId = NewType("ItemId", UserId)
Even = Annotated[int, even]
Percent = Annotated[int, Range(0, 100)]
Slug = Annotated[str, Length(1, 5), Pattern("[a-z]+", max_length=9)]
Tags = Annotated[list[str], Length(max=2)]

WHOLE = "a whole number of at most 64 bits"
SPELT = "a plain decimal number of at most 64 characters"
DAY = "a date that exists, as YYYY-MM-DD"
MOMENT = "a date and time with its offset, such as 2026-01-31T12:00:00Z"
HEX = "a UUID of 36 characters with hyphens"
HALF = "must be text, not half of a surrogate pair"
HALF_NAME = "must have a name of text, not of half a surrogate pair"


def kinds(expected: str, *but: type) -> list[tuple[Any, str]]:
    """Each kind of JSON value but those, and what is said of it."""
    every: list[tuple[Any, str]] = [
        (None, "null"), (True, "a boolean"), (1, "a whole number"),
        (1.5, "a number with a point or exponent"),
        ("~", "a string"), ([], "an array"), ({}, "an object")]
    return [(value, f"must be {expected}, not {said}") for value, said in every if type(value) not in but]


NULL = type(None)
ANYTHING: list[Any] = [None, True, 0, 1.5, "a", "\ud800", [1, [None]], {"a": {"\ud800": 1}}]

# annotation, [(what is accepted, what it becomes)], [(what is refused, its faults; a str is the whole's)]
CASES: list[tuple[Any, list[tuple[Any, Any]], Sequence[tuple[Any, str | Faults]]]] = [
    # one value
    (str, [("", ""), ("a", "a"), ("é😀\0\x7f\u2028", "é😀\0\x7f\u2028"), ("1", "1"), (" a ", " a ")],
     [*kinds("a string", str), ("\ud800", HALF), ("a\udfffb", HALF), ("\udc00\ud800", HALF)]),
    (int, [(0, 0), (-1, -1), (2**63 - 1, 2**63 - 1), (-(2**63), -(2**63))],
     [*kinds(WHOLE, int), ("1", f"must be {WHOLE}, not a string"),
      (1.0, f"must be {WHOLE}, not a number with a point or exponent"),
      (2**63, f"must be {WHOLE}, not a larger one"), (-(2**63) - 1, f"must be {WHOLE}, not a larger one"),
      (10**4_000, f"must be {WHOLE}, not a larger one"), (False, f"must be {WHOLE}, not a boolean")]),
    (float,
     [(1.5, 1.5), (-0.0, -0.0), (5e-324, 5e-324), (1.7976931348623157e308, 1.7976931348623157e308), (1, 1.0),
      (-3, -3.0), (0, 0.0), (2**63, 2.0**63), (2**53 + 1, 2.0**53), (10**308, 1e308)],
     [*kinds("a number", int, float), ("1.5", "must be a number, not a string"),
      (10**309, "must be a number, not a larger one"), (-(10**400), "must be a number, not a larger one")]),
    (bool, [(True, True), (False, False)],
     [*kinds("true or false", bool), (0, "must be true or false, not a whole number"),
      ("true", "must be true or false, not a string")]),
    (Decimal,
     [("1.10", Decimal("1.10")), ("-0", Decimal("-0")), (1, Decimal(1)), (1.5, Decimal("1.5")),
      (0.1, Decimal("0.1")), (-0.0, Decimal("-0.0")), (1e22, Decimal(10**22)), (1e-7, Decimal("1E-7")),
      (10**63, Decimal(10**63)), (123456789012.345, Decimal("123456789012.345")),
      ("1" * 64, Decimal("1" * 64)), (1e-62, Decimal("1E-62"))],
     [*kinds(SPELT, str, int, float), ("1e2", f"must be {SPELT}"), ("", f"must be {SPELT}, not blank"),
      ("NaN", f"must be {SPELT}"), (" 1", f"must be {SPELT}"), ("1_0", f"must be {SPELT}"),
      (".5", f"must be {SPELT}"), ("٣", f"must be {SPELT}"),
      ("1" * 65, f"must be {SPELT}, not 65 characters"), (10**64, f"must be {SPELT}, not 65 characters"),
      (-(10**63), f"must be {SPELT}, not 65 characters"), (1e300, f"must be {SPELT}, not 301 characters"),
      (1e-63, f"must be {SPELT}, not 65 characters"), (10**4_299, f"must be {SPELT}, not 4300 characters"),
      (0.1 + 0.2, "must be in a string where it has more than 15 digits"),
      (12345678901234567.89, "must be in a string where it has more than 15 digits")]),
    (UUID, [("00000000-0000-0000-0000-00000000000A", UUID(int=10))],
     [*kinds(HEX, str), ("", f"must be {HEX}, not blank"), ("0" * 32, f"must be {HEX}"),
      ("{00000000-0000-0000-0000-000000000001}", f"must be {HEX}"),
      ("0" * 65, f"must be {HEX}, not 65 characters")]),
    (date, [("2026-01-31", date(2026, 1, 31)), ("2024-02-29", date(2024, 2, 29))],
     [*kinds(DAY, str), ("2026-02-29", f"must be {DAY}"), ("20260131", f"must be {DAY}"),
      ("2026-01-31T00:00:00Z", f"must be {DAY}"), ("", f"must be {DAY}, not blank")]),
    (datetime,
     [("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
      ("2026-01-31t12:00:00.5z", datetime(2026, 1, 31, 12, 0, 0, 500_000, UTC)),
      ("2026-01-31T12:00:00+01:00", datetime(2026, 1, 31, 11, tzinfo=UTC))],
     [*kinds(MOMENT, str), ("2026-01-31T12:00:00", f"must be {MOMENT}"), ("2026-01-31", f"must be {MOMENT}"),
      ("0001-01-01T00:00:00+01:00", f"must be {MOMENT}"),
      (1_700_000_000, f"must be {MOMENT}, not a whole number")]),
    (Any, [(value, value) for value in ANYTHING], []),
    (object, [(value, value) for value in ANYTHING], []),
    (UserId, [(1, 1)], [("1", f"must be {WHOLE}, not a string")]),
    (ItemId, [(1, 1)], [(None, f"must be {WHOLE}, not null")]),

    # choices
    (Colour, [("red", Colour.RED), ("green", Colour.GREEN)],
     [*kinds('one of "red", "green"', str), ("blue", 'must be one of "red", "green"'),
      ("RED", 'must be one of "red", "green"'), ("", 'must be one of "red", "green"'),
      ("\ud800", 'must be one of "red", "green"')]),
    (Size, [(1, Size.SMALL), (10, Size.LARGE)],
     [*kinds("one of 1, 10", int), (2, "must be one of 1, 10"),
      (1.0, "must be one of 1, 10, not a number with a point or exponent"),
      (True, "must be one of 1, 10, not a boolean"), ("1", "must be one of 1, 10, not a string"),
      (10**400, "must be one of 1, 10")]),
    (Mood, [("", Mood.UNSAID), ("good", Mood.GOOD)],
     [("bad", 'must be one of "", "good"'), (None, 'must be one of "", "good", not null')]),
    (Texts, [("a", Texts.A)], [("b", 'must be "a"'), (1, 'must be "a", not a whole number')]),
    (Mode, [(1, Mode.READ), (2, Mode.WRITE), (3, Mode.BOTH)],
     [(0, "must be one of 1, 2, 3"), (4, "must be one of 1, 2, 3")]),
    (Bits, [(1, Bits.ONE), (2, Bits.TWO)], [(3, "must be one of 1, 2"), (0, "must be one of 1, 2")]),
    (Mixed, [(True, Mixed.YES), (0.5, Mixed.HALF), (2, Mixed.TWO), ("name", Mixed.NAME)],
     [(1, 'must be one of true, 0.5, 2, "name"'), (False, 'must be one of true, 0.5, 2, "name"'),
      (2.0, 'must be one of true, 0.5, 2, "name"'), ("2", 'must be one of true, 0.5, 2, "name"'),
      (None, 'must be one of true, 0.5, 2, "name", not null'),
      ([], 'must be one of true, 0.5, 2, "name", not an array')]),
    (Many, [(0, Many.A0), ("x" * 100, Many.LAST)],
     [(20, "must be one of " + ", ".join(map(str, range(20))) + ", ..."),
      ({}, "must be one of " + ", ".join(map(str, range(20))) + ", ..., not an object")]),
    (Literal["a", "b"], [("a", "a"), ("b", "b")],
     [*kinds('one of "a", "b"', str), ("c", 'must be one of "a", "b"')]),
    (Literal["a"], [("a", "a")], [("A", 'must be "a"'), (None, 'must be "a", not null')]),
    (Literal['"\\é'], [('"\\é', '"\\é')], [("a", 'must be "\\"\\\\é"')]),
    (Literal["y" * 100], [("y" * 100, "y" * 100)], [("y", 'must be "' + "y" * 79)]),
    (Literal[1], [(1, 1)],
     [(True, "must be 1, not a boolean"), (1.0, "must be 1, not a number with a point or exponent"),
      ("1", "must be 1, not a string"), (2, "must be 1")]),
    (Literal[True], [(True, True)],
     [(1, "must be true, not a whole number"), (False, "must be true"),
      ("true", "must be true, not a string")]),
    (Literal[True, 1, "1"], [(True, True), (1, 1), ("1", "1")],
     [(1.0, 'must be one of true, 1, "1", not a number with a point or exponent'),
      (False, 'must be one of true, 1, "1"'), (0, 'must be one of true, 1, "1"')]),
    (Literal[Colour.RED, 1], [("red", Colour.RED), (1, 1)], [("green", 'must be one of "red", 1')]),
    (Literal[Literal[1, 2], 3], [(1, 1), (3, 3)], [(4, "must be one of 1, 2, 3")]),
    (Literal["a", None], [("a", "a"), (None, None)],
     [("b", 'must be "a" or null'), (0, 'must be "a" or null, not a whole number')]),

    # null
    (int | None, [(None, None), (1, 1)],
     [*kinds(WHOLE + " or null", int, NULL), (2**63, f"must be {WHOLE} or null, not a larger one")]),
    (Optional[str], [(None, None), ("", "")], [*kinds("a string or null", str, NULL), ("\ud800", HALF)]),
    (Union[None, float], [(None, None), (1, 1.0)],
     [*kinds("a number or null", int, float, NULL), (10**309, "must be a number or null, not a larger one")]),
    (bool | None, [(None, None), (False, False)], kinds("true or false or null", bool, NULL)),
    (Decimal | None, [(None, None), (1, Decimal(1))], kinds(SPELT + " or null", str, int, float, NULL)),
    (date | None, [(None, None), ("2026-01-31", date(2026, 1, 31))],
     [*kinds(DAY + " or null", str, NULL), ("", f"must be {DAY}, not blank")]),
    (UUID | None, [(None, None)], kinds(HEX + " or null", str, NULL)),
    (Colour | None, [(None, None), ("red", Colour.RED)],
     [*kinds('one of "red", "green" or null', str, NULL), ("x", 'must be one of "red", "green" or null')]),
    (Optional[Literal["a", None]], [(None, None), ("a", "a")],
     [(1, 'must be "a" or null, not a whole number')]),
    (list[int] | None, [(None, None), ([1], [1])],
     [*kinds("an array or null", list, NULL), ([None], {"/0": f"must be {WHOLE}, not null"})]),
    (dict[str, int] | None, [(None, None), ({"a": 1}, {"a": 1})],
     [*kinds("an object or null", dict, NULL), ({"a": None}, {"/a": f"must be {WHOLE}, not null"})]),
    (Item | None, [(None, None), ({"name": "a"}, Item("a"))],
     [*kinds("an object or null", dict, NULL), ({}, {"/name": "is missing"})]),
    (Payment | None, [(None, None), ({"kind": "card", "number": "1"}, Card("card", "1"))],
     [*kinds("an object or null", dict, NULL), ({}, {"/kind": "is missing"})]),
    (Any | None, [(None, None), (1, 1)], []),
    (Annotated[int | None, Range(0, 9)], [(None, None), (9, 9)],
     [(10, "must be from 0 to 9, not more"), ("1", f"must be {WHOLE} or null, not a string")]),
    (Percent | None, [(None, None), (9, 9)],
     [(101, "must be from 0 to 100, not more"), ("1", f"must be {WHOLE} or null, not a string")]),
    (Annotated[Item, empty_to_none] | None, [(None, None), ({"name": "a"}, Item("a"))],
     [([], "must be an object or null, not an array")]),
    (Annotated[str | None, empty_to_none, Length(2)], [(None, None), ("", None), ("ab", "ab")],
     [("a", "must have at least 2 characters, not 1")]),

    # several
    (list[int], [([], []), ([1, 2], [1, 2])],
     [*kinds("an array", list),
      ([1, "2", 3, None], {"/1": f"must be {WHOLE}, not a string", "/3": f"must be {WHOLE}, not null"}),
      ({"0": 1}, "must be an array, not an object")]),
    (List[int], [([1], [1])], [(["1"], {"/0": f"must be {WHOLE}, not a string"})]),
    (Sequence[int], [([1], [1])], [(["1"], {"/0": f"must be {WHOLE}, not a string"})]),
    (tuple[int, ...], [([], ()), ([1, 2], (1, 2))],
     [*kinds("an array", list), (["1"], {"/0": f"must be {WHOLE}, not a string"})]),
    (Tuple[str, ...], [(["a"], ("a",))], [([1], {"/0": "must be a string, not a whole number"})]),
    (list, [([], []), (ANYTHING, ANYTHING)], kinds("an array", list)),
    (List, [(ANYTHING, ANYTHING)], kinds("an array", list)),
    (tuple, [([1, [2]], (1, [2]))], kinds("an array", list)),
    (Sequence, [([1, None], [1, None])], kinds("an array", list)),
    (list[Any], [(ANYTHING, ANYTHING)], kinds("an array", list)),
    (list[list[int]], [([[], [1]], [[], [1]])],
     [([1, [2, "3"], [[]]], {"/0": "must be an array, not a whole number",
       "/1/1": f"must be {WHOLE}, not a string", "/2/0": f"must be {WHOLE}, not an array"})]),
    (list[int | None], [([None, 1], [None, 1])], [(["a"], {"/0": f"must be {WHOLE} or null, not a string"})]),
    (list[Colour], [(["red"], [Colour.RED])], [(["red", "x"], {"/1": 'must be one of "red", "green"'})]),
    (dict[str, int], [({}, {}), ({"a": 1, "": 2, "é": 3}, {"a": 1, "": 2, "é": 3})],
     [*kinds("an object", dict),
      ({"a": "1", "b": 2, "c": None},
       {"/a": f"must be {WHOLE}, not a string", "/c": f"must be {WHOLE}, not null"}),
      ({"a/b": "", "a~b": "", "~1": "", "": "", "/": ""},
       dict.fromkeys(("/a~1b", "/a~0b", "/~01", "/", "/~1"), f"must be {WHOLE}, not a string")),
      ({"\ud800": 1}, {"/\ud800": HALF_NAME}), ({"\ud800": "1"}, {"/\ud800": HALF_NAME})]),
    (Dict[str, bool], [({"a": True}, {"a": True})],
     [({"a": 1}, {"/a": "must be true or false, not a whole number"})]),
    (Mapping[str, str], [({"a": "b"}, {"a": "b"})], [({"a": "\ud800"}, {"/a": HALF})]),
    (dict, [({"a": ANYTHING}, {"a": ANYTHING})],
     [*kinds("an object", dict), ({"\udfff": 1}, {"/\udfff": HALF_NAME})]),
    (Mapping, [({"a": 1}, {"a": 1})], kinds("an object", dict)),
    (Dict, [({"a": 1}, {"a": 1})], kinds("an object", dict)),
    (dict[str, Any], [({"a": ANYTHING}, {"a": ANYTHING})], kinds("an object", dict)),
    (dict[str, dict[str, list[int]]], [({"a": {"b": [1]}}, {"a": {"b": [1]}})],
     [({"a": {"b": [1, "2"]}, "c": [], "d": {"~": 1}}, {"/a/b/1": f"must be {WHOLE}, not a string",
       "/c": "must be an object, not an array", "/d/~0": "must be an array, not a whole number"})]),

    # dataclasses
    (Item,
     [({"name": "a"}, Item("a", 0.0)), ({"price": 2, "name": "é"}, Item("é", 2.0)),
      ({"name": "a", "more": 1, "\ud800": 2, "": 3}, Item("a"))],
     [*kinds("an object", dict), ({}, {"/name": "is missing"}), ({"Name": "a"}, {"/name": "is missing"}),
      ({"name": None}, {"/name": "must be a string, not null"}), ({"name": "\ud800"}, {"/name": HALF}),
      ({"price": "1"}, {"/name": "is missing", "/price": "must be a number, not a string"}),
      ({"name": "a", "price": None}, {"/price": "must be a number, not null"}),
      ({"name": 1, "price": True},
       {"/name": "must be a string, not a whole number", "/price": "must be a number, not a boolean"})]),
    (Order,
     [({"items": []}, Order([])),
      ({"items": [{"name": "a"}], "note": None, "paid": True, "tags": {"a": 1}},
       Order([Item("a")], None, True, {"a": 1}))],
     [({"items": [{"name": "a"}, {"price": "x"}], "note": 1, "paid": None, "tags": {"a/b": "x"}},
       {"/items/1/name": "is missing", "/items/1/price": "must be a number, not a string",
       "/note": "must be a string or null, not a whole number", "/paid": "must be true or false, not null",
       "/tags/a~1b": f"must be {WHOLE}, not a string"}),
      ({"items": None}, {"/items": "must be an array, not null"})]),
    (Strict,
     [({"second": "a"}, Strict(second="a")), ({"first": 2, "second": "a"}, Strict(first=2, second="a"))],
     [({"first": 2}, {"/second": "is missing"})]),
    (Halves, [({"here": 1, "there": 2, "_": 3}, Halves(1, there=2))],
     [({}, {"/here": "is missing", "/there": "is missing"})]),
    (Counted,
     [({"length": 3}, Counted(3)), ({"length": 3, "scale": 2}, Counted(3, 2)),
      ({"length": 3, "total": 9, "made": [1], "unit": 1, "bare": "x"}, Counted(3))],
     [({"scale": "2"}, {"/length": "is missing", "/scale": f"must be {WHOLE}, not a string"})]),
    (Bird,
     [({"name": "a"}, Bird("a", 2, True)), ({"name": "a", "legs": 1, "flies": False}, Bird("a", 1, False))],
     [({"legs": ""}, {"/name": "is missing", "/legs": f"must be {WHOLE}, not a string"})]),
    (Undecorated, [({"name": "a", "wings": "x"}, Undecorated("a"))],
     [({"wings": 2}, {"/name": "is missing"})]),
    (Node,
     [({"value": 1, "child": {"value": 2}, "others": [{"value": 3}]}, Node(1, Node(2), [Node(3)])),
      ({"value": 1, "child": None}, Node(1))],
     [({"value": 1, "child": {"child": {"value": None, "others": [{}]}}}, {"/child/value": "is missing",
       "/child/child/value": f"must be {WHOLE}, not null", "/child/child/others/0/value": "is missing"}),
      ({"value": 1, "child": []}, {"/child": "must be an object or null, not an array"}),
      ({"value": 1, "others": [None]}, {"/others/0": "must be an object, not null"})]),
    (Node, [({"value": 2**63 - 1}, Node(2**63 - 1))],
     [({"value": 2**63}, {"/value": f"must be {WHOLE}, not a larger one"})]),
    (Left, [({"right": {"left": {"right": None}}}, Left(Right(Left(None))))],
     [({"right": {"left": {"right": 1}}},
       {"/right/left/right": "must be an object or null, not a whole number"})]),
    (Page[int], [({"items": [1]}, Page([1]))],
     [({"items": ["1"]}, {"/items/0": f"must be {WHOLE}, not a string"})]),
    (Page[Item], [({"items": [{"name": "a"}]}, Page([Item("a")]))],
     [({"items": [{}]}, {"/items/0/name": "is missing"})]),
    (Page[Page[str]], [({"items": [{"items": ["a"]}]}, Page([Page(["a"])]))],
     [({"items": [{"items": [1]}]}, {"/items/0/items/0": "must be a string, not a whole number"})]),
    (Page[Annotated[int, AtMost(3)]], [({"items": [3]}, Page([3]))],
     [({"items": [3, 4]}, {"/items/1": "must be at most 3"})]),
    (Page[Any], [({"items": ANYTHING}, Page(ANYTHING))],
     [({"items": {}}, {"/items": "must be an array, not an object"})]),
    (Pair[str, int], [({"one": "a", "two": {"b": 1}}, Pair("a", {"b": 1}))],
     [({"one": 1, "two": {"b": "c"}},
       {"/one": "must be a string, not a whole number", "/two/b": f"must be {WHOLE}, not a string"})]),
    (IntPage, [({"items": [1], "total": 1}, IntPage([1], None, 1))],
     [({"items": ["1"], "total": "1"},
       {"/items/0": f"must be {WHOLE}, not a string", "/total": f"must be {WHOLE}, not a string"})]),
    (Noted[str], [({"items": [1], "note": "a"}, Noted([1], None, "a"))],
     [({"items": ["a"], "note": 1}, {"/items/0": f"must be {WHOLE}, not a string",
       "/note": "must be a string or null, not a whole number"})]),
    (Turned[str, int], [({"one": 1, "two": {"a": "b"}, "three": "c"}, Turned(1, {"a": "b"}, "c"))],
     [({"one": "a", "two": {"b": 1}, "three": 1}, {"/one": f"must be {WHOLE}, not a string",
       "/two/b": "must be a string, not a whole number",
       "/three": "must be a string or null, not a whole number"})]),
    (Renamed[str], [({"items": ["a"]}, Renamed(["a"]))],
     [({"items": [1]}, {"/items/0": "must be a string, not a whole number"})]),
    (Names, [({"a": 1}, Names(1))], [({}, {"/a": "is missing"})]),

    # members that are not expected
    (Closed, [({}, Closed()), ({"name": "a", "open": {"name": "b", "x": 1}}, Closed("a", None, Item("b")))],
     [({"Name": "a"}, {"/Name": "is not expected"}),
      ({"name": 1, "a/~": None, "": 0, "\ud800": 1}, {"/name": "must be a string, not a whole number",
       "/a~1~0": "is not expected", "/": "is not expected", "/\ud800": "is not expected"}),
      ({"below": {"x": 1}, "y": 1}, {"/below/x": "is not expected", "/y": "is not expected"})]),
    (ClosedToo, [({"name": "a"}, ClosedToo("a"))], [({"x": 1}, {"/x": "is not expected"})]),
    (Opened, [({"x": 1}, Opened())], [({"below": {"x": 1}}, {"/below/x": "is not expected"})]),
    (Card | ClosedCash,
     [({"kind": "cash"}, ClosedCash("cash")), ({"kind": "card", "number": "1", "x": 1}, Card("card", "1"))],
     [({"kind": "cash", "number": "1"}, {"/number": "is not expected"})]),

    # TypedDicts
    (Widget,
     [({"name": "a"}, {"name": "a"}), ({"name": "a", "size": 1, "more": 2}, {"name": "a", "size": 1})],
     [*kinds("an object", dict),
      ({"size": None}, {"/name": "is missing", "/size": f"must be {WHOLE}, not null"})]),
    (Loose, [({"id": 1}, {"id": 1}), ({"id": 1, "note": "a"}, {"id": 1, "note": "a"})],
     [({"note": 1}, {"/id": "is missing", "/note": "must be a string, not a whole number"})]),
    (Child, [({"id": 1, "born": "2026-01-31"}, {"id": 1, "born": date(2026, 1, 31)})],
     [({}, {"/id": "is missing", "/born": "is missing"})]),
    (Boxed[int], [({"value": 1}, {"value": 1})],
     [({"value": "1"}, {"/value": f"must be {WHOLE}, not a string"})]),
    (IntBoxed, [({"value": 1, "unit": "m"}, {"value": 1, "unit": "m"})],
     [({"value": "1"}, {"/value": f"must be {WHOLE}, not a string", "/unit": "is missing"})]),
    (Qualified, [({}, {}), ({"limit": 9, "page": 1}, {"limit": 9, "page": 1})],
     [({"limit": 10, "page": 0},
       {"/limit": "must be from 1 to 9, not more", "/page": "must be from 1 to 9, not less"})]),
    (Odd,
     [({"a~/b": 1, "": 2, "self": 3, "content-type": "x"},
       {"a~/b": 1, "": 2, "self": 3, "content-type": "x"})],
     [({}, {"/a~0~1b": "is missing", "/": "is missing"}),
      ({"a~/b": "", "": None, "self": ""}, {"/a~0~1b": f"must be {WHOLE}, not a string",
       "/": f"must be {WHOLE}, not null", "/self": f"must be {WHOLE}, not a string"})]),

    # classes that a member tells apart
    (Payment,
     [({"kind": "card", "number": "1"}, Card("card", "1")),
      ({"kind": "coins", "amount": 1}, Cash("coins", 1)),
      ({"kind": "wire", "iban": "x"}, {"kind": "wire", "iban": "x"}),
      ({"kind": 1, "iban": "x", "number": 1}, {"kind": 1, "iban": "x"})],
     [*kinds("an object", dict), ({"number": 1}, {"/kind": "is missing"}),
      ({"kind": "x", "number": 1}, {"/kind": 'must be one of "card", "cash", "coins", "wire", 1'}),
      ({"kind": True}, {"/kind": 'must be one of "card", "cash", "coins", "wire", 1, not a boolean'}),
      ({"kind": ["card"]}, {"/kind": 'must be one of "card", "cash", "coins", "wire", 1, not an array'}),
      ({"kind": None}, {"/kind": 'must be one of "card", "cash", "coins", "wire", 1, not null'}),
      ({"kind": "card", "amount": 1}, {"/number": "is missing"}),
      ({"kind": "cash", "amount": "1"}, {"/amount": f"must be {WHOLE}, not a string"})]),
    (Card | DefaultTag, [({"kind": True}, DefaultTag())],
     [({}, {"/kind": "is missing"}),
      ({"kind": 1}, {"/kind": 'must be one of "card", true, not a whole number'})]),
    (Wallet, [({"payments": [{"kind": "card", "number": "1"}], "main": None}, Wallet([Card("card", "1")]))],
     [({"payments": [{"kind": "card"}, {}, 1], "main": {"kind": "cash"}}, {"/payments/0/number": "is missing",
       "/payments/1/kind": "is missing", "/payments/2": "must be an object, not a whole number",
       "/main/amount": "is missing"})]),
    (dict[str, Payment], [({"~": {"kind": "card", "number": "1"}}, {"~": Card("card", "1")})],
     [({"~": {"kind": 2}}, {"/~0/kind": 'must be one of "card", "cash", "coins", "wire", 1'})]),
    (Annotated[Card, empty_to_none] | None, [(None, None)],
     [({"kind": "x", "number": "1"}, {"/kind": 'must be "card"'})]),

    # functions
    (Percent, [(0, 0), (100, 100)],
     [(101, "must be from 0 to 100, not more"), (-1, "must be from 0 to 100, not less"),
      (True, f"must be {WHOLE}, not a boolean")]),
    (Slug, [("abc", "abc")],
     [("", "must have 1 to 5 characters, not 0"), ("abcdef", "must have 1 to 5 characters, not 6"),
      (1, "must be a string, not a whole number")]),
    (Tags, [(["a", "b"], ["a", "b"])],
     [(["a", "b", "c"], "must have at most 2 items, not 3"),
      (["a", "b", 3], {"/2": "must be a string, not a whole number"})]),
    (Even, [(2, 2), (6, 6)],
     [(1, "must be even"), (100, "is not accepted"), (200, "is not accepted"), (4, "is not accepted"),
      ("2", f"must be {WHOLE}, not a string")]),
    (list[Even], [([2, 6], [2, 6])], [([1, 2, 4], {"/0": "must be even", "/2": "is not accepted"})]),
    (Annotated[Even, Range(1, 5), float], [(2, 2.0)],
     [(1, "must be even"), (6, "must be from 1 to 5, not more")]),
    (Annotated[dict[str, Percent], Length(1, 2)], [({"a": 1}, {"a": 1})],
     [({}, "must have 1 to 2 items, not 0"), ({"a": 101}, {"/a": "must be from 0 to 100, not more"})]),
    (Annotated[Decimal, Range(Decimal("0.1"), 1)], [("0.1", Decimal("0.1")), (1, Decimal(1))],
     [(2, "must be from 0.1 to 1, not more"), ("0.01", "must be from 0.1 to 1, not less")]),
    (Annotated[Item, lambda item: item.name], [({"name": "a"}, "a")], [({}, {"/name": "is missing"})]),
    (Annotated[Any, str], [(1, "1"), (None, "None"), ([1], "[1]")], []),
    (Annotated[int, AtMost(3)], [(3, 3)], [(4, "must be at most 3")]),
    (Range1, [({"low": 1, "high": 1}, Range1(1, 1))],
     [({"low": 2, "high": 1}, "must have a low that is not above the high"),
      ({"low": 2}, {"/high": "is missing"}), ({"low": 13, "high": 20}, "is not accepted"),
      ({"low": 14, "high": 20}, "is not accepted")]),
    (dict[str, Range1], [({"a": {"low": 1, "high": 1}}, {"a": Range1(1, 1)})],
     [({"a": {"low": 2, "high": 1}, "b": {"low": 13, "high": 20}},
       {"/a": "must have a low that is not above the high", "/b": "is not accepted"})]),
]

ACCEPTED = [(annotation, value, made) for annotation, accepted, _ in CASES for value, made in accepted]
REFUSED = [(annotation, value, told if isinstance(told, dict) else {"": told})
           for annotation, _, refused in CASES for value, told in refused]


def exactly(value: Any) -> str:
    """Tells 1 from True and 1.0, 0.0 from -0.0, a list from a tuple, at any depth."""
    return f"{type(value)} {value!r}"


@pytest.mark.parametrize(("annotation", "value", "made"), ACCEPTED)
def test_a_value_of_the_annotation_is_accepted(annotation: Any, value: Any, made: Any) -> None:
    before = copy.deepcopy(value)
    check = compiled(annotation)
    for _ in range(2):
        found = check(value)
        assert found == made
        if annotation is not datetime:          # an offset is kept, and another one says the same
            assert exactly(found) == exactly(made)
    assert exactly(value) == exactly(before), "what was parsed is not ours to change"


@pytest.mark.parametrize(("annotation", "value", "told"), REFUSED)
def test_another_value_is_refused_and_each_fault_is_told_with_its_place(
        annotation: Any, value: Any, told: Faults) -> None:
    before = copy.deepcopy(value)
    assert faults(annotation, value) == told
    assert exactly(value) == exactly(before)
    if "" not in told:
        errors = refusal(compiled(annotation), value).errors
        assert [each["name"] for each in errors] == list(told), "faults are told in the order of the class"


def test_there_are_cases_enough() -> None:
    assert len(ACCEPTED) > 150
    assert len(REFUSED) > 250


@pytest.mark.parametrize(("annotation", "value"), [
    (annotation, value) for annotation, value, _ in ACCEPTED
    if type(value) in (list, dict) and annotation not in (Any, object, Any | None)])
def test_what_is_made_is_another_list_or_dict_than_what_was_parsed(annotation: Any, value: Any) -> None:
    assert compiled(annotation)(value) is not value


# --- what functions and classes of users raise ---

@pytest.mark.parametrize(("annotation", "value", "raised"), [
    (Range1, {"low": 15, "high": 20}, KeyError), (Range1, {"low": 16, "high": 20}, HTTPError),
    (Range1, {"low": 17, "high": 20}, TypeError), (list[Range1], [{"low": 15, "high": 20}], KeyError),
    (Annotated[int, wrong_type], 1, TypeError), (Annotated[int, taken], 1, HTTPError),
    (dict[str, Annotated[int, taken]], {"a": 1}, HTTPError)])
def test_what_is_no_word_about_the_value_passes_as_it_is(annotation: Any, value: Any, raised: type) -> None:
    with pytest.raises(raised) as caught:
        compiled(annotation)(value)
    assert type(caught.value) is raised
    if isinstance(caught.value, HTTPError):
        assert caught.value.status == 409


@pytest.mark.parametrize(("annotation", "name"), [
    (Annotated[int, no_result], "no_result"), (list[Annotated[int, no_result]], "no_result"),
    (Annotated[str, Length(max=9), no_result], "no_result"), (Annotated[int, no_result] | None, "no_result"),
    (Annotated[str, empty_to_none], "empty_to_none")])
def test_a_function_that_returns_none_is_named_by_its_annotation(annotation: Any, name: str) -> None:
    value: Any = "" if name == "empty_to_none" else "a" if "str" in str(annotation) else 1
    with pytest.raises(TypeError, match=rf"a function in .*Annotated\[.*{name}.* returned None instead"):
        compiled(annotation)([value] if str(annotation).startswith("list") else value)


@pytest.mark.parametrize("annotation", [Annotated[int | None, no_result], Annotated[int, no_result] | None])
def test_none_passes_a_function_by_where_null_is_a_value(annotation: Any) -> None:
    assert compiled(annotation)(None) is None


def test_no_function_is_called_with_a_value_that_is_none_of_its_type() -> None:
    called: list[Any] = []

    def note(value: Any) -> Any:
        called.append(value)
        return value

    check = compiled(dict[str, Annotated[int, note]])
    with pytest.raises(ValidationError):
        check({"a": 1, "b": "2", "c": None, "d": 4})
    assert called == [1, 4]


def test_a_class_is_not_made_while_a_member_of_it_is_at_fault() -> None:
    made: list[Any] = []

    @dataclass
    class Pair:
        a: int
        b: int = 0

        def __post_init__(self) -> None:
            made.append((self.a, self.b))

    check = compiled(list[Pair])
    with pytest.raises(ValidationError):
        check([{"a": 1}, {"a": 1, "b": "x"}, {}, {"a": 2}])
    assert made == [(1, 0), (2, 0)]


def test_only_the_class_that_the_tag_names_looks_at_the_rest() -> None:
    looked: list[str] = []

    def looks(name: str) -> Callable[[Any], Any]:
        def look(value: Any) -> Any:
            looked.append(name)
            return value
        return look

    fields_of = {kind: [("kind", Literal[kind]), ("x", Annotated[int, looks(kind)])] for kind in ("a", "b")}
    a, b = (make_dataclass(kind.upper(), fields) for kind, fields in fields_of.items())
    check = compiled(Union[a, b])
    check({"kind": "b", "x": 1})
    assert looked == ["b"]
    for kind in ("c", None, ["a"]):
        with pytest.raises(ValidationError):
            check({"kind": kind, "x": 1})
    assert looked == ["b"]


def test_a_default_is_made_anew_for_each_value_and_not_checked_as_it_is_the_classs_own() -> None:
    @dataclass
    class Basket:
        items: list[int] = field(default_factory=list)
        limit: int = "no int"       # type: ignore[assignment]

    check = compiled(Basket)
    first = check({})
    first.items.append(1)
    assert check({}) == Basket([])
    assert first.limit == "no int"


# --- modules of their own ---

@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[..., ModuleType]:
    """Runs source as a module of that name, which is there while the test runs."""
    def load(source: str, name: str = "shapes_of_a_test") -> ModuleType:
        made = ModuleType(name)
        monkeypatch.setitem(sys.modules, name, made)
        exec(compile(source, name, "exec", dont_inherit=True), vars(made))
        return made
    return load


FUTURE = """
from __future__ import annotations
from dataclasses import KW_ONLY, InitVar, dataclass, field
from typing import Annotated, ClassVar, Generic, Literal, NotRequired, Required, TypedDict, TypeVar
from fsroute.http.constraints import Range
T = TypeVar("T")

class Base(TypedDict):
    id: int
    note: NotRequired[str]

class Part(Base, total=False):
    size: Required[Annotated[int, Range(1, 9)]]
    parts: list[Part]
    limit: Annotated[NotRequired[int], Range(1, 9)]

@dataclass
class Tree(Generic[T]):
    unit: ClassVar[str] = "m"
    _: KW_ONLY
    kind: Literal["tree"]
    value: T
    scale: InitVar[int] = 2
    branches: list[Tree[T]] = field(default_factory=list)
    seen: int = field(init=False, default=0)

    def __post_init__(self, scale: int) -> None:
        self.seen = scale

@dataclass
class Leaf:
    kind: Literal["leaf"]

@dataclass
class IntTree(Tree[int]):
    pass
"""


def test_annotations_of_a_module_that_keeps_them_as_text_are_read(module: Callable[..., ModuleType]) -> None:
    made = module(FUTURE)
    value = {"id": 1, "size": 9, "parts": [{"id": 2, "size": 1}]}
    assert compiled(made.Part)(value | {"more": 1}) == value
    assert faults(made.Part, {"note": 1, "parts": [{}], "limit": 10}) == {
        "/id": "is missing", "/note": "must be a string, not a whole number", "/size": "is missing",
        "/parts/0/id": "is missing", "/parts/0/size": "is missing", "/limit": "must be from 1 to 9, not more"}
    tree = compiled(made.Tree[str])({"kind": "tree", "value": "a",
                                     "branches": [{"kind": "tree", "value": "b", "scale": 3}]})
    assert (tree.seen, tree.branches[0].seen, tree.branches[0].value) == (2, 3, "b")
    for annotation in (made.Tree[int], made.IntTree, Union[made.Leaf, made.Tree[int]]):
        value = {"kind": "tree", "value": 1, "branches": [{"kind": "tree", "value": "b"}]}
        assert faults(annotation, value) == {"/branches/0/value": f"must be {WHOLE}, not a string"}
    assert compiled(made.Leaf | made.Tree[int])({"kind": "leaf"}) == made.Leaf("leaf")


def test_a_class_is_read_with_the_names_of_the_module_that_it_comes_from(
        module: Callable[..., ModuleType]) -> None:
    future = "from __future__ import annotations\nfrom dataclasses import dataclass\n"
    module(future + "from typing import TypedDict\nOwn = Here = int\n@dataclass\nclass Base:\n    a: Own\n"
           "class Typed(TypedDict):\n    a: Here\n", "base_of_a_test")
    made = module(future + "from base_of_a_test import Base, Typed\nOwn = str\n"
                  "@dataclass\nclass Sub(Base):\n    b: Own\nclass SubTyped(Typed):\n    b: Own\n")
    for annotation in (made.Sub, made.SubTyped):
        assert faults(annotation, {"a": "1", "b": 1}) == {
            "/a": f"must be {WHOLE}, not a string", "/b": "must be a string, not a whole number"}


PEP_695 = """
from dataclasses import dataclass, field
from typing import Annotated, Literal, NotRequired, TypedDict
from fsroute.http.constraints import Range

type Percent = Annotated[int, Range(0, 100)]
type Maybe[X] = X | None
type Same[X] = X
type Unused[X] = int
type Keyed[K, V] = dict[str, list[V]]
type Turned[A, B] = Pair[B, A]
type Nested[X] = Turned[list[X], Maybe[X]]
type Forward = list[Later]
type Endless = list[Endless]
type Circle = Circle | None
type Broken = list[Nowhere]
type Broken2 = 1 / 0
type Pay = Card | Cash

@dataclass
class Pair[A, B]:
    one: A
    two: B

@dataclass
class IntPair[B](Pair[int, B]):
    three: Maybe[B] = None

@dataclass
class Later:
    x: Percent

class Box[X](TypedDict):
    value: X
    more: NotRequired[list[X]]

@dataclass
class Card:
    kind: Literal["card"]

@dataclass
class Cash:
    kind: Literal["cash"]
    child: Maybe[Pay] = None
"""
NEW = pytest.mark.skipif(sys.version_info < (3, 12), reason="type statements came with 3.12")


@NEW
@pytest.mark.parametrize("future",
                         ["", pytest.param("from __future__ import annotations\n", marks=pytest.mark.skipif(
    sys.version_info < (3, 12, 4), reason="get_type_hints() did not know the parameters of a class then"))])
@pytest.mark.parametrize(("annotation", "value", "made"), [
    ("Percent", 100, "100"), ("Percent", 101, {"": "must be from 0 to 100, not more"}),
    ("Maybe[int]", None, "None"), ("Maybe[int]", "1", {"": f"must be {WHOLE} or null, not a string"}),
    ("Same[int]", 1, "1"), ("Same[int]", "1", {"": f"must be {WHOLE}, not a string"}),
    ("Unused[str]", 1, "1"), ("Unused[str]", "1", {"": f"must be {WHOLE}, not a string"}),
    ("Keyed[int, str]", {"a": ["b"]}, "{'a': ['b']}"),
    ("Keyed[int, str]", {"a": [1]}, {"/a/0": "must be a string, not a whole number"}),
    ("Turned[int, str]", {"one": "a", "two": 1}, "Pair(one='a', two=1)"),
    ("Turned[int, str]", {"one": 1, "two": "a"},
     {"/one": "must be a string, not a whole number", "/two": f"must be {WHOLE}, not a string"}),
    ("Nested[int]", {"one": None, "two": [1]}, "Pair(one=None, two=[1])"),
    ("Nested[int]", {"one": [1], "two": None},
     {"/one": f"must be {WHOLE} or null, not an array", "/two": "must be an array, not null"}),
    ("Forward", [{"x": 1}], "[Later(x=1)]"),
    ("Forward", [{"x": 101}], {"/0/x": "must be from 0 to 100, not more"}),
    ("Pair[int, Maybe[str]]", {"one": 1, "two": None}, "Pair(one=1, two=None)"),
    ("Pair[int, Maybe[str]]", {"one": None, "two": 1},
     {"/one": f"must be {WHOLE}, not null", "/two": "must be a string or null, not a whole number"}),
    ("IntPair[str]", {"one": 1, "two": "a", "three": "b"}, "IntPair(one=1, two='a', three='b')"),
    ("IntPair[str]", {"one": "a", "two": 1},
     {"/one": f"must be {WHOLE}, not a string", "/two": "must be a string, not a whole number"}),
    ("Box[int]", {"value": 1}, "{'value': 1}"),
    ("Box[int]", {"more": ["1"]}, {"/value": "is missing", "/more/0": f"must be {WHOLE}, not a string"}),
    ("Pay", {"kind": "cash", "child": {"kind": "card"}}, "Cash(kind='cash', child=Card(kind='card'))"),
    ("Pay", {"kind": "cash", "child": {"kind": 1}},
     {"/child/kind": 'must be one of "card", "cash", not a whole number'}), ("Pay | None", None, "None"),
    ("Pay | None", 1, {"": "must be an object or null, not a whole number"}),
])
def test_type_statements_and_classes_with_parameters_of_their_own_are_read(
        future: str, annotation: str, value: Any, made: str | Faults,
        module: Callable[..., ModuleType]) -> None:
    kind = eval(annotation, vars(module(future + PEP_695)))
    if isinstance(made, str):
        assert repr(compiled(kind)(value)) == made
    else:
        assert faults(kind, value) == made


@NEW
@pytest.mark.parametrize(("annotation", "problem", "mend"), [
    ("Endless", "Endless refers to itself", ""), ("Circle", "Circle refers to itself", ""),
    ("dict[str, Endless]", "dict[str, Endless] refers to itself", ""),
    ("Broken", "Broken cannot be resolved: name 'Nowhere' is not defined",
     "import the names it uses at run time"),
    ("Broken2", "Broken2 cannot be resolved: division by zero", "import the names it uses at run time"),
])
def test_a_type_statement_that_leads_nowhere_is_refused(
        annotation: str, problem: str, mend: str, module: Callable[..., ModuleType]) -> None:
    with pytest.raises(Unconvertible) as caught:
        compiled(eval(annotation, vars(module(PEP_695))))
    assert caught.value.problem == problem
    assert mend in caught.value.mend


READ_ONLY = """
from typing import NotRequired, ReadOnly, Required, TypedDict

class A(TypedDict, total=False):
    a: ReadOnly[Required[int]]
    b: NotRequired[ReadOnly[int]]
    c: ReadOnly[int]

class B(TypedDict):
    d: ReadOnly[str]
    e: ReadOnly[NotRequired[str]]
"""


@pytest.mark.skipif(sys.version_info < (3, 13), reason="ReadOnly came with 3.13")
@pytest.mark.parametrize("future", ["", "from __future__ import annotations\n"])
def test_members_that_are_read_only_are_read(future: str, module: Callable[..., ModuleType]) -> None:
    made = module(future + READ_ONLY)
    assert compiled(made.A)({"a": 1}) == {"a": 1}
    assert faults(made.A, {"b": "", "c": ""}) == {
        "/a": "is missing", "/b": f"must be {WHOLE}, not a string", "/c": f"must be {WHOLE}, not a string"}
    assert faults(made.B, {}) == {"/d": "is missing"}


# --- what does not convert, found before there is a value ---

class ListValued(Enum):
    A = [1]                 # noqa: RUF012


class Pairs(Enum):
    A = (1, 2)


class Days(date, Enum):
    FIRST = 2026, 1, 1


class Infinite(Enum):
    A = math.inf


class NoNumber(Enum):
    A = math.nan


class Empty(Enum):
    pass


@dataclass
class Grows(Generic[T]):
    value: T
    next: "Grows[Page[T]] | None" = None


@dataclass
class GrowsFlat(Generic[T]):
    value: T
    next: "GrowsFlat[list[T]] | None" = None


@dataclass
class ExtraMember:
    __extra__: str = "forbid"


@dataclass
class ExtraTypo:
    __extra__ = "forbidden"
    a: int


@dataclass
class Holds:
    good: int
    bad: "list[bytes]"


class HoldsTyped(TypedDict):
    bad: set[int]


TAKES = ("take a dataclass, a TypedDict, a list[T] or dict[str, T] of those, str, int, float, Decimal, bool, "
         "UUID, date, datetime, an Enum or Literal, T | None")
SPEAKS = "use values of str, int, float or bool"


@pytest.mark.parametrize(("annotation", "problem", "mend"), [
    (bytes, "bytes is nothing that JSON converts to", TAKES),
    (complex, "complex is nothing that JSON converts to", TAKES),
    (set[int], "set[int] is nothing that JSON converts to", TAKES),
    (type(None), "NoneType is nothing that JSON converts to", TAKES),
    (None, "None is nothing that JSON converts to", TAKES), (T, "~T is nothing that JSON converts to", TAKES),
    (list[bytes], "bytes is nothing that JSON converts to", TAKES),
    (Page, "Page.items: ~T is nothing that JSON converts to", TAKES),
    (dict[str, bytes], "bytes is nothing that JSON converts to", TAKES),
    ("int", "int is nothing that JSON converts to", TAKES),
    (Optional[bytes], "bytes is nothing that JSON converts to", TAKES),
    (Holds, "Holds.bad: bytes is nothing that JSON converts to", TAKES),
    (HoldsTyped, "HoldsTyped.bad: set[int] is nothing that JSON converts to", TAKES),
    (Page[bytes], "Page.items: bytes is nothing that JSON converts to", TAKES),
    (Annotated[bytes, len], "bytes is nothing that JSON converts to", TAKES),
    (ListValued, "ListValued has a value of list that JSON cannot spell", SPEAKS),
    (Pairs, "Pairs has a value of tuple that JSON cannot spell", SPEAKS),
    (Days, "Days has a value of date that JSON cannot spell", SPEAKS),
    (Infinite, "Infinite has a value of float that JSON cannot spell", SPEAKS),
    (NoNumber, "NoNumber has a value of float that JSON cannot spell", SPEAKS),
    (Literal[b"a"], "typing.Literal[b'a'] has a value of bytes that JSON cannot spell", SPEAKS),
    (Literal["a", b"a"], "typing.Literal['a', b'a'] has a value of bytes that JSON cannot spell", SPEAKS),
    (Empty, "Empty has no values", "give it some, or take str"),
    (Literal[None], "typing.Literal[None] has no values", "give it some, or take str"),
    (ExtraMember, "ExtraMember has __extra__ for a member, which a client could send",
     'leave out its annotation: __extra__ = "forbid"'),
    (ExtraTypo, "ExtraTypo has __extra__ = 'forbidden'",
     'write __extra__ = "forbid", or leave it out: other members are ignored'),
    (Annotated[int, 5], "typing.Annotated[int, 5] has 5, which cannot be called",
     "put functions there that return the value or raise ValueError"),
    (Annotated[int, Range],
     "typing.Annotated[int, <class 'fsroute.http.constraints.Range'>] has Range without its limits",
     "write Range(...)"),
    (Annotated[str, Range(1, 2)],
     "Range(1, 2) does not fit str: '>=' not supported between instances of 'str' and 'int'",
     "use limits of the type they are for"),
    (Annotated[Item, Length(1, 2)], "Length(1, 2) does not fit object: object of type 'object' has no len()",
     "use limits of the type they are for"),
    (Annotated[bool, Length(1, 2)], "Length(1, 2) does not fit bool: object of type 'bool' has no len()",
     "use limits of the type they are for"),
    (Annotated[Colour, Range(1, 2)],
     "Range(1, 2) does not fit Colour: '>=' not supported between instances of 'Colour' " "and 'int'",
     "use limits of the type they are for"),
])
def test_an_annotation_that_json_has_no_values_of_is_refused_at_once(
        annotation: Any, problem: str, mend: str) -> None:
    for make in (compiled, checker):
        with pytest.raises(Unconvertible) as caught:
            make(annotation)
        assert (caught.value.problem, caught.value.mend) == (problem, mend)
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_class_that_refers_to_itself_with_ever_other_types_is_refused() -> None:
    with pytest.raises(Unconvertible, match="refers to itself, each time with other types; take a class"):
        compiled(Grows[int])
    with pytest.raises(Unconvertible, match="refers to itself"):        # wherever the stack ends
        compiled(GrowsFlat[int])


def test_an_uploaded_file_comes_in_no_json() -> None:
    from fsroute import UploadedFile

    with pytest.raises(Unconvertible, match="UploadedFile is nothing that JSON converts to"):
        compiled(list[UploadedFile])


@pytest.mark.parametrize("annotation", [
    Annotated[int, Range(5, 9)], Annotated[list[int], Length(1, 2)], Annotated[dict[str, int], Length(1)],
    Annotated[tuple[int, ...], Length(1)], Annotated[Decimal, Range(1)], Annotated[float, Range(1)],
    Annotated[date, Range(date(2026, 1, 1))], Annotated[Size, Range(5)], Annotated[Mood, Length(1)],
    Annotated[datetime | None, Range(datetime(2026, 1, 1, tzinfo=UTC))], Annotated[str, int, Range(5)],
    Annotated[Item, even], Annotated[str, Pattern("a")], Annotated[bool, Range(0, 1)]])
def test_limits_that_fit_are_no_fault_though_a_sample_is_beyond_them(annotation: Any) -> None:
    compiled(annotation)


# --- bounds ---

def test_more_than_a_hundred_faults_are_not_looked_for() -> None:
    called: list[int] = []

    def count(value: int) -> int:
        called.append(value)
        raise ValueError("must be another")

    for size, told, more in [(99, 99, False), (100, 100, False), (101, 100, True), (5_000, 100, True)]:
        called.clear()
        error = refusal(compiled(list[Annotated[int, count]]), list(range(size)))
        assert [each["name"] for each in error.errors] == [f"/{number}" for number in range(told)]
        assert error.extra.get("more", False) is more
        assert len(called) == min(size, 101)


@pytest.mark.parametrize(("annotation", "value"), [
    (list[list[int]], [["x"] * 60] * 60),
    (dict[str, list[int]], {str(number): ["x"] * 60 for number in range(60)}),
    (list[Item], [{"price": "x"}] * 90), (Order, {"items": [{"price": "x"}] * 90}),
    (Order, {"items": [{"name": 1}] * 99, "note": 1, "paid": 1, "tags": 1}),
    (Closed, {str(n): n for n in range(5_000)}),
])
def test_a_hundred_is_the_most_however_they_lie(annotation: Any, value: Any) -> None:
    error = refusal(compiled(annotation), value)
    assert len(error.errors) == 100
    assert error.extra["more"] is True


@pytest.mark.parametrize(("name", "step"), [
    ("a" * 198, "/" + "a" * 198), ("a" * 5_000, "/" + "a" * 199), ("~" * 5_000, "/" + "~0" * 99),
    ("a" * 199 + "/" * 10, "/" + "a" * 199), ("é" * 300, "/" + "é" * 199),
    ("/" * 300, "/" + "~1" * 99), ("x" * 198 + "/", "/" + "x" * 198)])
def test_a_place_is_cut_at_two_hundred_characters(name: str, step: str) -> None:
    assert faults(dict[str, int], {name: None}) == {step: f"must be {WHOLE}, not null"}
    below = (step + "/b" * (len(name) == 198))[:200]
    assert faults(dict[str, dict[str, int]], {name: {"b": None}}) == {below: f"must be {WHOLE}, not null"}


@dataclass
class Branch:
    numbers: list[int] = field(default_factory=list)
    below: "dict[str, Branch]" = field(default_factory=dict)
    last: int = 0


def branches(levels: int, name: str, numbers: list[Any]) -> dict[str, Any]:
    """One in the other, with those numbers in each."""
    value: dict[str, Any] = {"numbers": numbers}
    for _ in range(levels - 1):
        value = {"numbers": numbers, "below": {name: value}, "last": "x"}
    return value


def characters(value: Any, monkeypatch: pytest.MonkeyPatch) -> int:
    """How many characters of places are put together while the faults of a value are told."""
    note, total = schema._note, 0

    def counted(told: list[tuple[str, str]], place: str, fault: ValueError) -> None:
        nonlocal total
        before = len(told)
        found = fault.faults if isinstance(fault, schema.Invalid) else [("", "")]
        assert len(found) <= 101
        try:
            note(told, place, fault)
        finally:
            total += sum(len(place) + len(pointer) for pointer, _ in found[:len(told) - before])
            assert len(told) <= 101

    with monkeypatch.context() as patch:
        patch.setattr(schema, "_note", counted)
        with pytest.raises(ValidationError):
            compiled(Branch)(value)
    return total


@pytest.mark.parametrize("numbers", [["x"] * 100, ["x"] * 101, ["x"], []])
@pytest.mark.parametrize("name", ["a", "~" * 10_000, "/" * 10_000])
def test_work_is_linear_in_the_levels_that_hold_faults(name: str, numbers: list[Any],
                                                       monkeypatch: pytest.MonkeyPatch
                                                       ) -> None:
    value = branches(90, name, numbers)
    assert len(json.dumps(value)) < 2**20
    short, long = (characters(branches(levels, name, numbers), monkeypatch) for levels in (45, 90))
    if len(numbers) >= 100:             # with fewer the hundred is full at some level only
        assert long <= 2.1 * short
    assert long < 90 * 101 * (2 * 200 + 1 + 200)


@pytest.mark.parametrize("word", ["allow", "Forbid", "", None, True, 1, ["forbid"]])
def test_a_class_forbids_others_or_ignores_them_and_nothing_else(word: Any) -> None:
    kind = make_dataclass("Odd", [("a", int)], namespace={"__extra__": word})
    with pytest.raises(Unconvertible) as caught:
        compiled(kind)
    assert caught.value.problem.endswith(f"Odd has __extra__ = {word!r}")


def calls(function: Callable[[], Any]) -> int:
    """How many functions written in Python run."""
    count = 0

    def counted(frame: Any, event: str, argument: Any) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        function()
    finally:
        sys.setprofile(before)
    return count


@pytest.mark.parametrize(("kind", "value", "is_free"), [
    (str, "a", True), (float, 0.5, True), (bool, True, True), (int, 1, False), (float, 1, False),
    (str, "\u00e9", False), (str | None, "a", False), (date, "2026-01-31", False)])
def test_a_member_of_a_plain_kind_costs_no_call(kind: Any, value: Any, is_free: bool) -> None:
    def members(count: int) -> int:
        names = [f"m{number}" for number in range(count)]
        check = compiled(make_dataclass("Many", [(name, kind) for name in names]))
        given = dict.fromkeys(names, value)
        check(given)
        return calls(lambda: check(given))

    few, many = members(1), members(11)
    assert many == few if is_free else many >= few + 10


# --- depth, in an app with its stack ---

DEEP = """
from dataclasses import dataclass, field
from typing import Annotated, Literal
from fsroute.http.constraints import Length

def same(value):
    return value

@dataclass
class Node:
    child: "Node | None" = None
    others: "list[Node]" = field(default_factory=list)
    named: "dict[str, Node]" = field(default_factory=dict)

    def __post_init__(self):
        pass

@dataclass
class Checked:
    child: "Annotated[Checked, same] | None" = None

@dataclass
class Twice:
    child: "Annotated[Annotated[Twice, same] | None, same]" = None

@dataclass
class A:
    kind: Literal["a"]
    child: "Annotated[A | B | None, same]" = None

@dataclass
class B:
    kind: Literal["b"]
    child: "A | B | None" = None

def depth(node):
    levels = 0
    while node:
        levels += 1
        node = (getattr(node, "child", None) or next(iter(getattr(node, "others", ())), None)
                or next(iter(getattr(node, "named", {}).values()), None))
    return {"levels": levels}
"""
LISTS = "list[" * 199 + "int" + "]" * 199


def chained(levels: int, member: str, kind: str = "") -> str:
    """That many objects, each the member of the one around it."""
    tag = '"kind":"a",' if kind else ""
    opened, closed = {"child": ("", ""), "others": ("[", "]"), "named": ('{"~":', "}")}[member]
    return f'{{{tag}"{member}":{opened}' * (levels - 1) + (f'{{{tag}"x":1}}') + (closed + "}") * (levels - 1)


THROUGH = "def middleware(request, call_next):\n    return call_next(request)\n"


@pytest.mark.parametrize(("kind", "member", "levels"), [
    ("Node", "child", 200), ("Node", "others", 100), ("Node", "named", 100), ("Checked", "child", 200),
    ("Twice", "child", 200), ("A", "child", 200), ("A | B", "child", 200)])
def test_what_the_parser_lets_through_is_never_too_deep_for_a_class(
        kind: str, member: str, levels: int, client: Client) -> None:
    site = client({
        "_lib/shapes.py": DEEP,
        **{f"{place}middleware.py": THROUGH for place in ("", "a/", "a/b/", "a/b/c/")},
        "a/b/c/route.py": "from ...._lib.shapes import *\n"
                          f"def POST(request, body: {kind}):\n    return depth(body)\n"})
    text = chained(levels, member, "a" if "A" in kind else "")
    for _ in range(2):
        answer = site.post("/a/b/c", text, content_type="application/json")
        assert answer.json == {"levels": levels}
        wrong = text.replace('"x":1', f'"{member}":1')
        answer = site.post("/a/b/c", wrong, content_type="application/json", status=400)
        [error] = answer.json["errors"]
        assert error["name"].startswith(f"/{member}")
        deeper = text.replace('"x":1', '"x":[[]]')
        answer = site.post("/a/b/c", deeper, content_type="application/json", status=400)
        assert "More than 200 levels" in answer.json["detail"]


def test_nor_for_lists_of_lists(client: Client) -> None:
    site = client({"route.py": f"def POST(request, body: {LISTS}):\n    return 'taken'\n"})
    for _ in range(2):
        text = "[" * 199 + "{}" + "]" * 199
        assert site.post("/", text.format(1), content_type="application/json").text == "taken"
        answer = site.post("/", text.format('"x"'), content_type="application/json", status=400)
        [error] = answer.json["errors"]
        assert error == {"in": "body", "name": ("/0" * 199)[:200],
                         "message": f"must be {WHOLE}, not a string"}
        answer = site.post("/", text.format("[]"), content_type="application/json", status=400)
        [error] = answer.json["errors"]
        assert error["message"] == f"must be {WHOLE}, not an array"


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
def test_half_of_a_surrogate_pair_in_a_name_is_told_as_json_can_spell_it(accept: str, client: Client) -> None:
    site = client({"route.py": "def POST(request, body: dict[str, int]):\n    return body\n"})
    for _ in range(2):
        answer = site.post("/", r'{"\ud800": 1, "a": "x", "\ud83d\ude00": null}',
                           content_type="application/json",
                           headers={"Accept": accept}, status=400)
        if accept == "application/json":
            assert [(error["name"], error["message"]) for error in answer.json["errors"]] == [
                ("/\ud800", HALF_NAME), ("/a", f"must be {WHOLE}, not a string"),
                ("/😀", f"must be {WHOLE}, not null")]
        assert site.post("/", '{"a": 1}', content_type="application/json").json == {"a": 1}


# --- kept and shared ---

def test_what_is_asked_for_during_requests_is_compiled_once() -> None:
    assert checker(Page[int]) is checker(Page[int])
    assert checker(Page[int]) is not checker(Page[str])
    assert checker(Literal[1]) is not checker(Literal[True])
    with pytest.raises(ValidationError):
        checker(Literal[True])(1)


def test_it_keeps_a_thousand_annotations_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Any] = []

    def counted(annotation: Any) -> Any:
        made.append(annotation)
        return compiled(annotation)

    kept = remembered(counted)
    annotations = [Annotated[int, Range(0, number)] for number in range(1_001)]
    checks = [kept(annotation) for annotation in annotations]
    assert len(made) == 1_001
    assert kept(annotations[-1]) is checks[-1]
    assert kept(annotations[1]) is checks[1]
    assert len(made) == 1_001
    kept(annotations[0])                # it was let go for the last one
    assert len(made) == 1_002


def test_an_annotation_without_a_hash_is_compiled_each_time() -> None:
    annotation = Annotated[int, AtMost(3)]
    with pytest.raises(TypeError):
        hash(annotation)
    assert checker(annotation) is not checker(annotation)
    assert checker(annotation)(3) == 3
    assert checker(Page[Annotated[int, AtMost(3)]])({"items": [3]}) == Page([3])
    assert refusal(checker(annotation), 4).errors == [
        {"in": "body", "name": "", "message": "must be at most 3"}]


def test_what_cannot_be_compiled_is_not_kept_either() -> None:
    for _ in range(2):
        with pytest.raises(Unconvertible, match="bytes is nothing"):
            checker(bytes)


def test_one_check_serves_many_threads() -> None:
    check = compiled(Wallet)

    def work(number: int) -> None:
        for turn in range(200):
            made = check({"payments": [
                {"kind": "cash", "amount": number}, {"kind": "card", "number": str(turn)}]})
            assert made == Wallet([Cash("cash", number), Card("card", str(turn))])
            error = refusal(check, {"payments": [{"kind": "card"}] * (number + 1)})
            places = [f"/payments/{at}/number" for at in range(number + 1)]
            assert [each["name"] for each in error.errors] == places

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, range(8)))


# --- any annotation, any JSON: agrees with a simple model of the rules ---

Spec = tuple[Any, ...]
"""An annotation as data: ("list", ("int",)). A member of a record is (name, spec, required)."""

names = st.sampled_from(["a", "b", "~", "a/b", "", "self", "é"])
texts = st.text(st.characters(categories=["L", "N", "Zs", "Cs"]) | st.sampled_from("~/-."), max_size=4)
json_scalars = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.integers() | st.just(10**310) | st.just(2**63)
    | st.floats(allow_nan=False, allow_infinity=False) | texts | st.sampled_from(["1.5", "0E-7", "1" * 65]))
json_values = st.recursive(json_scalars, lambda inner: st.lists(inner, max_size=3)
                           | st.dictionaries(names | texts, inner, max_size=3), max_leaves=6)
plain = st.sampled_from([("str",), ("int",), ("float",), ("bool",), ("Decimal",), ("any",), ("date",),
                         ("literal", "a", 1, True), ("literal", 0.5, "~"), ("range", 0, 2), ("refused",)])


def members(inner: st.SearchStrategy[Spec]) -> st.SearchStrategy[Any]:
    return st.lists(st.tuples(names, inner, st.booleans()), max_size=3,
                    unique_by=lambda member: member[0]).map(tuple)


def wider(inner: st.SearchStrategy[Spec]) -> st.SearchStrategy[Spec]:
    records = st.tuples(st.sampled_from(["dataclass", "typed"]), members(inner))
    return (st.tuples(st.sampled_from(["list", "tuple", "dict", "optional"]), inner) | records
            | st.tuples(st.just("tagged"), members(inner), members(inner)))


specs: st.SearchStrategy[Spec] = st.recursive(plain, wider, max_leaves=6)
_TYPES = {"str": str, "int": int, "float": float, "bool": bool, "Decimal": Decimal, "any": Any, "date": date}
_typed_dict: Any = TypedDict


def refuses(value: int) -> int:
    raise ValueError("is never accepted")


def annotation_of(spec: Spec) -> Any:
    kind, *rest = spec
    made: dict[str, Callable[[], Any]] = {
            "list": lambda: list[annotation_of(rest[0])],       # type: ignore[misc]
            "tuple": lambda: tuple[annotation_of(rest[0]), ...],    # type: ignore[misc]
            "dict": lambda: dict[str, annotation_of(rest[0])],      # type: ignore[misc]
            "optional": lambda: Optional[annotation_of(rest[0])], "literal": lambda: Literal[tuple(rest)],
            "range": lambda: Annotated[int, Range(*rest)], "refused": lambda: Annotated[int, refuses],
            "dataclass": lambda: dataclass_of(rest[0]), "typed": lambda: typed_of(rest[0]),
            "tagged": lambda: Union[dataclass_of(rest[0], "x"), typed_of(rest[1], "y")]}
    return _TYPES[kind] if kind in _TYPES else made[kind]()


def dataclass_of(found: Any, tag: str | None = None) -> Any:
    made: list[Any] = [("tag", Literal[tag])] if tag else []
    for name, spec, required in found:
        if is_name(name):
            default = field() if required else field(default="its own")     # never looked at
            made.append((name, annotation_of(spec), default))
    return make_dataclass("Made", made, kw_only=True)


def is_name(name: str) -> bool:
    """Whether a member of a class can have it."""
    return name.isidentifier() and name.isascii()


def typed_of(found: Any, tag: str | None = None) -> Any:
    made: dict[str, Any] = {"tag": Literal[tag]} if tag else {}
    for name, spec, required in found:
        annotation = annotation_of(spec)
        made[name] = annotation if required else NotRequired[annotation]
    return _typed_dict("Made", made)


def judged(spec: Spec, value: Any, place: str = "") -> set[str]:
    """The places of the faults of a value."""
    kind, *rest = spec
    if kind == "optional":
        return judged(rest[0], value, place) if value is not None else set()
    if kind in ("list", "tuple"):
        if not isinstance(value, list):
            return {place}
        return {each for number, item in enumerate(value)
                for each in judged(rest[0], item, f"{place}/{number}")}
    if kind in ("dict", "dataclass", "typed", "tagged") and not isinstance(value, dict):
        return {place}
    if kind == "dict":
        return {each for name, item in value.items() for each in judged_item(rest[0], name, item, place)}
    if kind in ("dataclass", "typed"):
        return {each for member in rest[0] if kind == "typed" or is_name(member[0])
                for each in judged_member(member, value, place)}
    if kind == "tagged":
        if value.get("tag") not in ("x", "y"):
            return {below(place, "tag")}
        return judged(("dataclass", rest[0]) if value["tag"] == "x" else ("typed", rest[1]), value, place)
    return set() if fits(kind, rest, value) else {place}


def judged_item(spec: Spec, name: str, item: Any, place: str) -> set[str]:
    return judged(spec, item, below(place, name)) if encodable(name) else {below(place, name)}


def judged_member(member: Any, value: dict[str, Any], place: str) -> set[str]:
    name, spec, required = member
    if name in value:
        return judged(spec, value[name], below(place, name))
    return {below(place, name)} if required else set()


def below(place: str, name: str) -> str:
    return place + "/" + "".join({"~": "~0", "/": "~1"}.get(char, char) for char in name)


def encodable(text: str) -> bool:
    return not any(0xD800 <= ord(char) <= 0xDFFF for char in text)


def fits(kind: str, rest: list[Any], value: Any) -> bool:
    of = type(value)
    is_int = of is int and -(2**63) <= value <= 2**63 - 1
    if kind == "Decimal" and of is str:
        whole, point, part = value.removeprefix("-").partition(".")
        digits = whole + part
        is_spelt = digits.isdecimal() and digits.isascii() and whole != "" and (part != "" or not point)
        return len(value) <= 64 and is_spelt and (whole == "0" or whole[0] != "0")
    if kind == "Decimal":
        is_short = of is int or (of is float and len(Decimal(str(value)).as_tuple().digits) <= 15)
        return is_short and len(f"{Decimal(str(value)):f}") <= 64
    return {"any": True, "refused": False, "bool": of is bool, "int": is_int, "date": False,
            "str": of is str and encodable(value),
            "range": is_int and kind == "range" and rest[0] <= value <= rest[1],
            "float": of is float or (of is int and abs(value) < 10**309),
            "literal": any(of is type(each) and value == each for each in rest)}[kind]


def near(spec: Spec) -> st.SearchStrategy[Any]:
    """Values that are nearly always of it, and others."""
    kind, *rest = spec
    made: dict[str, Callable[[], st.SearchStrategy[Any]]] = {
        "any": lambda: json_values, "str": lambda: texts, "bool": st.booleans,
        "int": lambda: st.integers(-3, 3), "range": lambda: st.integers(-1, 3),
        "refused": lambda: st.integers(-3, 3), "date": lambda: st.just("2026-02-30"),
        "float": lambda: st.floats(allow_nan=False, allow_infinity=False) | st.integers(),
        "Decimal": lambda: (st.decimals(-999, 999, places=3).map(str) | st.floats(-9, 9)
                            | st.floats(-1e-5, 1e-5)),
        "literal": lambda: st.sampled_from(rest), "optional": lambda: st.none() | near(rest[0]),
        "list": lambda: st.lists(near(rest[0]), max_size=3),
        "tuple": lambda: st.lists(near(rest[0]), max_size=3),
        "dict": lambda: st.dictionaries(names | texts, near(rest[0]), max_size=3),
        "dataclass": lambda: near_record(rest[0]), "typed": lambda: near_record(rest[0]),
        "tagged": lambda: near_record(rest[0], "x") | near_record(rest[1], "y") | near_record(rest[1], "z")}
    return st.integers(0, 9).flatmap(lambda luck: made[kind]() if luck else json_values)


def near_record(found: Any, tag: str | None = None) -> st.SearchStrategy[Any]:
    whole = {name: near(spec) for name, spec, _ in found}
    needed = {name: near(spec) for name, spec, required in found if required}
    if tag:
        whole["tag"] = needed["tag"] = st.just(tag)
    return st.fixed_dictionaries(needed, optional={name: each for name,
                                                   each in whole.items() if name not in needed}
                                 | {"more": json_values})


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Spec, Any]:
    spec = draw(specs)
    return spec, draw(near(spec) | json_values)


@settings(max_examples=400, deadline=None)
@given(pairs())
def test_any_json_at_any_annotation_is_judged_as_the_rules_say(pair: tuple[Spec, Any]) -> None:
    spec, value = pair
    annotation = annotation_of(spec)
    check, places = compiled(annotation), judged(spec, value)
    if places:
        error = refusal(check, value)
        assert sorted(each["name"] for each in error.errors) == sorted(places)
        dumps(error.extra)                  # it can be told
    elif not has_default_of_its_own(made := check(value)):
        again = check(loads(dumps(made)))
        assert again == made
        assert type(again) is type(made)


def has_default_of_its_own(made: Any) -> bool:
    return b'"its own"' in dumps(made)


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_that_is_accepted_can_be_sent_back_and_is_accepted_again(number: Decimal) -> None:
    check = compiled(Decimal)
    for value in (str(number), format(number, "f") if abs(number.adjusted()) < 99 else "", float(number)):
        try:
            made = check(value)
        except ValidationError:
            continue
        assert check(loads(dumps(made))) == made


# --- more levels than there are frames ---

@dataclass
class Chain:
    next: "Chain | None" = None


def within(frames: int, call: Callable[[], Any]) -> Any:
    """What the call gives in a stack that has so many frames left, about."""
    return call() if len(inspect.stack(0)) > sys.getrecursionlimit() - frames else within(frames, call)


def test_levels_for_which_the_stack_is_too_short_are_a_fault_of_the_body() -> None:
    value: dict[str, Any] = {}
    for _ in range(198):
        value = {"next": value}
    check = compiled(Chain)
    assert isinstance(check(value), Chain)
    with pytest.raises(ValidationError) as caught:
        within(150, lambda: check(value))
    assert caught.value.errors == [{"in": "body", "name": "", "message": "has too many levels"}]
    assert within(150, lambda: check({"next": {}})) == Chain(Chain())


@pytest.mark.parametrize("value", [1, [[2]], {"a": 1}])
def test_a_function_that_never_ends_is_no_fault_of_a_body_with_few_levels(value: Any) -> None:
    with pytest.raises(RecursionError):
        compiled(Annotated[Any, endless_of_any])(value)


def endless_of_any(value: Any) -> Any:
    return endless_of_any(value)

"""Text to values."""
# The old names of typing are tested too.
# ruff: noqa: UP006, UP007, UP045

import contextlib
import math
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import Enum
from fractions import Fraction
from typing import Annotated, Any, List, Literal, NewType, Optional, Tuple, TypeVar, Union  # noqa: UP035
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http import convert
from fsroute.http.constraints import Length, Pattern, Range
from fsroute.http.convert import Unconvertible, conversion, converter, to_int
from fsroute.http.errors import HTTPError
from tests.kinds import Colour, Mode, Mood, Size


class Mixed(Enum):
    YES = True
    HALF = 0.5
    TWO = 2
    NAME = "name"


class Empty(Enum):
    pass


class Unspeakable(Enum):
    PAIR = (1, 2)


class Twofold(Enum):
    NUMBER = 1
    TEXT = "1"


@dataclass
class Point:
    x: int


UserId = NewType("UserId", int)
Alias = Annotated[UserId, Range(1, 100)]
T = TypeVar("T")

# what no number, time or choice may be: a table of the ways to write one nearly right
NEVER = ["", " ", "\0", "\ud800", "null", "None", "٣", "１", "²", "x" * 5_000, "1" * 5_000, "-", "+", "--1",
         "−1"]

ACCEPTED: dict[Any, list[tuple[str, Any]]] = {
    str: [("", ""), (" a ", " a "), ("null", "null"), ("٣", "٣"), ("x" * 5_000, "x" * 5_000)],
    int: [("0", 0), ("-0", 0), ("7", 7), ("-1", -1), ("42", 42), ("9223372036854775807", 2**63 - 1),
          ("-9223372036854775808", -(2**63))],
    float: [("0", 0.0), ("-0", 0.0), ("7", 7.0), ("-1", -1.0), ("0.5", 0.5), ("-0.25", -0.25), ("1.0", 1.0),
            ("1.50", 1.5), ("100000", 100000.0), ("0.0000001", 1e-7), ("9" * 64, 1e64),
            ("0." + "0" * 62, 0.0), ("9223372036854775808", 2.0**63)],
    Decimal: [("0", Decimal(0)), ("-0", Decimal("-0")), ("7", Decimal(7)), ("-1", Decimal(-1)),
              ("0.5", Decimal("0.5")), ("1.50", Decimal("1.50")), ("19.99", Decimal("19.99")),
              ("0.0000001", Decimal("1e-7")), ("9" * 64, Decimal("9" * 64)),
              ("1." + "1" * 62, Decimal("1." + "1" * 62))],
    bool: [("true", True), ("false", False), ("1", True), ("0", False)],
    UUID: [("00000000-0000-0000-0000-000000000000", UUID(int=0)),
           ("ffffffff-ffff-ffff-ffff-ffffffffffff", UUID(int=2**128 - 1)),
           ("FFFFFFFF-ffff-FFFF-ffff-FfFfFfFfFfFf", UUID(int=2**128 - 1)),
           ("01890a5d-ac96-774b-bcce-b302099a8057", UUID("01890a5dac96774bbcceb302099a8057"))],
    date: [("2026-01-31", date(2026, 1, 31)), ("2024-02-29", date(2024, 2, 29)),
           ("2000-02-29", date(2000, 2, 29)), ("0001-01-01", date.min), ("9999-12-31", date.max)],
    datetime: [
        ("2026-01-31T12:00:00Z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31t12:00:00z", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00-00:00", datetime(2026, 1, 31, 12, tzinfo=UTC)),
        ("2026-01-31T12:00:00+02:00", datetime(2026, 1, 31, 10, tzinfo=UTC)),
        ("2026-01-31T12:00:00-05:30", datetime(2026, 1, 31, 17, 30, tzinfo=UTC)),
        ("2026-01-31T12:00:00+23:59", datetime(2026, 1, 30, 12, 1, tzinfo=UTC)),
        ("2024-02-29T23:59:59Z", datetime(2024, 2, 29, 23, 59, 59, tzinfo=UTC)),
        ("2026-01-31T12:00:00.5Z", datetime(2026, 1, 31, 12, 0, 0, 500_000, tzinfo=UTC)),
        ("2026-01-31T12:00:00.123456Z", datetime(2026, 1, 31, 12, 0, 0, 123_456, tzinfo=UTC)),
        ("2026-01-31T12:00:00.000001+02:00", datetime(2026, 1, 31, 10, 0, 0, 1, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", datetime.min.replace(tzinfo=UTC)),
        ("9999-12-31T23:59:59.999999Z", datetime.max.replace(tzinfo=UTC)),
    ],
    Colour: [("red", Colour.RED), ("green", Colour.GREEN)],
    Size: [("1", Size.SMALL), ("10", Size.LARGE)],
    Mood: [("", Mood.UNSAID), ("good", Mood.GOOD)],
    Mode: [("1", Mode.READ), ("2", Mode.WRITE), ("3", Mode.BOTH)],
    Mixed: [("true", Mixed.YES), ("0.5", Mixed.HALF), ("2", Mixed.TWO), ("name", Mixed.NAME)],
    Literal["a", "b"]: [("a", "a"), ("b", "b")],
    Literal["1"]: [("1", "1")],
    Literal[1, -2]: [("1", 1), ("-2", -2)],
    Literal[True]: [("true", True)],
    Literal[True, 1]: [("true", True), ("1", 1)],
    Literal[Colour.RED]: [("red", Colour.RED)],
    UserId: [("7", 7)],
    Alias: [("7", 7), ("100", 100)],
}

REFUSED: dict[Any, list[str]] = {
    int: [*NEVER, "+5", " 5", "5 ", "5\n", "\n5", "00", "01", "-01", "1_0", "1.0", "1.", ".1", "1e3", "0x10",
          "- 1",
          "nan", "true", "9223372036854775808", "-9223372036854775809", "1" * 20, "0" * 65],
    float: [*NEVER, "+5", " 5", "5 ", "5\n", "00", "01", "-01", "1_0", "1_0.5", "1.", ".1", "-.1", "1e3",
            "1E3",
            "1e400", "0x10", "0x1p3", "nan", "NaN", "inf", "-inf", "infinity", "1,5", "1.5.5", "٣.٥", "1.٥",
            "1" * 65,
            "0." + "0" * 63, "true"],
    Decimal: [*NEVER, "+5", " 5", "5 ", "5\n", "00", "01", "-01", "1_0", "1.", ".1", "1e3", "1E+3",
              "1e999999999",
              "nan", "sNaN", "NaN123", "inf", "-Infinity", "1,5", "1.5.5", "٣.٥", "1" * 65, "0." + "0" * 63],
    bool: [*NEVER, "True", "TRUE", "False", "yes", "no", "on", "off", "t", "f", "2", "-1", "01", "1.0",
           " true", "true ",
           "true\n", "ｔrue"],
    UUID: [*NEVER, "00000000000000000000000000000000", "{00000000-0000-0000-0000-000000000000}",
           "urn:uuid:00000000-0000-0000-0000-000000000000", " 00000000-0000-0000-0000-000000000000",
           "00000000-0000-0000-0000-000000000000\n", "00000000-0000-0000-0000-00000000000",
           "00000000-0000-0000-0000-0000000000000", "0000000-00000-0000-0000-000000000000",
           "0-0000000-0000-0000-0000-000000000000", "00000000-0000-0000-0000-00000000000g",
           "00000000-0000-0000-0000-00000000000٣", "00000000_0000_0000_0000_000000000000",
           "00000000-0000-0000-0000-0000000000+1"],
    date: [*NEVER, "2026-02-29", "1900-02-29", "2026-02-30", "2026-04-31", "2026-00-01", "2026-13-01",
           "2026-01-00",
           "2026-01-32", "0000-01-01", "20260131", "2026-1-31", "26-01-31", "2026-W05-6", "2026-031",
           "2026/01/31",
           "31-01-2026", " 2026-01-31", "2026-01-31 ", "2026-01-31\n", "2026-01-31T00:00:00Z", "+2026-01-31",
           "-2026-01-31", "٢٠٢٦-01-31", "2026-01-3１", "12026-01-31", "today"],
    datetime: [*NEVER, "2026-01-31", "2026-01-31T12:00:00", "2026-01-31 12:00:00Z", "2026-01-31T12:00Z",
               "2026-01-31T12:00:00 +02:00", "2026-01-31T12:00:00 02:00", "2026-01-31T12:00:00+0200",
               "2026-01-31T12:00:00+02", "2026-01-31T12:00:00+24:00", "2026-01-31T12:00:00+02:60",
               "2026-01-31T12:00:00+02:00:00", "2026-01-31T24:00:00Z", "2026-01-31T25:00:00Z",
               "2026-01-31T12:60:00Z",
               "2026-01-31T12:00:60Z", "2016-12-31T23:59:60Z", "2026-02-29T12:00:00Z", "0000-01-01T00:00:00Z",
               "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00,5Z", "2026-01-31T12:00:00.1234567Z",
               "20260131T120000Z",
               "2026-W05-6T12:00:00Z", "2026-01-31T12:00:00ZZ", "2026-01-31T12:00:00Z\n",
               " 2026-01-30T12:00:00Z",
               "2026-01-31T1２:00:00Z", "2026-01-31T12:00:00.٣Z", "2026-01-31T12:00:00Z[UTC]",
               "2026-01-31T12:00:00.5z0", "0001-01-01T00:00:00+00:01", "9999-12-31T23:59:59-00:01",
               "1769860800"],
    Colour: [*NEVER, "RED", "Red", "red ", "CRIMSON", "Colour.RED", "blue", "red,green"],
    Size: [*NEVER, "SMALL", "01", "+1", "1.0", "2", "true", "1 ", "1\n"],
    Mood: [*NEVER[1:], "GOOD", "good ", "GOOD\n"],
    Mode: [*NEVER, "READ", "0", "4", "1|2"],
    Mixed: [*NEVER, "1", "True", "YES", ".5", "0.50", "2.0", "half"],
    Literal["a", "b"]: [*NEVER, "A", "a ", "c", "ab", "'a'"],
    Literal["1"]: [*NEVER, "01", "1.0", "true"],
    Literal[1, -2]: [*NEVER, "01", "+1", "1.0", "true", "2", "-02"],
    Literal[True]: [*NEVER, "True", "1", "false"],
    Literal[Colour.RED]: [*NEVER, "green", "RED"],
    UserId: [*NEVER, "+5", "1_0"],
    Alias: [*NEVER, "0", "101", "1_0"],
}


def rows(table: dict[Any, list[Any]]) -> list[Any]:
    return [(kind, row) for kind, of_kind in table.items() for row in of_kind]


@pytest.mark.parametrize(("kind", "row"), rows(ACCEPTED))
def test_a_text_of_the_grammar_converts(kind: Any, row: tuple[str, Any]) -> None:
    text, value = row
    made = conversion(kind).convert(text)
    assert (made, type(made)) == (value, type(value))


@pytest.mark.parametrize(("kind", "text"), rows(REFUSED))
def test_any_other_spelling_is_refused_without_being_repeated(kind: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"^must be ") as caught:
        conversion(kind).convert(text)
    assert type(caught.value) is ValueError
    assert len(text) < 20 or text not in str(caught.value)


@pytest.mark.parametrize(("kind", "text", "message"), [
    (int, "x", "must be a whole number of at most 64 bits"),
    (int, "", "must be a whole number of at most 64 bits, not blank"),
    (int, "1" * 65, "must be a whole number of at most 64 bits, not 65 characters"),
    (float, "1e3", "must be a plain decimal number of at most 64 characters"),
    (Decimal, "1" * 65, "must be a plain decimal number of at most 64 characters, not 65 characters"),
    (bool, "yes", "must be true or false"),
    (UUID, "x", "must be a UUID of 36 characters with hyphens"),
    (date, "2026-02-30", "must be a date that exists, as YYYY-MM-DD"),
    (datetime, "2026-02-20", "must be a date and time with its offset, such as 2026-01-31T12:00:00Z"),
    (Colour, "blue", "must be one of red, green"),
    (Mixed, "x", "must be one of true, 0.5, 2, name"),
    (Literal["a"], "", "must be a, not blank"),
    (Literal[tuple(range(50))], "x", "must be one of " + ", ".join(map(str, range(20))) + ", ..."),
    (list[int], ["1", "x"], "item 2 must be a whole number of at most 64 bits"),
])
def test_the_message_says_what_was_expected_and_what_came(kind: Any, text: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$"):
        conversion(kind).convert(text)


# what has no wrong spelling

@pytest.mark.parametrize("kind",
                         [str, object, Any, str | None, Optional[str], NewType("Name", str), Union[str, None],
                                  list, List, list[str], Sequence, Sequence[str], list[Any],
                                  list[str] | None])
def test_what_stays_text_is_handed_through(kind: Any) -> None:
    assert conversion(kind).convert is convert.unchanged


# absence

@pytest.mark.parametrize(("kind", "text", "value"), [
    (int | None, "5", 5),
    (int | None, "", None),
    (None | int, "", None),
    (Optional[int], "", None),
    (Union[None, date], "", None),
    (Optional[Colour], "red", Colour.RED),
    (Optional[Colour], "", None),
    (Mood | None, "", Mood.UNSAID),                     # a blank is one of its values
    (Literal["", "a"] | None, "", ""),
    (Literal["a", None], "a", "a"),
    (Literal["a", None], "", None),
    (str | None, "", ""),
    (Annotated[int | None, Range(1)], "", None),        # None passes the functions by
    (Annotated[int, Range(1)] | None, "", None),
    (Annotated[str, str.upper] | None, "", ""),
    (Annotated[str | None, lambda text: text.strip() or None], " ", None),
    (Annotated[str | None, lambda text: None, len], "x", None),
    (NewType("Maybe", Optional[int]) | None, "", None),
])
def test_a_blank_is_none_where_it_is_nothing_else(kind: Any, text: str, value: Any) -> None:
    assert conversion(kind).convert(text) == value


@pytest.mark.parametrize("text", [" ", "null", "None", "none", "nil", "\0"])
def test_no_text_spells_null(text: str) -> None:
    with pytest.raises(ValueError, match="must be a whole number"):
        conversion(int | None).convert(text)


@pytest.mark.parametrize(("kind", "optional"), [
    (int, False), (int | None, True), (Annotated[int | None, Range(1)], True), (list[int] | None, True),
    (Literal["a", None], True), (Literal["a"], False), (list[int | None], False),
])
def test_it_is_known_whether_none_is_a_value(kind: Any, optional: bool) -> None:
    assert conversion(kind).optional is optional


# lists

@pytest.mark.parametrize(("kind", "texts", "values"), [
    (list[int], ["1", "2"], [1, 2]),
    (list[int], [], []),
    (List[int], ["1"], [1]),
    (Sequence[int], ["1", "2"], [1, 2]),
    (tuple[int, ...], ["1", "2"], (1, 2)),
    (tuple[int, ...], [], ()),
    (tuple[str, ...], ["1"], ("1",)),
    (Tuple[date, ...], ["2026-01-31"], (date(2026, 1, 31),)),
    (tuple, ["1"], ("1",)),
    (Tuple, ["1"], ("1",)),
    (list[Colour], ["red", "green"], [Colour.RED, Colour.GREEN]),
    (list[int | None], ["1", ""], [1, None]),
    (list[Annotated[int, Range(1)]], ["1"], [1]),
    (Annotated[list[int], Length(1, 2)], ["1"], [1]),
    (Annotated[list[int], sorted, Length(1)], ["2", "1"], [1, 2]),
    (Annotated[tuple[str, ...], "/".join], ["a", "b"], "a/b"),
    (list[int] | None, [], []),
    (NewType("Ids", list[int]), ["1"], [1]),
])
def test_a_list_converts_each_of_its_texts(kind: Any, texts: list[str], values: Any) -> None:
    made = conversion(kind)
    assert made.is_list
    assert made.convert(texts) == values
    assert type(made.convert(texts)) is type(values)


@pytest.mark.parametrize(("kind", "texts", "message"), [
    (list[int], ["1", "x", "y"], "item 2 must be a whole number"),
    (list[int], [""], "item 1 must be .* not blank"),
    (tuple[date, ...], ["2026-02-30"], "item 1 must be a date"),
    (Annotated[list[int], Length(1, 2)], [], "must have 1 to 2 items, not 0"),
    (Annotated[list[int], Length(1, 2)], ["1", "2", "3"], "must have 1 to 2 items, not 3"),
    (list[Annotated[int, Range(1)]], ["1", "0"], "item 2 must be at least 1, not less"),
])
def test_a_list_says_which_item_does_not_convert(kind: Any, texts: list[str], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        conversion(kind).convert(texts)


# functions

def even(number: int) -> int:
    if number % 2:
        raise ValueError("must be even")
    return number


def raising(fault: Exception) -> Callable[[Any], Any]:
    def function(value: Any) -> Any:
        raise fault
    return function


@pytest.mark.parametrize(("kind", "text", "value"), [
    (Annotated[int, even], "4", 4),
    (Annotated[int, Range(1, 9), even], "4", 4),
    (Annotated[str, str.strip, Length(1)], " a ", "a"),
    (Annotated[str, Point], "a", Point("a")),           # type: ignore[arg-type]
    (Annotated[Annotated[int, even], Range(1)], "2", 2),
    (Annotated[int, str, Length(2)], "12", "12"),       # a function may change the type, and is believed
    (Annotated[float, Range(Decimal("0.1"))], "0.5", 0.5),
    (Annotated[datetime, Range(datetime(2026, 1, 1, tzinfo=UTC))], "2026-01-31T12:00:00Z",
     datetime(2026, 1, 31, 12, tzinfo=UTC)),
    (Annotated[Size, Range(1, 10)], "10", Size.LARGE),
])
def test_functions_see_the_value_in_turn(kind: Any, text: str, value: Any) -> None:
    assert conversion(kind).convert(text) == value


@pytest.mark.parametrize(("fault", "message"), [
    (ValueError("must be even"), "must be even"),
    (ValueError(), "is not accepted"),
    (ValueError(""), "is not accepted"),
    (UnicodeDecodeError("utf-8", b"secret", 0, 1, "of the library"), "is not accepted"),
    (ZeroDivisionError("secret"), "is not accepted"),
    (OverflowError("secret"), "is not accepted"),
])
def test_only_a_plain_value_error_speaks_to_the_client(fault: Exception, message: str) -> None:
    for read in (conversion(Annotated[str, raising(fault)]).convert, converter(raising(fault))):
        with pytest.raises(ValueError, match=f"^{message}$") as caught:
            read("x")
        assert type(caught.value) is ValueError


def test_what_python_itself_says_of_a_text_is_for_programmers() -> None:
    with pytest.raises(ValueError, match=r"^is not accepted$"):
        conversion(Annotated[str, int]).convert("secret")


@pytest.mark.parametrize("fault", [TypeError("x"), KeyError("x"), HTTPError(409), RuntimeError("x")])
def test_what_else_a_function_raises_is_its_own_affair(fault: Exception) -> None:
    for read in (conversion(Annotated[str, raising(fault)]).convert, converter(raising(fault))):
        with pytest.raises(type(fault)):
            read("x")


def test_a_function_that_forgets_its_return_is_found_out() -> None:
    with pytest.raises(TypeError, match="returned None"):
        conversion(Annotated[int, lambda number: None]).convert("5")


# annotations that mean nothing

@pytest.mark.parametrize(("kind", "problem"), [
    (float | str, "union of more than one type and None"),
    (int | str | None, "union of more than one type and None"),
    (Union[int, date], "union of more than one type and None"),
    (Union, "union of more"),
    (Optional, "nothing that a text"),
    (dict, "dict is nothing that a text converts to"),
    (dict[str, int], "dict\\[str, int\\] is nothing"),
    (set[int], "nothing that a text"),
    (Iterator[int], "nothing that a text"),
    (bytes, "bytes is nothing"),
    (complex, "nothing that a text"),
    (time, "nothing that a text"),
    (timedelta, "nothing that a text"),
    (Fraction, "nothing that a text"),
    (Point, "Point is nothing that a text converts to"),
    (None, "None is nothing"),
    (type(None), "NoneType is nothing"),
    (..., "nothing that a text"),
    (5, "nothing that a text"),
    ("int", "int is nothing that a text"),
    ([], "nothing that a text"),
    ({}, "nothing that a text"),
    (to_int, "nothing that a text"),
    (T, "nothing that a text"),
    (Callable[[int], int], "nothing that a text"),
    (type, "nothing that a text"),
    (type[int], "nothing that a text"),
    (list[T], "nothing that a text"),           # type: ignore[valid-type]
    (Annotated, "nothing that a text"),
    (Literal, "no values|nothing that a text"),
    (Literal[None], "no values"),
    (Literal[b"a"], "value of bytes that no text spells"),
    (Literal[2**63], "value of int that no text spells"),
    (Literal[1, "1"], "two values with the text '1'"),
    (Literal[Colour.RED, "red"], "two values with the text 'red'"),
    (Enum, "no values"),
    (Empty, "Empty has no values"),
    (Unspeakable, "value of tuple that no text spells"),
    (Twofold, "two values with the text '1'"),
    (list[list[int]], "list of lists"),
    (list[tuple[str, ...]], "list of lists"),
    (list[dict[str, int]], "nothing that a text"),
    (list[int, int], "a type for each place"),  # type: ignore[misc]
    (tuple[int, str], "a type for each place"),
    (tuple[int], "a type for each place"),
    (tuple[()], "a type for each place"),
    (tuple[int, ...] | int, "union of more"),
    (Annotated[int, "a note"], "has 'a note', which cannot be called"),
    (Annotated[int, 5], "has 5, which cannot be called"),
    (Annotated[dict, even], "dict is nothing"),
    (Annotated[int, Range], "has Range without its limits"),
    (Annotated[str, Range(1)], "does not fit str"),
    (Annotated[int, Range("a")], "does not fit int"),
    (Annotated[int, Length(1)], "does not fit int"),
    (Annotated[int, Pattern("[0-9]")], "does not fit int"),
    (Annotated[list[int], Range(1)], "does not fit list"),
    (Annotated[datetime, Range(datetime(2026, 1, 1))], "does not fit datetime"),   # naive against aware
    (Annotated[date, Range(datetime(2026, 1, 1))], "does not fit date"),
    (list[Annotated[str, Range(1)]], "does not fit str"),
    (Annotated[str, Length(1), Range(1)], "does not fit str"),
    (NewType("Bad", dict), "dict is nothing"),
])
def test_an_annotation_that_no_text_converts_to_is_refused_with_its_mend(kind: Any, problem: str) -> None:
    with pytest.raises(Unconvertible, match=problem) as caught:
        conversion(kind)
    assert caught.value.mend
    assert isinstance(caught.value, TypeError)


def test_an_annotation_without_hash_or_with_a_strange_equality_is_refused_too() -> None:
    class Strange:
        __hash__ = None     # type: ignore[assignment]

        def __eq__(self, other: object) -> bool:
            raise RuntimeError

    for ask in (conversion, converter):
        with pytest.raises(Unconvertible):
            ask(Strange())


def type_statement(text: str) -> Any:
    """What a `type` statement makes, where there is one."""
    namespace: dict[str, Any] = {}
    try:
        exec(text, namespace)
    except SyntaxError:
        pytest.skip("Python 3.12 has the type statement")
    return namespace


@pytest.mark.parametrize(("statement", "text", "value"), [
    ("type Id = int", "5", 5),
    ("type Id = Other | None\ntype Other = int", "", None),
    ("type Maybe[T] = T | None\nId = Maybe[int]", "5", 5),
    ("type Many[T] = list[T]\nId = Many[int]", ["5"], [5]),
])
def test_a_type_statement_means_its_value(statement: str, text: Any, value: Any) -> None:
    assert conversion(type_statement(statement)["Id"]).convert(text) == value


@pytest.mark.parametrize(("statement", "problem"), [
    ("type Id = Nowhere", "Id cannot be resolved: name 'Nowhere' is not defined"),
    ("type Id = Id | None", "refers to itself"),
    ("type Many[T] = list[T]\nId = Many", "T is nothing that a text"),
    ("type Id = dict", "dict is nothing"),
])
def test_a_type_statement_without_a_usable_value_is_refused(statement: str, problem: str) -> None:
    with pytest.raises(Unconvertible, match=problem):
        conversion(type_statement(statement)["Id"])


# type=

@pytest.mark.parametrize(("kind", "text", "value"), [
    (str, "5", "5"), (int, "5", 5), (int | None, "", None), (Annotated[int, Range(1)], "5", 5),
    (Colour, "red", Colour.RED),
    (UserId, "5", 5), (str.upper, "a", "A"), (lambda text: text * 2, "a", "aa"), (str.strip, " a ", "a"),
    (Point, "a", Point("a")),           # type: ignore[arg-type]
    (Fraction, "1/2", Fraction(1, 2)),
])
def test_a_type_or_a_function_of_a_text_has_a_converter(kind: Any, text: Any, value: Any) -> None:
    for _ in range(2):
        assert converter(kind)(text) == value


@pytest.mark.parametrize("kind", [
    bytes, dict, set, complex, list, tuple, Sequence, time, timedelta, type, type(None), None, 5, "int", [],
    list[int],
    list[int] | None, dict[str, int], int | str, Empty, Enum, Callable[[str], int], Optional, Literal[b"a"],
    NewType("Many", list[int]), Annotated[int, Range], Annotated[int, "note"],
])
def test_what_is_neither_is_refused_every_time(kind: Any) -> None:
    for _ in range(2):
        with pytest.raises(Unconvertible):
            converter(kind)


def test_a_type_is_worked_out_once_and_a_function_is_not_kept() -> None:
    kind = Annotated[int, Range(1, 77)]
    assert converter(kind) is converter(kind)
    assert converter(Annotated[int, Range(1, 77)]) is converter(kind)       # written in the handler itself
    assert converter(UUID) is converter(UUID)
    before = len(convert._converters)
    for _ in range(50):
        converter(lambda text: text)
        converter(type("Class", (), {}))
    assert len(convert._converters) == before


def test_types_that_are_made_anew_each_time_do_not_fill_the_memory() -> None:
    kept = dict(convert._converters)
    try:
        for number in range(1_200):
            assert converter(Annotated[int, Range(number)])(str(number)) == number
        assert len(convert._converters) == 1_000
    finally:
        convert._converters.clear()
        convert._converters.update(kept)


@pytest.mark.parametrize(("one", "other", "text"), [
    (Literal[1], Literal[True], "true"), (Literal["1"], Literal[1], "1"),
    (Literal[0] | None, Literal[False] | None, "0"),
])
def test_annotations_that_python_finds_nearly_equal_are_kept_apart(one: Any, other: Any, text: str) -> None:
    def outcome(kind: Any) -> Any:
        try:
            value = converter(kind)(text)
            return value, type(value)
        except ValueError:
            return None

    assert outcome(one) != outcome(other)


# properties

KINDS = [kind for kind in ACCEPTED if kind is not str]
LOOKALIKES = st.text(st.sampled_from("0123456789abcdefABCDEF-+_.:TtZz ٣eE\n"), max_size=70)


@given(st.sampled_from(KINDS), st.text(max_size=80) | LOOKALIKES)
def test_no_text_fails_another_way(kind: Any, text: str) -> None:
    with contextlib.suppress(ValueError):
        conversion(kind).convert(text)


@given(st.lists(st.text(max_size=5) | st.sampled_from(["1", "-7"]), max_size=5))
def test_no_list_of_texts_fails_another_way(texts: list[str]) -> None:
    with contextlib.suppress(ValueError):
        assert list(map(str, conversion(list[int]).convert(texts))) == [text.replace("-0",
                                                                                     "0") for text in texts]


@given(st.integers(-(2**65), 2**65))
def test_a_number_has_one_spelling(number: int) -> None:
    if -(2**63) <= number < 2**63:
        assert to_int(str(number)) == number
    else:
        with pytest.raises(ValueError, match="64 bits"):
            to_int(str(number))


OFFSETS = st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
CANONICAL: list[tuple[Any, st.SearchStrategy[Any], Callable[[Any], str]]] = [
    (float, st.floats(allow_nan=False, allow_infinity=False, min_value=-1e15, max_value=1e15)
     .filter(lambda number: "e" not in repr(number)), repr),
    (Decimal,
     st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**50), max_value=10**50),
     "{:f}".format),
    (UUID, st.uuids(), str),
    (date, st.dates(), date.isoformat),
    (datetime, st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=OFFSETS),
     datetime.isoformat),
    (bool, st.booleans(), lambda value: str(value).lower()),
    (Colour, st.sampled_from(Colour), lambda member: str(member.value)),
]


@given(st.data())
@pytest.mark.parametrize(("kind", "values", "spell"), CANONICAL,
                         ids=lambda kind: getattr(kind, "__name__", ""))
def test_the_canonical_text_of_a_value_gives_it_back(
    kind: Any, values: st.SearchStrategy[Any], spell: Callable[[Any], str], data: st.DataObject
) -> None:
    value = data.draw(values)
    back = conversion(kind).convert(spell(value))
    assert (back, type(back)) == (value, type(value))


@given(st.from_regex(r"-?(0|[1-9][0-9]{0,30})(\.[0-9]{1,30})?", fullmatch=True).filter(str.isascii))
def test_a_decimal_keeps_every_digit_and_a_float_the_nearest_value(text: str) -> None:
    assert f"{conversion(Decimal).convert(text):f}" == text
    assert conversion(float).convert(text) == float(text)
    assert math.isfinite(conversion(float).convert(text))


@given(LOOKALIKES)
def test_a_date_or_time_that_is_accepted_says_the_same_when_written_again(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert conversion(date).convert(text).isoformat() == text
    with contextlib.suppress(ValueError):
        moment = conversion(datetime).convert(text)
        assert conversion(datetime).convert(moment.isoformat()) == moment

"""Range, Length, Pattern."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.constraints import Length, Pattern, Range

LATER = datetime(2026, 1, 31, 12, tzinfo=UTC)

PASSED: list[tuple[Any, Any]] = [
    (Range(1, 100), 1), (Range(1, 100), 100), (Range(1, 100), 50.5), (Range(1, 1), 1),
    (Range(min=0), 0), (Range(min=0), 10**30), (Range(max=5), 5), (Range(max=5), -(10**30)), (Range(0), 0),
    (Range(Decimal("0.1"), 1), Decimal("0.1")), (Range("a", "c"), "b"),
    (Range(date(2026, 1, 1)), date(2026, 1, 1)), (Range(max=LATER), LATER),
    (Length(1, 3), "a"), (Length(1, 3), "äöü"), (Length(0), ""), (Length(min=2), "ab"), (Length(max=2), ""),
    (Length(2, 2), "😀😀"), (Length(1, 3), [1]), (Length(max=0), ()), (Length(1), {"a": 1}),
    (Pattern("[a-z]+"), "abc"), (Pattern("[a-z]*"), ""), (Pattern("a|ab"), "ab"), (Pattern("a.c", 3), "abc"),
    (Pattern(re.compile("ABC", re.IGNORECASE)), "abc"), (Pattern(".*"), "x" * 256),
    (Pattern(".*", 5_000), "x" * 5_000),
    (Pattern(r"\d+"), "٣"),         # as always in Python
]
STOPPED: list[tuple[Any, Any, str]] = [
    (Range(1, 100), 0, "must be from 1 to 100, not less"),
    (Range(1, 100), 101, "must be from 1 to 100, not more"),
    (Range(1, 100), float("nan"), "must be from 1 to 100, not less"),
    (Range(max=100), float("nan"), "must be at most 100, not more"),
    (Range(min=0), -1, "must be at least 0, not less"),
    (Range(max=5), 6, "must be at most 5, not more"),
    (Range(1, 1), 2, "must be from 1 to 1, not more"),
    (Range(Decimal("0.10")), Decimal("0.09"), "must be at least 0.10, not less"),
    (Range(date(2026, 1, 1)), date(2025, 12, 31), "must be at least 2026-01-01, not less"),
    (Range(LATER), LATER.replace(hour=11), "must be at least 2026-01-31T12:00:00+00:00, not less"),
    (Length(1), "", "must have at least 1 character, not 0"),
    (Length(2), "a", "must have at least 2 characters, not 1"),
    (Length(max=2), "abc", "must have at most 2 characters, not 3"),
    (Length(max=0), "a", "must have at most 0 characters, not 1"),
    (Length(2, 3), "abcd", "must have 2 to 3 characters, not 4"),
    (Length(2, 2), "abc", "must have exactly 2 characters, not 3"),
    (Length(1, 1), [], "must have exactly 1 item, not 0"),
    (Length(max=2), [1, 2, 3], "must have at most 2 items, not 3"),
    (Length(1, 3), (), "must have 1 to 3 items, not 0"),
    (Pattern("[a-z]+"), "", "must match the pattern [a-z]+"),
    (Pattern("[a-z]+"), "abc\n", "must match the pattern [a-z]+"),
    (Pattern("^[a-z]+$"), "abc\n", "must match the pattern ^[a-z]+$"),
    (Pattern("[a-z]+"), "abcD", "must match the pattern [a-z]+"),
    (Pattern("[a-z]+"), " abc", "must match the pattern [a-z]+"),
    (Pattern(re.compile("a", re.IGNORECASE)), "b", "must match the pattern a"),
    (Pattern(".*"), "x" * 257, "must have at most 256 characters, not 257"),
    (Pattern("x" * 500), "y", "must match the pattern " + "x" * 200),
]


@pytest.mark.parametrize(("constraint", "value"), PASSED)
def test_what_keeps_to_it_is_handed_on(constraint: Any, value: Any) -> None:
    assert constraint(value) is value


@pytest.mark.parametrize(("constraint", "value", "message"), STOPPED)
def test_what_does_not_is_told_what_is_allowed(constraint: Any, value: Any, message: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(message)}$") as caught:
        constraint(value)
    assert type(caught.value) is ValueError


@pytest.mark.parametrize(("make", "fault", "message"), [
    (lambda: Range(), ValueError, "needs a min, a max or both"),
    (lambda: Range(None, None), ValueError, "needs a min, a max or both"),
    (lambda: Range(2, 1), ValueError, r"Range\(2, 1\) holds no value"),
    (lambda: Range(float("nan")), ValueError, "holds no value"),
    (lambda: Range(max=Decimal("nan")), ValueError, "holds no value"),
    (lambda: Range(Decimal("snan"), 1), ValueError, "holds no value"),
    (lambda: Range(1, "2"), TypeError, "not supported"),
    (lambda: Range([], {}), TypeError, "not supported"),
    (lambda: Range(1j), TypeError, "not supported"),
    (lambda: Range(object()), TypeError, "not supported"),
    (lambda: Range(datetime(2026, 1, 1), LATER), TypeError, "offset-naive"),
    (lambda: Length(), ValueError, "needs a min, a max or both"),
    (lambda: Length(-1), ValueError, "Length is at least 0, not -1"),
    (lambda: Length(max=-1), ValueError, "Length is at least 0, not -1"),
    (lambda: Length(3, 2), ValueError, r"Length\(3, 2\) holds no value"),
    (lambda: Length("1"), TypeError, "Length takes an int, not str"),   # type: ignore[arg-type]
    (lambda: Length(1.0), TypeError, "Length takes an int, not float"),    # type: ignore[arg-type]
    (lambda: Length(True), TypeError, "Length takes an int, not bool"),
    (lambda: Pattern("["), ValueError, r"Pattern\('\['\) does not compile"),
    (lambda: Pattern("(?P<a>x)(?P<a>y)"), ValueError, "does not compile"),
    (lambda: Pattern("x{99999999999}"), ValueError, "does not compile"),
    (lambda: Pattern(b"a"), TypeError, "Pattern takes a str, not bytes"),  # type: ignore[arg-type]
    (lambda: Pattern(re.compile(b"a")), TypeError, "not bytes"),           # type: ignore[arg-type]
    (lambda: Pattern(None), TypeError, "not NoneType"),                    # type: ignore[arg-type]
    (lambda: Pattern("a", 0), ValueError, "max_length is at least 1, not 0"),
    (lambda: Pattern("a", None), TypeError, "takes an int, not NoneType"),  # type: ignore[arg-type]
    (lambda: Pattern("a", True), TypeError, "max_length takes an int, not bool"),
])
def test_a_constraint_without_sense_is_refused_where_it_is_made(make: Any, fault: Any, message: str) -> None:
    with pytest.raises(fault, match=message):
        make()


@pytest.mark.parametrize(("constraint", "value"), [
    (Range(1), "a"), (Range(LATER), datetime(2026, 1, 1)), (Length(1), 5), (Pattern("a"), 5),
    (Pattern("a"), b"a"),
    (Pattern("a"), None),
])
def test_a_value_of_a_type_that_cannot_be_tested_is_the_programmers_mistake(constraint: Any,
                                                                            value: Any) -> None:
    with pytest.raises(TypeError):
        constraint(value)


@pytest.mark.parametrize(("constraint", "text"), [
    (Range(1, 100), "Range(1, 100)"), (Range(1), "Range(min=1)"), (Range(max=5), "Range(max=5)"),
    (Range(Decimal("0.5"), 1), "Range(Decimal('0.5'), 1)"), (Length(1, 80), "Length(1, 80)"),
    (Length(0), "Length(min=0)"), (Length(max=5), "Length(max=5)"), (Pattern("[a-z]"), "Pattern('[a-z]')"),
    (Pattern("[a-z]", 60), "Pattern('[a-z]', max_length=60)"),
    (Pattern(re.compile("a", re.IGNORECASE)), "Pattern(re.compile('a', re.IGNORECASE))"),
])
def test_its_repr_is_how_it_is_written(constraint: Any, text: str) -> None:
    assert repr(constraint) == text
    names = {"Range": Range, "Length": Length, "Pattern": Pattern, "Decimal": Decimal, "re": re}
    assert eval(text, names) == constraint


def test_two_that_say_the_same_are_equal_and_all_others_are_not() -> None:
    assert Annotated[int, Range(1, 5)] == Annotated[int, Range(1, 5)]
    assert hash(Length(1)) == hash(Length(1))
    different = {Range(1), Range(2), Range(max=1), Range(1, 1), Range(1.0), Length(1), Length(max=1),
                 Pattern("1"),
                 Pattern("1", 1), Pattern(re.compile("1")), "Range(min=1)"}
    assert len(different) == 11
    assert Range(1) != 1


def test_the_length_is_tested_before_the_pattern() -> None:
    with pytest.raises(ValueError, match="at most 10 characters, not 50"):
        Pattern("(a+)+b", max_length=10)("a" * 50)      # 2**50 steps for whoever tries


@given(st.integers(), st.integers(), st.integers())
def test_a_range_is_what_comparison_says(low: int, high: int, value: int) -> None:
    if low > high:
        with pytest.raises(ValueError, match="holds no value"):
            Range(low, high)
    elif low <= value <= high:
        assert Range(low, high)(value) == value
    else:
        with pytest.raises(ValueError, match="must be from"):
            Range(low, high)(value)


@given(st.text(max_size=8) | st.lists(st.none(), max_size=8), st.integers(0, 5), st.integers(5, 8))
def test_a_length_is_what_len_says(value: Any, low: int, high: int) -> None:
    if low <= len(value) <= high:
        assert Length(low, high)(value) is value
    else:
        with pytest.raises(ValueError, match="must have "):
            Length(low, high)(value)


@given(st.text(max_size=12))
def test_a_pattern_is_what_fullmatch_says(value: str) -> None:
    if len(value) <= 8 and re.fullmatch("[^a]*", value):
        assert Pattern("[^a]*", 8)(value) is value
    else:
        with pytest.raises(ValueError, match=r"must match|must have"):
            Pattern("[^a]*", 8)(value)

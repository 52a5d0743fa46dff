import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.convert import converter, to_int


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("0", 0),
        ("-0", 0),
        ("7", 7),
        ("-1", -1),
        ("42", 42),
        ("9223372036854775807", 2**63 - 1),
        ("-9223372036854775808", -(2**63)),
    ],
)
def test_a_whole_number_of_64_bits_converts(text: str, number: int) -> None:
    assert to_int(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "", " ", "-", "+", "+5", " 5", "5 ", "5\n", "\n5", "00", "01", "-01", "1_0", "1.0", "1.", ".1", "1e3",
        "0x10",
        "٣", "１", "²", "--1", "−1", "- 1", "nan", "true", "9223372036854775808", "-9223372036854775809",
        "1" * 20, "1" * 5_000, "0" * 5_000, "\0", "\ud800",
    ],
)
def test_any_other_spelling_is_no_number(text: str) -> None:
    with pytest.raises(ValueError, match=r"^a whole number of at most 64 bits$"):
        to_int(text)


@given(st.integers(-(2**65), 2**65))
def test_a_number_has_one_spelling(number: int) -> None:
    if -(2**63) <= number < 2**63:
        assert to_int(str(number)) == number
    else:
        with pytest.raises(ValueError, match="64 bits"):
            to_int(str(number))


@given(st.text(st.sampled_from("0123456789-+_. ٣eE\n"), max_size=25) | st.text(max_size=80))
def test_no_text_makes_it_fail_another_way(text: str) -> None:
    with contextlib.suppress(ValueError):
        assert str(to_int(text)) == text.replace("-0", "0")


@pytest.mark.parametrize(("kind", "text", "value"), [(str, "5", "5"), (int, "5", 5)])
def test_a_known_type_has_a_converter(kind: type, text: str, value: Any) -> None:
    convert = converter(kind)
    assert convert is not None
    assert (convert(text), type(convert(text))) == (value, kind)


@pytest.mark.parametrize("kind", [bytes, object, "int", None, [], {}, list[int], int | None])
def test_another_type_has_none(kind: Any) -> None:
    assert converter(kind) is None

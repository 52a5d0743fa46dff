import contextlib
import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as clock
from decimal import Decimal, localcontext
from enum import Enum, IntEnum, StrEnum
from json import encoder as json_encoder
from typing import Any, NamedTuple
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fsroute.http import jsontext
from fsroute.http.errors import HTTPError
from fsroute.http.jsontext import MAX_DEPTH, dumps, loads

# every text that JSON can escape, lone surrogates too
texts = st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C"]), max_size=12)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=25
)
blank = st.text(st.sampled_from(" \t\n\r"), max_size=4)


def has_surrogates(value: Any) -> bool:
    return any(0xD800 <= ord(char) <= 0xDFFF for char in json.dumps(value, ensure_ascii=False))


def refused(body: bytes) -> HTTPError:
    with pytest.raises(HTTPError) as caught:
        loads(body)
    assert caught.value.status == 400
    assert caught.value.__cause__ is None
    return caught.value


# out

@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"), (True, "true"), (False, "false"), (0, "0"), (-0.0, "-0.0"), (1.5, "1.5"),
        (10**30, "1" + "0" * 30), (1e300, "1e+300"),
        ("", '""'), ([], "[]"), ({}, "{}"), ((), "[]"), ((1, (2,)), "[1,[2]]"),
        ({"a": [1, {"b": None}]}, '{"a":[1,{"b":null}]}'),
        ({1: "x", None: "y", False: "z", 1.5: "w"}, '{"1":"x","null":"y","false":"z","1.5":"w"}'),
        ("é 😀", '"é 😀"'), ('"\\/\b\f\n\r\t\0\x7f', '"\\"\\\\/\\b\\f\\n\\r\\t\\u0000\x7f"'),
        ("\u2028", '"\u2028"'),
        ("</script>", '"</script>"'),
    ],
)
def test_jsons_own_types_are_compact_utf_8(value: Any, text: str) -> None:
    assert dumps(value) == text.encode()


@pytest.mark.parametrize(("value", "text"), [
    ("0", "0"), ("-0", "-0"), ("1.10", "1.10"), ("0.000001", "0.000001"), ("1E-7", "0.0000001"),
    ("0E-7", "0.0000000"), ("-0E-7", "-0.0000000"), ("-1.50E-10", "-0.000000000150"), ("1E+3", "1000"),
    ("0E+3", "0"), ("1.5E+10", "15000000000"), ("1E+64", "1" + "0" * 64), ("1E-64", "0." + "0" * 63 + "1"),
    ("1" * 100, "1" * 100), ("0." + "0" * 60 + "1" * 100, "0." + "0" * 60 + "1" * 100),
    # beyond, an exponent: a short number would be a long text
    ("1E+65", "1E+65"), ("1E-65", "1E-65"), ("-1.5E+999999", "-1.5E+999999"), ("0E-999999", "0E-999999"),
    ("1E+999999999999999999", "1E+999999999999999999"),
])
def test_a_decimal_is_spelt_without_an_exponent_within_64_digits(value: str, text: str) -> None:
    assert dumps(Decimal(value)) == f'"{text}"'.encode()


@pytest.mark.parametrize("value", ["NaN", "-sNaN", "Infinity", "-Infinity"])
def test_a_decimal_that_is_no_number_is_a_string_like_the_others(value: str) -> None:
    assert dumps([Decimal(value)]) == f'["{value}"]'.encode()


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_a_decimal_that_was_sent_is_the_same_number(value: Decimal) -> None:
    text = loads(dumps(value))
    assert Decimal(text) == value
    assert len(text) <= len(str(value)) + 66


def test_a_decimals_text_does_not_depend_on_the_context() -> None:
    with localcontext(prec=2, Emax=5, Emin=-5):
        assert dumps(Decimal("1.23456E-9")) == b'"0.00000000123456"'


class Colour(Enum):
    RED = "red"
    NESTED = ("a", 1)


class Level(IntEnum):
    LOW = 1


class Word(StrEnum):
    A = "a"


class Pair(NamedTuple):
    left: int
    right: int


@dataclass
class Item:
    name: str
    price: Decimal
    tags: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Slotted:
    when: date


class Special:
    def __json__(self) -> Any:
        return {"special": Colour.RED}


@dataclass
class Both:
    secret: str

    def __json__(self) -> Any:
        return "shown"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), '"2026-01-02T03:04:05+00:00"'),
        (datetime(2026, 1, 2, 3, 4, 5, 6), '"2026-01-02T03:04:05.000006"'),
        (date(2026, 1, 2), '"2026-01-02"'),
        (clock(3, 4), '"03:04:00"'),
        (UUID(int=1), '"00000000-0000-0000-0000-000000000001"'),
        (Decimal("1.10"), '"1.10"'),
        (Colour.RED, '"red"'), (Colour.NESTED, '["a",1]'), (Level.LOW, "1"), (Word.A, '"a"'),
        (Pair(1, 2), "[1,2]"),
        (Item("x", Decimal("2.50")), '{"name":"x","price":"2.50","tags":[]}'),
        (Slotted(date(2026, 1, 2)), '{"when":"2026-01-02"}'),
        (Special(), '{"special":"red"}'),
        (Both("s"), '"shown"'),
        ({"list": [Item("a", Decimal(1)), None]}, '{"list":[{"name":"a","price":"1","tags":[]},null]}'),
    ],
)
def test_other_values_have_a_form_of_their_own(value: Any, text: str) -> None:
    assert dumps(value) == text.encode()


@pytest.mark.parametrize(
    "value",
    [
        b"x", {1, 2}, object(), 1j, timedelta(1), range(3), iter([]), Item, int, lambda: 1, {"a": [b"x"]},
        bytearray(b"x"), ValueError("x")
    ]
)
def test_what_json_has_no_word_for_is_refused_by_type(value: Any) -> None:
    culprit = b"x" if isinstance(value, dict) else value
    with pytest.raises(TypeError, match=f"{type(culprit).__qualname__} has no JSON form"):
        dumps(value)


@pytest.mark.parametrize("key", [(1,), b"a", date(2026, 1, 1), UUID(int=1), Colour.RED])
def test_a_name_in_an_object_is_no_other_type(key: Any) -> None:
    with pytest.raises(TypeError):
        dumps({key: 1})


@pytest.mark.parametrize(
    "value", [float("nan"), float("inf"), [float("-inf")], {"a": float("nan")}, {float("nan"): 1}]
)
def test_what_is_no_number_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="JSON compliant"):
        dumps(value)


def test_a_circle_ends_and_leaves_the_encoder_sound() -> None:
    circle: list[Any] = []
    circle.append(circle)
    for _ in range(2):
        with pytest.raises(RecursionError):
            dumps(circle)
        assert dumps([[1], [1]]) == b"[[1],[1]]"
    one: list[int] = [1]
    assert dumps([one, one]) == b"[[1],[1]]"


def test_an_error_half_way_leaves_nothing_for_the_next_value() -> None:
    value = [1, [2, object()]]
    for _ in range(3):
        with pytest.raises(TypeError):
            dumps(value)
    value[1] = [2]
    assert dumps(value) == b"[1,[2]]"


@given(values)
def test_dumps_is_json_dumps(value: Any) -> None:
    if has_surrogates(value):
        assert dumps(value) == json.dumps(value, separators=(",", ":"), allow_nan=False).encode()
    else:
        assert dumps(value) == json.dumps(
            value, ensure_ascii=False, separators=(",", ":"), allow_nan=False
        ).encode()


@given(values)
def test_without_the_c_encoder_the_text_is_the_same(value: Any) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(json_encoder, "c_make_encoder", None)
        patch.setattr(jsontext, "pieces", jsontext._make_encoder(json_encoder.encode_basestring))
        patch.setattr(jsontext, "_ascii_pieces", jsontext._make_encoder(json_encoder.encode_basestring_ascii))
        slowly = dumps(value)
    assert slowly == dumps(value)


@pytest.mark.parametrize("value", [float("nan"), [float("inf")], [b"x"], {b"x": 1}])
def test_without_the_c_encoder_the_refusals_are_the_same(value: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusal() -> type[BaseException]:
        with pytest.raises((TypeError, ValueError)) as caught:
            dumps(value)
        return caught.type

    fast = refusal()
    monkeypatch.setattr(json_encoder, "c_make_encoder", None)
    monkeypatch.setattr(jsontext, "pieces", jsontext._make_encoder(json_encoder.encode_basestring))
    assert refusal() is fast
    assert dumps([Item("é", Decimal(1)), Colour.RED]) == '[{"name":"é","price":"1","tags":[]},"red"]'.encode()


# in

@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("null", None), ("true", True), ("false", False), ("0", 0), ('""', ""), ("[]", []), ("{}", {}),
        ("-0", 0), ("1e2", 100.0), ("-1.5E-1", -0.15),
        (' \t\n\r{ "a" :\n[ 1 , 2 ] }\r\n', {"a": [1, 2]}),
        ('{"a":1,"a":2}', {"a": 2}),
        ('"\\u00e9\\ud83d\\ude00\\/"', "é😀/"), ('"é"', "é"), ('"\\ud800"', "\ud800"),
        ('"\x7f\u2028\ufeff"', "\x7f\u2028\ufeff"),
        ("1e-400", 0.0), ("1e308", 1e308), ("-" + "1" * 4_300, -int("1" * 4_300)),
        ('"NaN Infinity 1e400"', "NaN Infinity 1e400"), ('{"[[[":"{{{"}', {"[[[": "{{{"}),
    ],
)
def test_a_json_text_is_its_value(text: str, value: Any) -> None:
    found = loads(text.encode())
    assert found == value
    assert type(found) is type(value)


@given(values, blank, blank, st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_loads_is_json_loads(value: Any, before: str, after: str, ascii_only: bool, indent: Any) -> None:
    text = before + json.dumps(value, ensure_ascii=ascii_only or has_surrogates(value), indent=indent) + after
    assert repr(loads(text.encode())) == repr(json.loads(text))


@given(values)
def test_what_was_parsed_can_be_sent_back(value: Any) -> None:
    parsed = loads(json.dumps(value).encode())
    assert loads(dumps(parsed)) == parsed


pieces = st.sampled_from([
    "[", "]", "{", "}", ",", ":", '"', "\\", "a", '"a"', "1", "-", ".", "e", "1e400", "NaN", "Infinity",
    "-Infinity", "null", "true", " ", "\n", "\t", "\0", "\\u",
    "d800", "é", "\ufeff", "٣", "9" * 5_000,
])


@settings(max_examples=300)
@given(st.lists(pieces, max_size=15).map("".join))
def test_it_refuses_what_json_refuses_at_the_same_place(text: str) -> None:
    def no_constant(name: str) -> Any:
        raise ValueError(name)

    def finite(number: str) -> float:
        if float(number) in {float("inf"), float("-inf")}:
            raise ValueError(number)
        return float(number)

    try:
        value = json.loads(text, parse_constant=no_constant, parse_float=finite)
    except json.JSONDecodeError as fault:
        error, place = refused(text.encode()), (fault.lineno, fault.colno)
        if text.strip(" \t\n\r"):
            assert (error.extra["line"], error.extra["column"]) == place
        else:
            assert error.detail == "The JSON body is empty"
    except ValueError:
        assert "number too large" in refused(text.encode()).detail
    else:
        assert loads(text.encode()) == value


malformed = st.lists(pieces, max_size=20).map("".join) | st.text(max_size=30)


@given(st.binary(max_size=60) | malformed.map(str.encode))
def test_only_an_http_error_leaves_it_whatever_the_bytes(body: bytes) -> None:
    with contextlib.suppress(HTTPError):
        loads(body)


@pytest.mark.parametrize("body", [b"", b" ", b"\n\t\r ", b" " * 100_000])
def test_an_empty_body_is_said_to_be_empty(body: bytes) -> None:
    assert refused(body).detail == "The JSON body is empty"


@pytest.mark.parametrize(
    ("body", "place"),
    [
        (b"\xff", 0), (b'{"a": "\xc3"}', 7), (b'"\xed\xa0\x80"', 1), (b'"\xc0\xaf"', 1),
        (b'"\xf5\x80\x80\x80"', 1), ('"é"'.encode("latin-1"), 1),
        ('{"a":1}'.encode("utf-16"), 0),
        (b'"' + b"a" * 5_000 + b"\xff", 5_001),
    ],
)
def test_what_is_not_utf_8_is_refused_at_its_byte(body: bytes, place: int) -> None:
    assert refused(body).detail == f"The JSON body is not UTF-8 at byte {place}"


@pytest.mark.parametrize(
    "text",
    [
        "\ufeff1", "'a'", "{a:1}", "[1,]", '{"a":1,}', "01", "+1", "1.", ".5", "0x1", "// c\n1", "/**/1",
        "nan", "True", "undefined", '"\t"', '"\n"', '"\\x41"', '"\\u12"', "1 2", "[1]]", "{}{}", '{"a"}',
        "\x0b1", "\xa01", "1\xa0", "-", "[", '"', "tru", "\0"
    ]
)
def test_what_is_nearly_json_is_malformed(text: str) -> None:
    error = refused(text.encode())
    assert "malformed at line" in error.detail
    assert error.detail[-1].isalnum() or error.detail[-1] in "\"')"


HUGE = "9" * 5_000


@pytest.mark.parametrize(
    ("text", "line", "column"),
    [
        ("[1, 2\n 3]", 2, 2),
        ("{\n\n  x}", 3, 3),
        ("1 \n x", 2, 2),
        ("\n\n[", 3, 2),
        ('"é😀" x', 1, 6),                  # characters, not bytes
        ("\r\n\rx", 2, 2),                  # a line ends at a line feed
        # numbers
        ("NaN", 1, 1),
        ("[1,\n NaN]", 2, 2),
        ("[Infinity]", 1, 2),
        ("[-Infinity]", 1, 2),
        ("[1, 1e400]", 1, 5),
        ("[1e400, NaN]", 1, 2),
        ("[-1e400]", 1, 2),
        ("[1E+400,1]", 1, 2),
        ("[1.5e400,1e400]", 1, 2),
        ('["1e400", "\\"1e400", 1e400]', 1, 22),
        ('{"NaN": "NaN", "b": NaN}', 1, 21),
        ("[1.5, 1e400-2]", 1, 7),
        ("[1e400.5]", 1, 2),
        ("[11e400, 1e400]", 1, 2),
        ("[" + "1" + "0" * 400 + ".0]", 1, 2),
        (HUGE, 1, 1),
        (f"[1,\n-{HUGE}]", 2, 1),
        (f"[1,{HUGE}-1]", 1, 4),
        (f"[1,{HUGE}.e]", 1, 4),
        (f"[1,{HUGE}e]", 1, 4),
        (f"[-{'1' * 4_300},\n{HUGE}]", 2, 1),
        (f'["{HUGE}", {HUGE}]', 1, 5_006),
        (f"[0.{HUGE}, {HUGE}]", 1, 5_006),
        (f"[{HUGE}e-5000, {HUGE}]", 1, 5_010),
    ],
)
def test_a_fault_is_said_with_its_line_and_column(text: str, line: int, column: int) -> None:
    error = refused(text.encode())
    assert error.extra == {"line": line, "column": column}
    assert f"at line {line}, column {column}: " in error.detail
    assert len(error.detail) < 200


# depth

@pytest.mark.parametrize(("opened", "closed"), [("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")])
def test_two_hundred_levels_pass_and_one_more_does_not(opened: str, closed: str) -> None:
    levels = MAX_DEPTH // (opened.count("[") + opened.count("{"))
    value = loads((opened * levels + "1" + closed * levels).encode())
    assert loads(dumps(value)) == value
    error = refused((opened * levels + "[1]" + closed * levels).encode())
    assert "More than 200 levels of nesting" in error.detail
    assert error.extra == {"line": 1, "column": len(opened) * levels + 1}


@pytest.mark.parametrize(
    "text",
    [
        "[" + ",".join(["[]"] * 10_000) + "]",
        "[" + ",".join(['{"a":[]}'] * 10_000) + "]",
        '"' + "[" * 10_000 + '"',
        '["' + "[{\\\"" * 10_000 + '"]',
        '{"' + "{" * 500 + '":"\\\\"}',
        '["\\\\", "' + "[" * 500 + '"]',
    ],
)
def test_many_brackets_side_by_side_or_in_strings_are_no_depth(text: str) -> None:
    assert loads(text.encode()) == json.loads(text)


@pytest.mark.parametrize(
    "text",
    [
        "[" * 1_000_000, '{"a":' * 200_000, '[{"a":' * 100_000, "[" * 201 + "]" * 201, "]" * 500 + "[" * 500,
        '"' + "[" * 500, '"\\' + "[" * 500,
        '["\\"' + "[" * 500, "\n".join("[" * 300), '["a' + '","' * 300 + "[" * 300,
    ],
)
def test_no_depth_reaches_the_recursive_decoder(text: str) -> None:
    assert refused(text.encode()).status == 400


# work

def seconds(work: Callable[[], object]) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        with contextlib.suppress(HTTPError):
            work()
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize(
    ("before", "unit", "after"),
    [
        ("[" * 201, '"', ""), ("[" * 201, '"\\', ""), ("[" * 201, "\\", ""), ("[" * 201, '"\\"', ""),
        ('"', "[", ""), ('"', "\\[", ""),
        ("[]" * 201, '"', ""), ("[NaN,", '"\\', ""), ("[NaN,", '\\"', ""), ("[NaN,", "-", ""),
        ("[NaN,", "1e", ""), ("[NaN,", "1.", ""),
        ("", " ", "x"), ("1", " ", "x"), ("", "\n", "x"), ("[", "1,", ""), ("[", '"a",', "NaN]"),
        ("[1e400,", "1e40,", ""), ("", "[]", ""),
    ],
)
def test_work_is_linear_on_malformed_text(before: str, unit: str, after: str) -> None:
    """Eight times the text takes eight times as long, and more in a bad moment; quadratic work 64 times."""
    count = 40_000 // len(unit)

    def text(times: int) -> bytes:
        return (before + unit * count * times + after).encode()

    short, long = text(1), text(8)
    assert seconds(lambda: loads(long)) < 32 * max(seconds(lambda: loads(short)), 0.000_5)

"""JSON text, in and out (RFC 8259).

Rules this module keeps
-----------------------
1. `json` is the meaning. What stands here only keeps its encoder and decoder instead of making one
   a call, which is most of the cost for small values: 410 ns against 1,310 out, 340 against 1,480 in.
2. In: UTF-8 only; no NaN, Infinity, number beyond a float's range or integer of more digits than int() takes
   (4,300); nesting up to 200, measured before the recursive decoder sees the text, in one pass over it. Every
   fault is a 400 with line and column.
3. Out: compact UTF-8, no NaN. What was parsed can be sent back: a lone surrogate is escaped.
4. Nothing is guessed: a value JSON has no word for is a TypeError that names its type.
"""

from __future__ import annotations

import re
import sys
from json import encoder as json_encoder
from json.decoder import JSONDecodeError, JSONDecoder
from json.encoder import JSONEncoder, encode_basestring, encode_basestring_ascii

from .errors import HTTPError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn

MAX_DEPTH = 200
_WHITESPACE = " \t\n\r"


def dumps(value: Any) -> bytes:
    """The value as compact JSON.

    Beyond JSON's own types: datetime, date and time in ISO 8601, UUID and Decimal as strings (an exponent
    only beyond 64 digits), an Enum's value, an object's own `__json__()`, a dataclass as an object.
    Raises TypeError for anything else, ValueError for NaN and infinities, RecursionError for a circle.
    """
    try:
        return "".join(pieces(value, 0)).encode()
    except UnicodeEncodeError:      # a lone surrogate: UTF-8 has no bytes for it, JSON an escape
        return "".join(_ascii_pieces(value, 0)).encode()


def loads(body: bytes) -> Any:
    """The value of a JSON text; of a name that comes twice, the last value.

    Raises HTTPError 400 saying what is wrong with the text, at which line and column (`line`, `column`).
    """
    try:
        text = body.decode()
    except UnicodeDecodeError as fault:
        raise HTTPError(400, f"The JSON body is not UTF-8 at byte {fault.start}") from None
    if len(text) > MAX_DEPTH and text.count("[") + text.count("{") > MAX_DEPTH:
        _check_depth(text)
    start = 0 if text[:1] > " " else len(text) - len(text.lstrip(_WHITESPACE))
    try:
        value, end = _scan(text, start)
        if end != len(text) and (rest := text[end:].lstrip(_WHITESPACE)):
            raise JSONDecodeError("Extra data", text, len(text) - len(rest))
        return value
    except StopIteration as stop:       # no value begins here
        if start == len(text):
            raise HTTPError(400, "The JSON body is empty") from None
        raise _malformed("Expecting value", text, stop.value) from None
    except JSONDecodeError as fault:
        raise _malformed(fault.msg.removesuffix(" at"), text, fault.pos) from None
    except ValueError as fault:         # a number; int() refuses thousands of digits by itself
        place = _find_number(text, str(fault))
        raise _malformed("NaN, Infinity or a number too large", text, place) from None


def _malformed(what: str, text: str, position: int) -> HTTPError:
    line = text.count("\n", 0, position) + 1
    column = position - text.rfind("\n", 0, position)
    return HTTPError(400, f"The JSON body is malformed at line {line}, column {column}: {what}",
                     line=line, column=column)


# A string ends at its quote or with the text. The possessive "++" and "*+" never step back, so that a scan
# is linear on any text, an unclosed string of a million quotes and backslashes too.
_STRING = r'"(?:[^"\\]++|\\.)*+(?:"|\\?\Z)'
_brackets = re.compile(_STRING + r"|[\[\]{}]", re.DOTALL).finditer
_NUMBER = r"-?(?:Infinity|NaN|(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)"
_numbers = re.compile(_STRING + "|" + _NUMBER, re.DOTALL).finditer


def _check_depth(text: str) -> None:
    depth = 0
    for token in _brackets(text):
        mark = token[0]
        if mark in "[{":
            depth += 1
            if depth > MAX_DEPTH:
                raise _malformed(f"More than {MAX_DEPTH} levels of nesting", text, token.start())
        elif mark in "]}":
            depth -= 1


def _refuse(number: str) -> NoReturn:
    raise ValueError(number)


def _finite(number: str) -> float:
    value = float(number)
    if value - value == 0.0:        # an infinity less itself is NaN
        return value
    _refuse(number)


def _find_number(text: str, refused: str) -> int:
    """Where the first number stands that is the refused one, or one that int() refuses for its length."""
    limit = sys.get_int_max_str_digits() or len(text)
    for token in _numbers(text):
        digits = token[0].removeprefix("-")
        if token[0] == refused or (len(digits) > limit and digits.isdigit()):
            return token.start()
    return 0


# what JSONDecoder.decode() calls: (text, start) -> (value, end), StopIteration where no value begins
_decoder = JSONDecoder(parse_float=_finite, parse_constant=_refuse)
_scan: Callable[[str, int], tuple[Any, int]] = _decoder.scan_once   # type: ignore[attr-defined]


def _beyond_json(value: Any) -> Any:
    """A value of another type, in JSON's types or ones that come here in their turn."""
    from datetime import date, time
    from decimal import Decimal
    from enum import Enum
    from uuid import UUID

    if isinstance(value, date | time):          # a datetime is a date
        return value.isoformat()
    if isinstance(value, Decimal):
        # without an exponent, as one is read from a URL or a body; but 1E+999999 would be a megabyte
        return format(value, "f") if abs(value.adjusted()) <= 64 else str(value)
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    kind = type(value)
    if hasattr(kind, "__json__"):
        return value.__json__()
    if hasattr(kind, "__dataclass_fields__"):
        from dataclasses import fields

        return {field.name: getattr(value, field.name) for field in fields(value)}
    raise TypeError(f"{kind.__module__}.{kind.__qualname__} has no JSON form; give it a __json__() method, "
                    "or build a dict of it")


def _make_encoder(escape: Callable[[str], str]) -> Callable[[Any, int], Iterable[str]]:
    """What JSONEncoder.encode joins: (value, 0) -> pieces of text; made once, not for each value."""
    make = getattr(json_encoder, "c_make_encoder", None)
    if make is None:                            # another Python than CPython
        plain = JSONEncoder(ensure_ascii=escape is encode_basestring_ascii, check_circular=False,
                            allow_nan=False, separators=(",", ":"), default=_beyond_json)
        return lambda value, level: (plain.encode(value),)
    # markers=None: a kept dict of markers would go stale after an error and be shared between threads;
    # a circle is then a RecursionError
    encoder: Callable[[Any, int], Iterable[str]] = make(None, _beyond_json, escape, None, ":", ",",
                                                        False, False, False)
    return encoder


# (value, 0) -> the text in pieces; a lone surrogate is still in it
pieces = _make_encoder(encode_basestring)
_ascii_pieces = _make_encoder(encode_basestring_ascii)

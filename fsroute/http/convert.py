"""Text to values: what an annotation such as `int` or `list[date]` means in a path, a query, a form.

Rules this module keeps
-----------------------
1. ASCII only, one spelling: `int()` also takes "1_0", " 5", "+5" and "٣", which a URL must not.
2. Bounded before it is converted: a number's text is at most 64 characters, a whole number has 64 bits, so
   that it fits the column it is looked up in. All of it is linear in the text.
3. A text that does not convert raises ValueError. Its message follows the name of what was read, "must be
   ...": what was expected and, where that is not just some other text, what came; never the text itself.
4. An annotation is judged once, as a whole: what no text converts to is refused before there is a text.
5. Modules are loaded for the annotations that need them: uuid for a UUID, typing for more than a class.

    text       str                 as it came; so are Any and object
    number     int                 -?(0|[1-9][0-9]*), 64 bits
               float, Decimal      -?(0|[1-9][0-9]*)(\\.[0-9]+)?
    bool       bool                true false 1 0
    UUID       uuid.UUID           8-4-4-4-12 hex digits in any case
    time       datetime.date       YYYY-MM-DD
               datetime.datetime   RFC 3339: an offset or Z is required, at most six digits of a second
    choice     Enum, Literal       the text of a member's value: a str, int, float or bool
    absence    T | None            None for a blank, unless a blank is a T; no text spells null
    more       Annotated[T, f]     f(value) returns the value to use or raises ValueError
    list       list[T], Sequence[T], tuple[T, ...]
"""

from __future__ import annotations

import re

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from .shapes import Shape

CHECKABLE = "str, int, float, Decimal, bool, UUID, date, datetime, an Enum or Literal, T | None"
_TYPES = f"{CHECKABLE}, a list of those, or Annotated[str, f] with a function f that makes the value"
_TOO_LONG = 64          # characters of a number


class Unconvertible(TypeError):
    """An annotation that no text converts to: `problem` says why, `mend` what to write."""

    def __init__(self, problem: str, mend: str = f"take {_TYPES}") -> None:
        super().__init__(f"{problem}; {mend}")
        self.problem = problem
        self.mend = mend
        self._has_place = False

    def at(self, place: str) -> Unconvertible:
        """The same, said of a place; as it is where that is said already of one within."""
        if self._has_place:
            return self
        placed = Unconvertible(f"{place}: {self.problem}", self.mend)
        placed._has_place = True
        return placed


class Conversion:
    """How text becomes a value of one annotation.

    convert: from one text, or from a list of texts if is_list. Raises ValueError and nothing else, but for
        what functions in an Annotated raise besides.
    sample: a value that it may give; constraints are tried on it before any text comes.
    optional: None is one of its values.
    takes_blank: "" is a text like any other to it.
    expected: what a text must be, in words; "" where that is said elsewhere.
    """

    __slots__ = ("convert", "expected", "is_list", "optional", "sample", "takes_blank")

    def __init__(self, convert: Callable[[Any], Any], sample: Any, *, is_list: bool = False,
                 takes_blank: bool = False, expected: str = "") -> None:
        self.convert = convert
        self.expected = expected
        self.sample = sample
        self.is_list = is_list
        self.optional = False
        self.takes_blank = takes_blank


def conversion(annotation: Any) -> Conversion:
    """What the annotation means. Raises Unconvertible when no text converts to it."""
    try:
        return _plain(annotation) or _composed(annotation)
    except RecursionError:                      # type Tree = Tree | None
        raise Unconvertible(f"{shown(annotation)} refers to itself") from None


def converter(kind: Any) -> Callable[[str], Any]:
    """The function from one text to a value that `type=kind` asks for.

    kind: an annotation of one value; or any function of a text, or class of a user's, that raises ValueError.
    Raises Unconvertible otherwise. What is asked for during requests is worked out once.
    """
    try:
        known = _converters.get(kind)
    except TypeError:                           # it cannot be hashed
        return _converter(kind)
    if known is None:
        known = _converter(kind)
        # a lambda is a new one each time: to keep it would only fill the memory
        if _is_annotation(kind) and len(_converters) < 1_000:
            _converters[kind] = known
    return known


def shown(annotation: Any) -> str:
    """An annotation in an error's words."""
    return (annotation.__name__ if isinstance(annotation, type) else str(annotation))[:200]


def _converter(kind: Any) -> Callable[[str], Any]:
    if callable(kind) and not _is_annotation(kind):
        return _guarded(kind)
    made = conversion(kind)
    if made.is_list:
        raise Unconvertible(f"{shown(kind)} is more than one value", "take the type of one of them")
    return made.convert


def is_class_of_users(kind: type) -> bool:
    """Whether it is no class of Python's, and of none that a text becomes."""
    from enum import EnumType

    return kind.__module__ not in _NOT_OF_USERS and not isinstance(kind, EnumType) and _plain(kind) is None


def _is_annotation(kind: Any) -> bool:
    """Whether it says a type; if not, it may be something to call. Most types could be called as well."""
    if not isinstance(kind, type):
        # Literal["a"], list[int], int | None, a NewType
        return type(kind).__module__ in ("types", "typing", "typing_extensions", "collections.abc")
    return not is_class_of_users(kind)


# --- one value ---

# int = [ "-" ] ( "0" / nonzero *DIGIT ), and 19 digits hold every value of 64 bits
_is_int = re.compile(r"-?(?:0|[1-9][0-9]{0,18})").fullmatch


def unchanged(text: Any) -> Any:
    """Text, or a list of texts, as it came."""
    return text


def to_int(text: str) -> int:
    """A whole number of 64 bits. Raises ValueError otherwise."""
    if _is_int(text) and -(2**63) <= (number := int(text)) < 2**63:
        return number
    raise _refusal("a whole number of at most 64 bits", text)


def _refusal(expected: str, text: str) -> ValueError:
    came = "" if text else ", not blank"
    if len(text) > _TOO_LONG:
        came = f", not {len(text)} characters"
    return ValueError(f"must be {expected}{came}")


def _spelt(pattern: str, make: Callable[[str], Any], expected: str, sample: Any) -> Conversion:
    """What `make` makes of a text that the pattern matches; it may refuse one of those too."""
    matches = re.compile(pattern).fullmatch

    def to_value(text: str) -> Any:
        if matches(text):
            try:
                return make(text)
            except (ValueError, OverflowError):
                pass
        raise _refusal(expected, text)
    return Conversion(to_value, sample, expected=expected)


def _number(make: Callable[[str], Any]) -> Conversion:
    # decimal = int [ "." 1*DIGIT ]: neither ".5" nor "5.", as in JSON, and no exponent: "1e999999" is short.
    # "(?!.{65})" looks first whether it is too long.
    return _spelt(rf"(?!.{{{_TOO_LONG + 1}}})-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?", make,
                  f"a plain decimal number of at most {_TOO_LONG} characters", make("0"))


def _decimal() -> Conversion:
    from decimal import Decimal

    return _number(Decimal)                     # exact, whatever the context's precision


def _uuid() -> Conversion:
    from uuid import UUID

    # RFC 9562, 4: hex digits in any case. UUID() itself also takes braces, "urn:uuid:" and hyphens anywhere.
    return _spelt(r"[0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12}", UUID,
                  "a UUID of 36 characters with hyphens", UUID(int=0))


def _date() -> Conversion:
    from datetime import date

    # full-date of RFC 3339; date.fromisoformat also takes "20260131" and "2026-W05-6"
    return _spelt(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", date.fromisoformat,
                  "a date that exists, as YYYY-MM-DD", date(2000, 1, 1))


def _datetime() -> Conversion:
    from datetime import UTC, datetime

    def to_datetime(text: str) -> datetime:
        moment = datetime.fromisoformat(text.upper())
        moment.astimezone(UTC)                  # near the calendar's ends UTC may lie outside of it
        return moment

    # date-time of RFC 3339, 5.6, but for what a datetime cannot hold: a leap second, a seventh digit.
    # "T" and "Z" may be in lower case there. Hours end at 23 here because newer Pythons take "24:00".
    time = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]"
    return _spelt(rf"[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}[Tt]{time}:[0-5][0-9](?:\.[0-9]{{1,6}})?"
                  rf"(?:[Zz]|[+-]{time})", to_datetime,
                  "a date and time with its offset, such as 2026-01-31T12:00:00Z",
                  datetime(2000, 1, 1, tzinfo=UTC))


def _one_of(values: dict[str, Any], expected: str) -> Conversion:
    """One of some values, each by its text."""
    def to_value(text: str) -> Any:
        try:
            return values[text]
        except KeyError:
            raise _refusal(expected, text) from None
    return Conversion(to_value, next(iter(values.values())), takes_blank="" in values)


def _str() -> Conversion:
    return Conversion(unchanged, "", takes_blank=True)


# by name: whoever annotates with one of these has loaded its module, so that we need not
_CLASSES = {
    "builtins.str": "str", "builtins.int": "int", "builtins.float": "float", "builtins.bool": "bool",
    "builtins.object": "Any", "typing.Any": "Any", "decimal.Decimal": "Decimal", "uuid.UUID": "UUID",
    "datetime.date": "date", "datetime.datetime": "datetime"}
_SCALARS: dict[str, Callable[[], Conversion]] = {
    "str": _str, "Any": _str, "int": lambda: Conversion(to_int, 0), "float": lambda: _number(float),
    "bool": lambda: _one_of({"true": True, "false": False, "1": True, "0": False}, "true or false"),
    "Decimal": _decimal, "UUID": _uuid, "date": _date, "datetime": _datetime}
# modules whose other classes do not read texts, though some could be called with one: bytes, time
_NOT_OF_USERS = {"builtins", "collections", "collections.abc", "datetime", "enum", "types", "typing"}
_converters: dict[Any, Callable[[str], Any]] = {str: unchanged, int: to_int}


def _plain(kind: Any) -> Conversion | None:
    """The conversion of a class that stands for itself; None for any other annotation."""
    if not isinstance(kind, type):
        return None
    name = scalar_name(kind)
    return _SCALARS[name]() if name else None


def scalar_name(kind: type) -> str | None:
    """How the class of a single value is called here; None for any other class."""
    return _CLASSES.get(f"{kind.__module__}.{kind.__qualname__}")


# --- annotations made of others ---

def _composed(annotation: Any) -> Conversion:
    from .shapes import shape_of

    return conversion_of(shape_of(annotation))


def conversion_of(shape: Shape, scalars: Mapping[str, Callable[[], Conversion]] | None = None) -> Conversion:
    """What a shape means as text. Raises Unconvertible when no text converts to it.

    scalars: what its single values mean, by name, where that is no text.
    """
    from .shapes import Checked, Choice, Listing, Optional, Scalar

    match shape:
        case Scalar(name, _) if name in (scalars or _SCALARS):
            return (scalars or _SCALARS)[name]()
        case Choice(values, annotation):
            return _choice(values, annotation)
        case Optional(inner, _):
            return _or_none(conversion_of(inner, scalars))
        case Checked(inner, functions, annotation):
            return check_through(conversion_of(inner, scalars), functions, annotation)
        case Listing(inner, make, annotation):
            return _list(conversion_of(inner or Scalar("str", str), scalars), make, annotation)
    raise Unconvertible(f"{shown(shape.annotation)} is nothing that a text converts to")


def _or_none(made: Conversion) -> Conversion:
    """The same with None for a blank, unless a blank is a value of it."""
    base = made.convert

    def convert(text: str) -> Any:
        return base(text) if text else None
    if not made.is_list and not made.takes_blank:
        made.convert = convert
    made.optional = made.takes_blank = True
    return made


def _list(made: Conversion, make: type, annotation: Any) -> Conversion:
    if made.is_list:
        raise Unconvertible(f"{shown(annotation)} is a list of lists",
                            "write list[T] with the T of one value")
    one, sample = made.convert, make()
    if one is unchanged:
        return Conversion(unchanged if make is list else make, sample, is_list=True)

    def to_list(texts: Iterable[str]) -> Any:
        values = []
        for number, text in enumerate(texts, 1):
            try:
                values.append(one(text))
            except ValueError as fault:
                raise ValueError(f"item {number} {fault}") from None
        return values if make is list else make(values)
    return Conversion(to_list, sample, is_list=True)


def _choice(values: Iterable[Any], annotation: Any) -> Conversion:
    """One of the values of a Literal, or of the members of an Enum."""
    from enum import Enum

    by_text: dict[str, Any] = {}
    for meant in values:
        value = meant.value if isinstance(meant, Enum) else meant
        text = _text_of(value)
        if text is None:
            kind = type(value).__name__
            raise Unconvertible(f"{shown(annotation)} has a value of {kind} that no text spells",
                                "use values of str, int, float or bool")
        if by_text.setdefault(text, meant) is not meant:    # "1" and 1; two names of one member are no matter
            raise Unconvertible(f"{shown(annotation)} has two values with the text {text[:80]!r}",
                                "use values with different texts")
    if not by_text:
        raise Unconvertible(f"{shown(annotation)} has no values", "give it some, or take str")
    texts = [text[:80] for text in by_text]
    expected = "one of " * (len(texts) > 1) + ", ".join(texts[:20]) + ", ..." * (len(texts) > 20)
    return _one_of(by_text, expected)


def is_utf8(text: str) -> bool:
    """Whether it can be written down: half of a surrogate pair cannot."""
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _text_of(value: Any) -> str | None:
    """How a client spells it, None for what has no spelling; int and bool exactly, for True equals 1."""
    kind = type(value)
    if kind is bool:
        return "true" if value else "false"
    if kind is str or kind is float or (kind is int and -(2**63) <= value < 2**63):
        return str(value)
    return None


# --- functions of users ---

def _guarded(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """The function, with one way to fail. Only a plain ValueError tells the client its message."""
    def convert(value: Any) -> Any:
        try:
            return function(value)
        except (ValueError, ArithmeticError) as fault:
            # what int() says is for programmers, and repeats the text
            is_told = type(fault) is ValueError and getattr(function, "__module__", "") != "builtins"
            raise ValueError((is_told and str(fault)) or "is not accepted") from None
    return convert


def check_through(base: Conversion, functions: tuple[Any, ...], annotation: Any) -> Conversion:
    """The base, and its value through each function in turn; None passes them by."""
    _try(base.sample, functions, annotation)
    guarded = [_guarded(function) for function in functions]
    # a function may sort or empty the list it is given, and the caller's must stay what was sent
    read: Callable[[Any], Any] = list if base.is_list and base.convert is unchanged else base.convert
    optional = base.optional                    # of the base: what is made here may get a "| None" yet

    def convert(text: Any) -> Any:
        value = read(text)
        for function in guarded:
            if value is None and optional:
                break
            value = function(value)
            if value is None and not optional:         # most likely it lacks its "return value"
                raise TypeError(f"a function in {shown(annotation)} returned None instead of the value")
        return value
    base.convert = convert
    return base


def _try(value: Any, functions: tuple[Any, ...], annotation: Any) -> None:
    """Finds at start what would fail with every text: a Range of numbers on a str, a bare `Range`."""
    from .constraints import Constraint

    ours = True             # what a user's function returns is not known, so no test after it
    for function in functions:
        if getattr(function, "__module__", "") == "fsroute.http.forms":
            name = getattr(function, "__name__", type(function).__name__)
            raise Unconvertible(f"{shown(annotation)} has a {name} inside, which marks a whole body",
                                f"write Annotated[T, {name}] for an argument of a handler")
        if not callable(function):
            raise Unconvertible(f"{shown(annotation)} has {function!r:.80}, which cannot be called",
                                "put functions there that return the value or raise ValueError")
        if isinstance(function, type) and issubclass(function, Constraint):
            raise Unconvertible(f"{shown(annotation)} has {function.__name__} without its limits",
                                f"write {function.__name__}(...)")
        ours = ours and isinstance(function, Constraint)
        if ours:
            try:
                function(value)
            except (ValueError, ArithmeticError):
                pass
            except TypeError as fault:
                raise Unconvertible(f"{function!r} does not fit {type(value).__name__}: {fault}",
                                    "use limits of the type they are for") from None

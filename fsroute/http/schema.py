"""Schema: what a parsed JSON value must be for an annotation, and the value it then becomes.

Rules this module keeps
-----------------------
1. Strict: "1" is no int, nor is true or 1.0; nothing is made of another type but what JSON has no word for, a
   UUID, a date, a Decimal. Those are read from the texts that a URL would take (see convert). A float takes a
   whole number too, as JavaScript writes 1.0, and a Decimal any number of at most 64 characters.
2. Text is Unicode: half of a surrogate pair, which JSON can spell, could be stored or sent nowhere.
3. Members that a class does not have are ignored and go nowhere; they are faults where the class says
   `__extra__ = "forbid"`.
4. Every fault is told, each with its place, an RFC 6901 pointer: what was expected and which type came, never
   the value. More than a hundred are not looked for, and a place is cut at 200 characters.
5. What tells the classes of a union apart is read first, and only the class that it names looks at the rest.
6. An annotation is compiled once, at start where it is a handler's. A value without fault costs a call for
   each member that is no plain str, float or bool, and nothing else is made.
"""

from __future__ import annotations

from .convert import (
    CHECKABLE,
    Conversion,
    Unconvertible,
    check_through,
    conversion_of,
    is_utf8,
    shown,
    unchanged,
)
from .errors import MOST_ERRORS, ValidationError
from .jsontext import dumps
from .shapes import (
    Checked,
    Choice,
    Listing,
    Optional,
    Record,
    Scalar,
    Table,
    Tagged,
    forbids_others,
    json_key,
    members,
    remembered,
    shape_of,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from .shapes import Shape

    Check = Callable[[Any], Any]
    Known = list[tuple[Any, "_RecordCheck"]]        # each by all that it is made from

_TYPES = f"a dataclass, a TypedDict, a list[T] or dict[str, T] of those, {CHECKABLE}"
_KINDS = {dict: "an object", list: "an array", str: "a string", bool: "a boolean", int: "a whole number",
          float: "a number with a point or exponent", type(None): "null"}
_ABSENT: Any = object()
_CUT = 200              # characters of a pointer


class Invalid(ValueError):
    """Faults in a value: the pointer and the message of each."""

    def __init__(self, faults: list[tuple[str, str]]) -> None:
        super().__init__(faults)
        self.faults = faults


def compiled(annotation: Any) -> Check:
    """The function from a parsed JSON value to a value of the annotation.

    It raises ValidationError for a value that is none. Raises Unconvertible for an annotation that JSON has
    no values of.
    """
    try:
        check = _of(shape_of(annotation), []).convert
    except RecursionError:                      # a Node[T] that has a Node[list[T]]
        raise Unconvertible(f"{shown(annotation)} refers to itself, each time with other types",
                            "take a class that refers to itself as it is") from None

    def validated(value: Any) -> Any:
        try:
            return check(value)
        except ValueError as fault:
            faults = fault.faults if isinstance(fault, Invalid) else [("", str(fault))]
        except RecursionError:
            if not _is_deep(value):             # a function of a user's did that
                raise
            faults = [("", "has too many levels")]
        raise ValidationError([{"in": "body", "name": place, "message": told} for place, told in faults])
    return validated


checker = remembered(compiled)
"""As compiled() does, for an annotation that is given with a request: it is compiled the first time."""


def _is_deep(value: Any) -> bool:
    """Whether there are more than a hundred levels. Functions between them take frames of their own."""
    level = [value]
    for _ in range(100):
        level = [inner for each in level if isinstance(each, list | dict)
                 for inner in (each.values() if isinstance(each, dict) else each)]
    return bool(level)


def _of(shape: Shape, known: Known, null: str = "") -> Conversion:
    """What a shape means as JSON. null: what a message says where null is allowed too."""
    match shape:
        case Scalar(name, _) if name in _SCALARS:
            return _SCALARS[name](null)
        case Scalar(name, _) if name in ("UUID", "date", "datetime"):
            return _spelt(conversion_of(shape), null)
        case Choice(values, annotation):
            return _choice(values, annotation, null)
        case Optional(inner, _):
            return _or_null(_of(inner, known, " or null"))
        case Checked(inner, functions, annotation):
            return check_through(_of(inner, known, null), functions, annotation)
        case Listing(inner, make, _):
            return _list(_of(inner, known).convert if inner else unchanged, make, null)
        case Table(inner, _):
            return _table(_of(inner, known).convert if inner else unchanged, null)
        case Record():
            return Conversion(_record(shape, known, null).check, object())
        case Tagged(tag, records, _):
            checks: dict[Any, Check] = {key: _record(each, known).check for key, each in records.items()}
            return _tagged(tag, checks, null)
    raise Unconvertible(f"{shown(shape.annotation)} is nothing that JSON converts to", f"take {_TYPES}")


def _wrong(expected: str, value: Any) -> ValueError:
    return ValueError(f"must be {expected}, not {_KINDS.get(type(value), 'that')}")


def _note(faults: list[tuple[str, str]], place: str, fault: ValueError) -> None:
    """Adds what was wrong at a place below. Raises Invalid when that is enough."""
    found = fault.faults if isinstance(fault, Invalid) else [("", str(fault))]
    left = MOST_ERRORS + 1 - len(faults)        # levels that hold a hundred each would add up
    # "~" alone is no part of a pointer, should "~1" be cut in two
    faults += [((place + pointer)[:_CUT].removesuffix("~"), message) for pointer, message in found[:left]]
    if len(faults) > MOST_ERRORS:
        raise Invalid(faults)


def _step(name: str) -> str:
    """The part of a pointer that leads to a member (RFC 6901, 3)."""
    return "/" + name[:_CUT].replace("~", "~0").replace("/", "~1")


# --- one value ---

def _str(null: str) -> Conversion:
    def to_str(value: Any) -> str:
        if type(value) is str:
            if value.isascii() or is_utf8(value):
                return value
            raise ValueError("must be text, not half of a surrogate pair")
        raise _wrong("a string" + null, value)
    return Conversion(to_str, "")


def _int(null: str) -> Conversion:
    def to_int(value: Any) -> int:
        if type(value) is int:
            if -(2**63) <= value < 2**63:
                return value
            raise ValueError(f"must be a whole number of at most 64 bits{null}, not a larger one")
        raise _wrong("a whole number of at most 64 bits" + null, value)
    return Conversion(to_int, 0)


def _float(null: str) -> Conversion:
    def to_float(value: Any) -> float:
        if type(value) is float:
            return value
        if type(value) is int:
            try:
                return float(value)
            except OverflowError:
                raise ValueError(f"must be a number{null}, not a larger one") from None
        raise _wrong("a number" + null, value)
    return Conversion(to_float, 0.0)


def _bool(null: str) -> Conversion:
    def to_bool(value: Any) -> bool:
        if type(value) is bool:
            return value
        raise _wrong("true or false" + null, value)
    return Conversion(to_bool, True)


def _decimal(null: str) -> Conversion:
    from decimal import Decimal

    text = conversion_of(Scalar("Decimal", Decimal))
    spelt = _spelt(text, null)

    def to_decimal(value: Any) -> Decimal:
        if type(value) in (int, float):
            number = Decimal(repr(value))       # of a float the shortest that reads as it, if that is short
            if type(value) is float and len(number.as_tuple().digits) > 15:
                raise ValueError("must be in a string where it has more than 15 digits")
            value = format(number, "f")
        return spelt.convert(value)             # type: ignore[no-any-return]
    return Conversion(to_decimal, text.sample)


def _any(null: str) -> Conversion:
    return Conversion(unchanged, object())


_SCALARS: dict[str, Callable[[str], Conversion]] = {
    "str": _str, "int": _int, "float": _float, "bool": _bool, "Decimal": _decimal, "Any": _any}


def _spelt(text: Conversion, null: str) -> Conversion:
    """What is written in a string."""
    convert, expected = text.convert, text.expected + null

    def to_value(value: Any) -> Any:
        if type(value) is str:
            return convert(value)
        raise _wrong(expected, value)
    return Conversion(to_value, text.sample)


def _choice(values: Sequence[Any], annotation: Any, null: str) -> Conversion:
    for kind, value in map(json_key, values):
        if kind not in (str, int, float, bool) or (kind is float and value - value != 0.0):     # not finite
            raise Unconvertible(f"{shown(annotation)} has a value of {kind.__name__} that JSON cannot spell",
                                "use values of str, int, float or bool")
    if not values:
        raise Unconvertible(f"{shown(annotation)} has no values", "give it some, or take str")
    chosen = {json_key(value): value for value in values}
    return Conversion(_one_of(chosen, null), values[0])


def _one_of(chosen: dict[tuple[type, Any], Any], null: str) -> Check:
    """One of the values, by what json_key says of them."""
    kinds = {kind for kind, _ in chosen}
    words = [dumps(value).decode()[:80] for _, value in chosen]
    expected = "one of " * (len(words) > 1) + ", ".join(words[:20]) + ", ..." * (len(words) > 20) + null

    def to_value(value: Any) -> Any:
        if type(value) not in kinds:
            raise _wrong(expected, value)
        try:
            return chosen[type(value), value]
        except KeyError:
            raise ValueError(f"must be {expected}") from None
    return to_value


def _or_null(made: Conversion) -> Conversion:
    check = made.convert

    def to_value(value: Any) -> Any:
        return None if value is None else check(value)
    made.convert, made.optional = to_value, True
    return made


# --- several ---

def _list(check: Check, make: type, null: str) -> Conversion:
    def to_list(value: Any) -> Any:
        if type(value) is not list:
            raise _wrong("an array" + null, value)
        made: list[Any] = []
        faults: list[tuple[str, str]] = []
        for item in value:
            try:
                made.append(check(item))
            except ValueError as fault:
                _note(faults, f"/{len(made)}", fault)
                made.append(None)               # so that the next one's number is right
        if faults:
            raise Invalid(faults)
        return made if make is list else make(made)
    return Conversion(to_list, make())


def _table(check: Check, null: str) -> Conversion:
    def to_dict(value: Any) -> dict[str, Any]:
        if type(value) is not dict:
            raise _wrong("an object" + null, value)
        made: dict[str, Any] = {}
        faults: list[tuple[str, str]] = []
        for name, item in value.items():
            try:
                if not is_utf8(name):
                    raise ValueError("must have a name of text, not of half a surrogate pair")
                made[name] = check(item)
            except ValueError as fault:
                _note(faults, _step(name), fault)
        if faults:
            raise Invalid(faults)
        return made
    return Conversion(to_dict, {})


def _tagged(tag: str, checks: dict[tuple[type, Any], Check], null: str) -> Conversion:
    choose, place = _one_of(checks, ""), _step(tag)

    def to_value(value: Any) -> Any:
        if type(value) is not dict:
            raise _wrong("an object" + null, value)
        if tag not in value:
            raise Invalid([(place, "is missing")])
        try:
            check = choose(value[tag])
        except ValueError as fault:
            raise Invalid([(place, str(fault))]) from None
        return check(value)
    return Conversion(to_value, object())


class _RecordCheck:
    """The check of one class. It is there before those of its members are, which may be of the same class."""

    __slots__ = ("_expected", "_make", "members", "only")

    def __init__(self, kind: Any, null: str) -> None:
        self._expected = "an object" + null
        self._make = builder(kind)
        self.only: set[str] | None = None       # the names that there may be, None for any
        # name, pointer, whether it is required, the type that is taken as it comes, check
        self.members: list[tuple[str, str, bool, type | None, Check]] = []

    def check(self, value: Any) -> Any:
        if type(value) is not dict:
            raise _wrong(self._expected, value)
        given = value.get
        made: dict[str, Any] = {}
        faults: list[tuple[str, str]] = []
        for name, place, required, plain, check in self.members:
            member: Any = given(name, _ABSENT)
            # most members are of such a type; without the call an order of 20 lines takes 24 us, not 27
            kind = type(member)
            if kind is plain and (kind is not str or member.isascii()):
                made[name] = member
            elif member is not _ABSENT:
                try:
                    made[name] = check(member)
                except ValueError as fault:
                    _note(faults, place, fault)
            elif required:
                _note(faults, place, ValueError("is missing"))
        if self.only is not None:
            for name in value:
                if name not in self.only:
                    _note(faults, _step(name), ValueError("is not expected"))
        if faults:
            raise Invalid(faults)
        return self._make(**made)


def _record(record: Record, known: Known, null: str = "") -> _RecordCheck:
    key = record.kind, null, *record.arguments.values()
    made = next((made for other, made in known if other == key), None)     # not every Annotated has a hash
    if made is None:
        made = _RecordCheck(record.kind, null)
        known.append((key, made))
        for name, annotation, required in members(record):
            try:
                check = _of(shape_of(annotation), known).convert
            except Unconvertible as fault:
                raise fault.at(f"{shown(record.kind)}.{name}") from None
            plain = next((kind for kind in (str, bool, float) if annotation is kind), None)
            made.members.append((name, _step(name), required, plain, check))
        made.only = {name for name, *_ in made.members} if forbids_others(record.kind) else None
    return made


def builder(kind: Any) -> Callable[..., Any]:
    """What makes a value of a dataclass or TypedDict from its members by name.

    Raises ValueError where `__post_init__` does, with its message if it is a plain ValueError; whatever else
    is raised there passes.
    """
    if not hasattr(kind, "__post_init__"):
        return kind             # type: ignore[no-any-return]

    def make(**members: Any) -> Any:
        try:
            return kind(**members)
        except ValueError as fault:
            told = str(fault) if type(fault) is ValueError else ""
            raise ValueError(told or "is not accepted") from None
    return make

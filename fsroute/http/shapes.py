"""Shapes: an annotation, taken apart once.

Rules this module keeps
-----------------------
1. What an annotation may be made of is known here alone: aliases, NewType, Annotated, unions, generic
   classes, names in quotes. What a shape means as text, as JSON or in an OpenAPI document is said where it is
   used.
2. A shape is data and holds no names to be looked up later, but for the members of a class, which may be of
   the class itself: those are read when they are asked for.
3. What is no type that anything is read from is Foreign; its user knows which types there could be instead.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from enum import Enum, EnumType
from functools import lru_cache
from types import UnionType
from typing import (
    Annotated,
    Any,
    ClassVar,
    Literal,
    NamedTuple,
    NewType,
    TypeVar,
    Union,
    get_args,
    get_origin,
    get_type_hints,
)

from .convert import Unconvertible, scalar_name, shown

T = TypeVar("T")


class Scalar(NamedTuple):
    """One value: "str", "int", "float", "bool", "Decimal", "UUID", "date", "datetime", "Any" or "file"."""

    name: str
    annotation: Any


class Choice(NamedTuple):
    """One of the values of a Literal, or of the members of an Enum."""

    values: tuple[Any, ...]
    annotation: Any


class Optional(NamedTuple):
    """That, or None."""

    inner: Any
    annotation: Any


class Checked(NamedTuple):
    """That, through each of the functions of an Annotated in turn."""

    inner: Any
    functions: tuple[Any, ...]
    annotation: Any


class Listing(NamedTuple):
    """Any number of those. inner: None where it was left out. make: list or tuple."""

    inner: Any
    make: type
    annotation: Any


class Table(NamedTuple):
    """Those by name. inner: None where it was left out."""

    inner: Any
    annotation: Any


class Record(NamedTuple):
    """A dataclass or TypedDict. arguments: what stands for its type variables."""

    kind: Any
    arguments: Mapping[Any, Any]
    annotation: Any


class Tagged(NamedTuple):
    """One of several classes. tag: the member that tells which. records: the class for each value of it."""

    tag: str
    records: Mapping[Any, Record]
    annotation: Any


class Foreign(NamedTuple):
    """Anything else."""

    annotation: Any


Shape = Scalar | Choice | Optional | Checked | Listing | Table | Record | Tagged | Foreign


class Member(NamedTuple):
    """One member of a class. required: whether the class has no value for it where it is left out."""

    name: str
    annotation: Any
    required: bool


def remembered(make: Callable[[Any], T]) -> Callable[[Any], T]:
    """The same function of an annotation, which keeps what it made."""
    kept = lru_cache(1_000)(make)           # bounded: a class made in a function is a new one each time

    def made(annotation: Any) -> T:
        try:
            hash(annotation)
        except TypeError:                       # it is not kept
            return make(annotation)
        return kept(annotation)
    return made


def shape_of(annotation: Any) -> Shape:
    """What the annotation is made of. Raises Unconvertible for what is made of nothing that makes sense."""
    try:
        return _shape(annotation)
    except RecursionError:                      # type Tree = Tree | None
        raise Unconvertible(f"{shown(annotation)} refers to itself") from None


def _shape(annotation: Any) -> Shape:
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if origin is Annotated and arguments:
        return Checked(_shape(arguments[0]), arguments[1:], annotation)
    if origin is Union or origin is UnionType:
        return _union(arguments, annotation)
    if origin is Literal:
        values = tuple([value for value in arguments if value is not None])
        choice = Choice(values, annotation)
        return Optional(choice, annotation) if None in arguments else choice
    if origin is list or origin is Sequence:
        return _listing((*arguments, ...), list, annotation)
    if origin is tuple:                         # a bare one has no __args__, tuple[()] has an empty one
        return _listing(getattr(annotation, "__args__", (...,)), tuple, annotation)
    if origin is dict or origin is Mapping:
        if arguments and arguments[0] is not str:
            raise Unconvertible(f"{shown(annotation)} has keys that are no str", "write dict[str, T]")
        return Table(_shape(arguments[1]) if arguments else None, annotation)
    if isinstance(annotation, EnumType):
        return Choice(tuple(annotation.__members__.values()), annotation)
    if isinstance(annotation, NewType):
        return _shape(annotation.__supertype__)
    if is_record(origin):
        names = getattr(origin, "__parameters__", ())
        return Record(origin, dict(zip(names, arguments, strict=False)), annotation)
    if isinstance(annotation, type):
        is_file = (annotation.__module__, annotation.__name__) == ("fsroute.http.forms", "UploadedFile")
        name = "file" if is_file else scalar_name(annotation)
        return Scalar(name, annotation) if name else Foreign(annotation)
    value = behind(annotation)
    return Foreign(annotation) if value is annotation else _shape(value)


def _listing(arguments: tuple[Any, ...], make: type, annotation: Any) -> Listing:
    if len(arguments) > 2 or arguments[-1:] != (...,):
        raise Unconvertible(f"{shown(annotation)} has a type for each place",
                            "write list[T] or tuple[T, ...]")
    return Listing(_shape(arguments[0]) if len(arguments) == 2 else None, make, annotation)


def is_record(kind: Any) -> bool:
    """Whether it is a dataclass or a TypedDict."""
    return isinstance(kind, type) and (hasattr(kind, "__dataclass_fields__") or _is_typed_dict(kind))


def _is_typed_dict(kind: Any) -> bool:
    return hasattr(kind, "__required_keys__")


def behind(annotation: Any) -> Any:
    """What an alias stands for, `type Name = ...` or `Name[arguments]`; what is none stands for itself.

    Raises Unconvertible for one that cannot be resolved.
    """
    import typing

    alias: Any = getattr(typing, "TypeAliasType", ())       # Python 3.12
    origin = get_origin(annotation) or annotation
    if not isinstance(origin, alias):
        return annotation
    try:
        arguments = dict(zip(origin.__type_params__, get_args(annotation), strict=False))
        return _filled(origin.__value__, arguments)
    except RecursionError:
        raise
    except Exception as fault:                  # it is evaluated here, and may be any expression
        raise Unconvertible(f"{shown(annotation)} cannot be resolved: {fault}",
                            "import the names it uses at run time") from None


# --- unions ---

def _union(arguments: tuple[Any, ...], annotation: Any) -> Shape:
    shapes = [_shape(kind) for kind in arguments if kind is not type(None)]
    if len(shapes) == 1:
        whole = shapes[0]
    else:
        records = [shape for shape in shapes if isinstance(shape, Record)]
        if len(records) < len(shapes) or not records:
            raise Unconvertible(f"{shown(annotation)} is a union of more than one type and None",
                                "take one of them, or str and tell them apart in the handler; in a body, "
                                "dataclasses that a Literal field tells apart")
        whole = _tagged(records, annotation)
    if type(None) not in arguments or isinstance(whole, Optional):
        return whole
    return Optional(whole, annotation)


def _tagged(records: Sequence[Record], annotation: Any) -> Tagged:
    """The records by the values of the first member that is a Literal in each and nowhere the same."""
    literals = [{member.name: _literal(member) for member in members(record)} for record in records]
    for tag in literals[0]:
        by_value = {value: record for record, found in zip(records, literals, strict=True)
                    for value in found.get(tag, ())}
        values = [found.get(tag, ()) for found in literals]
        if all(values) and len(by_value) == sum(map(len, values)):
            return Tagged(tag, by_value, annotation)
    raise Unconvertible(f"nothing tells the classes of {shown(annotation)} apart",
                        'give each a field such as kind: Literal["card"], with a value of its own')


def _literal(member: Member) -> list[tuple[type, Any]]:
    """The values of a member that is a Literal, each with its type, for 1 equals True; else none."""
    values = get_args(member.annotation) if get_origin(member.annotation) is Literal else ()
    return [(kind, value) for kind, value in map(json_key, values) if kind in (str, int, float, bool)]


def json_key(value: Any) -> tuple[type, Any]:
    """What two values of a choice have in common if JSON spells them alike: 1 is neither 1.0 nor true."""
    value = value.value if isinstance(value, Enum) else value
    return type(value), value


# --- classes ---

def forbids_others(kind: Any) -> bool:
    """Whether the class says `__extra__ = "forbid"`: nothing may be sent but its members."""
    from dataclasses import fields

    if hasattr(kind, "__dataclass_fields__") and any(field.name == "__extra__" for field in fields(kind)):
        raise Unconvertible(f"{shown(kind)} has __extra__ for a member, which a client could send",
                            'leave out its annotation: __extra__ = "forbid"')
    extra = getattr(kind, "__extra__", "ignore")
    if extra not in ("ignore", "forbid"):
        raise Unconvertible(f"{shown(kind)} has __extra__ = {extra!r:.80}",
                            'write __extra__ = "forbid", or leave it out: other members are ignored')
    return bool(extra == "forbid")


def members(record: Record) -> list[Member]:
    """What a class is made of, as far as it is given to it. Raises Unconvertible for what cannot be made."""
    kind = record.kind
    try:
        hints = get_type_hints(kind, include_extras=True)
    except Exception as fault:                  # an annotation may be any expression
        raise Unconvertible(f"{shown(kind)} has an annotation that cannot be resolved: {fault}",
                            "import the name it uses at run time, at the module's top level") from None
    found = _of_typed_dict(kind, hints) if _is_typed_dict(kind) else _of_dataclass(kind, hints)
    return [Member(name, _filled(hint, _bound(kind, name, record.arguments)), required)
            for name, hint, required in found]


def _of_dataclass(kind: Any, hints: Mapping[str, Any]) -> list[Member]:
    from dataclasses import MISSING, InitVar
    from inspect import signature

    found = []
    for name, field in kind.__dataclass_fields__.items():       # those that are InitVar too
        hint = hints[name]
        if field.init and get_origin(hint) is not ClassVar and hint is not ClassVar:
            hint = hint.type if isinstance(hint, InitVar) else hint
            found.append(Member(name, hint, field.default is field.default_factory is MISSING))
    if {*signature(kind).parameters} != {member.name for member in found}:
        raise Unconvertible(f"{shown(kind)} has an __init__ of its own",
                            "leave it to dataclass; __post_init__ may check and compute")
    return found


_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")


def _of_typed_dict(kind: Any, hints: Mapping[str, Any]) -> list[Member]:
    found = []
    for name, hint in hints.items():
        # which takes Required in quotes for no Required
        found.append(Member(name, *_qualified(hint, name in kind.__required_keys__)))
    return found


def _qualified(hint: Any, required: bool) -> tuple[Any, bool]:
    """The annotation without qualifiers, which may stand in an Annotated too (PEP 655), and what they say."""
    origin = get_origin(hint)
    if origin is Annotated:
        inner, required = _qualified(hint.__origin__, required)
        annotated: Any = Annotated
        return annotated[(inner, *hint.__metadata__)], required
    qualifier = getattr(origin, "_name", None)
    if qualifier not in _QUALIFIERS:
        return hint, required
    return _qualified(get_args(hint)[0], required if qualifier == "ReadOnly" else qualifier == "Required")


# --- type variables ---

def _bound(kind: Any, name: str, arguments: Mapping[Any, Any]) -> Mapping[Any, Any]:
    """What stands for the variables in a member's annotation: those of the class that it comes from."""
    if name not in kind.__annotations__ or _is_typed_dict(kind):        # a TypedDict's have the inherited too
        for base in kind.__dict__.get("__orig_bases__", kind.__bases__):
            origin = get_origin(base) or base
            if is_record(origin) and name in getattr(origin, "__dataclass_fields__", origin.__annotations__):
                given = [_filled(each, arguments) for each in get_args(base)]
                names = getattr(origin, "__parameters__", ())
                return _bound(origin, name, dict(zip(names, given, strict=False)))
    return arguments


def _filled(hint: Any, arguments: Mapping[Any, Any]) -> Any:
    """The annotation with types in place of type variables: list[T] of Page[int] is list[int]."""
    if isinstance(hint, TypeVar):
        return arguments.get(hint, hint)
    variables = () if isinstance(hint, type) else getattr(hint, "__parameters__", ())
    return hint[tuple([arguments.get(each, each) for each in variables])] if variables else hint

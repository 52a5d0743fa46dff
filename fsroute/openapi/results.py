"""Results: the answers that come of what a handler, or an error file, says that it returns.

Rules this module keeps
-----------------------
1. A result becomes an answer as endpoint.py makes it: dict, list and dataclass are JSON, a str is text/plain,
   bytes and iterators are application/octet-stream, a triple has its own status.
2. A Response, and what says nothing, may be any success or redirect.
3. None is never an answer, but for the body of a triple. Of an error file it means that the next one is
   asked.
"""

from __future__ import annotations

from collections.abc import Awaitable, Coroutine, Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Literal, NamedTuple, Never, NewType, NoReturn, Union, get_args, get_origin

from ..handlers.signature import NONE, returned
from ..http.convert import Unconvertible
from ..http.response import Response
from ..http.shapes import Checked, Choice, Listing, Optional, Record, Scalar, Table, Tagged, behind, shape_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .schemas import Schema, Schemas


class Result(NamedTuple):
    """One form of an answer. status: a code, "2XX" or "3XX". media: its type, "" where there is no body."""

    status: str
    media: str
    schema: Schema


# a 204 is the one success without a Content-Type
_ANYTHING = [Result("2XX", "*/*", {}), Result("204", "", {}), Result("3XX", "", {})]


def results(annotation: Any, schemas: Schemas) -> list[Result]:
    """The forms of answers that come of it."""
    try:
        return _results(annotation, schemas)
    except RecursionError:                      # type Tree = Tree | None
        return _ANYTHING


def may_be_none(annotation: Any) -> bool:
    """Whether None is among what the annotation says."""
    return NoneType in _parts(annotation)


def _results(annotation: Any, schemas: Schemas) -> list[Result]:
    parts = [part for part in _parts(annotation) if part is not NoneType]
    return [result for part in parts for result in _of_part(part, schemas)]


def _parts(annotation: Any) -> list[Any]:
    """What a union is made of, names for something and Annotated taken off; just itself if it is none."""
    bare = _bare(annotation)
    if get_origin(bare) in (Union, UnionType):
        return [part for each in get_args(bare) for part in _parts(each)]
    return [NoneType if bare is None else bare]


def _bare(annotation: Any) -> Any:
    """What stands behind names for it and Annotated."""
    origin = get_origin(annotation) or annotation
    if origin is Annotated:
        return _bare(get_args(annotation)[0])
    if isinstance(origin, NewType):
        return _bare(origin.__supertype__)
    try:
        value = behind(annotation)
    except Unconvertible:
        return NONE
    return annotation if value is annotation else _bare(value)


def _of_part(annotation: Any, schemas: Schemas) -> list[Result]:
    origin, arguments = get_origin(annotation) or annotation, get_args(annotation)
    if origin is tuple and len(arguments) == 3:
        return _of_triple(*arguments, schemas)
    if origin in (Coroutine, Awaitable) and arguments:
        return _results(arguments[-1], schemas)
    if origin in (Never, NoReturn):
        return []
    media, schema = _form(annotation, origin if isinstance(origin, type) else object, schemas)
    return [Result("200", media, schema)] if media else _ANYTHING


def _of_triple(status: Any, headers: Any, body: Any, schemas: Schemas) -> list[Result]:
    found = _results(body, schemas)
    if may_be_none(body):
        found = [*found, Result("200", "", {})]
    return [Result(code, media, schema) for code in dict.fromkeys(_statuses(status))
            for _, media, schema in found]


def _statuses(annotation: Any) -> Iterator[str]:
    """The codes that it says, "2XX" for one that it does not."""
    for part in _parts(annotation):
        for value in get_args(part) if get_origin(part) is Literal else (None,):
            is_known = isinstance(value, int) and 200 <= value <= 599
            yield str(int(value)) if is_known else "2XX"    # HTTPStatus.OK is an int


def _form(annotation: Any, kind: type, schemas: Schemas) -> tuple[str, Schema]:
    """The media type of one result and its schema; "" for what does not say. kind: the class it is of."""
    if issubclass(kind, bytes | Iterator):
        return "application/octet-stream", {}
    if hasattr(kind, "__dataclass_fields__") and hasattr(kind, "__json__"):
        return "application/json", schemas.of_json(returned(kind.__json__))
    try:
        shape = base = shape_of(annotation)
    except Unconvertible:
        return _strange(kind)
    while isinstance(base, Checked | Optional):
        base = base.inner
    if isinstance(base, Scalar) and base.name == "str":
        return "text/plain", schemas.of_shape(shape)
    if isinstance(base, Choice):
        is_text = all(isinstance(value, str) for value in base.values)
        return ("text/plain", schemas.of_shape(base)) if is_text else _strange(kind)
    is_list = isinstance(base, Listing) and base.make is list
    if is_list or isinstance(base, Record | Tagged | Table):
        return "application/json", schemas.of_shape(shape)
    return _strange(kind)


def _strange(kind: type) -> tuple[str, Schema]:
    """The same of a class that nothing is read from."""
    if issubclass(kind, Response):
        return "", {}
    if issubclass(kind, str):
        return "text/plain", {"type": "string"}
    if issubclass(kind, dict) or hasattr(kind, "__dataclass_fields__"):
        return "application/json", {"type": "object"}
    return ("application/json", {"type": "array"}) if issubclass(kind, list) else ("", {})

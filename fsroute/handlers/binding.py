"""Binding: a handler as a function of the request alone.

Rules this module keeps
-----------------------
1. Arguments are bound by name, once, at start. What runs per request is a call with the values in place,
   the handler itself where it takes just the request.
2. `params` holds the raw text always; an annotation converts the argument, not the mapping.
3. The path comes first, alone: a value of it that does not convert is a 404, for that URL names nothing. Then
   what is read of the query and the body, a 400 with all that is wrong.
4. An annotation to which nothing could convert is a fault at start; Any and object take the value as it came.

A *reader* takes the request and gives one argument's value.
"""

from __future__ import annotations

from functools import partial

from ..http.convert import Unconvertible, conversion, shown, unchanged
from ..http.errors import HTTPError
from .plan import BindingError, plan, unconvertible, unresolved
from .signature import NONE, Unresolved, is_plain

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any

    from ..http.request import Request
    from ..routing.route import Segment
    from .plan import Argument, Plan

    Reader = Callable[[Request], Any]


def bind(handler: Callable[..., Any], segments: Iterable[Segment], method: str = "GET",
         max_body: int | None = 2**20) -> Callable[[Request], Any]:
    """The handler as a function of the request alone.

    segments: of the route's pattern; its dynamic ones are names the handler may take. max_body: the limit of
    the route's bodies.
    Raises BindingError for the first argument that cannot be filled.
    """
    made = plan(handler, segments, method)
    if made.is_form and max_body is None:
        raise BindingError("takes a form, which needs a limit, and max_body is None",
                           "set one in this file, such as max_body = 50 * 2**20")
    by_position: list[Reader] = []
    by_name: dict[str, Reader] = {}
    for argument in made.arguments:
        if argument.role in ("query", "body"):
            continue
        reader = _reader(argument, made)
        leads = reader is _request and argument.how == "either" and argument is made.arguments[0]
        if leads or argument.how == "positional":
            by_position.append(reader)
        else:
            by_name[argument.name] = reader
    if made.query or made.body:
        return _with_inputs(handler, by_position, by_name, made)
    return _call(handler, by_position, by_name, made)


def _call(handler: Callable[..., Any], by_position: list[Reader], by_name: dict[str, Reader], made: Plan
          ) -> Callable[[Request], Any]:
    """The quickest call that fills the arguments; the common shapes make no lists or dicts of their own."""
    raw = all(getattr(reader, "func", None) is _raw_value for reader in by_name.values())
    if not by_name and not by_position:
        return lambda request: handler()
    if by_position == [_request]:
        if not by_name:
            return handler
        if len(by_name) == 1 and raw and is_plain(handler):
            # one argument after the request may as well go by position: 100 ns less than by name
            [name] = by_name
            return lambda request: handler(request, request.params[name])
        if by_name.keys() == made.dynamic.keys() and raw:
            return lambda request: handler(request, **request.params)
    named = tuple(by_name.items())
    return lambda request: handler(*[read(request) for read in by_position],
                                   **{name: read(request) for name, read in named})


def _with_inputs(handler: Callable[..., Any], by_position: list[Reader], by_name: dict[str, Reader],
                 made: Plan) -> Callable[[Request], Any]:
    """The call of a handler that takes something of the query or the body."""
    from .inputs import body_reader, is_body_alone, reader

    body, named = made.body, tuple(by_name.items())
    if body is not None and body.how == "positional":
        raise BindingError(f"takes the body {body.name!r} by position only", "leave out the / after it")
    leads = by_position == [_request]
    if body is not None and is_body_alone(made) and made.arguments[-1] is body and is_plain(handler):
        read_body = body_reader(body, made.is_form)     # by position: 200 ns less than by name
        if len(made.arguments) == 1:
            return lambda request: handler(read_body(request))
        if leads and len(made.arguments) == 2:
            return lambda request: handler(request, read_body(request))
    inputs = reader(made)

    def call(request: Request) -> Any:
        leading = [read(request) for read in by_position]       # the path's are judged first
        values = {name: read(request) for name, read in named}
        return handler(*leading, **values, **inputs(request))
    if not named and leads:
        return lambda request: handler(request, **inputs(request))
    if not named and not by_position:
        return lambda request: handler(**inputs(request))
    return call


def _reader(argument: Argument, made: Plan) -> Reader:
    if argument.role == "request":
        return _request
    if argument.role == "params":
        return _params
    return _path_reader(argument, is_list=made.dynamic[argument.name] != "param")


def _path_reader(argument: Argument, is_list: bool) -> Reader:
    name, annotation = argument.name, argument.annotation
    if annotation is NONE or _says_nothing(annotation):
        return partial(_raw_value, name)
    if isinstance(annotation, Unresolved):
        raise unresolved(name, annotation)
    try:
        made = conversion(annotation)
    except Unconvertible as fault:
        raise unconvertible(name, fault) from None
    if is_list and not made.is_list:
        raise BindingError(f"{name!r} is a list of segments, not {shown(annotation)}",
                           f"write {name}: list[{shown(annotation)}]")
    if made.is_list and not is_list:
        raise BindingError(f"{name!r} is one segment, not {shown(annotation)}",
                           f"write the type of one, or name the folder [...{name}]")
    return partial(_raw_value, name) if made.convert is unchanged else partial(_converted, name, made.convert)


def _says_nothing(annotation: Any) -> bool:
    """Any and object: the value as it came, a str or a list of str."""
    from typing import Any  # loaded already, by what resolved the annotation

    return annotation is Any or annotation is object


def _request(request: Request) -> Request:
    return request


def _params(request: Request) -> dict[str, Any]:
    return request.params


def _raw_value(name: str, request: Request) -> Any:
    """Reads a path value as it came."""
    return request.params[name]


def _converted(name: str, convert: Callable[[str], Any], request: Request) -> Any:
    """Reads a path value converted. Raises HTTPError 404 for one that does not convert."""
    try:
        return convert(request.params[name])
    except ValueError as fault:
        raise HTTPError(404, f"The path's [{name}] {fault}") from None

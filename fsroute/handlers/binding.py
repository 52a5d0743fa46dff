"""Signature to plan: which argument of a handler is filled from what.

Rules this module keeps
-----------------------
1. Arguments are bound by name, once, at start. What runs per request is a call with the values in place,
   the handler itself where it takes just the request.
2. `params` holds the raw text always; an annotation converts the argument, not the mapping.
3. A path value that does not convert is a 404: that URL names nothing. An annotation to which none could
   convert is a fault at start; Any and object take the value as it came.
4. A name that can be filled from nothing is a fault at start, which lists the names that can.

A *reader* takes the request and gives one argument's value. Whatever else a handler may ask for one day,
a field of the query or the body, is one more kind of reader.
"""

from __future__ import annotations

from functools import partial

from ..http.convert import Unconvertible, conversion, shown, unchanged
from ..http.errors import HTTPError
from ..http.request import Request
from .signature import NONE, Parameter, Unresolved, is_async_generator, is_plain, parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from ..routing.route import Segment

    Reader = Callable[[Request], Any]


class BindingError(Exception):
    """A handler that cannot be called: `problem` says why, `mend` what to do."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem, mend)
        self.problem = problem
        self.mend = mend


def bind(handler: Callable[..., Any], segments: Iterable[Segment]) -> Callable[[Request], Any]:
    """The handler as a function of the request alone.

    segments: of the route's pattern; its dynamic ones are names the handler may take.
    Raises BindingError for the first argument that cannot be filled.
    """
    dynamic: dict[str, str] = {segment.name: segment.kind
                               for segment in segments if segment.kind != "literal"}
    by_position: list[Reader] = []
    by_name: dict[str, Reader] = {}
    for parameter in _arguments(handler):
        reader = _reader(parameter, dynamic, handler, is_first=not by_position and not by_name)
        leads = reader is _request and not by_name and parameter.how == "either"
        if leads or parameter.how == "positional":
            by_position.append(reader)
        else:
            by_name[parameter.name] = reader
    return _call(handler, by_position, by_name, dynamic)


def _arguments(handler: Callable[..., Any]) -> list[Parameter]:
    if is_async_generator(handler):
        raise BindingError("is an async generator", "return a value: async def is there for async libraries")
    try:
        return parameters(handler)
    except (TypeError, ValueError):
        raise BindingError("has no signature that can be read",
                           "wrap it in a function: def GET(request)") from None


def _call(handler: Callable[..., Any], by_position: Sequence[Reader], by_name: dict[str, Reader],
          dynamic: dict[str, str]) -> Callable[[Request], Any]:
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
        if by_name.keys() == dynamic.keys() and raw:
            return lambda request: handler(request, **request.params)
    named = tuple(by_name.items())
    return lambda request: handler(*[read(request) for read in by_position],
                                   **{name: read(request) for name, read in named})


def _reader(parameter: Parameter, dynamic: dict[str, str], handler: Callable[..., Any],
            is_first: bool) -> Reader:
    name = parameter.name
    if parameter.how.startswith("*"):
        raise BindingError(f"takes {parameter.how}", "name each argument: they are filled by name")
    if name == "request" or parameter.annotation is Request:
        return _request
    if name == "params":
        return _params
    if parameter.how == "keyword":
        mend = f"write {name} before the *" if name in dynamic else \
            f"read it in the handler: request.query.get({name!r})"
        raise BindingError(f"takes {name!r} by keyword only", mend)
    if name in dynamic:
        return _path_reader(parameter, is_list=dynamic[name] != "param")
    raise _unfilled(parameter, dynamic, handler, is_first)


def _unfilled(parameter: Parameter, dynamic: dict[str, str], handler: Callable[..., Any],
              is_first: bool) -> BindingError:
    name = parameter.name
    problem = f"takes {name!r}, which nothing fills"
    if isinstance(parameter.annotation, Unresolved):
        problem += f" (its annotation cannot be resolved: {parameter.annotation.fault})"
    mend = f"take any of {', '.join(['request', 'params', *dynamic])}"
    if is_first:
        mend = f"call it request, or annotate it, {name}: Request; or {mend}"
    mend += f"; a field of the query is request.query.get({name!r}), the body is request.json()"
    if hasattr(handler, "__wrapped__"):
        mend += "; a decorator that passes it in sets __signature__ on what it returns"
    return BindingError(problem, mend)


def _path_reader(parameter: Parameter, is_list: bool) -> Reader:
    name, annotation = parameter.name, parameter.annotation
    if annotation is NONE or _says_nothing(annotation):
        return partial(_raw_value, name)
    if isinstance(annotation, Unresolved):
        raise BindingError(f"has an annotation for {name!r} that cannot be resolved: {annotation.fault}",
                           "import the name it uses at run time, at the module's top level")
    try:
        made = conversion(annotation)
    except Unconvertible as fault:
        raise BindingError(f"cannot convert {name!r}: {fault.problem}", fault.mend) from None
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

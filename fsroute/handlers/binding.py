"""Signature to plan: which argument of a handler is filled from what.

Rules this module keeps
-----------------------
1. Arguments are bound by name, once, at start. What runs per request is a call with the values in place,
   the handler itself where it takes just the request.
2. `params` holds the raw text always; an annotation converts the argument, not the mapping.
3. A path value that does not convert is a 404: that URL names nothing.
4. A name that can be filled from nothing is a fault at start, which lists the names that can. A handler
   without annotations is read without `inspect` and `typing`, which take longer to import than all of this.

A *reader* takes the request and gives one argument's value. Whatever else a handler may ask for one day,
a field of the query or the body, is one more kind of reader.
"""

from __future__ import annotations

from types import FunctionType

from ..http.convert import converter
from ..http.errors import HTTPError
from ..http.request import Request

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from typing import Any

    from ..routing.route import Segment

    Reader = Callable[[Request], Any]

_UNKNOWN = object()     # an annotation that cannot be resolved
_NONE = object()        # no annotation

# code flags (inspect.CO_*)
_VARARGS, _VARKEYWORDS, _GENERATOR, _ASYNC_GENERATOR = 0x04, 0x08, 0x20, 0x200


class BindingError(Exception):
    """A handler that cannot be called: `problem` says why, `mend` what to do."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem, mend)
        self.problem = problem
        self.mend = mend


class Parameter:
    """One argument of a handler; how: "positional", "either", "keyword", or "*args", "**kwargs"."""

    __slots__ = ("annotation", "how", "name")

    def __init__(self, name: str, how: str, annotation: Any = _NONE) -> None:
        self.name = name
        self.how = how
        self.annotation = annotation


def bind(handler: Callable[..., Any], segments: Iterable[Segment]) -> Callable[[Request], Any]:
    """The handler as a function of the request alone.

    segments: of the route's pattern; its dynamic ones are names the handler may take.
    Raises BindingError for the first argument that cannot be filled.
    """
    _refuse_generators(handler)
    dynamic: dict[str, str] = {segment.name: segment.kind
                               for segment in segments if segment.kind != "literal"}
    by_position: list[Reader] = []
    by_name: dict[str, Reader] = {}
    for parameter in _parameters(handler):
        reader = _reader(parameter, dynamic, handler)
        if parameter.how == "positional" or (reader is _request and not by_name):
            by_position.append(reader)
        else:
            by_name[parameter.name] = reader
    return _call(handler, by_position, by_name, dynamic)


def _call(handler: Callable[..., Any], by_position: Sequence[Reader], by_name: dict[str, Reader],
          dynamic: dict[str, str]) -> Callable[[Request], Any]:
    """The quickest call that fills the arguments; the common shapes make no lists or dicts of their own."""
    raw = all(type(reader) is _RawValue for reader in by_name.values())
    if not by_name and not by_position:
        return lambda request: handler()
    if by_position == [_request]:
        if not by_name:
            return handler
        if len(by_name) == 1 and raw and _is_plain(handler):
            # one argument after the request may as well go by position: 100 ns less than by name
            [name] = by_name
            return lambda request: handler(request, request.params[name])
        if by_name.keys() == dynamic.keys() and raw:
            return lambda request: handler(request, **request.params)
    named = tuple(by_name.items())
    return lambda request: handler(*[read(request) for read in by_position],
                                   **{name: read(request) for name, read in named})


def _reader(parameter: Parameter, dynamic: dict[str, str], handler: Callable[..., Any]) -> Reader:
    name = parameter.name
    if parameter.how.startswith("*"):
        raise BindingError(f"takes {parameter.how}", "name each argument: they are filled by name")
    if name == "request" or parameter.annotation is Request:
        return _request
    if name == "params":
        return _params
    if parameter.how == "keyword":
        raise BindingError(f"takes {name!r} by keyword only",
                           f"read it in the handler: request.query.get({name!r})")
    if name in dynamic:
        return _path_reader(parameter, is_list=dynamic[name] != "param")
    allowed = ", ".join(["request", "params", *dynamic])
    mend = f"take any of {allowed}; a field of the query is request.query.get({name!r})"
    if hasattr(handler, "__wrapped__"):
        mend += "; a decorator that passes it in sets __signature__ on what it returns"
    raise BindingError(f"takes {name!r}, which nothing fills", mend)


def _path_reader(parameter: Parameter, is_list: bool) -> Reader:
    name, annotation = parameter.name, parameter.annotation
    if annotation is _UNKNOWN:
        raise BindingError(f"has an annotation for {name!r} that cannot be resolved",
                           "import the name it uses at run time")
    if is_list:
        if annotation in (_NONE, list, list[str]):
            return _RawValue(name)
        raise BindingError(f"{name!r} is a list of str, not {_shown(annotation)}", f"write {name}: list[str]")
    if annotation in (_NONE, str):
        return _RawValue(name)
    convert = converter(annotation)
    if convert is None:
        raise BindingError(f"{name!r} is one segment, which cannot be converted to {_shown(annotation)}",
                           f"write {name}: str or {name}: int")
    return _Converted(name, convert)


def _request(request: Request) -> Request:
    return request


def _params(request: Request) -> dict[str, Any]:
    return request.params


class _RawValue:
    """Reads a path value as it came."""

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, request: Request) -> Any:
        return request.params[self.name]


class _Converted:
    """Reads a path value converted. Raises HTTPError 404 for one that does not convert."""

    __slots__ = ("convert", "name")

    def __init__(self, name: str, convert: Callable[[str], Any]) -> None:
        self.name = name
        self.convert = convert

    def __call__(self, request: Request) -> Any:
        try:
            return self.convert(request.params[self.name])
        except ValueError as fault:
            raise HTTPError(404, f"The path's [{self.name}] must be {fault}") from None


def _refuse_generators(handler: Callable[..., Any]) -> None:
    flags = _code_flags(handler)
    if flags & _ASYNC_GENERATOR:
        raise BindingError("is an async generator", "return a value: async def is there for async libraries")
    if flags & _GENERATOR:
        raise BindingError("is a generator, and this version has no streams", "return the whole body")


def _code_flags(handler: Callable[..., Any]) -> int:
    code = getattr(handler, "__code__", None)
    return code.co_flags if code is not None else 0


def _is_plain(handler: Callable[..., Any]) -> bool:
    """Whether its own code says how it is called, and no decorator does."""
    return (type(handler) is FunctionType
            and not hasattr(handler, "__wrapped__") and not hasattr(handler, "__signature__"))


def _parameters(handler: Callable[..., Any]) -> list[Parameter]:
    if _is_plain(handler) and not handler.__annotations__:
        return _parameters_of_code(handler)
    return _parameters_by_inspect(handler)


def _parameters_of_code(handler: Callable[..., Any]) -> list[Parameter]:
    """What inspect.signature says of a plain function, without its 14 ms of import."""
    code = handler.__code__
    positional, either = code.co_posonlyargcount, code.co_argcount
    keyword = either + code.co_kwonlyargcount
    names = code.co_varnames
    parameters = [Parameter(name, "positional") for name in names[:positional]]
    parameters += [Parameter(name, "either") for name in names[positional:either]]
    parameters += [Parameter(name, "keyword") for name in names[either:keyword]]
    if code.co_flags & _VARARGS:
        parameters.append(Parameter(names[keyword], "*args"))
    if code.co_flags & _VARKEYWORDS:
        parameters.append(Parameter(names[keyword + bool(code.co_flags & _VARARGS)], "**kwargs"))
    return parameters


def _parameters_by_inspect(handler: Callable[..., Any]) -> list[Parameter]:
    import inspect

    how = {inspect.Parameter.POSITIONAL_ONLY: "positional", inspect.Parameter.POSITIONAL_OR_KEYWORD: "either",
           inspect.Parameter.KEYWORD_ONLY: "keyword", inspect.Parameter.VAR_POSITIONAL: "*args",
           inspect.Parameter.VAR_KEYWORD: "**kwargs"}
    try:
        signature = inspect.signature(handler)
    except (TypeError, ValueError):
        raise BindingError("has no signature that can be read",
                           "wrap it in a function: def GET(request)") from None
    spaces = getattr(inspect.unwrap(handler), "__globals__", {})
    return [Parameter(name, how[parameter.kind], _resolved(parameter.annotation, spaces))
            for name, parameter in signature.parameters.items()]


def _resolved(annotation: Any, spaces: dict[str, Any]) -> Any:
    """The annotation's value, by itself: one meant for type checkers alone does not spoil the others."""
    import inspect
    from types import SimpleNamespace
    from typing import get_type_hints

    if annotation is inspect.Parameter.empty:
        return _NONE
    if not isinstance(annotation, str):
        return annotation
    try:
        holder = SimpleNamespace(__annotations__={"it": annotation})
        return get_type_hints(holder, spaces, include_extras=True)["it"]
    except Exception:               # an annotation may be any expression, so it may raise anything
        return _UNKNOWN


def _shown(annotation: Any) -> str:
    return annotation.__name__ if isinstance(annotation, type) else str(annotation)

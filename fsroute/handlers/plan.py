"""Plan: which argument of a handler is filled from what.

Rules this module keeps
-----------------------
1. Arguments are told apart by name and place: `request` (or any name annotated Request), `params`, the names
   in the path; after the `*` a field of the query; the one before it whose annotation is a class, a list or
   a dict is the body. It is JSON, or a form where it is annotated `Annotated[T, Form]`.
2. A name that can be filled from nothing is a fault at start, which lists the names that can.
3. GET and HEAD have no body: what a client sends there means nothing to anybody on the way.
4. A default is one value for all requests, so it may not be one that a request could change.
"""

from __future__ import annotations

from ..http.convert import Unconvertible, is_class_of_users, shown
from ..http.request import Request
from .signature import NONE, Unresolved, is_async_generator, parameters

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Any

    from ..http.shapes import Shape
    from ..routing.route import Segment
    from .signature import Parameter

_RESOLVE = "import the name it uses at run time, at the module's top level"
_MEANT = {"request": "Request itself", "params": "mapping of the path's values"}
_BODY = "a body is a dataclass, a TypedDict, list[T], dict[str, T], or Annotated[T, Form]"


class BindingError(Exception):
    """A handler that cannot be called: `problem` says why, `mend` what to do."""

    def __init__(self, problem: str, mend: str) -> None:
        super().__init__(problem, mend)
        self.problem = problem
        self.mend = mend


class Argument:
    """One argument.

    role: "request", "params", "path", "query" or "body". how: see signature.Parameter.
    annotation: of a form without its Form; NONE where there is none. required: whether it has no default.
    """

    __slots__ = ("annotation", "default", "how", "name", "role")

    def __init__(self, parameter: Parameter, role: str) -> None:
        self.name = parameter.name
        self.how = parameter.how
        self.annotation = parameter.annotation
        self.default = parameter.default
        self.role = role

    @property
    def required(self) -> bool:
        return self.default is NONE


class Plan:
    """What a handler takes.

    arguments: in order. dynamic: the kind of each segment that has a name. is_form: whether the body is one.
    """

    __slots__ = ("arguments", "dynamic", "is_form")

    def __init__(self, dynamic: Mapping[str, str]) -> None:
        self.arguments: list[Argument] = []
        self.dynamic = dynamic
        self.is_form = False

    @property
    def path(self) -> tuple[Argument, ...]:
        """Those that are values of the path."""
        return self._of("path")

    @property
    def query(self) -> tuple[Argument, ...]:
        """Those that are fields of the query."""
        return self._of("query")

    @property
    def body(self) -> Argument | None:
        """The one that is the body."""
        return next(iter(self._of("body")), None)

    def _of(self, role: str) -> tuple[Argument, ...]:
        return tuple([each for each in self.arguments if each.role == role])


def plan(handler: Callable[..., Any], segments: Iterable[Segment], method: str = "GET") -> Plan:
    """What fills the handler's arguments.

    segments: of the route's pattern; its dynamic ones are names the handler may take.
    Raises BindingError for the first argument that cannot be filled.
    """
    made = Plan({segment.name: segment.kind for segment in segments if segment.kind != "literal"})
    for parameter in _arguments(handler):
        role = _role(parameter, made, handler)
        if role is None and (shape := _body_shape(parameter)) is not None:
            role = "body"
            _judge_body(parameter, shape, made, method)
        if role is None:
            raise _unfilled(parameter, made, handler)
        if role in ("query", "body"):
            _judge_default(parameter, role)
        made.arguments.append(Argument(parameter, role))
    return made


def _arguments(handler: Callable[..., Any]) -> list[Parameter]:
    if is_async_generator(handler):
        raise BindingError("is an async generator", "return a value: async def is there for async libraries")
    try:
        return parameters(handler)
    except (TypeError, ValueError):
        raise BindingError("has no signature that can be read",
                           "wrap it in a function: def GET(request)") from None


def _role(parameter: Parameter, made: Plan, handler: Callable[..., Any]) -> str | None:
    """What the argument is by its name and place; None for what only an annotation tells."""
    name, annotation = parameter.name, parameter.annotation
    if parameter.how.startswith("*"):
        raise BindingError(f"takes {parameter.how}",
                           "name each argument, for they are filled by name; what a decorator returns has "
                           "those of the handler by @functools.wraps(handler)")
    if annotation is Request:
        return "request"
    if name in ("request", "params"):
        if _is_class_of_members(annotation):
            raise BindingError(f"takes {name!r} as {shown(annotation)}, but it is the {_MEANT[name]}",
                               "give the argument another name")
        return name
    if parameter.how == "keyword":
        if name in made.dynamic:
            raise BindingError(f"takes {name!r} by keyword only, and the path has a [{name}]",
                               f"write {name} before the *, or give the field of the query another name")
        if _is_class_of_members(annotation):
            raise BindingError(f"takes {name!r} as {shown(annotation)}, which no field of the query is",
                               f"write {name} before the *: there it is the body")
        if annotation is NONE and hasattr(handler, "__wrapped__") and not hasattr(handler, "__signature__"):
            # it may be what a decorator passes in, and then no client may
            raise BindingError(f"takes {name!r}, which may be a field of the query, or a decorator's",
                               f"write {name}: str to read it from the query; a decorator that passes it in "
                               "sets __signature__, without it, on what it returns")
        return "query"
    return "path" if name in made.dynamic else None


def _is_class_of_members(annotation: Any) -> bool:
    if annotation is NONE or isinstance(annotation, Unresolved):
        return False
    from typing import get_origin

    from ..http.shapes import is_record

    return is_record(get_origin(annotation) or annotation)


def _judge_default(parameter: Parameter, role: str) -> None:
    try:
        hash(parameter.default)                 # as dataclasses judge it, and what is in a tuple too
    except TypeError:
        mend = "write None, and the annotation with | None" if role == "body" else \
            "leave it out (a list that was not sent is empty), or write a tuple or None"
        problem = f"has a default for {parameter.name!r} that a request could change"
        raise BindingError(problem, mend) from None


# --- the body ---

def _body_shape(parameter: Parameter) -> Shape | None:
    """The shape of an annotation that means the body; None for any other."""
    if parameter.annotation is NONE or isinstance(parameter.annotation, Unresolved):
        return None
    from ..http.shapes import Checked, Listing, Optional, Record, Table, Tagged, shape_of

    try:
        whole = inner = shape_of(parameter.annotation)
    except Unconvertible as fault:
        raise unconvertible(parameter.name, fault) from None
    while isinstance(inner, Checked | Optional):
        inner = inner.inner
    is_body = isinstance(inner, Record | Tagged | Table | Listing) or _without_form(whole) is not whole
    return whole if is_body else None


def _judge_body(parameter: Parameter, shape: Shape, made: Plan, method: str) -> None:
    name = parameter.name
    if method in ("GET", "HEAD"):
        raise BindingError(f"takes {name!r}, which is a body, and {method} has none",
                           "write another method, or read fields of the query: put them after *")
    if made.body is not None:
        raise BindingError(f"takes two bodies, {made.body.name!r} and {name!r}",
                           "make one class of them, or put the fields of the query after *")
    inner = _without_form(shape)
    made.is_form = inner is not shape
    parameter.annotation = inner.annotation


def _without_form(shape: Shape) -> Shape:
    """The same without the mark Form; the very same where it has none."""
    from typing import Annotated, Union

    from ..http.shapes import Checked, Optional

    if not isinstance(shape, Checked | Optional):
        return shape
    inner = _without_form(shape.inner)
    if isinstance(shape, Optional):
        return shape if inner is shape.inner else Optional(inner, Union[inner.annotation, None])  # noqa: UP007
    functions = tuple([function for function in shape.functions if not _is_form(function)])
    if inner is shape.inner and len(functions) == len(shape.functions):
        return shape
    return Checked(inner, functions, Annotated[(inner.annotation, *functions)]) if functions else inner


def _is_form(function: Any) -> bool:
    # by name: who has written it has loaded http.forms, so that we need not
    kind = function if isinstance(function, type) else type(function)       # Form() means it too
    return (kind.__module__, kind.__name__) == ("fsroute.http.forms", "Form")


# --- faults ---

def unconvertible(name: str, fault: Unconvertible) -> BindingError:
    """Of an argument whose annotation nothing converts to."""
    return BindingError(f"cannot convert {name!r}: {fault.problem}", fault.mend)


def unresolved(name: str, annotation: Unresolved) -> BindingError:
    """Of an argument whose annotation could not be evaluated."""
    return BindingError(f"has an annotation for {name!r} that cannot be resolved: {annotation.fault}",
                        _RESOLVE)


def _unfilled(parameter: Parameter, made: Plan, handler: Callable[..., Any]) -> BindingError:
    name, kind = parameter.name, parameter.annotation
    problem = f"takes {name!r}, which nothing fills"
    if isinstance(kind, type) and is_class_of_users(kind):
        return BindingError(f"takes {name!r} as {shown(kind)}, which is no dataclass or TypedDict", _BODY)
    if isinstance(parameter.annotation, Unresolved):
        problem += f" (its annotation cannot be resolved: {parameter.annotation.fault})"
    mend = f"take any of {', '.join(['request', 'params', *made.dynamic])}"
    if isinstance(parameter.annotation, Unresolved):
        mend = f"{_RESOLVE}; or {mend}"
    elif not made.arguments:
        mend = f"call it request, or annotate it, {name}: Request; or {mend}"
    mend += f"; put {name} after * to read it from the query; {_BODY}"
    if hasattr(handler, "__wrapped__"):
        mend += "; a decorator that passes it in sets __signature__ on what it returns"
    return BindingError(problem, mend)

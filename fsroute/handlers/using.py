"""use: middleware for one method, said at its handler.

Rules this module keeps
-----------------------
1. What is used runs inside every middleware of the folders, the top decorator outermost, in one decorator
   from left to right. It is for that method alone.
2. The decorated handler is called as it always was: tests call it without middleware.
3. A guard is never lost in silence: a decorator above @use that hides it is a fault at start, and so is @use
   above a function that a handler calls.
"""

from __future__ import annotations

from functools import partial
from types import CellType, FunctionType, MethodType

from .exports import METHODS
from .folderfiles import MIDDLEWARE, misfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any, TypeVar

    H = TypeVar("H", bound=Callable[..., Any])

_USED = "__fsroute_used__"      # on a handler: its middleware; in a module: what was decorated, by its name
_EMPTY = CellType()             # equal to others that are empty, as one of a name that is not bound yet


def use(*middleware: Callable[..., Any]) -> Callable[[H], H]:
    """Middleware for one handler.

        @use(require_login)
        def DELETE(request, id: int): ...

    middleware: callables (request, call_next), the outermost first.
    Raises TypeError for what is no middleware, and for what is decorated and no handler.
    """
    if not middleware:
        raise TypeError("use() takes the middleware to use")
    for each in middleware:
        if getattr(each, "__name__", "") in METHODS:
            raise TypeError(f"@use takes the middleware for {each.__name__}: @use(require_login)")
        slip = misfit(each, MIDDLEWARE)
        if slip is not None:
            raise TypeError(f"use() takes middleware, and {each!r:.80} {slip[0]}; {slip[1]}")

    def decorate(handler: H) -> H:
        if not callable(handler) or isinstance(handler, type):
            raise TypeError(f"@use stands above a handler, not above {handler!r:.80}")
        made: Any = _twin(handler)
        setattr(made, _USED, (*middleware, *used(handler)))
        # what functools.wraps made has another's globals: those of the decorator
        is_own = isinstance(made, FunctionType) and made.__module__ == made.__globals__.get("__name__")
        if is_own and made.__qualname__ == made.__name__ != "<lambda>":
            made.__globals__.setdefault(_USED, {}).setdefault(made.__name__, handler)
        return made     # type: ignore[no-any-return]
    return decorate


def used(handler: Any) -> tuple[Callable[..., Any], ...]:
    """The middleware that a handler uses, outermost first."""
    found: tuple[Callable[..., Any], ...] = getattr(handler, _USED, ())
    return found


def faults(module: ModuleType, handlers: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Where a route file says @use in vain, and the mend. handlers: its own, by method."""
    decorated = vars(module).get(_USED, {})
    for name, handler in sorted(handlers.items()):
        lost = decorated.get(name, handler) is not handler or any(map(used, _inside(handler)))
        if lost and not used(handler):
            mend = "put @use on top, or give the other one functools.wraps"
            yield f"{name} loses its @use to a decorator above it", mend
    called = {name for handler in handlers.values()
              for name in getattr(getattr(handler, "__code__", None), "co_names", ())}
    for name in sorted(called & decorated.keys() - handlers.keys()):
        yield f"@use stands above {name}(), which is no handler", "put it above the handler that calls it"


def _inside(handler: Any) -> Iterator[Any]:
    """The functions that it holds, as what a decorator returns holds what it decorates, one in the other."""
    known, pending = set(), _held(handler)
    while pending:
        function = pending.pop()
        if id(function) not in known:
            known.add(id(function))
            yield function
            pending += _held(function)


def _held(function: Any) -> list[Any]:
    held = [cell.cell_contents for cell in getattr(function, "__closure__", None) or () if cell != _EMPTY]
    if isinstance(function, partial):
        held += [function.func, *function.args, *function.keywords.values()]
    owner = function.__self__ if isinstance(function, MethodType) else function
    held += getattr(owner, "__dict__", {}).values()
    return [each for each in held if isinstance(each, FunctionType | MethodType | partial)]


def _twin(handler: Any) -> Any:
    """A handler like this one, to be marked: the same function may answer another method without it."""
    if type(handler) is not FunctionType:
        return partial(handler)
    made = FunctionType(handler.__code__, handler.__globals__, handler.__name__, handler.__defaults__,
                        handler.__closure__)
    for name in ("__kwdefaults__", "__annotations__", "__doc__", "__module__", "__qualname__"):
        setattr(made, name, getattr(handler, name))
    made.__dict__.update(handler.__dict__)
    return made

"""What a route file exports: its handlers, and what looks like one and is none.

Rules this module keeps
-----------------------
1. A handler is a callable whose name is an HTTP method, in capitals, of a closed set: a request's method
   is looked up among those, never among a module's names.
2. A near miss is a fault, not a silent 405: a function made in this very file that is called `get`, `POSTS`,
   `default`, TRACE or CONNECT. What was imported, and what is no function, is the file's own business.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import ModuleType
    from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def handlers(module: ModuleType) -> dict[str, Callable[..., Any]]:
    """The module's handlers by method."""
    found = {}
    for method in METHODS:
        value = getattr(module, method, None)
        if callable(value) and not isinstance(value, type):
            found[method] = value
    return found


def faults(module: ModuleType) -> Iterator[tuple[str, str]]:
    """Each thing wrong with what the module exports: problem and mend."""
    misses = [name for name, value in vars(module).items() if _made_here(value, module) and _misses(name)]
    for name in misses:
        yield f"{name}() is no handler", f"rename it to {_misses(name)}"
    for method in METHODS:
        value = getattr(module, method, None)
        if isinstance(value, type):
            yield f"{method} is a class", f"write a function: def {method}(request)"
        elif value is not None and not callable(value):
            yield f"{method} is {type(value).__name__}, no function", f"write def {method}(request)"
    if not misses and not any(hasattr(module, method) for method in METHODS):
        yield "there is no handler in it", f"write def GET(request), or another of {', '.join(METHODS)}"


def _made_here(value: object, module: ModuleType) -> bool:
    return (callable(value) and not isinstance(value, type)
            and getattr(value, "__module__", None) == module.__name__)


def _misses(name: str) -> str | None:
    """What the name was meant to be, when it is one edit or the case away from it; None otherwise."""
    if name in METHODS:
        return None
    if name in ("TRACE", "CONNECT"):
        return f"one of {', '.join(METHODS)}: {name} is never served"
    if name == "default":
        return "a method: each has its own function"
    if name.upper() in METHODS:
        return name.upper()
    return next((method for method in METHODS if name.isupper() and _one_edit(name, method)), None)


def _one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two neighbours swapped, makes them equal."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, other_rest = one[start:], other[start:]
    return (rest[1:] == other_rest or rest == other_rest[1:] or rest[1:] == other_rest[1:]
            or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]))

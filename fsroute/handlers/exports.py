"""What a route file exports: its handlers, and what looks like one and is none.

Rules this module keeps
-----------------------
1. A handler is a callable whose name is an HTTP method, in capitals, of a closed set: a request's method
   is looked up among those, never among a module's names.
2. A near miss is a fault, not a silent 405: a function made in this very file that is called `get`, `POSTS`,
   `default`, TRACE or CONNECT. What was imported, and what is no function, is the file's own business.
"""

from __future__ import annotations

from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import ModuleType
    from typing import Any

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")

NEVER = ("TRACE", "CONNECT")
"""What is never served: one repeats a request's secrets, the other is for proxies."""


def handlers(module: ModuleType, methods: Sequence[str] = METHODS) -> dict[str, Callable[..., Any]]:
    """The module's handlers by method. methods: those that are served."""
    own = vars(module)          # what stands there; a module's own __getattr__ is not asked
    return {method: own[method] for method in methods
            if callable(own.get(method)) and not isinstance(own[method], type)}


def faults(module: ModuleType, methods: Sequence[str] = METHODS) -> Iterator[tuple[str, str]]:
    """Each thing wrong with what the module exports: problem and mend. methods: those that are served."""
    misses = {name: meant for name, value in vars(module).items()
              if _made_here(value, module) and (meant := _meant(name, methods))}
    for name, meant in misses.items():
        yield f"{name}() is no handler", f"rename it to {meant}, or to _{name} if it is a helper"
    exported = {method: vars(module)[method] for method in methods if method in vars(module)}
    for method, value in exported.items():
        if isinstance(value, type):
            yield f"{method} is a class", f"write a function: def {method}(request)"
        elif not callable(value):
            mend = f"write def {method}(request), or give it another name"
            yield f"{method} is {type(value).__name__}, no function", mend
    if not misses and not exported:
        yield "there is no handler in it", f"write def GET(request), or another of {', '.join(methods)}"


def _made_here(value: object, module: ModuleType) -> bool:
    return isinstance(value, FunctionType) and value.__module__ == module.__name__


def _meant(name: str, methods: Sequence[str]) -> str | None:
    """What the name was meant to be, when it is one edit or the case away from it; None otherwise."""
    if name in methods:
        return None
    if name in NEVER:
        return f"one of {', '.join(methods)}: {name} is never served"
    if name == "default":
        return "a method: each has its own function"
    if name.upper() in methods:
        return name.upper()
    return next((method for method in methods if name.isupper() and one_edit(name, method)), None)


def one_edit(one: str, other: str) -> bool:
    """Whether one letter more, less or other, or two neighbours swapped, makes them equal."""
    start = 0
    while start < min(len(one), len(other)) and one[start] == other[start]:
        start += 1
    rest, other_rest = one[start:], other[start:]
    return (rest[1:] == other_rest or rest == other_rest[1:] or rest[1:] == other_rest[1:]
            or (rest[:2] == other_rest[1::-1] and rest[2:] == other_rest[2:]))

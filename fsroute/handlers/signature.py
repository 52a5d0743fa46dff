"""Signature: what a handler says of its arguments.

Rules this module keeps
-----------------------
1. A signature is what `inspect.signature` says, which follows `functools.wraps` and `__signature__`. A plain
   function without annotations says the same by its code, without `inspect` and `typing`, which take longer
   to import than all of fsroute's binding.
2. Each annotation is resolved by itself: one meant for type checkers alone does not spoil the others.
"""

from __future__ import annotations

from functools import partial
from types import FunctionType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

NONE = object()         # no annotation, no default

_HOW = ("positional", "either", "*args", "keyword", "**kwargs")     # by the number of inspect's kind

# code flags (inspect.CO_*)
VARARGS, _VARKEYWORDS, GENERATOR, COROUTINE, ASYNC_GENERATOR = 0x04, 0x08, 0x20, 0x80, 0x200


class Unresolved:
    """Stands for an annotation that raised `fault` when it was evaluated."""

    __slots__ = ("fault",)

    def __init__(self, fault: Exception) -> None:
        self.fault = fault


class Parameter:
    """One argument of a handler.

    how: "positional", "either", "name" (of a partial: the same, but by name alone), "keyword", or "*args",
    "**kwargs".
    annotation, default: NONE where there is none.
    """

    __slots__ = ("annotation", "default", "how", "name")

    def __init__(self, name: str, how: str, annotation: Any = NONE, default: Any = NONE) -> None:
        self.name = name
        self.how = how
        self.annotation = annotation
        self.default = default


def is_async_generator(handler: Callable[..., Any]) -> bool:
    """The same for `async def` with a yield in it."""
    return bool(flags(handler) & ASYNC_GENERATOR)


def flags(handler: Any) -> int:
    """The flags of the code that a call of it runs."""
    while isinstance(handler, partial):
        handler = handler.func
    if not hasattr(handler, "__code__"):        # an object with a __call__ method
        handler = type(handler).__call__
    code = getattr(handler, "__code__", None)
    return code.co_flags if code is not None else 0


def is_plain(handler: Callable[..., Any]) -> bool:
    """Whether its own code says how it is called, and no decorator does."""
    return (type(handler) is FunctionType
            and not hasattr(handler, "__wrapped__") and not hasattr(handler, "__signature__"))


def parameters(handler: Callable[..., Any]) -> list[Parameter]:
    """The arguments in order, as inspect.signature has them. Raises what that raises where there is none."""
    if is_plain(handler) and not handler.__annotations__:
        return _of_code(handler)
    return _by_inspect(handler)


def _of_code(handler: Callable[..., Any]) -> list[Parameter]:
    """What inspect.signature says of a plain function, without its 14 ms of import."""
    code = handler.__code__
    positional, bits = code.co_posonlyargcount, code.co_flags
    hows = ["positional"] * positional + ["either"] * (code.co_argcount - positional)
    hows += ["keyword"] * code.co_kwonlyargcount
    hows += ["*args"] * bool(bits & VARARGS) + ["**kwargs"] * bool(bits & _VARKEYWORDS)
    names = code.co_varnames
    last = names[:code.co_argcount][-len(handler.__defaults__ or ()):]
    defaults = {**dict(zip(last, handler.__defaults__ or (), strict=False)), **(handler.__kwdefaults__ or {})}
    return [Parameter(name, how, NONE, defaults.get(name, NONE))
            for name, how in zip(names, hows, strict=False)]


def _by_inspect(handler: Callable[..., Any]) -> list[Parameter]:
    from inspect import signature

    arguments, spaces = signature(handler).parameters, namespace(handler)
    kinds = signature(handler.func).parameters if isinstance(handler, partial) else arguments
    filled = handler.keywords if isinstance(handler, partial) else {}
    # what stands after one that a partial fills has to go by name, but is no other argument for that
    hows = {name: "name" if kinds.get(name, parameter).kind is not parameter.kind else _HOW[parameter.kind]
            for name, parameter in arguments.items()}
    return [Parameter(name, hows[name], resolved(parameter.annotation, spaces),
                      NONE if parameter.default is parameter.empty else parameter.default)
            for name, parameter in arguments.items() if name not in filled]


def returned(function: Callable[..., Any]) -> Any:
    """The annotation of its result, of a coroutine of what comes of it; NONE where none is known."""
    from inspect import signature

    try:
        annotation = signature(function).return_annotation
    except (TypeError, ValueError):
        return NONE
    found = resolved(annotation, namespace(function))
    return NONE if isinstance(found, Unresolved) else found


def namespace(handler: Any) -> dict[str, Any]:
    """Where the names in its annotations are looked up: the module of the function that is called at last."""
    from inspect import unwrap

    handler = unwrap(handler)
    while isinstance(handler, partial):
        handler = unwrap(handler.func)
    if not hasattr(handler, "__globals__"):     # an object with a __call__ method
        handler = unwrap(type(handler).__call__)
    return getattr(handler, "__globals__", {})


def resolved(annotation: Any, spaces: dict[str, Any]) -> Any:
    """The annotation's value, by itself: one meant for type checkers alone does not spoil the others."""
    import inspect
    from types import SimpleNamespace
    from typing import get_type_hints

    if annotation is inspect.Parameter.empty:
        return NONE
    if isinstance(annotation, type):            # no text in it, unlike in Optional["UUID"]
        return annotation
    try:
        holder = SimpleNamespace(__annotations__={"it": annotation})
        return get_type_hints(holder, spaces, include_extras=True)["it"]
    except Exception as fault:      # an annotation may be any expression, so it may raise anything
        return Unresolved(fault)

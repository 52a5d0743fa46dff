"""Options: what an app decides for all its routes, and a route file for its own URL.

Rules this module keeps
-----------------------
1. A route file's own word comes before the app's: `max_body = 50 * 2**20` or `trailing_slash = "ignore"` at
   its top level.
2. What may not be set is a fault at start: a ValueError from App(...), a line of the report from a route
   file.
"""

from __future__ import annotations

import re

from .exports import METHODS, NEVER

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType
    from typing import Any

_is_method = re.compile(r"[A-Z][A-Z0-9_]*").fullmatch


class Options:
    """What App(...) was given that concerns routes.

    max_body: bytes, None for no limit. trailing_slash: "redirect", "ignore" or "strict".
    methods: those that are served, beyond the usual seven.
    Raises ValueError, or TypeError, naming the option that may not be so.
    """

    __slots__ = ("max_body", "methods", "trailing_slash")

    def __init__(self, max_body: int | None, trailing_slash: str, methods: Iterable[str] = ()) -> None:
        wrong = [*_wrong_max_body(max_body), *_wrong_trailing_slash(trailing_slash)]
        if wrong:
            raise ValueError("; ".join(wrong))
        self.max_body = max_body
        self.trailing_slash = trailing_slash
        self.methods = _widened(methods)

    def of(self, module: ModuleType) -> Options:
        """The options of one route file. Raises ValueError for what it may not set."""
        own = vars(module)          # what stands there; a module's own __getattr__ is not asked
        return Options(own.get("max_body", self.max_body), own.get("trailing_slash", self.trailing_slash),
                       self.methods)


def _wrong_max_body(value: Any) -> Iterator[str]:
    if value is not None and (type(value) is not int or value < 0):
        yield f"max_body is a number of bytes, or None for no limit, not {value!r:.80}"


def _wrong_trailing_slash(value: Any) -> Iterator[str]:
    if value not in ("redirect", "ignore", "strict"):
        yield f'trailing_slash is "redirect", "ignore" or "strict", not {value!r:.80}'


def _widened(methods: Iterable[str]) -> tuple[str, ...]:
    if isinstance(methods, str) or not hasattr(methods, "__iter__"):
        raise TypeError(f"methods is a list of names, such as methods=[{str(methods)!r}]")
    names = dict.fromkeys((*METHODS, *methods))
    for name in names:
        if not isinstance(name, str) or not _is_method(name) or name in NEVER:
            raise ValueError(f"methods: {name!r} is no method that can be served: an identifier in capitals, "
                             "and neither TRACE nor CONNECT")
    return tuple(names)

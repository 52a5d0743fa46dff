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
    from collections.abc import Iterable
    from types import ModuleType

_is_method = re.compile(r"[A-Z][A-Z0-9_]*").fullmatch


class Options:
    """What App(...) was given that concerns routes.

    max_body: bytes, None for no limit. trailing_slash: "redirect", "ignore" or "strict".
    methods: those that are served, beyond the usual seven. below: in a catch-all's file, whether it is meant
    to answer below folders whose middleware it leaves out. hidden: whether OpenAPI says nothing of it.
    Raises ValueError, or TypeError, naming the option that may not be so.
    """

    __slots__ = ("below", "hidden", "max_body", "methods", "trailing_slash")

    def __init__(self, max_body: int | None, trailing_slash: str, methods: Iterable[str] = (),
                 below: bool = False, hidden: bool = False) -> None:
        wrong = []
        if max_body is not None and (type(max_body) is not int or max_body < 0):
            wrong.append(f"max_body is a number of bytes, or None for no limit, not {max_body!r:.80}")
        if trailing_slash not in ("redirect", "ignore", "strict"):
            wrong.append(f'trailing_slash is "redirect", "ignore" or "strict", not {trailing_slash!r:.80}')
        wrong += [f"{name} is True or False, not {flag!r:.80}"
                  for name, flag in (("below", below), ("hidden", hidden)) if not isinstance(flag, bool)]
        if wrong:
            raise ValueError("; ".join(wrong))
        self.below = below
        self.hidden = hidden
        self.max_body = max_body
        self.trailing_slash = trailing_slash
        self.methods = _widened(methods)

    def of(self, module: ModuleType) -> Options:
        """The options of one route file. Raises ValueError for what it may not set."""
        own = vars(module)          # what stands there; a module's own __getattr__ is not asked
        return Options(own.get("max_body", self.max_body), own.get("trailing_slash", self.trailing_slash),
                       self.methods, own.get("below", False), own.get("hidden", False))


def _widened(methods: Iterable[str]) -> tuple[str, ...]:
    if isinstance(methods, str) or not hasattr(methods, "__iter__"):
        raise TypeError(f"methods is a list of names, such as methods=[{str(methods)!r}]")
    names = dict.fromkeys((*METHODS, *methods))
    for name in names:
        if not isinstance(name, str) or not _is_method(name) or name in NEVER:
            raise ValueError(f"methods: {name!r} is no method that can be served: an identifier in capitals, "
                             "and neither TRACE nor CONNECT")
    return tuple(names)

"""Table: everything that an app answers, worked out once.

Rules this module keeps
-----------------------
1. Whatever a request is, something in here answers it: a route, the folder nearest to where the path leads,
   or what stands for a Host or a path that is none.
2. Nothing in it changes, but for lazy resources, which fill themselves.
"""

from __future__ import annotations

from . import builtin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..routing.route import Route
    from ..routing.trie import Matcher
    from .chain import Chain
    from .composer import Composer
    from .resource import Resource

    Found = tuple[Resource, dict[str, Any]]     # what answers, and the values of the path


class Miss:
    """What happens to paths at and below a place that no route matches.

    pattern: of the place. folder: the path of the one that speaks for it. chain: the names of the
    middleware, outermost first.
    """

    __slots__ = ("chain", "folder", "pattern")

    def __init__(self, pattern: str, folder: str, chain: tuple[str, ...]) -> None:
        self.pattern = pattern
        self.folder = folder
        self.chain = chain


class Table:
    """What answers.

    resources: by route, in the order of the tree. match: what answers a path, or None.
    not_found, bad_host, bad_path, asterisk: for what has no route; nearest: what to take in place of
    not_found, by the path, None where that is the same everywhere. misses: the same for people.
    """

    __slots__ = ("asterisk", "bad_host", "bad_path", "match", "misses", "nearest", "not_found", "resources")

    def __init__(self, resources: dict[Route, Resource], matcher: Matcher, misses: list[Miss],
                 composer: Composer, chain: Chain) -> None:
        """chain: of the root."""
        self.resources = resources
        self.match: Callable[[str], Found | None] = matcher.match
        self.nearest: Callable[[str], Found] | None = matcher.nearest if misses else None
        self.misses = misses
        self.not_found = composer.of_miss(chain)
        self.bad_host = composer.of_builtin(builtin.bad_host, chain)
        self.bad_path = composer.of_builtin(builtin.bad_path, chain)
        self.asterisk = composer.of_asterisk(chain)

"""Paths: the URLs of routes as OpenAPI writes them, /api/users/{id} (OpenAPI 3.1.0, 4.8.8).

Rules this module keeps
-----------------------
1. A path is percent-encoded as it is in a URL, so that a brace in it is always that of a name.
2. A catch-all is a name like any other, whose value keeps its slashes: there is no better word for it. One
   that may be empty is two paths.
3. Paths that differ by their names alone are one (4.8.8.1): of `[id]` and a catch-all beside it, the more
   specific one is kept. The patterns of those left out are told.
"""

from __future__ import annotations

import re
from urllib.parse import quote

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from ..routing.route import Route, Segment

METHODS = ("GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH")
"""Those that OpenAPI has words for and a route file may export."""

_RANKS = {"literal": 0, "param": 1, "rest": 2, "optional": 3}

# a segment that matches: not empty, "." or "..", and without a slash or NUL
_SEGMENT = r"(?!\.{1,2}(?:/|$))[^/\u0000]+"
ONE_SEGMENT = f"^{_SEGMENT}$"
SEGMENTS = f"^{_SEGMENT}(?:/{_SEGMENT})*$"

_is_version = re.compile(r"v[0-9]+(?:[._-][0-9]+)*").fullmatch


class Path:
    """One URL. path: as OpenAPI writes it. names: those in it. route: what answers it."""

    __slots__ = ("names", "path", "ranks", "route")

    def __init__(self, route: Route, segments: Sequence[Segment]) -> None:
        self.route = route
        self.path = "/" + "/".join(map(_spelt, segments))
        self.names = tuple([segment.name for segment in segments if segment.kind != "literal"])
        self.ranks = tuple([_RANKS[segment.kind] for segment in route.segments])

    def shape(self) -> str:
        """What it is without its names."""
        return re.sub(r"\{[^}]*\}", "{}", self.path)

    def tags(self) -> list[str]:
        """The first literal folder that is no "api" and no version, if there is one."""
        names = [segment.name for segment in self.route.segments if segment.kind == "literal"]
        return [name for name in names if name != "api" and not _is_version(name)][:1]


def sorted_out(routes: Iterable[Route]) -> tuple[list[Path], list[str]]:
    """The paths to tell of; and the patterns of the routes of which one was left out."""
    best: dict[str, Path] = {}
    lost: dict[str, None] = {}
    for route in routes:
        for path in _paths(route) if any(method in route.handlers for method in METHODS) else ():
            other = best.setdefault(path.shape(), path)
            if other is not path:
                kept, left_out = (path, other) if path.ranks < other.ranks else (other, path)
                best[path.shape()] = kept
                lost[left_out.route.pattern] = None
    return [*best.values()], [*lost]


def _paths(route: Route) -> Iterator[Path]:
    segments = route.segments
    if segments and segments[-1].kind == "optional":
        yield Path(route, segments[:-1])
    yield Path(route, segments)


def _spelt(segment: Segment) -> str:
    if segment.kind != "literal":
        return f"{{{segment.name}}}"
    return quote(segment.name, safe="!$&'()*+,;=:@~", errors="surrogatepass")

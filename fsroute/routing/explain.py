"""Why a path is answered by this route and by no other, in words.

Rules this module keeps
-----------------------
1. It explains and decides nothing: which route answers is the Matcher's word, given in.
2. It looks at every route, since it is asked by people, one path at a time.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from .route import Route, Segment

_RANKS = {"literal": 0, "param": 1, "rest": 2, "optional": 3}
_CLOSEST = 5


def passed_over(routes: Iterable[Route], path: str, chosen: Route | None) -> list[tuple[Route, str]]:
    """Routes that did not answer the path, and why: those that match it too, then those that come closest.

    path: decoded. chosen: the route that answers, None when none does.
    """
    parts = path.removeprefix("/").split("/") if path != "/" else []
    matching, others = [], []
    for route in routes:
        if route is chosen:
            continue
        reach, reason = _walk(route, parts)
        if reason is None:
            why = _precedence(chosen, route) if chosen is not None else \
                'it would, but for the final slash or an empty, "." or ".." segment'
            matching.append((route, why))
        elif reach > 0:
            others.append((-reach, route.pattern, route, reason))
    close = sorted(others, key=lambda other: other[:2])[:_CLOSEST]
    return matching + [(route, reason) for _, _, route, reason in close]


def _walk(route: Route, parts: list[str]) -> tuple[int, str | None]:
    """How many segments of the path the route takes, and what stops it; None when nothing does."""
    for at, segment in enumerate(route.segments):
        if segment.kind == "optional" or (segment.kind == "rest" and at < len(parts)):
            return len(parts), None
        if at == len(parts):
            return at, f"the path ends before {segment}"
        if segment.kind == "literal" and segment.name != parts[at]:
            return at, f"segment {at + 1} is {parts[at][:40]!r}, not {segment}"
    if len(parts) > len(route.segments):
        return len(route.segments), f"it ends before {parts[len(route.segments)][:40]!r}"
    return len(parts), None


def _precedence(chosen: Route, other: Route) -> str:
    """What made the chosen one of two routes that both match the more specific one."""
    for at, (ours, theirs) in enumerate(zip(chosen.segments, other.segments, strict=False)):
        if _RANKS[ours.kind] != _RANKS[theirs.kind]:
            return f"segment {at + 1}: {_named(ours)} comes before {_named(theirs)}"
    return f"{chosen.pattern} is matched to its end"


def _named(segment: Segment) -> str:
    return f"the literal {segment}" if segment.kind == "literal" else str(segment)

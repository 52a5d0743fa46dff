"""Guards: where a URL could lead round the middleware of a folder.

A guard is a folder that brings middleware to the URL it leads to: its own, or that of groups it lies in.

Rules this module keeps
-----------------------
1. A public file has the chain of the folder its URL leads to. It is a fault where another folder leads there
   too, or on the way there, literally or by brackets, under middleware that would not run.
2. A group leads to no URL of its own, it carries middleware for the routes put into it: (admin)/middleware.py
   does not stand in the way of public/favicon.ico.
3. A route that takes a guard's own name for a value answers at or below its URL with another chain. That is
   noted with the route; `below = True` in its file says that it is meant. So it is with a public file whose
   own name a folder in brackets would take.
"""

from __future__ import annotations

import os
from itertools import islice

from ..routing.names import normal
from ..routing.places import covers, upwards
from ..routing.route import Segment

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import Any

    from ..routing.folders import Folder
    from ..routing.places import Places
    from ..routing.route import Route
    from ..routing.tree import Tree
    from .chain import Chain

    Chains = Mapping[str, Chain]        # by the path of the folder
    Match = Callable[[str], tuple[Any, dict[str, Any]] | None]

_RANKS = {"literal": 0, "param": 1, "rest": 2, "optional": 2}
_MOST, _TRIED = 10, 100     # notes of one route, and guards looked at: /[x] may stand beside thousands
_VALUE = "\ufdd0"       # a value that is nobody's name: no character, and never one (Unicode, 23.7)


class Guards:
    """The guards of a tree. chains: of its folders."""

    def __init__(self, tree: Tree, chains: Chains) -> None:
        self._tree = tree
        self._chains = chains
        self._root = _Node()
        for folder in tree.routed:
            segments, above = folder.segments, _leading(folder.parent)
            # a group in a catch-all holds its route, and so all of its URL
            leads = folder is _leading(folder) or folder.catch_all is not None
            if leads and segments and above is not None and _adds(chains[folder.path], chains[above.path]):
                self._root.add(folder, segments)

    def chains_of_public(self, places: Places) -> dict[Sequence[Segment], Chain]:
        """The chain of the public files, and of what else has its name verbatim, by the URL of the folder.

        Adds the faults to the tree.
        """
        tree, chains = self._tree, self._chains
        found: dict[Sequence[Segment], Chain] = {}
        for route in tree.verbatim:
            folder = route.segments[:-1]
            if folder in found:
                continue
            # a public name is verbatim in the URL, but no other letters than the folder's of that name
            names = [Segment("literal", normal("NFC", segment.name)) for segment in folder]
            place = places.above(names)
            speaker = place.speaker
            chain = found[folder] = chains[speaker.path]
            run = {each.path for each in upwards(speaker)}
            others = [each for each in place.folders if chains[each.path].calls != chain.calls
                      and _leading(each) is each and each.path not in run]
            others += [guard for guard, segments in self._root.met(names) if guard.path not in run
                       and covers(segments, names) and _adds(chains[guard.path], chain)]
            if others:
                problem = f"{tree.shown(others[0].path)} has this URL too, under other middleware"
                mend = "move the file elsewhere, or the middleware into a folder above both" \
                    if route.kind == "public" else "give App(openapi=...) another path"
                tree.fault([route.file], problem, mend)
        return found

    def note_left_out(self, targets: Mapping[Route, Any], match: Match,
                      around_public: Mapping[Sequence[Segment], Chain]) -> None:
        """Notes with each route the folders for which it answers without their middleware.

        targets: what match gives for a path that the route answers. around_public: as from chains_of_public.
        """
        if not self._root.behind and not self._root.guards:
            return
        depth = max(len(route.segments) for route in targets) + 1
        for route, target in targets.items():
            if route.kind in ("public", "document"):
                chain = around_public[route.segments[:-1]]
                passed = (guard.path for guard, segments in islice(self._root.met(route.segments), _TRIED)
                          if any(segment.kind != "literal" for segment in segments)
                          and covers(segments, route.segments) and _adds(self._chains[guard.path], chain))
                route.left_out = tuple(islice(passed, _MOST))
            if route.below or not route.names:
                continue
            chain = self._chains[os.path.dirname(route.file)]
            taken = (folder.path for guard, _ in islice(self._root.met(route.segments), _TRIED)
                     if _adds(self._chains[guard.path], chain)
                     for folder, segments in _taken(route.segments, guard)
                     if _adds(self._chains[folder.path], chain)
                     and any((found := match(path)) is not None and found[0] is target
                             for path in _common(route.segments, segments, depth)))
            route.left_out = tuple(dict.fromkeys(islice(taken, _MOST)))


class _Node:
    """Where guards lie in URLs: a route looks at those on its own way, however many there are."""

    __slots__ = ("behind", "guards")

    def __init__(self) -> None:
        self.behind: dict[str | None, _Node] = {}       # by the text of a literal, None for a value
        self.guards: list[tuple[Folder, Sequence[Segment]]] = []

    def add(self, guard: Folder, segments: Sequence[Segment]) -> None:
        node = self
        for segment in segments:
            if _RANKS[segment.kind] < 2:        # a catch-all may be met anywhere below what stands before it
                name = segment.name if segment.kind == "literal" else None
                node = node.behind.setdefault(name, _Node())
        node.guards.append((guard, segments))

    def met(self, segments: Sequence[Segment]) -> Iterator[tuple[Folder, Sequence[Segment]]]:
        """The guards that have a path in common with these segments, or lie above one."""
        pending = [(self, 0)]
        while pending:
            node, at = pending.pop()
            yield from node.guards
            kind = segments[at].kind if at < len(segments) else ""
            if kind == "literal":
                next_ones = [node.behind.get(segments[at].name), node.behind.get(None)]
            else:
                next_ones = [*node.behind.values()] if kind else []
            step = 0 if _RANKS.get(kind) == 2 else 1
            pending += [(each, at + step) for each in reversed(next_ones) if each is not None]


def _leading(folder: Folder | None) -> Folder | None:
    """The folder that leads to this one's URL: itself, unless it is a group."""
    while folder is not None and folder.parent is not None and folder.parent.segments == folder.segments:
        folder = folder.parent
    return folder


def _taken(route: Sequence[Segment], guard: Folder) -> Iterator[tuple[Folder, Sequence[Segment]]]:
    """The first folders, from the guard on, whose own name a path of the route has for a value."""
    pending = [guard]
    while pending:
        folder = pending.pop()
        segments = folder.segments
        if not folder.routed or segments is None:
            continue
        pairs = list(zip(route, segments, strict=False))
        if any(mine.kind == its.kind == "literal" and mine.name != its.name for mine, its in pairs):
            continue
        if any(_RANKS[mine.kind] > _RANKS[its.kind] for mine, its in pairs):
            yield folder, segments
        elif len(segments) < len(route):
            pending += reversed(folder.children)


def _common(route: Sequence[Segment], guard: Sequence[Segment], depth: int) -> Iterator[str]:
    """Paths that fit the route and lie at or below the guard's URL, with values that are nobody's names."""
    ends = _RANKS[route[-1].kind] == 2
    fixed = route[:-1] if ends else route
    parts = [mine.name if mine.kind == "literal" else _VALUE for mine in fixed]
    for at, its in enumerate(guard):
        part = its.name if its.kind == "literal" else _VALUE
        if at >= len(parts):
            parts.append(part)
        elif parts[at] == _VALUE:
            parts[at] = part
    for more in range(depth if ends else 1):
        yield "/" + "/".join(parts + [_VALUE] * more)


def _adds(one: Chain, other: Chain) -> bool:
    """Whether there is middleware in one chain that the other lacks."""
    return one is not other and not {*one.calls} <= {*other.calls}

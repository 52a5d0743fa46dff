"""Matcher: which route answers a path, and with which values.

Rules this module keeps
-----------------------
1. Per segment, leftmost first: literal, [x], [...x], [[...x]], with full backtracking. The values belong to
   the route, not to the position: /[id] and /[slug]/posts live side by side.
2. A path that does not begin with "/", or has an empty, "." or ".." segment, matches nothing ("/" itself is
   the root): so a final slash never matches, and no value can climb out of a folder.
3. A path that no route matches has a nearest place: the deepest one reached over all branches, the literal
   one of two equally deep. Values there obey rule 2 too.
4. The cost does not grow with the number of routes, nothing is remembered per path, and nothing recurses:
   the walk visits each node of the trie at most once, and 50,000 segments are as safe as three.

How a path is looked up
-----------------------
The trie is the structure. Two flat tables are derived from it, because most paths need no walk:

`_static` holds the paths without any value: those made of literals only, and the zero-segment form of a
[[...x]] behind literals only. Every step of such a match is a literal, which is what the walk would try
first, so nothing can take precedence over it.

`_final` holds the routes made of literals and one last [x], under their literal part. It is asked after
`_static`, which had no answer: the literal branch for the last segment, if there is one, then ends in
nothing. The next thing that the walk would try is [x] in the same folder.

Measured against the walk alone, over 10,000 distinct paths: with 10 routes a hit in `_static` costs 0.14 of
it and one in `_final` 0.31, with 100,000 (where most of the time is the memory's) 0.34 and 0.45. The price
is paid by what needs the walk, 1.07 to 1.2 times the walk alone, and by misses, 1.2 to 1.6 times.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Any

    from .route import Segment

_NO_SEGMENT = frozenset(("", ".", ".."))


class Matcher:
    """Finds the target of a path among (segments, target) entries. Immutable, so it may be shared by threads.

    places: what speaks for a path without a route, as (segments of the place, those whose values it gets,
    target); the second begin as the first do, under names of their own.
    Raises ValueError if two entries answer the same paths equally well: which one wins would be chance.
    """

    __slots__ = ("_final", "_root", "_static")

    def __init__(self, entries: Iterable[tuple[Sequence[Segment], Any]],
                 places: Iterable[tuple[Sequence[Segment], Sequence[Segment], Any]] = ()) -> None:
        self._root = _Node()
        self._static: dict[str, tuple[Any, str | None]] = {}
        self._final: dict[str, tuple[Any, str]] = {}
        for segments, target in entries:
            self._add(segments, target)
        for way, segments, target in places:
            self._node(way).place = _Leaf(target, segments)

    def match(self, path: str) -> tuple[Any, dict[str, Any]] | None:
        """The target and its values by name (str, or list[str] for a catch-all), or None.

        path: decoded text; it is never decoded again. The values are a fresh dict.
        """
        static = self._static.get(path)
        if static is not None:
            target, name = static
            return target, {} if name is None else {name: []}
        head, slash, last = path.rpartition("/")
        final = self._final.get(head)
        if final is not None and slash and last not in _NO_SEGMENT:
            target, name = final
            return target, {name: last}
        if path[:1] != "/":
            return None
        segments = path[1:].split("/")
        return self._walk(segments) if _NO_SEGMENT.isdisjoint(segments) else None

    def _walk(self, segments: list[str]) -> tuple[Any, dict[str, Any]] | None:
        end = len(segments)
        node, depth = self._root, 0
        untried: list[tuple[_Node, int]] = []       # the branches passed by, the best one last
        while True:
            while depth < end:
                if node.rest is not None:           # takes all that is left, so it stands at the end at once
                    untried.append((node.rest, end))
                child = node.literals.get(segments[depth])
                if child is None:
                    child = node.param
                    if child is None:
                        break
                elif node.param is not None:
                    untried.append((node.param, depth + 1))
                node = child
                depth += 1
            else:
                if node.leaf is not None:
                    return node.leaf.found(segments)
            if not untried:
                return None
            node, depth = untried.pop()

    def nearest(self, path: str) -> tuple[Any, dict[str, Any]]:
        """The target and values of the deepest place on the way to that path.

        path: as above. Raises LookupError where nothing was placed at the root.
        """
        segments = path[1:].split("/") if path[:1] == "/" else []
        best, reached = self._root.place, 0
        pending = [(self._root, 0)]                 # the best one last
        while pending:
            node, depth = pending.pop()
            if depth > reached and node.place is not None:
                best, reached = node.place, depth
            if depth < len(segments):
                segment = segments[depth]
                if node.param is not None and segment not in _NO_SEGMENT:
                    pending.append((node.param, depth + 1))
                if segment in node.literals:
                    pending.append((node.literals[segment], depth + 1))
        if best is None:
            raise LookupError("there is no place at the root")
        return best.found(segments)

    def _node(self, segments: Sequence[Segment]) -> _Node:
        node = self._root
        for segment in segments:
            node = node.child(segment)
        return node

    def _add(self, segments: Sequence[Segment], target: Any) -> None:
        leaf = _Leaf(target, segments)
        node = self._node(segments)
        node.settle(leaf)
        if segments and segments[-1].kind == "optional":
            self._node(segments[:-1]).settle(leaf)
        self._tabulate(segments, target)

    def _tabulate(self, segments: Sequence[Segment], target: Any) -> None:
        """Put what needs no walk into the flat tables."""
        last = segments[-1] if segments and segments[-1].kind != "literal" else None
        fixed = segments if last is None else segments[:-1]
        if any(segment.kind != "literal" for segment in fixed):
            return
        prefix = "".join([f"/{segment.name}" for segment in fixed])
        if last is None:
            self._static[prefix or "/"] = target, None
        elif last.kind == "optional":
            self._static[prefix or "/"] = target, last.name
        elif last.kind == "param":
            self._final[prefix] = target, last.name


class _Leaf:
    """Where an entry ends. The positions of its values are fixed, so nothing is collected on the way down."""

    __slots__ = ("target", "values")

    def __init__(self, target: Any, segments: Sequence[Segment]) -> None:
        self.target = target
        self.values: list[tuple[str, int | slice]] = []
        for at, segment in enumerate(segments):
            if segment.kind == "param":
                self.values.append((segment.name, at))
            elif segment.kind != "literal":
                if at != len(segments) - 1:
                    raise ValueError(f"nothing can follow the catch-all {segment}")
                self.values.append((segment.name, slice(at, None)))

    def found(self, segments: list[str]) -> tuple[Any, dict[str, Any]]:
        params: dict[str, Any] = {}
        for name, at in self.values:                # a loop: a comprehension is a call of its own before 3.12
            params[name] = segments[at]
        return self.target, params


class _Node:
    """Where paths lead. `leaf` answers those that end here, `place` speaks for those that end in nothing."""

    __slots__ = ("leaf", "literals", "param", "place", "rest")

    def __init__(self) -> None:
        self.literals: dict[str, _Node] = {}
        self.param: _Node | None = None
        self.rest: _Node | None = None
        self.leaf: _Leaf | None = None
        self.place: _Leaf | None = None

    def child(self, segment: Segment) -> _Node:
        """The node that the segment leads to; it is made if there is none yet."""
        if segment.kind == "literal":
            if segment.name in _NO_SEGMENT or "/" in segment.name:
                raise ValueError(f"no path has the segment {segment.name!r}")
            node = self.literals.get(segment.name)
            if node is None:
                node = self.literals[segment.name] = _Node()
        elif segment.kind == "param":
            node = self.param = self.param or _Node()
        else:
            node = self.rest = self.rest or _Node()
        return node

    def settle(self, leaf: _Leaf) -> None:
        if self.leaf is not None:
            raise ValueError(f"{self.leaf.target!r} and {leaf.target!r} answer the same paths")
        self.leaf = leaf

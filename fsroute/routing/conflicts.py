"""Conflicts: routes that answer the same path equally well.

Rules this module keeps
-----------------------
1. Two routes conflict if no rule of precedence tells which one answers a path that both match. That depends
   on their shape only: the pattern without the names in its brackets.
2. Names belong to the route: [id]/route.py and [slug]/posts/route.py differ in shape and live side by side.
3. One fault for each clash, naming every file in it.
"""

from __future__ import annotations

import os

from .route import Segment, pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .route import Route
    from .tree import Tree


def find_conflicts(tree: Tree) -> None:
    """Adds every conflict among the tree's routes to its faults."""
    shapes: dict[str, list[Route]] = {}
    for route in tree.routes:
        shapes.setdefault(_shape(route), []).append(route)
    for shape, twins in shapes.items():
        if len(twins) > 1:
            tree.fault([route.file for route in twins], *_same_shape(twins))
        front = shape.removesuffix("/[[...]]")
        if front != shape:
            catch_all = twins[0].segments[-1]
            if rest := shapes.get(front + "/[...]"):
                problem = f"{rest[0].pattern} and {twins[0].pattern} answer the same paths"
                mend = f"keep {catch_all}, which matches no segment too, or {rest[0].segments[-1]}"
                tree.fault([route.file for route in (*rest, *twins)], problem, mend)
            if index := shapes.get(front or "/"):
                problem = f"both answer {index[0].pattern}, for {catch_all} matches no segment too"
                needs_one = Segment("rest", catch_all.name)
                mend = f"rename {catch_all} to {needs_one}, or remove {tree.shown(index[0].file)}"
                tree.fault([route.file for route in (*index, *twins)], problem, mend)


def _shape(route: Route) -> str:
    if not route.names:
        return route.pattern
    return pattern([part if part.kind == "literal" else Segment(part.kind, "") for part in route.segments])


def _same_shape(twins: list[Route]) -> tuple[str, str]:
    """The problem and the mend."""
    patterns = list(dict.fromkeys(route.pattern for route in twins))
    all_of_them = "both" if len(twins) == 2 else "all"
    if len(patterns) > 1:
        merge = all(route.kind == "route" for route in twins)
        return (f"{all_of_them} answer the same paths, under different names: {' and '.join(patterns)}",
                "move the handlers into one of the files" if merge else "keep one of them")
    if any(route.kind == "document" for route in twins):
        return f"{all_of_them} answer {patterns[0]}", "give App(openapi=...) another path"
    one_folder = len({os.path.dirname(route.file) for route in twins}) == 1
    return (f"{all_of_them} answer {patterns[0]}",
            "keep the page or the route, not both" if one_folder else "keep one of them, or move the others")

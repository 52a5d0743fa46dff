"""Conflicts: routes that answer the same path equally well.

Rules this module keeps
-----------------------
1. Two routes conflict if no rule of precedence tells which one answers a path that both match. That depends
   on their shape only: the pattern without the names in its brackets.
2. Names belong to the route: [id]/route.py and [slug]/posts/route.py differ in shape and live side by side.
3. One fault for each clash, naming every file in it.
"""

from __future__ import annotations

from .faults import Fault
from .route import Segment, pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from .route import Route


def conflicts(routes: Iterable[Route], shown: Callable[[str], str]) -> list[Fault]:
    """Every conflict among the routes.

    shown: makes of a route's file the path that a fault names.
    """
    shapes: dict[str, list[Route]] = {}
    for route in routes:
        shapes.setdefault(_shape(route), []).append(route)
    faults = []
    for shape, twins in shapes.items():
        if len(twins) > 1:
            faults.append(_same_shape(twins, shown))
        if shape.endswith("/[[...]]"):
            front = shape.removesuffix("/[[...]]")
            if front + "/[...]" in shapes:
                faults.append(_two_catch_alls(twins, shapes[front + "/[...]"], shown))
            if (front or "/") in shapes:
                faults.append(_no_segment(twins, shapes[front or "/"], shown))
    return faults


def _shape(route: Route) -> str:
    if not route.names:
        return route.pattern
    return pattern([part if part.kind == "literal" else Segment(part.kind, "") for part in route.segments])


def _same_shape(twins: list[Route], shown: Callable[[str], str]) -> Fault:
    files = [shown(route.file) for route in twins]
    patterns = list(dict.fromkeys(route.pattern for route in twins))
    all_of_them = "both" if len(twins) == 2 else "all"
    if len(patterns) > 1:
        merge = all(route.kind == "route" for route in twins)
        return Fault(
            files,
            f"{all_of_them} answer the same paths, under different names: {' and '.join(patterns)}",
            "move the handlers into one of the files" if merge else "keep one of them",
        )
    one_folder = len({file.rpartition("/")[0] for file in files}) == 1
    mend = "keep the page or the route, not both" if one_folder else "keep one of them, or move the others"
    return Fault(files, f"{all_of_them} answer {patterns[0]}", mend)


def _two_catch_alls(optional: list[Route], rest: list[Route], shown: Callable[[str], str]) -> Fault:
    return Fault(
        [shown(route.file) for route in (*rest, *optional)],
        f"{rest[0].pattern} and {optional[0].pattern} answer the same paths",
        f"keep {optional[0].segments[-1]}, which matches no segment too, or {rest[0].segments[-1]}",
    )


def _no_segment(optional: list[Route], index: list[Route], shown: Callable[[str], str]) -> Fault:
    catch_all = optional[0].segments[-1]
    files = [shown(route.file) for route in (*index, *optional)]
    return Fault(
        files,
        f"both answer {index[0].pattern}, for {catch_all} matches no segment too",
        f"rename {catch_all} to {Segment('rest', catch_all.name)}, or remove {files[0]}",
    )

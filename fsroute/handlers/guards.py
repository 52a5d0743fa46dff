"""Guards: where a URL could lead round the middleware of a folder.

Rules this module keeps
-----------------------
1. A public file has the chain of the folder its URL leads to. Where several folders spell that URL, under
   different middleware, or a folder in brackets matches it and has middleware of its own, it is a fault.
2. A catch-all answers below its own folder with its own chain. The deeper folders whose middleware does not
   run then are noted with its route; `below = True` in its file says that this is meant.
"""

from __future__ import annotations

import os

from ..routing.places import covers
from ..routing.route import pattern

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..routing.folders import Folder
    from ..routing.places import Places
    from ..routing.route import Route, Segment
    from ..routing.tree import Tree
    from .chain import Chain

    Chains = Mapping[str, Chain]        # by the path of the folder


def chains_of_public(tree: Tree, places: Places, chains: Chains) -> dict[Sequence[Segment], Chain]:
    """The chain of the public files in each folder, by the segments of its URL; faults join the tree's."""
    found: dict[Sequence[Segment], Chain] = {}
    for route in tree.public:
        folder = route.segments[:-1]
        if folder in found:
            continue
        place = places.above(folder)
        chain = found[folder] = chains[place.speaker.path]
        others = [each for each in place.folders if chains[each.path].middleware != chain.middleware]
        others += [each for each in _guards(tree) if covers(each.segments or (), folder) and _is_dynamic(each)
                   and _adds(chains[each.path], chain)]
        if others:
            problem = f"{tree.shown(others[0].path)} has this URL too, and its middleware would not run"
            mend = "move the file elsewhere, or the middleware into a folder above both"
            tree.fault([route.file], problem, mend)
    return found


def note_left_out(tree: Tree, chains: Chains) -> None:
    """Notes with the route of each catch-all which folders' middleware it leaves out."""
    guards = [(guard, guard.segments) for guard in _guards(tree)
              if guard.segments is not None and guard.catch_all is None]
    catch_alls = [route for route in tree.routes if guards and _ends_in(route) in ("rest", "optional")]
    closed = _closed(tree.routes, catch_alls)
    for route in catch_alls:
        above, chain = route.segments[:-1], chains[os.path.dirname(route.file)]
        route.left_out = tuple([guard.path for guard, segments in guards
                                if len(segments) > len(above) and covers(above, segments)
                                and _adds(chains[guard.path], chain) and pattern(segments) not in closed])


def _ends_in(route: Route) -> str:
    return route.segments[-1].kind if route.segments else ""


def _closed(routes: Sequence[Route], catch_alls: Sequence[Route]) -> set[str]:
    """The patterns below which no path is left to another catch-all: their own one takes each."""
    known = {route.pattern for route in routes}
    own = {pattern(route.segments[:-1]): _ends_in(route) for route in catch_alls}
    return {above for above, kind in own.items() if kind == "optional" or above in known}


def _guards(tree: Tree) -> list[Folder]:
    return [folder for folder in tree.routed if "middleware.py" in folder.inherited]


def _is_dynamic(folder: Folder) -> bool:
    return any(segment.kind != "literal" for segment in folder.segments or ())


def _adds(one: Chain, other: Chain) -> bool:
    """Whether there is middleware in one chain that the other lacks."""
    return not {*one.middleware} <= {*other.middleware}

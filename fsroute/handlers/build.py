"""The start-up path: scan, import, bind, compose, index; everything wrong on the way, in one report.

Rules this module keeps
-----------------------
1. Every step adds to the same list of faults and goes on, so that one start shows all of them.
2. What a request will need is made here. Nothing is left to look up later but the path and the method.
"""

from __future__ import annotations

import gc
import os

from ..http.files import CODINGS, page, public
from ..routing.faults import TreeError
from ..routing.places import Places
from ..routing.route import pattern
from ..routing.tree import Tree, scan
from ..routing.trie import Matcher
from .composer import Composer
from .folderfiles import chains_of
from .guards import Guards
from .loader import ImportFault, modules_of
from .table import Miss, Table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ..http.request import Settings
    from ..routing.route import Route, Segment
    from .chain import Chain
    from .document import Document
    from .loader import Modules
    from .options import Options
    from .resource import Resource

    Chains = Mapping[str, Chain]        # by the path of the folder

DEFAULT_PUBLIC = "public"
"""The folder that may be missing."""


def build(root: str | os.PathLike[str], package: str | None, public: str | os.PathLike[str] | None,
          options: Options, nowhere: Settings, lazy: bool, document: Document | None = None) -> Table:
    """What answers each request to the tree.

    root: the folder. package: its module name, the folder's own when None. public: the folder of public
    files, None for none; a relative one lies beside the root. options: the app's, where a route file has
    none of its own. nowhere: the settings of a request that no route answers. lazy: leave each route
    file, and all that could be wrong in it, to the first request for its path. document: what is answered
    about the routes.
    Raises TreeError, with every fault there is.
    """
    collecting = gc.isenabled()
    gc.disable()            # half of a large start is the collector's: 10,000 files 2.3 s instead of 4.6
    try:
        names = None if document is None else document.segments
        tree = _scanned(os.fspath(root), None if public is None else os.fspath(public), names)
        return _table(tree, modules_of(tree, package), Composer(options, nowhere), lazy, document)
    finally:
        if collecting:
            gc.enable()


def _scanned(root: str, public: str | None, document: Sequence[str] | None) -> Tree:
    if public is None:
        return scan(root, document=document)
    folder = os.path.join(os.path.dirname(os.path.abspath(root)), public)
    if os.path.isdir(folder):
        return scan(root, folder, tuple(CODINGS), document)
    tree = scan(root, document=document)
    if public != DEFAULT_PUBLIC or os.path.lexists(folder):
        mend = "create it, or correct public= (None for none)"
        tree.fault([folder], "there is no such public folder", mend)
    return tree


def _table(tree: Tree, modules: Modules | None, composer: Composer, lazy: bool, document: Document | None
           ) -> Table:
    if not tree.routed:
        raise TreeError(tree.root, tree.faults)
    places, chains = Places(tree.routed), chains_of(tree, modules)
    guards = Guards(tree, chains)
    around_public = guards.chains_of_public(places)
    resources = _resources(tree, modules, composer, lazy, chains, around_public, document)
    if modules is not None:
        modules.report()
    if tree.faults:
        # one traceback is enough to see what a failed import looks like
        cause = next((fault.error for fault in tree.faults if isinstance(fault, ImportFault)), None)
        raise TreeError(tree.root, tree.faults) from cause
    entries = [(route.segments, resource) for route, resource in resources.items()]
    misses, placed = [], []
    for place in places if any(chains.values()) else ():
        speaker = place.speaker
        chain = chains[speaker.path]
        placed.append((place.segments, speaker.segments or (), composer.of_miss(chain)))
        if not place.segments or chain is not chains[places.before(place).speaker.path]:
            misses.append(Miss(pattern(place.segments), speaker.path, chain.names))
    matcher = Matcher(entries, placed)
    guards.note_left_out(resources, matcher.match, around_public)
    tree.routed.clear()     # a lazy app keeps its tree, and needs of it no more than the names of folders
    return Table(resources, matcher, misses, composer, chains[tree.root])


def _resources(tree: Tree, modules: Modules | None, composer: Composer, lazy: bool, chains: Chains,
               around_public: Mapping[Sequence[Segment], Chain], document: Document | None
               ) -> dict[Route, Resource]:
    """What answers each route. around_public: the chains of public files, by the URL of their folder."""
    resources: dict[Route, Resource] = {}
    for route in tree.routes:
        if route.kind == "public":
            found = tree.public[route]
            handler = public(route.segments[-1].name, found.root, found.parts, found.compressed)
            resources[route] = composer.of_file(route, handler, around_public[route.segments[:-1]], tree)
            continue
        if route.kind == "document" and document is not None:
            resources[route] = composer.of_file(route, document, around_public[route.segments[:-1]], tree)
            continue
        chain = chains[os.path.dirname(route.file)]
        if route.kind == "page":
            resources[route] = composer.of_file(route, page(route.file), chain, tree)
        elif modules is not None and lazy:
            resources[route] = composer.later(route, chain, modules)
        elif modules is not None and (module := modules.get(route.module, route.file)) is not None:
            resources[route] = composer.of_module(route, module, chain, tree)
    return resources

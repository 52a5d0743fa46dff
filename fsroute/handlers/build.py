"""The start-up path: scan, import, bind, compose; everything wrong on the way, in one report.

Rules this module keeps
-----------------------
1. Every step adds to the same list of faults and goes on, so that one start shows all of them.
2. What a request will need is made here. Nothing is left to look up later but the path and the method.
"""

from __future__ import annotations

import os

from ..http.files import page
from ..http.request import Settings
from ..routing.faults import Fault, TreeError
from ..routing.tree import scan
from . import builtin, exports
from .binding import BindingError, bind
from .endpoint import endpoint
from .loader import load
from .resource import Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from ..http.request import PathFor
    from ..http.site import Site
    from ..routing.route import Route, Segment
    from ..routing.tree import Tree
    from .options import Options

    Handler = Callable[..., Any]
    Entry = tuple[tuple[Segment, ...], Resource]


def build(root: str | os.PathLike[str], package: str | None, options: Options, site: Site,
          path_for: PathFor) -> tuple[tuple[Route, ...], list[Entry]]:
    """The tree's routes, and what answers each: a Resource by its segments.

    root: the folder. package: its module name, the folder's own when None. options: the app's, where a route
    file has none of its own. site, path_for: for the requests (see Settings).
    Raises TreeError, with every fault there is.
    """
    tree = scan(os.fspath(root))
    found: list[tuple[Route, dict[str, Handler], Options]] = [
        (route, {"GET": page(route.file)}, options) for route in tree.routes if route.kind == "page"]
    for route, module in load(tree, package or os.path.basename(tree.root).replace(".", "_")):
        found.append((route, *_exported(tree, route, module, options)))
    entries = []
    for route, handlers, own in found:
        route.methods = tuple(sorted(handlers))
        settings = Settings(route.pattern, own.max_body, site, path_for)
        entries.append((route.segments, _resource(tree, route, handlers, settings, own)))
    if tree.faults:
        raise TreeError(tree.root, tree.faults)
    return tuple(tree.routes), entries


def _exported(tree: Tree, route: Route, module: ModuleType,
              options: Options) -> tuple[dict[str, Handler], Options]:
    name = tree.shown(route.file)
    tree.faults += [Fault([name], problem, mend) for problem, mend in exports.faults(module, options.methods)]
    try:
        options = options.of(module)
    except ValueError as error:
        tree.faults.append(Fault([name], str(error), "set it to one of these, or leave it to App(...)"))
    return exports.handlers(module, options.methods), options


def _resource(tree: Tree, route: Route, handlers: dict[str, Handler], settings: Settings,
              options: Options) -> Resource:
    name = tree.shown(route.file)
    endpoints = {}
    for method, handler in handlers.items():
        try:
            endpoints[method] = endpoint(bind(handler, route.segments), f"{method} in {name}")
        except BindingError as error:
            tree.faults.append(Fault([name], f"{method} {error.problem}", error.mend))
    endpoints.setdefault("OPTIONS", builtin.options(handlers))
    resource = Resource(settings, endpoints, builtin.not_allowed(handlers))
    if options.trailing_slash == "redirect":
        resource.slashed = Resource(settings, {}, builtin.without_slash)
    elif options.trailing_slash == "ignore":
        resource.slashed = resource
    return resource

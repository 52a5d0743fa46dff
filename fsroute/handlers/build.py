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

    from ..routing.route import Route, Segment
    from ..routing.tree import Tree

    Handler = Callable[..., Any]
    Entry = tuple[tuple[Segment, ...], Resource]


def build(root: str | os.PathLike[str], package: str | None,
          max_body: int | None) -> tuple[tuple[Route, ...], list[Entry]]:
    """The tree's routes, and what answers each: a Resource by its segments.

    root: the folder. package: its module name, the folder's own when None. max_body: bytes, None for none.
    Raises TreeError, with every fault there is.
    """
    tree = scan(os.fspath(root))
    handlers = {route: {"GET": page(route.file)} for route in tree.routes if route.kind == "page"}
    for route, module in load(tree, package or os.path.basename(tree.root).replace(".", "_")):
        handlers[route] = _exported(tree, route, module)
    entries = []
    for route, by_method in handlers.items():
        route.methods = tuple(sorted(by_method))
        entries.append((route.segments, _resource(tree, route, by_method, Settings(route.pattern, max_body))))
    if tree.faults:
        raise TreeError(tree.root, tree.faults)
    return tuple(tree.routes), entries


def _exported(tree: Tree, route: Route, module: ModuleType) -> dict[str, Handler]:
    for problem, mend in exports.faults(module):
        tree.faults.append(Fault([tree.shown(route.file)], problem, mend))
    return exports.handlers(module)


def _resource(tree: Tree, route: Route, handlers: dict[str, Handler], settings: Settings) -> Resource:
    endpoints = {}
    for method, handler in handlers.items():
        name = tree.shown(route.file)
        try:
            endpoints[method] = endpoint(bind(handler, route.segments), f"{method} in {name}")
        except BindingError as error:
            tree.faults.append(Fault([name], f"{method} {error.problem}", error.mend))
    endpoints.setdefault("OPTIONS", builtin.options(handlers))
    redirect = Resource(settings, {}, builtin.without_slash)
    return Resource(settings, endpoints, builtin.not_allowed(handlers), slashed=redirect)

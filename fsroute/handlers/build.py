"""The start-up path: scan, import, bind, compose, index; everything wrong on the way, in one report.

Rules this module keeps
-----------------------
1. Every step adds to the same list of faults and goes on, so that one start shows all of them.
2. What a request will need is made here. Nothing is left to look up later but the path and the method.
"""

from __future__ import annotations

import gc
import os
from functools import partial

from ..http.files import CODINGS, page, public
from ..routing.faults import TreeError
from ..routing.tree import Tree, scan
from ..routing.trie import Matcher
from . import builtin, exports
from .binding import BindingError, bind
from .endpoint import endpoint
from .loader import ImportFault, modules_of
from .resource import LazyResource, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from ..http.request import Settings
    from ..http.send import Endpoint
    from ..routing.route import Route
    from .loader import Modules
    from .options import Options

    Handler = Callable[..., Any]
    Resources = dict[Route, Resource]

DEFAULT_PUBLIC = "public"
"""The folder that may be missing."""


def build(root: str | os.PathLike[str], package: str | None, public: str | os.PathLike[str] | None,
          options: Options, nowhere: Settings, lazy: bool) -> tuple[Resources, Matcher]:
    """What answers each route of the tree, in its order, and the matcher that finds it.

    root: the folder. package: its module name, the folder's own when None. public: the folder of public
    files, None for none; a relative one lies beside the root. options: the app's, where a route file has
    none of its own. nowhere: the settings of a request that no route answers. lazy: leave each route
    file, and all that could be wrong in it, to the first request for its path.
    Raises TreeError, with every fault there is.
    """
    collecting = gc.isenabled()
    gc.disable()            # half of a large start is the collector's: 10,000 files 2.3 s instead of 4.6
    try:
        tree = _scanned(os.fspath(root), None if public is None else os.fspath(public))
        resources = _resources(tree, package, _Composer(options, nowhere), lazy)
        return resources, Matcher([(route.segments, resource) for route, resource in resources.items()])
    finally:
        if collecting:
            gc.enable()


def _scanned(root: str, public: str | None) -> Tree:
    if public is None:
        return scan(root)
    folder = os.path.join(os.path.dirname(os.path.abspath(root)), public)
    if os.path.isdir(folder):
        return scan(root, folder, tuple(CODINGS))
    tree = scan(root)
    if public != DEFAULT_PUBLIC or os.path.lexists(folder):
        mend = "create it, or correct public= (None for none)"
        tree.fault([folder], "there is no such public folder", mend)
    return tree


def _resources(tree: Tree, package: str | None, composer: _Composer, lazy: bool) -> Resources:
    modules = modules_of(tree, package)
    resources: Resources = {}
    for route in tree.routes:
        if route.kind == "page":
            resources[route] = composer.of_file(route, page(route.file), tree)
        elif route.kind == "public":
            found = tree.public[route]
            handler = public(route.segments[-1].name, found.root, found.parts, found.compressed)
            resources[route] = composer.of_file(route, handler, tree)
        elif modules is not None and lazy:
            resources[route] = composer.later(route, modules)
        elif modules is not None and (module := modules.get(route.module, route.file)) is not None:
            resources[route] = composer.of_module(route, module, tree)
    if modules is not None:
        modules.report()
    if tree.faults:
        # one traceback is enough to see what a failed import looks like
        cause = next((fault.error for fault in tree.faults if isinstance(fault, ImportFault)), None)
        raise TreeError(tree.root, tree.faults) from cause
    return resources


class _Composer:
    """Makes the Resource of a route. What is wrong with its file joins the faults of the tree it is given."""

    def __init__(self, options: Options, nowhere: Settings) -> None:
        self._options = options
        self._nowhere = nowhere
        self._made: dict[tuple[str, ...], tuple[Endpoint, Endpoint]] = {}      # OPTIONS and 405, by methods

    def of_file(self, route: Route, handler: Handler, tree: Tree) -> Resource:
        """Of a page or a public file. handler: takes the request and nothing else."""
        where = f"GET in {tree.shown(route.file)}"
        return self._compose(route, {"GET": endpoint(handler, where)}, self._options)

    def of_module(self, route: Route, module: ModuleType, tree: Tree) -> Resource:
        """Of a route file that was imported."""
        options = self._options
        for problem, mend in exports.faults(module, options.methods):
            tree.fault([route.file], problem, mend)
        try:
            options = options.of(module)
        except ValueError as error:
            tree.fault([route.file], str(error), "correct it, or leave it out: App(...) has the default")
        handlers = exports.handlers(module, options.methods)
        return self._compose(route, self._bound(route, handlers, tree), options)

    def later(self, route: Route, modules: Modules) -> Resource:
        """Of a route file whose import is left to the first request for it."""
        settings = self._nowhere.of(route.pattern, self._options.max_body)
        return LazyResource(settings, partial(self._now, route, modules))

    def _now(self, route: Route, modules: Modules) -> Resource:
        tree = Tree(modules.root)               # of this file alone
        resource = self.of_module(route, modules.load(route.module, route.file), tree)
        if tree.faults:
            modules.forget(route.module)        # or the next try would find it as it was
            raise TreeError(tree.root, tree.faults)
        return resource

    def _bound(self, route: Route, handlers: dict[str, Handler], tree: Tree) -> dict[str, Endpoint]:
        endpoints = {}
        for method, handler in handlers.items():
            try:
                where = f"{method} in {tree.shown(route.file)}"
                endpoints[method] = endpoint(bind(handler, route.segments), where)
            except BindingError as error:
                tree.fault([route.file], f"{method} {error.problem}", error.mend)
        return endpoints

    def _compose(self, route: Route, endpoints: dict[str, Endpoint], options: Options) -> Resource:
        methods = route.methods = tuple(sorted(endpoints))
        made = self._made.get(methods)
        if made is None:            # thousands of routes have the same few sets of methods
            made = self._made[methods] = builtin.options(methods), builtin.not_allowed(methods)
        settings = self._nowhere.of(route.pattern, options.max_body)
        resource = Resource(settings, {"OPTIONS": made[0], **endpoints}, made[1])
        if options.trailing_slash == "redirect":
            resource.slashed = Resource(settings, {}, builtin.without_slash)
        elif options.trailing_slash == "ignore":
            resource.slashed = resource
        return resource

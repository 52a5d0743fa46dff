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
from ..http.request import Settings
from ..routing.faults import Fault, TreeError
from ..routing.tree import scan
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

    from ..http.request import PathFor
    from ..http.site import Site
    from ..routing.route import Route
    from ..routing.tree import Tree
    from .loader import Modules
    from .options import Options

    Handler = Callable[..., Any]
    Resources = dict[Route, Resource]

DEFAULT_PUBLIC = "public"
"""The folder that may be missing."""


def build(root: str | os.PathLike[str], package: str | None, public: str | os.PathLike[str] | None,
          options: Options, site: Site, path_for: PathFor, lazy: bool) -> tuple[Resources, Matcher]:
    """What answers each route of the tree, in its order, and the matcher that finds it.

    root: the folder. package: its module name, the folder's own when None. public: the folder of public
    files, None for none; a relative one lies beside the root. options: the app's, where a route file has
    none of its own. site, path_for: for the requests (see Settings). lazy: leave each route file,
    and all that could be wrong in it, to the first request for its path.
    Raises TreeError, with every fault there is.
    """
    collecting = gc.isenabled()
    gc.disable()            # half of a large start is the collector's: 10,000 files 2.3 s instead of 4.6
    try:
        tree = _scanned(os.fspath(root), None if public is None else os.fspath(public))
        resources = _resources(tree, package, _Composer(options, site, path_for), lazy)
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
    if public != DEFAULT_PUBLIC:
        tree.faults.append(Fault([tree.shown(folder)], "there is no such public folder",
                                 "create it, or correct public= (None for none)"))
    return tree


def _resources(tree: Tree, package: str | None, composer: _Composer, lazy: bool) -> Resources:
    modules = modules_of(tree, package)
    resources: Resources = {}
    for route in tree.routes:
        name = tree.shown(route.file)
        if route.kind == "page":
            resources[route] = composer.of_file(route, name, page(route.file), tree.faults)
        elif route.kind == "public":
            found = tree.public[route]
            handler = public(route.segments[-1].name, found.root, found.parts, found.compressed)
            resources[route] = composer.of_file(route, name, handler, tree.faults)
        elif modules is not None and lazy:
            resources[route] = composer.later(route, name, modules)
        elif modules is not None and (module := modules.get(route.module, route.file)) is not None:
            resources[route] = composer.of_module(route, name, module, tree.faults)
    if modules is not None:
        modules.report()
    if tree.faults:
        # one traceback is enough to see what a failed import looks like
        cause = next((fault.error for fault in tree.faults if isinstance(fault, ImportFault)), None)
        raise TreeError(tree.root, tree.faults) from cause
    return resources


class _Composer:
    """Makes the Resource of a route. What is wrong with its file joins the faults it is given."""

    def __init__(self, options: Options, site: Site, path_for: PathFor) -> None:
        self._options = options
        self._site = site
        self._path_for = path_for

    def of_file(self, route: Route, name: str, handler: Handler, faults: list[Fault]) -> Resource:
        """Of a page or a public file. name: the file, as faults name it."""
        return self._compose(route, name, {"GET": handler}, self._options, faults)

    def of_module(self, route: Route, name: str, module: ModuleType, faults: list[Fault]) -> Resource:
        """Of a route file that was imported."""
        options = self._options
        for problem, mend in exports.faults(module, options.methods):
            faults.append(Fault([name], problem, mend))
        try:
            options = options.of(module)
        except ValueError as error:
            faults.append(Fault([name], str(error), "correct it, or leave it out: App(...) has the default"))
        return self._compose(route, name, exports.handlers(module, options.methods), options, faults)

    def later(self, route: Route, name: str, modules: Modules) -> Resource:
        """Of a route file whose import is left to the first request for it."""
        return LazyResource(self._settings(route, self._options), partial(self._now, route, name, modules))

    def _now(self, route: Route, name: str, modules: Modules) -> Resource:
        faults: list[Fault] = []
        resource = self.of_module(route, name, modules.load(route.module, route.file), faults)
        if faults:
            modules.forget(route.module)        # or the next try would find it as it was
            raise TreeError(modules.root, faults)
        return resource

    def _settings(self, route: Route, options: Options) -> Settings:
        return Settings(route.pattern, options.max_body, self._site, self._path_for)

    def _compose(self, route: Route, name: str, handlers: dict[str, Handler], options: Options,
                 faults: list[Fault]) -> Resource:
        route.methods = tuple(sorted(handlers))
        endpoints = {}
        for method, handler in handlers.items():
            try:
                endpoints[method] = endpoint(bind(handler, route.segments), f"{method} in {name}")
            except BindingError as error:
                faults.append(Fault([name], f"{method} {error.problem}", error.mend))
        endpoints.setdefault("OPTIONS", builtin.options(handlers))
        settings = self._settings(route, options)
        resource = Resource(settings, endpoints, builtin.not_allowed(handlers))
        if options.trailing_slash == "redirect":
            resource.slashed = Resource(settings, {}, builtin.without_slash)
        elif options.trailing_slash == "ignore":
            resource.slashed = resource
        return resource

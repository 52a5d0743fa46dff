"""Composer: the Resource of a route, and of what no route answers.

Rules this module keeps
-----------------------
1. Whatever answers is composed here, at start, with the chain of its place around it. Where there is none,
   the plain endpoint stands: a route that uses no chain pays for none.
2. What is wrong with a file joins the faults of the tree that is given; composing goes on.
"""

from __future__ import annotations

from functools import partial

from ..routing.faults import TreeError
from ..routing.tree import Tree
from . import builtin, exports, using
from .binding import bind
from .chain import Middleware
from .folderfiles import named
from .plan import BindingError
from .resource import LazyResource, Resource

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType
    from typing import Any

    from ..http.request import Settings
    from ..http.send import Endpoint
    from ..routing.route import Route
    from .builtin import Builtin
    from .chain import Chain
    from .loader import Modules
    from .options import Options

    Handler = Callable[..., Any]


class Composer:
    """Composes with what an app decided for all its routes.

    options: where a route file has none of its own. nowhere: the settings of a request without a route.
    """

    def __init__(self, options: Options, nowhere: Settings) -> None:
        self._options = options
        self._nowhere = nowhere
        self._made: dict[tuple[Chain, tuple[str, ...]], tuple[Endpoint, ...]] = {}     # see _builtins
        self._misses: dict[Chain, Resource] = {}

    def of_file(self, route: Route, handler: Handler, chain: Chain, tree: Tree) -> Resource:
        """Of a page or a public file. handler: takes the request and nothing else."""
        endpoint = chain.endpoint(handler, f"GET in {tree.shown(route.file)}")
        return self._compose(route, {"GET": endpoint}, chain, self._options)

    def of_module(self, route: Route, module: ModuleType, chain: Chain, tree: Tree) -> Resource:
        """Of a route file that was imported."""
        options = self._options
        for problem, mend in exports.faults(module, options.methods):
            tree.fault([route.file], problem, mend)
        try:
            options = options.of(module)
        except ValueError as error:
            tree.fault([route.file], str(error), "correct it, or leave it out: App(...) has the default")
        handlers = exports.handlers(module, options.methods)
        for problem, mend in using.faults(module, handlers):
            tree.fault([route.file], problem, mend)
        if options.below:
            route.below, route.left_out = True, ()
        route.handlers, route.hidden = handlers, options.hidden
        return self._compose(route, self._bound(route, handlers, chain, options, tree), chain, options)

    def later(self, route: Route, chain: Chain, modules: Modules) -> Resource:
        """Of a route file whose import is left to the first request for it."""
        settings = self._nowhere.of(route.pattern, self._options.max_body)
        failing = partial(_failing, chain)
        return LazyResource(settings, partial(self._now, route, chain, modules), failing, chain.names)

    def of_builtin(self, made: Builtin, chain: Chain) -> Resource:
        """Of an answer to whatever comes, which no route gives."""
        return Resource(self._nowhere, {}, _around(made, chain), chain.names, made.status)

    def of_miss(self, chain: Chain) -> Resource:
        """Of paths that no route matches; one for all places of a chain."""
        return self._misses.get(chain) or self._misses.setdefault(
            chain, self.of_builtin(builtin.not_found, chain))

    def of_asterisk(self, chain: Chain) -> Resource:
        """Of `OPTIONS *`, which is about the server."""
        endpoints = {"OPTIONS": _around(builtin.options(self._options.methods), chain)}
        refuse = _around(builtin.bad_path, chain)
        return Resource(self._nowhere, endpoints, refuse, chain.names, builtin.bad_path.status)

    def _now(self, route: Route, chain: Chain, modules: Modules) -> Resource:
        tree = Tree(modules.root)               # of this file alone
        resource = self.of_module(route, modules.load(route.module, route.file), chain, tree)
        if tree.faults:
            modules.forget(route.module)        # or the next try would find it as it was
            raise TreeError(tree.root, tree.faults)
        return resource

    def _bound(self, route: Route, handlers: dict[str, Handler], chain: Chain, options: Options, tree: Tree
               ) -> dict[str, Endpoint]:
        endpoints = {}
        file = tree.shown(route.file)
        for method, handler in handlers.items():
            inner = [(each, named(each, tree)) for each in using.used(handler)]
            if inner:
                route.used = {**route.used, method: tuple([name for _, name in inner])}
            own = [Middleware(each, name, f"middleware {name} of {method} in {file}", chain.errors)
                   for each, name in inner]
            try:
                bound = bind(handler, route.segments, method, options.max_body)
            except BindingError as error:
                tree.fault([route.file], f"{method} {error.problem}", error.mend)
            else:
                endpoints[method] = chain.around(own).endpoint(bound, f"{method} in {file}")
        return endpoints

    def _compose(self, route: Route, endpoints: dict[str, Endpoint], chain: Chain, options: Options
                 ) -> Resource:
        methods = route.methods = tuple(sorted(endpoints))
        route.chain = names = chain.names
        route.errors = tuple([error.call for error in chain.errors])
        answer_options, refuse, redirect = self._builtins(methods, chain)
        settings = self._nowhere.of(route.pattern, options.max_body)
        resource = Resource(settings, {"OPTIONS": answer_options, **endpoints}, refuse, names)
        if options.trailing_slash == "redirect":
            resource.slashed = Resource(settings, {}, redirect, names, builtin.without_slash.status)
        elif options.trailing_slash == "ignore":
            resource.slashed = resource
        return resource

    def _builtins(self, methods: tuple[str, ...], chain: Chain) -> tuple[Endpoint, ...]:
        """OPTIONS, 405 and the 308 of a final slash; thousands of routes have them in common."""
        made = self._made.get((chain, methods))
        if made is None:
            answers = builtin.options(methods), builtin.not_allowed(methods), builtin.without_slash
            made = self._made[chain, methods] = tuple([_around(answer, chain) for answer in answers])
        return made


def _around(made: Builtin, chain: Chain) -> Endpoint:
    return chain.endpoint(made.call, "an answer of fsroute's own") if chain else made.plain


def _failing(chain: Chain, error: Exception) -> Endpoint:
    def fail(request: object) -> None:
        raise error
    return chain.endpoint(fail, "the import of a route file")

"""App: the WSGI application, and the whole path of a request.

Rules this module keeps
-----------------------
1. A request is judged in one order: Host, path, `OPTIONS *`, match, final slash, fallback, method. The
   judgement only chooses what answers; whatever is chosen is a Resource made at start, and it always answers.
2. The good case is one lookup, one Request, one call. All else is in `_judge` and `_unmatched`.
3. An App does not change once it is made, so threads, greenlets and forked workers share it. The one thing it
   learns is which Host headers passed: a bounded set, to which adding twice does no harm.
"""

from __future__ import annotations

import os

from .handlers.build import DEFAULT_PUBLIC, build
from .handlers.document import Document
from .handlers.explanation import Explanation, explain
from .handlers.options import Options
from .http.request import Request, Settings
from .http.send import Closing
from .http.site import Site
from .http.url import quoted_path
from .http.wsgi import decoded_path, path_info, replaced_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from os import PathLike
    from typing import Any

    from .handlers.table import Found, Miss
    from .http.send import Endpoint
    from .http.wsgi import Environ
    from .routing.route import Route

    WSGIApp = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]


class App:
    """A folder of route files as a WSGI application.

        app = App("app")

    root: the folder; a relative one is taken from the current folder.
    package: the module name under which the files are imported; the folder's own name when left out.
    public: the folder whose files are served as they are, beside the root when it is relative; None for none.
    lazy: import each route file at the first request for its path instead of now, and say only then what is
    wrong with it; for short-lived processes.
    methods: those beyond the usual seven that route files may export, such as "QUERY".
    max_body: the largest request body, in bytes; None for no limit. A route file may set its own.
    hosts: the names this app answers to, "*.example.com" for all below; any other Host is a 400. None: any.
    proxies: how many proxies of ours stand before the app, whose word on client address and scheme counts; or
    {"for": 1, "proto": 1, "host": 1} with the number for each.
    trailing_slash: what becomes of a final slash: "redirect" (308, without it), "ignore" or "strict" (a
    miss). A route file may set its own.
    fallback: a WSGI app that takes over what would be a 404 here, with the environ as it came.
    openapi: the path where the OpenAPI document of the routes is answered; or a mapping of that "path" and of
    what else the document is to hold, such as "info". Docstrings are published there.
    Raises TreeError naming everything that is wrong with the tree; ValueError or TypeError naming an option.
    """

    def __init__(self, root: str | PathLike[str] = "app", *, package: str | None = None,
                 public: str | PathLike[str] | None = DEFAULT_PUBLIC, lazy: bool = False,
                 methods: Iterable[str] = (), max_body: int | None = 2**20,
                 hosts: Iterable[str] | None = None, proxies: int | Mapping[str, int] = 0,
                 trailing_slash: str = "redirect", fallback: WSGIApp | None = None,
                 openapi: str | Mapping[str, Any] | None = None) -> None:
        if fallback is not None and not callable(fallback):
            raise TypeError(f"fallback is a WSGI app, not {type(fallback).__name__}")
        options = Options(max_body, trailing_slash, methods)
        self._site = Site(hosts, proxies)
        self._hosts = self._site.passed
        nowhere = Settings(None, max_body, self._site, self._path_for)
        self._root = os.path.abspath(root)
        self._document = None if openapi is None else Document(openapi, self.openapi)
        self._table = build(root, package, public, options, nowhere, lazy, self._document)
        self._patterns = {route.pattern: route for route in self._table.resources}
        self._match = self._table.match
        self._fallback = fallback

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request (PEP 3333)."""
        path = environ.get("PATH_INFO") or "/"
        plain = environ.get("HTTP_HOST") in self._hosts and path.isascii() and "\0" not in path
        found = self._match(path) if plain else None
        if found is None:
            path, found = (path, self._unmatched(path)) if plain else self._judge(environ, path)
            if self._fallback is not None and found[0].status == 404:
                return self._fallback(environ, start_response)
        resource, params = found
        environ["fsroute.route"] = resource.settings.route
        request = Request(environ, path, params, resource.settings)
        endpoint: Endpoint = resource.endpoints.get(request.method, resource.refuse)
        status, headers, body = endpoint(request)
        try:
            start_response(status, headers)
        except BaseException:       # the host has no body to close
            Closing(body, request).close()
            raise
        return body if request._after is None else Closing(body, request)

    def _judge(self, environ: Environ, raw: str) -> tuple[str, Found]:
        """The path as text, and what answers a request whose Host is new or whose path is not plain ASCII."""
        if not self._site.knows(environ):
            for name in ("HTTP_HOST", "HTTP_X_FORWARDED_HOST"):     # no middleware may build a URL from it
                environ.pop(name, None)
            return replaced_path(raw), (self._table.bad_host, {})
        path = decoded_path(raw)
        if path is None:
            return replaced_path(raw), (self._table.bad_path, {})
        return path, self._match(path) or self._unmatched(path)

    def _unmatched(self, path: str) -> Found:
        """What answers a path that no route matches as it stands."""
        if path[-1] == "/" and path[-2:] != "//" and (found := self._match(path[:-1])) is not None:
            resource, params = found
            slashed = resource.with_slash()
            if slashed is not None:
                return slashed, params
        table = self._table
        if path[0] == "/":
            return (table.not_found, {}) if table.nearest is None else table.nearest(path)
        return (table.asterisk if path == "*" else table.bad_path), {}

    @property
    def routes(self) -> tuple[Route, ...]:
        """What answers, in the order of the tree.

        Imports what lazy=True had left for later, and raises as that does.
        """
        for resource in self._table.resources.values():
            resource.filled()
        return tuple(self._table.resources)

    @property
    def misses(self) -> tuple[Miss, ...]:
        """The places below which a path without a route meets other middleware or error files than above.

        The root's is the first; there is none at all in an app without such files.
        """
        return tuple(self._table.misses)

    def openapi(self) -> dict[str, Any]:
        """The OpenAPI 3.1 document of the routes, made anew: what App(openapi=...) serves.

        Imports what lazy=True had left for later, and raises as that does.
        """
        from .openapi import document

        title = os.path.basename(os.path.dirname(self._root))
        extra = None if self._document is None else self._document.extra
        return document(self.routes, title=title or "app", extra=extra)

    def url_for(self, pattern: str, /, **values: Any) -> str:
        """The URL of a route, below where the app is mounted: url_for("/api/users/[id]", id=42).

        values: one for each name of the pattern, a list for a catch-all.
        Raises LookupError for a pattern that no route has; ValueError or TypeError for values that do not
        fit, such as one that is empty or holds a slash.
        """
        return quoted_path(self._path_for(pattern, values))

    def _path_for(self, pattern: str, values: Mapping[str, Any]) -> str:
        route = self._patterns.get(pattern)
        if route is None:
            known = ", ".join(self._patterns)
            raise LookupError(f"no route has the pattern {pattern!r}; there are {known:.400}")
        return route.path(values)

    def match(self, method: str, path: str) -> Explanation:
        """Who would answer that request, and why nobody else: print(app.match("GET", "/api/users/42")).

        path: as in a URL, percent-encoded, without the query.
        """
        decoded = decoded_path(path_info(path) or "/")
        if decoded is None:
            return Explanation(400, None, None, {}, [], self._table.bad_path.chain)
        resource, params = self._match(decoded) or self._unmatched(decoded)
        return explain(method, decoded, resource, params, self._table.resources)

"""App: the WSGI application, and the whole path of a request.

Rules this module keeps
-----------------------
1. A request is judged in one order: Host, path, `OPTIONS *`, match, final slash, method. The judgement only
   chooses what answers; whatever is chosen is a Resource made at start, and it always answers.
2. The good case is one lookup, one Request, one call. All else is in `_judge` and `_unmatched`.
3. An App does not change once it is made, so threads, greenlets and forked workers share it. The one thing it
   learns is which Host headers passed: a bounded set, to which adding twice does no harm.
"""

from __future__ import annotations

from .handlers import builtin
from .handlers.build import build
from .handlers.exports import METHODS
from .handlers.resource import Resource
from .http.request import Request, Settings
from .http.url import valid_host
from .http.wsgi import decoded_path, replaced_path
from .routing.trie import Matcher

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from os import PathLike
    from typing import Any

    from .http.send import Endpoint
    from .http.wsgi import Environ

_KNOWN_HOSTS = 64       # a service has a handful of names; a client that invents them fills no memory


class App:
    """A folder of route files as a WSGI application.

        app = App("app")

    root: the folder; a relative one is taken from the current folder.
    package: the module name under which the files are imported; the folder's own name when left out.
    max_body: the largest request body, in bytes; None for no limit. 1 MiB.
    routes: what answers, as Route objects, in the order of the tree.
    Raises TreeError naming everything that is wrong with the tree.
    """

    def __init__(self, root: str | PathLike[str] = "app", *, package: str | None = None,
                 max_body: int | None = 2**20) -> None:
        self.routes, entries = build(root, package, max_body)
        self._match = Matcher(entries).match
        self._hosts: set[str | None] = {None}
        nowhere = Settings(None, max_body)
        self._not_found = Resource(nowhere, {}, builtin.not_found)
        self._bad_host = Resource(nowhere, {}, builtin.bad_host)
        self._bad_path = Resource(nowhere, {}, builtin.bad_path)
        self._server = Resource(nowhere, {"OPTIONS": builtin.options(METHODS)}, builtin.bad_path)

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        """Answers one request (PEP 3333)."""
        path = environ.get("PATH_INFO") or "/"
        if environ.get("HTTP_HOST") in self._hosts and path.isascii() and "\0" not in path:
            resource, params = self._match(path) or self._unmatched(path)
        else:
            resource, path, params = self._judge(environ, path)
        environ["fsroute.route"] = resource.settings.route
        request = Request(environ, path, params, resource.settings)
        endpoint: Endpoint = resource.endpoints.get(request.method, resource.refuse)
        status, headers, body = endpoint(request)
        start_response(status, headers)
        return body

    def _judge(self, environ: Environ, raw: str) -> tuple[Resource, str, dict[str, Any]]:
        """What answers a request whose Host is new or whose path is not plain ASCII; the path as text."""
        if not self._knows(environ.get("HTTP_HOST")):
            return self._bad_host, replaced_path(raw), {}
        path = decoded_path(raw)
        if path is None:
            return self._bad_path, replaced_path(raw), {}
        resource, params = self._match(path) or self._unmatched(path)
        return resource, path, params

    def _unmatched(self, path: str) -> tuple[Resource, dict[str, Any]]:
        """What answers a path that no route matches as it stands."""
        if path[-1] == "/" and path[-2:] != "//" and (found := self._match(path[:-1])) is not None:
            resource, params = found
            return resource.slashed, params
        if path[0] == "/":
            return self._not_found, {}
        return (self._server if path == "*" else self._bad_path), {}

    def _knows(self, host: str | None) -> bool:
        if host in self._hosts:
            return True
        if host is None or not valid_host(host):
            return False
        if len(self._hosts) < _KNOWN_HOSTS and host == host.lower():
            self._hosts.add(host)
        return True

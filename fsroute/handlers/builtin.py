"""The endpoints nobody writes: 404, 405, 400, OPTIONS and the redirect of a final slash.

Rules this module keeps
-----------------------
1. Each is made at start, and what runs around handlers runs around it too: `call` is for that, a function
   of the request like a handler's, which raises what is an error.
2. Where nothing runs around it, `plain` answers: what can be said ahead of the request is worked out ahead of
   it. Each answer has lists of its own.
"""

from __future__ import annotations

from ..http.errors import HTTPError
from ..http.problems import ready
from ..http.response import Response
from ..http.send import answer
from ..http.url import quoted_path, quoted_query
from ..http.wsgi import script_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..http.request import Request
    from ..http.send import Endpoint


class Builtin:
    """An answer that nobody writes. status: of it. call, plain: see the rules above."""

    __slots__ = ("call", "plain", "status")

    def __init__(self, status: int, call: Callable[[Request], Response], plain: Endpoint) -> None:
        self.status = status
        self.call = call
        self.plain = plain


def _refusal(status: int, detail: str, headers: dict[str, str] | None = None) -> Builtin:
    def refuse(request: Request) -> Response:
        raise HTTPError(status, detail, headers=headers)
    return Builtin(status, refuse, ready(status, detail, headers))


not_found = _refusal(404, "No route matches this path")
bad_host = _refusal(400, "The Host header is missing, malformed, or names a host that is not served here")
bad_path = _refusal(400, "The path is not UTF-8, holds a NUL or does not begin with a slash")


def allow(methods: Iterable[str]) -> str:
    """The Allow header for these methods (RFC 9110, 10.2.1): sorted, with HEAD beside GET, and OPTIONS."""
    names = {*methods, "OPTIONS"}
    if "GET" in names:
        names.add("HEAD")
    return ", ".join(sorted(names))


def not_allowed(methods: Iterable[str]) -> Builtin:
    """405 (RFC 9110, 15.5.6)."""
    allowed = allow(methods)
    return _refusal(405, f"Allowed here: {allowed}", {"Allow": allowed})


def options(methods: Iterable[str]) -> Builtin:
    """204 with Allow (RFC 9110, 9.3.7)."""
    response = Response.empty(headers={"Allow": allow(methods)})
    return Builtin(204, lambda request: response, lambda request: answer(response))


def _redirect(request: Request) -> Response:
    environ = request.environ
    path = quoted_path((script_name(environ) + request.path)[:-1])
    return Response.redirect(path + quoted_query(environ.get("QUERY_STRING", "")), status=308)


without_slash = Builtin(308, _redirect, lambda request: answer(_redirect(request)))
"""308 to the same path without its final slash, for any method: a client repeats what it sent.

The target is a path with one leading slash, so it stays on this host whatever the request's path was.
"""

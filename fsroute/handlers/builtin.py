"""The endpoints nobody writes: 404, 405, 400, OPTIONS and the redirect of a final slash.

Rules this module keeps
-----------------------
1. They are endpoints like a handler's, made at start, so that whatever runs around a handler can run
   around them.
2. What can be said ahead of the request is worked out ahead of it; each answer has lists of its own.
"""

from __future__ import annotations

from ..http.problems import ready
from ..http.response import Response
from ..http.send import answer
from ..http.url import quoted_path, quoted_query
from ..http.wsgi import script_name

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from ..http.request import Request
    from ..http.send import Answer, Endpoint

not_found = ready(404, "No route matches this path")
bad_host = ready(400, "The Host header is missing, malformed, or names a host that is not served here")
bad_path = ready(400, "The path is not UTF-8, holds a NUL or does not begin with a slash")


def allow(methods: Iterable[str]) -> str:
    """The Allow header for these methods (RFC 9110, 10.2.1): sorted, with HEAD beside GET, and OPTIONS."""
    names = {*methods, "OPTIONS"}
    if "GET" in names:
        names.add("HEAD")
    return ", ".join(sorted(names))


def not_allowed(methods: Iterable[str]) -> Endpoint:
    """405 (RFC 9110, 15.5.6)."""
    allowed = allow(methods)
    return ready(405, f"Allowed here: {allowed}", {"Allow": allowed})


def options(methods: Iterable[str]) -> Endpoint:
    """204 with Allow (RFC 9110, 9.3.7)."""
    response = Response.empty(headers={"Allow": allow(methods)})
    return lambda request: answer(response)


def without_slash(request: Request) -> Answer:
    """308 to the same path without its final slash, for any method: a client repeats what it sent.

    The target is a path with one leading slash, so it stays on this host whatever the request's path was.
    """
    environ = request.environ
    path = quoted_path((script_name(environ) + request.path)[:-1])
    return answer(Response.redirect(path + quoted_query(environ.get("QUERY_STRING", "")), status=308))

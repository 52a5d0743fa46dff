"""CORS: which pages of other origins may read these answers (Fetch Standard, "CORS protocol"; RFC 6454).

    middleware = cors(["https://shop.example", "http://localhost:5173"], credentials=True)

The need: a page of one origin cannot read what another origin answers, nor send it more than a form could,
until the answer says that it may. The attack: an answer that says so to whoever asks, and with credentials.
Then any page that a user looks at reads that user's data here, in the user's name.

This tells browsers what a page may read; it keeps no request out. What a refused origin sends is still
handled, unless a preflight came before it: csrf is what refuses it.

Rules this module keeps
-----------------------
1. A preflight is answered here and goes no further: it carries no credentials, so a guard would refuse it.
   That is why cors stands before the guards, and in a middleware.py: what @use names for GET or PUT sees no
   OPTIONS. One that is no preflight passes on.
2. An origin is compared as a whole, as browsers write it (RFC 6454, 6.2). One that is listed in a form which
   no browser sends is a fault at start; one that comes in such a form is refused, and is never an error.
3. "null" is what every sandboxed frame and local file says: it is allowed if it is listed, a function is not
   asked about it, and it never comes with credentials; nor does "*".
4. The answer depends on Origin, so it says `Vary: Origin`: to everybody, refused or without one, or a cache
   would hand one origin's answer to another. Only "*" answers all alike.
5. There is one word on it: an Access-Control-* of the handler, or of a cors further in, is replaced or
   removed.
6. What is repeated to a client was checked first, and is bounded.
"""

from __future__ import annotations

import re

from ..http.response import Response
from .origin import checked_origins, is_origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from ..handlers.chain import CallNext, Layer
    from ..http.request import Request

    Judge = Callable[[str | None], str | None]

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")

_LONGEST_LIST = 2_000       # characters of header names that are repeated; pages ask for a handful

# method and field-name are tokens (RFC 9110, 5.6.2); "put" is another method than "PUT", and nobody serves it
_is_method = re.compile(r"[A-Z][A-Z0-9_-]*").fullmatch
_is_token = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+").fullmatch


def cors(origins: str | Iterable[str] | Callable[[str], bool] = "*", *, methods: Iterable[str] | None = None,
         headers: str | Iterable[str] = "*", expose: Iterable[str] = (), credentials: bool = False,
         max_age: int | None = 600) -> Layer:
    """Lets pages of other origins read the answers below this folder.

    origins: "*" for every page there is; a list such as ["https://shop.example"]; or a function of the origin
    that says True or False. It is asked about well-formed origins, before the request goes on.
    methods: what a page may send, beyond the GET, HEAD and POST that browsers send unasked; None: also PUT,
    PATCH and DELETE. headers: the names that a page may send; "*": those it asks for, Authorization too.
    expose: the names of response headers that a page may read beyond the few it always may.
    credentials: whether cookies and HTTP authentication come with the request, and its answer may be read.
    Allow no origin that you would not trust with a user's session.
    max_age: for how many seconds a browser may remember a preflight (it has a limit of its own); None:
    nothing is said, which is 5 in today's browsers.
    Raises ValueError, or TypeError, naming the option that may not be so.
    """
    judge = _judge(origins)
    if not isinstance(credentials, bool):
        raise TypeError(f"credentials is True or False, not {type(credentials).__name__}")
    if credentials:
        _check_credentials(judge)
    preflight = [("Access-Control-Allow-Methods", _methods(methods)),
                 ("Access-Control-Max-Age", _age(max_age))]
    named = None if headers == "*" else _names("headers", headers)
    exposed = _names("expose", expose)

    def middleware(request: Request, call_next: CallNext) -> Response:
        allowed = judge(request.environ.get("HTTP_ORIGIN"))     # first: if it fails, nothing was done yet
        if _is_preflight(request):
            response = Response.empty()
            if allowed:
                response.headers.update((name, value) for name, value in preflight if value)
                _allow_headers(response, named, request)
        else:
            response = call_next(request)
            _forget(response)
            if allowed and exposed:
                response.headers["Access-Control-Expose-Headers"] = exposed
        if allowed:
            response.headers["Access-Control-Allow-Origin"] = allowed
        if allowed and credentials:
            response.headers["Access-Control-Allow-Credentials"] = "true"
        if allowed != "*":
            response.headers.vary("Origin")
        return response
    return middleware


def _is_preflight(request: Request) -> bool:
    """Whether a browser asks what a page may send, before it sends it."""
    environ = request.environ
    return (request.method == "OPTIONS" and "HTTP_ORIGIN" in environ
            and "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ)


def _forget(response: Response) -> None:
    """Takes out what others said of who may read the answer."""
    headers = response.headers
    for name in headers:
        if name.lower().startswith("access-control-"):
            del headers[name]


def _judge(origins: str | Iterable[str] | Callable[[str], bool]) -> Judge:
    """The function from a request's Origin to what Access-Control-Allow-Origin says; None: nothing."""
    if isinstance(origins, str) and origins == "*":
        return lambda origin: "*"
    if not callable(origins):
        listed = checked_origins("origins", origins)
        return lambda origin: origin if origin in listed else None
    from .verdict import judging  # most list them

    is_allowed = judging("origins", origins)
    return lambda origin: origin if origin is not None and is_origin(origin) and is_allowed(origin) else None


def _check_credentials(judge: Judge) -> None:
    """Raises ValueError where credentials would go to anybody."""
    word = judge("null")
    if word == "*":
        raise ValueError('credentials=True with origins="*" would let every page read what a user may read: '
                         'list the origins, origins=["https://shop.example"]')
    if word is not None:
        raise ValueError('credentials=True with "null" in origins would let every page read what a user may '
                         'read, for a sandboxed frame is "null" on any site: leave one of them out')


def _methods(methods: Iterable[str] | None) -> str:
    listed = _listed("methods", METHODS if methods is None else methods)
    for method in listed:
        if not _is_method(method):
            raise ValueError(f"methods: {method[:80]!r} is no method: name each one, in capitals")
    return ", ".join(listed)


def _names(option: str, names: str | Iterable[str]) -> str:
    """The field's value that lists the names; "" when there are none."""
    listed = _listed(option, names)
    for name in listed:
        if name == "*":
            mend = 'write headers="*", not in a list' if option == "headers" else "name each one"
            raise ValueError(f"{option}: '*' is no header's name: {mend}")
        if not _is_token(name):
            raise ValueError(f"{option}: {name[:80]!r} is no header's name")
    return ", ".join(listed)


def _listed(option: str, given: str | Iterable[str]) -> list[str]:
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise TypeError(f"{option} is a list of names, such as {option}=[{str(given)[:80]!r}]")
    names = list(given)
    for name in names:
        if not isinstance(name, str):
            raise TypeError(f"{option} is a list of str, of which {name!r:.80} is none")
    return names


def _age(seconds: int | None) -> str:
    if seconds is None:
        return ""
    if not isinstance(seconds, int) or isinstance(seconds, bool):
        raise TypeError(f"max_age is a number of seconds or None, not {type(seconds).__name__}")
    if seconds < 0:
        raise ValueError(f"max_age is a number of seconds from 0 on, not {seconds}; None says nothing of it")
    return str(seconds)


def _allow_headers(response: Response, named: str | None, request: Request) -> None:
    """Says which headers may be sent: those that were named, or with None those that are asked for."""
    allowed = named
    if named is None:
        response.headers.vary("Access-Control-Request-Headers")
        allowed = _asked_for(request.environ.get("HTTP_ACCESS_CONTROL_REQUEST_HEADERS", ""))
    if allowed:
        response.headers["Access-Control-Allow-Headers"] = allowed


def _asked_for(value: str) -> str:
    """The names in Access-Control-Request-Headers; "" when one of them is none.

    WSGI takes "_" and "-" for one: a page that may send Sec_Fetch_Site writes over what the browser says
    of it. Browsers let no page send the names that begin with Sec-, and so do we.
    """
    if len(value) > _LONGEST_LIST:
        return ""
    names = [name.strip(" \t") for name in value.split(",")]
    if not all(_is_token(name) and not name.lower().startswith(("sec-", "sec_")) for name in names):
        return ""
    return ", ".join(names)

"""Request: what came in, read from the environ when it is asked for.

Rules this module keeps
-----------------------
1. Making one costs next to nothing: method, path and params are there, all else is parsed on first use
   and kept.
2. Nothing of the body is touched until a reader is called. Then, in this order: framing (400, 411),
   Content-Encoding 415, Content-Type 415, size 413, shortness 400, malformation 400.
3. The limit on the body holds for every way of reading it.
4. After bytes(), text() or json() every reader works and `stream` replays. After a `stream` that was
   read from, and after a multipart form(), the others raise RuntimeError: a part of a body is not the body.
   A read that failed fails again, in the same way, and reads no more.
5. What was uploaded lives as long as the request: until the host closes the answer.
"""

from __future__ import annotations

import io
import re

from . import conditional, cookies, query, wsgi
from .accept import preferred
from .convert import Unconvertible, shown
from .errors import HTTPError
from .jsontext import dumps, loads
from .multidict import EnvironHeaders, MultiDict
from .response import Response
from .site import Site
from .url import quoted_path, quoted_query

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from collections.abc import Callable
    from datetime import datetime
    from types import SimpleNamespace
    from typing import Any, BinaryIO, TypeVar, overload

    from .forms import Form
    from .headers import Given
    from .response import Raised
    from .stream import Stream
    from .wsgi import Environ

    PathFor = Callable[[str, dict[str, Any]], str]
    T = TypeVar("T")
else:
    from .multidict import overload

_JSON, _FORM = "application/json", "application/x-www-form-urlencoded"
_UNSET: Any = object()
_COROUTINE = 0x80       # inspect.CO_COROUTINE: `async def`

# type "/" subtype, both tokens, and the suffix of RFC 6839
_is_json_suffixed = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+\+json").fullmatch


def _no_routes(pattern: str, values: dict[str, Any]) -> str:
    raise LookupError(f"no route has the pattern {pattern!r}: this request was made by hand")


def _reader(method: str, make: Callable[[Any], Callable[[Any], Any]], type: Any) -> Callable[[Any], Any]:
    try:
        return make(type)
    except Unconvertible as fault:
        raise TypeError(f"{method}({shown(type)}): {fault}") from None


def _is_touched(stream: BinaryIO) -> bool:
    return bool(stream.raw.touched)     # type: ignore[attr-defined]   # a BodyReader's


def _read_already() -> RuntimeError:
    return RuntimeError("the body was read already, by request.stream or form(): what is left is no body")


class Settings:
    """What start-up decided about the requests of one route.

    route: the pattern, None where no route answers. max_body: bytes, None for no limit.
    site: hosts and proxies. path_for: the decoded path of a pattern and its values, app.path_for.
    """

    __slots__ = ("max_body", "path_for", "route", "site")

    def __init__(self, route: str | None = None, max_body: int | None = 2**20, site: Site | None = None,
                 path_for: PathFor | None = None) -> None:
        self.route = route
        self.max_body = max_body
        self.site = site or Site()
        self.path_for = path_for or _no_routes

    def of(self, route: str, max_body: int | None) -> Settings:
        """The settings of another route of the same app."""
        return Settings(route, max_body, self.site, self.path_for)


class Request:
    """One request.

    environ: the WSGI environ, as the host gave it.
    method: "GET", as sent: HEAD stays HEAD though GET's handler runs.
    path: decoded, without the prefix the app is mounted under.
    params: the dynamic segments' values by name, always the raw text: a str, for a catch-all a list of str.
    """

    __slots__ = ("_after", "_ahead", "_body", "_cookies", "_fault", "_form", "_query", "_raised", "_reached",
                 "_sending", "_settings", "_state", "_stream", "environ", "method", "params", "path")
    _reached: int               # these are the chain's: how deep it is in,
    _sending: Stream | None     # the stream that answers so far,
    _raised: Raised | None      # and what was raised

    def __init__(self, environ: Environ, path: str, params: dict[str, Any], settings: Settings) -> None:
        self.environ = environ
        self.method: str = environ.get("REQUEST_METHOD", "")
        self.path = path
        self.params = params
        self._settings = settings
        self._query: MultiDict | None = None
        self._body: builtins.bytes | None = None
        self._stream: BinaryIO | None = None
        self._fault: Exception | None = None
        self._after: list[tuple[Callable[..., object], tuple[Any, ...]]] | None = None

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.path!a}>"

    @property
    def route(self) -> str | None:
        """The pattern of the route that answers, such as "/api/users/[id]"; None on a miss."""
        return self._settings.route

    @property
    def query(self) -> MultiDict:
        """The query string's fields. Raises HTTPError 400 for more than 1,000, or what is not UTF-8."""
        fields = self._query
        if fields is None:
            pairs = query.parse(self.environ.get("QUERY_STRING", ""))
            fields = self._query = MultiDict(pairs, "query parameter")
        return fields

    @property
    def headers(self) -> EnvironHeaders:
        """The header fields, by names that ignore case."""
        return EnvironHeaders(self.environ)

    @property
    def cookies(self) -> MultiDict:
        """The cookies, their values as they came: not decoded, and as easily forged as any header."""
        if not hasattr(self, "_cookies"):   # as `state` below
            self._cookies = MultiDict(cookies.parse(self.environ.get("HTTP_COOKIE", "")), "cookie")
        return self._cookies

    @property
    def content_type(self) -> str:
        """The body's media type in lower case, without parameters; "" when none was sent."""
        kind: str = self.environ.get("CONTENT_TYPE") or ""
        return kind.partition(";")[0].strip(" \t").lower()

    @property
    def scheme(self) -> str:
        """"http" or "https", as the client used it (App(proxies=) says whether a proxy's word counts)."""
        return self._settings.site.scheme(self.environ)

    @property
    def host(self) -> str:
        """The host the client asked for, in lower case, with its port if it named one."""
        return self._settings.site.host(self.environ)

    @property
    def client(self) -> str | None:
        """The client's address, as far as App(proxies=) lets it be known; None behind a unix socket."""
        return self._settings.site.client(self.environ)

    @property
    def url(self) -> str:
        """The whole URL, ASCII, with the prefix the app is mounted under and the query."""
        path = quoted_path(wsgi.script_name(self.environ) + self.path)
        return f"{self.scheme}://{self.host}{path}{quoted_query(self.environ.get('QUERY_STRING', ''))}"

    @property
    def state(self) -> SimpleNamespace:
        """A namespace for what one layer wants to tell another about this request; empty at first."""
        if not hasattr(self, "_state"):     # a slot left empty: most requests need none
            from types import SimpleNamespace

            self._state: SimpleNamespace = SimpleNamespace()
        return self._state

    def prefers(self, *types: str) -> str:
        """Which of these media types the client likes best, by its Accept header (RFC 9110, 12.5.1).

        types: in lower case, without parameters, your own favourite first: it wins ties, and where the client
        says nothing or wants none of them.
        """
        if not types:
            raise TypeError("prefers() takes the media types to choose from")
        return preferred(self.environ.get("HTTP_ACCEPT"), *types)

    def url_for(self, pattern: str, /, *, absolute: bool = False, **values: Any) -> str:
        """The URL of a route, with the prefix the app is mounted under: url_for("/api/users/[id]", id=42).

        absolute: with scheme and host, where that can be trusted: on names in App(hosts=) and on loopback.
        Raises LookupError for a pattern that no route has, ValueError or TypeError for values that do not
        fit, RuntimeError for an absolute URL on a host that anybody could have named.
        """
        path = self._settings.path_for(pattern, values)
        if absolute:
            return self._settings.site.absolute(self.environ, path)
        return quoted_path(wsgi.script_name(self.environ) + path)

    def precondition(self, *, etag: str | None = None, modified: datetime | float | None = None
                     ) -> Response | None:
        """Judges If-Match, If-None-Match and their like (RFC 9110, 13): a 304 to return, or None to go on.

            if same := request.precondition(etag=page.revision):
                return same

        etag: of what is there now, in quotes or without. modified: when it changed, an aware datetime or
        seconds since 1970. Neither: it does not exist yet, which is what `If-None-Match: *` asks for.
        Raises HTTPError 412 when the client's condition is not met: nothing may be changed then.
        """
        tag = None if etag is None else conditional.entity_tag(etag)
        when = None if modified is None else conditional.seconds(modified)
        if not conditional.unchanged(self.method, self.environ, tag, when):
            return None
        known = [("ETag", tag), ("Last-Modified", None if when is None else conditional.http_date(when))]
        return Response.empty(304, headers=[(name, value) for name, value in known if value is not None])

    def after(self, function: Callable[..., object], *arguments: Any) -> None:
        """Calls the function once the answer is out, whether the handler failed or not.

        Several are called in order, when the host closes the response. So they hold the connection, count
        against the worker's timeout, and do not run when the process dies: what must happen belongs in a
        queue. An exception in one is logged. Raises TypeError for what is no plain function.
        """
        code = getattr(function, "__code__", None)
        if not callable(function) or (code is not None and code.co_flags & _COROUTINE):
            raise TypeError(f"after() takes a plain function and its arguments, not {function!r:.80}")
        self.stay().append((function, arguments))

    @classmethod
    def build(cls, method: str = "GET", url: str = "/", *, json: Any = _UNSET,
              body: builtins.bytes | str = b"", headers: Given = None, params: dict[str, Any] | None = None,
              environ: Environ | None = None, max_body: int | None = 2**20) -> Request:
        """A request made by hand, to call a handler in a test.

            Request.build("POST", "/api/users?notify=1", json={"name": "Eve"})

        url: a path with a query, or a whole URL. json: a value, sent as application/json.
        body: the body itself. headers: a mapping or pairs. params: what the path's names would hold.
        environ: WSGI keys of its own. max_body: the route's limit.
        """
        made = wsgi.build_environ(method, url, dumps(json) if json is not _UNSET else body, headers)
        if json is not _UNSET:
            made.setdefault("CONTENT_TYPE", "application/json")
        made.update(environ or {})
        path = wsgi.decoded_path(made["PATH_INFO"]) or wsgi.replaced_path(made["PATH_INFO"])
        return cls(made, path, params if params is not None else {}, Settings(max_body=max_body))

    def bytes(self) -> builtins.bytes:
        """The body; b"" when there is none. Raises HTTPError 400, 411, 413 or 415 as the rules above say."""
        return self._body if self._body is not None else self._read()

    def text(self) -> str:
        """The body as UTF-8, whatever charset it claims. Raises as bytes() does, and 400 for other bytes."""
        try:
            return self.bytes().decode()
        except UnicodeDecodeError as fault:
            raise HTTPError(400, f"The body is not UTF-8 at byte {fault.start}") from None

    @overload
    def json(self, *, force: bool = False) -> Any: ...
    @overload
    def json(self, type: type[T], *, force: bool = False) -> T: ...  # noqa: F811
    @overload
    def json(self, type: object, *, force: bool = False) -> Any: ...  # noqa: F811

    def json(self, type: Any = None, *, force: bool = False) -> Any:  # noqa: F811
        """The body as JSON.

        type: what it must be: a dataclass, a TypedDict, list[T], or whatever else a handler's argument may be
        annotated with; the value is one of it.
        force: take any Content-Type. Without it only application/json and types that end in +json are
        read, since a page of another site may send the others without asking first.
        Raises as bytes() does, HTTPError 415 for another type, and 400 with line and column for a body
        that is no JSON, holds NaN or a number too large, or nests more than 200 levels; ValidationError (400)
        naming every fault of a value that is none of that type; TypeError for what is no such type.
        """
        body = self._body
        if body is None:
            body = self._read("" if force else _JSON)
        elif not force:
            self._check(_JSON)
        value = loads(body)
        if type is None:
            return value
        from .schema import checker

        return _reader("json", checker, type)(value)

    @overload
    def form(self) -> Form: ...
    @overload
    def form(self, type: type[T]) -> T: ...  # noqa: F811
    @overload
    def form(self, type: object) -> Any: ...  # noqa: F811

    def form(self, type: Any = None) -> Any:  # noqa: F811
        """The body as a form, urlencoded or multipart; its uploads are in `.files`, until the answer is out.

        type: a flat dataclass or TypedDict, whose members are the fields; the value is one of it.
        Raises as bytes() does, HTTPError 415 for another type, 400 for one that is malformed or incomplete,
        and 413 for more than 1,000 fields, 100 files, or 500,000 bytes of text; RuntimeError without a
        finite max_body. With a type also ValidationError (400), which names every fault, and TypeError for
        what is no such type.
        """
        if not hasattr(self, "_form"):      # as `state` above
            self._form = self._read_form()
        if type is None:
            return self._form
        from .fields import form_checker

        return _reader("form", form_checker, type)(self._form)

    @property
    def stream(self) -> BinaryIO:
        """The body as a binary file, for what is too large to hold; it ends where the body ends.

        Raises as bytes() does, while it is read where only reading tells.
        """
        if self._body is None and self._fault is not None:
            raise self._fault
        if self._stream is None:
            if self._body is not None:
                self._stream = io.BytesIO(self._body)
            else:
                reader = wsgi.BodyReader(self.environ, self._open(), self._settings.max_body)
                self._stream = io.BufferedReader(reader)
        return self._stream

    def fetch(self) -> None:
        """Reads the body ahead, if it is bounded, so that the readers need the connection no more.

        What is wrong with it is said to whoever asks for it.
        """
        if self._settings.max_body is None or self._stream is not None or self._body is not None:
            return
        from tempfile import SpooledTemporaryFile

        ahead = self._ahead = SpooledTemporaryFile(wsgi.CHUNK)  # noqa: SIM115   open as long as the request
        self.stay()
        try:
            while data := self.stream.read(wsgi.CHUNK):
                ahead.write(data)
        except HTTPError as fault:
            self._fault = fault
        ahead.seek(0)
        self.environ["wsgi.input"], self._stream = ahead, None

    def stay(self) -> list[tuple[Callable[..., object], tuple[Any, ...]]]:
        """Makes the host's close() reach this request; gives what runs then. See App and send.Closing."""
        if self._after is None:
            self._after = []
        return self._after

    def release(self) -> None:
        """Lets go of what was uploaded and read ahead. For whoever ends the request: see send.Closing."""
        for opened in ("_form", "_ahead"):
            if hasattr(self, opened):
                getattr(self, opened).close()

    def _open(self, only: str = "") -> int | None:
        """Refuses what can be refused before the first byte is read.

        only: the kind of body that is asked for, _JSON or _FORM; any when it is left out.
        Returns the body's length, None when only the end of the input tells it.
        """
        environ, limit = self.environ, self._settings.max_body
        length = wsgi.body_length(environ)
        coding = environ.get("HTTP_CONTENT_ENCODING")
        if coding and coding.strip().lower() != "identity":
            raise HTTPError(415, "Content-Encoding is not supported; send the body as it is")
        if only and environ.get("CONTENT_TYPE") != only:        # nearly never
            self._check(only)
        if limit is not None and length is not None and length > limit:
            raise wsgi.too_large(limit)
        return length

    def _read(self, only: str = "") -> builtins.bytes:
        """The whole body, read now and kept."""
        length = self._open(only)
        if self._fault is not None:
            raise self._fault
        try:
            if self._stream is not None:
                self._body = self._untouched().read()
                self._stream = None         # from now on it is a replay
            elif length is None:
                self._body = wsgi.read_to_end(self.environ, self._settings.max_body)
            else:
                self._body = wsgi.read_exactly(self.environ, length) if length else b""
        except HTTPError as fault:
            self._fault = fault
            raise
        return self._body

    def _untouched(self) -> BinaryIO:
        """The stream, of which nothing was read yet. Raises RuntimeError when something was."""
        stream = self.stream
        if _is_touched(stream):
            raise _read_already()
        return stream

    def _read_form(self) -> Form:
        from . import forms

        if self._settings.max_body is None:
            raise RuntimeError("form() needs a finite max_body: set one in the route file, or read "
                               "request.stream")
        length = self._open(_FORM)
        if self._fault is not None:
            raise self._fault
        stream = self._untouched() if self._body is None else io.BytesIO(self._body)
        try:
            if self.content_type == _FORM:
                most = forms.LONGEST + 1
                body = stream.read(most if length is None else min(length, most))
                if len(body) < most:            # all of it, so that every reader works from now on
                    self._body, self._stream = body, None
                return forms.urlencoded(body)
            form = forms.multipart(stream, self.environ["CONTENT_TYPE"])
        except HTTPError as fault:
            if self._body is None and _is_touched(stream):
                self._fault = fault
            raise
        self._fault = _read_already()       # for all who need the connection; a body that is kept does not
        if form.files:
            self.stay()
        return form

    def _check(self, only: str) -> None:
        kind = self.content_type
        if only == _JSON and kind != _JSON and not _is_json_suffixed(kind):
            raise HTTPError(415, "The body must be application/json, and its Content-Type must say so")
        if only == _FORM and kind not in (_FORM, "multipart/form-data"):
            raise HTTPError(415, f"The body must be a form: {_FORM} or multipart/form-data")

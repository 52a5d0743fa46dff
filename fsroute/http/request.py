"""Request: what came in, read from the environ when it is asked for.

Rules this module keeps
-----------------------
1. Making one costs next to nothing: method, path and params are there, all else is parsed on first use
   and kept.
2. Nothing of the body is touched until a reader is called. Then, in this order: framing (400, 411),
   Content-Encoding 415, Content-Type 415, size 413, shortness 400, malformation 400.
3. The limit on the body holds for every way of reading it.
4. After bytes(), text() or json() every reader works and `stream` replays. After a `stream` that was
   read from, the others raise RuntimeError: a part of a body is not the body. A read that failed fails
   again, in the same way, and reads no more.
"""

from __future__ import annotations

import io
import re

from . import query, url
from .errors import HTTPError
from .jsontext import loads
from .multidict import EnvironHeaders, MultiDict
from .wsgi import BodyReader, body_length, read_exactly, read_to_end, script_name, too_large

TYPE_CHECKING = False
if TYPE_CHECKING:
    import builtins
    from typing import Any, BinaryIO

    from .wsgi import Environ


# type "/" subtype, both tokens, and the suffix of RFC 6839
_is_json_suffixed = re.compile(r"[a-z0-9!#$&^_.+-]+/[a-z0-9!#$&^_.+-]+\+json").fullmatch


class Settings:
    """What start-up decided about the requests of one route.

    route: the pattern, None where no route answers. max_body: bytes, None for no limit.
    """

    __slots__ = ("max_body", "route")

    def __init__(self, route: str | None = None, max_body: int | None = 2**20) -> None:
        self.route = route
        self.max_body = max_body


class Request:
    """One request.

    environ: the WSGI environ, as the host gave it.
    method: "GET", as sent: HEAD stays HEAD though GET's handler runs.
    path: decoded, without the prefix the app is mounted under.
    params: the dynamic segments' values by name, always the raw text: a str, for a catch-all a list of str.
    """

    __slots__ = ("_body", "_fault", "_query", "_settings", "_stream", "environ", "method", "params", "path")

    def __init__(self, environ: Environ, path: str, params: dict[str, Any], settings: Settings) -> None:
        self.environ = environ
        self.method: str = environ.get("REQUEST_METHOD", "")
        self.path = path
        self.params = params
        self._settings = settings
        self._query: MultiDict | None = None
        self._body: builtins.bytes | None = None
        self._stream: BinaryIO | None = None
        self._fault: HTTPError | None = None

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
    def content_type(self) -> str:
        """The body's media type in lower case, without parameters; "" when none was sent."""
        kind: str = self.environ.get("CONTENT_TYPE") or ""
        return kind.partition(";")[0].strip(" \t").lower()

    @property
    def scheme(self) -> str:
        """"http" or "https", as the host says."""
        return url.scheme_of(self.environ)

    @property
    def host(self) -> str:
        """The host the client asked for, in lower case, with its port if it named one."""
        return url.host_of(self.environ)

    @property
    def url(self) -> str:
        """The whole URL, ASCII, with the prefix the app is mounted under and the query."""
        path = url.quoted_path(script_name(self.environ) + self.path)
        return f"{self.scheme}://{self.host}{path}{url.quoted_query(self.environ.get('QUERY_STRING', ''))}"

    def bytes(self) -> builtins.bytes:
        """The body; b"" when there is none. Raises HTTPError 400, 411, 413 or 415 as the rules above say."""
        return self._body if self._body is not None else self._read()

    def text(self) -> str:
        """The body as UTF-8, whatever charset it claims. Raises as bytes() does, and 400 for other bytes."""
        try:
            return self.bytes().decode()
        except UnicodeDecodeError as fault:
            raise HTTPError(400, f"The body is not UTF-8 at byte {fault.start}") from None

    def json(self, *, force: bool = False) -> Any:
        """The body as JSON.

        force: take any Content-Type. Without it only application/json and types that end in +json are
        read, since a page of another site may send the others without asking first.
        Raises as bytes() does, HTTPError 415 for another type, and 400 with line and column for a body
        that is no JSON, holds NaN or a number too large, or nests more than 200 levels.
        """
        body = self._body
        if body is None:
            body = self._read(not force)
        elif not force:
            self._check_json()
        return loads(body)

    @property
    def stream(self) -> BinaryIO:
        """The body as a binary file, for what is too large to hold; it ends where the body ends.

        Raises as bytes() does, while it is read where only reading tells.
        """
        if self._stream is None:
            if self._body is not None:
                self._stream = io.BytesIO(self._body)
            elif self._fault is not None:
                raise self._fault
            else:
                reader = BodyReader(self.environ, self._open(), self._settings.max_body)
                self._stream = io.BufferedReader(reader)
        return self._stream

    def _open(self, only_json: bool = False) -> int | None:
        """Refuses what can be refused before the first byte is read.

        Returns the body's length, None when only the end of the input tells it.
        """
        environ, limit = self.environ, self._settings.max_body
        length = body_length(environ)
        coding = environ.get("HTTP_CONTENT_ENCODING")
        if coding and coding.strip().lower() != "identity":
            raise HTTPError(415, "Content-Encoding is not supported; send the body as it is")
        if only_json and environ.get("CONTENT_TYPE") != "application/json":     # nearly never
            self._check_json()
        if limit is not None and length is not None and length > limit:
            raise too_large(limit)
        return length

    def _read(self, only_json: bool = False) -> builtins.bytes:
        """The whole body, read now and kept."""
        length = self._open(only_json)
        if self._fault is not None:
            raise self._fault
        try:
            if self._stream is not None:
                self._body = self._rest_of(self._stream)
            elif length is None:
                self._body = read_to_end(self.environ, self._settings.max_body)
            else:
                self._body = read_exactly(self.environ, length) if length else b""
        except HTTPError as fault:
            self._fault = fault
            raise
        return self._body

    def _rest_of(self, stream: BinaryIO) -> builtins.bytes:
        """All of a stream that was asked for and not read from yet."""
        if stream.raw.touched:          # type: ignore[attr-defined]   # a BodyReader's
            raise RuntimeError("request.stream was read from already: what is left is not the body")
        self._stream = None             # from now on it is a replay
        return stream.read()

    def _check_json(self) -> None:
        kind = self.content_type
        if kind != "application/json" and not _is_json_suffixed(kind):
            raise HTTPError(415, "The body must be application/json, and its Content-Type must say so")

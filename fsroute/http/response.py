"""Response: what goes out.

Rules this module keeps
-----------------------
1. It is a value: status, headers and body, nothing of the connection. Sending it is `send.py`'s work.
2. Whatever is set passes its gate at the point of setting, so that the traceback shows the line at fault.
3. Framing is no part of the value: Content-Length is worked out from the body when it is sent.
4. Every answer that may have a body says of what type; an empty one is text/plain.
5. A body that is not there yet is a Stream: it is made while it is sent, and is for one request.
"""

from __future__ import annotations

from . import cookies
from .errors import HTTPError
from .headers import Headers
from .jsontext import dumps
from .status import BODILESS, checked
from .stream import Stream, encoded, is_iterator
from .url import checked_location, is_local

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime, timedelta
    from os import PathLike
    from typing import Any

    from .headers import Field, Given

JSON_TYPE = ("Content-Type", "application/json")
TEXT_TYPE = ("Content-Type", "text/plain; charset=utf-8")
HTML_TYPE = ("Content-Type", "text/html; charset=utf-8")
BYTES_TYPE = ("Content-Type", "application/octet-stream")

# what says something of a body (RFC 9110, 8.3 to 8.5 and 14.4), and so has no place where there is none
_ABOUT_A_BODY = frozenset({"content-type", "content-encoding", "content-language", "content-range"})

_new = object.__new__

_A_TEXT = "for JSON: Response.json(data); a text is str or bytes"

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _made(body: bytes | str | Iterator[Any]) -> bytes | Stream:
    if isinstance(body, str | bytes):
        return encoded(body)
    if isinstance(body, Stream):
        return body
    if is_iterator(body):
        return Stream(body)
    raise TypeError(f"a body is bytes, str or an iterator of them, not {type(body).__name__}; for JSON: "
                    "Response.json(data); for other chunks: Response.stream(chunks); for a file: "
                    "Response.file(path)")


class Raised:
    """What was raised in a request, and the status of the answer to it.

    answer: the response in the hands of whoever raised it again.
    """

    __slots__ = ("answer", "error", "status")

    def __init__(self, error: Exception, status: int) -> None:
        self.error = error
        self.status = status
        self.answer: Response | None = None


class Response:
    """An answer; unpacks as `status, headers, body = response`.

    body: bytes; a str, sent as UTF-8; or an iterator of either, which is sent as it goes (see stream()).
    status: 200 to 599.
    headers: a mapping or pairs. Without a Content-Type among them, a str is text/plain; charset=utf-8
    and all else application/octet-stream (nothing at all is text/plain).
    Raises ValueError for a status or header that does not pass, TypeError for another kind of body.
    """

    __slots__ = ("_body", "_fields", "_raised", "_status")
    _body: Any      # bytes or a Stream
    _raised: Raised | None

    def __init__(self, body: bytes | str | Iterator[Any] = b"", *, status: int = 200,
                 headers: Given = None) -> None:
        made = _made(body)
        kind = BYTES_TYPE if made and not isinstance(body, str) else TEXT_TYPE
        self._filled(made, [kind], status, headers)

    def __repr__(self) -> str:
        size = "a stream" if isinstance(self._body, Stream) else f"{len(self._body)} bytes"
        return f"<Response {self._status}, {size}>"

    def __iter__(self) -> Iterator[Any]:
        """status, headers and body; returned as a tuple from a handler, they make the same answer again."""
        return iter(self.parts())

    def parts(self) -> tuple[int, list[Field], Any]:
        """What unpacking gives: the status, a fresh header list and the body; of 204 and 304 neither a body
        nor headers about one."""
        status = self._status
        if isinstance(self._body, Stream) and (status in BODILESS or status == 205):
            self._body.close()
        if status in BODILESS:
            return status, [field for field in self._fields if field[0].lower() not in _ABOUT_A_BODY], b""
        return status, [*self._fields], self._body if status != 205 else b""    # (RFC 9110, 15.3.6)

    @property
    def status(self) -> int:
        """The code, 200 to 599."""
        return self._status

    @status.setter
    def status(self, status: int) -> None:
        self._status = checked(status)

    @property
    def body(self) -> Any:
        """The body: bytes, or an iterator of bytes where it is a stream.

        A str that is set is encoded as UTF-8; the Content-Type stays as it is.
        """
        return self._body

    @body.setter
    def body(self, body: bytes | str | Iterator[Any]) -> None:
        self._body = _made(body)

    @property
    def headers(self) -> Headers:
        """The fields, ready to be changed."""
        return Headers(self._fields)

    @property
    def exception(self) -> Exception | None:
        """What was raised, where this is the answer to it; None for an answer that was returned.

        For middleware: `call_next` returns an answer also when the handler failed.
        """
        return None if self._raised is None else self._raised.error

    def raise_exception(self) -> None:
        """Raises what was raised again, or does nothing.

        Where it leaves the middleware, this response is the answer: no error file is asked again.
        """
        if self._raised is not None:
            self._raised.answer = self
            raise self._raised.error

    def copy(self) -> Response:
        """The same answer with headers of its own; a stream is shared."""
        if type(self) is not Response:      # which may have more in it
            from copy import copy

            made = copy(self)
            made._fields = [*self._fields]
            return made
        return self._twin()

    def _twin(self) -> Response:
        """copy() of a Response that is nothing more."""
        made = _new(Response)
        made._status, made._fields, made._body = self._status, [*self._fields], self._body
        made._raised = self._raised
        return made

    def set_cookie(self, name: str, value: str, *, max_age: int | timedelta | None = None,
                   expires: datetime | float | None = None, path: str | None = "/", domain: str | None = None,
                   secure: bool = False, httponly: bool = True, samesite: str | None = "Lax",
                   partitioned: bool = False) -> None:
        """Adds a Set-Cookie field (RFC 6265bis).

        value: visible ASCII without quote, comma, semicolon and backslash. max_age: seconds or a timedelta.
        expires: an aware datetime or seconds since 1970. Without either it ends with the browser's session.
        samesite: "Lax", "Strict", "None" (with secure), or None to leave it out.
        Raises ValueError or TypeError for what cannot be sent, or what browsers drop without a word: a
        __Host- or __Secure- cookie that breaks its promise, one of more than 4,096 bytes.
        """
        self._fields.append(("Set-Cookie", cookies.set_cookie(
            name, value, max_age=max_age, expires=expires, path=path, domain=domain, secure=secure,
            httponly=httponly, samesite=samesite, partitioned=partitioned)))

    def delete_cookie(self, name: str, *, path: str | None = "/", domain: str | None = None,
                      secure: bool = False, samesite: str | None = "Lax", partitioned: bool = False) -> None:
        """Makes the browser forget a cookie; path, domain and partitioned are those it was set with."""
        secure = secure or partitioned or cookies.is_prefixed(name)
        self.set_cookie(name, "", max_age=0, expires=0, path=path, domain=domain, secure=secure,
                        samesite=samesite, partitioned=partitioned)

    @classmethod
    def json(cls, data: Any, *, status: int = 200, headers: Given = None) -> Response:
        """The data as compact JSON, application/json.

        Raises TypeError for a type that JSON has no form for, ValueError for NaN and infinities.
        """
        return _new(cls)._filled(dumps(data), [JSON_TYPE], status, headers)

    @classmethod
    def text(cls, text: str, *, status: int = 200, headers: Given = None) -> Response:
        """text/plain in UTF-8."""
        return _new(cls)._filled(encoded(text, _A_TEXT), [TEXT_TYPE], status, headers)

    @classmethod
    def html(cls, text: str, *, status: int = 200, headers: Given = None) -> Response:
        """text/html in UTF-8."""
        return _new(cls)._filled(encoded(text, _A_TEXT), [HTML_TYPE], status, headers)

    @classmethod
    def empty(cls, status: int = 204, *, headers: Given = None) -> Response:
        """No body."""
        return _new(cls)._filled(b"", [TEXT_TYPE], status, headers)

    @classmethod
    def redirect(cls, url: str, *, status: int = 307, local: bool = False, headers: Given = None) -> Response:
        """Sends the client on.

        url: a URL or a path, sent as it is but for what is not ASCII, which is percent-encoded.
        status: 307 and 308 keep the method, 303 makes it GET, 301 and 302 leave that to the client.
        local: refuse what a browser would not take for a path on this site; for a url that a client sent.
        Raises ValueError for another status, a control character, or a scheme other than http and https;
        HTTPError 400 for what local refuses.
        """
        if status not in _REDIRECTS:
            raise ValueError(f"a redirect's status is 301, 302, 303, 307 or 308, not {status}")
        if local and not is_local(url):
            raise HTTPError(400, "The target of the redirect must be a path on this site, such as /account")
        response = _new(cls)._filled(b"", [TEXT_TYPE], status, headers)
        response.headers["Location"] = checked_location(url)
        return response

    @classmethod
    def stream(cls, chunks: Iterable[bytes | str], *, length: int | None = None, status: int = 200,
               headers: Given = None) -> Response:
        """A body that is made while it is sent, application/octet-stream unless the headers say otherwise.

        chunks: any iterable; a str is sent as UTF-8. It is closed once, whatever becomes of the answer.
        length: in bytes, where it is known; what is more is cut, what is less breaks the connection off.
        An error before the first chunk is an ordinary error answer; after it, the client sees a cut-off body.
        Raises TypeError or ValueError for what is no iterable of chunks or no length.
        """
        return _new(cls)._filled(Stream(chunks, length), [BYTES_TYPE], status, headers)

    @classmethod
    def events(cls, source: Iterable[Any], *, status: int = 200, headers: Given = None) -> Response:
        """Server-sent events, text/event-stream, for an EventSource.

        source: yields a str, a mapping of data, event, id and retry (data that is no str is sent as JSON), or
        None for "nothing yet": yield one every few seconds, for only a write shows that the client has left.
        It is not touched before the headers are out. Each stream holds its worker's thread.
        """
        from . import events

        body = Stream(source, encode=events.event, preface=events.NOTHING_YET)
        # no cache and no proxy may hold events back; X-Accel-Buffering is nginx's word for it
        fields = [("Content-Type", "text/event-stream"), ("Cache-Control", "no-cache"),
                  ("X-Accel-Buffering", "no")]
        return _new(cls)._filled(body, fields, status, headers)

    @classmethod
    def file(cls, path: str | PathLike[str] | Sequence[str], *, root: str | PathLike[str] | None = None,
             download: bool | str | None = None, links: bool = False, status: int = 200,
             headers: Given = None) -> Response:
        """A file, with ETag, Last-Modified, 304 and ranges; its type is known by the end of its name.

        path: below root, if there is one: then it may come from a client, also as the list of a catch-all.
        root: the folder that nothing leaves: no link, dotfile, "..", backslash, device or FIFO is followed.
        links: follow links all the same, for a folder whose content you trust.
        download: True, or the name under which a browser saves it instead of showing it.
        Raises HTTPError 404 for what is not there or not below root, ValueError for a list without a root.
        """
        from . import files

        if not isinstance(download, str | bool | None):
            raise TypeError(f"download is True or a name, not {type(download).__name__}")
        body, name = files.opened(path, root, links)
        fields = [("Content-Type", files.media_type(name)), files.NO_SNIFFING]
        if download is not None and download is not False:
            saved = name if download is True else download or name
            fields.append(("Content-Disposition", files.attachment(saved)))
        return _new(cls)._filled(body, fields, status, headers)

    def _filled(self, body: bytes | Stream, fields: list[Field], status: int, headers: Given) -> Response:
        """This response, with all that is in it.

        fields: passed already, a Content-Type among them; the list becomes the response's own.
        """
        self._body = body
        self._fields = fields
        self._raised = None
        try:
            self._status = 200 if status == 200 else checked(status)
            if headers is not None:
                self.headers.update(headers)
        except BaseException:
            if isinstance(body, Stream):    # it will not be sent
                body.discard()
            raise
        return self

"""Response: what goes out.

Rules this module keeps
-----------------------
1. It is a value: status, headers and body, nothing of the connection. Sending it is `send.py`'s work.
2. Whatever is set passes its gate at the point of setting, so that the traceback shows the line at fault.
3. Framing is no part of the value: Content-Length is worked out from the body when it is sent.
4. Every answer that may have a body says of what type; an empty one is text/plain.
"""

from __future__ import annotations

from . import url
from .headers import Headers
from .jsontext import dumps
from .status import BODILESS, checked

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from .headers import Field, Given

JSON_TYPE = ("Content-Type", "application/json")
TEXT_TYPE = ("Content-Type", "text/plain; charset=utf-8")
HTML_TYPE = ("Content-Type", "text/html; charset=utf-8")
BYTES_TYPE = ("Content-Type", "application/octet-stream")

# what says something of a body (RFC 9110, 8.3 to 8.6 and 14.4), and so has no place where there is none
_ABOUT_A_BODY = frozenset({"content-type", "content-length", "content-encoding", "content-language",
                           "content-range"})

_new = object.__new__

_REDIRECTS = frozenset({301, 302, 303, 307, 308})


def _encoded(body: bytes | str) -> bytes:
    if isinstance(body, str):
        try:
            return body.encode()
        except UnicodeEncodeError:      # a lone surrogate, which JSON can bring in: U+FFFD, as browsers do
            return body.encode("utf-16", "surrogatepass").decode("utf-16", "replace").encode()
    if isinstance(body, bytes):
        return bytes(body)      # a subclass becomes what hosts check for; bytes themselves are not copied
    raise TypeError(f"a body is bytes or str, not {type(body).__name__}; for JSON: Response.json(data)")


class Response:
    """An answer; unpacks as `status, headers, body = response`.

    body: bytes, or a str, sent as UTF-8.
    status: 200 to 599.
    headers: a mapping or pairs. Without a Content-Type among them, a str is text/plain; charset=utf-8
    and bytes are application/octet-stream (nothing at all is text/plain).
    Raises ValueError for a status or header that does not pass, TypeError for another kind of body.
    """

    __slots__ = ("_body", "_fields", "_status")

    def __init__(self, body: bytes | str = b"", *, status: int = 200, headers: Given = None) -> None:
        self._status = 200 if status == 200 else checked(status)
        self.body = body
        self._fields = [BYTES_TYPE if self._body and not isinstance(body, str) else TEXT_TYPE]
        if headers is not None:
            self.headers.update(headers)

    def __repr__(self) -> str:
        return f"<Response {self._status}, {len(self._body)} bytes>"

    def __iter__(self) -> Iterator[Any]:
        """status, headers and body; returned as a tuple from a handler, they make the same answer again."""
        return iter(self.parts())

    def parts(self) -> tuple[int, list[Field], bytes]:
        """What unpacking gives: the status, a fresh header list and the body; of 204 and 304 neither a body
        nor headers about one."""
        status = self._status
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
    def body(self) -> bytes:
        """The body. A str that is set is encoded as UTF-8; the Content-Type stays as it is."""
        return self._body

    @body.setter
    def body(self, body: bytes | str) -> None:
        self._body = _encoded(body)

    @property
    def headers(self) -> Headers:
        """The fields, ready to be changed."""
        return Headers(self._fields)

    @classmethod
    def json(cls, data: Any, *, status: int = 200, headers: Given = None) -> Response:
        """The data as compact JSON, application/json.

        Raises TypeError for a type that JSON has no form for, ValueError for NaN and infinities.
        """
        return cls._typed(dumps(data), JSON_TYPE, status, headers)

    @classmethod
    def text(cls, text: str, *, status: int = 200, headers: Given = None) -> Response:
        """text/plain in UTF-8."""
        return cls._typed(_encoded(text), TEXT_TYPE, status, headers)

    @classmethod
    def html(cls, text: str, *, status: int = 200, headers: Given = None) -> Response:
        """text/html in UTF-8."""
        return cls._typed(_encoded(text), HTML_TYPE, status, headers)

    @classmethod
    def empty(cls, status: int = 204, *, headers: Given = None) -> Response:
        """No body."""
        return cls._typed(b"", TEXT_TYPE, status, headers)

    @classmethod
    def redirect(cls, location: str, *, status: int = 307, headers: Given = None) -> Response:
        """Sends the client on.

        location: a URL or a path, sent as it is but for what is not ASCII, which is percent-encoded.
        status: 307 and 308 keep the method, 303 makes it GET, 301 and 302 leave that to the client.
        Raises ValueError for another status, a control character, or a scheme other than http and https.
        """
        if status not in _REDIRECTS:
            raise ValueError(f"a redirect's status is 301, 302, 303, 307 or 308, not {status}")
        response = cls._typed(b"", TEXT_TYPE, status, headers)
        response.headers["Location"] = url.checked_location(location)
        return response

    @classmethod
    def _typed(cls, body: bytes, kind: Field, status: int, headers: Given) -> Response:
        response = _new(cls)
        response._status = 200 if status == 200 else checked(status)
        response._fields = [kind]
        response._body = body
        if headers is not None:
            response.headers.update(headers)
        return response

"""The oddities of WSGI hosts, all of them here (PEP 3333).

Facts
-----
- PATH_INFO, SCRIPT_NAME and QUERY_STRING are bytes in the clothes of Latin-1 text; percent-decoding of
  paths is done. One host passes code points above U+00FF, some leave PATH_INFO out when it is "".
- A read from wsgi.input may never return when there is no body (wsgiref), or give raw chunks when the
  request was chunked (wsgiref, uWSGI). Hosts that mark the end of the body set wsgi.input_terminated;
  one sets it to False, so its value counts and not its presence.
- CONTENT_LENGTH is "" on a wsgiref GET. `int()` would take "1_0", "+5" and Arabic digits.

Rules this module keeps
-----------------------
1. A body is what wsgi.input_terminated or a Content-Length says it is; without either there is none and
   wsgi.input is not touched. Transfer-Encoding is the host's to undo: where it did not, the request is
   refused, never half read.
2. No read asks for more than is left, none is without a size, and a short read is not the end of the body.
3. A client that went away, or sent less than it promised, sent no body: 400, never a part of one.
"""

from __future__ import annotations

import io
import sys

from .errors import HTTPError
from .headers import pairs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Protocol

    from .headers import Given

    Environ = dict[str, Any]

    class Input(Protocol):
        """What we use of wsgi.input."""

        def read(self, size: int, /) -> bytes: ...

CHUNK = 65_536
_ONE_READ = 2**20       # some hosts make room for all that is asked for, and a Content-Length is only a claim


def decoded_path(raw: str) -> str | None:
    """PATH_INFO as text; None when it is not UTF-8 or holds a NUL."""
    try:
        path = raw if raw.isascii() else raw.encode("latin-1").decode()
    except UnicodeError:
        return None
    return None if "\0" in path else path


def replaced_path(raw: str) -> str:
    """A path for people: what cannot be decoded is replaced."""
    return raw.encode("latin-1", "replace").decode(errors="replace")


def path_info(path: str) -> str:
    """A URL's path as hosts hand it on: percent-decoded, in the clothes of Latin-1."""
    from urllib.parse import unquote_to_bytes

    return unquote_to_bytes(path).decode("latin-1")


def build_environ(method: str, url: str, body: bytes | str, headers: Given) -> Environ:
    """The environ of a request made by hand; a Content-Length where there is a body."""
    from urllib.parse import urlsplit

    parts = urlsplit(url)
    data = body.encode() if isinstance(body, str) else body
    environ: Environ = {
        "REQUEST_METHOD": method, "SCRIPT_NAME": "",
        "PATH_INFO": path_info(parts.path or "/"),
        "QUERY_STRING": parts.query.encode().decode("latin-1"),
        "SERVER_NAME": parts.hostname or "localhost", "SERVER_PORT": str(parts.port or 80),
        "SERVER_PROTOCOL": "HTTP/1.1", "REMOTE_ADDR": "127.0.0.1", "HTTP_HOST": parts.netloc or "localhost",
        "wsgi.version": (1, 0), "wsgi.url_scheme": parts.scheme or "http", "wsgi.input": io.BytesIO(data),
        "wsgi.errors": sys.stderr, "wsgi.multithread": False, "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    if data:
        environ["CONTENT_LENGTH"] = str(len(data))
    given: dict[str, list[str]] = {}
    for name, value in pairs(headers):
        given.setdefault(name.upper().replace("-", "_"), []).append(value)
    for name, values in given.items():      # a host joins repeated ones
        key = name if name in ("CONTENT_TYPE", "CONTENT_LENGTH") else f"HTTP_{name}"
        environ[key] = ("; " if name == "COOKIE" else ",").join(values)
    return environ


def script_name(environ: Environ) -> str:
    """The prefix the app is mounted under, decoded; "" at the top."""
    return replaced_path(environ.get("SCRIPT_NAME", ""))


def body_length(environ: Environ) -> int | None:
    """How many bytes the body has; 0 when there is none, None when only the end of the input tells.

    Raises HTTPError 400 for a Content-Length that is no number or stands beside Transfer-Encoding,
    411 for Transfer-Encoding alone on a host that does not undo it.
    """
    length: str = environ.get("CONTENT_LENGTH") or ""
    # Content-Length = 1*DIGIT (RFC 9110, 8.6); 19 digits are 9 exabytes. isdigit() alone takes "٣".
    if length and not (length.isdigit() and length.isascii() and len(length) <= 19):
        raise HTTPError(400, "Content-Length is not a number of at most 19 digits")
    if environ.get("wsgi.input_terminated"):
        return int(length) if length and "HTTP_TRANSFER_ENCODING" not in environ else None
    if "HTTP_TRANSFER_ENCODING" in environ:
        if length:
            raise HTTPError(400, "Content-Length and Transfer-Encoding exclude each other")
        raise HTTPError(411, "This server needs a Content-Length; it does not take chunked bodies")
    return int(length or 0)


def read_exactly(environ: Environ, length: int) -> bytes:
    """The body of a known length. Raises HTTPError 400 when less arrives."""
    source: Input = environ["wsgi.input"]
    try:
        data = source.read(length if length <= _ONE_READ else _ONE_READ)
    except Exception as fault:
        raise _broken(fault) from None
    if len(data) == length:         # nearly always: one read, nothing to join
        return data
    return _joined(data, BodyReader(environ, length - len(data), None))


def read_to_end(environ: Environ, limit: int | None) -> bytes:
    """The body up to the end of the input. Raises HTTPError 413 past the limit (bytes; None for none)."""
    return _joined(b"", BodyReader(environ, None, limit))


def _joined(first: bytes, rest: BodyReader) -> bytes:
    return b"".join([first, *iter(lambda: rest.read(CHUNK) or b"", b"")])


def _broken(fault: Exception) -> HTTPError:
    """For what wsgi.input raises: the client went away, or sent what its host could not read as a body.

    Hosts raise what they like (gunicorn's InvalidChunkSize is no OSError), and all of it is the client's
    doing.
    """
    import logging  # as in log.py

    logging.getLogger("fsroute").info("a body could not be read: %s", type(fault).__name__)
    return HTTPError(400, "The body ended before it was complete, or was malformed on its way")


def too_large(limit: int) -> HTTPError:
    """The 413 that names the limit and the setting behind it."""
    return HTTPError(413, f"The body is larger than the {limit} bytes allowed here (max_body)",
                     max_body=limit)


class BodyReader(io.RawIOBase):
    """The body as a file that ends where the body ends; io.BufferedReader gives it a file's methods."""

    def __init__(self, environ: Environ, length: int | None, limit: int | None) -> None:
        """length: bytes, None when the end of the input tells. limit: bytes, None for none."""
        self._input: Input = environ["wsgi.input"] if length != 0 else io.BytesIO()
        self._length = length
        self._limit = limit
        self._total = 0
        self._fault: HTTPError | None = None
        self.touched = False    # once read from, what is left is not the body

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        """Raises HTTPError 413 past the limit and 400 when the body ends early; each time it is asked."""
        self.touched = True
        if self._fault is not None:
            raise self._fault
        try:
            data = self._next(len(buffer))
        except HTTPError as fault:
            self._fault = fault
            raise
        buffer[: len(data)] = data
        return len(data)

    def _next(self, size: int) -> bytes:
        if self._length is not None:
            size = min(size, self._length - self._total)
        if self._limit is not None:
            size = min(size, self._limit - self._total + 1)
        try:
            data = self._input.read(size) if size else b""
        except Exception as fault:
            raise _broken(fault) from None
        self._total += len(data)
        if self._limit is not None and self._total > self._limit:
            raise too_large(self._limit)
        if self._length is not None and size and not data:
            left = self._length - self._total
            raise HTTPError(400, f"The body is shorter than its Content-Length by {left} bytes")
        return data

"""Files as answers: pages, public files, and what Response.file is given.

Rules this module keeps
-----------------------
1. What a request names is looked for below a root only: each part is opened from the descriptor of the folder
   above it, no link is followed, and nothing but a regular file is read. What start-up found is opened the
   same way: a file that has vanished is a 404.
2. What is sent is what was opened: size, time and bytes are of one descriptor. It is closed on every way out.
3. One answer for all of them: ETag and Last-Modified, 304, 412, one range as 206, 416 (see conditional).
4. A type comes from the table below, not from the machine, and a browser is told not to guess another.
5. The host's own way to send a file is used for whole pages and public files, GET only: replace those by
   renaming, never write into them.
"""

from __future__ import annotations

import errno
import os
import re
import time
from io import FileIO
from stat import S_ISREG

from . import conditional
from .accept import coding
from .errors import HTTPError
from .response import HTML_TYPE, Response
from .stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from typing import Any

    from .request import Request

CODINGS = {".br": "br", ".gz": "gzip"}
"""The coding of the file that may lie beside another under its name and this suffix; the best one first."""

NO_SNIFFING = ("X-Content-Type-Options", "nosniff")

_BLOCK = 65_536

_TYPES = {
    "avif": "image/avif", "bmp": "image/bmp", "bz2": "application/x-bzip2", "css": "text/css",
    "csv": "text/csv", "gif": "image/gif", "gz": "application/gzip", "htm": "text/html", "html": "text/html",
    "ico": "image/x-icon", "ics": "text/calendar", "jpeg": "image/jpeg", "jpg": "image/jpeg",
    "js": "text/javascript", "json": "application/json", "jsonld": "application/ld+json",
    "m4a": "audio/mp4", "map": "application/json", "md": "text/markdown", "mjs": "text/javascript",
    "mp3": "audio/mpeg", "mp4": "video/mp4", "oga": "audio/ogg", "ogg": "audio/ogg", "ogv": "video/ogg",
    "opus": "audio/ogg", "otf": "font/otf", "pdf": "application/pdf", "png": "image/png", "rtf": "text/rtf",
    "svg": "image/svg+xml", "tar": "application/x-tar", "tif": "image/tiff", "tiff": "image/tiff",
    "ttf": "font/ttf", "txt": "text/plain", "vtt": "text/vtt", "wasm": "application/wasm",
    "wav": "audio/wav", "webm": "video/webm", "webmanifest": "application/manifest+json",
    "webp": "image/webp", "woff": "font/woff", "woff2": "font/woff2", "xhtml": "application/xhtml+xml",
    "xml": "application/xml", "zip": "application/zip",
}  # fmt: skip

_READ = os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
# a FIFO would wait for a writer, a terminal would become ours
_FILE = _READ | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_NOCTTY", 0)
_FOLDER = _READ | getattr(os, "O_DIRECTORY", 0)
_NO_LINK = getattr(os, "O_NOFOLLOW", 0)

# EMLINK, EOPNOTSUPP and EILSEQ are how other systems say "a link", "a socket" and "no UTF-8"
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO, errno.EINVAL,
              errno.EMLINK, errno.EOPNOTSUPP, errno.EILSEQ}

# what Windows takes for a device, in any folder and with any extension
_is_device = re.compile(r"(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9¹²³]) *(?:\..*)?",
                        re.IGNORECASE | re.DOTALL).fullmatch


class File(Stream):
    """An open file as the body of an answer; a part of it, or nothing, once the request is known."""

    __slots__ = ("_coding", "_facts", "_file", "_handed", "_whole", "_wrapper")

    def __init__(self, descriptor: int, whole: bool = False, coding: str = "") -> None:
        """descriptor: of a regular file; this owns it. whole: the host may send it in its own way.

        coding: what it is compressed by; other bytes of the same size and time need another ETag.
        """
        self._file = FileIO(descriptor, closefd=True)
        self._facts = os.fstat(descriptor)
        super().__init__(_blocks(self._file), self._facts.st_size)
        self._coding = coding
        self._whole = whole
        self._wrapper: Callable[[Any, int], Iterable[bytes]] | None = None
        self._handed = False        # to the host, which may send it without reading it

    def _settle(self, response: Response, request: Request) -> Response:
        """The 200, 206 or 304. Raises HTTPError 412 or 416."""
        if request.method not in ("GET", "HEAD") or response.status != 200:
            return response
        response, environ = response.copy(), request.environ
        size, changed = self._facts.st_size, self._facts.st_mtime_ns
        etag = response.headers.setdefault("ETag", f'"{changed:x}-{size:x}{self._coding}"')
        since = min(changed // 10**9, int(time.time()))         # never later than now (RFC 9110, 8.8.2.1)
        date = conditional.http_date(since)
        modified = response.headers.setdefault("Last-Modified", date)
        response.headers.setdefault("Accept-Ranges", "bytes")
        known = since if modified == date else conditional.parsed(modified)
        if conditional.unchanged(request.method, environ, etag, known):
            response.status, response.body = 304, b""
            self.close()
        elif request.method == "GET":
            # a date of this very second may stand for two versions (RFC 9110, 8.8.2.2)
            span = conditional.span(environ, etag, modified if since + 1 < time.time() else "", size)
            if span is not None:
                self._file.seek(span[0])
                self.length = self._left = span[1] - span[0]
                response.status = 206
                response.headers["Content-Range"] = f"bytes {span[0]}-{span[1] - 1}/{size}"
            elif self._whole:
                self._wrapper = environ.get("wsgi.file_wrapper")
        return response

    def for_host(self) -> Iterable[bytes]:
        if self._wrapper is None:
            return self
        try:
            wrapped = self._wrapper(self, _BLOCK)
        except BaseException:       # the host's own code
            self.close()
            raise
        self._handed = True
        return wrapped

    def fileno(self) -> int:
        """For the host's wrapper, which may send the descriptor's content without reading it."""
        return self._file.fileno()

    def read(self, size: int) -> bytes:
        """For the host's wrapper, where it reads; never more than was promised."""
        left = self._left or 0
        data = self._file.read(min(size, left))
        if left and not data:
            raise self.too_short()
        self._left = left - len(data)
        return data

    def close(self) -> None:
        """Closes the file; once is enough.

        Raises RuntimeError for one that was written into while the host sent it by its descriptor: fewer
        bytes may have gone out than were promised, and the host must not go on with that connection.
        """
        super().close()
        if not self._file.closed:
            now, then = os.fstat(self._file.fileno()), self._facts
            self._file.close()
            unread = self._handed and self._left == self.length != 0
            if unread and (now.st_mtime_ns, now.st_size) != (then.st_mtime_ns, then.st_size):
                raise RuntimeError("a file was written into while it was sent: replace it by renaming")

    def __del__(self) -> None:
        """A Response that is dropped, unsent, leaves no descriptor behind."""
        if hasattr(self, "_file"):
            self._file.close()


def _blocks(file: FileIO) -> Iterator[bytes]:
    while block := file.read(_BLOCK):
        yield block


def page(path: str) -> Callable[[Request], Response]:
    """A handler that answers with that HTML file (absolute path)."""
    def GET(request: Request) -> Response:
        headers = [HTML_TYPE, ("Cache-Control", "no-cache")]
        return Response(File(_opened(path, _FILE), whole=True), headers=headers)
    return GET


def public(name: str, root: str, parts: Sequence[str], compressed: Mapping[str, Sequence[str]]
           ) -> Callable[[Request], Response]:
    """A handler that answers with a file that start-up found.

    name: the one in its URL, which tells the type. root, parts: an absolute folder and the names below it,
    none of them a link. compressed: the same of its compressed forms, by suffix.
    """
    fields = [("Content-Type", media_type(name)), ("Cache-Control", "no-cache"), NO_SNIFFING]
    offers = {CODINGS[suffix]: found for suffix, found in compressed.items()}
    if offers:
        fields.append(("Vary", "Accept-Encoding"))

    def GET(request: Request) -> Response:
        chosen = coding(request.environ.get("HTTP_ACCEPT_ENCODING"), *offers) if offers else None
        if chosen is not None:
            try:
                body = File(_below(root, offers[chosen]), whole=True, coding=f"-{chosen}")
                return Response(body, headers=[*fields, ("Content-Encoding", chosen)])
            except (HTTPError, PermissionError):    # it has vanished; the file itself may still be there
                pass
        return Response(File(_below(root, parts), whole=True), headers=fields)
    return GET


def media_type(name: str) -> str:
    """The type of a file by the end of its name; with the charset where it is text, which is UTF-8."""
    kind = _TYPES.get(os.path.splitext(name)[1][1:].lower(), "application/octet-stream")
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def attachment(name: str) -> str:
    """The Content-Disposition that makes a browser save a file under that name (RFC 6266, RFC 8187)."""
    from urllib.parse import quote

    name = "".join(char if char.isprintable() and char not in "/\\" else "_" for char in name)
    plain = re.sub(r'[^ -~]|["%]', "_", name)
    exact = "" if plain == name else "; filename*=UTF-8''" + quote(name, safe="!#$&+-.^_`|~")
    return f'attachment; filename="{plain}"{exact}'


def opened(path: str | os.PathLike[str] | Sequence[str], root: str | os.PathLike[str] | None,
           links: bool) -> tuple[File, str]:
    """The file and its name.

    Raises HTTPError 404 for what is not there, no regular file, outside of root, or below it and not to be
    read by this server; ValueError for a list without a root, OSError for other trouble of the server.
    """
    if root is not None:
        parts = os.fspath(path).split("/") if isinstance(path, str | os.PathLike) else [*path]
        if not parts or not all(map(_is_plain, parts)):
            raise _missing()
        try:
            return File(_below(os.fspath(root), parts, 0 if links else _NO_LINK)), parts[-1]
        except PermissionError:         # the client chose the name
            raise _missing() from None
    if not isinstance(path, str | os.PathLike):
        raise ValueError("Response.file() takes a list of parts with root= only: the folder they are below")
    path = os.fspath(path)
    return File(_opened(path, _FILE)), os.path.basename(path)


def _is_plain(part: str) -> bool:
    """Whether a part of a path is a name and nothing else, on any system."""
    return (part[:1] not in ("", ".") and part[-1] not in ". " and not _is_device(part)
            and not any(char in part for char in '/\\:\0'))


def _below(root: str, parts: Sequence[str], no_link: int = _NO_LINK) -> int:
    """The descriptor of a regular file below root, each part opened from the folder before it."""
    if os.open not in os.supports_dir_fd:       # Windows
        path = os.path.join(root, *parts)
        if no_link == _NO_LINK and os.path.realpath(path) != os.path.join(os.path.realpath(root), *parts):
            raise _missing()
        return _opened(path, _FILE)
    folder = _descriptor(root, _FOLDER, None)
    try:
        for part in parts[:-1]:
            inner = _descriptor(part, _FOLDER | no_link, folder)
            os.close(folder)
            folder = inner
        return _opened(parts[-1], _FILE | no_link, folder)
    finally:
        os.close(folder)


def _opened(path: str, flags: int, folder: int | None = None) -> int:
    descriptor = _descriptor(path, flags, folder)
    if S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise _missing()


def _descriptor(path: str, flags: int, folder: int | None) -> int:
    try:
        return os.open(path, flags, dir_fd=folder)
    except (OSError, ValueError) as error:      # ValueError: a NUL, or a lone surrogate
        if isinstance(error, OSError) and error.errno not in _NOT_THERE:
            raise                               # the server's own trouble
        raise _missing() from None


def _missing() -> HTTPError:
    return HTTPError(404, "There is no such file")

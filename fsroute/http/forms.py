"""Forms: what a page's <form> sends, as text fields and uploaded files (RFC 7578; WHATWG HTML, 4.10.22).

Rules this module keeps
-----------------------
1. A form is read as it arrives, and its files are never held whole: one over 64 KiB lies on disk, under no
   name, so that nothing is left behind however the process ends. What is held is bounded by the limits below,
   however large a body may be.
2. Text is UTF-8, whatever charset a part claims.
3. A file name is what follows the last slash, whichever way it leans; it is for people, and may be anything.
4. When reading fails, the files are closed at once; else they live as long as the request.
"""

from __future__ import annotations

import re

from .errors import HTTPError
from .multidict import MultiDict
from .multipart import Parser, Part, boundary_of
from .wsgi import CHUNK

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from os import PathLike
    from typing import Any, BinaryIO, TypeVar, overload

    D = TypeVar("D")

MAX_FIELDS = 1_000
MAX_FILES = 100
MAX_TEXT = 500_000      # bytes, all names and values together
LONGEST = 3 * MAX_TEXT + 2 * MAX_FIELDS     # bytes of that text, urlencoded: each is an escape at worst
IN_MEMORY = 65_536      # bytes of a file

# type "/" subtype (RFC 6838, 4.2)
_is_type = re.compile(r"[a-z0-9][a-z0-9!#$&^_.+-]{0,126}/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}").fullmatch

_escapes = re.compile("%([0-9A-Fa-f]{2})").sub


class UploadedFile:
    """A file that was uploaded; open until the answer is out.

    filename: as the client calls it, without folders: show it, but choose the name on disk yourself.
    content_type: what the client says it is, in lower case, without parameters; "application/octet-stream"
    where it says nothing that is a type.
    size: in bytes. file: the content, a binary file, at its beginning.
    """

    __slots__ = ("content_type", "file", "filename", "size")

    def __init__(self, filename: str, content_type: str, file: BinaryIO) -> None:
        self.filename = filename
        self.content_type = content_type
        self.file = file
        self.size = 0

    def __repr__(self) -> str:
        return f"<UploadedFile {self.filename!a}, {self.size} bytes>"

    def save(self, path: str | PathLike[str]) -> None:
        """Writes the content to the file at that path, over what is there. Raises OSError as open() does."""
        self.file.seek(0)
        with open(path, "wb") as target:
            while data := self.file.read(CHUNK):
                target.write(data)
        self.file.seek(0)


class Files(MultiDict):
    """The uploads of a form by field name: a mapping as the form itself is."""

    __slots__ = ()

    if TYPE_CHECKING:
        def __getitem__(self, name: str) -> UploadedFile: ...  # type: ignore[override]
        @overload  # type: ignore[override]
        def get(self, name: str) -> UploadedFile | None: ...
        @overload
        def get(self, name: str, default: D) -> UploadedFile | D: ...
        def get(self, name: str, default: Any = None) -> Any: ...
        def getall(self, name: str) -> list[UploadedFile]: ...  # type: ignore[override]
        def items(self) -> list[tuple[str, UploadedFile]]: ...  # type: ignore[override]


class Form(MultiDict):
    """A form: its text by field name. files: its uploads."""

    __slots__ = ("files",)

    def __init__(self, pairs: Iterable[tuple[str, str]] = (), files: Iterable[tuple[str, UploadedFile]] = ()
                 ) -> None:
        super().__init__(pairs, "form field")
        self.files = Files(files, "file")  # type: ignore[arg-type]

    def close(self) -> None:
        """Closes the uploaded files."""
        for _, upload in self.files.items():      # noqa: PERF102   a name may have several
            upload.file.close()


def urlencoded(body: bytes) -> Form:
    """The form in such a body; the meaning is that of a query string.

    Raises HTTPError 400 for what is not UTF-8, 413 for too many fields or too much text.
    """
    if body.count(b"&") >= MAX_FIELDS:
        raise HTTPError(413, f"The form has more than {MAX_FIELDS} fields")
    if len(body) > LONGEST:
        raise _too_much_text()
    fields = [field.partition("=") for field in body.decode("latin-1").split("&") if field]
    pairs = [(_unescaped(name), _unescaped(value)) for name, _, value in fields]
    if sum(len(name) + len(value) for name, value in pairs) > MAX_TEXT:
        raise _too_much_text()
    try:
        return Form([(name.decode(), value.decode()) for name, value in pairs])
    except UnicodeDecodeError:
        raise HTTPError(400, "The form is not UTF-8") from None


def _unescaped(text: str) -> bytes:
    """The bytes that Latin-1 text spells. urllib's unquote would make two hundred bytes of each "%"."""
    return _escapes(lambda found: chr(int(found[1], 16)), text.replace("+", " ")).encode("latin-1")


def multipart(stream: BinaryIO, content_type: str) -> Form:
    """The form that a stream holds, which is read to its end.

    content_type: the whole field, for its boundary.
    Raises HTTPError 400 for what is malformed or incomplete, 413 for more parts, files or text than allowed,
    and whatever reading raises.
    """
    parser, reader = Parser(boundary_of(content_type)), _Reader()
    try:
        while data := stream.read(CHUNK):
            for event in parser.feed(data):
                reader.take(event)
        parser.end()
        return reader.form()
    except BaseException:
        reader.close()
        raise


class _Reader:
    """Gathers parts into fields and files."""

    def __init__(self) -> None:
        self._texts: list[tuple[str, str]] = []
        self._files: list[tuple[str, UploadedFile]] = []
        self._text_size = 0
        self._part: Part | None = None      # a text whose pieces are gathered
        self._pieces: list[bytes] = []
        self._upload: UploadedFile | None = None

    def take(self, event: Part | bytes) -> None:
        if isinstance(event, Part):
            self._finish()
            self._begin(event)
        elif self._upload is not None:
            self._upload.file.write(event)
            self._upload.size += len(event)
        elif self._part is not None:
            self._count(len(event))
            self._pieces.append(event)

    def form(self) -> Form:
        self._finish()
        return Form(self._texts, self._files)

    def close(self) -> None:
        for _, upload in self._files:
            upload.file.close()

    def _count(self, size: int) -> None:
        self._text_size += size
        if self._text_size > MAX_TEXT:
            raise _too_much_text()

    def _begin(self, part: Part) -> None:
        self._count(len(part.name.encode()))
        if part.filename is None:
            self._part = part
        elif part.filename:                 # an empty one: no file was chosen
            if len(self._files) == MAX_FILES:
                raise HTTPError(413, f"The form has more than {MAX_FILES} files")
            from tempfile import SpooledTemporaryFile

            file: Any = SpooledTemporaryFile(IN_MEMORY)     # noqa: SIM115   open as long as the request
            kind = part.content_type if _is_type(part.content_type) else "application/octet-stream"
            self._upload = UploadedFile(_last_component(part.filename), kind, file)
            self._files.append((part.name, self._upload))

    def _finish(self) -> None:
        if self._part is not None:
            try:
                self._texts.append((self._part.name, b"".join(self._pieces).decode()))
            except UnicodeDecodeError:
                raise HTTPError(400, f"The form field {self._part.name[:200]!r} is not UTF-8") from None
        elif self._upload is not None:
            self._upload.file.seek(0)
        self._part, self._upload, self._pieces = None, None, []


def _last_component(filename: str) -> str:
    name = re.sub(r"\A(?:[A-Za-z]:)+", "", re.split(r"[/\\]", filename)[-1])      # C: is a folder too
    name = "".join(char if char.isprintable() else "_" for char in name)
    return name if name not in ("", ".", "..") else "file"


def _too_much_text() -> HTTPError:
    return HTTPError(413, f"The form's text is larger than {MAX_TEXT} bytes")

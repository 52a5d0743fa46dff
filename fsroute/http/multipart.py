"""multipart/form-data as it arrives: chunks in, parts and their data out (RFC 7578; RFC 2046, 5.1).

Rules this module keeps
-----------------------
1. Where the chunks were cut changes nothing, and only an HTTPError leaves.
2. Work is linear in what arrives, and little of it is kept: a tail that may begin a delimiter, or the
   headers of one part. At most 1,000 parts with 8 KiB of headers each.
3. A line ends at CRLF and nowhere else. What stands before the first delimiter or after the closing one is
   no data. Without the closing one there is no form: 400, never one with half a file.
4. What two parsers may read in two ways is a 400: a header or a parameter that is malformed or there twice,
   a header on two lines.
5. Headers are UTF-8, whatever a charset says; Content-Transfer-Encoding and "filename*" mean nothing
   (RFC 7578, 4.2 and 4.7).
"""

from __future__ import annotations

import re

from .errors import HTTPError

MAX_PARTS = 1_000
MAX_HEADERS = 8_192     # bytes: the headers of one part; also the request's Content-Type

# boundary = 0*69<bchars> bcharsnospace (RFC 2046, 5.1.1), but clients send more than bchars: WebTest a "$"
_is_boundary = re.compile(r"[ -~]{0,69}[!-~]").fullmatch
# The name is a token (RFC 9110, 5.6.2) that starts with a letter or digit: what starts like a delimiter is no
# header. The value has no control character but HTAB, and no surrogate, the sign of what is not UTF-8.
_header = re.compile(
    r"([0-9A-Za-z][!#$%&'*+.^_`|~0-9A-Za-z-]*):([^\0-\x08\n-\x1f\x7f\ud800-\udfff]*)"
).fullmatch
# *( OWS ";" OWS [ parameter ] ) (RFC 9110, 5.6.6), one at a time; a value without quotes may be more than a
# token. No two ways through it begin alike, so nothing is tried again and again.
_parameter = re.compile(r'[ \t]*;[ \t;]*([^ \t";=]+)=(?:"([^"\\]*(?:\\.[^"\\]*)*)"|([^ \t";]+))').match
# any other backslash is one: old browsers send paths, "C:\Users\x"
_unescaped = re.compile(r'\\(["\\])').sub


def boundary_of(content_type: str) -> bytes:
    """What stands between the parts.

    content_type: the request's, whole.
    Raises HTTPError 400 when there is none, or not as RFC 2046 has it.
    """
    if len(content_type) > MAX_HEADERS:     # an escape costs the regex some 200 bytes of memory
        raise HTTPError(400, f"The Content-Type is longer than {MAX_HEADERS} characters")
    _, parameters = _options(content_type, "The Content-Type")
    if "boundary" not in parameters:
        raise HTTPError(400, "The Content-Type has no boundary")
    if not _is_boundary(parameters["boundary"]):
        raise HTTPError(400, "The boundary in the Content-Type is not 1 to 70 characters of ASCII without a "
                             "blank at the end")
    return parameters["boundary"].encode()


def _options(value: str, where: str) -> tuple[str, dict[str, str]]:
    """Of `kind; name=value; name="value"` the kind and the values by name, both in lower case.

    where: what the value belongs to, as an error begins.
    """
    kind, semicolon, rest = value.partition(";")
    parameters: dict[str, str] = {}
    text, position = (semicolon + rest).rstrip(" \t;"), 0
    while found := _parameter(text, position):
        name, quoted, plain = found.groups()
        if name.lower() in parameters:
            raise HTTPError(400, f"{where} has a parameter twice")
        parameters[name.lower()] = plain if quoted is None else _unescaped(r"\1", quoted)
        position = found.end()
    if position < len(text):
        raise HTTPError(400, f'{where} has a parameter that is not name=value or name="value"')
    return kind.strip(" \t").lower(), parameters


class Part:
    """What the headers of a part say.

    filename: as it was sent, a path perhaps; None when none was sent.
    content_type: in lower case, without parameters; "" when none was sent.
    """

    __slots__ = ("content_type", "filename", "name")

    def __init__(self, name: str, filename: str | None, content_type: str) -> None:
        self.name = name
        self.filename = filename
        self.content_type = content_type


def _part(headers: bytearray, number: int) -> Part:
    """headers: lines, each with its CRLF. number: the part's, from 1."""
    fields: dict[str, str] = {}
    for line in headers.decode(errors="surrogateescape").split("\r\n")[:-1]:
        found = _header(line)
        if found is None:
            raise HTTPError(400, f'Part {number} of the form has a header that is not "name: value", on one '
                                 "line, in UTF-8, without control characters")
        name = found[1].lower()
        if name in fields:
            raise HTTPError(400, f"Part {number} of the form has a header twice")
        fields[name] = found[2]
    disposition = fields.get("content-disposition", "")
    kind, parameters = _options(disposition, f"The Content-Disposition of part {number} of the form")
    if kind != "form-data" or "name" not in parameters:
        raise HTTPError(400, f"Part {number} of the form has no Content-Disposition: form-data with a name")
    content_type, _, _ = fields.get("content-type", "").partition(";")
    return Part(parameters["name"], parameters.get("filename"), content_type.strip(" \t").lower())


class Parser:
    """What it is fed comes back as parts, each before its data.

        for chunk in chunks:
            for event in parser.feed(chunk):
                ...                             # a Part, or bytes of the Part that came last
        parser.end()

    After an HTTPError it is of no use.
    """

    __slots__ = ("_at_delimiter", "_blank", "_buffer", "_closed", "_delimiter", "_old", "_parts", "_position")

    def __init__(self, boundary: bytes) -> None:
        """boundary: as boundary_of gives it."""
        self._delimiter = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")   # for a delimiter at the very start
        self._old = 0                       # so much of it was there before the last chunk
        self._position = 0                  # so much of it is done with
        self._blank = 0                     # 2 while the blank line's CRLF, no data, is the next in it
        self._parts = 0
        self._at_delimiter = self._closed = False

    def feed(self, data: bytes) -> list[Part | bytes]:
        """The parts that begin in this chunk and the data that is certain now, in order; no piece is empty.

        Raises HTTPError 400 for what is malformed, 413 for too many parts or too many bytes of headers.
        """
        events: list[Part | bytes] = []
        if self._closed:
            return events
        self._old = len(self._buffer)
        self._buffer += data
        while (self._at_delimiter or self._data(events)) and self._part(events):
            pass
        del self._buffer[:self._position]   # once a chunk: it may hold a thousand parts
        self._position = 0
        return events

    def end(self) -> None:
        """Raises HTTPError 400 when the form is not complete."""
        if not self._closed:
            raise HTTPError(400, "The form is cut off: its closing delimiter is missing")

    def _data(self, events: list[Part | bytes]) -> bool:
        """Takes what stands before a delimiter: data, or the preamble. True when the delimiter came."""
        found = self._buffer.find(self._delimiter, self._position)
        end = found if found >= 0 else len(self._buffer) - len(self._delimiter) + 1
        start = self._position + self._blank
        if end > start:
            if self._parts:
                events.append(bytes(self._buffer[start:end]))
            self._position, self._blank = end, 0
        if found >= 0:
            self._position = found + len(self._delimiter)
            self._at_delimiter = True
        return self._at_delimiter

    def _part(self, events: list[Part | bytes]) -> bool:
        """Takes what follows a delimiter: "--", or blanks, CRLF and headers. True when a part begins."""
        start = self._position
        if self._buffer.startswith(b"--", start):
            self._closed = True
            self._buffer.clear()
            return False
        limit = start + 2 + MAX_HEADERS + 4
        end = self._buffer.find(b"\r\n\r\n", max(start, self._old - 3), limit)
        if end < 0 and len(self._buffer) < limit:
            return False
        padding, newline, headers = self._buffer[start:end + 2 if end >= 0 else limit].partition(b"\r\n")
        if not newline or padding.strip(b" \t"):
            raise HTTPError(400, f"Delimiter {self._parts + 1} of the form is followed by more than blanks")
        if end < 0:
            raise HTTPError(413, f"Part {self._parts + 1} of the form has headers over {MAX_HEADERS} bytes")
        if self._parts == MAX_PARTS:
            raise HTTPError(413, f"The form has over {MAX_PARTS} parts")
        self._parts += 1
        events.append(_part(headers, self._parts))
        self._position, self._blank = end + 2, 2    # without data this CRLF begins the delimiter
        self._at_delimiter = False
        return True

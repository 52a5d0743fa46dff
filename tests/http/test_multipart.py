import contextlib
import re
import sys
import time
import tracemalloc
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http import multipart
from fsroute.http.errors import HTTPError
from fsroute.http.multipart import MAX_HEADERS, MAX_PARTS, Parser, Part, boundary_of

Form = list[tuple[str, str | None, str, bytes]]     # name, filename, content type, data

LINE = b"--boundary\r\n"
HEAD = b'Content-Disposition: form-data; name="a"\r\n'
PART = LINE + HEAD + b"\r\n"                        # whose data may follow
CLOSE = b"\r\n--boundary--\r\n"
SIZES = [1, 2, 3, 7, 64, 1_000, None]               # of chunks; None is the whole body at once


def chunks(body: bytes, size: int | None) -> list[bytes]:
    step = size or len(body) or 1
    return [body[start:start + step] for start in range(0, len(body), step)]


def read(pieces: Iterable[bytes], boundary: bytes = b"boundary") -> Form:
    """The whole form, with each part's data joined."""
    parser = Parser(boundary)
    form: Form = []
    try:
        for event in (event for piece in pieces for event in parser.feed(piece)):
            if isinstance(event, Part):
                form.append((event.name, event.filename, event.content_type, b""))
            else:
                assert event, "an empty piece"
                form[-1] = (*form[-1][:3], form[-1][3] + event)
    except HTTPError:
        with pytest.raises(HTTPError, match="cut off"):     # a form that was refused is never complete
            parser.end()
        raise
    parser.end()
    return form


def read_at_every_size(body: bytes, boundary: bytes = b"boundary") -> Form:
    forms = [read(chunks(body, size), boundary) for size in SIZES]
    assert all(form == forms[0] for form in forms)
    return forms[0]


def refused(body: bytes) -> tuple[int, str]:
    """Status and message, which are the same at every size."""
    errors = set()
    for size in SIZES:
        with pytest.raises(HTTPError) as caught:
            read(chunks(body, size))
        errors.add((caught.value.status, caught.value.detail))
    assert len(errors) == 1
    return errors.pop()


# bodies

@pytest.mark.parametrize(
    ("body", "data"),
    [
        (PART + b"x" + CLOSE, [b"x"]),
        (PART + CLOSE, [b""]),
        (PART + b"x\r\n" + PART + b"y" + CLOSE, [b"x", b"y"]),
        (PART + b"x\r\n--boundary--", [b"x"]),                                  # no CRLF after the last line
        (b"--boundary--", []),                                                  # a browser's empty form
        (b"\r\n--boundary--", []),
        # an epilogue
        (PART + b"x\r\n--boundary--y", [b"x"]),
        (PART + b"x" + CLOSE + PART + b"y" + CLOSE + LINE + b"\r\n\r\n", [b"x"]),
        # a preamble
        (b"hello\r\n" + PART + b"x" + CLOSE, [b"x"]),
        (b"\r\n\r\n" + PART + b"x" + CLOSE, [b"x"]),
        (b"--boundar\r\n\r\n" + PART + b"x" + CLOSE, [b"x"]),
        (b"x--boundary\n--boundary--\r\n" + PART + b"x" + CLOSE, [b"x"]),
        # blanks that a gateway added
        (b"--boundary \t \r\n" + HEAD + b"\r\nx\r\n--boundary\t\r\n" + HEAD + b"\r\ny" + CLOSE, [b"x", b"y"]),
        # what is nearly a delimiter
        *((PART + data + CLOSE, [data]) for data in (
            b"\r\n", b"\r\n\r\n", b"\r", b"\n", b"\n\r", b"\r\r\n--Boundary--", b"x\n--boundary\r--boundary",
            b"\r\n--boundar\r\n--boundar", b"--boundar", b"-boundary--", b"\r\n--\r\nboundary",
        )),
        # RFC 2046 lets data and the blank line's CRLF be absent
        (LINE + HEAD + CLOSE, [b""]),
        (PART + PART + b"x" + CLOSE, [b"", b"x"]),
    ],
)
def test_a_body_is_parts_whatever_the_size_of_its_chunks(body: bytes, data: list[bytes]) -> None:
    assert read_at_every_size(body) == [("a", None, "", each) for each in data]


@pytest.mark.parametrize(
    ("headers", "part"),
    [
        ('content-disposition:form-data;name="a"', ("a", None, "")),
        ("CONTENT-DISPOSITION: \t Form-Data \t;\tNAME=a\t;;; ;FileName=b ; ", ("a", "b", "")),
        ('Content-Disposition: form-data; name=""; filename=""', ("", "", "")),
        ('Content-Disposition: form-data; filename="b"; name="a"; size=1', ("a", "b", "")),
        ('Content-Disposition: form-data; name="é世😀"; filename=ü.txt', ("é世😀", "ü.txt", "")),
        (r'Content-Disposition: form-data; name="\"a\\"', ('"a\\', None, "")),
        (r'Content-Disposition: form-data; name="a"; filename="C:\Users\x"', ("a", r"C:\Users\x", "")),
        (r'Content-Disposition: form-data; name="a"; filename="\\server\x\"y"', ("a", r'\server\x"y', "")),
        ("Content-Disposition: form-data; name=a=b; filename=a/b\\c", ("a=b", "a/b\\c", "")),
        ('Content-Disposition: form-data; name="a;b=c"; filename="x; name=y"', ("a;b=c", "x; name=y", "")),
        ('Content-Disposition: form-data; name="%22a%22"; filename="a\tb"', ("%22a%22", "a\tb", "")),
        ("Content-Disposition: form-data; name=a; filename*=UTF-8''b", ("a", None, "")),
        ("Content-Disposition: form-data; name=a; filename=b; filename*=UTF-8''c", ("a", "b", "")),
        ("Content-Type: text/plain\r\nContent-Disposition: form-data; name=a", ("a", None, "text/plain")),
        ('Content-Disposition: form-data; name=a\r\nContent-Type: Text/X ; y="', ("a", None, "text/x")),
        ("Content-Disposition: form-data; name=a\r\nContent-Type:\r\n1.x!#$%&'*+^_`|~-:", ("a", None, "")),
        ("Content-Disposition: form-data; name=a\r\nContent-Transfer-Encoding: base64", ("a", None, "")),
    ],
)
def test_the_headers_of_a_part_say_name_filename_and_type(headers: str, part: tuple[str, str, str]) -> None:
    body = LINE + headers.encode() + b"\r\n\r\neA==" + CLOSE
    assert read_at_every_size(body) == [(*part, b"eA==")]


NO_NAME = "Part 1 of the form has no Content-Disposition: form-data with a name"
IN_PART = "The Content-Disposition of part 1 of the form"
NOT_A_PAIR = ' has a parameter that is not name=value or name="value"'
NO_HEADER = ('Part 1 of the form has a header that is not "name: value", on one line, in UTF-8, '
             "without control characters")
CONTROLS = [bytes([code]) for code in (*range(9), *range(10, 32), 127)]


@pytest.mark.parametrize(
    ("detail", "headers"),
    [
        *((NO_NAME, headers) for headers in (
            b"", b"Content-Type: text/plain", b"Content-Disposition:", b"Content-Disposition: form-data",
            b"Content-Disposition: form-data; filename=a", b"Content-Disposition: form-data; name*=UTF-8''a",
            b"Content-Disposition: attachment; name=a", b"Content-Disposition: form-data, form-data; name=a",
            b"Content-Disposition: form-data name=a", b"Content-Disposition: ; name=a",
        )),
        *((IN_PART + NOT_A_PAIR, b"Content-Disposition: form-data; " + parameters) for parameters in (
            b"name", b"name=", b"name= a", b"name =a", b"=a", b"name=a b", b'name="a', b'name="a\\"',
            b'name="a"b', b'name="a" filename="b"', b'name=a"b"', b'name=a; ";"', b'name=a; filename="b;',
        )),
        *((NO_HEADER, HEAD + header) for header in (
            b" folded: yes", b"\tfolded: yes", b"no colon", b": no name", b"a b: c", b"a : b", b"\xc3\xa9: b",
            b"a\0: b", b"--boundary:", b"a: \xff", b"a: \xed\xa0\x80", b"a: \xc0\xaf", b"a: \xc3",
            *(b"a: b" + control + b"c" for control in CONTROLS),
        )),
        (NO_HEADER, HEAD[:-2] + b";\r\n\tfilename=a"),
        ("Part 1 of the form has a header twice", HEAD + HEAD[:-2]),
        ("Part 1 of the form has a header twice", HEAD + b"content-type: a\r\nContent-Type: a"),
        (IN_PART + " has a parameter twice", HEAD[:-2] + b"; NAME=b"),
        (IN_PART + " has a parameter twice", HEAD[:-2] + b"; filename=b; filename=b"),
    ],
)
def test_headers_that_two_parsers_might_read_in_two_ways_are_refused(detail: str, headers: bytes) -> None:
    assert refused(LINE + headers + b"\r\n\r\n" + CLOSE) == (400, detail)


CUT_OFF = "The form is cut off: its closing delimiter is missing"
SECOND = "Delimiter 2 of the form is followed by more than blanks"


@pytest.mark.parametrize(
    ("detail", "body"),
    [
        *((CUT_OFF, body) for body in (
            b"", b"a=1", b"--boundary", b"--boundary-", LINE, LINE + HEAD, PART, PART + b"x",
            PART + b"x\r\n--boundary-", PART + b"x\r\n" + PART, PART + b"x--boundary--\r\n", b" " + PART,
            PART + b"x\n--boundary--\n", PART.replace(b"\r", b"") + CLOSE[2:],      # LF alone ends no line
        )),
        *((SECOND, PART + b"x\r\n--boundary" + rest) for rest in (
            b"x\r\n" + HEAD + b"\r\n" + CLOSE, b" --\r\n\r\n", b"-\r\n\r\n", b"\n\r\n\r\n", b"\0\r\n\r\n",
            b"x" * 10_000, b" " * 10_000,
        )),
        (NO_HEADER, LINE + LINE + b"\r\n" + CLOSE),
        (NO_HEADER.replace("1", "2"), PART + b"x\r\n" + LINE + b"a\r\n\r\n" + CLOSE),
    ],
)
def test_half_a_form_or_a_broken_delimiter_is_refused(detail: str, body: bytes) -> None:
    assert refused(body) == (400, detail)


def test_a_thousand_parts_pass_and_one_more_does_not() -> None:
    parts = (PART + b"\r\n") * MAX_PARTS
    assert len(read_at_every_size(parts + CLOSE[2:])) == 1_000
    assert refused(parts + PART + CLOSE) == (413, "The form has over 1000 parts")


@pytest.mark.parametrize("more", [b"x:", b"".join(b"%04d:y\r\n" % number for number in range(900)) + b"z:"])
def test_8192_bytes_of_headers_pass_and_one_more_does_not(more: bytes) -> None:
    headers = (HEAD + more).ljust(MAX_HEADERS, b"y")
    before = PART + b"\r\n" + LINE
    assert read_at_every_size(before + headers + b"\r\n\r\nx" + CLOSE)[1][3] == b"x"
    assert refused(before + headers + b"\r\n\r") == (400, CUT_OFF)
    for after in (b"\r\n\r\nx" + CLOSE, b"\r\n\r", b"yyy", b"\r\n" + b"a: b\r\n" * 9_000):
        error = refused(before + headers + b"y" + after)
        assert error == (413, "Part 2 of the form has headers over 8192 bytes")


# the boundary

BCHARS = "09AZaz'()+_,-./:=?"
NO_BOUNDARY = "The boundary in the Content-Type is not 1 to 70 characters of ASCII without a blank at the end"


@pytest.mark.parametrize(
    ("content_type", "boundary"),
    [
        ("multipart/form-data; boundary=a", b"a"),
        ("multipart/form-data;boundary=----WebKitFormBoundaryXy9", b"----WebKitFormBoundaryXy9"),
        ('Multipart/Form-Data ; charset=utf-8; BOUNDARY="a b";', b"a b"),
        (f'multipart/form-data; boundary="{BCHARS}"', BCHARS.encode()),
        (f"multipart/form-data; boundary={BCHARS}", BCHARS.encode()),   # clear, though it should be quoted
        (f"multipart/form-data; boundary={'x' * 70}", b"x" * 70),
        ("multipart/form-data; boundary=a_BoUnDaRy$", b"a_BoUnDaRy$"),     # of a client that is much used
        ('multipart/form-data; boundary="!#$%&*;<>@[]^`{|}~"', b"!#$%&*;<>@[]^`{|}~"),
        ('multipart/form-data; boundary="\\\\\\""', b'\\"'),
        ('multipart/form-data; x="\\"; boundary=b"; boundary=a', b"a"),
        (";boundary=a".ljust(MAX_HEADERS), b"a"),                           # of which type is not asked here
    ],
)
def test_the_boundary_is_a_parameter_of_the_content_type(content_type: str, boundary: bytes) -> None:
    assert boundary_of(content_type) == boundary
    assert len(read([PART.replace(b"boundary", boundary), b"\r\n--", boundary, b"--"], boundary)) == 1


@pytest.mark.parametrize(
    ("detail", "content_type"),
    [
        *(("The Content-Type has no boundary", content_type) for content_type in (
            "", "multipart/form-data", "multipart/form-data;", "multipart/form-data; x=y", "boundary=a",
        )),
        *((NO_BOUNDARY, f'multipart/form-data; boundary="{boundary}"') for boundary in (
            "", "x" * 71, "a ", " ", "a\r\nb", "a\n", *"\0\t\x7fé\u0663",
        )),
        *(("The Content-Type" + NOT_A_PAIR, f"multipart/form-data; {parameters}") for parameters in (
            "boundary=", "boundary", "boundary =a", 'boundary="a', 'boundary="a"b', "boundary=a;x",
        )),
        ("The Content-Type has a parameter twice", "multipart/form-data; boundary=a; Boundary=a"),
        ("The Content-Type is longer than 8192 characters", ";boundary=a".ljust(MAX_HEADERS + 1)),
    ],
)
def test_a_boundary_that_is_none_is_refused(detail: str, content_type: str) -> None:
    with pytest.raises(HTTPError) as caught:
        boundary_of(content_type)
    assert (caught.value.status, caught.value.detail) == (400, detail)


# what clients send: recorded, with the Content-Type in the first line

OCTETS = "application/octet-stream"


def sent(quote: str, backslash: str, lines: bytes, text: str, nothing: str) -> Form:
    """What every client was given to send; the arguments are how they differ."""
    return [
        ("title", None, "", "Grüße, 世界 😀".encode()),
        (f"a {quote}quoted{quote} name", None, "", b"1"),
        ("lines", None, "", lines),
        ("empty", None, "", b""),
        ("colours", None, "", b"red"),
        ("colours", None, "", b"blue"),
        ("quoted", f"a {quote}quoted{quote} ü.txt", text, b"quoted\r\n"),
        ("none", "", nothing, b""),
        ("files", "one.bin", OCTETS, bytes(range(256))),
        ("files", "two.txt", "text/plain", b"\r\n--\r\n"),
        ("path", f"back{backslash}slash.txt", text, b"x"),
    ]


LINES = b"one\r\ntwo\r\n\r\n"
CHROMIUM = sent("%22", "", LINES, "text/plain", OCTETS)[:-1]
NOTE = ("note", None, "application/json", b"eyJhIjoxfQ==")      # in base64, which nobody undoes


@pytest.mark.parametrize(
    ("client", "form"),
    [
        ("chromium", [*CHROMIUM[:4], ("_charset_", None, "", b"UTF-8"), *CHROMIUM[4:]]),
        ("curl", [*sent("%22", "\\", LINES.strip(), "text/plain", OCTETS), NOTE]),
        ("curl-form-escape", [*sent('"', "\\", LINES.strip(), "text/plain", OCTETS), NOTE]),
        ("requests", sent("%22", "\\", LINES, "", "")),
    ],
)
def test_what_clients_send_is_what_is_read(client: str, form: Form) -> None:
    recorded = Path(__file__).with_name("bodies") / f"{client}.multipart"
    content_type, _, body = recorded.read_bytes().partition(b"\n")
    assert read_at_every_size(body, boundary_of(content_type.decode())) == form


# against a slow parser

PIECE = re.compile(rb"[ \t]*\r\n((?:[^\r\n]+\r\n)+)(?:\r\n(.*))?", re.DOTALL)
FIELD = re.compile(r"([0-9A-Za-z][0-9A-Za-z!#$%&'*+.^_`|~-]*):([\t -~\x80-\U0010ffff]*)")
QUOTED = r'"((?:[^"\\]|\\.)*)"'
DISPOSITION = re.compile(f"form-data; name={QUOTED}(?:; filename={QUOTED})?")


def slow_part(piece: bytes) -> tuple[str, str | None, str, bytes]:
    """One part, from behind its delimiter to before the next; ValueError when it is none."""
    part = PIECE.fullmatch(piece)
    lines = part[1].decode().split("\r\n")[:-1] if part else []
    fields = {field[1].lower(): field[2].strip(" \t") for field in map(FIELD.fullmatch, lines) if field}
    found = DISPOSITION.fullmatch(fields.get("content-disposition", ""))
    if not part or not found or len(fields) < len(lines):
        raise ValueError
    name, filename = (text and re.sub(r'\\(["\\])', r"\1", text) for text in found.groups())
    return name, filename, fields.get("content-type", "").split(";")[0].strip(" \t").lower(), part[2] or b""


def slow(body: bytes, boundary: bytes) -> Form | int:
    """The form, or the status of its refusal: RFC 2046's grammar over the whole body."""
    form: Form = []
    with contextlib.suppress(ValueError):
        for piece in (b"\r\n" + body).split(b"\r\n--" + boundary)[1:]:
            if piece.startswith(b"--"):
                return form
            form.append(slow_part(piece))
    return 400


def check_every_way(body: bytes, boundary: bytes, places: list[int], expected: Form | int) -> None:
    """Whole, byte by byte, and cut in these places, some of them the same."""
    edges = [0, *sorted(place % (len(body) + 1) for place in places), len(body)]
    cut = [body[start:end] for start, end in pairwise(edges)]
    for pieces in ([body], chunks(body, 1), cut):
        try:
            outcome: Form | int = read(pieces, boundary)
        except HTTPError as error:
            outcome = error.status
        assert outcome == expected


boundaries = st.sampled_from([b"b", b"-", b"--", b"a--", b"boundary", BCHARS.encode(), b"a b", b"x" * 70])
places = st.lists(st.integers(0, 10_000), max_size=20)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]) | st.sampled_from('"\\;=\t\x80'), max_size=8)


def data(boundary: bytes) -> st.SearchStrategy[bytes]:
    """Made of what a delimiter is made of."""
    delimiter = b"\r\n--" + boundary
    scraps = [b"\r\n", b"\r", b"\n", b"-", b"--", b" ", b"x", b"\xff", delimiter[:-1], b"\r" + delimiter[:-1],
              delimiter[1:], delimiter[2:], boundary]
    joined = st.lists(st.sampled_from(scraps) | st.binary(max_size=3), max_size=12).map(b"".join)
    return joined.filter(lambda data: delimiter not in b"\r\n" + data)


@st.composite
def forms(draw: st.DrawFn) -> tuple[Form, bytes, bytes]:
    """A form, its boundary and its body."""
    boundary = draw(boundaries)
    types = st.sampled_from(["", "text/plain", "image/png"])
    form = draw(st.lists(st.tuples(texts, st.none() | texts, types, data(boundary)), max_size=4))
    body = draw(st.just(b"") | data(boundary).map(lambda data: data + b"\r\n"))
    for name, filename, content_type, content in form:
        quoted = [re.sub(r'(["\\])', r"\\\1", text or "") for text in (name, filename)]
        header = f'\r\nContent-Disposition: form-data; name="{quoted[0]}"'
        header += f'; filename="{quoted[1]}"' if filename is not None else ""
        header += f"\r\nContent-Type: {content_type}" if content_type else ""
        padding = draw(st.sampled_from([b"", b" \t"]))
        body += b"--" + boundary + padding + header.encode() + b"\r\n\r\n" + content + b"\r\n"
    return form, boundary, body + b"--" + boundary + b"--" + draw(data(boundary))


@given(forms(), places)
def test_what_was_sent_comes_back_however_cut(made: tuple[Form, bytes, bytes], places: list[int]) -> None:
    form, boundary, body = made
    assert slow(body, boundary) == form
    check_every_way(body, boundary, places, form)


@st.composite
def nearly_forms(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """A boundary, and a body of what forms are made of, in any order; the end is one to get that far."""
    boundary = draw(boundaries)
    line = b"\r\n--" + boundary
    words = [line + b"\r\n" + HEAD + b"\r\n", line + b"\r\n" + HEAD, line, line + b"--", line + b" \r\n",
             line[2:], line[:-1], HEAD, HEAD[:-2] + b'; filename="\\\\\\""\r\n', b"Content-Type: A/b;c\r\n",
             b"X-Note: \xc3\xa9\r\n", b"\r\n", b"\r\n\r\n", b"\r", b"\n", b"--", b" ", b"x"]
    body = draw(st.lists(st.sampled_from(words) | st.binary(max_size=2), max_size=14))
    return boundary, b"".join([draw(st.sampled_from([b"", words[0]])), *body, line, b"--"])


@given(nearly_forms(), places)
def test_any_bytes_mean_what_the_grammar_says(made: tuple[bytes, bytes], places: list[int]) -> None:
    boundary, body = made
    check_every_way(body, boundary, places, slow(body, boundary))


words = st.sampled_from([";", " ", "boundary", "=", '"', "\\", "a", "\t", ",", 'z="\\"', "\r\n", "\ud800"])


@given(st.text(max_size=40) | st.lists(words).map("".join))
def test_only_an_http_error_leaves_for_any_content_type(content_type: str) -> None:
    with contextlib.suppress(HTTPError):
        assert 1 <= len(boundary_of(content_type)) <= 70


# work and memory

class Counted(bytearray):
    """The parser's buffer, counting the bytes that are searched, copied or moved in it.

    It shows what a count of calls does not: searches that begin again, the rest of a chunk copied for each
    part, tails that grow. It does not show what a regex does within one header: that is measured below.
    """

    touched = 0

    def __iadd__(self, data: Any) -> Any:   # type: ignore[misc]
        Counted.touched += len(data)
        return super().__iadd__(data)

    def __getitem__(self, key: Any) -> Any:
        found: Any = super().__getitem__(key)
        if isinstance(key, slice):
            found = Counted(found)
            Counted.touched += len(found)
        return found

    def __delitem__(self, key: Any) -> None:
        before = len(self)
        super().__delitem__(key)
        Counted.touched += len(self) if len(self) < before else 0

    def __bytes__(self) -> bytes:
        Counted.touched += len(self)
        return memoryview(self).tobytes()

    def find(self, what: Any, start: Any = 0, end: Any = sys.maxsize, /) -> int:
        found = super().find(what, start, end)
        Counted.touched += (found if found >= 0 else min(end, len(self))) - start + len(what)
        return found


def work(body: bytes, size: int | None) -> tuple[int, int]:
    """Calls, of Python and of C functions, and bytes touched."""
    parser = Parser(b"boundary")
    calls = Counted.touched = 0

    def count(frame: FrameType, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    pieces = chunks(body, size)
    sys.setprofile(count)
    try:
        with contextlib.suppress(HTTPError):
            for piece in pieces:
                parser.feed(piece)
    finally:
        sys.setprofile(None)
    return calls, Counted.touched


def lines(size: int, line: bytes, before: bytes = LINE + HEAD, after: bytes = b"\r\n" + CLOSE) -> bytes:
    """Between before and after, about size bytes of the line, numbered where it has a %."""
    count = size // len(line)
    return before + (b"".join(line % i for i in range(count)) if b"%" in line else line * count) + after


DATA = {"before": PART, "after": CLOSE}
SHAPES: dict[str, Callable[[int], bytes]] = {
    "tiny parts": lambda n: lines(n, PART + b"x\r\n", b""),
    "parts without data": lambda n: lines(n, PART, b""),
    "CR, then much": lambda n: lines(n, b"x", PART + b"\r", CLOSE),
    "LF, then much": lambda n: lines(n, b"x", PART + b"\n", CLOSE),
    "CRLF, then much": lambda n: lines(n, b"x", PART + b"\r\n", CLOSE),
    "CRs": lambda n: lines(n, b"\r", **DATA),
    "LFs": lambda n: lines(n, b"\n", **DATA),
    "CRLFs": lambda n: lines(n, b"\r\n", **DATA),
    "half delimiters": lambda n: lines(n, b"\r\n--boundar", **DATA),
    "delimiters within a line": lambda n: lines(n, b"\r--boundary", **DATA),
    "a preamble": lambda n: lines(n, b"x", b"", b"\r\n" + PART + CLOSE),
    "a preamble of half delimiters": lambda n: lines(n, b"\r\n--boundar", b"", b"\r\n" + PART + CLOSE),
    "an epilogue": lambda n: lines(n, b"x", PART + CLOSE),
    "an epilogue of parts": lambda n: lines(n, PART, PART + CLOSE),
    "blanks after a delimiter": lambda n: lines(n, b" ", b"--boundary", b"\r\n" + HEAD + b"\r\n" + CLOSE),
    "dashes after a delimiter": lambda n: lines(n, b" -", b"--boundary-"),
    "a long header value": lambda n: lines(n, b"y", LINE + HEAD + b"x: ", b"\r\n\r\n" + CLOSE),
    "a long header name": lambda n: lines(n, b"y", after=b": x\r\n\r\n" + CLOSE),
    "a long name": lambda n: lines(n, b"y", LINE + HEAD[:-3], b'"\r\n\r\n' + CLOSE),
    "header lines": lambda n: lines(n, b"%05d:y\r\n"),
    "header lines that are one": lambda n: lines(n, HEAD),
    "a header that never ends": lambda n: lines(n, b"y", LINE + b"x: ", b""),
    "headers that never end": lambda n: lines(n, b"a:b\r\n", after=b""),
    "CRs in a header": lambda n: lines(n, b"\r\n\r", LINE + b"x: "),
    "semicolons": lambda n: lines(n, b";", LINE + HEAD[:-2], b"\r\n\r\n" + CLOSE),
    "parameters": lambda n: lines(n, b";%05d=y", LINE + HEAD[:-2], b"\r\n\r\n" + CLOSE),
    "an open quote": lambda n: lines(n, b"\\\\", LINE + HEAD[:-2] + b';x="', b"\r\n\r\n" + CLOSE),
}


@pytest.mark.parametrize(
    ("length", "size"), [(3_500, 1), (25_000, 1_000), (25_000, None), (300_000, 65_536), (300_000, None)]
)
@pytest.mark.parametrize("shape", SHAPES)
def test_twice_the_body_is_twice_the_work(
    shape: str, length: int, size: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(multipart, "bytearray", Counted, raising=False)
    once, twice = (work(SHAPES[shape](n), size) for n in (length, 2 * length))
    assert once[1], "the buffer is no bytearray any more: nothing was counted"
    assert twice[0] < 2.5 * once[0]
    assert twice[1] < 2.5 * once[1]


@pytest.mark.parametrize("shape", SHAPES)
def test_what_is_kept_does_not_grow_with_the_body(shape: str) -> None:
    pieces = chunks(SHAPES[shape](2**21), 8_192)
    tracemalloc.start()
    try:
        parser = Parser(b"boundary")
        with contextlib.suppress(HTTPError):
            for piece in pieces:
                parser.feed(piece)
        assert tracemalloc.get_traced_memory()[0] < 4 * 8_192
    finally:
        tracemalloc.stop()


def seconds(text: str) -> float:
    best = float("inf")
    for _ in range(3):
        start = time.perf_counter()
        with contextlib.suppress(HTTPError):
            boundary_of(text)
        best = min(best, time.perf_counter() - start)
    return best


@pytest.mark.parametrize("before", ["", "x;", "x; boundary=", 'x; boundary="', 'x; !="', "x;a=b ", "x;a=b;"])
@pytest.mark.parametrize(
    "unit", ["\\", "\\\\", '\\"', '"', " ", "\t;", ";", ';a="b"', "a", "=", "a=", " a", '"a']
)
def test_work_is_linear_on_a_malformed_header(before: str, unit: str) -> None:
    """A count of calls tells nothing of a regex, so time does: eight times the text takes eight times as long
    and more in a bad moment, quadratic work 64 times."""
    for after in ("", "\0", '"'):
        short, long = (before + unit * (many * 1_000 // len(unit)) + after for many in (1, 8))
        assert seconds(long) < 32 * max(seconds(short), 0.000_5)

import contextlib
import io
import re
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NoReturn
from urllib.parse import parse_qsl, urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http import forms
from fsroute.http.errors import HTTPError
from fsroute.http.forms import Form, UploadedFile
from fsroute.http.request import Request, Settings
from tests.uploads import (
    BOUNDARY,
    MULTIPART,
    URLENCODED,
    multipart,
    nameless_files,
    needs_proc,
    on_disk,
    part,
    unfinished,
    watch,
)

MakeRequest = Callable[..., Request]
MakeInput = Callable[..., Any]

LARGE = b"\xff\r\n--" + b"z" * 100_000 + b"\r\n"


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The temporary files made in this test."""
    return watch(monkeypatch)


made_here: list[Form] = []


@pytest.fixture(autouse=True)
def close_them() -> Iterator[None]:
    """Nobody else closes what a test has read."""
    yield
    while made_here:
        made_here.pop().close()


def form_of(stream: Any, content_type: str = MULTIPART) -> Form:
    return forms.multipart(stream, content_type)


def read(*parts: bytes) -> Form:
    made_here.append(form_of(io.BytesIO(multipart(parts))))
    return made_here[-1]


def refused(status: int, detail: str, body: bytes, content_type: str = MULTIPART) -> None:
    """That the form is refused in these words, a regular expression."""
    with pytest.raises(HTTPError) as caught:
        form_of(io.BytesIO(body), content_type)
    assert caught.value.status == status
    assert re.search(detail, caught.value.detail), caught.value.detail


def uploads(form: Form) -> list[tuple[str, str, str, bytes]]:
    """What is known of each file; reading it whole."""
    told = []
    for name, file in form.files.items():
        assert file.file.tell() == 0
        content = file.file.read()
        assert len(content) == file.size
        told.append((name, file.filename, file.content_type, content))
    return told


# text

EITHER: dict[str, Callable[[list[tuple[str, str]]], Form]] = {
    "urlencoded": lambda pairs: forms.urlencoded(urlencode(pairs).encode()),
    "multipart": lambda pairs: read(*(part(*pair) for pair in pairs)),
}
either = pytest.mark.parametrize("made", EITHER.values(), ids=EITHER)


@either
def test_the_text_of_a_form_is_a_mapping(made: Callable[[list[tuple[str, str]]], Form]) -> None:
    pairs = [("a", "1"), ("b", "x y&z=é"), ("a", "2"), ("", "blank"), ("c", ""), ("ü ;=&", "+%41\r\n\n")]
    form = made(pairs)
    assert form.items() == pairs
    assert (form["a"], form.get("a", type=int), form.getall("a", type=int)) == ("1", 1, [1, 2])
    assert form.lists()["a"] == ["1", "2"]
    assert (list(form), len(form)) == (["a", "b", "", "c", "ü ;=&"], 5)
    assert "c" in form
    assert "d" not in form
    assert form.get("d", "none") == "none"
    assert (len(form.files), form.files.items()) == (0, [])


@either
def test_a_field_that_is_missing_or_wrong_is_the_clients_mistake(
    made: Callable[[list[tuple[str, str]]], Form]
) -> None:
    form = made([("b", "x")])
    questions: list[tuple[Callable[[], Any], str]] = [
        (lambda: form["nope"], "The form field 'nope' is missing"),
        (lambda: form.get("b", type=int), "The form field 'b' must be a whole number of at most 64 bits"),
        (lambda: form.files["b"], "The file 'b' is missing"),
        (lambda: form.files["x" * 300], f"The file '{'x' * 200}' is missing"),
    ]
    for ask, detail in questions:
        with pytest.raises(HTTPError) as caught:
            ask()
        assert (caught.value.status, caught.value.detail) == (400, detail)


@either
def test_a_form_of_nothing_is_empty(made: Callable[[list[tuple[str, str]]], Form]) -> None:
    assert (made([]).items(), repr(made([]))) == ([], "Form([])")


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 200_000])
@either
def test_a_long_text_stays_whole(made: Callable[[list[tuple[str, str]]], Form], size: int) -> None:
    text = "\r\né"[: size % 7] + "é" * (size // 2)
    assert made([("a", "1"), ("text", text), ("z", "2")]).items() == [("a", "1"), ("text", text), ("z", "2")]


@either
def test_500_000_bytes_of_names_and_text_pass_and_one_more_does_not(
    made: Callable[[list[tuple[str, str]]], Form]
) -> None:
    at = [("a", "é" * 100_000), ("a", ""), ("é" * 3, "x" * 299_986), ("c", "y" * 5)]
    assert made(at).items() == at
    for over in ([*at, ("", "z")], [("", "x" * 500_001)], [("a", "é" * 250_000)], [*at, ("z", "")],
                 [("n" * 1_000, "x")] * 500):
        with pytest.raises(HTTPError) as caught:
            made(over)
        assert (caught.value.status, caught.value.detail) == (413,
                                                              "The form's text is larger than 500000 bytes")


def test_files_are_no_text_however_large() -> None:
    form = read(part("f", b"x" * 600_000, filename="f"), part("a", "y" * 499_998))
    assert (form.files["f"].size, len(form["a"])) == (600_000, 499_998)


def test_1000_urlencoded_fields_pass_and_one_more_does_not() -> None:
    assert len(forms.urlencoded(b"&".join([b"a=%31"] * 1_000)).items()) == 1_000
    with pytest.raises(HTTPError) as caught:
        forms.urlencoded(b"&".join([b"a=1"] * 1_001))
    assert (caught.value.status, caught.value.detail) == (413, "The form has more than 1000 fields")


@pytest.mark.parametrize("body", [b"a=\xff", b"a=%FF", b"a=1&%C0%AF=2", b"a=\xed\xa0\x80", b"caf\xe9=1"])
def test_an_urlencoded_form_is_utf_8(body: bytes) -> None:
    with pytest.raises(HTTPError) as caught:
        forms.urlencoded(body)
    assert (caught.value.status, caught.value.detail) == (400, "The form is not UTF-8")


@pytest.mark.parametrize(("body", "pairs"), [
    (b"a=1;b=2", [("a", "1;b=2")]), (b"a+b=c+d", [("a b", "c d")]), (b"a=%zz", [("a", "%zz")]),
    (b"&&a", [("a", "")]),
    ("é=é".encode(), [("é", "é")]), (b"_charset_=latin-1&a=%C3%A9", [("_charset_", "latin-1"), ("a", "é")]),
    (b"a=1\r\n", [("a", "1\r\n")]), (b"\xef\xbb\xbfa=1", [("\ufeffa", "1")]),
])
def test_an_urlencoded_form_is_read_as_a_query_is(body: bytes, pairs: list[tuple[str, str]]) -> None:
    assert forms.urlencoded(body).items() == pairs


@pytest.mark.parametrize("name", [b"", b"x" * 2_000])
@pytest.mark.parametrize("escape", [b"%", b"%2", b"a", b"a%41", b"%25", b"ab%41+", b"%zz", b"+"])
def test_an_urlencoded_form_costs_a_bounded_multiple_of_its_text(escape: bytes, name: bytes) -> None:
    """A piece of text for each escape would cost up to two hundred times as much as it was sent."""
    body = (name + b"=" + escape * 500_000)[:forms.LONGEST]
    tracemalloc.start()
    with contextlib.suppress(HTTPError):
        forms.urlencoded(body)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 20 * len(body)


@given(st.binary(max_size=60) | st.lists(st.sampled_from([
    b"%", b"&", b"=", b"+", b";", b"4", b"1", b"%41", b"%c3%A9", "é".encode(), b"%zz", b"a"])).map(b"".join))
def test_an_urlencoded_form_means_what_urllib_says(body: bytes) -> None:
    try:
        expected = parse_qsl(body.decode(), keep_blank_values=True, errors="strict")
    except UnicodeError:
        return
    assert forms.urlencoded(body).items() == expected


# multipart

def test_fields_and_files_of_one_name_keep_their_order_and_hide_none_of_each_other() -> None:
    form = read(part("x", "1"), part("x", b"\0\xff", "Content-Type: Image/PNG; a=b", filename="a.png"),
                part("y", "2"), part("x", b"", filename="b"), part("x", "3"), part("z", b"c", filename="c"))
    assert form.items() == [("x", "1"), ("y", "2"), ("x", "3")]
    assert [file.filename for file in form.files.getall("x")] == ["a.png", "b"]
    assert form.files["x"].filename == "a.png"
    assert list(form.files) == ["x", "z"]
    assert {name: len(files) for name, files in form.files.lists().items()} == {"x": 2, "z": 1}
    assert "y" not in form.files
    assert form.files.get("y") is None
    assert repr(form.files["x"]) == "<UploadedFile 'a.png', 2 bytes>"
    assert uploads(form) == [("x", "a.png", "image/png", b"\0\xff"),
                             ("x", "b", "application/octet-stream", b""),
                             ("z", "c", "application/octet-stream", b"c")]


def test_the_repr_of_a_file_stays_on_one_line_in_ascii() -> None:
    assert repr(UploadedFile("é\n", "", io.BytesIO())) == "<UploadedFile '\\xe9\\n', 0 bytes>"


def test_where_no_file_was_chosen_there_is_none(temporary: list[Any]) -> None:
    form = read(part("f", b"", "Content-Type: application/octet-stream", filename=""), part("a", "1"),
                part("f", b"not even with content", filename=""), part("b", "2"))
    assert (form.items(), len(form.files), temporary) == ([("a", "1"), ("b", "2")], 0, [])
    with pytest.raises(HTTPError, match="The file 'f' is missing"):
        form.files["f"]


@pytest.mark.parametrize(("sent", "kept"), [
    ("report.pdf", "report.pdf"), ("my cv (1).pdf", "my cv (1).pdf"), ("日本.txt", "日本.txt"),
    ("e\u0301", "e\u0301"),
    (".htaccess", ".htaccess"), ("a;b=c.txt", "a;b=c.txt"), ('say "hi".txt', 'say "hi".txt'),
    ("%2F..%5C", "%2F..%5C"),
    # the last component, whichever way the slash leans
    ("/etc/passwd", "passwd"), ("../../x", "x"), ("..\\..\\x", "x"), ("a/b\\c", "c"), ("a\\b/c", "c"),
    ("a//b", "b"),
    ("C:\\Users\\me\\cv.pdf", "cv.pdf"), ("C:cv.pdf", "cv.pdf"), ("c:/cv.pdf", "cv.pdf"),
    ("\\\\host\\share\\x", "x"),
    # nor does a drive stand before what is left
    ("a/C:x", "x"), ("a\\c:x", "x"), ("C:D:x", "x"), ("C:a/D:x", "x"),
    # no name at all, or one of a folder
    ("/", "file"), ("a/", "file"), ("a\\", "file"), ("C:", "file"), (".", "file"), ("..", "file"),
    ("a/..", "file"),
    ("C:..", "file"), ("..\\", "file"), ("a/.", "file"),
    # what cannot be seen, or turns what is seen round
    ("a\tb", "a_b"), ("a\u202egpj.exe", "a_gpj.exe"), ("a\u2028b", "a_b"), ("a\x85b", "a_b"), ("\u200b", "_"),
    ("a\xa0b", "a_b"),
])
def test_a_filename_is_its_last_component(sent: str, kept: str) -> None:
    assert read(part("f", b"x", filename=sent)).files["f"].filename == kept


@pytest.mark.parametrize("culprit", [*"\0\x01\n\r\x0b\x1b\x1f\x7f"])
def test_a_filename_with_a_control_character_is_no_header(culprit: str) -> None:
    refused(400, "^Part 1 of the form has a", multipart([part("f", b"x", filename=f"a{culprit}b")]))


@pytest.mark.parametrize(("disposition", "filename"), [
    ("name=f; filename=a.txt; filename*=UTF-8''..%2Fevil", "a.txt"),
    ("name=f; filename*=UTF-8''evil; filename=a.txt", "a.txt"),
    ("name=f; filename*=bogus'x'%FF; filename=a.txt", "a.txt"),
    ('name=f; filename="C:\\Users\\x.txt"', "x.txt"),
    ('name=f; FILENAME="a.txt"', "a.txt"),
    ('filename="a.txt";name="f"', "a.txt"),
    ('name="f";filename="a\\"b.txt"', 'a"b.txt'),
    ("name=f; filename=a.txt; filename*0=b; filename*1=c", "a.txt"),
])
def test_no_other_parameter_speaks_for_the_filename(disposition: str, filename: str) -> None:
    form = read(f"Content-Disposition: form-data; {disposition}\r\n\r\nx".encode())
    assert [file.filename for file in form.files.getall("f")] == [filename]


def test_an_extended_filename_alone_makes_no_file() -> None:
    form = read(b"Content-Disposition: form-data; name=f; filename*=UTF-8''evil\r\n\r\nx")
    assert (form.items(), len(form.files)) == ([("f", "x")], 0)


@pytest.mark.parametrize(("header", "kind"), [
    ("Content-Type: text/csv", "text/csv"), ("content-type:\tTEXT/CSV ; charset=x", "text/csv"),
    ("Content-Type:", "application/octet-stream"), ("X-Other: 1", "application/octet-stream"),
    ("Content-Type: ;", "application/octet-stream"),
])
def test_a_content_type_is_in_lower_case_without_parameters(header: str, kind: str) -> None:
    assert read(part("f", b"x", header, filename="a")).files["f"].content_type == kind


@pytest.mark.parametrize("header", [
    "Content-Type: text/plain; charset=iso-8859-1", "Content-Type: text/plain; charset=zlib",
    "Content-Type: text/plain",
    "Content-Transfer-Encoding: base64", "Content-Transfer-Encoding: quoted-printable",
    "Content-Encoding: gzip",
])
@pytest.mark.parametrize("text", ["é", "=C3=A9", "w6k=", ""])
def test_no_header_of_a_part_changes_its_data(header: str, text: str) -> None:
    form = read(part("_charset_", "iso-8859-1"), part("a", text, header),
                part("f", text, header, filename="f"))
    assert form["a"] == text
    assert form.files["f"].file.read() == text.encode()


@pytest.mark.parametrize("data", [b"\xff", "é".encode("latin-1"), b"\xed\xa0\x80", b"\xc3", b"\xc0\xaf"])
def test_text_that_is_not_utf_8_is_refused_by_its_name(data: bytes) -> None:
    body = multipart([part("a", "1"), part("ü", data, "Content-Type: text/plain; charset=latin-1"),
                      part("b", "2")])
    refused(400, "^The form field 'ü' is not UTF-8$", body)
    refused(400, f"^The form field '{'b' * 200}' is not UTF-8$", multipart([part("b" * 5_000, data)]))
    assert read(part("a", data, filename="f")).files["a"].file.read() == data


@pytest.mark.parametrize("name", [b"\xff", b"\xc3", b"a\xed\xa0\x80"])
def test_a_name_that_is_not_utf_8_is_refused(name: bytes) -> None:
    body = multipart([part("a", "1"), b'Content-Disposition: form-data; name="' + name + b'"\r\n\r\nx'])
    refused(400, "^Part 2 of the form has .* UTF-8", body)


def test_text_whose_characters_are_cut_between_two_reads_stays_whole() -> None:
    text = "日" * 60_000
    for shift in range(3):
        assert read(part("a", "x" * shift), part("b", text)).get("b") == text


# files

@pytest.mark.parametrize(("size", "disk"), [
    (0, False), (1, False), (65_535, False), (65_536, False), (65_537, True), (300_000, True),
])
def test_a_file_over_64_kib_lies_on_disk_and_a_smaller_one_in_memory(
    size: int, disk: bool, temporary: list[Any]
) -> None:
    form = read(part("a", "1"), part("f", b"\r" * size, filename="f"), part("b", "2"))
    assert [on_disk(file) for file in temporary] == [disk]
    assert uploads(form) == [("f", "f", "application/octet-stream", b"\r" * size)]
    assert form.items() == [("a", "1"), ("b", "2")]


@needs_proc
def test_a_file_on_disk_has_no_name_there_and_is_gone_when_it_is_closed() -> None:
    before = nameless_files()
    form = read(part("f", LARGE, filename="f"), part("g", LARGE, filename="g"))
    assert nameless_files() == before + 2
    form.close()
    form.close()
    assert nameless_files() == before


class Flood(io.RawIOBase):
    """A multipart body that is made as it is read; it knows the most it was asked for."""

    def __init__(self, size: int) -> None:
        self._head = multipart([part("f", b"", filename="f")]).partition(b"\r\n--")[0]
        self._left = size
        self._tail = f"\r\n--{BOUNDARY}--\r\n".encode()
        self.most = 0

    def read(self, size: int = -1, /) -> bytes:
        assert size > 0, "a read of everything"
        self.most = max(self.most, size)
        if self._head:
            data, self._head = self._head[:size], self._head[size:]
        elif self._left:
            data = b"z" * min(size, self._left)
            self._left -= len(data)
        else:
            data, self._tail = self._tail[:size], self._tail[size:]
        return data


@pytest.mark.parametrize("through", ["the stream", "request.form()"])
def test_a_large_file_is_never_in_memory(through: str, make_request: MakeRequest,
                                         temporary: list[Any]) -> None:
    size = 20_000_000
    flood = Flood(size)
    request = make_request(max_body=2 * size, **{"wsgi.input": flood, "wsgi.input_terminated": True,
                                                 "CONTENT_LENGTH": None, "CONTENT_TYPE": MULTIPART})
    read(part("f", LARGE, filename="f")).close()     # what is loaded at the first use is no matter here
    tracemalloc.start()
    try:
        form = form_of(flood) if through == "the stream" else request.form()
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert form.files["f"].size == size
    assert peak < 1_000_000
    assert flood.most <= 65_536
    assert on_disk(temporary[-1])
    form.close()


@pytest.mark.parametrize("size", [0, 10, 65_536, 65_537, 200_000])
def test_saving_writes_the_whole_content_whatever_was_read_before(size: int, tmp_path: Path) -> None:
    content = bytes(range(256)) * (size // 256) + b"z" * (size % 256)
    form = read(part("f", content, filename="f"))
    target = tmp_path / "target"
    target.write_bytes(b"longer than " * 50_000)
    form.files["f"].file.read(7)
    form.files["f"].save(target)
    assert target.read_bytes() == content
    assert form.files["f"].file.read() == content           # it is at its beginning again
    form.files["f"].save(str(target))
    assert target.read_bytes() == content
    form.close()


@pytest.mark.parametrize(
    "sent", ["image", "image/", "/png", "image/あ", 'image/a"b', "a b/c", "x" * 200 + "/y"])
def test_a_content_type_that_is_none_is_that_of_any_bytes(sent: str) -> None:
    upload = read(part("f", b"x", f"Content-Type: {sent}", filename="f")).files["f"]
    assert upload.content_type == "application/octet-stream"


@pytest.mark.parametrize("path", ["missing/x", "."])
def test_saving_where_it_cannot_is_the_systems_error(path: str, tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"."):
        read(part("f", b"x", filename="f")).files["f"].save(tmp_path / path)


def test_closing_a_form_closes_every_file(temporary: list[Any]) -> None:
    form = read(part("f", b"small", filename="f"), part("f", LARGE, filename="f"),
                part("g", b"", filename="g"))
    assert [file.closed for file in temporary] == [False] * 3
    form.close()
    assert [file.closed for file in temporary] == [True] * 3
    with pytest.raises(ValueError, match="closed"):
        form.files["f"].file.read()


# limits, each at it and one above

def padded(headers: int) -> bytes:
    """A part with that many bytes of headers."""
    bare = part("a", "1", "X: ")
    return part("a", "1", "X: " + "p" * (headers - bare.index(b"\r\n\r\n")))


TEXT, UPLOAD, UNCHOSEN = part("a", "1"), part("f", b"", filename="f"), part("f", b"", filename="")


@pytest.mark.parametrize(("at", "over", "detail"), [
    ([TEXT] * 1_000, [TEXT] * 1_001, "The form has (over|more than) 1000 parts"),
    ([UPLOAD] * 100, [UPLOAD] * 101, "The form has (over|more than) 100 files"),
    ([UNCHOSEN] * 1_000, [UNCHOSEN] * 1_001, "The form has (over|more than) 1000 parts"),
    ([UPLOAD, *[UNCHOSEN] * 9] * 100, [UPLOAD, UNCHOSEN] * 101, "The form has (over|more than) 100 files"),
    ([padded(8_192)], [padded(8_193)], "Part 1 of the form has .*8192 bytes.*"),
    ([TEXT, padded(8_192)], [TEXT, padded(1_000_000)], "Part 2 of the form has .*8192 bytes.*"),
    ([part("a" * 8_150, "1")], [part("a" * 9_000, "1")], "Part 1 of the form has .*8192 bytes.*"),
], ids=["parts", "files", "no files", "files among no files", "headers", "endless headers", "a name"])
def test_a_limit_is_kept_to_the_byte(
    at: list[bytes], over: list[bytes], detail: str, temporary: list[Any]
) -> None:
    read(*at).close()
    refused(413, f"^{detail}$", multipart(over))
    assert all(file.closed for file in temporary)


@pytest.mark.parametrize("boundary", ["x", "b" * 70, "0aZ'()+_,-./:=?", "a b", "----WebKitFormBoundaryAbC123",
                                      "--a_BoUnDaRy1$"])
def test_a_boundary_has_1_to_70_visible_characters(boundary: str) -> None:
    body = multipart([part("a", "1")], boundary)
    assert form_of(io.BytesIO(body), f'multipart/form-data; boundary="{boundary}"').items() == [("a", "1")]


@pytest.mark.parametrize("boundary", ["", "b" * 71, "b" * 5_000, "é", "a ", " ", "a\tb", "a\x7f"])
def test_another_boundary_is_refused(boundary: str) -> None:
    refused(400, "^The boundary in the Content-Type ", multipart([part("a", "1")], boundary),
            f'multipart/form-data; boundary="{boundary}"')


@pytest.mark.parametrize(("content_type", "detail"), [
    ("multipart/form-data", "The Content-Type has no boundary"),
    ("multipart/form-data;", "The Content-Type has no boundary"),
    ("multipart/form-data; charset=utf-8", "The Content-Type has no boundary"),
    ("multipart/form-data; xboundary=edge", "The Content-Type has no boundary"),
    ("multipart/form-data; boundary=edge; boundary=edge", "The Content-Type has a parameter twice"),
    ("multipart/form-data; boundary=edge; Boundary=other", "The Content-Type has a parameter twice"),
    ('multipart/form-data; boundary="edge', "The Content-Type has a parameter that is not"),
    ("multipart/form-data; boundary=", "The Content-Type has a parameter that is not"),
])
def test_without_one_boundary_nothing_is_read(
    content_type: str, detail: str, make_request: MakeRequest, untouchable: Any
) -> None:
    request = make_request(**{"wsgi.input": untouchable, "CONTENT_LENGTH": "9", "CONTENT_TYPE": content_type})
    for _ in range(2):
        with pytest.raises(HTTPError) as caught:
            request.form()
        assert caught.value.status == 400
        assert caught.value.detail.startswith(detail)


# whatever goes wrong, nothing stays open

CUT_OFF = "The form is cut off: its closing delimiter is missing"
BEGUN = [part("f", LARGE, filename="f"), part("g", b"small", filename="g")]
FAILURES: dict[str, tuple[bytes, int, str]] = {
    "nothing more": (unfinished(BEGUN, b""), 400, CUT_OFF),
    "cut off in a file": (unfinished([], b"\r\n" + BEGUN[0][:70_000]), 400, CUT_OFF),
    "cut off in headers": (unfinished(BEGUN, b"\r\nContent-Dis"), 400, CUT_OFF),
    "cut off in the delimiter": (multipart(BEGUN)[:-4], 400, CUT_OFF),
    "no header": (multipart([*BEGUN, b"x\r\n\r\n1"]), 400,
                  'Part 3 of the form has a header that is not "name: value".*'),
    "no disposition": (multipart([*BEGUN, b"X: y\r\n\r\n1"]), 400,
                       "Part 3 of the form has no Content-Disposition.*"),
    "no name": (multipart([*BEGUN, b"Content-Disposition: form-data\r\n\r\n1"]), 400,
                "Part 3 of the form has no .*name.*"),
    "no text": (multipart([*BEGUN, part("a", b"\xff")]), 400, "The form field 'a' is not UTF-8"),
    "no text at the end of the first read": (
        multipart([BEGUN[1], part("a", b"\xff"), *BEGUN]), 400, "The form field 'a' is not UTF-8"),
    "too much text": (multipart([*BEGUN, part("a", "x" * 500_001)]), 413,
                      "The form's text is larger than 500000 bytes"),
    "too many parts": (multipart([*BEGUN, *[part("a", "1")] * 999]), 413,
                       "The form has (over|more than) 1000 parts"),
    "too many files": (multipart([*BEGUN, *[part("h", LARGE, filename="h")] * 4, *[BEGUN[1]] * 95]), 413,
                       "The form has (over|more than) 100 files"),
    "headers": (multipart([*BEGUN, padded(8_193)]), 413, "Part 3 of the form has .*8192 bytes.*"),
    "delimiter": (unfinished(BEGUN, b"x\r\n\r\n"), 400,
                  "Delimiter 3 of the form .* more than blanks"),
}
failures = pytest.mark.parametrize(("body", "status", "detail"), FAILURES.values(), ids=FAILURES)


@needs_proc
@failures
def test_after_a_failure_every_file_is_closed_at_once(
    body: bytes, status: int, detail: str, temporary: list[Any]
) -> None:
    before = nameless_files()
    refused(status, f"^{detail}$", body)
    assert temporary
    assert all(file.closed for file in temporary)
    assert nameless_files() == before


@failures
def test_a_failed_form_fails_again_in_the_same_way_and_reads_no_more(
    body: bytes, status: int, detail: str, make_request: MakeRequest, make_input: MakeInput,
    temporary: list[Any]
) -> None:
    source = make_input(body, step=50_000)
    request = make_request(max_body=2**24, **{"wsgi.input": source, "CONTENT_LENGTH": str(len(body)),
                                              "CONTENT_TYPE": MULTIPART})
    outcomes = []
    for _ in range(3):
        with pytest.raises(HTTPError) as caught:
            request.form()
        assert caught.value.status == status
        assert re.fullmatch(detail, caught.value.detail), caught.value.detail
        outcomes.append((caught.value.detail, len(source.sizes), len(temporary)))
    assert outcomes[0] == outcomes[1] == outcomes[2]
    assert all(file.closed for file in temporary)
    assert max(source.sizes) <= 65_536


@needs_proc
@pytest.mark.parametrize("fields", [{}, {"wsgi.input_terminated": True, "CONTENT_LENGTH": None}])
@pytest.mark.parametrize("trouble", ["breaks off", "ends early", "is too large"])
def test_a_client_that_leaves_in_the_middle_leaves_nothing_open(
    trouble: str, fields: dict[str, Any], make_request: MakeRequest, make_input: MakeInput,
    temporary: list[Any]
) -> None:
    whole = multipart([*BEGUN, part("h", LARGE, filename="h")])
    sent = whole[:-5_000] if trouble == "ends early" else whole
    source = make_input(sent, step=10_000, breaks_at=150_000 if trouble == "breaks off" else None)
    limit = 150_000 if trouble == "is too large" else 2**20
    before = nameless_files()
    request = make_request(max_body=limit, **{"wsgi.input": source, "CONTENT_LENGTH": str(len(whole)),
                                              "CONTENT_TYPE": MULTIPART, **fields})
    for _ in range(2):
        with pytest.raises(HTTPError) as caught:
            request.form()
        assert caught.value.status == (413 if trouble == "is too large" else 400)
    assert bool(temporary) is not (trouble == "is too large" and not fields)
    assert all(file.closed for file in temporary)
    assert nameless_files() == before


class Stopping(io.BytesIO):
    """The second read is interrupted, as by a worker's timeout."""

    def __init__(self, data: bytes, error: BaseException) -> None:
        super().__init__(data)
        self._error = error

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell():
            raise self._error
        return super().read(size)


@pytest.mark.parametrize("error", [SystemExit(), KeyboardInterrupt(), GeneratorExit(), RuntimeError("bug")])
def test_an_interruption_passes_on_and_closes_the_files(error: BaseException, temporary: list[Any]) -> None:
    with pytest.raises(type(error)):
        form_of(Stopping(multipart(BEGUN), error))
    assert temporary
    assert all(file.closed for file in temporary)


@pytest.mark.parametrize("fails", ["write", "seek", "rollover"])
def test_a_full_disk_is_the_systems_error_and_closes_the_files(
    fails: str, temporary: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    import tempfile

    def full(*arguments: Any) -> NoReturn:
        raise OSError(28, "No space left on device")

    read(BEGUN[0]).close()
    monkeypatch.setattr(tempfile.SpooledTemporaryFile, fails, full)
    with pytest.raises(OSError, match="No space left"):
        read(part("a", "1"), *BEGUN)
    assert len(temporary) > 1
    assert all(file.closed for file in temporary)


# any form comes back, however it arrives

names = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=8)
filenames = st.text(st.characters(categories=["L", "N", "P", "S"], exclude_characters="/\\:"), min_size=1,
                    max_size=8).filter(lambda name: name not in (".", ".."))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12).filter(lambda text: "edge" not in text)
crumbs = st.sampled_from([b"\r", b"\n", b"-", b"--", b"\r\n--", b"edge", b"\r\n--edg", b"\0", b"\xff",
                          b"x" * 70_000])
contents = st.lists(crumbs | st.binary(max_size=9), max_size=8).map(b"".join).filter(
    lambda data: b"\r\n--edge" not in b"\r\n" + data)
entries = st.lists(st.tuples(names, texts, st.none()) | st.tuples(names, contents, filenames), max_size=6)


class Pieces(io.RawIOBase):
    """A body that arrives in pieces of these sizes, over and over."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self._data = io.BytesIO(data)
        self._sizes = self._forever(sizes)

    @staticmethod
    def _forever(sizes: list[int]) -> Iterator[int]:
        while True:
            yield from sizes

    def read(self, size: int = -1, /) -> bytes:
        assert size > 0
        return self._data.read(min(size, next(self._sizes)))


@given(entries, st.lists(st.integers(1, 40) | st.sampled_from([8_192, 65_536]), min_size=1, max_size=4),
       st.booleans())
def test_what_was_sent_comes_back_however_it_arrives(
    make_environ: Callable[..., dict[str, Any]], sent: list[tuple[str, Any, str | None]], sizes: list[int],
    terminated: bool
) -> None:
    if any(len(data) > 1_000 for _, data, _ in sent):
        sizes = [*sizes, 65_536]
    body = multipart(part(name, data, filename=filename) for name, data, filename in sent)
    framing = {"wsgi.input_terminated": True, "CONTENT_LENGTH": None} if terminated else {}
    environ = make_environ(body, **{"wsgi.input": Pieces(body, sizes), "CONTENT_TYPE": MULTIPART, **framing})
    form = Request(environ, "/", {}, Settings("/", 2**23)).form()
    with contextlib.closing(form):
        assert form.items() == [(name, data) for name, data, filename in sent if filename is None]
        assert [(name, filename, data) for name, filename, _, data in uploads(form)] == [
            (name, "".join(char if char.isprintable() else "_" for char in filename), data)
            for name, data, filename in sent if filename is not None]


# any body, any Content-Type

bodies = st.one_of(
    st.binary(max_size=60),
    st.lists(st.sampled_from([
        b"--edge", b"\r\n", b"\r\n--edge", b"--", b"Content-Disposition: form-data; name=a",
        b'; filename="x"', b"; name=b", b":", b"\r\n\r\n",
        b"\xff", b"&", b"=", b"%", b"%FF", b"+", b"\0", b"Content-Type: x", b" ", b"\n",
    ]), max_size=20).map(b"".join),
    entries.map(lambda sent: multipart(part(*entry[:2], filename=entry[2]) for entry in sent)))
types = st.one_of(
    st.sampled_from([MULTIPART, URLENCODED, f"{URLENCODED}; charset=x", "multipart/form-data", "text/plain",
                     "", None]),
    st.text(st.characters(max_codepoint=0x17F, categories=["L", "N", "P", "S", "Z", "C"]),
            max_size=12).flatmap(
        lambda text: st.sampled_from([text, f"multipart/form-data;{text}",
                                      f"multipart/form-data; boundary={text}",
                                      f'multipart/form-data; boundary="{text}"', f"{MULTIPART}; {text}"])))


@given(bodies, types, st.sampled_from([0, 10, 2**20]), st.booleans(), st.booleans())
def test_only_an_http_error_leaves_whatever_is_sent(
    make_environ: Callable[..., dict[str, Any]], body: bytes, content_type: str | None, limit: int,
    terminated: bool,
    short: bool
) -> None:
    fields: dict[str, Any] = {"CONTENT_LENGTH": str(len(body) + short), "CONTENT_TYPE": content_type}
    if terminated:
        fields |= {"wsgi.input_terminated": True, "CONTENT_LENGTH": None}
    with pytest.MonkeyPatch.context() as patch:
        temporary = watch(patch)
        request = Request(make_environ(body, **fields), "/", {}, Settings("/", limit))
        outcomes: list[Any] = []
        for _ in range(2):
            try:
                outcomes.append(request.form())
            except HTTPError as error:
                outcomes.append((error.status, error.detail))
        assert outcomes[0] == outcomes[1]
        if not isinstance(outcomes[0], Form):
            assert outcomes[0][0] in {400, 413, 415}
            assert all(file.closed for file in temporary)
        request.release()
        assert all(file.closed for file in temporary)

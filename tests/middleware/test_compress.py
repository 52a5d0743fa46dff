"""Compression: what is packed for whom, and that nothing else about an answer changes."""

import gzip
import hashlib
import itertools
import logging
import os
import sys
import zlib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode
from wsgiref.validate import validator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute import App, Request, Response
from fsroute.middleware.compress import compress
from tests.conftest import Make, Tree
from tests.exchange import Answer, environ_of, exchange

GZIP = {"Accept-Encoding": "gzip"}
LINES = "one of many lines\n" * 200
PACKING = "from fsroute.middleware.compress import compress\nmiddleware = compress()\n"
TEXT = {"middleware.py": PACKING, "route.py": f"def GET(): return {LINES!r}\nPOST = GET\n"}

ANY = """
from fsroute import Response

def GET(request):
    kind = request.query.get("type", "text/plain")
    headers = [("Content-Type", kind), *[tuple(each.split(": ")) for each in request.query.getall("header")]]
    status, size = request.query.get("status", 200, int), request.query.get("size", 2000, int)
    return Response(b"x" * size, status=status, headers=headers)
"""


def by_hand(response: Response, headers: dict[str, str] = GZIP, **options: Any) -> Response:
    """What the middleware makes of that response to a GET with those headers."""
    return compress(**options)(Request.build(headers=headers), lambda request: response)


def ask(app: App, target: str = "/", headers: dict[str, str] = GZIP, method: str = "GET") -> Answer:
    """What a client with those headers gets, not unpacked, by a host that checks it."""
    fields: dict[str, Any] = {f"HTTP_{name.upper().replace('-', '_')}": value
                              for name, value in headers.items()}
    return exchange(validator(app), environ_of(method, target, **fields), shaped=True)


def incompressible(size: int) -> bytes:
    return b"".join(hashlib.sha256(bytes([number])).digest() for number in range(size // 32))


# who gets it

@pytest.mark.parametrize("accept", [
    "gzip", "GZip", "*", "gzip, deflate, br, zstd", "br;q=1.0, gzip;q=0.8, *;q=0.1", "gzip;q=0.001",
    "deflate;q=0.5, gzip;q=0.5", "gzip, identity;q=0", "gzip, *;q=0",
])
def test_a_client_that_takes_gzip_gets_it(make: Make, accept: str) -> None:
    app = make(TEXT)
    for _ in range(2):
        answer = ask(app, headers={"Accept-Encoding": accept})
        assert gzip.decompress(answer.body) == LINES.encode()
        assert len(answer.body) < 200
        assert answer.headers == {
            "content-type": "text/plain; charset=utf-8", "content-length": str(len(answer.body)),
            "content-encoding": "gzip", "vary": "Accept-Encoding"}


@pytest.mark.parametrize("headers", [{}, *({"Accept-Encoding": accept} for accept in (
    "", "identity", "br", "deflate", "gzip;q=0", "gzip;q=0, *", "*;q=0", "gzip;q=0.5, identity",
    "identity;q=0", "xgzip", "gzip-9"))], ids=str)
def test_any_other_client_gets_the_text_and_its_caches_are_told(make: Make, headers: dict[str, str]) -> None:
    answer = ask(make(TEXT), headers=headers)
    assert answer.text == LINES
    assert answer.headers == {"content-type": "text/plain; charset=utf-8", "vary": "Accept-Encoding",
                              "content-length": str(len(LINES))}


def test_one_client_s_form_is_not_the_next_one_s(make: Make) -> None:
    app = make({"middleware.py": PACKING, "route.py":
                "from fsroute import Response\n"
                f"kept = Response.text({LINES!r}, headers={{'ETag': '\"v\"'}})\n"
                "def GET(): return kept\n"})
    for _ in range(2):
        packed, plain = ask(app), ask(app, headers={})
        assert gzip.decompress(packed.body) == plain.body == LINES.encode()
        assert (packed.headers["etag"], plain.headers["etag"]) == ('W/"v"', '"v"')
        assert packed.headers["vary"] == plain.headers["vary"] == "Accept-Encoding"


def test_every_method_and_status_with_a_body_is_packed(make: Make) -> None:
    app = make({**TEXT, "any/route.py": ANY})
    assert gzip.decompress(ask(app, method="POST").body) == LINES.encode()
    for status in (201, 299, 300, 400, 418, 503):
        answer = ask(app, f"/any?status={status}")
        assert (answer.status, gzip.decompress(answer.body)) == (status, b"x" * 2000)


def test_an_error_is_packed_too(make: Make) -> None:
    app = make({"middleware.py": PACKING, "route.py":
                "from fsroute import HTTPError\ndef GET(): raise HTTPError(409, 'why ' * 1000)\n"})
    answer = ask(app)
    assert answer.status == 409
    assert b'"status":409' in gzip.decompress(answer.body)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["vary"] == "Accept, Accept-Encoding"
    short = ask(app, "/nowhere")
    assert (short.status, "content-encoding" in short.headers) == (404, False)


# what is packed

@pytest.mark.parametrize("kind", [
    "text/plain; charset=utf-8", "text/html", "text/css;charset=utf-8", "TEXT/HTML ; charset=utf-8",
    "text/event-streams", "application/json", "Application/JSON", "application/xml", "application/javascript",
    "application/problem+json", "application/ld+json; profile=x", "application/json ; charset=utf-8",
    "application/xhtml+xml", "image/svg+xml",
    "application/wasm", "application/x-ndjson",
])
def test_text_in_all_its_types_is_packed(make: Make, kind: str) -> None:
    answer = ask(make({"middleware.py": PACKING, "route.py": ANY}), "/?" + urlencode({"type": kind}))
    assert gzip.decompress(answer.body) == b"x" * 2000
    assert answer.headers["content-type"] == kind


LEFT_ALONE: list[dict[str, Any]] = [
    *({"type": kind} for kind in (
        "application/octet-stream", "image/png", "image/svg", "video/mp4", "audio/mpeg", "application/zip",
        "application/gzip", "application/pdf", "font/woff2", "multipart/byteranges; boundary=text/plain",
        "application/json-seq", "application/xjson", "xtext/plain", "text", "text/", "+json", "",
        "text/event-stream", "text/event-stream; charset=utf-8", "Text/Event-Stream")),
    {"size": 1023}, {"size": 0},
    {"header": "Content-Encoding: br"}, {"header": "content-encoding: gzip"},
    {"header": "Content-Encoding: identity"},
    {"header": "Cache-Control: no-transform"}, {"header": "Cache-Control: max-age=60 , No-Transform"},
    {"header": "Content-Range: bytes 0-1999/2000", "status": 206}, {"status": 206},
    {"header": "Content-Range: bytes */7", "status": 416},
    {"header": "Content-Digest: sha-256=:AAAA:"}, {"header": "Repr-Digest: sha-256=:AAAA:"},
    {"header": "Digest: sha-256=AAAA"}, {"header": "Content-MD5: AAAA"},
    {"status": 204}, {"status": 205},
]


@pytest.mark.parametrize("asked", LEFT_ALONE, ids=str)
def test_what_does_not_gain_or_must_stay_as_it_is_goes_out_untouched(
    make: Make, asked: dict[str, Any]
) -> None:
    target = "/?" + urlencode(asked)
    plain = ask(make({"route.py": ANY}), target)
    assert len(plain.body) == (0 if asked.get("status") in (204, 205) else asked.get("size", 2000))
    assert ask(make({"middleware.py": PACKING, "route.py": ANY}), target) == plain


def test_no_transform_counts_in_whichever_field_it_stands() -> None:
    fields = [("Cache-Control", "private"), ("Cache-Control", "no-transform")]
    assert by_hand(Response.text(LINES, headers=fields)).headers.items()[1:] == fields


@pytest.mark.parametrize(("options", "size", "packed"), [
    ({}, 1023, False), ({}, 1024, True), ({"smallest": 1}, 100, True), ({"smallest": 5000}, 4999, False),
    ({"smallest": 5000}, 5000, True),
])
def test_short_bodies_are_not_worth_it(options: dict[str, Any], size: int, packed: bool) -> None:
    response = by_hand(Response.text("x" * size), **options)
    assert ("Content-Encoding" in response.headers, "Vary" in response.headers) == (packed, packed)


@pytest.mark.parametrize(("length", "packed"), [(1023, False), (1024, True), (None, True)])
def test_a_stream_is_short_where_its_length_says_so(length: int | None, packed: bool) -> None:
    response = by_hand(Response.stream([b"x" * 1024], length=length, headers={"Content-Type": "text/plain"}))
    assert ("Content-Encoding" in response.headers, "Vary" in response.headers) == (packed, packed)
    assert response.body.length == (None if packed else length)


def test_what_gets_no_smaller_is_sent_as_it_is() -> None:
    noise = incompressible(2048)
    response = by_hand(Response(noise, headers={"Content-Type": "text/plain", "ETag": '"x"',
                                                "Accept-Ranges": "bytes"}))
    assert response.body == noise
    assert response.headers.items() == [("Content-Type", "text/plain"), ("ETag", '"x"'),
                                        ("Accept-Ranges", "bytes"), ("Vary", "Accept-Encoding")]


@pytest.mark.parametrize(("size", "packed"), [(len(LINES) - 1, True), (len(LINES), False)])
def test_one_byte_less_is_smaller_and_none_is_not(
    size: int, packed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(zlib, "compress", lambda *args: b"p" * size)
    assert ("Content-Encoding" in by_hand(Response.text(LINES)).headers) == packed


@pytest.mark.parametrize(("before", "after"), [
    ([], ["Accept-Encoding"]),
    (["Cookie"], ["Cookie, Accept-Encoding"]),
    (["Cookie", "Accept"], ["Cookie, Accept, Accept-Encoding"]),
    (["accept-encoding"], ["accept-encoding"]),
    (["*"], ["*"]),
])
def test_what_the_answer_depends_on_else_is_kept(before: list[str], after: list[str]) -> None:
    response = by_hand(Response.text(LINES, headers=[("Vary", name) for name in before]))
    assert response.headers.getall("Vary") == after


def test_no_other_header_changes() -> None:
    given = [("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("Last-Modified", "Wed, 01 Jan 2020 12:00:00 GMT"),
             ("X-A", "1"), ("Cache-Control", "private")]
    for response in (Response.text(LINES, headers=given), Response.stream([LINES], headers=[
            ("Content-Type", "text/plain; charset=utf-8"), *given])):
        assert by_hand(response).headers.items() == [
            ("Content-Type", "text/plain; charset=utf-8"), *given, ("Vary", "Accept-Encoding"),
            ("Content-Encoding", "gzip")]


def test_the_same_text_is_the_same_bytes(make: Make) -> None:
    app = make({**TEXT, "stream/route.py": "from fsroute import Response\ndef GET():\n"
                  f"    return 200, {{'Content-Type': 'text/plain'}}, iter([{LINES!r}])\n"})
    for path in ("/", "/stream"):
        first, second = (ask(app, path).body for _ in range(2))
        assert first == second
        assert first[4:8] == b"\0\0\0\0"        # when it was made (RFC 1952, 2.3.1): not said


def test_a_higher_level_packs_smaller() -> None:
    text = "".join(f"{number * number} {number:b}\n" for number in range(2000))
    least, most = (len(by_hand(Response.text(text), level=level).body) for level in (1, 9))
    assert most < least
    least, most = (len(b"".join(by_hand(Response.stream([text], headers={"Content-Type": "text/plain"}),
                                        level=level).body)) for level in (1, 9))
    assert most < least


@pytest.mark.parametrize(("options", "kind", "what"), [
    ({"smallest": 0}, ValueError, "smallest.* is 1 or more, not 0"),
    ({"smallest": -1}, ValueError, "smallest.* is 1 or more, not -1"),
    ({"smallest": "1k"}, TypeError, "smallest.* is a number, 1 or more, not str"),
    ({"smallest": True}, TypeError, "smallest.* is a number, 1 or more, not bool"),
    ({"smallest": None}, TypeError, "smallest.* is a number, 1 or more, not NoneType"),
    ({"level": 0}, ValueError, "level.* is 1 to 9, not 0"),
    ({"level": 10}, ValueError, "level.* is 1 to 9, not 10"),
    ({"level": -1}, ValueError, "level.* is 1 to 9, not -1"),
    ({"level": 6.0}, TypeError, "level.* is a number, 1 to 9, not float"),
])
def test_an_option_that_means_nothing_is_refused_at_once(
    options: dict[str, Any], kind: type[Exception], what: str
) -> None:
    with pytest.raises(kind, match=what):
        compress(**options)


# what a cache is told

@pytest.mark.parametrize(("etag", "weak"), [('"x"', 'W/"x"'), ('W/"x"', 'W/"x"'), ('""', 'W/""')])
def test_the_tag_of_a_packed_answer_is_weak(etag: str, weak: str) -> None:
    given = {"ETag": etag, "Accept-Ranges": "bytes"}
    packed = by_hand(Response.text(LINES, headers=given)).headers
    assert (packed.get("ETag"), packed.get("Accept-Ranges")) == (weak, None)
    plain = by_hand(Response.text(LINES, headers=given), {}).headers
    assert (plain.get("ETag"), plain.get("Accept-Ranges")) == (etag, "bytes")


def test_an_answer_without_a_tag_gets_none() -> None:
    assert "ETag" not in by_hand(Response.text(LINES)).headers


@pytest.mark.parametrize(("etag", "named", "accept", "answered"), [
    ('"x"', 'W/"x"', "gzip", 'W/"x"'),
    ('"x"', 'W/"y", W/"x"', "gzip", 'W/"x"'),
    ('"x"', '"x"', "gzip", '"x"'),                  # it has the other form: that is the one which is fresh
    ('"x"', '"x"', "", '"x"'),
    ('"x"', 'W/"x"', "", 'W/"x"'),
    ('"x"', '"x", W/"x"', "gzip", 'W/"x"'),         # it has both: the one that it would get now
    ('"x"', 'W/"x", "x"', "", '"x"'),
    ('"x"', 'W/"xy", W/"yx"', "gzip", '"x"'),
    ('"x"', "*", "gzip", '"x"'),
    ('"x"', "", "gzip", '"x"'),
    ('W/"x"', '"x"', "gzip", 'W/"x"'),
    ('W/"x"', 'W/W/"x"', "gzip", 'W/"x"'),
    (None, 'W/"x"', "gzip", None),
    (None, "W/None, W/", "gzip", None),
])
def test_a_304_names_the_form_that_the_client_has(
    etag: str | None, named: str, accept: str, answered: str | None
) -> None:
    response = by_hand(Response.empty(304, headers=None if etag is None else {"ETag": etag}),
                       {"If-None-Match": named, "Accept-Encoding": accept})
    assert (response.status, response.body, response.headers.get("ETag")) == (304, b"", answered)
    assert response.headers.get("Vary") == "Accept-Encoding"


@pytest.mark.parametrize("headers", [
    {"Content-Encoding": "br"}, {"Content-Type": "image/png"}, {"Cache-Control": "no-transform"}])
def test_a_304_of_what_is_never_packed_stays_as_it_is(headers: dict[str, str]) -> None:
    response = by_hand(Response.empty(304, headers={"ETag": '"x"', **headers}), {"If-None-Match": 'W/"x"'})
    assert (response.headers.get("ETag"), "Vary" in response.headers) == ('"x"', False)


# streams

STREAM = """
from fsroute import Response
from tests.sources import Source

made, chunks = [], []

def GET():
    made.append(Source(*chunks))
    return Response.stream(made[-1], headers={"Content-Type": "text/plain", "ETag": '"x"'})
"""

Live = Callable[..., tuple[App, ModuleType]]


@pytest.fixture
def live(tree: Tree) -> Live:
    """The app that streams these chunks, and its module, whose `made` holds a Source for each request."""
    def make(*chunks: Any) -> tuple[App, ModuleType]:
        root = tree({"middleware.py": PACKING, "route.py": STREAM})
        app, module = App(root), sys.modules[f"{Path(root).name}.route"]
        module.chunks[:] = chunks
        return app, module
    return make


def started(app: App, method: str = "GET", path: str = "/", more: dict[str, Any] | None = None
            ) -> tuple[str, dict[str, str], Any]:
    """The status, the headers and the body as a host gets them, of a client that takes gzip."""
    told: list[Any] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None, /) -> Any:
        told.extend([status, dict(headers)])

    body = app(environ_of(method, path, HTTP_ACCEPT_ENCODING="gzip", **(more or {})), start_response)
    return told[0], told[1], body


def test_each_chunk_goes_out_whole_when_it_came_and_nothing_is_pulled_ahead(live: Live) -> None:
    chunks = ["one ", "", "two ", "three " * 5000, "é"]
    app, module = live(*chunks)
    for _ in range(2):
        _, headers, body = started(app)
        [source] = module.made
        assert source.pulled == 1
        assert headers == {"Content-Type": "text/plain", "ETag": 'W/"x"', "Vary": "Accept-Encoding",
                           "Content-Encoding": "gzip"}
        unpack, sent = zlib.decompressobj(31), iter(body)
        for pulled, chunk in zip((1, 3, 4, 5), filter(None, chunks), strict=True):
            assert unpack.decompress(next(sent)) == chunk.encode()
            assert source.pulled == pulled
        assert [unpack.decompress(rest) for rest in sent] == [b""]
        assert unpack.eof
        body.close()
        assert source.closed == 1
        module.made.clear()


@pytest.mark.parametrize("taken", [0, 1, 2, 3, 99])
def test_whenever_the_client_leaves_the_source_is_closed_once(live: Live, taken: int) -> None:
    app, module = live("a", "b", "c")
    _, _, body = started(app)
    assert len(list(itertools.islice(body, taken))) == min(taken, 4)
    body.close()
    body.close()
    [source] = module.made
    assert source.closed == 1
    assert source.pulled == {0: 1, 1: 1, 2: 2, 3: 3, 99: 4}[taken]


def test_on_head_nothing_is_pulled_and_the_headers_are_those_of_get(live: Live) -> None:
    app, module = live("a", RuntimeError("it was run"))
    line, headers, body = started(app, "HEAD")
    assert list(body) == []
    getattr(body, "close", lambda: None)()
    [source] = module.made
    assert (source.pulled, source.closed) == (0, 1)
    again = started(app)
    assert (line, headers) == again[:2]
    again[2].close()


def test_a_stream_that_fails_at_first_is_an_ordinary_error(
    live: Live, caplog: pytest.LogCaptureFixture
) -> None:
    app, module = live(RuntimeError("at once"))
    line, headers, body = started(app)
    assert line == "500 Internal Server Error"
    assert "Content-Encoding" not in headers
    assert b"500" in b"".join(body)
    assert (module.made[0].closed, len(caplog.records)) == (1, 1)


def test_a_stream_that_fails_later_is_cut_off_there(live: Live, caplog: pytest.LogCaptureFixture) -> None:
    app, module = live("a", "b", RuntimeError("later"), "c")
    line, _, body = started(app)
    assert line == "200 OK"
    unpack, sent = zlib.decompressobj(31), iter(body)
    assert unpack.decompress(next(sent) + next(sent)) == b"ab"
    with pytest.raises(RuntimeError, match="later"):
        next(sent)
    assert list(sent) == []                     # above all no end that a client would take for the real one
    assert not unpack.eof
    body.close()
    assert (module.made[0].closed, [record.levelno for record in caplog.records]) == (1, [logging.ERROR])


def test_a_stream_shorter_than_its_promise_is_cut_off_though_its_length_is_sent_no_more() -> None:
    response = by_hand(Response.stream([b"abc"], length=2000, headers={"Content-Type": "text/plain"}))
    unpack, sent = zlib.decompressobj(31), iter(response.body)
    assert unpack.decompress(next(sent)) == b"abc"
    with pytest.raises(RuntimeError, match="1997 bytes before its length of 2000"):
        next(sent)


def test_a_chunk_gains_by_those_that_went_before() -> None:
    chunk = incompressible(2048)
    packed = by_hand(Response.stream([chunk] * 20, headers={"Content-Type": "text/plain"}))
    assert len(b"".join(packed.body)) < 2 * len(chunk)


class BrokenPacker:
    """Of zlib, but out of memory. good: how many chunks it packs before."""

    make = zlib.compressobj

    def __init__(self, good: int) -> None:
        self._good = good
        self._packer = type(self).make(wbits=31)

    def compress(self, data: bytes) -> bytes:
        self._good -= 1
        if self._good < 0:
            raise zlib.error("Error -4 while compressing data")
        return self._packer.compress(data)

    def flush(self, mode: int = zlib.Z_FINISH) -> bytes:
        return self._packer.flush(mode)


def test_where_packing_fails_the_source_is_closed_and_the_fault_is_told(
    live: Live, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    app, module = live("a", "b", "c")
    monkeypatch.setattr(zlib, "compressobj", lambda *args: BrokenPacker(0))
    line, headers, body = started(app)
    assert line == "500 Internal Server Error"
    assert not {"Content-Encoding", "ETag"} & set(headers)
    assert b"zlib" not in b"".join(body)
    assert module.made[0].closed == 1
    monkeypatch.setattr(zlib, "compressobj", lambda *args: BrokenPacker(1))
    line, _, body = started(app)
    assert line == "200 OK"
    sent = iter(body)
    assert next(sent)
    with pytest.raises(zlib.error):
        next(sent)
    body.close()
    assert module.made[1].closed == 1
    assert len(caplog.records) == 2


def test_where_packing_a_known_body_fails_the_answer_is_500(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*args: Any) -> bytes:
        raise zlib.error("Error -4")

    app = make(TEXT)
    monkeypatch.setattr(zlib, "compress", fail)
    answer = ask(app)
    assert (answer.status, "content-encoding" in answer.headers) == (500, False)
    assert "zlib.error" in caplog.text
    assert ask(app, headers={}).text == LINES


def test_events_are_not_held_back(make: Make) -> None:
    app = make({"middleware.py": PACKING, "route.py":
                  "from fsroute import Response\ndef GET(): return Response.events(['long ' * 1000])\n"})
    answer = ask(app)
    assert answer.body.startswith(b":\n\ndata: long long")
    assert not {"content-encoding", "vary"} & set(answer.headers)


CHUNKS = st.lists(st.binary(max_size=300) | st.text(max_size=100) | st.just(b"again and again " * 500))


@given(CHUNKS, st.integers(1, 9))
def test_any_chunks_come_out_as_they_went_in(chunks: list[Any], level: int) -> None:
    source = Response.stream(chunks, headers={"Content-Type": "text/plain"})
    unpack, came = zlib.decompressobj(31), []
    for packed in by_hand(source, level=level).body:
        assert packed                           # some hosts take an empty chunk for the end
        came.append(unpack.decompress(packed))
    plain = [chunk.encode("utf-8", "replace") if isinstance(chunk, str) else chunk for chunk in chunks]
    assert came == [*filter(None, plain), b""]
    assert (unpack.eof, unpack.unused_data) == (True, b"")


@given(st.binary() | st.text(min_size=1).map(lambda text: text.encode("utf-8", "replace") * 200))
def test_any_body_comes_out_as_it_went_in(body: bytes) -> None:
    response = by_hand(Response(body, headers={"Content-Type": "text/plain"}), smallest=1)
    if "Content-Encoding" in response.headers:
        assert len(response.body) < len(body)
        assert gzip.decompress(response.body) == body
    else:
        assert response.body == body


def test_an_outer_folder_leaves_alone_what_an_inner_one_packed(make: Make) -> None:
    app = make({"middleware.py": PACKING, "in/middleware.py": PACKING, "in/route.py":
                f"def GET(): return 200, {{'ETag': '\"x\"'}}, {LINES!r}\n"})
    answer = ask(app, "/in")
    assert gzip.decompress(answer.body) == LINES.encode()
    assert (answer.headers["etag"], answer.headers["vary"]) == ('W/"x"', "Accept-Encoding")


# files

@pytest.fixture
def files(make: Make, tmp_path: Path) -> App:
    """A page, a public file, one with a packed form beside it, and one sent by a handler."""
    for name, content in {"plain.txt": LINES, "both.txt": LINES, "both.txt.gz": "made before",
                          "picture.png": "P" * 5000}.items():
        (tmp_path / "public").mkdir(exist_ok=True)
        (tmp_path / "public" / name).write_text(content)
    return make({
        "middleware.py": PACKING, "page/page.html": LINES,
        "sent/[name]/route.py": "from fsroute import Response\ndef GET(name):\n"
                                f"    return Response.file(name, root={str(tmp_path / 'public')!r})\n",
    }, public=tmp_path / "public")


class Wrapper:
    """A host's own way to send a file: of no use where the file's bytes are not what is sent."""

    def __init__(self, file: Any, size: int) -> None:
        pytest.fail("the file was handed to the host")


PACKED_FILES = ["/page", "/plain.txt", "/sent/plain.txt", "/sent/both.txt"]


@pytest.mark.parametrize("path", PACKED_FILES)
def test_a_file_of_text_is_packed(files: App, path: str) -> None:
    tags = set()
    for _ in range(2):
        line, headers, body = started(files, path=path, more={"wsgi.file_wrapper": Wrapper})
        assert line == "200 OK"
        assert gzip.decompress(b"".join(body)) == LINES.encode()
        assert not {"Content-Length", "Accept-Ranges"} & set(headers)
        assert (headers["Content-Encoding"], headers["Vary"]) == ("gzip", "Accept-Encoding")
        assert headers["ETag"].startswith('W/"')
        tags.add(headers["ETag"])
        body.close()
        head = started(files, "HEAD", path)
        assert head[:2] == (line, headers)
        assert list(head[2]) == []
    assert len(tags) == 1


@pytest.mark.parametrize("path", PACKED_FILES)
def test_who_has_the_packed_form_of_a_file_is_told_so(files: App, path: str) -> None:
    _, headers, body = started(files, path=path)
    body.close()
    weak, strong = headers["ETag"], headers["ETag"].removeprefix("W/")
    for named, answered in [(weak, weak), (strong, strong), (f"{weak}, {strong}", weak)]:
        line, headers, body = started(files, path=path, more={"HTTP_IF_NONE_MATCH": named})
        assert (line, b"".join(body)) == ("304 Not Modified", b"")
        assert (headers["ETag"], headers["Vary"]) == (answered, "Accept-Encoding")
        assert not {"Content-Encoding", "Content-Type", "Content-Length"} & set(headers)


@pytest.mark.parametrize("path", PACKED_FILES)
def test_a_range_is_one_of_the_file_itself(files: App, path: str) -> None:
    _, headers, body = started(files, path=path, more={"HTTP_RANGE": "bytes=4-2000"})
    assert b"".join(body) == LINES.encode()[4:2001]
    body.close()
    assert headers["Content-Range"] == f"bytes 4-2000/{len(LINES)}"
    assert (headers["Content-Length"], headers["ETag"][0]) == ("1997", '"')
    assert "Content-Encoding" not in headers
    # a part of the packed form goes with no part of the other one: all of it is sent anew
    line, headers, body = started(files, path=path, more={
        "HTTP_RANGE": "bytes=4-2000", "HTTP_IF_RANGE": f"W/{headers['ETag']}"})
    assert (line, headers["Content-Encoding"]) == ("200 OK", "gzip")
    assert gzip.decompress(b"".join(body)) == LINES.encode()
    body.close()


def test_what_lies_there_packed_is_not_packed_again(files: App) -> None:
    _, headers, body = started(files, path="/both.txt")
    assert b"".join(body) == b"made before"
    body.close()
    assert (headers["Content-Encoding"], headers["ETag"][0]) == ("gzip", '"')
    line, again, _ = started(files, path="/both.txt", more={"HTTP_IF_NONE_MATCH": headers["ETag"]})
    assert (line, again["ETag"], again["Vary"]) == ("304 Not Modified", headers["ETag"], "Accept-Encoding")


def test_a_picture_is_sent_as_it_is(files: App) -> None:
    _, headers, body = started(files, path="/picture.png")
    assert b"".join(body) == b"P" * 5000
    body.close()
    assert not {"Content-Encoding", "Vary"} & set(headers)


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
@pytest.mark.parametrize("taken", [0, 1, 99])
def test_whenever_the_client_leaves_the_file_is_closed(files: App, taken: int) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for method, path in itertools.product(["GET", "HEAD"], PACKED_FILES):
        _, _, body = started(files, method, path)
        list(itertools.islice(body, taken))
        getattr(body, "close", lambda: None)()
        assert len(os.listdir("/proc/self/fd")) == before


# together with conditional()

ORDERS = ["compress(), conditional()", "conditional(), compress()"]


@pytest.fixture(params=ORDERS)
def both(make: Make, request: pytest.FixtureRequest, tmp_path: Path) -> App:
    (tmp_path / "file.txt").write_text(LINES)
    return make({
        "middleware.py": "from fsroute.middleware.compress import compress\n"
                         "from fsroute.middleware.conditional import conditional\n"
                         f"middleware = [{request.param}]\n",
        "text/route.py": f"def GET(): return {LINES!r}\n",
        "page/page.html": LINES,
        "own/route.py": "from fsroute import Response\n"
                        f"def GET(): return Response.text({LINES!r}, headers={{'ETag': '\"own\"'}})\n",
        "file/route.py": "from fsroute import Response\n"
                         f"def GET(): return Response.file({str(tmp_path / 'file.txt')!r})\n",
        "stream/route.py": "from fsroute import Response\ndef GET():\n    return Response.stream("
                           f"iter([{LINES!r}]), headers={{'Content-Type': 'text/plain', 'ETag': '\"s\"'}})\n",
    })


@pytest.mark.parametrize("path", ["/text", "/page", "/own", "/file", "/stream"])
def test_beside_conditional_each_form_has_a_tag_and_a_304_of_its_own(both: App, path: str) -> None:
    def tag_of_304(accept: dict[str, str], named: str, method: str = "GET") -> str:
        same = ask(both, path, {**accept, "If-None-Match": named}, method)
        assert (same.status, same.body, same.headers["vary"]) == (304, b"", "Accept-Encoding")
        assert "content-encoding" not in same.headers
        return same.headers["etag"]

    tags = []
    for accept in ({}, GZIP, {}, GZIP):
        answer = ask(both, path, accept)
        assert answer.headers.get("content-encoding") == accept.get("Accept-Encoding")
        assert (gzip.decompress(answer.body) if accept else answer.body) == LINES.encode()
        tags.append(tag := answer.headers["etag"])
        assert tag_of_304(accept, f'"other", {tag}') == tag_of_304(accept, tag, "HEAD") == tag
        assert ask(both, path, {**accept, "If-None-Match": '"other"'}) == answer
        head = ask(both, path, accept, "HEAD")
        assert (head.status, head.headers, head.body) == (200, answer.headers, b"")
    assert tags[:2] == tags[2:]
    assert tags[0] != tags[1]
    assert tag_of_304({}, ", ".join(tags[:2])) == tags[0]
    assert tag_of_304(GZIP, ", ".join(tags[:2])) == tags[1]

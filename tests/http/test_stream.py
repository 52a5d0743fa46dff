"""A body that is made while it is sent: what is pulled when, what is closed, and what becomes of errors."""

import gc
import io
import itertools
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.errors import HTTPError
from fsroute.http.request import Request
from fsroute.http.response import Response
from fsroute.http.send import answer, streamed, without_body
from fsroute.http.stream import Stream
from tests.sources import Counted, Source

MakeRequest = Callable[..., Request]
Host = Callable[..., tuple[str, list[tuple[str, str]], bytes]]

BYTES = ("Content-Type", "application/octet-stream")


class Cursor(Counted):
    """An iterable that is open itself, and makes an iterator that is open as well."""

    def __init__(self, *chunks: Any) -> None:
        super().__init__()
        self.source = Source(*chunks)

    def __iter__(self) -> Source:
        return self.source


class Query:
    """An iterable that holds nothing; its iterator does."""

    def __init__(self, *chunks: Any) -> None:
        self.source = Source(*chunks)

    def __iter__(self) -> Source:
        return self.source


class Lines(Counted):
    """An iterable that is open itself, and makes a plain generator."""

    def __init__(self, *chunks: Any) -> None:
        super().__init__()
        self.chunks = chunks

    def __iter__(self) -> Iterator[Any]:
        for chunk in self.chunks:
            if isinstance(chunk, BaseException):
                raise chunk
            yield chunk


SOURCES: list[type[Any]] = [Source, Cursor, Query, Lines]


def take(body: Iterable[bytes], taken: list[bytes]) -> None:
    """Adds each chunk to `taken`, so that those before an error are there."""
    for chunk in body:
        taken.append(chunk)  # noqa: PERF402


def sent(response: Response, request: Request, chunks: int | None = None) -> list[bytes]:
    """What a host that behaves takes of it, up to so many chunks: then the client is gone."""
    body: Any = streamed(response, request)[2]
    taken: list[bytes] = []
    try:
        take(itertools.islice(body, chunks), taken)
    finally:
        body.close()
    return taken


# laziness

def test_nothing_is_pulled_ahead_but_the_first_chunk(make_request: MakeRequest) -> None:
    source = Source(b"a", b"b", b"c")
    response = Response.stream(source)
    assert source.pulled == 0
    line, fields, body = streamed(response, make_request())
    assert (line, fields, source.pulled) == ("200 OK", [BYTES], 1)
    chunks = iter(body)
    assert source.pulled == 1
    for number, chunk in enumerate([b"a", b"b", b"c"], 1):
        assert (next(chunks), source.pulled) == (chunk, number)
    assert list(chunks) == []


def test_the_first_chunk_is_the_first_that_is_not_empty(make_request: MakeRequest) -> None:
    source = Source(b"", "", b"a", b"", b"b", "")
    assert source.pulled == 0
    _, _, body = streamed(Response.stream(source), make_request())
    assert source.pulled == 3
    assert list(body) == [b"a", b"b"]


@pytest.mark.parametrize("make", SOURCES)
def test_on_head_nothing_is_pulled_and_everything_is_closed(
    make: type[Any], make_request: MakeRequest, host: Host
) -> None:
    source = make(b"a", RuntimeError("it was run"))

    def endpoint(request: Request) -> Any:
        return streamed(Response.stream(source, length=5), request)

    line, fields, body = host(without_body(endpoint)(make_request(REQUEST_METHOD="HEAD")), "HEAD")
    assert (line, fields, body) == ("200 OK", [BYTES, ("Content-Length", "5")], b"")
    assert getattr(source, "closed", 1) == 1
    if make is Source:
        assert source.pulled == 0


def test_on_head_not_even_an_iterator_is_made(make_request: MakeRequest) -> None:
    class Untouchable(Counted):
        def __iter__(self) -> Iterator[bytes]:
            raise AssertionError("it was asked for its iterator")

    source = Untouchable()
    assert sent(Response.stream(source), make_request(REQUEST_METHOD="HEAD"), chunks=0) == []
    assert source.closed == 1


def test_an_empty_stream_is_an_empty_body(make_request: MakeRequest, host: Host) -> None:
    sources: list[Any] = [[], [b"", ""], iter(()), Source()]
    for source in sources:
        assert host(streamed(Response.stream(source), make_request())) == ("200 OK", [BYTES], b"")


def test_no_thread_makes_it(make_request: MakeRequest) -> None:
    before, seen = threading.active_count(), []

    def source() -> Iterator[str]:
        for _ in range(3):
            seen.append((threading.active_count(), threading.current_thread()))
            yield "x"

    assert sent(Response.stream(source()), make_request()) == [b"x"] * 3
    assert seen == [(before, threading.current_thread())] * 3


def test_a_stream_of_any_size_takes_the_room_of_one_chunk(make_request: MakeRequest) -> None:
    alive: list[Any] = []

    class Chunk(bytes):
        def __del__(self) -> None:
            alive.remove(1)

    def source() -> Iterator[bytes]:
        for _ in range(100):
            alive.append(1)
            yield Chunk(b"x")

    _, _, body = streamed(Response.stream(source()), make_request())
    for _ in body:
        gc.collect(0)
        assert len(alive) <= 2


# what is closed

Way = Callable[[Any, MakeRequest], object]


def at_its_end(make: Any, make_request: MakeRequest) -> Any:
    source = make(b"a", b"b")
    assert sent(Response.stream(source), make_request()) == [b"a", b"b"]
    return source


def when_the_host_reads_nothing(make: Any, make_request: MakeRequest) -> Any:
    source = make(b"a", b"b")
    sent(Response.stream(source), make_request(), chunks=0)
    return source


def when_the_client_leaves(make: Any, make_request: MakeRequest) -> Any:
    source = make(b"a", b"b", b"c")
    assert sent(Response.stream(source), make_request(), chunks=2) == [b"a", b"b"]
    return source


def when_the_host_closes_twice(make: Any, make_request: MakeRequest) -> Any:
    source = make(b"a", b"b")
    body: Any = streamed(Response.stream(source), make_request())[2]
    body.close()
    body.close()
    assert list(body) == []
    body.close()
    return source


def on_head(make: Any, make_request: MakeRequest) -> Any:
    source = make(b"a")
    request = make_request(REQUEST_METHOD="HEAD")
    assert list(without_body(lambda request: streamed(Response.stream(source), request))(request)[2]) == []
    return source


def failing(error: BaseException, *before: Any, length: int | None = None) -> Way:
    def way(make: Any, make_request: MakeRequest) -> Any:
        source = make(*before, error)
        with pytest.raises(type(error)):
            sent(Response.stream(source, length=length), make_request())
        return source
    return way


def with_a_wrong_chunk(*chunks: Any) -> Way:
    def way(make: Any, make_request: MakeRequest) -> Any:
        source = make(*chunks)
        with pytest.raises(TypeError):
            sent(Response.stream(source), make_request())
        return source
    return way


def with_a_length(length: int, error: type[Exception] | None = None) -> Way:
    def way(make: Any, make_request: MakeRequest) -> Any:
        source = make(b"ab", b"cd")
        if error is None:
            sent(Response.stream(source, length=length), make_request())
        else:
            with pytest.raises(error):
                sent(Response.stream(source, length=length), make_request())
        return source
    return way


def with_the_status(status: int) -> Way:
    def way(make: Any, make_request: MakeRequest) -> Any:
        source = make(b"a")
        assert list(streamed(Response.stream(source, status=status), make_request())[2]) == [b""]
        return source
    return way


WAYS: dict[str, Way] = {
    "its end": at_its_end,
    "nothing read": when_the_host_reads_nothing,
    "client gone": when_the_client_leaves,
    "closed twice": when_the_host_closes_twice,
    "HEAD": on_head,
    "error at once": failing(ValueError()),
    "error later": failing(ValueError(), b"a"),
    "HTTPError at once": failing(HTTPError(403)),
    "exit at once": failing(SystemExit()),
    "exit later": failing(KeyboardInterrupt(), b"a"),
    "generator exit later": failing(GeneratorExit(), b"a"),
    "not run to its end": with_a_length(2),
    "wrong chunk at once": with_a_wrong_chunk(5),
    "wrong chunk later": with_a_wrong_chunk(b"a", None),
    "too long": with_a_length(3),
    "length 0": with_a_length(0),
    "too short": with_a_length(9, RuntimeError),
    "204": with_the_status(204),
    "205": with_the_status(205),
    "304": with_the_status(304),
}


@pytest.mark.parametrize("make", SOURCES)
@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_whatever_is_open_is_closed_once_on_every_way_out(
    way: Way, make: type[Any], make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    source: Any = way(make, make_request)
    assert getattr(source, "closed", 1) == 1
    inner = getattr(source, "source", None)
    if inner is not None:       # closed once too, if there came to be one
        assert inner.closed == (1 if inner.pulled else 0)


def test_a_generator_runs_its_finally_once_it_was_started(make_request: MakeRequest) -> None:
    ran = []

    def source() -> Iterator[bytes]:
        try:
            yield b"a"
            yield b"b"
        finally:
            ran.append("finally")

    assert sent(Response.stream(source()), make_request()) == [b"a", b"b"]
    assert sent(Response.stream(source()), make_request(), chunks=1) == [b"a"]
    assert ran == ["finally"] * 2


def test_a_file_is_closed(tmp_path: Path, make_request: MakeRequest) -> None:
    path = tmp_path / "lines"
    path.write_bytes(b"a\nb\n")
    for chunks, lines in ((None, [b"a\n", b"b\n"]), (1, [b"a\n"]), (0, [])):
        file = path.open("rb")
        assert sent(Response.stream(file), make_request(), chunks) == lines
        assert file.closed
    with path.open() as text:
        assert sent(Response.stream(text), make_request()) == [b"a\n", b"b\n"]
        assert text.closed


@pytest.mark.parametrize("source", [[b"a"], (b"a",), {b"a"}, iter([b"a"]), map(str, ["a"]), {b"a": 1}.keys()])
def test_what_has_nothing_to_close_is_sent_as_well(source: Any, make_request: MakeRequest) -> None:
    assert sent(Response.stream(source), make_request()) == [b"a"]


@pytest.mark.parametrize("make", [Cursor, Source])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_close_that_fails_is_logged_and_loses_nothing(
    make: type[Any], method: str, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    source = make("a")

    def close() -> None:
        source.closed += 1
        raise OSError("the disk is full")

    source.close = close
    request = make_request(REQUEST_METHOD=method)
    chunks = [b"a"] if method == "GET" else []
    assert sent(Response.stream(source), request, 5 * len(chunks)) == chunks
    assert source.closed == 1
    [record] = caplog.records
    assert "the disk is full" in str(record.exc_text)
    assert isinstance(request.environ["fsroute.exception"], OSError)
    if make is Cursor and method == "GET":
        assert source.source.closed == 1


@pytest.mark.parametrize("error", [OSError("no"), SystemExit(3)])
def test_an_iterator_whose_close_fails_does_not_keep_its_source_open(
    error: BaseException, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Source):
        def close(self) -> None:
            super().close()
            raise error

    cursor = Cursor()
    cursor.source = Failing("a")
    if isinstance(error, Exception):
        sent(Response.stream(cursor), make_request())
    else:
        with pytest.raises(SystemExit):
            sent(Response.stream(cursor), make_request())
    assert (cursor.closed, cursor.source.closed) == (1, 1)


def test_a_close_that_fails_does_not_hide_why_the_stream_did(
    make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    class Failing(Source):
        def close(self) -> None:
            raise OSError("the second")

    with pytest.raises(ValueError, match="the first"):
        streamed(Response.stream(Failing(ValueError("the first"))), make_request())
    with pytest.raises(ValueError, match="the first"):
        sent(Response.stream(Failing("a", ValueError("the first"))), make_request())
    assert [record.getMessage().rpartition(": ")[2] for record in caplog.records] == [
        "OSError", "ValueError", "OSError"]


# errors

@pytest.mark.parametrize("error", [HTTPError(403), ValueError("x"), StopAsyncIteration(), SystemExit()])
def test_an_error_before_the_first_byte_comes_before_the_headers(
    error: BaseException, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    with pytest.raises(type(error)):
        streamed(Response.stream(Source("", error)), make_request())
    assert not caplog.records           # an ordinary error: whoever catches it logs it


@pytest.mark.parametrize("error", [HTTPError(403, "Not yours"), ValueError("a\r\nforged line")])
def test_an_error_after_the_first_byte_is_logged_once_and_the_hosts(
    error: Exception, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request(path="/x", route="/x")
    body: Any = streamed(Response.stream(Source(b"a", error, b"b")), request)[2]
    chunks = iter(body)
    assert next(chunks) == b"a"
    with pytest.raises(type(error)) as caught:
        next(chunks)
    assert caught.value is error
    body.close()
    [record] = caplog.records
    assert record.name == "fsroute"
    assert record.getMessage() == f"GET /x (route /x): {type(error).__name__}"
    assert "\nforged" not in str(record.exc_text)
    assert request.environ["fsroute.exception"] is error


@pytest.mark.parametrize("error", [SystemExit, KeyboardInterrupt, GeneratorExit])
def test_what_is_no_exception_passes_on_unlogged(
    error: type[BaseException], make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    for source in (Source(error()), Source("a", error())):
        with pytest.raises(error):
            sent(Response.stream(source), make_request())
        assert source.closed == 1
    assert not caplog.records


def test_a_stop_that_is_no_end_does_not_look_like_one(
    make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    """StopIteration out of what is called for a chunk would end the body as if it were whole."""
    def encode(value: Any) -> bytes:
        if value == b"b":
            raise StopIteration
        return bytes(value)

    source = Source(b"a", b"b", b"c")
    body = Stream(source, encode=encode)
    body.settled(Response(body), make_request())
    with pytest.raises(RuntimeError):
        list(body)
    assert len(caplog.records) == 1


# lengths

CHUNKS = [b"ab", b"", b"cd", b"ef"]


@pytest.mark.parametrize(("length", "taken", "pulled"), [
    (0, [], 0),
    (1, [b"a"], 1),
    (2, [b"ab"], 1),
    (3, [b"ab", b"c"], 3),
    (4, [b"ab", b"cd"], 3),
    (6, [b"ab", b"cd", b"ef"], 4),
])
def test_what_is_longer_than_its_length_is_cut_and_pulled_no_further(
    length: int, taken: list[bytes], pulled: int, make_request: MakeRequest
) -> None:
    source = Source(*CHUNKS, RuntimeError("pulled too far"))
    line, fields, body = streamed(Response.stream(source, length=length), make_request())
    assert (line, fields) == ("200 OK", [BYTES, ("Content-Length", str(length))])
    assert (list(body), source.pulled) == (taken, pulled)


@pytest.mark.parametrize("length", [7, 8, 1_024, 10**12])
def test_what_is_shorter_than_its_length_is_an_error_after_its_last_byte(
    length: int, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    _, fields, body = streamed(Response.stream(CHUNKS, length=length), make_request())
    assert fields[-1] == ("Content-Length", str(length))
    taken: list[bytes] = []
    with pytest.raises(RuntimeError, match=f"{length - 6} bytes before its length of {length}"):
        take(body, taken)
    assert taken == [b"ab", b"cd", b"ef"]
    assert len(caplog.records) == 1


@pytest.mark.parametrize("chunks", [[], ["", b""]])
def test_what_has_a_length_and_no_bytes_at_all_is_an_ordinary_error(
    chunks: list[Any], make_request: MakeRequest
) -> None:
    with pytest.raises(RuntimeError, match="3 bytes before its length of 3"):
        streamed(Response.stream(chunks, length=3), make_request())


def test_a_length_counts_bytes_not_characters(make_request: MakeRequest) -> None:
    assert sent(Response.stream(["é", "é"], length=4), make_request()) == ["é".encode()] * 2
    assert sent(Response.stream(["é", "é"], length=3), make_request()) == ["é".encode(), b"\xc3"]


@given(chunks=st.lists(st.binary(max_size=4) | st.text(max_size=3), max_size=6),
       length=st.none() | st.integers(0, 30))
def test_a_stream_is_its_chunks_up_to_its_length(chunks: list[bytes | str], length: int | None) -> None:
    whole = b"".join(chunk if isinstance(chunk, bytes) else chunk.encode() for chunk in chunks)
    taken: list[bytes] = []
    short = False
    try:
        _, _, body = streamed(Response.stream(iter(chunks), length=length), Request.build())
        take(body, taken)
    except RuntimeError:
        short = True
    assert b"" not in taken
    assert b"".join(taken) == whole[:length]
    assert short is (length is not None and len(whole) < length)


@pytest.mark.parametrize(("length", "error"), [
    ("5", TypeError), (5.0, TypeError), (True, TypeError), (b"5", TypeError), (-1, ValueError)])
def test_what_is_no_length_is_refused_where_it_is_given(length: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="a stream's length is a number of bytes, not "):
        Response.stream([], length=length)


# chunks

@pytest.mark.parametrize(("chunk", "data"), [
    (b"\x00\xff", b"\x00\xff"), ("é€😀", "é€😀".encode()), ("\r\n", b"\r\n"), ("\0", b"\0"),
])
def test_a_chunk_is_bytes_or_text_in_utf_8(chunk: Any, data: bytes, make_request: MakeRequest) -> None:
    assert sent(Response.stream([chunk]), make_request()) == [data]
    assert sent(Response.stream(["x", chunk]), make_request()) == [b"x", data]


@pytest.mark.parametrize("text", ["\ud800", "a\udfffb", "\ud83d\ude00", "\ud800" * 3])
def test_a_lone_surrogate_is_sent_as_in_any_other_body(text: str, make_request: MakeRequest) -> None:
    assert sent(Response.stream([text]), make_request()) == [Response(text).body]


def test_a_chunk_is_plain_bytes_whatever_it_was(make_request: MakeRequest) -> None:
    class Bytes(bytes):
        pass

    [chunk] = sent(Response.stream([Bytes(b"x")]), make_request())
    assert (chunk, type(chunk)) == (b"x", bytes)


@pytest.mark.parametrize(
    "chunk", [None, 5, 0, ["x"], {"a": 1}, bytearray(b"x"), memoryview(b"x"), ("x",), object()])
def test_another_chunk_is_an_error_that_names_its_type(
    chunk: Any, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    says = f"a stream yields bytes or str, not {type(chunk).__name__}"
    with pytest.raises(TypeError, match=says):
        streamed(Response.stream([chunk]), make_request())
    with pytest.raises(TypeError, match=says):
        sent(Response.stream(["a", chunk]), make_request())


# sources

async def async_source() -> Any:
    yield b"x"


class Old:
    """Iterable by the protocol of the nineties."""

    def __getitem__(self, index: int) -> bytes:
        return [b"x"][index]


@pytest.mark.parametrize("source", [
    None, "abc", b"abc", bytearray(b"abc"), memoryview(b"abc"), {"data": "x"},
    MappingProxyType({"data": "x"}), 5, object(), async_source(),
    Old(), len])
@pytest.mark.parametrize("make", [Response.stream, Response.events])
def test_what_is_no_iterable_of_chunks_is_refused_where_it_is_given(
    make: Callable[[Any], Response], source: Any
) -> None:
    with pytest.raises(TypeError, match=f"not {type(source).__name__}"):
        make(source)


@pytest.mark.parametrize("make", [
    lambda: io.BytesIO(b"x"), lambda: io.StringIO("x"), tempfile.TemporaryFile, tempfile.NamedTemporaryFile])
def test_an_open_file_is_no_body_and_the_mend_is_named(make: Callable[[], Any]) -> None:
    with make() as file, pytest.raises(TypeError, match="an iterator of them, not ") as caught:
        Response(file)
    assert "Response.file(path)" in str(caught.value)


@pytest.mark.parametrize("body", [[b"a"], (b"a",), {b"a"}, {"a": 1}, range(3), async_source(), None])
def test_a_body_that_is_no_iterator_is_refused_and_the_mend_is_named(body: Any) -> None:
    with pytest.raises(TypeError, match=f"not {type(body).__name__}; for JSON: .*: Response.stream"):
        Response(body)


# one stream, one request

def test_a_stream_is_for_one_request_and_says_so(make_request: MakeRequest) -> None:
    kept = Response.stream(Source("a"))
    assert sent(kept, make_request()) == [b"a"]
    for response in (kept, kept.copy(), Response(kept.body)):
        with pytest.raises(RuntimeError, match="sent already: make a new Response for each request"):
            streamed(response, make_request())


def test_a_stream_that_is_being_sent_is_not_disturbed_by_a_second_request(make_request: MakeRequest) -> None:
    source = Source("a", "b")
    kept = Response.stream(source)
    body: Any = streamed(kept, make_request())[2]
    chunks = iter(body)
    assert next(chunks) == b"a"
    for method in ("GET", "HEAD"):
        with pytest.raises(RuntimeError, match="sent already"):
            streamed(kept, make_request(REQUEST_METHOD=method))
    assert source.closed == 0
    assert list(chunks) == [b"b"]
    body.close()
    assert source.closed == 1


def test_a_head_request_uses_it_up_as_well(make_request: MakeRequest) -> None:
    kept = Response.stream(["a"])
    assert sent(kept, make_request(REQUEST_METHOD="HEAD"), chunks=0) == []
    with pytest.raises(RuntimeError, match="sent already"):
        streamed(kept, make_request())


# a stream that is made of another

class Noted(Counted):
    """An iterable that is open, and notes under its name when it is closed."""

    def __init__(self, name: str, noted: list[str], error: BaseException | None = None) -> None:
        super().__init__()
        self.name, self.noted, self.error = name, noted, error

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"x"])

    def close(self) -> None:
        super().close()
        self.noted.append(self.name)
        if self.error is not None:
            raise self.error


def begun(source: Any, request: Request) -> Stream:
    """A stream that this request's answer has already."""
    response = Response.stream(source)
    stream = response.body
    assert isinstance(stream, Stream)
    stream.settled(response, request)
    return stream


def test_a_stream_closes_what_it_wraps_once_and_after_itself(make_request: MakeRequest) -> None:
    noted: list[str] = []
    request = make_request()
    first, second, third = (begun(Noted(name, noted), request) for name in ("first", "second", "third"))
    second.wraps(first)
    third.wraps(second)
    assert noted == []
    for _ in range(2):
        third.close()
        assert noted == ["third", "second", "first"]


def test_what_it_wraps_and_what_it_is_made_of_may_be_one(make_request: MakeRequest) -> None:
    source, request = Source(b"a", b"b"), make_request()
    inner = begun(source, request)
    outer = begun(inner, request)
    outer.wraps(inner)
    assert list(outer) == [b"a", b"b"]
    outer.close()
    assert source.closed == 1


@pytest.mark.parametrize("error", [KeyError("k"), SystemExit()], ids=repr)
def test_a_close_that_fails_does_not_keep_what_it_wraps_open(
    error: BaseException, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    noted: list[str] = []
    request = make_request()
    inner, outer = begun(Noted("inner", noted), request), begun(Noted("outer", noted, error), request)
    outer.wraps(inner)
    if isinstance(error, Exception):
        outer.close()
        assert len(caplog.records) == 1
    else:
        with pytest.raises(SystemExit):
            outer.close()
    assert noted == ["outer", "inner"]


def test_what_it_wraps_is_closed_although_it_ended_or_was_closed_before(make_request: MakeRequest) -> None:
    for ends in (lambda stream: stream.close(), lambda stream: list(stream), lambda stream: stream):
        noted: list[str] = []
        request = make_request()
        inner, outer = begun(Noted("inner", noted), request), begun(Source(b"a"), request)
        ends(inner)
        outer.wraps(inner)
        outer.close()
        assert noted == ["inner"]


@pytest.mark.parametrize(("reads", "was_read"), [
    (lambda stream: next(stream), True), (lambda stream: next(iter(stream)), True),
    (lambda stream: list(stream), True), (lambda stream: b"".join(stream), True),
    (lambda stream: stream.length, False), (lambda stream: repr(stream), False),
    (lambda stream: stream.close(), False),
])
def test_a_stream_knows_whether_somebody_took_a_chunk(
    reads: Callable[[Any], Any], was_read: bool, make_request: MakeRequest
) -> None:
    stream = begun(Source(b"a", b"b"), make_request())
    assert not stream.was_read
    reads(stream)
    assert stream.was_read == was_read


# responses

def test_a_response_takes_an_iterator_as_its_body(make_request: MakeRequest, host: Host) -> None:
    response = Response(iter(["a", b"b"]), status=201, headers={"X-A": "1"})
    assert host(streamed(response, make_request())) == ("201 Created", [BYTES, ("X-A", "1")], b"ab")
    response = Response("text")
    response.body = (letter for letter in "ab")
    assert host(streamed(response, make_request())) == (
        "200 OK", [("Content-Type", "text/plain; charset=utf-8")], b"ab")


def test_a_stream_unpacks_and_makes_itself_again(make_request: MakeRequest, host: Host) -> None:
    source = Source("a", "b")
    made = Response.stream(source, length=2, status=202, headers={"Content-Type": "text/csv"})
    status, headers, body = made
    assert (status, headers, source.pulled) == (202, [("Content-Type", "text/csv")], 0)
    again = Response(body, status=status, headers=headers)
    assert host(streamed(again, make_request())) == (
        "202 Accepted", [("Content-Type", "text/csv"), ("Content-Length", "2")], b"ab")
    assert source.closed == 1


def test_its_body_can_be_wrapped_and_is_closed_all_the_same(make_request: MakeRequest) -> None:
    source = Source("a", "b")
    status, headers, body = Response.stream(source)

    def shouted() -> Iterator[bytes]:
        try:
            for chunk in body:
                yield chunk.upper()
        finally:
            body.close()

    assert sent(Response(shouted(), status=status, headers=headers), make_request()) == [b"A", b"B"]
    assert source.closed == 1


def test_a_copy_has_headers_of_its_own_and_the_same_stream(make_request: MakeRequest) -> None:
    source = Source("a")
    response = Response.stream(source, status=202)
    copied = response.copy()
    copied.headers["X-A"] = "1"
    copied.status = 203
    assert (response.status, response.headers.items()) == (202, [BYTES])
    assert (type(copied), copied.body) == (Response, response.body)
    assert sent(copied, make_request()) == [b"a"]
    assert source.closed == 1


def test_a_copy_is_of_the_same_class() -> None:
    class Mine(Response):
        pass

    made = Mine("x", status=201, headers={"X": "1"})
    copied = made.copy()
    assert (type(copied), copied.parts()) == (Mine, made.parts())


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_status_without_a_body_has_none_and_keeps_its_headers(
    status: int, make_request: MakeRequest, host: Host
) -> None:
    made = Response.stream(Source("a"), status=status, headers={"ETag": '"x"'}, length=1)
    line, fields, body = host(streamed(made, make_request()))
    assert (line[:3], body) == (str(status), b"")
    plain = Response(b"a", status=status, headers={"ETag": '"x"'})
    assert (line, fields) == answer(plain)[:2]


def test_its_repr_pulls_nothing() -> None:
    source = Source("a")
    assert repr(Response.stream(source)) == "<Response 200, a stream>"
    assert source.pulled == 0


def test_a_body_of_bytes_is_answered_as_ever(make_request: MakeRequest) -> None:
    for response in (Response("x"), Response.json([1]), Response.empty(), Response(b"", status=205)):
        assert streamed(response, make_request()) == answer(response)


def test_two_streams_in_a_row_share_nothing(make_request: MakeRequest) -> None:
    def made() -> Response:
        return Response.stream(Source("a", "b"))

    first, second = (streamed(made(), make_request()) for _ in range(2))
    first[1].append(("X-Spoilt", "1"))
    assert list(first[2]) == [b"a", b"b"]
    assert (second[1], list(second[2])) == ([BYTES], [b"a", b"b"])

"""What a chain closes: each stream that was handed out, once, on every way out."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fsroute import HTTPError, Request, Response
from tests.conftest import Make
from tests.exchange import environ_of, exchange
from tests.handlers.layers import (
    FILES,
    LAYERS,
    CallNext,
    Site,
    instead,
    raising,
    raising_after,
    seeing,
    texts,
    wraps_in_a_generator,
    wraps_in_a_stream,
)
from tests.sources import Counted, Source

# what is closed

def wraps_what_it_does_not_close(request: Request, call_next: CallNext) -> Response:
    return Response.stream(map(bytes.upper, call_next(request).body))


def sets(**changes: Any) -> Callable[[Request, CallNext], Response]:
    def changes_it(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        for name, value in changes.items():
            setattr(response, name, value)
        return response
    return changes_it


def reads_and_sets(request: Request, call_next: CallNext) -> Response:
    response = call_next(request)
    response.body = b"".join(response.body).upper()
    return response


def reads_some(request: Request, call_next: CallNext) -> bytes:
    return next(iter(call_next(request).body))      # type: ignore[no-any-return]


def unpacks(request: Request, call_next: CallNext) -> Any:
    return tuple(call_next(request))


def sets_its_body_again(request: Request, call_next: CallNext) -> Response:
    response = call_next(request)
    response.body = response.body
    return response


CLOSINGS: list[tuple[str, dict[str, Callable[..., Any]], int, bytes]] = [
    ("sent as it is", {}, 200, b"abc"),
    ("handed on as a triple", {"inner": unpacks}, 200, b"abc"),
    ("handed on as a copy", {"inner": lambda request, call_next: call_next(request).copy()}, 200, b"abc"),
    ("handed on in a new response", {"inner": lambda request, call_next: Response(call_next(request).body)},
     200, b"abc"),
    ("handed on by itself", {"inner": lambda request, call_next: call_next(request).body}, 200, b"abc"),
    ("set again as it is", {"inner": sets_its_body_again}, 200, b"abc"),
    ("handed on in a triple that cannot be sent",
     {"inner": lambda request, call_next: (99, None, call_next(request).body)}, 500, b""),
    ("replaced by a text", {"inner": instead("x")}, 200, b"x"),
    ("replaced by a text, further out", {"outer": instead("x")}, 200, b"x"),
    ("replaced by a dict", {"inner": instead({})}, 200, b"{}"),
    ("replaced by a response", {"inner": instead(Response("x"))}, 200, b"x"),
    ("replaced by a triple", {"inner": instead((201, None, "x"))}, 201, b"x"),
    ("replaced by a stream", {"inner": instead(lambda: iter([b"x"]))}, 200, b"x"),
    ("replaced by a stream, and that by another",
     {"inner": instead(lambda: iter([b"x"])), "outer": instead(lambda: iter([b"y"]))}, 200, b"y"),
    ("replaced by a stream, and that by a text",
     {"inner": instead(lambda: iter([b"x"])), "outer": instead("y")}, 200, b"y"),
    ("replaced by setting the body", {"inner": sets(body=b"x")}, 200, b"x"),
    ("replaced by setting the body, further out", {"outer": sets(body=b"x")}, 200, b"x"),
    ("replaced by setting an iterator", {"inner": lambda request, call_next: sets(body=iter([b"x"]))(
        request, call_next)}, 200, b"x"),
    ("replaced by nothing", {"inner": sets(body="")}, 200, b""),
    ("wrapped in a generator", {"inner": wraps_in_a_generator}, 200, b"ABC"),
    ("wrapped in a generator, further out", {"outer": wraps_in_a_generator}, 200, b"ABC"),
    ("wrapped twice", {"inner": wraps_in_a_generator, "outer": wraps_in_a_stream}, 200, b"ABC"),
    ("wrapped in a stream", {"inner": wraps_in_a_stream}, 200, b"abc"),
    ("wrapped in what closes nothing", {"inner": wraps_what_it_does_not_close}, 200, b"ABC"),
    ("wrapped, then replaced", {"inner": wraps_what_it_does_not_close, "outer": instead("x")}, 200, b"x"),
    ("wrapped, then its layer fails", {"inner": wraps_in_a_generator, "outer": raising_after(HTTPError(410))},
     410, b""),
    ("read, and what was read is set", {"inner": reads_and_sets}, 200, b"ABC"),
    ("read a little, and replaced", {"inner": reads_some}, 200, b"a"),
    ("a layer fails after it", {"inner": raising_after(HTTPError(410))}, 410, b""),
    ("the outer layer fails after it", {"outer": raising_after(HTTPError(410))}, 410, b""),
    ("both fail after it", {"inner": raising_after(HTTPError(409)), "outer": raising_after(HTTPError(410))},
     410, b""),
    ("a layer returns nonsense", {"inner": instead(None)}, 500, b""),
    ("a layer fails, and a stream shapes it",
     {"inner": raising_after(HTTPError(410)), "outer_error": lambda *_: iter([b"x"])}, 410, b"x"),
    ("a layer fails, and its error file too",
     {"inner": raising_after(HTTPError(410)), "outer_error": raising(KeyError("k"))}, 500, b""),
    ("the outer layer fails, and its error file too",
     {"outer": raising_after(HTTPError(410)), "outer_error": raising(KeyError("k"))}, 500, b""),
    ("made a 304", {"inner": sets(status=304)}, 304, b""),
    ("made a 204", {"outer": sets(status=204)}, 204, b""),
    ("made a 205", {"inner": sets(status=205)}, 205, b""),
]


@pytest.mark.parametrize(("parts", "status", "body"), [case[1:] for case in CLOSINGS],
                         ids=[case[0] for case in CLOSINGS])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_stream_that_was_handed_out_is_closed_once(
    site: Site, parts: dict[str, Callable[..., Any]], status: int, body: bytes, method: str,
    caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(2):
        source = Source(b"a", b"b", b"c")
        answer = site.ask(method, handler=lambda request, source=source: source, **parts)
        assert (answer.status, source.closed) == (status, 1)
        if method == "GET" and (status < 400 or body):
            assert answer.body == body


@pytest.mark.parametrize("layer", ["inner", "outer"])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_stream_that_replaces_another_is_closed_as_well(site: Site, layer: str, method: str) -> None:
    first, second = Source(b"a"), Source(b"b")
    site.ask(method, handler=lambda request: first, **{layer: instead(lambda: second)})
    assert (first.closed, second.closed) == (1, 1)


@pytest.mark.parametrize("part", [instead("x"), instead(Response("x")), sets(body=b"x"),
                                  raising_after(HTTPError(410))])
def test_what_was_replaced_is_closed_before_an_outer_layer_goes_on(
    site: Site, part: Callable[..., Any]
) -> None:
    def outer(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        closed.append(source.closed)
        return response

    source = Source(b"a")
    closed: list[int] = []
    site.ask(handler=lambda request: source, inner=part, outer=outer)
    assert closed == [1]


class Ordered(Source):
    """A source that notes under its name when it is closed."""

    def __init__(self, name: str, noted: list[str], inner: Any = (b"x",)) -> None:
        super().__init__()
        self._chunks = iter(inner)
        self._name, self._noted = name, noted

    def close(self) -> None:
        super().close()
        self._noted.append(self._name)


def test_what_a_stream_is_made_of_is_closed_after_it(site: Site) -> None:
    noted: list[str] = []

    def wrapped(name: str) -> Callable[[Request, CallNext], Response]:
        return lambda request, call_next: Response.stream(Ordered(name, noted, call_next(request).body))

    answer = site.ask(handler=lambda request: Ordered("handler", noted), inner=wrapped("inner"),
                      outer=wrapped("outer"))
    assert answer.body == b"x"
    assert noted == ["outer", "inner", "handler"]


@pytest.mark.parametrize("parts", [
    {}, {"inner": wraps_in_a_generator}, {"inner": wraps_in_a_stream},
    {"outer": wraps_what_it_does_not_close},
    {"inner": wraps_in_a_generator, "outer": wraps_in_a_stream},
])
@pytest.mark.parametrize("chunks", [0, 1, 2])
def test_a_client_that_leaves_closes_all_of_it(
    site: Site, parts: dict[str, Callable[..., Any]], chunks: int
) -> None:
    source, after = Source(b"a", b"b", b"c"), Counted()

    def handler(request: Request) -> Source:
        request.after(after.close)
        return source

    environ = environ_of("GET", "/in") | {f"test.{name}": part for name, part in parts.items()}
    body: Any = site.app(environ | {"test.handler": handler}, lambda status, headers: None)
    taken = iter(body)
    for _ in range(chunks):
        next(taken)
    assert (source.closed, after.closed) == (0, 0)
    body.close()
    body.close()
    assert (source.closed, after.closed) == (1, 1)


@pytest.mark.parametrize("parts", [{}, {"inner": wraps_in_a_generator}, {"outer": instead("x")}])
def test_a_host_that_does_not_take_the_headers_leaves_nothing_open(
    site: Site, parts: dict[str, Callable[..., Any]]
) -> None:
    def refuses(status: str, headers: Any) -> Any:
        raise OSError("the host's own")

    source, after = Source(b"a", b"b"), Counted()

    def handler(request: Request) -> Source:
        request.after(after.close)
        return source

    environ = environ_of("GET", "/in") | {f"test.{name}": part for name, part in parts.items()}
    with pytest.raises(OSError, match="the host's own"):
        site.app(environ | {"test.handler": handler}, refuses)
    assert (source.closed, after.closed) == (1, 1)


@pytest.mark.parametrize("read", [
    lambda body: b"".join(body), lambda body: next(iter(body)), lambda body: [*body], lambda body: next(body),
    lambda body: body.close(),
], ids=["all of it", "a chunk of it", "as a list", "by next()", "closed"])
@pytest.mark.parametrize("layer", ["inner", "outer"])
def test_a_stream_that_was_read_and_returned_all_the_same_is_a_fault_that_names_the_layer(
    site: Site, layer: str, read: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    def reads(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        read(response.body)
        return response

    source = Source(b"a", b"b", b"c")
    assert site.ask(handler=lambda request: source, **{layer: reads}).status == 500
    [text] = texts(caplog)
    assert f"middleware {layer} in " in text
    assert ("read or closed the stream of the response it returned: set response.body to what it read, or "
            "return Response.stream(...) of it") in text
    assert source.closed == 1


def test_a_stream_that_fails_while_middleware_reads_it_is_logged_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(b"a", KeyError("k"))
    seen: list[Any] = []
    assert site.ask(handler=lambda request: source, inner=reads_and_sets, outer=seeing(seen)).status == 500
    assert isinstance(seen[0].exception, KeyError)
    assert (source.closed, len(caplog.records)) == (1, 1)


def test_the_first_chunk_of_a_wrapper_fails_as_an_ordinary_error(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def wraps(request: Request, call_next: CallNext) -> Response:
        call_next(request)
        return Response.stream(outer)

    source, outer = Source(b"a"), Source(HTTPError(410))
    assert site.ask(handler=lambda request: source, inner=wraps).status == 410
    assert (source.closed, outer.closed) == (1, 1)


def test_a_stream_that_was_sent_before_closes_the_one_that_it_would_replace(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    kept = Response.stream([b"once"])
    assert site.ask(inner=instead(kept)).body == b"once"
    source = Source(b"a")
    assert site.ask(handler=lambda request: source, inner=instead(kept)).status == 500
    assert source.closed == 1
    assert "this stream was sent already" in texts(caplog)[0]


def test_a_length_goes_with_the_stream_that_has_it(site: Site) -> None:
    def handler(request: Request) -> Response:
        return Response.stream([b"abc"], length=3)

    assert site.ask(handler=handler, outer=sets(status=201)).headers["content-length"] == "3"
    assert "content-length" not in site.ask(handler=handler, outer=wraps_in_a_generator).headers
    assert site.ask(handler=handler, outer=sets(body=b"x")).headers["content-length"] == "1"
    assert site.ask("HEAD", handler=handler, outer=sets(status=201)).headers["content-length"] == "3"


def test_nothing_is_pulled_ahead_of_what_is_sent(site: Site) -> None:
    source = Source(b"a", b"b", b"c")
    environ = environ_of("GET", "/in") | {"test.handler": lambda request: source,
                                         "test.inner": wraps_in_a_generator, "test.outer": wraps_in_a_stream}
    body: Any = site.app(environ, lambda status, headers: None)
    assert source.pulled == 1
    chunks = iter(body)
    for number, chunk in enumerate([b"A", b"B", b"C"], 1):
        assert (next(chunks), source.pulled) == (chunk, number)
    body.close()


def test_events_are_not_begun_before_the_headers_are_out(site: Site) -> None:
    source = Source("a")
    seen: list[Any] = []
    environ = environ_of("GET", "/in") | {"test.handler": lambda request: Response.events(source),
                                         "test.inner": seeing(seen), "test.outer": seeing(seen)}
    body: Any = site.app(environ, lambda status, headers: None)
    assert source.pulled == 0
    assert b"".join(body) == b":\n\ndata: a\n\n"
    body.close()
    assert source.closed == 1


class Wrapper:
    """A host's own way to send a file."""

    def __init__(self, file: Any, block: int) -> None:
        self.file = file

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(4), b"")

    def close(self) -> None:
        self.file.close()


@pytest.mark.parametrize(("part", "body", "wrapped"), [
    ("return call_next(request)", b"<p>page", True),
    ("response = call_next(request)\n    response.status = 201\n    return response", b"<p>page", True),
    ("call_next(request)\n    return 'x'", b"x", False),
    ("response = call_next(request)\n    response.body = b''.join(response.body)\n    return response",
     b"<p>page", False),
    ("body = call_next(request).body\n    return (chunk.upper() for chunk in body)", b"<P>PAGE", False),
])
def test_a_page_goes_the_hosts_way_unless_middleware_takes_its_body(
    make: Make, part: str, body: bytes, wrapped: bool
) -> None:
    app = make({"page.html": "<p>page",
                "middleware.py": f"def middleware(request, call_next):\n    {part}\n"})
    opened: list[Any] = []

    def wrapper(file: Any, block: int) -> Wrapper:
        opened.append(file)
        return Wrapper(file, block)

    for _ in range(2):
        opened.clear()
        assert exchange(app, environ_of("GET", "/") | {"wsgi.file_wrapper": wrapper}).body == body
        assert bool(opened) == wrapped
        for file in opened:
            with pytest.raises(ValueError, match="closed"):
                file.fileno()


@pytest.mark.parametrize("around", [
    {}, {"error.py": "def error(request, exception): return 'shaped'\n"},
    {"middleware.py": "def middleware(request, call_next): return call_next(request)\n"},
], ids=["nothing", "an error file", "middleware"])
@pytest.mark.parametrize("error", [OSError("the host's own"), SystemExit()], ids=repr)
def test_a_host_that_cannot_send_a_file_its_own_way_leaves_it_closed(
    make: Make, around: dict[str, str], error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    app = make({"page.html": "<p>page", **around})
    opened: list[Any] = []

    def wrapper(file: Any, block: int) -> Any:
        opened.append(file)
        raise error

    environ = environ_of("GET", "/") | {"wsgi.file_wrapper": wrapper}
    if isinstance(error, Exception):
        assert exchange(app, environ).status == 500
        assert "the host's own" in texts(caplog)[0]
    else:
        with pytest.raises(SystemExit):
            exchange(app, environ)
    with pytest.raises(ValueError, match="closed"):
        opened[0].fileno()


# what ends the process

ENDS = [SystemExit, KeyboardInterrupt, GeneratorExit]
ENDINGS: dict[str, Callable[[BaseException], dict[str, Callable[..., Any]]]] = {
    "handler": lambda end: {"handler": raising(end)},
    "inner before": lambda end: {"inner": raising(end)},
    "inner after": lambda end: {"inner": raising_after(end)},
    "outer before": lambda end: {"outer": raising(end)},
    "outer after": lambda end: {"outer": raising_after(end)},
    "an error file": lambda end: {"inner": raising_after(HTTPError(409)), "inner_error": raising(end)},
    "an outer error file": lambda end: {"outer": raising_after(HTTPError(409)), "outer_error": raising(end)},
    "the first chunk of another stream": lambda end: {"inner": instead(lambda: Source(end))},
    "the reading of the stream": lambda end: {"inner": lambda request, call_next: (
        call_next(request), raising(end)())},
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("where", ENDINGS)
def test_what_ends_the_process_passes_on_after_what_is_open_is_closed(
    site: Site, where: str, end: type[BaseException], caplog: pytest.LogCaptureFixture
) -> None:
    source, asked = Source(b"a", b"b"), []
    parts: dict[str, Any] = {"handler": lambda request: source} | ENDINGS[where](end("now"))
    parts.setdefault("outer_error", lambda request, error: asked.append(error))
    with pytest.raises(end, match="now"):
        site.ask(**parts)
    assert source.closed == (where not in ("handler", "inner before", "outer before"))
    assert [error for error in asked if not isinstance(error, HTTPError)] == []
    assert caplog.records == []
    assert site.ask().text == "text"


def test_a_stream_that_is_ended_while_it_is_sent_is_closed(site: Site) -> None:
    source = Source(b"a", SystemExit("now"))
    with pytest.raises(SystemExit):
        site.ask(handler=lambda request: source, inner=wraps_in_a_generator)
    assert source.closed == 1


def test_middleware_may_hold_up_what_ends_the_process(site: Site) -> None:
    def holds(request: Request, call_next: CallNext) -> Any:
        try:
            return call_next(request)
        except SystemExit:
            return "held"

    source = Source(b"a")
    leaves = raising_after(SystemExit())
    assert site.ask(handler=lambda request: source, inner=leaves, outer=holds).text == "held"
    assert source.closed == 1


_BOUNDARY = {"CONTENT_TYPE": "multipart/form-data; boundary=b"}
_UPLOAD = (b'--b\r\nContent-Disposition: form-data; name="f"; filename="f"\r\n\r\n' + b"x" * 9
           + b"\r\n--b--\r\n")


@pytest.mark.parametrize("fails", [None, HTTPError(409), KeyError("k"), SystemExit()], ids=repr)
@pytest.mark.parametrize("layer", LAYERS)
def test_uploads_are_there_until_the_end_and_then_gone(
    make: Make, fails: BaseException | None, layer: str, caplog: pytest.LogCaptureFixture
) -> None:
    files = dict(FILES)
    files["in/route.py"] += "def POST(request): return GET(request)\n"
    site = Site(make(files))
    uploads: list[Any] = []
    after: list[bool] = []

    def reads(request: Request, call_next: CallNext | None = None) -> Any:
        uploads.append(request.form().files["f"].file)
        request.after(lambda: after.append(uploads[0].closed))
        response = call_next(request) if call_next is not None else "text"
        if fails is not None:
            raise fails
        return response

    environ = environ_of("POST", "/in", _UPLOAD, **_BOUNDARY) | {f"test.{layer}": reads}
    try:
        exchange(site.app, environ, shaped=True)
    except SystemExit:
        assert after == []
    else:
        assert after == [False]
    assert uploads[0].closed

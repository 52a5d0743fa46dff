"""What a handler returns, and what becomes of it."""

import asyncio
import collections
import dataclasses
import io
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fsroute import HTTPError, Response
from fsroute.handlers.endpoint import endpoint
from fsroute.http.multidict import MultiDict
from fsroute.http.request import Request, Settings
from tests.exchange import Answer, environ_of, exchange
from tests.sources import Source

JSON, TEXT, BYTES = "application/json", "text/plain; charset=utf-8", "application/octet-stream"
TEXT_FIELD = ("Content-Type", TEXT)


def answer_to(handler: Callable[[Request], Any]) -> Answer:
    """What a client gets from a handler, by the shortest way."""
    made = endpoint(handler, "GET in site/route.py")

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
        status, headers, body = made(Request(environ, "/x", {}, Settings("/x")))
        start_response(status, headers)
        return body

    return exchange(app, environ_of("GET", "/x"))


@dataclasses.dataclass
class User:
    name: str
    tags: list[str] = dataclasses.field(default_factory=list)
    kind: "dataclasses.InitVar[str]" = "x"


async def async_chunks() -> Any:
    yield b"x"


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


def chunks(*values: Any) -> Iterator[Any]:
    yield from values


RESULTS: list[tuple[Any, int, str, bytes]] = [
    ({"a": 1}, 200, JSON, b'{"a":1}'),
    ({}, 200, JSON, b"{}"),
    (collections.OrderedDict(a=1), 200, JSON, b'{"a":1}'),
    ([1, "é"], 200, JSON, '[1,"é"]'.encode()),
    (User("Ann"), 200, JSON, b'{"name":"Ann","tags":[]}'),
    ([User("Ann")], 200, JSON, b'[{"name":"Ann","tags":[]}]'),
    ("é", 200, TEXT, "é".encode()),
    ("", 200, TEXT, b""),
    (b"\xff", 200, BYTES, b"\xff"),
    (Response.json([], status=202), 202, JSON, b"[]"),
    (Response.html("<p>"), 200, "text/html; charset=utf-8", b"<p>"),
    ((201, None, {"a": 1}), 201, JSON, b'{"a":1}'),
    ((201, {"X-A": "b"}, "text"), 201, TEXT, b"text"),
    ((200, [("Content-Type", "text/csv")], "a,b"), 200, "text/csv", b"a,b"),
    ((200, {"content-type": "image/png"}, b"x"), 200, "image/png", b"x"),
    ((202, {}, None), 202, TEXT, b""),
    (tuple(Response.json([1], status=203)), 203, JSON, b"[1]"),
]


@pytest.mark.parametrize(("result", "status", "kind", "body"), RESULTS)
def test_a_result_becomes_an_answer_by_the_table(result: Any, status: int, kind: str, body: bytes) -> None:
    answer = answer_to(lambda request: result)
    assert (answer.status, answer.headers["content-type"], answer.body) == (status, kind, body)
    waited = answer_to(lambda request: later(result))
    assert (waited.status, waited.headers, waited.body) == (answer.status, answer.headers, answer.body)


STREAMS: list[tuple[Callable[[], Any], int, str, bytes]] = [
    (lambda: chunks("a", b"b", "", "é"), 200, BYTES, "abé".encode()),
    (lambda: chunks(), 200, BYTES, b""),
    (lambda: iter([b"a"]), 200, BYTES, b"a"),
    (lambda: map(str, [1, 2]), 200, BYTES, b"12"),
    (lambda: (str(number) for number in (1, 2)), 200, BYTES, b"12"),
    (lambda: (201, None, chunks("a")), 201, BYTES, b"a"),
    (lambda: (200, {"Content-Type": "text/csv"}, chunks("a")), 200, "text/csv", b"a"),
    (lambda: Response(chunks("a"), status=202), 202, BYTES, b"a"),
    (lambda: Response.stream(["a"], length=1), 200, BYTES, b"a"),
    (lambda: Response.stream(["a"], headers=[TEXT_FIELD]), 200, TEXT, b"a"),
    (lambda: tuple(Response.stream(["a"], status=203, headers=[TEXT_FIELD])), 203, TEXT, b"a"),
    (lambda: (203, {"X-A": "b"}, Response.stream(["a"], headers=[TEXT_FIELD])), 203, TEXT, b"a"),
    (lambda: Response.events(["a"]), 200, "text/event-stream", b":\n\ndata: a\n\n"),
    (lambda: Response.stream(["a"]).copy(), 200, BYTES, b"a"),
]


@pytest.mark.parametrize(("make", "status", "kind", "body"), STREAMS)
def test_an_iterator_is_streamed(make: Callable[[], Any], status: int, kind: str, body: bytes) -> None:
    for handler in (lambda request: make(), lambda request: later(make())):
        answer = answer_to(handler)
        assert (answer.status, answer.headers["content-type"], answer.body) == (status, kind, body)


@pytest.mark.parametrize(("status", "headers"), [
    (99, None), (600, None), (True, None), (200, {"Content-Length": "1"}), (200, {"X-A": "a\r\nb"}), (200, 5),
    (200, [("X-A",)])])
def test_a_stream_in_a_triple_that_cannot_be_sent_is_closed(
    status: int, headers: Any, caplog: pytest.LogCaptureFixture
) -> None:
    source = Source(b"x", b"x", b"x")
    assert answer_to(lambda request: (status, headers, source)).status == 500
    assert source.closed == 1


def test_a_stream_of_another_request_is_not_closed_by_a_triple(caplog: pytest.LogCaptureFixture) -> None:
    source = Source(b"x", b"x", b"x")
    kept = Response.stream(source, length=3)
    made = endpoint(lambda request: kept, "GET")
    body: Any = made(Request.build())[2]
    assert answer_to(lambda request: (99, None, kept)).status == 500
    assert source.closed == 0
    assert b"".join(body) == b"xxx"
    body.close()
    assert source.closed == 1


@pytest.mark.parametrize("status", [204, 205, 304])
@pytest.mark.parametrize("form", [
    lambda source, status: Response.stream(source, status=status),
    lambda source, status: (status, None, source),
    lambda source, status: tuple(Response.stream(source, status=status)),
], ids=["a response", "a triple", "an unpacked response"])
def test_a_status_without_a_body_closes_the_stream_that_it_drops(
    form: Callable[[Any, int], Any], status: int
) -> None:
    source = Source(b"x", b"x", b"x")
    answer = answer_to(lambda request: form(source, status))
    assert (answer.status, answer.body, source.closed) == (status, b"", 1)


@pytest.mark.parametrize("result", [
    Response.empty(), (204, None, "text"), (304, {"ETag": '"x"'}, {"a": 1}), Response("x", status=204)])
def test_204_and_304_have_no_body_whatever_was_returned(result: Any) -> None:
    assert answer_to(lambda request: result).body == b""


@pytest.mark.parametrize(("result", "says"), [
    (None, "returned None (for an empty answer: return Response.empty())"),
    (5, "returned builtins.int"),
    (True, "returned builtins.bool"),
    (({"a": 1}, 201), "returned a tuple (dict, int)"),
    (("200 OK", [], "x"), "returned a tuple (str, list, str)"),
    ((200, "x"), "returned a tuple (int, str)"),
    (MultiDict([("a", "1")]), "returned a MultiDict (of its pairs: return dict(...) or .lists())"),
    ({1, 2}, "returned builtins.set"),
    (object(), "returned builtins.object"),
    (User, "returned builtins.type"),
    ({1: 2}.keys(), "returned builtins.dict_keys"),
    (range(3), "returned builtins.range"),
    (async_chunks(), "returned builtins.async_generator"),
    (io.BytesIO(b"x"), "returned an open file (for its content: return Response.file(path))"),
    (io.StringIO("x"), "returned an open file (for its content: return Response.file(path))"),
    ((200, None, io.BytesIO(b"x")), "returned an open file (for its content: return Response.file(path))"),
    ((200, None, async_chunks()), "returned builtins.async_generator"),
    (iter([5]), "a stream yields bytes or str, not int"),
    ((200, None, chunks(None)), "a stream yields bytes or str, not NoneType"),
    ((200, None, 5), "returned builtins.int"),
    ((99, None, "x"), "a status is a number from 200 to 599"),
    ((True, None, "x"), "a status is a number from 200 to 599, not bool"),
    ((200, {"Content-Length": "1"}, "x"), "Content-Length is worked out from the body"),
    ((200, {"X-A": "a\r\nSet-Cookie: b"}, "x"), "X-A holds"),
    ({"a": object()}, "builtins.object has no JSON form"),
    ({"a": float("nan")}, "not JSON compliant"),
])
def test_what_is_not_in_the_table_is_a_500_and_the_log_says_what_to_do(
    result: Any, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert answer_to(lambda request: result).status == 500
    [record] = caplog.records
    assert record.exc_text is not None
    assert says in record.exc_text
    if "returned" in says:
        assert "GET in site/route.py returned" in record.exc_text
        assert ("return a Response, dict, list, dataclass, str, bytes, an iterator of chunks or "
                "(status, headers, body)") in record.exc_text


def test_a_circle_is_an_error_of_its_own_request_only(caplog: pytest.LogCaptureFixture) -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert answer_to(lambda request: circle).status == 500
    assert answer_to(lambda request: [1]).body == b"[1]"


def test_a_cancellation_is_an_ordinary_failure(caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: Request) -> Any:
        raise asyncio.CancelledError

    def stream(request: Request) -> Any:
        yield ""
        raise asyncio.CancelledError

    for fails in (handler, stream):
        assert answer_to(fails).status == 500
        assert "cancelled" in caplog.text
        caplog.clear()


@pytest.mark.parametrize("make", [
    lambda: HTTPError(404, "User not found"),
    lambda: HTTPError(404, "User not found", headers={"X-A": "b"}),
])
def test_an_http_error_is_answered_and_not_logged(
    make: Callable[[], HTTPError], caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: Request) -> Any:
        raise make()

    def stream(request: Request) -> Any:
        yield ""
        raise make()

    for fails in (handler, stream):
        answer = answer_to(fails)
        assert answer.status == 404
        assert b"User not found" in answer.body
    assert not caplog.records


async def awaits_a_reader(request: Request) -> Any:
    return await request.query.getall("x")  # type: ignore[misc]


@pytest.mark.parametrize(("handler", "hint"), [
    (awaits_a_reader, "without await"),
    (lambda request: request.json["x"], 'request.json()["name"]'),
])
def test_a_slip_of_people_who_come_from_elsewhere_gets_a_hint(
    handler: Callable[[Request], Any], hint: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert answer_to(handler).status == 500
    assert hint in caplog.records[0].getMessage()

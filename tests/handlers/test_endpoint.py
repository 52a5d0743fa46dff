"""What a handler returns, and what becomes of it."""

import asyncio
import collections
import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from fsroute import HTTPError, Response
from fsroute.handlers.endpoint import endpoint
from fsroute.http.request import Request, Settings
from tests.exchange import Answer, environ_of, exchange

JSON, TEXT, BYTES = "application/json", "text/plain; charset=utf-8", "application/octet-stream"


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


async def later(value: Any) -> Any:
    await asyncio.sleep(0)
    return value


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
    ({1, 2}, "returned builtins.set"),
    (object(), "returned builtins.object"),
    (User, "returned builtins.type"),
    (iter([b"x"]), "returned builtins.list_iterator"),
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
        assert "return a Response, dict, list, dataclass, str, bytes or (status, headers, body)" \
            in record.exc_text


def test_a_circle_is_an_error_of_its_own_request_only(caplog: pytest.LogCaptureFixture) -> None:
    circle: list[Any] = []
    circle.append(circle)
    assert answer_to(lambda request: circle).status == 500
    assert answer_to(lambda request: [1]).body == b"[1]"


def test_a_cancellation_is_an_ordinary_failure(caplog: pytest.LogCaptureFixture) -> None:
    def handler(request: Request) -> Any:
        raise asyncio.CancelledError

    assert answer_to(handler).status == 500
    assert "cancelled" in caplog.text


@pytest.mark.parametrize("make", [
    lambda: HTTPError(404, "User not found"),
    lambda: HTTPError(404, "User not found", headers={"X-A": "b"}),
])
def test_an_http_error_is_answered_and_not_logged(
    make: Callable[[], HTTPError], caplog: pytest.LogCaptureFixture
) -> None:
    def handler(request: Request) -> Any:
        raise make()

    answer = answer_to(handler)
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

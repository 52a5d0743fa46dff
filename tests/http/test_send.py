from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.request import Request, Settings
from fsroute.http.response import Response
from fsroute.http.send import Closing, answer, json_answer, sent, streamed, without_body
from tests.sources import Source

Host = Callable[..., tuple[str, list[tuple[str, str]], bytes]]
MakeRequest = Callable[..., Request]


@pytest.mark.parametrize(
    "response",
    [
        Response(), Response("x"), Response(b"x", status=599), Response.json([]), Response.html("x"),
        Response.empty(), Response.empty(304), Response.empty(200),
        Response.redirect("/x"), Response(b"x", status=204), Response(b"x", status=205),
        Response("x", headers=[("Set-Cookie", "a"), ("Set-Cookie", "b")]), Response("é" * 5_000),
    ],
    ids=repr,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_answer_is_what_a_host_takes(
    response: Response, method: str, make_request: MakeRequest, host: Host
) -> None:
    def endpoint(request: Request) -> Any:
        return streamed(response, request)

    status, fields, body = response.parts()
    sent = host(
        (without_body(endpoint) if method == "HEAD" else endpoint)(make_request(REQUEST_METHOD=method)),
        method
    )
    length = [] if status in {204, 304} else [("Content-Length", str(len(body)))]
    assert sent[0][:4] == f"{status} "
    assert sent[1] == [*fields, *length]
    assert sent[2] == (b"" if method == "HEAD" else body)


def test_each_answer_has_lists_of_its_own() -> None:
    response = Response("x")
    for _ in range(2):
        _, fields, body = answer(response)
        assert fields == [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", "1")]
        assert body == [b"x"]
        fields.clear()
        assert isinstance(body, list)
        body.clear()
    assert response.headers.items() == [("Content-Type", "text/plain; charset=utf-8")]


@pytest.mark.parametrize("length", [0, 1, 9, 10, 1_023, 1_024, 1_025, 100_000])
def test_the_length_is_the_bodys_in_bytes(length: int) -> None:
    assert answer(Response(b"x" * length))[1][-1] == ("Content-Length", str(length))
    assert answer(Response("é" * length))[1][-1] == ("Content-Length", str(2 * length))
    assert json_answer("é" * length)[1][-1] == ("Content-Length", str(2 * length + 2))


@pytest.mark.parametrize(
    "data",
    [None, {}, [], {"a": "é"}, ["\ud800"], "x" * 1_021, "x" * 1_022, "x" * 1_023, {"d": Decimal("1.0")}]
)
def test_json_without_a_response_is_the_same_answer(data: Any) -> None:
    assert json_answer(data) == answer(Response.json(data))


@given(st.lists(st.integers() | st.text(), max_size=5))
def test_json_without_a_response_is_the_same_answer_for_all_data(data: Any) -> None:
    assert json_answer(data) == answer(Response.json(data))


@pytest.mark.parametrize(("data", "error"), [(object(), TypeError), (float("nan"), ValueError)])
def test_json_without_a_response_fails_the_same(data: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        json_answer(data)


def test_each_json_answer_has_lists_of_its_own() -> None:
    for _ in range(2):
        _, fields, body = json_answer({})
        assert (fields, body) == ([("Content-Type", "application/json"), ("Content-Length", "2")], [b"{}"])
        fields.clear()
        assert isinstance(body, list)
        body.clear()


def test_head_runs_the_endpoint_once_and_drops_its_body_only(make_request: MakeRequest) -> None:
    seen: list[Request] = []

    def endpoint(request: Request) -> Any:
        seen.append(request)
        return answer(Response.json({"a": 1}, headers={"ETag": '"x"'}))

    request = make_request(REQUEST_METHOD="HEAD")
    line, fields, body = without_body(endpoint)(request)
    assert (line, list(body)) == ("200 OK", [])
    assert fields == [("Content-Type", "application/json"), ("ETag", '"x"'), ("Content-Length", "7")]
    assert seen == [request]


@pytest.mark.parametrize("status", [200, 201, 404, 500, 599])
@pytest.mark.parametrize("length", [None, 0, 2, 1_023, 1_024, 10**12])
def test_a_stream_has_the_length_that_it_was_given_and_no_other(
    status: int, length: int | None, make_request: MakeRequest
) -> None:
    def made() -> Response:
        return Response.stream(["ab"] * 600, status=status, length=length)

    field = [] if length is None else [("Content-Length", str(length))]
    line, fields, _ = streamed(made(), make_request())
    assert line[:3] == str(status)
    assert fields == [("Content-Type", "application/octet-stream"), *field]
    head = without_body(lambda request: streamed(made(), request))(make_request(REQUEST_METHOD="HEAD"))
    assert (head[0], head[1], list(head[2])) == (line, fields, [])


def test_a_stream_that_is_settled_is_sent_as_it_is(make_request: MakeRequest) -> None:
    """Whoever settled it may have changed the response since: its first chunk is not pulled again."""
    source, request = Source(b"a", b"b"), make_request()
    response = Response.stream(source, length=2)
    response.body.settled(response, request)
    response.status, response.headers["X-A"] = 201, "1"
    assert source.pulled == 1
    line, fields, body = sent(response)
    assert (line, fields[1:], source.pulled) == ("201 Created", [("X-A", "1"), ("Content-Length", "2")], 1)
    assert b"".join(body) == b"ab"
    plain = Response("x", status=404)
    assert sent(plain) == answer(plain)


@pytest.mark.parametrize("status", [204, 205, 304])
def test_a_settled_stream_of_an_answer_without_a_body_is_closed(
    status: int, make_request: MakeRequest
) -> None:
    source, request = Source(b"a"), make_request()
    response = Response.stream(source, length=1)
    response.body.settled(response, request)
    response.status = status
    line, fields, body = sent(response)
    assert (line[:3], b"".join(body), source.closed) == (str(status), b"", 1)
    assert fields == answer(Response(b"x", status=status))[1]


def test_head_closes_the_body_that_it_drops(make_request: MakeRequest) -> None:
    body = Body()
    line, fields, dropped = without_body(lambda request: ("200 OK", [], body))(make_request())
    assert (line, fields, dropped) == ("200 OK", [], [])
    assert body.told == ["closed"]


# the end of a request

class Body:
    """A body that tells when it is closed."""

    def __init__(self, told: list[str] | None = None, error: BaseException | None = None) -> None:
        self.told = [] if told is None else told
        self.error = error

    def __iter__(self) -> Iterator[bytes]:
        return iter([b"a", b"b"])

    def close(self) -> None:
        self.told.append("closed")
        if self.error is not None:
            raise self.error


def closing(request: Request, told: list[str], *functions: Callable[[], object], body: Any = None) -> Closing:
    """The body with which a host ends that request; the functions are called after it, and each is told."""
    for number, function in enumerate(functions, 1):
        def after(number: int = number, function: Callable[[], object] = function) -> None:
            told.append(f"after {number}")
            function()
        request.after(after)
    request.release = lambda: told.append("released")  # type: ignore[method-assign]
    return Closing(Body(told) if body is None else body, request)


class Watched(Request):
    """A request whose release can be watched: the slots of the real one cannot be assigned to."""


@pytest.fixture
def watched(make_environ: Callable[..., dict[str, Any]]) -> Request:
    return Watched(make_environ(), "/", {}, Settings("/"))


def test_the_body_is_closed_then_what_comes_after_runs_then_uploads_go(watched: Request) -> None:
    told: list[str] = []
    body = closing(watched, told, int, int)
    assert list(body) == [b"a", b"b"]
    assert told == []
    body.close()
    assert told == ["closed", "after 1", "after 2", "released"]


def test_a_host_that_closes_twice_runs_nothing_twice(watched: Request) -> None:
    told: list[str] = []
    body = closing(watched, told, int)
    body.close()
    body.close()
    assert told.count("after 1") == 1


def test_an_error_in_one_is_logged_and_keeps_none_of_the_others(
    watched: Request, caplog: pytest.LogCaptureFixture
) -> None:
    told: list[str] = []
    closing(watched, told, lambda: 1 / 0, int).close()
    assert told == ["closed", "after 1", "after 2", "released"]
    [record] = caplog.records
    assert record.getMessage().endswith("ZeroDivisionError")


def test_an_exit_passes_on_and_uploads_go_all_the_same(watched: Request) -> None:
    def leave() -> None:
        raise SystemExit

    told: list[str] = []
    with pytest.raises(SystemExit):
        closing(watched, told, leave, int).close()
    assert told == ["closed", "after 1", "released"]


@pytest.mark.parametrize("error", [OSError("a wrapper's"), SystemExit()])
def test_a_body_whose_close_fails_keeps_nothing_from_what_comes_after(
    error: BaseException, watched: Request
) -> None:
    told: list[str] = []
    with pytest.raises(type(error)):
        closing(watched, told, int, body=Body(told, error)).close()
    assert told == ["closed", "after 1", "released"]


def test_a_body_without_a_close_is_a_body(watched: Request) -> None:
    told: list[str] = []
    body = closing(watched, told, int, body=[b"x"])
    assert list(body) == [b"x"]
    body.close()
    assert told == ["after 1", "released"]

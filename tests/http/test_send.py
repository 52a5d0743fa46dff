from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.request import Request
from fsroute.http.response import Response
from fsroute.http.send import answer, json_answer, without_body

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
        return answer(response)

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

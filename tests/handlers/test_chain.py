"""What runs around a handler: who catches, what runs once, whose a response is."""

import asyncio
import contextlib
import contextvars
import json
import threading
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from unittest.mock import Mock

import pytest

from fsroute import HTTPError, Request, Response, ValidationError
from fsroute.handlers.chain import Chain, name_of
from tests.conftest import Make
from tests.exchange import environ_of, exchange
from tests.garbage import check_no_garbage
from tests.handlers.layers import (
    FILES,
    LAYERS,
    MIDDLEWARE,
    CallNext,
    Mine,
    Point,
    Site,
    instead,
    raising,
    raising_after,
    refuses_at_once,
    seeing,
    texts,
    wraps_in_a_stream,
)
from tests.handlers.test_endpoint import RESULTS, STREAMS, later
from tests.sources import Source

# call_next always answers

def never_ends(request: Request) -> Any:
    return never_ends(request)


def fails_at_once(request: Request) -> Iterator[bytes]:
    raise KeyError("first chunk")
    yield b""


@pytest.mark.parametrize(("handler", "status", "kind"), [
    (lambda request: 1 / 0, 500, ZeroDivisionError),
    (raising(HTTPError(409, "Taken")), 409, HTTPError),
    (lambda request: None, 500, TypeError),
    (lambda request: {"a": object()}, 500, TypeError),
    (lambda request: (99, None, ""), 500, ValueError),
    (lambda request: request.json(), 415, HTTPError),
    (lambda request: request.query["q"], 400, ValidationError),
    (lambda request: Response.file("nothing", root="/nowhere"), 404, HTTPError),
    (raising(asyncio.CancelledError()), 500, RuntimeError),
    (lambda request: later(None), 500, TypeError),
    (lambda request: asyncio.wait_for(asyncio.sleep(9), 0), 500, TimeoutError),
    (never_ends, 500, RecursionError),
    (fails_at_once, 500, KeyError),
    (refuses_at_once, 410, HTTPError),
])
def test_call_next_returns_a_response_whatever_the_handler_raises(
    site: Site, handler: Callable[[Request], Any], status: int, kind: type[Exception],
    caplog: pytest.LogCaptureFixture
) -> None:
    inner: list[Any] = []
    outer: list[Any] = []
    answer = site.ask(handler=handler, inner=seeing(inner), outer=seeing(outer))
    for [response] in (inner, outer):
        assert isinstance(response, Response)
        assert (response.status, type(response.exception)) == (status, kind)
    assert inner[0].exception is outer[0].exception
    assert answer.status == status
    assert len(caplog.records) == (not issubclass(kind, HTTPError))


@pytest.mark.parametrize("handler", [
    lambda request: "text", lambda request: {}, lambda request: iter([b"x"]),
    lambda request: Response.empty(),
    lambda request: Response.json({"title": "mine"}, status=404), lambda request: (500, None, "x"),
])
def test_an_answer_that_was_returned_has_no_exception_whatever_its_status(
    site: Site, handler: Callable[[Request], Any]
) -> None:
    seen: list[Any] = []
    site.ask(handler=handler, outer=seeing(seen))
    assert seen[0].exception is None
    seen[0].raise_exception()


@pytest.mark.parametrize(("method", "target", "environ", "status", "raised"), [
    ("GET", "/in", {}, 200, False), ("HEAD", "/in", {}, 200, False), ("OPTIONS", "/in", {}, 204, False),
    ("GET", "/in/", {}, 308, False), ("GET", "/in/7", {}, 200, False),
    ("POST", "/in", {}, 405, True), ("GET", "/in/x", {}, 404, True), ("GET", "/in/x/y", {}, 404, True),
    ("GET", "/nope", {}, 404, True), ("POST", "/in/x/y", {}, 404, True), ("HEAD", "/nope", {}, 404, True),
    ("GET", "/in", {"HTTP_HOST": "a/b"}, 400, True), ("GET", "/%FF", {}, 400, True),
    ("GET", "*", {}, 400, True), ("OPTIONS", "*", {}, 204, False),
])
def test_what_nobody_wrote_is_answered_inside_the_chain_too(
    site: Site, method: str, target: str, environ: dict[str, Any], status: int, raised: bool
) -> None:
    seen: list[Any] = []
    for _ in range(2):
        assert site.ask(method, target, environ, outer=seeing(seen)).status == status
    for response in seen:
        assert response.status == status
        assert isinstance(response.exception, HTTPError) == raised
    assert len(seen) == 2
    assert not raised or seen[0].exception is not seen[1].exception


@pytest.mark.parametrize("inner", [raising(KeyError("k")), raising_after(KeyError("k"))],
                         ids=["before", "after"])
@pytest.mark.parametrize("handler", [lambda request: "text", lambda request: 1 / 0,
                                     lambda request: iter(["x"])])
def test_each_layer_catches_for_itself(
    site: Site, inner: Callable[..., Any], handler: Callable[..., Any], caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    assert site.ask(handler=handler, inner=inner, outer=seeing(seen)).status == 500
    assert isinstance(seen[0].exception, KeyError)


def test_the_outermost_layer_is_caught_as_well(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    for part in (raising(KeyError("k")), raising_after(KeyError("k")), lambda request, call_next: None):
        assert site.ask(outer=part).status == 500
    assert len(caplog.records) == 3


def test_an_exception_is_raised_again_as_it_was_and_logged_once(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    caught: list[Exception] = []

    def transaction(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        try:
            response.raise_exception()
        except Exception as error:
            caught.append(error)
            raise
        return response

    seen: list[Any] = []
    fault = KeyError("k")
    assert site.ask(handler=raising(fault), inner=transaction, outer=seeing(seen)).status == 500
    assert caught == [fault]
    assert seen[0].exception is fault
    assert len(caplog.records) == 1
    assert site.ask(inner=transaction).text == "text"
    assert site.ask(handler=raising(HTTPError(409)), inner=transaction).status == 409
    assert len(caught) == 2


def test_an_exception_stays_with_an_answer_that_is_changed_and_goes_with_one_that_is_replaced(
    site: Site
) -> None:
    def changes(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        response.status, response.body = 418, "changed"
        response.headers["X-A"] = "1"
        return response

    seen: list[Any] = []
    refuses = raising(HTTPError(409))
    assert site.ask(handler=refuses, inner=changes, outer=seeing(seen)).status == 418
    site.ask(handler=refuses, inner=lambda request, call_next: call_next(request).copy(), outer=seeing(seen))
    site.ask(handler=refuses, inner=lambda request, call_next: (call_next(request), "new")[1],
             outer=seeing(seen))
    assert [response.exception is None for response in seen] == [False, False, True]


@pytest.mark.parametrize(("instead", "status", "stays"), [
    (lambda response: (response.status, response.headers, response.body), 409, True),
    (lambda response: Response.json({"failed": True}, status=500), 500, True),
    (lambda response: (400, None, "other"), 400, True),
    (lambda response: Response("other", status=399), 399, False),
    (lambda response: {"well": "again"}, 200, False),
])
def test_a_new_answer_in_its_place_has_the_exception_while_it_is_an_error_itself(
    site: Site, instead: Callable[[Response], Any], status: int, stays: bool
) -> None:
    fault = HTTPError(409)
    seen: list[Any] = []
    for _ in range(2):
        answer = site.ask(handler=raising(fault), outer=seeing(seen),
                          inner=lambda request, call_next: instead(call_next(request)))
        assert answer.status == status
        assert seen.pop().exception is (fault if stays else None)


def test_a_redirect_that_shapes_an_error_keeps_its_exception_when_it_is_made_anew(site: Site) -> None:
    seen: list[Any] = []

    def adds(request: Request, call_next: CallNext) -> Any:
        status, headers, body = call_next(request)
        return status, [*headers, ("X-A", "1")], body

    answer = site.ask(handler=raising(HTTPError(401)), inner=adds, outer=seeing(seen),
                      inner_error=lambda *_: Response.redirect("/login", status=303))
    assert (answer.status, answer.headers["x-a"]) == (303, "1")
    assert seen[0].exception.status == 401


def test_an_error_that_comes_after_all_was_well_again_has_no_exception(site: Site) -> None:
    seen: list[Any] = []
    site.ask(handler=raising(KeyError()), inner=lambda request, call_next: (call_next(request), "well")[1],
             outer=lambda request, call_next: [seen.append(call_next(request)), (403, None, "no")][1])  # type: ignore[func-returns-value]
    assert seen[0].exception is None


def test_a_header_that_middleware_adds_is_on_every_answer(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def adds(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        response.headers["X-A"] = "1"
        return response

    for method, target in (("GET", "/in"), ("HEAD", "/in"), ("POST", "/in"), ("OPTIONS", "/in"),
                           ("GET", "/in/"), ("GET", "/in/x"), ("GET", "/nope")):
        assert site.ask(method, target, outer=adds).headers["x-a"] == "1"
    for part in LAYERS[:2]:
        assert site.ask(outer=adds, **{part: raising(KeyError())}).headers["x-a"] == "1"


# once

class Ran:
    """A handler that counts its runs."""

    def __init__(self, error: Exception | None = None) -> None:
        self.times = 0
        self.error = error

    def __call__(self, request: Request) -> str:
        self.times += 1
        if self.error is not None:
            raise self.error
        return f"run {self.times}"


def in_thread(function: Callable[[], Any]) -> Any:
    """What it returns in another thread; what it raises there is raised here."""
    done: list[Any] = []
    faults: list[BaseException] = []

    def job() -> None:
        try:
            done.append(function())
        except BaseException as fault:
            faults.append(fault)

    thread = threading.Thread(target=job)
    thread.start()
    thread.join()
    if faults:
        raise faults[0]
    return done[0]


def twice(request: Request, call_next: CallNext) -> Any:
    call_next(request)
    return call_next(request)


def again_in_a_thread(request: Request, call_next: CallNext) -> Any:
    call_next(request)
    return in_thread(lambda: call_next(request))


def again_in_a_stream(request: Request, call_next: CallNext) -> Any:
    response = call_next(request)

    def chunks() -> Iterator[bytes]:
        yield response.body
        yield call_next(request).body
    return chunks()


def first_in_a_stream(request: Request, call_next: CallNext) -> Any:
    def chunks() -> Iterator[bytes]:
        yield call_next(request).body
    return chunks()


def later_in_a_stream(request: Request, call_next: CallNext) -> Any:
    def chunks() -> Iterator[bytes]:
        yield b"x"
        yield call_next(request).body
    return chunks()


def leaves_after(request: Request, call_next: CallNext) -> Any:
    request.after(call_next, request)
    return "instead"


def calls_and_leaves_after(request: Request, call_next: CallNext) -> Any:
    request.after(call_next, request)
    return call_next(request)


@pytest.mark.parametrize(("part", "times"), [
    (twice, 1), (again_in_a_thread, 1), (again_in_a_stream, 1), (first_in_a_stream, 0),
    (later_in_a_stream, 0), (leaves_after, 0), (calls_and_leaves_after, 1),
])
@pytest.mark.parametrize("layer", ["inner", "outer"])
@pytest.mark.parametrize("error", [None, HTTPError(409), KeyError("k")], ids=repr)
def test_what_is_inside_runs_once_and_not_after_its_middleware(
    site: Site, part: Callable[..., Any], times: int, layer: str, error: Exception | None,
    caplog: pytest.LogCaptureFixture
) -> None:
    ran = Ran(error)
    with contextlib.suppress(RuntimeError):     # in the middle of a stream it is the host's
        site.ask(handler=ran, **{layer: part})
    assert "call_next was called a second time, or after its middleware had returned" in texts(caplog)[-1]
    assert ran.times == times


def test_call_next_may_be_called_in_another_thread_once(site: Site) -> None:
    ran = Ran()
    part = lambda request, call_next: in_thread(lambda: call_next(request))    # noqa: E731
    for number in (1, 2):
        assert site.ask(handler=ran, inner=part, outer=part).text == f"run {number}"


def test_a_layer_cannot_call_itself_by_what_an_outer_one_left(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def leaves(request: Request, call_next: CallNext) -> Response:
        request.state.left = call_next
        return call_next(request)

    def takes(request: Request, call_next: CallNext) -> Any:
        return request.state.left(request)

    ran = Ran()
    assert site.ask(handler=ran, outer=leaves, inner=takes).status == 500
    assert "call_next was called a second time" in texts(caplog)[-1]
    assert ran.times == 0


def test_what_an_inner_layer_kept_out_no_other_layer_can_run(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    """A guard that answered itself has left its call_next lying about."""
    def guard(request: Request, call_next: CallNext) -> str:
        request.state.left = call_next
        return "refused"

    def failing_guard(request: Request, call_next: CallNext) -> str:
        request.state.left = call_next
        raise HTTPError(403)

    def around(request: Request, call_next: CallNext) -> Response:
        call_next(request)
        return request.state.left(request)      # type: ignore[no-any-return]

    ran = Ran()
    assert site.ask(handler=ran, inner=guard, outer=around).status == 500
    assert site.ask(handler=ran, inner=failing_guard, outer=around).status == 500
    for layer in ("inner", "outer"):
        answer = site.ask(handler=ran, **{layer: failing_guard},
                          outer_error=lambda request, error: request.state.left(request))
        assert answer.status == 500
    assert ran.times == 0
    assert site.ask(handler=ran, outer=lambda request, call_next: call_next(request)).text == "run 1"


def test_a_layer_that_calls_call_next_twice_is_not_the_end_of_the_outer_ones(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    seen: list[Any] = []
    ran = Ran()
    assert site.ask(handler=ran, inner=twice, outer=seeing(seen)).status == 500
    assert type(seen[0].exception) is RuntimeError
    assert site.ask(handler=ran, outer=seeing(seen)).text == "run 2"


@pytest.mark.parametrize("wrong", [None, {}, "GET", Request.build()],
                         ids=["None", "dict", "str", "a new one"])
def test_a_call_next_without_the_request_is_a_fault_that_says_what_it_takes(
    site: Site, wrong: Any, caplog: pytest.LogCaptureFixture
) -> None:
    ran = Ran()
    assert site.ask(handler=ran, outer=lambda request, call_next: call_next(wrong)).status == 500
    assert ran.times == 0
    assert "call_next takes the request that the middleware was given" in caplog.records[0].getMessage()


def test_a_path_that_is_changed_goes_nowhere_else(site: Site) -> None:
    def changes(request: Request, call_next: CallNext) -> Response:
        request.path = "/in/7"
        request.environ["PATH_INFO"] = "/in/7"
        request.method = "DELETE"
        return call_next(request)

    assert site.ask(outer=changes, inner=changes).text == "text"


def test_a_layer_may_answer_without_what_is_inside(site: Site) -> None:
    ran = Ran()
    assert site.ask(handler=ran, inner=lambda request, call_next: "instead").text == "instead"
    assert site.ask(handler=ran, outer=raising(HTTPError(401))).status == 401
    assert ran.times == 0


# whose a response is

def spoils(request: Request, call_next: CallNext) -> Response:
    """Changes all that can be changed of an answer, in place."""
    response = call_next(request)
    response.headers["X-Spoilt"] = f"{response.headers.get('X-Spoilt', '')}1"
    response.headers.vary("Cookie")
    response.headers["Content-Type"] = "text/x-spoilt"
    response.set_cookie("spoilt", "1")
    response.status = response.status + 1
    response.body = response.body + b"!"
    return response


KEPT = [Response("kept", status=201), Mine("kept", status=201), Response.json({"a": 1}, headers={"X-A": "1"}),
        Response.redirect("/x"), Response.text("")]
WAYS: list[Callable[[Response], Any]] = [
    lambda kept: kept,
    lambda kept: later(kept),
    lambda kept: later(later(kept)),
    lambda kept: (202, {"X-B": "1"}, kept),
    lambda kept: later((202, None, kept)),
    lambda kept: (202, kept.headers, kept.body),
]


@pytest.mark.parametrize("kept", KEPT, ids=repr)
@pytest.mark.parametrize("way", WAYS, ids=["it", "later", "later still", "a triple", "a triple later",
                                           "its parts"])
@pytest.mark.parametrize("part", ["handler", "inner", "inner_error", "outer_error", "outer"])
def test_a_response_that_the_module_keeps_is_never_written_to(
    site: Site, kept: Response, way: Callable[[Response], Any], part: str
) -> None:
    parts: dict[str, Callable[..., Any]] = {"inner": spoils, "outer": spoils, part: lambda *_: way(kept)}
    if part == "outer_error":
        parts["inner"] = raising(HTTPError(409, headers={"X-C": "1"}))
    elif part == "inner_error":
        parts["handler"] = raising(HTTPError(409, headers={"X-C": "1"}))
    before = kept.parts(), kept.exception
    first = site.ask(**parts)
    assert (kept.parts(), kept.exception) == before
    second = site.ask(**parts)
    assert (first.status, first.headers, first.body) == (second.status, second.headers, second.body)
    assert (kept.parts(), kept.exception) == before
    assert part == "outer" or first.headers["x-spoilt"] in ("1", "11")


def test_a_copy_that_was_handed_out_is_of_the_same_class(site: Site) -> None:
    seen: list[Any] = []
    site.ask(handler=lambda request: Mine("x"), inner=seeing(seen), outer=seeing(seen))
    assert [type(response) for response in seen] == [Mine, Mine]
    assert seen[0] is not seen[1]


@pytest.mark.parametrize(("method", "target", "environ"), [
    ("GET", "/in", {}), ("GET", "/nope", {}), ("POST", "/in", {}), ("OPTIONS", "/in", {}),
    ("GET", "/in/", {}), ("GET", "/in/x", {}), ("GET", "/%FF", {}), ("GET", "/", {"HTTP_HOST": "a/b"}),
    ("GET", "/in/7", {}),
    ("OPTIONS", "*", {}),
])
def test_two_requests_in_a_row_share_nothing(
    site: Site, method: str, target: str, environ: dict[str, Any]
) -> None:
    plain = site.ask(method, target, environ)
    first = site.ask(method, target, environ, inner=spoils, outer=spoils)
    second = site.ask(method, target, environ, inner=spoils, outer=spoils)
    assert "x-spoilt" in first.headers
    assert (first.status, first.headers, first.body) == (second.status, second.headers, second.body)
    again = site.ask(method, target, environ)
    assert (again.status, again.headers, again.body) == (plain.status, plain.headers, plain.body)


def test_an_http_error_that_the_module_keeps_is_never_written_to(site: Site) -> None:
    error = HTTPError(409, "Taken", headers={"X-A": "1"}, field="email")
    refuses = raising(error)
    answers = [site.ask(handler=refuses, inner=spoils, outer=spoils) for _ in range(2)]
    answers += [site.ask(handler=refuses, inner=spoils, outer=spoils, outer_error=lambda *_: "shaped")
                for _ in range(2)]
    assert answers[0].headers == answers[1].headers
    assert answers[2].headers == answers[3].headers
    assert (error.headers.items(), error.extra, error.status) == ([("X-A", "1")], {"field": "email"}, 409)


def test_an_answer_is_a_hosts_own(site: Site) -> None:
    """Hosts and what is wrapped around an app may change the lists that they are given."""
    kept = Response("kept")

    def lists() -> tuple[Any, Any]:
        started: list[Any] = []
        environ = environ_of("GET", "/in") | {"test.outer": lambda *_: kept}
        return site.app(environ, lambda status, headers: started.append(headers)), started[0]

    body, headers = lists()
    body.append(b"more")
    headers.clear()
    assert lists()[0] == [b"kept"]
    assert len(lists()[1]) == 2


# what they may return

@pytest.mark.parametrize(("result", "status", "kind", "body"), RESULTS)
@pytest.mark.parametrize("layer", ["inner", "outer"])
def test_middleware_may_return_whatever_a_handler_may(
    site: Site, layer: str, result: Any, status: int, kind: str, body: bytes
) -> None:
    for made in (lambda *_: result, lambda *_: later(result)):
        answer = site.ask(**{layer: made})
        assert (answer.status, answer.headers["content-type"], answer.body) == (status, kind, body)


@pytest.mark.parametrize(("make", "status", "kind", "body"), STREAMS)
@pytest.mark.parametrize("layer", LAYERS)
def test_each_layer_may_answer_with_a_stream(
    site: Site, layer: str, make: Callable[[], Any], status: int, kind: str, body: bytes
) -> None:
    for made in (lambda *_: make(), lambda *_: later(make())):
        answer = site.ask(**{layer: made})
        assert (answer.status, answer.headers["content-type"], answer.body) == (status, kind, body)


@pytest.mark.parametrize("layer", ["inner", "outer"])
@pytest.mark.parametrize(("result", "says"), [
    (None, "returned None (for an empty answer: return Response.empty())"),
    (({"a": 1}, 201), "returned a tuple (dict, int)"),
    (7, "returned builtins.int"),
])
def test_what_is_no_answer_is_a_500_that_names_the_middleware(
    site: Site, layer: str, result: Any, says: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert site.ask(**{layer: lambda *_: result}).status == 500
    [text] = texts(caplog)
    folder = "chained_site/in" if layer == "inner" else "chained_site"
    assert f"middleware {layer} in {folder}/middleware.py {says}" in text


def test_a_file_is_what_the_client_asked_for_by_the_time_that_middleware_sees_it(
    site: Site, tmp_path: Path
) -> None:
    file = tmp_path / "x.txt"
    file.write_bytes(b"0123456789")
    seen: list[Any] = []

    def handler(request: Request) -> Response:
        return Response.file(file)

    whole = site.ask(handler=handler, inner=seeing(seen))
    tag = whole.headers["etag"]
    site.ask("GET", "/in", {"HTTP_IF_NONE_MATCH": tag}, handler=handler, inner=seeing(seen))
    part = site.ask("GET", "/in", {"HTTP_RANGE": "bytes=2-3"}, handler=handler, inner=seeing(seen))
    site.ask("GET", "/in", {"HTTP_RANGE": "bytes=90-"}, handler=handler, inner=seeing(seen))
    site.ask("GET", "/in", {"HTTP_IF_MATCH": '"x"'}, handler=handler, inner=seeing(seen))
    assert [response.status for response in seen] == [200, 304, 206, 416, 412]
    assert (whole.body, part.body) == (b"0123456789", b"23")
    assert [response.exception is None for response in seen] == [True, True, True, False, False]
    for layer in ("inner", "outer"):
        environ = {"HTTP_RANGE": "bytes=2-3"}
        answer = site.ask("GET", "/in", environ, **{layer: lambda *_: Response.file(file)})
        assert (answer.status, answer.body) == (206, b"23")


# data, context, depth

def test_data_goes_inwards_and_outwards_in_the_requests_state(site: Site) -> None:
    def outer(request: Request, call_next: CallNext) -> Response:
        request.state.user = "Ann"
        response = call_next(request)
        response.headers["X-Seen"] = request.state.seen
        return response

    def handler(request: Request) -> str:
        request.state.seen = "yes" if request.state == SimpleNamespace(user="Ann") else "no"
        return str(request.state.user)

    for _ in range(2):
        answer = site.ask(handler=handler, outer=outer)
        assert (answer.text, answer.headers["x-seen"]) == ("Ann", "yes")


def test_a_context_variable_of_middleware_is_seen_inside_and_reset_by_it(site: Site) -> None:
    user: contextvars.ContextVar[str] = contextvars.ContextVar("user", default="nobody")

    def outer(request: Request, call_next: CallNext) -> Response:
        token = user.set("Ann")
        try:
            return call_next(request)
        finally:
            user.reset(token)

    async def waits() -> str:
        await asyncio.sleep(0)
        return user.get()

    for handler in (lambda request: user.get(), lambda request: waits()):
        assert site.ask(handler=handler, outer=outer).text == "Ann"
        assert site.ask(handler=handler).text == "nobody"
    assert user.get() == "nobody"


def test_a_coroutine_runs_where_middleware_waits_for_it(site: Site) -> None:
    order: list[str] = []

    async def handler() -> str:
        await asyncio.sleep(0)
        order.append("handler")
        return "later"

    def around(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        order.append(f"outer {response.body!r}")
        return response

    assert site.ask(handler=lambda request: handler(), inner=around).text == "later"
    assert order == ["handler", "outer b'later'"]


def test_an_async_handler_runs_in_a_chain(make: Make) -> None:
    app = make({"middleware.py": MIDDLEWARE.format(name="outer"), "route.py": """
import asyncio
from fsroute import HTTPError
async def GET(request):
    await asyncio.sleep(0)
    return {"seen": request.state.seen}
async def POST():
    raise HTTPError(409, "Taken")
async def PUT():
    raise asyncio.CancelledError
"""})

    def outer(request: Request, call_next: CallNext) -> Response:
        request.state.seen = 1
        seen.append(call_next(request))
        return seen[-1]

    seen: list[Response] = []
    statuses = [exchange(app, environ_of(method, "/") | {"test.outer": outer}).status
                for method in ("GET", "POST", "PUT")]
    assert statuses == [200, 409, 500]
    assert [type(response.exception) for response in seen] == [type(None), HTTPError, RuntimeError]


def test_a_chain_of_two_hundred_runs_in_order(make: Make) -> None:
    app = make({"route.py": "def GET(request): return request.environ['test.ran']\n", "middleware.py": """
def layer(number):
    def around(request, call_next):
        request.environ["test.ran"].append(number)
        response = call_next(request)
        request.environ["test.left"].append(number)
        return response
    return around
middleware = [layer(number) for number in range(200)]
"""})
    for _ in range(2):
        left: list[int] = []
        answer = exchange(app, environ_of("GET", "/") | {"test.ran": [], "test.left": left})
        assert json.loads(answer.body) == [*range(200)]
        assert left == [*reversed(range(200))]


def test_a_chain_that_is_too_deep_for_python_is_a_500(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    app = make({"middleware.py": "def each(request, call_next): return call_next(request)\n"
                                 "middleware = [each] * 5_000\n",
                "route.py": "def GET(): return 'text'\n"})
    for _ in range(2):
        assert exchange(app, environ_of("GET", "/")).status == 500
    assert "RecursionError" in caplog.text


# names

def a_function(request: Request, call_next: CallNext) -> Any: ...


def a_factory() -> Callable[..., Any]:
    def middleware(request: Request, call_next: CallNext) -> Any: ...
    return middleware


class AType:
    def __call__(self, request: Request, call_next: CallNext) -> Any: ...

    def method(self, request: Request, call_next: CallNext) -> Any: ...


def test_a_middleware_is_called_by_its_function_its_factory_or_its_type() -> None:
    assert name_of(a_function) == "a_function"
    assert name_of(a_factory()) == "a_factory"
    assert name_of(AType()) == "AType"
    assert name_of(AType().method) == "method"
    assert name_of(partial(partial(a_function))) == "a_function"
    assert name_of(partial(AType())) == "AType"
    marked = partial(a_function)
    vars(marked)["mark"] = 1        # so that Python does not make one of the two
    assert name_of(partial(marked)) == "a_function"
    assert name_of(Mock()) == "Mock"        # which has every attribute one can ask for


def test_a_chain_of_nothing_is_none() -> None:
    assert not Chain()
    assert Chain().around([]).names == ()
    chain = Chain()
    assert chain.around(()) is chain


# what is left behind

def swallows(request: Request, call_next: CallNext) -> Response:
    response = call_next(request)
    try:
        response.raise_exception()
    except HTTPError:
        pass
    return response


def raises_another(request: Request, call_next: CallNext) -> Response:
    try:
        call_next(request).raise_exception()
    except HTTPError as error:
        raise HTTPError(410) from error
    raise AssertionError("there was something to raise")


def raises_again(request: Request, call_next: CallNext) -> Response:
    response = call_next(request)
    response.raise_exception()
    return response


@pytest.mark.parametrize("parts", [
    {}, {"handler": lambda request: {}}, {"handler": raising}, {"inner": raising},
    {"handler": lambda request: Source(b"a")}, {"handler": lambda request: Response.file(__file__)},
    {"handler": lambda request: Source(b"a"), "inner": wraps_in_a_stream},
    {"handler": lambda request: Source(b"a"), "inner": instead("x")},
    {"handler": raising, "outer_error": lambda *_: "shaped"}, {"handler": raising, "inner": raises_again},
    {"handler": raising, "inner": swallows}, {"handler": raising, "inner": raises_another},
    {"handler": lambda request: later("x")},
], ids=["200", "json", "HTTPError", "in a layer", "a stream", "a file", "wrapped", "replaced", "shaped",
        "raised again", "swallowed", "another raised", "a coroutine"])
@pytest.mark.parametrize(("method", "target"), [("GET", "/in"), ("POST", "/in"), ("GET", "/nope"),
                                                ("GET", "/in/")])
def test_a_request_leaves_no_work_for_the_garbage_collector(
    site: Site, parts: dict[str, Callable[..., Any]], method: str, target: str
) -> None:
    def requests() -> None:
        for _ in range(50):
            fresh = {name: part if part is not raising else refuses for name, part in parts.items()}
            site.ask(method, target, {"HTTP_IF_NONE_MATCH": "*"}, **fresh)

    def refuses(*_: Any) -> Any:
        raise HTTPError(409)

    check_no_garbage(requests)


@pytest.mark.parametrize("handler", [
    lambda request: "text", lambda request: Source(b"a"), lambda request: Response.file(__file__),
    lambda request: request.json(),
])
@pytest.mark.parametrize("tag", ["*", '"another"'])
def test_an_error_file_alone_leaves_no_work_for_it_either(
    make: Make, handler: Callable[..., Any], tag: str
) -> None:
    site = Site(make({name: FILES[name] for name in ("error.py", "in/error.py", "in/route.py")}))

    def requests() -> None:
        for _ in range(50):
            site.ask("GET", "/in", {"HTTP_IF_NONE_MATCH": tag}, handler=handler)

    check_no_garbage(requests)


def test_a_dataclass_is_an_answer_of_each_layer(site: Site) -> None:
    for layer in LAYERS:
        assert site.ask(**{layer: lambda *_: Point()}).body == b'{"x":1}'


def test_an_answer_that_is_kept_brings_no_exception_of_another_request(site: Site) -> None:
    kept: list[Response] = []

    def caches(request: Request, call_next: CallNext) -> Response:
        if not kept:
            kept.append(call_next(request))
        return kept[0]

    seen: list[Any] = []
    fault = KeyError("of the first")
    first = site.ask(handler=raising(fault), inner=caches, outer=seeing(seen))
    assert seen.pop().exception is fault
    depth = len(traceback.extract_tb(fault.__traceback__))
    for _ in range(3):
        again = site.ask(inner=caches, outer=seeing(seen))
        assert (again.status, again.body) == (first.status, first.body) == (500, again.body)
        response = seen.pop()
        assert response.exception is None
        response.raise_exception()
    assert len(traceback.extract_tb(fault.__traceback__)) == depth

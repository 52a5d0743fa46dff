"""Who shapes what was raised, and what becomes of the result."""

import asyncio
import io
import json
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsroute import HTTPError, Request, Response
from tests.conftest import Make
from tests.exchange import environ_of
from tests.handlers.layers import (
    FILES,
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
)
from tests.handlers.test_endpoint import BYTES, JSON, TEXT, later
from tests.sources import Source


def asks(asked: list[str], name: str, result: Any = None) -> Callable[[Request, Exception], Any]:
    """An error file that notes that it was asked, and for what."""
    def error(request: Request, exception: Exception) -> Any:
        asked.append(f"{name} {type(exception).__name__}")
        return result
    return error


@pytest.mark.parametrize(("method", "target", "environ", "parts", "order"), [
    ("GET", "/in", {}, {"handler": raising(KeyError())}, ["inner KeyError", "outer KeyError"]),
    ("GET", "/in", {}, {"handler": raising(HTTPError(409))}, ["inner HTTPError", "outer HTTPError"]),
    ("GET", "/in", {}, {"inner": raising(KeyError())}, ["inner KeyError", "outer KeyError"]),
    ("GET", "/in", {}, {"inner": raising_after(KeyError())}, ["inner KeyError", "outer KeyError"]),
    ("GET", "/in", {}, {"outer": raising(KeyError())}, ["outer KeyError"]),
    ("GET", "/in", {}, {"outer": raising_after(KeyError())}, ["outer KeyError"]),
    ("GET", "/in", {}, {"inner": instead(None)}, ["inner TypeError", "outer TypeError"]),
    ("GET", "/in", {}, {"handler": refuses_at_once}, ["inner HTTPError", "outer HTTPError"]),
    ("GET", "/in", {}, {"handler": raising(HTTPError(409)), "inner": raising_after(KeyError())},
     ["inner HTTPError", "outer HTTPError", "inner KeyError", "outer KeyError"]),
    ("GET", "/in", {}, {"handler": lambda request: Response(status=500)}, []),
    ("GET", "/in/x", {}, {}, ["inner HTTPError", "outer HTTPError"]),
    ("GET", "/in/x/y", {}, {}, ["inner HTTPError", "outer HTTPError"]),
    ("POST", "/in", {}, {}, ["inner HTTPError", "outer HTTPError"]),
    ("GET", "/nope", {}, {}, ["outer HTTPError"]),
    ("GET", "/in", {"HTTP_HOST": "a/b"}, {}, ["outer HTTPError"]),
    ("GET", "/%FF", {}, {}, ["outer HTTPError"]),
    ("GET", "/in", {}, {}, []), ("OPTIONS", "/in", {}, {}, []), ("GET", "/in/", {}, {}, []),
])
def test_the_error_file_of_the_own_folder_is_asked_and_then_the_outer_ones(
    site: Site, method: str, target: str, environ: dict[str, Any], parts: dict[str, Any], order: list[str],
    caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []
    plain = site.ask(method, target, environ, **parts)
    answer = site.ask(method, target, environ, inner_error=asks(asked, "inner"),
                      outer_error=asks(asked, "outer"), **parts)
    assert asked == order
    assert (answer.status, answer.headers, answer.body) == (plain.status, plain.headers, plain.body)


@pytest.mark.parametrize("result", ["", b"", {}, [], "shaped", (200, None, "shaped"), Response("shaped")])
def test_the_first_that_answers_is_the_last_that_is_asked(site: Site, result: Any) -> None:
    asked: list[str] = []
    answer = site.ask(handler=raising(HTTPError(409)), inner_error=asks(asked, "inner", result),
                      outer_error=asks(asked, "outer", "outer"))
    assert asked == ["inner HTTPError"]
    assert answer.text in ("", "{}", "[]", "shaped")
    site.ask(handler=raising(HTTPError(409)), inner_error=asks(asked, "inner"),
             outer_error=asks(asked, "outer", result))
    assert asked[1:] == ["inner HTTPError", "outer HTTPError"]


def test_an_error_file_is_given_the_request_and_what_was_raised(site: Site) -> None:
    def outer(request: Request, call_next: CallNext) -> Response:
        request.state.user = "Ann"
        return call_next(request)

    def error(request: Request, exception: Exception) -> dict[str, Any]:
        given.append(exception)
        return {"route": request.route, "params": request.params, "user": request.state.user}

    given: list[Exception] = []
    answer = site.ask("GET", "/in/x", outer=outer, inner_error=error)
    assert json.loads(answer.body) == {"route": "/in/[id]", "params": {"id": "x"}, "user": "Ann"}
    fault = HTTPError(409)
    site.ask(handler=raising(fault), outer=outer, inner_error=error)
    assert given[1] is fault


def test_what_an_error_file_made_passes_through_every_middleware(site: Site) -> None:
    seen: list[Any] = []
    fault = HTTPError(409)
    answer = site.ask(handler=raising(fault), inner=seeing(seen), outer=seeing(seen),
                      inner_error=lambda *_: "shaped")
    assert answer.text == "shaped"
    assert [(response.body, response.exception) for response in seen] == [(b"shaped", fault)] * 2
    assert site.ask("HEAD", handler=raising(fault), inner_error=lambda *_: "shaped").headers == answer.headers


UNAUTHORISED = HTTPError(401, headers=[("WWW-Authenticate", "Basic"), ("X-A", "1")])


@pytest.mark.parametrize(("make", "kind", "body"), [
    (lambda: "text", TEXT, b"text"), (lambda: b"\xff", BYTES, b"\xff"), (lambda: {"a": 1}, JSON, b'{"a":1}'),
    (list, JSON, b"[]"), (Point, JSON, b'{"x":1}'), (lambda: iter(["a", "b"]), BYTES, b"ab"),
    (lambda: later({"a": 1}), JSON, b'{"a":1}'), (lambda: later(later("text")), TEXT, b"text"),
    (lambda: Source(b"a"), BYTES, b"a"),
])
@pytest.mark.parametrize("part", ["inner_error", "outer_error"])
def test_a_result_that_has_no_status_takes_that_of_the_exception_and_its_headers(
    site: Site, make: Callable[[], Any], kind: str, body: bytes, part: str, caplog: pytest.LogCaptureFixture
) -> None:
    answer = site.ask(handler=raising(UNAUTHORISED), **{part: lambda *_: make()})
    assert answer.headers.pop("content-length", str(len(body))) == str(len(body))
    assert (answer.status, answer.body) == (401, body)
    assert answer.headers == {"content-type": kind, "www-authenticate": "Basic", "x-a": "1",
                              "cache-control": "no-store"}
    answer = site.ask(handler=raising(KeyError()), **{part: lambda *_: make()})
    assert answer.headers.pop("content-length", str(len(body))) == str(len(body))
    assert (answer.status, answer.body) == (500, body)
    assert answer.headers == {"content-type": kind, "cache-control": "no-store"}


def test_every_challenge_and_a_caching_of_its_own_stay_on_a_result(site: Site) -> None:
    challenges = [("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Bearer")]
    seen: list[Any] = []
    error = HTTPError(401, headers=[*challenges, ("Cache-Control", "max-age=1"), ("content-type", "x/y")])
    environ = environ_of("GET", "/in") | {"test.handler": raising(error), "test.inner": seeing(seen),
                                         "test.inner_error": lambda *_: "shaped"}
    site.app(environ, lambda status, headers: None)
    assert seen[0].headers.getall("WWW-Authenticate") == ["Basic", "Bearer"]
    assert seen[0].headers.getall("Cache-Control") == ["max-age=1"]
    assert seen[0].headers.getall("Content-Type") == [TEXT]


@pytest.mark.parametrize(("make", "status", "headers"), [
    (lambda: Response("x"), 200, {"content-type": TEXT}),
    (lambda: Response("x", status=404), 404, {"content-type": TEXT, "cache-control": "no-store"}),
    (lambda: (404, None, "x"), 404, {"content-type": TEXT, "cache-control": "no-store"}),
    (lambda: (503, {"Retry-After": "9"}, {}), 503,
     {"content-type": JSON, "retry-after": "9", "cache-control": "no-store"}),
    (lambda: (400, {"cache-control": "max-age=9"}, "x"), 400,
     {"content-type": TEXT, "cache-control": "max-age=9"}),
    (lambda: (400, None, "x"), 400, {"content-type": TEXT, "cache-control": "no-store"}),
    (lambda: (399, None, "x"), 399, {"content-type": TEXT}),
    (lambda: Response.redirect("/login", status=303), 303, {"content-type": TEXT, "location": "/login"}),
    (lambda: later(Response("x", status=404)), 404, {"content-type": TEXT, "cache-control": "no-store"}),
    (lambda: later((404, None, "x")), 404, {"content-type": TEXT, "cache-control": "no-store"}),
    (lambda: Mine("x", status=404), 404, {"content-type": TEXT, "cache-control": "no-store"}),
])
def test_a_result_that_has_a_status_is_the_answer_as_it_stands(
    site: Site, make: Callable[[], Any], status: int, headers: dict[str, str],
    caplog: pytest.LogCaptureFixture
) -> None:
    for fault in (UNAUTHORISED, KeyError()):
        answer = site.ask(handler=raising(fault), inner_error=lambda *_: make())
        del answer.headers["content-length"]
        assert (answer.status, answer.headers) == (status, headers)


@pytest.mark.parametrize(("result", "allow"), [
    ("text", "GET, HEAD, OPTIONS"), ({}, "GET, HEAD, OPTIONS"),
    (Response("x", status=405), "GET, HEAD, OPTIONS"), ((405, None, "x"), "GET, HEAD, OPTIONS"),
    ((405, {"Allow": "GET"}, "x"), "GET"),
    (Response("x", status=404), None), ((200, None, "x"), None), ((404, {"Allow": "GET"}, "x"), "GET"),
])
def test_a_405_that_is_shaped_says_what_is_allowed(site: Site, result: Any, allow: str | None) -> None:
    for part in ("inner_error", "outer_error"):
        assert site.ask("POST", **{part: lambda *_: result}).headers.get("allow") == allow
    refuses = raising(HTTPError(405))       # a handler's own, which does not say it
    assert "allow" not in site.ask(handler=refuses, inner_error=lambda *_: "shaped").headers
    refuses = raising(HTTPError(403, headers={"Allow": "GET"}))
    assert "allow" not in site.ask(handler=refuses, inner_error=lambda *_: (405, None, "x")).headers
    assert site.ask(handler=refuses, inner_error=lambda *_: "x").headers["allow"] == "GET"


FAILING: dict[str, tuple[Callable[[Request, Exception], Any], str]] = {
    "raises": (raising(KeyError("of the file")), "KeyError: 'of the file'"),
    "raises an answer": (raising(HTTPError(418, "of the file")), "418 I'm a Teapot: of the file"),
    "returns a number": (lambda request, error: 7, "error in chained_site/in/error.py returned builtins.int"),
    "returns a pair": (lambda request, error: (404, "x"), "chained_site/in/error.py returned a tuple"),
    "returns no status": (lambda request, error: (1, None, "x"), "a status is a number from 200 to 599"),
    "returns what JSON cannot say": (lambda request, error: {"a": object()}, "has no JSON form"),
    "sets a bad header": (lambda request, error: (404, {"X-A": "a\nb"}, ""), "X-A holds"),
    "makes a stream that fails": (lambda request, error: Source(KeyError("of the stream")), "of the stream"),
    "is cancelled": (raising(asyncio.CancelledError()), "something the handler waited for was cancelled"),
    "returns an open file": (lambda request, error: io.BytesIO(b"x"), "error.py returned an open file"),
    "is a coroutine that fails": (lambda request, error: later(7), "error.py returned builtins.int"),
}
_PLAIN = {"title": "Internal Server Error", "status": 500,
          "detail": "The server failed to answer. The fault was logged."}


@pytest.mark.parametrize(("error", "says"), FAILING.values(), ids=FAILING)
@pytest.mark.parametrize("fault", [KeyError("of the handler"), HTTPError(409, "of the handler")], ids=repr)
def test_an_error_file_that_fails_gives_the_plain_500_and_both_are_in_the_log(
    site: Site, error: Callable[[Request, Exception], Any], says: str, fault: Exception,
    caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []
    seen: list[Any] = []
    answer = site.ask(handler=raising(fault), inner_error=error, outer_error=asks(asked, "outer", "outer"),
                      outer=seeing(seen))
    assert (answer.status, json.loads(answer.body)) == (500, _PLAIN)
    assert answer.headers["cache-control"] == "no-store"
    assert "of the" not in answer.text + str(answer.headers)
    assert asked == []
    assert seen[0].exception is site.environ["fsroute.exception"]
    assert "of the handler" in "".join(texts(caplog))
    assert says in texts(caplog)[-1]
    assert seen[0].exception is not fault
    assert len(caplog.records) == 1 + (not isinstance(fault, HTTPError))
    page = site.ask("GET", "/in", {"HTTP_ACCEPT": "text/html"}, handler=raising(fault), inner_error=error)
    assert (page.status, page.headers["content-type"]) == (500, "text/html; charset=utf-8")


@pytest.mark.parametrize(("fault", "status"), [(HTTPError(404, "gone"), 404), (KeyError("k"), 500)], ids=repr)
def test_an_error_file_that_raises_what_it_was_given_passes_it_on(
    site: Site, fault: Exception, status: int, caplog: pytest.LogCaptureFixture
) -> None:
    asked: list[str] = []
    again = lambda request, error: raising(error)()     # noqa: E731   the same, as `raise exception` does
    for shaped in (None, "shaped"):
        answer = site.ask(handler=raising(fault), inner_error=again, outer_error=asks(asked, "outer", shaped))
        assert (answer.status, answer.body == b"shaped") == (status, shaped is not None)
    assert asked == [f"outer {type(fault).__name__}"] * 2
    assert len(caplog.records) == (0 if status == 404 else 2)


def test_a_request_after_an_error_file_that_failed_is_like_any_other(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    parts = {"handler": raising(HTTPError(409)), "inner_error": raising(KeyError())}
    first, second = site.ask(**parts), site.ask(**parts)
    assert (first.status, first.headers, first.body) == (second.status, second.headers, second.body)
    assert site.ask().text == "text"


def test_an_exception_is_logged_once_by_all_layers_and_again_for_another_request(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    def raises_again(request: Request, call_next: CallNext) -> Response:
        call_next(request).raise_exception()
        raise AssertionError("there was something to raise")

    fault = KeyError("k")
    for times in (1, 2):
        site.ask(handler=raising(fault), inner=raises_again, outer=raises_again,
                 inner_error=lambda *_: "shaped", outer_error=lambda request, error: raising(error)())
        assert len(caplog.records) == times
        assert site.environ["fsroute.exception"] is fault
    caplog.clear()
    site.ask(handler=raising(KeyError("a")), inner=raising_after(KeyError("b")),
             outer=raising_after(KeyError("c")))
    assert [text[-3:] for text in texts(caplog)] == ["'a'", "'b'", "'c'"]


def test_an_http_error_is_not_logged_and_an_answer_that_was_shaped_hides_no_fault(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    for shapes in (lambda *_: None, lambda *_: "shaped", lambda *_: Response("fine")):
        site.ask(handler=raising(HTTPError(500)), inner_error=shapes)
        assert "fsroute.exception" not in site.environ
        assert caplog.records == []
    fault = KeyError()
    assert site.ask(handler=raising(fault), inner_error=lambda *_: Response("fine")).status == 200
    assert site.environ["fsroute.exception"] is fault
    assert len(caplog.records) == 1


class Heavy:
    """What a frame holds."""


@pytest.mark.parametrize("shapes", [lambda *_: None, lambda *_: "shaped", lambda *_: Response("shaped"),
                                    lambda *_: iter(["shaped"])])
@pytest.mark.parametrize("again", [False, True])
def test_the_frames_of_an_http_error_are_let_go_once_it_is_shaped(
    site: Site, shapes: Callable[..., Any], again: bool
) -> None:
    def handler(request: Request) -> Any:
        heavy = Heavy()
        alive.append(weakref.ref(heavy))
        try:
            raise KeyError
        except KeyError:
            raise HTTPError(409)        # noqa: B904   what it came from holds the same frame

    def keeps(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        kept.append(response.exception)
        assert kept[-1].__traceback__ is None
        if again:
            response.raise_exception()
        return response

    alive: list[weakref.ref[Heavy]] = []
    kept: list[Any] = []
    site.ask(handler=handler, inner=keeps, outer=keeps, inner_error=shapes)
    assert alive[0]() is None
    assert [type(error) for error in kept] == [HTTPError, HTTPError]
    assert kept[0].__traceback__ is None


def test_the_frames_of_a_fault_are_kept_for_those_who_look(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    site.ask(handler=lambda request: 1 / 0, inner_error=lambda *_: "shaped")
    assert site.environ["fsroute.exception"].__traceback__ is not None


def test_an_http_error_that_the_module_keeps_holds_no_request_of_an_error_file_that_failed(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    kept = HTTPError(409)
    for _ in range(2):
        site.ask(handler=raising(kept), inner_error=raising(KeyError()))
        assert kept.__traceback__ is None
        assert site.environ["fsroute.exception"].__traceback__ is not None


class Falsy(Mine):
    def __bool__(self) -> bool:
        return False


def test_none_passes_and_nothing_else_does(site: Site) -> None:
    answer = site.ask(handler=raising(HTTPError(409)), inner_error=lambda *_: Falsy("x"))
    assert (answer.status, answer.text) == (200, "x")


@pytest.mark.parametrize("fault", [HTTPError(409, "Taken"), KeyError("k")], ids=repr)
def test_none_passes_also_where_it_has_to_be_awaited(
    site: Site, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    status = 409 if isinstance(fault, HTTPError) else 500
    for passes in (lambda *_: later(None), lambda *_: later(later(None))):
        shaped = site.ask(handler=raising(fault), inner_error=passes, outer_error=lambda *_: "outer")
        assert (shaped.status, shaped.text) == (status, "outer")
        plain = site.ask(handler=raising(fault))
        passed = site.ask(handler=raising(fault), inner_error=passes, outer_error=passes)
        assert (passed.status, passed.headers, passed.body) == (plain.status, plain.headers, plain.body)


def test_a_file_is_a_result_of_an_error_file(site: Site, tmp_path: Path) -> None:
    file = tmp_path / "gone.html"
    file.write_bytes(b"<p>gone")
    for method in ("GET", "POST", "HEAD"):
        answer = site.ask(method, "/nope", {"HTTP_RANGE": "bytes=0-1", "HTTP_IF_NONE_MATCH": "*"},
                          outer_error=lambda *_: Response.file(file, status=404))
        assert (answer.status, answer.headers["content-length"]) == (404, "7")
        assert answer.headers["cache-control"] == "no-store"
        assert answer.body == (b"" if method == "HEAD" else b"<p>gone")


def test_error_files_need_no_middleware(make: Make, caplog: pytest.LogCaptureFixture) -> None:
    site = Site(make({name: FILES[name] for name in ("error.py", "in/error.py", "in/route.py")}))
    asked: list[str] = []
    kept = Response("kept", status=404)
    assert site.ask().text == "text"
    assert site.ask(handler=lambda request: kept).body == b"kept"
    assert site.ask(handler=lambda request: later(kept)).body == b"kept"
    source = Source(b"a")
    assert site.ask(handler=lambda request: source).body == b"a"
    assert source.closed == 1
    for _ in range(2):
        answer = site.ask("POST", inner_error=asks(asked, "inner"), outer_error=asks(asked, "outer", kept))
        assert (answer.status, answer.body) == (404, b"kept")
        assert site.ask("GET", "/in/x", outer_error=asks(asked, "outer", "x")).status == 404
    assert asked == ["inner HTTPError", "outer HTTPError", "outer HTTPError"] * 2
    assert site.ask(handler=raising(KeyError()), inner_error=raising(KeyError())).status == 500
    assert kept.parts() == Response("kept", status=404).parts()
    with pytest.raises(SystemExit):
        site.ask(handler=raising(SystemExit()), outer_error=asks(asked, "outer", "x"))


def test_an_error_file_may_send_a_stream_in_place_of_another(site: Site) -> None:
    first, second = Source(b"a"), Source(b"b")
    answer = site.ask(handler=lambda request: first, inner=raising_after(HTTPError(410)),
                      inner_error=lambda *_: second)
    assert (answer.status, answer.body) == (410, b"b")
    assert (first.closed, second.closed) == (1, 1)
    head = Source(b"c")
    assert site.ask("HEAD", handler=raising(HTTPError(410)), outer_error=lambda *_: head).status == 410
    assert (head.closed, head.pulled) == (1, 0)


@pytest.mark.parametrize("fault", [KeyError("k"), HTTPError(409, "taken")], ids=repr)
def test_what_is_raised_again_keeps_the_answer_in_hand_and_asks_no_error_file_twice(
    site: Site, fault: Exception
) -> None:
    def transaction(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        response.headers["X-Inner"] = "1"
        response.raise_exception()
        raise AssertionError("there was something to raise")

    seen: list[Any] = []
    for _ in range(2):
        asked: list[str] = []
        answer = site.ask(
            handler=raising(fault), inner=transaction, outer=seeing(seen),
            inner_error=asks(asked, "inner", "shaped"), outer_error=asks(asked, "outer", "other"))
        assert (answer.body, answer.headers["x-inner"]) == (b"shaped", "1")
        assert asked == [f"inner {type(fault).__name__}"]
        assert seen.pop().exception is fault


def test_an_exception_that_is_kept_and_raised_by_another_request_has_an_answer_of_its_own(site: Site) -> None:
    kept = HTTPError(409, "taken")

    def swallows(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        response.headers["X-Secret"] = "1"
        try:
            response.raise_exception()
        except HTTPError:
            return response
        raise AssertionError("there was something to raise")

    assert site.ask(handler=raising(kept), inner=swallows).headers["x-secret"] == "1"
    answer = site.ask(handler=raising(kept), inner=raising_after(kept))
    assert (answer.status, answer.headers.get("x-secret")) == (409, None)


def test_a_stream_that_answers_for_an_exception_is_sent_though_it_is_raised_again(site: Site) -> None:
    source = Source(b"a")

    def transaction(request: Request, call_next: CallNext) -> Any:
        call_next(request).raise_exception()

    answer = site.ask(handler=raising(HTTPError(410)), inner=transaction, inner_error=lambda *_: source)
    assert (answer.status, answer.body, source.closed) == (410, b"a", 1)


def test_what_is_raised_once_more_by_hand_is_a_new_question_to_the_error_files(site: Site) -> None:
    def by_hand(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        response.headers["X-Inner"] = "1"
        assert response.exception is not None
        raise response.exception

    def both_ways(request: Request, call_next: CallNext) -> Response:
        call_next(request).raise_exception()
        raise AssertionError("there was something to raise")

    asked: list[str] = []
    shapes = asks(asked, "inner", "shaped")
    parts: dict[str, Any] = {"handler": raising(HTTPError(409)), "inner_error": shapes}
    answer = site.ask(inner=by_hand, **parts)
    assert (answer.text, "x-inner" in answer.headers) == ("shaped", False)
    assert asked == ["inner HTTPError"] * 2
    answer = site.ask(inner=both_ways, outer=by_hand, outer_error=asks(asked, "outer", "other"), **parts)
    assert (answer.text, asked[2:]) == ("other", ["inner HTTPError", "outer HTTPError"])


def test_an_answer_that_is_kept_and_raised_again_is_never_written_to(site: Site) -> None:
    kept: list[Response] = []

    def keeps(request: Request, call_next: CallNext) -> Response:
        kept.append(call_next(request))
        kept[-1].raise_exception()
        raise AssertionError("there was something to raise")

    def adds(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        response.headers["X-Outer"] = "1"
        return response

    assert site.ask(handler=raising(HTTPError(409)), inner=keeps, outer=adds).headers["x-outer"] == "1"
    assert "X-Outer" not in kept[0].headers
    assert isinstance(kept[0].exception, HTTPError)
    assert kept[0].exception.__traceback__ is None


@pytest.mark.parametrize("other", [KeyError("of the layer"), HTTPError(410)], ids=repr)
def test_another_exception_than_the_one_raised_again_has_an_answer_of_its_own(
    site: Site, other: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fails_rolling_back(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        response.headers["X-Inner"] = "1"
        try:
            response.raise_exception()
        except HTTPError:
            raise other     # noqa: B904   as it happens
        raise AssertionError("there was something to raise")

    answer = site.ask(handler=raising(HTTPError(409)), inner=fails_rolling_back)
    assert (answer.status, "x-inner" in answer.headers) == (getattr(other, "status", 500), False)

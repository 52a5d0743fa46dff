import contextlib
import gc
import itertools
import json
import logging
import weakref
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute.http.errors import HTTPError, ValidationError
from fsroute.http.problems import drop_frames, failed, problem, ready
from fsroute.http.request import Request
from fsroute.http.response import Response
from fsroute.http.send import answer

MakeRequest = Callable[..., Request]
Host = Callable[..., tuple[str, list[tuple[str, str]], bytes]]

BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8"
PLAIN_500 = {
    "title": "Internal Server Error", "status": 500,
    "detail": "The server failed to answer. The fault was logged."
}


def members(response: Response) -> Any:
    assert response.headers["Content-Type"] == "application/problem+json"
    return json.loads(response.body)


# an HTTPError

@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (HTTPError(404), {"title": "Not Found", "status": 404, "detail": "Not Found"}),
        (HTTPError(404, "No such user"), {"title": "Not Found", "status": 404, "detail": "No such user"}),
        (HTTPError(400, "", title="T"), {"title": "T", "status": 400, "detail": ""}),
        (HTTPError(409, "x", type="/taken", field="email", tries=[1, None]),
         {
             "title": "Conflict", "status": 409, "detail": "x", "type": "/taken", "field": "email",
             "tries": [1, None]
         }),
        (HTTPError(400, "é\ud800\n<b>"), {"title": "Bad Request", "status": 400, "detail": "é\ud800\n<b>"}),
        (HTTPError(503, "x"), {"title": "Service Unavailable", "status": 503, "detail": "x"}),
    ],
    ids=str,
)
def test_an_http_error_says_what_it_has_to_say(
    error: HTTPError, expected: Any, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request()
    response = problem(error, request)
    assert response.status == error.status
    assert members(response) == expected
    assert response.headers.items()[1:] == [("Cache-Control", "no-store"), ("Vary", "Accept")]
    assert caplog.records == []
    assert "fsroute.exception" not in request.environ


@pytest.mark.parametrize(
    "accept",
    [BROWSER, "text/html", "text/*", "application/*;q=0.1, */*;q=0.9", "application/json;q=0.5, text/html"]
)
def test_a_client_that_prefers_html_gets_a_page(accept: str, make_request: MakeRequest) -> None:
    response = problem(HTTPError(404, "No <b>user</b> & \"such\""), make_request(HTTP_ACCEPT=accept))
    page = response.body.decode()
    assert response.headers.items() == [
        ("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store"), ("Vary", "Accept")
    ]
    assert page.startswith("<!doctype html>")
    assert "<h1>404 Not Found</h1>" in page
    assert "No &lt;b&gt;user&lt;/b&gt; &amp; &quot;such&quot;" in page
    assert "<b>" not in page


@pytest.mark.parametrize(
    "accept",
    [
        None, "", "*/*", "application/json", "application/problem+json", "image/png", "text/html;q=0",
        "text/html;q=0.9, */*", "text/plain", "text/html, application/json"
    ]
)
def test_every_other_client_gets_problem_json(accept: str | None, make_request: MakeRequest) -> None:
    assert members(problem(HTTPError(404), make_request(HTTP_ACCEPT=accept)))["status"] == 404


def test_a_page_says_the_detail_once_escaped_title_and_any_text(make_request: MakeRequest) -> None:
    request = make_request(HTTP_ACCEPT="text/html")
    assert problem(HTTPError(404), request).body.count(b"Not Found") == 2       # title and heading
    page = problem(HTTPError(400, "é\ud800", title="<script>"), request).body.decode()
    assert "<script>" not in page
    assert "é\\ud800" in page


def test_a_page_lists_what_is_wrong_where_it_is_more_than_one_thing(make_request: MakeRequest) -> None:
    request = make_request(HTTP_ACCEPT="text/html")
    age = {"in": "form", "name": "age", "message": "must be a whole number"}
    name = {"in": "form", "name": "<b>", "message": "is missing"}
    page = problem(ValidationError([age, name]), request).body.decode()
    assert "<ul>\n<li>age must be a whole number</li>\n<li>&lt;b&gt; is missing</li>\n</ul>" in page
    assert "<ul>" not in problem(ValidationError([age]), request).body.decode()


def test_headers_of_its_own_are_added(make_request: MakeRequest) -> None:
    pairs = [("WWW-Authenticate", "Basic"), ("WWW-Authenticate", "Bearer"), ("Retry-After", "5")]
    response = problem(HTTPError(401, headers=pairs), make_request())
    assert [field for field in response.headers.items() if field in pairs] == pairs


@pytest.mark.parametrize(
    ("vary", "expected"),
    [("Cookie", "Cookie, Accept"), ("accept", "accept"), ("*", "*"), ("Origin, Accept", "Origin, Accept")]
)
def test_a_vary_of_its_own_is_completed(vary: str, expected: str, make_request: MakeRequest) -> None:
    response = problem(HTTPError(400, headers={"Vary": vary}), make_request())
    assert response.headers.getall("Vary") == [expected]


def test_a_cache_control_of_its_own_is_the_only_one(make_request: MakeRequest) -> None:
    response = problem(HTTPError(410, headers={"Cache-Control": "max-age=60"}), make_request())
    assert response.headers.getall("Cache-Control") == ["max-age=60"]


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_the_content_type_tells_what_the_body_is_whatever_the_error_says(
    accept: str, make_request: MakeRequest
) -> None:
    """A detail may be a client's text: escaped in the page, not in JSON that were called a page."""
    with contextlib.suppress(ValueError):       # it may be refused
        error = HTTPError(
            400, "<script>",
            headers={"Content-Type": "text/html" if accept == "*/*" else "application/problem+json"}
        )
        response = problem(error, make_request(HTTP_ACCEPT=accept))
        is_page = response.body.startswith(b"<!doctype html>")
        assert response.headers.getall("Content-Type") == [
            "text/html; charset=utf-8" if is_page else "application/problem+json"
        ]


def test_shaping_changes_nothing_of_the_error(make_request: MakeRequest) -> None:
    error = HTTPError(404, "x", headers={"X": "1"}, a=1)
    for accept in ("*/*", "text/html", "*/*"):
        response = problem(error, make_request(HTTP_ACCEPT=accept))
        response.headers["X"] = "2"
        response.headers.add("Set-Cookie", "a")
    assert (
        error.status, error.detail, error.extra, error.headers.items()
    ) == (404, "x", {"a": 1}, [("X", "1")])


# anything else

class Mute(Exception):
    def __str__(self) -> str:
        raise ValueError("secret")


class MuteTypeError(TypeError):
    def __str__(self) -> str:
        raise ValueError("secret")


@pytest.mark.parametrize(
    "error",
    [ValueError(
        "secret"
    ), KeyError("secret"), StopIteration("secret"), RecursionError("secret"), Mute("secret"),
    MuteTypeError("secret"), OSError(
        2, "secret"
    ),
     UnicodeEncodeError(
         "utf-8", "secret\ud800", 6, 7, "secret"
     ), ExceptionGroup("secret", [ValueError("secret")])],
    ids=lambda error: type(error).__name__,
)
@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_another_exception_is_a_plain_500_and_a_record(
    error: Exception, accept: str, make_request: MakeRequest, host: Host, caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request(HTTP_ACCEPT=accept)
    line, fields, body = host(answer(problem(error, request)))
    assert line == "500 Internal Server Error"
    assert ("Cache-Control", "no-store") in fields
    assert ("Vary", "Accept") in fields
    assert b"secret" not in body
    assert type(error).__name__.encode() not in body
    if accept == "*/*":
        assert json.loads(body) == PLAIN_500
    [record] = caplog.records
    assert record.levelno == logging.ERROR
    assert request.environ["fsroute.exception"] is error


def circle() -> list[Any]:
    one: list[Any] = []
    one.append(one)
    return one


class Refuses:
    def __json__(self) -> Any:
        raise KeyError("secret")


@pytest.mark.parametrize(
    "value", [object(), {1, 2}, b"x", float("nan"), float("inf"), {(1,): 1}, circle(), Refuses()],
    ids=lambda value: type(value).__name__
)
def test_members_that_json_has_no_form_for_are_a_fault_of_their_own(
    value: Any, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request()
    response = problem(HTTPError(409, "secret", headers={"X-Secret": "1"}, value=value), request)
    assert members(response) == PLAIN_500
    assert response.status == 500
    assert "X-Secret" not in response.headers
    assert len(caplog.records) == 1
    assert not isinstance(request.environ["fsroute.exception"], HTTPError)


@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C"]), max_size=20),
    st.text(st.characters(categories=["L", "N", "P", "S", "Z", "C"]), max_size=20)
)
def test_any_text_can_be_said_in_both_forms(make_request: MakeRequest, detail: str, title: str) -> None:
    error = HTTPError(400, detail, title=title)
    as_json = json.loads(json.dumps({"title": title, "status": 400, "detail": detail}))
    assert members(problem(error, make_request())) == as_json
    assert problem(error, make_request(HTTP_ACCEPT="text/html")).status == 400


# what has no answer of its own

@pytest.mark.parametrize(
    "fault", [KeyError("secret"), HTTPError(404, "secret", headers={"X-A": "secret"}), Mute()],
    ids=lambda fault: type(fault).__name__
)
def test_what_failed_while_an_error_was_shaped_is_the_plain_500(
    fault: Exception, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    request = make_request()
    response = failed(fault, request)
    assert (response.status, members(response)) == (500, PLAIN_500)
    assert response.headers.items()[1:] == [("Cache-Control", "no-store"), ("Vary", "Accept")]
    assert request.environ["fsroute.exception"] is fault
    assert len(caplog.records) == 1
    page = failed(fault, make_request(HTTP_ACCEPT=BROWSER))
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert b"secret" not in page.body


def test_each_plain_500_is_a_response_of_its_own(
    make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = (failed(KeyError(), make_request()) for _ in range(2))
    first.headers["X-A"] = "1"
    assert "X-A" not in second.headers


# what is kept alive

def test_frames_are_dropped_all_the_way_and_not_in_circles() -> None:
    def raised(error: Exception) -> Exception:
        try:
            raise error
        except Exception as caught:
            return caught

    one, two, three = raised(KeyError()), raised(ValueError()), raised(OSError())
    one.__cause__, two.__context__, three.__cause__ = two, three, one
    drop_frames(one)
    assert [error.__traceback__ for error in (one, two, three)] == [None, None, None]
    drop_frames(HTTPError(404))     # never raised

class Heavy:
    pass


@pytest.mark.parametrize("chained", ["no", "implicitly", "to what was caught", "to another", "to none"])
def test_the_frames_of_a_shaped_error_are_let_go(chained: str, make_request: MakeRequest) -> None:
    def handler() -> None:
        heavy = Heavy()
        alive.append(weakref.ref(heavy))
        try:
            if chained != "no":
                raise KeyError("x")
        except KeyError as fault:
            if chained == "implicitly":
                raise HTTPError(404)        # noqa: B904
            raise HTTPError(404) from {"to what was caught": fault, "to another": OSError()}.get(chained)
        raise HTTPError(404)

    alive: list[weakref.ref[Heavy]] = []
    kept: list[HTTPError] = []
    try:
        handler()
    except HTTPError as error:
        problem(error, make_request())
        kept.append(error)
    gc.collect()
    assert alive[0]() is None
    assert kept[0].__traceback__ is None


def test_the_frames_of_another_exception_are_kept_for_those_who_look(make_request: MakeRequest) -> None:
    request = make_request()
    try:
        raise ValueError("x")
    except ValueError as error:
        problem(error, request)
    assert request.environ["fsroute.exception"].__traceback__ is not None


# ready-made

RANGES = [
    "*/*", "text/html", "text/*", "application/json", "application/problem+json", "application/*",
    "TEXT/HTML", "image/png", "html", ""
]
WEIGHTS = ["", ";q=0", ";q=0.1", ";q=0.9", ";q=1"]
ACCEPTS = [None, BROWSER, "text/html;level=1;q=0.1", *(
    f"{first}{weight}, {second}{other}" for first,
    second in itertools.combinations(RANGES, 2) for weight in WEIGHTS for other in WEIGHTS
)]


@pytest.mark.parametrize(
    ("status", "headers"),
    [(404, None), (405, {"Allow": "GET, HEAD"}), (400, {"Vary": "Host", "Cache-Control": "max-age=1"})]
)
def test_a_ready_problem_is_the_problem_for_every_accept(
    status: int, headers: Any, make_request: MakeRequest
) -> None:
    endpoint = ready(status, "The <detail>", headers)
    kinds = set()
    for accept in ACCEPTS:
        request = make_request(HTTP_ACCEPT=accept)
        made = answer(problem(HTTPError(status, "The <detail>", headers=headers), request))
        assert endpoint(request) == made, accept
        kinds.add(made[1][0])
    assert len(kinds) == 2


@given(
    st.lists(
        st.sampled_from([f"{name}{weight}" for name in RANGES for weight in WEIGHTS]), max_size=5
    ).map(",".join) | st.text(max_size=30)
)
def test_a_ready_problem_is_the_problem_for_any_accept(make_request: MakeRequest, accept: str) -> None:
    request = make_request(HTTP_ACCEPT=accept)
    assert NOT_FOUND(request) == answer(problem(HTTPError(404, "No"), request))


NOT_FOUND = ready(404, "No")


@pytest.mark.parametrize("accept", ["*/*", "text/html"])
def test_each_answer_of_a_ready_problem_has_lists_of_its_own(
    accept: str, make_request: MakeRequest, host: Host
) -> None:
    request = make_request(HTTP_ACCEPT=accept)
    first = host(NOT_FOUND(request))
    _, fields, body = NOT_FOUND(request)
    fields.append(("Set-Cookie", "a=1"))
    fields[0] = ("Content-Type", "x/y")
    assert isinstance(body, list)
    body.append(b"more")
    assert host(NOT_FOUND(request)) == first


def test_a_ready_problem_with_a_bad_header_fails_at_start() -> None:
    with pytest.raises(ValueError, match="header"):
        ready(405, "x", {"Allow": "GET\r\n"})

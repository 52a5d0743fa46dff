"""Request ids: one for each request, on every answer, in the log; never a client's words unless told."""

import logging
import re
import threading
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fsroute import App, Request, Response
from fsroute.middleware.request_id import current_id, request_id
from tests.conftest import Client, Make
from tests.exchange import environ_of, exchange

NAMING = "from fsroute.middleware.request_id import request_id\nmiddleware = request_id({})\n"
STATE = "def GET(request): return request.state.request_id\n"
TRUSTED = {"middleware.py": NAMING.format("trust=True"), "route.py": STATE}

is_new = re.compile("[0-9a-f]{32}").fullmatch


def named(**headers: str) -> str:
    """The id that a trusting middleware gives a request with those environ keys."""
    request = Request.build(environ={**headers})
    request_id(trust=True)(request, lambda request: Response())
    name: str = request.state.request_id
    return name


def test_each_request_has_an_id_of_its_own_which_the_handler_sees(client: Client) -> None:
    app = client({"middleware.py": NAMING.format(""), "route.py": STATE})
    seen = set()
    for _ in range(50):
        answer = app.get("/")
        assert is_new(answer.text)
        assert answer.headers.getall("X-Request-ID") == [answer.text]
        seen.add(answer.text)
    assert len(seen) == 50


def test_no_digit_of_an_id_tells_a_time_or_a_count() -> None:
    """By chance one in 10^50 such runs has fewer than eight of the sixteen digits in some place."""
    for digits in zip(*[named() for _ in range(200)], strict=True):
        assert len(set(digits)) >= 8


@pytest.mark.parametrize(("method", "path", "status"), [
    ("GET", "/", 200), ("HEAD", "/", 200), ("POST", "/", 405), ("OPTIONS", "/", 204), ("GET", "/no", 404),
    ("GET", "/fails", 500), ("GET", "/refuses", 403), ("GET", "/fails/", 308), ("GET", "/page", 200),
    ("GET", "/stream", 200), ("GET", "/%FF", 400),
])
def test_every_answer_carries_it(client: Client, method: str, path: str, status: int) -> None:
    app = client({
        "middleware.py": NAMING.format(""), "route.py": STATE, "page/page.html": "<p>page</p>",
        "fails/route.py": "def GET(): 1 / 0\n", "stream/route.py": "def GET():\n    yield 'a'\n",
        "refuses/route.py": "from fsroute import HTTPError\ndef GET(): raise HTTPError(403)\n",
    })
    first, second = (app.request(path, method=method, status=status).headers["X-Request-ID"]
                     for _ in range(2))
    assert is_new(first)
    assert is_new(second)
    assert first != second


def test_the_handler_s_own_is_replaced_and_its_response_not_written_to(client: Client) -> None:
    app = client({"middleware.py": NAMING.format(""), "route.py":
                  "from fsroute import Response\n"
                  "kept = Response.text('a', headers=[('X-Request-Id', '1'), ('X-Request-Id', '2')])\n"
                  "def GET(): return kept\ndef POST(): return kept.headers.getall('X-Request-ID')\n"})
    for _ in range(2):
        [one] = app.get("/").headers.getall("X-Request-ID")
        assert is_new(one)
        assert app.post("/").json == ["1", "2"]


# whose word counts

@pytest.mark.parametrize("sent", [
    "a", "0f8fad5b-d9cb-469f-a165-70867728950e", "Root=1-67891233-abcdef012345678912345678",
    "aGVsbG8+/w==", "~._", "x" * 128,
])
def test_a_plain_id_is_taken_from_a_proxy_that_is_trusted(client: Client, sent: str) -> None:
    answer = client(TRUSTED).get("/", headers={"X-Request-ID": sent})
    assert (answer.text, answer.headers["X-Request-ID"]) == (sent, sent)


@pytest.mark.parametrize("sent", [
    "", "x" * 129, "a b", "a,b", "a\nb", "a\r\nSet-Cookie: a=1", "a\n", "\na", "a\0", "\x1b[31m", "<b>", '"',
    "'", "${jndi:ldap://x}", "a;b", "%0a", "\xe9", "\u0663", "\xc3\xa9",
])
def test_what_is_no_plain_id_is_replaced(sent: str) -> None:
    assert is_new(named(HTTP_X_REQUEST_ID=sent))


def test_a_client_that_is_not_trusted_is_not_heard(client: Client) -> None:
    app = client({"middleware.py": NAMING.format(""), "route.py": STATE})
    answer = app.get("/", headers={"X-Request-ID": "mine"})
    assert is_new(answer.text)
    assert answer.headers["X-Request-ID"] == answer.text


@given(st.text(max_size=140))
def test_whatever_is_sent_the_id_can_be_logged(sent: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9._~+/=-]{1,128}", named(HTTP_X_REQUEST_ID=sent))


def test_another_header_is_read_and_written(client: Client) -> None:
    app = client({"middleware.py": NAMING.format("'X-Amzn-Trace-Id', trust=True"), "route.py": STATE})
    answer = app.get("/", headers={"X-Amzn-Trace-Id": "Root=1-2", "X-Request-ID": "other"})
    assert (answer.text, answer.headers["X-Amzn-Trace-Id"]) == ("Root=1-2", "Root=1-2")
    assert "X-Request-ID" not in answer.headers


def test_an_inner_folder_keeps_the_id_of_the_outer_one(client: Client) -> None:
    app = client({"middleware.py": NAMING.format(""), "in/route.py": STATE,
                  "in/middleware.py": NAMING.format("'X-Trace', trust=True")})
    answer = app.get("/in", headers={"X-Trace": "mine"})
    assert is_new(answer.text)
    assert answer.headers["X-Request-ID"] == answer.headers["X-Trace"] == answer.text


@pytest.mark.parametrize(("options", "kind", "what"), [
    ({"header": "X Request"}, ValueError, r"request_id\(header=\): 'X Request' is no header name"),
    ({"header": ""}, ValueError, "header=.* is no header name"),
    ({"header": "X-Id\r\nA: b"}, ValueError, "header=.* is no header name"),
    ({"header": "Set-Cookie"}, ValueError, "header=.*Set-Cookie says something else"),
    ({"header": "content-type"}, ValueError, "header=.*content-type says something else"),
    ({"header": "Vary"}, ValueError, "header=.*Vary says something else"),
    ({"header": "Connection"}, ValueError, "header=.*hop-by-hop"),
    ({"header": "Content-Length"}, ValueError, "header=.*worked out from the body"),
    ({"header": None}, TypeError, "header=.* not .NoneType"),
    ({"trust": 1}, TypeError, r"request_id\(trust=\) is True or False, not int"),
    ({"trust": "no"}, TypeError, r"request_id\(trust=\) is True or False, not str"),
])
def test_an_option_that_means_nothing_is_refused_at_once(
    options: dict[str, Any], kind: type[Exception], what: str
) -> None:
    with pytest.raises(kind, match=what):
        request_id(**options)


# the log

class WithRequestID(logging.Filter):
    """The filter that the module's opening shows."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.request_id = current_id.get()
        return True


@pytest.fixture
def lines(caplog: pytest.LogCaptureFixture) -> Any:
    """What is logged, each with its id in front."""
    caplog.handler.addFilter(name := WithRequestID())
    yield lambda: [(record.__dict__["request_id"], record.getMessage()) for record in caplog.records]
    caplog.handler.removeFilter(name)


LOGGING = "import logging\nlog = logging.getLogger('shop')\n"


def test_what_is_logged_for_a_request_has_its_id(client: Client, lines: Any) -> None:
    app = client({
        "middleware.py": NAMING.format(""),
        "route.py": LOGGING + "def GET(): log.warning('here'); return 'a'\n",
        "later/route.py": LOGGING + "async def GET(): log.warning('later'); return 'a'\n",
        "fails/route.py": "def GET(): 1 / 0\n",
    })
    ids = [app.get(path, expect_errors=True).headers["X-Request-ID"] for path in ("/", "/later", "/fails")]
    assert [each for each, _ in lines()] == ids
    assert [text[:5] for _, text in lines()] == ["here", "later", "GET /"]
    assert current_id.get() == "-"


def test_an_inner_id_ends_with_its_middleware(lines: Any) -> None:
    def leave(request: Request) -> Response:
        raise SystemExit

    token = current_id.set("outer")
    with pytest.raises(SystemExit):
        request_id()(Request.build(), leave)
    assert current_id.get() == "outer"
    current_id.reset(token)


def test_threads_do_not_see_each_other_s(make: Make) -> None:
    app: App = make({"middleware.py": NAMING.format("trust=True"), "route.py": """
import threading
from fsroute.middleware.request_id import current_id
both = threading.Barrier(2, timeout=30)
def GET():
    both.wait()         # both are inside now
    return current_id.get()
"""})
    seen = {}

    def ask(name: str) -> None:
        seen[name] = exchange(app, environ_of("GET", "/", HTTP_X_REQUEST_ID=name)).text

    threads = [threading.Thread(target=ask, args=[name]) for name in ("one", "two")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == {"one": "one", "two": "two"}

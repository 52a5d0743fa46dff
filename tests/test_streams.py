"""Streams and events through a whole app: what a client gets, what is closed, and when."""

import http.client
import io
import itertools
import json
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from types import ModuleType
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server
from wsgiref.validate import validator

import pytest

from fsroute import App, TreeError
from tests.conftest import Client, Make, Tree
from tests.exchange import environ_of, exchange

SOURCE = """
import threading
from fsroute import HTTPError, Request, Response

told = []               # what happened, in order
gone = threading.Event()

class Source:
    def __init__(self, *chunks):
        self.chunks = iter(chunks)
    def __iter__(self):
        return self
    def __next__(self):
        chunk = next(self.chunks)
        if isinstance(chunk, BaseException):
            raise chunk
        told.append(chunk)
        return chunk
    def close(self):
        told.append("closed")
        gone.set()
"""

Site = tuple[App, ModuleType]
Make_ = Callable[[str], Site]


@pytest.fixture
def site(tree: Tree) -> Make_:
    """The app whose one route file holds this after SOURCE, and the file's module."""
    def made(text: str) -> Site:
        root = tree({"route.py": SOURCE + text})
        return App(root), sys.modules[f"{Path(root).name}.route"]
    return made


def body_of(app: App, environ: dict[str, Any]) -> Any:
    """What a host gets to iterate and close."""
    return app(environ, lambda status, headers, exc_info=None, /: print)


# what a client gets

def test_what_a_handler_yields_is_what_the_client_gets(client: Client) -> None:
    app = client({
        "yields/[name]/route.py": "def GET(request, name):\n    yield 'Hello, '\n    yield name.encode()\n",
        "iterates/route.py": "def GET():\n    return (str(number) for number in range(3))\n",
        "triple/route.py": "def GET():\n"
                           "    return 201, {'Content-Type': 'text/csv; charset=utf-8'}, iter(['a,', 'é'])\n",
        "later/route.py": "async def GET():\n    return iter(['a', 'b'])\n",
        "sized/route.py": "from fsroute import Response\n"
                          "def GET(): return Response.stream([b'abcdef'], length=3)\n",
        "events/route.py": "from fsroute import Response\n"
                           "def GET(): return Response.events(['a', None, {'data': [1], 'id': '7'}])\n",
        "empty/route.py": "def GET():\n    yield ''\n",
    })
    for _ in range(2):              # one stream's end is not the next one's
        assert app.get("/yields/Ann%C3%A9").text == "Hello, Anné"
        assert app.get("/iterates").body == b"012"
        assert app.get("/iterates").content_type == "application/octet-stream"
        answer = app.get("/triple", status=201)
        assert (answer.text, answer.content_type) == ("a,é", "text/csv")
        assert app.get("/later").body == b"ab"
        assert app.get("/empty").body == b""
        sized = app.get("/sized")
        assert (sized.body, sized.headers["Content-Length"]) == (b"abc", "3")
        events = app.get("/events")
        assert events.body == b":\n\ndata: a\n\n:\n\nid: 7\ndata: [1]\n\n"
        assert (events.content_type, events.headers["Cache-Control"]) == ("text/event-stream", "no-cache")


def test_every_method_may_stream(client: Client) -> None:
    methods = ("GET", "POST", "PUT", "PATCH", "DELETE")
    app = client({"route.py": "".join(f"def {method}():\n    yield '{method}'\n" for method in methods)})
    for method in methods:
        assert app.request("/", method=method).text == method


def test_an_error_before_the_first_byte_is_an_ordinary_answer(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    app = client({
        "refuses/route.py": "from fsroute import HTTPError\ndef GET():\n    yield ''\n"
                            "    raise HTTPError(403, 'Not yours', headers={'X-A': '1'})\n",
        "fails/route.py": "def GET():\n    yield b''\n    raise LookupError('a secret')\n",
        "short/route.py": "from fsroute import Response\ndef GET(): return Response.stream([], length=5)\n",
        "wrong/route.py": "def GET():\n    yield {'a': 1}\n",
    })
    refused = app.get("/refuses", status=403)
    assert (refused.json["detail"], refused.headers["X-A"]) == ("Not yours", "1")
    assert "<h1>403" in app.get("/refuses", headers={"Accept": "text/html"}, status=403).text
    assert not caplog.records
    for path, says in (("/fails", "LookupError"), ("/short", "5 bytes before"), ("/wrong", "not dict")):
        failed = app.get(path, status=500)
        assert failed.content_type == "application/problem+json"
        assert "secret" not in failed.text
        [record] = caplog.records
        assert says in str(record.exc_text)
        caplog.clear()


def test_on_head_the_handler_is_called_and_its_stream_is_not_run(site: Make_) -> None:
    app, module = site("def GET(request):\n    told.append(request.method)\n"
                       "    return Response.stream(Source('a'), length=1)\n"
                       "def POST():\n    told.append('run')\n    yield ''\n")
    answer = exchange(validator(app), environ_of("HEAD", "/"))
    assert (answer.status, answer.headers["content-length"], answer.body) == (200, "1", b"")
    assert module.told == ["HEAD", "closed"]


def test_a_generator_handler_runs_nothing_on_head(site: Make_) -> None:
    app, module = site("def GET():\n    told.append('run')\n    yield 'a'\n    raise LookupError\n")
    for _ in range(2):
        assert exchange(app, environ_of("HEAD", "/")).status == 200
    assert module.told == []


def test_a_kept_stream_is_a_500_the_second_time_and_the_log_says_why(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    app = client({"route.py": "from fsroute import Response\n"
                              "KEPT = Response.stream(['a'])\n"
                              "def GET(): return KEPT\n"})
    assert app.get("/").body == b"a"
    for _ in range(2):
        app.get("/", status=500)
    assert "this stream was sent already: make a new Response for each request" in caplog.text


@pytest.mark.parametrize(("text", "says"), [
    ("import io\ndef GET(): return io.StringIO('a')",
     "open file (for its content: return Response.file(path))"),
    ("async def chunks(): yield b'a'\ndef GET(): return chunks()", "returned builtins.async_generator"),
    ("async def chunks(): yield b'a'\ndef GET(): return Response.stream(chunks())", "not async_generator"),
    ("def GET(): return Response(['a', 'b'])", "for other chunks: Response.stream(chunks)"),
    ("def GET(): return Response.stream('abc')", "a stream takes an iterable of chunks, not str"),
    ("def GET(): return Response.stream({'a': 1})", "not dict"),
    ("def GET(): return Response.events({'data': 1})", "not dict"),
])
def test_what_is_no_stream_is_a_500_and_the_log_says_what_to_do(
    text: str, says: str, site: Make_, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = site(text)
    assert exchange(app, environ_of("GET", "/")).status == 500
    assert says in str(caplog.records[0].exc_text)


def test_an_async_generator_is_a_fault_at_start(tree: Tree) -> None:
    with pytest.raises(TreeError, match="GET is an async generator"):
        App(tree({"route.py": "async def GET():\n    yield b'a'\n"}))


# how a body ends

@pytest.mark.parametrize(("method", "chunks", "told"), [
    ("GET", None, ["a", "b", "closed"]), ("GET", 1, ["a", "closed"]), ("GET", 0, ["a", "closed"]),
    ("HEAD", 0, ["closed"])])
def test_the_source_is_closed_once_whatever_the_client_does(
    method: str, chunks: int | None, told: list[str], site: Make_
) -> None:
    app, module = site("def GET(): return Source('a', 'b')\n")
    for _ in range(2):
        body = body_of(app, environ_of(method, "/"))
        for _ in itertools.islice(body, chunks):
            pass
        if hasattr(body, "close"):      # a host may do so twice
            body.close()
            body.close()
        assert module.told == told
        module.told.clear()


def test_an_error_after_the_first_byte_is_the_hosts_and_logged_once(
    site: Make_, caplog: pytest.LogCaptureFixture
) -> None:
    app, module = site("def GET(): return Source('a', HTTPError(404), 'b')\n")
    environ = environ_of("GET", "/")
    body = body_of(app, environ)
    chunks = iter(body)
    assert next(chunks) == b"a"
    with pytest.raises(Exception, match="Not Found") as caught:
        next(chunks)
    body.close()
    assert module.told == ["a", "closed"]
    assert len(caplog.records) == 1
    assert environ["fsroute.exception"] is caught.value


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt()"])
def test_what_is_no_exception_passes_on_after_the_source_is_closed(error: str, site: Make_) -> None:
    app, module = site(f"def GET(): return Source({error})\n")
    with pytest.raises((SystemExit, KeyboardInterrupt)):
        body_of(app, environ_of("GET", "/"))
    assert module.told == ["closed"]


def test_a_host_that_cannot_start_the_answer_leaves_nothing_open(site: Make_) -> None:
    """start_response raises where a host refuses a header, or finds that the client has left."""
    app, module = site("def GET(request):\n    request.after(told.append, 'after')\n    return Source('a')\n")

    def start_response(status: str, headers: Any, exc_info: Any = None, /) -> Any:
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        app(environ_of("GET", "/"), start_response)
    assert module.told == ["a", "closed", "after"]


def test_no_thread_makes_a_stream(site: Make_, monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", started.append)
    app, module = site("def GET():\n"
                       "    for _ in range(3):\n"
                       "        told.append(threading.active_count())\n"
                       "        yield 'a'\n"
                       "def POST():\n"
                       "    def news():\n        told.append(threading.active_count())\n        yield 'a'\n"
                       "    return Response.events(news())\n")
    before = threading.active_count()
    exchange(app, environ_of("GET", "/"))
    exchange(app, environ_of("POST", "/", b""))
    assert (module.told, started) == ([before] * 4, [])


# what comes after

UPLOAD = (b"--x\r\nContent-Disposition: form-data; name=\"doc\"; filename=\"a.txt\"\r\n\r\n" + b"a" * 100_000
          + b"\r\n--x--\r\n")
MULTIPART = {"CONTENT_TYPE": "multipart/form-data; boundary=x"}


def test_after_runs_when_the_body_is_closed_and_uploads_go_last(site: Make_) -> None:
    app, module = site("""
def POST(request):
    file = request.form().files["doc"].file
    def lines():
        try:
            yield "a"
            yield "b"
        finally:
            told.append(("closed", file.closed))
    request.after(lambda: told.append(("after", file.closed)))
    told.append(file)
    return Response.stream(lines())
""")
    for chunks in (5, 1):
        body = body_of(app, environ_of("POST", "/", UPLOAD, **MULTIPART))
        assert list(itertools.islice(body, chunks)) == [b"a", b"b"][:chunks]
        file = module.told[0]
        body.close()
        body.close()
        assert module.told[1:] == [("closed", False), ("after", False)]
        assert file.closed
        module.told.clear()


@pytest.mark.parametrize("text", [
    "def GET(request):\n    yield 'a'\n    request.after(told.append, 'after')\n    yield 'b'\n",
    "def GET(request):\n"
    "    def news():\n        yield 'a'\n        request.after(told.append, 'after')\n        yield 'b'\n"
    "    return Response.events(news())\n",
    "def GET(request):\n"
    "    def news():\n        request.after(told.append, 'after')\n        yield 'b'\n"
    "    return Response.events(news())\n",
    "def GET(request):\n    request.after(told.append, 'after')\n    yield 'a'\n    yield 'b'\n",
])
def test_a_stream_may_say_itself_what_comes_after_it(text: str, site: Make_) -> None:
    app, module = site(text)
    body = body_of(app, environ_of("GET", "/"))
    assert b"b" in b"".join(body)
    assert module.told == []
    body.close()
    assert module.told == ["after"]


def test_what_a_stream_uploads_while_it_is_sent_is_released_with_it(site: Make_) -> None:
    app, module = site("""
def POST(request):
    yield "a"
    file = request.form().files["doc"].file
    told.append(file)
    yield str(file.closed)
""")
    body = body_of(app, environ_of("POST", "/", UPLOAD, **MULTIPART))
    assert list(body) == [b"a", b"False"]
    body.close()
    [file] = module.told
    assert file.closed


def test_after_runs_when_the_stream_fails(site: Make_, caplog: pytest.LogCaptureFixture) -> None:
    app, module = site("""
def GET(request):
    request.after(told.append, 'after')
    return Source('a', ValueError('broken'))

def POST(request):
    request.after(told.append, 'after')
    return Source(ValueError())
""")
    body = body_of(app, environ_of("GET", "/"))
    with pytest.raises(ValueError, match="broken"):
        list(body)
    body.close()
    assert module.told == ["a", "closed", "after"]
    module.told.clear()
    assert exchange(app, environ_of("POST", "/", b"")).status == 500
    assert module.told == ["closed", "after"]


# over the wire

class Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Quiet."""


class Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""

    def get_stderr(self) -> Any:
        return io.StringIO()


@contextmanager
def served(app: App) -> Iterator[int]:
    """The port on which the app is served, validator between."""
    server = make_server("127.0.0.1", 0, validator(app), Server, Quiet)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def test_a_client_that_leaves_is_noticed_at_the_next_write(site: Make_) -> None:
    app, module = site("""
def GET(request):
    def news():
        try:
            while True:
                yield None
        finally:
            gone.set()
    return Response.events(news())

def POST(): return Source(*["x" * 1000] * 1_000_000)
""")
    with served(app) as port:
        for method in ("GET", "POST"):
            module.gone.clear()
            with socket.create_connection(("127.0.0.1", port)) as connection:
                connection.sendall(f"{method} / HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
                with connection.makefile("rb") as answer:
                    assert answer.readline().startswith(b"HTTP/1.0 200 OK")
                    while answer.readline() != b"\r\n":
                        pass
                    assert len(answer.read(4)) == 4     # more than the first comment: the source runs
            assert module.gone.wait(30)


def test_the_first_chunk_arrives_before_the_second_is_made(site: Make_) -> None:
    app, module = site("def GET():\n    yield 'a'\n    assert gone.wait(30)\n    yield 'b'\n")
    with served(app) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.read(1) == b"a"
        module.gone.set()
        assert answer.read() == b"b"
        connection.close()


@pytest.mark.parametrize("text", [
    "def GET(): return Response.stream(['abc'], length=10)\n",
    "def GET(): return Response.stream(Source('abc', ValueError()), length=10)\n",
])
def test_a_body_that_breaks_off_is_seen_to_by_the_client(
    text: str, site: Make_, caplog: pytest.LogCaptureFixture
) -> None:
    app, _ = site(text)
    with served(app) as port:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/")
        answer = connection.getresponse()
        assert answer.getheader("Content-Length") == "10"
        with pytest.raises(http.client.IncompleteRead) as caught:
            answer.read()
        assert caught.value.partial == b"abc"
        connection.close()


# redirects

def test_a_target_that_a_client_named_stays_on_the_site(client: Client) -> None:
    app = client({"route.py": "from fsroute import Response\n"
                              "def GET(request):\n"
                              "    return Response.redirect(request.query['next'], local=True)\n"})
    sent = app.get("/?next=/account%3Ftab%3Dorders", status=307)
    assert sent.headers["Location"].endswith("/account?tab=orders")
    for target in ("//evil.example", "/%5Cevil.example", "/%09/evil.example", "http:evil.example", "", "a"):
        refused = app.get(f"/?next={target}", status=400)
        assert "a path on this site" in refused.json["detail"]
        assert "evil" not in json.dumps(refused.json)


def test_a_page_is_sent_as_any_other_stream(make: Make) -> None:
    app = make({"page.html": "<h1>Hello</h1>"})
    for _ in range(2):
        answer = exchange(app, environ_of("GET", "/"))
        assert (answer.body, answer.headers["content-length"]) == (b"<h1>Hello</h1>", "14")

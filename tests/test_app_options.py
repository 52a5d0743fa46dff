"""What App(...) can be told, and what it tells: seen from outside."""

import asyncio
import json
from typing import Any
from wsgiref.validate import validator

import pytest

from fsroute import App, Request, Response, TreeError
from tests.conftest import Client, Make, Tree
from tests.exchange import environ_of, exchange

ECHO = "def GET(request): return {'path': request.path, 'route': request.route}\n"


# the final slash

@pytest.mark.parametrize(("mode", "own", "status"), [
    ("redirect", None, 308), ("ignore", None, 200), ("strict", None, 404),
    ("redirect", "ignore", 200), ("redirect", "strict", 404), ("ignore", "strict", 404),
    ("strict", "redirect", 308),
])
def test_a_final_slash_is_treated_as_the_route_says_else_the_app(
    make: Make, mode: str, own: str | None, status: int
) -> None:
    source = ECHO + (f"trailing_slash = {own!r}\n" if own else "")
    app = make({"hook/[id]/route.py": source, "route.py": ECHO}, trailing_slash=mode)
    environ = environ_of("GET", "/hook/7/")
    answer = exchange(validator(app), environ)
    assert answer.status == status
    assert environ["fsroute.route"] == (None if status == 404 else "/hook/[id]")
    if status == 200:
        assert json.loads(answer.body) == {"path": "/hook/7/", "route": "/hook/[id]"}
    assert exchange(app, environ_of("GET", "/hook/7")).status == 200
    assert exchange(app, environ_of("GET", "/hook/7//")).status == 404
    assert exchange(app, environ_of("GET", "/")).status == 200
    assert exchange(app, environ_of("POST", "/hook/7/")).status == {200: 405}.get(status, status)


def test_a_pages_slash_is_the_apps(make: Make) -> None:
    app = make({"about/page.html": "<p>"}, trailing_slash="ignore")
    assert exchange(app, environ_of("GET", "/about/")).body == b"<p>"


# methods

def test_methods_can_be_added(make: Make) -> None:
    app = make({"route.py": "def QUERY(request): return {'method': request.method}\n"},
               methods=("QUERY", "PROPFIND"))
    assert exchange(app, environ_of("QUERY", "/")).body == b'{"method":"QUERY"}'
    assert exchange(app, environ_of("PROPFIND", "/")).headers["allow"] == "OPTIONS, QUERY"
    assert exchange(app, environ_of("OPTIONS", "*")).headers["allow"].endswith("POST, PROPFIND, PUT, QUERY")


def test_a_method_that_was_not_added_is_no_handler(tree: Tree) -> None:
    with pytest.raises(TreeError, match="there is no handler in it"):
        App(tree({"route.py": "def QUERY(request): ...\n"}))


# max_body

def test_the_limit_of_a_route_is_its_own_else_the_apps(make: Make) -> None:
    size = "def POST(request): return {'size': len(request.bytes())}\n"
    app = make({"small/route.py": "max_body = 3\n" + size, "large/route.py": "max_body = None\n" + size,
                "route.py": size}, max_body=10)
    for target, length, status in (("/small", 3, 200), ("/small", 4, 413), ("/large", 2**21, 200),
                                   ("/", 10, 200), ("/", 11, 413)):
        answer = exchange(app, environ_of("POST", target, b"x" * length))
        assert answer.status == status, (target, length)
        if status == 413:
            assert json.loads(answer.body)["max_body"] == length - 1


@pytest.mark.parametrize("source", ["max_body = '1 MB'", "trailing_slash = True"])
def test_what_a_route_may_not_set_is_a_fault_at_start(tree: Tree, source: str) -> None:
    with pytest.raises(TreeError, match=source.split()[0] + " is .*; correct it, or leave it out"):
        App(tree({"route.py": ECHO + source}))


# hosts and proxies

def test_hosts_names_who_is_answered(make: Make) -> None:
    app = make({"route.py": ECHO}, hosts=["example.com", "*.example.com"])
    for host, status in (("example.com", 200), ("Example.com:8000", 200), ("a.example.com", 200),
                         ("evil.org", 400), (None, 400), ("example.com", 200)):
        for _ in range(2):
            assert exchange(app, environ_of("GET", "/", HTTP_HOST=host)).status == status, host
    assert exchange(app, environ_of("OPTIONS", "*", HTTP_HOST="evil.org")).status == 400


def test_proxies_say_how_many_words_count(make: Make) -> None:
    source = "def GET(request): return [request.client, request.scheme, request.host, request.url]\n"
    app = make({"route.py": source}, proxies={"for": 1, "proto": 1, "host": 1},
               hosts=["inner", "shop.example"])
    environ = environ_of("GET", "/", HTTP_HOST="inner", REMOTE_ADDR="10.0.0.1",
                         HTTP_X_FORWARDED_FOR="6.6.6.6, 1.2.3.4", HTTP_X_FORWARDED_PROTO="https",
                         HTTP_X_FORWARDED_HOST="shop.example")
    told = json.loads(exchange(app, environ).body)
    assert told == ["1.2.3.4", "https", "shop.example", "https://shop.example/"]
    environ = environ_of("GET", "/", HTTP_HOST="inner", HTTP_X_FORWARDED_HOST="evil.org")
    assert exchange(app, environ).status == 400


# url_for and match

USER = """
def GET(request, id: int):
    return [request.url_for("/api/users/[id]", id=id + 1),
            request.url_for("/api/users/[id]", id="é", absolute=True)]
"""
FILES = {"api/users/[id]/route.py": USER, "api/users/me/route.py": ECHO, "files/[...path]/route.py": ECHO,
         "page.html": "<p>"}


def test_a_url_is_made_from_a_pattern_and_values(make: Make) -> None:
    app = make(FILES)
    assert app.url_for("/api/users/[id]", id=42) == "/api/users/42"
    assert app.url_for("/api/users/[id]", id="a b?#é") == "/api/users/a%20b%3F%23%C3%A9"
    assert app.url_for("/files/[...path]", path=["a", "b c"]) == "/files/a/b%20c"
    assert app.url_for("/") == "/"
    answer = exchange(app, environ_of("GET", "/api/users/1", SCRIPT_NAME="/mnt"))
    assert json.loads(answer.body) == ["/mnt/api/users/2", "http://localhost/mnt/api/users/%C3%A9"]


def test_a_url_that_cannot_be_made_says_why(make: Make) -> None:
    app = make(FILES)
    with pytest.raises(LookupError, match=r"no route has the pattern '/nope'; there are /, /api/users"):
        app.url_for("/nope")
    with pytest.raises(ValueError, match=r"\[id\] takes a value"):
        app.url_for("/api/users/[id]", id="a/b")


@pytest.mark.parametrize(("method", "path", "status", "pattern", "handler", "params"), [
    ("GET", "/api/users/42", 200, "/api/users/[id]", "GET", {"id": "42"}),
    ("HEAD", "/api/users/me", 200, "/api/users/me", "GET", {}),
    ("OPTIONS", "/api/users/42", 204, "/api/users/[id]", None, {"id": "42"}),
    ("POST", "/api/users/42", 405, "/api/users/[id]", None, {"id": "42"}),
    ("GET", "/api/users/42/", 308, "/api/users/[id]", None, {"id": "42"}),
    ("GET", "/files/a/b%20c", 200, "/files/[...path]", "GET", {"path": ["a", "b c"]}),
    ("GET", "/", 200, "/", "GET", {}),
    ("GET", "", 200, "/", "GET", {}),
    ("GET", "/nope", 404, None, None, {}),
    ("GET", "/%FF", 400, None, None, {}),
    ("GET", "x", 400, None, None, {}),
    ("OPTIONS", "*", 204, None, None, {}),
])
def test_match_says_what_the_app_would_choose(
    make: Make, method: str, path: str, status: int, pattern: str | None, handler: str | None,
    params: dict[str, Any],
) -> None:
    app = make(FILES)
    told = app.match(method, path)
    assert (told.status, told.route.pattern if told.route else None, told.handler, told.params) == (
        status, pattern, handler, params)
    answered = exchange(app, environ_of(method, path))
    assert answered.status == status


def test_match_names_the_file_and_why_the_others_were_passed_over(make: Make) -> None:
    told = str(make(FILES).match("GET", "/api/users/me"))
    assert told.startswith("200 /api/users/me\n  GET in /")
    assert "not /api/users/[id]: segment 3: the literal me comes before [id]" in told


# fallback

def hello(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """A WSGI app that tells what it was given."""
    ours = sorted(key for key in environ if key.startswith("fsroute"))
    body = json.dumps([environ["PATH_INFO"], ours]).encode()
    start_response("200 OK", [("Content-Type", "application/json"), ("Content-Length", str(len(body)))])
    return [body]


@pytest.mark.parametrize(("method", "target", "taken"), [
    ("GET", "/old", True), ("POST", "/old/x/", True), ("GET", "/api", True), ("GET", "//", True),
    ("GET", "/é", True),
    ("GET", "/api/users/me", False), ("POST", "/api/users/me", False), ("GET", "/api/users/me/", False),
    ("GET", "/api/users/x", False), ("GET", "/%FF", False), ("OPTIONS", "*", False), ("GET", "x", False),
])
def test_a_fallback_takes_what_would_be_a_miss_and_nothing_else(
    make: Make, method: str, target: str, taken: bool
) -> None:
    environ = environ_of(method, target, HTTP_HOST="localhost")
    before = dict(environ)
    answer = exchange(make(FILES, fallback=hello), environ)
    assert (answer.body[:1] == b"[" and answer.status == 200 and b"fsroute" not in answer.body) is taken
    assert not taken or environ == before


def test_a_fallback_does_not_answer_a_host_that_is_none(make: Make) -> None:
    assert exchange(make(FILES, fallback=hello), environ_of("GET", "/old", HTTP_HOST="a/b")).status == 400


def test_a_flask_app_is_adopted_a_folder_at_a_time_and_can_hold_one(make: Make) -> None:
    from flask import Flask
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    flask = Flask("flask_site")
    flask.add_url_rule("/old", view_func=lambda: "from flask")
    app = make(FILES, fallback=flask)
    assert exchange(app, environ_of("GET", "/old")).body == b"from flask"
    assert exchange(app, environ_of("GET", "/api/users/me")).status == 200

    both = DispatcherMiddleware(flask, {"/new": make(FILES)})
    answer = exchange(both, environ_of("GET", "/new/api/users/1"))
    assert json.loads(answer.body)[0] == "/new/api/users/2"
    assert exchange(both, environ_of("GET", "/new")).body == b"<p>"
    assert exchange(both, environ_of("GET", "/new/api/users/me/")).headers["location"] == "/new/api/users/me"
    assert exchange(both, environ_of("GET", "/old")).body == b"from flask"


def test_a_django_app_is_adopted_a_folder_at_a_time_and_can_hold_one(make: Make) -> None:
    import django
    from django.conf import settings
    from django.core.handlers.wsgi import WSGIHandler
    from django.http import HttpResponse
    from django.urls import path
    from werkzeug.middleware.dispatcher import DispatcherMiddleware

    urls = [path("old", lambda request: HttpResponse("from django"))]
    settings.configure(ROOT_URLCONF=tuple(urls), ALLOWED_HOSTS=["localhost"], SECRET_KEY="test")
    django.setup(set_prefix=False)

    def django_says(app: Any) -> bytes:     # it sends no Content-Length, so the lint would complain
        return b"".join(app(environ_of("GET", "/old"), lambda *given: None))

    app = make(FILES, fallback=WSGIHandler())
    assert django_says(app) == b"from django"
    assert exchange(app, environ_of("GET", "/api/users/me")).status == 200
    both = DispatcherMiddleware(WSGIHandler(), {"/new": make(FILES)})
    assert json.loads(exchange(both, environ_of("GET", "/new/api/users/1")).body)[0] == "/new/api/users/2"
    assert django_says(both) == b"from django"


# after and state

def test_what_is_left_for_afterwards_runs_when_the_host_closes_the_answer(make: Make, caplog: Any) -> None:
    app = make({"route.py": """
RAN = []
def broken(): raise LookupError("in after")
def GET(request):
    request.after(RAN.append, 1)
    request.after(broken)
    request.after(RAN.append, 2)
    return {"ran": list(RAN)}
def POST(request):
    request.after(RAN.append, 3)
    raise KeyError("in the handler")
"""})
    started: list[Any] = []
    body: Any = app(environ_of("GET", "/"), lambda *given: started.append(given))
    assert b"".join(body) == b'{"ran":[]}'
    ran = __import__("sys").modules[f"{app.routes[0].file.split('/')[-2]}.route"].RAN
    assert ran == []
    body.close()
    assert ran == [1, 2]
    body.close()
    assert ran == [1, 2]
    assert "in after" in caplog.text
    assert exchange(app, environ_of("POST", "/")).status == 500
    assert ran == [1, 2, 3]


def test_an_answer_with_something_left_for_afterwards_keeps_the_hosts_rules(client: Client) -> None:
    app = client({"route.py": "def GET(request):\n    request.after(list)\n    return {'a': 1}\n"})
    assert app.get("/").json == {"a": 1}
    assert app.head("/").body == b""


@pytest.mark.parametrize("function", ["print", None, asyncio.sleep])
def test_what_is_no_plain_function_cannot_be_left_for_afterwards(function: Any) -> None:
    with pytest.raises(TypeError, match=r"after\(\) takes a plain function"):
        Request.build().after(function)


def test_what_is_left_by_what_was_left_runs_too(make: Make) -> None:
    app = make({"route.py": """
RAN = []
def GET(request):
    request.after(request.after, RAN.append, 1)
    return RAN
"""})
    assert exchange(app, environ_of("GET", "/")).body == b"[]"
    assert exchange(app, environ_of("GET", "/")).body == b"[1]"


def test_state_is_the_requests_own() -> None:
    one, other = Request.build(), Request.build()
    one.state.user = "Ann"
    assert one.state.user == "Ann"
    assert not hasattr(other.state, "user")


# Request.build

def test_a_request_made_by_hand_is_a_request() -> None:
    request = Request.build("POST", "/api/users/%C3%A9?a=1&a=2", json={"name": "é"}, headers={"X-A": "b"},
                            params={"id": "é"}, environ={"REMOTE_ADDR": "1.2.3.4"})
    assert (request.method, request.path, request.params) == ("POST", "/api/users/é", {"id": "é"})
    assert request.query.getall("a") == ["1", "2"]
    assert request.headers["X-A"] == "b"
    assert request.json() == {"name": "é"}
    assert request.client == "1.2.3.4"
    assert request.url == "http://localhost/api/users/%C3%A9?a=1&a=2"
    assert request.route is None


@pytest.mark.parametrize(("options", "body", "kind"), [
    ({"body": "text"}, b"text", ""), ({"body": b"\xff"}, b"\xff", ""), ({}, b"", ""),
    ({"json": None}, b"null", "application/json"),
    ({"json": [], "headers": [("Content-Type", "application/vnd.x+json")]}, b"[]", "application/vnd.x+json"),
])
def test_a_body_made_by_hand_can_be_read(options: dict[str, Any], body: bytes, kind: str) -> None:
    request = Request.build("PUT", **options)
    assert request.bytes() == body
    assert request.content_type == kind


def test_headers_that_repeat_are_joined_as_hosts_do() -> None:
    request = Request.build(headers=[("Cookie", "a=1"), ("X-A", "1"), ("cookie", "b=2"), ("x-a", "2")])
    assert (request.headers["Cookie"], request.headers["X-A"]) == ("a=1; b=2", "1,2")


def test_a_request_made_by_hand_may_name_its_host() -> None:
    request = Request.build("GET", "https://example.com:8443/x?y")
    assert (request.scheme, request.host, request.url) == (
        "https", "example.com:8443", "https://example.com:8443/x?y")


def test_a_request_made_by_hand_calls_a_handler() -> None:
    def GET(request: Request, id: int) -> Response:
        return Response.json({"id": id, "q": request.query.get("q")})

    assert GET(Request.build("GET", "/x?q=1"), id=7).body == b'{"id":7,"q":"1"}'


def test_a_client_prefers_what_its_accept_header_says() -> None:
    request = Request.build(headers={"Accept": "text/html;q=0.5, application/json"})
    assert request.prefers("text/html", "application/json") == "application/json"
    assert Request.build().prefers("text/html", "application/json") == "text/html"
    with pytest.raises(TypeError, match="media types"):
        request.prefers()

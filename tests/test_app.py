"""The whole path of a request, from outside."""

import io
import json
import logging
import threading
from typing import Any
from urllib.parse import quote
from wsgiref.validate import validator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsroute import App, TreeError
from tests.conftest import Client, Make, Tree, write_files
from tests.exchange import environ_of, exchange

ECHO = """
from fsroute import HTTPError, Response

def GET(request, params):
    return {"route": request.route, "params": params, "path": request.path, "url": request.url,
            "query": request.query.items()}

def POST(request):
    return {"json": request.json()}

def PUT(request):
    return {"length": len(request.bytes())}

def PATCH(request):
    raise HTTPError(409, "Taken", headers={"Retry-After": "5"}, field="email")

def DELETE(request):
    return Response.empty()
"""
FILES = {"api/echo/route.py": ECHO, "api/users/[id]/route.py": ECHO, "page.html": "<h1>Hello</h1>"}


def test_a_json_handler_a_page_and_a_miss_answer_side_by_side(client: Client) -> None:
    app = client(FILES)
    assert app.get("/api/users/42?a=1&a=2").json == {
        "route": "/api/users/[id]", "params": {"id": "42"}, "path": "/api/users/42",
        "url": "http://localhost/api/users/42?a=1&a=2", "query": [["a", "1"], ["a", "2"]]}
    assert app.get("/").text == "<h1>Hello</h1>"
    missed = app.get("/nope", status=404)
    assert missed.content_type == "application/problem+json"
    assert missed.json == {"title": "Not Found", "status": 404, "detail": "No route matches this path"}


def test_head_has_the_headers_of_get_and_no_body(client: Client) -> None:
    app = client(FILES)
    for path, status in (("/api/echo", 200), ("/", 200), ("/nope", 404), ("/api/echo/", 308)):
        got, head = app.get(path, status=status), app.head(path, status=status)
        assert head.headers == got.headers
        assert head.body == b""


def test_a_page_is_sent_once_and_then_not_modified(client: Client) -> None:
    app = client(FILES)
    first = app.get("/")
    assert first.content_type == "text/html"
    again = app.get("/", headers={"If-None-Match": first.headers["ETag"]}, status=304)
    assert again.headers["ETag"] == first.headers["ETag"]
    assert again.body == b""
    assert app.get("/", headers={"If-None-Match": '"other"'}).body == first.body
    assert app.post("/", status=405).headers["Allow"] == "GET, HEAD, OPTIONS"


def test_an_error_a_handler_raises_is_the_answer(client: Client) -> None:
    answer = client(FILES).patch("/api/echo", status=409)
    assert answer.json == {"title": "Conflict", "status": 409, "detail": "Taken", "field": "email"}
    assert answer.headers["Retry-After"] == "5"


def test_a_client_that_prefers_html_gets_a_page(client: Client) -> None:
    answer = client(FILES).get("/<script>", headers={"Accept": "text/html,*/*;q=0.8"}, status=404)
    assert answer.content_type == "text/html"
    assert "<h1>404 Not Found</h1>" in answer.text
    assert "script" not in answer.text


def test_what_a_handler_raises_is_logged_once_and_leaks_nothing(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    app = client({"[name]/route.py": "def GET(request):\n    raise LookupError('a secret\\nERROR forged')\n"})
    answer = app.get("/a%0Ab", status=500)
    assert "secret" not in answer.text
    assert "LookupError" not in answer.text
    assert "route.py" not in answer.text
    [record] = caplog.records
    assert (record.name, record.levelname) == ("fsroute", "ERROR")
    assert record.getMessage() == "GET /a\\nb (route /[name]): LookupError"
    assert "a secret\\nERROR forged" in caplog.text
    assert record.exc_info is not None
    assert record.exc_info[0] is LookupError
    assert app.get("/again", status=500).json["status"] == 500      # and the process goes on


def test_the_exception_is_left_in_the_environ_for_whoever_wraps_the_app(make: Make) -> None:
    environ = environ_of("GET", "/")
    logging.getLogger("fsroute").disabled = True
    try:
        exchange(make({"route.py": "def GET(): 1 / 0"}), environ)
    finally:
        logging.getLogger("fsroute").disabled = False
    assert isinstance(environ["fsroute.exception"], ZeroDivisionError)


@pytest.mark.parametrize("error", ["SystemExit(3)", "KeyboardInterrupt()"])
def test_what_is_no_exception_passes_on_to_the_host(make: Make, error: str) -> None:
    app = make({"route.py": f"def GET(): raise {error}"})
    with pytest.raises((SystemExit, KeyboardInterrupt)):
        exchange(app, environ_of("GET", "/"))


JSON_CASES: list[tuple[bytes, int, str]] = [
    (b'{"a": 1}', 200, ""),
    (b"null", 200, ""),
    (b'"\\ud800"', 200, ""),
    (b"[" * 200 + b"]" * 200, 200, ""),
    (b"", 400, "empty"),
    (b"{", 400, "line 1, column 2"),
    (b'{"a": 1}\n x', 400, "line 2, column 2: Extra data"),
    (b"[" * 201 + b"]" * 201, 400, "column 201: More than 200 levels"),
    (b"[" * 500_000, 400, "More than 200 levels"),
    (b'{"a":' * 100_000, 400, "More than 200 levels"),
    (b"NaN", 400, "line 1, column 1"),
    (b'["NaN", -Infinity]', 400, "column 9"),
    (b"1e400", 400, "too large"),
    (b"9" * 5_000, 400, "too large"),
    (b'"\xff"', 400, "byte 1"),
    (b'\xef\xbb\xbf{}', 400, "line 1, column 1"),
    (b'"\x01"', 400, "Invalid control character"),
    (b" " * 2**20 + b"1", 413, "1048576"),
]


@pytest.mark.parametrize(("body", "status", "says"), JSON_CASES,
                         ids=[repr(case[0][:12]) for case in JSON_CASES])
def test_a_json_body_is_read_or_refused_by_place(make: Make, body: bytes, status: int, says: str) -> None:
    answer = exchange(validator(make(FILES)), environ_of("POST", "/api/echo", body))
    assert answer.status == status
    if status == 200:
        assert json.loads(answer.body)["json"] == json.loads(body)
    else:
        assert says in json.loads(answer.body)["detail"]


@pytest.mark.parametrize(("changes", "status"), [
    ({}, 200),
    ({"CONTENT_TYPE": "application/vnd.api+json; charset=zlib"}, 200),
    ({"CONTENT_TYPE": "Application/JSON"}, 200),
    ({"CONTENT_TYPE": None}, 415),
    ({"CONTENT_TYPE": "text/plain"}, 415),
    ({"CONTENT_TYPE": "application/x-www-form-urlencoded"}, 415),
    ({"HTTP_CONTENT_ENCODING": "gzip"}, 415),
    ({"HTTP_CONTENT_ENCODING": "identity"}, 200),
    ({"CONTENT_LENGTH": "9"}, 400),             # one more than there is
    ({"CONTENT_LENGTH": "-1"}, 400),
    ({"CONTENT_LENGTH": "+8"}, 400),
    ({"CONTENT_LENGTH": "1_0"}, 400),
    ({"CONTENT_LENGTH": "٨"}, 400),
    ({"CONTENT_LENGTH": "8" * 20}, 400),
    ({"CONTENT_LENGTH": "8" * 19}, 413),
    ({"CONTENT_LENGTH": None}, 400),            # no length: no body, so an empty one
    ({"CONTENT_LENGTH": None, "wsgi.input_terminated": True}, 200),
    ({"CONTENT_LENGTH": None, "wsgi.input_terminated": True, "HTTP_TRANSFER_ENCODING": "chunked"}, 200),
    ({"CONTENT_LENGTH": None, "HTTP_TRANSFER_ENCODING": "chunked"}, 411),
    ({"HTTP_TRANSFER_ENCODING": "chunked"}, 400),
])
def test_framing_and_type_of_a_body_are_judged(make: Make, changes: dict[str, Any], status: int) -> None:
    environ = environ_of("POST", "/api/echo", b'{"a": 1}', **changes)
    assert exchange(make(FILES), environ).status == status


def test_the_limit_on_a_body_is_the_apps_and_the_answer_names_it(make: Make) -> None:
    app = make(FILES, max_body=10)
    assert exchange(app, environ_of("PUT", "/api/echo", b"x" * 10)).status == 200
    answer = exchange(app, environ_of("PUT", "/api/echo", b"x" * 11))
    assert answer.status == 413
    assert json.loads(answer.body)["max_body"] == 10
    unlimited = make(FILES, max_body=None)
    assert exchange(unlimited, environ_of("PUT", "/api/echo", b"x" * 2**21)).status == 200


@pytest.mark.parametrize(("query", "status"), [
    ("a=1&b=&c&a=2", 200), ("a=%C3%A9", 200), ("a=\xc3\xa9", 200), ("a=%zz", 200), ("a=1;b=2", 200),
    ("&".join(["a=1"] * 1000), 200),
    ("&".join(["a=1"] * 1001), 400), ("a=%FF", 400), ("a=\xff", 400), ("a=\u20ac", 400),
])
def test_a_query_is_utf_8_and_bounded(make: Make, query: str, status: int) -> None:
    environ = environ_of("GET", "/api/echo", QUERY_STRING=query)
    assert exchange(make(FILES), environ).status == status


@pytest.mark.parametrize("host", [
    None, "localhost", "LOCALHOST:8000", "example.com", "a_b.internal", "127.0.0.1:1", "[::1]:8000"])
def test_a_host_that_is_one_is_served(make: Make, host: str | None) -> None:
    assert exchange(make(FILES), environ_of("GET", "/api/echo", HTTP_HOST=host)).status == 200


@pytest.mark.parametrize("host", [
    "", "x/admin?", "a b", "a@b", "a:b", "a:123456", "a:99999", "a,b", "[::1", "é", "a\n", "a:80\n",
    "\u20ac"])
def test_a_host_that_is_none_is_refused_before_anything_else(make: Make, host: str) -> None:
    app = make(FILES)
    for target in ("/api/echo", "/nope", "/%FF", "*"):
        environ = environ_of("GET", target, HTTP_HOST=host)
        assert exchange(app, environ).status == 400
        assert environ["fsroute.route"] is None


def test_a_thousand_names_for_the_host_do_not_fill_the_memory(make: Make) -> None:
    app = make(FILES)
    for number in range(1_000):
        assert exchange(app, environ_of("GET", "/", HTTP_HOST=f"host{number}.example")).status == 200
    assert len(app._hosts) <= 64


def test_under_a_prefix_paths_match_without_it_and_urls_carry_it(make: Make) -> None:
    app = make(FILES)
    answer = exchange(validator(app), environ_of("GET", "/api/echo?q=%20", SCRIPT_NAME="/sh\xc3\xb6p"))
    assert json.loads(answer.body)["url"] == "http://localhost/sh%C3%B6p/api/echo?q=%20"
    assert json.loads(answer.body)["path"] == "/api/echo"
    moved = exchange(app, environ_of("GET", "/api/echo/?q=%20", SCRIPT_NAME="/sh\xc3\xb6p"))
    assert moved.headers["location"] == "/sh%C3%B6p/api/echo?q=%20"


@pytest.mark.parametrize(("prefix", "path"), [
    ("/", "/api/echo/"), ("//evil.example", "/api/echo/"), ("\\\\evil.example", "/api/echo/"),
    ("", "/api/users/\\evil.example/"), ("", "/api/users/\r\nSet-Cookie: a=b/"),
    ("", "/api/users/\u00c3\u00a9/"),
])
def test_a_slash_redirect_stays_on_the_site(make: Make, prefix: str, path: str) -> None:
    environ = environ_of("GET", "", PATH_INFO=path, SCRIPT_NAME=prefix, QUERY_STRING="a=\r\nb")
    location = exchange(make(FILES), environ).headers["location"]
    assert location.startswith("/")
    assert not location.startswith("//")
    assert "\\" not in location
    assert location.isascii()
    assert location.isprintable()


def test_an_answer_is_nobody_elses(make: Make) -> None:
    """What a host or a wrapper does to the lists of one answer does not show in the next."""
    app = make(FILES)
    for target in ("/api/echo", "/nope", "/", "/api/echo/"):
        for method in ("GET", "HEAD", "OPTIONS", "FOO"):
            seen: list[Any] = []

            def spoil(status: str, headers: list[tuple[str, str]], seen: list[Any] = seen) -> None:
                seen.append((status, list(headers)))
                headers.append(("X-Spoilt", "1"))

            for _ in range(2):
                body = app(environ_of(method, target), spoil)
                seen.append(list(body))
                if isinstance(body, list):
                    body.append(b"spoilt")
                else:
                    assert target == "/"            # the page, which is read while it is sent
                    body.close()  # type: ignore[attr-defined]
            assert seen[:2] == seen[2:]


def test_a_kept_response_is_served_twice_alike(client: Client) -> None:
    app = client({"route.py": "from fsroute import Response\n"
                              "KEPT = Response.json([1], headers={'X-A': '1'})\n"
                              "def GET(): return KEPT\n"})
    first, second = app.get("/"), app.get("/")
    assert first.headers == second.headers
    assert first.body == second.body


def test_threads_get_their_own_answers(make: Make) -> None:
    app = make(FILES)
    wrong: list[object] = []

    def ask(thread: int) -> None:
        for number in range(200):
            name = f"{thread}-{number}"
            answer = exchange(app, environ_of("GET", f"/api/users/{name}?n={name}"))
            value = json.loads(answer.body)
            if (value["params"], value["query"]) != ({"id": name}, [["n", name]]):
                wrong.append(value)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_routes_lists_what_answers(make: Make) -> None:
    app = make(FILES)
    assert [(route.pattern, route.methods, route.kind) for route in app.routes] == [
        ("/", ("GET",), "page"),
        ("/api/echo", ("DELETE", "GET", "PATCH", "POST", "PUT"), "route"),
        ("/api/users/[id]", ("DELETE", "GET", "PATCH", "POST", "PUT"), "route"),
    ]


# what runs around it, as the app tells

NOTES = """
def {name}(request, call_next):
    request.environ.setdefault("ran", []).append("{name}")
    return call_next(request)
middleware = {name}
"""
LAYERED = {
    "route.py": ECHO, "middleware.py": NOTES.format(name="root"), "users/[id]/route.py": ECHO,
    "users/[id]/middleware.py": NOTES.format(name="one"), "users/route.py": ECHO,
    "(g)/x/middleware.py": NOTES.format(name="gx"), "(g)/x/route.py": ECHO, "(h)/x/y/route.py": ECHO,
    "free/middleware.py": "inherit = False\n", "free/route.py": ECHO, "docs/[...path]/route.py": ECHO,
    "docs/[...path]/middleware.py": NOTES.format(name="docs"),
    "docs/in/middleware.py": NOTES.format(name="inner"),
    "shaped/error.py": "def error(request, exception): return None\n", "shaped/route.py": """
from fsroute import use
def owner(request, call_next): return call_next(request)
def staff(request, call_next): return call_next(request)
@use(owner, staff)
def PUT(): ...
@use(staff)
def GET(): ...
def POST(): ...
"""}


def test_routes_tell_the_middleware_around_them_and_of_their_methods(make: Make) -> None:
    told = {route.pattern: (route.chain, dict(route.used)) for route in make(LAYERED).routes}
    assert told == {
        "/": (("root",), {}), "/users": (("root",), {}), "/users/[id]": (("root", "one"), {}),
        "/x": (("root", "gx"), {}), "/x/y": (("root",), {}), "/free": ((), {}),
        "/docs/[...path]": (("root", "docs"), {}),
        "/shaped": (("root",), {"PUT": ("owner", "staff"), "GET": ("staff",)})}


def test_routes_tell_what_a_catch_all_leaves_out(make: Make) -> None:
    app = make(LAYERED)
    told = {route.pattern: route.left_out for route in app.routes if route.left_out}
    [(pattern, [folder])] = told.items()
    assert (pattern, folder.rpartition("/docs/")[2]) == ("/docs/[...path]", "in")


def test_misses_tell_the_places_where_another_chain_begins(make: Make) -> None:
    app = make(LAYERED)
    root = app.misses[0].folder
    assert [(miss.pattern, miss.folder.removeprefix(root), miss.chain) for miss in app.misses] == [
        ("/", "", ("root",)), ("/docs/in", "/docs/in", ("root", "inner")), ("/free", "/free", ()),
        ("/shaped", "/shaped", ("root",)), ("/users/[id]", "/users/[id]", ("root", "one"))]
    for miss in app.misses:
        target = miss.pattern.replace("[id]", "7").rstrip("/") + "//nope"     # below a catch-all too
        for _ in range(2):
            environ = environ_of("GET", target)
            assert exchange(app, environ).status == 404
            assert environ.get("ran", []) == [*miss.chain]
            assert environ["fsroute.route"] is None
        assert app.match("GET", target).chain == miss.chain


def test_a_miss_has_the_values_of_the_nearest_folder_that_holds_all_that_lead_there(make: Make) -> None:
    values = ("def middleware(request, call_next):\n"
              "    request.environ['values'] = [request.route, dict(request.params)]\n"
              "    return call_next(request)\n")
    app = make({"middleware.py": values, "users/[id]/(a)/x/route.py": ECHO,
                "users/[id]/(b)/x/y/route.py": ECHO,
                "shops/[shop]/route.py": ECHO, "shops/(g)/[name]/open/route.py": ECHO,
                "[lang]/route.py": ECHO})
    for target, params in {
        "/users/7/nope": {"id": "7"}, "/users/7/x/nope": {"id": "7"}, "/users/7/x/y/nope": {"id": "7"},
        "/shops/8/nope": {}, "/shops/8/open/nope": {"name": "8"}, "/shops": None, "/de/nope": {"lang": "de"},
        "/nope/nope/nope": {"lang": "nope"}, "//": {}, "/./x": {}, "/users/../x": {},
    }.items():
        environ = environ_of("GET", target)
        answer = exchange(app, environ)
        if params is None:                          # [lang] answers
            assert answer.status == 200
        else:
            assert (answer.status, environ["values"]) == (404, [None, params]), target


def test_an_app_without_middleware_and_error_files_has_no_misses_to_tell(make: Make) -> None:
    assert make(FILES).misses == ()
    assert [miss.chain for miss in make({**FILES, "error.py": LAYERED["shaped/error.py"]}).misses] == [()]
    inside = make({**FILES, "(g)/x/route.py": ECHO, "(g)/middleware.py": NOTES.format(name="g")})
    assert [(miss.pattern, miss.chain) for miss in inside.misses] == [("/", ()), ("/x", ("g",))]


SEEN = """
def middleware(request, call_next):
    request.environ["seen"] = [request.host, request.url, request.headers.get("Host"),
                               request.headers.get("X-Forwarded-Host"), request.path, dict(request.params),
                               request.route]
    return call_next(request)
"""


@pytest.mark.parametrize("target", ["/users/7", "/nope", "/%FF", "*", "/", "/users/7/"])
@pytest.mark.parametrize(("options", "host", "forwarded"), [
    ({}, "evil.example/", None),
    ({}, "a b", "evil.example"),
    ({}, "", "evil.example"),
    ({"hosts": ["good.example"]}, "evil.example", None),
    ({"hosts": ["good.example"]}, "evil.example", "good.example"),
    ({"hosts": ["good.example"]}, None, "good.example"),
    ({"hosts": ["good.example"], "proxies": {"host": 1}}, "good.example", "evil.example"),
    ({"hosts": ["good.example"], "proxies": {"host": 1}}, "evil.example", "good.example"),
    ({"hosts": ["good.example"], "proxies": {"host": 1}}, "evil.example", None),
    ({"proxies": {"host": 1}}, "good.example", "evil.example/"),
    ({"proxies": {"host": 1}}, "evil.example/", "good.example"),
])
def test_middleware_of_a_request_for_a_host_that_is_none_has_no_host_to_read(
    make: Make, options: dict[str, Any], host: str | None, forwarded: str | None, target: str
) -> None:
    app = make({"users/[id]/route.py": ECHO, "middleware.py": SEEN,
                "users/middleware.py": "1\ninherit = False\n"},
               **options)
    for _ in range(2):
        environ = environ_of("GET", target, HTTP_HOST=host, HTTP_X_FORWARDED_HOST=forwarded)
        assert exchange(app, environ).status == 400
        path = "/\ufffd" if target == "/%FF" else target
        url = "http://127.0.0.1:8000/" + {"*": "*", "/%FF": "%EF%BF%BD"}.get(target, target[1:])
        assert environ["seen"] == ["127.0.0.1:8000", url, None, None, path, {}, None]
        assert "evil" not in str([value for key, value in environ.items() if key.startswith("HTTP_")])


@pytest.mark.parametrize(("target", "path"), [
    ("/users/%FF", "/users/\ufffd"), ("/users/%00", "/users/\0"), ("users/7", "users/7"), ("*", "*"),
    ("/%C3%A9/%FF", "/é/\ufffd")])
def test_a_path_that_is_none_runs_the_roots_middleware_with_what_can_be_read_of_it(
    make: Make, target: str, path: str
) -> None:
    app = make({"users/[id]/route.py": ECHO, "middleware.py": SEEN,
                "users/middleware.py": NOTES.format(name="users")})
    for method in ("GET", "HEAD", "POST"):
        environ = environ_of(method, target)
        assert exchange(app, environ).status == 400
        assert environ["seen"][4:] == [path, {}, None]
        assert "ran" not in environ


@pytest.mark.parametrize(("method", "target", "taken"), [
    ("GET", "/nope", True), ("POST", "/users/7/nope", True), ("GET", "//", True), ("GET", "/docs", True),
    ("OPTIONS", "/nope", True), ("GET", "/hook/", True), ("GET", "/é", True),
    ("GET", "/users/x", False), ("GET", "/users/7", False), ("PUT", "/users/7", False),
    ("GET", "/users/7/", False),
    ("OPTIONS", "/users/7", False), ("OPTIONS", "*", False), ("GET", "/%FF", False), ("HEAD", "/hook", False),
])
def test_a_fallback_runs_no_middleware_and_no_error_file_and_all_else_does(
    make: Make, method: str, target: str, taken: bool
) -> None:
    def fallback(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("404 Not Found", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return [b"other"]

    app = make({"users/[id]/route.py": "def GET(id: int): return id\n", "hook/route.py": ECHO +
                "trailing_slash = 'strict'\n", "middleware.py": NOTES.format(name="root"),
                "error.py": "def error(request, exception): request.environ['asked'] = True\n"},
               fallback=fallback)
    for _ in range(2):
        environ = environ_of(method, target)
        before = {**environ}
        answer = exchange(app, environ, shaped=True)
        assert (answer.body == b"other") is taken
        if taken:
            assert environ == before
        else:
            assert environ["ran"] == ["root"]
            assert ("asked" in environ) is (answer.status >= 400)


def test_no_spelling_of_a_path_is_answered_without_the_middleware_of_its_folder(make: Make) -> None:
    guard = "from fsroute import HTTPError\ndef middleware(request, call_next): raise HTTPError(401)\n"
    app = make({"in/middleware.py": guard, "in/a/route.py": ECHO, "in/[id]/route.py": ECHO,
                "in/route.py": ECHO,
                "in/page/page.html": "<p>", "in/f/[...path]/route.py": ECHO, "in/(g)/b/route.py": ECHO,
                "in/é/route.py": ECHO, "route.py": ECHO, "[lang]/route.py": ECHO})
    inside = ["/in", "/in/", "/in/a", "/in/a/", "/in/%61", "/%69n/a", "/in/1", "/in/1/", "/in/page",
              "/in/f/x/y",
              "/in/f", "/in/f/", "/in/b", "/in/%C3%A9", "/in/e%CC%81", "/in//", "/in//a", "/in/a//",
              "/in/./a",
              "/in/../in/a", "/in/..", "/in/a/..", "/in/nope/nope", "/in/a%2Fb", "/in%2Fa", "/in/%2e%2e/x",
              "/in/a;x=1", "/in/a%3Fx", "/in/a?x=1", "/in/" + "x/" * 50_000, "/in" + "/" * 50_000,
              "/in/" + "../" * 30_000, "/in/" + "a" * 100_000]
    for target in inside:
        for method in ("GET", "HEAD", "POST", "OPTIONS", "FOO"):
            assert exchange(app, environ_of(method, target)).status == 401, target[:40]
    outside = {"/": 200, "/In": 200, "/in%20": 200, "/in.": 200, "/in%5Ca": 200, "/in;/a": 404, "//in/a": 404,
               "/./in/a": 404, "/x/../in/a": 404, "/.//in/a": 404, "/%2e/in/a": 404, "/IN/a": 404,
               "/in%00/a": 400, "in/a": 400, "/%FFin/a": 400, "/in/%FF": 400}
    for target, status in outside.items():
        answer = exchange(app, environ_of("GET", target))
        assert answer.status == status, target
        assert status != 200 or json.loads(answer.body)["route"] in ("/", "/[lang]")


def test_a_tree_that_is_not_there_is_one_clear_error(tmp_path: Any) -> None:
    with pytest.raises(TreeError, match="no such folder"):
        App(str(tmp_path / "nowhere"))


def test_every_fault_of_every_kind_is_in_one_report(tree: Tree) -> None:
    root = tree({
        "a/[user-id]/route.py": "def GET(): return {}",
        "b/route.py": "def get(): return {}",
        "c/route.py": "import nothing_of_that_name",
        "d/route.py": "def GET(request, limit): return {}",
        "e/[id]/route.py": "def GET(): return {}",
        "e/[slug]/route.py": "def GET(): return {}",
        "f/middleware.py": "",
        "f/route.py": "def GET(): return {}",
    })
    with pytest.raises(TreeError) as caught:
        App(root)
    report = str(caught.value)
    assert len(caught.value.faults) == 6
    for part in ("[user-id]", "get() is no handler", "nothing_of_that_name", "'limit'", "[slug]",
                 "middleware.py"):
        assert part in report
    for fault in caught.value.faults:
        assert fault.files
        assert fault.problem
        assert fault.mend


TEXT = st.text(st.characters(max_codepoint=0xFFFF, exclude_categories=[]), max_size=20)
KEYS = st.sampled_from([
    "REQUEST_METHOD", "PATH_INFO", "SCRIPT_NAME", "QUERY_STRING", "CONTENT_TYPE", "CONTENT_LENGTH",
    "HTTP_HOST", "HTTP_ACCEPT", "HTTP_TRANSFER_ENCODING", "HTTP_CONTENT_ENCODING", "HTTP_IF_NONE_MATCH",
    "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme", "HTTP_X_FORWARDED_HOST", "HTTP_COOKIE"])
VALUES = st.none() | TEXT | st.sampled_from(
    ["", "*", "/", "//", "a/", "/api/echo/", "\0", "\xff", "\ud800", "0", "-1"])


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> App:
    root = tmp_path_factory.mktemp("malformed") / "malformed_site"
    return App(write_files(root, FILES))


@settings(max_examples=1_000, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(method=st.sampled_from(["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO"]),
       target=st.sampled_from(["/", "/api/echo", "/api/users/1", "/api/echo/", "/nope"]),
       changes=st.dictionaries(KEYS, VALUES, max_size=4), body=st.none() | st.binary(max_size=50))
def test_nothing_but_an_answer_leaves_the_app_whatever_the_environ(
    app: App, method: str, target: str, changes: dict[str, str | None], body: bytes | None
) -> None:
    environ = environ_of(method, target, body)
    for key, value in changes.items():
        if value is None:
            environ.pop(key, None)
        else:
            environ[key] = value
    assert exchange(app, environ).status != 500


@settings(max_examples=300, deadline=None)
@given(name=st.text(min_size=1, max_size=30).filter(lambda text: text not in (".", "..") and "/" not in text
                                                    and "\0" not in text and "\\" not in text))
def test_a_value_arrives_as_it_was_sent(app: App, name: str) -> None:
    try:
        target = "/api/users/" + quote(name, safe="")
    except UnicodeEncodeError:      # a lone surrogate cannot be sent
        return
    answer = exchange(validator(app), environ_of("GET", target))
    assert json.loads(answer.body)["params"] == {"id": name}


def test_a_long_path_is_a_miss_like_any_other(app: App) -> None:
    for path in ("/" + "a" * 100_000, "/a" * 50_000, "/api/users" + "/" * 50_000,
                 "/api/users/" + "../" * 30_000):
        assert exchange(app, environ_of("GET", path)).status == 404


def test_a_body_nobody_asks_for_is_not_read(app: App) -> None:
    class Untouchable(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise AssertionError("it was read")

    for method, target in (("GET", "/api/echo"), ("DELETE", "/api/echo"), ("POST", "/nope"),
                           ("FOO", "/api/echo")):
        environ = environ_of(method, target, b"{}")
        environ["wsgi.input"] = Untouchable()
        assert exchange(app, environ).status in (200, 204, 404, 405)

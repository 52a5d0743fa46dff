"""App(openapi=...): where the document is, what stands around it, when it is made."""

import json
import threading
from collections import UserDict
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import quote
from wsgiref.validate import validator

import pytest

from fsroute import App, TreeError, openapi
from tests.conftest import Make, Tree
from tests.exchange import Answer, environ_of, exchange
from tests.servers import until

ECHO = "def GET(request): return {'route': request.route}\n"
TAGGED = """
def middleware(request, call_next):
    response = call_next(request)
    response.headers["X-Layers"] = "{name}" + response.headers.get("X-Layers", "")
    return response
"""
CLOSED = """
from fsroute import HTTPError
def middleware(request, call_next):
    raise HTTPError(401)
"""
FILES = {"route.py": ECHO, "api/users/[id]/route.py": ECHO}


def get(app: App, target: str = "/openapi.json", method: str = "GET", **more: Any) -> Answer:
    return exchange(validator(app), environ_of(method, target, **more))


def layer(name: str) -> str:
    return TAGGED.replace("{name}", name)


# where it is

@pytest.mark.parametrize(("given", "path"), [
    ("/openapi.json", "/openapi.json"), ("/api/openapi.json", "/api/openapi.json"), ("/a/b/c", "/a/b/c"),
    ({"path": "/api/openapi.json"}, "/api/openapi.json"), (MappingProxyType({"path": "/o"}), "/o"),
    (UserDict({"path": "/o", "info": {}}), "/o"), ("/a b", "/a b"), ("/é", "/é"), ("/[x].json", "/[x].json"),
    ("/%41", "/%41"), ("/.well-known/openapi", "/.well-known/openapi"), ("/...", "/..."),
    ("/users/new", "/users/new"),
])
def test_it_is_answered_under_its_name_and_no_other(make: Make, given: Any, path: str) -> None:
    app = make(FILES, openapi=given)
    for _ in range(2):
        answer = get(app, quote(path))
        assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
        assert json.loads(answer.body) == app.openapi()
    for other in {path + "x", path[:-1], path.upper(), "/" + path} - {path, "/"}:
        assert get(app, quote(other)).status == 404
    [route] = [route for route in app.routes if route.kind == "document"]
    assert get(app, app.url_for(route.pattern)).status == 200


def test_without_it_there_is_none_but_for_who_asks_the_app(make: Make) -> None:
    app = make(FILES)
    assert get(app).status == 404
    assert [route.kind for route in app.routes] == ["route", "route"]
    assert set(app.openapi()["paths"]) == {"/", "/api/users/{id}"}


@pytest.mark.parametrize(("given", "kind", "message"), [
    (5, TypeError, "openapi is a path: openapi=\"/api/openapi.json\""),
    (True, TypeError, "openapi is a path"),
    (b"/o", TypeError, "openapi is a path"), (["/o"], TypeError, "openapi is a path"),
    ({}, TypeError, "openapi is a path"),
    ({"info": {}}, TypeError, "openapi is a path"), ({"path": None}, TypeError, "openapi is a path"),
    ({"path": Path("/o")}, TypeError, "openapi is a path"),
    ("", ValueError, "openapi is the path of a file, not ''"), ("/", ValueError, "not '/'"),
    ("openapi.json", ValueError, "not 'openapi.json'"),
    ("api/openapi.json", ValueError, "not 'api/openapi.json'"),
    ("/api/", ValueError, "not '/api/'"), ("//o", ValueError, "not '//o'"),
    ("/a//o", ValueError, "not '/a//o'"),
    ("/./o", ValueError, "not '/./o'"), ("/a/../o", ValueError, "not '/a/../o'"),
    ("/..", ValueError, "not '/..'"),
    ("/a\n", ValueError, "is the path of a file, not "), ("/\0", ValueError, "is the path of a file, not "),
    ("/\ud800", ValueError, "is the path of a file, not "), ("http://x/o", ValueError, "not 'http://x/o'"),
    ({"path": "/o", "info": object()}, TypeError, "openapi: builtins.object has no JSON form"),
    ({"path": "/o", "info": "Shop"}, TypeError, "openapi: info is a mapping, not str"),
    ({"path": "/o", "components": []}, TypeError, "openapi: components is a mapping, not list"),
    ({"path": "/o", "paths": None}, TypeError, "openapi: paths is a mapping, not NoneType"),
    ({"path": "/o", "components": {"schemas": "x"}}, TypeError, "openapi: schemas is a mapping, not str"),
    ({"path": "/o", "info": {"title": object()}}, TypeError, "openapi: "),
    ({"path": "/o", "x-limit": float("nan")}, TypeError, "openapi: "),
])
def test_what_is_no_path_or_no_json_is_refused_with_the_option_named(
    tree: Tree, given: Any, kind: type[Exception], message: str
) -> None:
    with pytest.raises(kind) as caught:
        App(tree(FILES), openapi=given)
    assert message in str(caught.value)
    assert str(caught.value).startswith("openapi")


def test_a_value_that_holds_itself_is_refused(tree: Tree) -> None:
    loop: dict[str, Any] = {"path": "/o", "info": {}}
    loop["info"]["x-self"] = loop["info"]
    with pytest.raises(TypeError, match=r"^openapi: "):
        App(tree(FILES), openapi=loop)


def test_what_else_is_given_is_in_it(make: Make) -> None:
    given = {"path": "/o", "info": {"title": "Shop", "version": "3"},
             "servers": [{"url": "https://shop.example"}],
             "security": [{"basic": []}],
             "components": {"securitySchemes": {"basic": {"type": "http", "scheme": "basic"}}}}
    app = make(FILES, openapi=given)
    made = json.loads(get(app, "/o").body)
    assert made["info"] == {"title": "Shop", "version": "3"}
    assert (made["servers"], made["security"]) == (given["servers"], given["security"])
    assert made["components"]["securitySchemes"] == {"basic": {"type": "http", "scheme": "basic"}}
    assert "path" not in made
    assert "/o" not in made["paths"]


def test_what_else_is_given_is_copied_in_the_types_of_json(make: Make) -> None:
    given = {"path": "/o", "info": {"version": Decimal("1.20"), "x-built": date(2026, 1, 31)},
             "tags": ({"name": "a"},)}
    app = make(FILES, openapi=given)
    given["info"] = {"version": "changed"}
    made = app.openapi()
    assert (made["info"]["version"], made["info"]["x-built"]) == ("1.20", "2026-01-31")
    assert made["tags"] == [{"name": "a"}]
    made["info"]["version"] = "changed"
    assert json.loads(get(app, "/o").body)["info"]["version"] == "1.20"
    assert json.loads(json.dumps(app.openapi())) == json.loads(get(app, "/o").body)


# a leaf as a public file is

def test_other_methods_are_answered_as_everywhere(make: Make) -> None:
    app = make(FILES, openapi="/openapi.json")
    got, head = get(app), get(app, method="HEAD")
    assert (head.status, head.headers, head.body) == (200, got.headers, b"")
    assert got.headers["content-length"] == str(len(got.body))
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused = get(app, method=method)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    options = get(app, method="OPTIONS")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(("mode", "status"), [("redirect", 308), ("ignore", 200), ("strict", 404)])
def test_a_final_slash_is_treated_as_the_app_says(make: Make, mode: str, status: int) -> None:
    answer = get(make(FILES, openapi="/openapi.json", trailing_slash=mode), "/openapi.json/")
    assert answer.status == status
    if status == 308:
        assert answer.headers["location"] == "/openapi.json"


@pytest.mark.parametrize(("path", "layers"), [
    ("/o", "root "), ("/api/o", "root api "), ("/api/deep/o", "root api "), ("/nowhere/o", "root "),
    ("/api/users/o", "root api users "), ("/alone/o", "alone "),
])
def test_around_it_is_the_middleware_of_the_folder_that_its_url_leads_to(
    make: Make, path: str, layers: str
) -> None:
    app = make({"route.py": ECHO, "api/users/list/route.py": ECHO, "alone/x/route.py": ECHO,
                "middleware.py": layer("root "), "api/middleware.py": layer("api "),
                "api/users/middleware.py": layer("users "),
                "alone/middleware.py": layer("alone ") + "inherit = False"},
               openapi=path)
    for method in ("GET", "HEAD", "OPTIONS", "POST"):
        assert get(app, path, method).headers["x-layers"] == layers
    [route] = [route for route in app.routes if route.kind == "document"]
    assert len(route.chain) == len(layers.split())
    assert environ_route(app, path) == path


def environ_route(app: App, path: str) -> Any:
    environ = environ_of("GET", path)
    exchange(app, environ)
    return environ["fsroute.route"]


def test_a_closed_folder_closes_it_and_an_error_file_shapes_that(make: Make) -> None:
    app = make({"route.py": ECHO, "api/route.py": ECHO, "api/middleware.py": CLOSED,
                "api/error.py": "def error(request, exception): return {'shaped': exception.status}"},
                openapi="/api/o")
    answer = exchange(app, environ_of("GET", "/api/o"), shaped=True)
    assert (answer.status, answer.body) == (401, b'{"shaped":401}')


@pytest.mark.parametrize(("files", "path", "problem"), [
    ({"(g)/x/a/route.py": ECHO, "(g)/x/middleware.py": CLOSED, "x/b/route.py": ECHO}, "/x/o",
     "(g)/x has this URL too, under other middleware"),
    ({"[lang]/a/route.py": ECHO, "[lang]/middleware.py": CLOSED, "route.py": ECHO}, "/en/o",
     "[lang] has this URL too, under other middleware"),
])
def test_a_guard_that_it_would_stand_beside_is_a_fault(
    tree: Tree, files: dict[str, str], path: str, problem: str
) -> None:
    root = tree(files)
    with pytest.raises(TreeError) as caught:
        App(root, openapi=path)
    [fault] = caught.value.faults
    name = root.rpartition("/")[2]
    assert str(fault) == f"{name}: {name}/{problem}; give App(openapi=...) another path"


def test_a_guard_in_brackets_that_would_take_its_name_is_noted(make: Make) -> None:
    files = {"api/[id]/route.py": ECHO, "api/[id]/middleware.py": CLOSED, "other/[id]/route.py": ECHO}
    left_out = {path: next(route.left_out for route in make(files,
                                                            openapi=path).routes if route.kind == "document")
                for path in ("/api/o", "/other/o", "/o")}
    assert [[folder.partition("/api/")[2] for folder in left_out[path]] for path in left_out] == [["[id]"],
                                                                                                  [], []]
    assert get(make(files, openapi="/api/o"), "/api/o").status == 200


@pytest.mark.parametrize(("file", "text", "path"), [
    ("api/route.py", ECHO, "/api"), ("api/page.html", "<p>", "/api"), ("(g)/api/route.py", ECHO, "/api"),
    ("../public/api/o.json", "{}", "/api/o.json"),
])
def test_what_else_answers_its_url_is_a_fault(tree: Tree, file: str, text: str, path: str) -> None:
    base = tree({"app/route.py": ECHO, f"app/{file}" if not file.startswith("..") else file[3:]: text})
    with pytest.raises(TreeError) as caught:
        App(f"{base}/app", package=base.rpartition("/")[2], openapi=path)
    [fault] = caught.value.faults
    shown = {fault_file.rpartition("app/")[2] for fault_file in fault.files}
    assert (fault.problem, fault.mend) == (f"both answer {path}", "give App(openapi=...) another path"), shown
    assert len(fault.files) == 2


def test_a_catch_all_and_brackets_come_after_it(make: Make) -> None:
    app = make({"[...rest]/route.py": ECHO, "api/[id]/route.py": ECHO}, openapi="/api/openapi.json")
    assert "openapi" in json.loads(get(app, "/api/openapi.json").body)
    assert json.loads(get(app, "/api/other.json").body) == {"route": "/api/[id]"}
    assert json.loads(get(app, "/x").body) == {"route": "/[...rest]"}
    assert get(app, "/api/openapi.json", "POST").status == 405


def test_hidden_routes_pages_public_files_and_itself_are_not_in_it(tree: Tree) -> None:
    base = tree({"app/route.py": ECHO, "app/secret/route.py": "hidden = True\n" + ECHO,
                 "app/p/page.html": "<p>",
                 "app/shown/route.py": "hidden = False\n" + ECHO, "public/a.css": "a {}"})
    app = App(f"{base}/app", package=base.rpartition("/")[2], openapi="/o")
    assert set(json.loads(get(app, "/o").body)["paths"]) == {"/", "/shown"}
    assert get(app, "/secret").status == 200


# when it is made

def test_where_the_app_is_mounted_is_its_server(make: Make) -> None:
    app = make(FILES, openapi="/o")
    assert "servers" not in json.loads(get(app, "/o").body)
    for prefix, url in (("/shop", "/shop"), ("/a b/\xc3\xa9", "/a%20b/%C3%A9"), ("/shop", "/shop")):
        mounted = json.loads(get(app, "/o", SCRIPT_NAME=prefix).body)
        assert mounted.pop("servers") == [{"url": url}]
        assert mounted == json.loads(get(app, "/o").body)
    own = make(FILES, openapi={"path": "/o", "servers": [{"url": "https://x"}]})
    assert json.loads(get(own, "/o", SCRIPT_NAME="/shop").body)["servers"] == [{"url": "https://x"}]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The titles of the documents that were made."""
    made: list[str] = []
    real = openapi.document

    def document(routes: Any, *, title: str, **more: Any) -> dict[str, Any]:
        made.append(title)
        return real(routes, title=title, **more)

    monkeypatch.setattr(openapi, "document", document)
    return made


def test_it_is_made_at_the_first_request_for_it_and_kept(make: Make, counted: list[str]) -> None:
    app = make(FILES, openapi="/o")
    get(app, "/")
    get(app, "/o", "POST")
    assert counted == []
    bodies = {get(app, "/o").body for _ in range(3)}
    assert (len(bodies), len(counted)) == (1, 1)
    app.openapi()["paths"].clear()
    assert {get(app, "/o").body} == bodies


def test_two_apps_have_a_document_each(make: Make) -> None:
    first, second = make({"a/route.py": ECHO}, openapi="/o"), make({"b/route.py": ECHO}, openapi="/o")
    for _ in range(2):
        assert set(json.loads(get(first, "/o").body)["paths"]) == {"/a"}
        assert set(json.loads(get(second, "/o").body)["paths"]) == {"/b"}


def test_it_imports_what_a_lazy_app_has_left_for_later(make: Make) -> None:
    files = {"a/route.py": "def POST(*, q: int): return {}"}
    app = make(files, lazy=True, openapi="/o")
    assert json.loads(get(app, "/o").body)["paths"] == make(files).openapi()["paths"]


def test_an_import_that_fails_is_a_500_and_a_line_in_the_log_and_is_tried_again(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    app = make({"route.py": ECHO, "a/route.py": "import pathlib\n"
                "assert pathlib.Path(__file__).with_name('mended').exists(), 'told in the log'\n" + ECHO},
               lazy=True, openapi="/o")
    for _ in range(2):
        caplog.clear()
        answer = get(app, "/o")
        assert (answer.status, "told" in answer.text) == (500, False)
        assert "AssertionError: told in the log" in caplog.text
    assert get(app, "/").status == 200
    [file] = {route for route in app._table.resources if route.pattern == "/a"}
    Path(file.file).with_name("mended").touch()
    until(lambda: get(app, "/o").status == 200)         # a failure is kept for a second
    assert set(json.loads(get(app, "/o").body)["paths"]) == {"/", "/a"}


def test_what_failed_once_and_works_again_is_answered(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    app = make(FILES, openapi="/o")
    with monkeypatch.context() as patch:
        patch.setattr(openapi, "document", lambda *given, **named: 1 / 0)
        assert [get(app, "/o").status for _ in range(2)] == [500, 500]
    assert [get(app, "/o").status for _ in range(2)] == [200, 200]
    with monkeypatch.context() as patch:        # no part of what cannot be written is kept either
        fresh = make(FILES, openapi="/o")
        patch.setattr(openapi, "document", lambda *given, **named: {"a": object()})
        assert get(fresh, "/o").status == 500
    assert "paths" in json.loads(get(fresh, "/o", SCRIPT_NAME="/x").body)


def test_eight_threads_that_ask_first_all_get_the_whole(make: Make) -> None:
    app = make({f"r{number}/route.py": "def POST(*, q: int): return {}" for number in range(40)}, lazy=True,
               openapi="/o")
    barrier = threading.Barrier(8)

    def ask(number: int) -> bytes:
        barrier.wait(30)
        return exchange(app, environ_of("GET", "/o", SCRIPT_NAME="/x" if number % 2 else "")).body
    with ThreadPoolExecutor(8) as pool:
        bodies = list(pool.map(ask, range(8)))
    assert len({bodies[number] for number in range(0, 8, 2)}) == 1
    assert len({bodies[number] for number in range(1, 8, 2)}) == 1
    assert len(json.loads(bodies[0])["paths"]) == 40


def test_its_title_is_the_name_of_the_folder_around_the_app(tree: Tree) -> None:
    base = tree({"app/route.py": ECHO})
    made = App(f"{base}/app", package=base.rpartition("/")[2]).openapi()
    assert made["info"]["title"] == base.rpartition("/")[2]


def test_explanations_and_lists_of_routes_know_it(make: Make) -> None:
    app = make(FILES, openapi="/api/o")
    explained = str(app.match("GET", "/api/o"))
    assert "/api/o" in explained
    assert app.match("GET", "/api/o").status == 200
    assert app.match("POST", "/api/o").status == 405
    assert app.url_for("/api/o") == "/api/o"

"""App(lazy=True): each route file at the first request for its path."""

import gc
import json
import sys
import threading
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from fsroute import App, Request, TreeError
from fsroute.routing.folders import Folder
from tests.conftest import Make, Tree
from tests.exchange import environ_of, exchange

ECHO = """
COUNT = globals().get("COUNT", 0) + 1
max_body = 3
def GET(request): return {"route": request.route, "path": request.path}
def POST(request): return {"size": len(request.bytes())}
"""


def module_of(app: App, name: str) -> Any:
    return sys.modules.get(f"{Path(next(iter(app._table.resources)).file).parents[1].name}.{name}")


@pytest.mark.parametrize(("method", "target", "status"), [
    ("GET", "/a", 200), ("HEAD", "/a", 200), ("POST", "/a", 200), ("PUT", "/a", 405), ("OPTIONS", "/a", 204),
    ("FOO", "/a", 405), ("GET", "/a/", 308), ("HEAD", "/a/", 308)])
def test_a_file_is_imported_by_the_first_request_for_its_path_whatever_its_method(
    make: Make, method: str, target: str, status: int
) -> None:
    app = make({"a/route.py": ECHO, "b/route.py": ECHO}, lazy=True)
    assert module_of(app, "a.route") is None
    assert exchange(app, environ_of("GET", "/nope")).status == 404
    assert module_of(app, "a.route") is None
    first = exchange(validator(app) if method != "FOO" else app, environ_of(method, target))
    assert first.status == status
    assert module_of(app, "a.route").COUNT == 1
    assert module_of(app, "b.route") is None
    eager = exchange(make({"a/route.py": ECHO}), environ_of(method, target))
    again = exchange(app, environ_of(method, target))
    assert (first.headers, first.body) == (again.headers, again.body) == (eager.headers, eager.body)


def test_a_routes_own_settings_count_from_the_first_request_on(make: Make) -> None:
    app = make({"a/route.py": ECHO + "trailing_slash = 'ignore'\n",
                "b/route.py": ECHO + "trailing_slash = 'strict'\n"}, lazy=True)
    assert exchange(app, environ_of("POST", "/a", b"four")).status == 413
    assert exchange(app, environ_of("GET", "/a/")).status == 200
    assert exchange(app, environ_of("GET", "/b/")).status == 404


def test_a_request_that_was_on_its_way_when_another_filled_the_route_has_the_routes_limit(make: Make) -> None:
    app = make({"a/route.py": ECHO}, lazy=True)
    resource = next(iter(app._table.resources.values()))
    early = Request(environ_of("POST", "/a", b"four"), "/a", {}, resource.settings)
    resource.filled()
    assert resource.endpoints["POST"](early)[0].startswith("413")


def test_whoever_looks_on_while_a_route_is_filled_finds_nothing_half_of_it(make: Make) -> None:
    """Another thread looks up the table, then what refuses; it may have the table in hand already."""
    class Watched(dict[str, Any]):
        def update(self, *given: Any, **named: Any) -> None:
            seen.append((resource.settings.max_body, resource.refuse == first, resource.slashed is not None))
            super().update(*given, **named)
            seen.append((resource.settings.max_body, resource.refuse == first, resource.slashed is not None))

    app = make({"a/route.py": ECHO}, lazy=True)
    resource = next(iter(app._table.resources.values()))
    first = resource.refuse
    seen: list[tuple[int | None, bool, bool]] = []
    resource.endpoints = table = Watched(resource.endpoints)
    resource.filled()
    assert seen == [(3, True, True)] * 2        # who finds no handler yet fills the route, or waits for it
    assert {"GET", "POST"} <= table.keys()      # who finds one has the limit of its route
    assert resource.endpoints is table
    assert resource.refuse != first


@pytest.mark.parametrize("lazy", [False, True])
def test_an_app_keeps_nothing_of_its_folders(make: Make, lazy: bool) -> None:
    app = make({"middleware.py": "def middleware(request, call_next): return call_next(request)\n",
                "only_here/route.py": ECHO, "only_here/[id]/route.py": ECHO}, lazy=lazy)
    assert exchange(app, environ_of("GET", "/only_here")).status == 200
    gc.collect()
    kept = [each for each in gc.get_objects() if type(each) is Folder and each.name == "only_here"]
    assert kept == []
    assert exchange(app, environ_of("GET", "/only_here/nope")).status == 200


def test_a_file_that_cannot_be_imported_is_a_500_of_its_own_path_and_is_not_run_by_every_request(
    make: Make, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    runs = tmp_path / "runs"
    broken = f"with open({str(runs)!r}, 'a') as runs: runs.write('x')\n1 / 0\n"
    app = make({"a/route.py": broken, "b/route.py": ECHO}, lazy=True)
    for _ in range(3):
        for target in ("/a", "/a/"):
            answer = exchange(app, environ_of("GET", target))
            assert answer.status == 500
            assert b"ZeroDivision" not in answer.body
    assert runs.read_text() == "x"
    assert "ZeroDivisionError" in caplog.text
    assert exchange(app, environ_of("GET", "/b")).status == 200


def test_what_is_wrong_in_a_file_is_said_when_it_is_asked_for(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    app = make({"a/route.py": "def get(): ...\n"}, lazy=True)
    assert exchange(app, environ_of("GET", "/a")).status == 500
    assert "get() is no handler; rename it to GET" in caplog.text.replace("\\n", "\n")
    with pytest.raises(TreeError, match=r"get\(\) is no handler"):
        _ = app.routes


def test_what_was_wrong_and_is_mended_is_served_after_a_while(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = [0.0]
    monkeypatch.setattr("fsroute.handlers.loader.lazy.__defaults__", (lambda: now[0],))
    app = make({"a/route.py": "def get(): ...\n", "b/route.py": "1 / 0\n"}, lazy=True)
    for name in ("a", "b"):
        file = Path(next(iter(app._table.resources)).file).parents[1] / name / "route.py"
        assert exchange(app, environ_of("GET", f"/{name}")).status == 500
        file.write_text("def GET(): return {'mended': True}  # and longer, so that it is seen\n")
        assert exchange(app, environ_of("GET", f"/{name}")).status == 500
        now[0] += 1.1
        assert exchange(app, environ_of("GET", f"/{name}")).body == b'{"mended":true}'


def test_names_and_conflicts_are_said_at_start_all_the_same(tree: Tree) -> None:
    with pytest.raises(TreeError, match="2 faults"):
        App(tree({"[a-b]/route.py": ECHO, "x/[a]/route.py": ECHO, "x/[b]/route.py": ECHO}), lazy=True)


def test_routes_and_match_import_what_they_tell_of(make: Make) -> None:
    app = make({"a/route.py": ECHO, "b/route.py": ECHO}, lazy=True)
    assert app.match("PUT", "/a").status == 405
    assert module_of(app, "b.route") is None
    assert [route.methods for route in app.routes] == [("GET", "POST"), ("GET", "POST")]
    assert module_of(app, "b.route") is not None


def test_a_url_is_made_without_importing_anything(make: Make) -> None:
    app = make({"a/[id]/route.py": ECHO}, lazy=True)
    assert app.url_for("/a/[id]", id=1) == "/a/1"
    assert module_of(app, "a.[id].route") is None


def test_an_app_that_is_called_from_its_own_import_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    root = tmp_path / "calls_itself"
    (root / "a").mkdir(parents=True)
    (root / "a" / "route.py").write_text(
        "import calls_itself_app\nfrom tests.exchange import environ_of, exchange\n"
        "ANSWER = exchange(calls_itself_app.app, environ_of('GET', '/a')).status\n"
        "def GET(): return {'inner': ANSWER}\n")
    holder = type(sys)("calls_itself_app")
    sys.modules["calls_itself_app"] = holder
    vars(holder)["app"] = App(str(root), lazy=True)
    try:
        assert json.loads(exchange(vars(holder)["app"], environ_of("GET", "/a")).body) == {"inner": 500}
    finally:
        del sys.modules["calls_itself_app"]
    assert "its import calls or makes an app, which imports it" in caplog.text


def test_many_first_requests_at_once_import_once_and_all_get_their_answer(make: Make) -> None:
    slow = "import time; time.sleep(0.05)\n"
    app = make({f"r{number}/route.py": slow + ECHO for number in range(4)}, lazy=True)
    statuses: list[int] = []
    start = threading.Barrier(16)

    def ask(number: int) -> None:
        start.wait()
        method = ("GET", "PUT", "HEAD", "OPTIONS")[number // 4]
        statuses.append(exchange(app, environ_of(method, f"/r{number % 4}")).status)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] * 8 + [204] * 4 + [405] * 4
    assert all(module_of(app, f"r{number}.route").COUNT == 1 for number in range(4))


# what runs around

GUARD = """
from fsroute import HTTPError
COUNT = globals().get("COUNT", 0) + 1
def guard(request, call_next):
    request.environ.setdefault("ran", []).append("guard")
    if request.headers.get("Authorization") is None:
        raise HTTPError(401)
    response = call_next(request)
    request.environ["ran"] += [response.status, type(response.exception).__name__]
    return response
middleware = guard
"""
SHAPES = "def error(request, exception): return {'shaped': type(exception).__name__}\n"


@pytest.mark.parametrize(("name", "text", "says"), [
    ("a/middleware.py", "1 / 0\n", "ZeroDivisionError"),
    ("middleware.py", "import nothing_of_that_name\n", "nothing_of_that_name"),
    ("a/middleware.py", "", "there is no middleware in it"),
    ("a/middleware.py", "middleware = 5\n", "is int, no function"),
    ("(g)/middleware.py", "inherit = 0\n", "inherit is 0"),
    ("a/error.py", "def (", "SyntaxError"),
    ("error.py", "", "there is no error in it"),
])
def test_what_is_wrong_with_middleware_and_error_files_is_said_at_start(
    tree: Tree, name: str, text: str, says: str
) -> None:
    with pytest.raises(TreeError, match=says):
        App(tree({"a/route.py": "1 / 0\n", "(g)/x/route.py": ECHO, name: text}), lazy=True)


def test_middleware_is_there_before_the_first_request_and_route_files_are_not(make: Make) -> None:
    app = make({"a/route.py": ECHO, "a/middleware.py": GUARD, "b/middleware.py": GUARD, "b/c/route.py": ECHO},
               lazy=True)
    for name in ("a", "b"):
        assert module_of(app, f"{name}.middleware").COUNT == 1
    assert module_of(app, "a.route") is None
    assert exchange(app, environ_of("GET", "/a/nope")).status == 401
    assert exchange(app, environ_of("GET", "/b")).status == 401
    assert module_of(app, "a.route") is None
    assert exchange(app, environ_of("GET", "/a", HTTP_AUTHORIZATION="x")).status == 200
    assert module_of(app, "a.route").COUNT == module_of(app, "a.middleware").COUNT == 1


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "OPTIONS", "FOO"])
@pytest.mark.parametrize("target", ["/in/a", "/in/a/"])
@pytest.mark.parametrize("broken", ["1 / 0\n", "def get(): ...\n"])
def test_a_file_that_cannot_be_made_is_a_500_inside_its_chain(
    make: Make, caplog: pytest.LogCaptureFixture, method: str, target: str, broken: str
) -> None:
    app = make({"in/a/route.py": broken, "in/middleware.py": GUARD, "in/error.py": SHAPES}, lazy=True)
    fault = "ZeroDivisionError" if broken[0] == "1" else "TreeError"
    for _ in range(2):
        environ = environ_of(method, target)
        refused = exchange(app, environ, shaped=True)
        assert (refused.status, environ["ran"]) == (401, ["guard"])     # a stranger learns nothing
        assert refused.body == (b"" if method == "HEAD" else b'{"shaped":"HTTPError"}')
        assert "fsroute.exception" not in environ
    assert caplog.records == []
    for _ in range(2):
        environ = environ_of(method, target, HTTP_AUTHORIZATION="x")
        answer = exchange(app, environ, shaped=True)
        assert (answer.status, environ["ran"]) == (500, ["guard", 500, fault])
        assert answer.body == (b"" if method == "HEAD" else b'{"shaped":"%s"}' % fault.encode())
        assert type(environ["fsroute.exception"]).__name__ == fault
        assert environ["fsroute.route"] == "/in/a"
    assert fault in caplog.text


def test_an_error_file_alone_shapes_the_failure_of_an_import(make: Make) -> None:
    app = make({"a/route.py": "1 / 0\n", "a/error.py": SHAPES, "b/route.py": "1 / 0\n"}, lazy=True)
    for _ in range(2):
        answer = exchange(app, environ_of("GET", "/a"), shaped=True)
        assert (answer.status, answer.body) == (500, b'{"shaped":"ZeroDivisionError"}')
        assert exchange(app, environ_of("GET", "/b")).status == 500


def test_a_mended_file_keeps_the_chain_it_had(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr("fsroute.handlers.loader.lazy.__defaults__", (lambda: now[0],))
    app = make({"a/route.py": "1 / 0\n", "a/middleware.py": GUARD}, lazy=True)
    file = Path(next(iter(app._table.resources)).file)
    assert exchange(app, environ_of("GET", "/a", HTTP_AUTHORIZATION="x")).status == 500
    file.write_text("def GET(): return {'mended': True}  # and longer, so that it is seen\n")
    now[0] += 1.1
    for _ in range(2):
        assert exchange(app, environ_of("GET", "/a")).status == 401
        assert exchange(app, environ_of("GET", "/a", HTTP_AUTHORIZATION="x")).body == b'{"mended":true}'
        assert exchange(app, environ_of("PUT", "/a")).status == 401
        assert exchange(app, environ_of("GET", "/a/")).status == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "FOO"])
@pytest.mark.parametrize("target", ["/in/a", "/in/a/", "/in/7", "/in/7/x", "/in", "/in/page", "/in/rest/a/b"])
def test_the_first_and_every_later_answer_passes_the_same_middleware_as_of_an_eager_app(
    make: Make, method: str, target: str
) -> None:
    used = """
from fsroute import use
def once(request, call_next):
    request.environ["ran"].append("once")
    return call_next(request)
@use(once)
def GET(request): return request.path
def POST(request): return request.path
@use(once)
def DELETE(): 1 / 0
"""
    files = {"in/a/route.py": used, "in/[id]/route.py": used, "in/middleware.py": GUARD,
             "in/page/page.html": "<p>",
             "in/rest/[...path]/route.py": used, "in/[id]/error.py": SHAPES}
    eager, lazily = make(files), make(files, lazy=True)

    def ask(app: App) -> tuple[object, ...]:
        environ = environ_of(method, target, HTTP_AUTHORIZATION="x")
        answer = exchange(app, environ, shaped=True)
        for field in ("last-modified", "etag"):
            answer.headers.pop(field, None)
        return answer, environ["ran"], environ["fsroute.route"]

    expected = ask(eager)
    assert ask(lazily) == ask(lazily) == ask(eager) == expected


@pytest.mark.parametrize(("size", "own", "status"), [
    (3, "3", 200), (4, "3", 413), (20, "30", 200), (31, "30", 413), (2_000, "None", 200)])
def test_the_first_middleware_reads_a_body_under_the_limit_of_the_route(
    make: Make, size: int, own: str, status: int
) -> None:
    reads = "def middleware(request, call_next):\n    request.bytes()\n    return call_next(request)\n"
    route = f"max_body = {own}\ndef POST(request): return {{'size': len(request.bytes())}}\n"
    app = make({"a/route.py": route, "middleware.py": reads}, lazy=True, max_body=10)
    for _ in range(2):
        assert exchange(app, environ_of("POST", "/a", b"x" * size)).status == status


def test_the_routes_of_a_lazy_app_have_their_chains_once_they_are_asked_for(make: Make) -> None:
    app = make({"a/route.py": ECHO, "a/middleware.py": GUARD, "b/route.py": ECHO}, lazy=True)
    assert [(route.pattern, route.chain) for route in app.routes] == [("/a", ("guard",)), ("/b", ())]
    assert [(miss.pattern, miss.chain) for miss in app.misses] == [("/", ()), ("/a", ("guard",))]

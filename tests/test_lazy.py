"""App(lazy=True): each route file at the first request for its path."""

import json
import sys
import threading
from pathlib import Path
from typing import Any
from wsgiref.validate import validator

import pytest

from fsroute import App, Request, TreeError
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

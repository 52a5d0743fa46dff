"""Promises of a whole app that no module keeps alone."""

import ast
import inspect
import io
import json
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

import fsroute
from fsroute import App, TreeError
from fsroute.handlers.exports import METHODS
from tests.conftest import Make, Tree
from tests.exchange import environ_of, exchange

ECHO = "def GET(request): return {'route': request.route, 'params': request.params}\n"
SPOILT = "raise RuntimeError('nobody asked for this file')\n"


def told(app: App, target: str) -> Any:
    answer = exchange(app, environ_of("GET", target))
    return json.loads(answer.body) if answer.status == 200 else answer.status


# the tree

def test_what_lies_beside_a_route_is_neither_served_nor_imported(make: Make) -> None:
    beside = ["helper.py", "test_route.py", "conftest.py", "notes.txt", "lib/db.py", "lib/index.html",
              "_own/route.py", ".git/route.py", "__pycache__/route.py", "route.pyc", "index.html"]
    app = make({"api/route.py": ECHO, **{f"api/{name}": SPOILT for name in beside}})
    assert [route.pattern for route in app.routes] == ["/api"]
    for name in beside:
        for target in (name, name.rpartition(".")[0], name.rpartition("/")[0]):
            assert not target or exchange(app, environ_of("GET", f"/api/{target}")).status == 404, target


def test_an_init_is_no_route(make: Make) -> None:
    app = make({"__init__.py": "GET = None\n", "x/__init__.py": "def GET(): ...\n", "x/y/route.py": ECHO})
    assert [route.pattern for route in app.routes] == ["/x/y"]
    assert (told(app, "/"), told(app, "/x")) == (404, 404)


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("kind", ["def", "async def"])
def test_each_method_is_a_function_of_its_name(make: Make, method: str, kind: str) -> None:
    app = make({"route.py": f"from fsroute import Response\n{kind} {method}():\n"
                            f"    return Response(headers={{'X-Ran': '{method}'}})\n"})
    assert exchange(app, environ_of(method, "/")).headers["x-ran"] == method
    other = "PUT" if method != "PUT" else "POST"
    assert exchange(app, environ_of(other, "/")).status == 405


def test_what_was_imported_or_is_no_function_is_no_near_miss(make: Make) -> None:
    helpers = "".join(f"def {name}(): ...\n" for name in ("get", "POSTS", "default", "TRACE"))
    app = make({"helpers.py": helpers, "route.py": """
from posixpath import join as put, split as DELET
from .helpers import POSTS, TRACE, default, get

class Settings: ...

patch = Settings()
options = [patch]
CONNECT = "a text"

def GET(): return {}
"""})
    assert app.routes[0].methods == ("GET",)


@pytest.mark.parametrize("name", ["query", "Query", "QUERRY"])
def test_a_near_miss_of_a_method_that_was_added_is_one_too(tree: Tree, name: str) -> None:
    with pytest.raises(TreeError, match=rf"{name}\(\) is no handler; rename it to QUERY"):
        App(tree({"route.py": f"def {name}(): ...\ndef GET(): ...\n"}), methods=["QUERY"])
    assert App(tree({"route.py": f"def {name}(): ...\ndef GET(): ...\n"})).routes


def test_a_report_carries_one_traceback_of_what_could_not_be_imported(tree: Tree) -> None:
    root = tree({"a/route.py": "def GET(): ...\n1 / 0\n", "b/route.py": "from .nowhere import x\n",
                 "c/[d-e]/route.py": ""})
    with pytest.raises(TreeError) as caught:
        App(root)
    assert len(caught.value.faults) == 3
    cause = caught.value.__cause__
    assert isinstance(cause, ZeroDivisionError | ModuleNotFoundError)
    assert cause.__traceback__ is not None
    assert cause.__traceback__.tb_frame.f_code.co_filename.startswith(f"{root}/")
    with pytest.raises(TreeError) as caught:
        App(tree({"[d-e]/route.py": ""}))
    assert caught.value.__cause__ is None


# matching

def test_what_does_not_convert_is_not_handed_to_a_less_specific_route(make: Make) -> None:
    typed = "def GET(request, id: int): return {'id': id}\n"
    app = make({"users/[id]/route.py": typed, "users/[...rest]/route.py": ECHO, "[[...all]]/route.py": ECHO,
                "[x]/me/route.py": ECHO})
    for target in ("/users/abc", "/users/me"):
        environ = environ_of("GET", target)
        answer = exchange(app, environ)
        assert (answer.status, environ["fsroute.route"]) == (404, "/users/[id]")
        assert "whole number" in json.loads(answer.body)["detail"]
    assert told(app, "/users/a/b") == {"route": "/users/[...rest]", "params": {"rest": ["a", "b"]}}


def test_a_missing_method_is_not_looked_for_on_a_less_specific_route(make: Make) -> None:
    both = ECHO + "def DELETE(): return {}\n"
    app = make({"a/b/route.py": ECHO, "a/[x]/route.py": both, "[...rest]/route.py": both})
    assert exchange(app, environ_of("DELETE", "/a/b")).headers["allow"] == "GET, HEAD, OPTIONS"
    assert exchange(app, environ_of("DELETE", "/a/c")).status == 200


@pytest.mark.parametrize(("target", "params"), [
    ("/one/a/", {"id": "a"}), ("/files/a/", {"path": ["a"]}), ("/files/a/b/", {"path": ["a", "b"]}),
    ("/docs/", {"path": []}), ("/docs/a/", {"path": ["a"]}), ("/", {}),
])
def test_a_final_slash_that_is_served_is_in_no_value(make: Make, target: str, params: dict[str, Any]) -> None:
    app = make({"route.py": ECHO, "one/[id]/route.py": ECHO, "files/[...path]/route.py": ECHO,
                "docs/[[...path]]/route.py": ECHO}, trailing_slash="ignore")
    assert told(app, target)["params"] == params
    assert told(app, f"{target}/") == 404


@pytest.mark.parametrize("target", [
    "/", "/page", "/nope", "/only_post", "/fails", "/refuses", "/page/", "/%FF", "*", "/typed/x"])
def test_head_is_get_without_its_body_whatever_the_answer(make: Make, target: str) -> None:
    app = make({
        "route.py": ECHO, "page/page.html": "<p>", "only_post/route.py": "def POST(): return {}\n",
        "typed/[id]/route.py": "def GET(id: int): return {}\n", "fails/route.py": "def GET(): 1 / 0\n",
        "refuses/route.py": "from fsroute import HTTPError\ndef GET(): raise HTTPError(409, 'Taken')\n"})
    got, head = exchange(app, environ_of("GET", target)), exchange(app, environ_of("HEAD", target))
    assert (head.status, head.headers, head.body) == (got.status, got.headers, b"")
    assert got.body or got.status == 308


def test_of_two_faults_of_a_request_the_host_is_said_first(make: Make) -> None:
    app = make({"route.py": ECHO})
    for target, details in (("/%FF", "Host"), ("x", "Host"), ("*", "Host"), ("/nope", "Host"), ("/", "Host")):
        answer = exchange(app, environ_of("GET", target, HTTP_HOST="a/b"))
        assert details in json.loads(answer.body)["detail"]


def test_nothing_is_remembered_for_a_path(make: Make) -> None:
    app = make({"route.py": ECHO, "[id]/route.py": ECHO, "[a]/x/[b]/route.py": ECHO,
                "f/[...rest]/route.py": ECHO})

    def ask(first: int) -> None:
        for number in range(first, first + 500):
            for path in ("/{}", "/{}/x/y", "/f/{}/y", "/{}/nope", "/{}/", "/é{}"):
                exchange(app, environ_of("GET", path.format(number)))

    ask(0)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        ask(1_000)
        grown = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert grown < 50_000, f"{grown} bytes for 3,000 paths"


def test_a_value_of_one_request_is_not_in_the_next(make: Make) -> None:
    app = make({"docs/[[...path]]/route.py": "def GET(request, params, path):\n    path.append('x')\n"
                                             "    params['y'] = 1\n    return params\n",
                "route.py": "def GET(params):\n    params['z'] = 1\n    return {'had': len(params)}\n"})
    for _ in range(2):
        assert told(app, "/docs") == {"path": ["x"], "y": 1}
        assert told(app, "/") == {"had": 1}


# handlers

@pytest.mark.parametrize(("kind", "text"), [
    ("int", "12"), ("int", "-10"), ("float", "12.34"), ("Decimal", "12.34"), ("bool", "1"),
    ("date", "2026-01-31"), ("datetime", "2026-01-31T12:34:56.789+01:00"),
    ("UUID", "01234567-89ab-cdef-0123-456789abcdef"),
])
def test_a_digit_of_another_alphabet_is_none_in_any_place(make: Make, kind: str, text: str) -> None:
    app = make({"[x]/route.py": "from datetime import date, datetime\nfrom decimal import Decimal\n"
                                f"from uuid import UUID\ndef GET(x: {kind}): return [str(x)]\n"})
    assert isinstance(told(app, f"/{text}"), list)
    for place, digit in enumerate(text):
        if digit.isdigit():
            for zero in "٠０":
                other = chr(ord(zero) + int(digit))
                assert told(app, f"/{text[:place]}{other}{text[place + 1:]}") == 404


@pytest.mark.parametrize("source", [
    "from collections import namedtuple\nT = namedtuple('T', 'status headers body')\n"
    "def GET(): return T(200, None, 'x')\n",
    "def GET():\n    with open(__file__, 'rb') as file:\n        return file\n",
    "import io\ndef GET(): return io.StringIO('x')\n",
    "def GET(): return (200, None, 'x', 'y')\n",
    "def GET(): return bytearray(b'x')\n",
    "def GET(): return 200, None, (200, None)\n",
])
def test_what_only_resembles_a_result_is_a_500_that_names_the_function(
    make: Make, source: str, caplog: pytest.LogCaptureFixture
) -> None:
    app = make({"route.py": source})
    assert exchange(app, environ_of("GET", "/")).status == 500
    assert f"GET in {Path(app.routes[0].file).parent.name}/route.py returned" in caplog.text


# lazy

@pytest.mark.parametrize(("method", "target", "status", "handler"), [
    ("GET", "/a", 200, "GET"), ("HEAD", "/a", 200, "GET"), ("OPTIONS", "/a", 200, "OPTIONS"),
    ("POST", "/a", 405, None), ("GET", "/a/", 404, None),
])
def test_match_says_of_a_file_that_was_left_for_later_what_is_in_it(
    make: Make, method: str, target: str, status: int, handler: str | None
) -> None:
    app = make({"a/route.py": ECHO + "def OPTIONS(): return {}\ntrailing_slash = 'strict'\n"}, lazy=True)
    explained = app.match(method, target)
    assert (explained.status, explained.handler) == (status, handler)
    assert exchange(app, environ_of(method, target)).status == status


# the app

def test_an_app_is_made_by_these_words() -> None:
    """What a user wrote once goes on working: a word may come, none may go or mean another thing."""
    words = {name: word for name, word in inspect.signature(App).parameters.items() if name != "root"}
    assert all(word.kind is inspect.Parameter.KEYWORD_ONLY for word in words.values())
    assert {name: word.default for name, word in words.items()}.items() >= {
        "package": None, "lazy": False, "methods": (), "max_body": 2**20, "hosts": None, "proxies": 0,
        "trailing_slash": "redirect", "fallback": None}.items()


def test_the_root_is_the_folder_app_beside_where_the_process_stands(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = Path(tree({"home/app/route.py": ECHO, "home/broken/nothing.txt": ""}))
    monkeypatch.chdir(root / "home")
    app = App(package=f"{root.name}_app")
    assert app.routes[0].file == f"{root}/home/app/route.py"
    with pytest.raises(TreeError) as caught:
        App("broken", package=f"{root.name}_broken")
    assert caught.value.root == f"{root}/home/broken"
    assert f"in {root}/home/broken" in str(caught.value)
    os.chdir("/")
    assert told(app, "/") == {"route": "/", "params": {}}


def test_requests_do_not_change_an_app(make: Make) -> None:
    app = make({"route.py": ECHO, "[id]/route.py": ECHO + "trailing_slash = 'ignore'\n",
                "x/page.html": "<p>"})
    matcher = app._match.__self__       # type: ignore[attr-defined]
    tables = (app._table.resources, app._patterns, matcher._static, matcher._final)

    def state() -> object:
        resources = [(resource.settings, resource.refuse, resource.slashed, dict(resource.endpoints))
                     for resource in app._table.resources.values()]
        return [*vars(app).items()], [dict(table) for table in tables], resources

    exchange(app, environ_of("GET", "/"))
    before = state()
    for method in (*METHODS, "FOO"):
        for target in ("/", "/7", "/7/", "/x/", "/é", "/nope/nope", "//", "/%FF", "*"):
            exchange(app, environ_of(method, target))
    assert state() == before


def test_a_fallback_is_handed_the_body_unread(make: Make) -> None:
    def reads(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
        return [body]

    class Counted(io.BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            return super().read(size)

    body = Counted(b"whole")
    environ = environ_of("POST", "/old", b"whole") | {"wsgi.input": body}
    answer = exchange(make({"route.py": ECHO}, fallback=reads), environ)
    assert (answer.body, body.reads) == (b"whole", 1)


def test_a_folder_claims_all_below_it_from_the_fallback(make: Make) -> None:
    def elsewhere(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "9")])
        return [b"elsewhere"]

    claim = "from fsroute import HTTPError\ndef GET(rest): raise HTTPError(404, 'Ours')\n"
    app = make({"api/[...rest]/route.py": claim}, fallback=elsewhere)
    assert exchange(app, environ_of("GET", "/api/x/y")).status == 404
    assert exchange(app, environ_of("POST", "/api/x/y")).status == 405
    assert exchange(app, environ_of("GET", "/api")).body == b"elsewhere"
    assert exchange(app, environ_of("GET", "/other")).body == b"elsewhere"


def test_the_pattern_is_in_the_environ_for_metrics(make: Make) -> None:
    app = make({"api/(group)/users/[id]/route.py": ECHO, "%5Bid%5D/page.html": "<p>"})
    for method, target, pattern in (
        ("GET", "/api/users/7", "/api/users/[id]"), ("POST", "/api/users/7", "/api/users/[id]"),
        ("OPTIONS", "/api/users/7", "/api/users/[id]"), ("GET", "/api/users/7/", "/api/users/[id]"),
        ("HEAD", "/[id]", "/%5Bid%5D"), ("GET", "/nope", None), ("OPTIONS", "*", None), ("GET", "/%FF", None),
    ):
        environ = environ_of(method, target)
        exchange(app, environ)
        assert environ["fsroute.route"] == pattern


# the command line

def test_a_module_beside_the_root_is_found_first_wherever_the_command_is_given(
    tree: Tree, tmp_path: Path
) -> None:
    root = tree({"app/route.py": "from shop_prices import GET\n", "shop_prices.py": "def GET(): return {}\n"})
    here = tmp_path / "here"
    here.mkdir()
    (here / "shop_prices.py").write_text(SPOILT)
    done = subprocess.run(
        [sys.executable, "-m", "fsroute", "routes", f"{root}/app"], cwd=here, capture_output=True, text=True,
        env={**os.environ, "PYTHONPATH": f"{here}:{Path(__file__).parents[1]}"}, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("GET  /  ")


def test_no_answer_is_guarded_by_what_python_leaves_out_when_it_optimises() -> None:
    sources = list(Path(fsroute.__file__).parent.rglob("*.py"))
    assert len(sources) > 30
    assert [file.name for file in sources for node in ast.walk(ast.parse(file.read_text("utf-8")))
            if isinstance(node, ast.Assert) or (isinstance(node, ast.Name) and node.id == "__debug__")] == []

"""The command line, as a person types it."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from fsroute import __version__
from tests.conftest import write_files

PROJECT = Path(__file__).parent.parent
FILES = {
    "app/page.html": "<h1>Hello</h1>",
    "app/api/users/route.py": "from app._lib.names import NAMES\ndef GET(): return NAMES\n"
                              "def POST(request): return request.json()\n",
    "app/api/users/[id]/route.py": "def GET(id: int): return {'id': id}\n"
                                   "def DELETE(): return (204, None, None)\n",
    "app/_lib/names.py": "NAMES = ['Ann']",
    "service.py": "import fsroute\nready = fsroute.App('app')\nnumber = 5\n",
    "broken/a/route.py": "def get(): ...",
    "wrong.py": "\n1 / 0",
    "torn.py": "def (",
    "lazily.py": "import fsroute\napp = fsroute.App('late', lazy=True)\n",
    "late/a/route.py": "1 / 0",
    "broken/b/route.py": "def POSTS(): ...",
}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_files(tmp_path, FILES)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-X", "dev", "-W", "error", "-m", "fsroute", *arguments]


def environment() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(PROJECT), "PYTHONDONTWRITEBYTECODE": "1"}


def fsroute(folder: Path, *arguments: str) -> tuple[int, str, str]:
    done = subprocess.run(command(*arguments), cwd=folder, env=environment(), capture_output=True, text=True,
                          timeout=30, check=False)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("app", [(), ("app",), ("./app/",), ("service:ready",)])
def test_routes_lists_methods_patterns_and_files(project: Path, app: tuple[str, ...]) -> None:
    assert fsroute(project, "routes", *app) == (0, (
        "GET         /                app/page.html\n"
        "GET POST    /api/users       app/api/users/route.py\n"
        "DELETE GET  /api/users/[id]  app/api/users/[id]/route.py\n"), "")


def test_routes_keeps_the_name_of_a_file_on_its_line(project: Path) -> None:
    (project / "public").mkdir()
    (project / "public" / "a\nb\u202e.txt").write_text("x")
    status, shown, _ = fsroute(project, "routes")
    assert status == 0
    assert "/a\\nb\\u202e.txt" in shown
    assert len(shown.splitlines()) == 4


# the middleware around it

LOGIN = """
def require_login(request, call_next): return call_next(request)
middleware = require_login
"""
STAFF = """
from functools import partial
def staff_only(role):
    def middleware(request, call_next): return call_next(request)
    return middleware
class Audit:
    def __call__(self, request, call_next): return call_next(request)
def limit(rate, request, call_next): return call_next(request)
middleware = [staff_only("admin"), Audit(), partial(limit, 5)]
"""
USING = """
from fsroute import use
def owner(request, call_next): return call_next(request)
def GET(): ...
def HEAD(): ...
@use(owner)
def PUT(): ...
@use(owner)
def DELETE(): ...
def POST(): ...
"""
GET = "def GET(): ...\n"
GUARDED = {
    "app/route.py": GET, "app/docs/[...path]/route.py": GET, "app/docs/in/middleware.py": LOGIN,
    "app/docs/in/route.py": GET,
    "app/users/middleware.py": LOGIN, "app/users/route.py": GET + "def POST(): ...\n",
    "app/users/[id]/route.py": USING, "app/users/admin/middleware.py": STAFF,
    "app/users/admin/page.html": "<p>",
    "public/a.css": "a {}", "public/users/b.css": "b {}",
    "shut.py": "import fsroute\napp = fsroute.App('shop_site', public=None)\n",
    "shop_site/route.py": GET, "shop_site/middleware.py": LOGIN,
    "shop_site/x/error.py": "def error(request, exception): ...\n",
    "shop_site/x/[...rest]/route.py": GET + "below = True\n", "shop_site/x/y/middleware.py": STAFF,
    "shop_site/x/y/route.py": GET,
    "shop_site/alone/middleware.py": LOGIN.replace("require_login", "lonely"),
}


@pytest.fixture
def guarded(tmp_path: Path) -> Path:
    return write_files(tmp_path, GUARDED)


def test_routes_lists_the_middleware_of_each_method_and_of_paths_without_a_route(guarded: Path) -> None:
    assert fsroute(guarded, "routes") == (0, (
        "GET            /                app/route.py\n"
        "GET            /a.css           public/a.css\n"
        "GET            /docs/[...path]  app/docs/[...path]/route.py\n"
        "GET            /docs/in         app/docs/in/route.py         require_login\n"
        "GET POST       /users           app/users/route.py           require_login\n"
        "DELETE PUT     /users/[id]      app/users/[id]/route.py      require_login, owner\n"
        "GET HEAD POST  /users/[id]      app/users/[id]/route.py      require_login\n"
        "GET            /users/admin     app/users/admin/page.html    require_login, staff_only, "
        "Audit, limit\n"
        "GET            /users/b.css     public/users/b.css           require_login\n"
        "no route       /                app\n"
        "no route       /docs/in         app/docs/in                  require_login\n"
        "no route       /users           app/users                    require_login\n"
        "no route       /users/admin     app/users/admin              require_login, staff_only, "
        "Audit, limit\n"
        "note: app/docs/[...path]/route.py answers below app/docs/in too, without its middleware\n"), "")


def test_routes_does_not_repeat_what_a_file_says_of_itself(guarded: Path) -> None:
    status, shown, complaint = fsroute(guarded, "routes", "shut:app")
    assert (status, complaint) == (0, "")
    assert "note:" not in shown
    assert re.search(r"^no route +/x +shop_site/x +require_login$", shown, re.MULTILINE)     # an error file


@pytest.mark.parametrize(("arguments", "status", "patterns"), [
    (("--without", "require_login"), 1, ["GET /", "GET /a.css", "GET /docs/[...path]"]),
    (("--without", "staff_only", "--methods", "POST"), 1, ["POST /users", "POST /users/[id]"]),
    (("--without", "owner", "--methods", "PUT,DELETE"), 0, []),
    (("--without", "owner", "--methods", "PUT, POST"), 1, ["POST /users", "POST /users/[id]"]),
    (("--without", "require_login", "--methods", "POST,PUT,PATCH"), 0, []),
    (("--without", "owner", "--methods", "PATCH"), 0, []),
    (("app", "--without", "Audit", "--methods", "DELETE"), 1, ["DELETE /users/[id]"]),
    (("shut:app", "--without", "require_login"), 0, []),
    (("shut:app", "--without", "lonely", "--methods", "GET"), 1, ["GET /", "GET /x/[...rest]", "GET /x/y"]),
    (("shut:app", "--without", "staff_only"), 1, ["GET /", "GET /x/[...rest]"]),
    (("--methods", "POST"), 0, ["POST /users", "POST /users/[id]"]),
    (("--without", "Audit", "--methods", "HEAD"), 1,     # the HEAD that was written is not GET's
     ["GET /", "GET /a.css", "GET /docs/[...path]", "GET /docs/in", "GET /users", "HEAD /users/[id]",
      "GET /users/b.css"]),
])
def test_routes_without_a_middleware_lists_what_it_does_not_run_for(
    guarded: Path, arguments: tuple[str, ...], status: int, patterns: list[str]
) -> None:
    code, shown, complaint = fsroute(guarded, "routes", *arguments)
    assert (code, complaint) == (status, "")
    rows = [line.split() for line in shown.splitlines() if not line.startswith(("no route", "note:"))]
    told = [" ".join(word for word in row if word.isupper() or word[0] == "/") for row in rows]
    assert told == patterns


@pytest.mark.parametrize("methods", ["HEAD", "GET", "GET,HEAD"])
def test_a_head_that_runs_get_is_asked_for_with_get(guarded: Path, methods: str) -> None:
    code, shown, _ = fsroute(guarded, "routes", "--without", "require_login", "--methods", methods)
    assert code == 1
    assert [line.split()[1] for line in shown.splitlines()] == ["/", "/a.css", "/docs/[...path]"]


@pytest.mark.parametrize(("arguments", "says"), [
    (("--without", "require_logn"),
     "fsroute: no middleware is called require_logn: "
     "there is Audit, limit, owner, require_login, staff_only\n"),
    (("--without", ""),
     "fsroute: no middleware is called : there is Audit, limit, owner, require_login, staff_only\n"),
    (("--without", "middleware"),
     "fsroute: no middleware is called middleware: "
     "there is Audit, limit, owner, require_login, staff_only\n"),
    (("shut:app", "--without", "owner"),
     "fsroute: no middleware is called owner: there is Audit, limit, lonely, require_login, staff_only\n"),
    (("--without", "owner", "--methods", "POTS"), "fsroute: no route has the method POTS\n"),
    (("--without", "owner", "--methods", "post,PUT"), "fsroute: no route has the method post\n"),
    (("--methods", ""), "fsroute: no route has the method \n"),
    (("--without", "owner", "--methods", "GET,"), "fsroute: no route has the method \n"),
])
def test_an_audit_for_what_nobody_is_called_is_wrong_usage(
    guarded: Path, arguments: tuple[str, ...], says: str
) -> None:
    assert fsroute(guarded, "routes", *arguments) == (2, "", says)


def test_an_audit_of_an_app_without_middleware_is_wrong_usage_too(project: Path) -> None:
    assert fsroute(project, "routes", "--without", "require_login") == (
        2, "", "fsroute: no middleware is called require_login: there is none at all\n")


def test_a_folder_elsewhere_is_served_with_its_parent_on_the_path(project: Path, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    status, shown, complaint = fsroute(tmp_path / "elsewhere", "routes", str(project / "app"))
    assert (status, complaint) == (0, "")
    assert "../app/api/users/route.py" in shown


@pytest.mark.parametrize(("arguments", "status", "says"), [
    (("routes", "broken"), 1, r"^fsroute: 2 faults in .*/broken\n.*rename it to GET,.*to POST,.*\n$"),
    (("dev", "broken"), 1, r"^fsroute: 2 faults in "),
    (("routes", "nowhere"), 1, r"^fsroute: 1 fault in .*/nowhere\n.*no such folder"),
    (("routes", "service.py"), 1, r"^fsroute: service\.py is a file: name the folder of routes, or an App"),
    (("routes", "service:number"), 1, r"^fsroute: service:number is no App but int\n$"),
    (("routes", "service:nothing"), 1, r"^fsroute: service:nothing: .*no attribute 'nothing'\n$"),
    (("routes", "nothing:app"), 1, r"^fsroute: nothing:app: ModuleNotFoundError: No module named.*\n$"),
    (("routes", "lazily:app"), 1, r"^fsroute: lazily:app: ZeroDivisionError: .* \(late/a/route\.py:1\)\n$"),
    (("routes", "service"), 1, r"^fsroute: service is a module: name the App in it, such as service:app\n$"),
    (("routes", "wrong:app"), 1, r"^fsroute: wrong:app: ZeroDivisionError: .* \(wrong\.py:2\)\n$"),
    (("routes", "torn:app"), 1, r"^fsroute: torn:app: SyntaxError: .*\(torn\.py, line 1\)\n$"),
    (("routes", ":app"), 1, r"^fsroute: :app: ValueError: Empty module name\n$"),
    ((), 2, "required: {dev,routes,openapi}"),
    (("fly",), 2, "invalid choice: 'fly'"),
    (("dev", "--port", "x"), 2, "invalid int value: 'x'"),
    (("dev", "--port", "70000"), 1, r"^fsroute: cannot listen on 127.0.0.1:70000: [^;]*$"),
    (("dev", "--host", "256.1.1.1"), 1, r"^fsroute: cannot listen on 256.1.1.1:8000: "),
])
def test_a_mistake_is_one_message_that_says_what_to_do(
    project: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    code, shown, complaint = fsroute(project, *arguments)
    assert (code, shown) == (status, "")
    assert re.search(says, complaint, re.DOTALL)
    assert "Traceback" not in complaint


def test_the_version_is_the_packages(project: Path) -> None:
    assert fsroute(project, "--version") == (0, f"fsroute {__version__}\n", "")


def test_a_busy_port_says_so_and_names_the_next(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        code, _, complaint = fsroute(project, "dev", "--port", str(port))
    assert code == 1
    assert f"127.0.0.1:{port}" in complaint
    assert f"--port {port + 1}" in complaint


@pytest.fixture
def served(project: Path) -> Iterator[tuple[subprocess.Popen[str], int]]:
    """A running dev server and its port."""
    # a shell lets what it runs in the background ignore interrupts, and so all that is started from there
    process = subprocess.Popen(command("dev", "--port", "0"), cwd=project, env=environment(), text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL))
    assert process.stdout is not None
    line = process.stdout.readline()
    found = re.fullmatch(r"fsroute: app on http://127\.0\.0\.1:(\d+)/ \(.*\)\n", line)
    assert found, line or process.communicate(timeout=5)[1]
    yield process, int(found[1])
    process.terminate()
    process.communicate(timeout=10)


def test_dev_serves_until_it_is_interrupted(served: tuple[subprocess.Popen[str], int]) -> None:
    process, port = served
    for method, path, body, status, answer in (
        ("GET", "/", None, 200, b"<h1>Hello</h1>"),
        ("GET", "/api/users", None, 200, b'["Ann"]'),
        ("GET", "/api/users/7", None, 200, b'{"id":7}'),
        ("HEAD", "/api/users/7", None, 200, b""),
        ("DELETE", "/api/users/7", None, 204, b""),
        ("POST", "/api/users", b'{"a": [1]}', 200, b'{"a":[1]}'),
        ("GET", "/api/users/7/", None, 308, b""),
    ):
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request(method, path, body, {"Content-Type": "application/json"} if body else {})
        got = connection.getresponse()
        assert (got.status, got.read()) == (status, answer), path
        if status == 204:
            assert got.headers["Content-Length"] is None
        connection.close()
    process.send_signal(signal.SIGINT)
    _, complaint = process.communicate(timeout=10)
    assert process.returncode == 0
    assert "Traceback" not in complaint
    assert '"GET /api/users/7 HTTP/1.1" 200 8' in complaint


def test_dev_tells_an_app_that_no_content_type_was_sent(served: tuple[subprocess.Popen[str], int]) -> None:
    _, port = served
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    connection.request("POST", "/api/users", b"{}")
    assert connection.getresponse().status == 415
    connection.close()


@pytest.mark.parametrize("headers", [
    b"X: a\r\n b", b"Host : x", b"Content-Length: 2\r\nContent-Length: 3", b"no colon"])
def test_dev_refuses_headers_that_servers_in_production_refuse(
    served: tuple[subprocess.Popen[str], int], headers: bytes
) -> None:
    _, port = served
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        connection.sendall(b"GET /api/users HTTP/1.1\r\nHost: localhost\r\n" + headers + b"\r\n\r\n")
        assert connection.recv(1_000).startswith(b"HTTP/1.0 400 ")


def test_dev_answers_one_client_while_another_dawdles(served: tuple[subprocess.Popen[str], int]) -> None:
    _, port = served
    with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
        slow.sendall(b"POST /api/users HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                     b"Content-Length: 2\r\n\r\n{")
        started = time.monotonic()
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        connection.request("GET", "/api/users")
        assert connection.getresponse().read() == b'["Ann"]'
        connection.close()
        assert time.monotonic() - started < 5
        slow.sendall(b"}")
        assert slow.recv(1_000).startswith(b"HTTP/1.0 200 OK")


# the document

API = {
    "app/api/users/route.py": '''
from dataclasses import dataclass

@dataclass
class New:
    name: str

def GET(*, limit: int = 10):
    """Lists users – all of them."""
    return []

def POST(new: New): return {}
''',
    "app/inner/route.py": "hidden = True\ndef GET(): return {}\n",
    "service.py": """
import datetime
import fsroute
info = {"title": "Shop", "x-built": datetime.date(2026, 1, 31)}
ready = fsroute.App("app", openapi={"path": "/o", "info": info})
lazy = fsroute.App("app", lazy=True)
""",
    "wrong.py": "import fsroute\nlate = fsroute.App('late', lazy=True)\n",
    "late/a/route.py": "1 / 0",
    "bad/route.py": "def GET(*, q: bytes): ...",
}


@pytest.mark.parametrize(("app", "title"), [((), None), (("app",), None), (("./app/",), None),
                                            (("service:ready",), "Shop"), (("service:lazy",), None)])
def test_openapi_prints_the_document(tmp_path: Path, app: tuple[str, ...], title: str | None) -> None:
    status, shown, complaint = fsroute(write_files(tmp_path, API), "openapi", *app)
    assert (status, complaint) == (0, "")
    made = json.loads(shown)
    assert shown == json.dumps(made, indent=2) + "\n"
    assert shown.isascii()                      # whatever the terminal takes
    assert (made["openapi"], made["info"]["title"]) == ("3.1.0", title or tmp_path.name)
    assert made["info"].get("x-built") == ("2026-01-31" if title else None)
    assert list(made["paths"]) == ["/api/users"]
    assert made["paths"]["/api/users"]["get"]["summary"] == "Lists users – all of them"


@pytest.mark.parametrize(("arguments", "status", "says"), [
    (("openapi", "nowhere"), 1, "^fsroute: .*nowhere"),
    (("openapi", "bad"), 1,
     r"bad/route\.py: GET cannot convert 'q': bytes is nothing that a text converts to"),
    (("openapi", "wrong:late"), 1, r"^fsroute: wrong:late: ZeroDivisionError: .*late.a.route\.py"),
    (("openapi", "wrong:nope"), 1, "^fsroute: "), (("openapi", "wrong"), 1, "^fsroute: .*wrong"),
    (("openapi", "app", "more"), 2, "unrecognized arguments: more"),
    (("openapi", "--json"), 2, "unrecognized arguments"),
])
def test_openapi_tells_a_mistake_as_the_other_commands_do(
    tmp_path: Path, arguments: tuple[str, ...], status: int, says: str
) -> None:
    code, shown, complaint = fsroute(write_files(tmp_path, API), *arguments)
    assert (code, shown) == (status, "")
    assert re.search(says, complaint, re.DOTALL | re.MULTILINE)
    assert "Traceback" not in complaint


def test_openapi_ends_quietly_when_nobody_reads_on(tmp_path: Path) -> None:
    many = {f"app/r{number}/route.py": "def GET(*, q: int): return {}" for number in range(100)}
    process = subprocess.Popen(command("openapi"), cwd=write_files(tmp_path, many), env=environment(),
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout, process.stderr:
        assert process.stdout.readline() == b"{\n"
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.wait(30) == 0

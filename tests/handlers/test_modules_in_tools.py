"""Route files are modules like any other to the tools of a working day: each is run for real."""

import importlib
import inspect
import json
import os
import pickle
import subprocess
import sys
import time
import traceback
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any, get_type_hints
from unittest import mock

import pytest

import fsroute
from fsroute import App
from tests.conftest import Tree
from tests.servers import gunicorn, serving

KINDS = ["plain", "[id]", "[...path]", "[[...rest]]", "(group)/below", "feed.xml"]

# The line numbers of handlers are told by their comments.
ROUTE = """\
from __future__ import annotations

from {up}_lib.db import NAME
from .helper import WORD


class Thing:
    def __eq__(self, other: object) -> bool:
        return type(self) is type(other)


def connect() -> str:
    return NAME


def GET(request: Thing) -> str:
    found = connect()  # line 17
    if found == "broken":
        raise KeyError(found)  # line 19
    return found + WORD
"""
MAIN = """\
from fsroute import App

app = App("app")


def get(path):
    status = []
    environ = {"REQUEST_METHOD": "GET", "PATH_INFO": path, "wsgi.url_scheme": "http"}
    body = b"".join(app(environ, lambda line, headers: status.append(line)))
    return status[0], body
"""


def name_of(kind: str) -> str:
    """The module below the root."""
    return kind.replace(".", "_").replace("/", ".") + ".route"


def files(kind: str) -> dict[str, str]:
    up = "." * (2 + kind.count("/"))
    return {f"{kind}/route.py": ROUTE.format(up=up), f"{kind}/helper.py": "WORD = ' beside'\n",
            "_lib/db.py": "NAME = 'db'\n"}


@pytest.fixture(params=KINDS)
def route(tree: Tree, request: pytest.FixtureRequest) -> ModuleType:
    """A route file in each kind of folder, as App imported it."""
    root = tree(files(request.param))
    App(root)
    return sys.modules[f"{Path(root).name}.{name_of(request.param)}"]


# in this process

def test_instances_of_its_classes_are_pickled(route: ModuleType) -> None:
    assert pickle.loads(pickle.dumps(route.Thing())) == route.Thing()


def test_inspect_finds_its_source_and_its_module(route: ModuleType) -> None:
    assert inspect.getsource(route.GET).startswith("def GET(request: Thing)")
    assert inspect.getmodule(route.GET) is route
    assert inspect.getsourcefile(route) == route.__file__
    assert get_type_hints(route.GET) == {"request": route.Thing, "return": str}


def test_a_traceback_shows_its_file_and_the_line_of_source(route: ModuleType) -> None:
    with mock.patch.object(route, "connect", return_value="broken"):
        try:
            route.GET(None)
        except KeyError as error:
            shown = "".join(traceback.format_exception(error))
    assert f'File "{route.__file__}", line 19, in GET' in shown
    assert "raise KeyError(found)  # line 19" in shown


def test_names_in_it_are_patched_by_object_and_by_string(
    route: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    with mock.patch.object(route, "connect", return_value="by object,"):
        assert route.GET(None) == "by object, beside"
    monkeypatch.setattr(f"{route.__name__}.connect", lambda: "by string,")
    assert route.GET(None) == "by string, beside"


def test_it_is_reloaded_in_place(route: ModuleType) -> None:
    text = Path(inspect.getfile(route)).read_text()
    Path(inspect.getfile(route)).write_text(text.replace("found + WORD", "'reloaded,' + WORD"))
    assert importlib.reload(route) is route
    assert route.GET(None) == "reloaded, beside"
    package = sys.modules[route.__package__ or ""]
    assert importlib.reload(package) is package
    assert package.route is route


# in processes of their own

Run = Callable[..., str]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with a route file in each kind of folder, and main.py, which makes the app."""
    for kind in KINDS:
        for name, text in files(kind).items():
            file = tmp_path / "app" / f"k{KINDS.index(kind)}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
    (tmp_path / "main.py").write_text(MAIN)
    return tmp_path


def file_of(kind: str) -> str:
    return f"app/k{KINDS.index(kind)}/{kind}/route.py"


def module_of(kind: str) -> str:
    return f"app.k{KINDS.index(kind)}.{name_of(kind)}"


def environment() -> dict[str, str]:
    """Ours, with this very fsroute on the path."""
    here = str(Path(fsroute.__file__).parents[1])
    return os.environ | {"PYTHONPATH": here}


@pytest.fixture
def run(project: Path) -> Run:
    """Runs Python in the project. Returns what it printed, on both streams."""
    def run_python(*arguments: str, text: str = "", status: int = 0) -> str:
        done = subprocess.run([sys.executable, *arguments], cwd=project, input=text, env=environment(),
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=60)
        assert done.returncode == status, done.stdout
        return done.stdout

    return run_python


def test_a_fresh_process_that_makes_the_app_reads_what_another_pickled(run: Run, project: Path) -> None:
    modules = [module_of(kind) for kind in KINDS]
    run("-c", "import main, pathlib, pickle, sys\n"
              f"things = [sys.modules[name].Thing() for name in {modules}]\n"
              "pathlib.Path('things').write_bytes(pickle.dumps(things))")
    read = run("-c", "import main, pathlib, pickle\n"
                     "things = pickle.loads(pathlib.Path('things').read_bytes())\n"
                     "print(*[type(thing).__module__ for thing in things])")
    assert read.split() == modules


@pytest.mark.parametrize("method", ["spawn", "fork", "forkserver"])
def test_multiprocessing_hands_its_objects_to_a_child_and_back(run: Run, project: Path, method: str) -> None:
    if sys.platform == "win32" and method != "spawn":
        pytest.skip("Windows has no fork")
    modules = [module_of(kind) for kind in KINDS]
    (project / "start.py").write_text(
        "import multiprocessing, operator, sys\nfrom main import app\n"
        "if __name__ == '__main__':\n"
        f"    modules = [sys.modules[name] for name in {modules}]\n"
        f"    with multiprocessing.get_context({method!r}).Pool(1) as pool:\n"
        "        assert pool.map(type, [m.Thing() for m in modules]) == [m.Thing for m in modules]\n"
        "        call = operator.methodcaller('__call__', None)\n"
        "        print(*pool.map(call, [m.GET for m in modules]), sep='|')\n")
    assert run("start.py").strip().split("|") == ["db beside"] * len(KINDS)


def test_an_error_nobody_catches_shows_the_file_and_the_line(run: Run, project: Path) -> None:
    for kind in KINDS:
        shown = run("-c", f"import main, sys\nroute = sys.modules[{module_of(kind)!r}]\n"
                          "route.connect = lambda: 'broken'\nroute.GET(None)", status=1)
        assert f'File "{project}/{file_of(kind)}", line 19, in GET\n' in shown
        assert "raise KeyError(found)  # line 19" in shown


def test_pdb_stops_at_a_line_of_a_file_in_any_folder(run: Run, project: Path) -> None:
    (project / "start.py").write_text(
        "import sys\nfrom main import app\n"
        f"for name in {[module_of(kind) for kind in KINDS]}:\n    sys.modules[name].GET(None)\n")
    breakpoints = [f"b {project}/{file_of(kind)}:17" for kind in KINDS]
    steps = ["c", "n", "p 'found', found"] * len(KINDS)
    # The files must be there, not yet imported: a breakpoint of "python -m pdb" is set before the first line.
    shown = run("-m", "pdb", "start.py", text="\n".join([*breakpoints, *steps, "c", "q", ""]))
    for kind in KINDS:
        assert f"> {project}/{file_of(kind)}(17)GET()\n-> found = connect()  # line 17" in shown
    assert shown.count("('found', 'db')") == len(KINDS)


def test_coverage_measures_the_files(run: Run, project: Path) -> None:
    (project / "start.py").write_text("import main\nprint(main.get('/k0/plain'))\n")
    run("-m", "coverage", "run", "--source=app", "start.py")
    run("-m", "coverage", "json", "-q", "-o", "measured.json")
    measured = json.loads((project / "measured.json").read_text())["files"]
    for kind in KINDS:
        lines = measured[file_of(kind)]["executed_lines"]
        assert {3, 4, 12, 16} <= set(lines)
        assert (17 in lines) == (kind == "plain")
    assert "app/k0/_lib/db.py" in measured


def test_a_pytest_file_beside_it_has_the_same_module(run: Run, project: Path) -> None:
    kept = "from main import app\nfrom . import route\nimport sys\n"
    test = ("def test_same(monkeypatch):\n    assert sys.modules[route.__name__] is route\n"
            "    assert any(each.file == route.__file__ for each in app.routes)\n"
            "    assert route.__name__ == {name!r}\n"
            "    monkeypatch.setattr({name!r} + '.connect', lambda: 'patched')\n"
            "    assert route.GET(None) == 'patched beside'\n")
    for kind in KINDS:
        beside = (project / file_of(kind)).with_name("test_beside.py")
        beside.write_text(kept + test.format(name=module_of(kind)))
    (project / "conftest.py").write_text("")
    shown = run("-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:cacheprovider", "-W", "error",
                "--rootdir=.", "app")
    assert f"{len(KINDS)} passed" in shown


def test_a_pytest_file_beside_it_may_be_collected_before_the_app_is_made(run: Run, project: Path) -> None:
    for kind in KINDS:
        beside = (project / file_of(kind)).with_name("test_beside.py")
        early = "" if "." in kind else "from . import route"    # what Python can import without the finder
        beside.write_text(f"import sys\n{early}\ndef test_same():\n    from main import app\n"
                          f"    {'' if early else 'from . import route'}\n"
                          f"    assert sys.modules[{module_of(kind)!r}] is route\n"
                          "    assert route.GET(None) == 'db beside'\n")
    shown = run("-m", "pytest", "-q", "--import-mode=importlib", "-p", "no:cacheprovider", "app")
    assert f"{len(KINDS)} passed" in shown


# gunicorn

@pytest.fixture
def reloading(project: Path) -> Iterator[str]:
    """The address of a gunicorn that serves the project and reloads what is edited."""
    command = gunicorn("main:app", "--reload", "--reload-engine=poll", "--graceful-timeout=1")
    with serving(command, project) as server:
        yield server.url


def waited(look: Callable[[], Any]) -> Any:
    """What `look` finds, when it finds something; for at most 20 seconds."""
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            found = look()
        except OSError:
            found = None
        if found:
            return found
        time.sleep(0.05)
    raise TimeoutError("it did not come")


def body_of(url: str) -> bytes:
    with urllib.request.urlopen(url, timeout=5) as answer:
        body: bytes = answer.read()
    return body


def test_gunicorn_reloads_a_file_that_was_edited(reloading: str, project: Path) -> None:
    url = f"{reloading}/k1/42"
    assert waited(lambda: body_of(url)) == b"db beside"
    edited = project / file_of("[id]")
    source = edited.read_text().replace("found + WORD", "found + ' edited while it runs'")

    def edit_and_look() -> bool:        # once more: an edit before gunicorn's first look is no change to it
        edited.write_text(f"{source}\n# {time.monotonic()}\n")
        time.sleep(1.5)
        return b"edited" in body_of(url)

    assert waited(edit_and_look)

"""Files to modules."""

import importlib
import inspect
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any

import pytest

from fsroute import App, TreeError
from tests.conftest import Make, Tree

KINDS = ["plain", "[id]", "[...path]", "[[...rest]]", "(group)/below", ".well-known", "feed.xml", "%5Funder",
         "größe"]

SOURCE = """
from {up}_lib.db import NAME
from . import helper

class Thing:
    pass

def GET(request):
    return {{"name": NAME, "helper": helper.WORD, "module": __name__}}
"""


def up(kind: str) -> str:
    return "." * (2 + kind.count("/"))


@pytest.mark.parametrize("kind", KINDS)
def test_a_route_file_in_any_kind_of_folder_is_a_real_module(tree: Tree, kind: str) -> None:
    root = tree({
        "_lib/db.py": "NAME = 'db'",
        f"{kind}/helper.py": "WORD = 'beside'",
        f"{kind}/route.py": SOURCE.format(up=up(kind)),
    })
    App(root)
    package = Path(root).name
    name = f"{package}.{kind.replace('.', '_').replace('/', '.')}.route"
    module = sys.modules[name]
    assert importlib.import_module(name) is module
    assert module.__file__ == f"{root}/{kind}/route.py"
    assert module.NAME == "db"
    assert inspect.getsource(module.GET).startswith("def GET(request):")
    assert type(pickle.loads(pickle.dumps(module.Thing()))) is module.Thing
    assert sys.modules[f"{package}._lib.db"] is importlib.import_module(f"{package}._lib.db")


def test_a_file_at_the_root_is_a_module_and_a_folder_may_have_an_init(tree: Tree) -> None:
    root = tree({
        "__init__.py": "AT_ROOT = 1", "route.py": "from . import AT_ROOT\ndef GET(): return {'at': AT_ROOT}",
        "x.y/__init__.py": "WORD = 'init'", "x.y/route.py": "from . import WORD\ndef GET(): return [WORD]",
    })
    App(root)
    assert sys.modules[f"{Path(root).name}.x_y.route"].WORD == "init"


def test_the_same_folder_twice_is_the_same_modules(tree: Tree) -> None:
    root = tree({"route.py": "class Kept: pass\ndef GET(): return {}"})
    App(root)
    kept = sys.modules[f"{Path(root).name}.route"].Kept
    App(root)
    assert sys.modules[f"{Path(root).name}.route"].Kept is kept


def test_a_package_name_of_its_own_is_used(tree: Tree) -> None:
    root = tree({"route.py": "def GET(): return {}"})
    App(root, package="named_by_the_test")
    assert sys.modules["named_by_the_test.route"].__file__ == f"{root}/route.py"


@pytest.mark.parametrize("package", ["json", "sys", "pytest", "tests"])
def test_a_name_that_is_somebody_elses_is_a_fault_that_names_the_mend(tree: Tree, package: str) -> None:
    taken = rf"the module name '{package}' is that of .* already; .*package="
    with pytest.raises(TreeError, match=taken) as caught:
        App(tree({"route.py": "def GET(): return {}"}), package=package)
    assert len(caught.value.faults) == 1


def test_a_second_tree_of_one_name_and_a_file_beside_the_folder_are_faults(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in ("one/twice_tree", "two/twice_tree", "two/beside_tree"):
        (tmp_path / place).mkdir(parents=True)
        (tmp_path / place / "route.py").write_text("def GET(): return {}")
    App(str(tmp_path / "one/twice_tree"))
    with pytest.raises(TreeError, match=r"that of the tree .*one/twice_tree already"):
        App(str(tmp_path / "two/twice_tree"))
    (tmp_path / "two/beside_tree.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path / "two")
    with pytest.raises(TreeError, match=r"that of .*two/beside_tree\.py already"):
        App(str(tmp_path / "two/beside_tree"))
    assert App(str(tmp_path / "two/twice_tree"), package="twice_other").routes


def test_a_package_below_one_that_cannot_be_imported_is_a_fault(tree: Tree) -> None:
    with pytest.raises(TreeError, match="below a package that cannot be imported"):
        App(tree({"route.py": "def GET(): return {}"}), package="nowhere_at_all.app")


def test_a_file_made_after_the_first_look_is_found(tree: Tree) -> None:
    root = tree({"a/route.py": "def GET(): return {}"})
    App(root)
    late = Path(root, "b")
    late.mkdir()
    (late / "route.py").write_text("def GET(): return {}")
    assert [route.pattern for route in App(root).routes] == ["/a", "/b"]


@pytest.mark.parametrize(("files", "says"), [
    ({"route.py": "def GET(:\n"}, "route.py: cannot be imported: SyntaxError: .* mend {site}/route.py:1"),
    ({"route.py": "\n\nimport nothing_like_it"}, "ModuleNotFoundError: .*like_it.*; mend {site}/route.py:3"),
    ({"route.py": "\n1 / 0"}, "ZeroDivisionError: division by zero; mend {site}/route.py:2"),
    ({"route.py": "raise ValueError"}, "ValueError: no message; mend {site}/route.py:1"),
    ({"route.py": "raise ValueError('a\\nb')"}, "ValueError: a b; mend"),
    ({"[...x]/route.py": "from .lib import x", "[...x]/lib.py": "x = (\n"},
     "SyntaxError: .*mend {site}/\\[...x\\]/lib.py:1"),
    ({"[...x]/route.py": "from .lib import x", "[...x]/lib.py": "\nx = y\n"},
     "NameError: .*mend {site}/\\[...x\\]/lib.py:2"),
])
def test_a_file_that_cannot_be_imported_is_a_fault_at_its_line(
    tree: Tree, files: dict[str, str], says: str
) -> None:
    root = tree(files)
    with pytest.raises(TreeError, match=says.format(site=Path(root).name)):
        App(root)


def test_one_file_that_cannot_be_imported_hides_no_other(tree: Tree) -> None:
    with pytest.raises(TreeError) as caught:
        App(tree({"a/route.py": "1 / 0", "b/route.py": "import nothing_like_it", "c/route.py": ""}))
    assert len(caught.value.faults) == 3


def test_a_traceback_shows_the_real_file(make: Make, caplog: Any) -> None:
    app = make({"[...path]/route.py": "def GET():\n    raise KeyError('x')  # the line at fault\n"})
    app({"REQUEST_METHOD": "GET", "PATH_INFO": "/a", "wsgi.url_scheme": "http"}, lambda status, headers: None)
    [record] = caplog.records
    shown = "".join(traceback.format_exception(record.exc_info[1]))
    assert "[...path]/route.py\", line 2, in GET" in shown
    assert "# the line at fault" in shown

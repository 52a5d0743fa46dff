"""The folders and route files of trees, as packages and modules."""

import importlib
import importlib.resources
import os
import shutil
import sys
import threading
import unicodedata
from collections.abc import Callable, Mapping
from importlib.machinery import ModuleSpec
from importlib.util import module_from_spec
from pathlib import Path
from types import ModuleType

import pytest

from fsroute import App, TreeError
from fsroute.handlers import finder
from fsroute.handlers.loader import modules_of
from fsroute.routing.tree import scan
from tests.conftest import Tree, write_files

KINDS = ["plain", "[id]", "[...path]", "[[...rest]]", "(group)/below", ".well-known", "feed.xml", "%5Funder",
         "größe", unicodedata.normalize("NFD", "größe_d"), "日本"]
ROUTE = "class Kept: pass\ndef GET(): return {}\n"


def write(root: Path, files: Mapping[str, str]) -> str:
    return str(write_files(root, files))


def module(name: str) -> ModuleType:
    return sys.modules[name]


def route_of(root: str) -> ModuleType:
    return module(f"{Path(root).name}.route")


# names

@pytest.mark.parametrize("kind", KINDS)
def test_a_folder_of_any_kind_is_a_package(tree: Tree, kind: str) -> None:
    up = "." * (2 + kind.count("/"))
    root = tree({
        "_lib/db.py": "NAME = 'db'",
        f"{kind}/helper.py": "WORD = 'beside'",
        f"{kind}/route.py": f"from {up}_lib.db import NAME\nfrom . import helper\ndef GET(): return [NAME]",
    })
    App(root)
    site = Path(root).name
    folder = f"{site}.{kind.replace('.', '_').replace('/', '.')}"
    route = module(f"{folder}.route")
    assert importlib.import_module(f"{folder}.route") is route
    assert route.__file__ == f"{root}/{kind}/route.py"
    assert route.NAME == "db"
    assert route.helper is module(f"{folder}.helper")
    assert module(folder).route is route
    assert list(module(folder).__path__) == [f"{root}/{kind}"]
    assert module(f"{site}._lib.db") is importlib.import_module(f"{site}._lib.db")


def test_a_folder_may_have_an_init_and_so_may_the_root(tree: Tree) -> None:
    root = tree({
        "__init__.py": "AT_ROOT = 1", "route.py": "from . import AT_ROOT\ndef GET(): return {'at': AT_ROOT}",
        "x.y/__init__.py": "WORD = 'init'", "x.y/route.py": "from . import WORD\ndef GET(): return [WORD]",
    })
    App(root)
    site = Path(root).name
    assert module(f"{site}.x_y.route").WORD == "init"
    assert module(site).__file__ == f"{root}/__init__.py"


def test_files_that_come_with_a_package_are_found_as_resources(tree: Tree) -> None:
    root = tree({"route.py": ROUTE, "data.txt": "one", "[...x]/route.py": ROUTE, "[...x]/data.txt": "two"})
    App(root)
    site = Path(root).name
    assert importlib.resources.files(site).joinpath("data.txt").read_text() == "one"
    assert importlib.resources.files(f"{site}.[___x]").joinpath("data.txt").read_text() == "two"


def test_no_folder_of_routes_is_listed_again_by_pythons_own_finder(tree: Tree) -> None:
    root = tree({"a/[id]/route.py": ROUTE, "b/route.py": "from . import helper\n" + ROUTE, "b/helper.py": ""})
    App(root)
    assert [path for path in sys.path_importer_cache if path.startswith(root)] == [f"{root}/b"]


def test_a_package_name_of_its_own_is_used(tree: Tree) -> None:
    root = tree({"route.py": ROUTE})
    App(root, package="named_by_the_test")
    assert module("named_by_the_test.route").__file__ == f"{root}/route.py"


def test_a_dot_in_the_roots_own_name_is_an_underscore(tmp_path: Path) -> None:
    App(write(tmp_path / "dotted.root", {"route.py": ROUTE}))
    assert module("dotted_root.route").__package__ == "dotted_root"


@pytest.mark.parametrize("package", ["", ".", "a..b", ".a", "a."])
def test_what_is_no_name_is_refused(tree: Tree, package: str) -> None:
    found = scan(tree({"route.py": ROUTE}))
    assert modules_of(found, package) is None
    [fault] = found.faults
    assert "is no name for a module" in fault.problem
    assert "package=" in fault.mend


# roots in packages

@pytest.mark.parametrize("init", ["", "LOADED = 1", None], ids=["empty", "code", "namespace"])
def test_a_root_may_lie_in_a_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, init: str | None
) -> None:
    shop = f"shop_{init is None}_{bool(init)}"
    write(tmp_path / shop, {"db.py": "NAME = 'db'"} | ({} if init is None else {"__init__.py": init}))
    root = write(tmp_path / shop / "app", {
        "[id]/route.py": f"from {shop}.db import NAME\nfrom ...db import NAME as same\n"
                         f"from .._lib import x\n{ROUTE}",
        "_lib/x.py": "",
    })
    monkeypatch.syspath_prepend(tmp_path)
    App(root, package=f"{shop}.app")
    route = module(f"{shop}.app.[id].route")
    assert (route.NAME, route.same) == ("db", "db")
    assert module(shop).app is module(f"{shop}.app")
    assert importlib.import_module(f"{shop}.app._lib.x") is route.x


def test_a_package_may_make_its_app_while_it_is_being_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "makes_its_app", {
        "__init__.py": "from pathlib import Path\nfrom fsroute import App\n"
                       "application = App(Path(__file__).parent / 'app', package=__name__ + '.app')\n",
        "app/route.py": "from ..db import NAME\n" + ROUTE,
        "db.py": "NAME = 'db'",
    })
    monkeypatch.syspath_prepend(tmp_path)
    assert importlib.import_module("makes_its_app").application.routes
    assert module("makes_its_app.app.route").NAME == "db"


def test_a_package_below_one_that_cannot_be_imported_is_a_fault(
    tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    below = "below a package that cannot be imported: ModuleNotFoundError: .*package="
    with pytest.raises(TreeError, match=below):
        App(tree({"route.py": ROUTE}), package="nowhere_at_all.app")
    write(tmp_path, {"broken_above/__init__.py": "1 / 0"})
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(TreeError, match="cannot be imported: ZeroDivisionError: division by zero"):
        App(tree({"route.py": ROUTE}), package="broken_above.app")


def test_a_package_below_a_plain_module_is_a_fault(tree: Tree) -> None:
    with pytest.raises(TreeError, match="lies below colorsys, which is a module and no package"):
        App(tree({"route.py": ROUTE}), package="colorsys.app")


# owners

@pytest.mark.parametrize("package", ["json", "sys", "pytest", "tests", "this"])
def test_a_name_that_is_somebody_elses_is_a_fault_that_names_the_mend(tree: Tree, package: str) -> None:
    taken = rf"the module name '{package}' is that of .* already; .*package="
    with pytest.raises(TreeError, match=taken) as caught:
        App(tree({"route.py": ROUTE}), package=package)
    assert len(caught.value.faults) == 1


def test_a_second_tree_of_one_name_is_a_fault(tmp_path: Path) -> None:
    first = write(tmp_path / "one/twice_tree", {"route.py": ROUTE, "users/route.py": ROUTE})
    second = write(tmp_path / "two/twice_tree", {"route.py": ROUTE})
    App(first)
    with pytest.raises(TreeError, match=r"that of the tree .*one/twice_tree already; .*package="):
        App(second)
    with pytest.raises(TreeError, match=r"that of the tree .*one/twice_tree/users already"):
        App(second, package="twice_tree.users")
    with pytest.raises(TreeError, match=r"that of the tree .*one/twice_tree/users/route.py already"):
        App(second, package="twice_tree.users.route")
    assert App(second, package="twice_other").routes


@pytest.mark.parametrize("imported", [False, True], ids=["found", "imported"])
def test_a_file_beside_the_root_that_has_its_name_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, imported: bool
) -> None:
    name = f"beside_tree_{imported}"
    write(tmp_path, {f"{name}.py": ""})
    monkeypatch.syspath_prepend(tmp_path)
    if imported:
        importlib.import_module(name)
    taken = rf"that of .*/{name}\.py already; rename .*/{name}\.py, or .*package="
    with pytest.raises(TreeError, match=taken):
        App(write(tmp_path / name, {"route.py": ROUTE}))


def test_the_trees_own_package_may_have_been_imported_already(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(tmp_path)
    for name, files in {"own_namespace": {}, "own_package": {"__init__.py": ""}}.items():
        root = write(tmp_path / name, {
            "_lib/db.py": "", "[...x]/route.py": "from .._lib import db\n" + ROUTE, **files})
        db = importlib.import_module(f"{name}._lib.db")
        App(root)
        assert module(f"{name}.[___x].route").db is db


def test_the_tree_comes_before_a_namespace_package_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "elsewhere/shared_name", {"route.py": "ELSEWHERE = 1"})
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    root = write(tmp_path / "here/shared_name", {"route.py": ROUTE})
    App(root)
    assert route_of(root).__file__ == f"{root}/route.py"


def test_a_namespace_package_that_was_imported_earlier_looks_into_the_tree_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "elsewhere/merged_name", {"sub/other.py": "", "sub/route.py": "ELSEWHERE = 1"})
    root = write(tmp_path / "merged_name", {
        "sub/route.py": "from . import mine, other\n" + ROUTE, "sub/mine.py": ""})
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.syspath_prepend(tmp_path / "elsewhere")
    importlib.import_module("merged_name.sub")
    App(root)
    assert module("merged_name.sub.route").__file__ == f"{root}/sub/route.py"


def test_a_package_that_was_made_without_its_folder_gets_it(tree: Tree) -> None:
    root = tree({"x.y/route.py": "from . import helper\n" + ROUTE, "x.y/helper.py": ""})
    site = Path(root).name
    for name in (site, f"{site}.x_y"):
        spec = ModuleSpec(name, None, is_package=True)
        spec.submodule_search_locations = [root]
        sys.modules[name] = module_from_spec(spec)
    App(root)
    assert module(f"{site}.x_y.helper").__file__ == f"{root}/x.y/helper.py"


def test_a_route_files_name_that_another_module_has_already_is_a_fault(tree: Tree) -> None:
    root = tree({"route.py": ROUTE})
    name = f"{Path(root).name}.route"
    sys.modules[name] = importlib.import_module("colorsys")
    with pytest.raises(TreeError, match=rf"the module name '{name}' is that of .*/colorsys.py already"):
        App(root)


# one folder, one package

def test_the_same_folder_twice_is_the_same_modules(tree: Tree) -> None:
    root = tree({"route.py": ROUTE})
    App(root)
    kept = route_of(root).Kept
    App(root)
    assert route_of(root).Kept is kept


@pytest.mark.parametrize("link", ["elsewhere/{name}", "another_name_for_{name}"])
def test_a_link_to_the_root_is_the_same_modules(tree: Tree, tmp_path: Path, link: str) -> None:
    root = tree({"route.py": ROUTE, "[...x]/route.py": ROUTE})
    App(root)
    before = {name for name in sys.modules if name.startswith(Path(root).name)}
    other = tmp_path / link.format(name=Path(root).name)
    other.parent.mkdir(exist_ok=True)
    other.symlink_to(root)
    found = scan(str(other))
    modules = modules_of(found, None)
    assert modules is not None
    assert modules.get("route", f"{other}/route.py") is route_of(root)
    deep = module(f"{Path(root).name}.[___x].route")
    assert modules.get("[___x].route", f"{other}/[...x]/route.py") is deep
    modules.report()
    assert found.faults == []
    after = {name for name in sys.modules if Path(root).name in name}
    assert before == after


def test_a_link_in_the_tree_is_a_package_by_the_name_of_the_link(tree: Tree, tmp_path: Path) -> None:
    write(tmp_path / "shared", {
        "route.py": "from .helper import WORD\n" + ROUTE, "helper.py": "WORD = 'linked'"})
    root = tree({"route.py": ROUTE})
    os.symlink(tmp_path / "shared", f"{root}/v1.0")
    App(root)
    route = module(f"{Path(root).name}.v1_0.route")
    assert (route.WORD, route.__file__) == ("linked", f"{root}/v1.0/route.py")


def test_a_release_that_a_link_has_left_keeps_its_name_until_it_is_removed(tmp_path: Path) -> None:
    old = write(tmp_path / "old", {"route.py": ROUTE})
    new = write(tmp_path / "new", {"route.py": ROUTE})
    current = tmp_path / "current_release"
    current.symlink_to(old)
    App(current)
    first = route_of(str(current))
    current.unlink()
    current.symlink_to(new)
    with pytest.raises(TreeError, match=r"that of the tree .*/old already"):
        App(current)
    shutil.rmtree(old)
    App(current)
    assert route_of(str(current)) is not first


# what vanishes and what appears

def test_hundreds_of_trees_may_have_one_name_one_after_the_other(tmp_path: Path) -> None:
    root = tmp_path / "app_of_many"
    for number in range(300):
        write(root, {"[id]/route.py": f"from .._lib.x import N\ndef GET(): return N\nMINE = {number}",
                     "_lib/x.py": f"N = {number}"})
        App(root)
        route = module("app_of_many.[id].route")
        assert {vars(route)[name] for name in ("N", "MINE")} == {number}
        shutil.rmtree(root)
        root = tmp_path / f"{number}/app_of_many"
    assert len([name for name in sys.modules if name.startswith("app_of_many")]) == 5


def test_a_root_that_has_vanished_leaves_its_name_to_anybody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    App(write(tmp_path / "one/left_behind", {"route.py": ROUTE}))
    shutil.rmtree(tmp_path / "one")
    for name in ("left_behind", "left_behind.route"):
        del sys.modules[name]
    write(tmp_path / "two/left_behind", {"__init__.py": "", "plain.py": ""})
    monkeypatch.syspath_prepend(tmp_path / "two")
    plain = importlib.import_module("left_behind.plain")
    with pytest.raises(TreeError, match=r"that of .*two/left_behind/__init__.py already"):
        App(write(tmp_path / "three/left_behind", {"route.py": ROUTE}))
    assert module("left_behind.plain") is plain


def test_a_folder_and_a_file_made_between_two_apps_are_found(tree: Tree) -> None:
    root = tree({"a/route.py": ROUTE})
    App(root)
    write(Path(root), {
        "b/route.py": "from .late import x\n" + ROUTE, "b/late.py": "x = 1", "a/[id]/route.py": ROUTE})
    assert [route.pattern for route in App(root).routes] == ["/a", "/a/[id]", "/b"]


def test_a_helper_made_as_quickly_as_the_clock_of_a_file_system_is_found(tree: Tree) -> None:
    root = tree({"a/route.py": "from . import early\n" + ROUTE, "a/early.py": "", "a/[id]/route.py": ROUTE})
    App(root)
    before = os.stat(f"{root}/a")
    write(Path(root), {"a/late.py": "", "a/[id]/more/route.py": "from ... import late\n" + ROUTE})
    os.utime(f"{root}/a", ns=(before.st_atime_ns, before.st_mtime_ns))
    assert [route.pattern for route in App(root).routes] == ["/a", "/a/[id]", "/a/[id]/more"]
    assert module(f"{Path(root).name}.a.late").__file__ == f"{root}/a/late.py"


def test_a_folder_that_vanished_between_two_apps_is_forgotten(tree: Tree) -> None:
    root = tree({"gone/route.py": ROUTE, "kept/route.py": ROUTE,
                 "half/route.py": ROUTE, "half/page2/route.py": ROUTE})
    App(root)
    site = Path(root).name
    kept = module(f"{site}.kept.route")
    shutil.rmtree(f"{root}/gone")
    os.remove(f"{root}/half/route.py")
    App(root)
    assert module(f"{site}.kept.route") is kept
    assert sorted(name for name in sys.modules if name.startswith(f"{site}.")) == [
        f"{site}.half", f"{site}.half.page2", f"{site}.half.page2.route",
        f"{site}.kept", f"{site}.kept.route"]
    assert not hasattr(module(site), "gone")
    with pytest.raises(ModuleNotFoundError):
        importlib.import_module(f"{site}.gone")


def test_a_folder_renamed_to_its_own_module_name_is_read_anew(tree: Tree) -> None:
    root = tree({"x.y/route.py": ROUTE})
    App(root)
    os.rename(f"{root}/x.y", f"{root}/x_y")
    App(root)
    assert module(f"{Path(root).name}.x_y.route").__file__ == f"{root}/x_y/route.py"


def test_the_root_of_one_tree_may_be_a_folder_of_another(tree: Tree) -> None:
    root = tree({"route.py": ROUTE, "admin/route.py": ROUTE})
    site = Path(root).name
    App(root)
    admin = module(f"{site}.admin.route")
    App(f"{root}/admin", package=f"{site}.admin")
    assert module(f"{site}.admin.route") is admin
    os.remove(f"{root}/route.py")
    App(root)
    assert importlib.import_module(f"{site}.admin.route") is admin


# threads

def in_threads(run: Callable[[int], object], count: int) -> list[BaseException]:
    """Runs it in that many threads at once; what they raised."""
    start, raised = threading.Barrier(count), []

    def body(number: int) -> None:
        start.wait()
        try:
            run(number)
        except BaseException as error:
            raised.append(error)

    threads = [threading.Thread(target=body, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert not any(thread.is_alive() for thread in threads)
    return raised


def test_apps_of_one_tree_and_of_many_may_be_made_at_once(tree: Tree, tmp_path: Path) -> None:
    files = {"route.py": "import time\ntime.sleep(0.01)\n" + ROUTE, "[...x]/route.py": ROUTE}
    one, many = tree(files), [tree(files) for _ in range(8)]
    apps: list[App] = []
    assert in_threads(lambda number: apps.append(App(one if number % 2 else many[number // 2])), 16) == []
    assert [len(app.routes) for app in apps] == [2] * 16
    assert all(module(f"{Path(root).name}.[___x].route") for root in (one, *many))


def test_of_two_trees_of_one_name_mounted_at_once_one_has_it(tmp_path: Path) -> None:
    roots = [write(tmp_path / str(number) / "wanted_by_all", {"route.py": ROUTE}) for number in range(8)]
    raised = in_threads(lambda number: App(roots[number]), 8)
    assert [type(error) for error in raised] == [TreeError] * 7


def test_a_package_that_makes_its_app_does_not_wait_for_one_that_imports_the_package(
    tmp_path: Path, tree: Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path, {"waits_not/__init__.py": "import time\ntime.sleep(0.05)\nfrom fsroute import App\n"
                                              "App(__path__[0] + '/app', package='waits_not.app')\n",
                     "waits_not/app/route.py": ROUTE})
    monkeypatch.syspath_prepend(tmp_path)
    root = tree({"route.py": ROUTE})
    makes = (lambda: importlib.import_module("waits_not"), lambda: App(root, package="waits_not.other"))
    assert in_threads(lambda number: makes[number](), 2) == []


def test_the_finder_stands_first_and_once(tree: Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "meta_path", [each for each in sys.meta_path if each is not finder._finder])
    for _ in range(2):
        App(tree({"[...x]/route.py": ROUTE}))
        assert [number for number, each in enumerate(sys.meta_path) if each is finder._finder] == [0]

"""Files to modules: what stopped an import, and what waits for its first use."""

import importlib
import os
import sys
import threading
import time
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from types import ModuleType

import pytest

from fsroute import App, TreeError
from fsroute.handlers import loader
from fsroute.handlers.loader import ImportFault, Modules, lazy, modules_of
from fsroute.routing.tree import Tree as Scanned
from fsroute.routing.tree import scan
from tests.conftest import Tree

ROUTE = "def GET(): return {}\n"


def load(tree: Scanned, package: str | None = None) -> list[ModuleType]:
    """The modules of all route files, those that cannot be imported aside."""
    modules = modules_of(tree, package)
    assert modules is not None
    loaded = [modules.get(route.module, route.file) for route in tree.routes if route.kind == "route"]
    modules.report()
    return [module for module in loaded if module is not None]


def faults_of(root: str, package: str | None = None) -> list[ImportFault]:
    """What the import of a tree adds to its faults."""
    tree = scan(root)
    load(tree, package)
    assert all(isinstance(fault, ImportFault) for fault in tree.faults), tree.faults
    return [fault for fault in tree.faults if isinstance(fault, ImportFault)]


def said(root: str, package: str | None = None) -> list[str]:
    """The same as text, with the root called "app"."""
    return sorted(str(fault).replace(Path(root).name, "app") for fault in faults_of(root, package))


# one file

@pytest.mark.parametrize(("files", "says"), [
    ({"route.py": "def GET(:\n"},
     "app/route.py: cannot be imported: SyntaxError: invalid syntax (route.py, line 1); mend app/route.py:1"),
    ({"route.py": "\n1 / 0"},
     "app/route.py: cannot be imported: ZeroDivisionError: division by zero; mend app/route.py:2"),
    ({"route.py": "raise ValueError"},
     "app/route.py: cannot be imported: ValueError: no message; mend app/route.py:1"),
    ({"route.py": "raise ValueError('a\\nb')"},
     "app/route.py: cannot be imported: ValueError: a b; mend app/route.py:1"),
    ({"route.py": "import json\njson.loads('')"},
     "app/route.py: cannot be imported: JSONDecodeError: Expecting value: line 1 column 1 (char 0); "
     "mend app/route.py:2"),
    ({"route.py": "import sys\nsys.exit('no database')"},
     "app/route.py: cannot be imported: ImportError: it ends the process, with 'no database'; "
     "mend app/route.py"),
    ({"route.py": "compile('(', '<string>', 'exec')"},
     "app/route.py: cannot be imported: SyntaxError: '(' was never closed (<string>, line 1); "
     "mend app/route.py:1"),
    ({"[...x]/route.py": "from .lib import x", "[...x]/lib.py": "x = (\n"},
     "app/[...x]/lib.py: stops the import of app/[...x]/route.py: "
     "SyntaxError: '(' was never closed (lib.py, line 1); mend app/[...x]/lib.py:1"),
    ({"[...x]/route.py": "from .lib import x", "[...x]/lib.py": "\nx = y\n"},
     "app/[...x]/lib.py: stops the import of app/[...x]/route.py: NameError: name 'y' is not defined; "
     "mend app/[...x]/lib.py:2"),
    ({"route.py": "def f():\n    return g()\ndef g():\n    raise KeyError('k')\n\nf()"},
     "app/route.py: cannot be imported: KeyError: 'k'; mend app/route.py:4"),
])
def test_a_file_that_cannot_be_imported_is_a_fault_at_its_line(
    tree: Tree, files: Mapping[str, str], says: str
) -> None:
    assert said(tree(files)) == [says]


def test_a_file_that_vanishes_after_the_scan_is_a_fault(tree: Tree) -> None:
    found = scan(tree({"route.py": ROUTE}))
    os.remove(found.routes[0].file)
    assert load(found) == []
    [fault] = found.faults
    assert fault.problem.startswith("cannot be imported: FileNotFoundError: ")


def test_one_file_that_cannot_be_imported_hides_no_other(tree: Tree) -> None:
    root = tree({"a/route.py": "1 / 0", "b/route.py": "import nothing_like_it", "c/route.py": "",
                 "d/route.py": ROUTE})
    with pytest.raises(TreeError) as caught:
        App(root)
    assert len(caught.value.faults) == 3
    assert f"{Path(root).name}.d.route" in sys.modules


def test_two_files_of_one_module_name_are_one_fault_and_the_first_is_imported(tree: Tree) -> None:
    found = scan(tree({"x.y/route.py": ROUTE, "x_y/route.py": ROUTE, "page/page.html": ""}))
    [module] = load(found)
    assert module.__file__ == f"{found.root}/x.y/route.py"
    assert [fault.problem for fault in found.faults] == ["both are the module x_y"]


def test_nothing_half_imported_stays(tree: Tree) -> None:
    root = tree({"a/route.py": "from .._lib import db\n1 / 0", "_lib/db.py": "", "b/route.py": "1 / 0"})
    faults_of(root)
    site = Path(root).name
    assert sorted(name for name in sys.modules if name.startswith(f"{site}.")) == [
        f"{site}._lib", f"{site}._lib.db", f"{site}.a", f"{site}.b"]
    assert not hasattr(sys.modules[f"{site}.a"], "route")


# one cause

def many(text: str, count: int, **more: str) -> dict[str, str]:
    return {f"r{number:02}/route.py": text for number in range(count)} | {
        name.replace("__", "/") + ".py": source for name, source in more.items()}


@pytest.mark.parametrize(("count", "stopped"), [
    (1, "app/r00/route.py"),
    (3, "app/r00/route.py, app/r01/route.py, app/r02/route.py"),
    (17, "app/r00/route.py, app/r01/route.py, app/r02/route.py and 14 more"),
])
def test_the_files_that_one_helper_stops_are_one_fault(tree: Tree, count: int, stopped: str) -> None:
    root = tree(many("from .._lib import db\n", count, _lib__db="\n\nx = = 1\n") | {"ok/route.py": ROUTE})
    assert said(root) == [f"app/_lib/db.py: stops the import of {stopped}: "
                          "SyntaxError: invalid syntax (db.py, line 3); mend app/_lib/db.py:3"]
    [fault] = faults_of(root)
    assert len(fault.stopped) == count
    assert isinstance(fault.error, SyntaxError)


@pytest.mark.parametrize("count", [7, 3])
def test_the_files_that_miss_one_module_are_one_fault(tree: Tree, count: int) -> None:
    root = tree({f"r{number}/route.py": "\n" * number + "import nothing_like_it" for number in range(count)})
    more = {7: " and 4 more", 3: ""}[count]
    these = {7: "these and 4 more ", 3: ""}[count]
    assert said(root) == [
        f"app/r0/route.py, app/r1/route.py, app/r2/route.py: {these}cannot be imported: ModuleNotFoundError: "
        "No module named 'nothing_like_it'; "
        f"install nothing_like_it, or mend app/r0/route.py:1, app/r1/route.py:2, app/r2/route.py:3{more}"]


def test_the_files_that_miss_one_module_through_a_helper_are_one_fault_at_the_helper(tree: Tree) -> None:
    root = tree(many("from .._lib import db\n", 5, _lib__db="import nothing_like_it"))
    [line] = said(root)
    assert line.startswith("app/_lib/db.py: stops the import of app/r00/route.py, ")
    assert line.endswith("and 2 more: ModuleNotFoundError: No module named 'nothing_like_it'; "
                         "install nothing_like_it, or mend app/_lib/db.py:1")


def test_a_function_of_a_helper_that_fails_while_files_are_imported_is_one_fault(tree: Tree) -> None:
    helper = "def connect():\n    raise OSError(f'refused {id(object())}')"
    [line] = said(tree(many("from .._lib import db\ndb.connect()", 4, _lib__db=helper)))
    assert line.startswith("app/_lib/db.py: stops the import of app/r00/route.py")
    assert line.endswith("; mend app/_lib/db.py:2")


def test_a_route_file_that_stops_others_is_one_fault(tree: Tree) -> None:
    root = tree({"a/route.py": "from ..b import route\n", "b/route.py": "1 / 0",
                 "c/route.py": "from ..b import route\n"})
    assert said(root) == ["app/b/route.py: stops the import of app/a/route.py, app/c/route.py: "
                          "ZeroDivisionError: division by zero; mend app/b/route.py:1"]


def test_an_init_that_fails_is_one_fault(tree: Tree) -> None:
    [line] = said(tree(many(ROUTE, 5) | {"__init__.py": "\n1 / 0"}))
    assert line.startswith("app/__init__.py: stops the import of app/r00/route.py, ")
    assert line.endswith("ZeroDivisionError: division by zero; mend app/__init__.py:2")


def test_an_exception_that_cannot_be_told_is_a_fault_all_the_same(tree: Tree) -> None:
    [line] = said(tree({"a/route.py": "class E(Exception):\n    def __str__(self): raise KeyError\nraise E"}))
    assert "E: <its text cannot be had: KeyError>; mend app/a/route.py:3" in line


def test_different_causes_of_one_kind_are_different_faults(tree: Tree) -> None:
    root = tree({"a/route.py": "import json\njson.loads('')", "b/route.py": "import json\njson.loads('')",
                 "c/route.py": "1 / 0", "d/route.py": "1 / 0"})
    assert len(faults_of(root)) == 4


def test_a_module_outside_the_tree_that_breaks_is_named_with_the_line_that_needs_it(
    tree: Tree, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "breaks_outside_the_tree"
    (tmp_path / f"{name}.py").write_text("\n\n1 / 0")
    monkeypatch.syspath_prepend(tmp_path)
    assert said(tree({"a/route.py": f"\nimport {name}"})) == [
        "app/a/route.py: cannot be imported: ZeroDivisionError: division by zero; "
        f"mend {tmp_path}/{name}.py:3, imported by app/a/route.py:2"]
    assert said(tree(many(f"import {name}", 5))) == [
        "app/r00/route.py, app/r01/route.py, app/r02/route.py: these and 2 more cannot be imported: "
        f"ZeroDivisionError: division by zero; mend {tmp_path}/{name}.py:3, "
        "imported by app/r00/route.py:1, app/r01/route.py:1, app/r02/route.py:1 and 2 more"]


def test_a_place_in_a_tree_that_a_link_leads_to_is_in_the_tree(tree: Tree, tmp_path: Path) -> None:
    root = tree({"route.py": "from ._lib import db", "_lib/db.py": "1 / 0"})
    link = tmp_path / "linked_to_it"
    link.symlink_to(root)
    faults_of(root)
    assert [fault.files for fault in faults_of(str(link))] == [("linked_to_it/_lib/db.py",)]


@pytest.mark.parametrize(("files", "package", "mend"), [
    ({"ours/a/route.py": "from ours._lib import db", "ours/_lib/db.py": ""}, None,
     "did you mean the folder ours/ in it? Then point the app at {site}/ours"),
    ({"ours/a/route.py": "from ours._lib import db", "b/route.py": ROUTE}, None,
     "call it {site}.ours in {site}/ours/a/route.py:1"),
    ({"a/route.py": "import helper", "helper.py": ""}, None, "call it {site}.helper in {site}/a/route.py:1"),
    ({"a/route.py": "import _lib.db", "_lib/db.py": ""}, None, "call it {site}._lib in {site}/a/route.py:1"),
    ({"a/route.py": "import {site}.x"}, "another_for_{site}",
     "call it another_for_{site}, which is the name of this tree, in {site}/a/route.py:1"),
    ({"a/route.py": "from ..b import c"}, None, "mend {site}/a/route.py:1"),
    ({"a/route.py": "import nothing_like_it.at_all"}, None,
     "install nothing_like_it, or mend {site}/a/route.py:1"),
    ({"a/route.py": "import json.nothing_like_it"}, None, "mend {site}/a/route.py:1"),
    ({"a/route.py": "raise ModuleNotFoundError('psst')"}, None, "mend {site}/a/route.py:1"),
])
def test_a_missing_module_has_the_mend_that_its_name_suggests(
    tree: Tree, files: Mapping[str, str], package: str | None, mend: str
) -> None:
    root = tree({})
    site = Path(root).name
    for name, text in files.items():
        Path(root, name).parent.mkdir(parents=True, exist_ok=True)
        Path(root, name).write_text(text.replace("{site}", site))
    [fault] = faults_of(root, package and package.format(site=site))
    assert fault.mend == mend.format(site=site)


def test_a_module_beside_the_root_is_missing_from_the_path(tree: Tree, tmp_path: Path) -> None:
    (tmp_path / "services_beside").mkdir()
    [fault] = faults_of(tree({"route.py": "import services_beside"}))
    assert fault.mend.startswith(f"put {tmp_path} on sys.path, or mend ")


def test_a_fault_keeps_one_traceback_that_begins_in_the_users_files(tree: Tree) -> None:
    [fault] = faults_of(tree(many("from .._lib import db\n", 3, _lib__db="1 / 0")))
    trace = fault.error.__traceback__
    assert trace is not None
    assert trace.tb_frame.f_code.co_filename.endswith("r00/route.py")


def test_a_file_that_makes_the_app_which_imports_it_is_a_fault(tree: Tree) -> None:
    root = tree({"route.py": "from fsroute import App\nApp(__file__.removesuffix('/route.py'))\n" + ROUTE})
    [line] = said(root)
    assert "app/route.py needs itself: its import calls or makes an app, which imports it" in line


# lazy

class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def modules_in(root: str) -> Modules:
    modules = modules_of(scan(root), None)
    assert modules is not None
    return modules


def handle(
    root: str, name: str = "route", clock: Callable[[], float] = time.monotonic
) -> Callable[[], ModuleType]:
    """The lazy module of one route file."""
    modules = modules_in(root)
    file = f"{root}/{name.replace('.', '/')}.py"
    return lazy(lambda: modules.load(name, file), clock)


def test_a_lazy_file_is_imported_once_when_it_is_first_asked_for(tree: Tree) -> None:
    root = tree({"route.py": ROUTE})
    get = handle(root)
    assert f"{Path(root).name}.route" not in sys.modules
    assert get() is get() is sys.modules[f"{Path(root).name}.route"]


def test_a_failure_is_kept_for_a_second_then_two_up_to_a_minute() -> None:
    clock, tries = Clock(), []

    def make() -> str:
        tries.append(clock.now)
        raise OSError(len(tries))

    get = lazy(make, clock)
    for _ in range(300 * 4):
        with pytest.raises(OSError, match=r"\d") as caught:
            get()
        assert caught.value.args == (len(tries),)
        clock.now += 0.25
    assert [int(after - before) for before, after in pairwise(tries)] == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_a_failure_kept_is_the_same_object_and_its_traceback_does_not_grow(tree: Tree) -> None:
    get = handle(tree({"route.py": "1 / 0"}), clock=Clock())
    raised = []
    for _ in range(5):
        with pytest.raises(ZeroDivisionError) as caught:
            get()
        raised.append((caught.value, len(caught.traceback)))
    assert len({error for error, _ in raised}) == 1
    assert raised[1] == raised[-1]


def test_a_file_that_was_mended_is_imported_after_the_wait(tree: Tree) -> None:
    root, clock = tree({"route.py": "from . import helper\n" + ROUTE}), Clock()
    get = handle(root, clock=clock)
    with pytest.raises(ImportError, match="helper"):
        get()
    before = os.stat(root)
    Path(root, "helper.py").write_text("")
    os.utime(root, ns=(before.st_atime_ns, before.st_mtime_ns))     # as quick as the clock of a file system
    with pytest.raises(ImportError, match="helper"):
        get()
    clock.now += 1
    assert get().helper is sys.modules[f"{Path(root).name}.helper"]
    clock.now += 1000
    assert get() is sys.modules[f"{Path(root).name}.route"]


def test_what_succeeds_at_last_is_kept() -> None:
    clock, failures = Clock(), [OSError(2), OSError(1)]

    def make() -> str:
        if failures:
            raise failures.pop()
        return "made"

    get = lazy(make, clock)
    for wait in (0, 1, 1):
        clock.now += wait
        with pytest.raises(OSError, match=r"1|2"):
            get()
    clock.now += 1
    assert get() == get() == "made"


def test_threads_that_ask_at_once_get_one_module(tree: Tree) -> None:
    root = tree({"route.py": "import time\ntime.sleep(0.05)\nCOUNT = []\n" + ROUTE})
    modules, start, made, got = modules_in(root), threading.Barrier(8), [], []

    def make() -> ModuleType:
        made.append(modules.load("route", f"{root}/route.py"))
        return made[-1]

    get = lazy(make)

    def ask() -> None:
        start.wait()
        got.append(get())

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert got == made * 8


def test_a_lazy_file_may_ask_for_another_while_it_is_being_imported(tree: Tree) -> None:
    root = tree({"a/route.py": "import sys\nOTHER = sys.test_loader_other()\n", "b/route.py": ROUTE})
    sys.test_loader_other = handle(root, "b.route")  # type: ignore[attr-defined]
    assert handle(root, "a.route")().OTHER is sys.modules[f"{Path(root).name}.b.route"]


CALLS_ITSELF = "import sys\ndef GET(): return {}\nsys.test_loader_self()\ndef POST(): return {}\n"


def test_a_file_whose_import_asks_for_itself_is_an_error_that_says_so(tree: Tree) -> None:
    root, clock = tree({"route.py": CALLS_ITSELF}), Clock()
    get = sys.test_loader_self = handle(root, clock=clock)  # type: ignore[attr-defined]
    for _ in range(3):
        with pytest.raises(ImportError, match=r"route\.py needs itself: its import calls or makes an app"):
            get()
        assert f"{Path(root).name}.route" not in sys.modules
        clock.now += 1
    sys.test_loader_self = list  # type: ignore[attr-defined]
    clock.now += 60
    assert get().POST


def test_a_file_that_is_imported_by_hand_and_asks_for_itself_is_not_read_by_halves(tree: Tree) -> None:
    text = CALLS_ITSELF.replace(
        "sys.test_loader_self()", "try: sys.test_loader_self()\nexcept ImportError: CAUGHT = 1")
    root, clock = tree({"route.py": text}), Clock()
    get = sys.test_loader_self = handle(root, clock=clock)  # type: ignore[attr-defined]
    module = importlib.import_module(f"{Path(root).name}.route")
    assert module.CAUGHT
    clock.now += 1
    assert get() is module


def test_a_file_that_ends_the_process_is_an_error_and_kept(tree: Tree) -> None:
    get = handle(tree({"route.py": "import sys\nsys.exit(3)"}), clock=Clock())
    for _ in range(2):
        with pytest.raises(ImportError, match="it ends the process, with 3"):
            get()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_that_was_forked_during_an_import_does_not_wait_for_it(tree: Tree) -> None:
    inside, leave = threading.Event(), threading.Event()

    def make() -> None:
        inside.set()
        leave.wait(30)

    thread = threading.Thread(target=lazy(make))
    thread.start()
    assert inside.wait(10)
    child = os.fork()
    if child == 0:
        free = loader._lock.acquire(timeout=5)
        os._exit(0 if free else 1)
    assert os.waitpid(child, 0)[1] == 0
    leave.set()
    thread.join(10)

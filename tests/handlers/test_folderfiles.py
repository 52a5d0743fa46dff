"""What the middleware.py and error.py of folders hold, and what is wrong with them at start."""

import subprocess
import sys
from pathlib import Path

import pytest

from fsroute import App, TreeError
from tests.conftest import Make, Tree
from tests.exchange import environ_of, exchange

ROUTE = "def GET(request): return {'ran': getattr(request.state, 'ran', [])}\n"
NOTES = """
def noting(name):
    def middleware(request, call_next):
        if not hasattr(request.state, "ran"):
            request.state.ran = []
        request.state.ran.append(name)
        return call_next(request)
    return middleware
"""
MIDDLEWARE, ERROR = "(request, call_next)", "(request, exception)"
SHAPES = "def error(request, exception): return 'shaped'\n"


def lines(root: str, **options: bool) -> list[str]:
    """The faults of a tree, a line each, without the root's own name."""
    with pytest.raises(TreeError) as caught:
        App(root, **options)    # type: ignore[arg-type]
    return [line.strip().replace(f"{Path(root).name}/", "") for line in str(caught.value).splitlines()[1:]]


def ran(app: App, target: str = "/") -> list[str]:
    answer = exchange(app, environ_of("GET", target))
    return answer.text.removeprefix('{"ran":[').removesuffix("]}").replace('"', "").split(",")


# what runs

@pytest.mark.parametrize(("source", "names"), [
    ("from ._notes import noting\nmiddleware = noting('a')\n", ["a"]),
    ("from ._notes import noting\nmiddleware = [noting('a')]\n", ["a"]),
    ("from ._notes import noting\nmiddleware = [noting('a'), noting('b'), noting('c')]\n", ["a", "b", "c"]),
    ("from ._notes import noting\nmiddleware = (noting('a'), noting('b'))\n", ["a", "b"]),
    ("from ._notes import noting\nmiddleware = [noting('a')] * 2\n", ["a", "a"]),
    ("from ._notes import noting\n_a = noting('a')\ndef middleware(request, call_next):\n"
     "    return _a(request, call_next)\n", ["a"]),
    ("from ._notes import noting\nmiddleware = noting('a')\ninherit = True\n", ["a"]),
    ("from ._notes import noting\nmiddleware = noting('a')\ninherit = False\n", ["a"]),
    ("middleware = []\n", [""]), ("middleware = ()\n", [""]), ("inherit = False\n", [""]),
])
def test_middleware_is_one_or_a_list_of_them_the_first_outermost(
    make: Make, source: str, names: list[str]
) -> None:
    app = make({"_notes.py": NOTES, "middleware.py": source, "route.py": ROUTE})
    for _ in range(2):
        assert ran(app) == names


NAMED = NOTES + "middleware = noting('{name}')\n"


@pytest.mark.parametrize(("inner", "names"), [
    (None, ["root", "outer", "group"]),
    ("middleware = []\n", ["root", "outer", "group"]),
    (NAMED, ["root", "outer", "group", "inner"]),
    (NAMED + "inherit = True\n", ["root", "outer", "group", "inner"]),
    (NAMED + "inherit = False\n", ["inner"]),
    ("inherit = False\n", [""]),
    ("inherit = False\nmiddleware = []\n", [""]),
])
def test_a_folder_runs_what_the_outer_ones_run_unless_it_says_otherwise(
    make: Make, inner: str | None, names: list[str]
) -> None:
    files = {"middleware.py": NAMED.format(name="root"), "error.py": SHAPES,
             "a/middleware.py": NAMED.format(name="outer"),
             "a/(group)/middleware.py": NAMED.format(name="group"),
             "a/route.py": ROUTE, "a/(group)/b/route.py": ROUTE, "a/(group)/b/c/route.py": ROUTE}
    if inner is not None:
        files["a/(group)/b/middleware.py"] = inner.format(name="inner")
    app = make(files)
    assert ran(app, "/a/b") == names
    assert ran(app, "/a/b/c") == names
    assert ran(app, "/a") == ["root", "outer"]
    # what is left out is middleware: error files stay
    assert exchange(app, environ_of("POST", "/a/b"), shaped=True).text == "shaped"


def test_each_error_file_holds_below_its_folder_only(make: Make) -> None:
    app = make({"a/error.py": SHAPES, "a/route.py": ROUTE, "a/b/route.py": ROUTE, "c/route.py": ROUTE})
    for target, shaped in (("/a", True), ("/a/b", True), ("/a/nope", True), ("/c", False), ("/nope", False)):
        answer = exchange(app, environ_of("POST", target), shaped=True)
        assert answer.status in (404, 405)
        assert (answer.text == "shaped") == shaped


ACCEPTED = [
    "def {name}(a, b): return {result}\n",
    "def {name}(a, b, /): return {result}\n",
    "def {name}(a, b, c=1): return {result}\n",
    "def {name}(a, b, *, c=1): return {result}\n",
    "def {name}(a, b, *more, **named): return {result}\n",
    "def {name}(a, *more):\n    [b] = more\n    return {result}\n",
    "def {name}(*both):\n    a, b = both\n    return {result}\n",
    "{name} = lambda a, b: {result}\n",
    "from functools import partial\ndef _of(one, a, b, two): return {result}\n"
    "{name} = partial(_of, 1, two=2)\n",
    "class Of:\n    def __call__(self, a, b): return {result}\n{name} = Of()\n",
    "class Of:\n    def of(self, a, b): return {result}\n{name} = Of().of\n",
    "class Of:\n    @classmethod\n    def of(cls, a, b): return {result}\n{name} = Of.of\n",
    "class Of:\n    @staticmethod\n    def of(a, b): return {result}\n{name} = Of.of\n",
    "import functools\ndef _deco(f):\n    @functools.wraps(f)\n    def wrapper(*given): return f(*given)\n"
    "    return wrapper\n@_deco\ndef {name}(a, b): return {result}\n",
    "import functools\n@functools.lru_cache\ndef _of(x): return x\n"
    "def {name}(a: 'Nowhere', b: 'Nothing') -> 'Never': return {result}\n",
    "from unittest.mock import Mock\ndef _of(a, b): return {result}\n{name} = Mock(side_effect=_of)\n",
]


@pytest.mark.parametrize("source", ACCEPTED)
def test_whatever_can_be_called_with_two_arguments_does(make: Make, source: str) -> None:
    app = make({"middleware.py": source.format(name="middleware", result="(a.environ, b(a))[1]"),
                "error.py": source.format(name="error", result="(a.method, 'shaped')[1]"),
                "route.py": "def GET(): return 'text'\n"})
    assert exchange(app, environ_of("GET", "/")).text == "text"
    assert exchange(app, environ_of("GET", "/nope"), shaped=True).text == "shaped"


# what is wrong

WRONG_FUNCTIONS = [
    # source, problem, mend; {name} is middleware or error, {takes} how it is called
    ("{name} = None\n", "is NoneType, no function", "name a function {takes}"),
    ("{name} = 'text'\n", "is str, no function", "name a function {takes}"),
    ("{name} = {{}}\n", "is dict, no function", "name a function {takes}"),
    ("class {name}: ...\n", "is a class", "name an instance of it, or a function"),
    ("async def {name}(a, b): ...\n", "is a coroutine function",
     "write def {name}{takes} that returns the answer, without async and yield"),
    ("def {name}(a, b): yield\n", "is a generator function",
     "write def {name}{takes} that returns the answer, without async and yield"),
    ("async def {name}(a, b): yield\n", "is an async generator function",
     "write def {name}{takes} that returns the answer, without async and yield"),
    ("from functools import partial\nasync def _of(x, a, b): ...\n{name} = partial(partial(_of, 1))\n",
     "is a coroutine function", "write a function {takes} that returns the answer, without async and yield"),
    ("class Of:\n    async def __call__(self, a, b): ...\n{name} = Of()\n",
     "is a coroutine function", "write a function {takes} that returns the answer, without async and yield"),
    ("class Of:\n    async def of(self, a, b): ...\n{name} = Of().of\n",
     "is a coroutine function", "write def of{takes} that returns the answer, without async and yield"),
    ("def {name}(): ...\n", "cannot be called with {takes}", "write def {name}{takes}"),
    ("def {name}(a): ...\n", "cannot be called with {takes}", "write def {name}{takes}"),
    ("def {name}(a, b, c): ...\n", "cannot be called with {takes}", "write def {name}{takes}"),
    ("def {name}(a, b, c, d=1): ...\n", "cannot be called with {takes}", "write def {name}{takes}"),
    ("def {name}(a, b, c, *d): ...\n", "cannot be called with {takes}", "write def {name}{takes}"),
    ("def {name}(a, b, *, c): ...\n", "cannot be called with {takes}", "write def {name}{takes}"),
    ("def {name}(a, **named): ...\n", "cannot be called with {takes}", "write def {name}{takes}"),
    ("{name} = lambda a: a\n", "cannot be called with {takes}", "write a function {takes}"),
    ("class Of:\n    def __call__(self, a): ...\n{name} = Of()\n", "cannot be called with {takes}",
     "write a function {takes}"),
    ("class Of:\n    def of(a, b): ...\n{name} = Of().of\n", "cannot be called with {takes}",
     "write def of{takes}"),
    ("import functools\ndef _of(*given): ...\n@functools.wraps(lambda a: a)\ndef {name}(*given): ...\n",
     "cannot be called with {takes}", "write a function {takes}"),
    # of a builtin nobody can say how it is called
    ("{name} = max\n", "cannot be called with {takes}", "write def max{takes}"),
    # near misses
    ("", "there is no {name} in it", "{missing}"),
    ("_x = 1\nX = []\n", "there is no {name} in it", "{missing}"),
    ("from os.path import join\n", "there is no {name} in it", "{missing}"),
    ("class Guard:\n    def __call__(self, a, b): ...\n", "there is no {name} in it", "{missing}"),
    ("def handle(a, b): ...\n", "there is no {name} in it", "rename handle() to {name}"),
    ("def _helper(): ...\ndef handle(a, b): ...\n", "there is no {name} in it", "rename handle() to {name}"),
    ("def one(a, b): ...\ndef two(a, b): ...\n", "there is no {name} in it", "{missing}"),
    ("def __getattr__(name): return lambda a, b: None\n", "there is no {name} in it", "{missing}"),
]
_MISSING = {"middleware": f"write def middleware{MIDDLEWARE}, or a list of such functions",
            "error": f"write def error{ERROR}"}


@pytest.mark.parametrize(("name", "takes"), [("middleware", MIDDLEWARE), ("error", ERROR)])
@pytest.mark.parametrize(("source", "problem", "mend"), WRONG_FUNCTIONS)
@pytest.mark.parametrize("lazy", [False, True])
def test_what_could_not_do_its_work_is_a_fault_at_start(
    tree: Tree, name: str, takes: str, source: str, problem: str, mend: str, lazy: bool
) -> None:
    words = {"name": name, "takes": takes, "missing": _MISSING[name]}
    says = problem.format(**words)
    if name == "error" and source == "{name} = None\n":
        says, mend = "there is no error in it", _MISSING["error"]
    subject = "" if says.startswith("there is") else f"{name} "
    root = tree({f"a/{name}.py": source.format(**words), "a/route.py": ROUTE})
    assert lines(root, lazy=lazy) == [f"a/{name}.py: {subject}{says}; {mend.format(**words)}"]


@pytest.mark.parametrize(("source", "faults"), [
    ("def good(a, b): ...\ndef bad(a): ...\nmiddleware = [good, bad, good]\n",
     [f"middleware[1] (bad) cannot be called with {MIDDLEWARE}; write def bad{MIDDLEWARE}"]),
    ("from fsroute.middleware.csrf import csrf\nmiddleware = csrf\n",
     [f"middleware cannot be called with {MIDDLEWARE}; call it: csrf()"]),
    ("from fsroute.middleware.cors import cors\nmiddleware = [cors, cors()]\n",
     [f"middleware[0] (cors) cannot be called with {MIDDLEWARE}; call it: cors()"]),
    ("from fsroute.middleware import cors\nmiddleware = cors\n",
     ["middleware is a module; name the function in it: from fsroute.middleware.cors import cors"]),
    ("middleware = []\ninherits = False\n", ["inherits is not read; write inherit, or give it another name"]),
    ("middleware = []\nINHERIT = False\n", ["INHERIT is not read; write inherit, or give it another name"]),
    ("import json\nmiddleware = json\n", ["middleware is a module; name the function in it"]),
    ("middleware = []\nInherti = True\n", ["Inherti is not read; write inherit, or give it another name"]),
    ("middleware = [None, 'x']\n",
     [f"middleware[0] (NoneType) is NoneType, no function; name a function {MIDDLEWARE}",
      f"middleware[1] (str) is str, no function; name a function {MIDDLEWARE}"]),
    ("class Guard: ...\nmiddleware = (Guard,)\n",
     ["middleware[0] (Guard) is a class; name an instance of it, or a function"]),
    ("async def later(a, b): ...\nmiddleware = [later]\n",
     ["middleware[0] (later) is a coroutine function; "
      f"write def later{MIDDLEWARE} that returns the answer, without async and yield"]),
    # a factory that was not called takes its options
    ("def cors(origins='*'): return lambda a, b: b(a)\nmiddleware = [cors]\n",
     [f"middleware[0] (cors) cannot be called with {MIDDLEWARE}; write def cors{MIDDLEWARE}"]),
    ("middleware = {lambda a, b: b(a)}\n",
     [f"middleware is set, no function; name a function {MIDDLEWARE}"]),
    ("middleware = (each for each in [])\n",
     [f"middleware is generator, no function; name a function {MIDDLEWARE}"]),
    ("inherit = 0\n", ["inherit is 0; write inherit = False, or leave it out"]),
    ("inherit = None\nmiddleware = []\n", ["inherit is None; write inherit = False, or leave it out"]),
    ("inherit = 'no'\nmiddleware = None\n",
     ["inherit is 'no'; write inherit = False, or leave it out",
      f"middleware is NoneType, no function; name a function {MIDDLEWARE}"]),
    (f"inherit = '{'x' * 200}'\n", [f"inherit is '{'x' * 79}; write inherit = False, or leave it out"]),
])
def test_each_one_of_a_list_and_inherit_are_looked_at(tree: Tree, source: str, faults: list[str]) -> None:
    found = lines(tree({"middleware.py": source, "route.py": ROUTE}))
    assert found == [f"middleware.py: {each}" for each in faults]


def test_all_of_them_are_in_one_report_with_those_of_the_route_files(tree: Tree) -> None:
    root = tree({
        "middleware.py": "middleware = None\n", "error.py": "", "a/middleware.py": "inherit = 1\n",
        "a/error.py": "def error(a): ...\n", "a/[x]/middleware.py": "1 / 0\n",
        "a/[x]/error.py": "import nowhere_at_all\n",
        "a/[x]/route.py": ROUTE, "a/[x]/y-[z]/route.py": ROUTE, "b/route.py": "def get(): ...\n"})
    found = lines(root)
    assert [line.partition(":")[0] for line in found] == [
        "a/[x]/error.py", "a/[x]/middleware.py", "a/[x]/y-[z]", "a/error.py", "a/middleware.py", "b/route.py",
        "error.py", "middleware.py"]
    assert found[0].endswith("cannot be imported: ModuleNotFoundError: No module named 'nowhere_at_all'; "
                             "install nowhere_at_all, or mend a/[x]/error.py:1")
    assert found[1].endswith("cannot be imported: ZeroDivisionError: division by zero; "
                             "mend a/[x]/middleware.py:1")


@pytest.mark.parametrize("name", ["middleware", "error"])
@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(("source", "says"), [
    ("1 / 0\n", "cannot be imported: ZeroDivisionError: division by zero; mend a/{name}.py:1"),
    ("def x(:\n", "cannot be imported: SyntaxError: "),
    ("raise SystemExit(3)\n",
     "cannot be imported: ImportError: it ends the process, with 3; mend a/{name}.py"),
    ("from ._nothing import x\n", "cannot be imported: ModuleNotFoundError: "),
])
def test_a_file_that_cannot_be_imported_is_a_fault_at_start_also_where_routes_are_left_for_later(
    tree: Tree, name: str, lazy: bool, source: str, says: str
) -> None:
    root = tree({f"a/{name}.py": source, "a/route.py": ROUTE})
    [line] = lines(root, lazy=lazy)
    assert line.startswith(f"a/{name}.py: {says.format(name=name)}")


def test_a_helper_that_breaks_both_files_is_one_fault(tree: Tree) -> None:
    root = tree({"_lib.py": "1 / 0\n", "middleware.py": "from ._lib import middleware\n",
                 "error.py": "from ._lib import error\n", "route.py": "from ._lib import GET\n"})
    [line] = lines(root)
    assert line.startswith("_lib.py: stops the import of error.py, middleware.py, route.py: ZeroDivision")


def test_a_file_may_import_from_the_one_of_another_folder(make: Make) -> None:
    app = make({"middleware.py": NOTES + "middleware = noting('root')\n", "route.py": ROUTE,
                "a/middleware.py": "from ..middleware import noting\nmiddleware = noting('a')\n",
                "a/route.py": ROUTE})
    assert ran(app, "/a") == ["root", "a"]


def test_a_plain_middleware_takes_no_slow_import(tree: Tree) -> None:
    root = tree({"middleware.py": "def middleware(request, call_next): return call_next(request)\n",
                 "error.py": SHAPES, "route.py": "def GET(): return 'text'\n"})
    code = (f"import sys; from fsroute import App; App({root!r}); "
            "print(*sorted({'inspect', 'logging', 'asyncio', 'typing'} & set(sys.modules)))")
    done = subprocess.run([sys.executable, "-S", "-c", code], cwd=Path(__file__).parents[2],
                          capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "", "")

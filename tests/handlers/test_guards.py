"""Where a URL could lead round the middleware of a folder."""

import re
import sys
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fsroute import App, TreeError
from fsroute.handlers import guards
from tests.conftest import Make, Tree, write_files
from tests.exchange import environ_of, exchange

ECHO = "def GET(request, params): return [request.route, params]\n"
LOGIN = """
def login(request, call_next):
    response = call_next(request)
    response.headers["X-Ran"] = "login"
    return response
middleware = login
"""
ERROR = "def error(request, exception): return None\n"


def start(base: Path, files: Mapping[str, str], public: tuple[str, ...] = (), **options: Any) -> App:
    """An app of files given by path: a route.py echoes, a middleware.py is login unless it says more."""
    write_files(base / "app", files)
    write_files(base / "public", dict.fromkeys(public, "public"))
    return App(base / "app", package=base.name, **options)


def written(*names: str) -> dict[str, str]:
    texts = {"route.py": ECHO, "middleware.py": LOGIN, "error.py": ERROR, "page.html": "<p>"}
    return {name: texts[name.rpartition("/")[2]] for name in names}


def ran(app: App, target: str, method: str = "GET") -> tuple[int, str | None]:
    answer = exchange(app, environ_of(method, target))
    return answer.status, answer.headers.get("x-ran")


@pytest.fixture
def base(tree: Tree) -> Path:
    return Path(tree({}))


# public files

@pytest.mark.parametrize(("files", "file", "through"), [
    (("middleware.py", "route.py"), "a.txt", "login"),
    (("middleware.py", "route.py"), "x/y/a.txt", "login"),
    (("x/middleware.py", "x/route.py"), "x/a.txt", "login"),
    (("x/middleware.py", "x/route.py"), "x/y/z/a.txt", "login"),        # below a folder of the app
    (("x/middleware.py", "x/y/route.py"), "x/y/a.txt", "login"),
    (("x/middleware.py", "x/page.html"), "a.txt", None),
    (("x/middleware.py", "x/route.py"), "x", None),                    # its very URL
    (("x/middleware.py", "x/y/route.py"), "xx/a.txt", None),
    (("x/middleware.py", "x/y/route.py"), "X/a.txt", None),             # another URL
    (("%78/middleware.py", "%78/route.py"), "x/a.txt", "login"),
    (("%5Fx/middleware.py", "%5Fx/route.py"), "_x/a.txt", "login"),
    (("caf\u00e9/middleware.py", "caf\u00e9/route.py"), "cafe\u0301/a.txt", "login"),     # no other letters
    (("(g)/x/middleware.py", "(g)/x/route.py"), "x/a.txt", "login"),
    (("(g)/middleware.py", "(g)/x/route.py"), "x/a.txt", "login"),
    (("(g)/middleware.py", "(g)/x/route.py"), "x/y/a.txt", "login"),
    (("(g)/(h)/middleware.py", "(g)/(h)/x/route.py"), "x/a.txt", "login"),
    # A group is for the routes in it, not for the URL of the folder it lies in.
    (("(g)/middleware.py", "(g)/x/route.py", "route.py"), "favicon.ico", None),
    (("(g)/middleware.py", "(g)/route.py"), "favicon.ico", None),
    (("(g)/middleware.py", "(g)/x/route.py", "route.py"), "css/a.css", None),
    (("(g)/(h)/middleware.py", "(g)/(h)/x/route.py"), "favicon.ico", None),
    (("x/(g)/middleware.py", "x/(g)/y/route.py", "x/route.py"), "x/a.txt", None),
    (("x/(g)/middleware.py", "x/(g)/y/route.py", "x/z/route.py"), "x/z/a.txt", None),
    (("(h)/x/(g)/middleware.py", "(h)/x/(g)/y/route.py"), "x/a.txt", None),
    (("(h)/x/(g)/middleware.py", "(h)/x/(g)/y/route.py", "(k)/x/route.py"), "x/a.txt", None),
    (("[lang]/(g)/middleware.py", "[lang]/(g)/x/route.py"), "en/a.txt", None),
    # Several folders of one URL with the same middleware are no trouble.
    (("middleware.py", "(g)/x/route.py", "(h)/x/y/route.py"), "x/a.txt", "login"),
    (("(g)/middleware.py", "(g)/x/route.py", "(g)/(h)/x/y/route.py"), "x/a.txt", "login"),
    (("(g)/x/error.py", "(g)/x/route.py", "(h)/x/y/route.py"), "x/a.txt", None),    # guards nothing
    # A folder in brackets whose chain is the same, or that leads elsewhere.
    (("x/middleware.py", "x/[id]/route.py", "x/[id]/error.py"), "x/y/a.txt", "login"),
    (("[lang]/middleware.py", "[lang]/route.py"), "favicon.ico", None),
    (("x/[id]/middleware.py", "x/[id]/route.py"), "x/a.txt", None),
    (("x/[id]/middleware.py", "x/[id]/route.py"), "y/z/a.txt", None),
    (("[id]/x/middleware.py", "[id]/x/route.py"), "y/a.txt", None),
    (("[id]/x/middleware.py", "[id]/x/route.py"), "y/z/a.txt", None),
    (("[...path]/middleware.py", "[...path]/route.py"), "favicon.ico", None),
    (("x/[...path]/middleware.py", "x/[...path]/route.py"), "y/z/a.txt", None),
    (("middleware.py", "[...path]/route.py"), "x/y/a.txt", "login"),
])
def test_a_public_file_has_the_chain_of_the_folder_its_url_leads_to(
    files: tuple[str, ...], file: str, through: str | None, base: Path
) -> None:
    if file == "x":
        with pytest.raises(TreeError, match="both answer /x"):
            start(base, written(*files), (file,))
        return
    app = start(base, written(*files), (file,))
    assert ran(app, f"/{file}") == (200, through)
    assert [ran(app, f"/{file}", method)[1] for method in ("HEAD", "POST", "OPTIONS")] == [through] * 3
    assert ran(app, f"/{file}/") == (308, through)
    [route] = [route for route in app.routes if route.kind == "public"]
    assert route.chain == app.match("GET", f"/{file}").chain == (("login",) if through else ())


def test_a_folder_that_drops_outer_middleware_drops_it_for_its_public_files(base: Path) -> None:
    files = {**written("middleware.py", "x/route.py", "x/y/route.py"), "x/middleware.py": "inherit = False\n"}
    app = start(base, files, ("a.txt", "x/a.txt", "x/y/a.txt"))
    assert [ran(app, target)[1] for target in ("/a.txt", "/x/a.txt", "/x/y/a.txt")] == ["login", None, None]


def test_an_inner_folder_that_drops_middleware_of_the_folder_it_lies_in_has_public_files(base: Path) -> None:
    files = {**written("b/middleware.py", "b/route.py", "b/a/route.py"),
             "b/a/middleware.py": "inherit = False\n"}
    app = start(base, files, ("b/f", "b/a/f", "b/a/c/f"))
    assert [ran(app, target) for target in ("/b/f", "/b/a/f", "/b/a/c/f")] == [
        (200, "login"), (200, None), (200, None)]
    assert [route.left_out for route in app.routes] == [()] * 5


@pytest.mark.parametrize(("files", "file", "named"), [
    (("(g)/x/middleware.py", "(g)/x/route.py", "(h)/x/y/route.py"), "x/a.txt", "(g)/x"),
    (("(g)/x/middleware.py", "(g)/x/route.py", "(h)/x/y/route.py"), "x/z/a.txt", "(g)/x"),
    (("(g)/middleware.py", "(g)/x/route.py", "(h)/x/y/route.py"), "x/a.txt", "(g)/x"),
    (("(g)/middleware.py", "(g)/x/route.py", "x/y/route.py"), "x/a.txt", "(g)/x"),
    (("(g)/x/middleware.py", "(g)/x/route.py", "(h)/x/middleware.py", "(h)/x/y/route.py"), "x/a.txt",
     "(g)/x"),
    # On the way there: what lies deeper is spelt by one of them alone.
    (("(g)/x/middleware.py", "(g)/x/route.py", "(h)/x/y/route.py"), "x/y/a.txt", "(g)/x"),
    (("(g)/middleware.py", "(g)/x/route.py", "(h)/x/y/route.py"), "x/y/a.txt", "(g)/x"),
    # Brackets.
    (("[lang]/middleware.py", "[lang]/route.py"), "en/a.txt", "[lang]"),
    (("[lang]/middleware.py", "[lang]/route.py"), "en/x/y/a.txt", "[lang]"),
    (("[lang]/middleware.py", "[lang]/route.py", "en/x/route.py"), "en/a.txt", "[lang]"),
    (("x/[id]/middleware.py", "x/[id]/y/route.py", "x/route.py"), "x/1/a.txt", "x/[id]"),
    (("[a]/[b]/middleware.py", "[a]/[b]/route.py"), "x/y/a.txt", "[a]/[b]"),
    (("[a]/x/middleware.py", "[a]/x/route.py"), "y/x/a.txt", "[a]/x"),
    (("(g)/middleware.py", "(g)/[lang]/route.py"), "en/a.txt", "(g)/[lang]"),
    (("(g)/(h)/middleware.py", "(g)/(h)/[lang]/route.py"), "en/a.txt", "(g)/(h)/[lang]"),
    (("[lang]/(g)/middleware.py", "[lang]/(g)/x/route.py"), "en/x/a.txt", "[lang]/(g)/x"),
    (("[...path]/middleware.py", "[...path]/route.py"), "x/a.txt", "[...path]"),
    (("[...path]/middleware.py", "[...path]/route.py"), "x/y/a.txt", "[...path]"),
    (("(g)/middleware.py", "(g)/[...path]/route.py"), "x/a.txt", "(g)/[...path]"),
    (("[[...path]]/middleware.py", "[[...path]]/route.py"), "a.txt", "[[...path]]"),
    (("x/[[...path]]/middleware.py", "x/[[...path]]/route.py"), "x/a.txt", "x/[[...path]]"),
])
def test_a_public_file_that_would_walk_round_a_guard_is_a_fault(
    files: tuple[str, ...], file: str, named: str, base: Path
) -> None:
    with pytest.raises(TreeError) as caught:
        start(base, written(*files), (file, "ok/but/not/here" if "[" in named else "b.txt"))
    faults = [str(fault) for fault in caught.value.faults]
    line = (f"public/{file}: app/{named} has this URL too, under other middleware; "
            "move the file elsewhere, or the middleware into a folder above both")
    assert line in faults
    assert len(faults) == 1 or "[" in named


def test_a_folder_without_the_outer_middleware_and_one_with_it_have_no_public_files_together(
    base: Path
) -> None:
    files = {**written("middleware.py", "(g)/x/route.py", "(h)/x/y/route.py"),
             "(g)/x/middleware.py": "inherit = False\n"}
    with pytest.raises(TreeError, match=r"app/\(g\)/x has this URL too"):
        start(base, files, ("x/a.txt",))


def test_the_files_of_a_public_folder_are_one_fault_and_all_folders_are_named(base: Path) -> None:
    with pytest.raises(TreeError) as caught:
        start(base, written("[lang]/middleware.py", "[lang]/route.py"),
              ("en/a.txt", "en/b.txt", "fr/a.txt", "favicon.ico"))
    assert [fault.files for fault in caught.value.faults] == [("public/en/a.txt",), ("public/fr/a.txt",)]


def test_public_files_of_a_lazy_app_are_judged_at_start_too(base: Path) -> None:
    files = written("[lang]/middleware.py", "[lang]/route.py")
    with pytest.raises(TreeError, match=r"\[lang\] has this URL too"):
        start(base, files, ("en/a.txt",), lazy=True)


def test_a_function_that_is_named_again_is_the_same_guard(base: Path) -> None:
    again = "from ...middleware import middleware\ninherit = False\n"
    files = {**written("middleware.py", "(h)/x/y/route.py", "[...r]/route.py", "(g)/x/route.py"),
             "(g)/x/middleware.py": again}
    app = start(base, files, ("x/f",))
    assert [ran(app, target)[1] for target in ("/x", "/x/f", "/x/nope")] == ["login"] * 3
    assert [route.left_out for route in app.routes] == [()] * 4


def test_a_bound_method_that_is_named_again_is_the_same_guard(base: Path) -> None:
    (base / "app").mkdir()
    (base / "app/_lib.py").write_text("class Log:\n    def note(self, request, call_next):\n"
                                      "        return call_next(request)\nlog = Log()\n")
    again = "from {}_lib import log\nmiddleware = log.note\n"
    app = start(base, {**written("(h)/x/y/route.py", "(g)/x/route.py"), "middleware.py": again.format("."),
                       "(g)/x/middleware.py": again.format("...") + "inherit = False\n"}, ("x/f",))
    assert ran(app, "/x/f") == (200, None)


def test_a_route_beside_many_guards_tells_of_the_first_ones(make: Make) -> None:
    files = {f"a{number}/middleware.py": LOGIN for number in range(30)}
    app = make({**files, **{f"[x]/r{number}/route.py": ECHO for number in range(30)}})
    assert [len(route.left_out) for route in app.routes] == [10] * 30


@pytest.mark.parametrize(("files", "file", "noted"), [
    (("[slug]/middleware.py", "[slug]/route.py"), "favicon.ico", "[slug]"),
    (("x/[...p]/middleware.py", "x/[...p]/route.py"), "x/a.txt", "x/[...p]"),
    (("x/[id]/middleware.py", "x/[id]/y/route.py"), "x/a.txt", "x/[id]"),
    (("(g)/middleware.py", "(g)/[id]/route.py"), "a.txt", "(g)/[id]"),
    (("[...p]/middleware.py", "[...p]/route.py"), "favicon.ico", "[...p]"),
    (("middleware.py", "[slug]/route.py"), "favicon.ico", None),
    (("[slug]/error.py", "[slug]/route.py"), "favicon.ico", None),
    (("[slug]/x/middleware.py", "[slug]/x/route.py"), "favicon.ico", None),
    (("x/[id]/middleware.py", "x/[id]/route.py"), "a.txt", None),
])
def test_a_public_file_tells_of_the_guard_that_would_take_its_own_name(
    files: tuple[str, ...], file: str, noted: str | None, base: Path
) -> None:
    app = start(base, written(*files), (file,))
    [route] = [route for route in app.routes if route.kind == "public"]
    assert route.left_out == ((str(base / "app" / noted),) if noted else ())


# catch-alls

LEFT_OUT = [
    (("[...p]/route.py", "x/middleware.py", "x/route.py"), ["x"]),
    (("[[...p]]/route.py", "x/middleware.py", "x/route.py"), ["x"]),
    (("[...p]/route.py", "x/middleware.py"), ["x"]),                     # no route is needed to be asked
    (("[...p]/route.py", "x/y/middleware.py", "x/y/route.py", "x/route.py"), ["x/y"]),
    (("[...p]/route.py", "x/middleware.py", "x/y/middleware.py", "x/y/route.py"), ["x", "x/y"]),
    (("[...p]/route.py", "[id]/middleware.py", "[id]/route.py"), ["[id]"]),
    (("x/[...p]/route.py", "x/y/middleware.py", "x/y/route.py"), ["x/y"]),
    (("x/[...p]/route.py", "[id]/y/middleware.py", "[id]/y/route.py"), ["[id]/y"]),
    (("[id]/[...p]/route.py", "x/y/middleware.py", "x/y/route.py"), ["x/y"]),
    (("(g)/[...p]/route.py", "(h)/x/middleware.py", "(h)/x/route.py"), ["(h)/x"]),
    # Middleware comes by groups too.
    (("[...p]/route.py", "(g)/middleware.py", "(g)/x/route.py"), ["(g)/x"]),
    (("[...p]/route.py", "(g)/middleware.py", "(g)/x/y/route.py", "(g)/z/route.py"), ["(g)/x", "(g)/z"]),
    (("[...p]/route.py", "(g)/(h)/middleware.py", "(g)/(h)/x/route.py"), ["(g)/(h)/x"]),
    (("[...p]/route.py", "(g)/middleware.py", "(g)/(h)/x/route.py"), ["(g)/(h)/x"]),
    (("[...p]/route.py", "x/(g)/middleware.py", "x/(g)/y/route.py"), ["x/(g)/y"]),
    (("x/[...p]/route.py", "x/(g)/middleware.py", "x/(g)/y/route.py"), ["x/(g)/y"]),
    (("(g)/middleware.py", "(g)/[...p]/route.py", "(h)/middleware.py", "(h)/x/route.py"), ["(h)/x"]),
    # A guard that does not lie deeper itself holds folders that do.
    (("x/[...p]/route.py", "(g)/x/middleware.py", "(g)/x/y/z/route.py", "(g)/x/w/route.py"),
     ["(g)/x/w", "(g)/x/y"]),
    (("x/y/[...p]/route.py", "(g)/x/middleware.py", "(g)/x/y/(h)/z/route.py"), ["(g)/x/y/(h)/z"]),
    (("x/[...p]/route.py", "[id]/middleware.py", "[id]/y/route.py"), ["[id]/y"]),
    (("[...p]/route.py", "x/middleware.py", "x/route.py", "x/[id]/route.py"), ["x"]),    # two names further
    (("[...p]/route.py", "x/middleware.py", "x/route.py", "x/[a]/route.py", "x/[a]/[b]/route.py"), ["x"]),
    (("[...p]/route.py", "x/[...q]/middleware.py", "x/route.py"), ["x/[...q]"]),      # its route is forgotten
    (("[...p]/route.py", "x/[...q]/middleware.py", "x/[...q]/route.py"), []),
    # What is not left out.
    (("x/[...p]/route.py", "(g)/x/middleware.py", "(g)/x/route.py", "(g)/x/_y/route.py"), []),
    (("x/[...p]/route.py", "[id]/middleware.py", "[id]/route.py"), []),
    (("[...p]/route.py", "middleware.py", "x/route.py"), []),
    (("middleware.py", "[...p]/middleware.py", "[...p]/route.py", "x/route.py"), []),
    (("(g)/middleware.py", "(g)/[...p]/route.py", "(g)/x/route.py"), []),
    (("[...p]/route.py", "x/error.py", "x/route.py"), []),
    (("x/[...p]/route.py", "y/middleware.py", "y/route.py"), []),
    (("x/[...p]/route.py", "x/middleware.py", "x/y/route.py"), []),
    (("x/y/[...p]/route.py", "x/middleware.py", "x/z/middleware.py", "x/z/route.py"), []),
    (("[id]/x/[...p]/route.py", "a/y/middleware.py", "a/y/route.py"), []),
    (("[...p]/route.py", "_x/middleware.py", "y/route.py"), []),
    # Where all paths below are somebody else's.
    (("[...p]/route.py", "x/middleware.py", "x/[[...q]]/route.py"), []),
    (("[...p]/route.py", "x/middleware.py", "x/route.py", "x/[...q]/route.py"), []),
    (("[...p]/route.py", "x/middleware.py", "x/[...q]/route.py"), ["x"]),          # /x itself
    (("[...p]/route.py", "[id]/middleware.py", "[id]/[[...q]]/route.py"), []),
    (("[...p]/route.py", "(g)/[id]/middleware.py", "(g)/[id]/route.py", "[x]/[...q]/route.py"), []),
    (("[...p]/route.py", "(g)/[id]/middleware.py", "(g)/[id]/y/route.py", "[x]/[[...q]]/route.py"), []),
    (("[...p]/route.py", "x/[[...q]]/route.py", "x/y/error.py", "x/middleware.py", "x/y/route.py"), []),
    (("[x]/[...p]/route.py", "a/[[...q]]/route.py", "a/middleware.py", "a/b/route.py"), []),
    (("[x]/[...p]/route.py", "a/b/middleware.py", "a/b/[[...q]]/route.py"), []),
    (("a/[...p]/route.py", "[id]/y/middleware.py", "[id]/y/[[...q]]/route.py"), ["[id]/y"]),    # /a/y
]


@pytest.mark.parametrize(("files", "named"), LEFT_OUT)
@pytest.mark.parametrize("lazy", [False, True])
def test_a_catch_all_knows_the_folders_whose_middleware_it_leaves_out(
    files: tuple[str, ...], named: list[str], lazy: bool, base: Path
) -> None:
    app = start(base, written(*files), lazy=lazy)
    route = next(route for route in app.routes if route.pattern.endswith(("[...p]", "[[...p]]")))
    assert [*route.left_out] == [str(base / "app" / name) for name in named]
    assert not any(route.left_out for route in app.routes if "[" not in route.pattern)


@pytest.mark.parametrize(("files", "pattern", "named"), [
    (("[id]/route.py", "x/middleware.py", "x/y/route.py"), "/[id]", ["x"]),
    (("[id]/route.py", "x/middleware.py", "x/route.py"), "/[id]", []),
    (("[id]/route.py", "x/middleware.py", "x/[[...p]]/route.py"), "/[id]", []),
    (("[id]/route.py", "x/middleware.py", "x/[...p]/route.py"), "/[id]", ["x"]),
    (("middleware.py", "[id]/route.py", "x/y/route.py"), "/[id]", []),
    (("[id]/middleware.py", "[id]/route.py", "x/route.py"), "/[id]", []),
    (("[id]/route.py", "x/error.py", "x/y/route.py"), "/[id]", []),
    (("[id]/route.py", "x/y/middleware.py", "x/y/route.py"), "/[id]", []),
    (("[id]/route.py", "(g)/middleware.py", "(g)/x/y/route.py"), "/[id]", ["(g)/x"]),
    (("[lang]/about/route.py", "admin/middleware.py", "admin/route.py"), "/[lang]/about", ["admin"]),
    (("[lang]/about/route.py", "admin/middleware.py", "admin/about/route.py"), "/[lang]/about", []),
    (("[lang]/about/route.py", "admin/middleware.py", "admin/[page]/route.py"), "/[lang]/about", []),
    (("[lang]/about/route.py", "admin/middleware.py", "admin/[...p]/route.py"), "/[lang]/about", []),
    (("u/[id]/posts/route.py", "u/me/middleware.py", "u/me/route.py"), "/u/[id]/posts", ["u/me"]),
    (("u/[id]/posts/route.py", "v/me/middleware.py", "v/me/route.py"), "/u/[id]/posts", []),
    (("[a]/[b]/route.py", "x/y/middleware.py"), "/[a]/[b]", ["x/y"]),
    (("[a]/[b]/route.py", "x/middleware.py", "x/y/route.py"), "/[a]/[b]", ["x"]),
    (("[a]/x/route.py", "[b]/middleware.py", "[b]/y/route.py"), "/[a]/x", []),      # no name of its own
    (("x/[b]/route.py", "[a]/y/middleware.py", "[a]/y/route.py"), "/x/[b]", ["[a]/y"]),
    (("x/y/route.py", "[a]/middleware.py", "[a]/route.py"), "/x/y", []),
    # Of the values that a guard in brackets takes, one is somebody else's.
    (("[a]/[b]/route.py", "[c]/y/middleware.py", "x/y/route.py"), "/[a]/[b]", ["[c]/y"]),
])
@pytest.mark.parametrize("lazy", [False, True])
def test_so_does_a_route_that_takes_the_name_of_a_guarded_folder_for_a_value(
    files: tuple[str, ...], pattern: str, named: list[str], lazy: bool, base: Path
) -> None:
    app = start(base, written(*files), lazy=lazy)
    [route] = [route for route in app.routes if route.pattern == pattern]
    assert [*route.left_out] == [str(base / "app" / name) for name in named]


def test_a_folder_that_only_drops_middleware_is_not_left_out(base: Path) -> None:
    app = start(base, {**written("middleware.py", "[...p]/route.py", "x/route.py"),
                       "x/middleware.py": "inherit = False\n"})
    assert not any(route.left_out for route in app.routes)
    assert [ran(app, target) for target in ("/x", "/x/y")] == [(200, None), (200, "login")]
    other = start(base.parent / f"{base.name}_other", {
        **written("x/[...p]/route.py", "(g)/x/middleware.py", "(g)/x/y/route.py", "(g)/x/z/route.py"),
        "(g)/x/y/middleware.py": "inherit = False\n"})
    assert [path.rpartition("/")[2] for route in other.routes for path in route.left_out] == ["z"]


def test_a_folder_that_two_guards_lead_to_is_named_once(base: Path) -> None:
    app = start(base, {**written("x/middleware.py", "x/y/middleware.py", "x/y/route.py", "x/[...p]/route.py"),
                       "x/[...p]/middleware.py": "inherit = False\n"})
    assert [(ran(app, "/x/y/z"), ran(app, "/x/y"))] == [((200, None), (200, "login"))]
    assert [Path(path).name for route in app.routes for path in route.left_out] == ["y"]


def test_a_folder_whose_url_is_unknown_is_a_fault_and_no_more(base: Path) -> None:
    with pytest.raises(TreeError) as caught:
        start(base, written("x/[...p]/route.py", "(g)/x/middleware.py", "(g)/x/[user-id]/y/route.py",
                            "[...q]/middleware.py", "[...q]/z/route.py"), ("x/a.txt",))
    assert [fault.files for fault in caught.value.faults] == [
        ("app/(g)/x/[user-id]",), ("app/[...q]/z",), ("public/x/a.txt",)]


@pytest.mark.parametrize(("outer", "inner"), [
    ("a/[...p]", "a/b/[[...q]]"), ("[[...p]]", "a/b/[...q]"), ("[x]/[...p]", "a/b/[...q]"),
    ("[x]/[y]/[...p]", "a/[...q]"), ("[x]/[...p]", "a/[[...q]]")])
def test_below_another_catch_all_it_is_the_inner_one_that_leaves_it_out(
    outer: str, inner: str, base: Path
) -> None:
    app = start(base, written(f"{outer}/route.py", f"{inner}/route.py", "a/b/c/middleware.py",
                              "a/b/c/d/route.py"))
    assert {route.pattern: [Path(path).name for path in route.left_out] for route in app.routes} == {
        f"/{outer}": [], f"/{inner}": ["c"], "/a/b/c/d": []}
    for path in ("/a/b/c", "/a/b/c/x", "/a/b/c/d/x"):
        assert ran(app, path) == (200, None)
        assert repr(app.match("GET", path)) == f"<Explanation 200 /{inner}>"


@pytest.mark.parametrize("lazy", [False, True])
def test_a_catch_all_that_is_meant_to_answer_there_says_so(base: Path, lazy: bool) -> None:
    files = {**written("x/middleware.py", "x/route.py"), "[...p]/route.py": ECHO + "below = True\n",
             "y/[...q]/route.py": ECHO + "below = False\n", "y/z/middleware.py": LOGIN}
    app = start(base, files, lazy=lazy)
    assert [(route.pattern, len(route.left_out)) for route in app.routes] == [
        ("/[...p]", 0), ("/x", 0), ("/y/[...q]", 1)]
    assert ran(app, "/x/nope") == (200, None)
    assert ran(app, "/x") == (200, "login")


# what could take the place of a guard

@pytest.mark.parametrize("folder", ["", "in/", "(g)/"])
@pytest.mark.parametrize("lazy", [False, True])
def test_a_package_that_python_would_import_in_its_place_is_a_fault(
    folder: str, lazy: bool, base: Path
) -> None:
    files = {**written("route.py", f"{folder}middleware.py"),
             f"{folder}middleware/__init__.py": "middleware = []\n"}
    with pytest.raises(TreeError, match=f"app/{re.escape(folder)}middleware.py: cannot be imported"):
        start(base, files, lazy=lazy)


def test_a_folder_of_data_beside_a_guard_takes_nothing_from_it(base: Path) -> None:
    app = start(base, {**written("route.py", "middleware.py"), "middleware/notes.txt": "",
                       "middleware/x.py": ""})
    assert ran(app, "/") == (200, "login")


def test_a_guard_reached_by_a_link_guards(base: Path) -> None:
    write_files(base / "app", written("in/route.py", "in/x/route.py", "_lib/middleware.py"))
    (base / "real").mkdir()
    (base / "app/in").rename(base / "real/in")
    (base / "real/in/middleware.py").symlink_to(base / "app/_lib/middleware.py")
    (base / "app/in").symlink_to("../real/in")
    app = start(base, {}, ("in/a.txt",))
    for target in ("/in", "/in/x", "/in/x/", "/in/nope", "/in/a.txt"):
        assert ran(app, target)[1] == "login"


# the same, by asking

PLACES = st.lists(st.sampled_from(["a", "a", "b", "[x]", "(g)", "(h)"]), max_size=3).map(
    lambda parts: "".join(f"{part}/" for part in parts))
GUARDS = PLACES.map("{}middleware.py".format)
ENDS = st.builds("{}{}route.py".format, PLACES, st.sampled_from(["", "", "[...p]/", "[[...q]]/"]))
CATCH_ALLS = st.builds("{}{}/route.py".format, PLACES, st.sampled_from(["[...p]", "[[...p]]"]))
NAMES = st.builds(lambda guards, routes, last: [*dict.fromkeys([*guards, *routes, last])],
                  st.lists(GUARDS, min_size=1, max_size=3), st.lists(ENDS, min_size=1, max_size=3),
                  CATCH_ALLS)
PATHS = st.lists(st.sampled_from(["a", "a", "b", "c"]), min_size=1, max_size=4)

MARKED = """
def middleware(request, call_next):
    request.environ["ran"].append(__file__)
    return call_next(request)
"""
TOLD = "def GET(request): return __file__\n"


def named(folder: str) -> list[str]:
    """The names that lead to its URL."""
    return [name for name in folder.split("/") if name and name[0] != "("]


def leads(folder: str, parts: list[str]) -> bool:
    """Whether a path lies at or below a folder, catch-alls too."""
    names = named(folder)
    if names and "..." in names[-1]:
        *names, last = names
        if last[:2] != "[[" and len(parts) == len(names):
            return False
    return len(names) <= len(parts) and all(name in (part, "[x]")
                                            for name, part in zip(names, parts, strict=False))


def takes(route: str, folder: str) -> bool:
    """Whether a name on the way to the folder is a value on the way to the route, or two values are one."""
    def loose(name: str) -> int:
        return 2 if "..." in name else 1 if name[0] == "[" else 0

    ours, theirs = named(route), named(folder)
    more = [ours[-1]] * len(theirs) if ours and "..." in ours[-1] else []
    return any(loose(our) > loose(their) for our, their in zip([*ours, *more], theirs, strict=False))


def folders_of(names: list[str]) -> list[str]:
    """The folders that lead to URLs: all of the tree, but groups."""
    found = {"".join(f"{part}/" for part in name.split("/")[:end])
             for name in names for end in range(name.count("/") + 1)}
    return sorted(folder for folder in found if folder[-2:] != ")/")


@settings(max_examples=250, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names=NAMES, paths=st.lists(PATHS, min_size=10, max_size=20))
def test_no_value_is_the_name_of_a_guarded_folder_that_the_route_does_not_tell_of(
    names: list[str], paths: list[list[str]], tree: Tree
) -> None:
    """Each guard of a folder whose URL a path has ran, or the route that answers names the folder."""
    root = tree({name: TOLD if name.endswith("route.py") else MARKED for name in names})
    try:
        app = App(root)
    except TreeError:
        return
    left_out = {route.file: route.left_out for route in app.routes}
    guarded = [(folder, f"{root}/{name}") for folder in folders_of(names) for name in names
               if name.endswith("middleware.py") and folder.startswith(name.removesuffix("middleware.py"))]
    for parts in paths:
        ran_here: list[str] = []
        answer = exchange(app, environ_of("GET", "/" + "/".join(parts), ran=ran_here))
        own = answer.text.removeprefix(f"{root}/").removesuffix("route.py")
        for folder, guard in guarded:
            if answer.status == 200 and leads(folder, parts) and takes(own, folder):
                told = any(f"{root}/{folder}".startswith(f"{other}/") for other in left_out[answer.text])
                assert told or guard in ran_here, (folder, parts)


PUBLIC = st.lists(st.sampled_from(["a", "a", "b", "c"]), max_size=3)


@settings(max_examples=250, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(names=NAMES, above=PUBLIC)
def test_no_public_file_is_sent_without_a_guard_that_a_folder_of_its_url_has(
    names: list[str], above: list[str], tree: Tree
) -> None:
    """Every folder that leads to the URL, or on the way there, by whatever name, has all its guards run."""
    base = Path(tree({f"app/{name}": TOLD if name.endswith("route.py") else MARKED for name in names}))
    file = base.joinpath("public", *above, "it.txt")
    file.parent.mkdir(parents=True)
    file.write_text("public")
    try:
        app = App(base / "app", package=base.name)
    except TreeError:
        return
    ran_here: list[str] = []
    assert exchange(app, environ_of("GET", "/" + "/".join([*above, "it.txt"]), ran=ran_here)).text == "public"
    for folder in folders_of(names):
        around = {f"{base}/app/{name}" for name in names
                  if name.endswith("middleware.py") and folder.startswith(name.removesuffix("middleware.py"))}
        assert around <= {*ran_here} or not leads(folder, above), folder


# many of them

def test_a_guard_in_each_of_many_folders_costs_each_route_its_own(make: Make) -> None:
    def cost(areas: int) -> int:
        """How many calls of functions of the module a start makes."""
        files = {f"area{number}/{name}": text for number in range(areas) for name, text in
                 (("[...path]/route.py", ECHO), ("in/middleware.py", LOGIN), ("in/route.py", ECHO),
                  ("in/[id]/x/route.py", ECHO), ("of/[id]/route.py", ECHO))}
        calls = 0

        def count(frame: FrameType, event: str, argument: object) -> None:
            nonlocal calls
            calls += event == "call" and frame.f_code.co_filename == guards.__file__

        sys.setprofile(count)
        try:
            make(files)
        finally:
            sys.setprofile(None)
        return calls

    assert 0 < cost(40) <= 2 * cost(20)

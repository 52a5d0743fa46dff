import errno
import os
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest

from fsroute.routing import names
from fsroute.routing.tree import Tree, scan

INVALID = tomllib.loads((Path(__file__).parent / "invalid_trees.toml").read_text("utf-8"))["tree"]


def build(root: Path, paths: Sequence[str]) -> str:
    """Make a tree of empty files; a path that ends with "/" is an empty folder."""
    root.mkdir(parents=True, exist_ok=True)
    for path in paths:
        target = root / path
        folder = target if path.endswith("/") else target.parent
        folder.mkdir(parents=True, exist_ok=True)
        if not path.endswith("/"):
            target.touch()
    return str(root)


def lines(tree: Tree) -> list[str]:
    return [str(fault) for fault in tree.faults]


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case["name"])
def test_an_invalid_tree_gets_its_complete_report(case: dict[str, list[str]], tmp_path: Path) -> None:
    tree = scan(build(tmp_path / "app", case["paths"]))
    assert lines(tree) == case["faults"]
    for fault in tree.faults:
        assert fault.files
        assert all(file == "app" or file.startswith("app/") for file in fault.files)
        assert fault.problem.strip()
        assert fault.mend.strip()
        assert fault.problem != fault.mend


def test_the_table_of_invalid_trees_is_large_and_has_no_copies() -> None:
    assert len(INVALID) >= 75
    assert sum(len(case["faults"]) for case in INVALID) >= 75
    assert len({case["name"] for case in INVALID}) == len(INVALID)
    assert len({tuple(sorted(case["paths"])) for case in INVALID}) == len(INVALID)


def test_every_name_that_a_mend_proposes_is_a_good_name() -> None:
    proposed = [
        name
        for case in INVALID
        for line in case["faults"]
        for name in re.findall(r"(?:rename (?:the folder|it)|or) to (\S*[^\s,;])", line)
        if not name.endswith(".py") and not name.endswith(".html")
    ]
    assert len(proposed) > 60
    for name in proposed:
        names.read(name)


@pytest.mark.parametrize(
    ("paths", "patterns"),
    [
        (["route.py"], ["/"]),
        (["page.html"], ["/"]),
        (["users/route.py", "users/[id]/route.py"], ["/users", "/users/[id]"]),
        (["[id]/route.py", "[slug]/posts/route.py"], ["/[id]", "/[slug]/posts"]),
        (["[id]/route.py", "new/route.py", "[...rest]/route.py"], ["/[...rest]", "/[id]", "/new"]),
        (["[id]/route.py", "[id]/[[...rest]]/x.txt"], ["/[id]"]),
        (["[[...path]]/route.py", "[id]/route.py"], ["/[[...path]]", "/[id]"]),
        (["a/[x]/b/route.py", "a/[y]/c/route.py"], ["/a/[x]/b", "/a/[y]/c"]),
        (["[a]/[b]/route.py", "[b]/[a]/x/route.py"], ["/[a]/[b]", "/[b]/[a]/x"]),
        (["(a)/x/route.py", "(b)/y/route.py", "route.py"], ["/", "/x", "/y"]),
        (["(a)/x/route.py", "(b)/x/y/route.py"], ["/x", "/x/y"]),
        (["(a)/(b)/route.py"], ["/"]),
        (["[...path]/(group)/route.py"], ["/[...path]"]),
        (["(with-dash)/x/route.py", "(100%)/y/route.py"], ["/y", "/x"]),
        (["users.py", "route.py"], ["/"]),
        (["users/route.py", "users/users.py", "users/__init__.py", "users/test_route.py"], ["/users"]),
        (["route.py", "schema.py", "schema/user.json"], ["/"]),
        (["route.py", "data/{x}/[y z]/@a", "data/a.b/c", "data/a_b/c"], ["/"]),
        (["[id]/route.py", "[old-id]/", "[old]/x/"], ["/[id]"]),        # what a version control system leaves
        (["_lib/[class]/route.py", "__pycache__/{x}/route.py", ".git/@x/route.py", "route.py"], ["/"]),
        (["%5Flib/route.py", "_lib/route.py"], ["/_lib"]),
        (["%2Ehidden/route.py"], ["/.hidden"]),
        ([".well-known/security.txt/route.py"], ["/.well-known/security.txt"]),
        (["feed.xml/route.py", "v1.0/route.py"], ["/feed.xml", "/v1.0"]),
        (["caf%C3%A9/route.py"], ["/café"]),
        (["日本/route.py", "Ünïcode/route.py"], ["/Ünïcode", "/日本"]),
        (["cafe\u0301/route.py"], ["/caf\xe9"]),
        (["[gr\xf6\xdfe]/route.py", "[...日本]/route.py"], ["/[...日本]", "/[gr\xf6\xdfe]"]),
        (["[o\u0308]/route.py"], ["/[\xf6]"]),
        (["%5Bid%5D/route.py", "[id]/route.py"], ["/%5Bid%5D", "/[id]"]),
        (["%2541/route.py", "A/route.py"], ["/%2541", "/A"]),           # decoded once
        (["users/route.py", "Users/route.py"], ["/Users", "/users"]),
        (["[_]/route.py", "a/[Id]/[id]/route.py", "b/[match]/[type]/route.py"],
         ["/[_]", "/a/[Id]/[id]", "/b/[match]/[type]"]),
        (["[request_id]/route.py"], ["/[request_id]"]),
        (["paren(x)/route.py", "a(b/route.py", "a b/route.py", "$x/route.py", "a@b:c/route.py", "-/route.py"],
         ["/$x", "/-", "/a b", "/a(b", "/a@b:c", "/paren(x)"]),
        (["request/route.py", "class/route.py", "GET/route.py"], ["/GET", "/class", "/request"]),
        (["api/route/route.py", "api/page/route.py", "x/index/route.py"],
         ["/api/page", "/api/route", "/x/index"]),
        (["route.py", "%72oute/route.py"], ["/", "/route"]),
        (["a%2Eb/route.py", "a_b/route.py"], ["/a.b", "/a_b"]),
        (["route.py", "errors.py", "router.py", "index.html", "route.pyi", "route.py.orig"], ["/"]),
        (["middleware.py", "error.py", "a/middleware.py", "(g)/error.py", "[id]/middleware.py", "route.py"],
         ["/"]),
        (["middleware.py", "page.html"], ["/"]),
        (["middleware.py", "[[...path]]/middleware.py", "[[...path]]/route.py"], ["/[[...path]]"]),
        (["route.py", "%6Diddleware/route.py", "middleware.py", "error.py", "%65rror/route.py"],
         ["/", "/error", "/middleware"]),
        (["middleware/route.py", "error/route.py", "route.py"], ["/", "/error", "/middleware"]),
        (["middleware%2Epy/route.py", "error%2Epy/route.py"], ["/error.py", "/middleware.py"]),
        (["a/middleware.py", "middleware/route.py"], ["/middleware"]),  # not beside it
        (["middleware.py", "middleware/x.json", "error.py", "error/notes.txt", "route.py"], ["/"]),
        (["route.py", "_x/Middleware.py", "_x/error.py/", ".h/Error.py", "__pycache__/middlewares.py"],
         ["/"]),
        (["route.py", "errors.py", "middleware.pyi", "middleware.py.orig", "my_middleware.py", "error.html",
          "middleware.txt", "error", "middleware"], ["/"]),
    ],
    ids=lambda value: " ".join(value),
)
def test_a_valid_tree_has_these_routes_and_no_fault(
    paths: list[str], patterns: list[str], tmp_path: Path
) -> None:
    tree = scan(build(tmp_path / "app", paths))
    assert lines(tree) == []
    assert [route.pattern for route in tree.routes] == patterns


def test_a_route_knows_its_file_kind_and_module(tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["route.py", "(site)/about/page.html", "v1.0/files/[...path]/route.py"])
    assert {(route.pattern, route.kind, route.file, route.module) for route in scan(root).routes} == {
        ("/", "route", f"{root}/route.py", "route"),
        ("/about", "page", f"{root}/(site)/about/page.html", ""),
        (
            "/v1.0/files/[...path]",
            "route",
            f"{root}/v1.0/files/[...path]/route.py",
            "v1_0.files.[___path].route",
        ),
    }


@pytest.mark.parametrize(
    "paths",
    [["[a-b]/route.py"], ["page.html/route.py"], ["[a-b]/x/[c]/page.html"], ["[...a]/b/(c)/route.py"]],
)
def test_below_a_folder_whose_url_is_unknown_there_are_no_routes(paths: list[str], tmp_path: Path) -> None:
    tree = scan(build(tmp_path / "app", ["x/route.py", *paths]))
    assert [route.pattern for route in tree.routes] == ["/x"]
    assert len(tree.faults) == 1


def test_a_folder_knows_what_those_in_it_inherit(tmp_path: Path) -> None:
    root = build(tmp_path / "app", [
        "route.py", "middleware.py", "(g)/error.py", "(g)/x/middleware.py", "(g)/x/error.py",
        "[...p]/middleware.py",
        "[...p]/(h)/error.py", "_lib/middleware.py", "data/x.json", "[a-b]/middleware.py",
        "y/Middleware.py", "y/route.py", "z/middleware.py/"])
    tree = scan(root)
    found = {folder.path.removeprefix(root): {*folder.inherited} for folder in tree.routed}
    assert found == {
        "": {"middleware.py"}, "/(g)": {"error.py"}, "/(g)/x": {"middleware.py", "error.py"},
        "/[...p]": {"middleware.py"}, "/[...p]/(h)": {"error.py"}, "/y": set()}
    for folder in tree.routed:
        assert all(path == f"{folder.path}/{name}" for name, path in folder.inherited.items())


def test_middleware_alone_makes_a_folder_one_that_is_judged(tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["route.py", "a/b/middleware.py", "c/d/error.py", "e/f/x.json"])
    tree = scan(root)
    assert [folder.path.removeprefix(root) for folder in tree.routed] == ["", "/a", "/a/b", "/c", "/c/d"]
    assert [route.pattern for route in tree.routes] == ["/"]
    assert {"a.b", "c.d"} < {*tree.folders}


def test_every_folder_visited_has_a_module_name(tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["(a)/[...x]/route.py", "lib/db/models.py", "_private/x.py", ".git/x"])
    assert scan(root).folders == {
        "": root,
        "(a)": f"{root}/(a)",
        "(a).[___x]": f"{root}/(a)/[...x]",
        "lib": f"{root}/lib",
        "lib.db": f"{root}/lib/db",
    }


@pytest.mark.parametrize(
    "paths", [["x.py", "x/deep/data.json"], ["a.b/x/y", "a_b/x/y"], [".well-known/x", "_well-known/x"]]
)
def test_where_nothing_is_routed_python_keeps_its_own_rules(paths: list[str], tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["route.py", *paths])
    assert scan(root).folders == {"": root}


@pytest.mark.parametrize("as_given", ["app", "./app/", "../here/app"])
def test_the_root_is_made_absolute(as_given: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here").mkdir()
    root = build(tmp_path / "here" / "app", ["route.py"])
    monkeypatch.chdir(tmp_path / "here")
    tree = scan(as_given)
    assert (tree.root, tree.routes[0].file, lines(tree)) == (root, f"{root}/route.py", [])


def test_a_missing_root_is_a_fault(tmp_path: Path) -> None:
    assert lines(scan(str(tmp_path / "app"))) == [
        "app: there is no such folder; "
        "create it with a route.py inside, or point the app at the folder that holds the routes"
    ]


def test_a_root_that_is_a_file_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "app").touch()
    assert lines(scan(str(tmp_path / "app"))) == [
        "app: the root is not a folder; "
        "create it with a route.py inside, or point the app at the folder that holds the routes"
    ]


def test_links_are_followed(tmp_path: Path) -> None:
    build(tmp_path / "shared", ["[id]/route.py", "route.py"])
    root = build(tmp_path / "app", ["v1/route.py"])
    os.symlink(tmp_path / "shared", f"{root}/users")
    os.symlink(f"{root}/v1/route.py", f"{root}/route.py")
    os.symlink(root, tmp_path / "current")
    tree = scan(str(tmp_path / "current"))
    assert lines(tree) == []
    assert [route.pattern for route in tree.routes] == ["/", "/users", "/users/[id]", "/v1"]
    assert tree.routes[0].file == str(tmp_path / "current" / "route.py")


@pytest.mark.parametrize(
    ("link", "target", "faults"),
    [
        ("users/up", "..", ["app/users/up: the link leads back to a folder that holds it; remove the link"]),
        ("users/me", ".", ["app/users/me: the link leads back to a folder that holds it; remove the link"]),
        ("users/out", "../..",
         ["app/users/out: the link leads to a folder that holds the whole tree; remove the link"]),
        ("zz", "users",
         ["app/users, app/zz: both are the same folder; remove the link app/zz, or make it a copy"]),
        ("aa", "users",
         ["app/aa, app/users: both are the same folder; remove the link app/aa, or make it a copy"]),
        ("aa", "users/[id]",
         ["app/aa, app/users/[id]: both are the same folder; remove the link app/aa, or make it a copy"]),
        ("loop", "loop",
         [f"app/loop: the link cannot be followed ({os.strerror(errno.ELOOP)}); mend or remove the link"]),
        ("gone", "nowhere", ["app/gone: the link leads nowhere; mend or remove the link"]),
        ("x.py", "nowhere", ["app/x.py: the link leads nowhere; mend or remove the link"]),
        ("users/page.html", "nowhere",
         ["app/users/page.html: the link leads nowhere; put a file page.html in its place"]),
        ("users/middleware.py", "nowhere",
         ["app/users/middleware.py: the link leads nowhere; put a file middleware.py in its place"]),
        ("error.py", "error.py", ["app/error.py: the link cannot be followed "
                                  f"({os.strerror(errno.ELOOP)}); mend or remove the link"]),
        ("users/middleware.py", "../data",
         ["app/users/middleware.py: middleware.py is a folder; make it a file, or rename it to "
          "middleware%2Epy for a URL of that name"]),
        ("users/Middleware.py", "route.py",
         ["app/users/Middleware.py: the name is written middleware.py; rename the file to middleware.py"]),
        ("users/middleware.py", "../_lib/db.py", []),
        ("error.py", "users/route.py", []),
        # Links that are nobody's business.
        ("_gone", "nowhere", []),
        ("_loop", "_loop", []),
        (".#route.py", "user@host:1", []),
        ("data/self", ".", []),
        ("data/twin", "v1", []),
        ("private", "_lib", []),
    ],
)
def test_a_link_may_not_loop_dangle_or_give_a_second_name(
    link: str, target: str, faults: list[str], tmp_path: Path
) -> None:
    root = build(tmp_path / "app", ["users/[id]/route.py", "users/route.py", "data/v1/x", "_lib/db.py"])
    os.symlink(target, f"{root}/{link}")
    assert lines(scan(root)) == faults


def test_two_links_to_one_folder_outside_are_two_names(tmp_path: Path) -> None:
    build(tmp_path / "shared", ["x/route.py"])
    root = build(tmp_path / "app", [])
    os.symlink("../shared", f"{root}/a")
    os.symlink("../shared", f"{root}/b")
    assert lines(scan(root)) == [
        "app/a, app/b: both are the same folder; remove the link app/b, or make it a copy"
    ]


def test_a_folder_that_cannot_be_read_is_a_fault_and_the_rest_is_still_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = build(tmp_path / "app", ["secret/route.py", "users/[user-id]/route.py"])
    scandir = os.scandir

    def guarded(path: str) -> "os._ScandirIterator[str]":       # a chmod would not stop a superuser
        if path.endswith("secret"):
            raise PermissionError(13, "Permission denied", path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", guarded)
    assert lines(scan(root)) == [
        "app/secret: the folder cannot be read (Permission denied); "
        "let the server's user read it, or take it out of the tree",
        'app/users/[user-id]: "user-id" is not a Python identifier; rename the folder to [user_id]',
    ]


def test_a_name_that_is_no_utf8_is_a_fault_in_a_routed_folder_only(tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["route.py"])
    os.makedirs(os.fsencode(root) + b"/caf\xe9")
    os.makedirs(os.fsencode(root) + b"/data/\xff")
    assert lines(scan(root)) == []
    Path(os.fsdecode(os.fsencode(root) + b"/caf\xe9/route.py")).touch()
    assert lines(scan(root)) == ["app/caf\\udce9: the name is not valid UTF-8; rename the folder"]


@pytest.mark.parametrize("name", ["route.py", "middleware.py", "error.py"])
def test_a_special_name_that_is_no_regular_file_is_a_fault(name: str, tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["x/route.py"])
    os.mkfifo(f"{root}/{name}")
    tree = scan(root)
    assert lines(tree) == [f"app/{name}: it is not a regular file; put a file {name} in its place"]
    assert not any(folder.inherited for folder in tree.routed)


def test_middleware_reached_by_a_link_holds_where_the_link_is(tmp_path: Path) -> None:
    build(tmp_path / "shared", ["guard.py", "area/middleware.py", "area/route.py"])
    root = build(tmp_path / "app", ["a/route.py"])
    os.symlink("../../shared/guard.py", f"{root}/a/middleware.py")
    os.symlink("../shared/area", f"{root}/b")
    tree = scan(root)
    assert lines(tree) == []
    assert {folder.path: folder.inherited for folder in tree.routed if folder.inherited} == {
        f"{root}/a": {"middleware.py": f"{root}/a/middleware.py"},
        f"{root}/b": {"middleware.py": f"{root}/b/middleware.py"}}


def test_a_folder_of_middleware_alone_has_one_name_too(tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["route.py", "a/middleware.py"])
    os.symlink("a", f"{root}/b")
    assert lines(scan(root)) == [
        "app/a, app/b: both are the same folder; remove the link app/b, or make it a copy"]


def test_a_tree_deeper_than_the_stack_is_read(tmp_path: Path) -> None:
    root = build(tmp_path / "app", ["a/" * 400 + "route.py"])
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(250)
    try:
        tree = scan(root)
    finally:
        sys.setrecursionlimit(limit)
    assert lines(tree) == []
    assert tree.routes[0].pattern == "/a" * 400


def test_one_tree_gives_one_answer_in_whatever_order_it_was_made(tmp_path: Path) -> None:
    paths = ["b/route.py", "a/route.py", "(g)/a/route.py", "[x]/route.py", "[y]/route.py", "{z}/route.py"]
    first = scan(build(tmp_path / "1" / "app", paths))
    second = scan(build(tmp_path / "2" / "app", paths[::-1]))
    assert lines(first) == lines(second)
    assert [route.pattern for route in first.routes] == [route.pattern for route in second.routes]

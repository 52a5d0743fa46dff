import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from fsroute.routing.public import PublicFile
from fsroute.routing.tree import Tree, scan

SUFFIXES = (".br", ".gz")


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """An app of one route, beside an empty public folder."""
    base = (tmp_path / "site").resolve()
    (base / "app").mkdir(parents=True)
    (base / "app/route.py").touch()
    (base / "public").mkdir()
    return base


def put(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()


def read(base: Path, folder: str = "public") -> Tree:
    return scan(str(base / "app"), str(base / folder), SUFFIXES)


def found(tree: Tree) -> dict[str, PublicFile]:
    assert tree.faults == []
    assert [route for route in tree.routes if route.kind == "public"] == [*tree.public]
    for route in tree.public:
        assert all(segment.kind == "literal" for segment in route.segments)
        assert (route.names, route.module, route.kind) == ((), "", "public")
    return {route.pattern: file for route, file in tree.public.items()}


def lines(base: Path, folder: str = "public") -> list[str]:
    return [str(fault) for fault in read(base, folder).faults]


@pytest.mark.parametrize(("name", "pattern"), [
    ("a.txt", "/a.txt"),
    ("a", "/a"),
    ("css/site.css", "/css/site.css"),
    ("a/b/c/d", "/a/b/c/d"),
    ("a b.txt", "/a b.txt"),
    (" ", "/ "),
    ("é.txt", "/é.txt"),
    ("e\u0301.txt", "/e\u0301.txt"),
    ("日本/語", "/日本/語"),
    ("100%.txt", "/100%25.txt"),
    ("%41.txt", "/%2541.txt"),
    ("%2e%2e", "/%252e%252e"),
    ("%2F", "/%252F"),
    ("%zz", "/%25zz"),
    ("[id].txt", "/%5Bid%5D.txt"),
    ("[id]/a", "/%5Bid%5D/a"),
    ("[...path]/a", "/%5B...path%5D/a"),
    ("(group)/a", "/(group)/a"),
    ("_private/a", "/_private/a"),
    ("__pycache__/a.pyc", "/__pycache__/a.pyc"),
    ("@slot", "/@slot"),
    ("a:b", "/a:b"),
    ("back\\slash", "/back\\slash"),
    ("A.TXT", "/A.TXT"),
    ("route.py", "/route.py"),
    ("index.html", "/index.html"),
    ("page.html", "/page.html"),
    ("a..b", "/a..b"),
    ("a.", "/a."),
    ("new\nline", "/new\nline"),
    ("?", "/?"),
    ("#", "/#"),
    (".well-known/security.txt", "/.well-known/security.txt"),
    (".well-known/acme-challenge/x", "/.well-known/acme-challenge/x"),
    (".well-known", "/.well-known"),
    ("a.gz", "/a.gz"),
    ("a.txt.br", "/a.txt.br"),
    (".gz.txt", None),
    (".hidden", None),
    (".htaccess", None),
    (".env", None),
    (".git/config", None),
    ("a/.git/config", None),
    ("a/.hidden", None),
    (".well-known/.hidden", None),
    (".well-known.txt", None),
    ("...", None),
    ("..a", None),
])
def test_a_file_is_the_route_that_its_path_spells_or_is_left_out(
    name: str, pattern: str | None, base: Path
) -> None:
    put(base / "public", name)
    files = found(read(base))
    assert [*files] == ([] if pattern is None else [pattern])
    for file in files.values():
        assert (file.root, file.parts, file.compressed) == (str(base / "public"), name.split("/"), {})
    tree = read(base)
    assert [route.file for route in tree.public] == ([] if pattern is None else [str(base / "public" / name)])


def test_files_come_in_the_order_of_their_names_after_the_trees_routes(base: Path) -> None:
    put(base / "public", "b", "a/z", "a/b/c", "a.txt", "B", "é", "10", "9")
    assert [route.pattern for route in read(base).routes] == [
        "/", "/10", "/9", "/B", "/a/b/c", "/a/z", "/a.txt", "/b", "/é"]


def test_an_empty_folder_spells_nothing(base: Path) -> None:
    (base / "public/a/b").mkdir(parents=True)
    assert found(read(base)) == {}


@pytest.mark.parametrize(("names", "patterns"), [
    (["a.js", "a.js.gz"], {"/a.js": [".gz"]}),
    (["a.js", "a.js.gz", "a.js.br"], {"/a.js": [".br", ".gz"]}),
    (["a.js.gz"], {"/a.js.gz": []}),
    (["a.js.gz", "a.js.br"], {"/a.js.br": [], "/a.js.gz": []}),
    (["a", "a.gz"], {"/a": [".gz"]}),
    (["a.js", "b.js.gz"], {"/a.js": [], "/b.js.gz": []}),
    (["a.js", "x/a.js.gz"], {"/a.js": [], "/x/a.js.gz": []}),
    (["x/a.js", "x/a.js.br"], {"/x/a.js": [".br"]}),
    (["a.js", "a.js.GZ"], {"/a.js": [], "/a.js.GZ": []}),
    (["a.js", "a.jsgz"], {"/a.js": [], "/a.jsgz": []}),
    (["a.js", "a.js.zst"], {"/a.js": [], "/a.js.zst": []}),
    (["a.tar", "a.tar.gz"], {"/a.tar": [".gz"]}),
    (["a/x", "a.gz"], {"/a/x": [], "/a.gz": []}),
    (["a.js", "a.js.gz/x"], {"/a.js": [], "/a.js.gz/x": []}),
])
def test_a_compressed_file_belongs_to_the_one_beside_it(
    names: list[str], patterns: dict[str, list[str]], base: Path
) -> None:
    put(base / "public", *names)
    files = found(read(base))
    assert {pattern: sorted(file.compressed) for pattern, file in files.items()} == patterns
    for file in files.values():
        for suffix, parts in file.compressed.items():
            assert parts == [*file.parts[:-1], file.parts[-1] + suffix]


@pytest.mark.parametrize("make", [
    lambda path: os.mkfifo(path),
    lambda path: os.mknod(path, stat.S_IFSOCK | 0o600),
    lambda path: path.mkdir(),
], ids=["fifo", "socket", "folder"])
@pytest.mark.parametrize("name", ["a", "a.gz"])
def test_what_is_no_file_is_left_out(name: str, make: Callable[[Path], None], base: Path) -> None:
    make(base / "public" / name)
    assert found(read(base)) == {}
    (base / "public/link").symlink_to(name)
    if not (base / "public" / name).is_dir():
        assert found(read(base)) == {}


def test_links_that_stay_lead_to_the_real_file(base: Path) -> None:
    put(base / "public", "v2/app.js", "v2/app.js.gz")
    (base / "public/app.js").symlink_to("v2/app.js")
    (base / "public/app.js.gz").symlink_to("v2/app.js.gz")
    (base / "public/absolute").symlink_to(base / "public/v2/app.js")
    (base / "public/through").symlink_to("../public/v2/app.js")
    (base / "public/chain").symlink_to("through")
    files = found(read(base))
    assert [*files] == ["/absolute", "/app.js", "/chain", "/through", "/v2/app.js"]
    assert all(file.parts == ["v2", "app.js"] for file in files.values())
    assert files["/app.js"].compressed == {".gz": ["v2", "app.js.gz"]}
    assert files["/chain"].compressed == {}


def test_a_folder_may_be_reached_by_a_link_as_its_only_name(base: Path) -> None:
    put(base / "public", ".store/a.txt")
    (base / "public/shown").symlink_to(".store")
    files = found(read(base))
    assert {pattern: file.parts for pattern, file in files.items()} == {"/shown/a.txt": [".store", "a.txt"]}


@pytest.mark.parametrize("name", ["public", "elsewhere/deep/public"])
def test_the_folder_itself_may_be_a_link(name: str, base: Path) -> None:
    put(base / "releases/7/assets", "a/b.txt")
    (base / "public").rmdir()
    (base / name).parent.mkdir(parents=True, exist_ok=True)
    (base / name).symlink_to(base / "releases/7/assets")
    [file] = found(read(base, name)).values()
    assert (file.root, file.parts) == (str(base / "releases/7/assets"), ["a", "b.txt"])


LEAVES = "the link leads out of the public folder; put a copy in its place"


@pytest.mark.parametrize(("link", "target", "says"), [
    ("x", "../secret", f"public/x: {LEAVES}"),
    ("x", "{base}/secret", f"public/x: {LEAVES}"),
    ("x", "..", f"public/x: {LEAVES}"),
    ("x", "/", f"public/x: {LEAVES}"),
    ("x", "/dev/zero", f"public/x: {LEAVES}"),
    ("x", "../app", f"public/x: {LEAVES}"),
    ("x", "../app/route.py", f"public/x: {LEAVES}"),
    ("x", "../public-evil/secret", f"public/x: {LEAVES}"),          # a neighbour whose name begins alike
    ("x", "../public-evil", f"public/x: {LEAVES}"),
    ("a/x", "../../secret", f"public/a/x: {LEAVES}"),
    ("a/x", "../leads", f"public/a/x: {LEAVES}"),                   # through another link
    ("a.txt.gz", "../secret", f"public/a.txt.gz: {LEAVES}"),
    (".well-known", "../secret", f"public/.well-known: {LEAVES}"),
    ("x", "../nowhere", f"public/x: {LEAVES}"),
    ("x", ".", "public, public/x: both are the same folder; remove one of them"),
    ("a/x", "..", "public, public/a/x: both are the same folder; remove one of them"),
    ("a/x", ".", "public/a, public/a/x: both are the same folder; remove one of them"),
    ("z", "a", "public/z, public/a: both are the same folder; remove one of them"),
    ("x", "nowhere", "public/x: the link leads nowhere; mend or remove the link"),
    ("x", "x", "public/x: it cannot be read (Too many levels of symbolic links); mend it or take it out"),
    ("x", "a.txt/y", "public/x: it cannot be read (Not a directory); mend it or take it out"),
    ("x", "y" * 300, "public/x: it cannot be read (File name too long); mend it or take it out"),
])
def test_a_link_that_leaves_or_leads_in_circles_is_a_fault(link: str, target: str, says: str,
                                                           base: Path) -> None:
    put(base / "public", "a/b.txt", "a.txt")
    put(base, "secret", "public-evil/secret")
    (base / "public/.leads").symlink_to("../secret")
    target = target.replace("../leads", "../.leads")
    (base / "public" / link).symlink_to(target.format(base=base))
    assert lines(base) == [says]


def test_two_links_that_lead_to_one_another_are_two_faults(base: Path) -> None:
    (base / "public/a").symlink_to("b")
    (base / "public/b").symlink_to("a")
    assert [line.partition(" (")[0] for line in lines(base)] == [
        "public/a: it cannot be read", "public/b: it cannot be read"]


def test_hidden_links_are_nobodys_business(base: Path) -> None:
    (base / "public/.x").symlink_to("../..")
    (base / "public/.y").symlink_to(".y")
    assert found(read(base)) == {}


@pytest.mark.skipif(os.name != "posix", reason="names are text here")
@pytest.mark.parametrize("name", [b"caf\xe9.txt", b"\xff", b"\xff/a.txt", b"\xed\xa0\x80"])
def test_a_name_that_is_not_utf_8_is_a_fault(name: bytes, base: Path) -> None:
    folder = os.fsencode(base / "public")
    try:
        if b"/" in name:
            os.mkdir(os.path.join(folder, os.path.dirname(name)))
        os.close(os.open(os.path.join(folder, name), os.O_CREAT))
    except OSError as error:
        if error.errno != errno.EILSEQ:
            raise
        pytest.skip("this file system takes UTF-8 only")
    [line] = lines(base)
    assert line.isprintable()
    assert line.endswith(": the name is not UTF-8, so no URL can spell it; rename it")


@pytest.mark.parametrize("folder", ["app", ".", "..", "app/static", "app/_lib", "link", "other/../app"])
def test_a_folder_that_holds_the_app_or_lies_in_it_is_a_fault(folder: str, base: Path) -> None:
    put(base / "app", "static/a.txt", "static/route.py", "_lib/db.py")
    put(base, "other/x")
    (base / "link").symlink_to("app")
    [line] = lines(base, folder)
    assert line.endswith("the public folder and the app lie one in the other; put it beside the app")


@pytest.mark.parametrize("folder", ["app-public", "ap", "apps", "public"])
def test_a_folder_whose_name_begins_like_the_apps_is_another(folder: str, base: Path) -> None:
    put(base / folder, "a.txt")
    assert [*found(read(base, folder))] == ["/a.txt"]


def test_a_folder_that_cannot_be_read_is_a_fault(base: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(base / "public", "shut/a.txt", "open/b.txt")
    scandir = os.scandir

    def refuses(path: str) -> object:
        if path.endswith("shut"):
            raise PermissionError(errno.EACCES, "Permission denied")
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuses)
    tree = read(base)
    assert [str(fault) for fault in tree.faults] == [
        "public/shut: the folder cannot be read (Permission denied); "
        "let the server's user read it, or take it out"]
    assert [route.pattern for route in tree.public] == ["/open/b.txt"]


@pytest.mark.parametrize(("app", "public", "says"), [
    (["a/route.py"], "a", "app/a/route.py, public/a: both answer /a"),
    (["a/page.html"], "a", "app/a/page.html, public/a: both answer /a"),
    (["(group)/a/route.py"], "a", "app/(group)/a/route.py, public/a: both answer /a"),
    (["a/[[...rest]]/route.py"], "a",
     "public/a, app/a/[[...rest]]/route.py: both answer /a, for [[...rest]] matches"),
    (["feed.xml/route.py"], "feed.xml", "app/feed.xml/route.py, public/feed.xml: both answer /feed.xml"),
    (["%5Bid%5D/route.py"], "[id]", "app/%5Bid%5D/route.py, public/[id]: both answer /%5Bid%5D"),
    (["%25/route.py"], "%", "app/%25/route.py, public/%: both answer /%25"),
])
def test_a_file_and_a_route_of_one_url_are_a_fault_that_names_both(
    app: list[str], public: str, says: str, base: Path
) -> None:
    put(base / "app", *app)
    put(base / "public", public)
    [line] = lines(base)
    assert line.startswith(says)


@pytest.mark.parametrize(("app", "public"), [
    ("[id]/route.py", "a"),
    ("[...rest]/route.py", "a"),
    ("a/[...rest]/route.py", "a/c"),
    ("a/b/route.py", "a/b.txt"),
    ("a/[id]/route.py", "a/b"),
    ("a/route.py", "a/b"),
    ("a/route.py", "A"),
    ("id/route.py", "[id]"),
])
def test_a_file_and_a_route_of_two_urls_live_side_by_side(app: str, public: str, base: Path) -> None:
    put(base / "app", app)
    put(base / "public", public)
    assert len(found(read(base))) == 1


def test_every_fault_is_in_one_report(base: Path) -> None:
    put(base / "app", "a/route.py", "users/[]/route.py")
    put(base / "public", "a")
    (base / "public/x").symlink_to("..")
    (base / "public/y").symlink_to("nowhere")
    files = [fault.files for fault in read(base).faults]
    assert files == [("app/a/route.py", "public/a"), ("app/users/[]",), ("public/x",), ("public/y",)]


def test_a_folder_elsewhere_is_named_in_full(base: Path, tmp_path: Path) -> None:
    put(tmp_path / "elsewhere", "a")
    (tmp_path / "elsewhere/x").symlink_to("..")
    assert lines(base, str(tmp_path / "elsewhere")) == [f"{tmp_path}/elsewhere/x: {LEAVES}"]

"""Public files, from outside."""

import json
import os
import re
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote
from wsgiref.validate import validator

import pytest

from fsroute import App, TreeError
from tests.conftest import Tree
from tests.exchange import Answer, environ_of, exchange

ECHO = "def GET(request, params): return [request.route, params]\n"
FILES = {"route.py": ECHO, "api/users/[id]/route.py": ECHO}


@pytest.fixture
def base(tree: Tree) -> Path:
    """A folder with an app in it, app/, beside which public files may be put."""
    return Path(tree({f"app/{name}": text for name, text in FILES.items()}))


def put(base: Path, files: dict[str, str | bytes]) -> None:
    for name, content in files.items():
        (base / name).parent.mkdir(parents=True, exist_ok=True)
        (base / name).write_bytes(content.encode() if isinstance(content, str) else content)


def start(base: Path, **options: Any) -> App:
    return App(base / "app", package=base.name, **options)


def get(app: App, target: str, method: str = "GET", **fields: Any) -> Answer:
    return exchange(validator(app), environ_of(method, target, **fields))


def test_a_file_is_sent_as_it_is(base: Path) -> None:
    content = bytes(range(256)) * 1_000
    put(base, {"public/img/a.png": content})
    os.utime(base / "public/img/a.png", (1_577_880_000, 1_577_880_000))
    answer = get(start(base), "/img/a.png")
    assert (answer.status, answer.body) == (200, content)
    assert re.fullmatch(r'"[!#-~]+"', answer.headers.pop("etag"))
    assert answer.headers == {
        "content-type": "image/png", "content-length": "256000", "cache-control": "no-cache",
        "accept-ranges": "bytes",
        "x-content-type-options": "nosniff", "last-modified": "Wed, 01 Jan 2020 12:00:00 GMT"}


def test_other_methods_are_answered_as_everywhere(base: Path) -> None:
    put(base, {"public/a.css": "a {}"})
    app = start(base)
    head = get(app, "/a.css", "HEAD")
    assert (head.status, head.body, head.headers) == (200, b"", get(app, "/a.css").headers)
    options = get(app, "/a.css", "OPTIONS")
    assert (options.status, options.headers["allow"]) == (204, "GET, HEAD, OPTIONS")
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        refused = get(app, "/a.css", method)
        assert (refused.status, refused.headers["allow"]) == (405, "GET, HEAD, OPTIONS")
    assert exchange(app, environ_of("TRACE", "/a.css")).status == 405
    assert exchange(app, environ_of("get", "/a.css")).status == 405


@pytest.mark.parametrize("name", [
    "a b.txt", " ", "é.txt", "日本/語.txt", "100%.txt", "%41", "%2e%2e", "%2F", "[id].txt", "[...path]/x",
    "(group)/x", "_private/x", "A.TXT", "a+b", "a&b=c", "a;b", "a:b", "?", "#", "~", "'", '"', "<b>",
    "back\\slash", "new\nline", "e\u0301", ".well-known/x",
    "route.py", "x/y/z/index.html", "-", "a.", "a..b", "x" * 200,
])
def test_a_name_is_served_under_its_own_url_and_no_other(name: str, base: Path) -> None:
    put(base, {f"public/{name}": "it"})
    app = start(base)
    assert get(app, "/" + quote(name)).body == b"it"
    for other in {name.upper(), name.lower(), f"{name}x", f"./{name}", f"/{name}", name.replace("/", "//"),
                  name.replace("/", "\\"), f"x/../{name}", "%2541"} - {name}:
        if os.path.normcase("A") == "A":
            assert get(app, "/" + quote(other)).status == 404
    [route] = [route for route in app.routes if route.kind == "public"]
    assert get(app, app.url_for(route.pattern)).body == b"it"


def test_a_percent_sign_is_decoded_once(base: Path) -> None:
    put(base, {"public/A": "letter", "public/%41": "escape"})
    app = start(base)
    assert [get(app, target).body for target in ("/A", "/%41", "/%2541")] == [b"letter", b"letter", b"escape"]
    assert get(app, "/%252541").status == 404


@pytest.mark.parametrize("target", [
    "/.env", "/.git/config", "/img/.hidden", "/.well-known/.hidden", "/fifo", "/img", "/img/", "/",
    "/app/route.py", "/../app/route.py", "/..%2Fapp/route.py", "/img/../a.txt", "/img/..%2Fa.txt",
    "/img%5C..%5Ca.txt", "/%2e%2e/app/route.py", "//a.txt", "/a.txt%00", "/a.txt%00.png", "/./a.txt",
    "/public/a.txt", "/A.txt", "/a", "/a.txt/x", "/a.txt//", "/secret", "/../secret",
])
def test_all_else_is_a_miss_or_somebody_elses(target: str, base: Path) -> None:
    put(base, {f"public/{name}": "secret" for name in
               (".env", ".git/config", "img/.hidden", ".well-known/.hidden", "img/a.png")})
    put(base, {"public/a.txt": "found", "secret": "secret"})
    os.mkfifo(base / "public/fifo")
    answer = get(start(base), target)
    if target == "/":
        assert json.loads(answer.body) == ["/", {}]
    else:
        assert answer.status in {400, 404}
    assert b"secret" not in answer.body
    assert b"found" not in answer.body
    assert get(start(base), "/a.txt").body == b"found"


# compressed forms

@pytest.fixture
def packed(base: Path) -> App:
    put(base, {"public/a.js": "as it is", "public/a.js.gz": "gzip'd", "public/a.js.br": "brotli'd",
               "public/only.js": "as it is", "public/only.js.gz": "gzip'd", "public/lone.gz": "lone",
               "public/no.js": "as it is"})
    return start(base)


@pytest.mark.parametrize(("accept", "coding"), [
    (None, None), ("", None), ("identity", None), ("deflate", None), ("br", "br"), ("gzip", "gzip"),
    ("GZIP", "gzip"), ("gzip, deflate, br, zstd", "br"), ("br, gzip", "br"),
    ("gzip;q=1.0, br;q=0.5", "gzip"), ("gzip;q=0.5, br;q=0.5", "br"), ("br;q=0, gzip", "gzip"),
    ("br;q=0, gzip;q=0", None), ("*", "br"), ("*;q=0", None), ("*;q=0, gzip", "gzip"), ("br;q=0, *", "gzip"),
    ("identity, gzip;q=0.5", None), ("identity;q=0.5, gzip", "gzip"), ("identity;q=0, br", "br"),
    ("brotli", None), ("x-br", None), (";q=1", None), (",,,", None),
])
def test_the_form_is_the_one_the_client_likes_best(accept: str | None, coding: str | None,
                                                   packed: App) -> None:
    answer = get(packed, "/a.js", HTTP_ACCEPT_ENCODING=accept)
    assert answer.body == {None: b"as it is", "gzip": b"gzip'd", "br": b"brotli'd"}[coding]
    assert answer.headers.get("content-encoding") == coding
    assert answer.headers["content-type"] == "text/javascript; charset=utf-8"
    assert answer.headers["vary"] == "Accept-Encoding"
    only = get(packed, "/only.js", HTTP_ACCEPT_ENCODING=accept)
    assert only.body in (b"as it is", b"gzip'd")
    assert (only.headers.get("content-encoding") == "gzip") is (only.body == b"gzip'd")


def test_a_file_without_forms_does_not_vary(packed: App) -> None:
    answer = get(packed, "/no.js", HTTP_ACCEPT_ENCODING="gzip, br")
    assert (answer.body, "vary" in answer.headers, "content-encoding" in answer.headers) == (b"as it is",
                                                                                             False, False)


def test_a_form_has_no_url_of_its_own_unless_it_stands_alone(packed: App) -> None:
    for target in ("/a.js.gz", "/a.js.br", "/only.js.gz"):
        assert get(packed, target).status == 404
    lone = get(packed, "/lone.gz", HTTP_ACCEPT_ENCODING="gzip")
    assert (lone.body, lone.headers["content-type"]) == (b"lone", "application/gzip")
    assert "content-encoding" not in lone.headers


def test_each_form_has_an_etag_of_its_own_though_time_and_size_be_the_same(base: Path) -> None:
    names = ("a.js", "a.js.gz", "a.js.br")
    for name in names:
        put(base, {f"public/{name}": name[-2:]})
        os.utime(base / "public" / name, (1, 1))
    app = start(base)
    answers = [get(app, "/a.js", HTTP_ACCEPT_ENCODING=accept) for accept in ("identity", "gzip", "br")]
    assert [answer.body for answer in answers] == [b"js", b"gz", b"br"]
    tags = [answer.headers["etag"] for answer in answers]
    assert len(set(tags)) == 3
    for accept, tag in zip(("identity", "gzip", "br"), tags, strict=True):
        for other in tags:
            same = get(app, "/a.js", HTTP_ACCEPT_ENCODING=accept, HTTP_IF_NONE_MATCH=other)
            assert same.status == (304 if other == tag else 200)
            part = get(app, "/a.js", HTTP_ACCEPT_ENCODING=accept, HTTP_IF_RANGE=other, HTTP_RANGE="bytes=0-0")
            assert part.status == (206 if other == tag else 200)


def test_a_304_of_a_form_says_on_what_it_depends(packed: App) -> None:
    for accept in ("gzip", "br", "identity"):
        whole = get(packed, "/a.js", HTTP_ACCEPT_ENCODING=accept)
        same = get(packed, "/a.js", HTTP_ACCEPT_ENCODING=accept, HTTP_IF_NONE_MATCH=whole.headers["etag"])
        assert (same.status, same.headers["vary"], same.headers["etag"]) == (304, "Accept-Encoding",
                                                                             whole.headers["etag"])
        assert "content-encoding" not in same.headers
        assert get(packed, "/a.js", "HEAD", HTTP_ACCEPT_ENCODING=accept).headers == whole.headers


def test_a_range_is_one_of_the_form_that_is_sent(packed: App) -> None:
    part = get(packed, "/a.js", HTTP_ACCEPT_ENCODING="br", HTTP_RANGE="bytes=0-2")
    assert (part.status, part.body, part.headers["content-range"]) == (206, b"bro", "bytes 0-2/8")
    assert (part.headers["content-encoding"], part.headers["vary"]) == ("br", "Accept-Encoding")


def test_a_form_that_is_a_link_is_read_where_it_leads(base: Path) -> None:
    put(base, {"public/a.js": "as it is", "public/.cache/1": "gzip'd"})
    (base / "public/a.js.gz").symlink_to(".cache/1")
    assert get(start(base), "/a.js", HTTP_ACCEPT_ENCODING="gzip").body == b"gzip'd"


def test_the_type_is_told_by_the_url_and_not_by_where_a_link_leads(base: Path) -> None:
    put(base, {"public/.store/1.html": "a {}"})
    (base / "public/a.css").symlink_to(".store/1.html")
    assert get(start(base), "/a.css").headers["content-type"] == "text/css; charset=utf-8"


# beside routes

def test_a_literal_file_beats_what_is_in_brackets(base: Path) -> None:
    put(base,
        {"public/api/users/me": "public", "app/files/[...path]/route.py": ECHO, "public/files/a/b": "public"})
    app = start(base)
    assert get(app, "/api/users/me").body == get(app, "/files/a/b").body == b"public"
    assert get(app, "/api/users/me", "POST").status == 405          # the path was decided, then the method
    assert json.loads(get(app, "/api/users/you").body) == ["/api/users/[id]", {"id": "you"}]
    assert json.loads(get(app, "/files/a/c").body) == ["/files/[...path]", {"path": ["a", "c"]}]


def test_a_file_and_a_page_of_one_url_do_not_start(base: Path) -> None:
    put(base, {"app/about/page.html": "page", "public/about": "public"})
    with pytest.raises(TreeError) as caught:
        start(base)
    assert "app/about/page.html, public/about: both answer /about" in str(caught.value)


def test_files_need_a_route_beside_them(base: Path) -> None:
    shutil.rmtree(base / "app/api")
    (base / "app/route.py").unlink()
    put(base, {"public/a": "public"})
    with pytest.raises(TreeError, match="the tree holds no route"):
        start(base)


@pytest.mark.parametrize(("mode", "status"), [("redirect", 308), ("ignore", 200), ("strict", 404)])
def test_a_final_slash_is_treated_as_on_every_route(mode: str, status: int, base: Path) -> None:
    put(base, {"public/a b.txt": "found"})
    answer = get(start(base, trailing_slash=mode), "/a%20b.txt/?x=1", SCRIPT_NAME="/mnt")
    assert answer.status == status
    assert answer.headers.get("location") == ("/mnt/a%20b.txt?x=1" if status == 308 else None)
    assert (answer.body == b"found") is (status == 200)


def test_the_app_knows_its_files_as_routes(base: Path) -> None:
    put(base, {"public/a b.txt": "found", "public/[x].txt": "odd"})
    app = start(base)
    public = {route.pattern: route for route in app.routes if route.kind == "public"}
    assert [*public] == ["/%5Bx%5D.txt", "/a b.txt"]
    route = public["/a b.txt"]
    assert (route.methods, route.names, route.file) == (("GET",), (), str(base / "public/a b.txt"))
    for method, status, handler in (("GET", 200, "GET"), ("HEAD", 200, "GET"), ("POST", 405, None),
                                    ("OPTIONS", 204, None)):
        told = app.match(method, "/a%20b.txt")
        assert (told.status, told.handler, told.route, told.params) == (status, handler, route, {})
    assert app.match("GET", "/a%20b.txt/").status == 308
    assert app.match("GET", "/missing.txt").status == 404
    assert app.url_for("/a b.txt") == "/a%20b.txt"
    assert app.url_for("/%5Bx%5D.txt") == "/%5Bx%5D.txt"
    with pytest.raises(TypeError):
        app.url_for("/a b.txt", id=1)


@pytest.mark.parametrize(("target", "route"),
                         [("/a.txt", "/a.txt"), ("/%5Bx%5D", "/%5Bx%5D"), ("/missing", None)])
def test_the_route_is_in_the_environ(target: str, route: str | None, base: Path) -> None:
    put(base, {"public/a.txt": "found", "public/[x]": "odd"})
    environ = environ_of("GET", target)
    exchange(start(base), environ)
    assert environ["fsroute.route"] == route


def test_a_mounted_app_serves_them_below_its_prefix(base: Path) -> None:
    put(base, {"public/css/a.css": "a {}",
               "app/link/route.py": "def GET(request): return request.url_for('/css/a.css')\n"})
    app = start(base)
    assert get(app, "/css/a.css", SCRIPT_NAME="/mnt").body == b"a {}"
    assert get(app, "/link", SCRIPT_NAME="/mnt").body == b"/mnt/css/a.css"


def test_lazy_apps_serve_them_without_importing_a_thing(base: Path) -> None:
    put(base, {"public/a.txt": "found", "app/broken/route.py": "1 / 0\n"})
    app = start(base, lazy=True)
    assert get(app, "/a.txt").body == b"found"
    assert get(app, "/a.txt/").status == 308
    assert not any(name.startswith(f"{base.name}.") and name.endswith(".route") for name in sys.modules)


def test_a_fallback_gets_what_is_no_file(base: Path) -> None:
    put(base, {"public/a.txt": "found"})

    def fallback(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "5")])
        return [b"other"]

    app = start(base, fallback=fallback)
    assert get(app, "/a.txt").body == b"found"
    assert get(app, "/b.txt").body == b"other"
    assert get(app, "/a.txt", "POST").status == 405
    (base / "public/a.txt").unlink()
    assert get(app, "/a.txt").status == 404     # its URL is taken, though the file is gone


# which folder

def test_the_folder_is_a_neighbour_of_the_root_or_anywhere(
    base: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(base, {"public/a": "default", "assets/a": "beside", "deep/er/a": "deeper"})
    put(tmp_path, {"far/a": "far away"})
    (base / "current").symlink_to("deep/er")
    monkeypatch.chdir(tmp_path)
    for folder, content in (("public", "default"), ("assets", "beside"), (Path("assets"), "beside"),
                            ("deep/er", "deeper"),
                            ("current", "deeper"), (tmp_path / "far", "far away"),
                            (str(tmp_path / "far"), "far away")):
        assert get(start(base, public=folder), "/a").text == content
    monkeypatch.chdir(base)
    assert get(App("app", package=base.name), "/a").text == "default"
    monkeypatch.chdir("/")              # once it is started, the current folder means nothing
    assert get(start(base), "/a").text == "default"


def test_none_means_none(base: Path) -> None:
    put(base, {"public/a": "found"})
    app = start(base, public=None)
    assert get(app, "/a").status == 404
    assert [route.kind for route in app.routes] == ["route", "route"]


def test_only_the_default_may_be_missing(base: Path) -> None:
    assert get(start(base), "/a").status == 404
    for missing in ("assets", base / "assets", "app/nothing"):
        with pytest.raises(TreeError, match=r"there is no such public folder; create it, or correct public="):
            start(base, public=missing)
    put(base, {"assets": "a file"})
    with pytest.raises(TreeError, match="no such public folder"):
        start(base, public="assets")


@pytest.mark.parametrize("make", [
    lambda path: path.symlink_to("nowhere"), lambda path: path.write_text("x"), os.mkfifo,
], ids=["a dangling link", "a file", "a FIFO"])
def test_what_stands_in_the_place_of_the_public_folder_is_not_overlooked(
    make: Callable[[Path], Any], base: Path
) -> None:
    make(base / "public")
    with pytest.raises(TreeError, match=r"public: there is no such public folder; create it"):
        start(base)


def test_a_compressed_form_that_may_not_be_read_is_replaced_by_the_file(
    base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(base, {"public/a.css": "plain", "public/a.css.br": "packed"})
    app = start(base)
    real = os.open

    def guarded(path: Any, *args: Any, **options: Any) -> int:
        if str(path).endswith("a.css.br"):
            raise PermissionError(13, "Permission denied")
        return real(path, *args, **options)

    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, guarded})
    monkeypatch.setattr(os, "open", guarded)
    assert get(app, "/a.css", HTTP_ACCEPT_ENCODING="br").body == b"plain"


def test_a_compressed_form_that_has_vanished_is_replaced_by_the_file(base: Path) -> None:
    put(base, {"public/a.css": "plain", "public/a.css.br": "packed"})
    app = start(base)
    assert get(app, "/a.css", HTTP_ACCEPT_ENCODING="br").body == b"packed"
    (base / "public/a.css.br").unlink()
    answer = get(app, "/a.css", HTTP_ACCEPT_ENCODING="br")
    assert (answer.status, answer.body, "content-encoding" in answer.headers) == (200, b"plain", False)
    assert answer.headers["vary"] == "Accept-Encoding"


@pytest.mark.parametrize("public", ["app", ".", "", "..", "app/static", "link"])
def test_the_apps_own_source_is_never_public(public: str, base: Path) -> None:
    put(base, {"app/static/a.txt": "x", "app/static/route.py": ECHO})
    (base / "link").symlink_to("app")
    with pytest.raises(TreeError, match="the public folder and the app lie one in the other"):
        start(base, public=public)


def test_a_deployments_links_are_followed_once_at_start(base: Path) -> None:
    put(base, {"releases/1/a": "one", "releases/2/a": "two"})
    (base / "public").symlink_to("releases/1")
    app = start(base)
    (base / "public").unlink()
    (base / "public").symlink_to("releases/2")
    assert get(app, "/a").text == "one"
    assert get(start(base), "/a").text == "two"


# what becomes of a file while the app runs

def vanished(base: Path) -> None:
    (base / "public/img/a.png").unlink()


def folder_vanished(base: Path) -> None:
    shutil.rmtree(base / "public/img")


def all_vanished(base: Path) -> None:
    shutil.rmtree(base / "public")


def all_to_file(base: Path) -> None:
    shutil.rmtree(base / "public")
    (base / "public").write_text("file")


def folder_to_link(base: Path) -> None:
    (base / "public/img").rename(base / "was")
    (base / "public/img").symlink_to("../was")


def folder_to_file(base: Path) -> None:
    shutil.rmtree(base / "public/img")
    (base / "public/img").write_text("file")


def file_to_link(base: Path) -> None:
    (base / "public/img/a.png").unlink()
    (base / "public/img/a.png").symlink_to(base / "secret")


def file_to_link_beside(base: Path) -> None:
    (base / "public/img/a.png").rename(base / "public/img/b.png")
    (base / "public/img/a.png").symlink_to("b.png")


def file_to_fifo(base: Path) -> None:
    (base / "public/img/a.png").unlink()
    os.mkfifo(base / "public/img/a.png")


def file_to_folder(base: Path) -> None:
    (base / "public/img/a.png").unlink()
    (base / "public/img/a.png").mkdir()


def file_to_device(base: Path) -> None:
    (base / "public/img/a.png").unlink()
    (base / "public/img/a.png").symlink_to("/dev/zero")


@pytest.mark.parametrize("change", [
    vanished, folder_vanished, all_vanished, all_to_file, folder_to_link, folder_to_file, file_to_link,
    file_to_link_beside, file_to_fifo, file_to_folder, file_to_device,
])
def test_what_is_no_file_any_more_is_a_404_at_once(
    change: Callable[[Path], Any], base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    put(base, {"public/img/a.png": "found", "secret": "secret"})
    app = start(base)
    assert get(app, "/img/a.png").text == "found"
    change(base)
    for method in ("GET", "HEAD"):
        answer = get(app, "/img/a.png", method, HTTP_IF_NONE_MATCH="*")
        assert answer.status == 404
        assert b"secret" not in answer.body
        assert str(base).encode() not in answer.body
    assert get(app, "/img/a.png", "POST").status == 405
    assert caplog.records == []                 # nobody's fault


def test_a_file_that_is_replaced_is_sent_as_it_is_now(base: Path) -> None:
    put(base, {"public/a.txt": "one", "public/.next": "another one"})
    app = start(base)
    before = get(app, "/a.txt")
    (base / "public/.next").replace(base / "public/a.txt")
    after = get(app, "/a.txt", HTTP_IF_NONE_MATCH=before.headers["etag"])
    assert (after.status, after.text) == (200, "another one")


# no request names a file that start-up did not

class Hook:
    """What is opened, listed or looked at while it watches; a hook cannot be taken out again."""

    def __init__(self) -> None:
        self.watching = False
        self.seen: list[str] = []
        sys.addaudithook(self.hear)

    def hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        watched = event in ("open", "os.listdir", "os.scandir", "glob.glob", "import")
        if self.watching and watched and not isinstance(arguments[0], int):     # a descriptor is open already
            self.seen.append(str(arguments[0]))


@pytest.fixture(scope="module")
def hook() -> Hook:
    return Hook()


@pytest.fixture
def opened(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[App, str], list[str]]]:
    def noting(real: Callable[..., Any]) -> Callable[..., Any]:
        def noted(path: Any, *args: Any, **options: Any) -> Any:
            if hook.watching:
                hook.seen.append(str(path))
            return real(path, *args, **options)
        return noted

    for name in ("stat", "lstat", "readlink", "access"):        # of which no audit hook hears
        monkeypatch.setattr(os, name, noting(getattr(os, name)))

    def ask(app: App, target: str) -> list[str]:
        environ = environ_of("GET", target, HTTP_ACCEPT_ENCODING="gzip, br")
        hook.seen.clear()
        hook.watching = True
        try:
            exchange(app, environ)
        finally:
            hook.watching = False
        return [*hook.seen]

    yield ask
    hook.watching = False


def test_a_request_opens_the_file_that_start_up_found_and_no_other(
    base: Path, opened: Callable[[App, str], list[str]]
) -> None:
    put(base, {"public/img/a.png": "found", "public/a.js": "found", "public/a.js.br": "packed"})
    app = start(base)
    for target in ("/img/a.png", "/a.js", "/missing"):
        get(app, target)                                        # what is imported late is imported now
    root = str(base / "public")
    assert opened(app, "/img/a.png") == [root, "img", "a.png"]
    assert opened(app, "/a.js") == [root, "a.js.br"]
    put(base,
        {"public/added.txt": "later", "public/img/added.png": "later", "public/a.js.gz": "later",
         "public/img/a.png.gz": "later"})
    for target in ("/added.txt", "/img/added.png", "/a.js.gz", "/a.js.br", "/img/a.png.gz", "/img", "/img/",
                   "/img/b", "/../secret",
                   "/%2e%2e/secret", "/img/a.png/", "/img/a.png/x", "/" + "x/" * 500, "/" + "x" * 5_000,
                   "/a%00", "/IMG/A.PNG", "//img/a.png",
                   "/img%5Ca.png", "/public/a.js", "/etc/passwd", "/%ff"):
        assert opened(app, target) == []
        assert get(app, target).status in {308, 400, 404}
    assert opened(app, "/img/a.png") == [root, "img", "a.png"]
    assert get(app, "/a.js", HTTP_ACCEPT_ENCODING="gzip").text == "found"       # and no form that came later
    assert get(start(base), "/added.txt").text == "later"


# what runs around them

LOGGED = """
LOG = []
def note(request, call_next):
    response = call_next(request)
    LOG.append([NAME, request.method, request.path, request.route, dict(request.params), response.status])
    response.headers["X-Ran"] = NAME
    return response
middleware = note
"""
ERROR = """
from fsroute import Response
def error(request, exception):
    return {"shaped": NAME, "was": exception.status}
"""
GUARDED: dict[str, str | bytes] = {
    "app/middleware.py": f"NAME = 'outer'{LOGGED}", "app/error.py": f"NAME = 'outer'{ERROR}",
    "app/files/middleware.py": f"NAME = 'inner'{LOGGED}", "app/files/error.py": f"NAME = 'inner'{ERROR}",
    "app/files/list/route.py": ECHO, "public/top.txt": "top", "public/files/a.txt": "found",
    "public/files/deep/er.txt": "deeper", "public/files/a.txt.gz": "packed", "public/other/b.txt": "other"}


def ran(base: Path) -> list[Any]:
    """What the middlewares noted, the innermost first."""
    logs = [sys.modules[f"{base.name}.files.middleware"].LOG, sys.modules[f"{base.name}.middleware"].LOG]
    found = [entry for log in logs for entry in log]
    for log in logs:
        log.clear()
    return found


@pytest.mark.parametrize("lazy", [False, True])
@pytest.mark.parametrize(("target", "route", "names"), [
    ("/top.txt", "/top.txt", ["outer"]),
    ("/other/b.txt", "/other/b.txt", ["outer"]),
    ("/files/a.txt", "/files/a.txt", ["inner", "outer"]),
    ("/files/deep/er.txt", "/files/deep/er.txt", ["inner", "outer"]),
])
def test_whatever_a_public_file_answers_passes_the_chain_of_its_place_once(
    target: str, route: str, names: list[str], lazy: bool, base: Path
) -> None:
    put(base, GUARDED)
    app = start(base, lazy=lazy)
    plain = (base / f"public{target}").read_bytes()
    for method, status in (("GET", 200), ("GET", 200), ("HEAD", 200), ("POST", 405), ("DELETE", 405),
                           ("OPTIONS", 204), ("FOO", 405)):
        answer = exchange(app, environ_of(method, target), shaped=True)
        assert answer.status == status
        assert answer.headers["x-ran"] == "outer"
        assert ran(base) == [[name, method, target, route, {}, status] for name in names]
        if method == "GET":
            assert answer.body == plain
        if method == "HEAD":
            assert (answer.body, answer.headers["content-length"]) == (b"", str(len(plain)))
        if status == 405:
            assert json.loads(answer.body) == {"shaped": names[0], "was": 405}
            assert answer.headers["allow"] == "GET, HEAD, OPTIONS"


def test_middleware_sees_what_became_of_a_conditional_or_partial_request(base: Path) -> None:
    put(base, GUARDED)
    app = start(base)
    first = get(app, "/files/a.txt")
    ran(base)
    for fields, status, body in (({"HTTP_IF_NONE_MATCH": first.headers["etag"]}, 304, b""),
                                 ({"HTTP_RANGE": "bytes=1-2"}, 206, b"ou"),
                                 ({"HTTP_ACCEPT_ENCODING": "gzip"}, 200, b"packed")):
        answer = get(app, "/files/a.txt", **fields)
        assert (answer.status, answer.body) == (status, body)
        assert [entry[-1] for entry in ran(base)] == [status, status]
    refused = exchange(app, environ_of("GET", "/files/a.txt", HTTP_RANGE="bytes=99-"), shaped=True)
    assert (refused.status, json.loads(refused.body)) == (416, {"shaped": "inner", "was": 416})
    assert refused.headers["content-range"] == "bytes */5"
    assert [entry[-1] for entry in ran(base)] == [416, 416]


@pytest.mark.parametrize(("mode", "status", "route"), [
    ("redirect", 308, "/files/a.txt"), ("ignore", 200, "/files/a.txt"), ("strict", 404, None)])
def test_a_final_slash_behind_a_file_passes_the_chain_too(
    mode: str, status: int, route: str | None, base: Path
) -> None:
    put(base, GUARDED)
    app = start(base, trailing_slash=mode)
    for method in ("GET", "HEAD"):
        assert exchange(app, environ_of(method, "/files/a.txt/"), shaped=True).status == status
        assert ran(base) == [[name, method, "/files/a.txt/", route, {}, status]
                             for name in ("inner", "outer")]


def test_a_file_that_has_vanished_is_shaped_and_passes_the_chain(base: Path) -> None:
    put(base, GUARDED)
    app = start(base)
    assert get(app, "/files/a.txt").status == 200
    ran(base)
    for name in ("a.txt", "a.txt.gz"):
        (base / "public/files" / name).unlink()
    for method in ("GET", "HEAD"):
        answer = exchange(app, environ_of(method, "/files/a.txt"), shaped=True)
        assert answer.status == 404
        assert answer.body == (b'{"shaped":"inner","was":404}' if method == "GET" else b"")
        assert ran(base) == [[name, method, "/files/a.txt", "/files/a.txt", {}, 404]
                             for name in ("inner", "outer")]


def test_a_guard_keeps_a_public_file_and_all_that_could_be_learned_of_it(base: Path) -> None:
    guard = "from fsroute import HTTPError\ndef middleware(request, call_next): raise HTTPError(401)\n"
    put(base, {"app/in/middleware.py": guard, "app/in/list/route.py": ECHO, "public/in/a.txt": "secret",
               "public/in/a.txt.br": "secret", "public/out.txt": "open"})
    app = start(base)
    for target in ("/in/a.txt", "/in/a.txt/", "/in/missing", "/in", "/in/", "/in/list", "/in/a.txt//",
                   "/in//a.txt",
                   "/in/./a.txt", "/in/x/../a.txt", "/in/%61.txt", "/%69n/a.txt", "/in/a.txt.br"):
        for method in ("GET", "HEAD", "POST", "OPTIONS", "FOO"):
            answer = exchange(app, environ_of(method, target, HTTP_RANGE="bytes=0-1",
                                              HTTP_ACCEPT_ENCODING="br",
                                              HTTP_IF_NONE_MATCH="*"))
            assert answer.status == 401
            assert b"secret" not in answer.body
            assert not {"etag", "last-modified", "allow", "location"} & {*answer.headers}
    for target in ("/out.txt", "//in/a.txt", "/./in/a.txt", "/x/../in/a.txt", "/IN/a.txt", "/in%2Fa.txt",
                   "/in%5Ca.txt"):
        answer = get(app, target)
        assert answer.status == {"/out.txt": 200, "/in%2Fa.txt": 401}.get(target, 404)    # hosts decode %2F
        assert b"secret" not in answer.body


def test_an_error_file_alone_shapes_the_errors_of_public_files(base: Path) -> None:
    put(base, {"app/in/error.py": f"NAME = 'in'{ERROR}", "app/in/list/route.py": ECHO,
               "public/in/a.txt": "found",
               "public/b.txt": "found"})
    app = start(base)
    for _ in range(2):
        assert exchange(app, environ_of("POST", "/in/a.txt"), shaped=True).text == '{"shaped":"in","was":405}'
        assert json.loads(get(app, "/b.txt", "POST").body)["title"] == "Method Not Allowed"
        assert get(app, "/in/a.txt").body == b"found"


def test_middleware_may_put_another_body_in_the_place_of_a_file(base: Path) -> None:
    upper = ("def middleware(request, call_next):\n    response = call_next(request)\n"
             "    if response.status == 200: response.body = b''.join(response.body).upper()\n"
             "    return response\n")
    put(base, {"app/middleware.py": upper, "public/a.txt": "found"})
    app = start(base)
    for method, body in (("GET", b"FOUND"), ("HEAD", b""), ("GET", b"FOUND")):
        answer = get(app, "/a.txt", method)
        assert (answer.status, answer.body, answer.headers["content-length"]) == (200, body, "5")


# many of them

def test_thousands_of_files_start_and_are_found(base: Path) -> None:
    (base / "public").mkdir()
    for folder in range(50):
        (base / f"public/{folder}").mkdir()
        for name in range(100):
            (base / f"public/{folder}/{name}.txt").write_text(f"{folder} {name}")
    app = start(base)
    assert sum(route.kind == "public" for route in app.routes) == 5_000
    for folder, name in ((0, 0), (7, 42), (49, 99)):
        assert get(app, f"/{folder}/{name}.txt").text == f"{folder} {name}"
    assert get(app, "/50/0.txt").status == 404
    assert app.match("GET", "/7/42.txt").status == 200


def test_a_request_costs_no_more_where_there_are_many(base: Path) -> None:
    def calls(app: App) -> int:
        count = 0

        def counted(frame: Any, event: str, argument: Any) -> None:
            nonlocal count
            count += 1

        get(app, "/a")
        environ = environ_of("GET", "/a")
        sys.setprofile(counted)
        try:
            exchange(app, environ)
        finally:
            sys.setprofile(None)
        return count

    put(base, {"public/a": "found"})
    few = calls(start(base))
    put(base, {f"public/{number}": "x" for number in range(500)})
    assert calls(start(base)) == few

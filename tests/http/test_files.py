import contextlib
import errno
import gc
import logging
import os
import re
import stat
import threading
import time
from collections.abc import Callable, Iterator
from email.message import Message
from functools import partial
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import unquote
from wsgiref.util import FileWrapper

import pytest

from fsroute import App
from fsroute.http.conditional import http_date, parsed
from fsroute.http.errors import HTTPError
from fsroute.http.files import attachment, media_type, page, public
from fsroute.http.request import Request
from fsroute.http.response import Response
from fsroute.http.send import streamed, without_body
from tests.conftest import Make
from tests.exchange import environ_of, exchange

MakeRequest = Callable[..., Request]
Host = Callable[..., tuple[str, list[tuple[str, str]], bytes]]
Send = Callable[..., tuple[str, dict[str, str], bytes]]


@pytest.fixture
def send(make_request: MakeRequest, host: Host) -> Send:
    """What a host sends when a handler, or a response, answers a request with these environ keys."""
    def sent(answers: Any, method: str = "GET", **fields: Any) -> tuple[str, dict[str, str], bytes]:
        def endpoint(request: Request) -> Any:
            return streamed(answers if isinstance(answers, Response) else answers(request), request)

        asked = make_request(REQUEST_METHOD=method, **fields)
        line, pairs, body = host((without_body(endpoint) if method == "HEAD" else endpoint)(asked), method)
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs)
        return line, headers, body
    return sent


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_bytes(b"<h1>Hi</h1>")
    return path


def of_host(wrapper: Any) -> dict[str, Any]:
    return {"wsgi.file_wrapper": wrapper}


def promptly(call: Callable[[], Any]) -> Any:
    """What the call returns; an AssertionError when it hangs."""
    found: list[Any] = []

    def run() -> None:
        try:
            found.append(call())
        except BaseException as error:
            found.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "it hangs"
    if isinstance(found[0], BaseException):
        raise found[0]
    return found[0]


def is_missing(call: Callable[[], Any]) -> bool:
    """Whether the call is a 404, at once, that tells nothing of the server's paths."""
    with pytest.raises(HTTPError) as caught:
        promptly(call)
    assert caught.value.detail == "There is no such file"
    return caught.value.status == 404


def written_in_the_same_moment(file: Path) -> None:
    """By another size: a clock may be too coarse to tell."""
    moment = file.stat().st_mtime_ns
    file.write_bytes(b"longer than before")
    os.utime(file, ns=(moment, moment))


# pages

def test_a_page_is_its_bytes_as_html_under_an_etag(file: Path, send: Send) -> None:
    os.utime(file, (1_577_880_000, 1_577_880_000))
    line, headers, body = send(page(str(file)))
    assert (line, body) == ("200 OK", b"<h1>Hi</h1>")
    etag = headers.pop("etag")
    assert etag[0] == etag[-1] == '"'
    assert headers == {
        "content-type": "text/html; charset=utf-8", "content-length": "11", "cache-control": "no-cache",
        "last-modified": "Wed, 01 Jan 2020 12:00:00 GMT", "accept-ranges": "bytes"}


@pytest.mark.parametrize(
    "content", [b"", b"\r\n\x1a\r\n", b"\xff\xfe", b"x" * 65_535, b"x" * 65_536, bytes(range(256)) * 2_000],
    ids=["empty", "line ends", "no text", "a block less one", "a block", "large"]
)
def test_no_byte_of_it_is_changed(file: Path, content: bytes, send: Send) -> None:
    file.write_bytes(content)
    _, headers, body = send(page(str(file)))
    assert (body, headers["content-length"]) == (content, str(len(content)))
    assert headers["content-type"] == "text/html; charset=utf-8"


@pytest.mark.parametrize("header", ["{0}", "W/{0}", '"other", {0}', '{0}, "other"', 'W/"a",W/{0}', "*"])
def test_a_client_that_has_it_already_is_told_so(file: Path, header: str, send: Send) -> None:
    whole = send(page(str(file)))[1]
    line, headers, body = send(page(str(file)), HTTP_IF_NONE_MATCH=header.format(whole["etag"]))
    assert (line, body) == ("304 Not Modified", b"")
    assert headers == {name: whole[name] for name in ("etag", "cache-control", "last-modified",
                                                      "accept-ranges")}


@pytest.mark.parametrize("header", ['"other"', "", "x", 'W/"other"', "{0}x"])
def test_a_client_that_has_another_is_sent_this_one(file: Path, header: str, send: Send) -> None:
    etag = send(page(str(file)))[1]["etag"]
    assert send(page(str(file)), HTTP_IF_NONE_MATCH=header.format(etag[1:-1]))[0] == "200 OK"


@pytest.mark.parametrize("change", [
    lambda file: file.write_bytes(b"<h1>Ho, longer</h1>"),
    lambda file: os.utime(file, ns=(1, 1)),
    lambda file: written_in_the_same_moment(file),
    lambda file: os.utime(file, ns=(file.stat().st_mtime_ns + 1, file.stat().st_mtime_ns + 1)),
    lambda file: (file.with_name("new").write_bytes(b"new"), file.with_name("new").replace(file)),
], ids=["written", "touched", "written in the same moment", "touched a nanosecond later", "replaced"])
def test_a_changed_file_has_another_etag_and_is_sent(
    file: Path, change: Callable[[Path], Any], send: Send
) -> None:
    GET = page(str(file))
    before = send(GET)[1]["etag"]
    change(file)
    line, headers, body = send(GET, HTTP_IF_NONE_MATCH=before)
    assert (line, body) == ("200 OK", file.read_bytes())
    assert headers["etag"] != before


def test_a_file_of_tomorrow_was_modified_today(file: Path, send: Send) -> None:
    os.utime(file, (4_070_908_800, 4_070_908_800))
    before = time.time()
    said = parsed(send(page(str(file)))[1]["last-modified"])
    assert said is not None
    assert int(before) <= said <= time.time()


def test_a_file_from_before_1970_is_sent_too(file: Path, send: Send) -> None:
    os.utime(file, (-86_400, -86_400))
    line, headers, _ = send(page(str(file)), HTTP_IF_MODIFIED_SINCE="Tue, 30 Dec 1969 00:00:00 GMT")
    assert (line, headers["last-modified"]) == ("200 OK", "Wed, 31 Dec 1969 00:00:00 GMT")


def test_two_answers_share_nothing(file: Path, make_request: MakeRequest) -> None:
    GET = page(str(file))
    first, second = GET(make_request()), GET(make_request())
    first.headers["Set-Cookie"] = "a=1"
    assert "Set-Cookie" not in second.headers
    first.body.close()
    assert b"".join(second.body) == b"<h1>Hi</h1>"


# what stands there is no file any more

def gone(file: Path) -> None:
    file.unlink()


def folder_gone(file: Path) -> None:
    file.unlink()
    file.parent.rmdir()


def folder_is_file(file: Path) -> None:
    folder_gone(file)
    file.parent.write_text("x")


def directory(file: Path) -> None:
    file.unlink()
    file.mkdir()


def fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


def device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("replace", [gone, folder_gone, folder_is_file, directory, fifo, dangling, device])
def test_a_page_that_is_no_file_any_more_is_a_404_at_once(
    replace: Callable[[Path], None], tmp_path: Path, send: Send
) -> None:
    file = tmp_path / "folder" / "page.html"
    file.parent.mkdir()
    file.write_text("x")
    GET = page(str(file))
    assert send(GET)[0] == "200 OK"
    replace(file)
    assert is_missing(lambda: send(GET, HTTP_IF_NONE_MATCH="*"))


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EIO])
def test_trouble_of_the_server_is_no_404(
    number: int, file: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **options: Any) -> int:
        raise OSError(number, os.strerror(number))

    # one that the other functions of os take for the real one
    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, fails})
    monkeypatch.setattr(os, "open", fails)
    asks: list[Callable[[], Any]] = [
        lambda: page(str(file))(make_request()),
        lambda: public(file.name, str(file.parent), [file.name], {})(make_request()),
        lambda: Response.file(file),
        lambda: Response.file(file.name, root=file.parent),
    ]
    for ask in asks:
        with pytest.raises(OSError, match=os.strerror(number)):
            ask()


# what happens to it on the way

def test_a_file_that_grows_while_it_is_sent_is_cut_at_the_length_that_was_said(
    tmp_path: Path, make_request: MakeRequest
) -> None:
    file = tmp_path / "log.txt"
    file.write_bytes(b"a" * 100_000)
    _, fields, body = streamed(Response.file(file), make_request())
    chunks = iter(body)
    sent = next(chunks)
    with file.open("ab") as more:
        more.write(b"b" * 100_000)
    sent += b"".join(chunks)
    assert (sent, dict(fields)["Content-Length"]) == (b"a" * 100_000, "100000")


def test_a_file_that_is_cut_while_it_is_sent_breaks_the_connection_off(
    tmp_path: Path, make_request: MakeRequest, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "log.txt"
    file.write_bytes(b"a" * 200_000)
    _, _, body = streamed(Response.file(file), make_request())
    chunks = iter(body)
    sent = len(next(chunks))
    os.truncate(file, 100_000)
    rest: list[bytes] = []
    with pytest.raises(RuntimeError, match="100000 bytes before its length of 200000"):
        rest.extend(chunks)
    assert sent + sum(map(len, rest)) == 100_000
    assert "RuntimeError" in caplog.text


def test_a_file_that_is_replaced_while_it_is_sent_is_sent_as_it_was(
    tmp_path: Path, make_request: MakeRequest
) -> None:
    file = tmp_path / "log.txt"
    file.write_bytes(b"a" * 100_000)
    _, _, body = streamed(Response.file(file), make_request())
    (tmp_path / "new").write_bytes(b"b" * 100_000)
    (tmp_path / "new").replace(file)
    assert b"".join(body) == b"a" * 100_000


def test_a_large_file_is_read_a_block_at_a_time(tmp_path: Path, make_request: MakeRequest) -> None:
    file = tmp_path / "large.bin"
    file.write_bytes(b"x" * 1_000_000)
    _, _, body = streamed(Response.file(file), make_request(HTTP_RANGE="bytes=10-999998"))
    sizes = [len(chunk) for chunk in body]
    assert sum(sizes) == 999_989
    assert max(sizes) == 65_536


# a path below a root

INSIDE = [
    "a.txt", "sub/b.txt", "sub/deep/c.txt", "é.txt", "日本.txt", "a b.txt", "%41.txt", "%2e%2e", "x..y", "a~",
    "-", "[id]", "*", "?", "a;b", "con1", "console.txt", "common.css", "nullable", "com10.txt", "lpt.txt",
    "auxiliary",
    "my.con", "xcon", "a" * 255,
]
"""Plain names, though some look odd."""

LYING_THERE = [
    # a dot or blank at the end, which Windows drops; a dot at the start, which hides
    "trail.", "trail ", "sub./b.txt", "sub /b.txt", "a.txt.", "a.txt ", "...", ".hidden", ".git/config",
    "sub/.hidden", ".well-known/x",
    # drives, streams, the other slash
    "co:lon", "C:a.txt", "a.txt:stream", "back\\slash", "..\\secret.txt", "\\secret.txt", "sub\\b.txt",
    # devices, with extensions and blanks, in any case and any segment
    "con", "CON", "nul.txt", "Nul.tar.gz", "prn", "aux.c", "COM1", "com1.log", "com9", "com¹", "lpt0",
    "LPT³.txt", "conin$", "CONOUT$", "clock$", "nul .txt", "con  .x", "aux/x.txt", "sub/nul",
    "sub/con.d/x.txt", "con.\n",
]
"""Names that a file system can hold and that are refused all the same."""

REFUSED = [
    *LYING_THERE,
    # dot segments and empty ones
    "..", ".", "./a.txt", "../secret.txt", "sub/../a.txt", "sub/./b.txt", "sub/../../secret.txt", "sub/..",
    "../root/a.txt", "../root-evil/secret.txt", "", "/", "//a.txt", "sub//b.txt", "a.txt/", "sub/", "a.txt/.",
    "....//secret.txt",
    # absolute, drives, UNC, what a shell would read
    "/etc/passwd", "{outside}/secret.txt", "//server/share", "\\\\server\\share", "C:/a.txt", "c:",
    "file:///etc/passwd", "~", "~/a.txt", "$HOME",
    # NUL
    "\0", "a.txt\0", "a.txt\0.png", "sub\0/b.txt", "../secret.txt\0",
    # links, also those that stay
    "out.txt", "link.txt", "linked/b.txt", "away/secret.txt", "sub/away/secret.txt", "dangling", "loop",
    "loop/x", "absolute.txt",
    # no regular file
    "folder", "sub", "fifo", "socket", "fifo/x", "a.txt/x", "zero",
    # not there, or no name at all
    "missing", "missing/x", "A.TXT", "b" * 300, "b" * 300 + "/x", "a/" * 10_000 + "x", "a/" * 10_000,
    "/" * 10_000,
    "../" * 10_000 + "etc/passwd", "\udc80", "\ud800", "sub/\udfff", "a\ud800b",
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all of that in it, and secrets around it."""
    outside = tmp_path_factory.mktemp("outside")
    root = outside / "root"
    for name in (*INSIDE, *LYING_THERE):
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text("inside")
    (outside / "root-evil").mkdir()
    for folder in (outside, outside / "root-evil"):
        (folder / "secret.txt").write_text("secret")
    for link, target in {"out.txt": "../secret.txt", "link.txt": "a.txt", "linked": "sub", "away": "..",
                         "sub/away": "../..", "dangling": "nowhere", "loop": "loop", "zero": "/dev/zero",
                         "absolute.txt": str(outside / "secret.txt")}.items():
        (root / link).symlink_to(target)
    (root / "folder").mkdir()
    os.mkfifo(root / "fifo")
    os.mknod(root / "socket", stat.S_IFSOCK | 0o600)
    return root


@pytest.fixture(params=["by descriptors", "by paths"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """How a file is looked for; some systems cannot open a name in a folder that is open."""
    if request.param == "by paths":
        monkeypatch.setattr(os, "supports_dir_fd", set())
    return str(request.param)


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("name", INSIDE)
def test_a_plain_name_below_the_root_is_served(name: str, root: Path, send: Send) -> None:
    for path in (name, name.split("/"), tuple(name.split("/")), Path(name)):
        assert send(Response.file(path, root=root))[2] == b"inside"
    assert send(Response.file(name, root=str(root)))[2] == b"inside"


@pytest.mark.parametrize("name", REFUSED, ids=lambda name: ascii(name[:30]))
def test_nothing_else_is(name: str, root: Path, way: str) -> None:
    path = name.format(outside=root.parent) if "{" in name else name
    if way == "by paths" and not path.isascii() and path.encode("utf-8", "replace").decode() != path:
        pytest.skip("where paths are used, a lone surrogate is a character like any other")
    assert is_missing(lambda: Response.file(path, root=root))
    assert is_missing(lambda: Response.file(path.split("/"), root=root))
    assert is_missing(lambda: Response.file([path], root=root))         # with its slashes in one value
    assert is_missing(lambda: Response.file(["sub", path], root=root))


@pytest.fixture(scope="module")
def serving(root: Path, tmp_path_factory: pytest.TempPathFactory) -> App:
    """Serves that folder to whoever names a file in it, by the list of a catch-all and by a joined str."""
    site = tmp_path_factory.mktemp("serving") / "files_site"
    for name, path in (("files", "path"), ("joined", "'/'.join(path)")):
        folder = site / name / "[...path]"
        folder.mkdir(parents=True)
        given = f"def GET(path): return Response.file({path}, root={str(root)!r})\n"
        (folder / "route.py").write_text("from fsroute import Response\n" + given)
    return App(site)


@pytest.mark.parametrize("name", [name for name in REFUSED if name.isprintable() or "\0" in name],
                         ids=lambda name: ascii(name[:30]))
def test_no_request_for_it_gets_through_a_route(name: str, root: Path, serving: App) -> None:
    path = name.format(outside=root.parent) if "{" in name else name
    for route in ("files", "joined"):
        environ = environ_of("GET", "", PATH_INFO=f"/{route}/{path}".encode().decode("latin-1"))
        answer = promptly(partial(exchange, serving, environ))
        assert answer.status in {308, 400, 404}
        assert b"secret" not in answer.body
        assert str(root.parent).encode() not in answer.body
        assert answer.status != 308 or path.endswith("/")
    assert exchange(serving, environ_of("GET", "/files/sub/b.txt")).body == b"inside"


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize(("name", "content"), [
    ("link.txt", b"inside"), ("linked/b.txt", b"inside"), ("linked/deep/c.txt", b"inside"),
    ("a.txt", b"inside"),
    ("out.txt", b"secret"), ("away/secret.txt", b"secret"), ("absolute.txt", b"secret"),
])
def test_links_are_followed_where_the_handler_says_so(
    name: str, content: bytes, root: Path, send: Send
) -> None:
    for path in (name, name.split("/")):
        assert send(Response.file(path, root=root, links=True))[2] == content


@pytest.mark.parametrize("name", [
    name for name in REFUSED if name not in
    ("out.txt", "link.txt", "linked/b.txt", "away/secret.txt", "sub/away/secret.txt", "absolute.txt")
], ids=lambda name: ascii(name[:30]))
def test_where_links_are_followed_all_else_is_refused_as_ever(name: str, root: Path) -> None:
    path = name.format(outside=root.parent) if "{" in name else name
    assert is_missing(lambda: Response.file(path, root=root, links=True))


def test_the_root_itself_may_be_a_link_and_relative(
    root: Path, tmp_path: Path, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "current").symlink_to(root)
    assert send(Response.file("sub/b.txt", root=tmp_path / "current"))[2] == b"inside"
    monkeypatch.chdir(tmp_path)
    assert send(Response.file("sub/b.txt", root="current"))[2] == b"inside"
    assert is_missing(lambda: Response.file("link.txt", root="current"))


@pytest.mark.parametrize("number", [errno.EACCES, errno.EPERM])
def test_what_the_server_may_not_read_is_not_there_for_who_chose_its_name(
    number: int, root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = os.open

    def guarded(path: Any, *args: Any, **options: Any) -> int:
        if path == "a.txt" or path == str(root / "a.txt"):
            raise OSError(number, os.strerror(number))
        return real(path, *args, **options)

    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, guarded})
    monkeypatch.setattr(os, "open", guarded)
    assert is_missing(lambda: Response.file("a.txt", root=root))
    with pytest.raises(PermissionError):
        Response.file(root / "a.txt")
    with pytest.raises(PermissionError):
        page(str(root / "a.txt"))(Request.build())


def test_a_date_of_this_very_second_is_no_condition_for_a_range(root: Path, send: Send) -> None:
    """Two versions of one second have one date: a client would glue parts of both."""
    at = int(time.time())
    for age, status in ((0, "200 OK"), (5, "206 Partial Content")):
        os.utime(root / "a.txt", (at - age, at - age))
        date = http_date(at - age)
        response = Response.file("a.txt", root=root)
        assert send(response, HTTP_RANGE="bytes=0-0", HTTP_IF_RANGE=date)[0] == status


def test_a_root_that_is_not_there_holds_nothing(root: Path, make: Make) -> None:
    for wrong in (root / "missing", root / "a.txt"):
        assert is_missing(partial(Response.file, "a.txt", root=wrong))
    given = "from fsroute import Response\ndef GET(): return Response.file('a', root='/no/such')\n"
    answer = exchange(make({"route.py": given}), environ_of("GET", "/"))
    assert (answer.status, b"/no/such" in answer.body) == (404, False)


def test_a_list_needs_a_root(file: Path) -> None:
    with pytest.raises(ValueError, match="with root= only"):
        Response.file([str(file)])
    with pytest.raises(ValueError, match="with root= only"):
        Response.file([])
    assert is_missing(lambda: Response.file([], root=file.parent))


def test_without_a_root_the_path_is_the_handlers_own(
    tmp_path: Path, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".hidden").write_text("mine")
    (tmp_path / "link").symlink_to(".hidden")
    monkeypatch.chdir(tmp_path)
    for path in (".hidden", tmp_path / ".hidden", str(tmp_path / "x/../.hidden").replace("/x/..", "/."),
                 "link"):
        assert send(Response.file(path))[2] == b"mine"
    os.mkfifo(tmp_path / "fifo")
    for path in ("missing", tmp_path, ".hidden/x", "a\0b", "\ud800", "", "x" * 300, "fifo"):
        assert is_missing(partial(Response.file, path))


def test_a_folder_that_becomes_a_link_between_two_requests_is_not_followed(tmp_path: Path,
                                                                           make: Make) -> None:
    (tmp_path / "root/sub").mkdir(parents=True)
    (tmp_path / "root/sub/a.txt").write_text("inside")
    (tmp_path / "a.txt").write_text("secret")
    app = make({"[...path]/route.py": "from fsroute import Response\n"
                f"def GET(path): return Response.file(path, root={str(tmp_path / 'root')!r})"})
    assert exchange(app, environ_of("GET", "/sub/a.txt")).body == b"inside"
    (tmp_path / "root/sub").rename(tmp_path / "root/was")
    (tmp_path / "root/sub").symlink_to("..")
    assert exchange(app, environ_of("GET", "/sub/a.txt")).status == 404
    assert exchange(app, environ_of("GET", "/was/a.txt")).body == b"inside"


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_folder_that_becomes_a_link_while_it_is_walked_leads_nowhere_else(
    when: str, tmp_path: Path, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "root/sub").mkdir(parents=True)
    (tmp_path / "root/sub/a.txt").write_text("inside")
    (tmp_path / "a.txt").write_text("secret")
    system_open = os.open

    def opens(path: str, flags: int, mode: int = 0o777, *, dir_fd: int | None = None) -> int:
        found = None
        if path == "sub" and when == "after":
            found = system_open(path, flags, mode, dir_fd=dir_fd)
        if path == "sub":
            (tmp_path / "root/sub").rename(tmp_path / "root/was")
            (tmp_path / "root/sub").symlink_to("..")
        return system_open(path, flags, mode, dir_fd=dir_fd) if found is None else found

    monkeypatch.setattr(os, "supports_dir_fd", {*os.supports_dir_fd, opens})
    monkeypatch.setattr(os, "open", opens)
    if when == "before":
        assert is_missing(lambda: Response.file("sub/a.txt", root=tmp_path / "root"))
    else:
        assert send(Response.file("sub/a.txt", root=tmp_path / "root"))[2] == b"inside"


# what is said of it

@pytest.mark.parametrize(("name", "kind"), [
    ("a.html", "text/html; charset=utf-8"),
    ("A.HTM", "text/html; charset=utf-8"),
    ("a.css", "text/css; charset=utf-8"),
    ("a.js", "text/javascript; charset=utf-8"),
    ("a.min.mjs", "text/javascript; charset=utf-8"),
    ("a.txt", "text/plain; charset=utf-8"),
    ("a.csv", "text/csv; charset=utf-8"),
    ("a.json", "application/json"),
    ("a.map", "application/json"),
    ("a.webmanifest", "application/manifest+json"),
    ("a.wasm", "application/wasm"),
    ("a.svg", "image/svg+xml"),
    ("a.png", "image/png"),
    ("a.JPG", "image/jpeg"),
    ("favicon.ico", "image/x-icon"),
    ("a.woff2", "font/woff2"),
    ("a.pdf", "application/pdf"),
    ("a.tar.gz", "application/gzip"),
    ("a.mp4", "video/mp4"),
    # unknown: bytes, which no browser runs
    ("a", "application/octet-stream"),
    ("html", "application/octet-stream"),
    ("a.", "application/octet-stream"),
    (".html", "application/octet-stream"),
    ("a.html~", "application/octet-stream"),
    ("a.html.bak", "application/octet-stream"),
    ("a.php", "application/octet-stream"),
    ("a.html ", "application/octet-stream"),
    ("a.ht\nml", "application/octet-stream"),
    ("a.html/b", "application/octet-stream"),
    ("a.日本", "application/octet-stream"),
])
def test_the_type_is_known_by_the_end_of_the_name(name: str, kind: str) -> None:
    assert media_type(name) == kind


def test_the_machines_own_table_of_types_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    import mimetypes

    monkeypatch.setitem(mimetypes.types_map, ".js", "application/x-evil")
    monkeypatch.setitem(mimetypes.types_map, ".unknown", "text/html")
    assert media_type("a.js") == "text/javascript; charset=utf-8"
    assert media_type("a.unknown") == "application/octet-stream"


def test_a_file_says_its_type_and_that_it_is_not_to_be_guessed(tmp_path: Path, send: Send) -> None:
    for name, kind in (("a.txt", "text/plain; charset=utf-8"), ("b", "application/octet-stream")):
        (tmp_path / name).write_bytes(b"<script>")
        _, headers, _ = send(Response.file(tmp_path / name))
        assert (headers["content-type"], headers["x-content-type-options"]) == (kind, "nosniff")
        assert "content-disposition" not in headers


@pytest.mark.parametrize(("name", "plain", "exact"), [
    ("report.pdf", "report.pdf", None),
    ("my report.pdf", "my report.pdf", None),
    ("a;b=c,d'e", "a;b=c,d'e", None),
    ('say "hi".txt', "say _hi_.txt", 'say "hi".txt'),
    ('"', "_", '"'),
    ("100%.txt", "100_.txt", "100%.txt"),
    ("a%22b", "a_22b", "a%22b"),
    ("back\\slash", "back_slash", None),
    ("../../etc/passwd", ".._.._etc_passwd", None),
    ("/", "_", None),
    ("a\r\nSet-Cookie: b=c", "a__Set-Cookie: b=c", None),
    ("a\0b\x7fc\td", "a_b_c_d", None),
    ("naïve.txt", "na_ve.txt", "naïve.txt"),
    ("日本.txt", "__.txt", "日本.txt"),
    ("l'été*.txt", "l'_t_*.txt", "l'été*.txt"),
    ("😀", "_", "😀"),
    ("a\u202egpj.exe", "a_gpj.exe", None),              # which would read backwards
    ("\ud800.txt", "_.txt", None),
    ("x" * 500, "x" * 500, None),
])
def test_a_name_to_save_it_under_comes_out_as_it_is_and_cannot_break_out(
    name: str, plain: str, exact: str | None, file: Path, send: Send
) -> None:
    value = attachment(name)
    message = Message()
    message["Content-Disposition"] = value
    assert message.get_content_disposition() == "attachment"
    assert re.fullmatch(r'attachment; filename="[ -!#-~]*"(; filename\*=UTF-8\'\'[!#$&+.^_`|~%A-Za-z0-9-]+)?',
                        value)
    assert f'filename="{plain}"' in value
    found = re.search(r"filename\*=UTF-8''(.*)", value)
    assert (unquote(found[1], errors="strict") if found else None) == exact
    assert send(Response.file(file, download=name))[1]["content-disposition"] == value


def test_a_download_has_the_files_own_name_or_another(tmp_path: Path, send: Send) -> None:
    (tmp_path / "é.txt").write_text("x")
    for path, options in ((tmp_path / "é.txt", {}), (["é.txt"], {"root": tmp_path})):
        def disposition(download: Any, path: Any = path, options: Any = options) -> str | None:
            return send(Response.file(path, download=download, **options))[1].get("content-disposition")

        assert disposition(True) == "attachment; filename=\"_.txt\"; filename*=UTF-8''%C3%A9.txt"
        assert disposition("b.txt") == 'attachment; filename="b.txt"'
        assert disposition(None) is disposition(False) is None


def test_a_download_under_an_empty_name_is_a_download_all_the_same(file: Path, send: Send) -> None:
    assert send(Response.file(file, download=""))[1].get("content-disposition", "").startswith("attachment")


def test_what_the_handler_says_stands(file: Path, send: Send) -> None:
    given = {"content-type": "text/x-mine", "etag": '"v1"', "cache-control": "max-age=60",
             "x-content-type-options": "none", "content-disposition": "inline", "accept-ranges": "none"}
    _, headers, _ = send(Response.file(file, download=True, headers=given))
    assert {name: headers[name] for name in given} == given
    assert send(Response.file(file, headers=given), HTTP_IF_NONE_MATCH='"v1"')[0] == "304 Not Modified"
    assert send(Response.file(file, headers=given), HTTP_RANGE="bytes=0-0", HTTP_IF_RANGE='"v1"')[2] == b"<"


@pytest.mark.parametrize(("condition", "line"), [
    ("HTTP_IF_MODIFIED_SINCE", "304 Not Modified"), ("HTTP_IF_UNMODIFIED_SINCE", "200 OK")])
def test_a_time_that_the_handler_says_is_the_one_that_counts(
    condition: str, line: str, file: Path, send: Send
) -> None:
    date = "Thu, 01 Jan 2015 00:00:00 GMT"
    given = {"Last-Modified": date}
    assert send(Response.file(file, headers=given))[1]["last-modified"] == date
    assert send(Response.file(file, headers=given), **{condition: date})[0] == line


@pytest.mark.parametrize("status", [201, 404, 500])
def test_a_file_as_the_body_of_another_status_is_sent_as_it_is(status: int, file: Path, send: Send) -> None:
    line, headers, body = send(Response.file(file, status=status), HTTP_RANGE="bytes=0-0",
                               HTTP_IF_NONE_MATCH="*")
    assert (line[:3], body) == (str(status), b"<h1>Hi</h1>")
    assert not {"etag", "last-modified", "accept-ranges"} & headers.keys()


@pytest.mark.parametrize("status", [204, 304, 205])
def test_a_status_without_a_body_has_none(status: int, file: Path, send: Send) -> None:
    before = descriptors()
    line, headers, body = send(Response.file(file, status=status))
    assert (line[:3], body) == (str(status), b"")
    assert ("content-type" in headers) is (status == 205)
    assert descriptors() == before


def test_an_answer_is_sent_once(file: Path, make_request: MakeRequest, send: Send) -> None:
    response = Response.file(file)
    assert send(response)[2] == b"<h1>Hi</h1>"
    with pytest.raises(RuntimeError, match="sent already"):
        send(response)
    with pytest.raises(RuntimeError, match="sent already"):
        send(response.copy())


@pytest.mark.parametrize("fields", [{}, {"HTTP_RANGE": "bytes=1-2"}, {"HTTP_IF_NONE_MATCH": "*"}], ids=str)
def test_the_response_that_a_handler_returned_is_not_written_to(
    fields: dict[str, Any], file: Path, send: Send
) -> None:
    kept = Response.file(file)
    body, headers = kept.body, kept.headers.items()
    send(kept, **fields)
    assert (kept.status, kept.body, kept.headers.items()) == (200, body, headers)


def test_what_it_unpacks_into_is_the_same_answer(file: Path, make: Make) -> None:
    app = make({"route.py": f"""
from fsroute import Response

def GET():
    status, headers, body = Response.file({str(file)!r}, headers={{"X-Mine": "1"}})
    return status, headers, body
"""})
    answer = exchange(app, environ_of("GET", "/", HTTP_RANGE="bytes=1-2"))
    assert (answer.status, answer.body) == (206, b"h1")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-mine"] == "1"


# no way out leaves a descriptor behind

def descriptors() -> int:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("no count of open descriptors here")
    return len(os.listdir("/proc/self/fd"))


@pytest.fixture
def uncollected() -> Iterator[None]:
    """The collector would hide what nobody closed."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.fixture
def unlogged(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever collects records keeps the exceptions in them."""
    monkeypatch.setattr(logging.getLogger("fsroute"), "disabled", True)


WAYS_OUT = """
from fsroute import HTTPError, Response

PATH = {path!r}

def GET(request, way):
    response = Response.file(PATH, download=True)
    if way == "sent": return response
    if way == "dropped": return "other"
    if way == "replaced":
        response.body = b"other"
        return response
    if way == "refused":
        raise HTTPError(403)
    if way == "emptied":
        response.status = 204
        return response
    if way == "unpacked":
        return response.status, response.headers, response.body
    if way == "copied":
        response.copy().headers["X"] = "y"
        return response.copy()
    if way == "after":
        request.after(len, "")
        return response

POST = GET
"""
FAULTY = """
from fsroute import Response

PATH = {path!r}
kept = Response.file(PATH)
kept.body.close()

def GET(way):
    if way == "second": return kept
    if way == "header": return Response.file(PATH, headers={{"No name": "x"}})
    if way == "value": return Response.file(PATH, headers={{"X-Text": "a\\nb"}})
    if way == "status": return Response.file(PATH, status=99)
    if way == "name": return Response.file(PATH, download=7)
"""
WAYS = {"sent": 200, "dropped": 200, "replaced": 200, "refused": 403, "emptied": 204, "unpacked": 200,
        "copied": 200, "after": 200}
FAULTS = ["second", "header", "value", "status", "name"]
HEADERS: list[dict[str, Any]] = [
    {}, {"HTTP_RANGE": "bytes=1-2"}, {"HTTP_RANGE": "bytes=99-"}, {"HTTP_IF_NONE_MATCH": "*"},
    {"HTTP_IF_MATCH": '"x"'},
]


@pytest.fixture
def ways_out(file: Path, make: Make) -> Any:
    return make({"[way]/route.py": WAYS_OUT.format(path=str(file)),
                 "faulty/[way]/route.py": FAULTY.format(path=str(file)), "page.html": "a page"})


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("way", [*WAYS])
def test_every_answer_closes_its_file(way: str, ways_out: Any) -> None:
    before = descriptors()
    for method, headers in product(("GET", "HEAD", "POST"), HEADERS):
        answer = exchange(ways_out, environ_of(method, f"/{way}", **headers))
        if not headers or method == "POST":
            assert answer.status == WAYS[way]
        assert descriptors() == before, (method, headers)


@pytest.mark.usefixtures("uncollected", "unlogged")
@pytest.mark.parametrize("way", FAULTS)
def test_a_response_that_is_refused_closes_its_file(way: str, ways_out: Any) -> None:
    before = descriptors()
    environ = environ_of("GET", f"/faulty/{way}")
    assert exchange(ways_out, environ).status == 500
    assert environ["fsroute.exception"] is not None         # whose traceback keeps what the frames held
    assert descriptors() == before


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize("target", ["/sent", "/after", "/"])
def test_a_client_that_leaves_closes_it(target: str, ways_out: Any) -> None:
    before = descriptors()
    for wrapper, read in product((None, FileWrapper), (0, 1)):
        body = ways_out(environ_of("GET", target) | of_host(wrapper), lambda *args: None)
        assert descriptors() == before + 1
        chunks = iter(body)
        for _ in range(read):
            assert next(chunks)
        body.close()
        body.close()            # some hosts do
        assert descriptors() == before


@pytest.mark.usefixtures("uncollected")
@pytest.mark.parametrize(("method", "status", "fields"), [
    ("HEAD", 200, {}), ("GET", 200, {"HTTP_IF_NONE_MATCH": "*"}), ("HEAD", 200, {"HTTP_IF_NONE_MATCH": "*"}),
    ("GET", 200, {"HTTP_IF_MATCH": '"x"'}), ("GET", 200, {"HTTP_RANGE": "bytes=99-"}),
    ("GET", 204, {}), ("GET", 304, {}),
], ids=str)
def test_what_is_not_sent_is_closed_though_somebody_keeps_the_response(
    method: str, status: int, fields: dict[str, Any], file: Path, send: Send
) -> None:
    before = descriptors()
    kept = Response.file(file, status=status)
    assert descriptors() == before + 1
    with contextlib.suppress(HTTPError):
        send(kept, method, **fields)
    assert descriptors() == before


@pytest.mark.usefixtures("uncollected")
def test_a_host_that_never_closes_anything_leaves_none_behind(ways_out: Any) -> None:
    before = descriptors()
    for target in ("/sent", "/"):
        body = ways_out(environ_of("GET", target), lambda *args: None)
        del body
    assert descriptors() == before


@pytest.mark.usefixtures("uncollected", "way")
@pytest.mark.parametrize("name", [
    "sub/b.txt", "sub/missing", "sub/deep", "fifo", "link.txt", "linked/b.txt", "away/secret.txt",
    "missing/x", "a.txt/x", "sub/" + "b" * 300, "sub/deep/c.txt/x",
])
def test_no_folder_on_the_way_stays_open(name: str, root: Path) -> None:
    before = descriptors()
    for links in (False, True):
        with contextlib.suppress(HTTPError):
            Response.file(name, root=root, links=links)
    assert descriptors() == before


@pytest.mark.usefixtures("uncollected")
def test_a_file_that_cannot_be_measured_is_closed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = descriptors()
    system = os.fstat
    calls = []

    def fails_later(descriptor: int) -> os.stat_result:
        calls.append(descriptor)
        if len(calls) > 1:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        return system(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fstat", fails_later)
        with contextlib.suppress(OSError):
            Response.file(file)
    assert len(calls) > 1
    assert descriptors() == before


def test_no_descriptor_goes_to_a_child(file: Path) -> None:
    assert os.get_inheritable(Response.file(file).body.fileno()) is False


# the host's own way to send a file

class Wrapper:
    """As PEP 3333 has it; knows what it was given."""

    made: list["Wrapper"]

    def __init__(self, file: Any, size: int) -> None:
        self.file, self.size = file, size
        self.closed = 0
        self.made.append(self)

    def __iter__(self) -> Iterator[bytes]:
        return iter(lambda: self.file.read(self.size), b"")

    def close(self) -> None:
        self.closed += 1
        self.file.close()


@pytest.fixture
def wrapper(monkeypatch: pytest.MonkeyPatch) -> type[Wrapper]:
    monkeypatch.setattr(Wrapper, "made", [], raising=False)
    return Wrapper


@pytest.fixture
def site(tmp_path: Path, make: Make, file: Path) -> Any:
    (tmp_path / "assets").mkdir()
    (tmp_path / "assets/a.js").write_bytes(b"plain file")
    (tmp_path / "assets/a.js.gz").write_bytes(b"packed")
    given = f"from fsroute import Response\ndef GET(): return Response.file({str(file)!r})\nPOST = GET\n"
    return make({"page.html": "the whole page", "given/route.py": given}, public=tmp_path / "assets")


@pytest.mark.parametrize(("target", "headers", "content"), [
    ("/", {}, b"the whole page"),
    ("/", {"HTTP_IF_NONE_MATCH": '"other"'}, b"the whole page"),
    ("/", {"HTTP_RANGE": "bytes=0-0,2-2"}, b"the whole page"),
    ("/", {"HTTP_RANGE": "bytes=0-0", "HTTP_IF_RANGE": '"other"'}, b"the whole page"),
    ("/a.js", {}, b"plain file"),
    ("/a.js", {"HTTP_ACCEPT_ENCODING": "gzip"}, b"packed"),
])
def test_a_whole_page_or_public_file_is_given_to_the_hosts_wrapper(
    target: str, headers: dict[str, Any], content: bytes, site: Any, wrapper: type[Wrapper]
) -> None:
    before = descriptors()
    environ = environ_of("GET", target, **headers, **of_host(wrapper))
    started: list[Any] = []
    body = site(environ, lambda *args: started.append(args))
    assert isinstance(body, wrapper)        # itself, or the host does not know it
    assert os.pread(body.file.fileno(), 100, 0) == content
    assert body.file.read(3) == content[:3]
    assert b"".join(body) == content[3:]
    assert descriptors() == before + 1
    body.close()
    assert descriptors() == before
    assert dict(started[0][1])["Content-Length"] == str(len(content))
    assert (started[0][0], len(wrapper.made)) == ("200 OK", 1)


@pytest.mark.parametrize(("method", "target", "headers", "status"), [
    ("HEAD", "/", {}, 200),
    ("HEAD", "/a.js", {}, 200),
    ("GET", "/", {"HTTP_RANGE": "bytes=1-2"}, 206),
    ("GET", "/a.js", {"HTTP_RANGE": "bytes=0-"}, 206),
    ("GET", "/", {"HTTP_RANGE": "bytes=99-"}, 416),
    ("GET", "/", {"HTTP_IF_NONE_MATCH": "*"}, 304),
    ("GET", "/a.js", {"HTTP_IF_MATCH": '"x"'}, 412),
    ("GET", "/given", {}, 200),
    ("HEAD", "/given", {}, 200),
    ("POST", "/given", {}, 200),
    ("GET", "/given", {"HTTP_RANGE": "bytes=1-2"}, 206),
    ("GET", "/missing", {}, 404),
])
def test_no_part_no_head_and_no_file_of_a_handlers_is(
    method: str, target: str, headers: dict[str, Any], status: int, site: Any, wrapper: type[Wrapper]
) -> None:
    environ = environ_of(method, target, **headers, **of_host(wrapper))
    assert exchange(site, environ).status == status
    assert wrapper.made == []


@pytest.mark.parametrize("target", ["/", "/a.js"])
@pytest.mark.parametrize("wrapper", [None, FileWrapper])
def test_a_host_sends_the_same_with_a_wrapper_or_without(target: str, wrapper: Any, site: Any) -> None:
    expected = exchange(site, environ_of("GET", target))
    assert exchange(site, environ_of("GET", target) | of_host(wrapper)) == expected


def test_a_file_that_is_cut_while_a_wrapper_reads_it_breaks_the_connection_off(
    tmp_path: Path, site: Any, wrapper: type[Wrapper]
) -> None:
    body = site(environ_of("GET", "/a.js", **of_host(wrapper)), lambda *args: None)
    assert body.file.read(3) == b"pla"
    os.truncate(tmp_path / "assets/a.js", 5)
    assert body.file.read(100) == b"in"
    with pytest.raises(RuntimeError, match="5 bytes before its length of 10"):
        body.file.read(100)
    body.close()


@pytest.mark.parametrize(("change", "breaks"), [
    (lambda file: file.write_bytes(b"short"), True),
    (lambda file: file.write_bytes(b"10 others."), True),
    (lambda file: (file.with_name("new").write_bytes(b"new"), file.with_name("new").replace(file)), False),
    (lambda file: file.unlink(), False),
    (lambda file: None, False),
], ids=["cut", "written", "replaced", "removed", "as it was"])
def test_a_file_that_is_written_into_while_a_host_sends_its_descriptor_breaks_the_connection_off(
    change: Callable[[Path], Any], breaks: bool, tmp_path: Path, site: Any, wrapper: type[Wrapper]
) -> None:
    file, before = tmp_path / "assets/a.js", descriptors()
    os.utime(file, (1, 1))
    body = site(environ_of("GET", "/a.js", **of_host(wrapper)), lambda *args: None)
    change(file)
    with pytest.raises(RuntimeError, match="by renaming") if breaks else contextlib.nullcontext():
        body.close()
    assert descriptors() == before


def test_an_empty_file_that_fills_while_it_is_sent_breaks_nothing_off(
    tmp_path: Path, site: Any, wrapper: type[Wrapper]
) -> None:
    file = tmp_path / "assets/a.js"
    file.write_bytes(b"")
    os.utime(file, (1, 1))
    body = site(environ_of("GET", "/a.js", **of_host(wrapper)), lambda *args: None)
    file.write_bytes(b"late")
    assert b"".join(body) == b""
    body.close()


@pytest.mark.usefixtures("uncollected")
def test_a_wrapper_that_closes_nothing_leaves_nothing_open(site: Any) -> None:
    def careless(file: Any, size: int) -> Iterator[bytes]:
        return iter(lambda: file.read(size), b"")

    before = descriptors()
    answer = exchange(site, environ_of("GET", "/", **of_host(careless)))
    assert answer.body == b"the whole page"
    assert descriptors() == before


@pytest.mark.usefixtures("unlogged")
def test_a_wrapper_that_fails_is_a_500_and_leaves_nothing_open(site: Any) -> None:
    def broken(file: Any, size: int) -> Any:
        raise LookupError("broken")

    before = descriptors()
    assert exchange(site, environ_of("GET", "/", **of_host(broken))).status == 500
    gc.collect()
    assert descriptors() == before

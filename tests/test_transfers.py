"""Uploads, downloads, ranges, streams and events over real sockets: the same on every host, of any size.

The app is in transfers/. It and a test talk by files: what it noted, and what it waits for.
"""

import hashlib
import http.client
import itertools
import json
import os
import re
import shutil
import socket
import struct
import sys
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, suppress
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Server, dev, gunicorn, serving, until
from tests.transfers.app._blocks import SIZE, blocks
from tests.uploads import BOUNDARY, MULTIPART, URLENCODED, multipart, part

HERE = Path(__file__).parent / "transfers"
HOSTS = {
    "dev": dev("wsgi:app"),
    "sync": gunicorn("wsgi:app"),
    "gthread": gunicorn("wsgi:app", "--threads", "4"),
}
GUNICORN = ["sync", "gthread"]

# more than the buffers of a socket take, so that a client can leave in the middle
DATA = b"".join(blocks(160))[:-3]           # 10 MiB
TEXT = "<p>Σ</p>\n" * 1_100_000
FILES = {
    "files/data.bin": DATA,
    "public/assets/data.bin": DATA,
    "public/assets/changing.bin": DATA,
    "app/book/page.html": TEXT.encode(),
}
LARGE = 1_600                               # blocks: 100 MiB
GROWTH = 8_192                              # kB that a transfer may add to what a worker holds

_numbers = itertools.count()

linux = pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from Linux's /proc")
on_gunicorn = pytest.mark.parametrize("server", GUNICORN, indirect=True)


def site(folder: Path) -> Path:
    """A folder with the app and its files."""
    shutil.copytree(HERE, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


@pytest.fixture(scope="module", params=HOSTS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A host that serves the app, where every warning is an error."""
    folder = site(tmp_path_factory.mktemp("site"))
    with serving(HOSTS[request.param], folder, PYTHONDEVMODE="1", PYTHONWARNINGS="error") as server:
        yield server
    assert complaints(server) == []


MEANT = re.compile("ZeroDivisionError: told in the log|RuntimeError: the stream ended [0-9]+ bytes before"
                   "|RuntimeError: a file was written into while it was sent")


def complaints(server: Server) -> list[str]:
    """What the log holds of warnings and of exceptions that the app does not mean to raise."""
    told = server.log.read_text()
    raised = re.findall(r"^Traceback(?:.*\n)+?(\w.*)$", told, re.MULTILINE)
    warned = re.findall(".*Warning.*|.*[Ee]xception ignored.*|.*never.*", told)
    listening = f"laddr=('127.0.0.1', {server.port})>"      # gunicorn does not close that socket when it ends
    return [line for line in raised + warned if not MEANT.match(line) and listening not in line]


@pytest.fixture
def host(server: Server) -> str:
    """The name of the host that the server is."""
    return next(name for name, command in HOSTS.items() if command == server.process.args)


@pytest.fixture
def name() -> str:
    """Under which this test and the app talk."""
    return f"test{next(_numbers)}"


def notes(server: Server, name: str) -> list[str]:
    file = server.folder / f"{name}.notes"
    return file.read_text().splitlines() if file.exists() else []


def tell(server: Server, name: str) -> None:
    (server.folder / name).touch()


@contextmanager
def connected(server: Server) -> Iterator[HTTPConnection]:
    with closing(HTTPConnection("127.0.0.1", server.port, timeout=30)) as connection:
        yield connection


def ask(server: Server, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
        ) -> tuple[int, http.client.HTTPMessage, bytes]:
    """One request on a connection of its own. A body that is an iterator goes out chunked."""
    with connected(server) as connection:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()


def exactly(server: Server, *requests: str) -> tuple[bytes, bytes]:
    """The head of the first answer to such lines, and all that comes after it until the host closes."""
    with server.connect() as connection:
        connection.sendall(b"".join(f"{lines}\r\nHost: localhost\r\n\r\n".encode() for lines in requests))
        head, _, rest = received(connection).partition(b"\r\n\r\n")
    return head, rest


def received(connection: socket.socket) -> bytes:
    """All that comes until the other side closes, which is by a reset where it left something unread."""
    got = bytearray()
    with suppress(ConnectionResetError):
        while data := connection.recv(65_536):
            got += data
    return bytes(got)


def works(server: Server) -> bool:
    return ask(server, "GET", "/kept")[0] == 200


# uploads

AS_MULTIPART = {"Content-Type": MULTIPART}
AS_URLENCODED = {"Content-Type": URLENCODED}


def opening(name: str, filename: str | None = None) -> bytes:
    """What comes before the content of a part."""
    return f"--{BOUNDARY}\r\n".encode() + part(name, b"", filename=filename)


END = f"\r\n--{BOUNDARY}--\r\n".encode()
FORM = multipart([
    part("title", f"Käse\r\n--{BOUNDARY[:-1]}"),
    part("small", b"one\r\n", "Content-Type: text/plain", filename="note.txt"),
    part("large", DATA, filename="data.bin"),
])
READ = {
    "text": [["title", f"Käse\r\n--{BOUNDARY[:-1]}"]],
    "files": [
        ["small", "note.txt", "text/plain", 5, hashlib.sha256(b"one\r\n").hexdigest()],
        ["large", "data.bin", "application/octet-stream", len(DATA), hashlib.sha256(DATA).hexdigest()],
    ],
}


def pieces(body: bytes) -> Iterator[bytes]:
    """Cut at odd places."""
    for start in range(0, len(body), 77_777):
        yield body[start:start + 77_777]


def test_a_form_with_text_and_two_files_is_read_whole(server: Server) -> None:
    status, _, answer = ask(server, "POST", "/form", FORM, AS_MULTIPART)
    assert (status, json.loads(answer)) == (200, READ)


@on_gunicorn
def test_a_chunked_form_is_read_whole(server: Server) -> None:
    status, _, answer = ask(server, "POST", "/form", pieces(FORM), AS_MULTIPART)
    assert (status, json.loads(answer)) == (200, READ)


@pytest.mark.parametrize("server", ["dev"], indirect=True)
def test_a_chunked_form_is_refused_by_the_development_server(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(b"POST /form HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                           b"Content-Type: multipart/form-data; boundary=x\r\n\r\n")
        assert received(connection).startswith(b"HTTP/1.0 411 ")


def test_an_urlencoded_form_is_read(server: Server) -> None:
    status, _, answer = ask(server, "POST", "/form", "a=1&b=%C3%A4+%2B&a=&c", AS_URLENCODED)
    assert (status, json.loads(answer)) == (
        200, {"text": [["a", "1"], ["b", "ä +"], ["a", ""], ["c", ""]], "files": []})


def test_a_body_over_the_limit_is_refused_before_it_is_sent(server: Server) -> None:
    with server.connect() as connection:
        connection.sendall(begun("/small", 1_001))
        answer = received(connection)
    assert b" 413 " in answer.splitlines()[0]
    assert b'"max_body":1000' in answer


@on_gunicorn
def test_a_chunked_body_over_the_limit_is_refused_and_one_within_is_not(server: Server) -> None:
    for kind, start, end in [(AS_URLENCODED, b"a=", b"&b="), (AS_MULTIPART, opening("a"), END)]:
        size = 1_000 - len(start + end)
        status, _, answer = ask(server, "POST", "/small", iter([start, b"1" * size, end]), kind)
        assert (status, json.loads(answer)["a"]) == (200, "1" * size)
        assert ask(server, "POST", "/small", iter([start, b"1" * (size + 1), end]), kind)[0] == 413


@pytest.mark.parametrize(("body", "kind", "status"), [
    (FORM[:2_000_000] + END[2:], MULTIPART, 400),         # no delimiter without its line end
    (FORM[:-len(END)], MULTIPART, 400),
    (END, "multipart/form-data", 400),
    (b"{}", "application/json", 415),
    (b"a=1", "", 415),
])
def test_what_is_no_form_is_refused(server: Server, body: bytes, kind: str, status: int) -> None:
    with server.connect() as connection:
        connection.sendall(begun("/form", len(body), kind) + body)
        assert f" {status} ".encode() in received(connection).splitlines()[0]
    assert works(server)


@pytest.mark.parametrize(("path", "kind", "status"), [
    ("/form", "application/json", 415),
    ("/small", URLENCODED, 413),
    ("/form", MULTIPART, 400),
    ("/nowhere", MULTIPART, 404),
])
@pytest.mark.parametrize("server", ["gthread"], indirect=True)
def test_what_is_left_of_a_refused_body_is_no_request(
    server: Server, path: str, kind: str, status: int
) -> None:
    body = b"POST /upload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n" * 500
    with connected(server) as connection:
        for _ in range(2):
            connection.request("POST", path, body, {"Content-Type": kind})
            kept = connection.sock
            refused = connection.getresponse()
            assert (refused.status, json.loads(refused.read())["status"]) == (status, status)
            connection.request("GET", "/kept")
            assert connection.sock is kept
            assert b"closed" in connection.getresponse().read()


@pytest.mark.parametrize("path", ["/form", "/upload"])
def test_a_body_shorter_than_it_said_is_refused(server: Server, path: str) -> None:
    with server.connect() as connection:
        connection.sendall(begun(path, len(FORM)) + FORM[:1_000_000])
        connection.shutdown(socket.SHUT_WR)
        assert b" 400 " in received(connection).splitlines()[0]


def begun(path: str, length: int, kind: str = MULTIPART) -> bytes:
    """The head of a POST."""
    kind = f"Content-Type: {kind}\r\n" if kind else ""
    return (f"POST {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{kind}"
            f"Content-Length: {length}\r\n\r\n").encode()


def test_after_runs_when_the_body_is_out_and_before_the_upload_is_gone(server: Server, name: str) -> None:
    form = opening("file", "data.bin") + DATA + END
    with connected(server) as connection:
        connection.request("POST", f"/after?name={name}", form, AS_MULTIPART)
        answer = connection.getresponse()
        assert answer.read() == DATA
        assert notes(server, name) in ([], ["closed"])       # after() waits for the next line
        tell(server, f"{name}.read")
        until(lambda: len(notes(server, name)) == 2)
        assert notes(server, name) == ["closed", f"after: {len(DATA)} bytes"]
    assert until(lambda: json.loads(ask(server, "GET", "/kept")[2])["closed"])


@linux
def test_a_stream_may_read_the_form_and_say_after_while_it_is_sent(server: Server, name: str) -> None:
    before = temporary(server)
    status, _, body = ask(server, "POST", f"/late?name={name}", FORM, AS_MULTIPART)
    assert (status, body) == (200, b"begun\n%d\n" % len(DATA))
    until(lambda: notes(server, name) == ["closed: False"])
    until(lambda: temporary(server) == before)


def test_after_runs_for_a_client_that_left(server: Server, name: str) -> None:
    form = opening("file", "data.bin") + DATA + END
    with small_window(server) as connection:
        connection.sendall(begun(f"/after?name={name}", len(form)) + form)
        assert connection.recv(100)
    tell(server, f"{name}.read")
    until(lambda: notes(server, name) == ["closed", f"after: {len(DATA)} bytes"])
    assert until(lambda: json.loads(ask(server, "GET", "/kept")[2])["closed"])


# files

SENT = ["/files/data.bin", "/assets/data.bin", "/book"]
CONTENT = {"/files/data.bin": DATA, "/assets/data.bin": DATA, "/book": TEXT.encode()}


@pytest.mark.parametrize("path", SENT)
@pytest.mark.parametrize("wrapper", [True, False])
def test_a_file_arrives_as_it_is_with_and_without_the_hosts_wrapper(
    server: Server, path: str, wrapper: bool
) -> None:
    status, headers, body = ask(server, "GET", path, headers={} if wrapper else {"X-Wrapper": "none"})
    assert (status, headers["Content-Length"]) == (200, str(len(CONTENT[path])))
    assert body == CONTENT[path]
    wrapped = path if wrapper and path != "/files/data.bin" else ""     # of those that lie there for good
    assert until(lambda: notes(server, "wrapped"))[-1] == wrapped


@pytest.mark.parametrize("path", SENT)
@pytest.mark.parametrize(("asked", "start", "stop"), [
    ("bytes=0-0", 0, 1),
    ("bytes=1000000-1999999", 1_000_000, 2_000_000),
    ("bytes=65535-", 65_535, None),
    ("bytes=-100000", -100_000, None),
    ("bytes=5-99999999999", 5, None),
])
def test_a_range_is_sent_alone(server: Server, path: str, asked: str, start: int, stop: int | None) -> None:
    size = len(CONTENT[path])
    first, end, _ = slice(start, stop).indices(size)
    head, body = exactly(server, f"GET {path} HTTP/1.1\r\nConnection: close\r\nRange: {asked}")
    assert head.split(b" ")[1] == b"206"
    assert f"\r\nContent-Range: bytes {first}-{end - 1}/{size}\r\n".encode() in head
    assert f"\r\nContent-Length: {end - first}\r\n".encode() in head + b"\r\n"
    assert body == CONTENT[path][first:end]
    assert notes(server, "wrapped")[-1] == ""


@pytest.mark.parametrize("path", SENT)
def test_several_ranges_or_one_of_another_version_bring_the_whole(server: Server, path: str) -> None:
    for headers in ({"Range": "bytes=0-1,5-9"}, {"Range": "bytes=0-1", "If-Range": '"another"'}):
        status, _, body = ask(server, "GET", path, headers=headers)
        assert (status, body) == (200, CONTENT[path])


@pytest.mark.parametrize("path", SENT)
def test_a_range_outside_is_refused_with_the_size(server: Server, path: str) -> None:
    status, headers, _ = ask(server, "GET", path, headers={"Range": "bytes=99999999-"})
    assert (status, headers["Content-Range"]) == (416, f"bytes */{len(CONTENT[path])}")


@pytest.mark.parametrize("path", SENT)
def test_head_tells_what_get_would_send_and_a_client_that_has_it_gets_nothing(
    server: Server, path: str
) -> None:
    status, headers, body = ask(server, "HEAD", path)
    assert (status, headers["Content-Length"], body) == (200, str(len(CONTENT[path])), b"")
    for condition in ({"If-None-Match": headers["ETag"]}, {"If-Modified-Since": headers["Last-Modified"]}):
        for method in ("GET", "HEAD"):
            status, same, body = ask(server, method, path, headers=condition)
            assert (status, same["ETag"], same["Content-Length"], body) == (304, headers["ETag"], None, b"")


@pytest.mark.parametrize(("change", "cut"), [(-5, True), (5, False)])
def test_a_file_that_changes_while_it_is_sent_is_cut_at_what_was_said(
    server: Server, name: str, change: int, cut: bool
) -> None:
    file = server.folder / "files" / f"{name}.bin"
    file.write_bytes(DATA)
    with small_window(server) as connection:
        connection.sendall(f"GET /files/{name}.bin HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        answer = HTTPResponse(connection)
        answer.begin()
        os.truncate(file, len(DATA) + change)
        assert streamed(answer) == (DATA[:change] if cut else DATA, cut)
        answer.close()
    assert works(server)


def test_nothing_follows_on_a_public_file_that_shrinks_while_it_is_sent(server: Server, host: str) -> None:
    file = server.folder / "public/assets/changing.bin"
    file.write_bytes(DATA)
    with small_window(server) as connection:
        connection.sendall(b"GET /assets/changing.bin HTTP/1.1\r\nHost: localhost\r\n\r\n")
        got = connection.recv(100)
        os.truncate(file, len(DATA) - 5)
        if host != "dev":               # which resets what it does not read
            connection.sendall(b"GET /kept HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        got += received(connection)
    assert got.partition(b"\r\n\r\n")[2] == DATA[:-5]
    assert works(server)


@linux
@pytest.mark.parametrize("path", SENT)
def test_no_file_stays_open(server: Server, path: str) -> None:
    for name, value in [("Accept", "*/*"), ("Range", "bytes=1-5"), ("Range", "bytes=99999999-"),
                        ("If-None-Match", "*"), ("If-Match", '"another"'), ("X-Wrapper", "none")]:
        ask(server, "GET", path, headers={name: value})
        ask(server, "HEAD", path, headers={name: value})
    until(lambda: [name for name in opened(server) if "data.bin" in name or "page.html" in name] == [])


@linux
@pytest.mark.parametrize("path", SENT)
def test_a_client_that_leaves_a_download_leaves_no_file_open(server: Server, path: str) -> None:
    with small_window(server) as connection:
        connection.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        assert connection.recv(100)
        assert [name for name in opened(server) if "data.bin" in name or "page.html" in name] != []
    until(lambda: [name for name in opened(server) if "data.bin" in name or "page.html" in name] == [])
    assert works(server)


def small_window(server: Server) -> socket.socket:
    """A connection that takes little before its client reads, so that much is left to send when it leaves."""
    connection = socket.socket()
    connection.settimeout(30)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
    connection.connect(("127.0.0.1", server.port))
    return connection


def opened(server: Server) -> list[str]:
    """The files that the worker holds open."""
    found = []
    for link in Path(f"/proc/{server.worker}/fd").iterdir():
        try:
            found.append(os.readlink(link))
        except FileNotFoundError:       # closed meanwhile
            continue
    return found


# streams

LINES = b"".join(b"line %4d\n" % number for number in range(1_000))


def streamed(answer: HTTPResponse) -> tuple[bytes, bool]:
    """The body and whether the client can tell that it was cut off."""
    try:
        return answer.read(), False
    except http.client.IncompleteRead as cut:
        return cut.partial, True


def test_a_stream_arrives_whole_and_is_closed(server: Server, host: str, name: str) -> None:
    status, headers, body = ask(server, "GET", f"/stream?name={name}&count=1000")
    assert (status, body) == (200, LINES)
    assert headers["Content-Length"] is None
    assert headers["Transfer-Encoding"] == (None if host == "dev" else "chunked")
    until(lambda: notes(server, name) == ["begun", "closed"])


def test_a_stream_with_a_length_says_it(server: Server, name: str) -> None:
    status, headers, body = ask(server, "GET", f"/stream?name={name}&count=1000&length=10000")
    assert (status, headers["Content-Length"], headers["Transfer-Encoding"]) == (200, "10000", None)
    assert body == LINES
    until(lambda: notes(server, name) == ["begun", "closed"])


@pytest.mark.parametrize("length", [None, "30"])
def test_head_of_a_stream_has_its_headers_and_only_closes_it(
    server: Server, name: str, length: str | None
) -> None:
    asked = f"/stream?name={name}" + (f"&length={length}" if length else "")
    status, headers, body = ask(server, "HEAD", asked)
    assert (status, headers["Content-Length"], headers["Content-Type"], body) == (
        200, length, "application/octet-stream", b"")
    assert works(server)
    assert notes(server, name) == ["closed"]


@pytest.mark.parametrize("length", ["", "&length=30"])
def test_an_error_before_the_first_byte_is_an_ordinary_answer(server: Server, name: str, length: str) -> None:
    status, headers, body = ask(server, "GET", f"/stream?name={name}&fail=0{length}")
    assert (status, headers["Content-Type"]) == (500, "application/problem+json")
    assert b"told" not in body
    assert notes(server, name) == ["begun", "closed"]


def test_an_error_after_the_first_byte_cuts_the_body_off(server: Server, host: str, name: str) -> None:
    with connected(server) as connection:
        connection.request("GET", f"/stream?name={name}&count=9&fail=5")
        answer = connection.getresponse()
        assert answer.status == 200
        assert streamed(answer) == (LINES[:50], host != "dev")      # HTTP/1.0 has no word for it
    until(lambda: notes(server, name) == ["begun", "closed"])
    assert works(server)


@pytest.mark.parametrize(("asked", "sent"), [
    ("count=9&fail=5&length=90", 50),       # fails
    ("count=5&length=90", 50),              # ends
    ("count=9&length=91", 90),
])
def test_a_stream_below_its_length_is_seen_to_be_cut_off(
    server: Server, name: str, asked: str, sent: int
) -> None:
    with connected(server) as connection:
        connection.request("GET", f"/stream?name={name}&{asked}")
        assert streamed(connection.getresponse()) == (LINES[:sent], True)
    until(lambda: notes(server, name) == ["begun", "closed"])
    assert works(server)


@pytest.mark.parametrize("asked", ["count=9&fail=5&length=90", "count=5&length=90"])
def test_nothing_follows_on_a_stream_that_was_cut_off(server: Server, name: str, asked: str) -> None:
    _, rest = exactly(server, f"GET /stream?name={name}&{asked} HTTP/1.1", "GET /kept HTTP/1.1")
    assert rest == LINES[:50]


def test_nothing_is_sent_beyond_a_length(server: Server, name: str) -> None:
    asked = f"GET /stream?name={name}&count=9&length=25 HTTP/1.1\r\nConnection: close"
    assert exactly(server, asked)[1] == LINES[:25]


def test_a_stream_over_its_length_is_cut_and_leaves_the_connection_in_order(
    server: Server, host: str, name: str
) -> None:
    with connected(server) as connection:
        ports = []
        for length in (25, 0, 30):
            connection.request("GET", f"/stream?name={name}&count=9&length={length}")
            ports.append(connection.sock.getsockname()[1])
            answer = connection.getresponse()
            assert (answer.status, answer.read()) == (200, LINES[:length])
    assert len(set(ports)) == (1 if host == "gthread" else 3)       # the others close it after each answer


def test_head_of_events_only_closes_them(server: Server, name: str) -> None:
    status, headers, body = ask(server, "HEAD", f"/events?name={name}")
    assert (status, headers["Content-Type"], headers["Content-Length"], body) == (
        200, "text/event-stream", None, b"")
    assert works(server)
    assert notes(server, name) == ["closed"]


@pytest.mark.parametrize("path", ["/stream/endless", "/events/endless"])
def test_what_has_no_end_is_closed_when_its_client_leaves(
    server: Server, host: str, name: str, path: str
) -> None:
    with small_window(server) as connection:
        connection.sendall(f"GET {path}?name={name} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        got = b""
        while b"\r\n\r\n" not in got:
            got += connection.recv(1_000)
        assert host == "sync" or works(server)      # a stream holds one thread, which is all that sync has
        assert notes(server, name) == []
    until(lambda: notes(server, name) == ["closed"])
    assert works(server)


def test_events_are_read_as_they_come(server: Server, name: str) -> None:
    with connected(server) as connection:
        connection.request("GET", f"/events?name={name}")
        answer = connection.getresponse()
        assert answer.headers["Content-Type"] == "text/event-stream"
        assert event(answer) == b":\n\n"                # the source waits for what the next line makes
        tell(server, f"{name}.first")
        assert event(answer) == b"data: first\ndata: of two lines\n\n"
        assert event(answer) == b":\n\n"
        assert notes(server, name) == []
        tell(server, f"{name}.second")
        assert event(answer) == b'event: news\nid: 2\ndata: {"number":2}\n\n'
        assert answer.read() == b""
    until(lambda: notes(server, name) == ["closed"])


def event(answer: HTTPResponse) -> bytes:
    """The lines up to an empty one, itself included."""
    lines = [answer.readline()]
    while lines[-1] not in (b"\n", b""):
        lines.append(answer.readline())
    return b"".join(lines)


# uploads that are cut off

def temporary(server: Server) -> int:
    """How many files without a name the worker holds; one may be its host's own."""
    return sum(name.endswith(" (deleted)") for name in opened(server))


@linux
@pytest.mark.parametrize("abruptly", [False, True])
def test_an_upload_that_is_cut_off_leaves_nothing_behind(server: Server, abruptly: bool) -> None:
    before = temporary(server)
    with server.connect() as connection:
        connection.sendall(begun("/form", 50_000_000) + opening("file", "data.bin") + DATA)
        until(lambda: temporary(server) == before + 1)
        if abruptly:
            reset(connection)
    until(lambda: temporary(server) == before)
    assert works(server)


@linux
@on_gunicorn
@pytest.mark.parametrize("abruptly", [False, True])
def test_a_chunked_upload_that_is_cut_off_leaves_nothing_behind(server: Server, abruptly: bool) -> None:
    before = temporary(server)
    with server.connect() as connection:
        connection.sendall(f"POST /form HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n"
                           f"Content-Type: {MULTIPART}\r\n\r\n".encode())
        for data in (opening("file", "data.bin"), DATA):
            connection.sendall(b"%x\r\n%b\r\n" % (len(data), data))
        until(lambda: temporary(server) == before + 1)
        if abruptly:
            reset(connection)
    until(lambda: temporary(server) == before)
    assert works(server)


def reset(connection: socket.socket) -> None:
    """Close it by a reset, as a client that crashes does."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


@linux
def test_a_handler_that_fails_leaves_no_upload_behind(server: Server) -> None:
    before = temporary(server)
    assert ask(server, "POST", "/fail", FORM, AS_MULTIPART)[0] == 500
    until(lambda: temporary(server) == before)


@linux
def test_a_form_that_turns_out_to_be_malformed_leaves_nothing_behind(server: Server) -> None:
    before = temporary(server)
    with server.connect() as connection:
        connection.sendall(begun("/form", len(DATA) + 1_000_000) + opening("file", "data.bin") + DATA)
        until(lambda: temporary(server) == before + 1)
        connection.sendall(f"\r\n--{BOUNDARY}nonsense\r\n".encode() + bytes(900_000))
        until(lambda: temporary(server) == before)
    assert works(server)


@linux
def test_an_upload_lives_on_disk_until_the_answer_is_out(server: Server, name: str) -> None:
    before = temporary(server)
    form = opening("file", "data.bin") + DATA + END
    with connected(server) as connection:
        connection.request("POST", f"/after?name={name}", form, AS_MULTIPART)
        assert connection.getresponse().read() == DATA
        assert temporary(server) == before + 1
        tell(server, f"{name}.read")
        until(lambda: temporary(server) == before)


# large transfers

@pytest.fixture(scope="module", params=HOSTS)
def plain(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A host as it is in production, with a large file."""
    folder = site(tmp_path_factory.mktemp("large"))
    with (folder / "files/large.bin").open("wb") as file:
        file.writelines(blocks(LARGE))
    os.link(folder / "files/large.bin", folder / "public/large.bin")
    with serving(HOSTS[request.param], folder) as server:
        yield server
    assert complaints(server) == []


@pytest.fixture(scope="module")
def large() -> str:
    """The SHA-256 of the large content."""
    return digest(blocks(LARGE))


def digest(content: Iterable[bytes]) -> str:
    hashed = hashlib.sha256()
    for data in content:
        hashed.update(data)
    return hashed.hexdigest()


def memory(server: Server, what: str) -> int:
    """VmRSS, what the worker holds in memory, or VmHWM, the most since forget() was called; in kB."""
    status = Path(f"/proc/{server.worker}/status").read_text()
    found = re.search(rf"{what}:\s+([0-9]+) kB", status)
    assert found is not None, status
    return int(found[1])


def forget(server: Server) -> None:
    Path(f"/proc/{server.worker}/clear_refs").write_text("5")


def upload(server: Server, path: str, before: bytes, count: int, after: bytes) -> Any:
    """What a POST is answered whose body never is in memory as a whole."""
    with connected(server) as connection:
        connection.putrequest("POST", path)
        connection.putheader("Content-Type", MULTIPART)
        connection.putheader("Content-Length", str(len(before) + count * SIZE + len(after)))
        connection.endheaders(before)
        for data in blocks(count):
            connection.send(data)
        connection.send(after)
        answer = connection.getresponse()
        assert answer.status == 200
        return json.loads(answer.read())


def download(server: Server, path: str) -> tuple[int, str]:
    """Size and SHA-256 of what comes, which never is in memory as a whole."""
    with connected(server) as connection:
        connection.request("GET", path)
        answer = connection.getresponse()
        assert answer.status == 200
        size, hashed = 0, hashlib.sha256()
        while data := answer.read(65_536):
            size += len(data)
            hashed.update(data)
    return size, hashed.hexdigest()


@linux
def test_a_large_form_goes_to_disk_and_not_to_memory(plain: Server, large: str) -> None:
    before, after = opening("file", "large.bin"), END
    assert upload(plain, "/form", before, 20, after)["files"][0][3] == 20 * SIZE
    idle = memory(plain, "VmRSS")
    forget(plain)
    told = upload(plain, "/form", before, LARGE, after)
    assert told["files"] == [["file", "large.bin", "application/octet-stream", LARGE * SIZE, large]]
    assert memory(plain, "VmHWM") < idle + GROWTH


@linux
def test_a_large_body_goes_through_request_stream(plain: Server, large: str) -> None:
    upload(plain, "/upload", b"", 20, b"")
    idle = memory(plain, "VmRSS")
    forget(plain)
    assert upload(plain, "/upload", b"", LARGE, b"") == {"size": LARGE * SIZE, "sha256": large}
    assert memory(plain, "VmHWM") < idle + GROWTH


@linux
@pytest.mark.parametrize(("small", "path"), [
    ("/files/data.bin", "/files/large.bin"),
    ("/assets/data.bin", "/large.bin"),
    ("/stream/large?count=48", f"/stream/large?count={LARGE}"),
])
def test_a_large_download_is_never_in_memory(plain: Server, large: str, small: str, path: str) -> None:
    download(plain, small)
    idle = memory(plain, "VmRSS")
    forget(plain)
    assert download(plain, path) == (LARGE * SIZE, large)
    assert memory(plain, "VmHWM") < idle + GROWTH

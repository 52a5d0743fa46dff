import contextlib
import errno
import os
import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fsroute.http.errors import HTTPError
from fsroute.http.files import page
from fsroute.http.request import Request
from fsroute.http.send import answer

MakeRequest = Callable[..., Request]
Host = Callable[..., tuple[str, list[tuple[str, str]], bytes]]


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "page.html"
    path.write_bytes(b"<h1>Hi</h1>")
    return path


def etag_of(path: Path, make_request: MakeRequest) -> str:
    return str(page(str(path))(make_request()).headers["ETag"])


def test_a_page_is_its_bytes_as_html_under_an_etag(file: Path, make_request: MakeRequest, host: Host) -> None:
    line, fields, body = host(answer(page(str(file))(make_request())))
    headers = dict(fields)
    assert (line, body) == ("200 OK", b"<h1>Hi</h1>")
    assert headers["Content-Type"] == "text/html; charset=utf-8"
    assert headers["Content-Length"] == "11"
    assert headers["Cache-Control"] == "no-cache"
    assert headers["ETag"][0] == headers["ETag"][-1] == '"'


@pytest.mark.parametrize(
    "content", [b"", b"\r\n\x1a\r\n", b"\xff\xfe", b"x" * 300_000],
    ids=["empty", "line ends", "no text", "large"]
)
def test_no_byte_of_it_is_changed(file: Path, content: bytes, make_request: MakeRequest) -> None:
    file.write_bytes(content)
    response = page(str(file))(make_request())
    assert (response.body, response.headers["Content-Type"]) == (content, "text/html; charset=utf-8")


@pytest.mark.parametrize("header", ["{0}", "W/{0}", '"other", {0}', '{0}, "other"', 'W/"a",W/{0}', "*"])
def test_a_client_that_has_it_already_is_told_so(
    file: Path, header: str, make_request: MakeRequest, host: Host
) -> None:
    etag = etag_of(file, make_request)
    line, fields, body = host(answer(page(str(file))(make_request(HTTP_IF_NONE_MATCH=header.format(etag)))))
    assert (line, body) == ("304 Not Modified", b"")
    assert fields == [("ETag", etag), ("Cache-Control", "no-cache")]


@pytest.mark.parametrize("header", ['"other"', "", "x", 'W/"other"', "{0}x"])
def test_a_client_that_has_another_is_sent_this_one(
    file: Path, header: str, make_request: MakeRequest
) -> None:
    etag = etag_of(file, make_request)
    assert page(str(file))(make_request(HTTP_IF_NONE_MATCH=header.format(etag[1:-1]))).status == 200


@pytest.mark.parametrize("change", [
    lambda file: file.write_bytes(b"<h1>Ho, longer</h1>"),
    lambda file: os.utime(file, ns=(1, 1)),
    lambda file: (file.with_name("new").write_bytes(b"new"), file.with_name("new").replace(file)),
], ids=["written", "touched", "replaced"])
def test_a_changed_file_has_another_etag_and_is_sent(
    file: Path, change: Callable[[Path], Any], make_request: MakeRequest
) -> None:
    GET = page(str(file))
    before = GET(make_request()).headers["ETag"]
    change(file)
    after = GET(make_request(HTTP_IF_NONE_MATCH=before))
    assert (after.status, after.body) == (200, file.read_bytes())
    assert after.headers["ETag"] != before


def test_two_answers_share_nothing(file: Path, make_request: MakeRequest) -> None:
    GET = page(str(file))
    GET(make_request()).headers["Set-Cookie"] = "a=1"
    assert "Set-Cookie" not in GET(make_request()).headers


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


def empty_folder_to_fifo(file: Path) -> None:
    file.rmdir()
    os.mkfifo(file)


def dangling(file: Path) -> None:
    file.unlink()
    file.symlink_to("nowhere")


def device(file: Path) -> None:
    file.unlink()
    file.symlink_to("/dev/zero")


@pytest.mark.parametrize("replace", [gone, folder_gone, folder_is_file, directory, fifo, dangling, device])
def test_a_page_that_is_no_file_any_more_is_a_404_at_once(
    replace: Callable[[Path], None], tmp_path: Path, make_request: MakeRequest
) -> None:
    file = tmp_path / "folder" / "page.html"
    file.parent.mkdir()
    file.write_text("x")
    GET = page(str(file))
    assert GET(make_request()).status == 200
    replace(file)
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            GET(make_request(HTTP_IF_NONE_MATCH="*"))
        except HTTPError as error:
            caught.append(error)

    thread = threading.Thread(target=ask, daemon=True)
    thread.start()
    thread.join(10)
    assert not thread.is_alive(), "it hangs"
    [error] = caught
    assert isinstance(error, HTTPError)
    assert (error.status, str(tmp_path) in str(error)) == (404, False)


@pytest.mark.parametrize("number", [errno.EMFILE, errno.ENFILE, errno.EIO])
def test_trouble_of_the_server_is_no_404(
    number: int, file: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*args: Any, **options: Any) -> int:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "open", fails)
    with pytest.raises(OSError, match=os.strerror(number)):
        page(str(file))(make_request())


def test_a_file_that_grows_while_it_is_read_is_sent_with_the_length_of_what_was_read(
    file: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    measure = os.fstat

    def grows(descriptor: int) -> os.stat_result:
        facts = measure(descriptor)
        if stat.S_ISREG(facts.st_mode):
            with file.open("ab") as more:
                more.write(b"!")
        return facts

    monkeypatch.setattr(os, "fstat", grows)
    _, fields, [body] = answer(page(str(file))(make_request()))
    assert body.startswith(b"<h1>Hi</h1>!")
    assert dict(fields)["Content-Length"] == str(len(body))


def test_no_way_out_leaks_a_descriptor(
    file: Path, make_request: MakeRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []
    system_open = os.open

    def noted(path: str, flags: int) -> int:
        opened.append(system_open(path, flags))
        return opened[-1]

    monkeypatch.setattr(os, "open", noted)
    GET = page(str(file))
    for change in (Path.stat, directory, empty_folder_to_fifo):
        change(file)
        for header in (None, "*"):
            with contextlib.suppress(HTTPError):
                GET(make_request(HTTP_IF_NONE_MATCH=header))
            with pytest.raises(OSError, match=os.strerror(errno.EBADF)):
                os.fstat(opened[-1])
    assert len(opened) == 6

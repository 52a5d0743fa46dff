"""Messages with pictures: what is a picture, under which name it lies, and what a stranger can make of it."""

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any
from urllib.parse import urlencode

import pytest
from webtest import TestApp, TestResponse

from fsroute import App
from tests.exchange import environ_of, exchange

from .conftest import Upload, multipart

FIELDS = {"name": "Carol", "email": "carol@example.com", "message": "Hello"}
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture"
JPEG = b"\xff\xd8\xff\xe0" + b"a picture"
GIF = b"GIF89a" + b"a picture"
WEBP = b"RIFF\x24\0\0\0WEBPVP8 " + b"a picture"
MEBI = 2**20


@pytest.fixture
def uploads(database: Path) -> Path:
    """The folder where this test's shop keeps its pictures; made at first use."""
    return database.with_name("shop.uploads")


def send(
    shop: TestApp, picture: Upload | None = None, status: int = 201, accept: str = "*/*", **fields: str,
) -> TestResponse:
    pairs: list[tuple[str, str | Upload]] = [*(FIELDS | fields).items()]
    if picture is not None:
        pairs.append(("avatar", picture))
    body, kind = multipart(pairs)
    headers = {"Accept": accept}
    return shop.request(
        "/api/contact", method="POST", body=body, content_type=kind, headers=headers, status=status,
    )


def faults(response: TestResponse) -> list[tuple[str, str]]:
    return [(error["name"], error["message"]) for error in response.json["errors"]]


def messages(db: ModuleType) -> list[tuple[Any, ...]]:
    rows = db.connection().execute("SELECT id, name, email, message, avatar FROM messages ORDER BY id")
    return [tuple(row) for row in rows]


# What is taken


def test_a_message_without_a_picture_is_kept(shop: TestApp, db: ModuleType, uploads: Path) -> None:
    assert send(shop).json == {"message": "Thank you, Carol", "id": 1, "avatar": None}
    assert messages(db) == [(1, "Carol", "carol@example.com", "Hello", None)]
    assert not uploads.exists()


def test_a_form_in_which_no_file_was_chosen_has_no_picture(shop: TestApp) -> None:
    assert send(shop, ("", b"", "application/octet-stream")).json["avatar"] is None


@pytest.mark.parametrize(("content", "suffix", "kind"), [
    (PNG, "png", "image/png"), (JPEG, "jpg", "image/jpeg"), (GIF, "gif", "image/gif"),
    (b"GIF87a", "gif", "image/gif"), (WEBP, "webp", "image/webp"),
])
@pytest.mark.parametrize(("filename", "claimed"), [
    ("me.png", "image/png"), ("evil.html", "text/html"), ("x", ""),
])
def test_a_picture_is_what_its_first_bytes_say_and_is_shown_back(
    shop: TestApp, content: bytes, suffix: str, kind: str, filename: str, claimed: str,
) -> None:
    url = send(shop, (filename, content, claimed)).json["avatar"]
    assert url.startswith("/api/contact/avatars/")
    assert url.endswith(f".{suffix}")
    response = shop.get(url, status=200)
    assert (response.body, response.headers["Content-Type"]) == (content, kind)
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    shop.get(url, headers={"If-None-Match": response.headers["ETag"]}, status=304)


@pytest.mark.parametrize("content", [
    b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", b"<!doctype html>", b"",
    b"\x89PNG", b"\x89PNG\n\x1a\n", b"GIF88a", b"IF89a", b" GIF89a", b"\xff\xd8", b"RIFF\x24\0\0\0WAVE",
    b"RIFFWEBP", b"BM", b"%PDF-1.7", b"#!/bin/sh\n",
])
def test_what_is_no_picture_is_refused_whatever_it_is_called(
    shop: TestApp, db: ModuleType, uploads: Path, content: bytes,
) -> None:
    response = send(shop, ("me.png", content, "image/png"), status=400)
    assert faults(response) == [("avatar", "must be a PNG, JPEG, GIF or WebP picture")]
    assert messages(db) == []
    assert not uploads.exists()


@pytest.mark.parametrize("name", ["x" * 80, "<b>Carol</b>", "李雷"])
def test_any_one_line_is_a_name(shop: TestApp, db: ModuleType, name: str) -> None:
    assert send(shop, name=name).json["message"] == f"Thank you, {name}"
    assert messages(db)[0][1] == name


@pytest.mark.parametrize(("message", "kept"), [
    ("one\r\ntwo\r\n\r\nfour", "one\ntwo\n\nfour"), ("  \n Hello \t\n", "Hello"), ("a\tb", "a\tb"),
    ("<script>alert(1)</script>", "<script>alert(1)</script>"), ("x" * 2000, "x" * 2000),
    ("x\r\n" * 999 + "xx", "x\n" * 999 + "xx"),        # counted as it is kept
])
def test_a_message_has_lines(shop: TestApp, db: ModuleType, message: str, kept: str) -> None:
    send(shop, message=message)
    assert messages(db)[0][3] == kept


@pytest.mark.parametrize(("field", "value", "fault"), [
    ("name", " ", "must not be blank"),
    ("name", "two\nlines", "must be one line without control characters"),
    ("name", "x" * 81, "must have at most 80 characters, not 81"),
    ("email", "carol", "must be an email address such as alice@example.com"),
    ("message", "\r\n \u200b", "must not be blank"),
    ("message", "a\0b", "must not hold control characters"),
    ("message", "a\rb", "must not hold control characters"),
    ("message", "x" * 2001, "must have at most 2000 characters, not 2001"),
])
def test_a_field_that_is_not_right_is_named(
    shop: TestApp, db: ModuleType, uploads: Path, field: str, value: str, fault: str,
) -> None:
    response = send(shop, ("me.png", PNG, "image/png"), status=400, **{field: value})
    assert faults(response) == [(field, fault)]
    assert messages(db) == []
    assert not uploads.exists()


def test_all_faults_are_told_at_once(shop: TestApp) -> None:
    body, kind = multipart([("email", "?"), ("avatar", ("a.png", b"?", "image/png"))])
    response = shop.request("/api/contact", method="POST", body=body, content_type=kind, status=400)
    assert [name for name, _ in faults(response)] == ["name", "email", "message", "avatar"]


def test_a_text_called_avatar_is_no_picture(shop: TestApp, db: ModuleType, uploads: Path) -> None:
    response = send(shop, status=400, avatar="../../etc/passwd")
    assert faults(response) == [("avatar", "must be a file, not text")]
    assert messages(db) == []
    assert not uploads.exists()


# Its size


def test_a_picture_of_one_mebibyte_is_taken_and_one_byte_more_is_not(shop: TestApp, uploads: Path) -> None:
    whole = PNG + b"x" * (MEBI - len(PNG))
    url = send(shop, ("me.png", whole, "image/png")).json["avatar"]
    assert shop.get(url).body == whole
    response = send(shop, ("me.png", whole + b"x", "image/png"), status=400)
    assert faults(response) == [("avatar", "must be at most 1 MiB large")]
    assert len(list(uploads.iterdir())) == 1


def test_a_body_over_two_mebibytes_is_not_read_here_and_elsewhere_one_is_the_limit(
    shop: TestApp, db: ModuleType,
) -> None:
    response = send(shop, ("me.png", PNG + b"x" * 2 * MEBI, "image/png"), status=413)
    assert str(2 * MEBI) in response.json["message"]
    assert messages(db) == []
    body = b'{"slug": "' + b"x" * MEBI + b'"}'
    shop.request("/api/basket", method="POST", body=body, content_type="application/json", status=413)


@pytest.mark.parametrize(("kind", "body", "status"), [
    ("application/json", b"{}", 415),
    ("text/plain", b"name=Carol", 415),
    ("multipart/form-data", b"--frontier--\r\n", 400),
    ("multipart/form-data; boundary=frontier", b"", 400),
    ("multipart/form-data; boundary=frontier", multipart([("avatar", ("a.png", PNG, ""))])[0][:-14], 400),
])
def test_what_is_no_whole_form_is_refused(
    shop: TestApp, db: ModuleType, uploads: Path, kind: str, body: bytes, status: int,
) -> None:
    shop.request("/api/contact", method="POST", body=body, content_type=kind, status=status)
    assert messages(db) == []
    assert not uploads.exists()


# Its name


@pytest.mark.parametrize("filename", [
    "../../evil.py", "/etc/cron.d/evil", "C:\\evil.exe", "..", "", "\u202egnp.exe", ".htaccess", "x" * 300,
    "shop.db", "a\tb.png",
])
def test_a_file_lies_under_a_name_of_our_choosing(shop: TestApp, uploads: Path, filename: str) -> None:
    before = set(uploads.parent.rglob("*"))
    url = send(shop, (filename or "x", PNG, "image/png")).json["avatar"]
    [picture] = uploads.iterdir()
    assert url == f"/api/contact/avatars/{picture.name}"
    assert picture.name.removesuffix(".png").isalnum()
    made = {path.name for path in set(uploads.parent.rglob("*")) - before}
    assert made - {"shop.db", "shop.db-shm", "shop.db-wal"} == {"shop.uploads", picture.name}


def test_the_same_picture_is_one_file_and_another_is_another(
    shop: TestApp, db: ModuleType, uploads: Path,
) -> None:
    urls = [send(shop, ("a.png", content, "")).json["avatar"] for content in (PNG, PNG, PNG + b"!", GIF)]
    assert urls[0] == urls[1]
    assert len({*urls}) == len(list(uploads.iterdir())) == 3
    assert len(messages(db)) == 4


@pytest.mark.parametrize("name", [
    "nobody.png", ".", "..", "../shop.db", "..%2Fshop.db", "%2e%2e%2fshop.db", "..%5Cshop.db",
    "%2Fetc%2Fpasswd",
    ".hidden", "%00", "a%00.png", "inner", "inner%2Fsecret.png", "link.png", "con", "C:", "a.png%20", "%ff",
])
def test_no_other_file_is_served(shop: TestApp, uploads: Path, name: str) -> None:
    send(shop, ("a.png", PNG, ""))
    (uploads / ".hidden").write_bytes(b"secret")
    (uploads / "inner").mkdir()
    (uploads / "inner" / "secret.png").write_bytes(b"secret")
    os.symlink(uploads.parent / "shop.db", uploads / "link.png")
    response = shop.get(f"/api/contact/avatars/{name}", expect_errors=True)
    assert response.status_int == (400 if name == "%ff" or "%00" in name else 404)
    assert b"secret" not in response.body


def test_before_the_first_picture_there_is_none(shop: TestApp) -> None:
    shop.get("/api/contact/avatars/nobody.png", status=404)


def test_the_folder_can_be_elsewhere(
    shop: TestApp, tmp_path: Path, uploads: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SHOP_UPLOADS", str(tmp_path / "far" / "away"))
    url = send(shop, ("a.png", PNG, "")).json["avatar"]
    assert [path.name for path in (tmp_path / "far" / "away").iterdir()] == [url.rpartition("/")[2]]
    assert shop.get(url).body == PNG
    assert not uploads.exists()


# Crashes and crowds


def test_a_picture_that_cannot_be_written_leaves_neither_file_nor_message(
    app: App, shop: TestApp, db: ModuleType, uploads: Path, monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(source: object, target: object) -> None:
        assert [path.name[0] for path in uploads.iterdir()] == ["."]        # nobody can see it yet
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(importlib.import_module("app._lib.avatars").os, "replace", fail)
    send(shop, ("a.png", PNG, ""), status=500)
    assert list(uploads.iterdir()) == []
    assert messages(db) == []


def test_a_message_that_cannot_be_written_leaves_at_most_a_picture(
    shop: TestApp, db: ModuleType, uploads: Path,
) -> None:
    with db.transaction() as connection:
        connection.execute("CREATE TRIGGER full BEFORE INSERT ON messages "
                           "BEGIN SELECT raise(FAIL, 'disk full'); END")
    send(shop, ("a.png", PNG, ""), status=500)
    assert messages(db) == []
    assert [path.read_bytes() for path in uploads.iterdir()] == [PNG]


def test_one_picture_sent_by_many_at_once_is_one_whole_file(app: App, db: ModuleType, uploads: Path) -> None:
    content = PNG + b"x" * 200_000      # on disk while it arrives
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: send(TestApp(app), ("a.png", content, "")).json, range(24)))
    assert sorted(answer["id"] for answer in answers) == list(range(1, 25))
    assert len({answer["avatar"] for answer in answers}) == 1
    assert [path.read_bytes() for path in uploads.iterdir()] == [content]


# Without script

HTML = "text/html,application/xhtml+xml,*/*;q=0.8"


def test_a_page_without_script_is_sent_back_and_told_thanks(shop: TestApp, db: ModuleType) -> None:
    response = send(shop, ("a.png", PNG, ""), status=303, accept=HTML)
    assert response.headers["Location"] == "/#thanks"
    assert 'id="thanks"' in shop.get("/").text
    assert len(messages(db)) == 1


def test_it_is_sent_back_below_the_prefix_of_the_mount(app: App, database: Path) -> None:
    body, kind = multipart([*FIELDS.items()])
    said = {"SCRIPT_NAME": "/my shop", "CONTENT_TYPE": kind, "HTTP_ACCEPT": HTML}
    answer = exchange(app, environ_of("POST", "/api/contact", body, **said))
    assert (answer.status, answer.headers["location"]) == (303, "/my%20shop/#thanks")


def test_its_faults_are_a_page_too(shop: TestApp) -> None:
    response = send(shop, status=400, accept=HTML, email="carol")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"
    assert "must be an email address such as alice@example.com" in response.text


def test_a_form_without_files_may_be_urlencoded(shop: TestApp, db: ModuleType) -> None:
    shop.request("/api/contact", method="POST", body=urlencode(FIELDS).encode(), status=201,
                 content_type="application/x-www-form-urlencoded")
    assert messages(db) == [(1, *FIELDS.values(), None)]

"""The demo shop under test: one App for the session, a database for every test, real servers on request."""

import http.client
import importlib
import json
import runpy
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.validate import validator

import pytest
from webtest import TestApp

from fsroute import App
from tests import servers, uploads

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"

STAFF = {"owner": "correct horse", "clerk": "battery staple"}
ENVIRON = {f"SHOP_{name.upper()}_PASSWORD": password for name, password in STAFF.items()}

Upload = tuple[str, bytes, str]
"""A file of a form: its name, its content and its type, as the client tells them."""


@pytest.fixture(scope="session")
def app() -> App:
    """The one of wsgi.py. It is built once: the package `app` exists once in a process.

    The staff's passwords are read then.
    """
    with pytest.MonkeyPatch.context() as patch:
        for name, value in ENVIRON.items():
            patch.setenv(name, value)
        made: App = runpy.run_path(str(DEMO / "wsgi.py"))["app"]
        return made


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where this test's shop keeps its rows. The file is made and filled at the first request."""
    path = tmp_path / "shop.db"
    monkeypatch.setenv("SHOP_DB", str(path))
    return path


@pytest.fixture
def shop(app: App, database: Path) -> TestApp:
    """The demo as a client sees it, with both sides of WSGI checked at every request."""
    return TestApp(validator(app))


@pytest.fixture
def db(app: App, database: Path) -> ModuleType:
    """The module app/_lib/db.py, over this test's database."""
    return importlib.import_module("app._lib.db")


def multipart(fields: Iterable[tuple[str, str | Upload]]) -> tuple[bytes, str]:
    """The body of a form as browsers send it, and its Content-Type."""
    parts = []
    for name, value in fields:
        if isinstance(value, str):
            parts.append(uploads.part(name, value))
        else:
            filename, content, kind = value
            parts.append(uploads.part(name, content, f"Content-Type: {kind}", filename=filename))
    return uploads.multipart(parts), uploads.MULTIPART


@contextmanager
def serving(host: str, folder: Path) -> Iterator[str]:
    """The URL of a server of the shop that runs in a process of its own; its database is `<host>.db`."""
    with servers.serving(COMMANDS[host], folder, SHOP_DB=str(folder / f"{host}.db"), PYTHONDEVMODE="1",
                         **ENVIRON) as server:
        yield server.url


COMMANDS = {
    "dev": servers.dev(str(DEMO / "app")),
    "gunicorn": servers.gunicorn("wsgi:app", "--chdir", str(DEMO), "--workers", "2", "--threads", "4"),
}


def ask(
    url: str, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None,
) -> tuple[int, http.client.HTTPMessage, bytes]:
    """One request over a connection of its own; a body goes out as it is if it is bytes, else as JSON."""
    connection = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    try:
        if body is None or isinstance(body, bytes):
            connection.request(method, path, body, {**(headers or {})})
        else:
            said = {"Content-Type": "application/json", **(headers or {})}
            connection.request(method, path, json.dumps(body), said)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        connection.close()

"""The demo shop under test: one App for the session, a database for every test, real servers on request."""

import http.client
import importlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any
from wsgiref.validate import validator

import pytest
from webtest import TestApp

from fsroute import App

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "demo"

Upload = tuple[str, bytes, str]
"""A file of a form: its name, its content and its type, as the client tells them."""


@pytest.fixture(scope="session")
def app() -> App:
    """Built once: the package `app` exists once in a process."""
    return App(DEMO / "app")


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
    lines: list[bytes] = []
    for name, value in fields:
        disposition = f'Content-Disposition: form-data; name="{name}"'
        if isinstance(value, str):
            lines += [b"--frontier", disposition.encode(), b"", value.encode()]
        else:
            filename, content, kind = value
            disposition += f'; filename="{filename}"'
            lines += [b"--frontier", disposition.encode(), f"Content-Type: {kind}".encode(), b"", content]
    return b"\r\n".join([*lines, b"--frontier--", b""]), "multipart/form-data; boundary=frontier"


@contextmanager
def serving(host: str, folder: Path) -> Iterator[str]:
    """The URL of a server that runs in a process of its own; its output goes to `<host>.log`."""
    port = free_port()
    output = folder / f"{host}.log"
    database = folder / f"{host}.db"
    environ = {**os.environ, "SHOP_DB": str(database), "PYTHONPATH": str(ROOT), "PYTHONDEVMODE": "1"}
    with output.open("wb") as log:
        process = subprocess.Popen(command(host, port), cwd=ROOT, env=environ, stdout=log, stderr=log)
    try:
        wait_until_healthy(process, port, output)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"{host} did not stop when told to:\n{output.read_text()}")


def command(host: str, port: int) -> list[str]:
    """The command line that serves the shop on this port of the loopback interface."""
    if host == "dev":
        return [sys.executable, "-m", "fsroute", "dev", "demo/app", "--port", str(port)]
    options = ["--chdir", str(DEMO), "--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    if tuple(map(int, version("gunicorn").split(".")[:2])) >= (25, 1):
        options.append("--no-control-socket")       # all servers of a user share its path: not for tests
    return [sys.executable, "-m", "gunicorn", *options, "wsgi:app"]


def free_port() -> int:
    """A port nobody listens on now."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
    return port


def wait_until_healthy(process: subprocess.Popen[bytes], port: int, output: Path) -> None:
    """Return as soon as GET /health is a 200."""
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if ask(f"http://127.0.0.1:{port}", "GET", "/health")[0] == 200:
                return
        except OSError:
            time.sleep(0.05)
    pytest.fail(f"the server does not answer (exit status {process.poll()}):\n{output.read_text()}")


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

"""Servers in processes of their own, for tests that need real sockets."""

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]


def dev(app: str) -> list[str]:
    """The command line of the development server."""
    return [sys.executable, "-m", "fsroute", "dev", app, "--port", "0"]


def gunicorn(app: str, *options: str) -> list[str]:
    """The command line of a gunicorn with one worker, unless the options say otherwise."""
    if tuple(map(int, version("gunicorn").split(".")[:2])) >= (25, 1):
        options = ("--no-control-socket", *options)     # all servers of a user share its path: not for tests
    return [sys.executable, "-m", "gunicorn", "--bind", "127.0.0.1:0", *options, app]


@dataclass
class Server:
    """A server that answers. log: what it wrote, on both streams."""

    port: int
    folder: Path
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def worker(self) -> int:
        """The id of the process that answers: gunicorn's latest worker, or the server itself."""
        workers = re.findall(r"Booting worker with pid: ([0-9]+)", self.log.read_text())
        return int(workers[-1]) if workers else self.process.pid

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=30)


@contextmanager
def serving(command: Sequence[str], folder: Path, **environ: str) -> Iterator[Server]:
    """The server that the command starts in this folder, from its first answer until it is told to stop.

    environ: on top of ours. That it stops when it is told to is a part of every test.
    """
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=folder, stdout=output, stderr=output,
                                   env={**os.environ, "PYTHONPATH": str(ROOT), **environ})
    try:
        yield Server(_port(process, log), folder, process, log)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            pytest.fail(f"the server did not stop when told to:\n{log.read_text()}")


def _port(process: subprocess.Popen[bytes], log: Path) -> int:
    """The port that the log names, as soon as something is answered there."""
    def answering() -> int | None:
        if process.poll() is not None:
            pytest.fail(f"the server ended with status {process.returncode}:\n{log.read_text()}")
        found = re.search(r"http://127\.0\.0\.1:([0-9]+)", log.read_text())
        if found is None:
            return None
        try:
            with socket.create_connection(("127.0.0.1", int(found[1])), timeout=5) as connection:
                connection.sendall(b"OPTIONS * HTTP/1.0\r\nHost: localhost\r\n\r\n")
                return int(found[1]) if connection.recv(1) else None
        except OSError:
            return None

    port: int = until(answering)
    return port


def until(look: Callable[[], Any], seconds: float = 30) -> Any:
    """What `look` finds, as soon as it is something."""
    deadline = time.monotonic() + seconds
    while not (found := look()):
        if time.monotonic() > deadline:
            pytest.fail(f"nothing came of {look} in {seconds} seconds")
        time.sleep(0.01)
    return found

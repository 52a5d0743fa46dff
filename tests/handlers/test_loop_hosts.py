"""Async handlers over real sockets: alone, and twenty at once wherever the host is concurrent."""

import http.client
import json
import re
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.servers import dev, gunicorn, serving

AT_ONCE = 20

HOSTS = {
    "dev": dev("app"),
    "sync": gunicorn("fsroute:App('app')"),
    "gthread": gunicorn("fsroute:App('app')", "--threads", str(AT_ONCE + 4)),
    "gevent": gunicorn("fsroute:App('app')", "--worker-class", "gevent"),
    "gthread, preloaded": gunicorn("warmed:app", "--threads", str(AT_ONCE + 4), "--preload"),
    "gevent, preloaded": gunicorn("warmed:app", "--worker-class", "gevent", "--preload"),
}
CONCURRENT = [host for host in HOSTS if host != "sync"]

TREE = {
    "nap": """
        async def GET():
            await asyncio.sleep(0.3)
            return {}
    """,
    "wait": """
        async def GET():
            state.waiting.append(True)
            while not state.released:
                await asyncio.sleep(0.01)
            return {}
    """,
    "waiting": """
        def GET():
            return {"waiting": len(state.waiting)}
    """,
    "release": """
        def GET():
            state.released = True
            return {}
    """,
    "context": """
        def GET(request):
            state.variable.set(request.query["name"])
            return read()               # an awaitable result

        async def read():
            await asyncio.sleep(0.01)
            return {"name": state.variable.get()}
    """,
    "library": """
        async def GET():
            async with asyncio.timeout(30), asyncio.TaskGroup() as group:
                task = group.create_task(asyncio.to_thread(time.sleep, 0.01))
            await asyncio.get_running_loop().getaddrinfo("localhost", 80)
            return {"current": asyncio.current_task() is not None, "done": task.done()}
    """,
    "body": """
        async def POST(request):
            await asyncio.sleep(0)
            return request.json()
    """,
    "leave": """
        async def GET():
            state.left.append(asyncio.create_task(asyncio.sleep(60)))
            return {"cancelled": [task.cancelled() for task in state.left[:-1]]}
    """,
    "fail": """
        async def GET():
            await asyncio.sleep(0)
            raise ZeroDivisionError("told in the log")
    """,
}
STATE = """
import contextvars
variable = contextvars.ContextVar("variable")
waiting, left, released = [], [], False
"""
# The process that will fork runs a coroutine itself, so it has a loop that no worker may touch.
WARMED = """
from wsgiref.util import setup_testing_defaults
from fsroute import App
app = App("app")
environ = {"PATH_INFO": "/library"}
setup_testing_defaults(environ)
assert b"".join(app(environ, lambda status, headers: None)) == b'{"current":true,"done":true}'
"""


@pytest.fixture(scope="module", params=HOSTS)
def server(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """The port of a host that serves TREE. When it is told to stop, it has to do so without a complaint."""
    folder = tmp_path_factory.mktemp("site")
    for name, text in TREE.items():
        file = folder / "app" / name / "route.py"
        file.parent.mkdir(parents=True)
        lines = text.replace("\n        ", "\n")
        file.write_text(f"import asyncio\nimport time\n\nfrom .. import _state as state\n\n{lines}")
    (folder / "app" / "_state.py").write_text(STATE)
    (folder / "warmed.py").write_text(WARMED)
    with serving(HOSTS[request.param], folder, PYTHONDEVMODE="1") as host:
        yield host.port
    told = host.log.read_text()         # warnings included, but those of gunicorn are its own business
    complaints = re.findall("Traceback|event loop|transport|destroyed|never|[Ee]xception ignored", told)
    assert complaints == ["Traceback"] * told.count("ZeroDivisionError: told in the log"), told


def test_a_body_that_is_late_arrives_whole(server: int) -> None:
    with socket.create_connection(("127.0.0.1", server), timeout=10) as connection:
        connection.sendall(b"POST /body HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                           b"Content-Length: 9\r\nConnection: close\r\n\r\n[1,")
        time.sleep(0.3)
        connection.sendall(b"2,\"3\"]")
        answer = b""
        while data := connection.recv(1_000):
            answer += data
    assert answer.split(b" ")[1] == b"200"
    assert answer.endswith(b'[1,2,"3"]')


def ask(port: int, path: str) -> tuple[int, Any]:
    """Status and JSON of one GET, on a connection of its own."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


concurrent = pytest.mark.parametrize("server", CONCURRENT, indirect=True)


def test_a_handler_has_what_an_async_library_wants(server: int) -> None:
    for _ in range(3):
        assert ask(server, "/library") == (200, {"current": True, "done": True})


def test_a_task_that_is_left_behind_is_cancelled_before_the_next_request(server: int) -> None:
    for number in range(3):
        assert ask(server, "/leave") == (200, {"cancelled": [True] * number})


def test_an_exception_becomes_a_500_and_its_traceback_is_logged(server: int) -> None:
    status, problem = ask(server, "/fail")
    assert (status, problem["status"]) == (500, 500)
    assert "told" not in str(problem)


@concurrent
def test_twenty_that_sleep_do_so_side_by_side(server: int) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        start = time.monotonic()
        answers = list(pool.map(lambda _: ask(server, "/nap"), range(AT_ONCE)))
        assert time.monotonic() - start < AT_ONCE * 0.3 / 2
    assert answers == [(200, {})] * AT_ONCE


@concurrent
def test_twenty_that_wait_do_not_keep_others_waiting(server: int) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [pool.submit(ask, server, "/wait") for _ in range(AT_ONCE)]
        deadline = time.monotonic() + 20
        while ask(server, "/waiting") != (200, {"waiting": AT_ONCE}) and time.monotonic() < deadline:
            time.sleep(0.01)
        assert not any(answer.done() for answer in answers)
        assert ask(server, "/release") == (200, {})
        assert [answer.result() for answer in answers] == [(200, {})] * AT_ONCE


@concurrent
def test_twenty_at_once_have_a_context_each(server: int) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda name: ask(server, f"/context?name={name}"), range(AT_ONCE * 3)))
    assert answers == [(200, {"name": str(name)}) for name in range(AT_ONCE * 3)]

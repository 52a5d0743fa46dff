"""Typed handlers over real sockets, plain and async: the same values, and the same faults."""

import json
import socket
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import write_files
from tests.servers import dev, gunicorn, serving
from tests.typed import IMPORTS

HOSTS = {
    "dev": (dev("app"), False),
    "gthread": (gunicorn("fsroute:App('app')", "--threads", "8"), True),
    "gevent": (gunicorn("fsroute:App('app')", "--worker-class", "gevent"), True),
}
ASYNC = IMPORTS + """
import asyncio

async def POST(request, body: New, *, q: int):
    await asyncio.sleep(0.01)
    return [body.name, q]

def PUT(body: New, *, q: int): return [body.name, q]
"""


@pytest.mark.parametrize("host", HOSTS)
def test_over_sockets_a_plain_and_an_async_handler_take_the_same(host: str, tmp_path: Path) -> None:
    write_files(tmp_path, {"app/x/route.py": ASYNC})
    command, chunks = HOSTS[host]

    def answered(port: int, head: str, body: bytes) -> tuple[int, Any]:
        with socket.create_connection(("127.0.0.1", port), timeout=30) as connection:
            connection.sendall(f"{head}\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                               "Connection: close\r\n".encode() + body)
            answer = b"".join(iter(lambda: connection.recv(65_536), b""))
        head_of, _, rest = answer.partition(b"\r\n\r\n")
        return int(head_of.split()[1]), json.loads(rest)

    def ask_both(port: int, query: str, body: bytes) -> tuple[int, Any]:
        plain, later = [answered(port, f"{method} /x?{query} HTTP/1.1", body) for method in ("PUT", "POST")]
        assert plain == later
        return later

    with serving(command, tmp_path) as server:
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda number: ask_both(
                server.port, f"q={number}",
                b"Content-Length: 24\r\n\r\n" + b'{"name": "%02d", "age": 1}' % number
            ), range(24)))
        assert answers == [(200, [f"{number:02}", number]) for number in range(24)]
        status, problem = ask_both(server.port, "q=x", b"Content-Length: 2\r\n\r\n{}")
        assert (status, [error["name"] for error in problem["errors"]]) == (400, ["q", "/name", "/age"])
        if chunks:
            sent = (b"Transfer-Encoding: chunked\r\n\r\n"
                    b"b\r\n{\"name\": \"a\r\nc\r\n\", \"age\": 1}\r\n0\r\n\r\n")
            assert ask_both(server.port, "q=1", sent) == (200, ["a", 1])

"""One exchange: environs, requests, inputs that watch how they are read, a host that checks PEP 3333."""

import io
import sys
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from wsgiref.validate import validator

import pytest

from fsroute.http.request import Request, Settings

if TYPE_CHECKING:
    from fsroute.http.send import Answer


class Input:
    """A wsgi.input that knows what was asked of it.

    step: bytes given at a time; None gives what is asked for.
    breaks_at: after that many bytes, a read raises OSError, as a lost connection does.
    """

    def __init__(self, data: bytes, *, step: int | None = None, breaks_at: int | None = None) -> None:
        self._data = io.BytesIO(data)
        self._step = step
        self._breaks_at = breaks_at
        self.sizes: list[int] = []          # what was asked for
        self.given = 0

    def read(self, size: int, /) -> bytes:
        """No default size: a read without one is a TypeError here."""
        assert size > 0, "a read for nothing, or for everything"
        if self._breaks_at is not None and self.given >= self._breaks_at:
            raise ConnectionResetError("gone")
        self.sizes.append(size)
        data = self._data.read(size if self._step is None else min(size, self._step))
        self.given += len(data)
        return data


class Untouchable:
    """A wsgi.input that must not be read: on some hosts that never returns."""

    def read(self, size: int = -1, /) -> bytes:
        pytest.fail("wsgi.input was read")


@pytest.fixture(scope="session")
def make_input() -> Callable[..., Input]:
    return Input


@pytest.fixture(scope="session")
def untouchable() -> Untouchable:
    return Untouchable()


@pytest.fixture(scope="session")
def make_environ() -> Callable[..., dict[str, Any]]:
    """A complete environ with that body; fields are by environ key, None takes one away."""
    def environ(body: bytes = b"", **fields: Any) -> dict[str, Any]:
        keys: dict[str, Any] = {
            "REQUEST_METHOD": "GET", "SCRIPT_NAME": "", "PATH_INFO": "/", "QUERY_STRING": "",
            "SERVER_NAME": "127.0.0.1", "SERVER_PORT": "8000", "SERVER_PROTOCOL": "HTTP/1.1",
            "HTTP_HOST": "example.com", "CONTENT_LENGTH": str(len(body)) if body else "",
            "wsgi.version": (1, 0), "wsgi.url_scheme": "http", "wsgi.input": io.BytesIO(body),
            "wsgi.errors": sys.stderr, "wsgi.multithread": True, "wsgi.multiprocess": False,
            "wsgi.run_once": False,
        } | fields
        return {key: value for key, value in keys.items() if value is not None}
    return environ


@pytest.fixture(scope="session")
def make_request(make_environ: Callable[..., dict[str, Any]]) -> Callable[..., Request]:
    """The request of such an environ; path and route as App gives them."""
    def request(body: bytes = b"", *, path: str = "/", route: str | None = "/", max_body: int | None = 2**20,
                **fields: Any) -> Request:
        return Request(make_environ(body, **fields), path, {}, Settings(route, max_body))
    return request


@pytest.fixture(scope="session")
def host(make_environ: Callable[..., dict[str, Any]]) -> Callable[
    ..., tuple[str, list[tuple[str, str]], bytes]
]:
    """Sends an answer as a WSGI host does, which checks it; gives back what went out."""
    def send(answer: "Answer", method: str = "GET") -> tuple[str, list[tuple[str, str]], bytes]:
        line, fields, body = answer

        def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Any:
            start_response(line, fields)
            return body

        sent: list[Any] = []

        def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None
                           ) -> Callable[[bytes], object]:
            sent[:] = status, headers
            return lambda data: pytest.fail("write() is of the old days")

        parts: Any = validator(app)(make_environ(REQUEST_METHOD=method), start_response)
        chunks: Iterator[bytes] = iter(parts)
        whole = b"".join(chunks)
        parts.close()
        return sent[0], sent[1], whole
    return send

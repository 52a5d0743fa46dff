"""A folder in a folder, each with one middleware and one error file: what they do, a request brings along."""

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fsroute import App, HTTPError, Request, Response
from tests.exchange import Answer, environ_of, exchange

CallNext = Callable[[Request], Response]

MIDDLEWARE = """
def {name}(request, call_next):
    given = request.environ.get("test.{name}")
    return given(request, call_next) if given else call_next(request)
middleware = [{name}]
"""
_ERROR = """
def error(request, exception):
    given = request.environ.get("test.{name}_error")
    return given(request, exception) if given else None
"""
_ROUTE = "def GET(request): return request.environ.get('test.handler', lambda request: 'text')(request)\n"
FILES = {
    "middleware.py": MIDDLEWARE.format(name="outer"), "error.py": _ERROR.format(name="outer"),
    "in/middleware.py": MIDDLEWARE.format(name="inner"), "in/error.py": _ERROR.format(name="inner"),
    "in/route.py": _ROUTE, "in/[id]/route.py": "def GET(id: int): return {}\n",
}
LAYERS = ("handler", "inner", "outer")


class Site:
    """The app of those files; remembers the environ of its last request."""

    def __init__(self, app: App) -> None:
        self.app = app
        self.environ: dict[str, Any] = {}

    def ask(self, method: str = "GET", target: str = "/in", environ: dict[str, Any] | None = None, /,
            **parts: Callable[..., Any]) -> Answer:
        """parts: what handler, inner, outer, inner_error and outer_error do."""
        self.environ = environ_of(method, target, **(environ or {}))
        self.environ |= {f"test.{name}": part for name, part in parts.items()}
        return exchange(self.app, self.environ, shaped=True)


def raising(error: BaseException) -> Callable[..., Any]:
    def raises(*_: Any) -> Any:
        raise error
    return raises


def raising_after(error: BaseException) -> Callable[[Request, CallNext], Any]:
    def raises(request: Request, call_next: CallNext) -> Any:
        call_next(request)
        raise error
    return raises


def seeing(seen: list[Any]) -> Callable[[Request, CallNext], Response]:
    """A middleware that keeps what call_next gave."""
    def sees(request: Request, call_next: CallNext) -> Response:
        seen.append(call_next(request))
        return seen[-1]     # type: ignore[no-any-return]
    return sees


def texts(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.exc_text or "" for record in caplog.records]


def refuses_at_once(request: Request) -> Iterator[bytes]:
    raise HTTPError(410)
    yield b""


def instead(result: Any) -> Callable[[Request, CallNext], Any]:
    def replaces(request: Request, call_next: CallNext) -> Any:
        call_next(request)
        return result() if callable(result) else result
    return replaces


def wraps_in_a_generator(request: Request, call_next: CallNext) -> Response:
    response = call_next(request)
    inner = response.body

    def louder() -> Iterator[bytes]:
        for chunk in inner:
            yield chunk.upper()
    response.body = louder()
    return response


def wraps_in_a_stream(request: Request, call_next: CallNext) -> Response:
    return Response.stream(call_next(request).body)


@dataclasses.dataclass
class Point:
    x: int = 1


class Mine(Response):
    """A user's own kind of Response."""

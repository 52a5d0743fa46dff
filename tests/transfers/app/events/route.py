"""Events that wait for the test."""

from collections.abc import Iterator
from typing import Any

from fsroute import Request, Response

from .._notes import Watched, wait


def GET(request: Request) -> Response:
    name = request.query["name"]
    return Response.events(Watched(name, told(name)))


def told(name: str) -> Iterator[Any]:
    wait(f"{name}.first")
    yield "first\nof two lines"
    yield None
    wait(f"{name}.second")
    yield {"event": "news", "id": "2", "data": {"number": 2}}

"""Events that wait for the test."""

from collections.abc import Iterator
from typing import Any

from fsroute import Request, Response

from .._notes import note, wait


def GET(request: Request) -> Response:
    return Response.events(told(request.query["name"]))


def told(name: str) -> Iterator[Any]:
    try:
        wait(f"{name}.first")
        yield "first\nof two lines"
        yield None
        wait(f"{name}.second")
        yield {"event": "news", "id": "2", "data": {"number": 2}}
    finally:
        note(name, "closed")

"""A stream that only its client can end."""

from collections.abc import Iterator

from fsroute import Request, Response

from ..._blocks import blocks
from ..._notes import note


def GET(request: Request) -> Response:
    return Response.stream(endless(request.query["name"]))


def endless(name: str) -> Iterator[bytes]:
    try:
        while True:
            yield from blocks(1_000)
    finally:
        note(name, "closed")

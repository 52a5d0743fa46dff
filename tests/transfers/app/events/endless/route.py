"""A feed on which nothing happens."""

import time
from collections.abc import Iterator

from fsroute import Request, Response

from ..._notes import note


def GET(request: Request) -> Response:
    return Response.events(nothing(request.query["name"]))


def nothing(name: str) -> Iterator[None]:
    try:
        while True:
            yield None
            time.sleep(0.005)
    finally:
        note(name, "closed")

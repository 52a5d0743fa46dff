"""A feed on which nothing happens."""

import time
from collections.abc import Iterator

from fsroute import Request, Response

from ..._notes import Watched


def GET(request: Request) -> Response:
    return Response.events(Watched(request.query["name"], nothing()))


def nothing() -> Iterator[None]:
    while True:
        yield None
        time.sleep(0.005)

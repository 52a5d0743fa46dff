"""A stream that only its client can end."""

from itertools import cycle

from fsroute import Request, Response

from ..._blocks import blocks
from ..._notes import Watched


def GET(request: Request) -> Response:
    return Response.stream(Watched(request.query["name"], cycle(blocks(3))))

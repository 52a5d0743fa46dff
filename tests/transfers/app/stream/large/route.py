"""A large stream."""

from fsroute import Request, Response

from ..._blocks import blocks


def GET(request: Request) -> Response:
    return Response.stream(blocks(request.query.get("count", 1, type=int)))

"""GET /api/orders/feed: orders as they come, as server-sent events.

Each open feed holds a thread. That is why the shop runs with gthread workers (`--threads 4`): a sync worker
has one thread, and one visitor would stop it.
"""

from app._lib.feed import Feed
from fsroute import Request, Response

hidden = True       # it has no end, and OpenAPI has no words for that


def GET(request: Request) -> Response:
    return Response.events(Feed(request.headers.get("Last-Event-ID", "")))

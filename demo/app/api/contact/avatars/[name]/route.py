"""GET /api/contact/avatars/….png: a picture that somebody sent.

`root=` is what nothing leaves: no `..`, no link, no hidden file.
"""

from app._lib.avatars import folder
from fsroute import Request, Response

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",         # another picture has another name
    "Content-Security-Policy": "default-src 'none'; sandbox",       # it came from a stranger
}


def GET(request: Request, name: str) -> Response:
    return Response.file(name, root=folder(), headers=HEADERS)

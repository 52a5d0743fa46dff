"""GET /api/contact/avatars/….png: a picture that somebody sent.

`root=` is what nothing leaves: no `..`, no link, no hidden file.
"""

from app._lib.avatars import folder
from fsroute import Response

HEADERS = {
    "Cache-Control": "public, max-age=31536000, immutable",         # another picture has another name
    "Content-Security-Policy": "default-src 'none'; sandbox",       # it came from a stranger
}


def GET(name: str) -> Response:
    """A picture that somebody sent.

    Raises:
        HTTPError(404): there is no such picture.
    """
    return Response.file(name, root=folder(), headers=HEADERS)

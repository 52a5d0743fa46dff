"""A stream that reads its request while it is sent."""

from collections.abc import Iterator

from fsroute import Request, Response

from .._notes import note

max_body = 20 * 2**20


def POST(request: Request) -> Response:
    return Response.stream(late(request))


def late(request: Request) -> Iterator[str]:
    yield "begun\n"
    upload = request.form().files["large"]
    request.after(lambda: note(request.query["name"], f"closed: {upload.file.closed}"))
    yield f"{upload.size}\n"

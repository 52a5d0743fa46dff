"""The files in a folder beside the app."""

from fsroute import Response


def GET(name: str) -> Response:
    return Response.file(name, root="files")

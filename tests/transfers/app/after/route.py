"""An upload that is sent back, and looked at once more after the answer."""

from collections.abc import Iterator

from fsroute import Request, Response, UploadedFile

from .. import _kept
from .._notes import Watched, note, wait

max_body = 20 * 2**20


def POST(request: Request) -> Response:
    name, upload = request.query["name"], request.form().files["file"]
    _kept.upload = upload
    request.after(look, name, upload)
    return Response.stream(Watched(name, content(upload)), length=upload.size)


def content(upload: UploadedFile) -> Iterator[bytes]:
    while data := upload.file.read(65_536):
        yield data


def look(name: str, upload: UploadedFile) -> None:
    wait(f"{name}.read")
    upload.file.seek(0)
    note(name, f"after: {len(upload.file.read())} bytes")

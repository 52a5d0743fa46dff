"""A form, told as it was read."""

import hashlib
from typing import Any

from fsroute import Request, UploadedFile

max_body = 200 * 2**20


def POST(request: Request) -> dict[str, Any]:
    form = request.form()
    return {"text": form.items(), "files": [described(name, upload) for name, upload in form.files.items()]}


def described(name: str, upload: UploadedFile) -> list[Any]:
    content = hashlib.sha256()
    while data := upload.file.read(65_536):
        content.update(data)
    return [name, upload.filename, upload.content_type, upload.size, content.hexdigest()]

"""A body without a limit, told as it was read."""

import hashlib
from typing import Any

from fsroute import Request

max_body = None


def POST(request: Request) -> dict[str, Any]:
    size, content = 0, hashlib.sha256()
    while data := request.stream.read(65_536):
        size += len(data)
        content.update(data)
    return {"size": size, "sha256": content.hexdigest()}

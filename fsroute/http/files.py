"""Files as answers: the page of a folder.

Rules this module keeps
-----------------------
1. A request never becomes a file name: the file was found at start, a request only opens it.
2. What is sent is what was opened: size, time and bytes come from one descriptor, and a file that is
   being written is sent as it was read, with the length of that.
3. A file that has vanished is a 404; a client that has it already gets a 304.
"""

from __future__ import annotations

import os
from stat import S_ISREG

from .conditional import none_match
from .errors import HTTPError
from .response import HTML_TYPE, Response

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from .request import Request


def page(path: str) -> Callable[[Request], Response]:
    """A handler that answers with that HTML file (absolute path), under an ETag."""
    def GET(request: Request) -> Response:
        descriptor = _opened(path)
        with open(descriptor, "rb") as file:
            facts = os.fstat(descriptor)
            etag = f'"{facts.st_mtime_ns:x}-{facts.st_size:x}"'
            headers = [HTML_TYPE, ("ETag", etag), ("Cache-Control", "no-cache")]
            if not none_match(request.environ.get("HTTP_IF_NONE_MATCH"), etag):
                return Response.empty(304, headers=headers)
            return Response(file.read(), headers=headers)
    return GET


def _opened(path: str) -> int:
    try:
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_NONBLOCK", 0))
    except (FileNotFoundError, NotADirectoryError):     # any other trouble is the server's
        raise HTTPError(404, "The page is gone") from None
    if S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise HTTPError(404, "The page is gone")

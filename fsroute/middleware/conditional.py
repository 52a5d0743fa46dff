"""Conditional answers: who has it already is told so, and gets no body (RFC 9110, 13).

A client that asks again for what has not changed pays for the whole body again, and so does the server's
line. With this, every answer has an ETag, and who sends it back gets a 304 of a few hundred bytes.

It saves the line, not the work: the handler runs. Where the work is dear, or where a write must not meet
another version (PUT with If-Match), `request.precondition(etag=...)` judges before the handler has begun.

Rules this module keeps
-----------------------
1. It judges what was read and is there: GET or HEAD, 200, no error. What says `no-store` is left alone, for
   nobody may keep it.
2. The tag of a known body is a hash of its type and its bytes; one that the handler gave stands. HEAD has
   GET's body until it is sent, and so GET's tag.
3. A stream has a tag only if its handler gave one: to hash it would be to make all of it before it is sent.
4. A 304 has every header of the 200 but those about a body (15.4.5): caches take over what changed in them
   (RFC 9111, 4.3.4).
"""

from __future__ import annotations

from hashlib import blake2b

from ..http.conditional import parsed, unchanged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..handlers.chain import CallNext, Layer
    from ..http.request import Request
    from ..http.response import Response


def conditional() -> Layer:
    """Middleware that gives answers an ETag and obeys If-None-Match, If-Modified-Since and their like.

    Together with compress(), either may come first. `[conditional(), compress()]` gives each form a strong
    tag of its own; `[compress(), conditional()]` packs nothing for a 304, and its tags are weak.
    A condition that is not met (If-Match, If-Unmodified-Since) is HTTPError 412.
    """
    def middleware(request: Request, call_next: CallNext) -> Response:
        response = call_next(request)
        if (request.method in ("GET", "HEAD") and response.status == 200 and response.exception is None
                and "no-store" not in cache_control(response)):
            _judge(response, request)
        return response
    return middleware


def cache_control(response: Response) -> set[str]:
    """What the response's Cache-Control says, in lower case: {"private", "max-age=60"}."""
    values = response.headers.getall("Cache-Control")
    return {directive.strip(" \t").lower() for value in values for directive in value.split(",")}


def _judge(response: Response, request: Request) -> None:
    headers = response.headers
    if "ETag" not in headers and isinstance(response.body, bytes):
        headers["ETag"] = _tag(headers["Content-Type"], response.body)
    etag, modified = headers.get("ETag"), parsed(headers.get("Last-Modified") or "")
    if etag is None and modified is None:       # for unchanged() this would be what does not exist
        return
    if unchanged(request.method, request.environ, etag, modified):
        response.status, response.body = 304, b""


def _tag(kind: str, body: bytes) -> str:
    """A strong tag: of one type and these bytes only, so that forms chosen by Accept differ in it."""
    made = blake2b(kind.encode("latin-1"), digest_size=16)
    made.update(b"\n")          # in no header, so nothing moves from type to body
    made.update(body)
    return f'"{made.hexdigest()}"'

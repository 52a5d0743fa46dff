"""Handover: what one layer of a chain hands to the next.

Rules this module keeps
-----------------------
1. A Response that a user's function returned is copied before the next layer sees it, for the module may keep
   it: its headers are the request's own, its body is shared.
2. A stream that was handed out is sent, or it is closed: also when a middleware put another body in its
   place, or when something failed. What a new stream is made of is closed after it.
3. A new response in place of the answer to an exception is an answer to it as well where it is an error
   itself, or has that answer's status; else it says that all is well. An answer that was kept brings no other
   request's exception.
4. A stream is begun where it is handed out first, so that what fails until then is an ordinary error of that
   layer; whoever reads one hands something else on.
"""

from __future__ import annotations

from ..http.errors import HTTPError
from ..http.problems import drop_frames
from ..http.response import Response
from ..http.stream import Stream
from .endpoint import awaited, respond

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from ..http.request import Request
    from ..http.response import Raised


def owned(result: Any, where: str, request: Request) -> Response:
    """What a user's function returned, as a Response of this request's own. Raises what is wrong with it."""
    result = awaited(result, request)
    response = result.copy() if isinstance(result, Response) else respond(result, where, request)
    if response._raised is not request._raised:
        _settle_exception(response, request)
    if type(response._body) is not bytes or request._sending is not None:
        return carried(response, where, request)
    return response


def carried(response: Response, where: str, request: Request) -> Response:
    """The response, its stream begun if it is a new one; the stream that went before it is seen to."""
    body = response._body
    if isinstance(body, Stream):
        if body is request._sending:
            if body.was_read or body.is_closed:
                raise RuntimeError(f"{where} read or closed the stream of the response it returned: set "
                                   "response.body to what it read, or return Response.stream(...) of it")
            return response
        response = body.settled(response, request)
        body = response._body
    before = request._sending
    request._sending = body if isinstance(body, Stream) else None
    if before is not None:
        if request._sending is None:
            before.close()
        else:
            request._sending.wraps(before)
    return response


def _settle_exception(response: Response, request: Request) -> None:
    """Says which exception this is the answer to, if any."""
    before = request._raised
    if before is None:
        response._raised = None
    elif response._status >= 400 or response._status == before.status:
        response._raised, before.answer = before, None
    else:
        let_go(before)
        response._raised = request._raised = None


def let_go(raised: Raised) -> None:
    """Ends the circle of a response that raised its exception again in a middleware which caught it."""
    raised.answer = None
    if isinstance(raised.error, HTTPError):
        drop_frames(raised.error)

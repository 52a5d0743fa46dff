"""Request ids: one name for a request, in the answer and in every log line about it.

A user reports an error; the log of that minute holds a thousand requests of twenty processes. With this, the
answer carries an id, and so may each line that was logged for it.

An id that a client sends is a text of its choice. In a log it could forge lines or fill the disk, and two
requests of one name hide each other. So it is taken only where a proxy of yours sets it (trust=True), and
only if it is short and plain.

    # app/middleware.py
    from fsroute.middleware.request_id import request_id

    middleware = [request_id(), ...]

To get it into the log, give a filter to the handler that writes it, and `%(request_id)s` to its format:

    class WithRequestID(logging.Filter):
        def filter(self, record):
            record.request_id = current_id.get()
            return True

Rules this module keeps
-----------------------
1. Every request has one id, for all that is inside: the outermost request_id() gives it.
2. One that is made here cannot be guessed and tells nothing, neither a time nor a count.
3. It is on every answer, errors too. What a stream logs while it is sent is logged when the middleware is
   done, and so without it.
"""

from __future__ import annotations

import re
from contextvars import ContextVar
from os import urandom

from ..http.headers import checked_field

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..handlers.chain import CallNext, Layer
    from ..http.request import Request
    from ..http.response import Response

current_id: ContextVar[str] = ContextVar("fsroute.request_id", default="-")
"""The id of the request that is being answered; "-" outside of any."""

# hex, UUIDs, base64 and its URL-safe form; nothing that ends a line or means something to a shell or a page
_is_id = re.compile(r"[A-Za-z0-9._~+/=-]{1,128}").fullmatch

# what an answer says otherwise, and would say no more
_TAKEN = frozenset({"allow", "cache-control", "date", "etag", "expires", "last-modified", "link", "location",
                    "refresh", "retry-after", "server", "set-cookie", "vary", "www-authenticate"})


def request_id(header: str = "X-Request-ID", *, trust: bool = False) -> Layer:
    """Middleware that puts an id into `request.state.request_id` and on the answer.

    header: its name, in the answer and, if trusted, in the request. trust: take the id that the request
    brings, if it is one; only behind a proxy that sets it, or takes off what a client sent.
    Raises ValueError for what is no header's name, or that of one with a meaning of its own; TypeError for
    options of another type.
    """
    try:
        checked_field(header, "-")
    except (TypeError, ValueError) as fault:
        raise type(fault)(f"request_id(header=): {fault}") from None
    if header.lower() in _TAKEN or header.lower().startswith(("content-", "access-control-")):
        raise ValueError(f"request_id(header=): {header} says something else; such as X-Request-ID does not")
    if not isinstance(trust, bool):
        raise TypeError(f"request_id(trust=) is True or False, not {type(trust).__name__}")
    key = "HTTP_" + header.upper().replace("-", "_")

    def middleware(request: Request, call_next: CallNext) -> Response:
        state = request.state
        if not hasattr(state, "request_id"):
            sent = request.environ.get(key, "") if trust else ""
            state.request_id = sent if _is_id(sent) else urandom(16).hex()
        one: str = state.request_id
        token = current_id.set(one)
        try:
            response = call_next(request)
        finally:
            current_id.reset(token)
        response.headers[header] = one
        return response
    return middleware

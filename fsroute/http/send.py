"""Response to host: the last step of every answer.

An *answer* is what a WSGI host takes: status line, header list, body list, all three fresh, since hosts
and the middleware around an app may change them. A stream is its own body.

Rules this module keeps
-----------------------
1. The body is dropped for HEAD here, after everything else and nowhere else; all headers stay
   (RFC 9110, 9.3.2).
2. Every answer but 204 and 304 says how long its body is where that is known (RFC 9110, 8.6).
3. A body that is dropped is closed.
"""

from __future__ import annotations

from .jsontext import dumps, pieces
from .log import log_exception
from .response import JSON_TYPE, Response
from .status import BODILESS, STATUS_LINES
from .stream import Stream

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from typing import Any

    from .headers import Field
    from .request import Request

    Answer = tuple[str, list[Field], Iterable[bytes]]
    Endpoint = Callable[[Request], Answer]

_OK = STATUS_LINES[200]

# a table of ready-made fields: most answers of an API are short, and a new one costs twice as much
_LENGTHS = [("Content-Length", str(length)) for length in range(1_024)]

_SPECIAL = frozenset({*BODILESS, 205})


def answer(response: Response) -> Answer:
    """The response as a host takes it; its body is no stream."""
    status, body = response._status, response._body     # the slots: parts() would cost 100 ns more
    if status in _SPECIAL:
        status, fields, body = response.parts()
        return STATUS_LINES[status], fields if status in BODILESS else [*fields, content_length(0)], [body]
    length = len(body)
    # content_length() in place, here and below: a call less for every answer
    field = _LENGTHS[length] if length < 1_024 else content_length(length)
    return STATUS_LINES[status], [*response._fields, field], [body]


def streamed(response: Response, request: Request) -> Answer:
    """The response to that request, where its body may be a stream. Raises what its first chunk raises."""
    if isinstance(response._body, Stream):
        response = response._body.settled(response, request)
    return sent(response)


def sent(response: Response) -> Answer:
    """The response as a host takes it; if its body is a stream, that is settled."""
    body = response._body
    if not isinstance(body, Stream) or response._status in _SPECIAL:
        return answer(response)
    length = [] if body.length is None else [content_length(body.length)]
    return STATUS_LINES[response._status], [*response._fields, *length], body.for_host()


def json_answer(data: Any) -> Answer:
    """What `answer(Response.json(data))` gives, without the object in between. Raises as that does."""
    try:
        body = "".join(pieces(data, 0)).encode()        # dumps() in place: a call less for most answers
    except UnicodeEncodeError:
        body = dumps(data)
    length = len(body)
    return _OK, [JSON_TYPE, _LENGTHS[length] if length < 1_024 else content_length(length)], [body]


def content_length(length: int) -> Field:
    """The Content-Length field of a body of that many bytes."""
    return _LENGTHS[length] if length < 1_024 else ("Content-Length", str(length))


class Closing:
    """A body that ends the request once the host closes it: request.after, then what was uploaded is gone."""

    def __init__(self, body: Iterable[bytes], request: Request) -> None:
        self._body = body
        self._request = request

    def __iter__(self) -> Iterator[bytes]:
        return iter(self._body)

    def close(self) -> None:
        """Closes the body; then runs each function once, also after one that failed, and those they leave."""
        try:
            _close(self._body)
        finally:
            self._end()

    def _end(self) -> None:
        try:
            while self._request._after:
                function, arguments = self._request._after.pop(0)
                try:
                    function(*arguments)
                except Exception as error:
                    log_exception(error, self._request)
        finally:
            self._request.release()


def _close(body: Iterable[bytes]) -> None:
    close = getattr(body, "close", None)
    if close is not None:
        close()


def without_body(endpoint: Endpoint) -> Endpoint:
    """The endpoint for HEAD: the other one's answer, headers and all, without its body."""
    def head(request: Request) -> Answer:
        line, fields, body = endpoint(request)
        _close(body)
        return line, fields, []
    return head

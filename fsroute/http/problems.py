"""Exception to answer: problem details (RFC 9457).

Rules this module keeps
-----------------------
1. Every error answer is application/problem+json, or a small HTML page for a client that prefers HTML; so
   it says `Vary: Accept`. No cache stores it, unless the error has a Cache-Control of its own.
2. Nothing of an exception that is no HTTPError reaches the client.
3. Nothing fails here: an HTTPError that cannot be shaped (members JSON has no form for) is a fault of its
   own, logged, and answered with the plain 500.
4. The traceback of an HTTPError, and of what it came from, is dropped once it is shaped: it holds the frames,
   and so the request, alive for as long as somebody keeps the exception.
5. Content-Type says what the body is, whatever the error's own headers say.
"""

from __future__ import annotations

from . import jsontext
from .accept import preferred
from .errors import HTTPError, ValidationError
from .log import log_exception
from .response import HTML_TYPE, Response
from .send import answer

TYPE_CHECKING = False
if TYPE_CHECKING:
    from .headers import Given
    from .request import Request
    from .send import Answer, Endpoint

_PROBLEM_TYPE = ("Content-Type", "application/problem+json")


def problem(error: Exception, request: Request) -> Response:
    """The answer to what was raised: an HTTPError says what, all else is a 500 and a record in the log."""
    accept = request.environ.get("HTTP_ACCEPT")
    if isinstance(error, HTTPError):
        try:
            response = _shaped(error, accept)
        except Exception as fault:
            error = fault
        else:
            drop_frames(error)
            return response
    return failed(error, request)


def failed(fault: Exception, request: Request) -> Response:
    """The plain 500, for what has no answer of its own; it is logged."""
    log_exception(fault, request)
    accept = request.environ.get("HTTP_ACCEPT")
    return _shaped(HTTPError(500, "The server failed to answer. The fault was logged."), accept)


def ready(status: int, detail: str, headers: Given = None) -> Endpoint:
    """An endpoint that always answers with this problem, whose common form is made once, here."""
    error = HTTPError(status, detail, headers=headers)
    line, fields, [body] = answer(_shaped(error, None))

    def endpoint(request: Request) -> Answer:
        accept = request.environ.get("HTTP_ACCEPT")
        if accept and accept != "*/*" and _prefers_html(accept):
            return answer(_shaped(error, accept))
        return line, [*fields], [body]
    return endpoint


def _shaped(error: HTTPError, accept: str | None) -> Response:
    if _prefers_html(accept):
        body, kind = _page(error), HTML_TYPE
    else:
        members = {"title": error.title, "status": error.status, "detail": error.detail, **error.extra}
        body, kind = jsontext.dumps(members), _PROBLEM_TYPE
    response = Response(body, status=error.status, headers=[kind, ("Cache-Control", "no-store")])
    response.headers.update(error.headers.items())
    response.headers["Content-Type"] = kind[1]
    response.headers.vary("Accept")
    return response


def drop_frames(error: BaseException) -> None:
    """Takes the tracebacks from an exception and from all that it came from."""
    chained: list[BaseException | None] = [error]
    while chained:
        one = chained.pop()
        if one is not None and one.__traceback__ is not None:
            one.__traceback__ = None
            chained += [one.__cause__, one.__context__]


def _prefers_html(accept: str | None) -> bool:
    return preferred(accept, "application/problem+json", "application/json", "text/html") == "text/html"


def _page(error: HTTPError) -> bytes:
    from html import escape

    title, detail = escape(error.title), escape(error.detail)
    text = f"<p>{detail}</p>\n" if detail != title else ""
    if isinstance(error, ValidationError) and len(error.errors) > 1:
        items = [f"<li>{escape(each['name'])} {escape(each['message'])}</li>\n" for each in error.errors]
        text += f"<ul>\n{''.join(items)}</ul>\n"
    page = (f'<!doctype html>\n<html lang="en">\n<meta charset="utf-8">\n'
            f"<title>{error.status} {title}</title>\n<h1>{error.status} {title}</h1>\n{text}</html>\n")
    return page.encode("utf-8", "backslashreplace")

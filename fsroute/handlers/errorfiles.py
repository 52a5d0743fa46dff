"""Error files: who shapes what was raised.

Rules this module keeps
-----------------------
1. The error file of the folder in which an exception is caught is asked first, then each outer one; the first
   result that is not None is the answer. One that raises what it was given passes too. Where all pass, the
   usual answer is.
2. What is no HTTPError is logged, once, whoever shapes it. An error file that fails gives the plain 500, with
   both in the log.
3. A result has the exception's status and headers, unless it is a Response or a triple, which say their own.
   A 405 keeps its Allow, and no cache stores an error that does not say so itself.
4. What `response.raise_exception()` raised again is not asked for again: the response stays the answer.
"""

from __future__ import annotations

from ..http.errors import HTTPError
from ..http.log import log_exception
from ..http.problems import drop_frames, failed, problem
from ..http.response import Raised, Response
from .endpoint import awaited, failure, respond
from .handover import carried, let_go

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..http.request import Request

_SOMEBODY = "a middleware"      # whose name is not known where an answer comes from an exception


class ErrorFile:
    """The function of an error.py. where: its name and file, for the log."""

    __slots__ = ("call", "where")

    def __init__(self, call: Callable[[Request, Exception], Any], where: str) -> None:
        self.call = call
        self.where = where


def shaped(error: Exception, errors: Sequence[ErrorFile], request: Request) -> Response:
    """The answer to what was raised. errors: who is asked for it, one after the other."""
    if not isinstance(error, HTTPError):
        log_exception(error, request)
    try:
        found = _again(error, request)
        if found is None:
            found = _asked(error, errors, request)
        response = carried(problem(error, request) if found is None else found, _SOMEBODY, request)
    except BaseException as fault:      # its record in the log holds what it came from too
        raised, error = error, failure(fault)
        response = carried(failed(error, request), _SOMEBODY, request)
        if isinstance(raised, HTTPError) and raised is not error:
            drop_frames(raised)
    before = request._raised
    if before is not None and before.error is not error:
        let_go(before)
    request._raised = response._raised = Raised(error, response.status)
    return response


def _again(error: Exception, request: Request) -> Response | None:
    """The answer to what was raised before, and now again by response.raise_exception()."""
    before = request._raised
    if before is None or before.error is not error or before.answer is None:
        return None
    answer, before.answer = before.answer, None
    if isinstance(error, HTTPError):
        drop_frames(error)
    return answer.copy()


def _asked(error: Exception, errors: Sequence[ErrorFile], request: Request) -> Response | None:
    """What the first error file that does not pass makes of it. Raises what an error file raises."""
    for file in errors:
        try:
            result = awaited(file.call(request, error), request)
        except Exception as again:
            if again is not error:
                raise
            result = None
        if result is not None:
            response = _dressed(result, error, file.where, request)
            if isinstance(error, HTTPError):
                drop_frames(error)
            return response
    return None


def _dressed(result: Any, error: Exception, where: str, request: Request) -> Response:
    """The result of an error file; what is neither Response nor triple has the error's status and headers."""
    response = result.copy() if isinstance(result, Response) else respond(result, where, request)
    known = error if isinstance(error, HTTPError) else HTTPError(500)
    if not isinstance(result, Response | tuple):
        response.status = known.status
        kind = response.headers["Content-Type"]
        response.headers.update(known.headers.items())
        response.headers["Content-Type"] = kind
    if response.status == known.status == 405 and "Allow" in known.headers:     # (RFC 9110, 15.5.6)
        response.headers.setdefault("Allow", known.headers["Allow"])
    if response.status >= 400:
        response.headers.setdefault("Cache-Control", "no-store")
    return response

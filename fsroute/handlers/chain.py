"""Chain: what runs around a handler, and who shapes what goes wrong in it.

Rules this module keeps
-----------------------
1. A chain is composed at start, from the place of a file in the tree. Outer folders come first, in a list the
   first one; what @use names for one method is innermost.
2. A *step* is a function of the request that always returns a Response: one middleware with all that is
   inside it, or the handler. The step inside is what a middleware gets as `call_next`. It runs once.
3. Each step catches for itself. The error files are asked at once, those of its own folder first; the one
   answer then passes through every middleware from there outwards.
4. What a step hands out belongs to this request: a Response that a user's function returned is copied, for
   the module may keep it.
5. A stream that was handed out is sent, or it is closed: also when a middleware put another body in its
   place, when something failed, and when the process is told to end.
"""

from __future__ import annotations

from functools import partial

from ..http.errors import HTTPError
from ..http.log import log_exception
from ..http.problems import drop_frames, failed, problem
from ..http.response import Raised, Response
from ..http.send import answer, sent
from ..http.stream import Stream
from .endpoint import endpoint, failure, respond
from .loop import run

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..http.request import Request
    from ..http.send import Answer, Endpoint

    CallNext = Callable[[Request], Response]            # a step
    Layer = Callable[[Request, CallNext], Response]     # a middleware, as those in fsroute.middleware are

_DONE = 1_000_000       # deeper than any chain: nothing runs any more
_SOMEBODY = "a middleware"      # whose name is not known where an answer comes from an exception


class ErrorFile:
    """The function of an error.py. where: its name and file, for the log."""

    __slots__ = ("call", "where")

    def __init__(self, call: Callable[[Request, Exception], Any], where: str) -> None:
        self.call = call
        self.where = where


class Middleware:
    """One middleware in its place.

    call: the function. name: what it is called in lists. where: its name and file, for the log.
    errors: who shapes what it raises, innermost first.
    """

    __slots__ = ("call", "errors", "name", "where")

    def __init__(self, call: Callable[[Request, CallNext], Any], where: str,
                 errors: tuple[ErrorFile, ...]) -> None:
        self.call = call
        self.name = name_of(call)
        self.where = where
        self.errors = errors


class Chain:
    """What runs around the endpoints of one folder.

    middleware: outermost first. errors: the error files that shape what is raised inside, innermost first.
    """

    __slots__ = ("errors", "middleware")

    def __init__(self, middleware: tuple[Middleware, ...] = (), errors: tuple[ErrorFile, ...] = ()) -> None:
        self.middleware = middleware
        self.errors = errors

    def __bool__(self) -> bool:
        """Whether anything runs around."""
        return bool(self.middleware or self.errors)

    def around(self, inner: Sequence[Middleware]) -> Chain:
        """This chain with more middleware in its innermost place."""
        return Chain((*self.middleware, *inner), self.errors) if inner else self

    @property
    def names(self) -> tuple[str, ...]:
        """What the middleware is called, outermost first."""
        return tuple([each.name for each in self.middleware])

    def endpoint(self, call: Callable[[Request], Any], where: str) -> Endpoint:
        """The endpoint of a handler with this chain around it.

        call: the handler, its arguments bound. where: its name and file, for the log.
        """
        if not self:
            return endpoint(call, where)
        if not self.middleware:
            return _outermost(call, where, self.errors)
        inner = _innermost(call, where, self.errors, len(self.middleware) + 1)
        for depth in range(len(self.middleware), 1, -1):
            inner = _around(inner, self.middleware[depth - 1], depth)
        first = self.middleware[0]
        around = first.call
        return _outermost(lambda request: around(request, inner), first.where, first.errors)


def name_of(call: Any) -> str:
    """What a middleware is called: the name of the function, of the factory that made it, or of its type."""
    while isinstance(call, partial):
        call = call.func
    name: str = getattr(call, "__qualname__", "") or type(call).__qualname__
    return name.partition(".<locals>")[0].rpartition(".")[2]


def _outermost(call: Callable[[Request], Any], where: str, errors: tuple[ErrorFile, ...]) -> Endpoint:
    """The endpoint of the outermost layer: nobody else will see its Response, which need not be copied."""
    def answered(request: Request) -> Answer:
        request._reached, request._sending, request._raised = 1, None, None
        try:
            try:
                result = call(request)
                request._reached = _DONE
                if type(result) is Response and type(result._body) is bytes and request._sending is None:
                    response = result       # nearly always: _owned() in place costs 60 ns less
                else:
                    response = _owned(result, where, request)
            except BaseException as error:
                request._reached = _DONE
                response = _shaped(failure(error), errors, request)
            if request._raised is not None:
                _let_go(request._raised)
            if type(response._body) is bytes:
                return answer(response)
            made = sent(response)
            request._sending = None     # it holds the request: together they would wait for the collector
            return made
        except BaseException as error:      # what ends the process; or the host's way to send files failed
            if request._sending is not None:
                request._sending.close()
            if isinstance(error, Exception):
                return answer(failed(error, request))
            request.release()
            raise
    return answered


def _around(inner: CallNext, middleware: Middleware, depth: int) -> CallNext:
    """The step of a middleware."""
    call, where, errors = middleware.call, middleware.where, middleware.errors

    def call_next(request: Request) -> Response:
        if request._reached >= depth:
            raise _called_again()
        request._reached = depth
        try:
            result = call(request, inner)
            request._reached = _DONE            # or another layer could run what this one kept out
            if type(result) is Response and type(result._body) is bytes and request._sending is None:
                return result.copy()        # as above
            return _owned(result, where, request)
        except BaseException as error:
            request._reached = _DONE
            return _shaped(failure(error), errors, request)
    return call_next


def _innermost(call: Callable[[Request], Any], where: str, errors: tuple[ErrorFile, ...],
               depth: int) -> CallNext:
    """The step of a handler."""
    def call_next(request: Request) -> Response:
        if request._reached >= depth:
            raise _called_again()
        request._reached = _DONE
        try:
            result = call(request)
            return Response.json(result) if type(result) is dict else _owned(result, where, request)
        except BaseException as error:
            return _shaped(failure(error), errors, request)
    return call_next


def _called_again() -> RuntimeError:
    return RuntimeError("call_next was called a second time, or after its middleware had returned: what is "
                        "inside it runs once a request")


def _owned(result: Any, where: str, request: Request) -> Response:
    """What a user's function returned, as a Response of this request's own. Raises what is wrong with it."""
    if hasattr(result, "__await__"):
        result = _awaited(result, request)
    response = result.copy() if isinstance(result, Response) else respond(result, where, request)
    if type(response._body) is not bytes or request._sending is not None:
        return _carried(response, where, request)
    return response


def _awaited(result: Any, request: Request) -> Any:
    """What came of a coroutine: it may be a Response that is kept, as any other function's."""
    while hasattr(result, "__await__"):
        result = run(result, request.fetch)
    return result


def _carried(response: Response, where: str, request: Request) -> Response:
    """The response, its stream begun if it is a new one; the stream that went before it is seen to."""
    body = response._body
    if isinstance(body, Stream):
        if body is request._sending:
            if body.was_read:
                raise RuntimeError(f"{where} read the stream of the response it returned: set response.body "
                                   "to what it read, or return Response.stream(...) of what it makes of it")
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


def _shaped(error: Exception, errors: Sequence[ErrorFile], request: Request) -> Response:
    """The answer to what was raised. errors: who is asked for it, one after the other."""
    if not isinstance(error, HTTPError):
        log_exception(error, request)
    try:
        shaped = _again(error, request)
        if shaped is None:
            shaped = _asked(error, errors, request)
        response = _carried(problem(error, request) if shaped is None else shaped, _SOMEBODY, request)
    except BaseException as fault:      # its record in the log holds what it came from too
        raised, error = error, failure(fault)
        response = _carried(failed(error, request), _SOMEBODY, request)
        if isinstance(raised, HTTPError) and raised is not error:
            drop_frames(raised)
    request._raised = response._raised = Raised(error)
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


def _let_go(raised: Raised) -> None:
    """Ends the circle of a response that raised its exception again in a middleware which caught it."""
    raised.answer = None
    if isinstance(raised.error, HTTPError):
        drop_frames(raised.error)


def _asked(error: Exception, errors: Sequence[ErrorFile], request: Request) -> Response | None:
    """What the first error file that does not pass makes of it. Raises what an error file raises."""
    for file in errors:
        result = file.call(request, error)
        if result is not None:
            response = _dressed(result, error, file.where, request)
            if isinstance(error, HTTPError):
                drop_frames(error)
            return response
    return None


def _dressed(result: Any, error: Exception, where: str, request: Request) -> Response:
    """The result of an error file; what is neither Response nor triple has the error's status and headers."""
    if hasattr(result, "__await__"):
        result = _awaited(result, request)
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

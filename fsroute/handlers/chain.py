"""Chain: what runs around a handler.

Rules this module keeps
-----------------------
1. A chain is composed at start, from the place of a file in the tree. Outer folders come first, in a list the
   first one; what @use names for one method is innermost.
2. A *step* is a function of the request that always returns a Response: one middleware with all that is
   inside it, or the handler. The step inside is what a middleware gets as `call_next`. It runs once.
3. Each step catches for itself; whoever shapes errors there is asked at once, and the one answer then passes
   through every middleware from there outwards (see errorfiles).
4. What a step hands out belongs to this request (see handover).
"""

from __future__ import annotations

from functools import partial

from ..http.problems import failed
from ..http.response import Response
from ..http.send import answer, sent
from .endpoint import endpoint, failure
from .errorfiles import shaped
from .handover import let_go, owned

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from ..http.request import Request
    from ..http.send import Answer, Endpoint
    from .errorfiles import ErrorFile

    CallNext = Callable[[Request], Response]            # a step
    Layer = Callable[[Request, CallNext], Response]     # a middleware, as those in fsroute.middleware are

_DONE = 1_000_000       # deeper than any chain: nothing runs any more


class Middleware:
    """One middleware in its place.

    call: the function. name: what it is called in lists. where: name and file, for the log.
    errors: who shapes what it raises, innermost first.
    """

    __slots__ = ("call", "errors", "name", "where")

    def __init__(self, call: Callable[[Request, CallNext], Any], name: str, where: str,
                 errors: tuple[ErrorFile, ...]) -> None:
        self.call = call
        self.name = name
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
    def calls(self) -> tuple[tuple[int, int], ...]:
        """Which functions the middleware is, whatever folders name them."""
        calls = [each.call for each in self.middleware]
        # a bound method is made anew each time it is named
        return tuple([(id(getattr(call, "__func__", call)), id(getattr(call, "__self__", None)))
                      for call in calls])

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
                    response = result       # nearly always: owned() in place costs 60 ns less
                else:
                    response = owned(result, where, request)
            except BaseException as error:
                request._reached = _DONE
                response = shaped(failure(error), errors, request)
            if request._raised is not None:
                let_go(request._raised)
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
            if (type(result) is Response and type(result._body) is bytes and request._sending is None
                    and result._raised is request._raised):
                return result._twin()       # as above
            return owned(result, where, request)
        except BaseException as error:
            request._reached = _DONE
            return shaped(failure(error), errors, request)
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
            return Response.json(result) if type(result) is dict else owned(result, where, request)
        except BaseException as error:
            return shaped(failure(error), errors, request)
    return call_next


def _called_again() -> RuntimeError:
    return RuntimeError("call_next was called a second time, or after its middleware had returned: what is "
                        "inside it runs once a request")

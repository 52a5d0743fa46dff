from collections.abc import Callable

from fsroute import Request, Response

CallNext = Callable[[Request], Response]


def first(request: Request, call_next: CallNext) -> Response:
    return call_next(request)


def second(request: Request, call_next: CallNext) -> Response:
    return call_next(request)


def third(request: Request, call_next: CallNext) -> Response:
    return call_next(request)


middleware = [first, second, third]

from collections.abc import Callable

from fsroute import Request, Response


def middleware(request: Request, call_next: Callable[[Request], Response]) -> Response:
    return call_next(request)

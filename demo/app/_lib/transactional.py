"""Middleware: one transaction around a request that writes, for the handler in request.state.db.

Rules this module keeps
-----------------------
1. All that a handler wrote is kept, or nothing. `call_next` returns an answer also when the handler failed;
   what was raised is raised again here, and what was written is taken back.
2. It is kept before the answer goes out: nobody is told of an order that is none.
3. The body is read before the write lock is taken. Who sends it slowly must not hold what all writers wait
   for.
4. Reading takes no lock.
"""

from collections.abc import Callable

from app._lib.db import transaction
from fsroute import Request, Response


def transactional(request: Request, call_next: Callable[[Request], Response]) -> Response:
    if request.method in ("GET", "HEAD", "OPTIONS"):
        return call_next(request)
    request.bytes()
    with transaction() as request.state.db:
        response = call_next(request)
        response.raise_exception()
    return response

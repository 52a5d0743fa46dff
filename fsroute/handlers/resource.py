"""Resource: everything that answers under one URL pattern.

Rules this module keeps
-----------------------
1. Whatever a request may get from a pattern is an endpoint made at start, in one table by method: the
   handlers, OPTIONS, HEAD; a method without one gets `refuse`. A request looks up and calls.
2. Every resource answers HEAD, misses and refusals too, and each of those answers lacks its body.
3. A lazy one is filled by the first request for its path, whatever its method, and is then like any other.
   Until it could be filled, each request gets the 500 of what went wrong.
"""

from __future__ import annotations

from ..http.send import without_body
from .loader import lazy

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ..http.request import Request, Settings
    from ..http.send import Answer, Endpoint


class Resource:
    """What answers under one URL pattern.

    settings: for the requests that come here.
    endpoints: by method; HEAD falls back to GET.
    refuse: the endpoint for every other method: a 405, or for a resource that stands for a miss the 404.
    slashed: the resource that answers the same path with a final slash; None: that path is a miss.
    chain: the names of the middleware around all of them, outermost first.
    status: what this answers by itself, such as 404 or 308; None where a route answers.
    """

    __slots__ = ("chain", "endpoints", "refuse", "settings", "slashed", "status")

    def __init__(self, settings: Settings, endpoints: dict[str, Endpoint], refuse: Endpoint,
                 chain: tuple[str, ...] = (), status: int | None = None) -> None:
        head = endpoints.get("HEAD") or endpoints.get("GET") or refuse
        self.settings = settings
        self.endpoints = {**endpoints, "HEAD": without_body(head)}
        self.refuse = refuse
        self.slashed: Resource | None = None
        self.chain = chain
        self.status = status

    def with_slash(self) -> Resource | None:
        """What answers the same path with a final slash; None: that path is a miss."""
        return self.slashed

    def filled(self) -> Resource:
        """This very resource, with everything in it."""
        return self


class LazyResource(Resource):
    """A resource that is made when it is first asked for.

    make: makes the real one; what it raises is kept for a while (see loader.lazy).
    failing: makes the endpoint that answers with what was raised.
    """

    __slots__ = ("_failing", "_make")

    def __init__(self, settings: Settings, make: Callable[[], Resource],
                 failing: Callable[[Exception], Endpoint], chain: tuple[str, ...]) -> None:
        super().__init__(settings, {}, self._first, chain)
        self._make = lazy(make)
        self._failing = failing

    def with_slash(self) -> Resource | None:
        """As above; this one, which answers with what went wrong, when it cannot be made."""
        try:
            return self.filled().slashed
        except Exception:               # raised again, logged and answered by _first
            return self

    def filled(self) -> Resource:
        """This resource, made if it was not yet. Raises what its making raises."""
        made = self._make()
        # Other threads look on. Settings first and in place: whoever finds a real endpoint has the real
        # limit, also with a Request made before. Then the table, in place too: who found nothing in it goes
        # to `refuse`, which is still _first, and who finds the new `refuse` looks into the new table.
        self.settings.max_body = made.settings.max_body
        self.slashed = self if made.slashed is made else made.slashed
        self.endpoints.update(made.endpoints)
        self.refuse = made.refuse
        return self

    def _first(self, request: Request) -> Answer:
        try:
            resource = self.filled()
        except Exception as error:
            return self._failing(error)(request)
        return resource.endpoints.get(request.method, resource.refuse)(request)

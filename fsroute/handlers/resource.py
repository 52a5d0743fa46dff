"""Resource: everything that answers under one URL pattern.

Rules this module keeps
-----------------------
1. Whatever a request may get from a pattern is an endpoint made at start, in one table by method: the
   handlers, OPTIONS, HEAD; a method without one gets `refuse`. A request looks up and calls.
2. Every resource answers HEAD, misses and refusals too, and each of those answers lacks its body.
"""

from __future__ import annotations

from ..http.send import without_body

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ..http.request import Settings
    from ..http.send import Endpoint


class Resource:
    """What answers under one URL pattern.

    settings: for the requests that come here.
    endpoints: by method; HEAD falls back to GET.
    refuse: the endpoint for every other method: a 405, or for a resource that stands for a miss the 404.
    slashed: the resource that answers the same path with a final slash; None: that path is a miss.
    """

    __slots__ = ("endpoints", "refuse", "settings", "slashed")

    def __init__(self, settings: Settings, endpoints: dict[str, Endpoint], refuse: Endpoint) -> None:
        head = endpoints.get("HEAD") or endpoints.get("GET") or refuse
        self.settings = settings
        self.endpoints = {**endpoints, "HEAD": without_body(head)}
        self.refuse = refuse
        self.slashed: Resource | None = None

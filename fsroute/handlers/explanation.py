"""Explanation: what app.match says of a request, for people and for tests.

Rules this module keeps
-----------------------
1. It says what the app would choose before any handler runs; a handler may still answer 404 itself, a value
   that does not convert among the reasons.
"""

from __future__ import annotations

from ..routing.explain import passed_over

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from ..routing.route import Route
    from .resource import Resource


class Explanation:
    """Who answers a request, and why nobody else.

    status: 200 where a handler runs, else what the app answers by itself: 204, 308, 400, 404 or 405. A 404 is
    what a fallback takes over.
    route: the route, None on a miss. handler: the name of the function in its file, None where none runs.
    params: the raw values by name. passed_over: other routes, each with the reason.
    chain: the names of the middleware that runs, outermost first.
    """

    __slots__ = ("chain", "handler", "params", "passed_over", "route", "status")

    def __init__(self, status: int, route: Route | None, handler: str | None, params: dict[str, Any],
                 passed_over: list[tuple[Route, str]], chain: tuple[str, ...]) -> None:
        self.status = status
        self.route = route
        self.handler = handler
        self.params = params
        self.passed_over = passed_over
        self.chain = chain

    def __str__(self) -> str:
        lines = [str(self.status)]
        if self.route is not None:
            lines[0] += f" {self.route.pattern}"
            lines.append(f"  {self.handler or 'no handler'} in {self.route.file}")
        if self.chain:
            lines.append(f"  through {', '.join(self.chain)}")
        lines += [f"  {name} = {value!r}" for name, value in self.params.items()]
        lines += [f"  not {route.pattern}: {reason}" for route, reason in self.passed_over]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Explanation {self.status} {self.route.pattern if self.route else None}>"


def explain(method: str, path: str, resource: Resource, params: dict[str, Any],
            routes: Iterable[Route]) -> Explanation:
    """What stands behind the app's choice of a resource.

    path: decoded. routes: all of them. Raises what importing a lazy route file raises.
    """
    pattern = resource.filled().settings.route
    route = next((route for route in routes if route.pattern == pattern), None)
    others = passed_over(routes, path.removesuffix("/") or "/", route)
    status, handler = _outcome(method, resource, route)
    inner = route.used.get(handler, ()) if route is not None and handler is not None else ()
    return Explanation(status, route, handler, params, others, resource.chain + inner)


def _outcome(method: str, resource: Resource, route: Route | None) -> tuple[int, str | None]:
    """The status, and the name of the handler that runs, if one does."""
    if route is not None:
        if resource.status is not None:
            return resource.status, None
        handler = "GET" if method == "HEAD" and "HEAD" not in route.methods else method
        if handler in route.methods:
            return 200, handler
    if method == "OPTIONS" and method in resource.endpoints:
        return 204, None
    if route is not None:
        return 405, None
    return resource.status or 404, None

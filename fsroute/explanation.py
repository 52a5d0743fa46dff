"""Explanation: what app.match says of a request, for people and for tests.

Rules this module keeps
-----------------------
1. It says what the app would choose before any handler runs; a handler may still answer 404 itself, a value
   that does not convert among the reasons.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from .routing.route import Route


class Explanation:
    """Who answers a request, and why nobody else.

    status: 200 where a handler runs, else what the app answers by itself: 204, 308, 400, 404 or 405.
    route: the route, None on a miss. handler: the name of the function in its file, None where none runs.
    params: the raw values by name. passed_over: other routes, each with the reason.
    """

    __slots__ = ("handler", "params", "passed_over", "route", "status")

    def __init__(self, status: int, route: Route | None, handler: str | None, params: dict[str, Any],
                 passed_over: list[tuple[Route, str]]) -> None:
        self.status = status
        self.route = route
        self.handler = handler
        self.params = params
        self.passed_over = passed_over

    def __str__(self) -> str:
        lines = [str(self.status)]
        if self.route is not None:
            lines[0] += f" {self.route.pattern}"
            lines.append(f"  {self.handler or 'no handler'} in {self.route.file}")
        lines += [f"  {name} = {value!r}" for name, value in self.params.items()]
        lines += [f"  not {route.pattern}: {reason}" for route, reason in self.passed_over]
        return "\n".join(lines)

    def __repr__(self) -> str:
        return f"<Explanation {self.status} {self.route.pattern if self.route else None}>"

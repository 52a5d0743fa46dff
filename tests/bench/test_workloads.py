"""A comparison is fair only if both do the work."""

from collections.abc import Callable
from wsgiref.types import WSGIApplication

import pytest

from tests.bench import raw
from tests.bench.subjects import fsroute_app, fsroute_app_with_routes
from tests.bench.workloads import DISTINCT, WORKLOADS, Exchange, Workload, verify

each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)


@each_workload
@pytest.mark.parametrize("make_app", [lambda: raw.application, fsroute_app], ids=["raw", "fsroute"])
def test_both_give_the_right_answer_to_every_workload(
    workload: Workload, make_app: Callable[[], WSGIApplication]
) -> None:
    app = make_app()
    for number in (0, 42, DISTINCT - 1):
        verify(app, workload.exchange(number))


def test_a_wrong_answer_is_named() -> None:
    with pytest.raises(AssertionError, match="GET /api/hello: the status is '200', not '404'; the value is"):
        verify(raw.application, Exchange("GET", "/api/hello", status=404, value={}))


def test_the_crowd_of_routes_is_really_there() -> None:
    app = fsroute_app_with_routes(1_000)
    hello = {"message": "Hello, World!"}
    paths = ("/api/r0/items", "/api/r1/7", "/api/r2/7/items/8", "/api/r3/a", "/api/users/r4", "/api/r5/items")
    for path in paths:
        verify(app, Exchange("GET", path, value=hello))
    verify(app, Exchange("GET", "/api/r1000/items", status=404))
    verify(app, WORKLOADS[1].exchange(42))

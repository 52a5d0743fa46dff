"""A comparison is fair only if both do the work."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from wsgiref.types import WSGIApplication

import pytest

from tests.bench import raw, validation
from tests.bench.subjects import fsroute_app, fsroute_app_typed, fsroute_app_with_routes
from tests.bench.timing import measure_calls
from tests.bench.workloads import DISTINCT, TYPED_WORKLOADS, WORKLOADS, Exchange, Workload, verify

each_workload = pytest.mark.parametrize("workload", WORKLOADS, ids=lambda workload: workload.name)


@each_workload
@pytest.mark.parametrize("make_app", [lambda: raw.application, fsroute_app], ids=["raw", "fsroute"])
def test_both_give_the_right_answer_to_every_workload(
    workload: Workload, make_app: Callable[[], WSGIApplication]
) -> None:
    app = make_app()
    for number in (0, 42, DISTINCT - 1):
        verify(app, workload.exchange(number))


@pytest.mark.parametrize("workload", TYPED_WORKLOADS, ids=lambda workload: workload.name)
@pytest.mark.parametrize("make_app", [
    lambda: raw.typed_application, lambda: fsroute_app_typed("by_hand"),
    lambda: fsroute_app_typed("annotated")], ids=["raw", "by hand", "annotated"])
def test_all_three_convert_check_and_refuse(
    workload: Workload, make_app: Callable[[], WSGIApplication]
) -> None:
    app = make_app()
    for number in (0, 42, DISTINCT - 1):
        verify(app, workload.exchange(number))
    right = workload.exchange(42)
    body = right.body.replace(b': 42}', b': "42"}')
    verify(app, replace(right, query="limit=ten", body=body, status=400, value=None))


@pytest.mark.parametrize("name", ["fsroute", "pydantic", "marshmallow"])
def test_an_order_becomes_the_same_whoever_checks_it(name: str) -> None:
    for number in (0, 1, validation.ORDERS - 1):
        validation.verify(validation.checks()[name], number)


@pytest.mark.parametrize(("check", "told"), [
    (lambda order: {**order, "due": None}, "not {'id': UUID"),
    (lambda order: validation.expected(7), "takes 'two' for a number"),
])
def test_a_check_that_does_less_is_named(check: Callable[[dict[str, Any]], Any], told: str) -> None:
    with pytest.raises(AssertionError, match=told):
        validation.verify(check, 7)


def test_each_function_is_timed_with_each_value_in_each_batch() -> None:
    calls: list[tuple[str, int]] = []
    functions = {name: (lambda value, name=name: calls.append((name, value))) for name in ("first", "other")}
    times = measure_calls(functions, [1, 2], rounds=3, batches=2)
    first, other = [("first", 1), ("first", 2)], [("other", 1), ("other", 2)]
    assert calls == [*first, *other, *other, *first] * 3
    assert [len(figures) for figures in times.values()] == [3, 3]


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

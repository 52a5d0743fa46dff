"""How long applications take, beside each other in one process.

Rules this module keeps
-----------------------
1. Only the application is timed: environs are made before the clock starts, the loop's cost is taken off.
2. Nobody gets better weather: short batches of the same requests take turns, each is first as often as last.
3. A figure is the median batch of a round, in CPU time of this thread. A comparison is made within one round.
4. The collector rests while the clock runs: test_call_budget.py proves that a request leaves it no work.
"""

import gc
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from statistics import median
from time import thread_time_ns
from typing import Any
from wsgiref.types import WSGIApplication, WSGIEnvironment

from tests.bench.workloads import DISTINCT, Workload, environ_of, start_response

BATCH = 200  # requests: long beside the clock's own cost, short beside a change of the weather


def measure(
    apps: Mapping[str, WSGIApplication], workload: Workload, *, rounds: int, batches: int
) -> dict[str, list[float]]:
    """Nanoseconds for one request: for each application one figure a round."""
    figures: dict[str, list[float]] = {name: [] for name in apps}
    turns = [list(apps), list(apps)[::-1]]
    with _collector_off():
        for _ in range(rounds):
            gc.collect()
            taken: dict[str, list[int]] = {name: [] for name in apps}
            empty: list[int] = []
            for number in range(batches):
                first = number * BATCH
                empty.append(_time_nothing(_environs(workload, first)))
                for name in turns[number % 2]:
                    taken[name].append(_time(apps[name], _environs(workload, first)))
            for name, batch_times in taken.items():
                figures[name].append((median(batch_times) - min(empty)) / BATCH)
    return figures


def measure_calls(
    functions: Mapping[str, Callable[[Any], object]], values: Sequence[Any], *, rounds: int, batches: int
) -> dict[str, list[float]]:
    """Nanoseconds for one call with one of the values: for each function one figure a round."""
    figures: dict[str, list[float]] = {name: [] for name in functions}
    turns = [list(functions), list(functions)[::-1]]
    with _collector_off():
        for _ in range(rounds):
            gc.collect()
            taken: dict[str, list[int]] = {name: [] for name in functions}
            for number in range(batches):
                for name in turns[number % 2]:
                    taken[name].append(_time_calls(functions[name], values))
            for name, batch_times in taken.items():
                figures[name].append(median(batch_times) / len(values))
    return figures


def _time_calls(function: Callable[[Any], object], values: Sequence[Any]) -> int:
    start = thread_time_ns()
    for value in values:
        function(value)
    return thread_time_ns() - start


def _environs(workload: Workload, first: int) -> list[WSGIEnvironment]:
    return [environ_of(workload.exchange(number % DISTINCT)) for number in range(first, first + BATCH)]


def _time(app: WSGIApplication, environs: Sequence[WSGIEnvironment]) -> int:
    start = thread_time_ns()
    for environ in environs:
        result = app(environ, start_response)
        for _chunk in result:
            pass
        if hasattr(result, "close"):
            result.close()
    return thread_time_ns() - start


def _time_nothing(environs: Sequence[WSGIEnvironment]) -> int:
    result = [b""]
    start = thread_time_ns()
    for _environ in environs:
        for _chunk in result:
            pass
        if hasattr(result, "close"):
            result.close()
    return thread_time_ns() - start


@contextmanager
def _collector_off() -> Iterator[None]:
    was_on = gc.isenabled()
    gc.collect()
    gc.freeze()  # what was built for the measurement is not looked at again
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()

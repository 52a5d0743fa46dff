"""What one request calls: the figure that a noisy machine cannot blur.

    python -m tests.bench.calls            print the calls of every workload
    python -m tests.bench.calls --write    make them the budget, on the Python that it is kept for

A list of calls holds Python functions by module and name, and C functions marked "C ", in the order of the
calls. Operators and calls of a class are in no list: sys.setprofile does not tell of them.
"""

import argparse
import json
import sys
from collections.abc import Callable
from difflib import unified_diff
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple
from wsgiref.types import WSGIApplication

from tests.bench.subjects import fsroute_app, fsroute_app_typed, fsroute_app_with_middleware
from tests.bench.workloads import TYPED_WORKLOADS, WORKLOADS, Exchange, environ_of, start_response, verify

BUDGET = Path(__file__).with_name("call_budget.json")
BUDGET_PYTHON = (3, 11)  # the oldest one: later ones inline comprehensions and so call less

Profile = Callable[[FrameType, str, Any], object]


class Count(NamedTuple):
    """How many calls a list holds of either kind: a Python call costs several times a C call."""

    python: int
    c: int

    def __str__(self) -> str:
        return f"{self.python} Python and {self.c} C calls"


def count(calls: list[str]) -> Count:
    in_c = sum(call.startswith("C ") for call in calls)
    return Count(len(calls) - in_c, in_c)


def calls_of(app: WSGIApplication, exchange: Exchange) -> list[str]:
    """What one request calls, app first. What happens on the first request only has happened before.

    Raises AssertionError if the answer is wrong: an error's calls are not the workload's.
    """
    verify(app, exchange)
    calls: list[str] = []

    def note(frame: FrameType, event: str, argument: Any) -> None:
        if frame.f_code in (_run.__code__, start_response.__code__):
            return  # the host's doing, not the application's
        if event == "call":
            calls.append(f"{frame.f_globals['__name__']}.{frame.f_code.co_qualname}")
        elif event == "c_call":
            calls.append(f"C {argument.__qualname__}")

    _run(app, exchange, note)
    return calls


def _run(app: WSGIApplication, exchange: Exchange, profile: Profile) -> None:
    environ = environ_of(exchange)
    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        result = app(environ, start_response)
        for _chunk in result:
            pass
        if hasattr(result, "close"):
            result.close()
    finally:
        sys.setprofile(before)


def calls_by_workload() -> dict[str, list[str]]:
    app = fsroute_app()
    called = {workload.name: calls_of(app, workload.exchange(42)) for workload in WORKLOADS}
    for count in (1, 3):
        through = fsroute_app_with_middleware(count)
        called[f"W1 through {count} middleware"] = calls_of(through, WORKLOADS[0].exchange(42))
    for how in ("by_hand", "annotated"):
        typed = fsroute_app_typed(how)
        for workload in TYPED_WORKLOADS:
            called[f"{workload.name}, {how}"] = calls_of(typed, workload.exchange(42))
    return called


def budget() -> dict[str, list[str]]:
    budget: dict[str, list[str]] = json.loads(BUDGET.read_text())
    return budget


def difference(allowed: list[str], called: list[str]) -> str:
    """The two lists as a unified diff; it names each call that came or went."""
    everything = len(allowed) + len(called)
    return "\n".join(unified_diff(allowed, called, BUDGET.name, "called now", n=everything, lineterm=""))


def main() -> None:
    parser = argparse.ArgumentParser("python -m tests.bench.calls", description="What one request calls")
    parser.add_argument("--write", action="store_true", help=f"make this the budget, {BUDGET.name}")
    write = parser.parse_args().write

    called = calls_by_workload()
    for name, calls in called.items():
        print(f"{name}: {count(calls)}", *calls, sep="\n    ")
    if write:
        if sys.version_info[:2] != BUDGET_PYTHON:
            sys.exit("the budget is kept for Python {}.{}: write it with that one".format(*BUDGET_PYTHON))
        BUDGET.write_text(json.dumps(called, indent=2) + "\n")
        print(f"written: {BUDGET}")


if __name__ == "__main__":
    main()

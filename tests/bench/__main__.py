"""fsroute beside hand-written WSGI: python -m tests.bench (see README.md beside this file)."""

import argparse
import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from wsgiref.types import WSGIApplication

from tests.bench import raw, validation
from tests.bench.subjects import (
    fsroute_app,
    fsroute_app_typed,
    fsroute_app_with_middleware,
    fsroute_app_with_routes,
)
from tests.bench.timing import BATCH, measure, measure_calls
from tests.bench.workloads import DISTINCT, TYPED_WORKLOADS, WORKLOADS, verify

ROUTE_COUNTS = (10, 10_000, 100_000)

# What --check refuses. Far above the figures of a quiet machine: a red light here is no weather.
LIMITS = {"W1 / raw": 0.95, "W2 / raw": 0.95, "W4 / raw": 0.95, "W2 of 100,000 routes / of 10": 1.25,
          "first middleware / raw W1": 0.45, "each further one / raw W1": 0.2,
          "typed query / raw": 1.3, "typed body / raw": 1.5,
          "validated order / pydantic": 3.0, "validated order / marshmallow": 1.0}


@dataclass(frozen=True, slots=True)
class Row:
    """One comparison: over all rounds, the ratio of two times taken in the same round."""

    name: str
    title: str
    base_ns: float  # per request, the median round
    ns: float
    ratios: list[float]

    def __str__(self) -> str:
        low, middle, high = min(self.ratios), median(self.ratios), max(self.ratios)
        times = f"{self.base_ns:>8,.0f} {self.ns:>8,.0f}"
        return f"{self.name:<29} {times}    {low:>5.2f} {middle:>7.2f} {high:>5.2f}   {self.title}"


HEADING = f"{'':<29} {'base ns':>8} {'ns':>8}    {'min':>5} {'median':>7} {'max':>5}"


def compare_with_raw(rounds: int, batches: int) -> list[Row]:
    """fsroute / raw for each workload."""
    apps: dict[str, WSGIApplication] = {"raw": raw.application, "fsroute": fsroute_app()}
    for workload in WORKLOADS:
        for number in range(DISTINCT):
            for app in apps.values():
                verify(app, workload.exchange(number))

    rows = []
    for workload in WORKLOADS:
        times = measure(apps, workload, rounds=rounds, batches=batches)
        rows.append(_row(f"{workload.name} / raw", workload.title, times["raw"], times["fsroute"]))
    return rows


def compare_route_counts(rounds: int, batches: int) -> list[Row]:
    """W2 among many routes / W2 among few."""
    workload = WORKLOADS[1]
    apps = {f"{count:,}": fsroute_app_with_routes(count) for count in ROUTE_COUNTS}
    for app in apps.values():
        for number in range(DISTINCT):
            verify(app, workload.exchange(number))

    times = measure(apps, workload, rounds=rounds, batches=batches)
    few, *many = apps
    return [_row(f"W2 of {more} routes / of {few}", workload.title, times[few], times[more]) for more in many]


def compare_middleware(rounds: int, batches: int) -> list[Row]:
    """What W1 costs more through one middleware, and through each further one / raw."""
    workload = WORKLOADS[0]
    apps: dict[str, WSGIApplication] = {
        "raw": raw.application, "none": fsroute_app(),
        "one": fsroute_app_with_middleware(1), "three": fsroute_app_with_middleware(3)}
    for app in apps.values():
        verify(app, workload.exchange(0))

    times = measure(apps, workload, rounds=rounds, batches=batches)
    first = [one - none for one, none in zip(times["one"], times["none"], strict=True)]
    further = [(three - one) / 2 for three, one in zip(times["three"], times["one"], strict=True)]
    return [_row("first middleware / raw W1", "a chain around it", times["raw"], first),
            _row("each further one / raw W1", "one more in the chain", times["raw"], further)]


def compare_typed(rounds: int, batches: int) -> list[Row]:
    """What is taken by annotation / raw, and / the same handler written by hand."""
    apps: dict[str, WSGIApplication] = {
        "raw": raw.typed_application, "by hand": fsroute_app_typed("by_hand"),
        "annotated": fsroute_app_typed("annotated")}
    rows = []
    for workload in TYPED_WORKLOADS:
        for number in range(DISTINCT):
            for app in apps.values():
                verify(app, workload.exchange(number))
        times = measure(apps, workload, rounds=rounds, batches=batches)
        rows += [_row(f"typed {workload.name} / {other}", workload.title, times[other], times["annotated"])
                 for other in ("raw", "by hand")]
    return rows


def compare_validation(rounds: int, batches: int) -> list[Row]:
    """The check of a parsed body / that of others. None where these are not installed, which it says."""
    try:
        checks = validation.checks()
    except ImportError as error:
        mend = '"make bench" has it, or: pip install pydantic marshmallow'
        print(f"validated order: {error}. {mend}", file=sys.stderr)
        return []
    for check in checks.values():
        for number in range(validation.ORDERS):
            validation.verify(check, number)
    orders = [validation.order(number) for number in range(validation.ORDERS)]
    times = measure_calls(checks, orders, rounds=rounds, batches=batches // 5)
    return [_row(f"validated order / {other}", "10 fields, 20 items of 4", times[other], times["fsroute"])
            for other in ("pydantic", "marshmallow")]


def _row(name: str, title: str, base: list[float], times: list[float]) -> Row:
    ratios = [mine / other for mine, other in zip(times, base, strict=True)]
    return Row(name, title, median(base), median(times), ratios)


def main() -> int:
    parser = argparse.ArgumentParser("python -m tests.bench", description="fsroute beside hand-written WSGI")
    parser.add_argument("--quick", action="store_true", help="3 short rounds: a look, not a measurement")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures to FILE as well")
    parser.add_argument("--check", action="store_true", help="exit with 1 if a median passes its limit")
    options = parser.parse_args()
    rounds, batches = (3, 20) if options.quick else (7, 100)

    python = f"{platform.python_implementation()} {platform.python_version()}"
    print(f"{python}, {rounds} rounds of {batches} batches of {BATCH} requests; ns of CPU time per request")
    print(HEADING)
    rows = []
    for compare in (compare_with_raw, compare_middleware, compare_typed, compare_validation,
                    compare_route_counts):
        for row in compare(rounds, batches):
            print(row, flush=True)
            rows.append(row)

    if options.json:
        measured = {"python": python, "rounds": rounds, "batches": batches, "requests_per_batch": BATCH}
        figures = {**measured, "rows": [asdict(row) for row in rows]}
        options.json.write_text(json.dumps(figures, indent=2) + "\n")

    medians = {row.name: median(row.ratios) for row in rows}
    broken = {name: limit for name, limit in LIMITS.items() if not medians.get(name, limit + 1) <= limit}
    for name, limit in broken.items():
        what = "over" if name in medians else "not measured, so not known to be within"
        print(f"{what} its limit of {limit}: {name}", file=sys.stderr)
    return 1 if options.check and broken else 0


if __name__ == "__main__":
    sys.exit(main())

"""What one request may cost, without a clock.

On a shared machine a time says little; a list of calls says what was added, and where.
"""


import pytest

from tests.bench.calls import budget, calls_by_workload, calls_of, count, difference
from tests.bench.subjects import fsroute_app, fsroute_app_typed, fsroute_app_with_routes
from tests.bench.workloads import TYPED_WORKLOADS, WORKLOADS, Workload, environ_of, start_response
from tests.garbage import check_no_garbage


@pytest.fixture(scope="module")
def called() -> dict[str, list[str]]:
    return calls_by_workload()


@pytest.mark.parametrize("name", budget())
def test_a_request_calls_no_more_than_its_budget(
    name: str, called: dict[str, list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    allowed, now = budget()[name], called[name]
    rose = any(after > before for after, before in zip(count(now), count(allowed), strict=True))
    fell = any(after < before for after, before in zip(count(now), count(allowed), strict=True))
    verdict = f"{name} makes {count(now)}; allowed are {count(allowed)}."
    if rose:
        hint = "If it is worth it, say why in the commit and run: python3.11 -m tests.bench.calls --write"
        pytest.fail(f"{verdict}\n{hint}\n{difference(allowed, now)}", pytrace=False)
    if fell:
        with capsys.disabled():
            print(f"\n{verdict} Keep what was won: python3.11 -m tests.bench.calls --write")


def test_every_list_of_calls_has_a_budget(called: dict[str, list[str]]) -> None:
    assert list(budget()) == list(called)


def test_the_number_of_routes_does_not_change_what_a_request_calls() -> None:
    exchange = WORKLOADS[1].exchange(42)
    few = calls_of(fsroute_app_with_routes(10), exchange)
    assert calls_of(fsroute_app_with_routes(10_000), exchange) == few
    assert calls_of(fsroute_app_with_routes(100_000), exchange) == few


@pytest.mark.parametrize("workload", [*WORKLOADS, *TYPED_WORKLOADS], ids=lambda workload: workload.name)
def test_a_request_leaves_no_work_for_the_garbage_collector(workload: Workload) -> None:
    app = fsroute_app_typed("annotated") if workload in TYPED_WORKLOADS else fsroute_app()

    def requests() -> None:
        for number in range(100):
            for _chunk in app(environ_of(workload.exchange(number)), start_response):
                pass

    check_no_garbage(requests)

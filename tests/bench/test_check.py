"""`--check` fails where a limit is passed, and where nobody looked."""

import sys
from collections.abc import Callable, Mapping

import pytest

from tests.bench import __main__ as bench
from tests.bench.__main__ import LIMITS, Row

COMPARISONS = [name for name in vars(bench) if name.startswith("compare_")]


def rows(ratios: Mapping[str, float] = {}) -> list[Row]:
    """A row for each limit, at half of it unless told."""
    return [Row(name, "", 100, 50, [ratios.get(name, limit / 2)]) for name, limit in LIMITS.items()]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Callable[..., int]:
    """main() where so much is measured: its exit status."""
    def run(measured: list[Row], *arguments: str) -> int:
        for name in COMPARISONS:
            found = measured if name == COMPARISONS[0] else []
            monkeypatch.setattr(bench, name, lambda rounds, batches, found=found: found)
        monkeypatch.setattr("sys.argv", ["tests.bench", "--quick", *arguments])
        return bench.main()

    return run


def test_every_row_within_its_limit_is_a_success(run: Callable[..., int]) -> None:
    assert run(rows(), "--check") == 0


def test_a_row_over_its_limit_is_named(run: Callable[..., int], capsys: pytest.CaptureFixture[str]) -> None:
    slow = rows({"W1 / raw": 0.96})
    assert run(slow, "--check") == 1
    assert capsys.readouterr().err == "over its limit of 0.95: W1 / raw\n"
    assert run(slow) == 0                   # without --check it is only said


def test_a_limit_that_nothing_was_measured_for_is_named(
    run: Callable[..., int], capsys: pytest.CaptureFixture[str]
) -> None:
    less = [row for row in rows() if "pydantic" not in row.name]
    assert run(less, "--check") == 1
    assert capsys.readouterr().err == (
        "not measured, so not known to be within its limit of 3.0: validated order / pydantic\n")


def test_without_the_other_packages_the_rest_is_measured(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "pydantic", None)
    assert bench.compare_validation(1, 5) == []
    assert "pip install pydantic marshmallow" in capsys.readouterr().err


def test_the_validation_rows_are_those_of_the_limits() -> None:
    measured = [row.name for row in bench.compare_validation(1, 5)]
    assert measured == [name for name in LIMITS if name.startswith("validated")]

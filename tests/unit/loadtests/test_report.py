"""What a run says in words: what no long solve showed is not claimed, and people's own text stays."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from loadtests.phase import Endpoint, Measured
from loadtests.ratios.pairing import Ratio
from loadtests.report import LEAST_CALLS, Run, ratio_lines, text, write
from loadtests.settings import Settings, from_environment


def phase(calls: int = LEAST_CALLS, **p95: float) -> Measured:
    """A phase in which each of these endpoints was asked so often."""
    return Measured({name: Endpoint(name, calls, 0, 1.0, worst, worst) for name, worst in p95.items()}, {})


def run(solve_share: float) -> Run:
    """A run in which the slowest endpoint took twice its time while solving."""
    made = Run(Settings(), ["2 cores"], dt.datetime(2027, 3, 1, tzinfo=dt.UTC), 0.1)
    made.ratios = [Ratio("search_p50", 4.0, 2.5, 2.0, least=False, unit="ms")]
    made.rest, made.solving = phase(search=20.0, inbox=10.0), phase(search=40.0, inbox=11.0, slot=99.0)
    made.solve_share = solve_share
    return made


def test_each_ratio_stands_alone_on_its_line() -> None:
    assert ratio_lines(run(0.9)) == ["ratio search_p50 1.600", "ratio p95_while_solving 2.000"]


@pytest.mark.parametrize(("share", "shown"), [(0.9, "| 2.00 | <= 3 | yes |"), (0.4, "| <= 3 | not shown |")])
def test_a_phase_in_which_the_solver_had_little_to_do_shows_nothing(share: float, shown: str) -> None:
    assert shown in text(run(share), [])


def test_only_what_lies_between_the_marks_is_replaced(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    write(page, "first")
    page.write_text(page.read_text() + "\nOur own words.\n")
    write(page, "second")
    assert "first" not in page.read_text()
    assert page.read_text().index("second") < page.read_text().index("Our own words.")


def test_settings_are_numbers_above_zero() -> None:
    assert from_environment({"DURATION": "20", "RATE": "6"}) == Settings(duration=20, rate=6)
    for wrong in ("0", "-1", "inf", "soon"):
        with pytest.raises(ValueError, match=r"number|float"):
            from_environment({"DURATION": wrong})


def test_an_endpoint_that_was_hardly_asked_does_not_decide() -> None:
    made = run(0.9)
    made.rest, made.solving = phase(LEAST_CALLS - 1, search=10.0), phase(search=90.0)
    assert made.slowdown() == 0.0
    assert "| not shown |" in text(made, [])

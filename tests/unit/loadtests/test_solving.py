"""How long a solver was at work is read off the round's progress."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from loadtests.solving import Work

NOON = dt.datetime(2027, 3, 1, 12, 0, tzinfo=dt.UTC)


def at(seconds: float) -> dt.datetime:
    """A moment after noon."""
    return NOON + dt.timedelta(seconds=seconds)


def progress(began: float | None, ended: float | None = None) -> dict[str, Any]:
    """What a round says of its latest job."""
    told = (None if moment is None else at(moment).isoformat() for moment in (began, ended))
    return dict(zip(("started_at", "finished_at"), told, strict=True))


def test_a_job_that_still_runs_counts_up_to_when_it_was_seen() -> None:
    work = Work()
    work.note(progress(2), at(3))
    work.note(progress(2), at(7))
    assert work.share(at(0), at(10)) == pytest.approx(0.5)
    assert work.solves == 1


def test_jobs_add_up_and_only_what_lies_inside_counts() -> None:
    work = Work()
    work.note(progress(-5, 1), at(1))
    work.note(progress(4, 6), at(6.5))
    work.note(progress(9), at(12))
    assert work.share(at(0), at(10)) == pytest.approx(0.4)
    assert work.solves == 3


def test_a_round_without_a_job_at_work_shows_nothing() -> None:
    work = Work()
    work.note(None, at(1))
    work.note(progress(None), at(2))
    assert (work.share(at(0), at(10)), work.solves) == (0.0, 0)
    assert work.share(at(5), at(5)) == 0.0

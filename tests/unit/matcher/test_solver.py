"""A search steps back, and nobody else in the process with it."""

from __future__ import annotations

import os

import pytest

from services.matcher.engine.model import Progress
from services.matcher.solver import Standing, aside, step_back


def test_who_steps_back_does_so_alone() -> None:
    def stepped_back() -> int:
        step_back()
        return os.sched_getscheduler(0)

    assert aside(stepped_back) == os.SCHED_IDLE
    assert os.sched_getscheduler(0) == os.SCHED_OTHER


def test_what_breaks_aside_breaks_here() -> None:
    def broken() -> None:
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        aside(broken)


def test_the_beginning_of_a_search_is_heard_once() -> None:
    heard: list[str] = []
    standing = Standing()
    report = standing.heard(lambda: heard.append("search"))
    for phase in ("candidates", "searching", "searching"):
        report(Progress(phase))
    assert heard == ["search"]
    assert standing.progress.phase == "searching"

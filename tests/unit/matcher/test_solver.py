"""A search steps back, and nobody else in the process with it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from services.matcher.machine import aside, step_back


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


UNFINISHED = """
from threading import Event, Thread
from services.matcher.machine import aside
begun = Event()
Thread(target=aside, args=(lambda: begun.set() or Event().wait(),), daemon=True).start()
begun.wait()
"""


def test_the_process_may_end_while_a_search_goes_on() -> None:
    command = [sys.executable, "-W", "ignore", "-c", UNFINISHED]
    assert subprocess.run(command, timeout=60, check=False).returncode == 0

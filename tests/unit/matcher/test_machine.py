"""What the solver asks of the machine."""

from __future__ import annotations

import os
import threading

from services.matcher.machine import POLITE, aside, be_polite


def _niceness(before: int) -> int:
    thread = threading.get_native_id()
    os.setpriority(os.PRIO_PROCESS, thread, before)
    be_polite()
    return os.getpriority(os.PRIO_PROCESS, thread)


def test_a_thread_becomes_polite_and_one_that_is_politer_stays_so() -> None:
    """Who starts the stack with `nice -n 15` may not have less: the thread would not even be allowed to."""
    assert [aside(lambda before=before: _niceness(before)) for before in (0, 15)] == [POLITE, 15]  # type: ignore[misc]

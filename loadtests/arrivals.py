"""Open arrivals: visits begin when they are due, however slow the answers to earlier ones are."""

from __future__ import annotations

import random
from collections.abc import Sequence

import gevent
from gevent.pool import Pool

from loadtests.timetable import Story, due_times, pick

MOST_AT_ONCE = 400


class Overrun(RuntimeError):
    """More visits were open at once than a stack that keeps up would have."""


def run(weighted: Sequence[tuple[int, Story]], rate: float, seconds: float, chance: random.Random) -> int:
    """Begins visits at random (Poisson) for `seconds`, on average `rate` a second; returns how many.

    Raises Overrun if the stack falls behind so far that visits pile up without end.
    """
    visits, begun = Pool(MOST_AT_ONCE), 0
    started = gevent.get_hub().loop.now()
    for due in due_times(rate, seconds, chance):
        gevent.sleep(max(0.0, started + due - gevent.get_hub().loop.now()))
        if visits.full():
            raise Overrun(f"{MOST_AT_ONCE} visits are open after {due:.0f} s")
        visits.spawn(pick(weighted, chance))
        begun += 1
    visits.join(timeout=30)
    return begun

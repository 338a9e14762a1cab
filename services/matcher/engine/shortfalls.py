"""The numbers behind hard reasons, for a wish that nothing suits: how far the nearest is, and when.

They are looked up once it is known that there is no option, so that they may cost more than a count.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TypeAlias

from services.matcher.engine.days import day_of
from services.matcher.engine.model import Params, Problem, Window, Wish

# The last digits of kilometres as floats.
_DIGITS = 1e-6
# By the code of a reason.
Told: TypeAlias = dict[str, Params]


def distance(limit_km: float, nearest_km: float) -> Params:
    """What is allowed, and how far the nearest is of those that are farther."""
    return (("limit_km", math.floor(limit_km)), ("nearest_km", math.ceil(nearest_km - _DIGITS)))


def span(windows: Iterable[tuple[int, int]], earliest: int) -> Params:
    """The first and the last day of all that is not over; nothing if all is."""
    coming = [(max(start, earliest), end) for start, end in windows if end > earliest]
    if not coming:
        return ()
    first, last = min(start for start, _ in coming), max(end for _, end in coming)
    return (("first_day", day_of(first)), ("last_day", day_of(last - 1)))


def lessons(problem: Problem, wish: Wish) -> Params:
    """The last day with lessons before the wished times and the first after them, where there are such."""
    days = problem.lesson_days.get(wish.area, frozenset())
    first = day_of(min(window.start for window in wish.windows))
    last = day_of(max(window.end for window in wish.windows) - 1)
    before = max((day for day in days if day_of(problem.earliest) <= day < first), default=None)
    after = min((day for day in days if day > last), default=None)
    told = (("before_day", before), ("after_day", after))
    return tuple((name, day) for name, day in told if day is not None)


def apart(mine: Iterable[Window], theirs: Iterable[Window]) -> bool:
    """Whether no two windows share a moment."""
    others = tuple(theirs)
    return not any(a.start < b.end and b.start < a.end for a in mine for b in others)

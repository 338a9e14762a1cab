"""Whether somebody can be in two places one after the other, and how many appointments are too many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from functools import lru_cache

from services.matcher.engine.days import day_of, month_number, month_of, week_of
from services.matcher.engine.model import Busy, Expert, Roads, Window


class KnownRoads:
    """Roads that are asked about each pair of places once."""

    def __init__(self, roads: Roads) -> None:
        self.km = lru_cache(maxsize=None)(roads.km)
        self.minutes = lru_cache(maxsize=None)(roads.minutes)


Period = Callable[[int], int]
CAPS: tuple[tuple[str, Period], ...] = (("cap_day", day_of), ("cap_week", week_of), ("cap_month", month_of))


def time_refusal(roads: Roads, wanted: Busy, taken: Iterable[Busy]) -> str | None:
    """`busy` if the times overlap, `travel` if the road between them takes too long, None if both can be."""
    worst = None
    for other in taken:
        if wanted.start < other.end and other.start < wanted.end:
            return "busy"
        if not reaches(roads, wanted, other):
            worst = "travel"
    return worst


def reaches(roads: Roads, a: Busy, b: Busy) -> bool:
    """Whether the time between two appointments that do not overlap is enough for the road."""
    first, second = (a, b) if a.start <= b.start else (b, a)
    gap = second.start - first.end
    return gap >= roads.minutes(first.place, second.place, month_number(second.start))


def clash(roads: Roads, a: Busy, b: Busy) -> bool:
    """Whether one person, or one unit, cannot have both."""
    return time_refusal(roads, a, (b,)) is not None


def cap_refusal(expert: Expert, start: int) -> str | None:
    """The cap that what the expert already has leaves no room under, or None."""
    for code, period in CAPS:
        cap = getattr(expert, code)
        if cap is not None and used(expert.busy, period)[period(start)] >= cap:
            return code
    return None


def used(busy: Iterable[Busy], period: Period) -> Counter[int]:
    """How many appointments begin in each day, week or month."""
    return Counter(period(each.start) for each in busy)


def covered(windows: Iterable[Window], start: int, end: int) -> bool:
    """Whether one window holds the whole interval."""
    return any(window.start <= start and end <= window.end for window in windows)

"""Whether somebody can be in two places one after the other, and how many appointments are too many."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import accumulate
from typing import Protocol, TypeAlias, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from services.matcher.engine.days import day_of, month_number, month_of, week_of
from services.matcher.engine.instance import ENDLESS, Ints
from services.matcher.engine.model import Busy, Expert, Key, Place, Problem, Roads, Unit, Window

Floats: TypeAlias = NDArray[np.float64]
# Two appointments further apart than this never clash by travel: no journey in a region takes longer.
LONGEST_JOURNEY = 24 * 60


@runtime_checkable
class Batched(Protocol):
    """What roads may offer beside `km` and `minutes`: many pairs at a time, by numbers of places."""

    def km_many(self, places: Sequence[Place], a: Ints, b: Ints) -> Floats:
        """Kilometres from `places[a[i]]` to `places[b[i]]`, up to the last digits of a float."""
        ...

    def minutes_many(self, places: Sequence[Place], a: Ints, b: Ints, months: Ints) -> Ints:
        """Minutes from `places[a[i]]` to `places[b[i]]` in `months[i]`: exactly what `minutes` says."""
        ...

    def longest(self, places: Sequence[Place]) -> int:
        """Minutes that no journey between two of the places passes in any month."""
        ...


class KnownRoads:
    """Roads with `Batched`, by those they stand for or one by one; the minutes of a pair are asked once."""

    def __init__(self, roads: Roads) -> None:
        self._roads = roads
        self._minutes: dict[tuple[Place, int], dict[Place, int]] = defaultdict(dict)

    def km(self, a: Place, b: Place) -> float:
        """Road kilometres from `a` to `b`."""
        return self._roads.km(a, b)

    def minutes(self, a: Place, b: Place, month: int) -> int:
        """Minutes on the road in that month (1 to 12)."""
        from_a = self._minutes[a, month]
        known = from_a.get(b)
        if known is None:
            known = from_a[b] = self._roads.minutes(a, b, month)
        return known

    def km_many(self, places: Sequence[Place], a: Ints, b: Ints) -> Floats:
        """Kilometres from `places[a[i]]` to `places[b[i]]`, up to the last digits of a float."""
        if isinstance(self._roads, Batched):
            return self._roads.km_many(places, a, b)
        ways = zip(a.tolist(), b.tolist(), strict=True)
        return np.array([self.km(places[here], places[there]) for here, there in ways], dtype=np.float64)

    def minutes_many(self, places: Sequence[Place], a: Ints, b: Ints, months: Ints) -> Ints:
        """Minutes from `places[a[i]]` to `places[b[i]]` in `months[i]`: exactly what `minutes` says."""
        if isinstance(self._roads, Batched):
            return self._roads.minutes_many(places, a, b, months)
        ways = zip(a.tolist(), b.tolist(), months.tolist(), strict=True)
        found = [self.minutes(places[here], places[there], month) for here, there, month in ways]
        return np.array(found, dtype=np.int64)

    def longest(self, places: Sequence[Place]) -> int:
        """Minutes that no journey between two of the places passes in any month; ENDLESS if unknown."""
        return self._roads.longest(places) if isinstance(self._roads, Batched) else ENDLESS


Period = Callable[[int], int]
CAPS: tuple[tuple[str, Period], ...] = (("cap_day", day_of), ("cap_week", week_of), ("cap_month", month_of))


class Diary:
    """What an expert or a unit has already, in order of time: only what is near in time is looked at.

    `longest` is the longest journey that there is, in minutes.
    """

    def __init__(self, roads: Roads, owner: Expert | Unit, longest: int) -> None:
        self._roads, self._rest = roads, owner.rest_minutes if isinstance(owner, Expert) else 0
        self._margin = max(1, longest) + self._rest
        self._busy = tuple(sorted(owner.busy, key=lambda each: each.start))
        self._starts = [each.start for each in self._busy]
        self._latest = list(accumulate((each.end for each in self._busy), max))
        caps = ((code, period, getattr(owner, code, None)) for code, period in CAPS)
        self._caps = [
            (code, period, cap, used(owner.busy, period)) for code, period, cap in caps if cap is not None
        ]

    def time_refusal(self, wanted: Busy) -> str | None:
        """As `time_refusal` of everything in the diary."""
        first = bisect_right(self._latest, wanted.start - self._margin)
        last = bisect_left(self._starts, wanted.end + self._margin)
        near = self._busy[first:last]
        return time_refusal(self._roads, wanted, near, self._rest) if near else None

    def cap_refusal(self, start: int) -> str | None:
        """The cap that leaves no room for one more that begins at `start`, or None."""
        return next((code for code, period, cap, taken in self._caps if taken[period(start)] >= cap), None)


def rests(problem: Problem) -> dict[Key, int]:
    """The minutes of rest of those experts who take any."""
    return {expert.key: expert.rest_minutes for expert in problem.experts if expert.rest_minutes}


def rest_of(known: Mapping[Key, int], kind: str, key: Key) -> int:
    """The minutes that somebody rests between appointments; a unit needs none."""
    return known.get(key, 0) if kind == "expert" else 0


def time_refusal(roads: Roads, wanted: Busy, taken: Iterable[Busy], rest: int = 0) -> str | None:
    """`busy` if the times overlap, `travel` if the road between them takes too long, `rest` if it would not

    but for the rest before it; None if both can be.
    """
    worst = None
    for other in taken:
        if wanted.start < other.end and other.start < wanted.end:
            return "busy"
        if not reaches(roads, wanted, other):
            worst = "travel"
        elif rest and not reaches(roads, wanted, other, rest):
            worst = worst or "rest"
    return worst


def reaches(roads: Roads, a: Busy, b: Busy, rest: int = 0) -> bool:
    """Whether the time between two appointments that do not overlap is enough for the rest and the road."""
    first, second = (a, b) if a.start <= b.start else (b, a)
    gap = second.start - first.end - rest
    return gap >= roads.minutes(first.place, second.place, month_number(second.start))


def clash(roads: Roads, a: Busy, b: Busy, rest: int = 0) -> bool:
    """Whether one person with this rest, or one unit, cannot have both."""
    return time_refusal(roads, a, (b,), rest) is not None


def used(busy: Iterable[Busy], period: Period) -> Counter[int]:
    """How many appointments begin in each day, week or month."""
    return Counter(period(each.start) for each in busy)


def covered(windows: Iterable[Window], start: int, end: int) -> bool:
    """Whether one window holds the whole interval."""
    return any(window.start <= start and end <= window.end for window in windows)

"""Tours of travelling units that have a mileage budget: what their stops come to in kilometres of road.

A tour is all the stops at which a unit arrives in one week, Monday to Sunday: from its base to the first,
from stop to stop, and home. It counts in the month in which that Monday lies. One stop more never makes it
less, whatever was there before: so stops may be taken in any order, and given back.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from services.matcher.engine.days import month_of, week_of
from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import DAY, Busy, Key, Place, Problem, Roads, Unit

MILEAGE = "mileage"
# What is nearer to a whole kilometre than this is that kilometre: the last digits of a float decide nothing.
_CLOSE = 1e-6
_FAR = 1 << 30


def counted_in(minute: int) -> int:
    """The month, since year 0, in which a tour counts that has a stop from this minute on."""
    return month_of((week_of(minute) * 7 - 3) * DAY)


def way(roads: Roads, a: Place, b: Place) -> int:
    """Whole kilometres from `a` to `b`, rounded up; none where they are the same."""
    return 0 if a == b else math.ceil(roads.km(a, b) - _CLOSE)


def ways(roads: KnownRoads, places: Sequence[Place]) -> Ints:
    """The whole kilometres between all places, as a square."""
    number = len(places)
    a, b = np.divmod(np.arange(number * number), max(1, number))
    km = roads.km_many(places, a, b)
    found = np.ceil(km - _CLOSE).astype(np.int64)
    for at in np.flatnonzero(np.abs(km - _CLOSE - np.rint(km - _CLOSE)) < _CLOSE / 2).tolist():
        found[at] = way(roads, places[a[at]], places[b[at]])
    found[a == b] = 0
    return found.reshape(number, number)


def driven(roads: Roads, base: Place, stops: Iterable[Busy]) -> int:
    """The kilometres of the tours that these stops make."""
    total, week, last = 0, None, base
    for stop in sorted(stops):
        if week_of(stop.start) != week:
            total, week, last = total + way(roads, last, base), week_of(stop.start), base
        total, last = total + way(roads, last, stop.place), stop.place
    return total + way(roads, last, base)


def is_too_far(roads: Roads, unit: Unit, wanted: Busy, taken: Iterable[Busy]) -> bool:
    """Whether one stop more would pass the unit's budget for its month."""
    if unit.km_budget is None:
        return False
    month = counted_in(wanted.start)
    beside = [stop for stop in taken if counted_in(stop.start) == month]
    return driven(roads, unit.base, [*beside, wanted]) > unit.km_budget


class Stop(NamedTuple):
    """A stop that may be asked for: by which wish (below 0: there already), when and at which place."""

    wish: int
    start: int
    end: int
    place: int


def least(stops: Sequence[Stop], base: int, km: Ints) -> list[int]:
    """Of each stop of one week what it adds at least to the kilometres of any tour that it is on.

    Of a way between two stops each bears a half, of a way from or to the base the stop bears all: halves of
    the cheapest way in and the cheapest way out, rounded down. One wish has one stop at most.
    """
    groups: dict[tuple[int, int], tuple[int, int]] = {}
    for wish, start, end, place in stops:
        first, last = groups.get((wish, place), (end, start))
        groups[wish, place] = min(first, end), max(last, start)
    whose, where = (np.array(each, dtype=np.int64) for each in zip(*groups, strict=True))
    first_end, last_start = (np.array(each, dtype=np.int64) for each in zip(*groups.values(), strict=True))
    found = []
    for wish, start, end, place in stops:
        others = np.where(whose != wish, km[place][where], _FAR)
        alone = 2 * int(km[base, place])
        before = int(others[first_end <= start].min(initial=alone))
        after = int(others[last_start >= end].min(initial=alone))
        found.append((before + after) // 2)
    return found


def budgets(problem: Problem) -> Mapping[Key, Unit]:
    """The units that have a budget."""
    return {unit.key: unit for unit in problem.units if unit.km_budget is not None}

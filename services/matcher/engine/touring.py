"""Mileage budgets as rows: which stops count in which month, what each weighs at least, and their arrays."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from services.matcher.engine import tours
from services.matcher.engine.candidates import taking
from services.matcher.engine.days import week_of
from services.matcher.engine.instance import NO_TOURS, NOBODYS, Ints, Table, Tours
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import Busy, Key, Kind, Leg, Place, Problem, Unit

# The number of a leg, and the leg.
Entry = tuple[int, Leg]


class Month(NamedTuple):
    """One month of a unit's budget: its legs, and the stops that are there already."""

    number: int
    base: int
    budget: int
    entries: list[Entry]
    fixed: list[Busy]


class Touring:
    """The stops of all units with a budget; nothing is computed where there is none."""

    def __init__(
        self, problem: Problem, roads: KnownRoads, uses: Mapping[tuple[Kind, Key], Sequence[Entry]]
    ) -> None:
        self._units, self._uses = tours.budgets(problem), uses
        places: dict[Place, None] = {}
        for unit in self._units.values():
            there = [leg.place for _, leg in uses.get(("unit", unit.key), ())]
            places |= dict.fromkeys([unit.base, *there, *(busy.place for busy in unit.busy)])
        self._place = {place: number for number, place in enumerate(places)}
        self._km = tours.ways(roads, list(places))
        self._opened: dict[int, Month] = {}

    def months(self, unit: Unit) -> Iterator[Month]:
        """The months in which stops of a unit with a budget may count, in order."""
        if unit.km_budget is None:
            return
        entries: dict[int, list[Entry]] = defaultdict(list)
        for number, leg in self._uses.get(("unit", unit.key), ()):
            entries[tours.counted_in(leg.occupied)].append((number, leg))
        for month, mine in sorted(entries.items(), key=lambda item: item[0]):
            fixed = [busy for busy in unit.busy if tours.counted_in(busy.start) == month]
            yield Month(month, self._place[unit.base], unit.km_budget, mine, fixed)

    def weighed(self, month: Month, wishes: Sequence[int]) -> tuple[list[int], int, int]:
        """What each leg drives at least, what is left for them beside what is there, and the most in all."""
        stops = [self._stop(wish, taking(leg)) for wish, (_, leg) in zip(wishes, month.entries, strict=True)]
        there = [self._stop(-1 - number, busy) for number, busy in enumerate(month.fixed)]
        weights = self._by_week(month.base, [*stops, *there])
        farthest: dict[int, int] = {}
        for stop in (*stops, *there):
            alone = 2 * int(self._km[month.base, stop.place])
            farthest[stop.wish] = max(alone, farthest.get(stop.wish, 0))
        limit = max(0, month.budget - sum(weights[len(stops) :]))
        return weights[: len(stops)], limit, sum(farthest.values())

    def open(self, row: int, month: Month) -> None:
        """The month has the row of that number."""
        self._opened[row] = month

    def done(self, times: Sequence[Busy], rows: int) -> Tours:
        """The arrays, with all takings as stops."""
        if not self._opened:
            return NO_TOURS
        fixed = [self._opened[row].fixed if row in self._opened else [] for row in range(rows)]
        stops = [*times, *(busy for each in fixed for busy in each)]
        first = len(times) + np.cumsum([0, *map(len, fixed)])
        budget, base = (np.full(rows, NOBODYS, dtype=np.int64) for _ in range(2))
        for row, month in self._opened.items():
            budget[row], base[row] = month.budget, month.base
        return Tours(
            week=_ints([week_of(stop.start) for stop in stops]),
            start=_ints([stop.start for stop in stops]),
            end=_ints([stop.end for stop in stops]),
            place=_ints([self._place.get(stop.place, NOBODYS) for stop in stops]),
            budget=budget,
            base=base,
            fixed=Table(first - len(times), np.arange(len(times), len(stops), dtype=np.int64)),
            km=self._km,
        )

    def _by_week(self, base: int, stops: Sequence[tours.Stop]) -> list[int]:
        weeks: dict[int, list[int]] = defaultdict(list)
        for number, stop in enumerate(stops):
            weeks[week_of(stop.start)].append(number)
        found = [0] * len(stops)
        for numbers in weeks.values():
            weights = tours.least([stops[number] for number in numbers], base, self._km)
            for number, weight in zip(numbers, weights, strict=True):
                found[number] = weight
        return found

    def _stop(self, wish: int, busy: Busy) -> tours.Stop:
        return tours.Stop(wish, busy.start, busy.end, self._place[busy.place])


def _ints(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)

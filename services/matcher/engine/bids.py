"""What a pending round would pay for what an option takes: by how much its proven bound would fall."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from services.matcher.engine import journeys, tours
from services.matcher.engine.assemble import Cap, Mileage, Moment, Row
from services.matcher.engine.candidates import taking
from services.matcher.engine.days import day_of
from services.matcher.engine.instance import ENDLESS, Ints, spread
from services.matcher.engine.model import Busy, Key, Kind, Leg, Option, Roads, Use
from services.matcher.engine.pending import Pending, Stands

_PERIODS = dict(journeys.CAPS)


class Costs:
    """What one pending round loses, in hundredths, with what has been taken from it so far.

    `taken` are legs that others took since it was solved.
    """

    def __init__(self, pending: Pending, roads: Roads, taken: Iterable[Leg] = ()) -> None:
        self._instance, self._roads = pending.assembled.instance, roads
        self._proof, self._options = pending.certificate, pending.options
        self._shelves, self._rests = pending.assembled.shelves, pending.assembled.rests
        self._stands, self._budgets = Stands(pending.assembled), pending.assembled.budgets
        rows = zip(pending.assembled.rows, pending.certificate.row.tolist(), strict=True)
        self._price: dict[Row, int] = {row: price for row, price in rows if price}
        self._moments = [row for row in self._price if isinstance(row, Moment)]
        self._option_of = spread(self._instance.legs_of)
        self._loads: dict[int, _Load] = {}
        self._times: dict[int, _Times] = {}
        self._taken: dict[tuple[Kind, Key], list[Leg]] = defaultdict(list)
        for leg in taken:
            self._taken[leg.kind, leg.resource].append(leg)

    def of(self, option: Option) -> int:
        """By how much the round's bound falls if this is taken."""
        return sum(map(self._of_leg, option.legs)) + sum(map(self._of_use, option.uses))

    def take(self, option: Option) -> None:
        """This is taken: what is left costs more."""
        for leg in option.legs:
            self._taken[leg.kind, leg.resource].append(leg)
            for shelf in self._stands.of(leg):
                self._loads.pop(shelf, None)
                self._times.pop(shelf, None)

    def _of_leg(self, leg: Leg) -> int:
        shelves = self._stands.of(leg)
        if leg.kind == "slot":
            return sum(self._load(shelf).cost(leg.quantity) for shelf in shelves)
        return self._paid(leg) + sum(self._time(shelf).cost(leg) for shelf in shelves)

    def _paid(self, leg: Leg) -> int:
        """The prices of the caps under which it counts, and of what a stop drives at least."""
        if leg.kind == "unit" and self._budgets:
            row = Mileage(leg.resource, tours.counted_in(leg.occupied))
            price = self._price.get(row, 0)
            return price and price * self._weights.get((leg.resource, taking(leg)), 0)
        periods = _PERIODS.items() if leg.kind == "expert" else ()
        rows = (Cap(leg.resource, code, period(leg.start)) for code, period in periods)
        return sum(self._price.get(row, 0) for row in rows)

    @cached_property
    def _weights(self) -> dict[tuple[Key, Busy], int]:
        """By unit and stop the least that it drives; what the round knows nothing of is free."""
        rows, found = self._instance.rows, dict[tuple[Key, Busy], int]()
        counted = self._instance.tours.budget[rows.row] >= 0
        for leg, weight in zip(rows.leg[counted].tolist(), rows.weight[counted].tolist(), strict=True):
            key = self._shelves[int(self._instance.legs.shelf[leg])].resource, self._busy(leg)
            found[key] = min(weight, found.get(key, weight))
        return found

    def _of_use(self, use: Use) -> int:
        """The prices of the moments that it lasts."""
        during = (row for row in self._moments if row.pool == use.pool and use.start <= row.at < use.end)
        return use.quantity * sum(self._price[row] for row in during)

    def _load(self, shelf: int) -> _Load:
        if shelf not in self._loads:
            legs = self._legs(shelf)
            seats, count = (int(each[shelf]) for each in self._instance.shelves[:2])
            sizes = self._instance.legs.size[legs].tolist()
            worth = list(zip(sizes, self._proof.share[legs].tolist(), strict=True))
            load = self._loads[shelf] = _Load(seats, count, worth)
            for leg in self._taken_of(shelf):
                load.take(leg.quantity)
        return self._loads[shelf]

    def _time(self, shelf: int) -> _Times:
        if shelf not in self._times:
            stands: dict[int, tuple[Busy, int]] = {}
            for leg in self._legs(shelf).tolist():
                at, share = int(self._instance.legs.taking[leg]), int(self._proof.share[leg])
                if at not in stands or share > stands[at][1]:
                    stands[at] = self._busy(leg), share
            count, day = int(self._instance.shelves.count[shelf]), day_of(self._shelves[shelf].start)
            limit = (day, count) if count < ENDLESS else None
            most = int(self._proof.shelf[shelf])
            rest = journeys.rest_of(self._rests, *self._shelves[shelf][:2])
            ways = _Ways(self._roads, rest)
            times = _Times([stands[at] for at in sorted(stands)], limit, most, ways)
            for taken in self._taken_of(shelf):
                times.take(taken)
            self._times[shelf] = times
        return self._times[shelf]

    def _taken_of(self, shelf: int) -> list[Leg]:
        stretch = self._shelves[shelf]
        legs = self._taken.get((stretch.kind, stretch.resource), ())
        return [leg for leg in legs if shelf in self._stands.of(leg)]

    def _legs(self, shelf: int) -> Ints:
        """Legs on the shelf that are worth something."""
        first, last = self._instance.on_shelf.first[shelf : shelf + 2]
        legs = self._instance.on_shelf.items[first:last]
        return legs[self._proof.share[legs] > 0]

    def _busy(self, leg: int) -> Busy:
        option = int(self._option_of[leg])
        return taking(self._options[option].legs[leg - int(self._instance.legs_of[option])])


class _Load:
    """What a slot can be worth to a round with some of its seats and groups gone."""

    def __init__(self, seats: int, count: int, legs: Sequence[tuple[int, int]]) -> None:
        self._seats, self._count = seats, min(count, len(legs) + 1)
        self._best = self._table(legs, limited=count <= len(legs))

    def cost(self, size: int) -> int:
        """What is lost if a group of that size comes; no more than all there is."""
        return self._worth(self._seats, self._count) - self._worth(self._seats - size, self._count - 1)

    def take(self, size: int) -> None:
        """A group of that size comes."""
        self._seats, self._count = self._seats - size, self._count - 1

    def _worth(self, seats: int, count: int) -> int:
        if seats < 0 or count < 0:
            return 0
        return int(self._best[min(count, len(self._best) - 1), seats])

    def _table(self, legs: Sequence[tuple[int, int]], *, limited: bool) -> Ints:
        """Bests by number of groups, one row if that cannot matter, and by seats."""
        best = np.zeros((self._count + 1 if limited else 1, self._seats + 1), dtype=np.int64)
        lower, upper = (slice(None, -1), slice(1, None)) if limited else (slice(None), slice(None))
        for size, share in legs:
            if size <= self._seats:
                with_it = best[lower, : self._seats + 1 - size] + share
                best[upper, size:] = np.maximum(best[upper, size:], with_it)
        return best


class _Ways(NamedTuple):
    """Whether somebody can have two appointments, with the minutes that they rest between."""

    roads: Roads
    rest: int

    def clash(self, a: Busy, b: Busy) -> bool:
        return journeys.clash(self.roads, a, b, self.rest)

    def reach(self, a: Busy, b: Busy) -> bool:
        return journeys.reaches(self.roads, a, b, self.rest)


class _Times:
    """What a stretch of somebody's time can be worth to a round beside what is taken of it."""

    def __init__(
        self, stands: list[tuple[Busy, int]], limit: tuple[int, int] | None, most: int, ways: _Ways
    ) -> None:
        """`stands` in order of end with their worth; `limit` is a day and how many may be on it."""
        self._stands, self._limit, self._ways = stands, limit, ways
        self._known: dict[Busy, int] = {}
        self._most = most

    def cost(self, leg: Leg) -> int:
        """What is lost if the leg's time is taken."""
        wanted = taking(leg)
        if wanted not in self._known:
            left = _best(self._beside(wanted), self._left(self._counts(leg)), self._ways)
            self._known[wanted] = self._most - left
        return self._known[wanted]

    def take(self, leg: Leg) -> None:
        """The leg's time is taken."""
        self._most -= self.cost(leg)
        self._stands = self._beside(taking(leg))
        if self._limit:
            self._limit = self._limit[0], self._left(self._counts(leg))
        self._known = {}

    def _counts(self, leg: Leg) -> bool:
        return self._limit is not None and day_of(leg.start) == self._limit[0]

    def _left(self, taken: int) -> int:
        return self._limit[1] - taken if self._limit else ENDLESS

    def _beside(self, wanted: Busy) -> list[tuple[Busy, int]]:
        return [each for each in self._stands if not self._ways.clash(each[0], wanted)]


def _best(stands: Sequence[tuple[Busy, int]], count: int, ways: _Ways) -> int:
    """The most that at most `count` appointments, in order of end, can be worth one after the other."""
    ends = [busy.end for busy, _ in stands]
    if count >= len(stands):
        return max(_ending(stands, ends, None, ways), default=0)
    worth = [0] * len(stands)
    for _ in range(max(0, count)):
        worth = _ending(stands, ends, worth, ways)
    return max(worth, default=0)


def _ending(
    stands: Sequence[tuple[Busy, int]], ends: Sequence[int], before: Sequence[int] | None, ways: _Ways
) -> list[int]:
    """What the best plan that ends with each is worth, after one of `before` or else of those just found."""
    found: list[int] = []
    plans, tops = (found, []) if before is None else (before, list(accumulate(before, max)))
    for busy, share in stands:
        at, best = bisect_right(ends, busy.start), 0
        while at and tops[at - 1] > best:
            at -= 1
            if plans[at] > best and ways.reach(stands[at][0], busy):
                best = plans[at]
        found.append(best + share)
        if before is None:
            tops.append(max(found[-1], tops[-1] if tops else 0))
    return found

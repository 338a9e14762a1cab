"""The fairest plan exactly, where a problem is small: no other leaves the worst-off group better off.

Shares are whole percents. Of two plans that one is fairer whose lowest share is higher, or if they are equal
the second lowest, and so on (leximin; Rawls 1971 for the idea, Ogryczak and Sliwinski 2006 for how to find
it). Said by counting: as many groups as can be have 1 percent or more, then of such plans as many as can be
2 percent or more, up to 100. Each count is a small program of its own; most follow from a plan at hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from services.matcher.engine import milp
from services.matcher.engine.groups import Floors, Groups
from services.matcher.engine.instance import Ints
from services.matcher.engine.model import HUNDRED

Solve = Callable[[milp.Model, Sequence[int]], milp.Answer]


class Choice(NamedTuple):
    """Options that may be taken, by the wish of each, and the rows over their positions."""

    wish: Ints
    rows: list[milp.Row]
    beside: milp.Beside | None = None


def floor_rows(floors: Floors, wish: Ints, served: Ints) -> Iterator[milp.Row]:
    """Rows that keep floors: `wish` are those of the options to choose among, `served` what others bring."""
    groups = floors.groups
    for group in np.flatnonzero(floors.least > served).tolist():
        at = np.flatnonzero((groups.of_wish[wish] == group).any(axis=1))
        yield milp.Row(at, -groups.people[wish[at]], int(served[group] - floors.least[group]))


def fairest(choice: Choice, groups: Groups, start: Sequence[int], solve: Solve) -> list[int]:
    """Positions of the fairest plan: for districts, then, with what these have, for townships."""
    nobody = np.zeros(len(groups.demand), dtype=np.int64)
    districts, all_groups = np.arange(groups.districts), np.arange(len(groups.demand))
    chosen = list(start)
    if len(districts) > 1:
        chosen = _Counting(choice, groups, districts, solve).run(chosen)
    least = groups.served(choice.wish[chosen])
    least[groups.districts :] = 0
    if len(districts) == 1:
        least[0] = 0
    kept = [*choice.rows, *floor_rows(Floors(groups, least), choice.wish, nobody)]
    return _Counting(choice._replace(rows=kept), groups, all_groups[groups.districts :], solve).run(chosen)


class _Counting:
    """Counts of groups at percents: `kept` are the counts that a plan must not fall below any more."""

    def __init__(self, choice: Choice, groups: Groups, among: Ints, solve: Solve) -> None:
        self._choice, self._groups, self._among, self._solve = choice, groups, among, solve
        self._kept: list[tuple[int, int]] = []

    def run(self, chosen: list[int]) -> list[int]:
        """Level by level: how far can so many groups come, and how many of them farther."""
        number, percent = len(self._among), 0
        while number and percent < HUNDRED:
            chosen, percent = self._farthest(chosen, number, percent)
            self._kept.append((percent, number))
            if percent < HUNDRED:
                percent += 1
                chosen = self._most(chosen, percent)
                number = self._count(chosen, percent)
                self._kept.append((percent, number))
        return chosen

    def _farthest(self, chosen: list[int], number: int, low: int) -> tuple[list[int], int]:
        """The largest percent that `number` groups can have together, and a plan in which they have it."""
        high = HUNDRED
        low = self._reached(chosen, number, low)
        while low < high:
            middle = (low + high + 1) // 2
            found = self._most(chosen, middle)
            if self._count(found, middle) >= number:
                chosen, low = found, self._reached(found, number, middle)
            else:
                high = middle - 1
        return chosen, low

    def _reached(self, chosen: list[int], number: int, low: int) -> int:
        """The largest percent that `number` groups have in this plan, at least `low`."""
        return max([low, *(at for at in range(low, HUNDRED + 1) if self._count(chosen, at) >= number)])

    def _count(self, chosen: list[int], percent: int) -> int:
        served = self._groups.served(self._choice.wish[chosen])
        return int((served[self._among] >= self._need(percent)).sum())

    def _need(self, percent: int) -> Ints:
        """The people of each group that make so many percent."""
        return np.asarray(-(-self._groups.demand[self._among] * percent // HUNDRED), dtype=np.int64)

    def _most(self, chosen: list[int], percent: int) -> list[int]:
        """A plan in which the most groups have so many percent, of those that keep what is kept."""
        options, size, beside = self._first_mark(), len(self._among), self._choice.beside
        levels = [*self._kept, (percent, 0)]
        rows = list(self._choice.rows)
        for level, (at, number) in enumerate(levels):
            first = options + level * size
            rows.extend(self._reaching(first, at))
            rows.append(milp.Row(np.arange(first, first + size), -np.ones(size, dtype=np.int64), -number))
        objective = np.zeros(options + len(levels) * size)
        objective[-size:] = 1.0
        start = [*chosen, *self._marks(chosen, levels)]
        answer = self._solve(milp.Model(objective, rows, beside), start)
        return [at for at in answer.chosen if at < len(self._choice.wish)]

    def _first_mark(self) -> int:
        """The number of the first column for marks."""
        beside = self._choice.beside
        return beside.columns.stop if beside else len(self._choice.wish)

    def _reaching(self, first: int, percent: int) -> Iterator[milp.Row]:
        """A mark for each group, which may be set only where it has so many percent."""
        of_option = self._groups.of_wish[self._choice.wish]
        people = self._groups.people[self._choice.wish]
        for mark, (group, need) in enumerate(zip(self._among, self._need(percent), strict=True)):
            at = np.flatnonzero((of_option == group).any(axis=1))
            yield milp.Row(np.append(at, first + mark), np.append(-people[at], need), 0)

    def _marks(self, chosen: list[int], levels: Sequence[tuple[int, int]]) -> Iterator[int]:
        """The marks that a plan may set."""
        served = self._groups.served(self._choice.wish[chosen])[self._among]
        first = self._first_mark()
        for level, (at, _) in enumerate(levels):
            reached = np.flatnonzero(served >= self._need(at))
            yield from (first + level * len(self._among) + int(mark) for mark in reached)

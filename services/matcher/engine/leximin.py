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
from services.matcher.engine.instance import Ints, Serving
from services.matcher.engine.model import HUNDRED

Solve = Callable[[milp.Model, Sequence[int]], milp.Answer]


class Choice(NamedTuple):
    """So many `options` that may be taken, whom they serve, and the rows over their positions."""

    options: int
    serving: Serving
    rows: list[milp.Row]
    beside: milp.Beside | None = None

    def people(self, groups: Groups, chosen: Sequence[int]) -> Ints:
        """The people of each group whom these serve."""
        return groups.served(self.serving.wish[np.isin(self.serving.option, list(chosen))])


def floor_rows(floors: Floors, serving: Serving, served: Ints) -> Iterator[milp.Row]:
    """Rows that keep floors: `serving` is of the options to choose among, `served` what others bring."""
    for group in np.flatnonzero(floors.least > served).tolist():
        at, people = _brought(floors.groups, serving, group)
        yield milp.Row(at, -people, int(served[group] - floors.least[group]))


def _brought(groups: Groups, serving: Serving, group: int) -> tuple[Ints, Ints]:
    """The positions of options that serve people of a group, and how many of them."""
    mine = (groups.of_wish[serving.wish] == group).any(axis=1)
    at, where = np.unique(serving.option[mine], return_inverse=True)
    people = np.bincount(where, groups.people[serving.wish[mine]], len(at))
    return at, people.astype(np.int64)


def fairest(choice: Choice, groups: Groups, start: Sequence[int], solve: Solve) -> list[int]:
    """Positions of the fairest plan: for districts, then, with what these have, for townships."""
    districts, all_groups = np.arange(groups.districts), np.arange(len(groups.demand))
    chosen = list(start)
    if len(districts) > 1:
        chosen = _Counting(choice, groups, districts, solve).run(chosen)
    least = choice.people(groups, chosen)
    least[groups.districts :] = 0
    if len(districts) == 1:
        least[0] = 0
    kept = [*choice.rows, *floor_rows(Floors(groups, least), choice.serving, groups.already)]
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
        served = self._choice.people(self._groups, chosen)
        return int((served[self._among] >= self._need(percent)).sum())

    def _need(self, percent: int) -> Ints:
        """The people of each group that make so many percent."""
        return np.asarray(-(-self._groups.demand[self._among] * percent // HUNDRED), dtype=np.int64)

    def _most(self, chosen: list[int], percent: int) -> list[int]:
        """A plan in which the most groups have so many percent, of those that keep what is kept."""
        marks, size = self._first_mark(), len(self._among)
        levels = [*self._kept, (percent, 0)]
        rows = list(self._choice.rows)
        for level, (at, number) in enumerate(levels):
            first = marks + level * size
            rows.extend(self._reaching(first, at))
            rows.append(milp.Row(np.arange(first, first + size), -np.ones(size, dtype=np.int64), -number))
        objective = np.zeros(marks + len(levels) * size)
        objective[-size:] = 1.0
        start = [*chosen, *self._marks(chosen, levels)]
        answer = self._solve(milp.Model(objective, rows, self._choice.beside), start)
        return [at for at in answer.chosen if at < self._choice.options]

    def _first_mark(self) -> int:
        """The number of the first column for marks."""
        beside = self._choice.beside
        return beside.columns.stop if beside else self._choice.options

    def _reaching(self, first: int, percent: int) -> Iterator[milp.Row]:
        """A mark for each group, which may be set only where it has so many percent."""
        for mark, (group, need) in enumerate(zip(self._among, self._need(percent), strict=True)):
            at, people = _brought(self._groups, self._choice.serving, int(group))
            already = int(self._groups.already[group])
            yield milp.Row(np.append(at, first + mark), np.append(-people, need), already)

    def _marks(self, chosen: list[int], levels: Sequence[tuple[int, int]]) -> Iterator[int]:
        """The marks that a plan may set."""
        served = self._choice.people(self._groups, chosen)[self._among]
        first = self._first_mark()
        for level, (at, _) in enumerate(levels):
            reached = np.flatnonzero(served >= self._need(at))
            yield from (first + level * len(self._among) + int(mark) for mark in reached)

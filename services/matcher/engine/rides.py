"""Mileage budgets for an exact search: each week's tour as a way along arcs that have kilometres.

Columns are the ways from the base, from stop to later stop, and home, as parts of one that are driven. One
sets out, what arrives at a stop leaves it, and where an option is taken, it arrives. No way over another
place is shorter than the straight one: the least that is driven is the tour. It is whole by itself where
options are (a flow along time), so that the linear program of it is as strong as can be.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from itertools import count
from typing import NamedTuple

import numpy as np

from services.matcher.engine import milp
from services.matcher.engine.boards import Board, Plan
from services.matcher.engine.instance import Ints
from services.matcher.engine.moves import toured


class _Visit(NamedTuple):
    """When and where a unit may be, and positions of options that send it there; it goes anyhow if none."""

    start: int
    end: int
    place: int
    options: tuple[int, ...]


def _is_before(visit: _Visit, later: _Visit) -> bool:
    """Whether it may go from one to the other; of two that are there anyhow it did, though they overlap."""
    anyhow = not visit.options and not later.options and visit.start < later.start
    return anyhow or visit.end <= later.start


def rides(board: Board, plan: Plan, options: Ints) -> milp.Beside | None:
    """The ways of all tours that `options` may be stops of, beside the plan; None if they know no budget."""
    if not len(board.km):
        return None
    stops: dict[int, dict[int, list[int]]] = defaultdict(lambda: defaultdict(list))
    for at, option in enumerate(options.tolist()):
        for entry in range(board.first[option], board.first[option + 1]):
            if board.stop[entry] >= 0:
                stops[int(board.holder[entry])][int(board.stop[entry])].append(at)
    if not stops:
        return None
    rows: list[milp.Row] = []
    columns = count(len(options))
    for holder, mine in stops.items():
        rows += _Budget(board, holder, mine, _there(board, plan, holder)).rows(columns)
    return milp.Beside(range(len(options), next(columns)), rows)


def _there(board: Board, plan: Plan, holder: int) -> list[int]:
    """The stops that a budget has to bear anyhow."""
    first, last = board.fixed.first[holder : holder + 2]
    found: list[int] = board.fixed.items[first:last].tolist()
    entry = int(plan.head[holder])
    while entry >= 0:
        found.append(int(board.stop[entry]))
        entry = int(plan.after[entry])
    return found


class _Budget:
    """One month of a unit: its tours, week by week."""

    def __init__(self, board: Board, holder: int, stops: dict[int, list[int]], others: list[int]) -> None:
        self._board, self._base = board, int(board.base_place[holder])
        self._budget, self._others = int(board.budget[holder]), others
        weeks: dict[int, list[_Visit]] = defaultdict(list)
        for stop, positions in stops.items():
            weeks[int(board.week[stop])].append(self._visit(stop, tuple(positions)))
        self._elsewhere = [stop for stop in others if int(board.week[stop]) not in weeks]
        for stop in others:
            if int(board.week[stop]) in weeks:
                weeks[int(board.week[stop])].append(self._visit(stop, ()))
        self._weeks = [sorted(each) for each in weeks.values()]

    def rows(self, columns: Iterator[int]) -> Iterator[milp.Row]:
        """What ties the ways to the options, and the ways of the month to its budget."""
        driven: dict[int, int] = {}
        for visits in self._weeks:
            yield from self._week(visits, columns, driven)
        anyhow = int(toured(self._board, self._base, np.array(self._elsewhere, dtype=np.int64)))
        yield milp.Row(list(driven), list(driven.values()), self._budget - anyhow)

    def _week(
        self, visits: list[_Visit], columns: Iterator[int], driven: dict[int, int]
    ) -> Iterator[milp.Row]:
        arriving: list[list[int]] = [[] for _ in visits]
        leaving: list[list[int]] = [[] for _ in visits]
        outward = [self._way(self._base, visit.place, columns, driven) for visit in visits]
        # There is one unit: it sets out once, and comes to all of them one after the other.
        yield milp.row(outward)
        for at, visit in enumerate(visits):
            arriving[at].append(outward[at])
            leaving[at].append(self._way(visit.place, self._base, columns, driven))
            for later in range(at + 1, len(visits)):
                if _is_before(visit, visits[later]):
                    way = self._way(visit.place, visits[later].place, columns, driven)
                    leaving[at].append(way)
                    arriving[later].append(way)
        for visit, come, go in zip(visits, arriving, leaving, strict=True):
            sent = len(visit.options)
            yield milp.Row([*visit.options, *come], [1] * sent + [-1] * len(come), 0 if sent else -1)
            yield milp.Row([*come, *go], [1] * len(come) + [-1] * len(go), 0)
            yield milp.Row([*come, *go], [-1] * len(come) + [1] * len(go), 0)

    def _way(self, a: int, b: int, columns: Iterator[int], driven: dict[int, int]) -> int:
        column = next(columns)
        driven[column] = int(self._board.km[a, b])
        return column

    def _visit(self, stop: int, positions: tuple[int, ...]) -> _Visit:
        board = self._board
        start, end = int(board.begin[stop]), int(board.finish[stop])
        return _Visit(start, end, int(board.place[stop]), positions)

"""A part of a plan solved anew and exactly: some wishes are freed, all others stay where they are.

Large neighbourhood search (Shaw, 1998). The freed wishes are near to each other: they want what the others of
them have. What they may take is what the rest of the plan leaves; HiGHS finds the best of it, and the new
part is never worse than the old, since the old one is where it starts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from services.matcher.engine import milp
from services.matcher.engine.boards import Board, Plan
from services.matcher.engine.instance import Ints, Table, list_of
from services.matcher.engine.moves import clashes, fitting
from services.matcher.engine.rides import rides

_NOTHING: Ints = np.empty(0, dtype=np.int64)


class Part(NamedTuple):
    """Options to choose among anew, and the rows over their positions: what the rest of the plan leaves.

    `beside` are the ways of tours, where there is a mileage budget.
    """

    options: Ints
    rows: list[milp.Row]
    beside: milp.Beside | None = None

    def model(self, objective: np.ndarray, more: Iterable[milp.Row] = ()) -> milp.Model:
        """What is to be maximised over the options, with more rows beside its own."""
        return milp.Model(objective, [*self.rows, *more], self.beside)


def part_of(board: Board, plan: Plan, open_of_wish: Table, wishes: Ints) -> Part:
    """The part of `plan` that its freed `wishes` make; they have been removed from it."""
    wanted = np.concatenate([_NOTHING, *(list_of(open_of_wish, wish) for wish in wishes)])
    if len(board.beside.items):
        wanted = np.unique(wanted)  # what serves several wishes is listed for each
    options = fitting(board, plan, wanted)
    return Part(options, list(_rows(board, plan, options)), rides(board, plan, options))


def _rows(board: Board, plan: Plan, options: Ints) -> Iterator[milp.Row]:
    """Exact rows over the positions of `options`."""
    yield from (milp.row(members) for members in _groups(board.wish[options]) if len(members) > 1)
    lengths = board.first[options + 1] - board.first[options]
    at = np.repeat(np.arange(len(options)), lengths)
    entry = np.arange(len(at)) - np.repeat(np.cumsum(lengths) - lengths, lengths) + board.first[options][at]
    holder = board.holder[entry]
    for group in _groups(holder):
        yield from _of_holder(board, plan, int(holder[group[0]]), at[group], entry[group])


def _of_holder(board: Board, plan: Plan, holder: int, at: Ints, entry: Ints) -> Iterator[milp.Row]:
    room, size = int(board.room[holder] - plan.used[holder]), board.size[entry]
    if int(size.sum()) > room:
        yield milp.Row(at, size, room)
    count = int(board.count[holder] - plan.held[holder])
    if len(at) > count:
        yield milp.row(at, count)
    if len(at) > 1 and board.taking[entry[0]] >= 0:
        yield from _of_time(board, at, board.taking[entry])


def _of_time(board: Board, at: Ints, taking: Ints) -> Iterator[milp.Row]:
    """Cliques at each beginning; then one taking with all that it clashes with at a later beginning."""
    start, end = board.start[taking], board.end[taking]
    for moment in np.unique(start):
        members = np.flatnonzero((start <= moment) & (moment < end))
        if len(members) > 1:
            yield milp.row(at[members])
    clash = clashes(board, taking).astype(bool)
    later = clash & (start[None, :] >= end[:, None])
    for first in np.flatnonzero(later.any(axis=1)):
        for moment in np.unique(start[later[first]]):
            members = np.flatnonzero(later[first] & (start == moment))
            yield milp.row(np.concatenate([at[first : first + 1], at[members]]))


def _groups(keys: Ints) -> Iterator[Ints]:
    """Positions of equal keys."""
    if len(keys) == 0:
        return
    order = np.argsort(keys, kind="stable")
    cuts = np.flatnonzero(np.diff(keys[order])) + 1
    yield from np.split(order, cuts)

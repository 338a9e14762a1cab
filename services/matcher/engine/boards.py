"""A plan in the making as arrays: what options take of holders, what is held, and tours with a budget.

What an option takes is a list of entries, each of some size on a holder: its shelves and its rows, all alike.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.engine.instance import ENDLESS, Instance, Ints, Table, companions, listed, spread

NOTHING = -1


class Board(NamedTuple):
    """What moves need to know of an instance: entries by option, holders, and times.

    A wish that some option serves together with others is a holder with one place, `member` by wish.
    """

    wish: Ints
    value: Ints
    of_wish: Table
    first: Ints
    holder: Ints
    size: Ints
    taking: Ints
    entry_option: Ints
    room: Ints
    count: Ints  # type: ignore[assignment]  # as in Shelves
    start: Ints
    end: Ints
    base: Ints
    sure: Ints
    maybe: Table
    beside: Table
    member: Ints
    # Of entries on mileage budgets their stop, else NOTHING; then tours as in Tours, by stop and by holder.
    stop: Ints
    week: Ints
    begin: Ints
    finish: Ints
    place: Ints
    budget: Ints
    base_place: Ints
    fixed: Table
    km: Ints


class Plan(NamedTuple):
    """A plan: `choice` by wish (NOTHING if unserved); what every holder holds, as lists linked by entry."""

    choice: Ints
    used: Ints
    held: Ints
    head: Ints
    after: Ints
    ahead: Ints


def board(instance: Instance) -> Board:
    """The board of an instance; options of a wish come in order of value."""
    legs, rows, shelves, takings = instance.legs, instance.rows, instance.shelves, instance.takings
    number = len(shelves.seats)
    together = companions(instance)
    members = np.unique(together.wish)
    member = np.full(instance.wishes, NOTHING, dtype=np.int64)
    member[members] = number + len(rows.limit) + np.arange(len(members))
    option = np.concatenate([spread(instance.legs_of), spread(rows.of_option.first), together.option])
    order = np.argsort(option, kind="stable")
    first = np.zeros(instance.options + 1, dtype=np.int64)
    np.cumsum(np.bincount(option, minlength=instance.options), out=first[1:])
    by_value = np.lexsort((-instance.value, instance.wish)).astype(np.int64)
    none, no_row, no_member = (_nothing(len(each)) for each in (rows.row, shelves.seats, members))
    no_leg, no_company = _nothing(len(legs.shelf)), _nothing(len(together.wish))
    endless = np.full(len(rows.limit) + len(members), ENDLESS, dtype=np.int64)
    seats, tours = np.where(shelves.seats < 0, ENDLESS, shelves.seats), instance.tours
    return Board(
        wish=instance.wish,
        value=instance.value,
        of_wish=Table(instance.of_wish.first, by_value),
        first=first,
        holder=np.concatenate([legs.shelf, rows.row + number, member[together.wish]])[order],
        size=np.concatenate([legs.size, rows.weight, np.ones_like(together.wish)])[order],
        taking=np.concatenate([legs.taking, none, no_company])[order],
        entry_option=option[order],
        room=np.concatenate([seats, rows.limit, np.ones_like(members)]),
        count=np.concatenate([shelves.count, endless]),
        start=takings.start,
        end=takings.end,
        base=np.repeat(shelves.takings[:-1], np.diff(shelves.takings)),
        sure=takings.sure,
        maybe=takings.maybe,
        beside=listed(instance),
        member=member,
        stop=np.concatenate([no_leg, _stops(instance), no_company])[order],
        week=tours.week,
        begin=tours.start,
        finish=tours.end,
        place=tours.place,
        budget=np.concatenate([no_row, tours.budget, no_member]),
        base_place=np.concatenate([no_row, tours.base, no_member]),
        fixed=Table(np.concatenate([no_row + 1, tours.fixed.first]), tours.fixed.items),
        km=tours.km,
    )


def _nothing(number: int) -> Ints:
    return np.full(number, NOTHING, dtype=np.int64)


def _stops(instance: Instance) -> Ints:
    """Of entries in rows the stop that counts for a mileage budget, else NOTHING."""
    rows, budget = instance.rows, instance.tours.budget
    found = np.full(len(rows.row), NOTHING, dtype=np.int64)
    if len(budget):
        counts = budget[rows.row] >= 0
        found[counts] = instance.legs.taking[rows.leg[counts]]
    return found


def empty(board: Board, wishes: int) -> Plan:
    """A plan that serves nobody."""
    holders, entries = len(board.room), len(board.holder)
    return Plan(
        choice=np.full(wishes, NOTHING, dtype=np.int64),
        used=np.zeros(holders, dtype=np.int64),
        held=np.zeros(holders, dtype=np.int64),
        head=np.full(holders, NOTHING, dtype=np.int64),
        after=np.full(entries, NOTHING, dtype=np.int64),
        ahead=np.full(entries, NOTHING, dtype=np.int64),
    )

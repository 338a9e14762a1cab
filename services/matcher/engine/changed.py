"""What can be changed in a copy of a problem: demand, what is closed, what is added, how much fairness.

Functions from a problem to a problem, so that changes come one after the other. Light: whoever only asks what
can be changed does not load what compiles.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from typing import NamedTuple

from services.matcher.engine.lot import wishes_by_lot
from services.matcher.engine.model import DAY, Expert, Key, Kind, Problem, Slot, Unit, Window, Wish

MOST_DEMAND = 20.0


class Alike(NamedTuple):
    """The key of a wish that is there once more: the so-many-th like the one with the key `of`."""

    of: Key
    copy: int


def with_demand(problem: Problem, factor: float, order: Sequence[int], others: Iterator[Wish]) -> Problem:
    """So many times as many of the wishes with the numbers `order`, of which the first stay.

    More are drawn from `others`. ValueError for a factor that is not above 0 and at most MOST_DEMAND.
    """
    if not 0 < factor <= MOST_DEMAND:
        raise ValueError(f"demand is above 0 and at most {MOST_DEMAND:g} times what it was")
    wanted = max(min(1, len(order)), round(factor * len(order)))
    gone = frozenset(order[wanted:])
    stay = (wish for number, wish in enumerate(problem.wishes) if number not in gone)
    more = islice(others, max(0, wanted - len(order)))
    return replace(problem, wishes=(*stay, *more))


def in_turn(problem: Problem, concerned: Callable[[Wish], bool]) -> list[int]:
    """The numbers of the wishes that are `concerned`, in the order of the round's lot."""
    number = {wish.key: at for at, wish in enumerate(problem.wishes)}
    drawn = wishes_by_lot(problem.seed, problem.salt, filter(concerned, problem.wishes))
    return [number[wish.key] for wish in drawn]


def alike(problem: Problem, order: Sequence[int]) -> Iterator[Wish]:
    """Wishes as those with the numbers `order`, of further schools beside them; again and again, for ever."""
    for copy in count(1):
        for number in order:
            wish = problem.wishes[number]
            yield replace(wish, key=Alike(wish.key, copy))


def without(problem: Problem, closed: frozenset[tuple[Kind, Key]], away: Window) -> Problem:
    """No slot of those `closed` that touches the time `away`, and no expert or unit of them then."""
    return replace(
        problem,
        slots=tuple(slot for slot in problem.slots if not _is_away(slot, closed, away)),
        experts=tuple(
            _kept_away(expert, away) if ("expert", expert.key) in closed else expert
            for expert in problem.experts
        ),
        units=tuple(
            unit
            for each in problem.units
            for unit in (_parked(each, away) if ("unit", each.key) in closed else [each])
        ),
    )


def _is_away(slot: Slot, closed: frozenset[tuple[Kind, Key]], away: Window) -> bool:
    return ("slot", slot.key) in closed and slot.start < away.end and slot.end > away.start


def _kept_away(expert: Expert, away: Window) -> Expert:
    return replace(expert, windows=tuple(_cut(expert.windows, away)))


def _parked(unit: Unit, away: Window) -> list[Unit]:
    """The unit outside of that time; none where nothing is left, since no windows would mean always."""
    always = (Window(0, 100_000 * DAY),)
    windows = tuple(_cut(unit.windows or always, away))
    return [replace(unit, windows=windows)] if windows else []


def _cut(windows: Iterable[Window], away: Window) -> Iterator[Window]:
    for window in windows:
        before, after = min(window.end, away.start), max(window.start, away.end)
        if window.start < before:
            yield Window(window.start, before)
        if after < window.end:
            yield Window(after, window.end)


def with_supply(
    problem: Problem, slots: Iterable[Slot] = (), experts: Iterable[Expert] = (), units: Iterable[Unit] = ()
) -> Problem:
    """More of what can be had."""
    return replace(
        problem,
        slots=(*problem.slots, *slots),
        experts=(*problem.experts, *experts),
        units=(*problem.units, *units),
    )


def with_fairness(problem: Problem, percent: int) -> Problem:
    """With so much of the fair plan kept, 0 to 100."""
    return replace(problem, fairness=percent)

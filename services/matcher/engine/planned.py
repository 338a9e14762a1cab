"""Additions that somebody asks for: on which day each is best, what it is worth, and the problem with them.

Where no day is asked for, prices choose it: the days that the plan would pay most for. What an addition is
worth is said twice, as in worth.py: by prices, and by solving again around it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import cycle, islice
from typing import NamedTuple

from services.matcher.engine.changed import with_supply
from services.matcher.engine.days import day_of, week_of
from services.matcher.engine.explain import Settled
from services.matcher.engine.model import DAY, Expert, Key, Place, Problem, Slot, Unit
from services.matcher.engine.worth import (
    Added,
    Addition,
    Again,
    Latent,
    Supply,
    by_price,
    expert,
    open_days,
    sessions,
    stays,
    what,
)

_EVERY = 64


class Wanted(NamedTuple):
    """An addition that is asked for, `number` times: by its code a programme, a unit, or a topic in an area.

    `day` is the only one on which it may be, or one of its week for a unit; None leaves it to the prices, and
    experts then have every day, but no more than `cap_week` engagements a week. They live at `home`. Sessions
    have so many `seats` at least: those that there are may have given most of theirs away.
    """

    code: str
    number: int = 1
    programme: Key | None = None
    unit: Key | None = None
    topic: str | None = None
    area: str | None = None
    home: Place | None = None
    day: int | None = None
    cap_week: int | None = None
    seats: int = 0

    @property
    def what(self) -> Added:
        """What is added, whenever it is."""
        return Added(self.code, self.programme, self.unit, self.topic, self.area, 0, 0)


class Planned(NamedTuple):
    """The key of something added: of which of those `wanted`, the so-many-th, and what it is."""

    wanted: int
    copy: int
    added: Added


class Interrupted(Exception):
    """It was told to stop before everything was priced."""


class Additions:
    """What is wanted beside a plan: priced once, then put into problems and solved again.

    Looks at every wish when it is made, some seconds for some thousand; raises Interrupted when told to stop.
    """

    def __init__(
        self, settled: Settled, wanted: Sequence[Wanted], should_stop: Callable[[], bool] = lambda: False
    ) -> None:
        self._settled, self._wanted = settled, wanted
        self._supplies = [_supply(settled.problem, each) for each in wanted]
        self._supply = _together(self._supplies)
        everybody = _watched(range(len(settled.problem.wishes)), should_stop)
        latent = Latent(settled.problem, self._supply)
        self._worth = by_price(latent, settled.certificate.request, everybody)

    def worth(self) -> list[Addition | None]:
        """What one of each is worth on its best day; None where there is no day for it."""
        best = [next(iter(self._best_first(number)), None) for number in range(len(self._wanted))]
        priced = [added for added in best if added in self._worth]
        again = Again(self._settled, self._supply, priced) if priced else None
        return [self._solved(added, again) for added in best]

    def into(self, problem: Problem) -> Problem:
        """The problem with all that is wanted, each on the days that are best by prices."""
        numbers = range(len(self._wanted))
        return with_supply(
            problem,
            slots=[slot for number in numbers for slot in self._slots(number)],
            experts=[each for number in numbers for each in self._experts(number)],
            units=[unit for number in numbers for unit in self._units(number)],
        )

    def _solved(self, added: Added | None, again: Again | None) -> Addition | None:
        if added is None:
            return None
        return again.solved(added) if again and added in self._worth else Addition(added, 0, 0, 0, 0)

    def _best_first(self, number: int) -> list[Added]:
        """All days and times of one that is wanted: those that prices pay most for, then in their order."""
        wanted = self._wanted[number]
        mine = [added for added in self._worth if what(added) == wanted.what and _suits(wanted, added)]
        order = sorted(mine, key=lambda added: (-self._worth[added], added))
        return list(dict.fromkeys([*order, *_dated(self._supplies[number])]))

    def _slots(self, number: int) -> Iterator[Slot]:
        slots = {slot.key: slot for slot in self._supplies[number].slots}
        for key, added in self._copies(number, slots):
            yield replace(slots[added], key=key)

    def _units(self, number: int) -> Iterator[Unit]:
        units = {unit.key: unit for unit in self._supplies[number].units}
        for key, added in self._copies(number, units):
            yield replace(units[added], key=key)

    def _experts(self, number: int) -> Iterator[Expert]:
        wanted = self._wanted[number]
        for each in (one for area in self._supplies[number].experts.values() for one in area):
            for copy in range(wanted.number):
                yield replace(each, key=Planned(number, copy, wanted.what), cap_week=wanted.cap_week)

    def _copies(self, number: int, known: Mapping[Key, object]) -> Iterator[tuple[Planned, Added]]:
        """So many as are wanted, over the best days; again from the first where there are fewer."""
        best = [added for added in self._best_first(number) if added in known]
        if best:
            for copy, added in enumerate(islice(cycle(best), self._wanted[number].number)):
                yield Planned(number, copy, added), added


def _watched(numbers: Iterable[int], should_stop: Callable[[], bool]) -> Iterator[int]:
    for number in numbers:
        if number % _EVERY == 0 and should_stop():
            raise Interrupted
        yield number


def _suits(wanted: Wanted, added: Added) -> bool:
    if wanted.day is None:
        return True
    if wanted.code == "more_unit_days":
        return week_of(added.day * DAY) == week_of(wanted.day * DAY)
    return added.day == wanted.day


def _supply(problem: Problem, wanted: Wanted) -> Supply:
    days = open_days(problem, problem.wishes) if wanted.day is None else [wanted.day]
    if wanted.code == "more_experts" and wanted.home and wanted.topic and wanted.area:
        return Supply((), {wanted.area: (expert(wanted.topic, wanted.area, wanted.home, days),)}, ())
    if wanted.code == "more_sessions":
        given = tuple(slot for slot in problem.slots if slot.programme == wanted.programme)
        more = sessions(replace(problem, slots=given), days)
        return Supply(tuple(replace(slot, seats=max(slot.seats, wanted.seats)) for slot in more), {}, ())
    units = tuple(unit for unit in problem.units if unit.key == wanted.unit)
    return Supply((), {}, tuple(stays(replace(problem, units=units), days)))


def _together(supplies: Iterable[Supply]) -> Supply:
    """All of them, what two have in common once; an expert for two has the days of both."""
    slots: dict[Key, Slot] = {}
    units: dict[Key, Unit] = {}
    experts: dict[str, dict[Key, Expert]] = {}
    for each in supplies:
        slots |= {slot.key: slot for slot in each.slots}
        units |= {unit.key: unit for unit in each.units}
        for area, living in each.experts.items():
            known = experts.setdefault(area, {})
            known |= {one.key: _with_days_of(known.get(one.key), one) for one in living}
    living_there = {area: tuple(known.values()) for area, known in experts.items()}
    return Supply(tuple(slots.values()), living_there, tuple(units.values()))


def _with_days_of(known: Expert | None, other: Expert) -> Expert:
    windows = {*(known.windows if known else ()), *other.windows}
    return replace(other, windows=tuple(sorted(windows)))


def _dated(supply: Supply) -> Iterator[Added]:
    """What a supply holds as additions; of experts, each of their days."""
    for key in (*(slot.key for slot in supply.slots), *(unit.key for unit in supply.units)):
        if isinstance(key, Added):
            yield key
    for each in (one for living in supply.experts.values() for one in living):
        for day in (day_of(window.start) for window in each.windows):
            if isinstance(each.key, Added):
                yield each.key._replace(day=day, start=day * DAY)

"""From options in words to the instance: slots and stretches of time as shelves, caps and pools as rows."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from services.matcher.engine import journeys, tours
from services.matcher.engine.candidates import taking
from services.matcher.engine.days import day_of, month_number
from services.matcher.engine.instance import (
    ENDLESS,
    NOBODY_BESIDE,
    NOBODYS,
    TIMELINE,
    Instance,
    Ints,
    Legs,
    Rows,
    Shelves,
    Table,
    Takings,
    spread,
    table,
)
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import Busy, Expert, Key, Kind, Leg, Option, Pool, Problem, Unit, Use
from services.matcher.engine.pools import by_pool, crowded, left
from services.matcher.engine.touring import Touring

_Entry = tuple[int, Leg]


class Stretch(NamedTuple):
    """What a shelf is: a slot, from 0 to 0, or the minutes `start` to `end` of somebody's time."""

    kind: Kind
    resource: Key
    start: int
    end: int


class Cap(NamedTuple):
    """What a row is: one day, week or month of an expert's cap; `code` names the cap."""

    resource: Key
    code: str
    period: int


class Moment(NamedTuple):
    """What a row is: what is left of a pool at a moment, of which there may be several."""

    pool: Key
    at: int


class Mileage(NamedTuple):
    """What a row is: one month of a unit's mileage budget."""

    resource: Key
    month: int


Row = Cap | Moment | Mileage


class Assembled(NamedTuple):
    """An instance, and what its shelves and rows stand for; pools have rows only where they can bind.

    `rests` are the minutes of the experts who rest between appointments, `budgets` the units that have one.
    """

    instance: Instance
    shelves: tuple[Stretch, ...]
    rows: tuple[Row, ...]
    pools: tuple[Pool, ...] = ()
    rests: Mapping[Key, int] = MappingProxyType({})
    budgets: Mapping[Key, Unit] = MappingProxyType({})


def assemble(problem: Problem, options: Sequence[Option]) -> Assembled:
    """The instance of `options`; option `n` stays number `n`, and its legs keep their order."""
    building = _Building(problem, options)
    building.slots()
    for expert in problem.experts:
        building.expert(expert)
    for unit in problem.units:
        building.unit(unit)
    if problem.pools:
        building.pools()
    return building.done()


class _Building:
    """Shelves and rows as they are added."""

    def __init__(self, problem: Problem, options: Sequence[Option]) -> None:
        self._problem, self._options = problem, options
        roads = problem.roads
        self._roads = roads if isinstance(roads, KnownRoads) else KnownRoads(roads)
        self._uses: dict[tuple[Kind, Key], list[_Entry]] = defaultdict(list)
        number = 0
        for option in options:
            for leg in option.legs:
                self._uses[leg.kind, leg.resource].append((number, leg))
                number += 1
        self._first_leg = np.zeros(len(options) + 1, dtype=np.int64)
        np.cumsum([len(option.legs) for option in options], out=self._first_leg[1:])
        self._option_of = spread(self._first_leg)
        self._shelf = np.zeros(number, dtype=np.int64)
        self._size = np.ones(number, dtype=np.int64)
        self._taking = np.full(number, -1, dtype=np.int64)
        self._stretches: list[Stretch] = []
        self._seats: list[int] = []
        self._count: list[int] = []
        self._first_taking: list[int] = []
        self._times: list[Busy] = []
        self._sure: list[int] = []
        self._near: list[int] = []
        # Of takings: the rest of whom they are asked of.
        self._rest: list[int] = []
        self._rests = journeys.rests(problem)
        self._touring = Touring(problem, self._roads, self._uses)
        self._known_rows: list[Row] = []
        self._limits: list[int] = []
        # Of rows: option, number of the row, weight, leg.
        self._entries: list[tuple[int, int, int, int]] = []

    def slots(self) -> None:
        """One shelf for each slot."""
        for slot in self._problem.slots:
            entries = self._uses.get(("slot", slot.key), [])
            for number, leg in entries:
                self._shelf[number], self._size[number] = len(self._seats), leg.quantity
            groups = ENDLESS if slot.groups is None else slot.groups
            self._shelve(Stretch("slot", slot.key, 0, 0), slot.seats, groups)

    def expert(self, expert: Expert) -> None:
        """The stretches of an expert's time, and the caps that may bind."""
        stretches = self.timeline("expert", expert.key)
        for code, period in journeys.CAPS:
            cap = getattr(expert, code)
            if cap is None:
                continue
            had = journeys.used(expert.busy, period)
            for when, entries in _by_period(stretches, period).items():
                shelves = {shelf for shelf, _ in entries}
                if code == "cap_day" and len(shelves) == 1 and _within_a_day(stretches, shelves):
                    self._count[shelves.pop()] = cap - had[when]
                else:
                    self._cap(Cap(expert.key, code, when), cap - had[when], [leg for _, leg in entries])

    def unit(self, unit: Unit) -> None:
        """The stretches of a unit's time, and the months of its mileage budget."""
        self.timeline("unit", unit.key)
        for month in self._touring.months(unit):
            option_of = [int(self._option_of[number]) for number, _ in month.entries]
            wishes = [self._options[option].wish for option in option_of]
            weights, limit, most = self._touring.weighed(month, wishes)
            if most > month.budget:
                self._touring.open(len(self._known_rows), month)
                legs = (number for number, _ in month.entries)
                self._row(Mileage(unit.key, month.number), limit, zip(option_of, weights, legs, strict=True))

    def timeline(self, kind: Kind, key: Key) -> list[tuple[int, list[_Entry]]]:
        """The stretches of somebody's time, each a shelf; returns them with what stands on them."""
        entries = sorted(self._uses.get((kind, key), []), key=lambda entry: entry[1].occupied)
        rest = journeys.rest_of(self._rests, kind, key)
        parts = _parts(self._roads, entries, rest)
        return [(self._stretch(kind, key, longest, rest, part), part) for longest, part in parts]

    def pools(self) -> None:
        """Rows for the moments of pools at which wishes may ask for more than there is."""
        programmes = self._problem.programmes.values()
        providers = {need.pool for programme in programmes for need in programme.needs}
        for pool, uses in by_pool(self._problem.pools, self._options):
            leg_of = self._seat_leg if pool.key in providers else _nobodys
            for at, going in crowded(pool, uses):
                if self._wanted(going) > left(pool, at):
                    entries = ((number, use.quantity, leg_of(number)) for number, use in going.items())
                    self._row(Moment(pool.key, at), left(pool, at), entries)

    def _wanted(self, going: Mapping[int, Use]) -> int:
        """The most that wishes can come to, each with one of its options."""
        most: dict[int, int] = {}
        for number, use in going.items():
            wish = self._options[number].wish
            most[wish] = max(most.get(wish, 0), use.quantity)
        return sum(most.values())

    def _seat_leg(self, option: int) -> int:
        """The leg with seats: the last of an option."""
        return int(self._first_leg[option + 1]) - 1

    def done(self) -> Assembled:
        """Everything as arrays."""
        options = self._options
        wish = np.array([option.wish for option in options], dtype=np.int64)
        wishes = len(self._problem.wishes)
        instance = Instance(
            wishes=wishes,
            wish=wish,
            value=np.array([option.value for option in options], dtype=np.int64),
            of_wish=table(wish, wishes),
            legs_of=self._first_leg,
            legs=Legs(self._shelf, self._size, self._taking),
            on_shelf=table(self._shelf, len(self._seats)),
            shelves=Shelves(
                _ints(self._seats), _ints(self._count), _ints([*self._first_taking, len(self._times)])
            ),
            takings=self._takings(),
            rows=self._rows(),
            beside=_beside(options),
            tours=self._touring.done(self._times, len(self._known_rows)),
        )
        stretches, rows = tuple(self._stretches), tuple(self._known_rows)
        return Assembled(
            instance, stretches, rows, self._problem.pools, self._rests, tours.budgets(self._problem)
        )

    def _shelve(self, stretch: Stretch, seats: int, count: int) -> int:
        self._stretches.append(stretch)
        self._seats.append(seats)
        self._count.append(count)
        self._first_taking.append(len(self._times))
        return len(self._seats) - 1

    def _stretch(self, kind: Kind, key: Key, longest: int, rest: int, entries: Sequence[_Entry]) -> int:
        first = entries[0][1].occupied
        shelf = self._shelve(Stretch(kind, key, first, entries[-1][1].occupied + 1), TIMELINE, ENDLESS)
        times = sorted({taking(leg) for _, leg in entries}, key=lambda each: (each.end, each))
        base, ends = len(self._times), [each.end for each in times]
        place = {each: base + at for at, each in enumerate(times)}
        for number, leg in entries:
            self._shelf[number], self._taking[number] = shelf, place[taking(leg)]
        for each in times:
            self._sure.append(bisect_right(ends, each.start - longest))
            self._near.append(bisect_right(ends, each.start) - self._sure[-1])
        self._times.extend(times)
        self._rest.extend([rest] * len(times))
        return shelf

    def _takings(self) -> Takings:
        """All times, and for each those near before it from which the road is short enough."""
        start, end = _ints([each.start for each in self._times]), _ints([each.end for each in self._times])
        places = {place: at for at, place in enumerate(dict.fromkeys(each.place for each in self._times))}
        place = _ints([places[each.place] for each in self._times])
        month = _ints([month_number(each.start) for each in self._times])
        sure, near = _ints(self._sure), _ints(self._near)
        base = np.repeat(_ints(self._first_taking), np.diff([*self._first_taking, len(start)]))
        later = np.repeat(np.arange(len(start)), near)
        earlier = np.arange(len(later)) - np.repeat(np.cumsum(near) - near - base - sure, near)
        road = self._roads.minutes_many(list(places), place[earlier], place[later], month[later])
        reached = end[earlier] + _ints(self._rest)[later] + road <= start[later]
        return Takings(start, end, sure, Table(table(later[reached], len(start)).first, earlier[reached]))

    def _cap(self, cap: Cap, room: int, numbers: Sequence[int]) -> None:
        """A row, where the cap can bind; expert and day are at most one leg of an option."""
        if len(numbers) > room:
            self._row(cap, room, ((int(self._option_of[number]), 1, number) for number in numbers))

    def _row(self, row: Row, limit: int, entries: Iterable[tuple[int, int, int]]) -> None:
        at = len(self._known_rows)
        self._entries.extend((option, at, weight, leg) for option, weight, leg in entries)
        self._known_rows.append(row)
        self._limits.append(limit)

    def _rows(self) -> Rows:
        entries = np.array(self._entries, dtype=np.int64).reshape(-1, 4)
        option, row, weight, leg = entries[np.argsort(entries[:, 0], kind="stable")].T.copy()
        first = table(option, len(self._options)).first
        return Rows(_ints(self._limits), Table(first, np.arange(len(row))), row, weight, leg)


_Stretches = list[tuple[int, list[_Entry]]]


def _by_period(stretches: _Stretches, period: journeys.Period) -> dict[int, list[tuple[int, int]]]:
    """By day, week or month: the shelf and the number of each leg, in order of time."""
    found: dict[int, list[tuple[int, int]]] = defaultdict(list)
    for shelf, entries in stretches:
        for number, leg in entries:
            found[period(leg.start)].append((shelf, number))
    return found


def _within_a_day(stretches: _Stretches, shelves: set[int]) -> bool:
    """Whether nothing on these shelves begins on different days."""
    days = {day_of(leg.start) for shelf, entries in stretches if shelf in shelves for _, leg in entries}
    return len(days) == 1


def _parts(roads: KnownRoads, entries: Sequence[_Entry], rest: int) -> Iterator[tuple[int, list[_Entry]]]:
    """Entries in order of time, cut where no road could make what is before clash with what comes after.

    With each part the minutes that surely are enough for the rest and the road.
    """
    if not entries:
        return
    longest = _longest(roads, entries) + rest
    part, end = [entries[0]], entries[0][1].end
    for entry in entries[1:]:
        if entry[1].occupied >= end + longest:
            yield longest, part
            part = []
        part.append(entry)
        end = max(end, entry[1].end)
    yield longest, part


def _longest(roads: KnownRoads, entries: Sequence[_Entry]) -> int:
    """No journey between two of the places takes longer, in any month of these."""
    places = sorted({leg.place for _, leg in entries})
    known = roads.longest(places)
    if known < ENDLESS:
        return known
    months = {month_number(leg.occupied) for _, leg in entries}
    centre = places[len(places) // 2]
    # The way over a middle place is no shorter than the straight one; the formula's fixed part counts twice.
    reach = max(roads.minutes(centre, place, month) for place in places for month in months)
    return 2 * reach


def _beside(options: Sequence[Option]) -> Table:
    """Whom options serve beside their own wishes."""
    if not any(option.company for option in options):
        return NOBODY_BESIDE
    first = np.cumsum([0, *(max(0, len(option.company) - 1) for option in options)])
    wishes = [member.wish for option in options for member in option.company[1:]]
    return Table(first.astype(np.int64), _ints(wishes))


def _nobodys(_: int) -> int:
    return NOBODYS


def _ints(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)

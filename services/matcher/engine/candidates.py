"""Every way in which the hard rules allow a wish to be served, and why the rest of the world falls away.

Nothing is compared with everything: programmes, experts and units are found by topic, slots by programme
and time, and what many wishes ask for is found once. What an index leaves out is counted from the sizes of
its parts.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from itertools import chain

import numpy as np

from services.matcher.engine import collector, rules, shortfalls, weights
from services.matcher.engine.choices import Choices
from services.matcher.engine.comers import Comers
from services.matcher.engine.companies import companies
from services.matcher.engine.companions import Accompanying, Opening, World
from services.matcher.engine.indexes import numbers
from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import Floats, KnownRoads
from services.matcher.engine.model import (
    Busy,
    Expert,
    Finding,
    Key,
    Kind,
    Leg,
    Option,
    Place,
    Problem,
    Programme,
    Reason,
    Unit,
    Wish,
)
from services.matcher.engine.moments import Sessions, Stops, Time, deepest, opening
from services.matcher.engine.pools import Pools
from services.matcher.engine.seats import Seats
from services.matcher.engine.sieve import Fallen, Flags
from services.matcher.engine.split import again, may_split, splits

# The legs of an option, and how well its resources suit the wish, in percent.
Found = tuple[tuple[Leg, ...], int]
# There are so many of them that the way around a NamedTuple's own constructor counts.
_new = tuple.__new__


class Finder:
    """Finds the options of wishes in one problem; built once, asked for each wish."""

    def __init__(self, problem: Problem) -> None:
        roads = problem.roads
        self._problem = problem
        self._roads = roads if isinstance(roads, KnownRoads) else KnownRoads(roads)
        self._pools = Pools(problem, self._roads)
        self._choices = Choices(problem)
        self._told: dict[tuple[Kind, str, int], Reason] = {}
        self._free: dict[tuple[int, int], Flags] = {}

    def options(self, number: int) -> tuple[list[Option], Finding]:
        """All options of the wish with that number, and the finding about it."""
        wish = self._problem.wishes[number]
        fallen: Fallen = Counter()
        worth = self._choices.worth(wish)
        found = [
            _new(Option, (number, legs, worth(legs, fit), (), ()))
            for family in rules.FAMILIES.get(wish.kind, ())
            for legs, fit in self._family(family, wish, fallen)
        ]
        if self._pools.concern(wish):
            found = self._pools.within(wish, found, fallen)
        reasons = self._reasons(fallen)
        return found, Finding(len(found), reasons if found else self._in_numbers(wish, reasons))

    def in_parts(self, number: int, parts: Mapping[Key, int]) -> Option | None:
        """The wish served by these slots with so many people each, if the rules still allow it.

        It need not be one of `options`: there is less of slots by now, and so they would be cut otherwise.
        """
        wish = self._problem.wishes[number]
        found = again(self._seats.rooms(wish), parts) if may_split(wish) else None
        if found is None:
            return None
        option = Option(number, found[0], self._choices.worth(wish)(*found))
        left = self._pools.within(wish, [option], Counter()) if self._pools.concern(wish) else [option]
        return next(iter(left), None)

    def all(self) -> Iterator[tuple[list[Option], Finding]]:
        """`options` of every wish, in the order of the wishes; Python's collector rests until the last.

        It would go through all options that there are, again and again, and there is nothing for it to find.
        """
        with collector.at_rest():
            for number in range(len(self._problem.wishes)):
                yield self.options(number)

    def companies(self) -> list[Option]:
        """Wishes that may come together where each is too small alone, as options of the first of them."""
        return companies(self._problem, self._pools, self._choices, self._limits)

    def _family(self, family: str, wish: Wish, fallen: Fallen) -> Iterable[Found]:
        if family == "expert":
            return self._by_experts(wish, fallen)
        if family == "unit":
            return self._opened(wish, fallen) if wish.with_expert else self._by_units(wish, fallen)
        if wish.with_expert:
            return self._accompanied(wish, fallen)
        whole = (((leg,), fit) for leg, fit in self._seats.of(wish, fallen))
        return chain(whole, splits(wish, self._seats.rooms(wish), fallen)) if may_split(wish) else whole

    def _reasons(self, fallen: Fallen) -> tuple[Reason, ...]:
        """Reasons in the order of their codes, each made once."""
        keys = [(kind, code, count) for (kind, code), count in sorted(fallen.items())]
        return tuple(self._told.get(key) or self._told.setdefault(key, Reason(*key)) for key in keys)

    def _in_numbers(self, wish: Wish, reasons: tuple[Reason, ...]) -> tuple[Reason, ...]:
        """Reasons why nothing suits, with how much was lacking where that is known."""
        told = {kind: self._shortfalls(wish, kind) for kind in {each.kind for each in reasons}}
        return tuple(
            replace(each, params=params) if (params := told[each.kind].get(each.code)) else each
            for each in reasons
        )

    def _shortfalls(self, wish: Wish, kind: Kind) -> shortfalls.Told:
        earliest = self._problem.earliest
        school_days = {"school_day": shortfalls.lessons(self._problem, wish)}
        if kind == "slot":
            return school_days | self._seats.shortfalls(wish)
        if kind == "unit":
            return school_days | self._units.shortfalls(wish, self._near_units(wish)[0], earliest)
        near = self._experts.on(weights.topics_of(wish, self._named(wish)))
        if wish.kind == "visit":  # they come to a venue, and which that would be is not known
            return {} if len(near) else {"topic": (("on_topic", 0),)}
        return school_days | self._experts.shortfalls(wish, near, earliest)

    # -- what is looked through, each made when first needed

    @cached_property
    def _limits(self) -> Floats:
        """All distances that anything is held to."""
        comers: tuple[Expert | Unit, ...] = (*self._problem.experts, *self._problem.units)
        own = {comer.limit_km for comer in comers if comer.limit_km is not None}
        return np.array(sorted(own | {wish.limit_km for wish in self._problem.wishes}), dtype=np.float64)

    @cached_property
    def _places(self) -> list[Place]:
        """All places that anybody may come to."""
        asked = (wish.place for wish in self._problem.wishes)
        venues = (slot.place for slot in self._problem.slots if slot.place)
        return list(dict.fromkeys((*asked, *venues)))

    @cached_property
    def _seats(self) -> Seats:
        return Seats(self._problem, self._roads, self._limits)

    @cached_property
    def _experts(self) -> Comers[Expert]:
        everybody = [(expert, expert.home) for expert in self._problem.experts]
        return Comers("expert", rules.EXPERT_RULES, everybody, self._roads, self._places, self._limits)

    @cached_property
    def _units(self) -> Comers[Unit]:
        everybody = [(unit, unit.base) for unit in self._problem.units]
        return Comers("unit", rules.UNIT_RULES, everybody, self._roads, self._places, self._limits)

    @cached_property
    def _sessions(self) -> Sessions:
        return Sessions(self._problem, self._roads)

    @cached_property
    def _company(self) -> World:
        return World(self._problem, self._experts, self._sessions)

    @cached_property
    def _stops(self) -> Stops:
        return Stops(self._problem, self._roads)

    # -- an expert's time at the school

    def _by_experts(self, wish: Wish, fallen: Fallen) -> Iterator[Found]:
        programme = self._named(wish)
        minutes = programme.minutes if programme else self._problem.session_minutes
        near = self._experts.on(weights.topics_of(wish, programme))
        suiting = self._experts.suiting(wish, near, "topic", fallen)
        pieces = self._sessions.pieces(wish, minutes)
        for number in self._experts.reaching(wish, wish.place, suiting, fallen):
            times, refusals = self._sessions.of(number, pieces, wish.place)
            if not times:
                fallen["expert", deepest(refusals)] += 1
                continue
            fit = self._experts.fit(wish, number, wish.place)
            yield from _alone(wish, "expert", self._experts.everybody[number].key, times, fit)

    def _named(self, wish: Wish) -> Programme | None:
        return self._problem.programmes.get(wish.programme) if wish.programme is not None else None

    # -- an expert's time at the venue

    def _accompanied(self, wish: Wish, fallen: Fallen) -> Iterator[Found]:
        """Seats in a slot and an expert at the venue for as long as it lasts: two legs, or nothing."""
        along = Accompanying(self._company, wish, self._named(wish))
        for leg, fit in self._seats.of(wish, fallen):
            company = list(along.to(leg))
            if not company:
                fallen["slot", "expert"] += 1
            for companion, their_fit in company:
                yield (companion, leg), (fit + their_fit) // 2
        along.count(fallen)

    # -- a travelling unit's stop

    def _by_units(self, wish: Wish, fallen: Fallen) -> Iterator[Found]:
        for key, fit, times in self._stays(wish, fallen):
            yield from _alone(wish, "unit", key, times, fit)

    def _stays(self, wish: Wish, fallen: Fallen) -> Iterator[tuple[Key, int, Iterable[Time]]]:
        """Units that can come, how well they suit, and for which stays."""
        near, code = self._near_units(wish)
        suiting = self._units.suiting(wish, near, code, fallen)
        pieces = self._stops.pieces(wish)
        for number in self._units.reaching(wish, wish.place, suiting, fallen):
            times, refusals = self._stops.gathered(number, pieces, wish.place)
            if not times:
                fallen["unit", deepest(refusals)] += 1
                continue
            yield self._units.everybody[number].key, self._units.fit(wish, number, wish.place), times

    def _near_units(self, wish: Wish) -> tuple[Ints, str]:
        """Units on the topic, or the one that carries the programme, and the code of all others."""
        if wish.programme is None:
            return self._units.on(wish.topics), "topic"
        return self._carrying(self._named(wish)), "programme"

    def _carrying(self, programme: Programme | None) -> Ints:
        """The unit that carries the programme around, if there is one."""
        units = enumerate(self._problem.units)
        return numbers(number for number, unit in units if programme and programme.unit == unit.key)

    # -- a travelling unit's stop, opened by an expert

    def _opened(self, wish: Wish, fallen: Fallen) -> Iterator[Found]:
        """A stay and an expert's lecture at the school on its first day: two legs, or nothing."""
        lectures = Opening(self._company, wish, self._named(wish), fallen)
        for key, fit, times in self._stays(wish, fallen):
            found = [
                ((lecture, _leg(wish, "unit", key, time)), (fit + their_fit) // 2)
                for time in times
                for lecture, their_fit in lectures.within(opening(time))
            ]
            if not found:
                fallen["unit", "expert"] += 1
            yield from found
        lectures.count(fallen)


def _alone(wish: Wish, kind: Kind, key: Key, times: Iterable[Time], fit: int) -> Iterator[Found]:
    """An option a time, of the one leg of somebody who comes to the school."""
    programme, size, place = wish.programme, wish.size, wish.place
    for start, end, occupied in times:
        yield (_new(Leg, (kind, key, programme, start, end, occupied, size, place)),), fit


def _leg(wish: Wish, kind: Kind, key: Key, time: Time) -> Leg:
    return Leg(kind, key, wish.programme, *time, wish.size, wish.place)


def taking(leg: Leg) -> Busy:
    """The time and place that a leg takes of an expert or a unit."""
    return Busy(leg.occupied, leg.end, leg.place)

"""Seats in slots that the hard rules leave to a wish: by programmes that suit, then slot by slot."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from functools import cached_property

import numpy as np

from services.matcher.engine import calendar, rules, weights
from services.matcher.engine.indexes import Slots, Topics, Ways
from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import Floats, KnownRoads
from services.matcher.engine.model import Key, Leg, Problem, Wish
from services.matcher.engine.moments import ground
from services.matcher.engine.shortfalls import Told, distance, span
from services.matcher.engine.sieve import Codes, Fallen, Flags, Sieve, add, tally
from services.matcher.engine.split import Room, part_of

# Why a slot of a programme that suits falls away; the first is what counts.
_CODES = (
    "", "round", "distance", "excluded",
    "lead_time", "calendar_not_loaded", "school_day", "groups_full", "seats",
)  # fmt: skip
_ROUND, _DISTANCE, _EXCLUDED, _LEAD_TIME = (
    _CODES.index(code) for code in ("round", "distance", "excluded", "lead_time")
)
_GROUPS_FULL, _SEATS = _CODES.index("groups_full"), _CODES.index("seats")


# A place for the group in a slot, and how well it suits in percent.
Seat = tuple[Leg, int]


class Seats:
    """Finds seats for the wishes of one problem; `limits` as for Ways."""

    def __init__(self, problem: Problem, roads: KnownRoads, limits: Floats) -> None:
        used = {slot.programme for slot in problem.slots}
        self._problem, self._roads = problem, roads
        self._programmes = [each for each in problem.programmes.values() if each.key in used]
        self._slots = Slots(self._programmes, problem.slots)
        self._sieve = Sieve(rules.PROGRAMME_RULES, self._programmes)
        self._whole_or_not = Sieve(rules.PART_RULES, self._programmes)
        self._topics = {kind: self._of_kinds(kinds) for kind, kinds in rules.SLOT_PROGRAMMES.items()}
        self._numbers = {each.key: number for number, each in enumerate(self._programmes)}
        self._ways = Ways(
            roads, [wish.place for wish in problem.wishes], self._slots.places, limits, outward=True
        )
        self._late: dict[str | None, Codes] = {}

    def _of_kinds(self, kinds: frozenset[str]) -> Topics:
        return Topics((number, each) for number, each in enumerate(self._programmes) if each.kind in kinds)

    def of(self, wish: Wish, fallen: Fallen) -> Iterator[Seat]:
        """All seats for a wish, by programme and time; counts what falls away."""
        near = self._near(wish, fallen)
        refused = self._sieve.refusals(wish)[near]
        tally(fallen, "slot", self._sieve.codes, refused, self._slots.sizes[near])
        suiting = self._slots.of(near[refused == 0])
        slots = self._slots.within(suiting, wish.windows)
        add(fallen, "slot", "window", len(suiting) - len(slots))
        codes = self._refusals(wish, slots)
        tally(fallen, "slot", _CODES, codes)
        return self._seats(wish, slots[codes == 0].tolist())

    def shortfalls(self, wish: Wish) -> Told:
        """Of slots on the topic that suit: the nearest that is too far, and when those in reach are given."""
        near = self._near(wish, Counter())
        suiting = self._slots.of(near[self._sieve.refusals(wish)[near] == 0])
        slots = self._slots.within(suiting, wish.windows)
        told: Told = {} if len(near) else {"topic": (("on_topic", 0),)}
        far = slots[self._refusals(wish, slots) == _DISTANCE]
        if len(far):
            row = self._ways.row(wish.place)[self._slots.place[far]]
            told["distance"] = distance(wish.limit_km, float(row.min()))
        outside = self._in_reach(wish, np.setdiff1d(suiting, slots))
        times = zip(self._slots.start[outside].tolist(), self._slots.end[outside].tolist(), strict=True)
        if when := span(times, self._problem.earliest):
            told["window"] = when
        return told

    def _in_reach(self, wish: Wish, slots: Ints) -> Ints:
        """Those that are not kept for others, too far away or excluded."""
        codes = self._refusals(wish, slots)
        found: Ints = slots[(codes != _ROUND) & (codes != _DISTANCE) & (codes != _EXCLUDED)]
        return found

    def rooms(self, wish: Wish) -> Iterator[Room]:
        """All slots at a place that would suit a wish of another size."""
        near = self._near(wish, Counter())
        suiting = self._slots.of(near[self._whole_or_not.refusals(wish)[near] == 0])
        slots = self._slots.within(suiting, wish.windows)
        codes = self._refusals(wish, slots)
        left = slots[(codes == 0) | (codes == _SEATS)].tolist()
        seats = self._seats(wish, (number for number in left if self._slots.slots[number].place))
        return (self._room(wish, leg, fit) for leg, fit in seats)

    def _room(self, wish: Wish, leg: Leg, fit: int) -> Room:
        programme, seats = self._problem.programmes[leg.programme], self._left[leg.resource]
        least, most = part_of(programme)
        refused = (code for code, passes in rules.GROUP_RULES if not passes(wish, programme))
        code = next(refused, "seats" if seats < wish.size else "")
        return Room(leg, fit, least, min(most, seats), code)

    @cached_property
    def _left(self) -> dict[Key, int]:
        return {slot.key: slot.seats for slot in self._slots.slots}

    def _near(self, wish: Wish, fallen: Fallen) -> Ints:
        """Programmes with slots on one of the wish's topics, or the one that it names."""
        topics = self._topics[wish.kind]
        near = topics.on(wish.topics)
        if wish.programme is not None:
            near = topics.everything[topics.everything == self._numbers.get(wish.programme, -1)]
        code = "topic" if wish.programme is None else "programme"
        sizes = self._slots.sizes
        add(fallen, "slot", code, int(sizes[topics.everything].sum() - sizes[near].sum()))
        return near

    def _refusals(self, wish: Wish, slots: Ints) -> Codes:
        """By slot, the position of its code; what counts most is written last."""
        columns = self._slots
        found = self._late_for(wish)[slots]
        found[(found == 0) & (columns.seats[slots] < wish.size)] = _SEATS
        if wish.excluded:
            found[self._excluded(wish, slots)] = _EXCLUDED
        found[self._ways.row(wish.place)[columns.place[slots]] > wish.limit_km] = _DISTANCE
        found[columns.of_other_rounds(wish.rounds)[slots]] = _ROUND
        return found

    def _excluded(self, wish: Wish, slots: Ints) -> Flags:
        keys = [("slot", self._slots.slots[number].key) for number in slots.tolist()]
        return np.array([key in wish.excluded for key in keys], dtype=bool)

    def _late_for(self, wish: Wish) -> Codes:
        """By slot, what refuses it to every wish of this area: its time, its day, its groups."""
        key = ground(wish)
        if key not in self._late:
            columns = self._slots
            found = columns.by_day(lambda start: _day_code(self._problem, wish, start))
            found[columns.start < self._problem.earliest] = _LEAD_TIME
            found[(found == 0) & columns.full] = _GROUPS_FULL
            self._late[key] = found
        return self._late[key]

    def _seats(self, wish: Wish, slots: Iterable[int]) -> Iterator[Seat]:
        fits: dict[tuple[int, int], int] = {}
        for number in slots:
            spot = self._slots.spots[number]
            if spot not in fits:
                fits[spot] = self._fit(wish, number)
            slot = self._slots.slots[number]
            place = slot.place or wish.place  # online, the group takes part where it is
            start, end = slot.start, slot.end
            leg = ("slot", slot.key, slot.programme, start, end, start, wish.size, place)
            yield tuple.__new__(Leg, leg), fits[spot]

    def _fit(self, wish: Wish, number: int) -> int:
        slot = self._slots.slots[number]
        programme = self._programmes[self._slots.spots[number][0]]
        km = self._roads.km(wish.place, slot.place) if slot.place else 0.0
        return weights.fit(wish, topics=programme.topics, languages=programme.languages, km=km)


def _day_code(problem: Problem, wish: Wish, start: int) -> int:
    return _CODES.index(calendar.day_refusal(problem, wish, start) or "")

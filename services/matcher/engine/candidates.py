"""Every way in which the hard rules allow a wish to be served, and why the rest of the world falls away.

Nothing is compared with everything: programmes, experts and units are found by topic, slots by programme
and time. What an index leaves out is counted from the sizes of its parts.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeGuard, TypeVar

from services.matcher.engine import calendar, journeys, rules, weights
from services.matcher.engine.days import day_of
from services.matcher.engine.model import (
    DAY,
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
    Slot,
    Unit,
    Window,
    Wish,
)

OPENING, CLOSING, SHORTEST = 8 * 60, 17 * 60, 120
# How near a resource came to passing, for those that are tried at several times.
_ORDER = (
    "dwell", "availability", "lead_time", "calendar_not_loaded", "school_day",
    "cap_day", "cap_week", "cap_month", "busy", "travel",
)  # fmt: skip
_DEPTH = {code: depth for depth, code in enumerate(_ORDER)}
Fallen = Counter[tuple[Kind, str]]


class _Topical(Protocol):
    @property
    def topics(self) -> frozenset[str]: ...


Thing = TypeVar("Thing", bound=_Topical)


class Finder:
    """Finds the options of wishes in one problem; built once, asked for each wish."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._slots = _by_programme(problem.slots)
        self._slot_programmes = {
            kind: _by_topic(self._offered(kinds)) for kind, kinds in rules.SLOT_PROGRAMMES.items()
        }
        self._experts = _by_topic(problem.experts)
        self._units = _by_topic(problem.units)

    def _offered(self, kinds: frozenset[str]) -> Iterator[Programme]:
        """Programmes of these kinds that have slots."""
        programmes = self._problem.programmes.values()
        return (each for each in programmes if each.kind in kinds and each.key in self._slots)

    def options(self, number: int) -> tuple[list[Option], Finding]:
        """All options of the wish with that number, and the finding about it."""
        wish = self._problem.wishes[number]
        fallen: Fallen = Counter()
        found = [
            Option(number, legs, weights.value(wish, fit))
            for family in rules.FAMILIES.get(wish.kind, ())
            for legs, fit in self._family(family, wish, fallen)
        ]
        return found, Finding(len(found), _reasons(fallen))

    def _family(self, family: str, wish: Wish, fallen: Fallen) -> Iterator[tuple[tuple[Leg, ...], int]]:
        if family == "slot" and wish.with_expert:
            return self._accompanied(wish, fallen)
        ways = {"slot": self._in_slots, "expert": self._by_experts, "unit": self._by_units}
        return (((leg,), fit) for leg, fit in ways[family](wish, fallen))

    # -- seats in slots

    def _in_slots(self, wish: Wish, fallen: Fallen) -> Iterator[tuple[Leg, int]]:
        for programme in self._programmes(wish, fallen):
            slots = self._slots[programme.key]
            code = rules.first_refusal(rules.PROGRAMME_RULES, wish, programme)
            if code:
                fallen["slot", code] += len(slots)
                continue
            yield from self._slots_of(wish, programme, slots, fallen)

    def _programmes(self, wish: Wish, fallen: Fallen) -> list[Programme]:
        """Programmes with slots on one of the wish's topics, or the one that it names."""
        known = self._slot_programmes[wish.kind]
        everything = known.get(None, [])
        if wish.programme is not None:
            near = [programme for programme in everything if programme.key == wish.programme]
        else:
            near = _on_topics(known, wish.topics)
        _count_rest(fallen, "slot", "programme" if wish.programme is not None else "topic",
                    self._sizes(everything) - self._sizes(near))  # fmt: skip
        return near

    def _sizes(self, programmes: Iterable[Programme]) -> int:
        return sum(len(self._slots[programme.key]) for programme in programmes)

    def _slots_of(
        self, wish: Wish, programme: Programme, slots: list[Slot], fallen: Fallen
    ) -> Iterator[tuple[Leg, int]]:
        within = _within(slots, wish.windows)
        _count_rest(fallen, "slot", "window", len(slots) - len(within))
        for slot in within:
            km = self._problem.roads.km(wish.place, slot.place) if slot.place else 0.0
            code = self._slot_refusal(wish, slot, km)
            if code:
                fallen["slot", code] += 1
                continue
            fit = weights.fit(wish, topics=programme.topics, languages=programme.languages, km=km)
            yield _seats(wish, slot), fit

    def _slot_refusal(self, wish: Wish, slot: Slot, km: float) -> str | None:
        if slot.round not in wish.rounds:
            return "round"
        if km > wish.limit_km:
            return "distance"
        if ("slot", slot.key) in wish.excluded:
            return "excluded"
        if slot.start < self._problem.earliest:
            return "lead_time"
        return calendar.day_refusal(self._problem, wish, slot.start) or _capacity_refusal(wish, slot)

    # -- an expert's time, at the school or at the venue

    def _by_experts(self, wish: Wish, fallen: Fallen) -> Iterator[tuple[Leg, int]]:
        programme = self._problem.programmes.get(wish.programme) if wish.programme is not None else None
        minutes = programme.minutes if programme else self._problem.session_minutes
        for expert, km in self._experts_for(wish, wish.place, weights.topics_of(wish, programme), fallen):
            legs = list(self._sessions(wish, expert, minutes, fallen))
            fit = weights.fit(wish, topics=expert.topics, languages=expert.languages, km=km)
            yield from ((leg, fit) for leg in legs)

    def _experts_for(
        self, wish: Wish, place: Place, topics: frozenset[str], fallen: Fallen
    ) -> Iterator[tuple[Expert, float]]:
        """Experts who know the topics and may come to `place`, with their way there in km."""
        near = _on_topics(self._experts, topics)
        _count_rest(fallen, "expert", "topic", len(self._problem.experts) - len(near))
        for expert in near:
            km = self._problem.roads.km(expert.home, place)
            code = rules.first_refusal(rules.EXPERT_RULES, wish, expert) or _way_refusal(wish, expert, km)
            if code:
                fallen["expert", code] += 1
            else:
                yield expert, km

    def _sessions(self, wish: Wish, expert: Expert, minutes: int, fallen: Fallen) -> Iterator[Leg]:
        """One leg per moment at which the expert could begin; none counts the expert once."""
        codes = {"window"} if not expert.windows else set()
        found = False
        for start in self._moments(wish, expert, minutes, codes):
            leg = _session(wish, expert, start, minutes)
            code = self._session_refusal(wish, expert, leg)
            codes |= {code} if code else set()
            if code is None:
                found = True
                yield leg
        if not found:
            fallen["expert", _deepest(codes or {"availability"})] += 1

    def _moments(self, wish: Wish, expert: Expert, minutes: int, codes: set[str]) -> list[int]:
        shared = (calendar.overlap(mine, theirs) for mine in wish.windows for theirs in expert.windows)
        parts = [part for part in shared if part]
        if not parts:
            codes.add("availability")
        grid = self._problem.starts
        return sorted({at for part in parts for at in calendar.session_starts(part, minutes, grid)})

    def _session_refusal(self, wish: Wish, expert: Expert, leg: Leg) -> str | None:
        if leg.start < self._problem.earliest:
            return "lead_time"
        return (
            calendar.day_refusal(self._problem, wish, leg.start)
            or journeys.cap_refusal(expert, leg.start)
            or journeys.time_refusal(self._problem.roads, taking(leg), expert.busy)
        )

    def _accompanied(self, wish: Wish, fallen: Fallen) -> Iterator[tuple[tuple[Leg, ...], int]]:
        """Seats in a slot and an expert at the venue for as long as it lasts: two legs, or nothing."""
        for seats, fit in self._in_slots(wish, fallen):
            programme = self._problem.programmes[seats.programme]
            company = list(self._companions(wish, seats, weights.topics_of(wish, programme)))
            if not company:
                fallen["slot", "expert"] += 1
            for leg, their_fit in company:
                yield (leg, seats), (fit + their_fit) // 2

    def _companions(self, wish: Wish, seats: Leg, topics: frozenset[str]) -> Iterator[tuple[Leg, int]]:
        for expert, km in self._experts_for(wish, seats.place, topics, Counter()):
            if not journeys.covered(expert.windows, seats.start, seats.end):
                continue
            leg = seats._replace(kind="expert", resource=expert.key)
            if self._session_refusal(wish, expert, leg) is None:
                yield leg, weights.fit(wish, topics=expert.topics, languages=expert.languages, km=km)

    # -- a travelling unit's stop

    def _by_units(self, wish: Wish, fallen: Fallen) -> Iterator[tuple[Leg, int]]:
        for unit in self._units_for(wish, fallen):
            km = self._problem.roads.km(unit.base, wish.place)
            code = rules.first_refusal(rules.UNIT_RULES, wish, unit) or _way_refusal(wish, unit, km)
            if code:
                fallen["unit", code] += 1
                continue
            fit = weights.fit(wish, topics=unit.topics, languages=unit.languages, km=km)
            yield from ((leg, fit) for leg in self._stops(wish, unit, fallen))

    def _units_for(self, wish: Wish, fallen: Fallen) -> list[Unit]:
        programme = self._problem.programmes.get(wish.programme) if wish.programme is not None else None
        if wish.programme is not None:
            near = [unit for unit in self._problem.units if programme and programme.unit == unit.key]
        else:
            near = _on_topics(self._units, wish.topics)
        code = "programme" if wish.programme is not None else "topic"
        _count_rest(fallen, "unit", code, len(self._problem.units) - len(near))
        return near

    def _stops(self, wish: Wish, unit: Unit, fallen: Fallen) -> Iterator[Leg]:
        codes: set[str] = set()
        found = False
        for start, end in _stays(wish.windows, unit.min_days):
            leg = _stop(wish, unit, start, end)
            code = self._stop_refusal(wish, unit, leg)
            codes |= {code} if code else set()
            if code is None:
                found = True
                yield leg
        if not found:
            fallen["unit", _deepest(codes or {"dwell"})] += 1

    def _stop_refusal(self, wish: Wish, unit: Unit, leg: Leg) -> str | None:
        if leg.occupied < self._problem.earliest:
            return "lead_time"
        if unit.windows and not journeys.covered(unit.windows, leg.occupied, leg.end):
            return "availability"
        return calendar.day_refusal(self._problem, wish, leg.start) or journeys.time_refusal(
            self._problem.roads, taking(leg), unit.busy
        )


def taking(leg: Leg) -> Busy:
    """The time and place that a leg takes of an expert or a unit."""
    return Busy(leg.occupied, leg.end, leg.place)


def _by_programme(slots: Iterable[Slot]) -> dict[Key, list[Slot]]:
    found: dict[Key, list[Slot]] = defaultdict(list)
    for slot in sorted(slots, key=lambda slot: slot.start):
        found[slot.programme].append(slot)
    return dict(found)


def _by_topic(things: Iterable[Thing]) -> dict[str | None, list[Thing]]:
    """Things by topic, and all of them under None."""
    found: dict[str | None, list[Thing]] = defaultdict(list)
    for thing in things:
        found[None].append(thing)
        for topic in sorted(thing.topics):
            found[topic].append(thing)
    return dict(found)


def _on_topics(index: dict[str | None, list[Thing]], topics: frozenset[str]) -> list[Thing]:
    """Things on any of the topics, each once; no topic means all."""
    if not topics:
        return index.get(None, [])
    found = {id(thing): thing for topic in sorted(topics) for thing in index.get(topic, [])}
    return list(found.values())


def _within(slots: list[Slot], windows: Iterable[Window]) -> list[Slot]:
    """Slots that lie inside one of the windows, each once, in order of time."""
    starts = [slot.start for slot in slots]
    found = {
        position
        for window in windows
        for position in range(bisect_left(starts, window.start), bisect_left(starts, window.end))
        if slots[position].end <= window.end
    }
    return [slots[position] for position in sorted(found)]


def _seats(wish: Wish, slot: Slot) -> Leg:
    place = slot.place or wish.place  # online, the group takes part where it is
    return Leg("slot", slot.key, slot.programme, slot.start, slot.end, slot.start, wish.size, place)


def _session(wish: Wish, expert: Expert, start: int, minutes: int) -> Leg:
    return Leg("expert", expert.key, wish.programme, start, start + minutes, start, wish.size, wish.place)


def _capacity_refusal(wish: Wish, slot: Slot) -> str | None:
    if slot.groups is not None and slot.groups < 1:
        return "groups_full"
    return "seats" if slot.seats < wish.size else None


def _way_refusal(wish: Wish, comer: Expert | Unit, km: float) -> str | None:
    kind: Kind = "expert" if isinstance(comer, Expert) else "unit"
    if (kind, comer.key) in wish.excluded:
        return "excluded"
    if km > wish.limit_km and not wish.with_expert:
        return "distance"
    return "travel_limit" if comer.limit_km is not None and km > comer.limit_km else None


def _stays(windows: Iterable[Window], days: int) -> Iterator[tuple[int, int]]:
    """Stays of so many days inside the windows, from opening on the first day to closing on the last."""
    for window in windows:
        for first in range(day_of(window.start), day_of(window.end - 1) - days + 2):
            last = first + days - 1
            arrival = calendar.overlap(window, _opening_hours(first))
            departure = calendar.overlap(window, _opening_hours(last))
            if _is_worth_it(arrival) and _is_worth_it(departure):
                yield arrival.start, departure.end


def _opening_hours(day: int) -> Window:
    return Window(day * DAY + OPENING, day * DAY + CLOSING)


def _is_worth_it(part: Window | None) -> TypeGuard[Window]:
    """Whether something can be shown in what is left of a day."""
    return part is not None and part.end - part.start >= SHORTEST


def _stop(wish: Wish, unit: Unit, start: int, end: int) -> Leg:
    occupied = (day_of(start) - unit.setup_days) * DAY if unit.setup_days else start
    return Leg("unit", unit.key, wish.programme, start, end, occupied, wish.size, wish.place)


def _count_rest(fallen: Fallen, kind: Kind, code: str, rest: int) -> None:
    if rest:
        fallen[kind, code] += rest


def _deepest(codes: set[str]) -> str:
    """The code that came nearest to passing."""
    return max(codes, key=lambda code: _DEPTH.get(code, 0))


def _reasons(fallen: Fallen) -> tuple[Reason, ...]:
    return tuple(Reason(kind, code, count) for (kind, code), count in sorted(fallen.items()))

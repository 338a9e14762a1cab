"""What is looked up is what asking about everything in turn would find; many at a time, what one by one."""

from __future__ import annotations

import gc
import random
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.chassis.geo import Point
from services.chassis.roads import Leg as KnownLeg
from services.chassis.roads import Roads as KnownRoads
from services.matcher.engine import calendar, journeys, rules, weights
from services.matcher.engine.candidates import Finder, taking
from services.matcher.engine.model import (
    DAY,
    Busy,
    Expert,
    Key,
    Leg,
    Place,
    Problem,
    Programme,
    Roads,
    Unit,
    Window,
    Wish,
)
from services.matcher.roads import RegionRoads
from tests.builders import problems
from tests.builders.problems import AREA, MONDAY, FlatRoads

HERE, NEAR = Place(42, 118), Place(42.2, 118)
# A straight road from north to south, and one that goes on to the east.
_SOUTH, _NORTH, _EAST = Point(42.1, 118.2), Point(42.9, 118.3), Point(42.8, 118.9)
KNOWN = (KnownLeg(_SOUTH, _NORTH, 90), KnownLeg(_NORTH, _EAST, 51))
ROADS: tuple[Roads, ...] = (FlatRoads(), RegionRoads(), RegionRoads(KnownRoads(KNOWN)))
_NINE = MONDAY * DAY + 9 * 60


def _everything(problem: Problem, wish: Wish) -> set[tuple[tuple[Leg, ...], int]]:
    """All ways to serve a wish with their values, by asking about every resource at every time."""
    found: set[tuple[tuple[Leg, ...], int]] = set()
    for family in rules.FAMILIES[wish.kind]:
        ways = {"slot": _slots, "expert": _experts, "unit": _units}[family](problem, wish)
        found |= {(legs, weights.value(wish, fit)) for legs, fit in ways}
    return found


def _passes(table: Iterable[rules.Rule], wish: Wish, thing: object) -> bool:
    return all(passes(wish, thing) for _, passes in table)


Ways = Iterator[tuple[tuple[Leg, ...], int]]


def _slots(problem: Problem, wish: Wish) -> Ways:
    for slot in problem.slots:
        programme, place = problem.programmes[slot.programme], slot.place or wish.place
        km = problem.roads.km(wish.place, place) if slot.place else 0.0
        if (
            programme.kind in rules.SLOT_PROGRAMMES[wish.kind]
            and _is_asked_for(wish, programme)
            and _passes(rules.PROGRAMME_RULES, wish, programme)
            and journeys.covered(wish.windows, slot.start, slot.end)
            and slot.round in wish.rounds
            and km <= wish.limit_km
            and ("slot", slot.key) not in wish.excluded
            and slot.start >= problem.earliest
            and calendar.day_refusal(problem, wish, slot.start) is None
            and slot.groups != 0
            and slot.seats >= wish.size
        ):
            seats = Leg("slot", slot.key, slot.programme, slot.start, slot.end, slot.start, wish.size, place)
            fit = weights.fit(wish, topics=programme.topics, languages=programme.languages, km=km)
            yield from _with_company(problem, wish, seats, fit) if wish.with_expert else [((seats,), fit)]


def _is_asked_for(wish: Wish, thing: Programme) -> bool:
    if wish.programme is not None:
        return thing.key == wish.programme
    return not wish.topics or bool(wish.topics & thing.topics)


def _with_company(problem: Problem, wish: Wish, seats: Leg, fit: int) -> Ways:
    topics = weights.topics_of(wish, problem.programmes[seats.programme])
    for expert, their_fit in _willing(problem, wish, seats.place, topics):
        leg = seats._replace(kind="expert", resource=expert.key)
        if journeys.covered(expert.windows, seats.start, seats.end) and _is_free(problem, wish, expert, leg):
            yield (leg, seats), (fit + their_fit) // 2


def _willing(
    problem: Problem, wish: Wish, place: Place, topics: frozenset[str]
) -> Iterator[tuple[Expert, int]]:
    for expert in problem.experts:
        km = problem.roads.km(expert.home, place)
        if (
            (not topics or topics & expert.topics)
            and _passes(rules.EXPERT_RULES, wish, expert)
            and ("expert", expert.key) not in wish.excluded
            and ((wish.kind == "visit" and wish.with_expert) or km <= wish.limit_km)
            and (expert.limit_km is None or km <= expert.limit_km)
        ):
            yield expert, weights.fit(wish, topics=expert.topics, languages=expert.languages, km=km)


def _is_free(problem: Problem, wish: Wish, expert: Expert, leg: Leg) -> bool:
    caps = ((getattr(expert, code), period) for code, period in journeys.CAPS)
    return (
        leg.start >= problem.earliest
        and calendar.day_refusal(problem, wish, leg.start) is None
        and all(
            cap is None or journeys.used(expert.busy, period)[period(leg.start)] < cap for cap, period in caps
        )
        and journeys.time_refusal(problem.roads, taking(leg), expert.busy) is None
    )


def _experts(problem: Problem, wish: Wish) -> Ways:
    programme = problem.programmes.get(wish.programme)
    minutes = programme.minutes if programme else problem.session_minutes
    for expert, fit in _willing(problem, wish, wish.place, weights.topics_of(wish, programme)):
        shared = (calendar.overlap(mine, theirs) for mine in wish.windows for theirs in expert.windows)
        for part in filter(None, shared):
            for at in calendar.session_starts(part, minutes, problem.starts):
                leg = Leg("expert", expert.key, wish.programme, at, at + minutes, at, wish.size, wish.place)
                if _is_free(problem, wish, expert, leg):
                    yield (leg,), fit


def _units(problem: Problem, wish: Wish) -> Ways:
    programme = problem.programmes.get(wish.programme)
    for unit in problem.units:
        km = problem.roads.km(unit.base, wish.place)
        carries = programme is not None and programme.unit == unit.key
        if (
            (carries if wish.programme is not None else not wish.topics or wish.topics & unit.topics)
            and _passes(rules.UNIT_RULES, wish, unit)
            and ("unit", unit.key) not in wish.excluded
            and km <= min(wish.limit_km, unit.limit_km or wish.limit_km)
        ):
            fit = weights.fit(wish, topics=unit.topics, languages=unit.languages, km=km)
            for stay in _stops(problem, wish, unit):
                yield from _opened(problem, wish, stay, fit) if wish.with_expert else [((stay,), fit)]


def _opened(problem: Problem, wish: Wish, stay: Leg, fit: int) -> Ways:
    hours = Window(stay.start, min(stay.end, stay.start // DAY * DAY + 1020))
    topics = weights.topics_of(wish, problem.programmes.get(wish.programme))
    for expert, their_fit in _willing(problem, wish, wish.place, topics):
        for part in filter(None, (calendar.overlap(hours, theirs) for theirs in expert.windows)):
            for at in calendar.session_starts(part, problem.session_minutes, problem.starts):
                end = at + problem.session_minutes
                leg = Leg("expert", expert.key, wish.programme, at, end, at, wish.size, wish.place)
                if _is_free(problem, wish, expert, leg):
                    yield (leg, stay), (fit + their_fit) // 2


def _stops(problem: Problem, wish: Wish, unit: Unit) -> Iterator[Leg]:
    for window in wish.windows:
        for first in range(window.start // DAY, window.end // DAY + 1):
            last = first + unit.min_days - 1
            arrival = calendar.overlap(window, Window(first * DAY + 480, first * DAY + 1020))
            departure = calendar.overlap(window, Window(last * DAY + 480, last * DAY + 1020))
            if not (arrival and departure):
                continue
            occupied = (first - unit.setup_days) * DAY if unit.setup_days else arrival.start
            leg = Leg(
                "unit",
                unit.key,
                wish.programme,
                arrival.start,
                departure.end,
                occupied,
                wish.size,
                wish.place,
            )
            if (
                min(each.end - each.start for each in (arrival, departure)) >= 120
                and leg.occupied >= problem.earliest
                and (not unit.windows or journeys.covered(unit.windows, leg.occupied, leg.end))
                and calendar.day_refusal(problem, wish, leg.start) is None
                and journeys.time_refusal(problem.roads, taking(leg), unit.busy) is None
            ):
                yield leg


_SIZE = problems.Size(wishes=25, programmes=6, slots=40, experts=8, units=3, days=9, windows=4, topics=5)


def _troubled(seed: int) -> Problem:
    """A problem with what the builder leaves out: areas, names, refusals, rounds, odd hours, real roads."""
    problem, dice = problems.problem(seed, _SIZE), random.Random(seed)
    programmes = tuple(problem.programmes)
    return replace(
        problem,
        wishes=tuple(_trouble(dice, wish, programmes) for wish in problem.wishes),
        slots=tuple(replace(slot, round=dice.choice([None, None, "autumn"])) for slot in problem.slots),
        programmes={
            key: replace(
                each, unit=f"unit{dice.randrange(4)}", online=dice.random() < 0.2, languages=_spoken(dice)
            )
            for key, each in problem.programmes.items()
        },
        experts=tuple(
            replace(each, busy=_engagements(dice), languages=_spoken(dice)) for each in problem.experts
        ),
        units=tuple(
            replace(each, busy=_engagements(dice)[:1], languages=_spoken(dice)) for each in problem.units
        ),
        roads=dice.choice(ROADS),
        known_days=problem.known_days - {MONDAY + 3},
        earliest=(MONDAY + dice.randrange(3)) * DAY + 600,
    )


def _trouble(dice: random.Random, wish: Wish, programmes: tuple[Key, ...]) -> Wish:
    odd = Window(wish.windows[0].start + 25, wish.windows[-1].end - dice.choice([0, 40, 600]))
    return replace(
        wish,
        windows=(*wish.windows[::-1], odd) if dice.random() < 0.5 else wish.windows,
        area=dice.choice([AREA, AREA, "elsewhere"]),
        audience=dice.choice([wish.audience, "teachers"]),
        programme=dice.choice([None, None, None, *programmes, "unknown"]),
        topics=wish.topics if dice.random() < 0.8 else frozenset(),
        language=dice.choice(["zh", "mn"]),
        language_required=dice.random() < 0.2,
        rounds=dice.choice([frozenset({None}), frozenset({None, "autumn"})]),
        excluded=dice.choice(
            [frozenset(), frozenset({("slot", "slot1"), ("expert", "expert1"), ("unit", "unit0")})]
        ),
    )


def _spoken(dice: random.Random) -> frozenset[str]:
    return dice.choice([frozenset(), frozenset({"zh"}), frozenset({"zh", "mn"})])


def _engagements(dice: random.Random) -> tuple[Busy, ...]:
    starts = ((MONDAY + dice.randrange(-4, 10)) * DAY + dice.randrange(480, 1000) for _ in range(4))
    return tuple(
        Busy(start, start + dice.choice([60, 300]), Place(42 + dice.random(), 118 + dice.random()))
        for start in starts
    )


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_what_is_looked_up_is_what_asking_about_everything_finds(seed: int) -> None:
    problem = _troubled(seed)
    for wish, (options, finding) in zip(problem.wishes, Finder(problem).all(), strict=True):
        assert {(option.legs, option.value) for option in options} == _everything(problem, wish)
        assert finding.candidates == len(options)


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_every_resource_is_a_candidate_or_counted_once(seed: int) -> None:
    problem = _troubled(seed)
    worlds = {"expert": len(problem.experts), "unit": len(problem.units)}
    for wish, (options, finding) in zip(problem.wishes, Finder(problem).all(), strict=True):
        kinds = rules.SLOT_PROGRAMMES.get(wish.kind, frozenset())
        offered = sum(problem.programmes[slot.programme].kind in kinds for slot in problem.slots)
        for kind in rules.kinds(wish):
            kept = {leg.resource for option in options for leg in option.legs if leg.kind == kind}
            fallen = sum(reason.count for reason in finding.reasons if reason.kind == kind)
            assert len(kept) + fallen == {**worlds, "slot": offered}[kind]


def test_a_wish_is_told_the_same_alone_and_among_all() -> None:
    problem = _troubled(5)
    together = list(Finder(problem).all())
    assert [Finder(problem).options(number) for number in range(len(problem.wishes))] == together
    assert gc.isenabled()


@pytest.mark.parametrize("roads", ROADS)
def test_journeys_asked_for_together_take_as_long_as_one_by_one(roads: Roads) -> None:
    dice = random.Random(1)
    places = [Place(42 + dice.random(), 118 + dice.random()) for _ in range(30)] + [HERE, HERE]
    pairs = [(a, b, month) for a in range(32) for b in range(32) for month in (1, 5, 11)]
    a, b, months = (np.array(column) for column in zip(*pairs, strict=True))
    known = journeys.KnownRoads(roads)
    one_by_one = [roads.minutes(places[here], places[there], month) for here, there, month in pairs]
    assert known.minutes_many(places, a, b, months).tolist() == one_by_one
    assert [known.minutes(places[here], places[there], month) for here, there, month in pairs] == one_by_one
    assert max(one_by_one) <= known.longest(places)
    one_by_one_km = [roads.km(places[here], places[there]) for here, there, _ in pairs]
    assert known.km_many(places, a, b).tolist() == pytest.approx(one_by_one_km)


def test_a_journey_of_whole_minutes_is_not_rounded_up_by_a_last_digit(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Where the last digits of a float would decide, it is the plain formula that is believed."""
    monkeypatch.setattr(RegionRoads, "km_many", lambda *_: np.array([55.0 + 1e-12]))
    monkeypatch.setattr(RegionRoads, "minutes", lambda *_: 75)
    found = RegionRoads().minutes_many([HERE, NEAR], np.array([0]), np.array([1]), np.array([5]))
    assert found.tolist() == [75]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_a_diary_looks_only_at_what_is_near_and_finds_the_same(seed: int) -> None:
    dice, roads = random.Random(seed), RegionRoads()
    owner = Expert("su", frozenset(), HERE, (), busy=_engagements(dice) + _engagements(dice))
    longest = roads.longest([each.place for each in owner.busy] + [HERE])
    diary = journeys.Diary(roads, owner, longest)
    for start in range(_NINE - 2 * DAY, _NINE + 6 * DAY, 50):
        wanted = Busy(start, start + 60, HERE)
        assert diary.time_refusal(wanted) == journeys.time_refusal(roads, wanted, owner.busy)

"""A made season whose shape is Chifeng's, as large as asked: for measuring the engine and for asking what if.

Pure and seeded: the same numbers give the same problem. docs/season.md says what it holds and why. Supply is
made first and grows with the requests; then each school asks as schools do: those that find much on their
topic name few days or one programme, those that find little leave many days open.
"""

from __future__ import annotations

import math
import random
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import asdict, replace
from typing import NamedTuple

import numpy as np

from services.matcher.engine import weights
from services.matcher.engine.calendar import session_starts
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import DAY, Expert, Place, Problem, Programme, Roads, Unit, Window, Wish
from services.matcher.engine.season_supply import (
    AFTERNOON,
    CALENDAR_DAYS,
    CLOSING,
    DISTRICTS,
    FIRST_DAY,
    GRADES,
    MONGOLIAN,
    NOON,
    OPENING,
    STARTS,
    TOPICS,
    Knobs,
    School,
    Supply,
    dice_of,
    draw_topics,
    school_days,
    schools,
    supply,
    towns_of,
)

# A window has at most 10 days, of which 7 with lessons; a wish at most 4 windows.
_LONGEST, _LESSONS, _WINDOWS = 10, 7, 4
_LEAST_RUN = {"visit": 1, "expert": 1, "exhibition": 3, "training": 1}
_LIMITS_KM = {
    "visit": (30, 60, 60, 100),
    "expert": (60, 100, 150),
    "exhibition": (100, 150, 250),
    "training": (60, 100, 150),
}
# A wish that would find next to nothing on its topics asks for others, and looks farther.
_TRIES, _ENOUGH, _FARTHER, _FARTHEST_KM = 10, 8.0, 1.4, 300.0
# And so it does, looking nearer, where it would find much too much; experts need this many slots to come to.
_TOO_MANY, _NEAREST_KM, _SLOTS = 1.5, 20.0, 2.5
# The least time that a wish leaves open: one beginning of the four of a day, and long enough for any session.
_LESSON, _LESSON_MINUTES = 0.25, 120
# How many visits name a programme of their own accord, if it is given so often in the days of a wish.
_NAMED, _OFTEN = 0.25, 3.0
# The more there is, the more exactly schools say what they want: options a wish fall with a season's size.
_USUAL_SIZE, _PRECISION = 5000, 0.3
_LARGEST, _SMALLEST = 200, 15
_LARGEST_GROUP = 240
# Where the options of a wish come from.
_WAYS = {
    "visit": ("visit",),
    "expert": ("expert",),
    "exhibition": ("unit",),
    "training": ("training", "teaching"),
}


def season(requests: int, seed: int, roads: Roads, **knobs: float) -> Problem:
    """A season of so many requests; `knobs` are those of Knobs.

    TypeError for a knob that there is not, ValueError for one that is not positive or a number below 1.
    """
    wanted = Knobs(**knobs)
    turned = asdict(wanted) | {"large": wanted.large or 1.0}
    if requests < 1 or any(not 0 < each < 1e6 for each in turned.values()):
        raise ValueError("a season has requests, and every knob is above zero")
    towns = {each.adcode: towns_of(seed, each) for each in DISTRICTS}
    offered = supply(requests, seed, wanted, towns)
    asking = _Asking(requests, seed, wanted, schools(requests, seed, towns), offered, roads)
    days = frozenset(school_days())
    return Problem(
        wishes=tuple(asking.wish(number) for number in range(requests)),
        programmes={programme.key: programme for programme in offered.programmes},
        slots=offered.slots,
        experts=offered.experts,
        units=offered.units,
        roads=roads,
        lesson_days={each.adcode: days for each in DISTRICTS},
        known_days=frozenset(range(FIRST_DAY - 40, FIRST_DAY + CALENDAR_DAYS + 40)),
        earliest=FIRST_DAY * DAY,
        seed=f"season {requests} {seed}",
        starts=STARTS,
    )


class _Offers(NamedTuple):
    """Things of one kind as columns: `rate` is how many options each gives a wish per day with lessons."""

    topics: dict[str, np.ndarray]
    places: tuple[Place, ...]
    rate: np.ndarray
    grades: np.ndarray
    smallest: np.ndarray
    largest: np.ndarray
    limit: np.ndarray

    def suiting(self, wish: Wish, km: np.ndarray, limit_km: float) -> np.ndarray:
        """Which of them the wish could have, were it not for time."""
        topical = np.logical_or.reduce([self.topics[topic] for topic in sorted(wish.topics)])
        mask = _mask(wish.grades)
        sized = (self.smallest <= wish.size) & (wish.size <= self.largest)
        near = (km <= limit_km) & (km <= self.limit)
        return np.asarray(topical & sized & near & (self.grades & mask == mask))


class _Asking:
    """Makes wishes that know what there is, as schools do that have read the catalogue."""

    def __init__(
        self,
        requests: int,
        seed: int,
        knobs: Knobs,
        asking: tuple[School, ...],
        offered: Supply,
        roads: Roads,
    ) -> None:
        self._seed, self._knobs, self._schools = seed, knobs, asking
        self._roads = KnownRoads(roads)
        self._crowds = [math.sqrt(school.enrolment) for school in asking]
        self._kinds = {kind: float(getattr(knobs, kind)) for kind in _WAYS}
        self._options = knobs.options * min(1.0, _USUAL_SIZE / requests) ** _PRECISION
        self._days = school_days()
        self._programmes = [each for each in offered.programmes if each.kind != "training"]
        self._seats = sorted(slot.seats for slot in offered.slots)
        self._offers = _all_offers(offered, len(self._days))
        self._km: dict[tuple[str, int], np.ndarray] = {}

    def wish(self, number: int) -> Wish:
        """The wish with that number."""
        dice = dice_of(self._seed, "wish", number)
        school = dice.choices(self._schools, self._crowds)[0]
        kind = dice.choices(list(self._kinds), list(self._kinds.values()))[0]
        accompanied = kind == "visit" and dice.random() < self._knobs.with_expert
        draft = _draft(dice, school, kind, f"w{number}", accompanied)
        wanted = self._options * dice.lognormvariate(0.12, 0.6)
        wish, rate = self._topical(dice, school, draft, wanted)
        if kind == "visit" and (dice.random() < _NAMED or rate * _LESSON > wanted):
            wish, rate = self._named(dice, school, wish)
        days = wanted / max(rate, 1e-9)
        if accompanied:  # many experts are of no use without a slot
            days = max(days, _SLOTS * self._company(school, wish) / max(rate, 1e-9))
        wish = replace(wish, windows=self._windows(dice, kind, days))
        return wish if accompanied or kind != "visit" else self._grown(school, wish)

    def _grown(self, school: School, wish: Wish) -> Wish:
        """The same, or of so many classes that it may come in parts, to more topics; by dice of its own."""
        dice = dice_of(self._seed, "large", wish.key)
        if not dice.random() < self._knobs.large:
            return wish
        size = max(wish.size, min(_LARGEST_GROUP, school.enrolment, school.class_size * dice.randint(3, 6)))
        topics = wish.topics | draw_topics(dice, 4)
        return replace(wish, size=size, topics=topics, programme=None, may_split=True)

    def _topical(self, dice: random.Random, school: School, draft: Wish, wanted: float) -> tuple[Wish, float]:
        """With topics on which there is enough and not too much, farther or nearer if need be; its rate."""
        found, limit = (draft, -1.0), draft.limit_km
        for attempt in range(_TRIES):
            topics = draw_topics(dice, dice.randint(1, 2))
            wish = replace(draft, topics=topics, limit_km=float(round(limit)))
            rate = self._rate(school, wish)
            if rate * _LESSONS * _WINDOWS < _ENOUGH:
                found, limit = max(found, (wish, rate), key=_by_rate), min(_FARTHEST_KM, limit * _FARTHER)
                continue
            found = wish, rate
            if attempt >= _TRIES // 2 or self._least(school, wish, rate) <= _TOO_MANY * wanted:
                break
            limit = max(_NEAREST_KM, limit / _FARTHER)
        return found

    def _least(self, school: School, wish: Wish, rate: float) -> float:
        """How many options the wish has if it leaves as little time open as can be."""
        return _SLOTS * self._company(school, wish) if wish.with_expert else rate * _LESSON

    def _named(self, dice: random.Random, school: School, wish: Wish) -> tuple[Wish, float]:
        """The same for one programme of those that suit and are given often enough; if there is one."""
        rates = self._offers["visit"].rate
        often = rates * _LESSONS * _WINDOWS >= _OFTEN
        suiting = np.flatnonzero(self._suiting("visit", school, wish) & often)
        if not len(suiting):
            return wish, self._rate(school, wish)
        at = dice.choices(suiting.tolist(), rates[suiting].tolist())[0]
        company = self._company(school, wish) if wish.with_expert else 1.0
        named = replace(wish, programme=self._programmes[at].key)
        return named, float(rates[at]) * self._share(wish.size) * company

    def _rate(self, school: School, wish: Wish) -> float:
        """How many options the wish has per day with lessons, about."""
        found = 0.0
        for name in _WAYS[wish.kind]:
            rate = self._offers[name].rate[self._suiting(name, school, wish)].sum()
            found += rate * (self._share(wish.size) if name in ("visit", "training") else 1.0)
        return float(found) * (self._company(school, wish) if wish.with_expert else 1.0)

    def _company(self, school: School, wish: Wish) -> float:
        """How many experts could come along to a slot."""
        rates = self._offers["expert"].rate[self._suiting("expert", school, wish, math.inf)]
        return float(rates.sum()) / len(STARTS)

    def _suiting(self, name: str, school: School, wish: Wish, limit_km: float | None = None) -> np.ndarray:
        limit = wish.limit_km if limit_km is None else limit_km
        return self._offers[name].suiting(wish, self._kilometres(name, school), limit)

    def _kilometres(self, name: str, school: School) -> np.ndarray:
        """From a school to all things of a kind."""
        if (name, school.number) not in self._km:
            places = (school.place, *self._offers[name].places)
            there = np.arange(1, len(places), dtype=np.int64)
            self._km[name, school.number] = self._roads.km_many(places, np.zeros_like(there), there)
        return self._km[name, school.number]

    def _share(self, size: int) -> float:
        """The part of all slots that have so many seats."""
        return 1 - bisect_left(self._seats, size) / len(self._seats)

    def _windows(self, dice: random.Random, kind: str, days: float) -> tuple[Window, ...]:
        """Windows of about so many days with lessons in all; half a day, if that is much already."""
        if kind != "exhibition" and days < 0.7:
            day = dice.choice(self._days) * DAY
            lesson = [(start, start + _LESSON_MINUTES) for start in STARTS]
            start, end = dice.choice(((OPENING, NOON), (AFTERNOON, CLOSING)) if days > 0.35 else lesson)
            return (Window(day + start, day + end),)
        least = _LEAST_RUN[kind] if days > 1 else 1
        wanted = min(_LESSONS * _WINDOWS, max(least, int(days + dice.random()) + least - 1))
        number = dice.randint(
            -(-wanted // _LESSONS), max(-(-wanted // _LESSONS), min(_WINDOWS, wanted // least))
        )
        return tuple(self._window(dice, each, number, wanted) for each in range(number))

    def _window(self, dice: random.Random, each: int, number: int, wanted: int) -> Window:
        """The `each`-th of so many windows, in its own part of the term."""
        length = wanted * (each + 1) // number - wanted * each // number
        part = len(self._days) // number
        first = part * each + dice.randrange(part - length + 1)
        start, last = self._days[first], self._days[first + length - 1]
        return Window(start * DAY + OPENING, min(last, start + _LONGEST - 1) * DAY + CLOSING)


def _by_rate(found: tuple[Wish, float]) -> float:
    return found[1]


def _draft(dice: random.Random, school: School, kind: str, key: str, accompanied: bool) -> Wish:
    """A wish without topics and windows."""
    return Wish(
        key=key,
        kind=kind,
        size=_size(dice, school, kind),
        place=school.place,
        area=school.district.adcode,
        township=str(school.town),
        stage=school.stage,
        windows=(),
        grades=_grades(dice, school, kind),
        audience="teachers" if kind == "training" else "pupils",
        limit_km=float(dice.choice(_LIMITS_KM[kind]) * (1 if school.district.urban else 1.5)),
        with_expert=accompanied,
        language="mn" if school.district.adcode in MONGOLIAN and dice.random() < 0.15 else "zh",
        need=weights.need(days_since_served=school.waited, rural=school.rural, enrolment=school.enrolment),
    )


def _size(dice: random.Random, school: School, kind: str) -> int:
    """Some classes of pupils, or the teachers of one subject or more."""
    if kind == "training":
        return dice.randint(_SMALLEST, 60)
    most = {"visit": 2, "expert": 4, "exhibition": 8}[kind]
    classes = dice.randint(2 if kind == "exhibition" else 1, most)
    return max(_SMALLEST, min(_LARGEST, school.enrolment, school.class_size * classes))


def _grades(dice: random.Random, school: School, kind: str) -> frozenset[int]:
    taught = GRADES[school.stage]
    if kind == "training":
        return frozenset()
    if kind == "exhibition":
        return frozenset(taught)
    first = dice.randrange(len(taught))
    return frozenset(taught[first : first + dice.choice((1, 1, 2))])


def _all_offers(offered: Supply, days: int) -> dict[str, _Offers]:
    """Programmes for pupils and for teachers, experts for both, and units."""
    number = {programme.key: 0 for programme in offered.programmes}
    for slot in offered.slots:
        number[slot.programme] += 1
    found = {}
    for name in ("visit", "training"):
        at = [
            n
            for n, each in enumerate(offered.programmes)
            if (each.kind == "training") == (name == "training")
        ]
        programmes = [offered.programmes[n] for n in at]
        rates = [number[programme.key] / days for programme in programmes]
        found[name] = _offers(programmes, [offered.places[n] for n in at], rates)
    for name, audience in (("expert", "pupils"), ("teaching", "teachers")):
        experts = [expert for expert in offered.experts if audience in expert.audiences]
        rates = [_moments(expert) / days for expert in experts]
        found[name] = _offers(experts, [expert.home for expert in experts], rates)
    found["unit"] = _offers(offered.units, [unit.base for unit in offered.units], [1.0] * len(offered.units))
    return found


def _offers(
    things: Sequence[Programme | Expert | Unit], places: Sequence[Place], rates: Sequence[float]
) -> _Offers:
    limits = [getattr(thing, "limit_km", None) for thing in things]
    return _Offers(
        {topic: np.array([topic in thing.topics for thing in things], dtype=bool) for topic in TOPICS},
        tuple(places),
        np.array(rates, dtype=float),
        np.array([_mask(thing.grades or range(13)) for thing in things], dtype=np.int64),
        np.array([getattr(thing, "min_group", 1) for thing in things], dtype=np.int64),
        np.array([getattr(thing, "max_group", _LARGEST) for thing in things], dtype=np.int64),
        np.array([math.inf if limit is None else limit for limit in limits], dtype=float),
    )


def _mask(grades: Iterable[int]) -> int:
    return sum(1 << grade for grade in grades)


def _moments(expert: Expert) -> int:
    """At how many moments the expert could begin a lecture of an hour."""
    return sum(len(list(session_starts(window, 60, STARTS))) for window in expert.windows)

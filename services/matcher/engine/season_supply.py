"""The region of a made season: districts, schools, and what venues, experts and travelling units offer.

Everything is drawn from a seed, each thing by dice of its own; docs/season.md says in which shape.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple, TypeVar

from services.matcher.engine.model import (
    DAY,
    Busy,
    Expert,
    Place,
    Programme,
    Slot,
    Unit,
    Window,
)

T = TypeVar("T")
FIRST_DAY = 20_514  # Monday, 2026-03-02
CALENDAR_DAYS = 13 * 7
# 2026: Qingming on 6 April, Labour Day to 5 May, and Saturday 9 May worked for it (State Council notice).
_HOLIDAYS = frozenset(range(FIRST_DAY + 33, FIRST_DAY + 36)) | frozenset(
    range(FIRST_DAY + 60, FIRST_DAY + 65)
)
_WORKED = frozenset({FIRST_DAY + 68})
OPENING, NOON, AFTERNOON, CLOSING = 8 * 60, 12 * 60, 13 * 60, 17 * 60 + 30
STARTS = (9 * 60, 10 * 60 + 30, 14 * 60, 15 * 60 + 30)
TOPICS = tuple(f"t{number:02d}" for number in range(1, 25))
# The n-th topic is drawn in proportion to n ** -_SKEW: the first in a sixth of draws, the last in one of 55.
_SKEW = 0.7
_TOPIC_WEIGHTS = [(number + 1) ** -_SKEW for number in range(len(TOPICS))]
GRADES = {"P": range(1, 7), "J": range(7, 10), "S": range(10, 13)}
_BANDS = (range(1, 7), range(1, 10), range(3, 10), range(5, 13), range(7, 13), range(1, 13))
_TAUGHT = (
    *(range(1, 4), range(3, 7), range(1, 7), range(5, 10)),
    *(range(7, 10), range(7, 13), range(10, 13), range(1, 13)),
)
_FEWEST, _PROGRAMMES = 8, 32


class District(NamedTuple):
    """`people` is the demonstration's weight, `towns` their number, `spread_km` how far out they lie."""

    adcode: str
    name: str
    place: Place
    people: int
    towns: int
    spread_km: int
    urban: bool


# From deploy/demo/data: chifeng_divisions.csv (codes, points, pop_demo_weight) and chifeng_townships.csv
# (numbers of townships); how far these lie out is a guess from the maps.
DISTRICTS = (
    District("150402", "红山区", Place(42.296588, 118.953854), 469_100, 13, 12, True),
    District("150403", "元宝山区", Place(42.038902, 119.288611), 285_000, 12, 20, True),
    District("150404", "松山区", Place(42.299798, 118.916208), 706_300, 18, 50, True),
    District("150421", "阿鲁科尔沁旗", Place(43.872298, 120.0657), 237_000, 14, 70, False),
    District("150422", "巴林左旗", Place(43.960889, 119.362931), 264_000, 11, 55, False),
    District("150423", "巴林右旗", Place(43.534414, 118.66518), 153_000, 9, 60, False),
    District("150424", "林西县", Place(43.61812, 118.05545), 187_000, 9, 40, False),
    District("150425", "克什克腾旗", Place(43.264988, 117.545797), 200_000, 13, 80, False),
    District("150426", "翁牛特旗", Place(42.936188, 119.00658), 361_000, 14, 70, False),
    District("150428", "喀喇沁旗", Place(41.927363, 118.701937), 250_000, 9, 35, False),
    District("150429", "宁城县", Place(41.601375, 119.318876), 474_000, 15, 40, False),
    District("150430", "敖汉旗", Place(42.290781, 119.921603), 449_000, 16, 55, False),
)
Towns = dict[str, tuple[Place, ...]]
# Where a good part of the families speaks Mongolian.
MONGOLIAN = frozenset({"150421", "150422", "150423", "150425", "150426"})


@dataclass(frozen=True, slots=True)
class Knobs:
    """What can be turned, positive numbers; the defaults are the season of docs/benchmarks.md.

    `visit`, `expert`, `exhibition`, `training` are shares of the wishes, in proportion to their sum;
    `with_expert` is a share of the visits, `urban` the share of supply in the three urban districts. `supply`
    is how many slots, experts and units there are, 1 for somewhat less than is asked for. `options` is how
    many options a wish is to have on average, up to 5,000 requests. `large` is the share of the visits that
    are of three to six classes and may come in parts, and may be 0.
    """

    visit: float = 0.60
    expert: float = 0.28
    exhibition: float = 0.07
    training: float = 0.05
    with_expert: float = 0.10
    urban: float = 0.58
    supply: float = 1.0
    options: float = 20.0
    large: float = 0.0


class School(NamedTuple):
    """Who asks; `town` numbers its township, `waited` is how many days ago it was last served or None."""

    number: int
    place: Place
    district: District
    town: int
    stage: str
    rural: bool
    enrolment: int
    class_size: int
    waited: int | None


class Supply(NamedTuple):
    """All that is offered; `places` is where each programme is given."""

    programmes: tuple[Programme, ...]
    places: tuple[Place, ...]
    slots: tuple[Slot, ...]
    experts: tuple[Expert, ...]
    units: tuple[Unit, ...]


@cache
def school_days() -> tuple[int, ...]:
    """The days with lessons of the season, in order: some 60."""
    days = range(FIRST_DAY, FIRST_DAY + CALENDAR_DAYS)
    return tuple(day for day in days if (_is_weekday(day) and day not in _HOLIDAYS) or day in _WORKED)


def _is_weekday(day: int) -> bool:
    return (day + 3) % 7 < 5


def dice_of(seed: int, *name: object) -> random.Random:
    """Chance of its own for each thing, whatever else is drawn before it."""
    return random.Random(":".join(map(str, (seed, *name))))


def draw_topics(dice: random.Random, number: int) -> frozenset[str]:
    """At most so many topics, the first ones of the list more often."""
    return frozenset(dice.choices(TOPICS, _TOPIC_WEIGHTS)[0] for _ in range(number))


def one_of(dice: random.Random, *pairs: tuple[T, int]) -> T:
    """One of the values, each with its weight."""
    return dice.choices([value for value, _ in pairs], [weight for _, weight in pairs])[0]


# -- the map


def towns_of(seed: int, district: District) -> tuple[Place, ...]:
    """The seat of government first, then the other townships around it."""
    dice = dice_of(seed, "towns", district.adcode)
    reach = district.spread_km
    return (
        district.place,
        *(_beside(dice, district.place, reach / 6, reach) for _ in range(district.towns - 1)),
    )


def _beside(dice: random.Random, place: Place, nearest_km: float, farthest_km: float) -> Place:
    """A point between so many kilometres away, in any direction."""
    km, angle = dice.uniform(nearest_km, farthest_km), dice.uniform(0, 2 * math.pi)
    north, east = km * math.sin(angle) / 111.2, km * math.cos(angle) / 111.2
    return Place(round(place.lat + north, 5), round(place.lon + east / math.cos(math.radians(place.lat)), 5))


def schools(requests: int, seed: int, towns: Towns) -> tuple[School, ...]:
    """One school for some five requests, up to the 1,200 or so that a region of that size has."""
    number = min(1200, max(_FEWEST, requests // 5))
    return tuple(_school(seed, each, towns) for each in range(number))


def _school(seed: int, number: int, towns: Towns) -> School:
    dice = dice_of(seed, "school", number)
    district = dice.choices(DISTRICTS, [each.people for each in DISTRICTS])[0]
    known = towns[district.adcode]
    seat = dice.random() < (0.7 if district.urban else 0.4)
    town = 0 if seat else dice.choice(range(1, len(known)))
    place = _beside(dice, known[town], 0.1, 4 if seat else 1.5)
    stage = one_of(dice, ("P", 62), ("J", 26), ("S", 12)) if seat else one_of(dice, ("P", 72), ("J", 28))
    class_size = dice.randint(34, 50) if seat else dice.randint(15, 36)
    classes = dice.randint(2, 7) if seat else one_of(dice, (1, 6), (2, 3), (3, 1))
    enrolment = class_size * classes * len(GRADES[stage])
    waited = one_of(dice, (None, 45), (240, 25), (60, 30))
    return School(number, place, district, town, stage, not seat, enrolment, class_size, waited)


# -- what is offered


def supply(requests: int, seed: int, knobs: Knobs, towns: Towns) -> Supply:
    """Slots, experts and units for somewhat fewer wishes than `requests`, times `knobs.supply`."""
    scale = requests * knobs.supply
    venues = _venues(requests, seed, knobs, towns)
    visits, trainings = _count(scale * knobs.visit * 0.62), _count(scale * knobs.training * 0.4)
    offered = [
        *_given(seed, "visit", visits, max(_PROGRAMMES, visits // 20), venues),
        *_given(seed, "training", trainings, trainings // 8, venues),
    ]
    experts = _count(scale * (knobs.expert + knobs.visit * knobs.with_expert) * 0.042, least=12)
    units = _count(scale * knobs.exhibition * 0.030, least=3)
    return Supply(
        tuple(programme for programme, _, _ in offered),
        tuple(place for _, place, _ in offered),
        tuple(slot for _, _, slots in offered for slot in slots),
        tuple(_expert(seed, number, knobs, towns) for number in range(experts)),
        tuple(_unit(seed, number, knobs) for number in range(units)),
    )


def _given(
    seed: int, kind: str, slots: int, programmes: int, venues: tuple[Place, ...]
) -> list[tuple[Programme, Place, list[Slot]]]:
    """So many programmes, each at a venue, with so many slots among them."""
    dice = dice_of(seed, kind)
    given: list[tuple[Programme, Place, list[Slot]]] = [
        (_programme(dice, f"{kind}{number}", kind == "training"), dice.choice(venues), [])
        for number in range(max(4, programmes))
    ]
    for number in range(slots):
        programme, place, its = dice.choice(given)
        its.append(_slot(dice, f"{kind}-slot{number}", programme, place))
    return given


def _count(wanted: float, least: int = _FEWEST) -> int:
    return max(least, round(wanted))


def _provider(dice: random.Random, knobs: Knobs) -> District:
    """Where something that is offered is at home: in one of the three urban districts, or out in another."""
    urban = dice.random() < knobs.urban
    there = [each for each in DISTRICTS if each.urban == urban]
    return dice.choices(there, [each.people for each in there])[0]


def _venues(requests: int, seed: int, knobs: Knobs, towns: Towns) -> tuple[Place, ...]:
    number = min(200, max(_PROGRAMMES, requests // 50))
    return tuple(_venue(dice_of(seed, "venue", each), knobs, towns) for each in range(number))


def _venue(dice: random.Random, knobs: Knobs, towns: Towns) -> Place:
    known = towns[_provider(dice, knobs).adcode]
    return _beside(dice, known[0] if dice.random() < 0.75 else dice.choice(known[1:]), 0.1, 5)


def _programme(dice: random.Random, key: str, training: bool) -> Programme:
    return Programme(
        key=key,
        kind="training" if training else one_of(dice, ("visit", 5), ("mini_class", 3), ("show", 2)),
        topics=draw_topics(dice, dice.randint(1, 3)),
        audiences=frozenset({"teachers"}) if training else frozenset({"pupils"}),
        grades=frozenset() if training else frozenset(dice.choice(_BANDS)),
        min_group=1 if training else one_of(dice, (1, 6), (15, 2), (20, 2)),
        max_group=one_of(dice, (60, 2), (120, 3), (200, 5)),
        minutes=one_of(dice, (60, 3), (90, 5), (120, 2)),
    )


def _slot(dice: random.Random, key: str, programme: Programme, place: Place) -> Slot:
    start = dice.choice(school_days()) * DAY + dice.choice(STARTS)
    seats = one_of(dice, (30, 10), (45, 15), (60, 20), (90, 20), (120, 15), (160, 10), (220, 6), (300, 4))
    groups = one_of(dice, (None, 7), (1, 1), (2, 2), (3, 1))
    return Slot(key, programme.key, place, start, start + programme.minutes, seats, groups)


def _expert(seed: int, number: int, knobs: Knobs, towns: Towns) -> Expert:
    dice = dice_of(seed, "expert", number)
    home = _beside(dice, towns[_provider(dice, knobs).adcode][0], 0.1, 5)
    return Expert(
        key=f"e{number}",
        topics=draw_topics(dice, dice.randint(2, 4)),
        home=home,
        windows=_free(dice),
        audiences=frozenset({"pupils", "teachers"} if dice.random() < 0.6 else {"pupils"}),
        grades=frozenset(dice.choice(_TAUGHT)),
        languages=frozenset(one_of(dice, (("zh",), 8), (("zh", "mn"), 2))),
        limit_km=one_of(dice, (None, 3), (60.0, 2), (120.0, 3), (250.0, 2)),
        cap_day=one_of(dice, (1, 3), (2, 5), (3, 2)),
        cap_week=dice.randint(2, 5),
        cap_month=dice.randint(4, 12),
        busy=_busy(dice, home),
    )


def _free(dice: random.Random) -> tuple[Window, ...]:
    """Some weekdays, the whole day, mornings or afternoons, now and then away."""
    weekdays = dice.sample(range(5), dice.randint(2, 4))
    parts = {day: one_of(dice, ((OPENING, CLOSING), 5), ((OPENING, NOON), 2), ((AFTERNOON, CLOSING), 3))
             for day in weekdays}  # fmt: skip
    days = [day for day in school_days() if (day + 3) % 7 in parts and dice.random() < 0.9]
    return tuple(Window(*(day * DAY + minute for minute in parts[(day + 3) % 7])) for day in days)


def _busy(dice: random.Random, home: Place) -> tuple[Busy, ...]:
    """One expert in four has an hour promised on some days already."""
    days = sorted(dice.sample(school_days(), 3)) if dice.random() < 0.25 else []
    return tuple(Busy(start, start + 60, home) for day in days for start in [day * DAY + dice.choice(STARTS)])


def _unit(seed: int, number: int, knobs: Knobs) -> Unit:
    dice = dice_of(seed, "unit", number)
    first = (FIRST_DAY + dice.choice((0, 0, 7, 14))) * DAY
    return Unit(
        key=f"u{number}",
        topics=draw_topics(dice, dice.randint(4, 7)),
        base=_provider(dice, knobs).place,
        min_days=one_of(dice, (1, 5), (2, 3), (3, 2)),
        setup_days=one_of(dice, (0, 6), (1, 4)),
        max_group=one_of(dice, (150, 1), (10_000, 4)),
        limit_km=one_of(dice, (None, 5), (150.0, 2), (250.0, 3)),
        windows=() if dice.random() < 0.6 else (Window(first, first + 70 * DAY),),
    )

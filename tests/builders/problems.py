"""Matching problems for tests: made from a seed, as small or as large as asked."""

from __future__ import annotations

import math
import random
from dataclasses import dataclass, replace

from services.matcher.engine.model import (
    DAY,
    Busy,
    Claim,
    Expert,
    Need,
    Place,
    Pool,
    Problem,
    Programme,
    Slot,
    Unit,
    Use,
    Window,
    Wish,
)

MONDAY = 20_607  # 2026-06-01
AREA, OTHER_AREA = "150402", "150404"
TOPICS = tuple(f"topic{number}" for number in range(24))


class FlatRoads:
    """A plane on which one degree is 100 km, at 60 km/h, in winter slower."""

    def km(self, a: Place, b: Place) -> float:
        """A straight line."""
        return 100 * math.dist(a, b)

    def minutes(self, a: Place, b: Place, month: int) -> int:
        """A minute a kilometre."""
        return math.ceil(self.km(a, b) * (1.25 if month in (12, 1, 2) else 1))


@dataclass(frozen=True)
class Size:
    """How many of each a problem has, and over how many days."""

    wishes: int = 5
    programmes: int = 2
    slots: int = 4
    experts: int = 2
    units: int = 1
    days: int = 3
    windows: int = 2
    topics: int = 4
    pools: bool = False
    openings: bool = True
    companies: bool = False
    rests: bool = False
    tours: bool = False
    splits: bool = False


def problem(seed: int, size: Size = Size()) -> Problem:
    """A problem of every kind of wish, contested and full of trouble; the same for the same arguments."""
    made = _without_pools(seed, size)
    made = _with_splits(random.Random(f"splits of {seed}"), made, size) if size.splits else made
    made = _with_openings(random.Random(f"openings of {seed}"), made) if size.openings else made
    made = _with_companies(random.Random(f"companies of {seed}"), made) if size.companies else made
    made = _with_rests(random.Random(f"rests of {seed}"), made) if size.rests else made
    made = _with_tours(random.Random(f"tours of {seed}"), made) if size.tours else made
    return _with_pools(random.Random(f"pools of {seed}"), made, size) if size.pools else made


def _without_pools(seed: int, size: Size) -> Problem:
    dice = random.Random(seed)
    programmes = tuple(_programme(dice, number, size) for number in range(size.programmes))
    days = frozenset(range(MONDAY - 40, MONDAY + size.days + 40))
    return Problem(
        wishes=tuple(_wish(dice, number, size) for number in range(size.wishes)),
        programmes={programme.key: programme for programme in programmes},
        slots=tuple(_slot(dice, number, programmes, size) for number in range(size.slots)),
        experts=tuple(_expert(dice, number, size) for number in range(size.experts)),
        units=tuple(_unit(dice, number, size) for number in range(size.units)),
        roads=FlatRoads(),
        lesson_days={AREA: frozenset(day for day in days if (day + 3) % 7 < 5)},
        known_days=days,
        earliest=MONDAY * DAY,
        seed=str(seed),
    )


def _with_splits(dice: random.Random, made: Problem, size: Size) -> Problem:
    """Some groups are too large for a slot; two venues have sessions beside and after one another.

    Half of the sessions are of the first programme; most large groups may come in parts.
    """
    first, *_ = made.programmes
    programmes = {**made.programmes, first: replace(made.programmes[first], kind="visit", max_group=50)}
    venues = [_place(dice), _place(dice)]
    slots = tuple(_small(dice, slot, first, venues) for slot in made.slots)
    wishes = tuple(_grown(dice, wish) if wish.kind == "visit" else wish for wish in made.wishes)
    return replace(made, programmes=programmes, slots=slots, wishes=wishes)


def _small(dice: random.Random, slot: Slot, first: object, venues: list[Place]) -> Slot:
    start = (slot.start // DAY) * DAY + dice.choice([540, 540, 640, 840])
    programme = first if dice.random() < 0.5 else slot.programme
    seats, place = dice.choice([18, 25, 30, 40, 60]), dice.choice(venues)
    return replace(slot, programme=programme, place=place, start=start, end=start + 90, seats=seats)


def _grown(dice: random.Random, wish: Wish) -> Wish:
    """Up to 150 people, and not far from anything."""
    size = dice.choice([wish.size, dice.randrange(40, 150)])
    return replace(wish, size=size, limit_km=200, with_expert=False, may_split=dice.random() < 0.8)


def _with_openings(dice: random.Random, made: Problem) -> Problem:
    """Some of the exhibitions want an opening lecture."""
    wishes = (replace(each, with_expert=True) if _is_opened(dice, each) else each for each in made.wishes)
    return replace(made, wishes=tuple(wishes))


def _is_opened(dice: random.Random, wish: Wish) -> bool:
    return wish.kind == "exhibition" and dice.random() < 0.4


def _with_companies(dice: random.Random, made: Problem) -> Problem:
    """Most wishes are visits of small groups, most of which may join others; in two areas of two towns."""
    programmes = {
        key: replace(each, kind="visit", min_group=dice.choice([20, 25, 30, 40]))
        for key, each in made.programmes.items()
    }
    days = made.lesson_days[AREA]
    return replace(
        made,
        wishes=tuple(_small_group(dice, wish) if dice.random() < 0.85 else wish for wish in made.wishes),
        programmes=programmes,
        lesson_days={AREA: days, OTHER_AREA: days},
    )


def _small_group(dice: random.Random, wish: Wish) -> Wish:
    place = Place(42.5, 118.5) if dice.random() < 0.3 else wish.place
    return replace(
        wish,
        kind="visit",
        size=dice.randrange(6, 24),
        place=place,
        audience="pupils",
        with_expert=dice.random() < 0.05,
        may_join=dice.random() < 0.9,
        area=dice.choice([AREA, OTHER_AREA]),
        township=dice.choice(["one", "other"]),
    )


def _with_rests(dice: random.Random, made: Problem) -> Problem:
    """Experts who rest between appointments, some of them longer than half a day."""
    rests = [dice.choice([0, 30, 60, 120, 900, 1440]) for _ in made.experts]
    resting = (replace(each, rest_minutes=some) for each, some in zip(made.experts, rests, strict=True))
    return replace(made, experts=tuple(resting))


def _with_tours(dice: random.Random, made: Problem) -> Problem:
    """Most wishes are for exhibitions; units suit them all, and some have a stop already."""
    wishes = (_toured(dice, wish) if dice.random() < 0.8 else wish for wish in made.wishes)
    topics = frozenset(TOPICS)
    units = (
        replace(
            unit,
            topics=topics,
            min_days=dice.choice([1, 1, 2]),
            setup_days=dice.choice([0, 0, 1]),
            km_budget=dice.choice([None, 60, 120, 180, 250, 400]),
            busy=_stopped(dice),
        )
        for unit in made.units
    )
    return replace(made, wishes=tuple(wishes), units=tuple(units))


def _toured(dice: random.Random, wish: Wish) -> Wish:
    """A stop of a day or two, on any of four days around a weekend, which for teachers has no weekend."""
    first = MONDAY + dice.choice([0, 1, 3, 4, 7])
    audience = dice.choice(["pupils", "teachers"])
    windows = (Window(first * DAY, (first + 4) * DAY),)
    return replace(wish, kind="exhibition", windows=windows, audience=audience, with_expert=False)


def without_budgets(problem: Problem) -> Problem:
    """The same, with units that may drive as far as they like."""
    return replace(problem, units=tuple(replace(unit, km_budget=None) for unit in problem.units))


def _stopped(dice: random.Random) -> tuple[Busy, ...]:
    day = (MONDAY + dice.choice([-1, 2, 5])) * DAY
    return (Busy(day + 8 * 60, day + 17 * 60, _place(dice)),) if dice.random() < 0.5 else ()


def _place(dice: random.Random) -> Place:
    return Place(42 + dice.random(), 118 + dice.random())


def _programme(dice: random.Random, number: int, size: Size) -> Programme:
    return Programme(
        key=f"programme{number}",
        kind=dice.choice(["visit", "visit", "mini_class", "training"]),
        topics=frozenset(dice.sample(TOPICS[: size.topics], 2)),
        audiences=frozenset({"pupils", "teachers"}),
        grades=frozenset(range(1, dice.choice([6, 9, 12]))),
        min_group=dice.choice([1, 20]),
        max_group=dice.choice([60, 200]),
    )


def _slot(dice: random.Random, number: int, programmes: tuple[Programme, ...], size: Size) -> Slot:
    start = (MONDAY + dice.randrange(size.days)) * DAY + dice.choice([9, 10, 14, 15]) * 60
    seats = dice.choice([30, 60, 100])
    groups = dice.choice([None, 1, 2])
    place = _place(dice)
    return Slot(f"slot{number}", dice.choice(programmes).key, place, start, start + 90, seats, groups)


def _expert(dice: random.Random, number: int, size: Size) -> Expert:
    windows = tuple(_day_window(day) for day in range(MONDAY, MONDAY + size.days) if dice.random() < 0.7)
    home = _place(dice)
    busy = (Busy(MONDAY * DAY + 540, MONDAY * DAY + 600, _place(dice)),) if dice.random() < 0.3 else ()
    return Expert(
        key=f"expert{number}",
        topics=frozenset(dice.sample(TOPICS[: size.topics], 2)),
        home=home,
        windows=windows,
        audiences=frozenset({"pupils", "teachers"}),
        limit_km=dice.choice([None, 60, 120]),
        cap_day=dice.choice([None, 1, 2]),
        cap_week=dice.choice([None, 2]),
        cap_month=dice.choice([None, 2, 3]),
        busy=busy,
    )


def _unit(dice: random.Random, number: int, size: Size) -> Unit:
    topics = frozenset(dice.sample(TOPICS[: size.topics], 3))
    return Unit(f"unit{number}", topics, _place(dice), dice.choice([1, 2]), setup_days=dice.choice([0, 1]))


def _wish(dice: random.Random, number: int, size: Size) -> Wish:
    kind = dice.choice(["visit", "visit", "expert", "exhibition", "training"])
    days = sorted(dice.sample(range(size.days), min(size.windows, size.days)))
    windows = tuple(_day_window(MONDAY + day) for day in days)
    if kind == "exhibition":
        windows = (Window((MONDAY + days[0]) * DAY, (MONDAY + days[0] + 3) * DAY),)
    return Wish(
        key=f"wish{number}",
        kind=kind,
        size=dice.randrange(15, 80),
        place=_place(dice),
        area=AREA,
        stage="P",
        windows=windows,
        topics=frozenset(dice.sample(TOPICS[: size.topics], dice.choice([1, 2]))),
        grades=frozenset({dice.randrange(1, 7)}),
        audience="teachers" if kind == "training" else "pupils",
        limit_km=dice.choice([60, 100, 150]),
        with_expert=kind == "visit" and dice.random() < 0.3,
        need=dice.choice([100, 125, 180]),
    )


def _with_pools(dice: random.Random, made: Problem, size: Size) -> Problem:
    """Schools with an entitlement, classes with one time, and a provider's guides; at times some or none."""
    guides = Pool("guides", dice.choice([1, 2, 3]), "no_guide", _taken(dice, "guides"))
    guided = dice.random() < 0.7
    schools = [f"school{number}" for number in range(2) if dice.random() < 0.7]
    classes = [f"class{number}" for number in range(3) if dice.random() < 0.7]
    spans = _spans(dice, size)
    return replace(
        made,
        programmes={
            key: replace(each, needs=(Need("guides", dice.choice([1, 1, 2])),)) if guided else each
            for key, each in made.programmes.items()
        },
        wishes=tuple(
            _claiming(wish, number, spans, {*schools, *classes}) for number, wish in enumerate(made.wishes)
        ),
        pools=(
            guides,
            *(
                Pool(key, dice.choice([1, 2]), "entitlement_used", _counted(dice, key, spans))
                for key in schools
            ),
            *(Pool(key, 1, "class_busy", _taken(dice, key)) for key in classes),
        ),
    )


def _claiming(wish: Wish, number: int, spans: tuple[Window, ...], known: set[str]) -> Wish:
    claims = (Claim(f"school{number % 2}", spans), Claim(f"class{number % 3}"))
    return replace(wish, claims=tuple(claim for claim in claims if claim.pool in known))


def _spans(dice: random.Random, size: Size) -> tuple[Window, ...]:
    """One term or two, which may leave out the last day."""
    first, last = (MONDAY - 9) * DAY, (MONDAY + size.days - dice.choice([0, 1])) * DAY
    middle = (MONDAY + 1) * DAY
    return dice.choice([(Window(first, last),), (Window(first, middle), Window(middle, last))])


def _taken(dice: random.Random, key: str) -> tuple[Use, ...]:
    """Something on a morning, at times."""
    start = (MONDAY + dice.randrange(2)) * DAY + dice.choice([540, 600, 660])
    return (Use(key, start, start + 90),) if dice.random() < 0.4 else ()


def _counted(dice: random.Random, key: str, spans: tuple[Window, ...]) -> tuple[Use, ...]:
    return tuple(Use(key, *span) for span in spans for _ in range(dice.choice([0, 0, 0, 1, 2])))


def _day_window(day: int) -> Window:
    return Window(day * DAY + 8 * 60, day * DAY + 17 * 60 + 30)

"""What the schools ask for: 600 wishes in the round and 50 at once, some of them impossible on purpose."""

from __future__ import annotations

import datetime as dt
import itertools
import random
from dataclasses import dataclass, replace

from deploy.demo import calendar
from deploy.demo.dice import dice
from deploy.demo.programmes import Programme, programmes
from deploy.demo.providers import venues
from deploy.demo.schools import School, schools
from deploy.demo.slots import horizon

IN_ROUND, AT_ONCE = 600, 50
_KINDS = {"visit": 62, "expert": 24, "exhibition": 10, "training": 4}
_EXPERT_TOPICS = (
    "航天",
    "卫生健康",
    "应急避险",
    "机器人",
    "人工智能",
    "物理",
    "生命科学",
    "农业",
    "科学家精神",
    "地球",
)
_TOUR_TOPICS = ("物理", "航天", "生态环境", "卫生健康")
_LARGEST_HALL = 160
_ONE_CLASS = 50
_PREFERENCES = (
    "希望有动手环节",
    "有两名学生使用轮椅",
    "请安排普通话讲解",
    "希望上午到达",
    "想与课本单元配合",
)


@dataclass(frozen=True, slots=True)
class Wish:
    """One request to be; topics by their Chinese names, programmes by their titles, windows in UTC.

    `liked` are programmes that it would like best, best first; where there are any its windows are so, too.
    """

    number: int
    school: School
    in_round: bool
    kind: str
    topics: tuple[str, ...]
    programme: str | None
    grades: tuple[int, ...]
    audience: str
    group_size: int
    windows: tuple[tuple[str, str], ...]
    distance_limit_km: int
    language: str
    language_required: bool
    preferences: str | None
    with_expert: bool = False
    liked: tuple[str, ...] = ()
    impossible: str | None = None

    @property
    def name(self) -> str:
        """What tells this wish from all others, also in the request's contact field."""
        return f"{'集中' if self.in_round else '随时'}{self.number:03d}"

    @property
    def class_name(self) -> str | None:
        """The class that it is for, where it is for one."""
        grade, *others = self.grades or (0,)
        if self.audience != "pupils" or others or not grade or self.group_size > _ONE_CLASS:
            return None
        return f"{grade}年级{1 + self.number % 3}班"


def wishes(anchor: dt.date) -> list[Wish]:
    """All wishes, those of the round first; the anchor is the day on which the round opened."""
    days = horizon(anchor)
    in_round = [_wish(number, days, in_round=True) for number in range(1, IN_ROUND + 1)]
    return in_round + [_wish(number, days, in_round=False) for number in range(1, AT_ONCE + 1)]


def _wish(number: int, days: tuple[dt.date, ...], *, in_round: bool) -> Wish:
    chance = dice("wish", in_round, number)
    kind = chance.choices(list(_KINDS), list(_KINDS.values()))[0] if in_round else "visit"
    school = _school(chance, kind)
    wish = _BUILDERS[kind](chance, number, school, days, in_round)
    return _impossible(chance, wish, days) if in_round and number % 17 == 0 else wish


def _school(chance: random.Random, kind: str) -> School:
    all_schools = [each for each in schools() if kind == "visit" or each.stage != "K"]
    return chance.choices(all_schools, [each.enrolment**0.5 for each in all_schools])[0]


def _visit(
    chance: random.Random, number: int, school: School, days: tuple[dt.date, ...], in_round: bool
) -> Wish:
    fitting = [p for p in programmes() if p.venue and set(p.theme.grades) & set(school.grades)]
    near = [p for p in fitting if _district(p) == school.adcode] or fitting
    wanted = chance.choice(near if chance.random() < 0.6 else fitting)
    by_programme = chance.random() < 0.25
    wish = Wish(
        number=number,
        school=school,
        in_round=in_round,
        kind="visit",
        topics=wanted.theme.topics[: chance.choice([1, 2])],
        programme=wanted.title if by_programme else None,
        grades=_grades(chance, school, wanted.theme.grades),
        audience="pupils",
        group_size=_classes(chance, school, 1, 3, largest=110),
        windows=_days(chance, days, chance.randint(6, 14), 8.0, 18.0),
        distance_limit_km=chance.choice([60, 100, 150, 250]),
        language="zh",
        language_required=False,
        preferences=None,
    )
    accompanied = in_round and not by_programme and bool(set(wish.topics) & set(_EXPERT_TOPICS))
    wish = _with_tastes(chance, replace(wish, with_expert=accompanied and chance.random() < 0.3))
    return wish if by_programme else replace(wish, liked=_liked(wish, wanted, near))


def _liked(wish: Wish, wanted: Programme, near: list[Programme]) -> tuple[str, ...]:
    """Every third in a round has the programme that it heard of, and at most one more on its topics."""
    if not wish.in_round or wish.number % 3:
        return ()
    others = (each.title for each in near if set(each.theme.topics) & set(wish.topics))
    return (wanted.title, *itertools.islice((title for title in others if title != wanted.title), 1))


def _district(programme: Programme) -> str:
    return _VENUE_DISTRICTS[programme.venue or ""]


def _expert(
    chance: random.Random, number: int, school: School, days: tuple[dt.date, ...], in_round: bool
) -> Wish:
    wish = Wish(
        number=number,
        school=school,
        in_round=in_round,
        kind="expert",
        topics=tuple(chance.sample(_EXPERT_TOPICS, 2)),
        programme=None,
        grades=_grades(chance, school, tuple(school.grades)),
        audience="pupils",
        group_size=_classes(chance, school, 2, 6, largest=300),
        windows=_days(chance, days, chance.randint(5, 12), 8.0, 18.0),
        distance_limit_km=chance.choice([80, 150, 250]),
        language="zh",
        language_required=False,
        preferences=None,
    )
    return _with_tastes(chance, wish)


def _training(
    chance: random.Random, number: int, school: School, days: tuple[dt.date, ...], in_round: bool
) -> Wish:
    wish = _expert(chance, number, school, days, in_round)
    teachers = max(5, min(60, school.classes * 2))
    topics = tuple(chance.sample(("机器人", "人工智能", "科学家精神"), 2))
    return replace(wish, kind="training", topics=topics, audience="teachers", group_size=teachers)


def _exhibition(
    chance: random.Random, number: int, school: School, days: tuple[dt.date, ...], in_round: bool
) -> Wish:
    return Wish(
        number=number,
        school=school,
        in_round=in_round,
        kind="exhibition",
        topics=tuple(chance.sample(_TOUR_TOPICS, 2)),
        programme=None,
        grades=tuple(school.grades),
        audience="pupils",
        group_size=max(20, min(900, school.enrolment)),
        windows=_weeks(chance, days),
        distance_limit_km=chance.choice([150, 300, 500]),
        language="zh",
        language_required=False,
        preferences=None,
    )


_BUILDERS = {"visit": _visit, "expert": _expert, "training": _training, "exhibition": _exhibition}
_VENUE_DISTRICTS = {venue.name: venue.owner.adcode for venue in venues()}


def _grades(chance: random.Random, school: School, taught: tuple[int, ...]) -> tuple[int, ...]:
    common = sorted(set(school.grades) & set(taught)) or school.grades
    first = chance.randrange(len(common))
    return tuple(common[first : first + chance.choice([1, 2])])


def _classes(chance: random.Random, school: School, fewest: int, most: int, *, largest: int) -> int:
    return min(largest, _class(school) * chance.randint(fewest, most), school.enrolment)


def _days(
    chance: random.Random, days: tuple[dt.date, ...], count: int, first_hour: float, last_hour: float
) -> tuple[tuple[str, str], ...]:
    chosen = sorted(chance.sample(days, count))
    return tuple((calendar.instant(day, first_hour), calendar.instant(day, last_hour)) for day in chosen)


def _weeks(chance: random.Random, days: tuple[dt.date, ...]) -> tuple[tuple[str, str], ...]:
    starts = sorted(chance.sample(days[: -len(days) // 4], 3))
    lengths = [chance.choice([9, 13, 20]) for _ in starts]
    return tuple(_stretch(first, length) for first, length in zip(starts, lengths, strict=True))


def _stretch(first: dt.date, length: int) -> tuple[str, str]:
    return calendar.instant(first, 8.0), calendar.instant(first + dt.timedelta(days=length), 18.0)


def _with_tastes(chance: random.Random, wish: Wish) -> Wish:
    mongolian = chance.random() < 0.06
    preferences = chance.choice(_PREFERENCES) if chance.random() < 0.2 else None
    return replace(wish, language="mn" if mongolian else "zh", preferences=preferences)


def _impossible(chance: random.Random, wish: Wish, days: tuple[dt.date, ...]) -> Wish:
    """The wish with one condition that nothing on offer can meet."""
    plain = replace(wish, kind="visit", programme=None, audience="pupils", with_expert=False)
    visit = replace(plain, group_size=_class(wish.school))
    too_near = replace(visit, distance_limit_km=1, impossible="too_near")
    whole_school = replace(visit, group_size=wish.school.enrolment, impossible="too_large")
    ways = (
        too_near,
        replace(visit, windows=_days(chance, days, 3, 12.25, 12.75), impossible="too_short"),
        replace(visit, topics=("数学",), language="mn", language_required=True, impossible="too_rare"),
        whole_school if whole_school.group_size > _LARGEST_HALL else too_near,
    )
    return ways[(wish.number // 17) % len(ways)]


def _class(school: School) -> int:
    return max(5, round(school.enrolment / school.classes))

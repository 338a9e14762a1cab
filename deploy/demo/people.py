"""The 150 experts (made, marked 演示) and when each of them has time."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from deploy.demo import calendar, facts
from deploy.demo.dice import dice
from deploy.demo.slots import horizon

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕白云包"
_GIVEN = (
    "海燕",
    "志刚",
    "晓东",
    "文静",
    "永胜",
    "慧敏",
    "建华",
    "雪梅",
    "国强",
    "丽娜",
    "图雅",
    "巴特尔",
    "斯琴",
    "明远",
    "思源",
)


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of expert: employer, titles, topics, grades taught."""

    code: str
    employer: str
    titles: tuple[str, ...]
    topics: tuple[str, ...]
    grades: tuple[int, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Expert:
    """One expert; login e001 to e150; the caps count engagements."""

    login: str
    name: str
    kind: Kind
    title: str
    topics: tuple[str, ...]
    languages: tuple[str, ...]
    adcode: str
    lat: float
    lon: float
    travel_limit_km: int
    cap_day: int
    cap_week: int
    cap_month: int
    volunteer: bool


@dataclass(frozen=True, slots=True)
class FreeTime:
    """An availability window in UTC."""

    starts_at: str
    ends_at: str


def kinds() -> list[Kind]:
    """The kinds of experts and how many there are of each."""
    return [_kind(row) for row in facts.rows("made_expert_kinds.csv")]


def _kind(row: dict[str, str]) -> Kind:
    return Kind(
        code=row["kind"],
        employer=row["employer"],
        titles=tuple(row["titles"].split()),
        topics=tuple(row["topics"].split()),
        grades=facts.numbers(row["grades"]),
        count=int(row["count"]),
    )


def experts() -> list[Expert]:
    """All experts, in order of their logins."""
    each_kind = [kind for kind in kinds() for _ in range(kind.count)]
    return [_expert(number, kind) for number, kind in enumerate(each_kind, start=1)]


def _expert(number: int, kind: Kind) -> Expert:
    chance = dice("expert", number)
    home = chance.choices(facts.divisions(), [d.weight for d in facts.divisions()])[0]
    mongolian = chance.random() < 0.15
    return Expert(
        login=f"e{number:03d}",
        name=f"{_SURNAMES[number % len(_SURNAMES)]}{_GIVEN[(number * 7) % len(_GIVEN)]}（演示{number:03d}）",
        kind=kind,
        title=chance.choice(kind.titles),
        topics=tuple(sorted(chance.sample(kind.topics, min(len(kind.topics), chance.choice([2, 3]))))),
        languages=("zh", "mn") if mongolian else ("zh",),
        adcode=home.adcode,
        lat=round(home.lat + chance.uniform(-0.03, 0.03), 4),
        lon=round(home.lon + chance.uniform(-0.03, 0.03), 4),
        travel_limit_km=chance.choice([60, 100, 150, 250]),
        cap_day=chance.choice([1, 1, 2]),
        cap_week=chance.choice([2, 3, 4]),
        cap_month=chance.choice([5, 8, 10]),
        volunteer=chance.random() < 0.7,
    )


def free_time(expert: Expert, anchor: dt.date) -> list[FreeTime]:
    """Half days on which an expert can come, two weekdays in five, over the slots' horizon."""
    chance = dice("free", expert.login)
    weekdays = set(chance.sample(range(1, 6), 2))
    days = [day for day in horizon(anchor) if day.isoweekday() in weekdays]
    return [_half_day(day, chance.random() < 0.5) for day in days]


def _half_day(day: dt.date, morning: bool) -> FreeTime:
    first, last = (8.0, 12.0) if morning else (13.0, 18.0)
    return FreeTime(calendar.instant(day, first), calendar.instant(day, last))

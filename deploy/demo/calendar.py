"""School calendars: the official one where it is known, a marked demonstration one where it is not."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from deploy.demo import facts

CHINA = dt.timezone(dt.timedelta(hours=8), "Asia/Shanghai")

# First day of the lunar year, and the days of the festivals that follow the moon or the sun's longitude.
_SPRING = {2027: (2, 6), 2028: (1, 26), 2029: (2, 13), 2030: (2, 3)}
_DRAGON_BOAT = {2027: (6, 9), 2028: (5, 28), 2029: (6, 16), 2030: (6, 5)}
_MID_AUTUMN = {2027: (9, 15), 2028: (10, 3), 2029: (9, 22), 2030: (9, 12)}


@dataclass(frozen=True, slots=True)
class CalendarDay:
    """One day of a year: kind is school_day, holiday, weekend or makeup; name is empty on ordinary days."""

    day: dt.date
    kind: str
    name: str

    @property
    def teaches(self) -> bool:
        return self.kind in {"school_day", "makeup"}


@dataclass(frozen=True, slots=True)
class Term:
    """A demonstration term; both days belong to it."""

    name: str
    first_day: dt.date
    last_day: dt.date


def is_demonstration(year: int) -> bool:
    """Whether a year's calendar is made here rather than taken from the official schedule."""
    return year not in facts.official_years()


def year_days(year: int) -> list[CalendarDay]:
    """Every day of a year, in order."""
    special = _official(year) if not is_demonstration(year) else _made(year)
    first = dt.date(year, 1, 1)
    length = (dt.date(year + 1, 1, 1) - first).days
    return [_day(first + dt.timedelta(days=n), special) for n in range(length)]


def _day(day: dt.date, special: dict[dt.date, tuple[bool, str]]) -> CalendarDay:
    if day in special:
        works, name = special[day]
        return CalendarDay(day, "makeup" if works else "holiday", name)
    return CalendarDay(day, "weekend" if day.isoweekday() > 5 else "school_day", "")


def _official(year: int) -> dict[dt.date, tuple[bool, str]]:
    return {each.day: (each.works, each.name) for each in facts.special_days() if each.day.year == year}


def _made(year: int) -> dict[dt.date, tuple[bool, str]]:
    return {
        day: (False, f"{name}（演示）")
        for name, first, days in _festivals(year)
        for day in _span(first, days)
    }


def _festivals(year: int) -> Iterator[tuple[str, dt.date, int]]:
    yield "元旦", dt.date(year, 1, 1), 3
    yield "清明节", dt.date(year, 4, 5), 1
    yield "劳动节", dt.date(year, 5, 1), 5
    yield "国庆节", dt.date(year, 10, 1), 7
    for name, table, days in (("春节", _SPRING, 8), ("端午节", _DRAGON_BOAT, 1), ("中秋节", _MID_AUTUMN, 1)):
        if year in table:
            yield name, dt.date(year, *table[year]), days


def _span(first: dt.date, days: int) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range(days)]


def terms(year: int) -> list[Term]:
    """The terms that begin in a year; their dates are made."""
    return [
        Term(f"{year} 年春季学期（演示）", dt.date(year, 3, 1), dt.date(year, 7, 10)),
        Term(f"{year} 年秋季学期（演示）", dt.date(year, 9, 1), dt.date(year + 1, 1, 15)),
    ]


@cache
def school_days(after: dt.date, count: int) -> tuple[dt.date, ...]:
    """The next `count` school days strictly after a day, inside the terms."""
    found: list[dt.date] = []
    for year in range(after.year, after.year + 3):
        found += [day for day in _teaching(year) if day > after]
        if len(found) >= count:
            break
    return tuple(found[:count])


def _teaching(year: int) -> list[dt.date]:
    running = terms(year - 1) + terms(year)
    return [
        each.day
        for each in year_days(year)
        if each.teaches and any(term.first_day <= each.day <= term.last_day for term in running)
    ]


def instant(day: dt.date, hour: float) -> str:
    """An RFC 3339 time in UTC for an hour of the day in Chifeng (8.5 is half past eight)."""
    local = dt.datetime.combine(day, dt.time(), CHINA) + dt.timedelta(minutes=round(hour * 60))
    return local.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

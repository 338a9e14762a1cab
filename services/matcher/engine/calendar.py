"""When a wish may be served: its windows cut to days with lessons, and the moments at which to begin."""

from __future__ import annotations

from collections.abc import Iterator

from services.matcher.engine.days import day_of
from services.matcher.engine.model import DAY, Problem, Window, Wish

_QUARTER = 15


def day_refusal(problem: Problem, wish: Wish, minute: int) -> str | None:
    """Why nothing may take place on that day: unknown to the calendar, or no lessons; None if it may.

    Only pupils are bound to lesson days: teachers are trained, and parents come, in holidays as well.
    """
    day = day_of(minute)
    if day not in problem.known_days:
        return "calendar_not_loaded"
    if wish.audience != "pupils" or day in problem.lesson_days.get(wish.area, frozenset()):
        return None
    return "school_day"


def overlap(a: Window, b: Window) -> Window | None:
    """What two windows share, or None."""
    start, end = max(a.start, b.start), min(a.end, b.end)
    return Window(start, end) if start < end else None


def session_starts(window: Window, minutes: int, grid: tuple[int, ...]) -> Iterator[int]:
    """When a session of so many minutes may begin within `window`: at the day's set times.

    Where none of a day's set times fits, at the first quarter of an hour that does.
    """
    for day in range(day_of(window.start), day_of(window.end) + 1):
        part = overlap(window, Window(day * DAY, (day + 1) * DAY))
        if part:
            yield from _starts_of_day(part, minutes, tuple(day * DAY + minute for minute in grid))


def _starts_of_day(part: Window, minutes: int, grid: tuple[int, ...]) -> tuple[int, ...]:
    fitting = tuple(at for at in grid if part.start <= at and at + minutes <= part.end)
    first = -(-part.start // _QUARTER) * _QUARTER
    return fitting or ((first,) if first + minutes <= part.end else ())

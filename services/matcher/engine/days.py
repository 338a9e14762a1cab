"""Days, weeks and months of the engine's minutes."""

from __future__ import annotations

from datetime import date
from functools import lru_cache

from services.matcher.engine.model import DAY

_EPOCH = date(1970, 1, 1).toordinal()


def day_of(minute: int) -> int:
    """Days since 1970-01-01."""
    return minute // DAY


def week_of(minute: int) -> int:
    """Weeks from Monday to Sunday since the one that holds 1970-01-01, a Thursday."""
    return (day_of(minute) + 3) // 7


def month_of(minute: int) -> int:
    """Months since year 0, so that two years' Mays differ."""
    return _month_of_day(day_of(minute))


def month_number(minute: int) -> int:
    """The month, 1 to 12."""
    return (month_of(minute) - 1) % 12 + 1


@lru_cache(maxsize=4096)
def _month_of_day(day: int) -> int:
    found = date.fromordinal(_EPOCH + day)
    return found.year * 12 + found.month

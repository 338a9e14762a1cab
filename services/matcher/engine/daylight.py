"""Whether who travels in daylight only could come to an appointment from home, and go home after it."""

from __future__ import annotations

from services.matcher.engine.days import day_of, month_number
from services.matcher.engine.model import DAY, Busy, Expert, Roads, Sun

DAYLIGHT = "daylight"
# Ways up to this length (road kilometres) are made at any hour; the experts service says the same.
NEAR_KM = 10


def is_dark(roads: Roads, sun: Sun, expert: Expert, wanted: Busy) -> bool:
    """Whether the way there would begin before sunrise, or the way back end after sunset."""
    if roads.km(expert.home, wanted.place) <= NEAR_KM:
        return False
    leaves = wanted.start - roads.minutes(expert.home, wanted.place, month_number(wanted.start))
    back = wanted.end + roads.minutes(wanted.place, expert.home, month_number(wanted.end))
    first, last = day_of(wanted.start), day_of(wanted.end)
    rises = first * DAY + sun.daylight(wanted.place, first)[0]
    return leaves < rises or back > last * DAY + sun.daylight(wanted.place, last)[1]

"""The 2,000 slots: every programme at a venue, 25 times over the next 60 school days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from deploy.demo import calendar
from deploy.demo.dice import dice
from deploy.demo.programmes import Programme
from deploy.demo.providers import Venue

PER_PROGRAMME = 25
LEAD_DAYS = 10
_HOURS = (9.0, 10.5, 13.5, 15.0)


@dataclass(frozen=True, slots=True)
class Slot:
    """One dated occurrence; `at_once` slots stay outside the round."""

    programme: str
    venue: str
    starts_at: str
    ends_at: str
    seats: int
    groups_limit: int
    at_once: bool


def horizon(anchor: dt.date) -> tuple[dt.date, ...]:
    """The 60 school days that capacity is offered on, beginning some days after the anchor."""
    return calendar.school_days(anchor + dt.timedelta(days=LEAD_DAYS), 60)


def slots(programme: Programme, venue: Venue, anchor: dt.date) -> list[Slot]:
    """The slots of one programme at its venue, in order of time."""
    chance = dice("slots", programme.title)
    days = sorted(chance.sample(horizon(anchor), PER_PROGRAMME))
    return [_slot(programme, venue, day, chance.choice(_HOURS), n % 8 == 7) for n, day in enumerate(days)]


def _slot(programme: Programme, venue: Venue, day: dt.date, hour: float, at_once: bool) -> Slot:
    return Slot(
        programme=programme.title,
        venue=venue.name,
        starts_at=calendar.instant(day, hour),
        ends_at=calendar.instant(day, hour + programme.theme.minutes / 60),
        seats=venue.hall,
        groups_limit=3,
        at_once=at_once,
    )

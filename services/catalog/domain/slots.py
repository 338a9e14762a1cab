"""Slots: when one may be published or changed, and the days that a weekly rule stands for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from schemas.refusal import Refusal
from services.catalog.domain.holds import ProgrammeNotPublished
from services.catalog.domain.units import SHANGHAI

FARTHEST = timedelta(days=731)
MAX_RULE_SLOTS = 500
LESSON_DAYS = ("school_day", "makeup")


class ProgrammeOnTour(Refusal):
    """A travelling unit's programme has stops, not slots."""

    code = "programme_on_tour"


class VenueRetired(Refusal):
    """The venue is no longer in use."""

    code = "venue_retired"


class VenueClosed(Refusal):
    """The venue is closed on that day."""

    code = "venue_closed"


class SlotEndsBeforeStart(Refusal):
    """The slot ends before it starts."""

    code = "slot_ends_before_start"


class SlotPast(Refusal):
    """The slot starts in the past."""

    code = "slot_past"


class SlotTooSoon(Refusal):
    """The programme's slots are published longer before."""

    code = "slot_too_soon"


class SlotTooLate(Refusal):
    """Nobody plans that far ahead; it is most likely a slip."""

    code = "slot_too_late"


class SlotExists(Refusal):
    """The programme has a slot at that time."""

    code = "slot_exists"


class SeatsBelowTaken(Refusal):
    """Capacity may not fall below what is held and reserved."""

    code = "seats_below_taken"


class SlotHasHolds(Refusal):
    """Time and round stay while anything is held or reserved."""

    code = "slot_has_holds"


class RoundUnknown(Refusal):
    """No such round was heard of (yet)."""

    code = "round_unknown"


class RoundTakesNoSlots(Refusal):
    """The round is over: it takes no more capacity."""

    code = "round_takes_no_slots"


class RuleTooLong(Refusal):
    """A rule makes so many slots that it is most likely a slip."""

    code = "rule_too_long"


class CalendarUnknown(Refusal):
    """A year without its calendar is unknown, not full of weekdays."""

    code = "calendar_unknown"


class DaysInverted(Refusal):
    """The last day is before the first."""

    code = "days_inverted"


class ClosureLifted(Refusal):
    """The closure was lifted before."""

    code = "closure_lifted_already"


@dataclass(frozen=True)
class Rule:
    """A slot at a time of the day on some weekdays (1 Monday to 7), from the first to the last day."""

    weekdays: Collection[int]
    time: time
    first_day: date
    last_day: date


@dataclass(frozen=True)
class Term:
    """A term of the area under `adcode`; both days belong to it."""

    adcode: str
    first_day: date
    last_day: date


def shanghai_day(moment: datetime) -> date:
    """The region's day in which a moment lies."""
    return moment.astimezone(SHANGHAI).date()


def days_of(rule: Rule) -> Iterator[date]:
    """The days of a rule, in order; raises DaysInverted and RuleTooLong."""
    if rule.last_day < rule.first_day:
        raise DaysInverted(field="last_day")
    if (rule.last_day - rule.first_day).days * len(rule.weekdays) / 7 > MAX_RULE_SLOTS + 7:
        raise RuleTooLong(field="last_day", max=MAX_RULE_SLOTS)
    span = range((rule.last_day - rule.first_day).days + 1)
    days = (rule.first_day + timedelta(days=n) for n in span)
    return (day for day in days if day.isoweekday() in rule.weekdays)


def start_on(rule: Rule, day: date) -> datetime:
    """When the rule's slot of that day starts."""
    return datetime.combine(day, rule.time, SHANGHAI)


def check_offered(programme: Mapping[str, Any], venue: Mapping[str, Any] | None) -> None:
    """Refuse slots of what is not offered."""
    if programme["unit_id"]:
        raise ProgrammeOnTour(field="programme_id")
    if programme["state"] != "published":
        raise ProgrammeNotPublished(field="programme_id")
    if venue and venue["state"] != "active":
        raise VenueRetired(field="programme_id")


def check_time(starts_at: datetime, ends_at: datetime, now: datetime, lead_days: int) -> None:
    """Refuse a time that is inverted, past, too near for the programme or absurdly far."""
    if ends_at <= starts_at:
        raise SlotEndsBeforeStart(field="ends_at")
    if starts_at <= now:
        raise SlotPast(field="starts_at")
    if starts_at < now + timedelta(days=lead_days):
        raise SlotTooSoon(field="starts_at", lead_days=lead_days)
    if ends_at > now + FARTHEST:
        raise SlotTooLate(field="starts_at")


def check_venue_open(starts_at: datetime, ends_at: datetime, closures: Iterable[Mapping[str, Any]]) -> None:
    """Refuse a slot that touches a day on which its venue is closed."""
    first, last = shanghai_day(starts_at), shanghai_day(ends_at - timedelta(microseconds=1))
    if any(c["first_day"] <= last and first <= c["last_day"] for c in closures):
        raise VenueClosed(field="starts_at")


def check_round(round_id: UUID | None, state: str | None) -> None:
    """Refuse capacity for a round that nobody knows or that takes no more."""
    if round_id is None:
        return
    if state is None:
        raise RoundUnknown(field="round_id")
    if state not in ("open", "closed"):
        raise RoundTakesNoSlots(field="round_id")


def check_change(slot: Mapping[str, Any], change: Mapping[str, Any]) -> None:
    """Refuse a change that what is held or reserved does not allow."""
    if change.get("seats", slot["seats"]) < slot["taken"]:
        raise SeatsBelowTaken(field="seats", taken=slot["taken"])
    limit = change.get("groups_limit", slot["groups_limit"])
    if limit is not None and limit < slot["groups_taken"]:
        raise SeatsBelowTaken(field="groups_limit", taken=slot["groups_taken"])
    for name in ("starts_at", "ends_at", "round_id"):
        if slot["taken"] and change.get(name, slot[name]) != slot[name]:
            raise SlotHasHolds(field=name)


def is_school_day(day: date, kinds: Mapping[date, str], terms: Iterable[Term], adcode: str) -> bool:
    """Whether lessons are given that day in the district; raises CalendarUnknown for a year not loaded.

    The terms of the district count, or else those of the city above it, or else the calendar alone.
    """
    if day not in kinds:
        raise CalendarUnknown(year=day.year)
    known = list(terms)
    own = [term for term in known if term.adcode[:6] == adcode[:6]]
    city = [term for term in known if term.adcode[:6] == f"{adcode[:4]}00"]
    seasons = own or city
    in_term = not seasons or any(term.first_day <= day <= term.last_day for term in seasons)
    return kinds[day] in LESSON_DAYS and in_term

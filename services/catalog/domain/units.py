"""Travelling units: what a stop occupies, and the rules by which one is given."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from itertools import pairwise
from typing import Protocol
from uuid import UUID

from schemas.refusal import Refusal
from services.catalog.domain.holds import HoldPlaceRequired, Place, Wish, check_group

# Days are the region's; China has had one zone and no summer time since 1991.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class UnitUnknown(Refusal):
    """There is no such travelling unit."""

    code = "unit_unknown"


class UnitPaused(Refusal):
    """The unit takes no new stops at present."""

    code = "unit_paused"


class UnitBusy(Refusal):
    """The unit, set-up days included, is somewhere else at that time; there is no override."""

    code = "unit_busy"


class UnitTravel(Refusal):
    """The way from the stop before, or to the one after, takes longer than the time between."""

    code = "unit_travel"


class UnitTooFar(Refusal):
    """The place is farther from the unit's base than the unit travels."""

    code = "unit_too_far"


class UnitMileage(Refusal):
    """With this stop the unit's tours of that month would come to more kilometres than its budget."""

    code = "unit_mileage"


class UnitDwell(Refusal):
    """The stop is shorter or longer than the unit's stops are."""

    code = "unit_dwell"


class UnitUnavailable(Refusal):
    """The stop, set-up days included, is not inside one window in which the unit is on the road."""

    code = "unit_unavailable"


class UnitForOtherRound(Refusal):
    """The unit is kept for the requests of another round."""

    code = "unit_for_other_round"


@dataclass(frozen=True)
class Window:
    """A half-open interval."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Unit:
    """What the rules need of a travelling unit."""

    id: UUID
    state: str
    base: Place
    min_dwell_days: int
    max_dwell_days: int
    setup_days: int
    min_group: int
    max_group: int
    travel_limit_km: int | None
    round_id: UUID | None
    windows: Sequence[Window]
    km_budget: int | None = None


@dataclass(frozen=True)
class Stop:
    """A time at a place; `occupied_from` is where its set-up days begin."""

    occupied_from: datetime
    starts_at: datetime
    ends_at: datetime
    place: Place


class Roads(Protocol):
    """The one formula of distance and travel time."""

    def road_km(self, a: Place, b: Place) -> float:
        """Kilometres by road."""

    def travel_minutes(self, a: Place, b: Place, month: int) -> float:
        """Minutes by road in that month."""


def stop_of(unit: Unit, wish: Wish) -> Stop:
    """The stop that a wish asks of this unit."""
    if wish.place is None:
        raise HoldPlaceRequired()
    return Stop(occupied_from(wish.starts_at, unit.setup_days), wish.starts_at, wish.ends_at, wish.place)


def occupied_from(starts_at: datetime, setup_days: int) -> datetime:
    """When a stop begins to keep the unit: midnight before its set-up days, or its own start without any."""
    if setup_days == 0:
        return starts_at
    first = starts_at.astimezone(SHANGHAI).date() - timedelta(days=setup_days)
    return datetime.combine(first, time(), SHANGHAI)


def dwell_days(starts_at: datetime, ends_at: datetime) -> int:
    """Asia/Shanghai days that a stop touches, the first and the last included."""
    last = (ends_at - timedelta(microseconds=1)).astimezone(SHANGHAI).date()
    return (last - starts_at.astimezone(SHANGHAI).date()).days + 1


def check_stop(unit: Unit, booked: Sequence[Stop], wanted: Stop, wish: Wish, roads: Roads) -> None:
    """Refuse a stop that the unit cannot make, by the first rule that it breaks.

    `booked` are the unit's live stops.
    """
    if unit.state != "active":
        raise UnitPaused()
    if unit.round_id is not None and unit.round_id != wish.round_id:
        raise UnitForOtherRound()
    check_group(wish.quantity, unit.min_group, unit.max_group)
    check_dwell(unit, wanted)
    check_distance(unit, wanted, roads)
    check_on_the_road(unit, wanted)
    check_free(booked, wanted)
    check_travel(booked, wanted, roads)
    check_mileage(unit, booked, wanted, roads)


def check_dwell(unit: Unit, wanted: Stop) -> None:
    """Refuse a stop of too few or too many days."""
    days = dwell_days(wanted.starts_at, wanted.ends_at)
    if not unit.min_dwell_days <= days <= unit.max_dwell_days:
        raise UnitDwell(days=days, min_days=unit.min_dwell_days, max_days=unit.max_dwell_days)


def check_distance(unit: Unit, wanted: Stop, roads: Roads) -> None:
    """Refuse a place beyond the unit's travel limit (road kilometres from its base)."""
    km = roads.road_km(unit.base, wanted.place)
    if unit.travel_limit_km is not None and km > unit.travel_limit_km:
        raise UnitTooFar(km=round(km), limit_km=unit.travel_limit_km)


def check_mileage(unit: Unit, booked: Iterable[Stop], wanted: Stop, roads: Roads) -> None:
    """Refuse a stop with which the tours of its month would be longer than the unit's budget.

    A tour is all stops at which the unit arrives in one Monday-to-Sunday week, from the base and home again;
    it counts in the month of that Monday. One stop more never makes it shorter, so that the order in which
    stops are held decides nothing.
    """
    if unit.km_budget is None:
        return
    month = _month(wanted)
    km = driven_km(unit.base, [wanted, *(stop for stop in booked if _month(stop) == month)], roads)
    if km > unit.km_budget:
        raise UnitMileage(km=km, budget_km=unit.km_budget)


def driven_km(base: Place, stops: Iterable[Stop], roads: Roads) -> int:
    """Whole kilometres of the tours that these stops make, each way rounded up."""
    tours: dict[date, list[Place]] = defaultdict(list)
    for stop in sorted(stops, key=lambda stop: stop.occupied_from):
        tours[_monday(stop)].append(stop.place)
    return sum(_way_km(a, b, roads) for places in tours.values() for a, b in pairwise([base, *places, base]))


def _way_km(a: Place, b: Place, roads: Roads) -> int:
    # A millionth beside a whole kilometre is the last digit of a float, and no road.
    return 0 if (a.lat, a.lon) == (b.lat, b.lon) else math.ceil(roads.road_km(a, b) - 1e-6)


def _monday(stop: Stop) -> date:
    day = stop.occupied_from.astimezone(SHANGHAI).date()
    return day - timedelta(days=day.weekday())


def _month(stop: Stop) -> tuple[int, int]:
    return _monday(stop).year, _monday(stop).month


def check_on_the_road(unit: Unit, wanted: Stop) -> None:
    """Refuse a time outside the unit's windows; a unit without any is always on the road."""
    inside = (w.starts_at <= wanted.occupied_from and wanted.ends_at <= w.ends_at for w in unit.windows)
    if unit.windows and not any(inside):
        raise UnitUnavailable()


def check_free(booked: Iterable[Stop], wanted: Stop) -> None:
    """Refuse an overlap, set-up days included."""
    if any(b.occupied_from < wanted.ends_at and wanted.occupied_from < b.ends_at for b in booked):
        raise UnitBusy()


def check_travel(booked: Iterable[Stop], wanted: Stop, roads: Roads) -> None:
    """Refuse unless the way from the stop before and to the one after fits before its set-up begins."""
    stays = list(booked)
    before = max(
        (b for b in stays if b.ends_at <= wanted.occupied_from), key=lambda b: b.ends_at, default=None
    )
    after = min(
        (b for b in stays if b.occupied_from >= wanted.ends_at), key=lambda b: b.starts_at, default=None
    )
    if before:
        _check_way(before, wanted, roads)
    if after:
        _check_way(wanted, after, roads)


def _check_way(first: Stop, second: Stop, roads: Roads) -> None:
    if first.place == second.place:
        return
    needed = roads.travel_minutes(first.place, second.place, second.starts_at.astimezone(SHANGHAI).month)
    between = (second.occupied_from - first.ends_at).total_seconds() / 60
    if needed > between:
        raise UnitTravel(needed_minutes=round(needed), between_minutes=round(between))

"""What an expert's time allows: profiles, availability, and the rules by which an engagement is held."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone
from operator import attrgetter
from typing import Protocol
from uuid import UUID

from schemas.refusal import Refusal

# Caps are counted by the days of the region; China has had one zone and no summer time since 1991.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
# Ways up to this length are made at any hour, by whoever travels in daylight only; the engine says the same.
NEAR_KM = 10
LIVE = ("held", "confirmed")


class HoldConflict(Refusal):
    """This hold id was used before, with other content."""

    code = "hold_conflict"


class HoldReleased(Refusal):
    """The hold was given back, or its release came before it."""

    code = "hold_released"


class HoldExpired(Refusal):
    """The hold's time ran out."""

    code = "hold_expired"


class HoldUnknown(Refusal):
    """Nothing was ever held under this id."""

    code = "hold_unknown"


class HoldPeriodInvalid(Refusal):
    """The hold ends before it starts."""

    code = "hold_period_invalid"


class HoldPeriodPast(Refusal):
    """The hold starts in the past."""

    code = "hold_period_past"


class HoldPlaceRequired(Refusal):
    """An expert must know where to go."""

    code = "hold_place_required"


class HoldNotHere(Refusal):
    """Another service owns this kind of resource."""

    code = "hold_not_here"


class ExpertUnknown(Refusal):
    """There is no such expert."""

    code = "expert_unknown"


class ExpertPaused(Refusal):
    """The expert takes no new engagements at present."""

    code = "expert_paused"


class ExpertUnavailable(Refusal):
    """The time is not inside one window of the expert's availability."""

    code = "expert_unavailable"


class ExpertBusy(Refusal):
    """The expert is engaged at that time; there is no override."""

    code = "expert_busy"


class ExpertTravel(Refusal):
    """The way from the engagement before, or to the one after, takes longer than the time between."""

    code = "expert_travel"


class ExpertRest(Refusal):
    """The way leaves less time between than the expert rests after an engagement."""

    code = "expert_rest"


class ExpertDaylight(Refusal):
    """The expert travels in daylight only, and part of the way would be in the dark."""

    code = "expert_daylight"


class ExpertTooFar(Refusal):
    """The place is farther from the expert's home than the expert travels."""

    code = "expert_too_far"


class ExpertCapDay(Refusal):
    """The expert has enough engagements on that day."""

    code = "expert_cap_day"


class ExpertCapWeek(Refusal):
    """The expert has enough engagements in that week."""

    code = "expert_cap_week"


class ExpertCapMonth(Refusal):
    """The expert has enough engagements in that month."""

    code = "expert_cap_month"


class OrganisationUnknown(Refusal):
    """No such organisation was heard of (yet)."""

    code = "organisation_unknown"


class UnknownTopic(Refusal):
    """A topic is not in the tree."""

    code = "unknown_topic"


class UserIsExpert(Refusal):
    """The user is another expert already."""

    code = "user_is_expert"


class WindowsOverlap(Refusal):
    """Two windows of availability overlap, or one ends before it starts."""

    code = "availability_overlaps"


@dataclass(frozen=True)
class Place:
    """A point and the division that it lies in."""

    lat: float
    lon: float
    adcode: str


@dataclass(frozen=True)
class Window:
    """A half-open interval."""

    starts_at: datetime
    ends_at: datetime


@dataclass(frozen=True)
class Wish:
    """What one item of `hold_many` asks for."""

    hold_id: UUID
    match_id: UUID
    leg_id: UUID
    resource_kind: str
    resource_id: UUID
    quantity: int
    starts_at: datetime
    ends_at: datetime
    place: Place | None
    round_id: UUID | None
    expires_at: datetime


@dataclass(frozen=True)
class Engagement:
    """A hold on an expert's time, in whatever state; a tombstone has only its id and state."""

    hold_id: UUID
    state: str
    version: int
    match_id: UUID | None = None
    leg_id: UUID | None = None
    expert_id: UUID | None = None
    quantity: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    place: Place | None = None
    round_id: UUID | None = None
    expires_at: datetime | None = None

    @property
    def live(self) -> bool:
        """Whether it keeps the expert's time."""
        return self.state in LIVE


@dataclass(frozen=True)
class Appointment:
    """A live engagement as the rules see it."""

    starts_at: datetime
    ends_at: datetime
    place: Place


@dataclass(frozen=True)
class Outcome:
    """What became of one item."""

    hold_id: UUID
    outcome: str
    code: str | None = None
    params: dict[str, object] | None = None


@dataclass(frozen=True)
class Limits:
    """What the rules need of an expert."""

    state: str
    home: Place
    travel_limit_km: int | None
    cap_day: int | None
    cap_week: int | None
    cap_month: int | None
    rest_minutes: int = 0
    daylight_only: bool = False


class Roads(Protocol):
    """The one formula each of distance, travel time and daylight."""

    def road_km(self, a: Place, b: Place) -> float:
        """Kilometres by road."""

    def travel_minutes(self, a: Place, b: Place, month: int) -> float:
        """Minutes by road in that month."""

    def daylight(self, place: Place, day: date) -> tuple[int, int]:
        """The minutes of that day at which the sun rises and sets."""


def refused(hold_id: UUID, refusal: Refusal) -> Outcome:
    """The outcome that tells a refusal."""
    return Outcome(hold_id, "refused", refusal.code, dict(refusal.params))


# -- the life of a hold ------------------------------------------------------------------------------------


def appointment(wish: Wish, now: datetime) -> Appointment:
    """The appointment that a wish asks for; refuses what no expert could grant."""
    if wish.resource_kind != "expert":
        raise HoldNotHere(resource_kind=wish.resource_kind)
    if wish.ends_at <= wish.starts_at:
        raise HoldPeriodInvalid()
    if wish.starts_at <= now:
        raise HoldPeriodPast()
    if wish.expires_at <= now:
        raise HoldExpired()
    if wish.place is None:
        raise HoldPlaceRequired()
    return Appointment(wish.starts_at, wish.ends_at, wish.place)


def check_again(known: Engagement, wish: Wish) -> None:
    """Refuse to hold under a known id, unless it is the same hold and still live."""
    if known.state == "refused_late":
        raise HoldReleased()
    if _content(known) != _content_of(wish):
        raise HoldConflict()
    check_live(known)


def check_live(known: Engagement | None) -> None:
    """Refuse to go on with a hold that is not live."""
    if known is None:
        raise HoldUnknown()
    if known.state == "expired":
        raise HoldExpired()
    if known.state not in LIVE:
        raise HoldReleased()


def _content(known: Engagement) -> tuple[object, ...]:
    return (known.expert_id, *_SAID(known))


def _content_of(wish: Wish) -> tuple[object, ...]:
    return (wish.resource_id, *_SAID(wish))


# What a repeated command must say again, beside whose time it is.
_SAID = attrgetter("match_id", "leg_id", "quantity", "starts_at", "ends_at", "place", "round_id")


# -- whether the expert can be there -----------------------------------------------------------------------


def check_time(
    limits: Limits,
    windows: Sequence[Window],
    booked: Sequence[Appointment],
    wanted: Appointment,
    roads: Roads,
) -> None:
    """Refuse an engagement that the expert cannot keep, by the first rule that it breaks.

    `booked` are the expert's live engagements, at least those of the month and week around `wanted`.
    """
    if limits.state != "active":
        raise ExpertPaused()
    check_distance(limits, wanted, roads)
    check_available(windows, wanted)
    check_free(booked, wanted)
    check_travel(booked, wanted, roads, limits.rest_minutes)
    check_daylight(limits, wanted, roads)
    check_caps(limits, booked, wanted)


def check_distance(limits: Limits, wanted: Appointment, roads: Roads) -> None:
    """Refuse a place beyond the expert's travel limit (road kilometres from home)."""
    km = roads.road_km(limits.home, wanted.place)
    if limits.travel_limit_km is not None and km > limits.travel_limit_km:
        raise ExpertTooFar(km=round(km), limit_km=limits.travel_limit_km)


def check_available(windows: Iterable[Window], wanted: Appointment) -> None:
    """Refuse a time that no single window contains."""
    if not any(w.starts_at <= wanted.starts_at and wanted.ends_at <= w.ends_at for w in windows):
        raise ExpertUnavailable()


def check_free(booked: Iterable[Appointment], wanted: Appointment) -> None:
    """Refuse an overlap; engagements that only touch are a matter of travel."""
    if any(b.starts_at < wanted.ends_at and wanted.starts_at < b.ends_at for b in booked):
        raise ExpertBusy()


def check_travel(
    booked: Iterable[Appointment], wanted: Appointment, roads: Roads, rest_minutes: int = 0
) -> None:
    """Refuse unless rest and way fit between the engagement before and this one, and this and the next."""
    stays = list(booked)
    before = max((b for b in stays if b.ends_at <= wanted.starts_at), key=lambda b: b.ends_at, default=None)
    after = min((b for b in stays if b.starts_at >= wanted.ends_at), key=lambda b: b.starts_at, default=None)
    if before:
        _check_way(before, wanted, roads, rest_minutes)
    if after:
        _check_way(wanted, after, roads, rest_minutes)


def _check_way(first: Appointment, second: Appointment, roads: Roads, rest_minutes: int) -> None:
    needed = _minutes(first, second, roads)
    between = (second.starts_at - first.ends_at).total_seconds() / 60
    if needed > between:
        raise ExpertTravel(needed_minutes=round(needed), between_minutes=round(between))
    if needed + rest_minutes > between:
        raise ExpertRest(rest_minutes=rest_minutes, left_minutes=int(between - needed))


def _minutes(first: Appointment, second: Appointment, roads: Roads) -> float:
    if first.place == second.place:
        return 0
    return roads.travel_minutes(first.place, second.place, second.starts_at.astimezone(SHANGHAI).month)


def check_daylight(limits: Limits, wanted: Appointment, roads: Roads) -> None:
    """Refuse who travels in daylight only a way from home before sunrise, or one back after sunset."""
    if not limits.daylight_only or roads.road_km(limits.home, wanted.place) <= NEAR_KM:
        return
    start, end = (moment.astimezone(SHANGHAI) for moment in (wanted.starts_at, wanted.ends_at))
    leaves = start - timedelta(minutes=roads.travel_minutes(limits.home, wanted.place, start.month))
    back = end + timedelta(minutes=roads.travel_minutes(wanted.place, limits.home, end.month))
    rises = _at(start, roads.daylight(wanted.place, start.date())[0])
    sets = _at(end, roads.daylight(wanted.place, end.date())[1])
    if leaves < rises or back > sets:
        hours = {"rises": rises, "sets": sets, "leaves": leaves, "back": back}
        raise ExpertDaylight(**{name: f"{moment:%H:%M}" for name, moment in hours.items()})


def _at(day: datetime, minutes: int) -> datetime:
    return day.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(minutes=minutes)


def check_caps(limits: Limits, booked: Sequence[Appointment], wanted: Appointment) -> None:
    """Refuse one engagement too many in its day, its Monday-to-Sunday week or its month."""
    caps: tuple[tuple[int | None, Callable[[date], object], type[Refusal]], ...] = (
        (limits.cap_day, _day, ExpertCapDay),
        (limits.cap_week, _week, ExpertCapWeek),
        (limits.cap_month, _month, ExpertCapMonth),
    )
    for cap, period, refusal in caps:
        if cap is not None and _count(booked, wanted, period) >= cap:
            raise refusal(cap=cap)


def _count(booked: Iterable[Appointment], wanted: Appointment, period: Callable[[date], object]) -> int:
    there = period(_shanghai_day(wanted.starts_at))
    return sum(period(_shanghai_day(b.starts_at)) == there for b in booked)


def _shanghai_day(moment: datetime) -> date:
    return moment.astimezone(SHANGHAI).date()


def _day(day: date) -> object:
    return day


def _week(day: date) -> object:
    return day.isocalendar()[:2]


def _month(day: date) -> object:
    return day.year, day.month


# -- availability ------------------------------------------------------------------------------------------


def tidy(windows: Iterable[Window]) -> list[Window]:
    """The windows sorted, with adjoining ones joined; raises WindowsOverlap."""
    joined: list[Window] = []
    for window in sorted(windows, key=lambda w: w.starts_at):
        _check_window(window, joined)
        if joined and joined[-1].ends_at == window.starts_at:
            window = Window(joined.pop().starts_at, window.ends_at)
        joined.append(window)
    return joined


def _check_window(window: Window, earlier: Sequence[Window]) -> None:
    if window.ends_at <= window.starts_at or (earlier and window.starts_at < earlier[-1].ends_at):
        raise WindowsOverlap(field="windows", starts_at=window.starts_at.astimezone(UTC).isoformat())


# -- who may see and change what ---------------------------------------------------------------------------

_GROUPS = (2, 2, 2, 3, 3)


@dataclass(frozen=True)
class Mandate:
    """Who asks: in a role, for an organisation in the district `area`, perhaps as an expert."""

    organisation_id: UUID | None = None
    role: str | None = None
    area: str | None = None
    expert_id: UUID | None = None

    def registers(self, owner_id: UUID, owner_adcode: str) -> bool:
        """Whether the mandate registers experts of this organisation: its staff, its coordinators."""
        return (self.role == "venue" and self.organisation_id == owner_id) or self.covers(owner_adcode)

    def knows(self, expert_id: UUID, owner_adcode: str) -> bool:
        """Whether the mandate sees and changes what is private: the expert, the area's coordinators."""
        return self.expert_id == expert_id or self.covers(owner_adcode)

    def covers(self, adcode: str) -> bool:
        """Whether the mandate coordinates the area in which `adcode` lies."""
        return bool(self.prefix) and adcode.startswith(self.prefix or "")

    @property
    def prefix(self) -> str | None:
        """What the adcodes of a coordinator's area begin with; None for everybody else."""
        return area_prefix(self.area) if self.role == "coordinator" and self.area else None


PUBLIC = Mandate()


def area_prefix(adcode: str) -> str:
    """The digits that all of a division share: 150400 gives 1504, 150402001000 gives 150402001."""
    end = len(adcode)
    for size in reversed(_GROUPS if end == sum(_GROUPS) else _GROUPS[:3]):
        if adcode[end - size : end].strip("0"):
            break
        end -= size
    return adcode[:end]

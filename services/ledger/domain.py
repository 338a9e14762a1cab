"""What counts as done: entries, coverage and its comparison, and who may see which part of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any
from uuid import UUID

from schemas.refusal import Refusal

Row = dict[str, Any]

SHANGHAI = timezone(timedelta(hours=8))
#: A match in one of these states counts: agreed by all, or known to have taken place.
COUNTED: Mapping[str, tuple[str, ...]] = {
    "all": ("confirmed", "delivered"),
    "confirmed": ("confirmed",),
    "delivered": ("delivered",),
}
#: By what coverage is split; the first group are traits of schools, so that unserved ones are in it too.
SCHOOL_DIMENSIONS = ("district", "township", "stage", "rural")
ACTIVITY_DIMENSIONS = ("grade", "topic", "resource_kind", "plan_task", "kind")
DIMENSIONS = (*SCHOOL_DIMENSIONS, *ACTIVITY_DIMENSIONS)
#: Members of a user's public state that the trail does not keep for ever.
_PRIVATE = {"user": ("email",)}
_EARLIEST, _LATEST = datetime(2000, 1, 1, tzinfo=SHANGHAI), datetime(2100, 1, 1, tzinfo=SHANGHAI)


class PeriodReversed(Refusal):
    """The last day lies before the first."""

    code = "period_reversed"


class TooManyRows(Refusal):
    """A spreadsheet of so many rows would help nobody."""

    code = "export_too_large"


@dataclass(frozen=True)
class Scope:
    """The part of the ledger that a caller may see: an area, or one organisation's or expert's own affairs.

    `area` is the start that the codes of all divisions in it share ("" for everything); None where the caller
    sees only what `organisation_id` or `expert_id` took part in.
    """

    area: str | None = None
    organisation_id: UUID | None = None
    expert_id: UUID | None = None

    @property
    def covers_schools(self) -> bool:
        """Whether schools may be seen by name and compared."""
        return self.area is not None


@dataclass(frozen=True)
class Period:
    """A span of time in which activities begin; the end is exclusive."""

    start: datetime
    end: datetime


def period(first_day: date | None, last_day: date | None) -> Period:
    """The span of whole Asia/Shanghai days, both included, open where none is given; or PeriodReversed."""
    if first_day and last_day and last_day < first_day:
        raise PeriodReversed(field="last_day")
    return Period(
        _midnight(first_day) if first_day else _EARLIEST,
        _midnight(last_day + timedelta(days=1)) if last_day else _LATEST,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(0), SHANGHAI)


def area_prefix(adcode: str) -> str:
    """What the codes of all divisions in `adcode` begin with: 1504 for 150400, 150402 for 150402."""
    groups = [adcode[:2], adcode[2:4], adcode[4:6], adcode[6:9], adcode[9:12]]
    while groups and not groups[-1].strip("0"):
        groups.pop()
    return "".join(groups)


def entry(state: Mapping[str, Any]) -> Row | None:
    """The entry that a match makes, None for one that was never confirmed."""
    if state["confirmed_at"] is None:
        return None
    legs: Sequence[Mapping[str, Any]] = state["legs"]
    return {
        **{member: state[member] for member in _COPIED},
        "match_id": state["id"],
        "legs": [{member: leg[member] for member in _LEG} for leg in legs],
        "resource_kinds": _distinct(leg["resource_kind"] for leg in legs),
        "organisation_ids": _distinct([state["school_id"], *(leg["organisation_id"] for leg in legs)]),
        "programme_ids": _distinct(leg["programme_id"] for leg in legs),
        "expert_ids": _distinct(leg["resource_id"] for leg in legs if leg["resource_kind"] == "expert"),
    }


_COPIED = (
    *("request_id", "round_id", "school_id", "school_name", "adcode", "township", "kind", "title", "topics"),
    *("grades", "audience", "group_size", "starts_at", "ends_at", "state", "confirmed_at", "delivered_at"),
)
_LEG = (
    *("resource_kind", "resource_id", "organisation_id", "programme_id", "venue_id", "starts_at", "ends_at"),
    *("quantity", "state"),
)


def _distinct(values: Iterable[Any]) -> list[Any]:
    return [value for value in dict.fromkeys(values) if value is not None]


def kept(aggregate: str, data: Mapping[str, Any]) -> Row:
    """What the trail keeps of a public state."""
    private = _PRIVATE.get(aggregate, ())
    return {member: value for member, value in data.items() if member not in private}


def subject(aggregate: str, aggregate_id: UUID, data: Mapping[str, Any]) -> str | None:
    """The organisation whose affair an event is: the school that asked, else who owns the thing."""
    if aggregate in ("organisation", "school"):
        return str(aggregate_id)
    found = data.get("school_id") or data.get("organisation_id")
    return str(found) if found else None


def place(data: Mapping[str, Any]) -> str | None:
    """The division in which an event lies, if its state says so."""
    for inside in (data, data.get("school"), data.get("place")):
        if isinstance(inside, Mapping) and inside.get("adcode"):
            return str(inside["adcode"])
    return None


def match_of(aggregate: str, aggregate_id: UUID, data: Mapping[str, Any]) -> str | None:
    """The match that an event belongs to."""
    if aggregate == "match":
        return str(aggregate_id)
    return str(data["match_id"]) if data.get("match_id") else None


def per_thousand(reached: int, pupils: int) -> float | None:
    """Pupils reached for each 1,000 pupils, to one decimal; a pupil who came twice counts twice."""
    return round(reached * 1000 / pupils, 1) if pupils else None


def share(served: int, schools: int) -> float | None:
    """The share of schools served at all, 0 to 1."""
    return round(served / schools, 4) if schools else None


def to_lift(rows: Sequence[Row]) -> Row | None:
    """The area that most needs more: the smallest share of schools served, then fewest pupils reached."""
    known = [row for row in rows if row["schools"] and row["pupils"]]
    return min(known, key=lambda row: (row["served_share"], row["per_thousand"], row["value"]), default=None)


def best_covered(rows: Sequence[Row]) -> Row | None:
    """The area where most schools are served, then most pupils reached."""
    known = [row for row in rows if row["schools"] and row["pupils"]]
    return max(known, key=lambda row: (row["served_share"], row["per_thousand"]), default=None)

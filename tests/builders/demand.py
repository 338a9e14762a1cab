"""Schools, rounds, calendars and wishes for tests of demand on a scratch database."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.auth import Actor
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.demand.domain import Mandate
from services.demand.usecases import calendar, hearing, requests, schools

HONGSHAN, LINXI, CITY = "150402", "150424", "150400"
NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
SOMEBODY = Actor(new_id(), None, None, "王老师")


@contextmanager
def being_demand() -> Iterator[None]:
    """Let this process name itself demand in the events that it writes, as the service's own would."""
    before = os.environ.get("KEQIAO_SERVICE")
    os.environ["KEQIAO_SERVICE"] = "demand"
    try:
        yield
    finally:
        os.environ.pop("KEQIAO_SERVICE") if before is None else os.environ.update(KEQIAO_SERVICE=before)


def an_organisation(
    conn: Connection, *, kind: str = "school", adcode: str = HONGSHAN, **changes: Any
) -> UUID:
    """An organisation, as accounts tells of it."""
    id_ = changes.pop("id", None) or new_id()
    state = {
        "id": str(id_),
        "kind": kind,
        "name": f"演示小学 {secrets.token_hex(4)}",
        "adcode": adcode,
        "township": None,
        "lat": 42.26,
        "lon": 118.96,
        "demonstration": True,
    }
    version = changes.pop("version", 1)
    schools.follow_organisation(conn, now=NOW, state=state | changes, version=version)
    return UUID(str(id_))


def school_body(**changes: Any) -> dict[str, Any]:
    """A primary school of 300."""
    return {"stage": "P", "grades": [1, 2, 3, 4, 5, 6], "enrolment": 300, "classes": 8, **changes}


def a_school(conn: Connection, *, adcode: str = HONGSHAN, **changes: Any) -> UUID:
    """A registered school."""
    id_ = an_organisation(conn, adcode=adcode)
    rest = {"rural": False, "code": None, "auto_accept": False, "demonstration": True}
    item = {"organisation_id": id_, **rest, **school_body(**changes)}
    mandate = mandate_of(new_id(), "operator", CITY)
    schools.register_school(conn, now=NOW, mandate=mandate, actor=SOMEBODY, item=item, if_version=None)
    return id_


def mandate_of(organisation_id: UUID, role: str = "teacher", area: str = HONGSHAN) -> Mandate:
    """Somebody acting for an organisation."""
    return Mandate(new_id(), organisation_id, role, area)


def a_round(conn: Connection, **changes: Any) -> UUID:
    """An open round of the whole city, from yesterday until next week, as the matcher tells of it."""
    id_ = changes.pop("id", None) or new_id()
    now = changes.pop("now", NOW)
    state = {
        "id": str(id_),
        "name": "春季集中申报",
        "adcode": CITY,
        "opens_at": (now - timedelta(days=1)).isoformat(),
        "closes_at": (now + timedelta(days=7)).isoformat(),
        "state": "open",
    }
    version = changes.pop("version", 1)
    hearing.follow_round(conn, state=state | changes, version=version)
    return UUID(str(id_))


def the_year(conn: Connection, year: int = 2027) -> None:
    """A calendar in which every weekday has lessons; the same again changes nothing."""
    calendar.load_year(
        conn,
        now=NOW,
        actor=SOMEBODY,
        year=year,
        source="demonstration",
        days=year_days(year),
        if_version=None,
    )


def year_days(year: int) -> list[dict[str, Any]]:
    """Every day of a year; Saturdays and Sundays are weekend."""
    first = date(year, 1, 1)
    days = [first + timedelta(n) for n in range((date(year + 1, 1, 1) - first).days)]
    return [
        {"day": day, "kind": "weekend" if day.isoweekday() > 5 else "school_day", "name": None}
        for day in days
    ]


def wish(**changes: Any) -> dict[str, Any]:
    """A loaded request body: a visit about space for 45 pupils on two mornings in March 2027."""
    return {
        "round_id": None,
        "kind": "visit",
        "topics": ["aerospace"],
        "programme_id": None,
        "grades": [3, 4],
        "audience": "pupils",
        "group_size": 45,
        "windows": [_morning(15), _morning(16)],
        "distance_limit_km": 100,
        "language": "zh",
        "language_required": False,
        "with_expert": False,
        "may_split": None,
        "class_name": None,
        "may_join": True,
        "choices": [],
        "windows_ranked": False,
        "preferences": None,
        "contact": None,
        **changes,
    }


def choice(**named: Any) -> dict[str, Any]:
    """A loaded choice: one thing named, the rest null."""
    return {"topic": None, "programme_id": None, "venue_id": None, "expert_id": None, **named}


def wish_body(now: datetime, **changes: Any) -> dict[str, Any]:
    """The same as JSON, on the first two weekday mornings that are two weeks away."""
    start = (now + timedelta(days=14)).replace(hour=1, minute=0, second=0, microsecond=0)
    days = [start + timedelta(days=n) for n in range(8)]
    mornings = [day for day in days if day.isoweekday() < 6][:2]
    windows = [{"starts_at": _text(day), "ends_at": _text(day + timedelta(hours=2))} for day in mornings]
    plain = {"kind": "visit", "topics": ["aerospace"], "grades": [3, 4], "group_size": 45}
    return {**plain, "windows": windows, **changes}


def next_weekday(now: datetime, weekday: int) -> datetime:
    """Nine in the morning in China on the first such day (1 is Monday) at least two weeks away."""
    start = (now + timedelta(days=14)).replace(hour=1, minute=0, second=0, microsecond=0)
    return start + timedelta(days=(weekday - start.isoweekday()) % 7)


def window_from(start: datetime, hours: float = 2) -> dict[str, str]:
    """A window as JSON."""
    return {"starts_at": _text(start), "ends_at": _text(start + timedelta(hours=hours))}


def a_request(conn: Connection, school_id: UUID, *, now: datetime = NOW, **changes: Any) -> dict[str, Any]:
    """A submitted request of a school."""
    return requests.submit_request(
        conn, now=now, mandate=mandate_of(school_id), actor=SOMEBODY, item=wish(**changes)
    )


def match_state(
    request: Mapping[str, Any], state: str, match_id: UUID | None = None, **changes: Any
) -> dict[str, Any]:
    """As much of a match's state as demand reads."""
    id_ = match_id or new_id()
    return {"id": str(id_), "request_id": str(request["id"]), "state": state, "reason_code": None, **changes}


def verdict_state(request: Mapping[str, Any], outcome: str = "unserved", **changes: Any) -> dict[str, Any]:
    """As much of a verdict as demand reads."""
    reasons = [
        {"resource_kind": "slot", "code": "too_far", "count": 2},
        {"resource_kind": "slot", "code": "no_seats", "count": 9},
    ]
    return {"request_id": str(request["id"]), "outcome": outcome, "reasons": reasons, **changes}


def _morning(day: int) -> dict[str, datetime]:
    start = datetime(2027, 3, day, 1, tzinfo=UTC)
    return {"starts_at": start, "ends_at": start + timedelta(hours=2)}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

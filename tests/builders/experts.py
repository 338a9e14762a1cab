"""Experts' things for tests: straight into a scratch database, through experts' own statements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.experts.domain import Place, Window, Wish
from services.experts.storage import profiles as storage
from tests.builders.catalog import NOW, START

HONGSHAN = Place(42.26, 118.96, "150402")
YUANBAOSHAN = Place(42.04, 119.29, "150403")
LINXI = Place(43.61, 118.05, "150424")


def an_organisation(conn: Connection) -> UUID:
    """A science association as experts heard of it."""
    id_ = new_id()
    conn.execute(
        "insert into organisation (id, kind, name, adcode, version) values (%s, 'association', %s, %s, 1)",
        [id_, f"科协 {id_}", HONGSHAN.adcode],
    )
    return id_


def an_expert(conn: Connection, *, windows: list[Window] | None = None, **changes: Any) -> dict[str, Any]:
    """An astronomer who lives in Hongshan and is free all of 2027, without caps."""
    row = {
        "id": new_id(), "user_id": None, "organisation_id": an_organisation(conn), "name": "苏雅",
        "kind": "scientist", "employer": "赤峰学院", "title": "教授", "topics": ["aerospace"],
        "audiences": ["pupils"], "grades": [3, 4, 5], "languages": ["zh"], "adcode": HONGSHAN.adcode,
        "lat": HONGSHAN.lat, "lon": HONGSHAN.lon, "contact": None, "travel_limit_km": None, "cap_day": None,
        "cap_week": None, "cap_month": None, "rest_minutes": 0, "daylight_only": False, "volunteer": True,
        "state": "active", "demonstration": True, "version": 1, **changes,
    }  # fmt: skip
    storage.insert_expert(conn, row)
    storage.replace_windows(conn, row["id"], windows or [Window(NOW, NOW + timedelta(days=300))])
    return row


def time_of(
    expert: dict[str, Any],
    starts_at: datetime = START,
    minutes: int = 60,
    place: Place = HONGSHAN,
    **changes: Any,
) -> Wish:
    """The wish for an expert's time, for half an hour."""
    values = {
        "hold_id": new_id(), "match_id": new_id(), "leg_id": new_id(), "resource_kind": "expert",
        "resource_id": expert["id"], "quantity": 40, "starts_at": starts_at,
        "ends_at": starts_at + timedelta(minutes=minutes), "place": place, "round_id": None,
        "expires_at": NOW + timedelta(minutes=30), **changes,
    }  # fmt: skip
    return Wish(**values)

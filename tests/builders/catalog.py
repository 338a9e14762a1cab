"""Catalog's things for tests: straight into a scratch database, through catalog's own statements."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.catalog.domain.holds import Place, Wish
from services.catalog.storage import offers, sharing
from services.catalog.usecases.telling import tell
from services.chassis.ids import new_id
from services.chassis.store import Connection

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
START = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)
HONGSHAN = Place(42.26, 118.96, "150402")
LINXI = Place(43.61, 118.05, "150424")


def an_organisation(conn: Connection, *, kind: str = "venue", adcode: str = "150402") -> UUID:
    """An organisation as catalog heard of it."""
    id_ = new_id()
    conn.execute(
        "insert into organisation (id, kind, name, adcode, version) values (%s, %s, %s, %s, 1)",
        [id_, kind, f"单位 {id_}", adcode],
    )
    return id_


def a_venue(conn: Connection, **changes: Any) -> dict[str, Any]:
    """A science museum in Hongshan."""
    row = {
        "id": new_id(), "organisation_id": changes.get("organisation_id") or an_organisation(conn),
        "name": f"科技馆 {new_id()}", "kind": "science_museum", "level": "city", "designation": None,
        "expires_on": None, "adcode": HONGSHAN.adcode, "lat": HONGSHAN.lat, "lon": HONGSHAN.lon,
        "policy": "auto", "state": "active", "demonstration": True, "version": 1, **changes,
    }  # fmt: skip
    return _stored(conn, "venue", "venue_registered", row)


def a_shared_resource(conn: Connection, **changes: Any) -> dict[str, Any]:
    """One guide."""
    row = {
        "id": new_id(), "organisation_id": changes.get("organisation_id") or an_organisation(conn),
        "kind": "guide", "name": f"讲解员 {new_id()}", "name_en": None, "number": 1, "state": "active",
        "counted_from": NOW, "demonstration": True, "version": 1, **changes,
    }  # fmt: skip
    return _stored(conn, "shared_resource", "shared_resource_registered", row)


def needing(conn: Connection, resource: dict[str, Any], quantity: int = 1, **changes: Any) -> dict[str, Any]:
    """A published visit of the resource's owner of which each group needs so much of it."""
    programme = a_programme(conn, organisation_id=resource["organisation_id"], venue_id=None, **changes)
    sharing.replace_needs(conn, programme["id"], [{"resource_id": resource["id"], "quantity": quantity}])
    return programme


def a_programme(conn: Connection, **changes: Any) -> dict[str, Any]:
    """A published visit for groups of 1 to 60."""
    venue = None if "venue_id" in changes else a_venue(conn)
    row = {
        "id": new_id(), "organisation_id": venue["organisation_id"] if venue else None,
        "venue_id": venue["id"] if venue else None, "unit_id": None, "kind": "visit", "title": "星空之下",
        "summary": "", "topics": ["aerospace"], "audiences": ["pupils"], "grades": [3, 4, 5],
        "core_concepts": [9], "activity_modes": ["experience"], "teaching_modes": ["guided"], "min_group": 1,
        "max_group": 60, "duration_minutes": 90, "place": "on_site", "languages": ["zh"], "series": None,
        "campaign": None, "plan_task": None, "fee_fen": 0, "payer": "none", "lead_days": 0,
        "state": "published", "demonstration": True, "version": 1, **changes,
    }  # fmt: skip
    return _stored(conn, "programme", "programme_published", row)


def a_slot(conn: Connection, *, programme: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """An open slot of 30 seats, ninety minutes on 15 March 2027."""
    of = programme or a_programme(conn)
    row = {
        "id": new_id(), "programme_id": of["id"], "venue_id": of["venue_id"],
        "organisation_id": of["organisation_id"], "starts_at": START,
        "ends_at": START + timedelta(minutes=90), "seats": 30,
        "taken": 0, "groups_limit": None, "groups_taken": 0, "round_id": None, "state": "open",
        "version": 1, **changes,
    }  # fmt: skip
    return _stored(conn, "slot", "slot_published", row)


def a_unit(conn: Connection, **changes: Any) -> dict[str, Any]:
    """A caravan that makes day trips from Hongshan."""
    row = {
        "id": new_id(), "organisation_id": changes.get("organisation_id") or an_organisation(conn),
        "name": f"大篷车 {new_id()}", "kind": "caravan", "adcode": HONGSHAN.adcode, "lat": HONGSHAN.lat,
        "lon": HONGSHAN.lon, "min_dwell_days": 1, "max_dwell_days": 1, "setup_days": 0, "topics": ["energy"],
        "grades": [1, 2, 3], "min_group": 1, "max_group": 500, "languages": ["zh"],
        "travel_limit_km": None, "km_budget": None, "policy": "ask", "round_id": None, "windows": [],
        "state": "active", "demonstration": True, "version": 1, **changes,
    }  # fmt: skip
    return _stored(conn, "unit", "unit_registered", row)


def seats_in(slot: dict[str, Any], quantity: int = 10, **changes: Any) -> Wish:
    """The wish for seats in a slot, for half an hour."""
    values = {
        "hold_id": new_id(), "match_id": new_id(), "leg_id": new_id(), "resource_kind": "slot",
        "resource_id": slot["id"], "quantity": quantity, "starts_at": slot["starts_at"],
        "ends_at": slot["ends_at"], "place": None, "round_id": slot["round_id"],
        "expires_at": NOW + timedelta(minutes=30), **changes,
    }  # fmt: skip
    return Wish(**values)


def a_stop_of(unit: dict[str, Any], starts_at: datetime, hours: float, place: Place, **changes: Any) -> Wish:
    """The wish for a stop of a unit, for half an hour."""
    values = {
        "hold_id": new_id(), "match_id": new_id(), "leg_id": new_id(), "resource_kind": "unit",
        "resource_id": unit["id"], "quantity": 200, "starts_at": starts_at,
        "ends_at": starts_at + timedelta(hours=hours), "place": place, "round_id": None,
        "expires_at": NOW + timedelta(minutes=30), **changes,
    }  # fmt: skip
    return Wish(**values)


def _stored(conn: Connection, table: str, event: str, row: dict[str, Any]) -> dict[str, Any]:
    offers.insert(conn, table, row)
    free = {"free": row["seats"] - row["taken"]} if table == "slot" else {}
    tell(conn, now=NOW, actor=None, event=event, state=row | free)
    return row

"""Hold items as matcher sends them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from services.chassis.ids import new_id
from tests.builders.provider import wire

Json = dict[str, Any]


def seats_item(slot: Json, quantity: int = 10, **changes: Any) -> Json:
    """Seats in a slot, for half an hour."""
    return _item("slot", slot["id"], slot["starts_at"], slot["ends_at"], quantity=quantity, **changes)


def time_item(expert: Json, starts_at: str, ends_at: str, **changes: Any) -> Json:
    """An expert's time in Hongshan, for half an hour."""
    place = {"lat": 42.26, "lon": 118.96, "adcode": "150402"}
    return _item("expert", expert["id"], starts_at, ends_at, **{"place": place, **changes})


def _item(kind: str, resource_id: str, starts_at: str, ends_at: str, **changes: Any) -> Json:
    ids = {name: str(new_id()) for name in ("hold_id", "match_id", "leg_id")}
    rest = {"quantity": 10, "place": None, "round_id": None, "expires_at": in_minutes(30)}
    resource = {"resource_kind": kind, "resource_id": resource_id}
    return {**ids, **resource, "starts_at": starts_at, "ends_at": ends_at, **rest, **changes}


def in_minutes(minutes: float) -> str:
    """A moment from now, on the wire."""
    return wire(datetime.now(UTC) + timedelta(minutes=minutes))

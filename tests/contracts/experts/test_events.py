"""What experts says on the bus: one story that makes it say everything, against the golden messages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis.auth import Actor
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.experts.domain import Mandate
from services.experts.storage import profiles as storage
from services.experts.usecases import holds, profiles
from tests.builders.experts import time_of
from tests.contracts import golden
from tests.fixtures.scratch import Scratch

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
START = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)
MATCHER = Actor.system("matcher")


def minute(number: int) -> datetime:
    """Each act has a minute of its own, so that events keep their order."""
    return NOW + timedelta(minutes=number)


def tell_all(conn: Connection) -> None:
    """An expert is registered and changed, held, confirmed, released, and held until it lapses."""
    expert = _expert(conn)
    kept = time_of(expert, START, expires_at=minute(60))
    lapsed = time_of(expert, START + timedelta(days=1), expires_at=minute(60))
    holds.hold_many(conn, now=minute(3), actor=MATCHER, wishes=[kept, lapsed])
    holds.confirm_many(conn, now=minute(4), actor=MATCHER, hold_ids=[kept.hold_id])
    reasons: dict[UUID, str | None] = {kept.hold_id: "学校停课"}
    holds.release_many(conn, now=minute(5), actor=MATCHER, hold_ids=[kept.hold_id], reasons=reasons)
    holds.sweep(conn, now=minute(60), actor=Actor.system("sweeper"))


def _expert(conn: Connection) -> dict[str, Any]:
    owner, coordinator = new_id(), Actor(new_id(), new_id(), "coordinator", "科协")
    place = {"id": str(owner), "kind": "association", "name": "赤峰市科协", "adcode": "150400"}
    storage.hear_organisations(conn, {owner: (1, place)})
    mandate = Mandate(coordinator.organisation_id, "coordinator", "150400")
    item: dict[str, Any] = {"user_id": None, "organisation_id": owner, "name": "苏雅", "kind": "professor"}
    item |= {"employer": "赤峰学院", "title": "教授", "topics": ["aerospace"], "audiences": ["pupils"]}
    item |= {"grades": [3, 4, 5], "languages": ["zh", "mn"], "adcode": "150402", "lat": 42.26, "lon": 118.96}
    item |= {"contact": "13800000000", "travel_limit_km": 150, "cap_day": 2, "cap_week": 4, "cap_month": 8}
    item |= {"rest_minutes": 30, "daylight_only": True}
    windows = [{"starts_at": START, "ends_at": START + timedelta(days=2)}]
    item |= {"volunteer": True, "demonstration": True, "availability": windows}
    act: dict[str, Any] = {"mandate": mandate, "actor": coordinator}
    expert = profiles.register_expert(conn, now=minute(1), **act, item=item)
    change = {"cap_day": 3}
    return profiles.change_expert(
        conn, now=minute(2), **act, expert_id=expert["id"], if_version=1, change=change
    )


@pytest.fixture(scope="module")
def said(scratch: Scratch) -> dict[str, golden.Message]:
    """The first message of each type that the story makes."""
    with scratch("experts").transaction() as conn:
        tell_all(conn)
        return golden.first_of_each_type(conn)


def test_experts_says_what_its_examples_say(said: dict[str, golden.Message]) -> None:
    golden.check("experts", said)


def test_a_contact_never_leaves_experts(said: dict[str, golden.Message]) -> None:
    assert all("13800000000" not in str(message) for message in said.values())

"""What catalog says on the bus: one story that makes it say everything, against the golden messages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.catalog.domain.rights import Mandate
from services.catalog.storage.projections import hear_organisation
from services.catalog.usecases import closures, holds, programmes, sharing, slots, venues
from services.chassis.auth import Actor
from services.chassis.ids import new_id
from services.chassis.store import Connection
from tests.builders.catalog import HONGSHAN, a_stop_of, seats_in
from tests.contracts import golden
from tests.fixtures.scratch import Scratch

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
START = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)
SOON = NOW + timedelta(minutes=30)


class Story:
    """The staff of one science museum at work, a minute after the other."""

    def __init__(self, conn: Connection) -> None:
        self.conn = conn
        self.minute = NOW
        self.owner = new_id()
        place = {"id": str(self.owner), "kind": "venue", "name": "赤峰市科技馆", "adcode": "150402"}
        hear_organisation(conn, place, 1)
        self.actor = Actor(new_id(), self.owner, "venue", "包馆长")
        self.mandate = Mandate(self.owner, "venue", "150402")

    def act(self) -> dict[str, Any]:
        """Who, and when: each act has a minute of its own, so that events keep their order."""
        self.minute += timedelta(minutes=1)
        return {"now": self.minute, "mandate": self.mandate, "actor": self.actor}

    def command(self) -> dict[str, Any]:
        """The same for a command from matcher."""
        self.minute += timedelta(minutes=1)
        return {"now": self.minute, "actor": Actor.system("matcher")}


def tell_all(conn: Connection) -> None:
    """Everything that happens to venues, programmes, slots, closures, units, stops and shared resources."""
    story = Story(conn)
    venue = _venue(story)
    programme = _programme(story, venue)
    _slots(story, venue, programme)
    _stops(story, _unit(story))
    needs = {"needs": [{"resource_id": _guides(story)["id"], "quantity": 1}]}
    programmes.change_programme(conn, **story.act(), programme_id=programme["id"], if_version=3, change=needs)
    programmes.withdraw_programme(conn, **story.act(), programme_id=programme["id"], if_version=4)


def _venue(story: Story) -> dict[str, Any]:
    item: dict[str, Any] = {
        "organisation_id": None,
        "name": "赤峰市科技馆",
        "kind": "science_museum",
        "level": "city",
    }
    item |= {"designation": "科普教育基地", "expires_on": date(2028, 12, 31), "adcode": "150402"}
    item |= {"lat": 42.26, "lon": 118.96, "policy": "auto", "demonstration": True}
    venue = venues.register_venue(story.conn, **story.act(), item=item)
    change = {"policy": "ask"}
    return venues.change_venue(story.conn, **story.act(), venue_id=venue["id"], if_version=1, change=change)


def _guides(story: Story) -> dict[str, Any]:
    conn = story.conn
    item: dict[str, Any] = {"organisation_id": None, "kind": "guide", "name": "讲解员", "name_en": "Guides"}
    guides = sharing.register(conn, **story.act(), item={**item, "number": 3, "demonstration": True})
    item = {"organisation_id": None, "kind": "coach", "name": "接送车", "name_en": None, "number": 1}
    coach = sharing.register(conn, **story.act(), item={**item, "demonstration": True})
    sharing.withdraw(conn, **story.act(), resource_id=coach["id"], if_version=1)
    change = {"number": 2}
    return sharing.change(conn, **story.act(), resource_id=guides["id"], if_version=1, change=change)


def _programme(story: Story, venue: dict[str, Any]) -> dict[str, Any]:
    item: dict[str, Any] = {
        "organisation_id": None,
        "venue_id": venue["id"],
        "unit_id": None,
        "kind": "visit",
    }
    item |= {"title": "星空之下", "summary": "看星图，做望远镜", "topics": ["aerospace", "astronomy"]}
    item |= {"audiences": ["pupils"], "grades": [3, 4, 5], "core_concepts": [9], "min_group": 10}
    item |= {"activity_modes": ["experience", "making"], "teaching_modes": ["guided"], "max_group": 60}
    item |= {"duration_minutes": 90, "place": "on_site", "languages": ["zh", "mn"], "series": "飞天梦大课堂"}
    item |= {"campaign": "科创筑梦", "plan_task": "馆校结合行动", "fee_fen": 0, "payer": "none"}
    item |= {"lead_days": 7, "demonstration": True, "publish": False, "needs": []}
    made = programmes.draft_programme(story.conn, **story.act(), item=item)
    change = {"max_group": 80}
    programmes.change_programme(
        story.conn, **story.act(), programme_id=made["id"], if_version=1, change=change
    )
    return programmes.publish_programme(story.conn, **story.act(), programme_id=made["id"], if_version=2)


def _slots(story: Story, venue: dict[str, Any], programme: dict[str, Any]) -> None:
    conn, first, second = story.conn, _slot(story, programme, 0), _slot(story, programme, 1)
    change = {"seats": 40}
    slots.change_slot(conn, **story.act(), slot_id=first["id"], if_version=1, change=change)
    wish = seats_in(first, 35, expires_at=story.minute + timedelta(hours=1))
    holds.hold_many(conn, **story.command(), wishes=[wish])
    slots.close_slot(conn, **story.act(), slot_id=first["id"])
    slots.cancel_slot(conn, **story.act(), slot_id=second["id"], reason="设备检修")
    days = {"first_day": date(2027, 3, 15), "last_day": date(2027, 3, 16)}
    item = {"venue_id": venue["id"], **days, "reason": "布展闭馆"}
    closure = closures.close_venue(conn, **story.act(), item=item)
    closures.lift_closure(conn, **story.act(), closure_id=closure["id"], if_version=None)


def _slot(story: Story, programme: dict[str, Any], days: int) -> dict[str, Any]:
    item = {"programme_id": programme["id"], "starts_at": START + timedelta(days=days), "ends_at": None}
    item |= {"seats": 30, "groups_limit": 3, "round_id": None}
    return slots.publish_slot(story.conn, **story.act(), item=item)


def _unit(story: Story) -> dict[str, Any]:
    item: dict[str, Any] = {"organisation_id": None, "name": "科普大篷车一号", "kind": "caravan"}
    item |= {"adcode": "150402", "lat": 42.26, "lon": 118.96, "min_dwell_days": 1, "max_dwell_days": 1}
    item |= {"setup_days": 0, "topics": ["energy"], "grades": [1, 2, 3], "min_group": 20, "max_group": 500}
    item |= {"languages": ["zh"], "travel_limit_km": 250, "policy": "ask", "round_id": None}
    item |= {"km_budget": 1500}
    item |= {"windows": [{"starts_at": NOW, "ends_at": NOW + timedelta(days=90)}], "demonstration": True}
    unit = venues.register_unit(story.conn, **story.act(), item=item)
    change = {"max_group": 600}
    return venues.change_unit(story.conn, **story.act(), unit_id=unit["id"], if_version=1, change=change)


def _stops(story: Story, unit: dict[str, Any]) -> None:
    conn = story.conn
    kept, lapsed = _stop(unit, story, 0), _stop(unit, story, 2)
    holds.hold_many(conn, **story.command(), wishes=[kept, lapsed])
    holds.confirm_many(conn, **story.command(), hold_ids=[kept.hold_id])
    reasons: dict[UUID, str | None] = {kept.hold_id: "学校停课"}
    holds.release_many(conn, **story.command(), hold_ids=[kept.hold_id], reasons=reasons)
    holds.sweep(conn, now=lapsed.expires_at, actor=Actor.system("sweeper"))


def _stop(unit: dict[str, Any], story: Story, days: int) -> Any:
    expires_at = story.minute + timedelta(minutes=30)
    return a_stop_of(unit, START + timedelta(days=days), 6, HONGSHAN, expires_at=expires_at)


@pytest.fixture(scope="module")
def said(scratch: Scratch) -> dict[str, golden.Message]:
    """The first message of each type that the story makes."""
    with scratch("catalog").transaction() as conn:
        tell_all(conn)
        return golden.first_of_each_type(conn)


def test_catalog_says_what_its_examples_say(said: dict[str, golden.Message]) -> None:
    golden.check("catalog", said)


def test_nothing_of_a_school_is_in_what_catalog_says(said: dict[str, golden.Message]) -> None:
    assert all("school" not in key for message in said.values() for key in message["data"])

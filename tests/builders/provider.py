"""Whoever offers, over HTTP: an owner with staff, venues, programmes, slots; and what experts are made of."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from deploy.local.stack import Stack
from tests.builders.accounts import HONGSHAN, PLACE, Person, a_user, an_organisation
from tests.fixtures.stack import poll

Json = dict[str, Any]


@dataclass(frozen=True)
class Provider:
    """An organisation that catalog has heard of, and a person of its staff."""

    organisation: Json
    staff: Person


def a_provider(stack: Stack, operator: Person, kind: str = "venue", adcode: str = HONGSHAN) -> Provider:
    """Registered with accounts, and known to catalog."""
    organisation = an_organisation(operator, kind, adcode)
    provider = Provider(organisation, a_user(stack, operator, organisation["id"], "venue"))
    poll(lambda: _is_known(provider.staff), 20)
    return provider


def _is_known(staff: Person) -> bool:
    """Catalog has heard of the organisation."""
    # An empty name is refused only after the organisation has been looked up: nothing is made by this.
    body = programme_body(None, topics=["no-such-topic"])
    return bool(staff.post("/programmes", body).json()["code"] == "unknown_topic")


def venue_body(**changes: Any) -> Json:
    """A science museum with a name of its own."""
    name = f"演示科技馆 {secrets.token_hex(4)}"
    body = {"name": name, "kind": "science_museum", "level": "city", "adcode": HONGSHAN, **PLACE}
    return {**body, "policy": "auto", "demonstration": True, **changes}


def programme_body(venue: Json | None, **changes: Any) -> Json:
    """A published visit of ninety minutes for groups of up to 60."""
    body = {"kind": "visit", "title": "星空之下", "topics": ["aerospace"], "audiences": ["pupils"]}
    rest = {"grades": [3, 4, 5], "max_group": 60, "duration_minutes": 90, "publish": True}
    return {**body, **rest, "venue_id": venue["id"] if venue else None, "demonstration": True, **changes}


def a_venue(provider: Provider, **changes: Any) -> Json:
    """Registered."""
    return made(provider.staff.post("/venues", venue_body(**changes)))


def a_programme(provider: Provider, venue: Json | None = None, **changes: Any) -> Json:
    """Published, at a venue of its own unless given one."""
    at = venue if venue or "venue_id" in changes else a_venue(provider)
    return made(provider.staff.post("/programmes", programme_body(at, **changes)))


def shared_body(number: int = 1, **changes: Any) -> Json:
    """So many guides, under a name of their own."""
    name = f"讲解员（演示）{secrets.token_hex(4)}"
    return {"kind": "guide", "name": name, "number": number, "demonstration": True, **changes}


def a_shared_resource(provider: Provider, number: int = 1, **changes: Any) -> Json:
    """Registered."""
    return made(provider.staff.post("/shared-resources", shared_body(number, **changes)))


def slot_body(programme: Json, days: float = 30, **changes: Any) -> Json:
    """Thirty seats at ten in the morning, so many days ahead."""
    day = datetime.now(UTC).replace(hour=2, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return {"programme_id": programme["id"], "starts_at": wire(day), "seats": 30, **changes}


def a_slot(provider: Provider, programme: Json | None = None, **changes: Any) -> Json:
    """Published, of a programme of its own unless given one."""
    return made(provider.staff.post("/slots", slot_body(programme or a_programme(provider), **changes)))


def expert_body(**changes: Any) -> Json:
    """An astronomer who lives in Hongshan."""
    body = {
        "name": "苏雅",
        "kind": "scientist",
        "employer": "赤峰学院",
        "title": "教授",
        "topics": ["aerospace"],
    }
    rest = {"grades": [3, 4, 5], "adcode": HONGSHAN, **PLACE, "contact": "13800000000", "demonstration": True}
    return {**body, **rest, **changes}


def window(days: float, hours: float = 8) -> Json:
    """Some hours from nine in the morning, so many days ahead."""
    start = datetime.now(UTC).replace(hour=1, minute=0, second=0, microsecond=0) + timedelta(days=days)
    return {"starts_at": wire(start), "ends_at": wire(start + timedelta(hours=hours))}


def made(answer: Any) -> Json:
    """The body of an answer that created."""
    assert answer.status_code == 201, answer.text
    body: Json = answer.json()
    return body


def wire(moment: datetime) -> str:
    """A moment on the wire."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")

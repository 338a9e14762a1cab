"""Facts as their owners publish them, for consumers' tests: a story gives what matters, the rest is plain.

Every state made here is held against its owner's schema when it is told, so a contract that moves on breaks
the tests of those who hear it.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import import_module
from typing import Any
from uuid import NAMESPACE_URL, UUID, uuid5

from services.chassis.facts import Fact
from services.chassis.ids import new_id

State = dict[str, Any]
NOW = datetime(2026, 11, 24, 2, 0, tzinfo=UTC)
PLACE = {"lat": 42.26, "lon": 118.96}
OWNERS = {
    **dict.fromkeys(("district", "organisation", "user"), "accounts"),
    **dict.fromkeys(("venue", "programme", "slot", "closure", "unit", "stop", "shared_resource"), "catalog"),
    **dict.fromkeys(("school", "request"), "demand"),
    **dict.fromkeys(("expert", "engagement"), "experts"),
    **dict.fromkeys(("round", "match", "verdict"), "matcher"),
}


def told(aggregate: str, state: State, *, version: int = 1, type_: str = "", **envelope: Any) -> Fact:
    """The event that carries `state`; of its aggregate's types the first one unless `type_` says which."""
    owner = OWNERS[aggregate]
    types = {name: kind for name, (kind, _) in _events(owner).items()}
    name = type_ or next(name for name, kind in types.items() if kind == aggregate)
    carried = {**state, "version": version} if "version" in state else dict(state)
    _check(owner, aggregate, carried)
    fact = Fact(
        id=new_id(),
        type=name,
        owner=owner,
        aggregate=aggregate,
        aggregate_id=UUID(carried.get("id") or carried.get("request_id") or carried["organisation_id"]),
        version=version,
        occurred_at=NOW,
        trace_id=None,
        actor={"user_id": None, "organisation_id": None, "role": None, "name": "test"},
        reason=None,
        data=carried,
        now=NOW,
    )
    return replace(fact, **envelope)


def some_id() -> str:
    """A fresh id."""
    return str(new_id())


def district(adcode: str, name: str, **known: Any) -> State:
    """A division."""
    level = "township" if len(adcode) == 12 else "city" if adcode.endswith("00") else "district"
    parent = None if level == "city" else adcode[:6] if level == "township" else adcode[:4] + "00"
    state = {"id": str(uuid5(NAMESPACE_URL, adcode)), "adcode": adcode, "parent": parent, "level": level}
    return {
        **state,
        "name": name,
        "name_en": None,
        **PLACE,
        "population": None,
        "demonstration": True,
        **known,
    }


def organisation(name: str = "演示单位", kind: str = "venue", adcode: str = "150402", **known: Any) -> State:
    """An organisation."""
    state = {"id": some_id(), "kind": kind, "name": name, "adcode": adcode, "township": None, **PLACE}
    return {**state, "demonstration": True, **known}


def user(name: str, organisation_id: str, role: str, **known: Any) -> State:
    """A person with one membership and an address."""
    identity = some_id()
    state: State = {"id": identity, "name": name, "email": f"u{identity[-12:]}@example.org", "language": "zh"}
    membership = {"organisation_id": organisation_id, "role": role}
    return {**state, "expert_id": None, "active": True, "memberships": [membership], **known}


def venue(name: str, organisation_id: str, adcode: str = "150402", **known: Any) -> State:
    """A science base."""
    state = {"id": some_id(), "organisation_id": organisation_id, "name": name, "kind": "science_base"}
    rest = {"level": "city", "designation": None, "expires_on": None, "policy": "ask", "state": "active"}
    return {**state, **rest, "adcode": adcode, **PLACE, "demonstration": True, "version": 1, **known}


def programme(title: str, organisation_id: str, venue_id: str | None = None, **known: Any) -> State:
    """A published visit for the middle grades."""
    state: State = {
        "id": some_id(),
        "organisation_id": organisation_id,
        "venue_id": venue_id,
        "unit_id": None,
    }
    state |= {"kind": "visit", "title": title, "summary": "", "topics": [], "audiences": ["pupils"]}
    state |= {"grades": [4, 5, 6], "core_concepts": [], "activity_modes": [], "teaching_modes": []}
    state |= {
        "min_group": 5,
        "max_group": 60,
        "duration_minutes": 90,
        "place": "on_site",
        "languages": ["zh"],
    }
    state |= {"series": None, "campaign": None, "plan_task": None, "fee_fen": 0, "payer": "free"}
    return {**state, "lead_days": 1, "state": "published", "demonstration": True, "version": 1, **known}


def shared_resource(name: str, organisation_id: str, **known: Any) -> State:
    """One guide."""
    state: State = {"id": some_id(), "organisation_id": organisation_id, "kind": "guide", "name": name}
    rest = {"name_en": None, "number": 1, "state": "active", "demonstration": True, "version": 1}
    return {**state, **rest, **known}


def needing(*resources: State) -> State:
    """What a programme says of which each group needs one of each of these."""
    return {"needs": [{"resource_id": each["id"], "quantity": 1} for each in resources]}


def slot(programme_: State, starts_at: datetime = NOW + timedelta(days=14), **known: Any) -> State:
    """An open slot of 60 seats, two weeks ahead."""
    state: State = {"id": some_id(), "programme_id": programme_["id"], "venue_id": programme_["venue_id"]}
    state |= {"organisation_id": programme_["organisation_id"], "starts_at": iso(starts_at)}
    state |= {"ends_at": iso(starts_at + timedelta(hours=2)), "seats": 60, "taken": 0, "free": 60}
    rest = {"groups_limit": None, "groups_taken": 0, "round_id": None, "state": "open", "version": 1}
    return {**state, **rest, **known}


def expert(name: str, organisation_id: str, **known: Any) -> State:
    """A volunteer who is free for one day."""
    window = {"starts_at": iso(NOW + timedelta(days=10)), "ends_at": iso(NOW + timedelta(days=11))}
    state: State = {"id": some_id(), "user_id": None, "organisation_id": organisation_id, "name": name}
    state |= {"kind": "scientist", "employer": None, "title": None, "topics": [], "audiences": ["pupils"]}
    state |= {"grades": [4, 5, 6], "languages": ["zh"], "adcode": "150402", "lat": 42.3, "lon": 119.0}
    state |= {"travel_limit_km": None, "cap_day": None, "cap_week": None, "cap_month": None}
    rest = {"volunteer": True, "state": "active", "demonstration": True, "availability": [window]}
    return {**state, **rest, "version": 1, **known}


def engagement(expert_: State, starts_at: datetime, ends_at: datetime, **known: Any) -> State:
    """A held appointment of an expert."""
    state: State = {"id": some_id(), "expert_id": expert_["id"], "match_id": some_id(), "leg_id": some_id()}
    times = {"starts_at": iso(starts_at), "ends_at": iso(ends_at)}
    place = {**PLACE, "adcode": "150402"}
    return {**state, **times, "place": place, "state": "held", "version": 1, **known}


def school(name: str, adcode: str = "150402", **known: Any) -> State:
    """A primary school of 300 pupils."""
    state: State = {"organisation_id": some_id(), "name": name, "stage": "P", "grades": [1, 2, 3, 4, 5, 6]}
    state |= {"adcode": adcode, "township": f"{adcode}001000", **PLACE, "enrolment": 300, "classes": 12}
    return {**state, "rural": False, "code": None, "auto_accept": False, "demonstration": True, **known}


def request(school_: State, **known: Any) -> State:
    """A visit for 40 pupils."""
    window = {"starts_at": iso(NOW + timedelta(days=10)), "ends_at": iso(NOW + timedelta(days=20))}
    of_school = ("name", "stage", "adcode", "township", "lat", "lon", "enrolment", "rural", "auto_accept")
    state: State = {
        "id": some_id(),
        "school_id": school_["organisation_id"],
        "round_id": None,
        "kind": "visit",
    }
    state |= {"topics": [], "programme_id": None, "grades": [4, 5], "audience": "pupils", "group_size": 40}
    state |= {"windows": [window], "distance_limit_km": 50, "language": "zh", "language_required": False}
    state |= {"preferences": None, "state": "submitted", "state_reason": None, "match_id": None}
    state["school"] = {member: school_[member] for member in (*of_school, "demonstration")}
    return {**state, "submitted_at": iso(NOW), **known}


def leg(programme_: State, starts_at: datetime, **known: Any) -> State:
    """Seats in a slot of a programme."""
    state: State = {"id": some_id(), "position": 0, "owner": "catalog", "resource_kind": "slot"}
    state |= {"resource_id": some_id(), "organisation_id": programme_["organisation_id"]}
    state |= {"programme_id": programme_["id"], "venue_id": programme_["venue_id"], "quantity": 40}
    state |= {"starts_at": iso(starts_at), "ends_at": iso(starts_at + timedelta(hours=2))}
    state |= {"place": {**PLACE, "adcode": "150402"}, "hold_id": some_id(), "attempt": 1, "state": "held"}
    return {**state, **known}


def agreement(party: str, organisation_id: str, **known: Any) -> State:
    """A party that has not answered."""
    state: State = {"party": party, "organisation_id": organisation_id, "expert_id": None, "needed": True}
    return {**state, "answer": None, "answered_at": None, "answered_by": None, **known}


def match(school_: State, legs: list[State], agreements: list[State] | None = None, **known: Any) -> State:
    """An offer of these legs to a school."""
    state: State = {"id": some_id(), "request_id": some_id(), "round_id": None}
    state |= {"school_id": school_["organisation_id"], "school_name": school_["name"]}
    state |= {"adcode": school_["adcode"], "township": school_["township"], "kind": "visit"}
    state |= {"title": "地质年代探秘", "topics": [], "grades": [4, 5], "audience": "pupils", "group_size": 40}
    state |= {"starts_at": legs[0]["starts_at"], "ends_at": legs[0]["ends_at"], "state": "offered"}
    state |= {"ending": None, "reason_code": None, "value": 1, "pinned": False}
    state |= {"deadline": iso(NOW + timedelta(days=2)), "offered_at": iso(NOW), "confirmed_at": None}
    state |= {"delivered_at": None, "legs": legs, "version": 1}
    parties = [agreement("school", school_["organisation_id"])] if agreements is None else agreements
    return {**state, "agreements": parties, **known}


def confirmed(match_: State, **known: Any) -> State:
    """The same match, agreed by all."""
    return {**match_, "state": "confirmed", "confirmed_at": iso(NOW), **known}


def round_(adcode: str = "150400", **known: Any) -> State:
    """An open round."""
    state: State = {"id": some_id(), "name": "春季集中申报", "adcode": adcode, "opens_at": iso(NOW)}
    state |= {"closes_at": iso(NOW + timedelta(days=7)), "offer_hours": 48, "policy": {}, "state": "open"}
    state |= {"epoch": 0, "seed_hash": "0" * 64, "seed": None, "value": None, "bound": None, "gap": None}
    moments = dict.fromkeys(("closed_at", "drawn_up_at", "reviewed_at", "published_at"))
    return {**state, **moments, "version": 1, **known}


def verdict(request_: State, **known: Any) -> State:
    """A request that found nothing, because all was too far."""
    reasons = [{"resource_kind": "slot", "code": "distance", "count": 12}]
    state: State = {"request_id": request_["id"], "school_id": request_["school_id"], "round_id": None}
    rest = {"outcome": "unserved", "candidates": 0, "reasons": reasons, "given_at": iso(NOW), "version": 1}
    return {**state, **rest, **known}


def iso(moment: datetime) -> str:
    """A moment on the wire."""
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _events(owner: str) -> dict[str, Any]:
    events: dict[str, Any] = import_module(f"schemas.events.{owner}").EVENTS
    return events


def _check(owner: str, aggregate: str, state: State) -> None:
    schema = next(schema for kind, schema in _events(owner).values() if kind == aggregate)
    errors = schema().validate(state)
    assert not errors, f"{aggregate}: {errors}"

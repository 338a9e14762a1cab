"""Telling: whom an announcement concerns, as things now stand, and the messages that they get."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.ids import new_id
from services.chassis.store import Connection, savepoint
from services.notices import domain
from services.notices.domain import Audience
from services.notices.storage import facts
from services.notices.storage import telling as storage

BATCH = 50
Row = dict[str, Any]


def tell_some(conn: Connection, *, now: datetime) -> int:
    """Tell up to a batch of announcements that are due; return how many were taken up."""
    taken = storage.take_waiting(conn, now=now, limit=BATCH)
    for announcement in taken:
        with savepoint(conn):
            _tell(conn, announcement, now)
    return len(taken)


def _tell(conn: Connection, announcement: Row, now: datetime) -> None:
    rule = domain.rule_of(announcement["kind"])
    state = facts.subject(conn, announcement["aggregate"], announcement["aggregate_id"])
    if state is None or not rule.is_current(state, now):
        storage.settle(conn, announcement["id"], "obsolete")
        return
    people = people_of(conn, rule.audiences(state))
    if not people:
        _wait_for_people(conn, announcement, now)
        return
    params = params_of(conn, announcement, state)
    storage.write_messages(conn, [_message(announcement, user, params, now) for user in people])
    if rule.by_email:
        storage.order_mail(conn, announcement["id"], now=now)
    storage.settle(conn, announcement["id"], "told")


def people_of(conn: Connection, audiences: list[Audience]) -> list[UUID]:
    """The users whom the audiences are made of, each once."""
    found = [person["id"] for audience in audiences for person in storage.people(conn, audience)]
    return list(dict.fromkeys(found))


def _wait_for_people(conn: Connection, announcement: Row, now: datetime) -> None:
    """Members may come to be known a little later than what concerns them; not for ever."""
    delay = domain.address_delay(announcement["attempts"] + 1)
    if delay is None:
        storage.settle(conn, announcement["id"], "unaddressed")
    else:
        storage.postpone(conn, announcement["id"], now + delay)


def _message(announcement: Row, user_id: UUID, params: Row, now: datetime) -> Row:
    return {
        "id": new_id(),
        "user_id": user_id,
        "announcement_id": announcement["id"],
        "kind": announcement["kind"],
        "aggregate": announcement["aggregate"],
        "aggregate_id": announcement["aggregate_id"],
        "params": params,
        "now": now,
    }


def params_of(conn: Connection, announcement: Mapping[str, Any], state: Mapping[str, Any]) -> Row:
    """What the templates may say of a subject, as JSON primitives."""
    named = {name: state[name] for name in _NAMED if state.get(name) is not None}
    when = {"when": {"starts_at": state["starts_at"], "ends_at": state["ends_at"]}} if "legs" in state else {}
    place = {"place": _place(conn, state)} if "legs" in state else {}
    parts = {"parts": _parts(state)} if "legs" in state else {}
    return {**named, **when, **place, **parts, "reason": announcement["reason"]}


_NAMED = (
    *("title", "school_name", "group_size", "deadline", "reason_code", "name", "closes_at", "reasons"),
    *("request_id",),
)


def _parts(match: Mapping[str, Any]) -> list[int]:
    """How many come to each session."""
    return [leg["quantity"] for leg in match["legs"] if leg["resource_kind"] == "slot"]


def _place(conn: Connection, match: Mapping[str, Any]) -> str | None:
    """The venue's name, None where the activity comes to the school."""
    venues = [leg["venue_id"] for leg in match["legs"] if leg["venue_id"]]
    known = facts.subject(conn, "venue", UUID(venues[0])) if venues else None
    return str(known["name"]) if known else None

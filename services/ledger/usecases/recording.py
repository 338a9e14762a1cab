"""Taking events in: every one into the trail, and what is counted by into its own table."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from uuid import UUID

from services.chassis.facts import Fact
from services.chassis.store import Connection
from services.ledger import domain
from services.ledger.storage import facts as storage

Row = dict[str, Any]


def record(conn: Connection, told: Sequence[Fact]) -> None:
    """Write events into the trail and what they say into what is counted by."""
    storage.append_trail(conn, [_trail_row(fact) for fact in told])
    for aggregate, (keep, row_of) in _KEPT.items():
        rows = [row_of(fact.aggregate_id, fact.data) for fact in told if fact.aggregate == aggregate]
        versions = [fact.version for fact in told if fact.aggregate == aggregate]
        keep(conn, [{**row, "version": v} for row, v in zip(rows, versions, strict=True) if row is not None])


def _trail_row(fact: Fact) -> Row:
    actor: Mapping[str, Any] = fact.actor or {}
    return {
        "message_id": fact.id,
        **{member: getattr(fact, member) for member in _ENVELOPE},
        "recorded_at": fact.now,
        "actor_user": actor.get("user_id"),
        "actor_organisation": actor.get("organisation_id"),
        "actor_role": actor.get("role"),
        "actor_name": actor.get("name"),
        "subject_id": domain.subject(fact.aggregate, fact.aggregate_id, fact.data),
        "adcode": domain.place(fact.data),
        "match_id": domain.match_of(fact.aggregate, fact.aggregate_id, fact.data),
        "data": domain.kept(fact.aggregate, fact.data),
    }


_ENVELOPE = (*("owner", "aggregate", "aggregate_id", "version", "type", "occurred_at", "reason", "trace_id"),)


def _as_is(_: UUID, data: Row) -> Row:
    return data


def _school(_: UUID, data: Row) -> Row:
    return {**data, "id": data["organisation_id"]}


def _programme(_: UUID, data: Row) -> Row:
    return {**data, "kind": "programme", "name": data["title"]}


def _resource(kind: str) -> Callable[[UUID, Row], Row]:
    return lambda _, data: {**data, "kind": kind, "plan_task": None, "campaign": None}


def _entry(_: UUID, data: Row) -> Row | None:
    return domain.entry(data)


_KEPT: Mapping[str, tuple[Callable[..., None], Callable[[UUID, Row], Row | None]]] = {
    "district": (storage.keep_districts, _as_is),
    "organisation": (storage.keep_organisations, _as_is),
    "school": (storage.keep_schools, _school),
    "programme": (storage.keep_resources, _programme),
    "venue": (storage.keep_resources, _resource("venue")),
    "unit": (storage.keep_resources, _resource("unit")),
    "expert": (storage.keep_resources, _resource("expert")),
    "request": (storage.keep_requests, _as_is),
    "match": (storage.keep_entries, _entry),
}

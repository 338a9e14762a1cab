"""Registering, changing and reading experts, their availability and their engagements."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from schemas.events.experts import ExpertState
from schemas.refusal import Forbidden, NotFound, Refusal, Stale
from schemas.topics import TOPICS
from services.chassis import outbox
from services.chassis.facts import Fact, newest
from services.chassis.ids import new_id
from services.chassis.store import Connection, savepoint
from services.experts import domain
from services.experts.domain import Mandate, Window
from services.experts.storage import profiles as storage

Row = dict[str, Any]
Item = Mapping[str, Any]
_STATE = ExpertState()
_PRIVATE = (
    "user_id", "lat", "lon", "contact", "travel_limit_km", "cap_day", "cap_week", "cap_month", "rest_minutes",
    "daylight_only",
)  # fmt: skip


def register_expert(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: outbox.Acting, item: Item
) -> Row:
    """A new expert; raises OrganisationUnknown, UnknownTopic, WindowsOverlap, UserIsExpert."""
    owner_id = _new_owner(conn, mandate, item["organisation_id"])
    _check_topics(item)
    windows = domain.tidy(_windows(item["availability"]))
    row = {**item, "id": new_id(), "organisation_id": owner_id, "state": "active", "version": 1}
    del row["availability"]
    try:
        with savepoint(conn):
            storage.insert_expert(conn, row)
    except UniqueViolation:
        raise domain.UserIsExpert(field="user_id") from None
    storage.replace_windows(conn, row["id"], windows)
    _tell(conn, now, actor, "expert_registered", row, windows)
    return _known(row)


def register_experts(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: outbox.Acting, items: Sequence[Item]
) -> list[Row | Refusal]:
    """New experts, item by item; a refused item leaves nothing behind."""
    return [_registered_or_not(conn, now, mandate, actor, item) for item in items]


def change_expert(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: outbox.Acting,
    expert_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change a profile for the engagements to come; Forbidden to others, Stale, UnknownTopic, UserIsExpert.

    The expert's row is changed under its own lock, so a hold sees the old limits or the new ones, never both.
    """
    _private(conn, mandate, expert_id)
    _check_topics(change)
    try:
        with savepoint(conn):
            row = storage.change_expert(conn, expert_id, if_version, change)
    except UniqueViolation:
        raise domain.UserIsExpert(field="user_id") from None
    if row is None:
        raise Stale()
    _tell(conn, now, actor, "expert_changed", row, storage.windows(conn, [expert_id]).get(expert_id, []))
    return _known(row)


def replace_availability(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: outbox.Acting,
    expert_id: UUID,
    if_version: int,
    windows: Sequence[Item],
) -> Row:
    """Put these windows in the place of all there were; engagements outside of them stand, and are named."""
    _private(conn, mandate, expert_id)
    tidied = domain.tidy(_windows(windows))
    row = storage.change_expert(conn, expert_id, if_version, {})
    if row is None:
        raise Stale()
    storage.replace_windows(conn, expert_id, tidied)
    _tell(conn, now, actor, "expert_changed", row, tidied)
    return _availability(conn, now, row, tidied)


def read_availability(conn: Connection, *, now: datetime, mandate: Mandate, expert_id: UUID) -> Row:
    """The windows of an expert, to the expert and the area's coordinators; Forbidden to others."""
    row = _private(conn, mandate, expert_id)
    return _availability(conn, now, row, storage.windows(conn, [expert_id]).get(expert_id, []))


def read_expert(conn: Connection, *, mandate: Mandate, expert_id: UUID) -> Row:
    """One expert; what is private is None unless the asker may know it."""
    row = storage.find(conn, expert_id)
    if row is None:
        raise NotFound()
    return _seen(mandate, row)


def list_experts(
    conn: Connection, *, mandate: Mandate, filters: Item, after: UUID | None, limit: int
) -> list[Row]:
    """Experts in order of id, each as the asker may see it."""
    return [_seen(mandate, row) for row in storage.listed(conn, filters=filters, after=after, limit=limit)]


def list_engagements(
    conn: Connection, *, mandate: Mandate, filters: Item, after: Sequence[Any] | None, limit: int
) -> list[Row]:
    """Engagements in order of time: one's own as an expert, the area's as a coordinator."""
    if mandate.prefix is None and mandate.expert_id is None:
        raise Forbidden()
    rows = storage.list_engagements(
        conn, area=mandate.prefix, own=mandate.expert_id, filters=filters, after=after, limit=limit
    )
    return [{**row, "place": {key: row[key] for key in ("lat", "lon", "adcode")}} for row in rows]


# -- steps -------------------------------------------------------------------------------------------------


def _new_owner(conn: Connection, mandate: Mandate, named: UUID | None) -> UUID:
    owner_id = named or mandate.organisation_id
    owner = storage.organisation(conn, owner_id) if owner_id else None
    if owner is None or not mandate.registers(owner["id"], owner["adcode"]):
        raise domain.OrganisationUnknown(field="organisation_id")
    return UUID(str(owner["id"]))


def _registered_or_not(
    conn: Connection, now: datetime, mandate: Mandate, actor: outbox.Acting, item: Item
) -> Row | Refusal:
    try:
        with savepoint(conn):
            return register_expert(conn, now=now, mandate=mandate, actor=actor, item=item)
    except Refusal as refusal:
        return refusal


def _private(conn: Connection, mandate: Mandate, expert_id: UUID) -> Row:
    row = storage.find(conn, expert_id)
    if row is None:
        raise NotFound()
    if not mandate.knows(expert_id, row["organisation_adcode"]):
        raise Forbidden()
    return row


def _check_topics(item: Item) -> None:
    for index, topic in enumerate(item.get("topics", ())):
        if topic not in TOPICS:
            raise domain.UnknownTopic(field=f"topics[{index}]", topic=topic)


def _windows(items: Sequence[Item]) -> list[Window]:
    return [Window(item["starts_at"], item["ends_at"]) for item in items]


def _availability(conn: Connection, now: datetime, row: Row, windows: Sequence[Window]) -> Row:
    return {
        "expert_id": row["id"],
        "windows": [vars(window) for window in windows],
        "uncovered": storage.uncovered(conn, row["id"], now),
        "version": row["version"],
    }


def _seen(mandate: Mandate, row: Row) -> Row:
    return _known(row) if mandate.knows(row["id"], row["organisation_adcode"]) else {**row, "private": None}


def _known(row: Row) -> Row:
    return {**row, "private": {name: row[name] for name in _PRIVATE}}


def _tell(
    conn: Connection, now: datetime, actor: outbox.Acting, event: str, row: Row, windows: Sequence[Window]
) -> None:
    outbox.append(
        conn,
        owner="experts",
        now=now,
        type=event,
        aggregate="expert",
        aggregate_id=row["id"],
        version=row["version"],
        data=_STATE.dump({**row, "availability": [vars(window) for window in windows]}),
        actor=actor,
    )


def hear_organisations(conn: Connection, told: Iterable[Fact]) -> None:
    """Keep the newest states that a batch tells of, in one statement."""
    storage.hear_organisations(conn, {fact.aggregate_id: (fact.version, fact.data) for fact in newest(told)})

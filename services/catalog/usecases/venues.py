"""Registering, changing and reading venues and travelling units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from schemas.refusal import NotFound, Refusal, Stale
from schemas.topics import TOPICS
from services.catalog.domain import offers as rules
from services.catalog.domain import slots as slot_rules
from services.catalog.domain.rights import Mandate
from services.catalog.storage import offers as storage
from services.catalog.storage import projections
from services.catalog.usecases import owners
from services.catalog.usecases.telling import tell
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection, savepoint

Row = dict[str, Any]
Item = Mapping[str, Any]


def register_venue(conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item) -> Row:
    """A new venue of an organisation that the asker keeps; raises OrganisationUnknown, NameTaken."""
    owner_id = owners.new_owner(conn, mandate, item["organisation_id"])
    row = {**item, "id": new_id(), "organisation_id": owner_id, "state": "active", "version": 1}
    return _registered(conn, now, actor, "venue", row)


def register_venues(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, items: Sequence[Item]
) -> list[Row | Refusal]:
    """New venues, item by item."""
    act = partial(register_venue, conn, now=now, mandate=mandate, actor=actor)
    return owners.one_by_one(conn, items, lambda item: act(item=item))


def change_venue(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    venue_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change a venue; NotFound, Forbidden to others, Stale, NameTaken."""
    owners.require_editor(conn, mandate, storage.find(conn, "venue", venue_id), public=True)
    return _changed(conn, now, actor, "venue", venue_id, if_version, change)


def register_unit(conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item) -> Row:
    """A new travelling unit; raises what `check_unit` and `check_topics` raise, NameTaken, RoundUnknown."""
    owner_id = owners.new_owner(conn, mandate, item["organisation_id"])
    row = {**item, "id": new_id(), "organisation_id": owner_id, "state": "active", "version": 1}
    _check_unit(conn, row, item)
    return _registered(conn, now, actor, "unit", row)


def change_unit(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    unit_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change a unit for the stops to come; what is held or confirmed stays as it is."""
    old = storage.find(conn, "unit", unit_id, lock="update")
    owners.require_editor(conn, mandate, old, public=True)
    _check_unit(conn, {**_loaded(old or {}), **change}, change)
    return _changed(conn, now, actor, "unit", unit_id, if_version, change)


def read(conn: Connection, table: str, id_: UUID) -> Row:
    """One venue or unit; NotFound."""
    row = storage.find(conn, table, id_)
    if row is None:
        raise NotFound()
    return _loaded(row)


def list_venues(conn: Connection, *, filters: Item, after: UUID | None, limit: int) -> list[Row]:
    """Venues in order of id; filters: organisation_id, kind, level, under."""
    return storage.venues(conn, filters=filters, after=after, limit=limit)


def list_units(conn: Connection, *, filters: Item, after: UUID | None, limit: int) -> list[Row]:
    """Units in order of id; filters: organisation_id, kind, under."""
    return [_loaded(row) for row in storage.units(conn, filters=filters, after=after, limit=limit)]


def list_stops(
    conn: Connection, *, mandate: Mandate, filters: Item, after: Sequence[Any] | None, limit: int
) -> list[Row]:
    """Stops in order of time: to everybody the confirmed ones without their match, to the owner all."""
    rows = storage.stops(
        conn,
        staff_of=mandate.staff_of,
        area=mandate.prefix,
        filters=filters,
        after=after,
        limit=limit,
    )
    return [_stop(row) for row in rows]


def _registered(conn: Connection, now: datetime, actor: Acting, table: str, row: Row) -> Row:
    try:
        with savepoint(conn):
            storage.insert(conn, table, _stored(row))
    except UniqueViolation:
        raise rules.NameTaken(field="name") from None
    tell(conn, now=now, actor=actor, event=f"{table}_registered", state=row)
    return row


def _changed(
    conn: Connection, now: datetime, actor: Acting, table: str, id_: UUID, if_version: int, change: Item
) -> Row:
    try:
        with savepoint(conn):
            row = storage.change(conn, table, id_, if_version, _stored(change))
    except UniqueViolation:
        raise rules.NameTaken(field="name") from None
    if row is None:
        raise Stale()
    state = _loaded(row)
    tell(conn, now=now, actor=actor, event=f"{table}_changed", state=state)
    return state


def _check_unit(conn: Connection, row: Item, given: Item) -> None:
    rules.check_topics(row["topics"], TOPICS)
    rules.check_unit(row)
    if given.get("round_id"):
        slot_rules.check_round(given["round_id"], projections.round_state(conn, given["round_id"]))


def _stored(row: Item) -> Row:
    windows = {"windows": [_text(w) for w in row["windows"]]} if "windows" in row else {}
    return {**row, **windows}


def _loaded(row: Item) -> Row:
    windows = {"windows": [_times(w) for w in row["windows"]]} if "windows" in row else {}
    return {**row, **windows}


def _text(window: Mapping[str, datetime]) -> dict[str, str]:
    return {name: moment.isoformat() for name, moment in window.items()}


def _times(window: Mapping[str, str]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(text) for name, text in window.items()}


def _stop(row: Row) -> Row:
    place = {name: row[name] for name in ("lat", "lon", "adcode")}
    hidden = {} if row["ours"] else {"match_id": None, "quantity": None}
    return {**row, "place": place, **hidden}

"""Rooms, guides, kits and coaches: kept by their owners, needed by programmes, lent to groups."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from schemas.refusal import NotFound, Stale
from services.catalog.domain import sharing as rules
from services.catalog.domain.holds import Wish
from services.catalog.domain.offers import NameTaken
from services.catalog.domain.rights import Mandate
from services.catalog.domain.sharing import Books, Shared
from services.catalog.storage import offers
from services.catalog.storage import sharing as storage
from services.catalog.usecases import owners
from services.catalog.usecases.telling import tell
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection, savepoint

Row = dict[str, Any]
Item = Mapping[str, Any]
TABLE = "shared_resource"


def register(conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item) -> Row:
    """A new shared resource of who the asker acts for; raises OrganisationUnknown, NameTaken."""
    owner_id = owners.new_owner(conn, mandate, item["organisation_id"])
    row = {**item, "id": new_id(), "organisation_id": owner_id, "state": "active", "version": 1}
    row["counted_from"] = now
    try:
        with savepoint(conn):
            offers.insert(conn, TABLE, row)
    except UniqueViolation:
        raise NameTaken(field="name") from None
    tell(conn, now=now, actor=actor, event="shared_resource_registered", state=row)
    return row


def change(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    resource_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change a shared resource; its number never falls below what is in use at some time to come.

    Raises NotFound, Forbidden to others, Stale, SharedResourceWithdrawn, SharedResourceOverbooked, NameTaken.
    """
    old = _own(conn, mandate, resource_id)
    owners.require_version(old, if_version)
    rules.check_not_withdrawn(old)
    counted = {}
    if change.get("number", old["number"]) != old["number"]:
        used = storage.uses(conn, [resource_id], from_=now)[resource_id]
        rules.check_number(used, change["number"], now, "number")
        counted = {"counted_from": now}
    return _saved(conn, now, actor, "shared_resource_changed", old, {**change, **counted})


def withdraw(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, resource_id: UUID, if_version: int
) -> Row:
    """Share it no more; there is no way back. Raises SharedResourceNeeded while a programme needs it."""
    old = _own(conn, mandate, resource_id)
    owners.require_version(old, if_version)
    if old["state"] == "withdrawn":
        return old
    if programmes := storage.programmes_in_need(conn, resource_id):
        raise rules.SharedResourceNeeded(programmes=programmes)
    return _saved(conn, now, actor, "shared_resource_withdrawn", old, {"state": "withdrawn"})


def read(conn: Connection, *, resource_id: UUID) -> Row:
    """One shared resource in whatever state; NotFound."""
    row = offers.find(conn, TABLE, resource_id)
    if row is None:
        raise NotFound()
    return row


def listed(conn: Connection, *, filters: Item, after: UUID | None, limit: int) -> list[Row]:
    """Shared resources in order of id; filters: organisation_id, kind, state."""
    return offers.shared_resources(conn, filters=filters, after=after, limit=limit)


def _own(conn: Connection, mandate: Mandate, resource_id: UUID) -> Row:
    row = offers.find(conn, TABLE, resource_id, lock="update")
    owners.require_editor(conn, mandate, row, public=True)
    assert row is not None
    return row


def _saved(conn: Connection, now: datetime, actor: Acting, event: str, old: Row, change: Item) -> Row:
    try:
        with savepoint(conn):
            row = offers.change(conn, TABLE, old["id"], old["version"], change)
    except UniqueViolation:
        raise NameTaken(field="name") from None
    if row is None:
        raise Stale()
    tell(conn, now=now, actor=actor, event=event, state=row)
    return row


# -- what programmes need ----------------------------------------------------------------------------------


def with_needs(conn: Connection, programmes: Sequence[Row]) -> list[Row]:
    """Programmes with what they need."""
    needs = storage.needs_of(conn, [row["id"] for row in programmes])
    return [{**row, "needs": needs[row["id"]]} for row in programmes]


def state_needs(conn: Connection, programme: Item) -> None:
    """Write what a new programme needs; raises what `check_needs` raises."""
    needs = programme["needs"]
    if needs:
        rules.check_needs(programme, storage.lock(conn, {need["resource_id"] for need in needs}))
        storage.replace_needs(conn, programme["id"], needs)


def restate_needs(conn: Connection, *, now: datetime, programme: Item, needs: Sequence[Item]) -> None:
    """Write what a (locked) programme needs from now on; its groups that are held already need it too.

    Raises what `check_needs` raises, and SharedResourceOverbooked where these groups need more than there is.
    """
    storage.lock_slots_of(conn, programme["id"], now)
    before = {need["resource_id"] for need in programme["needs"]}
    known = storage.lock(conn, before | {need["resource_id"] for need in needs})
    rules.check_needs({**programme, "needs": needs}, known)
    storage.replace_needs(conn, programme["id"], needs)
    used = storage.uses(conn, known, from_=now)
    for index, need in enumerate(needs):
        id_ = need["resource_id"]
        rules.check_number(used[id_], known[id_]["number"], now, f"needs[{index}].quantity")
    storage.count_from(conn, known, now)


# -- what groups take --------------------------------------------------------------------------------------


def books(conn: Connection, wishes: Iterable[Wish]) -> Books:
    """How the resources stand, locked, that the sessions of these wishes need; their slots are locked."""
    seats = [wish for wish in wishes if wish.resource_kind == "slot"]
    needs = storage.needs_of_slots(conn, [wish.resource_id for wish in seats])
    if not needs:
        return Books({}, {})
    locked = storage.lock(conn, {need.resource_id for each in needs.values() for need in each})
    from_, until = min(wish.starts_at for wish in seats), max(wish.ends_at for wish in seats)
    used = storage.uses(conn, locked, from_=from_, until=until)
    shared = {id_: Shared(row["kind"], row["number"], used[id_]) for id_, row in locked.items()}
    return Books(needs, shared)

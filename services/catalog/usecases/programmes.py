"""Drafting, publishing, changing, withdrawing and reading programmes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from schemas.refusal import NotFound, Refusal, Stale
from schemas.topics import TOPICS
from services.catalog.domain import offers as rules
from services.catalog.domain.rights import Mandate
from services.catalog.storage import offers as storage
from services.catalog.usecases import owners, sharing
from services.catalog.usecases.telling import tell
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection

Row = dict[str, Any]
Item = Mapping[str, Any]


def draft_programme(conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item) -> Row:
    """A new programme, published at once if its `publish` says so; raises what the rules of offers raise."""
    owner_id = owners.new_owner(conn, mandate, item["organisation_id"])
    state = "published" if item["publish"] else "draft"
    row = {**item, "id": new_id(), "organisation_id": owner_id, "state": state, "version": 1}
    del row["publish"]
    _check(conn, row)
    storage.insert(conn, "programme", row)
    sharing.state_needs(conn, row)
    event = "programme_published" if item["publish"] else "programme_drafted"
    tell(conn, now=now, actor=actor, event=event, state=row)
    return row


def draft_programmes(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, items: Sequence[Item]
) -> list[Row | Refusal]:
    """New programmes, item by item."""
    act = partial(draft_programme, conn, now=now, mandate=mandate, actor=actor)
    return owners.one_by_one(conn, items, lambda item: act(item=item))


def change_programme(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    programme_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change a draft or a published programme; slots that there are stay as they are.

    What it needs of shared resources holds for the groups that it has already, too.
    """
    old = _own(conn, mandate, programme_id)
    rules.check_not_withdrawn(old)
    _check(conn, {**old, **change})
    if "needs" in change:
        owners.require_version(old, if_version)
        sharing.restate_needs(conn, now=now, programme=old, needs=change["needs"])
    return _saved(conn, now, actor, "programme_changed", programme_id, if_version, change)


def publish_programme(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, programme_id: UUID, if_version: int
) -> Row:
    """Show a draft to everybody; what is published already stays as it is. Raises Stale."""
    old = _own(conn, mandate, programme_id)
    owners.require_version(old, if_version)
    rules.check_not_withdrawn(old)
    if old["state"] == "published":
        return old
    change = {"state": "published"}
    return _saved(conn, now, actor, "programme_published", programme_id, if_version, change)


def withdraw_programme(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, programme_id: UUID, if_version: int
) -> Row:
    """Offer it no more: its slots refuse new holds, what is held or confirmed stays; there is no way back."""
    old = _own(conn, mandate, programme_id)
    owners.require_version(old, if_version)
    if old["state"] == "withdrawn":
        return old
    change = {"state": "withdrawn"}
    return _saved(conn, now, actor, "programme_withdrawn", programme_id, if_version, change)


def read_programme(conn: Connection, *, mandate: Mandate, programme_id: UUID) -> Row:
    """One programme; NotFound unless it is published or the asker's own."""
    row = storage.find(conn, "programme", programme_id)
    if row is None or not (
        row["state"] == "published" or owners.edits(conn, mandate, row["organisation_id"])
    ):
        raise NotFound()
    return sharing.with_needs(conn, [row])[0]


def list_programmes(
    conn: Connection, *, mandate: Mandate, filters: Item, after: UUID | None, limit: int
) -> list[Row]:
    """Programmes that are published or the asker's own, in order of id."""
    rows = storage.programmes(
        conn,
        staff_of=mandate.staff_of,
        area=mandate.prefix,
        filters=filters,
        after=after,
        limit=limit,
    )
    return sharing.with_needs(conn, rows)


def _own(conn: Connection, mandate: Mandate, programme_id: UUID) -> Row:
    row = storage.find(conn, "programme", programme_id, lock="update")
    owners.require_editor(conn, mandate, row, public=bool(row and row["state"] == "published"))
    assert row is not None
    return sharing.with_needs(conn, [row])[0]


def _check(conn: Connection, row: Item) -> None:
    rules.check_topics(row["topics"], TOPICS)
    rules.check_programme(row)
    for table in ("venue", "unit"):
        if id_ := row[f"{table}_id"]:
            rules.check_owner(storage.find(conn, table, id_), row["organisation_id"], f"{table}_id")


def _saved(
    conn: Connection, now: datetime, actor: Acting, event: str, id_: UUID, if_version: int, change: Item
) -> Row:
    columns = {name: value for name, value in change.items() if name != "needs"}
    row = storage.change(conn, "programme", id_, if_version, columns)
    if row is None:
        raise Stale()
    row = sharing.with_needs(conn, [row])[0]
    tell(conn, now=now, actor=actor, event=event, state=row)
    return row

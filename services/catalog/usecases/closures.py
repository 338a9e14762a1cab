"""Closing a venue for some days, and lifting the closure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from schemas.refusal import NotFound, Stale
from services.catalog.domain import slots as rules
from services.catalog.domain.rights import Mandate
from services.catalog.domain.units import SHANGHAI
from services.catalog.storage import holds, slots
from services.catalog.storage import offers as storage
from services.catalog.usecases import owners
from services.catalog.usecases.telling import tell, tell_all
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection

Row = dict[str, Any]
Item = Mapping[str, Any]
_HIDDEN = ("cancelled_slot_ids", "affected_slot_ids", "affected_match_ids")


def close_venue(conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item) -> Row:
    """Close a venue for some days: free slots are cancelled, others take nobody new and are listed.

    What is held or confirmed in those stays until somebody cancels the slot or the match. The venue's row is
    locked before its slots', so that no slot is published into the closed days meanwhile.
    """
    if item["last_day"] < item["first_day"]:
        raise rules.DaysInverted(field="last_day")
    owners.require_editor(
        conn, mandate, storage.find(conn, "venue", item["venue_id"], lock="update"), public=True
    )
    from_, until = _span(item["first_day"], item["last_day"])
    touched = slots.lock_of_venue(conn, item["venue_id"], from_=from_, until=until, now=now)
    free = [slot["id"] for slot in touched if slot["taken"] == 0]
    booked = [slot["id"] for slot in touched if slot["taken"] > 0]
    row = {
        **item,
        "id": new_id(),
        "state": "active",
        "cancelled_slot_ids": free,
        "affected_slot_ids": booked,
        "affected_match_ids": holds.live_matches(conn, booked),
        "version": 1,
    }
    _stop(conn, now, actor, item["reason"], free, booked)
    storage.insert(conn, "closure", row)
    tell(conn, now=now, actor=actor, event="closure_added", state=row, reason=item["reason"])
    return row


def lift_closure(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    closure_id: UUID,
    if_version: int | None,
) -> Row:
    """Let slots be published on those days again; what was cancelled stays cancelled."""
    old = _own(conn, mandate, closure_id)
    owners.require_version(old, if_version)
    if old["state"] == "lifted":
        raise rules.ClosureLifted()
    row = storage.change(conn, "closure", closure_id, old["version"], {"state": "lifted"})
    if row is None:
        raise Stale()
    tell(conn, now=now, actor=actor, event="closure_lifted", state=row)
    return row


def read_closure(conn: Connection, *, mandate: Mandate, closure_id: UUID) -> Row:
    """One closure; what it affects is hidden from all but the venue's own people."""
    row = storage.find(conn, "closure", closure_id)
    if row is None:
        raise NotFound()
    return _seen(conn, mandate, row)


def list_closures(
    conn: Connection,
    *,
    mandate: Mandate,
    venue_id: UUID | None,
    from_day: date | None,
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Closures in order of id; what they affect is hidden as in `read_closure`."""
    rows = storage.closures(conn, venue_id=venue_id, from_day=from_day, after=after, limit=limit)
    return [_seen(conn, mandate, row) for row in rows]


def _span(first_day: date, last_day: date) -> tuple[datetime, datetime]:
    midnight = datetime.combine(first_day, time(), SHANGHAI)
    return midnight, datetime.combine(last_day + timedelta(days=1), time(), SHANGHAI)


def _stop(
    conn: Connection, now: datetime, actor: Acting, reason: str, free: list[UUID], booked: list[UUID]
) -> None:
    cancelled = slots.move(conn, free, of=["open", "closed"], to="cancelled")
    closed = slots.move(conn, booked, of=["open"], to="closed")
    for event, states in (("slot_cancelled", cancelled), ("slot_closed", closed)):
        reasons: dict[UUID, str | None] = {state["id"]: reason for state in states}
        tell_all(conn, now=now, actor=actor, event=event, states=states, reasons=reasons)


def _own(conn: Connection, mandate: Mandate, closure_id: UUID) -> Row:
    closure = storage.find(conn, "closure", closure_id)
    if closure is None:
        raise NotFound()
    owners.require_editor(conn, mandate, storage.find(conn, "venue", closure["venue_id"]), public=True)
    return closure


def _seen(conn: Connection, mandate: Mandate, row: Row) -> Row:
    venue = storage.find(conn, "venue", row["venue_id"])
    if venue and owners.edits(conn, mandate, venue["organisation_id"]):
        return row
    return {**row, **{name: [] for name in _HIDDEN}}

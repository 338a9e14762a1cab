"""Slots: their rows, and the state that others are told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from services.chassis.store import Connection

Row = dict[str, Any]

# What may still be held: nothing of a slot that is not open or has no room for another group.
FREE = """
case when slot.state = 'open' and (groups_limit is null or groups_taken < groups_limit)
     then seats - taken else 0 end
"""

SLOT = f"""
slot.id, slot.programme_id, slot.venue_id, slot.organisation_id, starts_at, ends_at, seats, taken,
groups_limit, groups_taken, round_id, slot.state, slot.version, {FREE} as free
"""

BUMP = f"update slot set version = version + 1 where id = any(%s) returning {SLOT}"


def bump(conn: Connection, slot_ids: Iterable[UUID]) -> list[Row]:
    """Give changed (locked) slots their next version; returns their whole states, in order of id."""
    return sorted(conn.execute(BUMP, [list(slot_ids)]).fetchall(), key=lambda row: row["id"])


def cancelled(conn: Connection, slot_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of these slots that do not take place."""
    found = conn.execute("select id from slot where id = any(%s) and state = 'cancelled'", [list(slot_ids)])
    return frozenset(row["id"] for row in found.fetchall())

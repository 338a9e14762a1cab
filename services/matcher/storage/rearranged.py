"""Requests that are served another way than they were to be, and why."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.store import Connection

Row = dict[str, Any]


def note(
    conn: Connection, *, note_id: UUID, request_id: UUID, match_id: UUID, code: str, now: datetime
) -> None:
    """Note that a match serves a request otherwise than before, and why."""
    conn.execute(
        "insert into rearranged (id, request_id, match_id, code, made_at) values (%s, %s, %s, %s, %s)",
        [note_id, request_id, match_id, code, now],
    )


def latest(conn: Connection, request_id: UUID) -> Row | None:
    """The last time that a request was rearranged, unless it has had another match since."""
    return conn.execute(
        "select a.code, a.made_at from rearranged a join matches m on m.id = a.match_id"
        " where a.request_id = %s"
        "   and m.id = (select id from matches where request_id = %s order by id desc limit 1)"
        " order by a.id desc limit 1",
        [request_id, request_id],
    ).fetchone()

"""Under which numbers requests stand in the papers of their round, and what they were drawn with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.chassis.store import Connection

Row = dict[str, Any]


def replace(conn: Connection, round_id: UUID, request_ids: Sequence[UUID]) -> None:
    """Write the requests of a round, in the order of its papers; those of an earlier solve go."""
    conn.execute(
        "delete from round_lots where round_id = %s or request_id = any(%s)", [round_id, list(request_ids)]
    )
    with conn.cursor().copy("copy round_lots (request_id, round_id, number) from stdin") as copy:
        for number, request_id in enumerate(request_ids):
            copy.write_row((request_id, round_id, number))


def get(conn: Connection, request_id: UUID) -> Row | None:
    """A request's number among how many, with seed and salt, once its round is published."""
    return conn.execute(
        "select l.number, r.seed, r.salt,"
        "       (select count(*)::int from round_lots other where other.round_id = l.round_id) as of"
        "  from round_lots l join rounds r on r.id = l.round_id"
        " where l.request_id = %s and r.state = 'published' and r.salt is not null",
        [request_id],
    ).fetchone()

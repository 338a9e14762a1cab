"""Moves of drafts by hand with their prices, and what such a price is made of."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chassis.store import Connection
from services.matcher.domain import LIVE

Row = dict[str, Any]
AT_MOST = 100


def note(conn: Connection, move: Mapping[str, Any]) -> None:
    """Keep a move: id, match_id, moved_at, moved_by, reason, price."""
    conn.execute(
        "insert into hand_moves (id, match_id, moved_at, moved_by, reason, price)"
        " values (%(id)s, %(match_id)s, %(moved_at)s, %(moved_by)s, %(reason)s, %(price)s)",
        {**move, "price": Jsonb(move["price"])},
    )


def of_match(conn: Connection, match_id: UUID) -> list[Row]:
    """A match's moves by hand, the newest first."""
    return conn.execute(
        "select * from hand_moves where match_id = %s order by id desc limit %s", [match_id, AT_MOST]
    ).fetchall()


def waiting(conn: Connection, round_id: UUID, earliest: datetime) -> list[UUID]:
    """Requests pooled in a round that have no place in its draft, nor any other match."""
    rows = conn.execute(
        "select r.id from known_request r where r.round_id = %s and r.last_end > %s"
        "   and r.state not in ('withdrawn', 'delivered', 'no_show')"
        "   and not exists (select from matches m where m.request_id = r.id and m.state = any(%s))"
        " order by r.id",
        [round_id, earliest, [*LIVE, "delivered", "no_show"]],
    )
    return [row["id"] for row in rows]


def worth_of_drafts(conn: Connection, round_id: UUID) -> int:
    """What all drafts of a round are worth together, in points."""
    row = conn.execute(
        "select coalesce(sum(value), 0)::bigint as worth from matches"
        " where round_id = %s and state = 'proposed'",
        [round_id],
    ).fetchone()
    return int(row["worth"]) if row else 0

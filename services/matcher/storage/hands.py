"""What hands did to drafts and offers, with the prices, and what such a price is made of."""

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
    """Keep what a hand did: id, match_id, moved_at, moved_by, act, reason, price, successor_id.

    What is taken back has no price.
    """
    conn.execute(
        "insert into hand_moves (id, match_id, moved_at, moved_by, act, reason, price, successor_id)"
        " values (%(id)s, %(match_id)s, %(moved_at)s, %(moved_by)s, %(act)s, %(reason)s, %(price)s,"
        "         %(successor_id)s)",
        {**move, "price": Jsonb(move["price"]) if move["price"] else None},
    )


def of_match(conn: Connection, match_id: UUID) -> list[Row]:
    """A match's moves by hand, the newest first, with where a successor stands.

    A match that replaced another has the move that made it.
    """
    return conn.execute(
        "select h.*, m.state, m.reason_code from hand_moves h left join matches m on m.id = h.successor_id"
        " where h.match_id = %(id)s or h.successor_id = %(id)s order by h.id desc limit %(limit)s",
        {"id": match_id, "limit": AT_MOST},
    ).fetchall()


def was_placed(conn: Connection, match_id: UUID) -> bool:
    """Whether a match is there because a hand gave its request a place."""
    placed = "select from hand_moves where match_id = %s and act = 'placed'"
    return conn.execute(placed, [match_id]).fetchone() is not None


def of_request(conn: Connection, request_id: UUID) -> Row | None:
    """How a request's match was last set by hand, where one was: the newest that stands, or stood.

    `act`, `moved_at` and `price` are null for one that was set before such acts were kept.
    """
    return conn.execute(
        "select m.id as match_id, m.version, m.pin_reason as reason, h.act, h.moved_at, h.price"
        "  from matches m left join lateral (select * from hand_moves h"
        "         where h.act in ('moved', 'placed')"
        "           and (h.match_id = m.id and h.successor_id is null or h.successor_id = m.id)"
        "         order by h.id desc limit 1) h on true"
        " where m.request_id = %s and m.pinned and m.state <> 'superseded'"
        "   and m.ending is distinct from 'superseded' order by m.id desc limit 1",
        [request_id],
    ).fetchone()


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


def worth_of_plan(conn: Connection, round_id: UUID) -> int:
    """What all matches of a round that are live or took place are worth together, in points."""
    row = conn.execute(
        "select coalesce(sum(value), 0)::bigint as worth from matches"
        " where round_id = %s and replaces is null and state = any(%s)",
        [round_id, [*LIVE, "delivered"]],
    ).fetchone()
    return int(row["worth"]) if row else 0

"""A person's messages, and what they do not want by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

_COLUMNS = "id, kind, aggregate, aggregate_id, params, created_at, read_at"


def listed(
    conn: Connection,
    user_id: UUID,
    *,
    unread: bool | None,
    kind: str | None,
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """A person's messages, newest first."""
    return conn.execute(
        f"""
        select {_COLUMNS} from message
         where user_id = %(user)s
           and (%(unread)s::boolean is null or (read_at is null) = %(unread)s)
           and (%(kind)s::text is null or kind = %(kind)s)
           and (%(after)s::uuid is null or id < %(after)s)
         order by id desc limit %(limit)s
        """,
        {
            "user": user_id,
            "unread": unread,
            "kind": kind,
            "after": after[0] if after else None,
            "limit": limit,
        },
    ).fetchall()


def counts(conn: Connection, user_id: UUID) -> Row:
    """How many messages a person has, and how many are unread."""
    row = conn.execute(
        """
        select count(*) as total, count(*) filter (where read_at is null) as unread
          from message where user_id = %s
        """,
        [user_id],
    ).fetchone()
    assert row is not None
    return row


def mark_read(conn: Connection, user_id: UUID, message_id: UUID, *, now: datetime) -> Row | None:
    """Mark one of a person's messages as read, if it was not; None if it is not theirs."""
    return conn.execute(
        f"""
        update message set read_at = coalesce(read_at, %(now)s) where id = %(id)s and user_id = %(user)s
        returning {_COLUMNS}
        """,
        {"id": message_id, "user": user_id, "now": now},
    ).fetchone()


def mark_all_read(conn: Connection, user_id: UUID, *, now: datetime) -> int:
    """Mark all of a person's messages as read; how many were not."""
    return conn.execute(
        "update message set read_at = %(now)s where user_id = %(user)s and read_at is null",
        {"user": user_id, "now": now},
    ).rowcount


def muted(conn: Connection, user_id: UUID) -> list[str]:
    """The kinds that a person does not want by e-mail."""
    rows = conn.execute("select kind from muted where user_id = %s order by kind", [user_id])
    return [row["kind"] for row in rows]


def mute(conn: Connection, user_id: UUID, kinds: Sequence[str]) -> None:
    """Replace what a person does not want by e-mail."""
    conn.execute("delete from muted where user_id = %s", [user_id])
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into muted (user_id, kind) values (%s, %s)", [(user_id, kind) for kind in sorted(kinds)]
        )

"""E-mails on their way: claimed by one worker at a time, and never sent again once they may have gone out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]


def claim(conn: Connection, *, now: datetime, until: datetime, limit: int) -> list[Row]:
    """Take up to `limit` e-mails that are due; no other worker gets them before `until`."""
    return conn.execute(
        """
        with due as (
            select id from delivery
             where state = 'waiting' and next_at <= %(now)s
             order by next_at, id limit %(limit)s
               for update skip locked
        )
        update delivery d set next_at = %(until)s, claimed_until = %(until)s, attempts = attempts + 1
          from due where d.id = due.id
        returning d.id, d.message_id, d.user_id, d.attempts, d.claimed_until
        """,
        {"now": now, "until": until, "limit": limit},
    ).fetchall()


def contents(conn: Connection, delivery_id: UUID) -> Row | None:
    """What an e-mail is about and to whom it goes, as things now stand; None for a reader who is gone."""
    return conn.execute(
        """
        select m.kind, m.aggregate, m.aggregate_id, m.params, p.name, p.email, p.language, a.version,
               p.active and p.email is not null as reachable, s.data as subject,
               exists (select from muted q where q.user_id = m.user_id and q.kind = m.kind) as muted
          from delivery d
          join message m on m.id = d.message_id
          join announcement a on a.id = m.announcement_id
          join person p on p.id = d.user_id
          left join subject s on s.aggregate = m.aggregate and s.id = m.aggregate_id
         where d.id = %s
        """,
        [delivery_id],
    ).fetchone()


def begin_sending(conn: Connection, delivery_id: UUID, *, claimed_until: datetime) -> bool:
    """Say that from now on the e-mail may have gone out; False if the claim is another worker's by now."""
    done = conn.execute(
        """
        update delivery set state = 'sending'
         where id = %(id)s and state = 'waiting' and claimed_until = %(claimed_until)s
        """,
        {"id": delivery_id, "claimed_until": claimed_until},
    )
    return done.rowcount == 1


def finish(conn: Connection, delivery_id: UUID, *, state: str, now: datetime, error: str | None) -> None:
    """Let an e-mail come to its end: sent, failed, dropped or uncertain."""
    conn.execute(
        """
        update delivery set state = %(state)s, finished_at = %(now)s, error = %(error)s
         where id = %(id)s and state in ('waiting', 'sending')
        """,
        {"id": delivery_id, "state": state, "now": now, "error": error},
    )


def retry(conn: Connection, delivery_id: UUID, *, next_at: datetime, error: str) -> None:
    """Let an e-mail that surely did not go out wait for another try."""
    conn.execute(
        """
        update delivery set state = 'waiting', next_at = %(next_at)s, claimed_until = null, error = %(error)s
         where id = %(id)s and state in ('waiting', 'sending')
        """,
        {"id": delivery_id, "next_at": next_at, "error": error},
    )


def give_up_on_lost(conn: Connection, *, now: datetime) -> int:
    """Mark what a worker that died was just sending: it may have gone out, so it is not sent again."""
    return conn.execute(
        """
        update delivery set state = 'uncertain', finished_at = %(now)s,
                            error = 'the sender ended while the message was on its way'
         where state = 'sending' and claimed_until <= %(now)s
        """,
        {"now": now},
    ).rowcount


def listed(conn: Connection, *, state: str | None, after: Sequence[Any] | None, limit: int) -> list[Row]:
    """Deliveries, newest first."""
    return conn.execute(
        """
        select d.id, d.user_id, d.channel, d.state, d.attempts, d.next_at, d.created_at, d.finished_at,
               d.error, m.kind, m.aggregate, m.aggregate_id
          from delivery d join message m on m.id = d.message_id
         where (%(state)s::text is null or d.state = %(state)s)
           and (%(after)s::uuid is null or d.id < %(after)s)
         order by d.id desc limit %(limit)s
        """,
        {"state": state, "after": after[0] if after else None, "limit": limit},
    ).fetchall()

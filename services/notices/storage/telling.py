"""Announcements that wait for being told, the people of an audience, and the messages made for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from services.notices.domain import Audience, area_prefix, covering

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]


def announce(conn: Connection, row: Mapping[str, Any]) -> None:
    """Put an announcement down, unless the same fact was before."""
    conn.execute(
        """
        insert into announcement (id, fact_key, kind, aggregate, aggregate_id, version, reason, actor_name,
                                  trace_id, next_at, created_at)
        values (%(id)s, %(fact_key)s, %(kind)s, %(aggregate)s, %(aggregate_id)s, %(version)s, %(reason)s,
                %(actor_name)s, %(trace_id)s, %(now)s, %(now)s)
        on conflict (fact_key) do nothing
        """,
        row,
    )


def take_waiting(conn: Connection, *, now: datetime, limit: int) -> list[Row]:
    """Up to `limit` announcements that are due, locked; those that another worker has are passed over."""
    return conn.execute(
        """
        select * from announcement where state = 'waiting' and next_at <= %(now)s
         order by next_at, id limit %(limit)s
           for update skip locked
        """,
        {"now": now, "limit": limit},
    ).fetchall()


def settle(conn: Connection, announcement_id: UUID, state: str) -> None:
    """Let an announcement come to its end."""
    conn.execute("update announcement set state = %s where id = %s", [state, announcement_id])


def postpone(conn: Connection, announcement_id: UUID, next_at: datetime) -> None:
    """Try an announcement again later."""
    conn.execute(
        "update announcement set attempts = attempts + 1, next_at = %s where id = %s",
        [next_at, announcement_id],
    )


def people(conn: Connection, audience: Audience) -> list[Row]:
    """The active people of an audience, each once."""
    if audience.expert_id:
        return _the_expert(conn, audience.expert_id)
    return conn.execute(
        """
        select distinct p.id, p.name, p.email, p.language
          from person p join member m on m.user_id = p.id left join organisation o on o.id = m.organisation_id
         where p.active and m.role = any(%(roles)s)
           and (%(organisation)s::uuid is null or m.organisation_id = %(organisation)s::uuid)
           and (%(areas)s::text[] is null or o.adcode = any(%(areas)s::text[]))
           and (%(inside)s::text is null or (o.kind = 'school' and o.adcode like %(inside)s))
         order by p.id
        """,
        {
            "roles": list(audience.roles),
            "organisation": audience.organisation_id,
            "areas": covering(audience.area) if audience.area else None,
            "inside": area_prefix(audience.schools_in) + "%" if audience.schools_in else None,
        },
    ).fetchall()


def _the_expert(conn: Connection, expert_id: str) -> list[Row]:
    return conn.execute(
        """
        select p.id, p.name, p.email, p.language
          from person p
         where p.active
           and (p.expert_id = %(expert)s::uuid
                or p.id = (select (s.data ->> 'user_id')::uuid from subject s
                            where s.aggregate = 'expert' and s.id = %(expert)s::uuid))
        """,
        {"expert": expert_id},
    ).fetchall()


def write_messages(conn: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
    """Write messages; nobody gets a second one of the same announcement."""
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into message (id, user_id, announcement_id, kind, aggregate, aggregate_id, params,
                                 created_at)
            values (%(id)s, %(user_id)s, %(announcement_id)s, %(kind)s, %(aggregate)s, %(aggregate_id)s,
                    %(params)s, %(now)s)
            on conflict (user_id, announcement_id) do nothing
            """,
            [{**row, "params": Jsonb(row["params"])} for row in rows],
        )


def order_mail(conn: Connection, announcement_id: UUID, *, now: datetime) -> None:
    """Order an e-mail for each message of an announcement whose reader has an address and wants it."""
    conn.execute(
        """
        insert into delivery (id, message_id, user_id, channel, next_at, created_at)
        select m.id, m.id, m.user_id, 'email', %(now)s, %(now)s
          from message m join person p on p.id = m.user_id
         where m.announcement_id = %(announcement)s and p.email is not null
           and not exists (select from muted q where q.user_id = m.user_id and q.kind = m.kind)
        on conflict (message_id, channel) do nothing
        """,
        {"announcement": announcement_id, "now": now},
    )

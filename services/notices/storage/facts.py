"""What notices know of people and things; newer versions replace older ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[dict[str, Any]]
Row = Mapping[str, Any]


def keep_subject(conn: Connection, *, aggregate: str, id: UUID, version: int, data: Row) -> None:  # noqa: A002
    """Keep the state of something to speak of."""
    conn.execute(
        """
        insert into subject as kept (aggregate, id, version, data)
        values (%(aggregate)s, %(id)s, %(version)s, %(data)s)
        on conflict (aggregate, id) do update set version = excluded.version, data = excluded.data
         where excluded.version > kept.version
        """,
        {"aggregate": aggregate, "id": id, "version": version, "data": Jsonb(data)},
    )


def keep_organisation(conn: Connection, *, version: int, data: Row) -> None:
    """Keep an organisation's name, kind and place."""
    conn.execute(
        """
        insert into organisation as kept (id, kind, name, adcode, version)
        values (%(id)s, %(kind)s, %(name)s, %(adcode)s, %(version)s)
        on conflict (id) do update
           set kind = excluded.kind, name = excluded.name, adcode = excluded.adcode,
               version = excluded.version
         where excluded.version > kept.version
        """,
        {**data, "version": version},
    )


def keep_person(conn: Connection, *, version: int, data: Row) -> None:
    """Keep a person with all their memberships, if this is newer than what is known."""
    kept = conn.execute(
        """
        insert into person as kept (id, name, email, language, expert_id, active, version)
        values (%(id)s, %(name)s, %(email)s, %(language)s, %(expert_id)s, %(active)s, %(version)s)
        on conflict (id) do update
           set name = excluded.name, email = excluded.email, language = excluded.language,
               expert_id = excluded.expert_id, active = excluded.active, version = excluded.version
         where excluded.version > kept.version
        """,
        {**data, "version": version},
    )
    if kept.rowcount:
        _replace_memberships(conn, data)


def _replace_memberships(conn: Connection, data: Row) -> None:
    conn.execute("delete from member where user_id = %s", [data["id"]])
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into member (user_id, organisation_id, role)
            values (%(user_id)s, %(organisation_id)s, %(role)s) on conflict do nothing
            """,
            [{**membership, "user_id": data["id"]} for membership in data["memberships"]],
        )


def subject(conn: Connection, aggregate: str, id: UUID) -> dict[str, Any] | None:  # noqa: A002
    """The state of something, as it now stands."""
    row = conn.execute(
        "select data from subject where aggregate = %s and id = %s", [aggregate, id]
    ).fetchone()
    return row["data"] if row else None

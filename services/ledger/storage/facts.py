"""The trail and the foreign facts that the ledger counts by; newer versions replace older ones."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[dict[str, Any]]
Row = Mapping[str, Any]


def append_trail(conn: Connection, rows: Sequence[Row]) -> None:
    """Add events; one whose version of its aggregate is in the trail already is left out."""
    with conn.cursor() as cursor:
        cursor.executemany(
            """
            insert into trail (
                message_id, owner, aggregate, aggregate_id, version, type, occurred_at, recorded_at,
                actor_user, actor_organisation, actor_role, actor_name, reason, trace_id, subject_id, adcode,
                match_id, data
            ) values (
                %(message_id)s, %(owner)s, %(aggregate)s, %(aggregate_id)s, %(version)s, %(type)s,
                %(occurred_at)s, %(recorded_at)s, %(actor_user)s, %(actor_organisation)s, %(actor_role)s,
                %(actor_name)s, %(reason)s, %(trace_id)s, %(subject_id)s, %(adcode)s, %(match_id)s, %(data)s
            )
            on conflict do nothing
            """,
            [{**row, "data": Jsonb(row["data"])} for row in rows],
        )


def keep_districts(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "district", ("adcode",), ("name", "parent", "level"), rows)


def keep_organisations(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "organisation", ("id",), ("kind", "name", "adcode", "township"), rows)


def keep_schools(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    columns = ("name", "stage", "grades", "adcode", "township", "enrolment", "rural", "demonstration")
    _keep(conn, "school", ("id",), columns, rows)


def keep_resources(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "resource", ("id",), ("kind", "name", "organisation_id", "plan_task", "campaign"), rows)


def keep_requests(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "request", ("id",), ("school_id", "kind", "group_size", "state"), rows)


def keep_entries(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    columns = (
        *(
            "request_id",
            "round_id",
            "school_id",
            "school_name",
            "adcode",
            "township",
            "kind",
            "title",
            "topics",
        ),
        *(
            "grades",
            "audience",
            "group_size",
            "starts_at",
            "ends_at",
            "state",
            "confirmed_at",
            "delivered_at",
        ),
        *("resource_kinds", "legs", "organisation_ids", "programme_ids", "expert_ids"),
    )
    casts = {"organisation_ids": "::uuid[]", "programme_ids": "::uuid[]", "expert_ids": "::uuid[]"}
    _keep(conn, "entry", ("match_id",), columns, [{**row, "legs": Jsonb(row["legs"])} for row in rows], casts)


def _keep(
    conn: Connection,
    table: str,
    key: tuple[str, ...],
    columns: tuple[str, ...],
    rows: Sequence[Row],
    casts: Mapping[str, str] | None = None,
) -> None:
    """Insert or replace rows by key; a row that is not newer than the kept one changes nothing."""
    if not rows:
        return
    names = (*key, *columns, "version")
    values = ", ".join(f"%({name})s{(casts or {}).get(name, '')}" for name in names)
    replaced = ", ".join(f"{name} = excluded.{name}" for name in (*columns, "version"))
    statement = (
        f"insert into {table} as kept ({', '.join(names)}) values ({values}) "
        f"on conflict ({', '.join(key)}) do update set {replaced} where excluded.version > kept.version"
    )
    with conn.cursor() as cursor:
        cursor.executemany(statement, rows)

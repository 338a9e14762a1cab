"""The trail and the foreign facts that the ledger counts by; newer versions replace older ones."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache, partial
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[dict[str, Any]]
Row = Mapping[str, Any]


_TRAIL = (
    *("message_id", "owner", "aggregate", "aggregate_id", "version", "type", "occurred_at", "recorded_at"),
    *("actor_user", "actor_organisation", "actor_role", "actor_name", "reason", "trace_id", "subject_id"),
    *("adcode", "match_id", "data"),
)
_APPEND_TRAIL = f"""
insert into trail ({", ".join(_TRAIL)})
select {", ".join(_TRAIL)} from jsonb_populate_recordset(null::trail, %s)
on conflict do nothing
"""


def append_trail(conn: Connection, rows: Sequence[Row]) -> None:
    """Add events in one statement; one whose version of its aggregate is there already is left out."""
    conn.execute(_APPEND_TRAIL, [_records(rows, _TRAIL)])


def _records(rows: Sequence[Row], names: Sequence[str]) -> Jsonb:
    """Rows as one parameter: PostgreSQL gives each member its column's type."""
    return Jsonb([{name: row[name] for name in names} for row in rows], dumps=_dumps)


_dumps = partial(json.dumps, ensure_ascii=False, allow_nan=False, separators=(",", ":"), default=str)


def keep_districts(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "district", "adcode", ("name", "parent", "level"), rows)


def keep_organisations(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "organisation", "id", ("kind", "name", "adcode", "township"), rows)


def keep_schools(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    columns = ("name", "stage", "grades", "adcode", "township", "enrolment", "rural", "demonstration")
    _keep(conn, "school", "id", columns, rows)


def keep_resources(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "resource", "id", ("kind", "name", "organisation_id", "plan_task", "campaign"), rows)


def keep_requests(conn: Connection, rows: Sequence[Row]) -> None:
    """Keep what is newer."""
    _keep(conn, "request", "id", ("school_id", "kind", "group_size", "state"), rows)


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
    _keep(conn, "entry", "match_id", columns, rows)


def _keep(conn: Connection, table: str, key: str, columns: tuple[str, ...], rows: Sequence[Row]) -> None:
    """Insert or replace rows by key in one statement; a row that is not newer than the kept one is left."""
    if rows:
        newest = {row[key]: row for row in sorted(rows, key=lambda row: row["version"])}
        # In the order of keys, so that two batches that meet on some rows cannot wait for each other.
        in_order = [newest[name] for name in sorted(newest, key=str)]
        names = (key, *columns, "version")
        conn.execute(_upsert(table, key, columns), [_records(in_order, names)])


@cache
def _upsert(table: str, key: str, columns: tuple[str, ...]) -> str:
    names = ", ".join((key, *columns, "version"))
    replaced = ", ".join(f"{name} = excluded.{name}" for name in (*columns, "version"))
    return (
        f"insert into {table} as kept ({names}) "
        f"select {names} from jsonb_populate_recordset(null::{table}, %s) "
        f"on conflict ({key}) do update set {replaced} where excluded.version > kept.version"
    )

"""Venues, programmes, travelling units and closures: plain rows, changed under the version that was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from services.chassis.store import Connection

Row = dict[str, Any]

COLUMNS: Mapping[str, tuple[str, ...]] = {
    "venue": (
        "id", "organisation_id", "name", "kind", "level", "designation", "expires_on", "adcode", "lat", "lon",
        "policy", "state", "demonstration", "version",
    ),
    "programme": (
        "id", "organisation_id", "venue_id", "unit_id", "kind", "title", "summary", "topics", "audiences",
        "grades", "core_concepts", "activity_modes", "teaching_modes", "min_group", "max_group",
        "duration_minutes", "place", "languages", "series", "campaign", "plan_task", "fee_fen", "payer",
        "lead_days", "state", "demonstration", "version",
    ),
    "unit": (
        "id", "organisation_id", "name", "kind", "adcode", "lat", "lon", "min_dwell_days", "max_dwell_days",
        "setup_days", "topics", "grades", "min_group", "max_group", "languages", "travel_limit_km", "policy",
        "round_id", "windows", "state", "demonstration", "version",
    ),
    "slot": (
        "id", "programme_id", "venue_id", "organisation_id", "starts_at", "ends_at", "seats", "taken",
        "groups_limit", "groups_taken", "round_id", "state", "version",
    ),
    "closure": (
        "id", "venue_id", "first_day", "last_day", "reason", "state", "cancelled_slot_ids",
        "affected_slot_ids", "affected_match_ids", "version",
    ),
}  # fmt: skip


def insert(conn: Connection, table: str, row: Mapping[str, Any]) -> None:
    """Insert one row; raises psycopg.errors.UniqueViolation for a twin."""
    columns = COLUMNS[table]
    statement = sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table), _names(columns), sql.SQL(", ").join(sql.Placeholder(c) for c in columns)
    )
    conn.execute(statement, _adapted(row))


def change(conn: Connection, table: str, id_: UUID, version: int, changes: Mapping[str, Any]) -> Row | None:
    """Change columns of the row that still has this version, and raise it; None if it has moved on."""
    statement = sql.SQL(
        "update {} set {}, version = version + 1 where id = %(id)s and version = %(was)s returning {}"
    ).format(sql.Identifier(table), _assignments(changes), _names(COLUMNS[table]))
    return conn.execute(statement, {**_adapted(changes), "id": id_, "was": version}).fetchone()


def find(conn: Connection, table: str, id_: UUID, *, lock: str = "") -> Row | None:
    """One row by its id; `lock` is `update`, `share` or nothing."""
    statement = sql.SQL("select {} from {} where id = %s {}").format(
        _names(COLUMNS[table]), sql.Identifier(table), _LOCKS[lock]
    )
    return conn.execute(statement, [id_]).fetchone()


_LOCKS = {"": sql.SQL(""), "update": sql.SQL("for no key update"), "share": sql.SQL("for share")}


def _names(columns: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(sql.Identifier(column) for column in columns)


def _assignments(changes: Iterable[str]) -> sql.Composed:
    pairs = (sql.SQL("{} = {}").format(sql.Identifier(c), sql.Placeholder(c)) for c in changes)
    return sql.SQL(", ").join(pairs)


def _adapted(row: Mapping[str, Any]) -> Row:
    return {key: Jsonb(value) if key == "windows" else value for key, value in row.items()}

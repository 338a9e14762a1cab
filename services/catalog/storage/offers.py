"""Venues, programmes, units, shared resources and closures: rows, changed under the version that was read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
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
        "setup_days", "topics", "grades", "min_group", "max_group", "languages", "travel_limit_km",
        "km_budget", "policy", "round_id", "windows", "state", "demonstration", "version",
    ),
    "slot": (
        "id", "programme_id", "venue_id", "organisation_id", "starts_at", "ends_at", "seats", "taken",
        "groups_limit", "groups_taken", "round_id", "state", "version",
    ),
    "shared_resource": (
        "id", "organisation_id", "kind", "name", "name_en", "number", "state", "counted_from",
        "demonstration", "version",
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
    statement = sql.SQL("update {} set {} where id = %(id)s and version = %(was)s returning {}").format(
        sql.Identifier(table), _assignments(changes), _names(COLUMNS[table])
    )
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
    return sql.SQL(", ").join([*pairs, sql.SQL("version = version + 1")])


def _adapted(row: Mapping[str, Any]) -> Row:
    return {key: Jsonb(value) if key == "windows" else value for key, value in row.items()}


# -- lists -------------------------------------------------------------------------------------------------

# An owner's staff and the coordinators of its area see what is not published.
_SEEN = """
(programme.state = 'published' or programme.organisation_id = %(staff_of)s
 or (%(area)s::text is not null and organisation.adcode like %(area)s || '%%'))
"""


def venues(conn: Connection, *, filters: Mapping[str, Any], after: UUID | None, limit: int) -> list[Row]:
    """Venues in order of id; filters: organisation_id, kind, level, under."""
    return _listed(conn, "venue", ("organisation_id", "kind", "level"), filters, after, limit)


def units(conn: Connection, *, filters: Mapping[str, Any], after: UUID | None, limit: int) -> list[Row]:
    """Travelling units in order of id; filters: organisation_id, kind, under."""
    return _listed(conn, "unit", ("organisation_id", "kind"), filters, after, limit)


def shared_resources(
    conn: Connection, *, filters: Mapping[str, Any], after: UUID | None, limit: int
) -> list[Row]:
    """Shared resources in order of id; filters: organisation_id, kind, state."""
    return _listed(conn, "shared_resource", ("organisation_id", "kind", "state"), filters, after, limit)


def _listed(
    conn: Connection,
    table: str,
    equal: Sequence[str],
    filters: Mapping[str, Any],
    after: UUID | None,
    limit: int,
) -> list[Row]:
    conditions: list[sql.Composable] = [
        sql.SQL("{} = {}").format(sql.Identifier(table, name), sql.Placeholder(name))
        for name in equal
        if name in filters
    ]
    if "under" in filters:
        conditions.append(sql.SQL("{} like %(under)s || '%%'").format(sql.Identifier(table, "adcode")))
    conditions.append(sql.SQL("(%(after)s::uuid is null or id > %(after)s)"))
    statement = sql.SQL("select {} from {} where {} order by id limit %(limit)s").format(
        _names(COLUMNS[table]), sql.Identifier(table), sql.SQL(" and ").join(conditions)
    )
    return conn.execute(statement, {**filters, "after": after, "limit": limit}).fetchall()


PROGRAMMES = f"""
select programme.* from programme join organisation on organisation.id = programme.organisation_id
 where {_SEEN}
   and (%(organisation_id)s::uuid is null or programme.organisation_id = %(organisation_id)s)
   and (%(venue_id)s::uuid is null or programme.venue_id = %(venue_id)s)
   and (%(unit_id)s::uuid is null or programme.unit_id = %(unit_id)s)
   and (%(kind)s::text is null or programme.kind = %(kind)s)
   and (%(topic)s::text is null or %(topic)s = any(programme.topics))
   and (%(grade)s::integer is null or %(grade)s = any(programme.grades))
   and (%(under)s::text is null or organisation.adcode like %(under)s || '%%')
   and (%(state)s::text is null or programme.state = %(state)s)
   and (%(after)s::uuid is null or programme.id > %(after)s)
 order by programme.id limit %(limit)s
"""
PROGRAMME_FILTERS = ("organisation_id", "venue_id", "unit_id", "kind", "topic", "grade", "under", "state")


def programmes(
    conn: Connection,
    *,
    staff_of: UUID | None,
    area: str | None,
    filters: Mapping[str, Any],
    after: UUID | None,
    limit: int,
) -> list[Row]:
    """Programmes that are published or the asker's own, in order of id."""
    known = dict.fromkeys(PROGRAMME_FILTERS) | dict(filters)
    asker = {"staff_of": staff_of, "area": area, "after": after, "limit": limit}
    return conn.execute(PROGRAMMES, known | asker).fetchall()


def closures(
    conn: Connection, *, venue_id: UUID | None, from_day: date | None, after: UUID | None, limit: int
) -> list[Row]:
    """Closures in order of id, those that end before `from_day` left out."""
    return conn.execute(
        """
        select * from closure
         where (%(venue_id)s::uuid is null or venue_id = %(venue_id)s)
           and (%(from_day)s::date is null or last_day >= %(from_day)s)
           and (%(after)s::uuid is null or id > %(after)s)
         order by id limit %(limit)s
        """,
        {"venue_id": venue_id, "from_day": from_day, "after": after, "limit": limit},
    ).fetchall()


def active_closures(conn: Connection, venue_id: UUID | None) -> list[Row]:
    """The days on which a venue is closed."""
    return conn.execute(
        "select first_day, last_day from closure where venue_id = %s and state = 'active'", [venue_id]
    ).fetchall()


STOPS = """
select hold_id as id, hold.unit_id, match_id, quantity, starts_at, ends_at, lower(occupied) as occupied_from,
       hold.lat, hold.lon, hold.adcode, hold.state, hold.version,
       (unit.organisation_id = %(staff_of)s or (%(area)s::text is not null
        and organisation.adcode like %(area)s || '%%')) is true as ours
  from hold join unit on unit.id = hold.unit_id join organisation on organisation.id = unit.organisation_id
 where (hold.state = 'confirmed' or (hold.state = 'held' and (unit.organisation_id = %(staff_of)s
        or (%(area)s::text is not null and organisation.adcode like %(area)s || '%%'))))
   and (%(unit_id)s::uuid is null or hold.unit_id = %(unit_id)s)
   and (%(from_)s::timestamptz is null or ends_at > %(from_)s)
   and (%(until)s::timestamptz is null or starts_at < %(until)s)
   and (%(after_time)s::timestamptz is null or (starts_at, hold_id) > (%(after_time)s, %(after_id)s))
 order by starts_at, hold_id limit %(limit)s
"""


def stops(
    conn: Connection,
    *,
    staff_of: UUID | None,
    area: str | None,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Stops in order of time: confirmed ones, and held ones of the asker's units."""
    known = dict.fromkeys(("unit_id", "from_", "until")) | dict(filters)
    after_time, after_id = after or (None, None)
    asker = {"staff_of": staff_of, "area": area, "limit": limit}
    return conn.execute(STOPS, {**known, **asker, "after_time": after_time, "after_id": after_id}).fetchall()

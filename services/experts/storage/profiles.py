"""Profiles and availability of experts, and what others have told of organisations."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql

from services.chassis.store import Connection
from services.experts.domain import Window

Row = dict[str, Any]


# -- availability ------------------------------------------------------------------------------------------

WINDOWS = """
select expert_id, starts_at, ends_at from availability where expert_id = any(%s) order by expert_id, starts_at
"""


def windows(conn: Connection, expert_ids: Iterable[UUID]) -> dict[UUID, list[Window]]:
    """Windows of availability per expert, in order."""
    found: dict[UUID, list[Window]] = {}
    for row in conn.execute(WINDOWS, [list(expert_ids)]).fetchall():
        found.setdefault(row["expert_id"], []).append(Window(row["starts_at"], row["ends_at"]))
    return found


def replace_windows(conn: Connection, expert_id: UUID, new: Sequence[Window]) -> None:
    """Put these windows in the place of all that the expert had."""
    conn.execute("delete from availability where expert_id = %s", [expert_id])
    conn.execute(
        "insert into availability (expert_id, starts_at, ends_at) "
        "select %s, unnest(%s::timestamptz[]), unnest(%s::timestamptz[])",
        [expert_id, [w.starts_at for w in new], [w.ends_at for w in new]],
    )


# -- profiles ----------------------------------------------------------------------------------------------

COLUMNS = (
    "id", "user_id", "organisation_id", "name", "kind", "employer", "title", "topics", "audiences", "grades",
    "languages", "adcode", "lat", "lon", "contact", "travel_limit_km", "cap_day", "cap_week", "cap_month",
    "rest_minutes", "daylight_only", "volunteer", "state", "demonstration", "version",
)  # fmt: skip
_NAMES = sql.SQL(", ").join(sql.Identifier(column) for column in COLUMNS)
_INSERT_EXPERT = sql.SQL("insert into expert ({}) values ({})").format(
    sql.SQL(", ").join(sql.Identifier(column) for column in COLUMNS),
    sql.SQL(", ").join(sql.Placeholder(column) for column in COLUMNS),
)


def insert_expert(conn: Connection, row: Mapping[str, Any]) -> None:
    """Insert one expert; raises psycopg.errors.UniqueViolation if the user is an expert already."""
    conn.execute(_INSERT_EXPERT, dict(row))


FIND = """
select expert.*, organisation.adcode as organisation_adcode
  from expert join organisation on organisation.id = expert.organisation_id
 where expert.id = %s
"""


def find(conn: Connection, expert_id: UUID) -> Row | None:
    """One expert, with its organisation's district."""
    return conn.execute(FIND, [expert_id]).fetchone()


def change_expert(conn: Connection, expert_id: UUID, version: int, changes: Mapping[str, Any]) -> Row | None:
    """Change columns of the row that still has this version, and raise it; None if it has moved on."""
    pairs = [sql.SQL("{} = {}").format(sql.Identifier(c), sql.Placeholder(c)) for c in changes]
    statement = sql.SQL("update expert set {} where id = %(id)s and version = %(was)s returning {}").format(
        sql.SQL(", ").join([*pairs, sql.SQL("version = version + 1")]), _NAMES
    )
    return conn.execute(statement, {**changes, "id": expert_id, "was": version}).fetchone()


LISTED = """
select expert.*, organisation.adcode as organisation_adcode
  from expert join organisation on organisation.id = expert.organisation_id
 where (%(organisation_id)s::uuid is null or expert.organisation_id = %(organisation_id)s)
   and (%(kind)s::text is null or expert.kind = %(kind)s)
   and (%(topic)s::text is null or %(topic)s = any(expert.topics))
   and (%(grade)s::integer is null or %(grade)s = any(expert.grades))
   and (%(under)s::text is null or expert.adcode like %(under)s || '%%')
   and (%(after)s::uuid is null or expert.id > %(after)s)
 order by expert.id limit %(limit)s
"""
FILTERS = ("organisation_id", "kind", "topic", "grade", "under")


def listed(conn: Connection, *, filters: Mapping[str, Any], after: UUID | None, limit: int) -> list[Row]:
    """Experts in order of id."""
    known = dict.fromkeys(FILTERS) | dict(filters)
    return conn.execute(LISTED, {**known, "after": after, "limit": limit}).fetchall()


UNCOVERED = """
select hold_id from engagement
 where expert_id = %(expert_id)s and state in ('held', 'confirmed') and ends_at > %(now)s
   and not exists (select from availability
                    where availability.expert_id = engagement.expert_id
                      and availability.starts_at <= engagement.starts_at
                      and engagement.ends_at <= availability.ends_at)
 order by starts_at limit 1000
"""


def uncovered(conn: Connection, expert_id: UUID, now: datetime) -> list[UUID]:
    """Live engagements to come that no window of availability contains."""
    rows = conn.execute(UNCOVERED, {"expert_id": expert_id, "now": now}).fetchall()
    return [row["hold_id"] for row in rows]


ENGAGEMENTS = """
select hold_id as id, expert_id, match_id, leg_id, starts_at, ends_at, engagement.lat, engagement.lon,
       engagement.adcode, engagement.state, engagement.version,
       case when engagement.state = 'held' then expires_at end as expires_at
  from engagement
  join expert on expert.id = engagement.expert_id
  join organisation on organisation.id = expert.organisation_id
 where (expert_id = %(own)s or (%(area)s::text is not null and organisation.adcode like %(area)s || '%%'))
   and (%(expert_id)s::uuid is null or expert_id = %(expert_id)s)
   and (engagement.state = %(state)s
        or (%(state)s::text is null and engagement.state in ('held', 'confirmed')))
   and (%(from_)s::timestamptz is null or ends_at > %(from_)s)
   and (%(until)s::timestamptz is null or starts_at < %(until)s)
   and (%(after_time)s::timestamptz is null or (starts_at, hold_id) > (%(after_time)s, %(after_id)s))
 order by starts_at, hold_id limit %(limit)s
"""


def list_engagements(
    conn: Connection,
    *,
    area: str | None,
    own: UUID | None,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Engagements of one expert, or of the experts of an area's organisations, in order of time."""
    known = dict.fromkeys(("expert_id", "from_", "until", "state")) | dict(filters)
    after_time, after_id = after or (None, None)
    bounds = {"after_time": after_time, "after_id": after_id, "limit": limit}
    return conn.execute(ENGAGEMENTS, {**known, "area": area, "own": own, **bounds}).fetchall()


# -- what others have told ---------------------------------------------------------------------------------

# In the order of ids, so that two batches that meet on some rows cannot wait for each other.
HEAR_ORGANISATIONS = """
insert into organisation as old (id, kind, name, adcode, version)
select * from unnest(%(ids)s::uuid[], %(kinds)s::text[], %(names)s::text[], %(adcodes)s::text[],
                     %(versions)s::bigint[])
on conflict (id) do update
   set kind = excluded.kind, name = excluded.name, adcode = excluded.adcode, version = excluded.version
 where excluded.version > old.version
"""


def hear_organisations(conn: Connection, states: Mapping[UUID, tuple[int, Mapping[str, Any]]]) -> None:
    """Keep the newest states of some organisations, given as (version, state)."""
    told = [states[key] for key in sorted(states)]
    conn.execute(
        HEAR_ORGANISATIONS,
        {
            "ids": sorted(states),
            "kinds": [state["kind"] for _, state in told],
            "names": [state["name"] for _, state in told],
            "adcodes": [state["adcode"] for _, state in told],
            "versions": [version for version, _ in told],
        },
    )


def organisation(conn: Connection, organisation_id: UUID) -> Row | None:
    """One organisation as last heard."""
    return conn.execute("select * from organisation where id = %s", [organisation_id]).fetchone()

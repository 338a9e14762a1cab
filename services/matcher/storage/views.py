"""What callers read: lists and counts, each limited to what the caller may see."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from services.chassis.store import Connection
from services.matcher.domain import LIVE

Row = dict[str, Any]

# Who sees a match: overseers of its area (drafts too), its school, and the owners of its legs.
_SIGHT = """
   (m.adcode like %(overseen)s
    or m.version > 0
       and (m.school_id = %(school)s
            or exists (select from legs l where l.match_id = m.id
                        and (l.organisation_id = %(owner)s
                             or l.resource_kind = 'expert' and l.resource_id = %(expert)s))))
"""
_FILTERS = """
   and (%(state)s::text is null or m.state = %(state)s)
   and (%(round_id)s::uuid is null or m.round_id = %(round_id)s)
   and (%(request_id)s::uuid is null or m.request_id = %(request_id)s)
   and (%(school_id)s::uuid is null or m.school_id = %(school_id)s)
"""


def match_ids(
    conn: Connection,
    sight: Mapping[str, Any],
    filters: Mapping[str, Any],
    *,
    after: UUID | None,
    limit: int,
) -> list[UUID]:
    """Ids of matches, in order, one more than `limit`."""
    rows = conn.execute(
        f"select m.id from matches m where {_SIGHT} {_FILTERS}"
        "  and (%(after)s::uuid is null or m.id > %(after)s) order by m.id limit %(limit)s",
        {**sight, **filters, "after": after, "limit": limit + 1},
    )
    return [row["id"] for row in rows]


def changed_by_hand(conn: Connection, round_id: UUID) -> int:
    """How many of a round's requests a coordinator served, or left, otherwise than its papers say.

    Drafts that were placed by hand and dropped again do not count.
    """
    row = conn.execute(
        "select count(distinct request_id) as number from matches m where round_id = %s"
        "   and (pinned and not (state = 'superseded' and version = 0)"
        "        or reason_code = 'displaced_by_hand' and job_id ="
        "           (select id from solve_job j where j.round_id = m.round_id and j.state = 'done'"
        "             order by j.created_at desc, j.id desc limit 1))",
        [round_id],
    ).fetchone()
    return row["number"] if row else 0


def sees(conn: Connection, sight: Mapping[str, Any], match_id: UUID) -> bool:
    """Whether a match is among those that may be seen."""
    statement = f"select 1 from matches m where {_SIGHT} and m.id = %(id)s"
    return conn.execute(statement, {**sight, "id": match_id}).fetchone() is not None


def counts(conn: Connection, sight: Mapping[str, Any], filters: Mapping[str, Any]) -> list[Row]:
    """Matches by state, with their people."""
    return conn.execute(
        f"select m.state, count(*)::int as matches, sum(m.group_size)::int as pupils"
        f"  from matches m where {_SIGHT} {_FILTERS} group by m.state order by m.state",
        {**sight, **filters},
    ).fetchall()


def legs_by_state(conn: Connection, sight: Mapping[str, Any], filters: Mapping[str, Any]) -> dict[str, int]:
    """Legs of live matches that are held or reserved."""
    rows = conn.execute(
        f"select g.state, count(*)::int as number from legs g join matches m on m.id = g.match_id"
        f" where m.state = any(%(live)s) and g.state in ('held', 'reserved') and {_SIGHT} {_FILTERS}"
        "  group by g.state",
        {**sight, **filters, "live": list(LIVE)},
    )
    return {row["state"]: row["number"] for row in rows}


def standings(conn: Connection, round_id: UUID) -> list[Row]:
    """A round's requests by where each stands: its last match, or unserved, or withdrawn."""
    return conn.execute(
        """
        with standing as (
            select r.id, r.group_size,
                   case when r.state = 'withdrawn' then 'withdrawn'
                        when m.state is null or m.state in ('declined', 'expired', 'cancelled', 'superseded')
                        then case when v.outcome = 'unserved' or m.state is not null then 'unserved'
                                  else 'waiting' end
                        else m.state end as state
              from known_request r
              left join verdicts v on v.request_id = r.id
              left join lateral (select state from matches where request_id = r.id order by id desc limit 1) m
                     on true
             where r.round_id = %s)
        select state, count(*)::int as requests, sum(group_size)::int as pupils
          from standing group by state order by state
        """,
        [round_id],
    ).fetchall()


def endings(conn: Connection, round_id: UUID) -> list[Row]:
    """A round's matches that ended, or are ending, by reason."""
    return conn.execute(
        "select reason_code as code, count(*)::int as count from matches"
        " where round_id = %s and reason_code is not null and version > 0 group by 1 order by 2 desc, 1",
        [round_id],
    ).fetchall()


def unserved_reasons(conn: Connection, round_id: UUID) -> list[Row]:
    """How many unserved requests of a round each reason played a part in."""
    return conn.execute(
        "select reason ->> 'code' as code, count(distinct v.request_id)::int as count"
        "  from verdicts v cross join jsonb_array_elements(v.reasons) reason"
        " where v.round_id = %s and v.outcome = 'unserved' group by 1 order by 2 desc, 1",
        [round_id],
    ).fetchall()


def attempts(conn: Connection, request_id: UUID) -> list[Row]:
    """Every published match of a request, in order."""
    return conn.execute(
        "select id as match_id, state, reason_code from matches where request_id = %s and version > 0"
        " order by id limit 200",
        [request_id],
    ).fetchall()


def pool_size(conn: Connection, overseen: str, live: list[str]) -> int:
    """Requests of an area that wait to be matched at once."""
    row = conn.execute(
        "select count(*)::int as number from known_request r left join rounds d on d.id = r.round_id"
        " where r.adcode like %s and r.state not in ('withdrawn', 'delivered', 'no_show')"
        "   and (r.round_id is null or d.state = 'published')"
        "   and not exists (select from matches m where m.request_id = r.id and m.state = any(%s))",
        [overseen, live],
    ).fetchone()
    return int(row["number"]) if row else 0


def at_once_job_is_running(conn: Connection) -> bool:
    """Whether the pool is being solved."""
    row = conn.execute(
        "select 1 from solve_job where kind = 'at_once' and state in ('queued', 'running')"
    ).fetchone()
    return row is not None

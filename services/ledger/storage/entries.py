"""Reading the ledger's entries and the trail, page by page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg

from services.ledger.domain import Period, Scope
from services.ledger.storage import scopes

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

_NAMED = """
(select d.name from district d where d.adcode = left(e.adcode, 6)) as district_name,
(select d.name from district d where d.adcode = e.township) as township_name,
array(select distinct r.plan_task from resource r
       where r.id = any(e.programme_ids) and r.plan_task is not null order by 1) as plan_tasks,
array(select o.name from organisation o
       where o.id = any(e.organisation_ids) and o.id <> e.school_id order by o.name) as provider_names,
array(select r.name from resource r where r.id = any(e.expert_ids) order by r.name) as expert_names
"""

_DELIVERY = """
(select jsonb_build_object('said_by', t.actor_name, 'role', t.actor_role, 'at', t.occurred_at,
                           'reason', t.reason, 'trail_id', t.id)
   from trail t
  where t.match_id = e.match_id and t.type = 'match_delivered' order by t.id limit 1) as delivery
"""


def listed(
    conn: Connection,
    *,
    scope: Scope,
    period: Period,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Entries that suit the filters (`district` is the beginning of a code), newest first."""
    starts_at, match_id = after or (None, None)
    return conn.execute(
        f"""
        select e.*, {_NAMED}, {_DELIVERY}
          from entry e
         where e.starts_at >= %(start)s and e.starts_at < %(end)s and {scopes.ENTRIES}
           and (%(state)s::text is null or e.state = %(state)s)
           and (%(kind)s::text is null or e.kind = %(kind)s)
           and (%(school_id)s::uuid is null or e.school_id = %(school_id)s)
           and (%(district)s::text is null or coalesce(e.township, e.adcode) like %(district)s
                or e.adcode like %(district)s)
           and (%(topic)s::text is null or e.topics @> array[%(topic)s::text])
           and (%(starts_at)s::timestamptz is null
                or (e.starts_at, e.match_id) < (%(starts_at)s::timestamptz, %(match_id)s::uuid))
         order by e.starts_at desc, e.match_id desc
         limit %(limit)s
        """,
        {
            **scopes.parameters(scope, period),
            **filters,
            "starts_at": starts_at,
            "match_id": match_id,
            "limit": limit,
        },
    ).fetchall()


def find(conn: Connection, match_id: UUID, *, scope: Scope) -> Row | None:
    """One entry, if the scope may see it."""
    return conn.execute(
        f"select e.*, {_NAMED}, {_DELIVERY} from entry e"
        f" where e.match_id = %(match_id)s and {scopes.ENTRIES}",
        {**scopes.parameters(scope), "match_id": match_id},
    ).fetchone()


def trail_of_match(conn: Connection, match_id: UUID) -> list[Row]:
    """Every act on a match and on its holds, in the order in which they were recorded."""
    return conn.execute(
        f"select {_TRAIL} from trail t left join organisation o on o.id = t.subject_id"
        " where t.match_id = %(match_id)s order by t.occurred_at, t.id limit 500",
        {"match_id": match_id},
    ).fetchall()


_TRAIL = """
t.id, t.message_id, t.owner, t.aggregate, t.aggregate_id, t.version, t.type, t.occurred_at, t.actor_user,
t.actor_organisation, t.actor_role, t.actor_name, t.reason, t.trace_id, t.subject_id, o.name as subject_name,
coalesce(t.adcode, o.adcode) as adcode, t.match_id
"""


def trail(
    conn: Connection,
    *,
    scope: Scope,
    period: Period,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
    with_data: bool = False,
) -> list[Row]:
    """The trail, newest first: what happened to the scope's organisations, and what its members did."""
    occurred_at, row_id = after or (None, None)
    return conn.execute(
        f"""
        select {_TRAIL}{", t.data" if with_data else ""}
          from trail t left join organisation o on o.id = t.subject_id
         where t.occurred_at >= %(start)s and t.occurred_at < %(end)s
           and (%(area)s::text is null or %(area)s = '%%' or coalesce(t.adcode, o.adcode) like %(area)s)
           and (%(organisation)s::uuid is null
                or t.subject_id = %(organisation)s or t.actor_organisation = %(organisation)s)
           and (%(owner)s::text is null or t.owner = %(owner)s)
           and (%(aggregate)s::text is null or t.aggregate = %(aggregate)s)
           and (%(aggregate_id)s::uuid is null or t.aggregate_id = %(aggregate_id)s)
           and (%(type)s::text is null or t.type = %(type)s)
           and (%(match)s::uuid is null or t.match_id = %(match)s)
           and (%(actor)s::uuid is null or t.actor_user = %(actor)s)
           and (%(trace_id)s::text is null or t.trace_id = %(trace_id)s)
           and (%(occurred_at)s::timestamptz is null
                or (t.occurred_at, t.id) < (%(occurred_at)s::timestamptz, %(row_id)s::bigint))
         order by t.occurred_at desc, t.id desc
         limit %(limit)s
        """,
        {
            **scopes.parameters(scope, period),
            **filters,
            "occurred_at": occurred_at,
            "row_id": row_id,
            "limit": limit,
        },
    ).fetchall()

"""Counting schools served and pupils reached, split in several ways."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

import psycopg

from services.ledger.domain import Period, Scope
from services.ledger.storage import scopes

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

# The activities that count, each with how many pupils it reached; adults' training reaches none.
_ACTIVITIES = f"""
activities as (
    select e.*, case when e.audience = 'pupils' then e.group_size else 0 end as reached
      from entry e
     where e.state = any(%(states)s) and e.starts_at >= %(start)s and e.starts_at < %(end)s
       and {scopes.ENTRIES}
)
"""

_SCHOOLS = f"schools as (select s.* from school s where {scopes.SCHOOLS})"

#: How a trait of schools is written, and the name that goes with it.
_TRAITS: Mapping[str, tuple[str, str]] = {
    "district": ("left(s.adcode, 6)", "(select d.name from district d where d.adcode = value)"),
    "township": ("coalesce(s.township, '')", "(select d.name from district d where d.adcode = value)"),
    "stage": ("s.stage", "null::text"),
    "rural": ("case when s.rural then 'rural' else 'urban' end", "null::text"),
}

#: How the traits of an activity are listed, one row per value, and among how many its pupils are shared.
_ASPECTS: Mapping[str, tuple[str, str]] = {
    "topic": ("unnest(case when a.topics = '{}' then array[''] else a.topics end)", "1"),
    "resource_kind": ("unnest(a.resource_kinds)", "1"),
    "kind": ("a.kind", "1"),
    "grade": ("unnest(a.grades)::text", "greatest(cardinality(a.grades), 1)"),
    "plan_task": (
        """unnest(coalesce((select array_agg(distinct coalesce(r.plan_task, '')) from resource r
                             where r.id = any(a.programme_ids)), array['']))""",
        "1",
    ),
}


def by_trait(
    conn: Connection, dimension: str, *, scope: Scope, period: Period, states: Sequence[str]
) -> list[Row]:
    """Coverage of schools grouped by a trait of theirs; schools that nobody served are counted too."""
    value, name = _TRAITS[dimension]
    return conn.execute(
        f"""
        with {_ACTIVITIES}, {_SCHOOLS},
        done as (
            select school_id, count(*) as activities, sum(reached) as reached
              from activities group by school_id
        ),
        grouped as (
            select {value} as value, count(*) as schools, count(done.school_id) as served,
                   sum(s.enrolment) as pupils, coalesce(sum(done.activities), 0) as activities,
                   coalesce(sum(done.reached), 0) as reached
              from schools s left join done on done.school_id = s.id
             group by 1
        )
        select *, {name} as name from grouped order by value
        """,
        {**scopes.parameters(scope, period), "states": list(states)},
    ).fetchall()


def by_aspect(
    conn: Connection, dimension: str, *, scope: Scope, period: Period, states: Sequence[str]
) -> list[Row]:
    """Activities grouped by an aspect of theirs; one with two topics counts under both.

    The pupils of a group of several grades are shared out evenly among them.
    """
    value, parts = _ASPECTS[dimension]
    return conn.execute(
        f"""
        with {_ACTIVITIES},
        spread as (
            select a.match_id, a.school_id, {value} as value, a.reached::numeric / {parts} as reached
              from activities a
        )
        select value, count(distinct match_id) as activities, count(distinct school_id) as served,
               round(sum(reached))::bigint as reached, null::text as name
          from spread group by value order by value
        """,
        {**scopes.parameters(scope, period), "states": list(states)},
    ).fetchall()


def pupils_by_grade(conn: Connection, *, scope: Scope) -> dict[str, Row]:
    """Schools and pupils of each grade; a school's enrolment is taken to be spread evenly over its grades."""
    rows = conn.execute(
        f"""
        with {_SCHOOLS}
        select grade::text as value, count(*) as schools,
               round(sum(s.enrolment::numeric / cardinality(s.grades)))::bigint as pupils
          from schools s, unnest(s.grades) as grade
         group by grade
        """,
        scopes.parameters(scope),
    )
    return {row["value"]: row for row in rows}


def totals(conn: Connection, *, scope: Scope, period: Period, states: Sequence[str]) -> Row:
    """Schools, those served, pupils, activities and pupils reached in all."""
    row = conn.execute(
        f"""
        with {_ACTIVITIES}, {_SCHOOLS}
        select (select count(*) from schools) as schools,
               (select coalesce(sum(enrolment), 0) from schools) as pupils,
               (select count(*) from schools s
                 where exists (select from activities a where a.school_id = s.id)) as served,
               (select count(*) from activities) as activities,
               (select coalesce(sum(reached), 0) from activities) as reached
        """,
        {**scopes.parameters(scope, period), "states": list(states)},
    ).fetchone()
    assert row is not None
    return row


def never_served(
    conn: Connection,
    *,
    scope: Scope,
    period: Period,
    states: Sequence[str],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Schools without any activity that counts, by district and name, after the keys (adcode, name, id)."""
    adcode, name, school_id = after or (None, None, None)
    return conn.execute(
        f"""
        with {_ACTIVITIES}, {_SCHOOLS}
        select s.id as school_id, s.name, s.stage, s.adcode, s.township, s.enrolment, s.rural,
               s.demonstration,
               (select d.name from district d where d.adcode = left(s.adcode, 6)) as district_name,
               (select d.name from district d where d.adcode = s.township) as township_name,
               (select count(*) from request r where r.school_id = s.id) as requests,
               (select count(*) from request r where r.school_id = s.id and r.state = 'unserved') as unserved
          from schools s
         where not exists (select from activities a where a.school_id = s.id)
           and (%(adcode)s::text is null
                or (s.adcode, s.name, s.id) > (%(adcode)s::text, %(name)s::text, %(school_id)s::uuid))
         order by s.adcode, s.name, s.id
         limit %(limit)s
        """,
        {
            **scopes.parameters(scope, period),
            "states": list(states),
            "adcode": adcode,
            "name": name,
            "school_id": _uuid(school_id),
            "limit": limit,
        },
    ).fetchall()


def _uuid(value: Any) -> UUID | None:
    return value if value is None or isinstance(value, UUID) else UUID(str(value))

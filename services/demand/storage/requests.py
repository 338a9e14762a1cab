"""Requests in PostgreSQL, with what a submission needs to know in one round trip."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

_COLUMNS = """r.id, r.school_id, r.adcode, r.round_id, r.kind, r.topics, r.programme_id, r.grades, r.audience,
              r.group_size, r.windows, r.distance_limit_km, r.language, r.language_required, r.with_expert,
              r.may_split, r.class_name, r.may_join, r.choices, r.windows_ranked,
              r.preferences, r.contact, r.state, r.state_reason, r.match_id, r.submitted_at, r.changed_at,
              r.version, s.name as school_name"""
_SIGHT = """(%(sees_all)s or r.school_id = %(own)s or starts_with(r.adcode, %(area)s))"""


def surroundings(
    conn: Connection, *, school_id: UUID, round_id: UUID | None, years: Iterable[int]
) -> Row | None:
    """The school, the round (null if unknown) and the versions of calendar and terms; or None: no school.

    One round trip, and no lock: whether a request came in time is for the matcher, who closes the round.
    """
    return conn.execute(
        """
        select s.organisation_id, s.name, s.stage, s.grades, s.adcode, s.township, s.lat, s.lon, s.enrolment,
               s.rural, s.auto_accept, s.demonstration,
               r.adcode as round_adcode, r.opens_at as round_opens_at, r.closes_at as round_closes_at,
               r.state as round_state,
               (select jsonb_object_agg(year, version) from calendar_years where year = any(%(years)s))
                   as calendar_versions,
               (select version from terms) as terms_version
          from schools s left join rounds r on r.id = %(round_id)s
         where s.organisation_id = %(school_id)s
        """,
        {"school_id": school_id, "round_id": round_id, "years": sorted(set(years))},
    ).fetchone()


def hear_round(conn: Connection, row: Row) -> bool:
    """Keep a round's state; false if a newer one, or this one, was heard before."""
    done = conn.execute(
        """
        insert into rounds as old (id, name, adcode, opens_at, closes_at, state, version)
        values (%(id)s, %(name)s, %(adcode)s, %(opens_at)s, %(closes_at)s, %(state)s, %(version)s)
        on conflict (id) do update
           set name = excluded.name, adcode = excluded.adcode, opens_at = excluded.opens_at,
               closes_at = excluded.closes_at, state = excluded.state, version = excluded.version
         where excluded.version > old.version
        """,
        row,
    )
    return done.rowcount == 1


def add(conn: Connection, row: Row) -> None:
    """Insert one."""
    conn.execute(
        """
        insert into requests
               (id, school_id, adcode, round_id, kind, topics, programme_id, grades, audience, group_size,
                windows, distance_limit_km, language, language_required, with_expert, may_split, class_name,
                may_join, choices, windows_ranked, preferences, contact, state, state_reason, match_id,
                submitted_at, changed_at, version)
        values (%(id)s, %(school_id)s, %(adcode)s, %(round_id)s, %(kind)s, %(topics)s, %(programme_id)s,
                %(grades)s, %(audience)s, %(group_size)s, %(windows)s, %(distance_limit_km)s, %(language)s,
                %(language_required)s, %(with_expert)s, %(may_split)s, %(class_name)s, %(may_join)s,
                %(choices)s, %(windows_ranked)s, %(preferences)s, %(contact)s, %(state)s, %(state_reason)s,
                %(match_id)s, %(submitted_at)s, %(changed_at)s, %(version)s)
        """,
        row | _as_json(row),
    )


def _as_json(row: Row) -> Row:
    return {name: Jsonb(row[name]) for name in ("windows", "choices")}


def find(conn: Connection, request_id: UUID) -> Row | None:
    """One, or None."""
    return conn.execute(f"select {_COLUMNS} from {_FROM} where r.id = %s", [request_id]).fetchone()


def lock(conn: Connection, request_id: UUID) -> Row | None:
    """One, locked against other changes, or None. The request's row is the first that anybody locks."""
    return conn.execute(
        f"select {_COLUMNS} from {_FROM} where r.id = %s for update of r", [request_id]
    ).fetchone()


_FROM = "requests r join schools s on s.organisation_id = r.school_id"


def change(conn: Connection, row: Row, *, from_version: int, from_state: str) -> bool:
    """Write what may change; false if version or state are not those any more."""
    done = conn.execute(
        """
        update requests
           set topics = %(topics)s, programme_id = %(programme_id)s, grades = %(grades)s,
               audience = %(audience)s, group_size = %(group_size)s, windows = %(windows)s,
               distance_limit_km = %(distance_limit_km)s, language = %(language)s,
               language_required = %(language_required)s, with_expert = %(with_expert)s,
               may_split = %(may_split)s, class_name = %(class_name)s, may_join = %(may_join)s,
               choices = %(choices)s, windows_ranked = %(windows_ranked)s,
               preferences = %(preferences)s, contact = %(contact)s, state = %(state)s,
               state_reason = %(state_reason)s, match_id = %(match_id)s, changed_at = %(changed_at)s,
               version = %(version)s
         where id = %(id)s and version = %(from_version)s and state = %(from_state)s
        """,
        row | _as_json(row) | {"from_version": from_version, "from_state": from_state},
    )
    return done.rowcount == 1


def listed(
    conn: Connection,
    *,
    sees_all: bool,
    area: str | None,
    own: UUID,
    state: str | None,
    round_id: UUID | None,
    school_id: UUID | None,
    under: str,
    kind: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Up to `limit` requests in sight, youngest first."""
    return conn.execute(
        f"""
        select {_COLUMNS} from {_FROM}
         where {_SIGHT}
           and (%(state)s::text is null or r.state = %(state)s)
           and (%(round_id)s::uuid is null or r.round_id = %(round_id)s)
           and (%(school_id)s::uuid is null or r.school_id = %(school_id)s)
           and (starts_with(r.adcode, %(under)s) or starts_with(s.township, %(under)s))
           and (%(kind)s::text is null or r.kind = %(kind)s)
           and (%(before)s::uuid is null or r.id < %(before)s)
         order by r.id desc limit %(limit)s
        """,
        {
            "sees_all": sees_all,
            "area": area,
            "own": own,
            "state": state,
            "round_id": round_id,
            "school_id": school_id,
            "under": under,
            "kind": kind,
            "before": before,
            "limit": limit,
        },
    ).fetchall()


def counted(
    conn: Connection, *, sees_all: bool, area: str | None, own: UUID, round_id: UUID | None, under: str
) -> Sequence[Row]:
    """How many requests in sight, and of how many pupils, stand in each state."""
    return conn.execute(
        f"""
        select r.state, count(*) as count, sum(r.group_size) as pupils
          from {_FROM}
         where {_SIGHT}
           and (%(round_id)s::uuid is null or r.round_id = %(round_id)s)
           and (starts_with(r.adcode, %(under)s) or starts_with(s.township, %(under)s))
         group by r.state
        """,
        {"sees_all": sees_all, "area": area, "own": own, "round_id": round_id, "under": under},
    ).fetchall()


def hear_match(conn: Connection, row: Row) -> bool:
    """Keep a match's state; false if a newer one, or this one, was heard before."""
    done = conn.execute(
        """
        insert into matches as old (id, request_id, state, reason_code, version)
        values (%(id)s, %(request_id)s, %(state)s, %(reason_code)s, %(version)s)
        on conflict (id) do update
           set state = excluded.state, reason_code = excluded.reason_code, version = excluded.version
         where excluded.version > old.version
        """,
        row,
    )
    return done.rowcount == 1


def hear_verdict(conn: Connection, row: Row) -> bool:
    """Keep the verdict on a request; false if a newer one, or this one, was heard before."""
    done = conn.execute(
        """
        insert into verdicts as old (request_id, outcome, reason, void, version)
        values (%(request_id)s, %(outcome)s, %(reason)s, false, %(version)s)
        on conflict (request_id) do update
           set outcome = excluded.outcome, reason = excluded.reason, void = false, version = excluded.version
         where excluded.version > old.version
        """,
        row,
    )
    return done.rowcount == 1


def void_verdict(conn: Connection, request_id: UUID) -> None:
    """Let the last verdict count no more: it was given on another wish."""
    conn.execute("update verdicts set void = true where request_id = %s", [request_id])


def matches_of(conn: Connection, request_id: UUID) -> Sequence[Row]:
    """All matches that were heard of for one request."""
    return conn.execute(
        "select id, state, reason_code from matches where request_id = %s", [request_id]
    ).fetchall()


def verdict_on(conn: Connection, request_id: UUID) -> Row | None:
    """The last verdict that still counts, or None."""
    return conn.execute(
        "select outcome, reason from verdicts where request_id = %s and not void", [request_id]
    ).fetchone()

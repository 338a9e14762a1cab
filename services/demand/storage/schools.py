"""Schools, and the organisations they are made from, in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

_COLUMNS = """organisation_id, name, stage, grades, adcode, township, lat, lon, enrolment, classes, rural,
              code, auto_accept, demonstration, version"""


def hear_organisation(conn: Connection, row: Row) -> bool:
    """Keep an organisation's state; false if a newer one, or this one, was heard before."""
    done = conn.execute(
        """
        insert into organisations as old
               (id, kind, name, adcode, township, lat, lon, demonstration, version)
        values (%(id)s, %(kind)s, %(name)s, %(adcode)s, %(township)s, %(lat)s, %(lon)s, %(demonstration)s,
                %(version)s)
        on conflict (id) do update
           set kind = excluded.kind, name = excluded.name, adcode = excluded.adcode,
               township = excluded.township, lat = excluded.lat, lon = excluded.lon,
               demonstration = excluded.demonstration, version = excluded.version
         where excluded.version > old.version
        """,
        row,
    )
    return done.rowcount == 1


def organisations(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Those of `ids` that were heard of, by id; held in id order so that they stand until commit."""
    rows = conn.execute(
        """
        select id, kind, name, adcode, township, lat, lon, demonstration
          from organisations where id = any(%s) order by id for share
        """,
        [sorted(set(ids))],
    )
    return {row["id"]: row for row in rows}


def lock_some(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Those of `ids` that are schools, by organisation; locked in id order."""
    rows = conn.execute(
        f"select {_COLUMNS} from schools where organisation_id = any(%s) order by organisation_id for update",
        [sorted(set(ids))],
    )
    return {row["organisation_id"]: row for row in rows}


def find(conn: Connection, organisation_id: UUID) -> Row | None:
    """One, or None."""
    return conn.execute(
        f"select {_COLUMNS} from schools where organisation_id = %s", [organisation_id]
    ).fetchone()


def codes_taken(conn: Connection, codes: Iterable[str]) -> dict[str, UUID]:
    """Which of these school codes belong to which school."""
    rows = conn.execute(
        "select code, organisation_id from schools where code = any(%s)", [sorted(set(codes))]
    )
    return {row["code"]: row["organisation_id"] for row in rows}


def save(conn: Connection, row: Row) -> bool:
    """Write one school as it is to stand; false if its version, or its code, was taken meanwhile."""
    try:
        with conn.transaction():
            return _save(conn, row)
    except psycopg.errors.UniqueViolation:
        return False


def _save(conn: Connection, row: Row) -> bool:
    done = conn.execute(
        """
        insert into schools as old
               (organisation_id, name, stage, grades, adcode, township, lat, lon, enrolment, classes, rural,
                code, auto_accept, demonstration, version)
        values (%(organisation_id)s, %(name)s, %(stage)s, %(grades)s, %(adcode)s, %(township)s, %(lat)s,
                %(lon)s, %(enrolment)s, %(classes)s, %(rural)s, %(code)s, %(auto_accept)s,
                %(demonstration)s, %(version)s)
        on conflict (organisation_id) do update
           set name = excluded.name, stage = excluded.stage, grades = excluded.grades,
               township = excluded.township, lat = excluded.lat, lon = excluded.lon,
               enrolment = excluded.enrolment, classes = excluded.classes, rural = excluded.rural,
               code = excluded.code, auto_accept = excluded.auto_accept,
               demonstration = excluded.demonstration, version = excluded.version
         where old.version = excluded.version - 1
        """,
        row,
    )
    return done.rowcount == 1


def listed(
    conn: Connection,
    *,
    sees_all: bool,
    area: str | None,
    own: UUID,
    under: str,
    stage: str | None,
    name: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Up to `limit` schools in id order that lie in `area` (a prefix; None: nowhere) or are `own`."""
    return conn.execute(
        f"""
        select {_COLUMNS} from schools
         where (%(sees_all)s or organisation_id = %(own)s or starts_with(adcode, %(area)s))
           and (starts_with(adcode, %(under)s) or starts_with(township, %(under)s))
           and (%(stage)s::text is null or stage = %(stage)s)
           and (%(name)s::text is null or position(%(name)s in name) > 0)
           and (%(after)s::uuid is null or organisation_id > %(after)s)
         order by organisation_id limit %(limit)s
        """,
        {
            "sees_all": sees_all,
            "area": area,
            "own": own,
            "under": under,
            "stage": stage,
            "name": name,
            "after": after,
            "limit": limit,
        },
    ).fetchall()

"""Organisations in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

_COLUMNS = "id, kind, name, adcode, township, lat, lon, demonstration, version"


def add(conn: Connection, row: Row) -> bool:
    """Insert one; false if its district has one of this kind and name."""
    done = conn.execute(
        """
        insert into organisations (id, kind, name, adcode, township, lat, lon, demonstration, version)
        values (%(id)s, %(kind)s, %(name)s, %(adcode)s, %(township)s, %(lat)s, %(lon)s, %(demonstration)s,
                %(version)s)
        on conflict (adcode, kind, name) do nothing
        """,
        row,
    )
    return done.rowcount == 1


def find(conn: Connection, organisation_id: UUID) -> Row | None:
    """One, or None."""
    return conn.execute(f"select {_COLUMNS} from organisations where id = %s", [organisation_id]).fetchone()


def find_some(conn: Connection, ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Those of `ids` that there are, by id."""
    rows = conn.execute(f"select {_COLUMNS} from organisations where id = any(%s)", [sorted(set(ids))])
    return {row["id"]: row for row in rows}


def lock(conn: Connection, organisation_id: UUID) -> Row | None:
    """One, locked against other changes, or None."""
    return conn.execute(
        f"select {_COLUMNS} from organisations where id = %s for update", [organisation_id]
    ).fetchone()


def name_is_taken(conn: Connection, row: Row) -> bool:
    """Whether another organisation of the district has this kind and name."""
    found = conn.execute(
        """
        select 1 from organisations
         where adcode = %(adcode)s and kind = %(kind)s and name = %(name)s and id <> %(id)s
        """,
        row,
    )
    return found.fetchone() is not None


def change(conn: Connection, row: Row, *, from_version: int) -> bool:
    """Write what may change; false if the version is not `from_version` any more."""
    done = conn.execute(
        """
        update organisations
           set name = %(name)s, township = %(township)s, lat = %(lat)s, lon = %(lon)s,
               demonstration = %(demonstration)s, version = %(version)s
         where id = %(id)s and version = %(from_version)s
        """,
        row | {"from_version": from_version},
    )
    return done.rowcount == 1


def listed(
    conn: Connection,
    *,
    sees_all: bool,
    area: str | None,
    own: UUID,
    kind: str | None,
    under: str,
    name: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Up to `limit` organisations in id order that lie in `area` (a prefix; None: nowhere) or are `own`."""
    return conn.execute(
        f"""
        select {_COLUMNS} from organisations
         where (%(sees_all)s or id = %(own)s or starts_with(adcode, %(area)s))
           and (starts_with(adcode, %(under)s) or starts_with(township, %(under)s))
           and (%(kind)s::text is null or kind = %(kind)s)
           and (%(name)s::text is null or position(%(name)s in name) > 0)
           and (%(after)s::uuid is null or id > %(after)s)
         order by id limit %(limit)s
        """,
        {
            "sees_all": sees_all,
            "area": area,
            "own": own,
            "kind": kind,
            "under": under,
            "name": name,
            "after": after,
            "limit": limit,
        },
    ).fetchall()

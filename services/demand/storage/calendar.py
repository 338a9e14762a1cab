"""Calendar and terms in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]


def year(conn: Connection, year_: int) -> Row | None:
    """One year with its days in order, or None if it was never loaded."""
    row = conn.execute("select year, source, version from calendar_years where year = %s", [year_]).fetchone()
    return row and {**row, "days": days(conn, year_)}


def lock_year(conn: Connection, year_: int) -> Row | None:
    """As `year`, locked against another load."""
    row = conn.execute(
        "select year, source, version from calendar_years where year = %s for update", [year_]
    ).fetchone()
    return row and {**row, "days": days(conn, year_)}


def days(conn: Connection, year_: int) -> Sequence[Row]:
    """The days of one year in order."""
    return conn.execute(
        "select day, kind, name from calendar_days where year = %s order by day", [year_]
    ).fetchall()


def save_year(conn: Connection, row: Row) -> bool:
    """Replace a year and all its days; false if another load has moved its version meanwhile."""
    done = conn.execute(
        """
        insert into calendar_years as old (year, source, version) values (%(year)s, %(source)s, %(version)s)
        on conflict (year) do update set source = excluded.source, version = excluded.version
         where old.version = excluded.version - 1
        """,
        row,
    )
    if done.rowcount == 1:
        _replace_days(conn, row)
    return done.rowcount == 1


def _replace_days(conn: Connection, row: Row) -> None:
    conn.execute("delete from calendar_days where year = %(year)s", row)
    conn.execute(
        """
        insert into calendar_days (day, year, kind, name)
        select day, %(year)s, kind, name
          from unnest(%(days)s::date[], %(kinds)s::text[], %(names)s::text[]) as given (day, kind, name)
        """,
        {
            "year": row["year"],
            "days": [each["day"] for each in row["days"]],
            "kinds": [each["kind"] for each in row["days"]],
            "names": [each["name"] for each in row["days"]],
        },
    )


def terms(conn: Connection) -> Row | None:
    """All terms (days as texts) and their version, or None before the first load."""
    return conn.execute("select items, version from terms").fetchone()


def lock_terms(conn: Connection) -> Row | None:
    """As `terms`, locked against another load."""
    return conn.execute("select items, version from terms for update").fetchone()


def save_terms(conn: Connection, row: Row) -> bool:
    """Replace all terms; false if another load has moved their version meanwhile."""
    done = conn.execute(
        """
        insert into terms as old (only_one, items, version) values (true, %(items)s, %(version)s)
        on conflict (only_one) do update set items = excluded.items, version = excluded.version
         where old.version = excluded.version - 1
        """,
        row | {"items": Jsonb(row["items"])},
    )
    return done.rowcount == 1

"""Districts in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

_COLUMNS = "adcode, parent, level, name, name_en, lat, lon, population, demonstration, version"


def lock_some(conn: Connection, adcodes: Iterable[str]) -> dict[str, Row]:
    """Those of `adcodes` that there are, by adcode; locked in adcode order against another load."""
    rows = conn.execute(
        f"select {_COLUMNS} from districts where adcode = any(%s) order by adcode for update",
        [sorted(set(adcodes))],
    )
    return {row["adcode"]: row for row in rows}


def find_some(conn: Connection, adcodes: Iterable[str]) -> dict[str, Row]:
    """Those of `adcodes` that there are, by adcode."""
    rows = conn.execute(f"select {_COLUMNS} from districts where adcode = any(%s)", [sorted(set(adcodes))])
    return {row["adcode"]: row for row in rows}


def save(conn: Connection, row: Row) -> bool:
    """Write one district as it is to stand; false if another load has moved its version meanwhile."""
    done = conn.execute(
        """
        insert into districts as old
               (adcode, parent, level, name, name_en, lat, lon, population, demonstration, version)
        values (%(adcode)s, %(parent)s, %(level)s, %(name)s, %(name_en)s, %(lat)s, %(lon)s, %(population)s,
                %(demonstration)s, %(version)s)
        on conflict (adcode) do update
           set name = excluded.name, name_en = excluded.name_en, lat = excluded.lat, lon = excluded.lon,
               population = excluded.population, demonstration = excluded.demonstration,
               version = excluded.version
         where old.version = excluded.version - 1
        """,
        row,
    )
    return done.rowcount == 1


def listed(
    conn: Connection, *, level: str | None, parent: str | None, after: str | None, limit: int
) -> Sequence[Row]:
    """Up to `limit` districts in adcode order."""
    return conn.execute(
        f"""
        select {_COLUMNS} from districts
         where (%(level)s::text is null or level = %(level)s)
           and (%(parent)s::text is null or parent = %(parent)s)
           and (%(after)s::text is null or adcode > %(after)s)
         order by adcode limit %(limit)s
        """,
        {"level": level, "parent": parent, "after": after, "limit": limit},
    ).fetchall()

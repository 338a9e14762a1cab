"""What others have told: organisations, rounds, the calendar and the terms; only what is newer is kept."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.catalog.domain.slots import Term
from services.chassis.store import Connection

Row = dict[str, Any]

HEAR_ORGANISATION = """
insert into organisation as old (id, kind, name, adcode, version)
values (%(id)s, %(kind)s, %(name)s, %(adcode)s, %(version)s)
on conflict (id) do update
   set kind = excluded.kind, name = excluded.name, adcode = excluded.adcode, version = excluded.version
 where excluded.version > old.version
"""


def hear_organisation(conn: Connection, state: Mapping[str, Any], version: int) -> None:
    """Keep an organisation's newest state."""
    known = {key: state[key] for key in ("id", "kind", "name", "adcode")}
    conn.execute(HEAR_ORGANISATION, known | {"version": version})


def organisation(conn: Connection, organisation_id: UUID) -> Row | None:
    """One organisation as last heard."""
    return conn.execute("select * from organisation where id = %s", [organisation_id]).fetchone()


HEAR_ROUND = """
insert into round as old (id, adcode, state, version)
values (%(id)s, %(adcode)s, %(state)s, %(version)s)
on conflict (id) do update
   set adcode = excluded.adcode, state = excluded.state, version = excluded.version
 where excluded.version > old.version
"""


def hear_round(conn: Connection, state: Mapping[str, Any], version: int) -> None:
    """Keep a round's newest state."""
    known = {key: state[key] for key in ("id", "adcode", "state")}
    conn.execute(HEAR_ROUND, known | {"version": version})


def round_state(conn: Connection, round_id: UUID | None) -> str | None:
    """How a round stands; None for one that nobody told of."""
    row = conn.execute("select state from round where id = %s", [round_id]).fetchone()
    return str(row["state"]) if row else None


HEAR_CALENDAR = """
insert into calendar as old (year, days, version) values (%(year)s, %(days)s, %(version)s)
on conflict (year) do update set days = excluded.days, version = excluded.version
 where excluded.version > old.version
"""


def hear_calendar(conn: Connection, state: Mapping[str, Any], version: int) -> None:
    """Keep a year's newest calendar."""
    days = {day["day"]: day["kind"] for day in state["days"]}
    conn.execute(HEAR_CALENDAR, {"year": state["year"], "days": Jsonb(days), "version": version})


def day_kinds(conn: Connection, years: Iterable[int]) -> dict[date, str]:
    """The kind of every day of these years, as far as their calendars were heard of."""
    rows = conn.execute("select days from calendar where year = any(%s)", [list(years)]).fetchall()
    return {date.fromisoformat(day): kind for row in rows for day, kind in row["days"].items()}


HEAR_TERMS = """
insert into terms as old (id, terms, version) values (%(id)s, %(terms)s, %(version)s)
on conflict (id) do update set terms = excluded.terms, version = excluded.version
 where excluded.version > old.version
"""


def hear_terms(conn: Connection, aggregate_id: UUID, state: Mapping[str, Any], version: int) -> None:
    """Keep the newest list of all terms."""
    conn.execute(HEAR_TERMS, {"id": aggregate_id, "terms": Jsonb(state["terms"]), "version": version})


def terms(conn: Connection) -> list[Term]:
    """All terms of all areas."""
    rows = conn.execute("select terms from terms").fetchall()
    return [_term(term) for row in rows for term in row["terms"]]


def _term(term: Mapping[str, Any]) -> Term:
    first, last = date.fromisoformat(term["first_day"]), date.fromisoformat(term["last_day"])
    return Term(term["adcode"], first, last)

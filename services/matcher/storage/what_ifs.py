"""Questions of what if and their answers, with what they name of the known world."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chassis.store import Connection
from services.matcher.domain import LIVE

Row = dict[str, Any]

_WITH_JOB = """
select w.*, j.state, j.epoch, j.progress, j.started_at, j.finished_at, j.failure
  from what_ifs w join solve_job j on j.id = w.job_id
"""
# Where a thing's name stands, by the member that names it; only what can be had counts.
_NAMES: Mapping[str, str] = {
    "venue_id": "select name from known_venue where id = %s and state = 'active'",
    "organisation_id": "select name from known_organisation where id = %s",
    "programme_id": "select title as name from known_programme where id = %s and state = 'published'",
    "unit_id": "select name from known_unit where id = %s and state = 'active'",
    "adcode": "select name from known_district where adcode = %s",
}


def insert(conn: Connection, row: Mapping[str, Any]) -> None:
    """Write a new question, whose job is queued."""
    values = {**row, "changes": Jsonb(row["changes"]), "at_once": Jsonb(row["at_once"])}
    conn.execute(
        "insert into what_ifs (id, round_id, job_id, asked_at, asked_by, changes, at_once)"
        " values (%(id)s, %(round_id)s, %(job_id)s, %(asked_at)s, %(asked_by)s, %(changes)s, %(at_once)s)",
        values,
    )


def get(conn: Connection, round_id: UUID, what_if_id: UUID) -> Row | None:
    """One of a round, with how its job stands."""
    statement = f"{_WITH_JOB} where w.round_id = %s and w.id = %s"
    return conn.execute(statement, [round_id, what_if_id]).fetchone()


def of_job(conn: Connection, job_id: UUID) -> Row | None:
    """The one that a job is to answer."""
    return conn.execute(f"{_WITH_JOB} where w.job_id = %s", [job_id]).fetchone()


def listed(conn: Connection, round_id: UUID, *, after: UUID | None, limit: int) -> list[Row]:
    """Those of a round, the newest first, one more than `limit`."""
    return conn.execute(
        f"{_WITH_JOB} where w.round_id = %(round)s and (%(after)s::uuid is null or w.id < %(after)s)"
        " order by w.id desc limit %(limit)s",
        {"round": round_id, "after": after, "limit": limit + 1},
    ).fetchall()


def unanswered(conn: Connection, round_id: UUID) -> int:
    """How many of a round wait or are worked on."""
    row = conn.execute(
        "select count(*) as number from what_ifs w join solve_job j on j.id = w.job_id"
        " where w.round_id = %s and j.state in ('queued', 'running')",
        [round_id],
    ).fetchone()
    return row["number"] if row else 0


def answer(conn: Connection, what_if_id: UUID, result: Mapping[str, Any], now: datetime) -> None:
    """Write what came out."""
    conn.execute(
        "update what_ifs set result = %s, made_at = %s where id = %s", [Jsonb(dict(result)), now, what_if_id]
    )


# -- the round's world


def requests(conn: Connection, round_id: UUID, earliest: datetime) -> list[UUID]:
    """A round's requests as if it had never been solved, but for what was set by hand or has taken place."""
    rows = conn.execute(
        "select r.id from known_request r where r.round_id = %s and r.last_end > %s"
        "   and r.state not in ('withdrawn', 'delivered', 'no_show')"
        "   and not exists (select from matches m where m.request_id = r.id and m.pinned"
        "                      and m.state = any(%s))"
        " order by r.id",
        [round_id, earliest, list(LIVE)],
    )
    return [row["id"] for row in rows]


def set_by_hand(conn: Connection, round_id: UUID) -> int:
    """How many of a round's live matches a coordinator set."""
    row = conn.execute(
        "select count(*) as number from matches where round_id = %s and pinned and state = any(%s)",
        [round_id, list(LIVE)],
    ).fetchone()
    return row["number"] if row else 0


def asks_in(conn: Connection, round_id: UUID, pattern: str) -> bool:
    """Whether a round has a request from an area, by a pattern of its adcodes."""
    row = conn.execute(
        "select 1 from known_request where round_id = %s and adcode like %s and state <> 'withdrawn' limit 1",
        [round_id, pattern],
    ).fetchone()
    return row is not None


def name_of(conn: Connection, member: str, id_: UUID | str) -> str | None:
    """What a thing is called that a change names by this member; None if there is none to be had."""
    row = conn.execute(_NAMES[member].encode(), [id_]).fetchone()
    return str(row["name"]) if row else None


def is_given(conn: Connection, programme_id: UUID, round_id: UUID, now: datetime) -> bool:
    """Whether a programme has a session ahead that the round may use."""
    row = conn.execute(
        "select 1 from known_slot where programme_id = %s and state = 'open' and starts_at > %s"
        "   and (round_id is null or round_id = %s) limit 1",
        [programme_id, now, round_id],
    ).fetchone()
    return row is not None


def places_in(conn: Connection, round_id: UUID, adcode: str) -> list[tuple[float, float]]:
    """Where in a district the round is asked from, else where anything is known to be; in order."""
    for source, values in (
        ("known_request where adcode = %s and round_id = %s", [adcode, round_id]),
        ("known_request where adcode = %s", [adcode]),
        ("known_venue where adcode = %s", [adcode]),
        ("known_unit where adcode = %s", [adcode]),
    ):
        rows = conn.execute(f"select lat, lon from {source} order by lat, lon".encode(), values).fetchall()
        if rows:
            return [(row["lat"], row["lon"]) for row in rows]
    return []


# -- by prices


def replace_worths(conn: Connection, round_id: UUID, worths: Iterable[Row]) -> None:
    """Write what one more of anything would be worth, in the place of what an earlier solve said."""
    columns = ("code", "programme_id", "unit_id", "topic", "adcode", "day", "points")
    conn.execute("delete from round_worths where round_id = %s", [round_id])
    with (
        conn.cursor() as cursor,
        cursor.copy(
            "copy round_worths (round_id, code, programme_id, unit_id, topic, adcode, day, points) from stdin"
        ) as copy,
    ):
        for each in worths:
            copy.write_row([round_id, *(each[name] for name in columns)])


def worth(conn: Connection, round_id: UUID, asked: Mapping[str, Any]) -> Row | None:
    """The best day of an addition by prices, of those that are asked for; None if it is worth nothing."""
    return conn.execute(
        "select day, points from round_worths"
        " where round_id = %(round_id)s and code = %(code)s"
        "   and (programme_id, unit_id, topic, adcode) is not distinct from"
        "       (%(programme_id)s::uuid, %(unit_id)s::uuid, %(topic)s::text, %(adcode)s::text)"
        "   and (%(first_day)s::date is null or day between %(first_day)s and %(last_day)s)"
        " order by points desc, day limit 1",
        {**asked, "round_id": round_id},
    ).fetchone()


def priced_at(conn: Connection, round_id: UUID) -> datetime | None:
    """When the prices of a round were worked out; None if they were not."""
    row = conn.execute("select made_at from round_additions where round_id = %s", [round_id]).fetchone()
    return row["made_at"] if row else None

"""What was told about solves: an explanation a request, and the best additions to a round."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chassis.store import Connection

Row = dict[str, Any]


def replace(
    conn: Connection, *, round_id: UUID, job_id: UUID, told: Mapping[UUID, Row], additions: Row
) -> None:
    """Write what was told of a job in the place of what was told of an earlier one.

    `additions` holds made_at, unserved, helped, whole, and the additions themselves.
    """
    conn.execute("delete from explanations where round_id = %s", [round_id])
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into explanations as e (request_id, round_id, job_id, told) values (%s, %s, %s, %s)"
            " on conflict (request_id) do update"
            " set round_id = excluded.round_id, job_id = excluded.job_id, told = excluded.told",
            [(request_id, round_id, job_id, Jsonb(each)) for request_id, each in told.items()],
        )
    conn.execute("delete from round_additions where round_id = %s", [round_id])
    conn.execute(
        "insert into round_additions (round_id, job_id, made_at, unserved, helped, whole, additions)"
        " values (%(round_id)s, %(job_id)s, %(made_at)s, %(unserved)s, %(helped)s, %(whole)s, %(additions)s)",
        {**additions, "round_id": round_id, "job_id": job_id, "additions": Jsonb(additions["additions"])},
    )


def replace_some(conn: Connection, *, job_id: UUID, told: Mapping[UUID, Row]) -> None:
    """Write what was told of requests after a job outside rounds, for those whose verdict is that job's."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into explanations as e (request_id, round_id, job_id, told)"
            " select request_id, null, job_id, %s from verdicts where request_id = %s and job_id = %s"
            " on conflict (request_id) do update"
            " set round_id = excluded.round_id, job_id = excluded.job_id, told = excluded.told",
            [(Jsonb(each), request_id, job_id) for request_id, each in told.items()],
        )


def get(conn: Connection, request_id: UUID, job_id: UUID) -> Row | None:
    """What was told of a request after that job; `by_hand` if a hand has changed that since."""
    return conn.execute(
        "select e.told, exists (select from matches m where m.request_id = e.request_id and m.pinned"
        "                         and not (m.state = 'superseded' and m.version = 0))"
        "         or exists (select from matches m where m.request_id = e.request_id and m.job_id = e.job_id"
        "                       and m.reason_code = 'displaced_by_hand')"
        "         or exists (select from rearranged a join matches m on m.id = a.match_id"
        "                     where a.request_id = e.request_id and m.job_id = e.job_id"
        "                       and a.code = 'made_room_for') as by_hand"
        "  from explanations e where e.request_id = %s and e.job_id = %s",
        [request_id, job_id],
    ).fetchone()


def additions(conn: Connection, round_id: UUID) -> Row | None:
    """The additions of a round's last solve."""
    return conn.execute("select * from round_additions where round_id = %s", [round_id]).fetchone()


def published_legs(conn: Connection, request_id: UUID, owner: UUID) -> list[UUID]:
    """The published matches of a request with a leg that is this organisation's."""
    rows = conn.execute(
        "select m.id from matches m where m.request_id = %s and m.version > 0"
        "   and exists (select from legs l where l.match_id = m.id and l.organisation_id = %s)",
        [request_id, owner],
    ).fetchall()
    return [row["id"] for row in rows]


def district_names(conn: Connection, adcodes: Iterable[str]) -> dict[str, str]:
    """What districts are called, as far as they are known."""
    rows = conn.execute(
        "select adcode, name from known_district where adcode = any(%s)", [sorted(set(adcodes))]
    ).fetchall()
    return {row["adcode"]: row["name"] for row in rows}


def is_last(conn: Connection, round_id: UUID, job_id: UUID) -> bool:
    """Whether no later solve of the round was asked for."""
    row = conn.execute(
        "select id from solve_job where round_id = %s order by created_at desc, id desc limit 1 for share",
        [round_id],
    ).fetchone()
    return row is not None and row["id"] == job_id


def another_waits(conn: Connection, now: datetime) -> bool:
    """Whether a round is waiting for a solver."""
    row = conn.execute(
        "select 1 from solve_job where kind = 'round' and state = 'queued' and not_before <= %s limit 1",
        [now],
    ).fetchone()
    return row is not None

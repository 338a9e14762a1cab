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
            " set round_id = excluded.round_id, job_id = excluded.job_id, told = excluded.told,"
            "     unhelped_since = null",
            [(request_id, round_id, job_id, Jsonb(each)) for request_id, each in told.items()],
        )
    conn.execute("delete from round_additions where round_id = %s", [round_id])
    conn.execute(
        "insert into round_additions (round_id, job_id, made_at, unserved, helped, whole, additions)"
        " values (%(round_id)s, %(job_id)s, %(made_at)s, %(unserved)s, %(helped)s, %(whole)s, %(additions)s)",
        {**additions, "round_id": round_id, "job_id": job_id, "additions": Jsonb(additions["additions"])},
    )


def replace_some(conn: Connection, *, job_id: UUID, told: Mapping[UUID, Row], now: datetime) -> None:
    """Write what was told of requests after a job outside rounds, for those whose verdict is that job's.

    What would have helped those who got nothing is still to be worked out; who waits longest comes first.
    """
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into explanations as e (request_id, round_id, job_id, told, unhelped_since)"
            " select request_id, null, job_id, %s, case when outcome = 'unserved' then %s::timestamptz end"
            "   from verdicts where request_id = %s and job_id = %s"
            " on conflict (request_id) do update"
            " set round_id = excluded.round_id, job_id = excluded.job_id, told = excluded.told,"
            "     unhelped_since = case when excluded.unhelped_since is not null"
            "                           then coalesce(e.unhelped_since, excluded.unhelped_since) end",
            [(Jsonb(each), now, request_id, job_id) for request_id, each in told.items()],
        )


# What would have helped is asked for by a request that still wants something, after the answer that stands.
_STILL_UNHELPED = """
  select from verdicts v join known_request r on r.id = v.request_id
   where (v.request_id, v.job_id) = (e.request_id, e.job_id) and v.outcome = 'unserved'
     and r.state not in ('withdrawn', 'delivered', 'no_show')
"""


def forget_unhelped(conn: Connection) -> None:
    """Requests that have been answered otherwise, or are wanted no more, need no help."""
    conn.execute(
        "update explanations e set unhelped_since = null"
        f" where e.unhelped_since is not null and not exists ({_STILL_UNHELPED})"
    )


def is_anybody_unhelped(conn: Connection) -> bool:
    """Whether what would have helped is still to be worked out for somebody."""
    statement = "select 1 from explanations where unhelped_since is not null limit 1"
    return conn.execute(statement).fetchone() is not None


def unhelped(conn: Connection, limit: int) -> dict[UUID, UUID]:
    """Requests for which it is, who waits longest first, with the job that each was answered by."""
    rows = conn.execute(
        "select request_id, job_id from explanations where unhelped_since is not null"
        " order by unhelped_since, request_id limit %s",
        [limit],
    )
    return {row["request_id"]: row["job_id"] for row in rows}


def add_changes(conn: Connection, changes: Iterable[tuple[UUID, UUID, list[Row]]]) -> None:
    """Write what would have helped requests, as long as they were not answered anew since that job."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "update explanations set told = jsonb_set(told, '{changes}', %s), unhelped_since = null"
            " where request_id = %s and job_id = %s",
            [(Jsonb(its), request_id, job_id) for request_id, job_id, its in changes],
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


def another_waits(conn: Connection, kind: str, now: datetime) -> bool:
    """Whether a job of a kind is waiting for a solver."""
    row = conn.execute(
        "select 1 from solve_job where kind = %s and state = 'queued' and not_before <= %s limit 1",
        [kind, now],
    ).fetchone()
    return row is not None

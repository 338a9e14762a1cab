"""Requests that wait, what they shall not get again, and what the last solve said of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from services.chassis.store import Connection
from services.matcher.domain import LIVE

Row = dict[str, Any]
# Live, or done with: such a request does not wait.
_TAKEN = (*LIVE, "delivered", "no_show")
# A draft that the next solve of its round replaces.
_REPLACED = "(m.state = 'proposed' and m.version = 0 and not m.pinned)"

_WAITING = """
  from known_request r
  left join rounds d on d.id = r.round_id
  left join pool_tries t on t.request_id = r.id
 where r.state not in ('withdrawn', 'delivered', 'no_show')
   and (r.round_id is null or d.state = 'published')
   and r.last_end > %(earliest)s
   and not exists (select from matches m where m.request_id = r.id and m.state = any(%(taken)s))
   and (t.request_id is null or t.next_try_at <= %(now)s
        or t.tried_at < (select grown_at from capacity_growth where grown_at <= %(now)s)
           and t.tried_at < %(now)s - least(t.tries, 6) * interval '10 seconds')
"""


def any_waiting(conn: Connection, *, now: datetime, earliest: datetime) -> bool:
    """Whether a request is due to be matched at once (see `waiting`)."""
    row = conn.execute(f"select 1 {_WAITING} limit 1", _due(now, earliest)).fetchone()
    return row is not None


def waiting(conn: Connection, *, now: datetime, earliest: datetime, limit: int) -> list[UUID]:
    """Requests due to be matched at once: those of no round, and those that a published round left over.

    A request is due if it was never tried, if its next try has come, or if capacity has grown since its last
    one, which was ten seconds ago, or up to a minute for one that was tried often. One whose last window
    ends by `earliest` is past.
    """
    rows = conn.execute(
        f"select r.id {_WAITING} order by t.tried_at nulls first, r.id limit %(limit)s",
        {**_due(now, earliest), "limit": limit},
    )
    return [row["id"] for row in rows]


def _due(now: datetime, earliest: datetime) -> Row:
    return {"now": now, "earliest": earliest, "taken": list(_TAKEN)}


def of_round(conn: Connection, round_id: UUID, earliest: datetime) -> list[UUID]:
    """Requests pooled in a round that have no live match beyond a draft that may be replaced."""
    rows = conn.execute(
        "select r.id from known_request r where r.round_id = %s and r.last_end > %s"
        "   and r.state not in ('withdrawn', 'delivered', 'no_show')"
        "   and not exists (select from matches m where m.request_id = r.id and m.state = any(%s)"
        f"                     and not {_REPLACED})"
        " order by r.id",
        [round_id, earliest, list(_TAKEN)],
    )
    return [row["id"] for row in rows]


def beside(conn: Connection, round_id: UUID, wishes: Sequence[UUID]) -> list[Row]:
    """By township: the people of a round's requests but these `wishes`, and of them those who have a place.

    Who has withdrawn does not ask; a draft that another solve replaces is no place.
    """
    return conn.execute(
        "select r.adcode, coalesce(r.township, '') as township, sum(r.group_size)::int as demand,"
        "       coalesce(sum(r.group_size) filter (where exists("
        "           select from matches m where m.request_id = r.id and m.state = any(%(taken)s)"
        f"             and not {_REPLACED})), 0)::int as served"
        "  from known_request r"
        " where r.round_id = %(round)s and r.state <> 'withdrawn'"
        "   and not exists (select from unnest(%(wishes)s::uuid[]) as w (id) where w.id = r.id)"
        " group by 1, 2 order by 1, 2",
        {"round": round_id, "wishes": list(wishes), "taken": list(_TAKEN)},
    ).fetchall()


def is_wanted(conn: Connection, request_id: UUID) -> bool:
    """Whether a request has not been withdrawn."""
    row = conn.execute("select state from known_request where id = %s for share", [request_id]).fetchone()
    return row is not None and row["state"] != "withdrawn"


def tried(conn: Connection, tries: Iterable[tuple[UUID, datetime]], now: datetime) -> None:
    """Note that requests were tried, and when they are to be tried again."""
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into pool_tries as t (request_id, tried_at, next_try_at, tries) values (%s, %s, %s, 1)"
            " on conflict (request_id) do update"
            " set tried_at = excluded.tried_at, next_try_at = excluded.next_try_at, tries = t.tries + 1",
            [(request_id, now, again) for request_id, again in tries],
        )


def tries(conn: Connection, request_ids: Sequence[UUID]) -> dict[UUID, int]:
    """How often requests have been tried so far."""
    rows = conn.execute(
        "select request_id, tries from pool_tries where request_id = any(%s)", [list(request_ids)]
    )
    return {row["request_id"]: row["tries"] for row in rows}


def try_again(conn: Connection, request_id: UUID) -> None:
    """Let a request be tried as if it never had been."""
    conn.execute("delete from pool_tries where request_id = %s", [request_id])


def capacity_grew(conn: Connection, now: datetime) -> None:
    """Note that there is something new to be had."""
    conn.execute(
        "insert into capacity_growth as g (only_one, grown_at) values (true, %s)"
        " on conflict (only_one) do update set grown_at = excluded.grown_at"
        " where g.grown_at not between excluded.grown_at - interval '1 second' and excluded.grown_at",
        [now],
    )


# -- exclusions


def exclude(
    conn: Connection,
    *,
    request_id: UUID,
    resource_kind: str,
    resource_id: UUID,
    code: str,
    now: datetime,
    until: datetime | None,
) -> None:
    """Keep a resource from a request; what lasts for ever is not shortened."""
    conn.execute(
        "insert into exclusions as e (request_id, resource_kind, resource_id, code, created_at, until)"
        " values (%(request)s, %(kind)s, %(resource)s, %(code)s, %(now)s, %(until)s)"
        " on conflict (request_id, resource_kind, resource_id) do update"
        " set code = excluded.code, until = excluded.until where e.until is not null",
        {
            "request": request_id,
            "kind": resource_kind,
            "resource": resource_id,
            "code": code,
            "now": now,
            "until": until,
        },
    )


def exclusions(conn: Connection, request_ids: Sequence[UUID], now: datetime) -> list[Row]:
    """What these requests shall not get at present."""
    return conn.execute(
        "select request_id, resource_kind, resource_id, code from exclusions"
        " where request_id = any(%s) and (until is null or until > %s)",
        [list(request_ids), now],
    ).fetchall()


# -- verdicts


def give_verdicts(conn: Connection, verdicts: Iterable[Mapping[str, Any]], *, at_once: bool) -> None:
    """Write what a solve said of requests; what says the same as before is not told again.

    That nothing is left `at_once` of what a round gave to others does not replace what the round said.
    """
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into verdicts as v"
            " (request_id, school_id, round_id, adcode, outcome, candidates, reasons,"
            "  given_at, job_id, version, told)"
            " values (%(request_id)s, %(school_id)s, %(round_id)s, %(adcode)s, %(outcome)s, %(candidates)s,"
            "         %(reasons)s, %(given_at)s, %(job_id)s, 0, false)"
            " on conflict (request_id) do update"
            " set outcome = excluded.outcome, candidates = excluded.candidates, reasons = excluded.reasons,"
            "     given_at = excluded.given_at, job_id = excluded.job_id,"
            "     told = v.told and (v.outcome, v.reasons) = (excluded.outcome, excluded.reasons)"
            " where not (%(at_once)s and v.round_id is not null"
            "            and v.outcome = 'unserved' and excluded.outcome = 'unserved')",
            [{**verdict, "reasons": Jsonb(verdict["reasons"]), "at_once": at_once} for verdict in verdicts],
        )


def set_outcome(
    conn: Connection, request_id: UUID, outcome: str, displaced_from: Iterable[Mapping[str, Any]] = ()
) -> None:
    """Note that a hand changed what is said of a request; nobody has heard of a draft's verdict.

    What it was `displaced_from` (reasons with the code displaced_by_hand) stands first, and only as long as
    no hand changes it again.
    """
    conn.execute(
        "update verdicts set outcome = %(outcome)s, told = false,"
        "       reasons = %(displaced)s"
        "                 || jsonb_path_query_array(reasons, '$[*] ? (@.code != \"displaced_by_hand\")')"
        " where request_id = %(id)s",
        {"outcome": outcome, "displaced": Jsonb(list(displaced_from)), "id": request_id},
    )


def untold(conn: Connection, limit: int) -> list[Row]:
    """Verdicts that others may hear of and have not, locked; those of a draft wait for its publication."""
    return conn.execute(
        "select v.* from verdicts v left join rounds d on d.id = v.round_id"
        " where not v.told and (v.round_id is null or d.state = 'published')"
        " order by v.request_id limit %s for update of v skip locked",
        [limit],
    ).fetchall()


def told(conn: Connection, request_id: UUID, version: int) -> None:
    """Note that a verdict was told under this version."""
    conn.execute("update verdicts set told = true, version = %s where request_id = %s", [version, request_id])


def verdict(conn: Connection, request_id: UUID) -> Row | None:
    """The last verdict on a request, with the state of its round."""
    return conn.execute(
        "select v.*, d.state as round_state from verdicts v left join rounds d on d.id = v.round_id"
        " where v.request_id = %s",
        [request_id],
    ).fetchone()

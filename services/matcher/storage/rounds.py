"""Rounds and the solver's jobs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from services.chassis.store import Connection

Row = dict[str, Any]
# Any number, as long as every claim asks for the same one.
CLAIM_LOCK = 4_711_000_024


def insert(conn: Connection, row: Mapping[str, Any]) -> None:
    """Write a new round."""
    values = {**row, "policy": Jsonb(row["policy"])}
    conn.execute(_insert("rounds", tuple(values)), values)


def get(conn: Connection, round_id: UUID) -> Row | None:
    """One round."""
    return conn.execute("select * from rounds where id = %s", [round_id]).fetchone()


def lock(conn: Connection, round_id: UUID) -> Row | None:
    """One round, for this transaction alone."""
    return conn.execute("select * from rounds where id = %s for update", [round_id]).fetchone()


def update(conn: Connection, round_id: UUID, version: int, changes: Mapping[str, Any]) -> bool:
    """Change a round that is still at `version`, and raise the version; return whether it was."""
    names = sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in changes
    )
    statement = sql.SQL(
        "update rounds set {}, version = version + 1 where id = %(id)s and version = %(seen)s"
    ).format(names)
    values = {name: Jsonb(value) if isinstance(value, dict) else value for name, value in changes.items()}
    return conn.execute(statement, {**values, "id": round_id, "seen": version}).rowcount == 1


def due(conn: Connection, now: datetime) -> list[Row]:
    """Open rounds whose time is over, locked; those that another process is closing are left to it."""
    return conn.execute(
        "select * from rounds where state = 'open' and closes_at <= %s"
        " order by closes_at limit 20 for update skip locked",
        [now],
    ).fetchall()


def listed(conn: Connection, *, state: str | None, after: UUID | None, limit: int) -> list[Row]:
    """Rounds, the newest first."""
    return conn.execute(
        "select * from rounds where (%(state)s::text is null or state = %(state)s)"
        "   and (%(after)s::uuid is null or id < %(after)s) order by id desc limit %(limit)s",
        {"state": state, "after": after, "limit": limit + 1},
    ).fetchall()


# -- jobs


def queue(
    conn: Connection, *, job_id: UUID, kind: str, round_id: UUID | None, now: datetime, not_before: datetime
) -> bool:
    """Ask for a solve unless one of its kind is waiting or running already; return whether it was asked."""
    return (
        conn.execute(
            "insert into solve_job"
            " (id, kind, round_id, state, epoch, not_before, cancel, progress, created_at)"
            " values (%s, %s, %s, 'queued', 0, %s, false, '{}', %s) on conflict do nothing",
            [job_id, kind, round_id, not_before, now],
        ).rowcount
        == 1
    )


# A round that is solved, or could be.
_ROUND_WANTED = """
  from solve_job r where r.kind = 'round'
   and (r.state = 'queued' and r.not_before <= %(now)s or r.state = 'running' and r.claimed_until >= %(now)s)
"""


def claim(conn: Connection, *, kind: str, now: datetime, until: datetime) -> Row | None:
    """Take the next job of a kind, new or abandoned, under a new epoch.

    One round is solved at a time, since rounds share experts and open capacity: claims wait for each other.
    What if is asked of one copy at a time, and of none while a round is solved or waits for it.
    """
    conn.execute("select pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
    return conn.execute(
        "update solve_job set state = 'running', epoch = epoch + 1, claimed_until = %(until)s,"
        "       started_at = coalesce(started_at, %(now)s)"
        " where id = (select id from solve_job where kind = %(kind)s and not_before <= %(now)s"
        "                and (state = 'queued' or (state = 'running' and claimed_until < %(now)s))"
        "                and not exists (select from solve_job other where other.kind = %(kind)s"
        "                                   and other.state = 'running' and other.claimed_until >= %(now)s)"
        f"               and (kind <> 'what_if' or not exists (select {_ROUND_WANTED}))"
        "              order by not_before limit 1 for update skip locked)"
        " returning *",
        {"kind": kind, "now": now, "until": until},
    ).fetchone()


def renew(
    conn: Connection, *, job_id: UUID, epoch: int, until: datetime, progress: Mapping[str, Any]
) -> Row | None:
    """Keep a job for longer and write how it stands; None if it belongs to somebody else by now."""
    return conn.execute(
        "update solve_job set claimed_until = %s, progress = %s"
        " where id = %s and epoch = %s and state = 'running' returning cancel",
        [until, Jsonb(dict(progress)), job_id, epoch],
    ).fetchone()


def is_round_wanted(conn: Connection, now: datetime) -> bool:
    """Whether a round is being solved, or waits for it."""
    return conn.execute(f"select 1 {_ROUND_WANTED} limit 1", {"now": now}).fetchone() is not None


def put_back(conn: Connection, *, job_id: UUID, epoch: int) -> bool:
    """Let a job that belongs to `epoch` wait again; counted, so that nobody takes it for lost."""
    return (
        conn.execute(
            "update solve_job"
            "   set state = 'queued', claimed_until = null, progress = '{}', yields = yields + 1"
            " where id = %s and epoch = %s and state = 'running'",
            [job_id, epoch],
        ).rowcount
        == 1
    )


def finish(
    conn: Connection, *, job_id: UUID, epoch: int, state: str, now: datetime, failure: str | None = None
) -> bool:
    """End a job that still belongs to `epoch`; False fences off whoever was too late."""
    return (
        conn.execute(
            "update solve_job set state = %s, finished_at = %s, failure = %s, claimed_until = null"
            " where id = %s and epoch = %s and state = 'running'",
            [state, now, failure, job_id, epoch],
        ).rowcount
        == 1
    )


def cancel(conn: Connection, round_id: UUID, now: datetime) -> str | None:
    """Raise the flag on a round's running job, or end a waiting one; return the state it was in."""
    job = conn.execute(
        "select id, state from solve_job where round_id = %s and state in ('queued', 'running') for update",
        [round_id],
    ).fetchone()
    return _cancelled(conn, job, now) if job else None


def cancel_job(conn: Connection, job_id: UUID, now: datetime) -> str | None:
    """The same of one job; None if it is over."""
    job = conn.execute(
        "select id, state from solve_job where id = %s and state in ('queued', 'running') for update",
        [job_id],
    ).fetchone()
    return _cancelled(conn, job, now) if job else None


def _cancelled(conn: Connection, job: Row, now: datetime) -> str:
    waiting = job["state"] == "queued"
    conn.execute(
        "update solve_job set cancel = true, state = case when %(waiting)s then 'cancelled' else state end,"
        "       finished_at = case when %(waiting)s then %(now)s else finished_at end where id = %(id)s",
        {"waiting": waiting, "now": now, "id": job["id"]},
    )
    return str(job["state"])


def latest_job(conn: Connection, round_id: UUID) -> Row | None:
    """The round's last job."""
    return conn.execute(
        "select * from solve_job where round_id = %s order by created_at desc, id desc limit 1", [round_id]
    ).fetchone()


def _insert(table: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )

"""Rounds: opened, closed by time or by hand, solved, reviewed, published."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from schemas.events.matcher import RoundState
from schemas.refusal import NotFound
from services.chassis import outbox
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.storage import matches, pool, rounds
from services.matcher.usecases.moves import Actor

Row = dict[str, Any]
# Requests that were submitted in time may still be on their way here when the round closes.
SETTLE = timedelta(seconds=5)


def open_round(conn: Connection, *, now: datetime, actor: Actor, wanted: Row) -> Row:
    """Open a round; its salt and seed are drawn now, and only the hash told. Raises domain.RoundPeriod."""
    if wanted["closes_at"] <= max(now, wanted["opens_at"]):
        raise domain.RoundPeriod(field="closes_at")
    salt = domain.new_salt()
    seed = domain.new_seed(salt)
    row = {
        **wanted,
        "id": new_id(),
        "state": "open",
        "epoch": 0,
        "salt": salt,
        "seed": seed,
        "seed_hash": domain.hash_of(seed),
        "created_at": now,
        "version": 1,
    }
    rounds.insert(conn, row)
    opened = _known(rounds.get(conn, row["id"]))
    _tell(conn, opened, "opened", now, actor)
    return opened


def close_due(conn: Connection, *, now: datetime) -> int:
    """Close rounds whose time is over; return how many."""
    due = rounds.due(conn, now)
    for row in due:
        _close(conn, row, now, None)
    return len(due)


def close(conn: Connection, *, now: datetime, actor: Actor, round_id: UUID) -> Row:
    """Close a round by hand, and have it solved."""
    return _close(conn, _locked(conn, round_id), now, actor)


def solve_again(conn: Connection, *, now: datetime, actor: Actor, round_id: UUID) -> Row:
    """Solve a round once more, from closed, failed, drawn up or reviewed; what was set by hand stays."""
    row = _locked(conn, round_id)
    if row["state"] != "closed":
        row = _move(conn, row, "closed", now, actor, {})
    _queue(conn, row, now, now)
    return row


def cancel_solve(conn: Connection, *, now: datetime, round_id: UUID) -> Row:
    """Stop a waiting or running solve.

    What the solver has found by then becomes the draft; if there is nothing yet, the round is closed again.
    """
    row = _locked(conn, round_id)
    if rounds.cancel(conn, round_id, now) is None:
        raise domain.NoSolveRunning()
    return row


def review(conn: Connection, *, now: datetime, actor: Actor, round_id: UUID) -> Row:
    """Mark a draft as reviewed."""
    return _move(conn, _locked(conn, round_id), "reviewed", now, actor, {"reviewed_at": now})


def publish(conn: Connection, *, now: datetime, actor: Actor, round_id: UUID) -> Row:
    """Publish a reviewed round: the seed is revealed, and its drafts are held and offered from now on."""
    row = _move(conn, _locked(conn, round_id), "published", now, actor, {"published_at": now})
    matches.start_drafts(conn, round_id, now)
    # What was kept for it, and it does not need, may serve somebody at once.
    pool.capacity_grew(conn, now)
    return row


def begin_solving(conn: Connection, *, now: datetime, round_id: UUID) -> Row | None:
    """Take a round into solving, also one whose solver was lost; None if it is not to be solved any more."""
    row = _locked(conn, round_id)
    if row["state"] not in ("closed", "solving"):
        return None
    if row["state"] == "closed":
        return _move(conn, row, "solving", now, None, {"epoch": row["epoch"] + 1})
    return row


def draw_up(
    conn: Connection,
    *,
    now: datetime,
    round_id: UUID,
    value: int,
    bound: int,
    gap: float,
    ended: str,
    fairness: Row | None,
) -> Row:
    """Note what a solve gave, how its search ended (optimal, limit or stopped), and how fair it is."""
    found = {"value": value, "bound": bound, "gap": gap, "ended": ended, "fairness": fairness}
    row = _locked(conn, round_id)
    return _move(conn, row, "drawn_up", now, None, {**found, "drawn_up_at": now, "failure": None})


def fail(conn: Connection, *, now: datetime, round_id: UUID, failure: str) -> Row:
    """Note that a solve broke."""
    return _move(conn, _locked(conn, round_id), "failed", now, None, {"failure": failure[:500]})


def back_to_closed(conn: Connection, *, now: datetime, round_id: UUID) -> Row:
    """Note that a solve was cancelled before it had found anything."""
    return _move(conn, _locked(conn, round_id), "closed", now, None, {})


def area_of(conn: Connection, round_id: UUID) -> str:
    """The adcode of a round's area. Raises NotFound."""
    return str(_known(rounds.get(conn, round_id))["adcode"])


def public(row: Row) -> dict[str, Any]:
    """The round as others may know it: no seed before it is published."""
    seed = row["seed"] if row["state"] == "published" else None
    said: dict[str, Any] = RoundState().dump({**row, "seed": seed})
    return said


def _close(conn: Connection, row: Row, now: datetime, actor: Actor) -> Row:
    closed = _move(conn, row, "closed", now, actor, {"closed_at": now})
    _queue(conn, closed, now, now + SETTLE)
    return closed


def _queue(conn: Connection, row: Row, now: datetime, not_before: datetime) -> None:
    rounds.queue(conn, job_id=new_id(), kind="round", round_id=row["id"], now=now, not_before=not_before)


def _move(conn: Connection, row: Row, to: str, now: datetime, actor: Actor, changes: Row) -> Row:
    domain.check_round_move(row["state"], to)
    rounds.update(conn, row["id"], row["version"], {"state": to, **changes})
    moved = _known(rounds.get(conn, row["id"]))
    _tell(conn, moved, to, now, actor)
    return moved


def _tell(conn: Connection, row: Row, what: str, now: datetime, actor: Actor) -> None:
    outbox.append(
        conn,
        now=now,
        type=f"round_{what}",
        owner="matcher",
        aggregate="round",
        aggregate_id=row["id"],
        version=row["version"],
        data=public(row),
        actor=actor,
    )


def _locked(conn: Connection, round_id: UUID) -> Row:
    return _known(rounds.lock(conn, round_id))


def _known(row: Row | None) -> Row:
    if row is None:
        raise NotFound()
    return row

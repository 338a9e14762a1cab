"""Between rounds: having waiting requests solved at once, and telling verdicts."""

from __future__ import annotations

from datetime import datetime

from schemas.events.matcher import VerdictState
from services.chassis import outbox
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.storage import displaced, pool, rounds

VERDICTS_AT_A_TIME = 100


def ask_for_solve(conn: Connection, *, now: datetime) -> bool:
    """Have waiting requests answered at once, if there are any and it is not being done already.

    So are those that lost their place.
    """
    earliest = now + domain.SHORTEST_LEAD
    if not displaced.any_due(conn, earliest) and not pool.any_waiting(conn, now=now, earliest=earliest):
        return False
    return rounds.queue(conn, job_id=new_id(), kind="at_once", round_id=None, now=now, not_before=now)


def tell_verdicts(conn: Connection, *, now: datetime) -> int:
    """Tell what solves said of requests, some at a time; return how many were told."""
    untold = pool.untold(conn, VERDICTS_AT_A_TIME)
    for verdict in untold:
        told = {**verdict, "version": verdict["version"] + 1}
        outbox.append(
            conn,
            now=now,
            type="verdict_given",
            owner="matcher",
            aggregate="verdict",
            aggregate_id=verdict["request_id"],
            version=told["version"],
            data=VerdictState().dump(told),
            actor=None,
        )
        pool.told(conn, verdict["request_id"], told["version"])
    return len(untold)

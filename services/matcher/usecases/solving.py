"""A solve from the solver's side: what to solve, and what becomes of the solution; at once and in rounds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from services.chassis.store import Connection, savepoint
from services.matcher import domain
from services.matcher.engine.model import Finding, Limits, Option, Reason, Solution
from services.matcher.storage import matches, papers, pool, rounds
from services.matcher.usecases import fairness
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.problem import World, load
from services.matcher.usecases.shared import standing

Row = dict[str, Any]

SOLVE_SECONDS = 20.0
AT_ONCE_SECONDS = 3.0
AT_ONCE_LIMIT = 300
AT_ONCE_OFFER_HOURS = 48
# A request that could not be served waits longer each time; grown capacity cuts the wait short.
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=30), timedelta(minutes=15)
_KINDS = {"visit": ("slot",), "expert": ("expert",), "exhibition": ("unit",), "training": ("slot", "expert")}


# Written as the round's failure; their texts stand in schemas/failures.py.
OUT_OF_MEMORY = "solve_out_of_memory"
SOLVER_LOST = "solver_lost"
# A job that was taken up so often has ended every solver that took it.
MAX_EPOCHS = 4


class Fenced(Exception):
    """The job belongs to another solver by now; whatever this one found does not count."""


def begin(conn: Connection, *, job: Row, now: datetime) -> World | None:
    """The world that a job is to solve; None if there is nothing to solve any more."""
    if job["kind"] == "at_once":
        return load(conn, now=now, request_ids=_due(conn, now))
    row = lifecycle.begin_solving(conn, now=now, round_id=job["round_id"])
    if row is None:
        return None
    waiting = pool.of_round(conn, row["id"], now + domain.SHORTEST_LEAD)
    minutes = row["policy"].get("session_minutes", 60)
    world = load(
        conn,
        now=now,
        request_ids=waiting,
        seed=row["seed"],
        ignoring=row["id"],
        session_minutes=minutes,
    )
    return replace(world, problem=replace(world.problem, fairness=row["policy"].get("fairness", 0)))


def limits(conn: Connection, job: Row) -> Limits:
    """How long a job may search."""
    if job["kind"] == "at_once":
        return Limits(seconds=AT_ONCE_SECONDS)
    row = rounds.get(conn, job["round_id"])
    seconds = row["policy"].get("solve_seconds", SOLVE_SECONDS) if row else SOLVE_SECONDS
    return Limits(seconds=float(seconds))


def is_worth_keeping(world: World, solution: Solution) -> bool:
    """Whether a solution, also that of a solve that was stopped, can stand as a draft.

    One that was stopped before it had a plan cannot, nor one that has not looked at every request: those
    not looked at would go without, and nobody could say why.
    """
    whole = len(solution.findings) == len(world.problem.wishes)
    return whole and (bool(solution.chosen) or solution.status != "stopped")


def packed(solution: Solution) -> dict[str, papers.Packed]:
    """The solution's papers as they are kept, by name; takes a second for a large round."""
    return (
        {name: papers.pack(text) for name, text in solution.papers._asdict().items()}
        if solution.papers
        else {}
    )


def failure_of(error: Exception) -> str:
    """What a round says of a solve that broke: a code where the cause is known, else the error itself."""
    # HiGHS's own allocator speaks of std::bad_alloc, in whichever class of error it reaches us.
    if isinstance(error, MemoryError) or "bad_alloc" in str(error):
        return OUT_OF_MEMORY
    return f"{type(error).__name__}: {error}"


def complete(
    conn: Connection,
    *,
    job: Row,
    world: World,
    solution: Solution,
    kept: Mapping[str, papers.Packed],
    now: datetime,
) -> int:
    """Write a solution: a round's as its draft, at-once matches straight to the saga; return how many.

    A round's papers are `kept` (see `packed`, which is no work for a transaction). Raises Fenced, and leaves
    nothing, if the job is no longer this solver's.
    """
    _finish(conn, job, "done", now)
    made = _at_once(conn, job, world, solution, now) if job["kind"] == "at_once" else 0
    if job["kind"] == "round":
        made = _draft(conn, job, world, solution, now)
        papers.replace(conn, round_id=job["round_id"], job_id=job["id"], papers=kept)
    pool.give_verdicts(conn, _verdicts(job, world, solution, now), at_once=job["kind"] == "at_once")
    return made


def give_up(conn: Connection, *, job: Row, now: datetime, failure: str | None) -> None:
    """End a job without a solution: cancelled, or failed for a reason. Raises Fenced."""
    _finish(conn, job, "failed" if failure else "cancelled", now, failure)
    if job["kind"] != "round":
        return
    row = rounds.get(conn, job["round_id"])
    if row is None or row["state"] != "solving":
        return
    if failure:
        lifecycle.fail(conn, now=now, round_id=row["id"], failure=failure)
    else:
        lifecycle.back_to_closed(conn, now=now, round_id=row["id"])


def _finish(conn: Connection, job: Row, state: str, now: datetime, failure: str | None = None) -> None:
    if not rounds.finish(conn, job_id=job["id"], epoch=job["epoch"], state=state, now=now, failure=failure):
        raise Fenced()


def _due(conn: Connection, now: datetime) -> list[UUID]:
    return pool.waiting(conn, now=now, earliest=now + domain.SHORTEST_LEAD, limit=AT_ONCE_LIMIT)


def _draft(conn: Connection, job: Row, world: World, solution: Solution, now: datetime) -> int:
    round_id = job["round_id"]
    matches.drop_drafts(conn, round_id, now, "solved_again", keep_pinned=True)
    row = lifecycle.draw_up(
        conn,
        now=now,
        round_id=round_id,
        value=solution.value,
        bound=solution.bound,
        gap=solution.gap,
        ended=solution.status,
        fairness=fairness.told(solution.fairness),
    )
    chosen = _left(conn, world, solution)
    return sum(_insert(conn, world, option, job, row["offer_hours"], now, due=None) for option in chosen)


def _at_once(conn: Connection, job: Row, world: World, solution: Solution, now: datetime) -> int:
    chosen = _left(conn, world, solution)
    made = sum(_insert(conn, world, option, job, AT_ONCE_OFFER_HOURS, now, due=now) for option in chosen)
    request_ids = [wish.key for wish in world.problem.wishes if isinstance(wish.key, UUID)]
    tries = pool.tries(conn, request_ids)
    pool.tried(conn, [(each, now + _wait(tries.get(each, 0))) for each in request_ids], now)
    return made


def _wait(tries: int) -> timedelta:
    return min(LONGEST_WAIT, SHORTEST_WAIT * int(2 ** min(tries, 6)))


def _left(conn: Connection, world: World, solution: Solution) -> Sequence[Option]:
    """What of a solution a class or a school can still have, if another solve gave it something meanwhile."""
    if not world.problem.pools:
        return solution.chosen
    matches.write_alone(conn)
    return standing(world.pools_now(conn), solution.chosen)


def _insert(
    conn: Connection,
    world: World,
    option: Option,
    job: Row,
    offer_hours: int,
    now: datetime,
    *,
    due: datetime | None,
) -> int:
    """Write one draft; 0 if the request was withdrawn, or matched otherwise, while it was solved."""
    match = world.match(option, job_id=job["id"], offer_hours=offer_hours, now=now, due=due)
    known = pool.is_wanted(conn, match.request_id)
    if not known:
        return 0
    try:
        with savepoint(conn):
            matches.insert(conn, match)
    except UniqueViolation:
        return 0
    return 1


def _verdicts(job: Row, world: World, solution: Solution, now: datetime) -> Iterable[Row]:
    served = {world.problem.wishes[option.wish].key for option in solution.chosen}
    for request_id, request in world.requests.items():
        finding = solution.findings.get(request_id)
        if finding:
            yield {
                "request_id": request_id,
                "school_id": request["school_id"],
                "round_id": request["round_id"],
                "adcode": request["adcode"],
                "outcome": "matched" if request_id in served else "unserved",
                "candidates": finding.candidates,
                "reasons": [_reason(each) for each in _complete(request, finding)],
                "given_at": now,
                "job_id": job["id"],
            }


def _complete(request: Mapping[str, Any], finding: Finding) -> tuple[Reason, ...]:
    """A finding's reasons; where nothing of a kind is offered at all, that is the reason."""
    if finding.candidates or finding.reasons:
        return finding.reasons
    kinds = _KINDS.get(request["kind"], ())
    return tuple(Reason(kind, "nothing_offered", 0) for kind in kinds)  # type: ignore[arg-type]


def _reason(reason: Reason) -> Row:
    return {"resource_kind": reason.kind, "code": reason.code, "count": reason.count}

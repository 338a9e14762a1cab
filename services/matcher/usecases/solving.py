"""A round's solve from the solver's side: what to solve, and what becomes of the solution."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from services.chassis.ids import new_id
from services.chassis.store import Connection, savepoint
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine.model import Already, Finding, Key, Kind, Limits, Option, Reason, Solution
from services.matcher.storage import lots, matches, papers, pool, rounds
from services.matcher.usecases import fairness
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.problem import World, load
from services.matcher.usecases.shared import standing

Row = dict[str, Any]

SOLVE_SECONDS = 20.0
_KINDS: Mapping[str, tuple[Kind, ...]] = {
    "visit": ("slot",),
    "expert": ("expert",),
    "exhibition": ("unit",),
    "training": ("slot", "expert"),
}
_FIRST_DAY = date(1970, 1, 1)


# Written as the round's failure; their texts stand in schemas/failures.py.
OUT_OF_MEMORY = "solve_out_of_memory"
SOLVER_LOST = "solver_lost"
# A job that was taken up so often has ended every solver that took it.
MAX_EPOCHS = 4


class Fenced(Exception):
    """The job belongs to another solver by now; whatever this one found does not count."""


def begin(conn: Connection, *, job: Row, now: datetime) -> World | None:
    """The world that a job is to solve; None if there is nothing to solve any more."""
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
        salt=row["salt"] or "",
        ignoring=[row["id"]],
        session_minutes=minutes,
    )
    return under_policy(conn, world, row)


def under_policy(conn: Connection, world: World, row: Row) -> World:
    """The same world, solved as fairly as its round asks for, with what the round's other requests have."""
    beside = pool.beside(conn, row["id"], [request["id"] for request in world.requests.values()])
    columns = ("adcode", "township", "demand", "served")
    already = tuple(Already(*(each[name] for name in columns)) for each in beside)
    fairness = row["policy"].get("fairness", 0)
    return replace(world, problem=replace(world.problem, fairness=fairness, already=already))


def limits(conn: Connection, job: Row) -> Limits:
    """How long a job may search."""
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


def drawn(solution: Solution) -> list[UUID]:
    """The requests of a solution's papers, in their order."""
    keys = json.loads(solution.papers.keys) if solution.papers else {}
    return list(map(UUID, keys.get("wishes", [])))


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
    """Write a solution as its round's draft; return how many matches it has.

    The papers are `kept` (see `packed`, which is no work for a transaction). Raises Fenced, and leaves
    nothing, if the job is no longer this solver's.
    """
    finish(conn, job, "done", now)
    made = _draft(conn, job, world, solution, now)
    papers.replace(conn, round_id=job["round_id"], job_id=job["id"], papers=kept)
    lots.replace(conn, job["round_id"], drawn(solution))
    wishes = world.problem.wishes
    served = {wishes[wish].key for option in solution.chosen for wish in option.wishes}
    pool.give_verdicts(conn, verdicts(job, world, solution.findings, served, now), at_once=False)
    return made


def give_up(conn: Connection, *, job: Row, now: datetime, failure: str | None) -> None:
    """End a job without a solution: cancelled, or failed for a reason. Raises Fenced."""
    finish(conn, job, "failed" if failure else "cancelled", now, failure)
    if job["kind"] != "round":
        return
    row = rounds.get(conn, job["round_id"])
    if row is None or row["state"] != "solving":
        return
    if failure:
        lifecycle.fail(conn, now=now, round_id=row["id"], failure=failure)
    else:
        lifecycle.back_to_closed(conn, now=now, round_id=row["id"])


def finish(conn: Connection, job: Row, state: str, now: datetime, failure: str | None = None) -> None:
    """End a job. Raises Fenced if it is somebody else's by now."""
    if not rounds.finish(conn, job_id=job["id"], epoch=job["epoch"], state=state, now=now, failure=failure):
        raise Fenced()


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
    chosen = left(conn, world, solution.chosen)
    return sum(_insert_all(conn, world, option, job, row["offer_hours"], now) for option in chosen)


class _Incomplete(Exception):
    """One of those who were to come together does not want to any more."""


def _insert_all(
    conn: Connection, world: World, option: Option, job: Row, offer_hours: int, now: datetime
) -> int:
    """Write the drafts of an option, one for each request that it serves: all or none; return how many."""
    company_id = new_id() if option.company else None
    try:
        with savepoint(conn):
            for part in option.apart():
                if not insert(conn, world, part, job, offer_hours, now, due=None, company_id=company_id):
                    raise _Incomplete()
    except _Incomplete:
        return 0
    return len(option.wishes)


def left(conn: Connection, world: World, chosen: Sequence[Option]) -> Sequence[Option]:
    """What of a solution can still be had of what many share, if another solve gave it away meanwhile."""
    if not any(option.uses for option in chosen):
        return chosen
    matches.write_alone(conn)
    return standing(world.pools_now(conn), chosen)


def insert(
    conn: Connection,
    world: World,
    option: Option,
    job: Row,
    offer_hours: int,
    now: datetime,
    *,
    due: datetime | None,
    company_id: UUID | None = None,
) -> Match | None:
    """Write one draft; None if the request was withdrawn, or matched otherwise, while it was solved."""
    match = world.match(
        option, job_id=job["id"], offer_hours=offer_hours, now=now, due=due, company_id=company_id
    )
    known = pool.is_wanted(conn, match.request_id)
    if not known:
        return None
    try:
        with savepoint(conn):
            matches.insert(conn, match)
    except UniqueViolation:
        return None
    return match


def verdicts(
    job: Row, world: World, findings: Mapping[Key, Finding], served: Collection[Key], now: datetime
) -> Iterable[Row]:
    """What a job says of those requests that it has a finding about."""
    for request_id, request in world.requests.items():
        finding = findings.get(request_id)
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
    """A finding's reasons; where nothing of a kind that it needs is offered at all, that is one."""
    if finding.candidates:
        return finding.reasons
    told = {reason.kind for reason in finding.reasons}
    missing = () if told and not request["with_expert"] else _kinds(request)
    nothing = (Reason(kind, "nothing_offered", 0) for kind in missing if kind not in told)
    return (*finding.reasons, *nothing)


def _kinds(request: Mapping[str, Any]) -> tuple[Kind, ...]:
    """Those that a request needs, both of them if an expert is to come along."""
    kinds = _KINDS.get(request["kind"], ())
    return (*kinds, "expert") if request["with_expert"] else kinds


def _reason(reason: Reason) -> Row:
    params = {name: _param(name, number) for name, number in reason.params}
    return {"resource_kind": reason.kind, "code": reason.code, "count": reason.count, "params": params}


def _param(name: str, number: int) -> int | str:
    return (_FIRST_DAY + timedelta(days=number)).isoformat() if name.endswith("_day") else number

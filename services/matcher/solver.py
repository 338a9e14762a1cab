"""The solver process: takes jobs from matcher's database, solves them, writes what was found.

`python -m services.matcher.solver`: plain threads, no hub. One lane solves rounds, another the at-once pool,
so that a long round does not keep a single request waiting; a third answers what if, with the processor time
that is left over and while no round wants a solver. While a lane works, a heartbeat renews its lease
each second with the progress; who finds the job under a newer epoch than its own stops and writes nothing.
"""

from __future__ import annotations

import gc
import os
import signal
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Event, Thread
from typing import Any, NamedTuple, TypeVar
from uuid import UUID

import structlog
from prometheus_client import Gauge

from schemas.refusal import Busy, Unavailable
from services.chassis.health import HealthServer
from services.chassis.instant import ClockReader, system_clock
from services.chassis.logs import configure_logs
from services.chassis.store import Connection, Store, connect
from services.matcher.engine.model import Limits, Problem, Progress, Solution
from services.matcher.engine.solver import solve
from services.matcher.machine import all_processors, aside, be_polite, limit_memory, step_back, warm_up
from services.matcher.storage import explanations, rounds
from services.matcher.usecases import at_once, comparing, explaining, helping, mending, solving
from services.matcher.usecases.at_once import Answered, Books, Setting
from services.matcher.usecases.helping import Unhelped
from services.matcher.usecases.mending import Broken, Mended
from services.matcher.usecases.problem import World

LEASE = timedelta(seconds=10)
BEAT_SECONDS = 1.0
ENDING_SIGNALS = {signal.SIGTERM, signal.SIGINT}
IDLE_SECONDS = 0.5
# What was found is worth waiting for a busy database; beyond this another solver would have taken over.
WRITE_TRIES = 5
# Of so many rounds what is left to explain is kept for when no other waits: each may hold hundreds of MiB.
_MOST_CALLED_AWAY = 2

SOLVED_GAP = Gauge("keqiao_solve_gap", "(bound - value) / bound of the last solve", ("kind",))
SOLVED_SECONDS = Gauge("keqiao_solve_seconds", "How long the last solve took", ("kind",))

_log = structlog.get_logger(__name__)
_T = TypeVar("_T")


@dataclass
class Standing:
    """How a job stands, shared between its lane and its heartbeat."""

    progress: Progress = field(default_factory=lambda: Progress("loading"))
    cancelled: bool = False
    fenced: bool = False
    yielding: bool = False

    def report(self, progress: Progress) -> None:
        """Note where the engine is; a phase without numbers keeps the last ones."""
        known = self.progress
        self.progress = Progress(
            progress.phase,
            known.value if progress.value is None else progress.value,
            known.bound if progress.bound is None else progress.bound,
        )

    def should_stop(self) -> bool:
        """Whether the engine is to end."""
        return self.cancelled or self.fenced or self.yielding


class _Drawn(NamedTuple):
    """A draft that stands, and what it was found in."""

    job: dict[str, Any]
    world: World
    solution: Solution


class Lane:
    """Takes one kind of job after another."""

    def __init__(self, kind: str, store: Store, clock: ClockReader, ending: Event) -> None:
        self._kind, self._store, self._clock, self._ending = kind, store, clock, ending
        self._called_away: deque[_Drawn] = deque(maxlen=_MOST_CALLED_AWAY)

    def run(self) -> None:
        """Work until the process ends; a database that is away is waited for."""
        while not self._ending.is_set():
            if not self._worked():
                self._ending.wait(IDLE_SECONDS)

    def turn(self) -> bool:
        """Take one job and see it through, or what another kept it from; return whether there was any."""
        job = self._claim()
        if job is not None:
            self._work(job)
        elif self._called_away:
            self._explain(self._called_away.popleft())
        else:
            return False
        return True

    def _worked(self) -> bool:
        try:
            return self.turn()
        except (Busy, Unavailable) as refusal:
            _log.warning("solver_waits", lane=self._kind, code=refusal.code)
        except MemoryError:
            # The other lane has it all; this one needs little, and will have it when that one ends.
            _log.warning("solver_waits", lane=self._kind, code=solving.OUT_OF_MEMORY)
        return False

    def _claim(self) -> dict[str, Any] | None:
        now = self._clock.now()
        with self._store.transaction() as conn:
            return rounds.claim(conn, kind=self._kind, now=now, until=now + LEASE)

    def _work(self, job: dict[str, Any]) -> None:
        """Solve one job with a heartbeat beside it, and write what became of it."""
        standing, done = Standing(), Event()
        beat = Thread(target=self._beat, args=(job, standing, done), daemon=True)
        beat.start()
        try:
            failure = self._broke_on(job, standing)
            if failure:
                # Only now: while an error is handled, it keeps what the solve had taken.
                gc.collect()
                self._give_up(job, failure)
        except solving.Fenced:
            _log.warning("solver_fenced_off", job=str(job["id"]), epoch=job["epoch"])
        finally:
            done.set()
            beat.join()

    def _broke_on(self, job: dict[str, Any], standing: Standing) -> str | None:
        """Solve a job; return what broke, None if nothing did."""
        if job["epoch"] - job["yields"] > solving.MAX_EPOCHS:
            return solving.SOLVER_LOST
        try:
            self._solve(job, standing)
        except (Busy, Unavailable, solving.Fenced):
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, the round must hear of it
            failure = solving.failure_of(error)
            # A traceback takes memory too.
            exc_info = failure != solving.OUT_OF_MEMORY
            _log.error("solve_failed", job=str(job["id"]), failure=failure, exc_info=exc_info)
            return failure
        return None

    def _solve(self, job: dict[str, Any], standing: Standing) -> None:
        began = self._clock.now()
        with self._store.transaction() as conn:
            limits = solving.limits(conn, job)
            world = solving.begin(conn, job=job, now=began)
        if world is None:
            self._give_up(job, None)
            return
        solution = self._found(world, limits, standing)
        if standing.fenced:
            raise solving.Fenced()
        if standing.cancelled and not solving.is_worth_keeping(world, solution):
            self._give_up(job, None)
            return
        standing.report(Progress("writing", solution.value, solution.bound))
        made = self._complete(job, world, solution)
        SOLVED_GAP.labels(self._kind).set(solution.gap)
        self._show(job, began, made, len(world.requests), gap=solution.gap)
        self._explain(_Drawn(job, world, solution))

    def _explain(self, drawn: _Drawn) -> None:
        """Work out what is told about a draft, now that it stands; what breaks here leaves it as it is."""
        try:
            told = aside(lambda: self._told(drawn.world, drawn.solution))
            if told and self._is_kept(drawn.job, told) and not told.additions["whole"]:
                self._called_away.append(drawn)
        except Exception as error:  # noqa: BLE001 - nobody waits for it, and the draft is whole without it
            _log.error("explain_failed", job=str(drawn.job["id"]), failure=solving.failure_of(error))

    def _is_kept(self, job: dict[str, Any], told: explaining.Told) -> bool:
        return self._written(
            lambda conn: explaining.keep(conn, round_id=job["round_id"], job_id=job["id"], told=told)
        )

    def _told(self, world: World, solution: Solution) -> explaining.Told | None:
        be_polite()
        settled = explaining.settled(solution)
        now = self._clock.now()
        return settled and explaining.explain(world, settled, now=now, should_stop=self._is_wanted)

    def _is_wanted(self) -> bool:
        """Whether the process ends, or another job waits for this lane."""
        if self._ending.is_set():
            return True
        with self._store.read() as conn:
            return explanations.another_waits(conn, self._kind, self._clock.now())

    def _found(self, world: World, limits: Limits, standing: Standing) -> Solution:
        """The engine's solution; the search takes all processors, while nobody else wants them."""
        began, threads = time.monotonic(), all_processors()
        return aside(
            lambda: solve(
                world.problem,
                replace(limits, threads=threads),
                standing.report,
                standing.should_stop,
                elapsed=lambda: time.monotonic() - began,
                begin=step_back,
                with_papers=True,
            )
        )

    def _complete(self, job: dict[str, Any], world: World, solution: Solution) -> int:
        now, kept = self._clock.now(), solving.packed(solution)
        return self._written(
            lambda conn: solving.complete(conn, job=job, world=world, solution=solution, kept=kept, now=now)
        )

    def _give_up(self, job: dict[str, Any], failure: str | None) -> None:
        now = self._clock.now()
        self._written(lambda conn: solving.give_up(conn, job=job, now=now, failure=failure))

    def _written(self, write: Callable[[Connection], _T]) -> _T:
        """What `write` returns, in a transaction of its own; tried again while the database is busy."""
        for _ in range(WRITE_TRIES - 1):
            try:
                with self._store.transaction() as conn:
                    return write(conn)
            except (Busy, Unavailable):
                self._ending.wait(IDLE_SECONDS)
        with self._store.transaction() as conn:
            return write(conn)

    def _beat(self, job: dict[str, Any], standing: Standing, done: Event) -> None:
        """Renew the lease and tell the progress, each second, until done or fenced off."""
        while not done.wait(BEAT_SECONDS) and not standing.fenced:
            try:
                self._renew(job, standing)
            except (Busy, Unavailable) as refusal:
                _log.warning("solver_beat_missed", job=str(job["id"]), code=refusal.code)
            except MemoryError:
                _log.warning("solver_beat_missed", job=str(job["id"]), code=solving.OUT_OF_MEMORY)

    def _renew(self, job: dict[str, Any], standing: Standing) -> None:
        now = self._clock.now()
        progress = {**standing.progress._asdict(), "at": now.isoformat()}
        with self._store.transaction() as conn:
            kept = rounds.renew(
                conn, job_id=job["id"], epoch=job["epoch"], until=now + LEASE, progress=progress
            )
            standing.yielding = self._kind == "what_if" and rounds.is_round_wanted(conn, now)
        standing.fenced = kept is None
        standing.cancelled = bool(kept and kept["cancel"])

    def _show(self, job: dict[str, Any], began: datetime, made: int, asked: int, **more: Any) -> None:
        seconds = (self._clock.now() - began).total_seconds()
        SOLVED_SECONDS.labels(job["kind"]).set(seconds)
        told = {"kind": job["kind"], "job": str(job["id"]), "requests": asked, "matches": made}
        _log.info("solved", **told, seconds=seconds, **more)


class Desk(Lane):
    """The lane of what is asked for at once: request after request, beside what pending rounds bid."""

    def __init__(self, store: Store, clock: ClockReader, ending: Event) -> None:
        super().__init__("at_once", store, clock, ending)
        self._books = Books()

    def turn(self) -> bool:
        """As any lane; while nobody waits for an answer, work out what would have helped."""
        return super().turn() or self._help()

    def _solve(self, job: dict[str, Any], standing: Standing) -> None:
        began = self._clock.now()
        with self._store.transaction() as conn:
            broken = mending.begin(conn, now=began)
        if broken:
            self._mend(job, broken, standing, began)
        else:
            self._answer(job, standing, began)

    def _mend(self, job: dict[str, Any], broken: Broken, standing: Standing, began: datetime) -> None:
        """Places for who lost theirs come first; everybody else is answered in the next turn.

        What breaks here must not keep the pool waiting for ever: then they are answered with all the others.
        """
        try:
            self._put_right(job, broken, standing, began)
        except (Busy, Unavailable, solving.Fenced):
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, they are not to be lost
            _log.error("mending_failed", job=str(job["id"]), failure=solving.failure_of(error))
            self._written(lambda conn: mending.give_up(conn, broken))
            self._answer(job, standing, began)

    def _put_right(self, job: dict[str, Any], broken: Broken, standing: Standing, began: datetime) -> None:
        standing.report(Progress("mending"))
        mended = aside(lambda: mending.mend(broken))
        try:
            made = self._mended(job, mended, standing)
        except at_once.Overtaken:
            mended = aside(lambda: mending.mend(broken.firm()))
            made = self._mended(job, mended, standing)
        self._show(job, began, made, len(broken.lost), moved=len(mended.repaired.moved) - made)

    def _mended(self, job: dict[str, Any], mended: Mended, standing: Standing) -> int:
        if standing.fenced:
            raise solving.Fenced()
        now = self._clock.now()
        return self._written(lambda conn: mending.complete(conn, job=job, mended=mended, now=now))

    def _answer(self, job: dict[str, Any], standing: Standing, began: datetime) -> None:
        self._read()
        with self._store.transaction() as conn:
            setting = at_once.begin(conn, books=self._books, now=began)
        answered = self._answered(job, setting, standing)
        try:
            made = self._finish(job, answered, standing)
        except at_once.Overtaken:
            # Somebody is at work on a draft that was to make room: nobody else's is touched either.
            answered = self._answered(job, setting.firm(), standing)
            made = self._finish(job, answered, standing)
        self._show(job, began, made, len(answered.answers))
        self._tell(job, answered)

    def _read(self) -> None:
        """Read solves of rounds that are new; one that cannot be read does not bid, and its drafts stay."""
        with self._store.read() as conn:
            new = list(self._books.unknown(conn))
        for bidding, texts in new:
            try:
                self._books.learn(bidding, texts)
            except (ValueError, KeyError, MemoryError) as error:
                _log.error("papers_unread", round=str(bidding.round_id), error=repr(error))

    def _answered(self, job: dict[str, Any], setting: Setting, standing: Standing) -> Answered:
        lot = str(job["id"])
        return aside(
            lambda: at_once.answer(setting, lot=lot, report=standing.report, should_stop=standing.should_stop)
        )

    def _finish(self, job: dict[str, Any], answered: Answered, standing: Standing) -> int:
        if standing.fenced:
            raise solving.Fenced()
        now = self._clock.now()
        return self._written(lambda conn: at_once.complete(conn, job=job, answered=answered, now=now))

    def _tell(self, job: dict[str, Any], answered: Answered) -> None:
        """Work out what is told about the answers; what breaks here leaves them as they are."""
        now = self._clock.now()
        try:
            with self._store.read() as conn:
                holders = at_once.holders(conn, answered, now)
            told = explaining.answers(answered.setting.world, answered.answers, holders, now=now)
            self._written(lambda conn: explaining.keep_answers(conn, job_id=job["id"], told=told, now=now))
        except Exception as error:  # noqa: BLE001 - nobody waits for it, and the answers are whole without it
            _log.error("explain_failed", job=str(job["id"]), failure=solving.failure_of(error))

    def _help(self) -> bool:
        """Work out what would have helped some who got nothing; whether there was anybody.

        What breaks here leaves them without, and keeps nobody else waiting.
        """
        with self._store.read() as conn:
            if not explanations.is_anybody_unhelped(conn):
                return False
        self._read()
        with self._store.transaction() as conn:
            unhelped = helping.begin(conn, books=self._books, now=self._clock.now())
        if unhelped:
            self._help_these(unhelped)
        return unhelped is not None

    def _help_these(self, unhelped: Unhelped) -> None:
        try:
            found = aside(lambda: self._changes(unhelped))
            self._written(lambda conn: helping.keep(conn, unhelped, found))
        except (Busy, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - nobody waits for it, and the answers are whole without it
            _log.error("help_failed", failure=solving.failure_of(error))
            self._written(lambda conn: helping.give_up(conn, unhelped))

    def _changes(self, unhelped: Unhelped) -> dict[UUID, list[dict[str, Any]]]:
        be_polite()
        return helping.changes(unhelped, now=self._clock.now(), should_stop=self._is_wanted)


class WhatIfLane(Lane):
    """Answers what if on copies: one at a time, politely, and from the beginning again after each round."""

    def _solve(self, job: dict[str, Any], standing: Standing) -> None:
        began = self._clock.now()
        with self._store.transaction() as conn:
            copy = comparing.begin(conn, job=job, now=began)
            limits = comparing.limits(conn, job)
        result = aside(lambda: self._compared(copy, limits, standing)) if copy else None
        if standing.fenced:
            raise solving.Fenced()
        if copy is None or result is None:
            self._let_go(job, standing)
            return
        now = self._clock.now()
        if not self._written(lambda conn: comparing.answer(conn, job=job, copy=copy, result=result, now=now)):
            raise solving.Fenced()
        side = result["changed"]
        gap = (side["bound"] - side["value"]) / side["bound"] if side["bound"] else 0.0
        self._show(job, began, 0, len(copy.world.requests), gap=gap)

    def _let_go(self, job: dict[str, Any], standing: Standing) -> None:
        """Put the job back if a round wants the solver; else nobody wants the answer."""
        if standing.cancelled or not standing.yielding:
            self._give_up(job, None)
        elif not self._written(lambda conn: rounds.put_back(conn, job_id=job["id"], epoch=job["epoch"])):
            raise solving.Fenced()

    def _compared(self, copy: comparing.Copy, limits: Limits, standing: Standing) -> dict[str, Any] | None:
        """What comes out; None if it was told to stop before."""
        be_polite()
        try:
            result = comparing.compare(
                copy,
                lambda side, problem: self._side(side, problem, limits, standing),
                standing.should_stop,
            )
        except comparing.Stopped:
            return None
        return None if standing.should_stop() else result

    def _side(self, side: str, problem: Problem, limits: Limits, standing: Standing) -> Solution:
        began = time.monotonic()
        standing.progress = Progress(f"{side}.loading")
        return solve(
            problem,
            replace(limits, threads=all_processors()),
            lambda progress: standing.report(progress._replace(phase=f"{side}.{progress.phase}")),
            standing.should_stop,
            elapsed=lambda: time.monotonic() - began,
            begin=step_back,
        )


def lanes(store: Store, clock: ClockReader, ending: Event) -> tuple[Lane, ...]:
    """One for each kind of job."""
    return (
        Lane("round", store, clock, ending),
        Desk(store, clock, ending),
        WhatIfLane("what_if", store, clock, ending),
    )


def main() -> int:
    """Run all lanes until SIGTERM or SIGINT; a running solve is left to whoever claims it next."""
    limit_memory(int(os.environ["SOLVER_MEMORY_MIB"]))
    # Taken by sigwait: a handler that sets an event hangs on the event's own lock when a second signal comes.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    ending = Event()
    configure_logs("solver")
    clock = system_clock()
    store = connect(os.environ["DATABASE_URL"], name="solver", max_size=8)
    with HealthServer(os.environ["METRICS_ADDRESS"], {"database": store.ping}):
        for lane in lanes(store, clock, ending):
            Thread(target=lane.run, daemon=True).start()
        Thread(target=warm_up, name="warm", daemon=True).start()
        signal.sigwait(ENDING_SIGNALS)
        ending.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())

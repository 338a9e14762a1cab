"""The solver process: takes jobs from matcher's database, solves them, writes what was found.

`python -m services.matcher.solver`: plain threads, no hub. One lane solves rounds, another the at-once pool,
so that a long round does not keep a single request waiting. While a lane works, a heartbeat renews its lease
each second with the progress; who finds the job under a newer epoch than its own stops and writes nothing.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from datetime import timedelta
from threading import Event, Thread
from typing import Any, TypeVar

import structlog
from prometheus_client import Gauge

from schemas.refusal import Busy, Unavailable
from services.chassis.health import HealthServer
from services.chassis.instant import ClockReader, system_clock
from services.chassis.logs import configure_logs
from services.chassis.store import Connection, Store, connect
from services.matcher.engine.model import Progress
from services.matcher.engine.solver import solve
from services.matcher.storage import rounds
from services.matcher.usecases import solving

LANES = ("round", "at_once")
SEARCHING = "searching"
LEASE = timedelta(seconds=10)
BEAT_SECONDS = 1.0
ENDING_SIGNALS = {signal.SIGTERM, signal.SIGINT}
IDLE_SECONDS = 0.5
# What was found is worth waiting for a busy database; beyond this another solver would have taken over.
WRITE_TRIES = 5

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

    def report(self, progress: Progress) -> None:
        """Note where the engine is; a phase without numbers keeps the last ones."""
        known = self.progress
        self.progress = Progress(
            progress.phase,
            known.value if progress.value is None else progress.value,
            known.bound if progress.bound is None else progress.bound,
        )

    def heard(self, on_search: Callable[[], None]) -> Callable[[Progress], None]:
        """`report`, that calls `on_search` when the search itself begins."""

        def hear(progress: Progress) -> None:
            if progress.phase == SEARCHING and self.progress.phase != SEARCHING:
                on_search()
            self.report(progress)

        return hear

    def should_stop(self) -> bool:
        """Whether the engine is to end."""
        return self.cancelled or self.fenced


class Lane:
    """Takes one kind of job after another."""

    def __init__(self, kind: str, store: Store, clock: ClockReader, ending: Event) -> None:
        self._kind, self._store, self._clock, self._ending = kind, store, clock, ending

    def run(self) -> None:
        """Work until the process ends; a database that is away is waited for."""
        while not self._ending.is_set():
            try:
                job = self._claim()
                if job is not None:
                    self._work(job)
                    continue
            except (Busy, Unavailable) as refusal:
                _log.warning("solver_waits", lane=self._kind, code=refusal.code)
            self._ending.wait(IDLE_SECONDS)

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
            self._solve(job, standing)
        except solving.Fenced:
            _log.warning("solver_fenced_off", job=str(job["id"]), epoch=job["epoch"])
        except (Busy, Unavailable):
            raise
        except Exception as error:  # noqa: BLE001 - whatever broke, the round must hear of it
            _log.exception("solve_failed", job=str(job["id"]))
            self._give_up(job, f"{type(error).__name__}: {error}")
        finally:
            done.set()
            beat.join()

    def _solve(self, job: dict[str, Any], standing: Standing) -> None:
        began = self._clock.now()
        with self._store.transaction() as conn:
            limits = solving.limits(conn, job)
            world = solving.begin(conn, job=job, now=began)
        if world is None:
            self._give_up(job, None)
            return
        report = standing.heard(step_back) if self._kind == "round" else standing.report
        solution = aside(lambda: solve(world.problem, limits, report, standing.should_stop))
        if standing.fenced:
            raise solving.Fenced()
        if standing.cancelled:
            self._give_up(job, None)
            return
        standing.report(Progress("writing", solution.value, solution.bound))
        now = self._clock.now()
        made = self._written(
            lambda conn: solving.complete(conn, job=job, world=world, solution=solution, now=now)
        )
        self._show(job, solution.gap, (now - began).total_seconds(), made, len(world.requests))

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

    def _renew(self, job: dict[str, Any], standing: Standing) -> None:
        now = self._clock.now()
        progress = {**standing.progress._asdict(), "at": now.isoformat()}
        with self._store.transaction() as conn:
            kept = rounds.renew(
                conn, job_id=job["id"], epoch=job["epoch"], until=now + LEASE, progress=progress
            )
        standing.fenced = kept is None
        standing.cancelled = bool(kept and kept["cancel"])

    def _show(self, job: dict[str, Any], gap: float, seconds: float, made: int, asked: int) -> None:
        SOLVED_GAP.labels(job["kind"]).set(gap)
        SOLVED_SECONDS.labels(job["kind"]).set(seconds)
        _log.info(
            "solved",
            kind=job["kind"],
            job=str(job["id"]),
            requests=asked,
            matches=made,
            gap=gap,
            seconds=seconds,
        )


def aside(work: Callable[[], _T]) -> _T:
    """What `work` returns or raises, on a thread of its own: who stepped back stays there.

    A daemon, and so no pool: the process may end while it works.
    """
    outcome: Future[_T] = Future()
    Thread(target=_settle, args=(outcome, work), name="solve", daemon=True).start()
    return outcome.result()


def _settle(outcome: Future[_T], work: Callable[[], _T]) -> None:
    try:
        outcome.set_result(work())
    except BaseException as error:  # noqa: BLE001 - raised again by who waits for it
        outcome.set_exception(error)


def step_back() -> None:
    """Have this thread compute only while nobody else wants the processor; the rest of the process goes on.

    A polite `nice` value is not enough: a processor is then given up only at the end of a slice, and every
    hop of a request waited for that. Not before the search: until then the thread holds the interpreter's
    lock, and with it the heartbeat.
    """
    os.sched_setscheduler(threading.get_native_id(), os.SCHED_IDLE, os.sched_param(0))


def main() -> int:
    """Run both lanes until SIGTERM or SIGINT; a running solve is left to whoever claims it next."""
    # Taken by sigwait: a handler that sets an event hangs on the event's own lock when a second signal comes.
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING_SIGNALS)
    ending = Event()
    configure_logs("solver")
    clock = system_clock()
    store = connect(os.environ["DATABASE_URL"], name="solver", max_size=6)
    with HealthServer(os.environ["METRICS_ADDRESS"], {"database": store.ping}):
        lanes = [Thread(target=Lane(kind, store, clock, ending).run, daemon=True) for kind in LANES]
        for lane in lanes:
            lane.start()
        signal.sigwait(ENDING_SIGNALS)
        ending.set()
    return 0


if __name__ == "__main__":
    sys.exit(main())

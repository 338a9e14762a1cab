"""One request after another answered at once, with as many others in the pool and a round that bids."""

from __future__ import annotations

import time
from dataclasses import replace

from deploy.bench.asked import THREADS, Asked
from deploy.bench.matching import made, never, say
from services.matcher.engine.at_once import AtOnce
from services.matcher.engine.model import Key, Limits, Problem
from services.matcher.engine.pending import Pending, read
from services.matcher.engine.solver import solve
from services.matcher.engine.warm import warm

_ASKED = 500
_THOUSAND = 1000


def run(wanted: Asked) -> int:
    """Print `asked N served S p50_ms A p95_ms B p95_cpu_ms C ready_seconds D read_seconds E`.

    A whole season is pooled in a round that is drawn up within LIMIT seconds; the same wishes once more, by
    other names, are the pool, and the first 500 of them are asked one after the other, each taking what it
    gets. `ready` is what a turn takes before its first answer, `read` what reading the round's papers takes.
    """
    problem = made(wanted)
    warm()
    pending, reading = _pending(problem, wanted.limit)
    pool = replace(problem, wishes=tuple(replace(wish, key=f"at once {wish.key}") for wish in problem.wishes))
    began = time.perf_counter()
    desk = AtOnce(pool, [pending])
    desk.ask(pool.wishes[-1])
    ready = time.perf_counter() - began
    took, busy, served = _asked(desk, pool)
    print(
        f"asked {len(took)} served {served} p50_ms {_at(took, 0.5)} p95_ms {_at(took, 0.95)}"
        f" p95_cpu_ms {_at(busy, 0.95)} ready_seconds {ready:.2f} read_seconds {reading:.2f}"
    )
    return 0


def _pending(problem: Problem, limit: float) -> tuple[Pending, float]:
    """The round as it is read back from its papers, and how long that took."""
    limits = Limits(seconds=limit, threads=THREADS)
    began = time.monotonic()
    solution = solve(
        problem,
        limits,
        lambda _: None,
        never,
        elapsed=lambda: time.monotonic() - began,
        with_papers=True,
    )
    assert solution.papers is not None
    say(f"the round: {len(solution.chosen)} served, gap {100 * solution.gap:.2f} %")
    named: list[Key] = [slot.key for slot in problem.slots]
    named += [expert.key for expert in problem.experts]
    named += [unit.key for unit in problem.units]
    keys = {str(key): key for key in named}
    began = time.monotonic()
    pending = read(solution.papers, problem.roads, lambda text: keys.get(text, text))
    return pending, time.monotonic() - began


def _asked(desk: AtOnce, pool: Problem) -> tuple[list[float], list[float], int]:
    """How long each answer took by the clock and in processor time, sorted; and how many were served."""
    took, busy, served = [], [], 0
    for wish in pool.wishes[:_ASKED]:
        began, worked = time.perf_counter(), time.thread_time()
        answer = desk.ask(wish)
        took.append(time.perf_counter() - began)
        busy.append(time.thread_time() - worked)
        if answer.option:
            desk.take(answer.option)
            served += 1
    return sorted(took), sorted(busy), served


def _at(times: list[float], part: float) -> str:
    return f"{_THOUSAND * times[int(len(times) * part)]:.1f}"

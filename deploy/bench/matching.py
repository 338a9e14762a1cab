"""One made season through the engine, from the problem to the proven solution, in one line."""

from __future__ import annotations

import resource
import sys
import time
from dataclasses import replace

from deploy.bench.asked import THREADS, Asked
from services.matcher.engine.model import FairnessTold, Limits, Problem, Progress
from services.matcher.engine.season import season
from services.matcher.engine.solver import solve
from services.matcher.engine.warm import warm
from services.matcher.roads import RegionRoads

_EVERY_SECONDS = 1.0
_KIB = 1024


def run(wanted: Asked) -> int:
    """Print `value V bound B gap G % seconds S peak_mib M`; progress goes to stderr."""
    problem = made(wanted)
    warm()
    began = time.monotonic()
    limits = Limits(seconds=wanted.limit, threads=THREADS)
    solution = solve(problem, limits, Teller(began), never, elapsed=lambda: time.monotonic() - began)
    seconds = time.monotonic() - began
    say(f"{solution.status}, {solution.options} options, {len(solution.chosen)} of {wanted.requests} served")
    if solution.fairness:
        say(fairness(solution.fairness))
    print(
        f"value {solution.value} bound {solution.bound} gap {percent(solution.value, solution.bound)} %"
        f" seconds {seconds:.2f} peak_mib {peak_mib()}"
    )
    return 0


def made(wanted: Asked) -> Problem:
    """The season that is asked for."""
    began = time.monotonic()
    problem = season(wanted.requests, wanted.seed, RegionRoads())
    problem = replace(problem, fairness=wanted.fairness)
    say(f"{wanted.requests} requests, seed {wanted.seed}: made in {time.monotonic() - began:.1f} s")
    return problem


def fairness(told: FairnessTold) -> str:
    """The lowest district's share in the plan and in the fair one, the ceiling, and the price."""
    districts = [group for group in told.groups if len(group.name) == 1]
    lowest, fair = (
        min(getattr(group, name) / max(1, group.demand) for group in districts) for name in ("served", "fair")
    )
    shares = f"lowest district {lowest:.1%}, in the fair plan {fair:.1%}"
    most = f", in no plan above {told.highest:.1%}" if told.highest < 1 else ""
    price = "" if told.value is None else f"; costs {told.value} points and {told.people} people by prices"
    return f"{shares}{most}{price}"


class Teller:
    """Hears of progress, and tells of it on stderr once a second."""

    def __init__(self, began: float) -> None:
        self._began = self._told = began

    def __call__(self, progress: Progress) -> None:
        """Hear of it."""
        now = time.monotonic()
        if now - self._told >= _EVERY_SECONDS:
            self._told = now
            value = "-" if progress.value is None else progress.value
            bound = "-" if progress.bound is None else progress.bound
            say(f"{now - self._began:6.1f} s  {progress.phase:<12} value {value} bound {bound}")


def never() -> bool:
    """Nobody stops a measurement."""
    return False


def percent(value: int, bound: int) -> str:
    """The gap between them, of the bound, with three decimals."""
    return f"{100 * (bound - value) / bound if bound else 0.0:.3f}"


def peak_mib() -> int:
    """The most memory that this process ever had, and the largest of its children."""
    peaks = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(peaks) // _KIB


def say(text: str) -> None:
    """A line for whoever watches."""
    print(text, file=sys.stderr, flush=True)

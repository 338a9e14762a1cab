"""What a plan comes to, in numbers that people ask for: served, pupils, districts."""

from __future__ import annotations

import random
import time
from collections.abc import Sequence
from dataclasses import replace

from services.matcher.engine.candidates import Finder
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import Limits, Option, Problem, Progress
from services.matcher.engine.plan import greedy
from services.matcher.engine.simulate import Outcome
from services.matcher.engine.solver import solve

THREADS = 2


def together(problem: Problem, limit: float) -> Outcome:
    """All wishes solved together, in so many seconds."""
    began = time.monotonic()
    limits = Limits(seconds=limit, threads=THREADS)
    solution = solve(problem, limits, _hear, _never, elapsed=lambda: time.monotonic() - began)
    return _outcome(problem, solution.chosen, solution.bound)


def first_come(problem: Problem, seed: int) -> Outcome:
    """Wishes in an order drawn from the seed, each taking the best that is still free, as booking does."""
    problem = replace(problem, roads=KnownRoads(problem.roads))
    found = [options for options, _ in Finder(problem).all()]
    options = [option for each in found for option in each]
    turn = list(range(len(problem.wishes)))
    random.Random(seed).shuffle(turn)
    order = sorted(range(len(options)), key=lambda n: (turn[options[n].wish], -options[n].value, n))
    return _outcome(problem, [options[number] for number in greedy(problem, options, order)])


def _outcome(problem: Problem, chosen: Sequence[Option], bound: int = 0) -> Outcome:
    served = frozenset(option.wish for option in chosen)
    return Outcome(problem, served, sum(option.value for option in chosen), bound)


def _hear(progress: Progress) -> None:
    """Nobody watches a simulation."""


def _never() -> bool:
    return False

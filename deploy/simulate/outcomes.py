"""What a plan comes to, in numbers that people ask for: served, pupils, districts."""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from services.matcher.engine.candidates import Finder
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import Key, Limits, Option, Problem, Progress
from services.matcher.engine.plan import greedy
from services.matcher.engine.solver import solve

THREADS = 2


class Outcome(NamedTuple):
    """A plan of a problem: who is served, and `bound`, which is 0 where nothing was proven."""

    problem: Problem
    served: frozenset[int]
    value: int
    bound: int = 0

    @property
    def pupils(self) -> int:
        """Pupils in the groups that are served."""
        wishes = (self.problem.wishes[number] for number in self.served)
        return sum(wish.size for wish in wishes if wish.audience == "pupils")

    @property
    def keys(self) -> frozenset[Key]:
        """The wishes that are served, by key."""
        return frozenset(self.problem.wishes[number].key for number in self.served)

    @property
    def gap(self) -> float:
        """Percent that the plan is at most below the best there is."""
        return 100 * (self.bound - self.value) / self.bound if self.bound else 0.0

    def shares(self) -> dict[str, float]:
        """The share of wishes served in percent, by district code, of those that have wishes."""
        asked = Counter(wish.area for wish in self.problem.wishes)
        got = Counter(self.problem.wishes[number].area for number in self.served)
        return {area: 100 * got[area] / number for area, number in sorted(asked.items())}


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

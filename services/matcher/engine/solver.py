"""The joint solve: candidates, rows, a greedy start, then HiGHS with its own bound.

The objective is the points plus less than one point of tie-break in all, drawn from the seed: it decides
between equal plans, and since every plan is worth whole points, the bound's floor still holds.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from services.matcher.engine import milp
from services.matcher.engine.candidates import Finder
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import (
    Finding,
    Key,
    Kind,
    Limits,
    Option,
    Problem,
    Progress,
    Reason,
    Solution,
)
from services.matcher.engine.plan import greedy, is_possible
from services.matcher.engine.rows import rows

Report = Callable[[Progress], None]
ShouldStop = Callable[[], bool]
_SPLIT = 8
_EVERY = 64


class ImpossiblePlan(AssertionError):
    """The rows let through what the plain rules do not: an error of the engine, never of its input."""


class _World(NamedTuple):
    options: list[Option]
    findings: dict[Key, Finding]


def solve(problem: Problem, limits: Limits, report: Report, should_stop: ShouldStop) -> Solution:
    """The best plan within `limits`, with its bound.

    Calls `report` as it gets on, and ends soon after `should_stop()` is true, with the best plan so far.
    The same problem and seed give the same plan, unless `limits.seconds` cut the search short.
    """
    problem = replace(problem, roads=KnownRoads(problem.roads))
    world = _world(problem, report, should_stop)
    if not world.options:
        return Solution((), 0, 0, "optimal", 0, world.findings)
    objective = _objective(problem, world.options)
    order = np.argsort(-objective, kind="stable")
    start = greedy(problem, world.options, (int(number) for number in order))
    best = sum(world.options[number].value for number in start)
    report(Progress("searching", best, _easy_bound(world.options)))
    answer = _search(problem, world.options, objective, start, limits, report, should_stop)
    return _solution(problem, world, answer, start)


def _world(problem: Problem, report: Report, should_stop: ShouldStop) -> _World:
    finder = Finder(problem)
    world = _World([], {})
    for number, wish in enumerate(problem.wishes):
        if number % _EVERY == 0:
            report(Progress("candidates"))
            if should_stop():
                break
        found, world.findings[wish.key] = finder.options(number)
        world.options.extend(found)
    return world


def _objective(problem: Problem, options: Sequence[Option]) -> np.ndarray:
    """Points, and for each option a share of less than 1 / number of wishes drawn from the seed."""
    unit = 1 / (_SPLIT * max(1, len(problem.wishes)))
    return np.array([option.value + unit * _lot(problem, option) for option in options])


def _lot(problem: Problem, option: Option) -> int:
    wish, leg = problem.wishes[option.wish], option.legs[0]
    drawn = f"{problem.seed}|{wish.key}|{leg.resource}|{leg.start}"
    return hashlib.sha256(drawn.encode()).digest()[0] % _SPLIT


def _easy_bound(options: Sequence[Option]) -> int:
    """Every wish gets its best option."""
    best: dict[int, int] = {}
    for option in options:
        best[option.wish] = max(best.get(option.wish, 0), option.value)
    return sum(best.values())


def _search(
    problem: Problem,
    options: Sequence[Option],
    objective: np.ndarray,
    start: Sequence[int],
    limits: Limits,
    report: Report,
    should_stop: ShouldStop,
) -> milp.Answer:
    ceiling = _easy_bound(options)

    def watch(value: float, bound: float) -> bool:
        report(Progress("searching", _whole(value), _whole(min(bound, ceiling))))
        return should_stop()

    model = milp.Model(objective, rows(problem, options))
    return milp.maximise(model, start=start, limits=limits, seed=_number(problem.seed), watch=watch)


def _solution(problem: Problem, world: _World, answer: milp.Answer, start: Sequence[int]) -> Solution:
    value = sum(world.options[number].value for number in answer.chosen)
    least = sum(world.options[number].value for number in start)
    chosen = tuple(world.options[number] for number in (answer.chosen if value >= least else start))
    if not is_possible(problem, chosen):
        raise ImpossiblePlan(f"{len(chosen)} options")
    value = max(value, least)
    proven, easy = _whole(answer.bound), _easy_bound(world.options)
    bound = max(value, easy if proven is None else min(proven, easy))
    findings = _with_contests(problem, world, chosen)
    return Solution(chosen, value, bound, answer.status, len(world.options), findings)


def _with_contests(problem: Problem, world: _World, chosen: Sequence[Option]) -> dict[Key, Finding]:
    """Findings in which a wish that had candidates and got none lost them to others, by kind of resource."""
    served = {option.wish for option in chosen}
    lost: dict[Key, dict[Kind, set[Key]]] = {}
    for option in world.options:
        if option.wish not in served:
            kinds = lost.setdefault(problem.wishes[option.wish].key, {})
            kinds.setdefault(option.legs[0].kind, set()).add(option.legs[0].resource)
    return world.findings | {key: _contested(world.findings[key], kinds) for key, kinds in lost.items()}


def _contested(finding: Finding, kinds: dict[Kind, set[Key]]) -> Finding:
    contests = tuple(Reason(kind, "contest", len(keys)) for kind, keys in sorted(kinds.items()))
    return Finding(finding.candidates, finding.reasons + contests)


def _whole(value: float) -> int | None:
    """The whole points in a value or bound of the search; None while it has none."""
    return math.floor(value + 1e-6) if math.isfinite(value) else None


def _number(seed: str) -> int:
    """A seed for the search, from the round's."""
    return int.from_bytes(hashlib.sha256(seed.encode()).digest()[:3])

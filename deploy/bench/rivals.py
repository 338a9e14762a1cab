"""What else could be had for the same problem in the same seconds: greedy, HiGHS, CP-SAT.

They are given what helps them: the options ready made, exact rows, the greedy plan to start from, two
threads, and the whole limit for their search alone: what is made ready for them does not count.
CP-SAT comes with ortools, which is no part of the project: who wants it measured installs it.
"""

from __future__ import annotations

import importlib
import math
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType
from typing import Any, NamedTuple

import numpy as np

from deploy.bench.asked import THREADS, Asked
from deploy.bench.matching import made, percent, say
from deploy.bench.rows import rows
from services.matcher.engine import milp
from services.matcher.engine.assignment import Assignment
from services.matcher.engine.candidates import Finder
from services.matcher.engine.journeys import KnownRoads
from services.matcher.engine.model import Limits, Option, Problem
from services.matcher.engine.plan import greedy, is_possible

_NOTHING = 2


class Task(NamedTuple):
    """A problem as rivals read it; `start` are the numbers of the greedy plan's options."""

    problem: Problem
    options: list[Option]
    rows: list[milp.Row]
    start: list[int]


class Result(NamedTuple):
    """`chosen` are numbers of options, `seconds` those of the search alone."""

    chosen: list[int]
    bound: int
    seconds: float


def run(wanted: Asked) -> int:
    """Print `rival value V bound B gap G % seconds S` for each, or for each file of DIR
    `instance cpsat cost bound seconds`.
    """
    return _on_files(wanted) if wanted.dir else _on_season(wanted)


def _on_season(wanted: Asked) -> int:
    began = time.monotonic()
    task = prepared(made(wanted))
    say(f"{len(task.options)} options, {len(task.rows)} rows: {time.monotonic() - began:.1f} s")
    for name, rival in RIVALS.items():
        try:
            result = rival(task, wanted)
        except ModuleNotFoundError:
            say(f"{name}: not measured, ortools is not installed (pip install ortools)")
            continue
        print(line(name, task, result), flush=True)
    return 0


def prepared(problem: Problem) -> Task:
    """Options, exact rows and the greedy plan of a problem."""
    problem = replace(problem, roads=KnownRoads(problem.roads))
    finder = Finder(problem)
    options = [option for number in range(len(problem.wishes)) for option in finder.options(number)[0]]
    order = sorted(range(len(options)), key=lambda number: -options[number].value)
    return Task(problem, options, rows(problem, options), greedy(problem, options, order))


def line(name: str, task: Task, result: Result) -> str:
    """`rival value V bound B gap G % seconds S`; AssertionError if its plan is not possible."""
    plan = [task.options[number] for number in result.chosen]
    if not is_possible(task.problem, plan):
        raise AssertionError(f"{name}: its plan breaks a rule")
    value = sum(option.value for option in plan)
    gap = percent(value, result.bound)
    return f"{name} value {value} bound {result.bound} gap {gap} % seconds {result.seconds:.2f}"


def by_greedy(task: Task, wanted: Asked) -> Result:
    """The most valuable option first; the bound is that every wish gets its best one."""
    began = time.monotonic()
    order = sorted(range(len(task.options)), key=lambda number: -task.options[number].value)
    chosen = greedy(task.problem, task.options, order)
    return Result(chosen, _easy_bound(task), time.monotonic() - began)


def by_highs(task: Task, wanted: Asked) -> Result:
    """HiGHS on the exact rows."""
    began = time.monotonic()
    model = milp.Model(np.array([float(option.value) for option in task.options]), task.rows)
    limits = Limits(seconds=wanted.limit, threads=THREADS)
    answer = milp.maximise(model, start=task.start, limits=limits, seed=wanted.seed, watch=_look_on)
    return Result(answer.chosen, _whole(answer.bound, task), time.monotonic() - began)


def by_cpsat(task: Task, wanted: Asked) -> Result:
    """CP-SAT on the same rows, those of ones as "at most one"."""
    cp_model = _cp_model()
    model, started = cp_model.CpModel(), set(task.start)
    taken = [model.new_bool_var("") for _ in task.options]
    for row in task.rows:
        _add(model, taken, row)
    for number, variable in enumerate(taken):
        model.add_hint(variable, number in started)
    values = [option.value for option in task.options]
    model.maximize(cp_model.LinearExpr.weighted_sum(taken, values))
    solver, seconds = _searched(cp_model, model, wanted)
    if not solver.response_proto.solution:
        # It got no further than its start, which it has not seen to be a plan.
        return Result(task.start, _easy_bound(task), seconds)
    found = [number for number, variable in enumerate(taken) if solver.boolean_value(variable)]
    return Result(found, _whole(solver.best_objective_bound, task), seconds)


RIVALS: dict[str, Callable[[Task, Asked], Result]] = {
    "greedy": by_greedy,
    "highs": by_highs,
    "cpsat": by_cpsat,
}


def _add(model: Any, taken: Sequence[Any], row: milp.Row) -> None:
    members = [taken[number] for number in row.options]
    if row.limit == 1 and set(row.weights) == {1}:
        model.add_at_most_one(members)
    else:
        model.add(sum(w * member for w, member in zip(row.weights, members, strict=True)) <= row.limit)


def _easy_bound(task: Task) -> int:
    best: dict[int, int] = {}
    for option in task.options:
        best[option.wish] = max(best.get(option.wish, 0), option.value)
    return sum(best.values())


def _whole(bound: float, task: Task) -> int:
    """Points are whole; without a bound of its own a rival has the easy one."""
    easy = _easy_bound(task)
    return min(easy, math.floor(bound + 1e-6)) if math.isfinite(bound) else easy


def _look_on(value: float, bound: float) -> bool:
    return False


# -- the files of generalised assignment


def _on_files(wanted: Asked) -> int:
    from deploy.bench import gap  # what solves files by the engine is not needed for a season

    if wanted.dir is None or not wanted.dir.is_dir():
        return _NOTHING
    for name, task in gap.tasks(wanted.dir):
        try:
            print(assigned(name, task, wanted), flush=True)
        except ModuleNotFoundError:
            say("cpsat: not measured, ortools is not installed (pip install ortools)")
            return _NOTHING
    return 0


def assigned(name: str, task: Assignment, wanted: Asked) -> str:
    """`instance cpsat cost bound seconds`: one agent a job, no agent beyond capacity, least cost."""
    cp_model = _cp_model()
    model = cp_model.CpModel()
    agents = range(len(task.capacity))
    taken = [[model.new_bool_var("") for _ in range(task.jobs)] for _ in agents]
    for job in range(task.jobs):
        model.add_exactly_one(row[job] for row in taken)
    for agent in agents:
        used = cp_model.LinearExpr.weighted_sum(taken[agent], task.use[agent].tolist())
        model.add(used <= int(task.capacity[agent]))
    everything = [variable for row in taken for variable in row]
    model.minimize(cp_model.LinearExpr.weighted_sum(everything, task.cost.ravel().tolist()))
    solver, seconds = _searched(cp_model, model, wanted)
    found = solver.response_proto.solution
    cost = round(solver.objective_value) if found else "-"
    return f"{name} cpsat {cost} {math.ceil(solver.best_objective_bound - 1e-6)} {seconds:.2f}"


def _cp_model() -> ModuleType:
    return importlib.import_module("ortools.sat.python.cp_model")


def _searched(cp_model: Any, model: Any, wanted: Asked) -> tuple[Any, float]:
    solver = cp_model.CpSolver()
    solver.parameters.max_time_in_seconds = wanted.limit
    solver.parameters.num_workers = THREADS
    solver.parameters.random_seed = wanted.seed
    began = time.monotonic()
    solver.solve(model)
    return solver, time.monotonic() - began

"""Every instance of a folder of generalised assignment files through the engine, a line each."""

from __future__ import annotations

import csv
import statistics
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

from deploy.bench.asked import THREADS, Asked
from deploy.bench.matching import never, say
from services.matcher.engine import assignment
from services.matcher.engine.assignment import Assignment, NotAnAssignment
from services.matcher.engine.model import Limits, Progress
from services.matcher.engine.search import search

_NOTHING = 2
_NO_INSTANCES = {".csv", ".md", ".txt", ".json"}


class Measured(NamedTuple):
    """`cost` is None where no assignment of all jobs was found, `bound` where none was proven."""

    name: str
    cost: int | None
    bound: int | None
    seconds: float

    @property
    def line(self) -> str:
        """`instance cost bound seconds`, with - for what there is not."""
        known = ("-" if number is None else str(number) for number in (self.cost, self.bound))
        return " ".join((self.name, *known, f"{self.seconds:.2f}"))


def run(wanted: Asked) -> int:
    """Print `instance cost bound seconds` for each file, and how far from best known to stderr."""
    if wanted.dir is None or not wanted.dir.is_dir():
        say("bench-gap: DIR must be a folder of instances")
        return _NOTHING
    measured = []
    for name, task in tasks(wanted.dir):
        measured.append(solved(name, task, wanted))
        print(measured[-1].line, flush=True)
    for line in summary(measured, best_known(wanted.dir)):
        say(line)
    return 0 if measured else _NOTHING


def tasks(folder: Path) -> Iterator[tuple[str, Assignment]]:
    """The instances of a folder by name; says which files are none."""
    for path in sorted(path for path in folder.iterdir() if path.is_file()):
        if path.suffix.lower() in _NO_INSTANCES or path.name.startswith("."):
            say(f"{path.name}: left out")
            continue
        try:
            yield path.name, assignment.parse(path.read_text(encoding="ascii"))
        except (NotAnAssignment, UnicodeDecodeError) as error:
            say(f"{path.name}: left out, {error}")


def solved(name: str, task: Assignment, wanted: Asked) -> Measured:
    """One instance by the engine, from its numbers to the proven plan."""
    began = time.monotonic()
    found = _solved(name, task, wanted, began)
    return found if found.cost is not None else _solved(name, task.surely(), wanted, began)


def _solved(name: str, task: Assignment, wanted: Asked, began: float) -> Measured:
    instance = assignment.instance(task)
    limits = Limits(seconds=wanted.limit, threads=THREADS)
    outcome = search(
        instance,
        seed=wanted.seed,
        limits=limits,
        report=_hear,
        should_stop=never,
        elapsed=lambda: time.monotonic() - began,
    )
    seconds = time.monotonic() - began
    bound = task.cost_of(outcome.bound)
    agents = assignment.agents_of(instance, outcome.chosen)
    if len(agents) < task.jobs:
        return Measured(name, None, bound, seconds)
    cost = sum(int(task.cost[agent, job]) for job, agent in agents.items())
    if not assignment.is_kept(task, agents) or cost != task.cost_of(outcome.value) or cost < bound:
        raise AssertionError(f"{name}: the engine's plan is not what it says")
    return Measured(name, cost, bound, seconds)


def best_known(folder: Path) -> dict[str, int]:
    """The best known costs in a folder's best_known.csv; empty if it has none."""
    path = folder / "best_known.csv"
    if not path.exists():
        return {}
    with path.open(encoding="utf-8", newline="") as file:
        return {row["instance"]: int(row["best_known"]) for row in csv.DictReader(file)}


def summary(measured: list[Measured], known: Mapping[str, int]) -> list[str]:
    """How far costs and bounds are from best known, by class (first letters of a name) and in all."""
    classes: dict[str, list[Measured]] = defaultdict(list)
    for each in measured:
        if each.name in known:
            classes[class_of(each.name)].append(each)
    lines = [_of_class(name, its, known) for name, its in sorted(classes.items())]
    together = [each for its in classes.values() for each in its]
    return [*lines, _of_class("all", together, known)] if together else []


def class_of(name: str) -> str:
    """What comes before the first digit: gap, a, b, c ..."""
    return name[: next((at for at, sign in enumerate(name) if sign.isdigit()), len(name))] or name


def deviation(cost: int | None, best: int) -> float:
    """Percent above the best known cost; infinite if there is no assignment."""
    return float("inf") if cost is None else 100 * (cost - best) / best if best else float(cost > 0)


def shortfall(bound: int | None, best: int) -> float:
    """Percent of the best known cost that the bound lies below it; infinite if there is none."""
    return float("inf") if bound is None else 100 * (best - bound) / best if best else 0.0


def _of_class(name: str, its: list[Measured], known: Mapping[str, int]) -> str:
    above = [deviation(each.cost, known[each.name]) for each in its]
    below = [shortfall(each.bound, known[each.name]) for each in its]
    worst = its[above.index(max(above))].name
    return (
        f"{name}: {len(its)} instances, cost {statistics.fmean(above):.3f} % above best known on average,"
        f" {max(above):.3f} % at worst ({worst}), bound {statistics.fmean(below):.3f} % below on average,"
        f" {max(below):.3f} % at worst, {sum(each.cost == known[each.name] for each in its)} at best known"
    )


def _hear(progress: Progress) -> None:
    """An instance is over soon enough."""

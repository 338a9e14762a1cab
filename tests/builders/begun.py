"""A made season, and a search on one that has prices and a plan by value alone, not bettered yet."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np

from services.matcher.engine.assemble import assemble
from services.matcher.engine.fairness import Fair, Fairness
from services.matcher.engine.instance import Instance
from services.matcher.engine.model import Limits, Option, Problem
from services.matcher.engine.moves import fill
from services.matcher.engine.prices import Relaxation, seek
from services.matcher.engine.season import season
from services.matcher.engine.state import State, Watching
from services.matcher.engine.workers import Workers
from services.matcher.roads import RegionRoads
from tests.builders import papers


class Drawn(NamedTuple):
    """A problem with its options and their instance."""

    problem: Problem
    options: list[Option]
    instance: Instance


@cache
def a_season() -> Drawn:
    """Of 200 requests; nobody changes it."""
    problem = season(200, 10, RegionRoads())
    options = papers.options_of(problem)
    return Drawn(problem, options, assemble(problem, options).instance)


def a_search(instance: Instance, workers: Workers, fair: Fair | None = None) -> tuple[State, Relaxation]:
    """Without a clock, meant for four seconds; with `fair` its plan is its own fair plan."""
    watching = Watching(lambda _: None, lambda: False, None)
    state = State(instance, workers, 1, Limits(4.0, workers.number), watching)
    relaxation = Relaxation(instance, workers)
    state.prove(relaxation, seek(relaxation, 120, state.watch_bound).prices)
    fill(state.board, state.plan, np.argsort(-instance.value, kind="stable"))
    if fair:
        floors = fair.floors(state.served(state.chosen))
        state.fairness = Fairness(state.chosen.tolist(), floors, (), None, None)
        state.accepts = lambda chosen: floors.are_kept(floors.groups.served(state.served(chosen)))
    state.keep()
    return state, relaxation

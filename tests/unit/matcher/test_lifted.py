"""A plan made fairer by parts: whoever is lowest gains, nobody falls to where they were, all rules hold."""

from __future__ import annotations

import numpy as np
import pytest

from services.matcher.engine.assemble import assemble
from services.matcher.engine.chains import Guide, guide
from services.matcher.engine.fairness import Fair
from services.matcher.engine.groups import groups_of
from services.matcher.engine.instance import Ints
from services.matcher.engine.lifted import lift
from services.matcher.engine.model import HUNDRED, Limits, Option, Problem
from services.matcher.engine.moves import fill
from services.matcher.engine.plan import is_possible
from services.matcher.engine.prices import Relaxation, seek
from services.matcher.engine.season import season
from services.matcher.engine.state import State, Watching
from services.matcher.engine.workers import Workers
from services.matcher.roads import RegionRoads
from tests.builders import papers

SEEDS = (10, 11, 12)
PARTS = 12


@pytest.fixture(scope="module")
def workers() -> Workers:
    """One thread."""
    return Workers(1, None)


def _begun(problem: Problem, options: list[Option], workers: Workers) -> tuple[State, Guide]:
    """A state whose plan was filled by value alone, and its prices."""
    instance = assemble(problem, options).instance
    state = State(instance, workers, 1, Limits(60.0), Watching(lambda _: None, lambda: False, None))
    relaxation = Relaxation(instance, workers)
    relaxed = seek(relaxation, 60, state.watch_bound)
    state.prove(relaxation, relaxed.prices)
    fill(state.board, state.plan, np.argsort(-instance.value, kind="stable"))
    return state, guide(state, relaxation)


@pytest.mark.parametrize("seed", SEEDS)
def test_the_lowest_are_lifted_and_nobody_falls_to_where_they_were(seed: int, workers: Workers) -> None:
    problem = season(60, seed, RegionRoads())
    options = papers.options_of(problem)
    state, guided = _begun(problem, options, workers)
    fair = Fair(groups_of(problem.wishes), HUNDRED)

    def rank(chosen: Ints) -> tuple[list[int], list[int]]:
        return fair.rank(state.instance, chosen)[:2]

    before = rank(state.chosen)
    lift(state, fair.groups, guided.doorman, PARTS)

    assert rank(state.chosen) > before
    assert is_possible(problem, [options[number] for number in state.chosen])

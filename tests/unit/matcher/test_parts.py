"""Parts solved anew: the plan gets better and stays possible, floors are kept, threads change nothing."""

from __future__ import annotations

import numpy as np
import pytest

from services.matcher.engine.assemble import assemble
from services.matcher.engine.chains import guide
from services.matcher.engine.fairness import Fair
from services.matcher.engine.groups import groups_of
from services.matcher.engine.instance import Instance, Ints
from services.matcher.engine.model import Option, Problem
from services.matcher.engine.parts import parts
from services.matcher.engine.plan import is_possible
from services.matcher.engine.season import season
from services.matcher.engine.state import Ended
from services.matcher.engine.workers import Workers
from services.matcher.roads import RegionRoads
from tests.builders import papers
from tests.builders.begun import a_search

POLICY = 90


@pytest.fixture(scope="module")
def asked() -> Problem:
    return season(200, 10, RegionRoads())


@pytest.fixture(scope="module")
def options(asked: Problem) -> list[Option]:
    return papers.options_of(asked)


@pytest.fixture(scope="module")
def instance(asked: Problem, options: list[Option]) -> Instance:
    return assemble(asked, options).instance


def solved_anew(instance: Instance, *, threads: int = 1, fair: Fair | None = None) -> tuple[Ints, Ints]:
    """A plan filled by value alone, and what parts make of it; with `fair` it is its own fair plan."""
    with Workers(threads) as workers:
        state, relaxation = a_search(instance, workers, fair)
        before = state.chosen
        try:
            parts(state, guide(state, relaxation).doorman)
        except Ended:
            assert state.value == state.bound
        return before, state.kept


def worth(instance: Instance, chosen: Ints) -> int:
    return int(instance.value[chosen].sum())


def test_a_plan_gets_better_and_stays_possible(
    asked: Problem, options: list[Option], instance: Instance
) -> None:
    before, after = solved_anew(instance)
    assert worth(instance, after) > worth(instance, before)
    assert is_possible(asked, [options[number] for number in after])


def test_two_threads_make_the_same_of_it(instance: Instance) -> None:
    assert np.array_equal(solved_anew(instance)[1], solved_anew(instance, threads=2)[1])


def test_floors_are_kept(asked: Problem, instance: Instance) -> None:
    fair = Fair(groups_of(asked.wishes), POLICY)
    before, after = solved_anew(instance, fair=fair)
    floors = fair.floors(instance.wish[before])
    assert worth(instance, after) > worth(instance, before)
    assert floors.are_kept(floors.groups.served(instance.wish[after]))

"""Parts solved anew: the plan gets better and stays possible, floors are kept, threads change nothing."""

from __future__ import annotations

import numpy as np

from services.matcher.engine.chains import guide
from services.matcher.engine.fairness import Fair
from services.matcher.engine.groups import groups_of
from services.matcher.engine.instance import Instance, Ints
from services.matcher.engine.parts import parts
from services.matcher.engine.plan import is_possible
from services.matcher.engine.state import Ended
from services.matcher.engine.workers import Workers
from tests.builders.begun import a_search, a_season

POLICY = 90


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


def test_a_plan_gets_better_and_stays_possible() -> None:
    asked, options, instance = a_season()
    before, after = solved_anew(instance)
    assert worth(instance, after) > worth(instance, before)
    assert is_possible(asked, [options[number] for number in after])


def test_two_threads_make_the_same_of_it() -> None:
    instance = a_season().instance
    assert np.array_equal(solved_anew(instance)[1], solved_anew(instance, threads=2)[1])


def test_floors_are_kept() -> None:
    asked, _, instance = a_season()
    fair = Fair(groups_of(asked.wishes), POLICY)
    before, after = solved_anew(instance, fair=fair)
    floors = fair.floors(instance.wish[before])
    assert worth(instance, after) > worth(instance, before)
    assert floors.are_kept(floors.groups.served(instance.wish[after]))

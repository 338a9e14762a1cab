"""What is solved exactly: HiGHS told what its start is worth, and the options of least loss together."""

from __future__ import annotations

import numpy as np
import pytest

from services.matcher.engine import milp
from services.matcher.engine.chains import guide
from services.matcher.engine.exactly import kernel
from services.matcher.engine.fairness import Fair
from services.matcher.engine.groups import groups_of
from services.matcher.engine.instance import Instance, Ints
from services.matcher.engine.model import Limits
from services.matcher.engine.plan import is_possible
from services.matcher.engine.state import Ended
from services.matcher.engine.workers import Workers
from tests.builders.begun import a_search, a_season

LIMITS = Limits(10.0, 1, 0.0)


def a_model(seed: int) -> milp.Model:
    """Sixty options under forty rows of "at most one" and five of seats."""
    dice = np.random.default_rng(seed)
    groups = (dice.choice(60, size=dice.integers(3, 12), replace=False) for _ in range(40))
    rows = [milp.row(members) for members in groups]
    for _ in range(5):
        sizes = dice.integers(1, 30, 20)
        rows.append(milp.Row(dice.choice(60, size=20, replace=False), sizes, int(sizes.sum()) // 4))
    return milp.Model(dice.integers(1, 1000, 60).astype(float), rows)


def worth(model: milp.Model, chosen: list[int]) -> float:
    return float(model.objective[chosen].sum())


@pytest.mark.parametrize("seed", range(60))
def test_what_a_start_is_worth_does_not_hide_the_optimum(seed: int) -> None:
    """Neither if the start is the optimum itself, nor if it is less."""
    model = a_model(seed)
    free = milp.maximise(model, start=(), limits=LIMITS, seed=0)
    assert free.status == "optimal"
    for start in (free.chosen, free.chosen[1:], free.chosen[:2]):
        found = milp.maximise(model, start=start, limits=LIMITS, seed=0)
        assert (found.status, worth(model, found.chosen)) == ("optimal", worth(model, free.chosen))
        assert found.bound == pytest.approx(free.bound)


def test_a_start_that_is_not_bettered_in_time_is_the_answer() -> None:
    model = a_model(1)
    best = milp.maximise(model, start=(), limits=LIMITS, seed=0).chosen
    cut = milp.maximise(model, start=best[1:], limits=LIMITS, seed=0, watch=lambda *_: True)
    assert worth(model, cut.chosen) >= worth(model, best[1:])


# -- the options of least loss


def with_kernel(instance: Instance, number: int, fair: Fair | None = None) -> tuple[Ints, Ints, int]:
    """A plan by value alone, what its kernel makes of it, and the bound; `fair` as for a search begun."""
    with Workers(1) as workers:
        state, relaxation = a_search(instance, workers, fair)
        before = state.chosen
        try:
            kernel(state, guide(state, relaxation).loss, number, 1.0)
        except Ended:
            assert state.value == state.bound
        return before, state.kept, state.bound


def test_few_options_of_least_loss_hold_a_plan_near_the_bound() -> None:
    asked, options, instance = a_season()
    before, after, bound = with_kernel(instance, 6 * instance.wishes)
    assert is_possible(asked, [options[number] for number in after])
    gap, was = (bound - int(instance.value[each].sum()) for each in (after, before))
    assert 0 <= gap < was / 5


def test_what_the_plan_has_stays_among_them() -> None:
    """With no other option at all nothing is lost."""
    instance = a_season().instance
    before, after, _ = with_kernel(instance, 0)
    assert set(before) == set(after)


def test_floors_are_kept() -> None:
    asked, _, instance = a_season()
    fair = Fair(groups_of(asked.wishes), 90)
    before, after, _ = with_kernel(instance, 6 * instance.wishes, fair)
    floors = fair.floors(instance.wish[before])
    assert floors.are_kept(floors.groups.served(instance.wish[after]))
    assert instance.value[after].sum() > instance.value[before].sum()

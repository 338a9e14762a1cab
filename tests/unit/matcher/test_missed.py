"""What a plan misses of its bound: in all the gap, at each place what mends it."""

from __future__ import annotations

import numpy as np
import pytest

from services.matcher.engine.assemble import assemble
from services.matcher.engine.boards import board, empty
from services.matcher.engine.certify import certify
from services.matcher.engine.instance import Certificate, Instance, Ints, served, spread
from services.matcher.engine.missed import Places, missed
from services.matcher.engine.moves import fill
from services.matcher.engine.prices import SCALE, Relaxation, seek
from services.matcher.engine.workers import Workers
from tests.builders import papers, problems

SIZE = problems.Size(wishes=12, pools=True)
SEEDS = range(40)


def drawn(seed: int) -> Instance:
    problem = problems.problem(seed, SIZE)
    return assemble(problem, papers.options_of(problem)).instance


def proven(instance: Instance) -> Certificate:
    with Workers(1) as workers:
        relaxation = Relaxation(instance, workers)
        return certify(relaxation, seek(relaxation, 60, lambda _: False).prices)


def a_plan(instance: Instance, seed: int) -> Ints:
    """Options in any order, each if it fits."""
    where = board(instance)
    plan = empty(where, instance.wishes)
    fill(where, plan, np.random.default_rng(seed).permutation(instance.options))
    return np.asarray(plan.choice[plan.choice >= 0], dtype=np.int64)


@pytest.mark.parametrize("seed", SEEDS)
def test_what_is_missed_at_all_places_together_is_the_gap(seed: int) -> None:
    instance = drawn(seed)
    certificate, chosen = proven(instance), a_plan(instance, seed)
    misses = np.concatenate(missed(instance, certificate, chosen))
    assert misses.min(initial=0) >= 0
    assert misses.sum() == certificate.bound - SCALE * instance.value[chosen].sum()


def test_a_place_concerns_who_has_an_open_option_there() -> None:
    instance = drawn(3)
    places, everything = Places(instance), np.ones(instance.options, dtype=bool)
    option_of_leg = spread(instance.legs_of)
    first_shelf = places.number - len(instance.shelves.seats)
    for shelf in range(len(instance.shelves.seats)):
        on_it = option_of_leg[instance.legs.shelf == shelf]
        concerned = places.concerned(first_shelf + shelf, everything)
        assert set(concerned) == set(served(instance, np.unique(on_it)))
        assert not len(places.concerned(first_shelf + shelf, ~everything))
    assert list(places.concerned(0, ~everything)) == [0]

"""The numeric core against trying everything: what shelves hold, what forcing costs, what prices prove."""

from __future__ import annotations

import random
from collections.abc import Callable
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.matcher.engine import boards, moves, plan
from services.matcher.engine.assemble import Assembled, assemble
from services.matcher.engine.certify import certify, points
from services.matcher.engine.forced import IMPOSSIBLE, losses
from services.matcher.engine.instance import Instance, Ints
from services.matcher.engine.model import Option, Problem
from services.matcher.engine.prices import SCALE, Prices, Relaxation, seek
from services.matcher.engine.shelves import best_of
from services.matcher.engine.sides import Splitter
from services.matcher.engine.workers import Workers
from tests.builders import brute, problems
from tests.builders.papers import options_of

SEEDS = st.integers(0, 10**6)
# Small enough to try every choice of options, and full of joint visits, caps, journeys and units.
TINY = problems.Size(wishes=4, programmes=3, slots=5, experts=2, units=1, days=2, topics=3, pools=True)
# Too large to try every choice, but not every pair.
SMALL = problems.Size(
    wishes=12, programmes=4, slots=12, experts=3, units=2, days=5, windows=3, topics=3, pools=True
)
_TRIPLES = 150
WORKER = Workers(1)


class World(NamedTuple):
    """A problem with all its options, and the instance of them."""

    problem: Problem
    options: list[Option]
    assembled: Assembled

    @property
    def instance(self) -> Instance:
        """The arrays."""
        return self.assembled.instance


def world(seed: int, size: problems.Size) -> World:
    """A world with options in it."""
    seeds = (seed + 10**7 * attempt for attempt in range(100))
    for problem in (problems.problem(each, size) for each in seeds):
        options = options_of(problem)
        if options:
            return World(problem, options, assemble(problem, options))
    raise AssertionError("nothing suits anybody in a hundred worlds")


# -- shelves and what they hold


def scores(instance: Instance, seed: int) -> Ints:
    """A score for each leg; some are worth nothing or less."""
    dice = random.Random(seed)
    return np.array([dice.randrange(-20, 100) for _ in instance.legs.shelf], dtype=np.int64)


def shelf_is_best(draw: Callable[[int], Instance], seed: int) -> None:
    """A shelf's best is what trying everything finds, and what it takes is worth that."""
    instance = draw(seed)
    score = scores(instance, seed)
    best, taken = np.full(1, -1, dtype=np.int64), np.full(len(score), 7, dtype=np.uint8)
    best_of(instance, score, best, taken, 0, 1)
    assert best[0] == brute.best_on(instance, 0, score.tolist())
    chosen = np.flatnonzero(taken)
    assert set(taken.tolist()) <= {0, 1}
    assert score[chosen].sum() == best[0]
    assert score[chosen].min(initial=1) > 0
    assert brute.stand(instance, 0, chosen.tolist())


def forcing_costs(draw: Callable[[int], Instance], seed: int) -> None:
    """What a leg's being there costs is the best, less the best with it."""
    instance = draw(seed)
    share = scores(instance, seed)
    best = np.array([brute.best_on(instance, 0, share.tolist())], dtype=np.int64)
    for leg, loss in enumerate(losses(instance, share, best).tolist()):
        with_it = brute.best_on(instance, 0, share.tolist(), forced=leg)
        assert loss >= IMPOSSIBLE >> 4 if with_it is None else loss == best[0] - with_it


@pytest.mark.parametrize("draw", brute.KINDS)
@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_a_shelfs_best_is_the_enumerated_one(draw: Callable[[int], Instance], seed: int) -> None:
    shelf_is_best(draw, seed)


@pytest.mark.parametrize("draw", brute.KINDS)
@settings(max_examples=150, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_what_forcing_costs_is_the_enumerated_loss(draw: Callable[[int], Instance], seed: int) -> None:
    forcing_costs(draw, seed)


@pytest.mark.slow
@pytest.mark.parametrize("check", [shelf_is_best, forcing_costs])
@pytest.mark.parametrize("draw", brute.KINDS)
@settings(max_examples=5000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_shelves_and_losses_in_every_case(
    check: Callable[[Callable[[int], Instance], int], None], draw: Callable[[int], Instance], seed: int
) -> None:
    check(draw, seed)


def test_a_leg_that_cannot_be_held_is_impossible() -> None:
    instance = next(
        each for each in map(brute.slot, range(100)) if each.legs.size.max() > each.shelves.seats[0]
    )
    share = scores(instance, 1)
    best = np.array([brute.best_on(instance, 0, share.tolist())], dtype=np.int64)
    loss = losses(instance, share, best)
    assert ((loss >= IMPOSSIBLE >> 4) == (instance.legs.size > instance.shelves.seats[0])).all()


@pytest.mark.parametrize("draw", brute.KINDS)
def test_a_shelf_that_may_hold_nothing_is_worth_nothing(draw: Callable[[int], Instance]) -> None:
    instance = draw(5)
    shelves = instance.shelves._replace(count=np.zeros(1, dtype=np.int64))
    closed = instance._replace(shelves=shelves)
    score = np.full(len(instance.legs.shelf), 10, dtype=np.int64)
    best, taken = np.full(1, -1, dtype=np.int64), np.full(len(score), 7, dtype=np.uint8)
    best_of(closed, score, best, taken, 0, 1)
    assert best[0] == 0
    assert not taken.any()
    assert (losses(closed, score, best) >= IMPOSSIBLE >> 4).all()


# -- the instance and the problem


def instance_says_what_rules_say(seed: int) -> None:
    """Every pair of options and some triples can be had together or not, as plan.py has it."""
    made = world(seed, SMALL)
    numbers = range(len(made.options))
    for pair in combinations(numbers, 2):
        assert_agree(made, pair)
    for triple in _some_triples(made, seed):
        assert_agree(made, triple)


def assert_agree(made: World, chosen: tuple[int, ...]) -> None:
    """The arrays and the plain rules say the same of these options."""
    plainly = plan.is_possible(made.problem, [made.options[number] for number in chosen])
    assert brute.is_possible(made.instance, chosen) == plainly, chosen


def _some_triples(made: World, seed: int) -> list[tuple[int, ...]]:
    """Triples that stand on a common resource: of others the pairs have said all."""
    by_resource: dict[object, list[int]] = {}
    for number, option in enumerate(made.options):
        for leg in option.legs:
            by_resource.setdefault((leg.kind, leg.resource), []).append(number)
    triples = [some for each in by_resource.values() for some in combinations(each[:30], 3)]
    dice = random.Random(seed)
    return dice.sample(triples, min(_TRIPLES, len(triples)))


@settings(max_examples=12, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_the_arrays_allow_what_the_rules_allow(seed: int) -> None:
    instance_says_what_rules_say(seed)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_the_arrays_allow_what_the_rules_allow_in_every_case(seed: int) -> None:
    instance_says_what_rules_say(seed)


# -- prices and what they prove


def any_prices(instance: Instance, seed: int) -> Prices:
    """Prices that nobody has thought about."""
    dice = random.Random(seed)
    most = SCALE * int(instance.value.max(initial=1))
    return Prices(
        np.array([dice.choice([0.0, dice.uniform(0, most)]) for _ in range(instance.wishes)]),
        np.array([dice.choice([0.0, dice.uniform(0, most)]) for _ in instance.rows.limit]),
        np.array([dice.choice([0.0, dice.uniform(-most, most)]) for _ in instance.legs.shelf]),
        np.zeros(0),
    )


def bound_holds(seed: int) -> None:
    """No prices prove less than the optimum, nor less than the optimum with an option after its loss."""
    instance = world(seed, TINY).instance
    best, best_with = brute.optima(instance)
    relaxation = Relaxation(instance, WORKER)
    sought = seek(relaxation, 60, lambda _: False)
    for prices in (any_prices(instance, seed), sought.prices):
        certificate = certify(relaxation, prices)
        assert points(certificate) >= best
        loss = losses(instance, certificate.share, certificate.shelf)
        for option, worth in best_with.items():
            assert SCALE * worth <= certificate.bound - loss[option], option


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_no_prices_prove_less_than_the_optimum(seed: int) -> None:
    bound_holds(seed)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_no_prices_prove_less_than_the_optimum_in_every_case(seed: int) -> None:
    bound_holds(seed)


def test_two_workers_certify_what_one_does() -> None:
    size = problems.Size(wishes=60, programmes=8, slots=50, experts=8, units=3, days=12)
    instance = world(3, size).instance
    found, proofs = [], []
    for number in (1, 2):
        with Workers(number) as workers:
            relaxation = Relaxation(instance, workers)
            found.append(seek(relaxation, 40, lambda _: False))
            proofs.append(certify(relaxation, found[-1].prices))
    one, two = proofs
    assert found[0].bound == found[1].bound
    assert one.bound == two.bound
    assert all((mine == theirs).all() for mine, theirs in zip(one[:4], two[:4], strict=True))


# -- moves


def moves_keep_the_rules(seed: int) -> None:
    """Whatever fills and moves a plan leaves one that is possible and worth what was counted."""
    made = world(seed, SMALL)
    instance, dice = made.instance, random.Random(seed)
    board = boards.board(instance)
    standing = boards.empty(board, instance.wishes)
    order = np.array(dice.sample(range(instance.options), instance.options), dtype=np.int64)
    moves.fill(board, standing, order)
    filled = assert_sound(made, board, standing)
    filled += in_two_threads(made, board, standing, seed)
    assert assert_sound(made, board, standing) == filled
    worth = instance.value.astype(np.float64)
    every = np.arange(instance.options, dtype=np.int64)
    side = np.zeros(instance.options, dtype=np.uint8)
    gain = moves.anneal(
        board,
        standing,
        every,
        board.of_wish,
        moves.no_lifts(instance.wishes),
        worth,
        side,
        0,
        2000,
        500.0,
        1.0,
        seed,
    )
    assert assert_sound(made, board, standing) == filled + gain


def in_two_threads(made: World, board: boards.Board, standing: boards.Plan, seed: int) -> int:
    """Some moves by two threads at once, each on a side of its own; what they gain together."""
    side = Splitter(made.instance).split(standing.choice, seed)
    worth = made.instance.value.astype(np.float64)

    def move(mine: int) -> int:
        options = np.flatnonzero(side == mine)
        return (
            moves.anneal(
                board,
                standing,
                options,
                board.of_wish,
                moves.no_lifts(made.instance.wishes),
                worth,
                side,
                mine,
                500,
                900.0,
                9.0,
                seed,
            )
            if len(options)
            else 0
        )

    with Workers(2) as workers:
        return sum(workers.each(move, (0, 1)))


def assert_sound(made: World, board: boards.Board, standing: boards.Plan) -> int:
    """The plan is possible, and every holder's books are those of a plan made anew; its value."""
    chosen = standing.choice[standing.choice >= 0]
    assert (board.wish[chosen] == np.flatnonzero(standing.choice >= 0)).all()
    assert plan.is_possible(made.problem, [made.options[number] for number in chosen])
    anew = boards.empty(board, made.instance.wishes)
    moves.fill(board, anew, chosen)
    assert (anew.choice == standing.choice).all()
    assert (anew.used == standing.used).all()
    assert (anew.held == standing.held).all()
    assert [_entries(anew, holder) for holder in range(len(board.room))] == [
        _entries(standing, holder) for holder in range(len(board.room))
    ]
    return int(made.instance.value[chosen].sum())


def _entries(standing: boards.Plan, holder: int) -> list[int]:
    """What a holder's list holds, which is as long as it says."""
    found, entry = [], int(standing.head[holder])
    while entry >= 0:
        found.append(entry)
        entry = int(standing.after[entry])
    assert len(found) == standing.held[holder]
    return sorted(found)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_moves_leave_a_possible_plan_and_count_right(seed: int) -> None:
    moves_keep_the_rules(seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_moves_leave_a_possible_plan_in_every_case(seed: int) -> None:
    moves_keep_the_rules(seed)


def test_what_fits_beside_a_plan_is_what_the_rules_say() -> None:
    made = world(11, SMALL)
    board = boards.board(made.instance)
    standing = boards.empty(board, made.instance.wishes)
    moves.fill(board, standing, np.arange(0, made.instance.options, 3, dtype=np.int64))
    chosen = [int(number) for number in standing.choice if number >= 0]
    every = np.arange(made.instance.options, dtype=np.int64)
    # A wish that is served already fits itself: only holders are asked.
    fitting = {
        n for n in moves.fitting(board, standing, every).tolist() if standing.choice[board.wish[n]] < 0
    }
    assert fitting == {n for n in every.tolist() if brute.is_possible(made.instance, [*chosen, n])}

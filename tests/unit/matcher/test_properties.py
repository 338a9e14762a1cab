"""Of every problem: more of anything never hurts, order never matters, what stands is built upon."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.matcher.engine.candidates import taking
from services.matcher.engine.model import Busy, Limits, Option, Pool, Problem, Solution, Use
from services.matcher.engine.plan import is_possible
from services.matcher.engine.solver import solve
from tests.builders import brute, checker, problems

# Small enough that no cut of the options bites (docs/matching.md, 2): up to four sessions of a place and day,
# up to three who may join a group.
KINDS = {
    "plain": problems.Size(wishes=4),
    "pools": problems.Size(wishes=4, pools=True),
    "rests": problems.Size(wishes=5, rests=True),
    "tours": problems.Size(wishes=4, units=2, experts=1, slots=2, tours=True),
    "splits": problems.Size(wishes=4, slots=3, experts=1, days=1, splits=True),
    "companies": problems.Size(wishes=4, units=0, experts=1, companies=True),
}
SEEDS = st.integers(0, 10**6)
BY_KIND = pytest.mark.parametrize("kind", KINDS)
SAMPLE = settings(max_examples=4, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
DEPTH = settings(max_examples=100, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def solved(problem: Problem) -> Solution:
    """The optimum, proven."""
    solution = solve(problem, Limits(20.0), lambda _: None, lambda: False)
    assert solution.value == solution.bound
    assert is_possible(problem, solution.chosen)
    return solution


# -- one resource more


def _slot(problem: Problem, dice: random.Random) -> Problem:
    """At the place and day of another, and large: what others had there must not go."""
    like = dice.choice(problem.slots)
    start = like.start // 1440 * 1440 + dice.choice([540, 640, 840])
    more = replace(like, key="more", start=start, end=start + 90, seats=dice.choice([40, 150]))
    return replace(problem, slots=(*problem.slots, more))


def _seats(problem: Problem, dice: random.Random) -> Problem:
    at = dice.randrange(len(problem.slots))
    slots = list(problem.slots)
    slots[at] = replace(slots[at], seats=slots[at].seats + dice.choice([1, 20, 80]))
    return replace(problem, slots=tuple(slots))


def _expert(problem: Problem, dice: random.Random) -> Problem:
    more = replace(dice.choice(problem.experts), key="more", busy=())
    return replace(problem, experts=(*problem.experts, more))


def _unit(problem: Problem, dice: random.Random) -> Problem:
    more = [replace(dice.choice(problem.units), key="more", busy=())] if problem.units else []
    return replace(problem, units=(*problem.units, *more))


def _of_a_pool(problem: Problem, dice: random.Random) -> Problem:
    pools = list(problem.pools)
    at = dice.randrange(len(pools)) if pools else 0
    pools[at : at + 1] = [replace(pool, limit=pool.limit + 1) for pool in pools[at : at + 1]]
    return replace(problem, pools=tuple(pools))


MORE: tuple[Callable[[Problem, random.Random], Problem], ...] = (_slot, _seats, _expert, _unit, _of_a_pool)


def more_is_never_less(kind: str, seed: int) -> None:
    """Of each resource one more: the value never falls."""
    problem = problems.problem(seed, KINDS[kind])
    before = solved(problem).value
    for more in MORE:
        richer = more(problem, random.Random(seed))
        assert richer == problem or solved(richer).value >= before, more.__name__


def _in_districts(problem: Problem, dice: random.Random) -> Problem:
    days = problem.lesson_days[problems.AREA]
    wishes = (
        replace(wish, area=dice.choice([problems.AREA, problems.OTHER_AREA])) for wish in problem.wishes
    )
    both = {problems.AREA: days, problems.OTHER_AREA: days}
    return replace(problem, wishes=tuple(wishes), lesson_days=both, fairness=100)


def _shares(problem: Problem) -> list[int] | None:
    """What the fair plan gives the districts in percent, the lowest first; None where there is but one."""
    told = solve(problem, Limits(4.0), lambda _: None, lambda: False).fairness
    districts = [group for group in told.groups if len(group.name) == 1] if told else []
    return sorted(100 * group.fair // group.demand for group in districts) if told else None


def more_is_never_less_fair(kind: str, seed: int) -> None:
    """Of one resource one more: the districts' shares, from the lowest on, never fall."""
    dice = random.Random(seed)
    problem = _in_districts(problems.problem(seed, KINDS[kind]), dice)
    before, after = _shares(problem), _shares(dice.choice(MORE)(problem, dice))
    assert before is None or (after is not None and after >= before)


@BY_KIND
@SAMPLE
@given(seed=SEEDS)
def test_one_resource_more_never_lowers_the_optimum(kind: str, seed: int) -> None:
    more_is_never_less(kind, seed)


@pytest.mark.slow
@BY_KIND
@DEPTH
@given(seed=SEEDS)
def test_one_resource_more_never_lowers_the_optimum_in_every_case(kind: str, seed: int) -> None:
    more_is_never_less(kind, seed)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "tours"])
@SAMPLE
@given(seed=SEEDS)
def test_one_resource_more_is_never_less_fair(kind: str, seed: int) -> None:
    more_is_never_less_fair(kind, seed)


@pytest.mark.slow
@BY_KIND
@DEPTH
@given(seed=SEEDS)
def test_one_resource_more_is_never_less_fair_in_every_case(kind: str, seed: int) -> None:
    more_is_never_less_fair(kind, seed)


# -- order


def order_never_matters(kind: str, seed: int) -> None:
    """Wishes and resources shuffled: the same value."""
    dice, problem = random.Random(seed), problems.problem(seed, KINDS[kind])
    mixed = replace(
        problem,
        wishes=tuple(dice.sample(problem.wishes, len(problem.wishes))),
        programmes=dict(reversed(list(problem.programmes.items()))),
        slots=tuple(dice.sample(problem.slots, len(problem.slots))),
        experts=tuple(dice.sample(problem.experts, len(problem.experts))),
        units=tuple(dice.sample(problem.units, len(problem.units))),
        pools=tuple(dice.sample(problem.pools, len(problem.pools))),
    )
    assert solved(mixed).value == solved(problem).value


@BY_KIND
@SAMPLE
@given(seed=SEEDS)
def test_the_order_of_wishes_and_resources_never_changes_the_value(kind: str, seed: int) -> None:
    order_never_matters(kind, seed)


@pytest.mark.slow
@BY_KIND
@DEPTH
@given(seed=SEEDS)
def test_the_order_of_wishes_and_resources_never_changes_the_value_in_every_case(
    kind: str, seed: int
) -> None:
    order_never_matters(kind, seed)


# -- what stands already


def beside(problem: Problem, pin: Option) -> Problem:
    """The rest of the problem beside a confirmed match, as usecases/problem.py makes it."""
    legs = {(leg.kind, leg.resource): leg for leg in pin.legs}
    return replace(
        problem,
        wishes=tuple(wish for number, wish in enumerate(problem.wishes) if number != pin.wish),
        slots=tuple(
            replace(
                slot,
                seats=slot.seats - legs["slot", slot.key].quantity,
                groups=None if slot.groups is None else slot.groups - 1,
            )
            if ("slot", slot.key) in legs
            else slot
            for slot in problem.slots
        ),
        experts=tuple(
            replace(each, busy=(*each.busy, taking(legs["expert", each.key])))
            if ("expert", each.key) in legs
            else each
            for each in problem.experts
        ),
        units=tuple(
            replace(each, busy=(*each.busy, taking(legs["unit", each.key])))
            if ("unit", each.key) in legs
            else each
            for each in problem.units
        ),
        pools=tuple(
            replace(pool, taken=(*pool.taken, *(use for use in pin.uses if use.pool == pool.key)))
            for pool in problem.pools
        ),
    )


def best_beside(problem: Problem, rest: list[list[Option]], chosen: list[Option]) -> int:
    """The most that the rest can add to what is chosen, by trying everything against the plain checker."""
    if not rest:
        return 0
    worths = [best_beside(problem, rest[1:], chosen)]
    for option in rest[0]:
        if checker.allows(problem, [*chosen, option]):
            worths.append(option.value + best_beside(problem, rest[1:], [*chosen, option]))
    return max(worths)


def pins_are_built_upon(kind: str, seed: int) -> None:
    """Whatever match is confirmed, what is solved beside it is the best that goes with it."""
    problem = problems.problem(seed, KINDS[kind])
    found = brute.listed(problem)
    every = [option for options in found for option in options]
    if every:
        pin = random.Random(seed).choice(every)
        others = [options for number, options in enumerate(found) if number != pin.wish]
        assert solved(beside(problem, pin)).value == best_beside(problem, others, [pin])


WITHOUT_CUTS = pytest.mark.parametrize("kind", ["plain", "pools", "rests", "tours"])


@WITHOUT_CUTS
@SAMPLE
@given(seed=SEEDS)
def test_beside_a_confirmed_match_the_rest_is_solved_to_the_enumerated_optimum(kind: str, seed: int) -> None:
    pins_are_built_upon(kind, seed)


@pytest.mark.slow
@WITHOUT_CUTS
@DEPTH
@given(seed=SEEDS)
def test_beside_a_confirmed_match_the_rest_is_solved_to_the_optimum_in_every_case(
    kind: str, seed: int
) -> None:
    pins_are_built_upon(kind, seed)


# -- feasibility from a third side


def rules_agree(kind: str, seed: int) -> None:
    """What the engine takes the plain checker takes, and what it refuses the checker refuses as well."""
    dice, problem = random.Random(seed), problems.problem(seed, KINDS[kind])
    every = [option for options in brute.listed(problem) for option in options]
    assert all(checker.group_fits(problem, option) for option in every)
    for _ in range(40):
        some = dice.sample(every, min(len(every), dice.choice([1, 2, 2, 3, 4])))
        assert is_possible(problem, some) == checker.allows(problem, some)


@BY_KIND
@SAMPLE
@given(seed=SEEDS)
def test_what_can_be_had_together_is_what_a_plain_reading_of_the_rules_says(kind: str, seed: int) -> None:
    rules_agree(kind, seed)


@pytest.mark.slow
@BY_KIND
@DEPTH
@given(seed=SEEDS)
def test_what_can_be_had_together_is_what_the_rules_say_in_every_case(kind: str, seed: int) -> None:
    rules_agree(kind, seed)


# -- nothing to be had


@pytest.mark.parametrize("fairness", [0, 90])
@BY_KIND
def test_a_problem_without_wishes_is_solved_by_nothing(kind: str, fairness: int) -> None:
    problem = replace(problems.problem(1, KINDS[kind]), wishes=(), fairness=fairness)
    solution = solve(problem, Limits(1.0), lambda _: None, lambda: False, with_papers=True)
    assert (solution.chosen, solution.value, solution.bound, solution.status) == ((), 0, 0, "optimal")
    assert (solution.gap, dict(solution.findings)) == (0.0, {})
    assert solution.papers is not None


@pytest.mark.parametrize("fairness", [0, 90])
@BY_KIND
def test_wishes_that_nothing_suits_are_each_told_why(kind: str, fairness: int) -> None:
    made = _in_districts(problems.problem(1, KINDS[kind]), random.Random(1))
    wishes = tuple(replace(wish, topics=frozenset({"nobody's"})) for wish in made.wishes)
    problem = replace(made, wishes=wishes, fairness=fairness)
    solution = solve(problem, Limits(1.0), lambda _: None, lambda: False, with_papers=True)
    assert (solution.chosen, solution.value, solution.bound, solution.status) == ((), 0, 0, "optimal")
    assert solution.findings.keys() == {wish.key for wish in wishes}
    assert not any(each.candidates for each in solution.findings.values())
    assert any(each.reasons for each in solution.findings.values())


@BY_KIND
@pytest.mark.parametrize("seed", range(3))
def test_what_stands_and_contradicts_itself_takes_its_time_and_ends_nothing(kind: str, seed: int) -> None:
    """Everybody has everything of theirs twice, sessions are overbooked, and pools are used beyond limits."""
    made = problems.problem(seed, KINDS[kind])
    twice = replace(
        made,
        experts=tuple(replace(each, busy=(*each.busy, *_clashing(made))) for each in made.experts),
        units=tuple(replace(each, busy=(*each.busy, *_clashing(made))) for each in made.units),
        slots=tuple(replace(each, seats=0, groups=0) for each in made.slots),
        pools=tuple(replace(each, taken=_beyond(each)) for each in made.pools),
    )
    solution = solved(twice)
    assert all(leg.kind != "slot" for option in solution.chosen for leg in option.legs)
    assert solution.value <= solved(made).value


def _clashing(problem: Problem) -> tuple[Busy, ...]:
    """Two appointments of one morning, far apart."""
    start = problem.earliest + 540
    near, far = problem.wishes[0].place, problem.wishes[-1].place
    return (Busy(start, start + 90, near), Busy(start + 30, start + 120, far))


def _beyond(pool: Pool) -> tuple[Use, ...]:
    start = problems.MONDAY * 1440
    return tuple(Use(pool.key, start, start + 1440) for _ in range(pool.limit + 2))

"""Fairness: the fairest plan against enumeration, floors that are kept, ceilings that hold, sameness."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.matcher.engine import made_fair
from services.matcher.engine.assemble import assemble
from services.matcher.engine.fairness import Fair, Fairness
from services.matcher.engine.groups import Groups, groups_of
from services.matcher.engine.instance import Instance, Ints
from services.matcher.engine.model import Already, GroupShare, Limits, Problem, Progress
from services.matcher.engine.prices import SCALE
from services.matcher.engine.search import Outcome, search
from services.matcher.engine.season import season
from services.matcher.engine.solver import Solved, solve, solve_openly
from services.matcher.roads import RegionRoads
from tests.builders import brute, groups, papers, problems

SMALL = problems.Size(wishes=6)
# Visits with an expert and exhibitions with an opening lecture are in all of them.
KINDS = {
    "plain": SMALL,
    "pools": replace(SMALL, pools=True),
    "rests": replace(SMALL, rests=True),
    "splits": problems.Size(wishes=5, slots=5, experts=1, splits=True),
    "tours": problems.Size(wishes=5, units=2, experts=1, slots=2, tours=True),
}
OTHERS = sorted(KINDS.keys() - {"plain"})
MOST_OPTIONS = 40
QUIET = Limits(seconds=4, threads=1)


def _report(progress: Progress) -> None:
    """Hear nothing of it."""


def _never() -> bool:
    return False


def _fair_search(instance: Instance, among: Groups, policy: int) -> Outcome:
    fair = Fair(among, policy)
    return search(instance, seed=1, limits=QUIET, report=_report, should_stop=_never, fair=fair)


def _fairness(outcome: Outcome) -> Fairness:
    assert outcome.fairness is not None
    return outcome.fairness


# -- against enumeration


def fairest_is_found(seed: int, size: problems.Size = SMALL) -> None:
    """The leximin vectors of districts, and then of townships, and the best value above the floors.

    With every other seed people beside the wishes count as well (see `groups.drawn`).
    """
    problem = problems.problem(seed, size)
    options = papers.options_of(problem)
    instance = assemble(problem, options).instance
    if not 0 < instance.options <= MOST_OPTIONS:
        return
    among, policy = groups.drawn(seed, size), (100, 80, 50)[seed % 3]
    outcome = _fair_search(instance, among, policy)
    plans = [
        np.array(plan, dtype=np.int64)
        for plan in brute.plans(instance)
        if brute.keeps_budgets(problem, [options[number] for number in plan])
    ]
    _vectors_are_best(instance, among, _fairness(outcome), plans)
    _value_is_best(instance, outcome, plans)


def _vectors_are_best(instance: Instance, among: Groups, fairness: Fairness, plans: list[Ints]) -> None:
    served = among.served(instance.wish[fairness.plan])
    every = [among.served(instance.wish[plan]) for plan in plans]
    first = slice(0, among.districts if among.districts > 1 else 0)
    assert _sorted(among, served, first) == max(_sorted(among, each, first) for each in every)
    same = [each for each in every if (each[first] >= served[first]).all()]
    rest = slice(among.districts, None)
    assert _sorted(among, served, rest) == max(_sorted(among, each, rest) for each in same)


def _sorted(among: Groups, served: Ints, part: slice) -> list[int]:
    return sorted(among.percent(served)[part].tolist())


def _value_is_best(instance: Instance, outcome: Outcome, plans: Iterable[Ints]) -> None:
    """Of all plans that keep the floors none is worth more, and the ceilings hold for those that do not."""
    fairness = _fairness(outcome)
    among = fairness.floors.groups
    best, lowest, most = 0, 0.0, np.zeros(len(fairness.ceilings), dtype=np.int64)
    for plan in plans:
        served = among.served(instance.wish[plan])
        if fairness.floors.are_kept(served):
            best = max(best, int(instance.value[plan].sum()))
        for at, ceiling in enumerate(fairness.ceilings):
            most[at] = max(most[at], (served - among.already)[ceiling.districts].sum())
        lowest = max(lowest, (served / among.demand)[: among.districts].min())
    assert (outcome.value, outcome.status) == (best, "optimal")
    assert outcome.certificate.bound >= SCALE * best
    assert all(
        each.certificate.bound >= SCALE * some for each, some in zip(fairness.ceilings, most, strict=True)
    )
    assert fairness.highest >= lowest - 1e-9


@settings(max_examples=20, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_the_fairest_plan_is_the_enumerated_one(seed: int) -> None:
    fairest_is_found(seed)


@pytest.mark.slow
@settings(max_examples=1000, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_the_fairest_plan_is_the_enumerated_one_in_a_thousand_cases(seed: int) -> None:
    fairest_is_found(seed)


@pytest.mark.parametrize("kind", ["pools", "rests", "splits"])
@settings(max_examples=5, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_the_fairest_plan_of_every_kind_is_the_enumerated_one(kind: str, seed: int) -> None:
    fairest_is_found(seed, KINDS[kind])


@pytest.mark.slow
@pytest.mark.parametrize("kind", OTHERS)
@settings(max_examples=200, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_the_fairest_plan_of_every_kind_is_the_enumerated_one_in_every_case(kind: str, seed: int) -> None:
    fairest_is_found(seed, KINDS[kind])


# -- where nobody can enumerate


@pytest.fixture(scope="module")
def town() -> Problem:
    """A season that is too large to be tried exactly."""
    return season(120, 10, RegionRoads())


def _solved(problem: Problem, policy: int, threads: int = 1) -> Solved:
    limits = Limits(seconds=0.5, threads=threads)
    solved = solve_openly(replace(problem, fairness=policy), limits, _report, _never)
    assert isinstance(solved, Solved)
    return solved


@pytest.fixture(scope="module")
def fair(town: Problem) -> Solved:
    """With all of the fair plan kept."""
    return _solved(town, 100)


def _lowest(solved: Solved, chosen: Iterable[int]) -> float:
    among = groups_of(solved.problem.wishes)
    served = among.served(solved.assembled.instance.wish[list(chosen)])
    return float((served / among.demand)[: among.districts].min())


def test_the_worst_off_district_is_lifted_and_what_it_costs_is_told(town: Problem, fair: Solved) -> None:
    free = _solved(town, 0)
    assert free.fairness is None
    assert fair.fairness is not None
    assert _lowest(fair, fair.chosen) > _lowest(free, free.chosen)
    assert _lowest(fair, fair.chosen) <= fair.fairness.highest
    assert fair.solution.fairness is not None
    assert fair.fairness.value == (free.certificate.bound // SCALE) - (fair.certificate.bound // SCALE)


def test_floors_are_kept_and_the_more_is_kept_the_less_it_is_worth(town: Problem, fair: Solved) -> None:
    values = []
    for solved in (fair, _solved(town, 80)):
        assert solved.fairness is not None
        floors = solved.fairness.floors
        assert floors.are_kept(floors.groups.served(solved.assembled.instance.wish[solved.chosen]))
        assert solved.solution.value <= solved.solution.bound
        values.append(solved.solution.value)
    assert values == sorted(values)


def test_a_district_that_has_much_already_gives_way_to_the_others(town: Problem, fair: Solved) -> None:
    first = town.wishes[0]
    rich = replace(town, already=(Already(first.area, first.township, 5_000, 5_000),))
    solved = _solved(rich, 100)
    assert solved.solution.value <= solved.solution.bound
    before, after = _told(fair, first.area), _told(solved, first.area)
    assert (after.demand, after.already) == (before.demand + 5_000, 5_000)
    assert after.served >= after.floor >= 5_000
    assert after.served - 5_000 < before.served


def test_an_even_share_is_of_those_who_have_less_already(town: Problem) -> None:
    among = groups_of(town.wishes)
    people, first = int(among.people.sum()), town.wishes[0].area
    assert among.even(0.6 * people) == pytest.approx(0.6)
    a_little = groups_of(town.wishes, [Already(first, "", 100, 10)])
    assert a_little.even(0.6 * people) == pytest.approx((0.6 * people + 10) / (people + 100))
    own = sum(wish.size for wish in town.wishes if wish.area == first)
    much = groups_of(town.wishes, [Already(first, "", 9_000, 9_000)])
    assert much.even(0.6 * people) == pytest.approx(0.6 * people / (people - own))


def _told(solved: Solved, area: str) -> GroupShare:
    assert solved.solution.fairness is not None
    return next(group for group in solved.solution.fairness.groups if group.name == (area,))


def test_two_threads_and_any_order_give_the_same_fair_plan(town: Problem) -> None:
    one = _solved(town, 90)
    two = _solved(replace(town, wishes=town.wishes[::-1], slots=town.slots[::-1]), 90, threads=2)
    assert one.chosen == two.chosen
    assert one.solution.fairness == two.solution.fairness


def test_who_stops_the_search_has_a_plan_that_keeps_its_floors(town: Problem) -> None:
    asked = iter(range(10**9))
    problem = replace(town, fairness=90)
    solution = solve(problem, QUIET, _report, lambda: next(asked) > 40)
    assert solution.status == "stopped"
    assert solution.fairness is not None
    assert all(group.served >= group.floor for group in solution.fairness.groups)


def test_what_fairness_costs_is_not_spoken_of_where_floors_had_no_time_for_prices(town: Problem) -> None:
    asked = iter(range(10**9))
    stopped_early = solve(replace(town, fairness=90), QUIET, _report, lambda: next(asked) > 8)
    assert stopped_early.fairness is not None
    assert (stopped_early.fairness.value, stopped_early.fairness.people) == (None, None)
    assert stopped_early.fairness.highest == 1


def on_a_slow_machine(problem: Problem) -> Fairness:
    """Where chains take so long that there are not seconds enough for all of them."""
    seconds = [0.0]

    def grind(progress: Progress) -> None:
        seconds[0] += progress.phase == "searching"

    problem, limits = replace(problem, fairness=90), Limits(seconds=60, threads=1)
    solved = solve_openly(problem, limits, grind, _never, elapsed=lambda: seconds[0])
    assert isinstance(solved, Solved)
    assert solved.fairness is not None
    return solved.fairness


def test_the_fair_plan_leaves_time_to_prove_how_fair_it_is(
    town: Problem, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_time = on_a_slow_machine(town)
    assert in_time.highest < 1
    assert in_time.value is not None
    monkeypatch.setattr(made_fair, "_SEEKING", 1.0)
    assert on_a_slow_machine(town).highest == 1


def test_one_township_alone_is_fair_to_itself(town: Problem) -> None:
    wishes = tuple(replace(wish, township="1") for wish in town.wishes if wish.area == town.wishes[0].area)
    solution = solve(replace(town, wishes=wishes, fairness=90), QUIET, _report, _never)
    assert solution.fairness is None

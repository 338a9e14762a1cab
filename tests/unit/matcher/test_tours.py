"""Travelling units with a mileage budget: tours, what they come to, and plans that keep to it."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.matcher import verify
from services.matcher.engine import tours
from services.matcher.engine.assemble import assemble
from services.matcher.engine.instance import spread
from services.matcher.engine.model import Busy, Limits, Option, Papers, Place, Problem
from services.matcher.engine.plan import Plan, is_possible
from services.matcher.engine.solver import solve
from tests.builders import brute, papers, problems
from tests.builders.papers import options_of
from tests.builders.problems import FlatRoads

SEEDS = st.integers(0, 10**6)
SIZE = problems.Size(wishes=5, units=2, experts=1, slots=2, tours=True)
A_MONDAY = 20_605  # 2026-06-01
BASE, EAST, FARTHER = Place(42.0, 118.0), Place(42.0, 118.3), Place(42.0, 118.5)


def stop(day: int, place: Place) -> Busy:
    """From eight to five, so many days after a Monday."""
    start = (A_MONDAY + day) * 1440 + 480
    return Busy(start, start + 540, place)


@pytest.mark.parametrize(
    ("stops", "km"),
    [
        ([], 0),
        ([stop(0, EAST)], 60),
        ([stop(2, EAST), stop(0, FARTHER)], 100),
        ([stop(0, EAST), stop(4, FARTHER)], 100),
        ([stop(6, EAST), stop(7, FARTHER)], 160),
        ([stop(0, EAST), stop(1, FARTHER), stop(2, EAST)], 100),
    ],
    ids=["none", "there and back", "one tour", "one week", "two weeks", "one more on the way"],
)
def test_the_stops_of_a_week_are_one_tour(stops: list[Busy], km: int) -> None:
    assert tours.driven(FlatRoads(), BASE, stops) == km


def test_a_week_counts_in_the_month_of_its_monday() -> None:
    monday = (A_MONDAY + 28) * 1440  # 29 June
    june = tours.counted_in(monday)
    assert [tours.counted_in(monday + day * 1440) - june for day in (-1, 0, 2, 6, 7)] == [0, 0, 0, 0, 1]


def keeps_budgets(problem: Problem, chosen: tuple[Option, ...]) -> None:
    """By the plain rules and by loops that share nothing with them."""
    assert is_possible(problem, chosen)
    assert brute.keeps_budgets(problem, chosen)


def _best(problem: Problem, options: list[Option], wish: int, chosen: list[Option]) -> int:
    """Trying every option of every wish; what cannot be had together is told by the loops, at the end."""
    if wish == len(problem.wishes):
        return sum(each.value for each in chosen) if brute.keeps_budgets(problem, chosen) else 0
    found = _best(problem, options, wish + 1, chosen)
    for option in options:
        if option.wish == wish and _is_free(problem, [*chosen, option]):
            found = max(found, _best(problem, options, wish + 1, [*chosen, option]))
    return found


def _is_free(problem: Problem, chosen: list[Option]) -> bool:
    """As if there were no budgets."""
    return is_possible(problems.without_budgets(problem), chosen)


def solves_to_the_optimum(seed: int) -> None:
    """Value, bound and feasibility are what trying everything says, and the papers hold."""
    problem = problems.problem(seed, SIZE)
    solution = solve(problem, Limits(20.0), lambda _: None, lambda: False, with_papers=True)
    best = _best(problem, options_of(problem), 0, [])
    assert (solution.value, solution.bound) == (best, best)
    keeps_budgets(problem, solution.chosen)
    assert solution.papers is not None
    value, bound = verified(solution.papers)
    assert value == best <= bound


def verified(written: Papers) -> tuple[int, int]:
    """The value and the bound, by the verifier."""
    asked, plan, proof = (json.loads(paper) for paper in written[:3])
    problem = verify.problem_of(asked)
    value, floors = verify.check_solution(problem, plan)
    return value, verify.check_certificate(problem, proof, floors)


@settings(max_examples=20, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_small_problems_with_budgets_are_solved_to_the_enumerated_optimum(seed: int) -> None:
    solves_to_the_optimum(seed)


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_small_problems_with_budgets_are_solved_to_the_optimum_in_every_case(seed: int) -> None:
    solves_to_the_optimum(seed)


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_what_stops_weigh_is_never_more_than_they_drive(seed: int) -> None:
    """Any plan that keeps the budgets keeps the rows; and whatever is taken away keeps them too."""
    problem = problems.problem(seed, SIZE)
    options = options_of(problem)
    instance = assemble(problem, options).instance
    dice, plan, chosen = random.Random(seed), Plan(problem), list[int]()
    for number in dice.sample(range(len(options)), len(options)):
        if plan.fits(options[number]):
            plan.add(options[number])
            chosen.append(number)
    rows, option = instance.rows, spread(instance.rows.of_option.first)
    for row, limit in enumerate(rows.limit.tolist()):
        mine = [at for at in range(len(option)) if rows.row[at] == row and option[at] in chosen]
        assert sum(int(rows.weight[at]) for at in mine) <= limit
    for gone in chosen:
        assert brute.keeps_budgets(problem, [options[number] for number in chosen if number != gone])


@pytest.mark.parametrize("seed", range(12))
def test_what_follows_from_any_prices_is_accepted(
    seed: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = problems.problem(seed, SIZE)
    honest = papers.seeded(seed, problem, options_of(problem))
    assert verify.main(papers.write(honest, tmp_path)) == 0, capsys.readouterr().out
    proof = honest["certificate"]
    low = honest | {"certificate": proof | {"bound": proof["bound"] - 1}}
    assert verify.main(papers.write(low, tmp_path)) == 1
    assert "bound_understated" in capsys.readouterr().out


@pytest.mark.parametrize("seed", range(2))
def test_a_larger_problem_by_chains_and_parts_keeps_its_budgets(seed: int) -> None:
    size = problems.Size(wishes=24, units=2, experts=3, slots=5, days=5, tours=True)
    problem = problems.problem(seed, size)
    solution = solve(problem, Limits(1.0), lambda _: None, lambda: False, with_papers=True)
    keeps_budgets(problem, solution.chosen)
    assert solution.papers is not None
    assert verified(solution.papers)[0] == solution.value <= solution.bound

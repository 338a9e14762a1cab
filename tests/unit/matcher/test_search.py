"""The whole method on a small season: the same on any number of threads, in any order, stopped anywhere."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Callable

import pytest

from services.matcher.engine.model import Limits, Problem, Progress, Solution
from services.matcher.engine.plan import is_possible
from services.matcher.engine.season import season
from services.matcher.engine.solver import solve
from services.matcher.roads import RegionRoads

# Work for so many seconds, whatever the clock says: more than one epoch of annealing, and no exact search.
SECONDS = 0.4


@pytest.fixture(scope="module")
def asked() -> Problem:
    return season(120, 3, RegionRoads())


def solved(
    problem: Problem,
    *,
    threads: int = 1,
    should_stop: Callable[[], bool] = lambda: False,
    seconds: float = SECONDS,
) -> Solution:
    limits = Limits(seconds=seconds, threads=threads, gap=0.02)
    return solve(problem, limits, lambda _: None, should_stop, with_papers=True)


def test_one_thread_and_two_find_the_same_plan_and_the_same_proof(asked: Problem) -> None:
    alone, together = solved(asked), solved(asked, threads=2)
    assert alone.chosen == together.chosen
    assert alone.papers == together.papers


def test_the_order_in_which_wishes_came_changes_nothing(asked: Problem) -> None:
    turned = dataclasses.replace(asked, wishes=asked.wishes[::-1], slots=asked.slots[::-1])
    first, second = solved(asked), solved(turned)
    assert first.papers == second.papers
    assert {asked.wishes[option.wish].key for option in first.chosen} == {
        turned.wishes[option.wish].key for option in second.chosen
    }


def test_another_seed_may_give_another_plan_of_like_worth(asked: Problem) -> None:
    first, second = solved(asked), solved(dataclasses.replace(asked, seed="another"))
    assert first.chosen != second.chosen
    assert abs(first.value - second.value) < 0.02 * first.bound


@pytest.mark.parametrize("after", [0, 3, 30, 60, 90])
def test_wherever_it_is_stopped_it_ends_with_a_possible_plan(asked: Problem, after: int) -> None:
    asked_so_far = itertools.count()
    solution = solved(asked, should_stop=lambda: next(asked_so_far) >= after)
    assert solution.status in ("stopped", "limit", "optimal")
    assert is_possible(asked, solution.chosen)
    assert solution.value <= solution.bound or not solution.chosen


def test_what_is_reported_comes_nearer_from_both_sides(asked: Problem) -> None:
    heard: list[Progress] = []
    solve(asked, Limits(seconds=SECONDS, gap=0.02), heard.append, lambda: False)
    phases = [phase for phase, _ in itertools.groupby(each.phase for each in heard)]
    assert phases == ["candidates", "assembling", "pricing", "searching"]
    values = [each.value for each in heard if each.value is not None]
    bounds = [each.bound for each in heard if each.bound is not None]
    assert values == sorted(values)
    assert bounds[-1] <= bounds[0]
    assert values[-1] <= bounds[-1]

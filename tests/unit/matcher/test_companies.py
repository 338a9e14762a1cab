"""Small groups that come together: against enumeration, in the papers, and which companies are looked at."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.matcher.engine.assemble import assemble
from services.matcher.engine.candidates import Finder
from services.matcher.engine.companies import NEAREST, OF_EACH, SLOTS
from services.matcher.engine.explain import Explainer, Settled
from services.matcher.engine.fairness import Fair
from services.matcher.engine.groups import groups_of
from services.matcher.engine.helped import helped
from services.matcher.engine.instance import Ints
from services.matcher.engine.model import DAY, Claim, Limits, Option, Place, Pool, Problem, Progress, Window
from services.matcher.engine.plan import is_possible
from services.matcher.engine.prices import SCALE
from services.matcher.engine.search import search
from services.matcher.engine.season import season, with_small_schools
from services.matcher.engine.solver import Solved, solve, solve_openly
from services.matcher.engine.worth import Latent, Supply
from services.matcher.roads import RegionRoads
from tests.builders import brute, problems

SMALL = problems.Size(wishes=7, units=0, experts=1, companies=True)
SHARED = replace(SMALL, pools=True)
QUIET = Limits(seconds=10.0)
MOST_OPTIONS = 45


def _report(progress: Progress) -> None:
    """Hear nothing of it."""


def _never() -> bool:
    return False


def optimum(problem: Problem, rest: list[list[Option]], chosen: list[Option]) -> int:
    """The best value by trying every option of every wish, and none, in turn."""
    if not rest:
        return sum(option.value for option in chosen)
    values = [optimum(problem, rest[1:], chosen)]
    for option in rest[0]:
        possible = is_possible(problem, [*chosen, option])
        assert not possible or brute.are_companies(problem, [*chosen, option])
        assert not possible or brute.keeps_pools(problem, [*chosen, option])
        if possible:
            values.append(optimum(problem, rest[1:], [*chosen, option]))
    return max(values)


# -- against enumeration


def solves_to_the_optimum(problem: Problem) -> None:
    """Value, bound and feasibility are what trying everything says."""
    solved = solve_openly(problem, QUIET, _report, _never)
    assert isinstance(solved, Solved)
    # In the order of the lot: of two companions equally near, the first is looked at.
    options, solution = brute.listed(solved.problem), solved.solution
    if sum(map(len, options)) > MOST_OPTIONS:
        return
    best = optimum(solved.problem, options, [])
    assert (solution.value, solution.bound) == (best, best)
    assert is_possible(problem, solution.chosen)
    assert brute.are_companies(problem, solution.chosen)
    cut = solve(problem, Limits(seconds=0.0), _report, _never)
    assert cut.value <= best <= cut.bound


@settings(max_examples=40, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6), size=st.sampled_from([SMALL, SHARED]))
def test_companies_are_chosen_to_the_enumerated_optimum(seed: int, size: problems.Size) -> None:
    solves_to_the_optimum(problems.problem(seed, size))


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=2000, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6), size=st.sampled_from([SMALL, SHARED]))
def test_companies_are_chosen_to_the_optimum_in_every_case(seed: int, size: problems.Size) -> None:
    solves_to_the_optimum(problems.problem(seed, size))


def fairest_is_found(seed: int) -> None:
    """The leximin vector of districts counts all who come together; so do floors and ceilings."""
    problem = problems.problem(seed, SMALL)
    instance = assemble(problem, [each for mine in brute.listed(problem) for each in mine]).instance
    if not 0 < instance.options <= MOST_OPTIONS:
        return
    among = groups_of(problem.wishes)
    fair = Fair(among, (100, 80, 50)[seed % 3])
    outcome = search(instance, seed=1, limits=QUIET, report=_report, should_stop=_never, fair=fair)
    assert outcome.fairness is not None
    every = [list(plan) for plan in brute.plans(instance)]
    people = [among.served(np.array(brute.served_by(instance, plan), dtype=np.int64)) for plan in every]
    served = among.served(np.array(brute.served_by(instance, outcome.fairness.plan), dtype=np.int64))

    def vector(some: Ints) -> list[int]:
        return sorted(among.percent(some)[: among.districts if among.districts > 1 else 0].tolist())

    assert vector(served) == max(map(vector, people))
    kept = [plan for plan, some in zip(every, people, strict=True) if outcome.fairness.floors.are_kept(some)]
    assert outcome.value == max(int(instance.value[plan].sum()) for plan in kept)
    assert outcome.certificate.bound >= SCALE * outcome.value
    for ceiling in outcome.fairness.ceilings:
        assert ceiling.certificate.bound >= SCALE * max(int(some[ceiling.districts].sum()) for some in people)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=st.integers(0, 10**6))
def test_the_fairest_plan_counts_all_who_come_together(seed: int) -> None:
    fairest_is_found(seed)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=800, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_the_fairest_plan_counts_all_who_come_together_in_every_case(seed: int) -> None:
    fairest_is_found(seed)


# -- where nobody can enumerate


def test_a_season_with_small_schools_is_the_same_on_two_threads() -> None:
    """Chains, sides and parts with companies; fair, so that what pulls them counts all of a company."""
    made = with_small_schools(season(120, 10, RegionRoads()), 1.0)
    minimal = {key: replace(each, min_group=20) for key, each in made.programmes.items()}
    for fairness in (0, 80):
        problem = replace(made, fairness=fairness, programmes=minimal)
        one, two = (solve_openly(problem, Limits(0.1, threads), _report, _never) for threads in (1, 2))
        assert isinstance(one, Solved)
        assert isinstance(two, Solved)
        assert one.chosen == two.chosen
        assert brute.are_companies(one.problem, [one.options[at] for at in one.chosen])
        assert fairness or any(option.company for option in one.solution.chosen)


# -- which companies are looked at


def classes(*sizes: int, **changes: Any) -> Problem:
    """One slot of 40 seats for one group of 20 or more, and classes farther and farther from each other."""
    made = problems.problem(1, problems.Size(wishes=1, programmes=1, slots=1, experts=0, units=0))
    (slot,), (programme,) = made.slots, made.programmes.values()
    wish = replace(
        made.wishes[0], kind="visit", audience="pupils", with_expert=False, topics=programme.topics,
        windows=(problems._day_window(slot.start // DAY),), limit_km=1000.0, may_join=True,
    )  # fmt: skip
    wishes = (
        replace(wish, key=f"class{at}", size=size, place=Place(42.0 + at**2 / 100, 118.0))
        for at, size in enumerate(sizes)
    )
    return replace(
        made,
        wishes=tuple(replace(each, **changes) for each in wishes),
        slots=(replace(slot, seats=40, groups=1),),
        programmes={programme.key: replace(programme, kind="visit", min_group=20, max_group=60)},
    )


def members(problem: Problem) -> set[tuple[int, ...]]:
    """Who could come together."""
    return {option.wishes for option in Finder(problem).companies()}


def test_a_class_of_nine_and_one_of_fourteen_come_together_as_one_group() -> None:
    problem = classes(9, 14)
    solution = solve(problem, QUIET, _report, _never)
    (option,) = solution.chosen
    assert (option.wishes, option.legs[0].quantity) == ((0, 1), 23)
    parts = option.apart()
    assert [(part.wish, part.legs[0].quantity) for part in parts] == [(0, 9), (1, 14)]
    assert sum(part.value for part in parts) == option.value
    assert [finding.candidates for finding in solution.findings.values()] == [1, 1]


@pytest.mark.parametrize(
    ("sizes", "changes"),
    [
        pytest.param((9, 10), {}, id="too few together"),
        pytest.param((19, 19, 3), {"may_join": False}, id="nobody wants to"),
        pytest.param((9, 14), {"with_expert": True}, id="with an expert"),
        pytest.param((9, 14), {"limit_km": 1.0}, id="too far from the slot"),
        pytest.param((9, 14), {"claims": (Claim("class"),)}, id="twice the same class"),
    ],
)
def test_who_cannot_come_together_is_told_that_it_is_too_small(
    sizes: tuple[int, ...], changes: dict[str, Any]
) -> None:
    problem = replace(classes(*sizes, **changes), pools=(Pool("class", 1, "class_busy"),))
    solution = solve(problem, QUIET, _report, _never)
    assert solution.chosen == ()
    if "limit_km" not in changes:
        codes = {reason.code for finding in solution.findings.values() for reason in finding.reasons}
        assert "group_too_small" in codes


def test_who_is_near_is_asked_first_and_never_too_many() -> None:
    problem = classes(*[10] * 12)
    found = members(problem)
    assert (0, 1) in found
    assert (0, 11) not in found
    most = NEAREST + NEAREST * (NEAREST - 1) // 2
    assert len(found) <= 12 * min(most, 3 * OF_EACH)
    assert SLOTS > 0


def test_of_three_who_fill_two_places_the_schools_entitlement_counts_each() -> None:
    claims = (Claim("school", (Window(0, 10**9),)),)
    problem = replace(classes(10, 10, claims=claims), pools=(Pool("school", 1, "entitlement_used"),))
    assert members(problem) == set()
    allowed = replace(problem, pools=(Pool("school", 2, "entitlement_used"),))
    assert members(allowed) == {(0, 1)}


# -- what would have helped


def test_a_class_that_may_not_join_is_told_if_it_would_have_helped() -> None:
    """Shown only where it was verified on the plan: with somebody who has nothing either."""
    made = classes(9, 14)
    proud = replace(made.wishes[0], may_join=False)
    solved = solve_openly(replace(made, wishes=(proud, made.wishes[1])), QUIET, _report, _never)
    assert isinstance(solved, Solved)
    settled = Settled(solved.problem, solved.options, solved.assembled, solved.chosen, solved.certificate)
    latent = Latent(solved.problem, Supply((), {}, ()))
    unserved = range(len(solved.problem.wishes))
    (change,) = helped(settled, latent, unserved, {}, _never)
    assert (change.code, solved.problem.wishes[change.wish].key) == ("may_join", proud.key)
    assert change.option.legs[0].quantity == 23


def test_who_comes_together_is_told_what_counted_for_itself() -> None:
    solved = solve_openly(classes(9, 14), QUIET, _report, _never)
    assert isinstance(solved, Solved)
    settled = Settled(solved.problem, solved.options, solved.assembled, solved.chosen, solved.certificate)
    explainer = Explainer(settled)
    assert explainer.unserved == []
    why = [explainer.why_this(number) for number in range(2)]
    assert sum(each.value for each in why) == solved.solution.value
    assert [(each.groups, each.people) for each in why] == [(2, 23), (2, 23)]

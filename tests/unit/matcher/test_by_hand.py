"""What a move by hand takes from those who wait and leaves to them; and what telling it must not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

from services.matcher.engine.by_hand import Chance, chances, wanting
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import Option, Problem, Wish
from services.matcher.engine.plan import Plan
from services.matcher.engine.season import season
from services.matcher.roads import RegionRoads
from tests.builders.settled import a_problem, a_slot, a_wish, an_expert, at

MOVER = a_wish("mover", 0, 1)


def world(*waiting: Wish) -> Problem:
    """The mover's two slots, of forty seats on Monday and on Tuesday, and those who wait."""
    return a_problem([MOVER, *waiting], [a_slot("monday", 0), a_slot("tuesday", 1)])


def ways(problem: Problem, wish: int = 0) -> dict[object, Option]:
    """The options of a wish, by slot."""
    return {option.legs[0].resource: option for option in Finder(problem).options(wish)[0]}


def test_who_can_only_come_when_the_match_is_to_be_loses_all_and_who_comes_when_it_was_gains() -> None:
    problem = world(
        a_wish("first", 0, size=20), a_wish("second", 1, size=20), a_wish("either", 0, 1, size=20)
    )
    mine = ways(problem)
    found = chances(problem, (1, 2, 3), mine["monday"], mine["tuesday"])
    second, both = ways(problem, 2)["tuesday"].value, ways(problem, 3)["tuesday"].value
    assert found.taken == {2: Chance(second, only=True), 3: Chance(both, only=False)}
    assert (set(found.left), found.left[1].only, found.left[3].only) == ({1, 3}, True, False)


def test_a_match_whose_place_is_gone_leaves_nothing_to_anybody() -> None:
    problem = world(a_wish("second", 1, size=20))
    found = chances(problem, (1,), None, ways(problem)["tuesday"])
    assert (set(found.taken), found.left) == ({1}, {})


def test_who_is_too_many_wants_nothing_and_who_comes_on_another_day_neither() -> None:
    waiting = (a_wish("second", 1), a_wish("large", 1, size=50), a_wish("first", 0))
    problem = world(*waiting)
    assert wanting(problem, (1, 2, 3), ways(problem)["tuesday"]) == {1: ways(problem, 1)["tuesday"].value}


def test_who_would_come_too_soon_after_wants_the_same_time_of_somebody_who_rests() -> None:
    wishes = [a_wish(key, 0, kind="expert") for key in ("mover", "later")]
    rested = an_expert("e", 0, cap_day=None, rest_minutes=240)
    problem = a_problem(wishes, [], [rested])
    nine = min(Finder(problem).options(0)[0], key=lambda option: option.legs[0].start)
    plan = Plan(problem)
    plan.add(nine)
    free = {option.legs[0].start for option in Finder(problem).options(1)[0] if plan.fits(option)}
    assert free == {at(0, 14 * 60), at(0, 15 * 60 + 30)}
    tired = a_problem(wishes, [], [an_expert("e", 0, cap_day=None, rest_minutes=480)])
    assert set(wanting(tired, (1,), nine)) == {1}


def free_beside(problem: Problem, taken: Option, wish: int) -> set[Option]:
    """The options of a wish that fit beside one other, found without leaving anything out."""
    plan = Plan(problem)
    plan.add(taken)
    return {option for option in Finder(problem).options(wish)[0] if plan.fits(option)}


@pytest.mark.parametrize("seed", range(3))
def test_whom_it_concerns_is_found_without_looking_at_everything(seed: int) -> None:
    problem = season(60, seed, RegionRoads())
    everybody = range(len(problem.wishes))
    mover = next(number for number in everybody if len(ways(problem, number)) > 1)
    present, *_, chosen = Finder(problem).options(mover)[0]
    waiting = [number for number in everybody if number != mover]
    found = chances(problem, waiting, present, chosen)
    for wish in waiting:
        now, then = (free_beside(problem, taken, wish) for taken in (present, chosen))
        assert (wish in found.taken, wish in found.left) == (bool(now - then), bool(then - now))


def test_whoever_answers_pages_loads_nothing_that_is_compiled() -> None:
    asked = "import sys, services.matcher.service; print('numba' in sys.modules)"
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", asked], capture_output=True, check=True)
    assert done.stdout.split() == [b"False"]

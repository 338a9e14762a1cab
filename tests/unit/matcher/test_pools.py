"""What many share, in small stories: a class, a school, guides; at once, repaired, explained."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations
from typing import Any

import pytest

from services.matcher.engine.assemble import Cap, Moment
from services.matcher.engine.at_once import AtOnce
from services.matcher.engine.candidates import Finder
from services.matcher.engine.explain import Explainer
from services.matcher.engine.helped import helped
from services.matcher.engine.model import (
    Claim,
    Finding,
    Limits,
    Need,
    Pool,
    Problem,
    Reason,
    Solution,
    Use,
    Window,
)
from services.matcher.engine.pending import Pending
from services.matcher.engine.pools import crowded, has_room
from services.matcher.engine.repair import Event, repair
from services.matcher.engine.solver import solve
from services.matcher.engine.worth import Latent, imagined
from tests.builders import problems
from tests.builders.settled import (
    FAR,
    MORNING,
    a_problem,
    a_slot,
    a_wish,
    an_expert,
    at,
    openly,
    settled,
)

TERM = (Window(at(-30, 0), at(5, 0)), Window(at(5, 0), at(100, 0)))
CLASS = Pool("4-1", 1, "class_busy")
SCHOOL = Pool("school", 1, "entitlement_used")
GUIDES = Pool("guides", 1, "no_guide")


def shared(problem: Problem, *pools: Pool) -> Problem:
    """The problem with these pools; its programmes need a guide if there are any."""
    guided = any(pool.key == GUIDES.key for pool in pools)
    programmes = {
        key: replace(each, needs=(Need("guides"),) if guided else ())
        for key, each in problem.programmes.items()
    }
    return replace(problem, pools=pools, programmes=programmes)


def classmate(key: str, *days: int, **changes: Any) -> Any:
    """A wish of class 4-1."""
    return a_wish(key, *days, claims=(Claim("4-1"),), **changes)


def of_the_school(key: str, *days: int, **changes: Any) -> Any:
    """A wish of the school that is entitled to so many a term."""
    return a_wish(key, *days, claims=(Claim("school", TERM),), **changes)


def found(problem: Problem, key: str) -> Finding:
    """What the solved problem says of a wish."""
    return openly(problem).findings[key]


def served(solution: Solution) -> list[int]:
    """The wishes that got something."""
    return [option.wish for option in solution.chosen]


# -- a class, a school, guides


def test_a_class_is_never_in_two_places_at_once() -> None:
    wishes = [classmate("one", 0), classmate("two", 0)]
    problem = shared(a_problem(wishes, [a_slot("a", 0), a_slot("b", 0)]), CLASS)
    assert len(openly(problem).chosen) == 1
    assert Reason("slot", "class_busy", 2) in found(problem, "two").reasons + found(problem, "one").reasons
    assert len(openly(shared(replace(problem, wishes=(wishes[0], a_wish("other", 0))), CLASS)).chosen) == 2


@pytest.mark.parametrize(("minutes", "both"), [(90 + 159, 1), (90 + 160, 2)])
def test_a_class_goes_home_before_it_goes_out_again(minutes: int, both: int) -> None:
    """Eighty kilometres, eighty minutes, there and back."""
    later = replace(a_slot("b", 0, place=FAR), start=at(0) + minutes, end=at(0) + minutes + 90)
    wishes = [classmate("one", 0), classmate("two", 0)]
    problem = shared(a_problem(wishes, [a_slot("a", 0, place=FAR), later]), CLASS)
    assert len(openly(problem).chosen) == both


def test_a_class_with_an_appointment_has_no_other_at_that_time() -> None:
    taken = replace(CLASS, taken=(Use("4-1", at(0), at(0) + 60),))
    problem = shared(a_problem([classmate("one", 0, 1)], [a_slot("a", 0), a_slot("b", 1)]), taken)
    options, finding = Finder(problem).options(0)
    assert [option.legs[0].resource for option in options] == ["b"]
    assert finding.reasons == (Reason("slot", "class_busy", 1),)


def test_a_school_gets_so_many_a_term() -> None:
    wishes = [of_the_school(f"wish{n}", day) for n, day in enumerate((0, 1, 7, 8))]
    slots = [a_slot(f"slot{n}", day) for n, day in enumerate((0, 1, 7, 8))]
    problem = shared(a_problem(wishes, slots), SCHOOL)
    assert len(openly(problem).chosen) == 2
    assert {served(openly(problem))[0] // 2, served(openly(problem))[1] // 2} == {0, 1}
    unserved = next(wish.key for n, wish in enumerate(wishes) if n not in served(openly(problem)))
    assert found(problem, str(unserved)).reasons[-1] == Reason("slot", "entitlement_used", 1)


def test_what_a_school_had_in_a_term_counts() -> None:
    had = replace(SCHOOL, taken=(Use("school", *TERM[0]),))
    problem = shared(a_problem([of_the_school("one", 0, 7)], [a_slot("a", 0), a_slot("b", 7)]), had)
    assert [option.legs[0].resource for option in openly(problem).chosen] == ["b"]
    more_than_allowed = replace(had, taken=had.taken * 3)
    assert [o.legs[0].resource for o in openly(shared(problem, more_than_allowed)).chosen] == ["b"]


def test_a_guide_leads_one_group_at_a_time() -> None:
    wishes = [a_wish("one", 0), a_wish("two", 0), a_wish("three", 0)]
    slots = [a_slot("a", 0, seats=80), replace(a_slot("b", 0), start=at(0) + 90, end=at(0) + 180)]
    problem = shared(a_problem(wishes, slots), GUIDES)
    assert len(openly(problem).chosen) == 2
    assert len(openly(shared(problem, replace(GUIDES, limit=2))).chosen) == 3


def test_seats_with_an_expert_take_one_guide() -> None:
    problem = shared(
        a_problem([a_wish("one", 0, with_expert=True)], [a_slot("a", 0)], [an_expert("e", 0)]), GUIDES
    )
    assert [len(option.uses) for option in openly(problem).chosen] == [1]
    none = shared(problem, replace(GUIDES, limit=0))
    assert found(none, "one").reasons == (Reason("slot", "no_guide", 1),)


# -- rows


def test_only_moments_that_can_bind_become_rows() -> None:
    wishes = [classmate("one", 0, 1), classmate("two", 0), a_wish("three", 0)]
    problem = shared(a_problem(wishes, [a_slot("a", 0), a_slot("b", 1)]), CLASS)
    rows = settled(problem).assembled.rows
    assert [row for row in rows if not isinstance(row, Cap)] == [Moment("4-1", at(0) - 10)]


@pytest.mark.parametrize("seed", range(40))
def test_what_holds_at_crowded_moments_holds_at_all(seed: int) -> None:
    """Uses drawn by lot: what is refused is too much at one of the moments, and the reverse."""
    made = problems.problem(seed, problems.Size(wishes=8, days=2, pools=True))
    for pool in made.pools:
        drawn = [at(0) + 17 * (seed * n % 23) for n in range(1, 8)]
        uses = [Use(pool.key, start, start + 40 + seed * start % 90) for start in drawn]
        moments = list(crowded(pool, enumerate(uses)))
        for some in combinations(range(len(uses)), 3):
            allowed = all(
                sum(use.quantity for n, use in going.items() if n in some)
                <= max(0, pool.limit - sum(use.start <= moment < use.end for use in pool.taken))
                for moment, going in moments
            )
            assert allowed == _in_turn(pool, [uses[n] for n in some]), some


def _in_turn(pool: Pool, uses: list[Use]) -> bool:
    held = list(pool.taken)
    for use in uses:
        if not has_room(pool, held, use):
            return False
        held.append(use)
    return True


def test_threads_never_share_a_pool() -> None:
    size = problems.Size(wishes=60, programmes=8, slots=50, experts=8, units=3, days=12, pools=True)
    for seed in range(4):
        problem = problems.problem(seed, size)
        one, two = (
            solve(problem, Limits(seconds=5.0, threads=n), lambda _: None, lambda: False) for n in (1, 2)
        )
        assert (one.chosen, one.bound) == (two.chosen, two.bound)


# -- at once, repaired, explained, helped


def test_at_once_a_pending_rounds_guide_is_kept_for_it() -> None:
    wishes = [a_wish("one", 0, size=30), a_wish("two", 0, size=28)]
    problem = shared(a_problem(wishes, [a_slot("a", 0, seats=200)]), GUIDES)
    solved = settled(problem)
    pending = Pending(solved.options, solved.assembled, solved.certificate, solved.chosen)
    now = AtOnce(problem, [pending])
    small = a_wish("three", 0, size=10)
    assert now.ask(small).option is None
    large = now.ask(a_wish("four", 0, size=39))
    assert large.option is None, "nobody in a draft is left without"
    assert large.finding.reasons[-1] == Reason("slot", "kept_for_round", 1)
    assert large.price == min(solved.options[number].value for number in solved.chosen)


def test_a_guide_less_and_the_plan_is_put_right() -> None:
    wishes = [a_wish("one", 0), a_wish("two", 0)]
    later = replace(a_slot("b", 0), start=at(0) + 240, end=at(0) + 330)
    problem = shared(a_problem(wishes, [a_slot("a", 0, seats=80), later]), replace(GUIDES, limit=2))
    both = [n for n, option in enumerate(settled(problem).options) if option.legs[0].resource == "a"]
    fewer = settled(shared(problem, GUIDES))
    repaired = repair(fewer.assembled.instance, both, Event({}))
    assert len(repaired.chosen) == 2
    assert [moved.after for moved in repaired.moved] == [
        n for n in repaired.chosen if fewer.options[n].legs[0].resource == "b"
    ]


def test_who_shares_a_pool_is_in_the_way() -> None:
    wishes = [classmate("one", 0, size=39), classmate("two", 0, size=12)]
    slots = [a_slot("a", 0), a_slot("b", 0)]
    solved = settled(shared(a_problem(wishes, slots), CLASS))
    (unserved,) = Explainer(solved).unserved
    why = Explainer(solved).why_not(unserved)
    assert why is not None
    assert (why.holders, why.pupils) == (1, 39)


def test_another_day_helps_a_class_that_has_an_appointment() -> None:
    wishes = [classmate("one", 0, size=39), classmate("two", 0, size=12)]
    solved = settled(shared(a_problem(wishes, [a_slot("a", 0), a_slot("b", 0), a_slot("c", 1)]), CLASS))
    unserved = Explainer(solved).unserved
    latent = Latent(solved.problem, imagined(solved.problem, [wishes[n] for n in unserved]))
    changes = {change.code: change for change in helped(solved, latent, unserved, {}, lambda: False)}
    assert changes["another_day"].amount == 1
    assert "more_sessions" not in changes or changes["more_sessions"].option.legs[0].start % 1440 != MORNING

"""What can be changed in a copy of a problem, what additions are worth, and two plans side by side."""

from __future__ import annotations

from dataclasses import replace
from itertools import islice

import pytest

from services.matcher.engine import changed
from services.matcher.engine.changed import Alike, alike, in_turn, with_demand, without
from services.matcher.engine.model import DAY, Limits, Problem, Slot, Unit, Window
from services.matcher.engine.planned import Additions, Interrupted, Planned, Wanted
from services.matcher.engine.simulate import Outcome, Plan, at_least, moved, planned
from services.matcher.engine.solver import Solved, solve_openly
from tests.builders import problems
from tests.builders.problems import AREA, MONDAY
from tests.builders.settled import SCHOOL, a_problem, a_slot, a_wish, an_expert, at, open_on, settled

SKY = Wanted("more_sessions", programme="sky", seats=40)
MANY = problems.Size(wishes=30, programmes=5, slots=12, experts=4, units=2, days=6, windows=2, topics=5)


def solved(problem: Problem) -> Solved:
    """As the product solves it."""
    found = solve_openly(problem, Limits(1.0), lambda _: None, lambda: False)
    assert isinstance(found, Solved)
    return found


def three_for_one() -> Problem:
    """Three groups want the one slot of a Monday; the third comes on Tuesday too."""
    wishes = [a_wish("a", 0), a_wish("b", 0), a_wish("c", 0, 1, area="150421", need=180)]
    return replace(a_problem(wishes, [a_slot("s", 0)]), seed="seed")


# -- demand


def test_fewer_are_those_that_the_lot_keeps_whatever_their_order() -> None:
    problem = three_for_one()
    turned = replace(problem, wishes=problem.wishes[::-1])
    kept = [
        {wish.key for wish in with_demand(each, 0.7, in_turn(each, lambda _: True), iter(())).wishes}
        for each in (problem, turned)
    ]
    assert len(kept[0]) == 2
    assert kept[0] == kept[1]


def test_more_are_like_those_of_the_area_with_keys_of_their_own() -> None:
    problem = three_for_one()
    order = in_turn(problem, lambda wish: wish.area == AREA)
    more = with_demand(problem, 2.5, order, alike(problem, order))
    new = more.wishes[3:]
    assert [wish.area for wish in new] == [AREA] * 3
    assert more.wishes[:3] == problem.wishes
    assert len({wish.key for wish in more.wishes}) == 6
    assert {wish.key.of for wish in new if isinstance(wish.key, Alike)} == {"a", "b"}


def test_there_is_no_end_to_those_alike_and_none_where_nobody_asks() -> None:
    problem = three_for_one()
    assert len({wish.key for wish in islice(alike(problem, [0]), 50)}) == 50
    assert with_demand(problem, 3, [], alike(problem, [0])) == problem
    for factor in (0, -1, 21):
        with pytest.raises(ValueError, match="demand"):
            with_demand(problem, factor, [0], alike(problem, [0]))


# -- closed


def test_what_is_closed_is_away_in_those_days_only() -> None:
    slots = [a_slot("monday", 0), a_slot("tuesday", 1), a_slot("of others", 1)]
    expert = an_expert("e", 0, 1, 2)
    unit = Unit("u", frozenset({"stars"}), SCHOOL, 1)
    problem = replace(a_problem([a_wish("a", 0)], slots, [expert]), units=(unit,))
    keys = frozenset({("slot", "monday"), ("slot", "tuesday"), ("expert", "e"), ("unit", "u")})
    tuesday = Window((MONDAY + 1) * DAY, (MONDAY + 2) * DAY)
    closed = without(problem, keys, tuesday)  # type: ignore[arg-type]
    assert [slot.key for slot in closed.slots] == ["monday", "of others"]
    assert closed.experts[0].windows == open_on(0, 2)
    before, after = closed.units[0].windows
    assert (before.end, after.start) == (tuesday.start, tuesday.end)


def test_a_window_is_cut_where_it_is_touched_and_a_unit_of_no_days_is_none() -> None:
    noon = Window(at(0, 10 * 60), at(0, 12 * 60))
    morning = Window(at(0, 8 * 60), at(0, 17 * 60))
    expert = replace(an_expert("e", 0), windows=(morning,))
    unit = Unit("u", frozenset({"stars"}), SCHOOL, 1, windows=(noon,))
    problem = replace(a_problem([a_wish("a", 0)], [], [expert]), units=(unit,))
    keys = frozenset({("expert", "e"), ("unit", "u")})
    closed = without(problem, keys, noon)  # type: ignore[arg-type]
    assert closed.experts[0].windows == (Window(morning.start, noon.start), Window(noon.end, morning.end))
    assert closed.units == ()


# -- additions


def additions(problem: Problem, *wanted: Wanted) -> Additions:
    return Additions(settled(problem), wanted)


def test_a_session_is_put_on_the_day_for_which_the_plan_would_pay_most() -> None:
    wishes = [a_wish("a", 0), a_wish("b", 1, need=180), a_wish("c", 1)]
    problem = a_problem(wishes, [a_slot("s", 4)])
    more = additions(problem, SKY)
    (new,) = more.into(problem).slots[1:]
    assert isinstance(new.key, Planned)
    assert (new.start, new.seats, new.programme) == (at(1), 40, "sky")
    (worth,) = more.worth()
    assert worth is not None
    assert (worth.added.day, worth.wishes, worth.pupils) == (MONDAY + 1, 1, 40)
    assert 0 < worth.solved <= worth.worth


def test_several_come_on_several_days_and_one_that_is_asked_for_on_its_own() -> None:
    wishes = [a_wish("a", 0), a_wish("b", 1), a_wish("c", 2)]
    problem = a_problem(wishes, [a_slot("s", 4)])
    new = additions(problem, SKY._replace(number=3)).into(problem).slots[1:]
    assert sorted(slot.start for slot in new) == [at(0), at(1), at(2)]
    assert len({slot.key for slot in new}) == 3
    (asked,) = additions(problem, SKY._replace(day=MONDAY + 3)).into(problem).slots[1:]
    assert asked.start == at(3)


def test_experts_live_in_their_district_and_come_so_often() -> None:
    wishes = [a_wish(key, 0, 1, 2, kind="expert") for key in "abcd"]
    problem = a_problem(wishes, [])
    three = Wanted("more_experts", 3, topic="stars", area=AREA, home=SCHOOL, cap_week=1)
    more = additions(problem, three)
    after = more.into(problem)
    assert [(each.home, each.cap_week) for each in after.experts] == [(SCHOOL, 1)] * 3
    assert len({each.key for each in after.experts}) == 3
    assert len(solved(after).chosen) == 3
    (worth,) = more.worth()
    assert worth is not None
    assert worth.wishes == 2, "twice a day"
    day = additions(problem, three._replace(number=1, day=MONDAY + 1)).into(problem).experts[0]
    assert day.windows == open_on(1)


def test_a_unit_comes_once_more_in_the_week_that_is_asked_for() -> None:
    unit = Unit("u", frozenset({"stars"}), SCHOOL, 1, windows=(Window(0, 1),))
    wish = a_wish("a", 0, kind="exhibition", windows=(Window(at(7, 0), at(10, 0)),))
    problem = replace(a_problem([wish], []), units=(unit,))
    wanted = Wanted("more_unit_days", unit="u")
    first = (MONDAY + 7 + 3) // 7 * 7 - 3  # the Monday of the week that holds the first day
    for day in (None, MONDAY + 7):
        (new,) = additions(problem, wanted._replace(day=day)).into(problem).units[1:]
        assert new.windows == (Window(first * DAY, (first + 7) * DAY),)


def test_two_of_the_same_are_added_twice_and_what_is_never_given_not_at_all() -> None:
    problem = three_for_one()
    after = additions(problem, SKY, SKY).into(problem)
    assert len({slot.key for slot in after.slots}) == 3
    more = additions(problem, SKY._replace(programme="ground"))
    assert more.into(problem) == problem
    assert more.worth() == [None]


# -- side by side


def plan_of(found: Solved, chosen: list[int], value: int) -> Plan:
    return planned(found)._replace(chosen=tuple(found.options[n] for n in chosen), value=value)


@pytest.mark.parametrize("seed", range(5))
def test_a_plan_is_taken_over_where_it_can_be_had_and_is_worth_more(seed: int) -> None:
    problem = problems.problem(seed, MANY)
    found = solved(problem)
    after = solved(
        replace(problem, slots=(*problem.slots, Slot("more", "programme0", SCHOOL, at(0), at(0) + 60, 9)))
    )
    poor = plan_of(after, [], 0)
    taken = at_least(poor, planned(found), after.options)
    assert (taken.value, taken.bound) == (found.solution.value, poor.bound)
    assert taken.outcome.keys == planned(found).outcome.keys
    assert at_least(planned(after), plan_of(found, [], 0), after.options) == planned(after)
    again = solved(replace(problem, seed="another"))
    if again.solution.value == found.solution.value:
        same = at_least(planned(again), planned(found), again.options)
        assert same.outcome.keys == planned(found).outcome.keys, "nobody moves for nothing"


def test_where_fairness_is_wanted_no_place_is_left_with_fewer() -> None:
    wishes = [a_wish("a", 0, need=180), a_wish("b", 0, area="150421")]
    problem = a_problem(wishes, [a_slot("s", 0)])
    found = solved(replace(problem, lesson_days=dict.fromkeys((AREA, "150421"), problem.lesson_days[AREA])))
    by_area = {found.problem.wishes[option.wish].area: n for n, option in enumerate(found.options)}
    fair = plan_of(found, [by_area["150421"]], found.options[by_area["150421"]].value)
    wanted = fair._replace(problem=replace(fair.problem, fairness=50))
    assert at_least(wanted, planned(found), found.options) == wanted
    assert at_least(fair, planned(found), found.options).value == found.solution.value


def test_a_plan_that_needs_what_is_closed_is_not_taken_over() -> None:
    problem = three_for_one()
    found = solved(problem)
    closed = replace(
        problem,
        slots=(),
        experts=(an_expert("e", 0),),
        wishes=(*problem.wishes, a_wish("x", 0, kind="expert")),
    )
    after = solved(closed)
    poor = plan_of(after, [], 0)
    assert at_least(poor, planned(found), after.options) == poor


def test_schools_gain_and_lose_by_all_their_requests_together() -> None:
    wishes = [a_wish(key, 0, area=area) for key, area in (("a1", "x"), ("a2", "x"), ("b1", "x"), ("c1", "y"))]
    before = a_problem(wishes, [])
    after = replace(before, wishes=(*before.wishes, a_wish("d1", 0, area="y")))
    found = moved(
        Outcome(before, frozenset({0, 3}), 1),
        Outcome(after, frozenset({1, 2, 4}), 1),
        who=lambda wish: str(wish.key)[0],
        where=lambda wish: wish.area,
    )
    assert found == {"x": (1, 0), "y": (0, 1)}


def test_fairness_is_what_the_engine_knows_of_it() -> None:
    assert changed.with_fairness(three_for_one(), 50).fairness == 50


def test_pricing_ends_when_it_is_told_to() -> None:
    with pytest.raises(Interrupted):
        Additions(settled(three_for_one()), [SKY], lambda: True)

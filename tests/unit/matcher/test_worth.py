"""What one more session, expert day or stay of a unit would add: by prices at once, and by solving again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from services.matcher.engine.explain import Explainer, Settled
from services.matcher.engine.model import Problem, Unit, Window
from services.matcher.engine.prices import SCALE
from services.matcher.engine.season import season
from services.matcher.engine.worth import Addition, Again, Latent, by_price, imagined, ranked
from services.matcher.roads import RegionRoads
from tests.builders import problems
from tests.builders.settled import SCHOOL, a_problem, a_slot, a_wish, at, open_on, settled

MANY = problems.Size(wishes=40, programmes=6, slots=15, experts=4, units=2, days=8, windows=2, topics=6)


def latent(solved: Settled) -> Latent:
    """What could be added for those who go without."""
    unserved = Explainer(solved).unserved
    return Latent(
        solved.problem, imagined(solved.problem, [solved.problem.wishes[each] for each in unserved])
    )


def best(problem: Problem) -> list[Addition]:
    """The best additions to a problem once it is solved."""
    return ranked_of(settled(problem))


def ranked_of(solved: Settled) -> list[Addition]:
    """The best additions to a plan."""
    thought_of, unserved = latent(solved), Explainer(solved).unserved
    return ranked(solved, thought_of, by_price(thought_of, solved.certificate.request, unserved))


def value(solved: Settled) -> int:
    """What the plan is worth."""
    return sum(solved.options[number].value for number in solved.chosen)


def test_one_more_session_is_worth_what_it_would_be_filled_with() -> None:
    wishes = [a_wish("a", 0), a_wish("b", 0), a_wish("c", 0, need=180)]
    found = best(a_problem(wishes, [a_slot("s", 0, seats=80)]))
    (session,) = found
    assert (session.added.code, session.added.programme, session.added.start) == (
        "more_sessions",
        "sky",
        at(0),
    )
    assert (session.solved, session.wishes, session.pupils) == (392, 1, 40)
    assert session.worth >= session.solved


def test_who_has_a_place_may_move_to_a_new_session_and_leave_it_to_somebody() -> None:
    tied = a_wish("b", 0, size=80)
    either = a_wish("a", 0, 1, size=60, need=180)
    slots = [a_slot("monday", 0, seats=80), a_slot("other", 3, seats=60)]
    (session,) = best(a_problem([either, tied], slots))
    assert session.added.day == at(0) // (24 * 60)
    assert session.solved == 784


def test_an_expert_day_counts_no_more_lectures_than_one_person_gives() -> None:
    lectures = [a_wish(name, 1, kind="expert", size=30) for name in "abcd"]
    (day,) = best(a_problem(lectures, []))
    assert (day.added.code, day.added.topic, day.added.area) == ("more_experts", "stars", problems.AREA)
    assert (day.wishes, day.pupils, day.solved) == (2, 60, 600)


def test_a_unit_that_stands_elsewhere_would_be_wanted_once_more() -> None:
    van = Unit("van", frozenset({"stars"}), SCHOOL, min_days=5)
    shows = [a_wish(name, 0, kind="exhibition", windows=_weeks(), limit_km=50.0) for name in "ab"]
    (stay,) = best(replace(a_problem(shows, []), units=(van,)))
    assert (stay.added.code, stay.added.unit, stay.added.start) == ("more_unit_days", "van", at(-2, 0))
    assert (stay.wishes, stay.solved) == (1, 400)


def _weeks() -> tuple[Window, ...]:
    return (Window(open_on(0)[0].start, open_on(4)[0].end),)


def test_where_everybody_is_served_nothing_is_missing() -> None:
    assert best(a_problem([a_wish("a", 0)], [a_slot("s", 0)])) == []


def test_twenty_at_most_and_the_best_first() -> None:
    found = best(season(150, 3, RegionRoads()))
    assert len(found) == 20
    assert [each.solved for each in found] == sorted((each.solved for each in found), reverse=True)
    assert len({each.added._replace(day=0, start=0) for each in found}) == len(found)


@pytest.mark.parametrize("seed", range(5))
def test_by_prices_no_less_is_promised_than_solving_again_can_find(seed: int) -> None:
    solved = settled(problems.problem(seed, MANY))
    missing = solved.certificate.bound // SCALE - value(solved)
    for addition in ranked_of(solved):
        assert addition.solved <= addition.worth + missing + 1
        assert addition.solved >= 0


def test_one_addition_may_be_asked_for_by_itself() -> None:
    wishes = [a_wish("a", 0), a_wish("b", 0, need=180)]
    solved = settled(a_problem(wishes, [a_slot("s", 0)]))
    thought_of = latent(solved)
    worth = by_price(thought_of, solved.certificate.request, [0])
    (added,) = worth
    assert Again(solved, thought_of.supply, [added]).solved(added).solved == 392

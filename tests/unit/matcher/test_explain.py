"""Why this, why not, and what would have helped: nothing is told that was not found by solving again."""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import pytest

from schemas import explanations as texts
from services.matcher.engine.explain import Explainer, Settled, WhyNot
from services.matcher.engine.helped import ADDED, CODES, Change, helped
from services.matcher.engine.model import Problem, Wish
from services.matcher.engine.plan import is_possible
from services.matcher.engine.season import season
from services.matcher.engine.split import parts_of
from services.matcher.engine.weighing import Alternative, Suits, WhyThis
from services.matcher.engine.worth import Latent, extended, imagined
from services.matcher.roads import RegionRoads
from tests.builders import problems
from tests.builders.settled import FAR, a_problem, a_slot, a_wish, an_expert, open_on, settled

GROUPS = {"stars": "sky_and_earth", "stones": "sky_and_earth"}
MANY = problems.Size(wishes=60, programmes=8, slots=30, experts=5, units=2, days=10, windows=2, topics=6)


class Told(NamedTuple):
    """A settled problem, what could be added to it, and the changes that would have helped."""

    settled: Settled
    latent: Latent
    changes: list[Change]

    def codes(self, wish: int) -> dict[str, int]:
        """What would have helped a wish, and by how much."""
        return {change.code: change.amount for change in self.changes if change.wish == wish}


def told(problem: Problem) -> Told:
    """Everything that can be told of a problem."""
    solved = settled(problem)
    unserved = Explainer(solved).unserved
    latent = Latent(problem, imagined(problem, [problem.wishes[number] for number in unserved]))
    return Told(solved, latent, list(helped(solved, latent, unserved, GROUPS, lambda: False)))


def assert_holds(told: Told, change: Change) -> None:
    """The wish and everybody who was served before can be served together with the change, by plain rules."""
    solved = told.settled
    plan = {solved.options[number].wish: solved.options[number] for number in solved.chosen}
    changed = plan | {option.wish: option for option in (*change.others, change.option)}
    assert set(changed) == set(plan) | {change.wish}
    assert change.wish not in plan
    assert is_possible(extended(solved.problem, told.latent.supply), changed.values())
    assert all(option in solved.options for option in change.others)
    assert change.option not in solved.options or change.code in ADDED


# -- why this


def test_a_match_says_what_counted_for_it_and_how_it_suits() -> None:
    wish = a_wish("a", 0, topics=frozenset({"stars", "stones"}), need=125, language="mn")
    (match,) = [Explainer(settled(a_problem([wish], [a_slot("s", 0)]))).why_this(0)]
    (suits,) = match.suits
    assert (match.pupils, match.need, match.fit) == (40, 125, 88)
    assert (suits.topic, suits.language, suits.distance, suits.km) == (10, 0, 2, 10)
    assert match.value == 40 * 125 * 88 // 1000


def test_what_was_free_beside_a_match_costs_nobody_and_is_worth_no_more() -> None:
    slots = [a_slot("near", 0), a_slot("far", 0, place=FAR)]
    match = Explainer(settled(a_problem([a_wish("a", 0)], slots))).why_this(0)
    (other,) = match.alternatives
    assert match.legs[0].resource == "near"
    assert (other.legs[0].resource, other.free, other.cost, other.displaced) == ("far", True, 0, 0)
    assert other.value < match.value


def test_a_better_place_that_others_have_is_told_with_what_it_would_cost_them() -> None:
    bound_to_it = a_wish("b", 0, need=180, limit_km=20.0)
    slots = [a_slot("near", 0), a_slot("far", 0, place=FAR)]
    match = Explainer(settled(a_problem([a_wish("a", 0), bound_to_it], slots))).why_this(0)
    (other,) = match.alternatives
    assert match.legs[0].resource == "far"
    assert (other.legs[0].resource, other.free, other.displaced) == ("near", False, 1)
    assert other.value > match.value
    assert other.cost > other.value - match.value


# -- why not


def test_a_lost_contest_says_who_has_it_with_what_need_and_no_names() -> None:
    wishes = [a_wish("a", 0), a_wish("b", 0, need=180)]
    explainer = Explainer(settled(a_problem(wishes, [a_slot("s", 0)])))
    contest = explainer.why_not(0)
    assert explainer.unserved == [0]
    assert contest is not None
    assert (contest.holders, contest.pupils, contest.least, contest.most) == (1, 40, 180, 180)
    assert contest.price >= contest.value
    assert contest.short == contest.price - contest.value


def test_without_a_candidate_there_was_no_contest() -> None:
    assert Explainer(settled(a_problem([a_wish("a", 1)], [a_slot("s", 0)]))).why_not(0) is None


def test_an_hour_that_an_expert_spends_elsewhere_is_somebody_s() -> None:
    lecture = {"kind": "expert", "programme": None}
    wishes = [a_wish("a", 0, **lecture), a_wish("b", 0, need=180, **lecture)]
    contest = Explainer(settled(a_problem(wishes, [], [an_expert("e", 0)]))).why_not(0)
    assert contest is not None
    assert (contest.holders, contest.least) == (1, 180)


# -- what would have helped


def test_the_nearest_other_day_is_offered() -> None:
    slots = [a_slot("monday", 0), a_slot("wednesday", 2), a_slot("thursday", 3)]
    found = told(a_problem([a_wish("a", 0), a_wish("b", 0, need=180)], slots))
    assert found.codes(0)["another_day"] == 2
    (change,) = [change for change in found.changes if change.code == "another_day"]
    assert (change.option.legs[0].resource, change.others) == ("wednesday", ())


def test_another_day_may_need_somebody_to_move_and_nobody_to_go_without() -> None:
    either = a_wish("b", 1, 2, need=180)
    slots = [a_slot("tuesday", 1), a_slot("wednesday", 2, place=FAR)]
    found = told(a_problem([a_wish("a", 0, limit_km=20.0), either], slots))
    (change,) = [change for change in found.changes if change.code == "another_day"]
    assert change.option.legs[0].resource == "tuesday"
    assert [option.legs[0].resource for option in change.others] == ["wednesday"]
    assert_holds(found, change)


def test_nobody_is_moved_out_of_their_place() -> None:
    only_then = a_wish("b", 1, need=180)
    found = told(a_problem([a_wish("a", 0), only_then], [a_slot("tuesday", 1)]))
    assert "another_day" not in found.codes(0)


def test_fewer_pupils_fit_in_what_is_left() -> None:
    wishes = [a_wish("a", 0), a_wish("b", 0, need=180)]
    assert told(a_problem(wishes, [a_slot("s", 0, seats=72)])).codes(0)["smaller_group"] == 30


def test_a_longer_way_is_told_as_the_next_limit() -> None:
    near = a_wish("a", 0, limit_km=20.0)
    assert told(a_problem([near], [a_slot("far", 0, place=FAR)])).codes(0)["longer_distance"] == 100


def test_another_topic_is_named() -> None:
    found = told(a_problem([a_wish("a", 0)], [a_slot("s", 0, programme="ground")]))
    (change,) = [change for change in found.changes if change.code == "another_topic"]
    assert change.topic == "stones"


def test_who_named_a_programme_might_take_another() -> None:
    named = a_wish("a", 0, programme="ground", topics=frozenset({"stars"}))
    assert "another_programme" in told(a_problem([named], [a_slot("s", 0)])).codes(0)


def test_a_visit_that_found_no_expert_could_do_without() -> None:
    assert "without_expert" in told(a_problem([a_wish("a", 0, with_expert=True)], [a_slot("s", 0)])).codes(0)


def test_one_more_session_of_a_programme_would_do() -> None:
    found = told(a_problem([a_wish("a", 0), a_wish("b", 0, need=180)], [a_slot("s", 0)]))
    (change,) = [change for change in found.changes if change.code == "more_sessions"]
    assert change.added is not None
    assert (change.added.programme, change.added.start) == ("sky", a_slot("s", 0).start)


def test_an_expert_with_the_topic_in_the_district_would_do() -> None:
    found = told(a_problem([a_wish("a", 1, kind="expert")], []))
    (change,) = [change for change in found.changes if change.code == "more_experts"]
    assert change.added is not None
    assert (change.added.topic, change.added.area) == ("stars", problems.AREA)
    assert change.added.day == open_on(1)[0].start // (24 * 60)


def test_told_to_stop_it_tells_no_more() -> None:
    problem = a_problem([a_wish("a", 0), a_wish("b", 0)], [a_slot("s", 0)])
    solved = settled(problem)
    latent = Latent(problem, imagined(problem, problem.wishes))
    assert list(helped(solved, latent, Explainer(solved).unserved, GROUPS, lambda: True)) == []


@pytest.mark.parametrize("seed", range(6))
def test_every_change_holds_in_a_contested_world(seed: int) -> None:
    found = told(problems.problem(seed, MANY))
    assert len({change.code for change in found.changes}) >= 4
    for change in found.changes:
        assert_holds(found, change)


@cache
def a_season() -> Told:
    """A made season of some hundred requests."""
    return told(season(120, 7, RegionRoads()))


def test_most_of_a_season_s_unserved_could_have_been_helped_and_every_change_holds() -> None:
    found = a_season()
    unserved = Explainer(found.settled).unserved
    assert len({change.wish for change in found.changes}) > 0.6 * len(unserved) > 0
    for change in found.changes:
        assert_holds(found, change)


def test_a_change_of_a_wish_keeps_to_what_it_changes() -> None:
    found = a_season()
    for change in found.changes:
        wish = found.settled.problem.wishes[change.wish]
        leg = change.option.legs[-1]
        people = sum(each.quantity for each in parts_of(change.option))
        assert (people == wish.size) == (change.code != "smaller_group")
        assert _is_in_time(wish, leg.start) != (change.code == "another_day")


def _is_in_time(wish: Wish, minute: int) -> bool:
    return any(window.start <= minute < window.end for window in wish.windows)


def test_the_same_is_told_again() -> None:
    found = a_season()
    again = told(season(120, 7, RegionRoads()))
    assert again.changes == found.changes


# -- in words


DATE = "2027-03-15"
WORDS = {"title": "星空之下", "topic": "天文", "area": "林西县", "date": DATE, "amount": "3"}


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_change_and_addition_has_its_words(language: str) -> None:
    for code in CODES:
        assert DATE in texts.text_of(texts.CHANGES, code, language, **WORDS)
    for code in ADDED:
        assert DATE in texts.text_of(texts.ADDITIONS, code, language, **WORDS)
    assert set(texts.CHANGES) == set(CODES)
    assert set(texts.ADDITIONS) == set(ADDED)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_what_counted_and_who_has_it_have_their_words(language: str) -> None:
    names = {
        name: 7
        for part in (WhyThis, WhyNot, Suits, Alternative)
        for name in part._fields
        if name != "language"
    }
    for text in (texts.COUNTED, texts.CONTEST, texts.SUITS, *texts.ALTERNATIVES.values()):
        assert "7" in text.text(language, spoken=7, **names)
    assert all("9" in text.text(language, percent=9) for text in texts.NEEDS.values())

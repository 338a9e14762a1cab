"""What a school would like best: worth more, never a limit, and told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from schemas.explanations import LIKED
from services.matcher.engine import weights
from services.matcher.engine.candidates import Finder
from services.matcher.engine.choices import Choices, Met
from services.matcher.engine.explain import Explainer
from services.matcher.engine.model import Choice, Limits, Option, Problem, Wish
from services.matcher.engine.plan import is_possible
from services.matcher.engine.solver import Solved, solve
from services.matcher.engine.weighing import WhyThis
from services.matcher.usecases import telling
from tests.builders import problems
from tests.builders.papers import options_of
from tests.builders.settled import FAR, MUSEUM, a_problem, a_slot, a_wish, an_expert, open_on, settled

HERE = [a_slot("here", 0, place=MUSEUM), a_slot("there", 0, place=MUSEUM)]
TWO = [replace(slot, venue=f"venue {slot.key}") for slot in HERE]
SEEN_FIRST = (Choice("venue", "venue there"), Choice("venue", "venue here"))


def _options(problem: Problem, number: int = 0) -> dict[object, Option]:
    return {option.legs[-1].resource: option for option in Finder(problem).options(number)[0]}


def _chosen(problem: Problem, wish: int = 0) -> WhyThis:
    return Explainer(settled(problem)).why_this(wish)


@pytest.mark.parametrize(
    ("rank", "number", "lost"),
    [(0, 1, 0), (None, 1, 15), (0, 3, 0), (1, 3, 5), (2, 3, 10), (None, 3, 15), (None, 0, 0), (4, 5, 12)],
)
def test_each_rank_loses_a_step_more(rank: int | None, number: int, lost: int) -> None:
    assert weights.lost_by_rank(15, rank, number) == lost


def test_the_first_choice_is_taken_where_both_are_free() -> None:
    match = _chosen(a_problem([a_wish("a", 0, choices=SEEN_FIRST, place=MUSEUM)], TWO))
    assert match.legs[0].resource == "there"
    assert (match.choices, match.choice, match.choice_lost, match.fit) == (2, 1, 0, 100)


def test_the_second_is_taken_where_a_greater_need_has_the_first() -> None:
    wishes = [a_wish(key, 0, choices=SEEN_FIRST, need=need) for key, need in (("a", 100), ("b", 180))]
    problem = a_problem(wishes, TWO)
    assert [_chosen(problem, number).legs[0].resource for number in (0, 1)] == ["here", "there"]
    second = _chosen(problem)
    assert (second.choice, second.choice_lost) == (2, 7)
    assert second.value == 40 * 100 * second.fit // 1000


def test_what_meets_no_choice_is_still_possible() -> None:
    match = _chosen(a_problem([a_wish("a", 0, choices=(Choice("venue", "gone"),), place=MUSEUM)], TWO))
    assert (match.choices, match.choice, match.choice_lost, match.fit) == (1, 0, 15, 85)


@pytest.mark.parametrize(
    ("choice", "met"),
    [
        (Choice("topic", "stars"), 0),
        (Choice("topic", "stones"), None),
        (Choice("programme", "sky"), 0),
        (Choice("programme", "ground"), None),
        (Choice("venue", "venue here"), 0),
        (Choice("expert", "here"), None),
    ],
)
def test_a_session_meets_its_topic_its_programme_and_its_venue(choice: Choice, met: int | None) -> None:
    problem = a_problem([a_wish("a", 0, choices=(choice,))], TWO)
    option = _options(problem)["here"]
    assert Choices(problem).met(problem.wishes[0], option.legs) == Met(met, None)


def test_an_expert_is_chosen_at_school_and_at_the_venue() -> None:
    liked: dict[str, Any] = {"choices": (Choice("expert", "e"),)}
    experts = [an_expert("d", 0), an_expert("e", 0)]
    at_school = a_problem([a_wish("a", 0, kind="expert", **liked)], [], experts)
    assert _chosen(at_school).legs[0].resource == "e"
    along = _chosen(a_problem([a_wish("a", 0, with_expert=True, **liked)], TWO[:1], experts))
    assert ([leg.resource for leg in along.legs], along.choice) == (["e", "here"], 1)


def test_a_group_in_parts_meets_what_all_its_parts_do() -> None:
    wish = a_wish("a", 0, size=80, may_split=True, choices=(*SEEN_FIRST, Choice("topic", "stars")))
    match = _chosen(a_problem([wish], TWO))
    assert (len(match.legs), match.choice, match.choice_lost, match.split) == (2, 3, 10, 5)
    assert match.value == 80 * 100 * match.fit // 1000


def test_windows_may_have_an_order() -> None:
    wish = a_wish("a", 0, 1, place=MUSEUM)
    slots = [a_slot("monday", 0), a_slot("tuesday", 1)]
    late = replace(wish, window_order=open_on(1, 0))
    match = _chosen(a_problem([late], slots))
    assert (match.legs[0].resource, match.windows, match.window, match.window_lost) == ("tuesday", 2, 1, 0)
    monday = _chosen(a_problem([late], slots[:1]))
    assert (monday.window, monday.window_lost, monday.fit) == (2, 5, 95)


def test_who_says_no_order_has_the_value_of_before() -> None:
    plain = a_problem([a_wish("a", 0, place=FAR, topics=frozenset({"stars", "stones"}))], TWO)
    alike = _options(plain)
    assert {option.value for option in alike.values()} == {40 * 100 * weights.fit(
        plain.wishes[0], topics=frozenset({"stars"}), languages=frozenset(),
        km=plain.roads.km(FAR, MUSEUM),
    ) // 1000}  # fmt: skip


@pytest.mark.parametrize("seed", range(12))
def test_the_best_of_all_plans_is_found_with_choices(seed: int) -> None:
    made = problems.problem(seed, problems.Size(wishes=5, slots=6, experts=2, units=1, days=3))
    liking = (_liking(made, number, wish) for number, wish in enumerate(made.wishes))
    found = solve(replace(made, wishes=tuple(liking)), Limits(20.0), lambda _: None, lambda: False)
    assert isinstance(found.openly, Solved)
    options = options_of(found.openly.problem)
    assert any(option.value for option in options)
    assert found.value == found.bound == _best(found.openly.problem, options, [])


def _best(problem: Problem, options: list[Option], chosen: list[Option]) -> int:
    """The best value of all possible choices, by trying each."""
    if not is_possible(problem, chosen):
        return -1
    worth = sum(option.value for option in chosen)
    last = chosen[-1].wish if chosen else -1
    after = (option for option in options if option.wish > last)
    return max([worth, *(_best(problem, options, [*chosen, option]) for option in after)])


def _liking(made: Problem, number: int, wish: Wish) -> Wish:
    programmes = [Choice("programme", key) for key in made.programmes][number % 2 :]
    order = tuple(reversed(wish.windows)) if number % 2 else ()
    return replace(wish, choices=tuple(programmes[:3]), window_order=order)


@pytest.mark.parametrize("language", ["zh", "en"])
def test_it_is_told_which_choice_and_which_window_it_is(language: str) -> None:
    why = {"choices": 3, "choice": 2, "choice_lost": 5, "windows": 2, "window": 0, "window_lost": 10}
    said = telling.why({**_OLD, **why}, language)["text"]
    assert LIKED["choice"].text(language, **why) in said
    assert LIKED["no_window"].text(language, **why) in said
    assert telling.why(_OLD, language)["text"] in said


_OLD = {"pupils": 40, "need": 100, "fit": 85, "value": 340, "needs": [], "suits": [], "alternatives": []}

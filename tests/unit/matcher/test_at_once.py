"""A wish answered at once: by the same rules, and never with what a pending round needs more."""

from __future__ import annotations

import dataclasses
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.matcher.engine.assemble import Assembled, assemble
from services.matcher.engine.at_once import KEPT_FOR_ROUND, Answer, AtOnce
from services.matcher.engine.bids import Costs
from services.matcher.engine.certify import certify
from services.matcher.engine.instance import Certificate, Instance
from services.matcher.engine.model import DAY, Option, Place, Problem, Programme, Slot, Window, Wish
from services.matcher.engine.pending import Pending
from services.matcher.engine.plan import greedy, is_possible
from services.matcher.engine.prices import SCALE, Relaxation, seek
from services.matcher.engine.standing import Draft
from services.matcher.engine.workers import Workers
from tests.builders import brute, problems
from tests.builders.papers import options_of

SEEDS = st.integers(0, 10**6)
SIZE = problems.Size(
    wishes=6, programmes=3, slots=6, experts=2, units=1, days=3, topics=3, pools=True, rests=True
)
WORKER = Workers(1)
HERE = Place(42.5, 118.5)
MONDAY = problems.MONDAY * DAY


class World(NamedTuple):
    """A problem of which a round is pending with all its wishes, and somebody to ask."""

    problem: Problem
    options: list[Option]
    assembled: Assembled
    certificate: Certificate
    at_once: AtOnce

    @property
    def instance(self) -> Instance:
        """The arrays of the round."""
        return self.assembled.instance


def pending(problem: Problem) -> Pending:
    """The round of all wishes of a problem, with the certificate of a short search for prices."""
    options = options_of(problem)
    assembled = assemble(problem, options)
    relaxation = Relaxation(assembled.instance, WORKER)
    prices = seek(relaxation, 60, lambda _: False).prices
    order = sorted(range(len(options)), key=lambda number: -options[number].value)
    chosen = greedy(problem, options, order)
    return Pending(options, assembled, certify(relaxation, prices), chosen)


def world(seed: int) -> World:
    """A world with options in it."""
    for attempt in range(100):
        problem = problems.problem(seed + 10**7 * attempt, SIZE)
        if options_of(problem):
            waiting = pending(problem)
            return World(problem, list(waiting.options), *waiting[1:3], AtOnce(problem, [waiting]))
    raise AssertionError("nothing suits anybody in a hundred worlds")


def costs_what_the_bound_loses(seed: int) -> None:
    """What an option costs is the loss of each of its shelves, tried out, and the prices of its rows."""
    made = world(seed)
    costs = Costs(Pending(made.options, made.assembled, made.certificate), made.problem.roads)
    stands = [_stands(made, shelf) for shelf in range(len(made.assembled.shelves))]
    for number, option in enumerate(made.options):
        legs = brute.legs_of(made.instance, number)
        lost = sum(_lost(made, leg, stands[int(made.instance.legs.shelf[leg])]) for leg in legs)
        assert costs.of(option) == lost + _paid(made, number), number


def _lost(made: World, leg: int, stands: list[tuple[int, ...]]) -> int:
    """The best that can stand on a leg's shelf, less the best that can beside one more leg like it."""
    shelf, share = int(made.instance.legs.shelf[leg]), made.certificate.share
    beside = [some for some in stands if brute.stand(made.instance, shelf, [*some, leg])]
    best, left = (
        max((int(share[list(some)].sum()) for some in sets), default=0) for sets in (stands, beside)
    )
    return best - left


def _stands(made: World, shelf: int) -> list[tuple[int, ...]]:
    """All sets of legs worth something that a shelf can hold."""
    first, last = made.instance.on_shelf.first[shelf : shelf + 2]
    there = made.instance.on_shelf.items[first:last].tolist()
    worthy = [leg for leg in there if made.certificate.share[leg] > 0]
    return [some for some in brute.subsets(worthy) if brute.stand(made.instance, shelf, some)]


def _paid(made: World, option: int) -> int:
    rows = made.instance.rows
    first, last = rows.of_option.first[option : option + 2]
    entries = rows.of_option.items[first:last]
    return sum(int(made.certificate.row[rows.row[entry]] * rows.weight[entry]) for entry in entries)


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_an_option_costs_what_the_rounds_bound_loses(seed: int) -> None:
    costs_what_the_bound_loses(seed)


@pytest.mark.slow
@settings(max_examples=150, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=SEEDS)
def test_an_option_costs_what_the_rounds_bound_loses_in_every_case(seed: int) -> None:
    costs_what_the_bound_loses(seed)


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_the_answer_is_the_option_that_leaves_most_above_its_cost(seed: int) -> None:
    made = world(seed)
    for number, wish in enumerate(made.problem.wishes):
        mine = [option for option in made.options if option.wish == number]
        worths = [SCALE * option.value - made.at_once.cost(option) for option in mine]
        answer = made.at_once.ask(wish)
        assert _worth(answer) == max([0, *worths])
        assert (answer.option is None) == (max([0, *worths]) == 0)


def _worth(answer: Answer) -> int:
    return SCALE * answer.option.value - answer.cost if answer.option else 0


@settings(max_examples=15, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_all_that_is_taken_one_after_the_other_can_be_had_together(seed: int) -> None:
    made = world(seed)
    taken = []
    for wish in made.problem.wishes:
        answer = made.at_once.ask(wish)
        if answer.option:
            made.at_once.take(answer.option)
            taken.append(answer.option)
    assert is_possible(made.problem, [option._replace(wish=n) for n, option in enumerate(taken)])


def test_without_a_round_the_best_that_is_free_is_taken() -> None:
    made = world(3)
    free = AtOnce(made.problem)
    for number, wish in enumerate(made.problem.wishes):
        best = max((option.value for option in made.options if option.wish == number), default=0)
        answer = free.ask(wish)
        assert (answer.option.value if answer.option else 0, answer.cost) == (best, 0)


def test_taking_for_nothing_what_nobody_of_the_round_has() -> None:
    """The plan of a round loses nothing by an option that fits beside it."""
    for seed in range(12):
        made = world(seed)
        waiting = pending(made.problem)
        draft = Draft(waiting, made.problem.roads)
        for number, option in enumerate(made.options):
            stranger = option._replace(wish=-1)
            beside = [made.options[other] for other in waiting.chosen]
            if is_possible(made.problem, [*beside, stranger]):
                assert draft.loss(option) == 0, number


@settings(max_examples=25, deadline=None, derandomize=True)
@given(seed=SEEDS)
def test_what_a_plan_is_said_to_lose_is_enough_for_what_it_has_after(seed: int) -> None:
    """Take everything that comes, and the round's plan is still possible beside what was taken."""
    made = world(seed)
    waiting = pending(made.problem)
    draft, taken = (
        Draft(waiting, made.problem.roads),
        [made.options[n] for n in range(0, len(made.options), 5)],
    )
    had: list[Option] = []
    for option in (each._replace(wish=-1 - n) for n, each in enumerate(taken)):
        if is_possible(made.problem, [*had, option]):
            draft.take(option)
            had.append(option)
            assert is_possible(made.problem, [*had, *(made.options[n] for n in draft.chosen)])


# -- a slot of thirty seats that a round waits for


def slot_problem(seats: int = 30, wishes: tuple[Wish, ...] = ()) -> Problem:
    """One programme, one slot."""
    programme = Programme("p", "visit", frozenset({"stars"}))
    slot = Slot("s", "p", HERE, MONDAY + 9 * 60, MONDAY + 10 * 60, seats)
    days = frozenset(range(problems.MONDAY, problems.MONDAY + 7))
    return Problem(
        wishes=wishes,
        programmes={"p": programme},
        slots=(slot,),
        experts=(),
        units=(),
        roads=problems.FlatRoads(),
        lesson_days={problems.AREA: days},
        known_days=days,
        earliest=MONDAY,
    )


def class_of(size: int, need: int = 100, key: str = "asking") -> Wish:
    """A class that would come to the slot."""
    week = Window(MONDAY, MONDAY + 5 * DAY)
    topics = frozenset({"stars"})
    return Wish(key, "visit", size, HERE, problems.AREA, "P", (week,), topics, need=need)


def waiting(seats: int, *wishes: Wish) -> AtOnce:
    """Somebody to ask while a round waits with these wishes for the slot."""
    problem = slot_problem(seats, wishes)
    return AtOnce(problem, [pending(problem)])


def test_a_seat_that_the_round_needs_more_is_not_given_away() -> None:
    asked = waiting(30, class_of(30, need=200, key="needy")).ask(class_of(20))
    assert asked.option is None
    assert asked.finding.candidates == 1
    assert [(reason.code, reason.count) for reason in asked.finding.reasons] == [(KEPT_FOR_ROUND, 1)]


def test_nobody_who_is_in_a_plan_is_left_without_for_somebody_who_comes_later() -> None:
    asked = waiting(30, class_of(10, key="modest")).ask(class_of(30))
    assert asked.option is None
    assert [(reason.code, reason.count) for reason in asked.finding.reasons] == [(KEPT_FOR_ROUND, 1)]


def two_slots(firm: bool = False) -> AtOnce:
    """The round has a class of ten in the slot of thirty, and another slot of ten would do for it."""
    problem = slot_problem(30, (class_of(10, key="modest"),))
    later = dataclasses.replace(problem.slots[0], key="t", start=MONDAY + DAY + 540, end=MONDAY + DAY + 600)
    problem = dataclasses.replace(problem, slots=(*problem.slots, dataclasses.replace(later, seats=10)))
    its = pending(problem)
    chosen = [number for number, option in enumerate(its.options) if option.legs[0].resource == "s"]
    return AtOnce(problem, [its._replace(chosen=chosen, firm=firm)])


def test_who_is_in_a_plan_makes_room_where_another_place_is_as_good() -> None:
    at_once = two_slots()
    answer = at_once.ask(class_of(30))
    assert answer.option is not None
    assert 0 <= answer.cost < SCALE * answer.option.value
    at_once.take(answer.option)
    (move,) = at_once.moved
    assert (move.round, move.wish) == (0, 0)
    assert at_once.ask(class_of(10, key="late")).option is None


def test_a_firm_plan_makes_room_for_nobody() -> None:
    assert two_slots(firm=True).ask(class_of(30)).option is None
    assert two_slots(firm=True).ask(class_of(20)).option is not None


def test_a_match_that_no_plan_knows_keeps_its_place() -> None:
    at_once = AtOnce(slot_problem(30))
    had = at_once.ask(class_of(20)).option
    assert had is not None
    beside = AtOnce(slot_problem(30), kept=[had])
    assert beside.ask(class_of(30)).option is None
    assert beside.ask(class_of(10)).option is not None


def test_what_the_round_leaves_over_costs_nothing() -> None:
    answer = waiting(60, class_of(30, key="waiting")).ask(class_of(30))
    assert answer.option is not None
    assert answer.cost == 0


def test_what_is_taken_makes_the_rest_dearer() -> None:
    at_once = waiting(60, class_of(30, need=200, key="needy"))
    first = at_once.ask(class_of(30))
    assert first.option is not None
    at_once.take(first.option)
    assert at_once.ask(class_of(20, key="late")).option is None


def test_what_is_taken_by_now_is_refused_and_told_as_contested() -> None:
    at_once = AtOnce(slot_problem(30))
    answer = at_once.ask(class_of(30))
    assert answer.option is not None
    at_once.take(answer.option)
    with pytest.raises(ValueError, match="no longer free"):
        at_once.take(answer.option)
    late = at_once.ask(class_of(20, key="late"))
    assert [(reason.code, reason.count) for reason in late.finding.reasons] == [("contest", 1)]


def test_a_wish_is_answered_alike_whether_or_not_it_is_in_the_pool() -> None:
    made = world(5)
    for wish in made.problem.wishes:
        stranger = dataclasses.replace(wish, key=f"not {wish.key}")
        known, unknown = made.at_once.ask(wish), made.at_once.ask(stranger)
        assert (known.cost, known.finding) == (unknown.cost, unknown.finding)

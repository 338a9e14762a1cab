"""A large group in parts: which sets of slots there are, how they are cut, what the solve makes of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.matcher.engine import weights
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import (
    DAY,
    Claim,
    Finding,
    Limits,
    Need,
    Option,
    Place,
    Pool,
    Problem,
    Programme,
    Reason,
    Slot,
    Use,
    Window,
    Wish,
)
from services.matcher.engine.season import season
from services.matcher.engine.solver import solve
from services.matcher.engine.split import SPAN, cut, is_split
from services.matcher.roads import RegionRoads
from tests.builders import problems
from tests.unit.matcher.test_engine import solves_to_the_optimum

MUSEUM, ELSEWHERE = Place(42.0, 118.0), Place(42.2, 118.0)
SPLIT = problems.Size(wishes=5, slots=8, experts=1, units=1, days=3, splits=True)
SHARED = replace(SPLIT, pools=True)


def _at(hour: float, day: int = 0) -> int:
    return (problems.MONDAY + day) * DAY + int(hour * 60)


def _slot(key: str, hour: float, seats: int = 40, programme: str = "tour", day: int = 0) -> Slot:
    return Slot(key, programme, MUSEUM, _at(hour, day), _at(hour + 1, day), seats)


TOUR = Programme("tour", "visit", frozenset({"space"}))
WISH = Wish(
    "school", "visit", 110, Place(42.0, 118.1), problems.AREA, "P", (Window(_at(8), _at(18)),),
    topics=frozenset({"space"}), may_split=True,
)  # fmt: skip


def _problem(
    *slots: Slot, wish: Wish = WISH, tour: Programme = TOUR, pools: tuple[Pool, ...] = ()
) -> Problem:
    days = frozenset(range(problems.MONDAY, problems.MONDAY + 14))
    show = replace(TOUR, key="show", topics=frozenset({"space", "light"}))
    return Problem(
        wishes=(wish,), programmes={"tour": tour, "show": show}, slots=slots, experts=(), units=(),
        roads=problems.FlatRoads(), lesson_days={problems.AREA: days}, known_days=days,
        earliest=_at(0), pools=pools,
    )  # fmt: skip


def _found(problem: Problem) -> tuple[list[Option], Finding]:
    return Finder(problem).options(0)


def _parts(option: Option) -> list[tuple[object, int]]:
    return [(leg.resource, leg.quantity) for leg in option.legs]


# -- which sets there are


def test_a_group_too_large_for_any_slot_comes_in_parallel_parts() -> None:
    options, finding = _found(_problem(_slot("a", 9), _slot("b", 9), _slot("c", 9)))
    assert [_parts(option) for option in options] == [[("a", 37), ("b", 37), ("c", 36)]]
    assert finding == Finding(1, ())


def test_or_takes_turns_within_the_span() -> None:
    options, finding = _found(_problem(_slot("a", 9, 60), _slot("b", 10, 60), _slot("late", 16, 60)))
    assert [_parts(option) for option in options] == [[("a", 55), ("b", 55)]]
    assert finding == Finding(1, (Reason("slot", "seats", 1),))
    assert SPAN == 4 * 60


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"may_split": False}, id="the school says no"),
        pytest.param({"kind": "training", "audience": "pupils"}, id="a training"),
        pytest.param({"with_expert": True}, id="an expert comes along"),
        pytest.param({"size": 19}, id="parts of nine"),
        pytest.param({"size": 161}, id="more than four slots have"),
    ],
)
def test_else_nothing_is_split(change: dict[str, object]) -> None:
    small = replace(WISH, **change)  # type: ignore[arg-type]
    seats = 12 if small.size < 20 else 40
    slots = (_slot(f"s{n}", 9, seats) for n in range(5))
    assert _found(_problem(*slots, wish=small))[0] == []


def test_a_group_may_come_in_parts_where_one_slot_of_the_place_and_day_takes_all() -> None:
    there = [_slot("a", 9, 60), _slot("b", 9, 60)]
    options, finding = _found(_problem(*there, _slot("large", 11, 110)))
    sets = [{leg.resource for leg in option.legs} for option in options]
    assert sets == [{"large"}, {"a", "b"}, {"a", "large"}, {"b", "large"}, {"a", "b", "large"}]
    assert options[0].value == max(option.value for option in options)
    assert finding == Finding(5, ())


def test_one_more_session_that_takes_all_takes_nothing_from_two_large_groups() -> None:
    """Two groups of 110 have four sessions of 60; with one of 110 beside them both are served still."""
    there = [_slot(key, 9, 60) for key in "abcd"]
    wishes = tuple(replace(WISH, key=f"school{number}") for number in range(2))
    served = [
        solve(replace(_problem(*slots), wishes=wishes), Limits(10.0), lambda _: None, lambda: False)
        for slots in (there, [*there, _slot("large", 9, 110)])
    ]
    assert [len(solution.chosen) for solution in served] == [2, 2]
    assert served[0].value < served[1].value


def test_many_sessions_that_take_all_displace_no_set_of_those_that_do_not() -> None:
    there = [_slot(f"s{number}", 9 + number % 3, 60) for number in range(6)]
    before = [_parts(option) for option in _found(_problem(*there))[0]]
    large = [_slot(f"large{number}", 9 + number % 3, 110) for number in range(6)]
    after = [_parts(option) for option in _found(_problem(*there, *large))[0]]
    assert before
    assert all(each in after for each in before)


def test_what_is_for_larger_groups_only_does_not_keep_others_from_being_split() -> None:
    slots = (_slot("a", 9, 60), _slot("b", 9, 60), _slot("huge", 9, 200, "tour"))
    crowds = replace(TOUR, key="crowds", min_group=120)
    problem = _problem(*slots[:2], replace(slots[2], programme="crowds"))
    problem = replace(problem, programmes={**problem.programmes, "crowds": crowds})
    options, finding = _found(problem)
    assert [_parts(option) for option in options] == [[("a", 55), ("b", 55)]]
    assert finding.reasons == (Reason("slot", "group_too_small", 1),)


def test_parts_keep_to_their_programme_and_to_what_is_there() -> None:
    tour = replace(TOUR, min_group=40, max_group=50)
    slots = (_slot("a", 9, 200), _slot("b", 9, 200), _slot("c", 9, 30), _slot("d", 9, 40))
    options, finding = _found(_problem(*slots, tour=tour))
    # Three parts of at least 40 are more than there are; two of at most 50 are fewer.
    assert options == []
    assert finding.reasons == (Reason("slot", "group_too_large", 4),)
    options, _ = _found(_problem(*slots, tour=replace(tour, min_group=20)))
    assert [("a", 37), ("b", 37), ("d", 36)] in [_parts(option) for option in options]
    assert not any(leg.quantity not in range(20, 51) for option in options for leg in option.legs)


def test_parts_are_at_one_place_on_one_day_and_in_the_wishes_windows() -> None:
    apart = [_slot("a", 9, 60), replace(_slot("b", 9, 60), place=ELSEWHERE), _slot("c", 9, 60, day=1)]
    assert _found(_problem(*apart))[0] == []
    online = replace(_slot("d", 9, 60), place=None)
    assert _found(_problem(apart[0], online))[0] == []


def test_sets_are_few_and_the_best_suited_come_first() -> None:
    slots = [_slot(f"{day} {n}", 8.5 + n / 2, 60, day=day) for day in range(14) for n in range(12)]
    wish = replace(WISH, windows=(Window(_at(0), _at(24, 13)),))
    week = replace(wish, windows=(Window(_at(0), _at(24, 6)),))
    options, _ = _found(_problem(*slots, wish=week))
    days = Counter(option.legs[0].start // DAY for option in options)
    assert set(days.values()) == {11}
    many = [
        replace(slot, key=(slot.key, n), place=Place(42, 118 + n / 100)) for slot in slots for n in range(3)
    ]
    assert len(_found(_problem(*many, wish=wish))[0]) == 80
    mixed = (_slot("a", 9, 60), _slot("b", 9, 60), _slot("c", 9, 60, "show"), _slot("d", 9, 60, "show"))
    options, _ = _found(_problem(*mixed, wish=replace(WISH, topics=frozenset({"space", "light"}))))
    assert list(map(_parts, options[:2])) == [[("c", 55), ("d", 55)], [("a", 55), ("b", 55)]]
    assert options[0].value == max(option.value for option in options)


def test_several_schools_that_want_the_same_find_different_sets() -> None:
    """Eight groups of three parts each and twenty-four sessions on a day: nearly all have a place."""
    slots = tuple(_slot(f"s{n}", 8.5 + n // 4) for n in range(24))
    problem = _problem(*slots)
    problem = replace(problem, wishes=tuple(replace(WISH, key=f"school{n}") for n in range(8)))
    solution = solve(problem, Limits(10.0), lambda _: None, lambda: False)
    assert (len(solution.chosen) >= 6, solution.gap) == (True, 0)


def test_being_split_costs_a_little_fit() -> None:
    near = replace(WISH, place=MUSEUM)
    options, _ = _found(_problem(_slot("a", 9), _slot("b", 9), _slot("c", 9), wish=near))
    assert options[0].value == 110 * (100 - 2 * weights.SPLIT_SHARE) // 10


# -- how it is cut


@given(
    size=st.integers(0, 90),
    bounds=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 30)), min_size=1, max_size=4),
)
def test_a_cut_is_as_even_as_bounds_allow(size: int, bounds: list[tuple[int, int]]) -> None:
    bounds = [(least, max(least, most)) for least, most in bounds]
    parts = cut(size, bounds)
    possible = sum(least for least, _ in bounds) <= size <= sum(most for _, most in bounds)
    assert (parts is not None) == possible
    if parts is None:
        return
    assert sum(parts) == size
    assert all(least <= part <= most for part, (least, most) in zip(parts, bounds, strict=True))
    for (one, (least, most)), (other, (their_least, their_most)) in combinations(
        zip(parts, bounds, strict=True), 2
    ):
        assert one <= other + 1 or one == least or other == their_most
        assert other <= one + 1 or other == their_least or one == most


def test_a_match_in_parts_is_found_again_though_its_slots_would_be_cut_otherwise_now() -> None:
    slots = (_slot("a", 9, 40), _slot("b", 9, 40), _slot("c", 10.5, 40))
    finder = Finder(_problem(*slots))
    assert _parts(finder.options(0)[0][0]) == [("a", 37), ("b", 37), ("c", 36)]
    found = finder.in_parts(0, {"a": 40, "b": 40, "c": 30})
    assert found is not None
    assert _parts(found) == [("a", 40), ("b", 40), ("c", 30)]
    assert found.value == finder.options(0)[0][0].value
    assert finder.in_parts(0, {"a": 41, "b": 40, "c": 29}) is None
    assert finder.in_parts(0, {"a": 40, "b": 40, "gone": 30}) is None
    assert (
        Finder(_problem(*slots, wish=replace(WISH, may_split=False))).in_parts(0, {"a": 40, "b": 40}) is None
    )


# -- what many share


def test_a_group_in_parts_needs_a_guide_for_each_and_has_one_class() -> None:
    tour = replace(TOUR, needs=(Need("guides"),))
    wish = replace(WISH, claims=(Claim("class"),))
    guides, its = Pool("guides", 3, "no_guide"), Pool("class", 1, "class_busy")
    slots = (_slot("a", 9), _slot("b", 9), _slot("c", 10.5))
    options, _ = _found(_problem(*slots, tour=tour, wish=wish, pools=(guides, its)))
    # Ten minutes of road there, and back.
    assert options[0].uses == (
        Use("class", _at(9) - 10, _at(11.5) + 10, 1),
        Use("guides", _at(9), _at(11.5), 2),
    )
    few = replace(guides, limit=1)
    options, finding = _found(_problem(*slots, tour=tour, wish=wish, pools=(few, its)))
    assert (options, finding.reasons) == ([], (Reason("slot", "no_guide", 3),))


# -- solved


@settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_small_problems_with_parts_are_solved_to_the_enumerated_optimum(seed: int) -> None:
    solves_to_the_optimum(problems.problem(seed, SHARED if seed % 2 else SPLIT))


@pytest.mark.slow
@settings(max_examples=1500, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(seed=st.integers(0, 10**6))
def test_small_problems_with_parts_are_solved_to_the_optimum_in_every_case(seed: int) -> None:
    solves_to_the_optimum(problems.problem(seed, SHARED if seed % 2 else SPLIT))


def test_a_season_has_large_groups_where_it_is_asked_for_them_and_is_else_the_same() -> None:
    plain, some = season(120, 7, RegionRoads()), season(120, 7, RegionRoads(), large=0.5)
    pairs = list(zip(plain.wishes, some.wishes, strict=True))
    large = [(one, other) for one, other in pairs if one != other]
    assert len(large) > 10
    assert all(other.may_split and other.size >= one.size for one, other in large)
    assert not any(wish.may_split for wish in plain.wishes)
    with pytest.raises(ValueError, match="above zero"):
        season(120, 7, RegionRoads(), large=-0.1)


@pytest.mark.parametrize("seed", range(40))
def test_every_set_adds_up_and_every_problem_has_some(seed: int) -> None:
    problem = problems.problem(seed, replace(SPLIT, wishes=40, slots=60))
    options = [option for found, _ in Finder(problem).all() for option in found if is_split(option.legs)]
    assert options
    for option in options:
        wish, legs = problem.wishes[option.wish], option.legs
        assert wish.may_split
        assert sum(leg.quantity for leg in legs) == wish.size
        assert len({leg.resource for leg in legs}) == len(legs) in (2, 3, 4)
        assert len({(leg.place, leg.start // DAY) for leg in legs}) == 1
        assert max(leg.end for leg in legs) - legs[0].start <= SPAN

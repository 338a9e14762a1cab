"""What those who wait could have, before and after one match goes to another place by a hand.

By the plain rules alone: nothing is solved, and nothing that is compiled is loaded.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from services.matcher.engine.candidates import Finder, taking
from services.matcher.engine.days import day_of
from services.matcher.engine.journeys import KnownRoads, clash, rest_of, rests
from services.matcher.engine.model import Key, Kind, Leg, Option, Place, Problem
from services.matcher.engine.plan import Plan
from services.matcher.engine.rules import FAMILIES


class Chance(NamedTuple):
    """The best that a wish could have at one place, in points; `only` if nothing else is free to it."""

    value: int
    only: bool


class Chances(NamedTuple):
    """By wish, what the move takes from those who wait, and what it leaves to them."""

    taken: dict[int, Chance]
    left: dict[int, Chance]


def chances(problem: Problem, waiting: Sequence[int], present: Option | None, chosen: Option) -> Chances:
    """Which of these wishes lose, and which get, a way to be served when a match goes to another option.

    `problem` is what there is without that match; `present` is None where it holds nothing of that any more.
    """
    problem = replace(problem, roads=KnownRoads(problem.roads))
    finder = Finder(problem)
    moved = [present, chosen] if present else [chosen]
    before, after = _with(problem, [present] if present else []), _with(problem, [chosen])
    found = Chances({}, {})
    for wish in _concerned(problem, waiting, moved):
        options, _ = finder.options(wish)
        now = [option for option in options if before.fits(option)]
        then = [option for option in options if after.fits(option)]
        _note(found.taken, wish, now, then)
        _note(found.left, wish, then, now)
    return found


def wanting(problem: Problem, waiting: Sequence[int], chosen: Option) -> dict[int, int]:
    """Wishes that the rules allow what an option takes, by the best value that they would have there.

    `problem` is what there would be if the draft were not.
    """
    finder, meets = Finder(_around(problem, [chosen])), _Meets(problem)
    found: dict[int, int] = {}
    for wish in _able(problem, waiting, [chosen]):
        options, _ = finder.options(wish)
        there = [option.value for option in options if meets.any(option.legs, chosen.legs)]
        if there:
            found[wish] = max(there)
    return found


def _concerned(problem: Problem, waiting: Sequence[int], moved: Sequence[Option]) -> Iterator[int]:
    """Of these wishes those with an option on anything that these options take, or with a share in it."""
    finder, held, pools = Finder(_around(problem, moved)), _resources(moved), _pools(moved)
    able = set(_able(problem, waiting, moved))
    for wish in waiting:
        shares = any(claim.pool in pools for claim in problem.wishes[wish].claims)
        options = finder.options(wish)[0] if wish in able and not shares else ()
        if shares or any(_resources([each]) & held or _pools([each]) & pools for each in options):
            yield wish


def _able(problem: Problem, waiting: Sequence[int], moved: Sequence[Option]) -> Iterator[int]:
    """Of these wishes those whose kind is served by any of what these options take."""
    kinds = {kind for kind, _ in _resources(moved)}
    for number in waiting:
        wish = problem.wishes[number]
        families = {*FAMILIES.get(wish.kind, ()), *(["expert"] if wish.with_expert else [])}
        if families & kinds:
            yield number


def _around(problem: Problem, moved: Sequence[Option]) -> Problem:
    """The problem with no more than the options on what these take can be made of.

    Who is to come along to a session may be anybody, and so may be the session that an expert comes to.
    """
    held, pools = _resources(moved), _pools(moved)
    kinds = {kind for kind, _ in held}
    sharing = {
        key for key, each in problem.programmes.items() if any(need.pool in pools for need in each.needs)
    }
    beside = _beside(problem, held)
    slots = (
        each
        for each in problem.slots
        if "expert" in kinds
        or ("slot", each.key) in held
        or each.programme in sharing
        or (each.place, day_of(each.start)) in beside
    )
    return replace(
        problem,
        slots=tuple(slots),
        experts=tuple(each for each in problem.experts if "slot" in kinds or ("expert", each.key) in held),
        units=tuple(each for each in problem.units if ("unit", each.key) in held),
    )


def _beside(problem: Problem, held: set[tuple[Kind, Key]]) -> set[tuple[Place | None, int]]:
    """Places and days of these slots, if a group might come in parts: its other parts are there."""
    if not any(wish.may_split for wish in problem.wishes):
        return set()
    return {(each.place, day_of(each.start)) for each in problem.slots if ("slot", each.key) in held}


def _pools(options: Iterable[Option]) -> set[Key]:
    return {use.pool for option in options for use in option.uses}


def _resources(options: Iterable[Option]) -> set[tuple[Kind, Key]]:
    return {(leg.kind, leg.resource) for option in options for leg in option.legs}


def _with(problem: Problem, taken: Iterable[Option]) -> Plan:
    """What is left beside these; whose they are is not counted."""
    plan = Plan(problem)
    for option in taken:
        plan.add(option)
    return plan


def _note(into: dict[int, Chance], wish: int, ones: Sequence[Option], others: Sequence[Option]) -> None:
    """Note what is among the ones and not among the others."""
    gone = set(ones) - set(others)
    if gone:
        into[wish] = Chance(max(option.value for option in gone), only=not others)


class _Meets:
    """Whether legs take the same: seats of one slot, or time of one comer that cannot be had twice."""

    def __init__(self, problem: Problem) -> None:
        self._roads, self._rests = KnownRoads(problem.roads), rests(problem)

    def any(self, legs: Iterable[Leg], others: Sequence[Leg]) -> bool:
        """Whether any of the ones takes what any of the others takes."""
        return any(self._same(leg, other) for leg in legs for other in others)

    def _same(self, leg: Leg, other: Leg) -> bool:
        if (leg.kind, leg.resource) != (other.kind, other.resource):
            return False
        rest = rest_of(self._rests, leg.kind, leg.resource)
        return leg.kind == "slot" or clash(self._roads, taking(leg), taking(other), rest)

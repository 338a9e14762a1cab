"""What can be changed in a season: its demand, a venue, experts. docs/what-if.md lists them."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import count

from services.matcher.engine.changed import with_demand, with_fairness, with_supply, without
from services.matcher.engine.model import DAY, Place, Problem, Window, Wish
from services.matcher.engine.season import season
from services.matcher.engine.season_supply import DISTRICTS

_ALWAYS = Window(0, 100_000 * DAY)


class NoSuchChange(ValueError):
    """It is not known what this is to change; says what is."""


def changed(problem: Problem, changes: str, seed: int) -> Problem:
    """The problem with all changes, `name=argument` each, one after the other; NoSuchChange."""
    for change in changes.split():
        name, _, argument = change.partition("=")
        if name not in _CHANGES:
            raise NoSuchChange(f"{name!r} is none of {', '.join(sorted(_CHANGES))}")
        try:
            problem = _CHANGES[name](problem, argument, seed)
        except (ValueError, IndexError, KeyError) as error:
            raise NoSuchChange(f"{change!r}: {error}") from error
    return problem


def _demand(problem: Problem, argument: str, seed: int) -> Problem:
    """So many times as many wishes: fewer are the first ones, more are of further schools."""
    return with_demand(problem, float(argument), range(len(problem.wishes)), _strangers(problem, seed))


def _strangers(problem: Problem, seed: int) -> Iterator[Wish]:
    """Wishes from seasons of other seeds; a programme that one names there means nothing here."""
    for other in count(seed + 1_000):
        for wish in season(len(problem.wishes), other, problem.roads).wishes:
            yield replace(wish, key=f"{other}-{wish.key}", programme=None)


def _venue_closed(problem: Problem, argument: str, seed: int) -> Problem:
    """No slots at the venue that is the n-th by its seats."""
    closed = venues(problem)[_ordinal(argument)]
    slots = frozenset(("slot", slot.key) for slot in problem.slots if slot.place == closed)
    return without(problem, slots, _ALWAYS)  # type: ignore[arg-type]


def venues(problem: Problem) -> list[Place]:
    """Places of slots, the one with the most seats first."""
    seats: Counter[Place] = Counter()
    for slot in problem.slots:
        if slot.place:
            seats[slot.place] += slot.seats
    return [place for place, _ in sorted(seats.items(), key=lambda item: (-item[1], item[0]))]


def _more_experts(problem: Problem, argument: str, seed: int) -> Problem:
    """So many more in a district, each like one that there is, with nothing promised yet."""
    number, _, adcode = argument.partition("@")
    more, home = int(number), {each.adcode: each.place for each in DISTRICTS}[adcode]
    if not 0 < more <= len(problem.experts):
        raise ValueError(f"from 1 to {len(problem.experts)}")
    step = math.floor(len(problem.experts) / more)
    models = problem.experts[::step][:more]
    new = (
        replace(model, key=f"new{n}-{adcode}", home=home, busy=(), limit_km=None)
        for n, model in enumerate(models)
    )
    return with_supply(problem, experts=new)


def _fewer_experts(problem: Problem, argument: str, seed: int) -> Problem:
    """Without the n-th expert of the season."""
    ill = problem.experts[_ordinal(argument)]
    return replace(problem, experts=tuple(expert for expert in problem.experts if expert.key != ill.key))


def _fairness(problem: Problem, argument: str, seed: int) -> Problem:
    """With so much fairness wanted, in percent."""
    if not 0 <= int(argument) <= 100:
        raise ValueError("from 0 to 100")
    return with_fairness(problem, int(argument))


def _ordinal(argument: str) -> int:
    number = int(argument)
    if number < 1:
        raise ValueError("counted from 1")
    return number - 1


_CHANGES: dict[str, Callable[[Problem, str, int], Problem]] = {
    "demand": _demand,
    "venue_closed": _venue_closed,
    "experts": _more_experts,
    "expert_away": _fewer_experts,
    "fairness": _fairness,
}

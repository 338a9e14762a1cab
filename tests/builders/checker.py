"""Whether options can be had together, read off the rules anew, with nothing of the engine but its values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date, timedelta

from services.matcher.engine.model import Busy, Expert, Leg, Option, Problem, Slot
from tests.builders import brute

_EPOCH = date(1970, 1, 1)
_PERIODS: dict[str, Callable[[date], object]] = {
    "cap_day": lambda day: day,
    "cap_week": lambda day: day.isocalendar()[:2],
    "cap_month": lambda day: (day.year, day.month),
}


def allows(problem: Problem, chosen: Sequence[Option]) -> bool:
    """Whether all of `chosen` keep all rules that several can break together."""
    served = [wish for option in chosen for wish in option.wishes]
    legs = [leg for option in chosen for leg in option.legs]
    return (
        len(set(served)) == len(served)
        and all(_holds(slot, [leg for leg in legs if leg.resource == slot.key]) for slot in problem.slots)
        and all(_is_under_caps(expert, _of(legs, "expert", expert.key)) for expert in problem.experts)
        and _units_travel(problem, legs)
        and brute.keeps_rests(problem, chosen)
        and brute.keeps_budgets(problem, chosen)
        and brute.keeps_pools(problem, chosen)
    )


def group_fits(problem: Problem, option: Option) -> bool:
    """Whether each session of an option takes so many people: the group, its part, or a company together."""
    size = sum(problem.wishes[wish].size for wish in option.wishes)
    slots = {slot.key: slot for slot in problem.slots}
    legs = [leg for leg in option.legs if leg.kind == "slot"]
    for leg in legs:
        programme = problem.programmes[slots[leg.resource].programme]
        if not programme.min_group <= leg.quantity <= min(programme.max_group, slots[leg.resource].seats):
            return False
    return not legs or sum(leg.quantity for leg in legs) == size


def _of(legs: Sequence[Leg], kind: str, key: object) -> list[Leg]:
    return [leg for leg in legs if (leg.kind, leg.resource) == (kind, key)]


def _holds(slot: Slot, legs: Sequence[Leg]) -> bool:
    groups = slot.groups is None or len(legs) <= slot.groups
    return groups and sum(leg.quantity for leg in legs) <= slot.seats


def _is_under_caps(expert: Expert, legs: Sequence[Leg]) -> bool:
    for code, period in _PERIODS.items():
        cap = getattr(expert, code)
        ours = Counter(period(_day(leg.start)) for leg in legs)
        before = Counter(period(_day(busy.start)) for busy in expert.busy)
        if cap is not None and any(number + before[each] > cap for each, number in ours.items()):
            return False
    return True


def _units_travel(problem: Problem, legs: Sequence[Leg]) -> bool:
    """Whether a unit has left each stop in time for the next, what it has already among them."""
    for unit in problem.units:
        ours = [Busy(leg.occupied, leg.end, leg.place) for leg in _of(legs, "unit", unit.key)]
        for at, one in enumerate(ours):
            for other in [*ours[:at], *unit.busy]:
                first, second = sorted([one, other])
                road = problem.roads.minutes(first.place, second.place, _day(second.start).month)
                if second.start - first.end < road:
                    return False
    return True


def _day(minute: int) -> date:
    return _EPOCH + timedelta(days=minute // 1440)

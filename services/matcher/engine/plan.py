"""A plan under construction: what is taken so far, and whether one more option still fits."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from services.matcher.engine import journeys, tours
from services.matcher.engine.candidates import taking
from services.matcher.engine.model import Busy, Key, Leg, Option, Problem
from services.matcher.engine.pools import has_room


class Plan:
    """Takes options one by one; keeps every rule that the rows keep, by replaying them in plain code."""

    def __init__(self, problem: Problem) -> None:
        self._roads = problem.roads
        self._seats = {slot.key: slot.seats for slot in problem.slots}
        self._groups = {slot.key: slot.groups for slot in problem.slots}
        self._experts = {expert.key: expert for expert in problem.experts}
        self._rests = journeys.rests(problem)
        self._budgets = tours.budgets(problem)
        self._taken: dict[tuple[str, Key], list[Busy]] = defaultdict(list)
        self._taken.update({("expert", expert.key): list(expert.busy) for expert in problem.experts})
        self._taken.update({("unit", unit.key): list(unit.busy) for unit in problem.units})
        self._pools = {pool.key: pool for pool in problem.pools}
        self._uses = {pool.key: list(pool.taken) for pool in problem.pools}
        self._served: set[int] = set()
        self.chosen: list[Option] = []

    @property
    def value(self) -> int:
        """What the plan is worth."""
        return sum(option.value for option in self.chosen)

    def fits(self, option: Option) -> bool:
        """Whether the option can be added."""
        free = self._served.isdisjoint(option.wishes) and all(self._has_room(leg) for leg in option.legs)
        return free and self.used_up(option) is None

    def used_up(self, option: Option) -> str | None:
        """The code of a pool, or of a unit's budget, that has too little left for the option, or None."""
        pools = ((self._pools[use.pool], use) for use in option.uses)
        code = next((pool.code for pool, use in pools if not has_room(pool, self._uses[use.pool], use)), None)
        return code or self._driven_too_far(option)

    def _driven_too_far(self, option: Option) -> str | None:
        """Where nothing but the kilometres is in the way of a stop."""
        for leg in option.legs:
            if leg.kind == "unit" and self._is_too_far(leg) and self._is_free(leg):
                return tours.MILEAGE
        return None

    def add(self, option: Option) -> None:
        """Take what the option needs; the caller has asked `fits`."""
        self._served.update(option.wishes)
        self.chosen.append(option)
        for leg in option.legs:
            self._take(leg)
        for use in option.uses:
            self._uses[use.pool].append(use)

    def _has_room(self, leg: Leg) -> bool:
        if leg.kind == "slot":
            groups = self._groups[leg.resource]
            return self._seats[leg.resource] >= leg.quantity and (groups is None or groups >= 1)
        taken = self._taken[leg.kind, leg.resource]
        return self._is_free(leg) and (
            not self._is_too_far(leg) if leg.kind == "unit" else self._under_caps(leg, taken)
        )

    def _is_free(self, leg: Leg) -> bool:
        rest = journeys.rest_of(self._rests, leg.kind, leg.resource)
        taken = self._taken[leg.kind, leg.resource]
        return journeys.time_refusal(self._roads, taking(leg), taken, rest) is None

    def _is_too_far(self, leg: Leg) -> bool:
        unit = self._budgets.get(leg.resource)
        taken = self._taken[leg.kind, leg.resource]
        return unit is not None and tours.is_too_far(self._roads, unit, taking(leg), taken)

    def _under_caps(self, leg: Leg, taken: Sequence[Busy]) -> bool:
        expert = self._experts[leg.resource]
        return all(
            cap is None or Counter(map(period, (each.start for each in taken)))[period(leg.start)] < cap
            for cap, period in ((getattr(expert, code), period) for code, period in journeys.CAPS)
        )

    def _take(self, leg: Leg) -> None:
        if leg.kind != "slot":
            self._taken[leg.kind, leg.resource].append(taking(leg))
            return
        self._seats[leg.resource] -= leg.quantity
        groups = self._groups[leg.resource]
        self._groups[leg.resource] = None if groups is None else groups - 1


def greedy(problem: Problem, options: Sequence[Option], order: Iterable[int]) -> list[int]:
    """Numbers of options taken one after the other in `order`, each if it still fits."""
    plan = Plan(problem)
    taken = []
    for number in order:
        if plan.fits(options[number]):
            plan.add(options[number])
            taken.append(number)
    return taken


def is_possible(problem: Problem, chosen: Iterable[Option]) -> bool:
    """Whether all of `chosen` can be had together."""
    plan = Plan(problem)
    for option in chosen:
        if not plan.fits(option):
            return False
        plan.add(option)
    return True

"""What if: the plans of a problem and of the same with something changed, side by side.

Two plans that are each within a little of the best may differ by that little for no other cause. So a plan of
the one side which is also one of the other is taken there if it is worth more: what is added costs nothing.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable
from typing import NamedTuple, TypeVar

from services.matcher.engine.model import Key, Leg, Option, Problem, Wish
from services.matcher.engine.plan import is_possible
from services.matcher.engine.solver import Solved

_Place = TypeVar("_Place", bound=Hashable)


class Outcome(NamedTuple):
    """A plan of a problem: who is served, and `bound`, which is 0 where nothing was proven."""

    problem: Problem
    served: frozenset[int]
    value: int
    bound: int = 0

    @property
    def pupils(self) -> int:
        """Pupils in the groups that are served."""
        return sum(self.problem.wishes[number].size for number in self.served if self._is_of_pupils(number))

    @property
    def people(self) -> int:
        """Everybody in the groups that are served."""
        return sum(self.problem.wishes[number].size for number in self.served)

    @property
    def keys(self) -> frozenset[Key]:
        """The wishes that are served, by key."""
        return frozenset(self.problem.wishes[number].key for number in self.served)

    @property
    def gap(self) -> float:
        """Percent that the plan is at most below the best there is."""
        return 100 * (self.bound - self.value) / self.bound if self.bound else 0.0

    def areas(self) -> dict[str, Share]:
        """By district code, in order: what is asked there, and what is served of it."""
        asked = Counter(wish.area for wish in self.problem.wishes)
        got = Counter(self.problem.wishes[number].area for number in self.served)
        people: Counter[str] = Counter()
        for number in self.served:
            people[self.problem.wishes[number].area] += self.problem.wishes[number].size
        return {area: Share(number, got[area], people[area]) for area, number in sorted(asked.items())}

    def _is_of_pupils(self, number: int) -> bool:
        return self.problem.wishes[number].audience == "pupils"


class Share(NamedTuple):
    """How many wishes there are, how many of them are served, and how many people these have."""

    asked: int
    served: int
    people: int

    @property
    def percent(self) -> float:
        """The share that is served."""
        return 100 * self.served / self.asked if self.asked else 0.0


class Plan(NamedTuple):
    """What is kept of a solve to set another beside it; `status` as in a Solution."""

    problem: Problem
    chosen: tuple[Option, ...]
    value: int
    bound: int
    status: str

    @property
    def outcome(self) -> Outcome:
        """In numbers."""
        return Outcome(
            self.problem,
            frozenset(wish for option in self.chosen for wish in option.wishes),
            self.value,
            self.bound,
        )


def planned(solved: Solved) -> Plan:
    """What a solve is remembered by, once all its options may be forgotten."""
    found = solved.solution
    return Plan(
        solved.problem,
        tuple(solved.options[number] for number in solved.chosen),
        found.value,
        found.bound,
        found.status,
    )


def at_least(after: Plan, before: Plan, options: Iterable[Option]) -> Plan:
    """The plan `after`, or that of `before` if it is one of its `options` too, and is worth no less.

    Of plans of equal value the one that moves nobody is taken.
    """
    if before.value < after.value:
        return after
    carried = _carried(before, after.problem, options)
    return _instead(after, carried) if carried is not None and _is_as_fair(after, carried) else after


def _is_as_fair(plan: Plan, chosen: Iterable[Option]) -> bool:
    """Where fairness is wanted: whether these serve as many people in every place as the plan does.

    Whatever floors the plan keeps, they keep too.
    """
    if not plan.problem.fairness:
        return True
    least, ours = (_people_by_place(plan.problem, each) for each in (plan.chosen, chosen))
    return all(ours[place] >= number for place, number in least.items())


def _people_by_place(problem: Problem, chosen: Iterable[Option]) -> Counter[tuple[str, str]]:
    """People served by district, and by township where it is known."""
    found: Counter[tuple[str, str]] = Counter()
    for wish in (problem.wishes[wish] for option in chosen for wish in option.wishes):
        for township in {"", wish.township}:
            found[wish.area, township] += wish.size
    return found


def _instead(plan: Plan, chosen: tuple[Option, ...]) -> Plan:
    value = sum(option.value for option in chosen)
    return plan._replace(chosen=chosen, value=value) if plan.value <= value <= plan.bound else plan


def _carried(plan: Plan, into: Problem, options: Iterable[Option]) -> tuple[Option, ...] | None:
    wanted = {_what(plan.problem, option) for option in plan.chosen}
    found = tuple(option for option in options if _what(into, option) in wanted)
    return found if len(found) == len(wanted) and is_possible(into, found) else None


def _what(problem: Problem, option: Option) -> tuple[frozenset[Key], tuple[Leg, ...]]:
    return frozenset(problem.wishes[wish].key for wish in option.wishes), option.legs


class Moved(NamedTuple):
    """How many gain something that they did not have, and how many lose something that they had."""

    gain: int
    lose: int


def moved(
    before: Outcome,
    after: Outcome,
    who: Callable[[Wish], Hashable],
    where: Callable[[Wish], _Place],
) -> dict[_Place, Moved]:
    """By place: of `who` asks for what both have, how many have more of it served than before, or less."""
    both = {wish.key for wish in before.problem.wishes} & {wish.key for wish in after.problem.wishes}
    difference: dict[tuple[_Place, Hashable], int] = defaultdict(int)
    one, other = before.keys, after.keys
    for wish in before.problem.wishes:
        if wish.key in both:
            difference[where(wish), who(wish)] += (wish.key in other) - (wish.key in one)
    found: dict[_Place, Moved] = defaultdict(lambda: Moved(0, 0))
    for (place, _), more in difference.items():
        gain, lose = found[place]
        found[place] = Moved(gain + (more > 0), lose + (more < 0))
    return {place: each for place, each in found.items() if any(each)}

"""What counts for an option: how well each resource suits the wish, and what that makes it worth.

It loads nothing that is compiled, so that whoever answers pages may ask it too (decision 0103).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from services.matcher.engine import weights
from services.matcher.engine.choices import Choices, lost_by_choice, lost_by_window
from services.matcher.engine.model import HUNDRED, Key, Kind, Leg, Option, Place, Problem, Wish
from services.matcher.engine.split import is_split


class Suits(NamedTuple):
    """How well one resource suits a wish: percent lost on topic, language and distance, and the way in km."""

    kind: Kind
    resource: Key
    topic: int
    language: int
    distance: int
    km: int


class Alternative(NamedTuple):
    """Another option of a wish: whether it was `free` beside the plan, and else what it would cost others.

    `cost` is in points, `displaced` how many others have what it needs.
    """

    legs: tuple[Leg, ...]
    value: int
    free: bool
    cost: int
    displaced: int


class WhyThis(NamedTuple):
    """What counted for a match: pupils x need x fit make its value, in tenths of a pupil; both in percent.

    Where several come together, `groups` and `people` say how many.
    `split` is what the fit lost because the group comes in parts. Of so many `choices` the one of rank
    `choice` is met, from 1, or none (0), for which the fit lost `choice_lost`; so for windows in an order.
    """

    wish: int
    legs: tuple[Leg, ...]
    pupils: int
    need: int
    fit: int
    value: int
    suits: tuple[Suits, ...]
    alternatives: tuple[Alternative, ...]
    groups: int = 1
    people: int = 0
    split: int = 0
    choices: int = 0
    choice: int = 0
    choice_lost: int = 0
    windows: int = 0
    window: int = 0
    window_lost: int = 0


class Weighing:
    """What counts for options of one problem."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._choices = Choices(problem)
        self._experts = {expert.key: expert for expert in problem.experts}
        self._units = {unit.key: unit for unit in problem.units}
        self._slots = {slot.key: slot for slot in problem.slots}

    def why_this(self, wish: int, option: Option, alternatives: Iterable[Alternative]) -> WhyThis:
        """What counted for an option of a wish, beside these alternatives."""
        asked = self._problem.wishes[wish]
        suits = tuple(self.suits(asked, leg) for leg in option.legs)
        parts = is_split(option.legs)
        met = self._choices.met(asked, option.legs)
        choice_lost, window_lost = lost_by_choice(asked, met), lost_by_window(asked, met)
        fits = [HUNDRED - each.topic - each.language - each.distance for each in suits]
        return WhyThis(
            wish=wish,
            legs=option.legs,
            pupils=asked.size,
            need=asked.need,
            fit=(weights.fit_of_parts(fits) if parts else sum(fits) // len(fits)) - choice_lost - window_lost,
            value=option.value,
            suits=suits,
            alternatives=tuple(alternatives),
            groups=max(1, len(option.company)),
            people=sum(member.size for member in option.company),
            split=weights.lost_by_parts(len(fits)) if parts else 0,
            choices=len(asked.choices),
            choice=_counted(met.choice),
            choice_lost=choice_lost,
            windows=len(asked.window_order),
            window=_counted(met.window),
            window_lost=window_lost,
        )

    def suits(self, wish: Wish, leg: Leg) -> Suits:
        """How well the resource of a leg suits a wish."""
        topics, languages, home = self._offer(leg)
        km = self._problem.roads.km(home, wish.place if leg.kind != "expert" else leg.place)
        nothing: frozenset[str] = frozenset()
        return Suits(
            leg.kind,
            leg.resource,
            topic=HUNDRED - weights.fit(wish, topics=topics, languages=nothing, km=0.0),
            language=HUNDRED - weights.fit(wish, topics=wish.topics, languages=languages, km=0.0),
            distance=HUNDRED - weights.fit(wish, topics=wish.topics, languages=nothing, km=km),
            km=round(km),
        )

    def _offer(self, leg: Leg) -> tuple[frozenset[str], frozenset[str], Place]:
        """Topics and languages of what a leg takes, and from where or to where the way is."""
        if leg.kind == "expert":
            expert = self._experts[leg.resource]
            return expert.topics, expert.languages, expert.home
        if leg.kind == "unit":
            unit = self._units[leg.resource]
            return unit.topics, unit.languages, unit.base
        programme = self._problem.programmes[self._slots[leg.resource].programme]
        return programme.topics, programme.languages, leg.place


def _counted(rank: int | None) -> int:
    """A rank from 1 on, 0 for none."""
    return 0 if rank is None else rank + 1

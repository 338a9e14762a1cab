"""Which of a school's choices an option meets, and what the option is worth by that."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import NamedTuple

from services.matcher.engine import weights
from services.matcher.engine.model import Choice, Key, Leg, Problem, Wish
from services.matcher.engine.split import is_split

# What legs are worth whose resources suit the wish so well, in percent.
Worth = Callable[[Sequence[Leg], int], int]


class Met(NamedTuple):
    """The best choice that is met and the best window, both counted from 0; None: none of those named."""

    choice: int | None
    window: int | None


class Choices:
    """What the resources of one problem are to those who choose among them."""

    def __init__(self, problem: Problem) -> None:
        self._programmes = problem.programmes
        self._slots = {slot.key: slot for slot in problem.slots}
        self._topics = {
            **{("expert", expert.key): expert.topics for expert in problem.experts},
            **{("unit", unit.key): unit.topics for unit in problem.units},
        }

    def worth(self, wish: Wish) -> Worth:
        """How ways to serve the wish are valued."""
        at = cache(lambda fit: weights.value(wish, fit))
        if not wish.choices and not wish.window_order:
            return lambda _, fit: at(fit)
        return lambda legs, fit: at(fit - lost(wish, self.met(wish, legs)))

    def met(self, wish: Wish, legs: Sequence[Leg]) -> Met:
        """What these legs meet; a group in parts meets only what all its parts do."""
        chosen = (rank for rank, choice in enumerate(wish.choices) if self._meets(choice, legs))
        main = legs if is_split(legs) else legs[-1:]
        return Met(next(chosen, None), _window(wish, main))

    def _meets(self, choice: Choice, legs: Sequence[Leg]) -> bool:
        """Who comes along is asked only where the choice is an expert."""
        if choice.kind == "expert":
            return any((leg.kind, leg.resource) == choice for leg in legs)
        return all(self._is(choice, leg) for leg in (legs if is_split(legs) else legs[-1:]))

    def _is(self, choice: Choice, leg: Leg) -> bool:
        if choice.kind == "topic":
            return choice.key in self._topics_of(leg)
        if choice.kind == "venue":
            return leg.kind == "slot" and self._slots[leg.resource].venue == choice.key
        return choice.key == leg.programme or self._carries(leg, choice.key)

    def _topics_of(self, leg: Leg) -> frozenset[str]:
        if leg.kind == "slot":
            return self._programmes[self._slots[leg.resource].programme].topics
        return self._topics[leg.kind, leg.resource]

    def _carries(self, leg: Leg, programme: Key) -> bool:
        known = self._programmes.get(programme)
        return leg.kind == "unit" and known is not None and known.unit == leg.resource


def lost(wish: Wish, met: Met) -> int:
    """Percent of the fit that go by what is met."""
    return lost_by_choice(wish, met) + lost_by_window(wish, met)


def lost_by_choice(wish: Wish, met: Met) -> int:
    """Percent of the fit that go by the choice; none where nothing was chosen."""
    return weights.lost_by_rank(weights.CHOICE_SHARE, met.choice, len(wish.choices))


def lost_by_window(wish: Wish, met: Met) -> int:
    """Percent of the fit that go by the window; none where windows have no order."""
    return weights.lost_by_rank(weights.WINDOW_SHARE, met.window, len(wish.window_order))


def _window(wish: Wish, legs: Sequence[Leg]) -> int | None:
    """The best window in which everything begins."""
    for rank, (start, end) in enumerate(wish.window_order):
        if all(start <= leg.start < end for leg in legs):
            return rank
    return None

"""A problem of two wishes that makes the compiled parts be compiled, before anybody waits for them."""

from __future__ import annotations

import numpy as np

from services.matcher.engine import neighbourhood
from services.matcher.engine.assemble import assemble
from services.matcher.engine.boards import board, empty
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import Expert, Limits, Place, Problem, Window, Wish
from services.matcher.engine.moves import anneal, neighbours, no_lifts
from services.matcher.engine.search import search

_PLACE = Place(0.0, 0.0)
_DAY = Window(9 * 60, 17 * 60)


class _NoDistance:
    """Roads of a world that is one place."""

    def km(self, a: Place, b: Place) -> float:
        """None."""
        return 0.0

    def minutes(self, a: Place, b: Place, month: int) -> int:
        """None."""
        return 0


def warm() -> None:
    """Call everything compiled once; takes as long as compiling does, and next to nothing the next time."""
    problem = _problem()
    options = [option for found, _ in Finder(problem).all() for option in found]
    instance = assemble(problem, options).instance
    search(instance, seed=0, limits=Limits(seconds=0.01), report=lambda _: None, should_stop=lambda: False)
    moving = board(instance)
    plan = empty(moving, instance.wishes)
    wishes = neighbours(moving, plan, instance.of_wish, 0, 2, 0)
    neighbourhood.part_of(moving, plan, instance.of_wish, np.union1d(wishes, np.arange(2)))
    every, side = np.arange(instance.options), np.zeros(instance.options, dtype=np.uint8)
    worth = instance.value.astype(np.float64)
    anneal(moving, plan, every, instance.of_wish, no_lifts(2), worth, side, 0, 1, 1.0, 0.5, 0)


def _problem() -> Problem:
    return Problem(
        wishes=tuple(_wish(number) for number in range(2)),
        programmes={},
        slots=(),
        experts=(Expert("expert", frozenset({"topic"}), _PLACE, (_DAY,), cap_day=1),),
        units=(),
        roads=_NoDistance(),
        lesson_days={"area": frozenset({0})},
        known_days=frozenset({0}),
        earliest=0,
    )


def _wish(number: int) -> Wish:
    topics = frozenset({"topic"})
    return Wish(number, "expert", 30, _PLACE, "area", "P", (_DAY,), topics)

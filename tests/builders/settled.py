"""Solved problems for tests of what is told about them: a small world made by hand, and seeded ones."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from services.matcher.engine.assemble import assemble
from services.matcher.engine.explain import Settled
from services.matcher.engine.instance import Certificate
from services.matcher.engine.model import (
    DAY,
    Expert,
    Limits,
    Place,
    Problem,
    Programme,
    Slot,
    Solution,
    Window,
    Wish,
)
from services.matcher.engine.search import search
from services.matcher.engine.solver import solve
from tests.builders.papers import options_of
from tests.builders.problems import AREA, MONDAY, FlatRoads

SCHOOL, MUSEUM, FAR = Place(42.0, 118.0), Place(42.0, 118.1), Place(42.0, 118.8)
MORNING = 9 * 60


def at(day: int, minute: int = MORNING) -> int:
    """A minute of the so-many-th day of the week, from Monday as 0."""
    return (MONDAY + day) * DAY + minute


def open_on(*days: int) -> tuple[Window, ...]:
    """These days, from eight to half past five."""
    return tuple(Window(at(day, 8 * 60), at(day, 17 * 60 + 30)) for day in days)


def a_wish(key: str, *days: int, **changes: Any) -> Wish:
    """Forty pupils who would see stars on one of these days, with ordinary need."""
    wish = Wish(
        key, "visit", 40, SCHOOL, AREA, "P", open_on(*days), frozenset({"stars"}), grades=frozenset({4})
    )
    return replace(wish, **changes)


def a_slot(key: str, day: int, seats: int = 40, programme: str = "sky", place: Place = MUSEUM) -> Slot:
    """An hour and a half from nine."""
    return Slot(key, programme, place, at(day), at(day) + 90, seats)


def an_expert(key: str, *days: int, topic: str = "stars", **changes: Any) -> Expert:
    """Somebody from the school's own town who comes once a day."""
    expert = Expert(key, frozenset({topic}), SCHOOL, open_on(*days), cap_day=1)
    return replace(expert, **changes)


def a_problem(wishes: list[Wish], slots: list[Slot], experts: list[Expert] | None = None) -> Problem:
    """Two programmes, one on stars and one on stones; all that is asked for and given in one June."""
    days = frozenset(range(MONDAY, MONDAY + 12))
    return Problem(
        wishes=tuple(wishes),
        programmes={
            "sky": Programme("sky", "visit", frozenset({"stars"})),
            "ground": Programme("ground", "visit", frozenset({"stones"})),
        },
        slots=tuple(slots),
        experts=tuple(experts or ()),
        units=(),
        roads=FlatRoads(),
        lesson_days={AREA: frozenset(day for day in days if (day + 3) % 7 < 5)},
        known_days=days,
        earliest=MONDAY * DAY,
    )


def settled(problem: Problem) -> Settled:
    """Solved as well as it can be, with the prices that say so."""
    options = options_of(problem)
    assembled = assemble(problem, options)
    if not options:
        return Settled(problem, options, assembled, [], _free(len(problem.wishes), len(problem.slots)))
    outcome = search(
        assembled.instance, seed=1, limits=Limits(10.0), report=lambda _: None, should_stop=lambda: False
    )
    return Settled(problem, options, assembled, outcome.chosen, outcome.certificate)


def _free(wishes: int, slots: int) -> Certificate:
    """Nothing is asked for, and so nothing has a price."""
    none = np.zeros(0, dtype=np.int64)
    return Certificate(np.zeros(wishes, dtype=np.int64), none, none, np.zeros(slots, dtype=np.int64), 0)


def openly(problem: Problem, *_: object, **__: object) -> Solution:
    """A solve of a small problem, at the pace of whoever asks for it."""
    return solve(problem, Limits(10.0), lambda _: None, lambda: False)

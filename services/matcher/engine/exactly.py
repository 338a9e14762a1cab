"""What is small enough is solved exactly: everything that can still matter, or one part after the other."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from services.matcher.engine import milp, neighbourhood
from services.matcher.engine.boards import empty
from services.matcher.engine.chains import openings
from services.matcher.engine.effort import WHOLE
from services.matcher.engine.instance import Ints, Table, serving, table
from services.matcher.engine.leximin import floor_rows
from services.matcher.engine.missed import Places
from services.matcher.engine.model import Limits
from services.matcher.engine.moves import neighbours, swap
from services.matcher.engine.openings import Doorman
from services.matcher.engine.prices import SCALE
from services.matcher.engine.state import Ended, State

# How many nodes HiGHS may see of everything, for each second that is meant for the search.
_WHOLE_NODES = 200
# With the ways of tours beside it a node takes much longer.
_FEW_NODES = 20
# A part solved anew: freed wishes, and how many nodes the search of it may see.
FREED, NODES = 60, 50
# At least so many around each whom a place concerns; and how much less a place counts after each vain try.
_FEWEST_AROUND, _FADES = 3, 0.4
_ENDLESS = Limits(3600.0, 1, 0.0)


def whole(state: State, loss: Ints) -> None:
    """Solve what can still be in a better plan: whose loss is within the gap; raises Ended if proven."""
    gap = (state.bound - state.value) * SCALE + SCALE
    options = np.flatnonzero(loss <= gap)
    if state.value == state.bound or len(options) > WHOLE:
        return
    state.return_to_best()
    part = everything(state, options)
    part.rows.extend(kept_floors(state, part, np.empty(0, dtype=np.int64)))
    answer = _searched(state, part)
    found = part.options[answer.chosen]
    if state.worth(found) >= state.value:
        state.take(found)
    state.keep()
    state.is_proven = answer.status == "optimal"
    if state.is_proven:
        raise Ended


def everything(state: State, options: Ints) -> neighbourhood.Part:
    """All wishes freed, to choose among these options."""
    instance = state.instance
    by_wish = table(instance.wish[options], instance.wishes)
    nobody = empty(state.board, instance.wishes)
    open_of_wish = Table(by_wish.first, options[by_wish.items])
    return neighbourhood.part_of(state.board, nobody, open_of_wish, np.arange(instance.wishes))


def kept_floors(state: State, part: neighbourhood.Part, others: Ints) -> Iterator[milp.Row]:
    """What keeps the floors in a part of the plan beside which `others` are chosen."""
    if state.fairness is not None:
        floors = state.fairness.floors
        people = floors.groups.served(state.served(others))
        yield from floor_rows(floors, serving(state.instance, part.options), people)


def _searched(state: State, part: neighbourhood.Part) -> milp.Answer:
    place = {int(option): at for at, option in enumerate(part.options)}

    def watch(value: float, bound: float) -> bool:
        state.tell()
        return state.is_over()

    return state.workers.each(
        lambda part: milp.maximise(
            part.model(state.instance.value[part.options].astype(float)),
            start=[place[int(option)] for option in state.chosen if int(option) in place],
            limits=Limits(state.seconds(1), 1, state.limits.gap),
            seed=0,
            watch=watch,
            nodes=int((_FEW_NODES if part.beside else _WHOLE_NODES) * state.limits.seconds),
        ),
        [part],
    )[0]


# -- parts solved anew


def parts(state: State, doorman: Doorman) -> None:
    """Part after part around places where the plan misses something, until many of them brought nothing."""
    state.return_to_best()
    looking, idle, patience = _Looking(state, doorman), 0, state.effort.patience()
    for _ in range(state.effort.parts()):
        if idle == patience:
            return
        idle = 0 if looking.helps() else idle + 1
        state.look()


class _Looking:
    """Looks at place after place: the more one misses the sooner, the more often in vain the later."""

    def __init__(self, state: State, doorman: Doorman) -> None:
        self._state, self._doorman, self._places = state, doorman, Places(state.instance)
        self._tries: Ints = np.zeros(self._places.number, dtype=np.int64)

    def helps(self) -> bool:
        """Solve one part anew; whether the plan is worth more since."""
        misses = np.concatenate(self._doorman.missed(self._state.chosen)) * _FADES**self._tries
        if not misses.any():
            return False
        place = int(self._state.dice.choice(len(misses), p=misses / misses.sum()))
        before = self._state.worth(self._state.chosen)
        self._anew(place)
        gained = self._state.worth(self._state.chosen) > before
        self._tries[place] = 0 if gained else self._tries[place] + 1
        return gained

    def _anew(self, place: int) -> None:
        """Free those whom the place concerns and some around each, and serve them anew."""
        state, open_of_wish = self._state, openings(self._state, self._doorman).by_wish
        is_open = np.zeros(state.instance.options, dtype=bool)
        is_open[open_of_wish.items] = True
        wishes = self._around(self._places.concerned(place, is_open), open_of_wish)
        if not len(wishes):
            return
        part, old = freed(state, open_of_wish, wishes)
        part.rows.extend(kept_floors(state, part, state.chosen))
        new = state.workers.each(lambda part: _better(state, part, old), [part])[0]
        swap(state.board, state.plan, np.empty(0, dtype=np.int64), new)

    def _around(self, concerned: Ints, open_of_wish: Table) -> Ints:
        first = self._state.dice.permutation(concerned)[: FREED // 2]
        each = 1 + max(_FEWEST_AROUND, FREED // max(1, len(first)) - 1)
        near = [around(self._state, open_of_wish, int(wish), each) for wish in first]
        every = np.concatenate([first, *near]).astype(np.int64)
        return every[np.sort(np.unique(every, return_index=True)[1])][:FREED]


def around(state: State, open_of_wish: Table, first: int, many: int) -> Ints:
    """So many wishes around the first, which is one of them: those that have what it, or its like, want."""
    return neighbours(state.board, state.plan, open_of_wish, first, many, int(state.dice.integers(1 << 31)))


def freed(state: State, open_of_wish: Table, wishes: Ints) -> tuple[neighbourhood.Part, Ints]:
    """The wishes without what they had, which comes back as well: their part, and that."""
    old = state.plan.choice[wishes]
    old = old[old >= 0]
    swap(state.board, state.plan, old, np.empty(0, dtype=np.int64))
    return neighbourhood.part_of(state.board, state.plan, open_of_wish, wishes), old


def _better(state: State, part: neighbourhood.Part, old: Ints) -> Ints:
    """What the freed wishes have of it at best, or what they had."""
    value = state.instance.value
    answer = part_answer(part, value[part.options].astype(float), old)
    new = part.options[answer.chosen]
    return new if state.worth(new) > state.worth(old) else old


def part_answer(
    part: neighbourhood.Part, objective: np.ndarray, old: Ints, limits: Limits = _ENDLESS, nodes: int = NODES
) -> milp.Answer:
    """The most that a part can have of an objective, from what it had, within limits and some nodes."""
    place = {int(option): at for at, option in enumerate(part.options)}
    return milp.maximise(
        part.model(objective),
        start=[place[int(option)] for option in old],
        limits=limits,
        seed=0,
        nodes=nodes,
    )

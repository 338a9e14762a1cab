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
FREED, NODES = 120, 50
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
    """Part after part around wishes that miss something, until many of them brought nothing."""
    state.return_to_best()
    idle, patience = 0, state.effort.patience()
    for _ in range(state.effort.parts()):
        if idle == patience:
            return
        before = state.value
        missed = doorman.missed(state.chosen)
        among = missed if len(missed) and idle % 2 == 0 else np.arange(state.instance.wishes)
        _anew(state, openings(state, doorman).by_wish, int(state.dice.choice(among)))
        state.look()
        idle = 0 if state.value > before else idle + 1


def _anew(state: State, open_of_wish: Table, first: int) -> None:
    """Free the wishes around the first, and serve them anew."""
    part, old = freed(state, open_of_wish, first)
    part.rows.extend(kept_floors(state, part, state.chosen))
    new = state.workers.each(lambda part: _better(state, part, old), [part])[0]
    swap(state.board, state.plan, np.empty(0, dtype=np.int64), new)


def freed(
    state: State, open_of_wish: Table, first: int, many: int = FREED
) -> tuple[neighbourhood.Part, Ints]:
    """The wishes around the first without what they had, which comes back as well: their part, and that."""
    seed = int(state.dice.integers(1 << 31))
    wishes = neighbours(state.board, state.plan, open_of_wish, first, many, seed)
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

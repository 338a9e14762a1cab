"""What is small enough is solved exactly: all that still matters, or a part beside which all else stays."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from services.matcher.engine import milp, neighbourhood
from services.matcher.engine.boards import empty
from services.matcher.engine.effort import WHOLE
from services.matcher.engine.instance import Ints, Table, serving, table
from services.matcher.engine.leximin import floor_rows
from services.matcher.engine.model import Limits
from services.matcher.engine.moves import neighbours, swap
from services.matcher.engine.prices import SCALE
from services.matcher.engine.state import Ended, State

# How many nodes HiGHS may see of everything, for each second that is meant for the search.
_WHOLE_NODES = 200
# With the ways of tours beside it a node takes much longer.
_FEW_NODES = 20
# How many nodes the search of a part may see, and that of the options of least loss.
NODES, _KERNEL_NODES = 20, 40


def whole(state: State, loss: Ints, time: float = 1.0) -> None:
    """Solve what can still be in a better plan: whose loss is within the gap; raises Ended if proven."""
    gap = (state.bound - state.value) * SCALE + SCALE
    options = np.flatnonzero(loss <= gap)
    if state.value == state.bound or len(options) > WHOLE:
        return
    state.return_to_best()
    part = everything(state, options)
    part.rows.extend(kept_floors(state, part, np.empty(0, dtype=np.int64)))
    nodes = int((_FEW_NODES if part.beside else _WHOLE_NODES) * state.limits.seconds)
    answer = _searched(state, part, time, nodes)
    found = part.options[answer.chosen]
    if state.worth(found) >= state.value:
        state.take(found)
    state.keep()
    state.is_proven = answer.status == "optimal"
    if state.is_proven:
        raise Ended


def kernel(state: State, loss: Ints, number: int, time: float) -> None:
    """Solve so many options of least loss together, with what the plan has: better plans, and no proof."""
    if number <= 0:
        return
    state.return_to_best()
    least = np.argsort(loss, kind="stable")[:number]
    part = everything(state, np.union1d(least, state.chosen))
    part.rows.extend(kept_floors(state, part, np.empty(0, dtype=np.int64)))
    found = part.options[_searched(state, part, time, _KERNEL_NODES).chosen]
    if state.worth(found) > state.value:
        state.take(found)
        state.look()


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


def _searched(state: State, part: neighbourhood.Part, time: float, nodes: int) -> milp.Answer:
    place = {int(option): at for at, option in enumerate(part.options)}

    def watch(value: float, bound: float) -> bool:
        state.tell()
        return state.is_over()

    return state.workers.each(
        lambda part: milp.maximise(
            part.model(state.instance.value[part.options].astype(float)),
            start=[place[int(option)] for option in state.chosen if int(option) in place],
            limits=Limits(state.seconds(time), 1, state.limits.gap),
            seed=0,
            watch=watch,
            nodes=nodes,
        ),
        [part],
    )[0]


# -- a part of it


def around(state: State, open_of_wish: Table, first: int, many: int) -> Ints:
    """So many wishes around the first, which is one of them: those that have what it, or its like, want."""
    return neighbours(state.board, state.plan, open_of_wish, first, many, int(state.dice.integers(1 << 31)))


def freed(state: State, open_of_wish: Table, wishes: Ints) -> tuple[neighbourhood.Part, Ints]:
    """The wishes without what they had, which comes back as well: their part, and that."""
    old = state.plan.choice[wishes]
    old = old[old >= 0]
    swap(state.board, state.plan, old, np.empty(0, dtype=np.int64))
    return neighbourhood.part_of(state.board, state.plan, open_of_wish, wishes), old


def part_answer(
    part: neighbourhood.Part, objective: np.ndarray, old: Ints, limits: Limits, nodes: int = NODES
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

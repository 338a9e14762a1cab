"""Annealing by chains, epoch after epoch, each of two threads on a side of its own."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.engine.forced import losses
from services.matcher.engine.instance import Ints, spread
from services.matcher.engine.moves import anneal
from services.matcher.engine.openings import Doorman, Openings
from services.matcher.engine.prices import SCALE, Reals, Relaxation
from services.matcher.engine.pulls import bonus, lifts
from services.matcher.engine.sides import Splitter
from services.matcher.engine.state import State

# The last temperature, as a part of the mean value of an option.
_COLD = 0.001


class Guide(NamedTuple):
    """What prices say: where chains begin, what options are worth above their wishes' prices, and losses."""

    doorman: Doorman
    worth: Reals
    loss: Ints


def guide(state: State, relaxation: Relaxation) -> Guide:
    """What the certificate's prices say of every option."""
    instance, certificate = state.instance, state.proof
    loss = losses(instance, certificate.share, certificate.shelf)
    _, taken = relaxation.solve(certificate.share)
    relaxed = np.unique(spread(instance.legs_of)[taken == 1])
    worth = relaxation.left(certificate.request, 0 * certificate.row, certificate.lift) / SCALE
    return Guide(Doorman(instance, certificate, loss, relaxed), worth, loss)


def openings(state: State, doorman: Doorman) -> Openings:
    """Where chains and parts may begin now, and what they may take."""
    chosen = state.chosen
    return doorman.openings(chosen, bonus(state.pull, state.served(chosen)))


class Chains:
    """Anneals the plan of a state; `splitter` is made once for its instance."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._splitter = Splitter(state.instance)

    def anneal(self, guided: Guide, moves: int, hottest: float) -> None:
        """So many moves, cooling down from `hottest` (a part of the mean value); raises Ended when over."""
        state = self._state
        mean = float(state.instance.value.mean())
        epochs = state.effort.epochs(moves)
        for epoch in range(epochs):
            hot, cold = (mean * hottest * (_COLD / hottest) ** ((epoch + at) / epochs) for at in (0, 1))
            self._epoch(openings(state, guided.doorman), guided.worth, moves // epochs, hot, cold)
            state.look()

    def _epoch(self, where: Openings, worth: Reals, moves: int, hot: float, cold: float) -> None:
        state = self._state
        seeds = state.dice.integers(1 << 31, size=3)
        side = self._splitter.split(state.plan.choice, int(seeds[2]))
        served = state.served(state.chosen)
        lifted = [lifts(state.pull, served, mine) for mine in (0, 1)]

        def move(mine: int) -> int:
            options = where.begin[side[where.begin] == mine]
            if not len(options):
                return 0
            return anneal(
                state.board, state.plan, options, where.by_wish, lifted[mine], worth, side,
                mine, moves // 2, hot, cold, int(seeds[mine]),
            )  # fmt: skip

        state.workers.each(move, (0, 1))

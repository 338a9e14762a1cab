"""What it costs a shelf to be made to hold a leg: its best, less its best with that leg.

Compiled. The loss of an option is the sum over its legs: no plan that holds it is worth more than the bound
less its loss. An option whose loss passes the gap between bound and plan can be left out with proof, and what
good plans are made of has losses near nothing.
"""

from __future__ import annotations

import numpy as np
from numba import njit

from services.matcher.engine.instance import TIMELINE, Instance, Ints, spread

# The loss of what cannot be held at all.
IMPOSSIBLE = 1 << 60


def losses(instance: Instance, share: Ints, best: Ints) -> Ints:
    """The loss of every option in hundredths of a point, given the shares of legs and the shelves' bests."""
    legs, shelves, takings = instance.legs, instance.shelves, instance.takings
    loss = np.zeros(len(legs.shelf), dtype=np.int64)
    _forced(
        instance.on_shelf.first, instance.on_shelf.items, legs.size, legs.taking,
        shelves.seats, shelves.count, shelves.takings,
        takings.sure, takings.maybe.first, takings.maybe.items,
        share, best, loss,
    )  # fmt: skip
    found = np.zeros(instance.options, dtype=np.int64)
    np.add.at(found, spread(instance.legs_of), np.minimum(loss, IMPOSSIBLE >> 4))
    return found


@njit(cache=True, nogil=True)
def _forced(
    first: Ints, on_shelf: Ints, size: Ints, taking: Ints, seats: Ints, count: Ints, takings: Ints,
    sure: Ints, maybe_first: Ints, maybe: Ints, share: Ints, best: Ints, loss: Ints,
) -> None:  # fmt: skip
    for shelf in range(len(seats)):
        legs = on_shelf[first[shelf] : first[shelf + 1]]
        if len(legs) == 0:
            continue
        if seats[shelf] == TIMELINE:
            _plans(
                legs, taking, takings[shelf], takings[shelf + 1], count[shelf],
                sure, maybe_first, maybe, share, best[shelf], loss,
            )  # fmt: skip
        else:
            _knapsacks(legs, size, seats[shelf], min(count[shelf], len(legs)), share, best[shelf], loss)


@njit(cache=True, nogil=True)
def _knapsacks(legs: Ints, size: Ints, seats: int, count: int, share: Ints, best: int, loss: Ints) -> None:
    """Bests of all legs before and of all after each leg, by seats and count, put together around it."""
    number = len(legs)
    counted = count < number
    layers = count + 1 if counted else 1
    before = np.zeros((number + 1, layers, seats + 1), dtype=np.int64)
    after = np.zeros((number + 1, layers, seats + 1), dtype=np.int64)
    for at in range(number):
        _put(before[at], before[at + 1], size[legs[at]], share[legs[at]], counted)
    for at in range(number - 1, -1, -1):
        _put(after[at + 1], after[at], size[legs[at]], share[legs[at]], counted)
    for at in range(number):
        leg = legs[at]
        rest = seats - size[leg]
        if rest < 0 or count < 1:
            loss[leg] = IMPOSSIBLE
            continue
        most = 0
        for held in range(layers - 1 if counted else 1):
            other = layers - 2 - held if counted else 0
            for room in range(rest + 1):
                most = max(most, before[at, held, room] + after[at + 1, other, rest - room])
        loss[leg] = best - most - share[leg]


@njit(cache=True, nogil=True)
def _put(old: Ints, new: Ints, need: int, gain: int, counted: bool) -> None:
    """`new` is the best of `old` with or without one more leg; both by count (or one layer) and seats."""
    new[:] = old
    if gain <= 0:
        return
    seats = old.shape[1] - 1
    for held in range(1 if counted else 0, old.shape[0]):
        lower = held - 1 if counted else 0
        for room in range(need, seats + 1):
            new[held, room] = max(new[held, room], old[lower, room - need] + gain)


@njit(cache=True, nogil=True)
def _plans(
    legs: Ints, taking: Ints, first: int, last: int, count: int,
    sure: Ints, maybe_first: Ints, maybe: Ints, share: Ints, best: int, loss: Ints,
) -> None:  # fmt: skip
    """Best paths that end before each taking, and that begin after it, put together around it."""
    number = last - first
    gain = np.zeros(number, dtype=np.int64)
    busy = 0
    for leg in legs:
        busy += share[leg] > 0 and gain[taking[leg] - first] == 0
        gain[taking[leg] - first] = max(gain[taking[leg] - first], share[leg])
    counted = count <= busy
    layers = max(1, count) if counted else 1
    before = np.zeros((layers, number), dtype=np.int64)
    after = np.zeros((layers, number), dtype=np.int64)
    leader = np.zeros((layers, number + 1), dtype=np.int64)
    for layer in range(layers):
        if not counted or layer > 0:
            lower = layer - 1 if counted else 0
            for at in range(number):
                most = leader[lower, sure[first + at]]
                for position in range(maybe_first[first + at], maybe_first[first + at + 1]):
                    other = maybe[position] - first
                    most = max(most, before[lower, other] + gain[other])
                before[layer, at] = most
                if not counted:
                    leader[layer, at + 1] = max(leader[layer, at], most + gain[at])
        if counted:
            for at in range(number):
                leader[layer, at + 1] = max(leader[layer, at], before[layer, at] + gain[at])
    _after(number, first, sure, maybe_first, maybe, gain, counted, after)
    for leg in legs:
        at = taking[leg] - first
        if count < 1:
            loss[leg] = IMPOSSIBLE
            continue
        most = 0
        for layer in range(layers):
            most = max(most, before[layer, at] + after[layers - 1 - layer, at])
        loss[leg] = best - most - share[leg]


@njit(cache=True, nogil=True)
def _after(
    number: int,
    first: int,
    sure: Ints,
    maybe_first: Ints,
    maybe: Ints,
    gain: Ints,
    counted: bool,
    after: Ints,
) -> None:
    """The best of what may follow each taking, by layers of how many more there may be.

    A taking may surely come before those whose `sure` passes it: `reach` keeps the best by `sure`.
    """
    layers = after.shape[0]
    reach = np.zeros(number + 1, dtype=np.int64)
    for layer in range(layers):
        if counted and layer == 0:
            continue
        lower = layer - 1 if counted else 0
        reach[:] = 0
        surely = 0
        for at in range(number - 1, -1, -1):
            # All that may follow `at` end later, so that they have been here before it.
            surely = max(surely, reach[at + 1])
            after[layer, at] = max(after[layer, at], surely)
            worth = gain[at] + after[lower, at]
            reach[sure[first + at]] = max(reach[sure[first + at]], worth)
            for position in range(maybe_first[first + at], maybe_first[first + at + 1]):
                other = maybe[position] - first
                after[layer, other] = max(after[layer, other], worth)

"""What a shelf can hold at best when its legs have scores: a knapsack for seats, a longest path for time.

Compiled. Scores are whole hundredths of a point, so that the results are exact and anyone can compute them
again. A shelf's result depends on nothing but its own legs: workers may take shelves in any order.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.matcher.engine.instance import TIMELINE, Instance, Ints

Marks = NDArray[np.uint8]


def best_of(instance: Instance, score: Ints, best: Ints, taken: Marks, begin: int, end: int) -> None:
    """Fill `best` for shelves `begin` to `end` - 1, and `taken` with 1 for the legs of one best choice.

    `score` is by leg; a leg that scores nothing is never taken.
    """
    legs, shelves, takings = instance.legs, instance.shelves, instance.takings
    _best_of(
        instance.on_shelf.first, instance.on_shelf.items, legs.size, legs.taking,
        shelves.seats, shelves.count, shelves.takings,
        takings.sure, takings.maybe.first, takings.maybe.items,
        score, best, taken, begin, end,
    )  # fmt: skip


@njit(cache=True, nogil=True)
def _best_of(
    first: Ints, on_shelf: Ints, size: Ints, taking: Ints, seats: Ints, count: Ints, takings: Ints,
    sure: Ints, maybe_first: Ints, maybe: Ints,
    score: Ints, best: Ints, taken: Marks, begin: int, end: int,
) -> None:  # fmt: skip
    legs = np.empty(1, dtype=np.int64)
    for shelf in range(begin, end):
        room = first[shelf + 1] - first[shelf]
        if len(legs) < room:
            legs = np.empty(2 * room, dtype=np.int64)
        number = 0
        for position in range(first[shelf], first[shelf + 1]):
            leg = on_shelf[position]
            taken[leg] = 0
            if score[leg] > 0:
                legs[number] = leg
                number += 1
        if number == 0 or count[shelf] < 1:
            best[shelf] = 0
        elif seats[shelf] == TIMELINE:
            best[shelf] = _plan(
                legs[:number], taking, takings[shelf], takings[shelf + 1], count[shelf],
                sure, maybe_first, maybe, score, taken,
            )  # fmt: skip
        else:
            best[shelf] = _knapsack(legs[:number], size, seats[shelf], count[shelf], score, taken)


@njit(cache=True, nogil=True)
def _knapsack(legs: Ints, size: Ints, seats: int, count: int, score: Ints, taken: Marks) -> int:
    """The most that legs can score within the seats, no more than `count` of them."""
    number, total, all_scores = 0, 0, 0
    for leg in legs:
        if size[leg] <= seats:
            legs[number] = leg
            number += 1
            total += size[leg]
            all_scores += score[leg]
    legs = legs[:number]
    if total <= seats and number <= count:
        for leg in legs:
            taken[leg] = 1
        return int(all_scores)
    if count >= number or _smallest(legs, size) * (count + 1) > seats:
        return _by_seats(legs, size, seats, score, taken)
    return _by_seats_and_count(legs, size, seats, count, score, taken)


@njit(cache=True, nogil=True)
def _smallest(legs: Ints, size: Ints) -> int:
    least = size[legs[0]]
    for leg in legs:
        least = min(least, size[leg])
    return int(least)


@njit(cache=True, nogil=True)
def _by_seats(legs: Ints, size: Ints, seats: int, score: Ints, taken: Marks) -> int:
    worth = np.zeros(seats + 1, dtype=np.int64)
    chosen = np.zeros((len(legs), seats + 1), dtype=np.uint8)
    for number in range(len(legs)):
        need, gain = size[legs[number]], score[legs[number]]
        for room in range(seats, need - 1, -1):
            other = worth[room - need] + gain
            if other > worth[room]:
                worth[room] = other
                chosen[number, room] = 1
    room = seats
    for number in range(len(legs) - 1, -1, -1):
        if chosen[number, room]:
            taken[legs[number]] = 1
            room -= size[legs[number]]
    return int(worth[seats])


@njit(cache=True, nogil=True)
def _by_seats_and_count(legs: Ints, size: Ints, seats: int, count: int, score: Ints, taken: Marks) -> int:
    worth = np.zeros((count + 1, seats + 1), dtype=np.int64)
    chosen = np.zeros((len(legs), count + 1, seats + 1), dtype=np.uint8)
    for number in range(len(legs)):
        need, gain = size[legs[number]], score[legs[number]]
        for held in range(count, 0, -1):
            for room in range(seats, need - 1, -1):
                other = worth[held - 1, room - need] + gain
                if other > worth[held, room]:
                    worth[held, room] = other
                    chosen[number, held, room] = 1
    room, held = seats, count
    for number in range(len(legs) - 1, -1, -1):
        if chosen[number, held, room]:
            taken[legs[number]] = 1
            room -= size[legs[number]]
            held -= 1
    return int(worth[count, seats])


@njit(cache=True, nogil=True)
def _plan(
    legs: Ints, taking: Ints, first: int, last: int, count: int,
    sure: Ints, maybe_first: Ints, maybe: Ints, score: Ints, taken: Marks,
) -> int:  # fmt: skip
    """The longest path of `count` steps at most over takings `first` to `last` - 1, in order of end."""
    number = last - first
    top = np.full(number, -1, dtype=np.int64)
    busy = 0
    for leg in legs:
        at = taking[leg] - first
        busy += top[at] < 0
        if top[at] < 0 or score[leg] > score[top[at]]:
            top[at] = leg
    # Without a limit that can bind, one layer follows itself.
    layers = count if count < busy else 1
    worth = np.zeros((layers, number), dtype=np.int64)
    before = np.full((layers, number), -1, dtype=np.int64)
    leader = np.zeros((layers, number), dtype=np.int64)
    for layer in range(layers):
        lower = layer - 1 if count < busy else 0
        for at in range(number):
            if top[at] >= 0:
                worth[layer, at] = score[top[at]]
                whom = -1
                if lower >= 0:
                    whom = _predecessor(at, first, sure, maybe_first, maybe, worth[lower], leader[lower])
                if whom >= 0:
                    worth[layer, at] += worth[lower, whom]
                    before[layer, at] = whom
            best = leader[layer, max(0, at - 1)]
            leader[layer, at] = at if worth[layer, at] > worth[layer, best] else best
    layer, at = layers - 1, leader[layers - 1, number - 1]
    value = int(worth[layer, at])
    while at >= 0:
        taken[top[at]] = 1
        at = before[layer, at]
        layer = layer - 1 if count < busy else 0
    return value


@njit(cache=True, nogil=True)
def _predecessor(
    at: int, first: int, sure: Ints, maybe_first: Ints, maybe: Ints, worth: Ints, leader: Ints
) -> int:
    """The best taking that `at` may follow, or -1."""
    whom, best = -1, 0
    if sure[first + at] > 0:
        whom = leader[sure[first + at] - 1]
        best = worth[whom]
    for position in range(maybe_first[first + at], maybe_first[first + at + 1]):
        other = maybe[position] - first
        if worth[other] > best:
            whom, best = other, worth[other]
    return whom if best > 0 else -1

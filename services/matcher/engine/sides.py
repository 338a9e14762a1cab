"""Two sides of an instance that never meet: what one thread may move while another moves the rest."""

from __future__ import annotations

import numpy as np

from services.matcher.engine.instance import NOBODYS, Instance, Ints, serving, spread
from services.matcher.engine.moves import Sides

# The side of options that nobody may move for now.
NEITHER = 2


class Splitter:
    """Splits an instance at random, again and again; what shares a row stays together."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        self._option = spread(instance.legs_of)
        self._row_option = spread(instance.rows.of_option.first)
        self._beside_option = spread(instance.beside.first)
        self._first_of_shelf, self._first_of_row = _linked(instance)

    def split(self, choice: Ints, seed: int) -> Sides:
        """The side of every option, 0 or 1, or NEITHER.

        An option is on a side if all that it needs is, and if the present choices of all its wishes are; a
        wish without one is put on either.
        """
        instance = self._instance
        dice = np.random.default_rng(seed)
        lot = dice.integers(2, size=len(instance.shelves.seats))
        of_wish = dice.integers(2, size=instance.wishes).astype(np.uint8)
        lot = np.concatenate([lot, dice.integers(2, size=instance.options)]).astype(np.uint8)
        sides = np.zeros((2, instance.options), dtype=bool)
        for each in (0, 1):
            sides[each, self._option[lot[self._first_of_shelf[instance.legs.shelf]] == each]] = True
            sides[each, self._row_option[lot[self._first_of_row[instance.rows.row]] == each]] = True
        side = np.where(sides[1], 1, 0).astype(np.uint8)
        side[sides[0] & sides[1]] = NEITHER
        chosen = choice[choice >= 0]
        present = serving(instance, chosen)
        of_wish[present.wish] = side[chosen[present.option]]
        side[side != of_wish[instance.wish]] = NEITHER
        beside, option = instance.beside.items, self._beside_option
        side[option[side[option] != of_wish[beside]]] = NEITHER
        return side


def _linked(instance: Instance) -> tuple[Ints, Ints]:
    """By shelf and by row: the first shelf of those that rows tie together; slots are tied to few.

    A row that counts on no leg's account ties options together instead, which are numbered after the shelves:
    what is one school's is on one side, wherever its legs are.
    """
    rows, shelves = instance.rows, len(instance.shelves.seats)
    leader = np.arange(shelves + instance.options, dtype=np.int64)
    tied = shelves + spread(rows.of_option.first)
    on_account = rows.leg != NOBODYS
    tied[on_account] = instance.legs.shelf[rows.leg[on_account]]
    of_row = np.full(len(rows.limit), len(leader), dtype=np.int64)
    while True:
        np.minimum.at(of_row, rows.row, leader[tied])
        linked = leader.copy()
        np.minimum.at(linked, tied, of_row[rows.row])
        if np.array_equal(linked, leader):
            return leader, of_row
        leader = linked

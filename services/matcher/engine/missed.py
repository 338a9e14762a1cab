"""What a plan misses of its bound, by place: the gap is the sum of it, and few places make up most of that.

docs/matching.md, section 6, derives the sum. All numbers are in hundredths of a point and at least 0.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.engine.instance import (
    Certificate,
    Instance,
    Ints,
    Table,
    list_of,
    served,
    spread,
    table,
)


class Missed(NamedTuple):
    """The prices of wishes that go without, of what rows leave, and what shelves hold too little."""

    wish: Ints
    row: Ints
    shelf: Ints


def missed(instance: Instance, certificate: Certificate, chosen: Ints) -> Missed:
    """What the plan of these options misses at these prices."""
    price = certificate.request.copy()
    price[served(instance, chosen)] = 0
    is_chosen = np.zeros(instance.options, dtype=bool)
    is_chosen[chosen] = True
    return Missed(price, _left(instance, certificate, is_chosen), _short(instance, certificate, is_chosen))


def _left(instance: Instance, certificate: Certificate, is_chosen: np.ndarray) -> Ints:
    entries, option = _entries(instance)
    mine = is_chosen[option]
    row, weight = instance.rows.row[entries][mine], instance.rows.weight[entries][mine]
    used = np.bincount(row, weight, len(instance.rows.limit)).astype(np.int64)
    return np.asarray(certificate.row * np.maximum(0, instance.rows.limit - used), dtype=np.int64)


def _short(instance: Instance, certificate: Certificate, is_chosen: np.ndarray) -> Ints:
    mine = is_chosen[spread(instance.legs_of)]
    number = len(certificate.shelf)
    got = np.bincount(instance.legs.shelf[mine], certificate.share[mine], number).astype(np.int64)
    return np.asarray(np.maximum(0, certificate.shelf - got), dtype=np.int64)


def _entries(instance: Instance) -> tuple[Ints, Ints]:
    """The entries of rows, and the option of each."""
    return instance.rows.of_option.items, spread(instance.rows.of_option.first)


class Places:
    """Wishes, rows and shelves by one number each, and whom each of them concerns."""

    def __init__(self, instance: Instance) -> None:
        self._instance = instance
        entries, option = _entries(instance)
        by_row = table(instance.rows.row[entries], len(instance.rows.limit))
        self._of_row = Table(by_row.first, option[by_row.items])
        self._option_of_leg = spread(instance.legs_of)
        self.number = instance.wishes + len(instance.rows.limit) + len(instance.shelves.seats)

    def concerned(self, place: int, is_open: np.ndarray) -> Ints:
        """The wishes with an open option at a place; a wish as a place concerns itself."""
        instance = self._instance
        if place < instance.wishes:
            return np.array([place])
        options = self._options(place - instance.wishes)
        return np.unique(served(instance, options[is_open[options]]))

    def _options(self, place: int) -> Ints:
        rows = len(self._instance.rows.limit)
        if place < rows:
            return list_of(self._of_row, place)
        return self._option_of_leg[list_of(self._instance.on_shelf, place - rows)]

"""Where moves begin: options with small losses, and much more often those that would mend what a plan misses.

What the bound is above a plan is the sum of what it misses: the price of each wish with a price that it does
not serve, and for each shelf what is on it below what it could hold. Few wishes and shelves make up most of
that, so most chains begin at them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.engine.instance import (
    Certificate,
    Instance,
    Ints,
    Table,
    serving,
    table,
)
from services.matcher.engine.missed import Missed, missed
from services.matcher.engine.prices import SCALE

# As parts of the mean value: losses of options that chains may use; of those that they may begin with for a
# wish that misses something; and what a shelf must miss to be one of those that chains begin at.
_SMALL, _BEARABLE, _MISSED = 0.035, 0.12, 0.024
# The part of chains that begin where something is missed.
_MENDING = 0.8


class Openings(NamedTuple):
    """`begin` with one of these, some of them many times over; go on `by_wish`, best value first.

    What serves several wishes is in the list of each of them.
    """

    begin: Ints
    by_wish: Table


class Doorman:
    """Knows which options are worth trying, given the prices of a certificate."""

    def __init__(self, instance: Instance, certificate: Certificate, loss: Ints, relaxed: Ints) -> None:
        """`loss` is by option, in hundredths; `relaxed` are the options that shelves take at these prices."""
        self._instance, self._certificate, self._loss, self._relaxed = instance, certificate, loss, relaxed
        self._mean = SCALE * float(instance.value.mean())

    def openings(self, chosen: Ints, bonus: Ints) -> Openings:
        """The openings of a plan; `bonus` by wish is what more than its value it is worth, in points."""
        loss = self._loss - SCALE * self._summed(bonus)
        is_open = loss <= self._mean * _SMALL
        is_open[chosen] = True
        options = np.flatnonzero(is_open)
        pairs = serving(self._instance, options)
        order = np.lexsort((-self._instance.value[options[pairs.option]], pairs.wish))
        by_wish = table(pairs.wish[order], self._instance.wishes)
        misses = self.missed(chosen)
        mending = np.union1d(self._of_wishes(misses.wish, loss), self._of_shelves(misses.shelf, chosen))
        times = int(_MENDING / (1 - _MENDING) * len(options) / max(1, len(mending)))
        begin = np.concatenate([options, np.tile(mending, max(1, times))])
        return Openings(begin, Table(by_wish.first, options[pairs.option[order]]))

    def missed(self, chosen: Ints) -> Missed:
        """What the plan of these options misses."""
        return missed(self._instance, self._certificate, chosen)

    def _of_wishes(self, price: Ints, loss: Ints) -> Ints:
        wanted = self._summed((price > 0).astype(np.int64)) > 0
        return np.flatnonzero(wanted & (loss <= self._mean * _BEARABLE))

    def _summed(self, by_wish: Ints) -> Ints:
        """By option, the sum over the wishes that it serves."""
        if not len(self._instance.beside.items):
            return by_wish[self._instance.wish]
        pairs = serving(self._instance, np.arange(self._instance.options))
        sums = np.bincount(pairs.option, by_wish[pairs.wish].astype(np.float64), self._instance.options)
        return sums.astype(np.int64)

    def _of_shelves(self, short: Ints, chosen: Ints) -> Ints:
        """What poor shelves would take at these prices, and the plan has not."""
        in_plan = np.zeros(self._instance.options, dtype=bool)
        in_plan[chosen] = True
        poor = short > self._mean * _MISSED
        wanted = self._relaxed[poor[self._instance.legs.shelf[self._instance.legs_of[self._relaxed]]]]
        return wanted[~in_plan[wanted]]

"""Prices on wishes and rows, so chosen that what every shelf would take at them comes near to a plan.

Lagrangian relaxation of "one option a wish" and of the rows: at given prices the problem falls apart into one
knapsack per slot and one longest path per stretch of time, and their sum with the prices is a bound on every
plan. The prices follow the relaxed plan's excess with Adam's steps (Kingma and Ba, 2015), which forget the
scale of each price, from large to small; the best prices seen are kept. An option of several legs is counted
on each of its shelves with a share of its value, and the shares move to where the shelves agree on it.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import NDArray

from services.matcher.engine.groups import Floors
from services.matcher.engine.instance import Instance, Ints, serving, spread
from services.matcher.engine.shelves import best_of
from services.matcher.engine.workers import Workers

SCALE = 100
Reals: TypeAlias = NDArray[np.float64]
Watch: TypeAlias = Callable[[int], bool]
_FORGET, _FORGET_SQUARES, _TINY = 0.9, 0.98, 1e-12
# The first and the last step, as parts of the mean value of a wish's best option.
_LONG_STEP, _SHORT_STEP = 0.06, 0.0005
# The number of steps that these suit, and the longest of all.
_AT_EASE, _LONGEST_STEP = 800, 0.12
# Steps from prices that were good before are shorter by this.
_GOING_ON = 0.25
# Where a wish's price begins, as a part of its best option: most wishes can have about that.
_START = 0.95
_PARTS_PER_WORKER = 4
# Less work than this is done sooner than it is handed over.
_TOO_LITTLE = 200_000


class Prices(NamedTuple):
    """In hundredths of a point: of wishes, of rows, and what is moved between the legs of one option.

    `lift` is paid the other way: what a person of a group with a floor brings beside the value.
    """

    wish: Reals
    row: Reals
    moved: Reals
    lift: Reals


class Shares(NamedTuple):
    """Whole prices of wishes, rows and floors, and the shares of legs, which add up to what is left."""

    wish: Ints
    row: Ints
    lift: Ints
    share: Ints


class Relaxed(NamedTuple):
    """The best prices found, their bound in points, and how often each option was taken on the way."""

    prices: Prices
    bound: float
    usage: Reals


class Relaxation:
    """The bound at given prices; its shelves are shared out among the workers."""

    def __init__(self, instance: Instance, workers: Workers, floors: Floors | None = None) -> None:
        self.instance, self.floors = instance, floors
        self._option = spread(instance.legs_of)
        self._several = np.flatnonzero(np.diff(instance.legs_of)[self._option] > 1)
        self._legs = np.diff(instance.legs_of)
        self._row_option = spread(instance.rows.of_option.first)
        self.beside_option = spread(instance.beside.first)
        self._best = np.zeros(len(instance.shelves.seats), dtype=np.int64)
        self._taken = np.zeros(len(instance.legs.shelf), dtype=np.uint8)
        self._workers = workers
        self._ranges = _even(instance, workers.number * _PARTS_PER_WORKER)

    @property
    def missing(self) -> Ints:
        """What wishes have to bring to the floor of each group; nothing where fairness is not asked for."""
        return np.zeros(0, dtype=np.int64) if self.floors is None else self.floors.missing

    def bound(self, shares: Shares, best: Ints) -> int:
        """What no plan that keeps the floors is worth more than, in hundredths: the sum of the parts."""
        rows, floors = int(shares.row @ self.instance.rows.limit), int(shares.lift @ self.missing)
        return int(shares.wish.sum()) + rows - floors + int(best.sum())

    def left(self, wish: Ints, row: Ints, lift: Ints) -> Ints:
        """What options are worth above the prices of their wish and rows, in hundredths."""
        instance = self.instance
        charge = np.bincount(
            self._row_option,
            weights=(row[instance.rows.row] * instance.rows.weight).astype(np.float64),
            minlength=instance.options,
        ).astype(np.int64)
        paid = wish - self._lifted(lift)
        left = instance.value * SCALE - paid[instance.wish] - self._paid_beside(paid) - charge
        return np.asarray(left, dtype=np.int64)

    def _paid_beside(self, paid: Ints) -> Ints | int:
        """What options pay for the wishes that they serve beside their own."""
        beside = self.instance.beside.items
        if not len(beside):
            return 0
        sums = np.bincount(self.beside_option, paid[beside].astype(np.float64), self.instance.options)
        return np.asarray(sums, dtype=np.int64)

    def served(self, usage: Reals) -> Reals:
        """How often each wish is served, where options are taken so often."""
        instance = self.instance
        found = np.bincount(instance.wish, weights=usage, minlength=instance.wishes)
        if len(instance.beside.items):
            beside = usage[self.beside_option]
            found += np.bincount(instance.beside.items, weights=beside, minlength=instance.wishes)
        return np.asarray(found, dtype=np.float64)

    def _lifted(self, lift: Ints) -> Ints:
        """What the floors of a wish's groups add to it."""
        if self.floors is None:
            return np.zeros(self.instance.wishes, dtype=np.int64)
        groups = self.floors.groups
        return np.asarray(lift[groups.of_wish].sum(axis=1) * groups.people, dtype=np.int64)

    def shares(self, prices: Prices) -> Shares:
        """The prices in whole hundredths, and what they leave to each leg."""
        wish, row, lift = (np.rint(each).astype(np.int64) for each in (prices.wish, prices.row, prices.lift))
        left = self.left(wish, row, lift)
        share = left[self._option]
        if len(self._several):
            share = self._split(share, left, prices.moved)
        return Shares(wish, row, lift, share)

    def _split(self, share: Ints, left: Ints, moved: Reals) -> Ints:
        at = self._several
        option = self._option[at]
        share[at] = left[option] // self._legs[option] + np.rint(moved[at]).astype(np.int64)
        rest = left.copy()
        np.subtract.at(rest, option, share[at])
        first = self.instance.legs_of[np.unique(option)]
        share[first] += rest[self._option[first]]
        return share

    def solve(self, share: Ints) -> tuple[Ints, NDArray[np.uint8]]:
        """The best of every shelf at these shares, and which legs it takes; overwritten by the next call."""

        def part(ends: tuple[int, int]) -> None:
            best_of(self.instance, share, self._best, self._taken, *ends)

        if len(self._ranges) == 1:
            part(self._ranges[0])
        else:
            self._workers.each(part, self._ranges)
        return self._best, self._taken

    def usage(self, taken: NDArray[np.uint8]) -> Reals:
        """How far each option is taken, 0 to 1: the mean over its legs."""
        found = np.bincount(self._option, weights=taken, minlength=self.instance.options)
        return np.asarray(found / self._legs, dtype=np.float64)

    def disagreement(self, taken: NDArray[np.uint8], usage: Reals) -> Reals:
        """By leg: how much more it is taken than its option's legs are on average."""
        return np.asarray(taken - usage[self._option], dtype=np.float64)

    @property
    def joint(self) -> bool:
        """Whether any option has several legs."""
        return bool(len(self._several))


def seek(relaxation: Relaxation, steps: int, watch: Watch, start: Prices | None = None) -> Relaxed:
    """`steps` of the descent, fewer once `watch(bound)` says to stop; the same whatever the workers.

    It begins at `start`, if that is given, and then with shorter steps.
    """
    return _Descent(relaxation, start).run(steps, watch)


class _Descent:
    def __init__(self, relaxation: Relaxation, start: Prices | None) -> None:
        instance = relaxation.instance
        self._relaxation, self._instance = relaxation, instance
        self._limit = instance.rows.limit.astype(np.float64)
        self._unit = SCALE * float(_best_values(instance).mean() if instance.options else 1.0)
        self._begun = start is not None
        self._at = np.concatenate(start or _first_prices(instance, len(relaxation.missing)))
        self._cuts = np.cumsum([instance.wishes, len(instance.rows.limit), len(instance.legs.shelf)])
        self._floor = np.zeros(len(self._at))
        self._floor[self._cuts[1] : self._cuts[2]] = -np.inf
        self._stride = _strides(relaxation, self._unit)
        self._mean, self._square = np.zeros_like(self._at), np.zeros_like(self._at)
        self._usage = np.zeros(instance.options)

    def run(self, steps: int, watch: Watch) -> Relaxed:
        """Step by step; the usage counts the later half, whose prices are near the end's."""
        best, kept, counted = np.inf, self._at.copy(), 0
        for step in range(steps):
            bound, slope, usage = self._look()
            if bound < best:
                best, kept = bound, self._at.copy()
            if 2 * step >= steps:
                self._usage += usage
                counted += 1
            if watch(int(best)):
                break
            self._step(slope, step, steps)
        return Relaxed(self._prices(kept), float(best), self._usage / max(1, counted))

    def _prices(self, at: Reals) -> Prices:
        return Prices(*np.split(at, self._cuts))

    def _look(self) -> tuple[float, Reals, Reals]:
        """The bound in points, its slope by price, and the usage of options."""
        relaxation, instance = self._relaxation, self._instance
        shares = relaxation.shares(self._prices(self._at))
        best, taken = relaxation.solve(shares.share)
        usage = relaxation.usage(taken)
        served = relaxation.served(usage)
        weights = instance.rows.weight * np.repeat(usage, np.diff(instance.rows.of_option.first))
        filled = np.bincount(instance.rows.row, weights=weights, minlength=len(self._limit))
        apart = relaxation.disagreement(taken, usage) if relaxation.joint else np.zeros(len(taken))
        above = self._above(served)
        slope = np.concatenate([1.0 - served, self._limit - filled, apart, above])
        return relaxation.bound(shares, best) / SCALE, slope, usage

    def _above(self, served: NDArray[Any]) -> Reals:
        """By group: the people served beyond what its floor is missing."""
        floors = self._relaxation.floors
        if floors is None:
            return np.zeros(0)
        people = served * floors.groups.people
        by_group = [np.bincount(of, people, len(floors.least)) for of in floors.groups.of_wish.T]
        return np.asarray(sum(by_group) - floors.missing, dtype=np.float64)

    def _step(self, slope: Reals, step: int, steps: int) -> None:
        self._mean = _FORGET * self._mean + (1 - _FORGET) * slope
        self._square = _FORGET_SQUARES * self._square + (1 - _FORGET_SQUARES) * slope**2
        mean = self._mean / (1 - _FORGET ** (step + 1))
        square = self._square / (1 - _FORGET_SQUARES ** (step + 1))
        longest, shortest = _stride(steps)
        if self._begun:
            longest *= _GOING_ON
        length = self._stride * longest * (shortest / longest) ** (step / steps)
        self._at = np.maximum(self._floor, self._at - length * mean / (np.sqrt(square) + _TINY))


def _strides(relaxation: Relaxation, unit: float) -> Reals:
    """The unit of each price's steps: a wish's, or for a floor that of one person."""
    instance, floors = relaxation.instance, relaxation.floors
    others = np.full(instance.wishes + len(instance.rows.limit) + len(instance.legs.shelf), unit)
    if floors is None:
        return others
    person = unit * instance.wishes / max(1, int(floors.groups.people.sum()))
    return np.concatenate([others, np.full(len(floors.least), person)])


def _stride(steps: int) -> tuple[float, float]:
    """The first and the last step: who may take few has to take long ones."""
    hurry = max(1.0, _AT_EASE / steps)
    return min(_LONGEST_STEP, _LONG_STEP * hurry**0.5), _SHORT_STEP * hurry


def _best_values(instance: Instance) -> Ints:
    """The best value of each wish, 0 where it has no option; of a company each has an equal part."""
    best = np.zeros(instance.wishes, dtype=np.int64)
    if not len(instance.beside.items):
        np.maximum.at(best, instance.wish, instance.value)
        return best
    pairs = serving(instance, np.arange(instance.options))
    part = instance.value // np.bincount(pairs.option, minlength=instance.options)
    np.maximum.at(best, pairs.wish, part[pairs.option])
    return best


def _first_prices(instance: Instance, floors: int) -> Prices:
    """Nearly what the best option of a wish is worth; the rest is free."""
    wish = np.asarray(_best_values(instance) * (SCALE * _START), dtype=np.float64)
    rows, legs = np.zeros(len(instance.rows.limit)), np.zeros(len(instance.legs.shelf))
    return Prices(wish, rows, legs, np.zeros(floors))


def _even(instance: Instance, parts: int) -> list[tuple[int, int]]:
    """Ranges of shelves with about as much work each."""
    first, seats = instance.on_shelf.first, instance.shelves.seats
    work = np.cumsum(np.diff(first) * (np.maximum(seats, 0) + 20))
    total = int(work[-1]) if len(work) else 0
    if total < _TOO_LITTLE:
        return [(0, len(seats))]
    cuts = np.searchsorted(work, [total * part // parts for part in range(1, parts)])
    ends = [0, *(int(cut) for cut in cuts), len(seats)]
    return [(begin, max(begin, end)) for begin, end in pairwise(ends)]

"""Why a wish got what it got, why another got nothing: what counted, what else there was, and who has it.

Read off a plan and its prices, without solving anything. What an option would cost others is what its shelves
lose by holding it, at the prices of the certificate: exact for the relaxed problem, and so never less than
what the best plan with it would show.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from services.matcher.engine import journeys
from services.matcher.engine.assemble import Assembled
from services.matcher.engine.boards import Board, Plan, board, empty
from services.matcher.engine.candidates import taking
from services.matcher.engine.days import month_of
from services.matcher.engine.forced import losses
from services.matcher.engine.instance import Certificate, Ints, Table, serving, table
from services.matcher.engine.model import Key, Kind, Leg, Option, Problem, Use
from services.matcher.engine.moves import fitting, swap
from services.matcher.engine.pools import has_room
from services.matcher.engine.prices import SCALE
from services.matcher.engine.weighing import Alternative, Weighing, WhyThis

ALTERNATIVES = 3
_NOTHING: Ints = np.empty(0, dtype=np.int64)


class Settled(NamedTuple):
    """A solved problem: all its options, those chosen by number, and the prices that prove how good it is."""

    problem: Problem
    options: Sequence[Option]
    assembled: Assembled
    chosen: Sequence[int]
    certificate: Certificate


class WhyNot(NamedTuple):
    """The contest that a wish lost, by its options: who has what it wanted, without naming them.

    `holders` of a need between `least` and `most` percent, with `pupils` in all. `value` is what its best
    option is worth, `price` what the cheapest of its options would cost others, `short` how much the whole
    would lose at least by serving it; all in points.
    """

    wish: int
    options: int
    holders: int
    pupils: int
    least: int
    most: int
    value: int
    price: int
    short: int


def filled(assembled: Assembled, wishes: int, chosen: Iterable[int]) -> tuple[Board, Plan]:
    """A board of an instance, with the plan that these options make."""
    its = board(assembled.instance)
    plan = empty(its, wishes)
    swap(its, plan, _NOTHING, np.array(list(chosen), dtype=np.int64))
    return its, plan


class Explainer:
    """Explains one settled problem; whatever is slow is worked out when first asked for."""

    def __init__(self, settled: Settled) -> None:
        self._settled = settled
        self._problem = settled.problem
        self._choice = {wish: number for number in settled.chosen for wish in settled.options[number].wishes}
        self._weighing = Weighing(self._problem)
        self._rests = journeys.rests(self._problem)
        self._pools = {pool.key: pool for pool in self._problem.pools}
        self._held: dict[tuple[Kind, Key], list[tuple[int, Leg]]] = defaultdict(list)
        self._used: dict[Key, list[tuple[int, Use]]] = defaultdict(list)
        for number in settled.chosen:
            option = settled.options[number]
            for use in option.uses:
                self._used[use.pool].append((option.wish, use))
            for leg in option.legs:
                self._held[leg.kind, leg.resource].extend((wish, leg) for wish in option.wishes)

    @property
    def unserved(self) -> list[int]:
        """The wishes that the plan leaves without."""
        return [number for number in range(len(self._problem.wishes)) if number not in self._choice]

    def why_this(self, wish: int) -> WhyThis:
        """What counted for the match of a wish, against its best alternatives. KeyError if it is unserved."""
        option = self._settled.options[self._choice[wish]]
        mine = next(part for part in option.apart() if part.wish == wish)
        return self._weighing.why_this(wish, mine, self._alternatives(wish))

    def why_not(self, wish: int) -> WhyNot | None:
        """The contest for what a wish could have had; None if there was nothing."""
        numbers = self._options_of(wish)
        if not numbers:
            return None
        holders = {other for number in numbers for other in self._in_the_way(number)}
        needs = [self._problem.wishes[other].need for other in holders] or [0]
        return WhyNot(
            wish=wish,
            options=len(numbers),
            holders=len(holders),
            pupils=sum(self._problem.wishes[other].size for other in holders),
            least=min(needs),
            most=max(needs),
            value=max(self._worth(number, wish) for number in numbers),
            price=min(self.cost(number) for number in numbers),
            short=max(0, min(int(self._losses[number]) for number in numbers) // SCALE),
        )

    def _worth(self, number: int, wish: int) -> int:
        """What a wish itself has of an option."""
        parts = self._settled.options[number].apart()
        return next(part.value for part in parts if part.wish == wish)

    def cost(self, option: int) -> int:
        """What holding an option would cost all others at the prices, in points."""
        its = self._settled.options[option]
        request = int(self._settled.certificate.request[list(its.wishes)].sum())
        return max(0, (int(self._losses[option]) + its.value * SCALE - request) // SCALE)

    # -- alternatives

    def _alternatives(self, wish: int) -> Iterator[Alternative]:
        """The best option on each other resource: those worth most first, what is free before the rest."""
        mine = self._choice[wish]
        used = {leg.resource for leg in self._settled.options[mine].legs}
        free = self._free(wish)
        best: dict[tuple[Key, ...], int] = {}
        for number in sorted(self._options_of(wish), key=lambda each: (each not in free, each)):
            option = self._settled.options[number]
            key = tuple(leg.resource for leg in option.legs)
            if set(key) <= used:
                continue
            if key not in best or self._worth(number, wish) > self._worth(best[key], wish):
                best[key] = number
        order = sorted(best.values(), key=lambda each: (-self._worth(each, wish), each))
        for number in order[:ALTERNATIVES]:
            yield self._alternative(number, wish, number in free)

    def _alternative(self, number: int, wish: int, free: bool) -> Alternative:
        option = self._settled.options[number]
        displaced = set() if free else self._in_the_way(number) - set(option.wishes)
        cost = 0 if free else self.cost(number)
        return Alternative(option.legs, self._worth(number, wish), free, cost, len(displaced))

    def _free(self, wish: int) -> set[int]:
        """The options of a wish that fit once it gives back what it has."""
        its, plan = self._board
        mine = np.array([self._choice[wish]], dtype=np.int64)
        swap(its, plan, mine, _NOTHING)
        found = fitting(its, plan, np.array(self._options_of(wish), dtype=np.int64))
        swap(its, plan, _NOTHING, mine)
        return {int(number) for number in found}

    # -- who has it

    def _in_the_way(self, number: int) -> set[int]:
        """The wishes that hold what an option needs: seats, time of experts and units, a pool's last."""
        option = self._settled.options[number]
        holding = {other for leg in option.legs for other in self._holding(leg)}
        return holding.union(*(self._sharing(use, option.wish) for use in option.uses))

    def _sharing(self, use: Use, wish: int) -> set[int]:
        """Who uses a pool at the time, where it has too little left; a wish does not stand in its own way."""
        others = [(other, its) for other, its in self._used[use.pool] if other != wish]
        pool = self._pools[use.pool]
        if has_room(pool, [*pool.taken, *(its for _, its in others)], use):
            return set()
        return {other for other, its in others if its.start < use.end and use.start < its.end}

    def _holding(self, leg: Leg) -> Iterable[int]:
        held = self._held[leg.kind, leg.resource]
        if leg.kind == "slot":
            return (wish for wish, _ in held)
        mine, roads = taking(leg), self._problem.roads
        rest = journeys.rest_of(self._rests, leg.kind, leg.resource)
        clashing = [wish for wish, other in held if journeys.clash(roads, mine, taking(other), rest)]
        # What is free and cannot be had is kept away by a cap.
        return clashing or [wish for wish, other in held if month_of(other.start) == month_of(leg.start)]

    # -- lookups

    def _options_of(self, wish: int) -> list[int]:
        first, last = self._of_wish.first[wish : wish + 2]
        return [int(number) for number in self._of_wish.items[first:last]]

    @cached_property
    def _of_wish(self) -> Table:
        """By wish, the options that serve it, alone or with others."""
        instance = self._settled.assembled.instance
        pairs = serving(instance, np.arange(instance.options))
        by_wish = table(pairs.wish, instance.wishes)
        return Table(by_wish.first, pairs.option[by_wish.items])

    @cached_property
    def _losses(self) -> Ints:
        certificate = self._settled.certificate
        return losses(self._settled.assembled.instance, certificate.share, certificate.shelf)

    @cached_property
    def _board(self) -> tuple[Board, Plan]:
        return filled(self._settled.assembled, len(self._problem.wishes), self._settled.chosen)

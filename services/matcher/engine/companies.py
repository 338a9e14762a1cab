"""Companies: groups too small for a session each by itself, which come to it together (复式班, 联校).

A company takes one session as one group: the sum of its seats, one of the slot's groups, a provider's guide
or kit once. Not all sets of small groups are looked at: in each slot a group looks for companions among the
nearest few by road, of its own school first, and no more than some companies of each size are kept.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import NamedTuple

import numpy as np

from services.matcher.engine.choices import Choices
from services.matcher.engine.indexes import Ways
from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import Floats, KnownRoads
from services.matcher.engine.model import Key, Leg, Member, Option, Problem, Programme, Slot, Use, Wish
from services.matcher.engine.pools import Pools
from services.matcher.engine.seats import Seats

MOST_MEMBERS = 4
# Companions that a group looks at in one slot, and companies of each number of members that it keeps there.
NEAREST, OF_EACH = 5, 3
# Slots in which a group looks for companions: those that suit it best.
SLOTS = 24


class _Guest(NamedTuple):
    """A wish in a slot that would take it, if it were larger."""

    wish: int
    leg: Leg
    value: int


def companies(problem: Problem, pools: Pools, choices: Choices, limits: Floats) -> list[Option]:
    """All companies of a problem as options of their first wish; `limits` as for Ways."""
    joining = [number for number, wish in enumerate(problem.wishes) if _may_join(wish)]
    lenient = _lenient(problem)
    if len(joining) < 2 or not lenient.slots:
        return []
    roads = problem.roads if isinstance(problem.roads, KnownRoads) else KnownRoads(problem.roads)
    guests = list(_guests(problem, joining, Seats(lenient, roads, limits), choices))
    found = _Finding(problem, pools, guests, _Near(roads, problem.wishes, joining))
    return list(found.all())


def _may_join(wish: Wish) -> bool:
    """Who comes with an expert comes alone."""
    return wish.may_join and wish.kind == "visit" and not wish.with_expert


def _lenient(problem: Problem) -> Problem:
    """Only sessions that ask for a least number, as if they did not; online nobody comes together."""
    asking = {key: each for key, each in problem.programmes.items() if each.min_group > 1 and not each.online}
    return replace(
        problem,
        programmes={key: replace(each, min_group=1) for key, each in asking.items()},
        slots=tuple(slot for slot in problem.slots if slot.programme in asking),
    )


def _guests(problem: Problem, joining: Sequence[int], seats: Seats, choices: Choices) -> Iterator[_Guest]:
    """Who is too small for a slot that would suit otherwise: in the best slots of each wish."""
    for number in joining:
        wish = problem.wishes[number]
        worth = choices.worth(wish)
        found = [
            _Guest(number, leg, worth((leg,), fit))
            for leg, fit in seats.of(wish, Counter())
            if problem.programmes[leg.programme].min_group > wish.size
        ]
        yield from sorted(found, key=lambda guest: -guest.value)[:SLOTS]


class _Near:
    """How far apart wishes are, in hundreds of metres by road."""

    def __init__(self, roads: KnownRoads, wishes: Sequence[Wish], joining: Sequence[int]) -> None:
        places = list(dict.fromkeys(wishes[number].place for number in joining))
        at = {place: number for number, place in enumerate(places)}
        self._at = {number: at[wishes[number].place] for number in joining}
        self._places = places
        self._ways = Ways(roads, places, places, np.zeros(0), outward=True)

    def at(self, wishes: Iterable[int]) -> Ints:
        """The numbers of their places."""
        return np.array([self._at[wish] for wish in wishes], dtype=np.int64)

    def row(self, wish: int) -> Ints:
        """How far it is from a wish to all places."""
        return np.rint(10 * self._ways.row(self._places[self._at[wish]])).astype(np.int64)


class _Finding:
    """Companies slot by slot."""

    def __init__(self, problem: Problem, pools: Pools, guests: Iterable[_Guest], near: _Near) -> None:
        self._wishes, self._programmes = problem.wishes, problem.programmes
        self._slots: Mapping[Key, Slot] = {slot.key: slot for slot in problem.slots}
        self._pools, self._near = pools, near
        self._by_slot: dict[Key, list[_Guest]] = defaultdict(list)
        for guest in guests:
            self._by_slot[guest.leg.resource].append(guest)

    def all(self) -> Iterator[Option]:
        """As options, but those that find a pool used up."""
        for key, guests in self._by_slot.items():
            for company in self._of_slot(self._slots[key], guests) if len(guests) > 1 else ():
                option = self._option(company)
                if option and self._pools.refusal(option) is None:
                    yield option

    def _of_slot(self, slot: Slot, guests: Sequence[_Guest]) -> Iterable[tuple[_Guest, ...]]:
        """The companies of one slot, each once, its members by number."""
        programme = self._programmes[slot.programme]
        places = self._near.at(guest.wish for guest in guests)
        found: dict[tuple[_Guest, ...], None] = {}
        for at, guest in enumerate(guests):
            away = self._near.row(guest.wish)[places]
            away[at] = -1
            nearest = np.lexsort((np.arange(len(guests)), away))[1 : NEAREST + 1].tolist()
            for others in _kept(guest, [(int(away[n]), guests[n]) for n in nearest], programme, slot):
                found[tuple(sorted((guest, *others), key=lambda each: each.wish))] = None
        return found

    def _option(self, company: Sequence[_Guest]) -> Option | None:
        """The company as an option of its first wish; None if two of its members are one class."""
        members = tuple(Member(wish, leg.quantity, value) for wish, leg, value in company)
        leg = company[0].leg._replace(quantity=sum(member.size for member in members))
        wishes = [(self._wishes[guest.wish], guest.leg) for guest in company]
        if _is_one_class([wish for wish, _ in wishes]):
            return None
        uses = tuple(_merged(self._pools.of_company(wishes)))
        return Option(members[0].wish, (leg,), sum(member.value for member in members), uses, members)


def _kept(
    guest: _Guest, near: Sequence[tuple[int, _Guest]], programme: Programme, slot: Slot
) -> Iterator[tuple[_Guest, ...]]:
    """Companions from the nearest: few of each number, those with the shortest ways in all."""
    most = min(programme.max_group, slot.seats)
    for number in range(1, MOST_MEMBERS):
        able = [
            others
            for others in combinations(near, number)
            if programme.min_group <= guest.leg.quantity + _seats(others) <= most
        ]
        able.sort(key=lambda others: sum(km for km, _ in others))
        for others in able[:OF_EACH]:
            yield tuple(other for _, other in others)


def _seats(guests: Iterable[tuple[int, _Guest]]) -> int:
    return sum(guest.leg.quantity for _, guest in guests)


def _is_one_class(wishes: Sequence[Wish]) -> bool:
    """Whether two of these are wishes of one group, which cannot be there twice."""
    times = [claim.pool for wish in wishes for claim in wish.claims if not claim.spans]
    return len(set(times)) < len(times)


def _merged(uses: Iterable[Use]) -> Iterator[Use]:
    """What a company takes of each pool, once; where their times differ, for as long as any of them."""
    by_pool: dict[Key, list[Use]] = defaultdict(list)
    for use in uses:
        by_pool[use.pool].append(use)
    for pool, its in by_pool.items():
        start, end = min(use.start for use in its), max(use.end for use in its)
        yield Use(pool, start, end, sum(use.quantity for use in its))

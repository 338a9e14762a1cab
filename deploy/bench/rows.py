"""The whole problem as rows for a rival: wishes, seats, groups, caps, and time in two places."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from services.matcher.engine import journeys
from services.matcher.engine.candidates import taking
from services.matcher.engine.milp import Row
from services.matcher.engine.model import Busy, Expert, Key, Leg, Option, Problem, Roads
from services.matcher.engine.pools import by_pool, crowded, left

K = TypeVar("K")
V = TypeVar("V")


class _Taken(NamedTuple):
    """One time and place that an expert or a unit may be asked for, and by which options."""

    busy: Busy
    options: tuple[int, ...]


def rows(problem: Problem, options: Sequence[Option]) -> list[Row]:
    """Every row of the problem over `options`; together they are exact."""
    uses = _uses(options)
    return [
        *_one_per_wish(options),
        *_of_slots(problem, options, uses),
        *_of_pools(problem, options),
        *(row for expert in problem.experts for row in _of_expert(problem.roads, expert, uses)),
        *(row for unit in problem.units for row in _of_time(problem.roads, uses.get(("unit", unit.key), []))),
    ]


_Uses = dict[tuple[str, Key], list[tuple[int, Leg]]]


def _uses(options: Sequence[Option]) -> _Uses:
    """By resource: the options that use it, with their leg."""
    found: _Uses = defaultdict(list)
    for number, option in enumerate(options):
        for leg in option.legs:
            found[leg.kind, leg.resource].append((number, leg))
    return found


def _one_per_wish(options: Sequence[Option]) -> Iterator[Row]:
    by_wish: dict[int, list[int]] = defaultdict(list)
    for number, option in enumerate(options):
        by_wish[option.wish].append(number)
    return (_at_most_one(members) for members in by_wish.values())


def _of_slots(problem: Problem, options: Sequence[Option], uses: _Uses) -> Iterator[Row]:
    for slot in problem.slots:
        takers = uses.get(("slot", slot.key), [])
        numbers = tuple(number for number, _ in takers)
        sizes = tuple(leg.quantity for _, leg in takers)
        if sum(sizes) > slot.seats:
            yield Row(numbers, sizes, slot.seats)
        if slot.groups is not None and len(numbers) > slot.groups:
            yield Row(numbers, (1,) * len(numbers), slot.groups)


def _of_pools(problem: Problem, options: Sequence[Option]) -> Iterator[Row]:
    for pool, uses in by_pool(problem.pools, options):
        for moment, going in crowded(pool, uses):
            quantities = tuple(use.quantity for use in going.values())
            if sum(quantities) > left(pool, moment):
                yield Row(tuple(going), quantities, left(pool, moment))


def _of_expert(roads: Roads, expert: Expert, uses: _Uses) -> Iterator[Row]:
    takers = uses.get(("expert", expert.key), [])
    yield from _of_caps(expert, takers)
    yield from _of_time(roads, takers)


def _of_caps(expert: Expert, takers: Sequence[tuple[int, Leg]]) -> Iterator[Row]:
    for code, period in journeys.CAPS:
        cap = getattr(expert, code)
        if cap is None:
            continue
        had = journeys.used(expert.busy, period)
        for when, numbers in _grouped((period(leg.start), number) for number, leg in takers).items():
            if len(numbers) > cap - had[when]:
                yield Row(tuple(numbers), (1,) * len(numbers), cap - had[when])


def _of_time(roads: Roads, takers: Sequence[tuple[int, Leg]]) -> Iterator[Row]:
    """Overlaps as cliques at each beginning; journeys as stars: one time and all that it keeps from being."""
    grouped = _grouped((taking(leg), number) for number, leg in takers)
    taken = [_Taken(busy, tuple(numbers)) for busy, numbers in sorted(grouped.items())]
    yield from _overlaps(taken)
    yield from _journeys(roads, taken)


def _overlaps(taken: Sequence[_Taken]) -> Iterator[Row]:
    """Two intervals overlap exactly if one of them holds the other's beginning."""
    for start in sorted({each.busy.start for each in taken}):
        members = [n for each in taken if each.busy.start <= start < each.busy.end for n in each.options]
        if len(members) > 1:
            yield _at_most_one(members)


def _journeys(roads: Roads, taken: Sequence[_Taken]) -> Iterator[Row]:
    starts = [each.busy.start for each in taken]
    for each in taken:
        first = bisect_left(starts, each.busy.end)
        later = taken[first : bisect_left(starts, each.busy.end + journeys.LONGEST_JOURNEY)]
        stopped = (other for other in later if not journeys.reaches(roads, each.busy, other.busy))
        for members in _grouped((other.busy.start, other.options) for other in stopped).values():
            yield _at_most_one([*each.options, *(n for numbers in members for n in numbers)])


def _at_most_one(numbers: Iterable[int]) -> Row:
    members = tuple(numbers)
    return Row(members, (1,) * len(members), 1)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    found: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return dict(found)

"""What the engine comes to when all is tried: plain loops that share nothing but its options with it."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta
from itertools import combinations, pairwise

import numpy as np

from services.matcher.engine.candidates import Finder
from services.matcher.engine.days import month_number
from services.matcher.engine.instance import (
    ENDLESS,
    TIMELINE,
    Instance,
    Legs,
    Rows,
    Shelves,
    Table,
    Takings,
    table,
)
from services.matcher.engine.model import Option, Place, Pool, Problem, Use

# A taking: its beginning, its end, and a point on the line along which everybody travels.
Taking = tuple[int, int, int]


def listed(problem: Problem) -> list[list[Option]]:
    """The engine's options by wish, those of companies under the first of them: what there is to try."""
    finder = Finder(problem)
    found = [finder.options(number)[0] for number in range(len(problem.wishes))]
    for option in finder.companies():
        found[option.wish].append(option)
    return found


def follows(instance: Instance, earlier: int, later: int) -> bool:
    """Whether one taking may come after another of its shelf, by the lists."""
    takings = instance.takings
    shelf = int(np.searchsorted(instance.shelves.takings, later, side="right")) - 1
    sure = int(instance.shelves.takings[shelf] + takings.sure[later])
    first, last = takings.maybe.first[later : later + 2]
    return earlier < sure or earlier in takings.maybe.items[first:last].tolist()


def is_possible(instance: Instance, chosen: Iterable[int]) -> bool:
    """Whether these options can be had together, as the arrays say it."""
    options = list(chosen)
    wishes = served_by(instance, options)
    if len(set(wishes)) < len(wishes):
        return False
    legs = [leg for option in options for leg in legs_of(instance, option)]
    on: dict[int, list[int]] = {}
    for leg in legs:
        on.setdefault(int(instance.legs.shelf[leg]), []).append(leg)
    held = all(holds(instance, shelf, mine) for shelf, mine in on.items())
    return held and _keeps_rows(instance, options)


def served_by(instance: Instance, options: Iterable[int]) -> list[int]:
    """The wishes that options serve, alone or together."""
    first, others = instance.beside.first.tolist(), instance.beside.items.tolist()
    found: list[int] = []
    for option in options:
        found.append(int(instance.wish[option]))
        found += others[first[option] : first[option + 1]] if others else []
    return found


def are_companies(problem: Problem, chosen: Iterable[Option]) -> bool:
    """Whether all who come together may, are enough and not too many, and none of them comes twice."""
    slots = {slot.key: slot for slot in problem.slots}
    served: list[int] = []
    for option in chosen:
        served += [member.wish for member in option.company] or [option.wish]
        if option.company:
            programme = problem.programmes[slots[option.legs[0].resource].programme]
            wishes = [problem.wishes[member.wish] for member in option.company]
            people = sum(wish.size for wish in wishes)
            is_company = people == option.legs[0].quantity and all(wish.may_join for wish in wishes)
            if not (is_company and programme.min_group <= people <= programme.max_group):
                return False
    return len(set(served)) == len(served)


def legs_of(instance: Instance, option: int) -> range:
    """The legs of an option."""
    return range(int(instance.legs_of[option]), int(instance.legs_of[option + 1]))


def keeps_pools(problem: Problem, chosen: Iterable[Option]) -> bool:
    """Whether no pool is ever used beyond its limit, but where what was there before did that alone."""
    uses = [use for option in chosen for use in option.uses]
    return all(_is_kept(pool, [use for use in uses if use.pool == pool.key]) for pool in problem.pools)


def keeps_rests(problem: Problem, chosen: Iterable[Option]) -> bool:
    """Whether between any two appointments of an expert there is the rest, and then time for the road."""
    legs = [leg for option in chosen for leg in option.legs if leg.kind == "expert"]
    for expert in problem.experts:
        mine = [(leg.start, leg.end, leg.place, 1) for leg in legs if leg.resource == expert.key]
        held = sorted([*mine, *((*busy, 0) for busy in expert.busy)])
        for one, other in combinations(held, 2):
            month = month_number(other[0])
            needed = expert.rest_minutes + problem.roads.minutes(one[2], other[2], month)
            if (one[3] or other[3]) and other[0] - one[1] < needed:
                return False
    return True


def keeps_budgets(problem: Problem, chosen: Iterable[Option]) -> bool:
    """Whether no unit drives more in a month than it may, unless what was there before does so alone."""
    legs = [leg for option in chosen for leg in option.legs if leg.kind == "unit"]
    for unit in problem.units:
        mine = [(leg.occupied, leg.place, 1) for leg in legs if leg.resource == unit.key]
        stops = sorted([*mine, *((start, place, 0) for start, _, place in unit.busy)])
        months = {_monday(stop[0]).replace(day=1) for stop in mine}
        for month in months:
            tours: dict[date, list[Place]] = {}
            for start, place, _ in stops:
                if _monday(start).replace(day=1) == month:
                    tours.setdefault(_monday(start), []).append(place)
            rides = (pairwise([unit.base, *places, unit.base]) for places in tours.values())
            km = sum(math.ceil(problem.roads.km(*ride) - 1e-6) for tour in rides for ride in tour)
            if unit.km_budget is not None and km > unit.km_budget:
                return False
    return True


def _monday(minute: int) -> date:
    day = date(1970, 1, 1) + timedelta(days=minute // 1440)
    return day - timedelta(days=day.weekday())


def _is_kept(pool: Pool, uses: Sequence[Use]) -> bool:
    """Going through all changes in time, endings before beginnings of the same minute."""
    all_uses = [*((use, 1) for use in uses), *((use, 0) for use in pool.taken)]
    steps = [(use.start, use.quantity, ours) for use, ours in all_uses]
    steps += [(use.end, -use.quantity, -ours) for use, ours in all_uses]
    level = going = 0
    for _, change, ours in sorted(steps):
        level, going = level + change, going + ours
        if level > pool.limit and going > 0:
            return False
    return True


def holds(instance: Instance, shelf: int, legs: Sequence[int]) -> bool:
    """Whether a shelf can hold all of these legs."""
    if len(legs) > instance.shelves.count[shelf]:
        return False
    if instance.shelves.seats[shelf] != TIMELINE:
        return bool(sum(int(instance.legs.size[leg]) for leg in legs) <= instance.shelves.seats[shelf])
    times = [int(instance.legs.taking[leg]) for leg in legs]
    pairs = combinations(times, 2)
    return all(follows(instance, one, other) or follows(instance, other, one) for one, other in pairs)


def _keeps_rows(instance: Instance, options: Sequence[int]) -> bool:
    rows = instance.rows
    taken = [0] * len(rows.limit)
    for option in options:
        first, last = rows.of_option.first[option : option + 2]
        for entry in rows.of_option.items[first:last]:
            taken[rows.row[entry]] += int(rows.weight[entry])
    return all(some <= limit for some, limit in zip(taken, rows.limit, strict=True))


def best_on(instance: Instance, shelf: int, score: Sequence[int], forced: int | None = None) -> int | None:
    """The most that a shelf can hold, with one leg forced if named; None if that one cannot be held."""
    first, last = instance.on_shelf.first[shelf : shelf + 2]
    there = instance.on_shelf.items[first:last].tolist()
    legs = [leg for leg in there if score[leg] > 0 or leg == forced]
    worths = [
        sum(score[leg] for leg in some)
        for some in subsets(legs)
        if (forced is None or forced in some) and stand(instance, shelf, some)
    ]
    return max(worths, default=None)


def stand(instance: Instance, shelf: int, legs: Sequence[int]) -> bool:
    """As `holds`, but that of those one after the other each need only follow the one before."""
    if instance.shelves.seats[shelf] != TIMELINE:
        return holds(instance, shelf, legs)
    times = sorted(int(instance.legs.taking[leg]) for leg in legs)
    in_turn = all(follows(instance, one, other) for one, other in pairwise(times))
    return in_turn and len(legs) <= instance.shelves.count[shelf]


def subsets(things: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """All of them, from none to all."""
    return (some for size in range(len(things) + 1) for some in combinations(things, size))


def optima(instance: Instance) -> tuple[int, dict[int, int]]:
    """The best value of any choice of options, and of any with each option that can be had at all."""
    best, best_with = 0, dict[int, int]()
    for some in plans(instance):
        worth = sum(int(instance.value[option]) for option in some)
        best = max(best, worth)
        best_with |= {option: max(worth, best_with.get(option, 0)) for option in some}
    return best, best_with


def plans(instance: Instance) -> Iterator[list[int]]:
    """Every choice of options that is possible."""
    return _plans(instance, 0, [])


def _plans(instance: Instance, wish: int, chosen: list[int]) -> Iterator[list[int]]:
    if wish == instance.wishes:
        yield chosen
        return
    yield from _plans(instance, wish + 1, chosen)
    first, last = instance.of_wish.first[wish : wish + 2]
    for option in instance.of_wish.items[first:last].tolist():
        if is_possible(instance, [*chosen, option]):
            yield from _plans(instance, wish + 1, [*chosen, option])


# -- instances that no problem stands behind


def slot(seed: int, legs: int = 7) -> Instance:
    """One slot, and options of one leg each; its seats and groups may or may not bind."""
    dice = random.Random(seed)
    sizes = [dice.randrange(1, 12) for _ in range(legs)]
    seats, count = dice.randrange(1, 40), dice.choice([ENDLESS, 1, 2, 3, legs])
    return _alone(dice, sizes, [-1] * legs, seats, count, [], [])


def timeline(seed: int, legs: int = 7) -> Instance:
    """One stretch of time, its takings scattered along a road; several legs may want one taking."""
    dice = random.Random(seed)
    drawn = {_drawn(dice) for _ in range(dice.randrange(1, legs + 1))}
    times = sorted(drawn, key=lambda each: (each[1], each))
    margin = dice.choice([0, 3, 100])  # journeys of more than this are not looked at when they surely fit
    wanted = [dice.randrange(len(times)) for _ in range(legs)]
    count = dice.choice([ENDLESS, 1, 2, 3])
    sure = [_run(times, each, sum(end <= each[0] - margin for _, end, _ in times)) for each in times]
    maybe = [
        [at for at, other in enumerate(times) if at >= surely and _reaches(other, each)]
        for each, surely in zip(times, sure, strict=True)
    ]
    return _alone(dice, [1] * legs, wanted, TIMELINE, count, list(zip(times, sure, strict=True)), maybe)


def _drawn(dice: random.Random) -> Taking:
    start = dice.randrange(30)
    return start, start + dice.randrange(1, 8), dice.randrange(4)


def _reaches(first: Taking, second: Taking) -> bool:
    return second[0] - first[1] >= abs(first[2] - second[2])


def _run(times: Sequence[Taking], each: Taking, most: int) -> int:
    """How many of the first `most` takings may come before, up to one that may not."""
    return next((at for at in range(most) if not _reaches(times[at], each)), most)


def _alone(
    dice: random.Random,
    sizes: Sequence[int],
    wanted: Sequence[int],
    seats: int,
    count: int,
    times: Sequence[tuple[Taking, int]],
    maybe: Sequence[Sequence[int]],
) -> Instance:
    """An instance of one shelf, a wish for each leg."""
    number = len(sizes)
    each = np.arange(number, dtype=np.int64)
    shelf = np.zeros(number, dtype=np.int64)
    nothing = np.zeros(0, dtype=np.int64)
    return Instance(
        wishes=number,
        wish=each,
        value=_ints(dice.randrange(1, 50) for _ in sizes),
        of_wish=table(each, number),
        legs_of=np.arange(number + 1, dtype=np.int64),
        legs=Legs(shelf, _ints(sizes), _ints(wanted)),
        on_shelf=table(shelf, 1),
        shelves=Shelves(_ints([seats]), _ints([count]), _ints([0, len(times)])),
        takings=Takings(
            _ints(taking[0] for taking, _ in times),
            _ints(taking[1] for taking, _ in times),
            _ints(sure for _, sure in times),
            lists(maybe),
        ),
        rows=Rows(nothing, Table(np.zeros(number + 1, dtype=np.int64), nothing), *[nothing] * 3),
    )


def of_slots(
    pairs: Sequence[tuple[int, int]],
    seats: Sequence[int],
    count: Sequence[int],
    sizes: Sequence[int],
    values: Sequence[int],
) -> Instance:
    """An instance whose options are these pairs of a wish and a slot."""
    wish, shelf = (_ints(column) for column in zip(*pairs, strict=True))
    number, nothing = len(pairs), np.zeros(0, dtype=np.int64)
    wishes = int(wish.max()) + 1
    return Instance(
        wishes=wishes,
        wish=wish,
        value=_ints(values),
        of_wish=table(wish, wishes),
        legs_of=np.arange(number + 1, dtype=np.int64),
        legs=Legs(shelf, _ints(sizes), np.full(number, -1, dtype=np.int64)),
        on_shelf=table(shelf, len(seats)),
        shelves=Shelves(_ints(seats), _ints(count), np.zeros(len(seats) + 1, dtype=np.int64)),
        takings=Takings(nothing, nothing, nothing, Table(np.zeros(1, dtype=np.int64), nothing)),
        rows=Rows(nothing, Table(np.zeros(number + 1, dtype=np.int64), nothing), *[nothing] * 3),
    )


def lists(many: Sequence[Sequence[int]]) -> Table:
    """Lists of numbers as a table."""
    first = np.cumsum([0, *(len(each) for each in many)])
    return Table(_ints(first.tolist()), _ints(at for each in many for at in each))


def _ints(numbers: Iterable[int]) -> np.ndarray:
    return np.array(list(numbers), dtype=np.int64)


KINDS: tuple[Callable[[int], Instance], ...] = (slot, timeline)

"""The three papers of a round for tests, written out plainly: a small world made by hand, and seeded ones.

Nothing here is shared with what publishes or verifies papers, and what fits best is found by trying
everything, so that both sides are held against a third.
"""

from __future__ import annotations

import hashlib
import json
import math
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from services.matcher.engine.candidates import Finder
from services.matcher.engine.days import day_of, month_number, month_of, week_of
from services.matcher.engine.model import Busy, Leg, Option, Place, Problem, Unit
from services.matcher.engine.plan import greedy
from tests.builders.problems import MONDAY

Paper = dict[str, Any]
Papers = dict[str, Paper]
NAMES = ("problem", "solution", "certificate")
SCALE = 100
DAY = 24 * 60
JUNE = 6
# A leg and its share of what its option is worth.
_Standing = tuple[list[int], int]
_PERIODS: dict[str, Callable[[int], int]] = {
    "day": day_of,
    "week": week_of,
    "month": month_of,
    "km": lambda minute: month_of((day_of(minute) - (day_of(minute) + 3) % 7) * DAY),
}


def small() -> Papers:
    """Nine requests for two slots, two experts and a unit, and a plan to which nothing can be added.

    There are three guides, of whom one is out until half past two on Wednesday, and a class with one time.
    Expert 0 is at place 0 until ten on Monday and has 30 minutes to the lecture at half past ten. The unit
    may drive 200 km from place 2, and drives 180.
    """
    problem: Paper = {
        "format": "keqiao-problem-1",
        "seed_hash": hashlib.sha256(b"a seed").hexdigest(),
        "wishes": 9,
        "scale": SCALE,
        "places": 4,
        "journeys": [
            [0, 1, JUNE, 30],
            [0, 2, JUNE, 60],
            [1, 2, JUNE, 45],
            [1, 3, JUNE, 200],
            [2, 3, JUNE, 90],
        ],
        "kilometres": [[1, 2, 45], [1, 3, 200], [2, 3, 90]],
        "slots": [[60, 2], [30, None]],
        "timed": [
            {"kind": "expert", "busy": [[at(0, 9), at(0, 10), 0]], "caps": {"day": 2, "week": 3, "month": 4}},
            {"kind": "unit", "busy": [], "caps": {"km": 200}, "base": 2},
            {"kind": "expert", "busy": [], "caps": {}},
        ],
        "options": [
            [0, 300, [_seats(0, 30)]],
            [1, 250, [_seats(0, 25)]],
            [2, 190, [_seats(0, 20)]],
            [3, 280, [_seats(1, 30)]],
            [3, 240, [_time(0, at(0, 10.5), at(0, 11.5), place=1)]],
            [4, 260, [_time(0, at(1, 9), at(1, 10), place=1)]],
            [4, 100, [_time(0, at(0, 9.5), at(0, 10.5), place=1)]],
            [5, 210, [_time(0, at(1, 9.5), at(1, 10.5), place=2)]],
            [5, 220, [_time(0, at(1, 10.5), at(1, 11.5), place=2)]],
            [6, 270, [_time(2, at(2, 14), at(2, 15.5), place=0), _seats(1, 25)]],
            [7, 400, [_time(1, at(1, 8), at(2, 17), place=1, occupied=at(0, 0))]],
            [8, 500, [_time(1, at(2, 8), at(3, 17), place=3)]],
        ],
        "pools": [[3, [[at(2, 9), at(2, 14.5), 1]]], [1, []]],
        "uses": [
            [0, 0, at(2, 14), at(2, 15.5), 1],
            [3, 0, at(2, 14), at(2, 15.5), 1],
            [9, 0, at(2, 14), at(2, 15.5), 1],
            [4, 1, at(0, 9.5), at(0, 12.5), 1],
            [6, 1, at(0, 8.5), at(0, 11.5), 1],
        ],
    }
    week, month = week_of(at(0, 0)), month_of(at(0, 0))
    caps = [[0, "week", week, 1500], [0, "month", month, 700]]
    pools = [[0, at(2, 14), 300]]
    return papers(problem, [0, 1, 4, 5, 9, 11], "a seed", [40 * n for n in range(9)], caps, pools)


def at(day: int, hour: float) -> int:
    """The minute of an hour, so many days after the Monday."""
    return (MONDAY + day) * DAY + int(hour * 60)


def seeded(seed: int, problem: Problem, options: Sequence[Option]) -> Papers:
    """The papers of an engine's problem with a greedy plan, at prices drawn from the seed."""
    dice = random.Random(seed)
    written = _written(problem, options)
    chosen = greedy(problem, options, sorted(range(len(options)), key=lambda n: -options[n].value))
    prices = [dice.choice([0, dice.randrange(100_000)]) for _ in problem.wishes]
    caps = [[*each, dice.randrange(50_000)] for each in _counted(written) if dice.random() < 0.5]
    pools = [[*each, dice.randrange(50_000)] for each in _moments(written) if dice.random() < 0.5]
    return papers(written, chosen, problem.seed, prices, caps, pools)


def options_of(problem: Problem) -> list[Option]:
    """All options of all wishes."""
    finder = Finder(problem)
    return [option for number in range(len(problem.wishes)) for option in finder.options(number)[0]]


def papers(
    problem: Paper,
    chosen: list[int],
    seed: str,
    requests: list[int],
    caps: list[list[Any]],
    pools: Sequence[list[int]] = (),
) -> Papers:
    """A plan, and the proof that follows from these prices: every part of it as small as it can be."""
    value = sum(problem["options"][number][1] for number in chosen)
    solution = {"format": "keqiao-solution-1", "seed": seed, "chosen": chosen, "value": value}
    shares = _shares(problem, requests, caps, pools)
    slots = [_best_load(problem, shares, number) for number in range(len(problem["slots"]))]
    stretches = list(_stretches(problem, shares))
    bound = sum(requests) + sum(slots) + sum(stretch[-1] for stretch in stretches)
    bound += sum(price * left(problem, timed, cap, number) for timed, cap, number, price in caps)
    bound += sum(price * unused(problem, pool, moment) for pool, moment, price in pools)
    certificate = ({"pools": list(pools)} if "pools" in problem else {}) | {
        "format": "keqiao-certificate-1",
        "scale": SCALE,
        "requests": requests,
        "caps": caps,
        "shares": [[number, mine] for number, mine in enumerate(shares) if len(mine) > 1],
        "slots": slots,
        "stretches": stretches,
        "bound": bound,
    }
    return linked({"problem": problem, "solution": solution, "certificate": certificate})


def linked(papers: Papers) -> Papers:
    """The papers, with the solution and the certificate about the problem as it is now."""
    text = json.dumps(papers["problem"], sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    about = hashlib.sha256(text.encode()).hexdigest()
    return {
        name: paper if name == "problem" else paper | {"problem": about} for name, paper in papers.items()
    }


def write(papers: Papers, folder: Path) -> list[str]:
    """Put the papers into a folder; their paths in the order in which the verifier takes them."""
    for name in NAMES:
        (folder / f"{name}.json").write_text(json.dumps(papers[name], indent=1), encoding="utf-8")
    return [str(folder / f"{name}.json") for name in NAMES]


def left(problem: Paper, timed: int, cap: str, number: int) -> int:
    """What a cap leaves after what is there already."""
    holder, period = problem["timed"][timed], _PERIODS[cap]
    if cap == "km":
        there = [(-1 - n, busy) for n, busy in enumerate(holder["busy"]) if period(busy[0]) == number]
        taken = sum(_least(problem, timed, wish, tuple(busy)) for wish, busy in there)
        return max(0, int(holder["caps"]["km"]) - taken)
    had = [start for start, _, _ in holder["busy"] if period(start) == number]
    return max(0, int(holder["caps"][cap]) - len(had))


def _seats(slot: int, quantity: int) -> list[int]:
    return [0, slot, at(2, 14), at(2, 15.5), at(2, 14), quantity, 0]


def _time(timed: int, start: int, end: int, place: int, occupied: int | None = None) -> list[int]:
    return [1, timed, start, end, start if occupied is None else occupied, 30, place]


# -- an engine's problem, written out


def _written(problem: Problem, options: Sequence[Option]) -> Paper:
    holders = [("expert", each) for each in problem.experts] + [("unit", each) for each in problem.units]
    slots = {slot.key: number for number, slot in enumerate(problem.slots)}
    timed = {(kind, each.key): number for number, (kind, each) in enumerate(holders)}
    busy = [place for _, each in holders for _, _, place in each.busy]
    bases = {each.base for each in problem.units if each.km_budget is not None}
    places = sorted({leg.place for option in options for leg in option.legs} | set(busy) | bases)
    known = {place: number for number, place in enumerate(places)}

    def leg_of(leg: Leg) -> list[int]:
        which = [0, slots[leg.resource]] if leg.kind == "slot" else [1, timed[leg.kind, leg.resource]]
        return [*which, leg.start, leg.end, leg.occupied, leg.quantity, known[leg.place]]

    def busy_of(each: Busy) -> list[int]:
        return [each.start, each.end, known[each.place]]

    pools = {pool.key: number for number, pool in enumerate(problem.pools)}
    uses = [(number, use) for number, option in enumerate(options) for use in option.uses]
    shared = {
        "pools": [
            [pool.limit, [[use.start, use.end, use.quantity] for use in pool.taken]] for pool in problem.pools
        ],
        "uses": [[number, pools[use.pool], use.start, use.end, use.quantity] for number, use in uses],
    }
    kilometres = {
        "kilometres": [
            [a, b, math.ceil(problem.roads.km(one, other) - 1e-6)]
            for (a, one), (b, other) in combinations(enumerate(places), 2)
        ]
    }
    return (
        (kilometres if bases else {})
        | (shared if pools else {})
        | _stated(problem, options, slots)
        | {
            "format": "keqiao-problem-1",
            "seed_hash": hashlib.sha256(problem.seed.encode()).hexdigest(),
            "wishes": len(problem.wishes),
            "scale": SCALE,
            "places": len(places),
            "journeys": list(_all_journeys(problem, places, options)),
            "slots": [[slot.seats, slot.groups] for slot in problem.slots],
            "timed": [
                {
                    "kind": kind,
                    "busy": [busy_of(busy) for busy in each.busy],
                    "caps": _caps(each),
                    "rest": _rest(each),
                }
                | ({"base": known[each.base]} if isinstance(each, Unit) and each.base in bases else {})
                for kind, each in holders
            ],
            "options": [
                [option.wish, option.value, [leg_of(leg) for leg in option.legs]] for option in options
            ],
        }
    )


def _rest(holder: object) -> int:
    return getattr(holder, "rest_minutes", 0)


def _stated(problem: Problem, options: Sequence[Option], slots: Mapping[Any, int]) -> Paper:
    """What the options with several slots are held to."""
    split = [option for option in options if sum(leg.kind == "slot" for leg in option.legs) > 1]
    wishes = {(option.wish, problem.wishes[option.wish].size) for option in split}
    used = {leg.resource for option in split for leg in option.legs}
    programmes = {
        slots[slot.key]: problem.programmes[slot.programme] for slot in problem.slots if slot.key in used
    }
    bounds = [[at, max(10, each.min_group), each.max_group] for at, each in sorted(programmes.items())]
    stated = {"span": 240, "parts": 4, "wishes": [list(each) for each in sorted(wishes)], "slots": bounds}
    return {"splits": stated} if split else {}


def _caps(holder: object) -> dict[str, int]:
    caps: dict[str, int | None] = {cap: getattr(holder, f"cap_{cap}", None) for cap in _PERIODS}
    caps["km"] = getattr(holder, "km_budget", None)
    return {cap: most for cap, most in caps.items() if most is not None}


def _all_journeys(
    problem: Problem, places: Sequence[Place], options: Iterable[Option]
) -> Iterator[list[int]]:
    """Between all places in all months: more than is needed, and true."""
    months = {month_number(leg.occupied) for option in options for leg in option.legs}
    months |= {month_number(MONDAY * DAY)}
    for (a, one), (b, other) in combinations(enumerate(places), 2):
        yield from ([a, b, month, problem.roads.minutes(one, other, month)] for month in sorted(months))


def _counted(problem: Paper) -> list[list[Any]]:
    """Every cap that an option counts under."""
    found = {
        (leg[1], cap, _PERIODS[cap](leg[4]))
        for _, _, legs in problem["options"]
        for leg in legs
        if leg[0] == 1
        for cap in problem["timed"][leg[1]]["caps"]
    }
    return [list(each) for each in sorted(found)]


# -- the proof, by trying everything


def _shares(
    problem: Paper, requests: Sequence[int], caps: Iterable[Sequence[Any]], pools: Iterable[Sequence[int]]
) -> list[list[int]]:
    """What is left of each option after prices, on its legs as evenly as whole numbers allow."""
    prices = {(timed, cap, number): price for timed, cap, number, price in caps}
    found = []
    for number, (wish, value, legs) in enumerate(problem["options"]):
        worth = SCALE * value - requests[wish]
        for pool, moment, price in pools:
            worth -= price * _goes_on(
                [use[2:] for use in problem["uses"] if use[:2] == [number, pool]], moment
            )
        for _, timed, _, _, occupied, _, _ in (leg for leg in legs if leg[0] == 1):
            worth -= sum(
                prices.get((timed, cap, _PERIODS[cap](occupied)), 0) for cap in ("day", "week", "month")
            )
        for _, timed, _, end, occupied, _, place in (leg for leg in legs if leg[0] == 1):
            each = prices.get((timed, "km", _PERIODS["km"](occupied)))
            worth -= each * _least(problem, timed, wish, (occupied, end, place)) if each else 0
        rest = worth // len(legs)
        found.append([worth - rest * (len(legs) - 1), *[rest] * (len(legs) - 1)])
    return found


def _least(problem: Paper, timed: int, wish: int, stop: tuple[int, int, int]) -> int:
    """What a stop adds at least to a tour: halves of its shortest ways, those of the base counted double."""
    holder = problem["timed"][timed]
    stops = [
        (other, (leg[4], leg[3], leg[6]))
        for other, _, legs in problem["options"]
        for leg in legs
        if leg[:2] == [1, timed]
    ]
    stops += [(-1 - n, tuple(busy)) for n, busy in enumerate(holder["busy"])]
    beside = [its for other, its in stops if other != wish and week_of(its[0]) == week_of(stop[0])]
    alone = 2 * _km(problem, holder["base"], stop[2])
    before = [_km(problem, its[2], stop[2]) for its in beside if its[1] <= stop[0]]
    after = [_km(problem, its[2], stop[2]) for its in beside if its[0] >= stop[1]]
    return (min([alone, *before]) + min([alone, *after])) // 2


def _km(problem: Paper, a: int, b: int) -> int:
    known = {tuple(row[:2]): row[2] for row in problem["kilometres"]}
    return 0 if a == b else int(known[min(a, b), max(a, b)])


def _goes_on(uses: Iterable[Sequence[int]], moment: int) -> int:
    """How much of a pool uses from start to end take at a moment."""
    return sum(quantity for start, end, quantity in uses if moment in range(start, end))


def unused(problem: Paper, pool: int, moment: int) -> int:
    """What is left of a pool beside what is used already."""
    limit, taken = problem["pools"][pool]
    return max(0, int(limit) - _goes_on(taken, moment))


def _moments(problem: Paper) -> list[tuple[int, int]]:
    """Pools with the moments at which an option begins to use them."""
    return sorted({(pool, start) for _, pool, start, _, _ in problem.get("uses", ())})


def _on(problem: Paper, shares: Sequence[Sequence[int]], kind: int, resource: int) -> list[_Standing]:
    """Legs on a resource with their shares, where they are worth something."""
    return [
        (leg, share)
        for (_, _, legs), mine in zip(problem["options"], shares, strict=True)
        for leg, share in zip(legs, mine, strict=True)
        if leg[:2] == [kind, resource] and share > 0
    ]


def _best_load(problem: Paper, shares: Sequence[Sequence[int]], slot: int) -> int:
    seats, groups = problem["slots"][slot]
    legs = _on(problem, shares, 0, slot)
    return max(
        sum(share for _, share in some)
        for some in _subsets(legs)
        if sum(leg[5] for leg, _ in some) <= seats and (groups is None or len(some) <= groups)
    )


def _stretches(problem: Paper, shares: Sequence[Sequence[int]]) -> Iterator[list[Any]]:
    """Each day of those who have a cap on days, and all the time of the others."""
    for timed, holder in enumerate(problem["timed"]):
        legs = _on(problem, shares, 1, timed)
        starts = [leg[4] for leg, _ in legs]
        if "day" in holder["caps"]:
            for day in sorted({day_of(start) for start in starts}):
                count = left(problem, timed, "day", day)
                mine = [(leg, share) for leg, share in legs if day_of(leg[4]) == day]
                yield [timed, day * DAY, (day + 1) * DAY, count, _best_plan(problem, mine, count)]
        elif starts:
            yield [timed, min(starts), max(starts) + 1, None, _best_plan(problem, legs, len(legs))]


def _best_plan(problem: Paper, legs: Sequence[_Standing], count: int, before: list[int] | None = None) -> int:
    """The most of legs one after the other, each reached from the one before, trying each as next."""
    if not count:
        return 0
    return max(
        (
            share + _best_plan(problem, legs, count - 1, leg)
            for leg, share in legs
            if before is None or _follows(problem, before, leg)
        ),
        default=0,
    )


def _follows(problem: Paper, first: list[int], second: list[int]) -> bool:
    gap = second[4] - first[3] - problem["timed"][first[1]].get("rest", 0)
    if second[4] < first[3] or gap < 0:
        return False
    a, b = sorted((first[6], second[6]))
    known = (row for row in problem["journeys"] if row[:3] == [a, b, month_number(second[4])])
    return a == b or bool(gap >= next(known)[3])


def _subsets(things: Sequence[_Standing]) -> Iterator[tuple[_Standing, ...]]:
    return (some for size in range(len(things) + 1) for some in combinations(things, size))

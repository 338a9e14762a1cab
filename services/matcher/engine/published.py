"""The three papers of a round: its problem without names, its plan, and the proof of how good the plan is.

`services/matcher/verify.py` reads them and says what each part of them means. Resources, wishes and places
are numbers here, in the order of the problem; nobody's name, key or position is told, and of the map only
journeys between places that one person or unit may be asked for so soon after one another that they matter.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from services.matcher.engine import tours
from services.matcher.engine.assemble import Assembled, Cap, Mileage, Moment
from services.matcher.engine.candidates import taking
from services.matcher.engine.days import week_of
from services.matcher.engine.fairness import Ceiling, Fairness
from services.matcher.engine.groups import Groups
from services.matcher.engine.instance import ENDLESS, Certificate, Instance, Ints, narrowed, served
from services.matcher.engine.journeys import CAPS, LONGEST_JOURNEY
from services.matcher.engine.lot import lots
from services.matcher.engine.model import Busy, Expert, Key, Leg, Option, Papers, Place, Problem, Roads, Unit
from services.matcher.engine.prices import SCALE
from services.matcher.engine.split import MOST_PARTS, SPAN, is_split, part_of

# Further apart than any two minutes of one timeline, so that all timelines fit on one line of numbers.
_APART = 1 << 32
# Pairs of appointments that are looked at in one go.
_BATCH = 1 << 21
_MONTHS = 12


def documents(
    problem: Problem,
    options: Sequence[Option],
    assembled: Assembled,
    chosen: Sequence[int],
    certificate: Certificate,
    roads: Roads,
    fairness: Fairness | None = None,
) -> Papers:
    """The papers about `options` of `problem`, of which the numbers `chosen` are the plan.

    `assembled` is the instance that the certificate is about. The solution names the seed: it is not to be
    shown before the round is published. `roads` must take as long one way as the other.
    """
    numbers = _Numbers(problem)
    paper = _problem(problem, options, numbers, roads)
    if problem.salt:
        paper["lots"] = lots(problem.seed, problem.salt, problem.wishes)
    if fairness:
        paper["fairness"] = _groups(problem, fairness.floors.groups)
    asked = canonical(paper)
    about = hashlib.sha256(asked.encode()).hexdigest()
    plan = {
        "format": "keqiao-solution-1",
        "problem": about,
        "seed": problem.seed,
        "chosen": sorted(int(number) for number in chosen),
        "value": sum(options[number].value for number in chosen),
    }
    proof = {"format": "keqiao-certificate-1", "problem": about, "scale": SCALE}
    proof |= _certificate(assembled, assembled.instance, certificate, numbers)
    if fairness:
        wishes = served(assembled.instance, np.array(chosen, dtype=np.int64))
        plan["fair"] = fairness.plan
        plan["groups"] = _shares_of(fairness.floors.groups, wishes)
        proof["lifts"] = certificate.lift.tolist()
        proof["ceilings"] = [_ceiling(assembled, each, numbers) for each in fairness.ceilings]
    keys = {"format": "keqiao-keys-1", "problem": about, **numbers.keys()}
    keys["wishes"] = [str(wish.key) for wish in problem.wishes]
    return Papers(asked, canonical(plan), canonical(proof), canonical(keys))


def canonical(document: dict[str, Any]) -> str:
    """The one text of a document, by whose hash the other papers name it."""
    return json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


class _Numbers:
    """What stands for resources and places; places are numbered as they are met."""

    def __init__(self, problem: Problem) -> None:
        self.slots = {slot.key: number for number, slot in enumerate(problem.slots)}
        keys: list[tuple[str, Key]] = [("expert", expert.key) for expert in problem.experts]
        keys.extend(("unit", unit.key) for unit in problem.units)
        self.timed = {key: number for number, key in enumerate(keys)}
        self.pools = {pool.key: number for number, pool in enumerate(problem.pools)}
        self.places: dict[Place, int] = {}

    def keys(self) -> dict[str, Any]:
        """What the numbers stand for, in their order."""
        return {
            "slots": [str(key) for key in self.slots],
            "timed": [str(key) for _, key in self.timed],
            "pools": [str(key) for key in self.pools],
            "places": [list(place) for place in self.places],
        }

    def place(self, place: Place) -> int:
        """The number of a place."""
        return self.places.setdefault(place, len(self.places))

    def leg(self, leg: Leg) -> list[int]:
        """A leg as the verifier reads it."""
        kind, key, _, start, end, occupied, quantity, place = leg
        where = self.places.setdefault(place, len(self.places))
        if kind == "slot":
            return [0, self.slots[key], start, end, occupied, quantity, where]
        return [1, self.timed[kind, key], start, end, occupied, quantity, where]

    def busy(self, busy: Busy) -> list[int]:
        """An appointment that was there before."""
        return [busy.start, busy.end, self.place(busy.place)]


def _problem(problem: Problem, options: Sequence[Option], numbers: _Numbers, roads: Roads) -> dict[str, Any]:
    rows = [[option.wish, option.value, [numbers.leg(leg) for leg in option.legs]] for option in options]
    timed = [_timed("expert", each, numbers) for each in problem.experts]
    timed += [_timed("unit", each, numbers) for each in problem.units]
    rests = np.array([each.get("rest", 0) for each in timed], dtype=np.int64)
    pools = _pools(problem, options, numbers) if problem.pools else {}
    companies = _companies(problem, options, numbers) if any(each.company for each in options) else {}
    return (
        pools
        | companies
        | _kilometres(problem, options, numbers, roads)
        | _splits(problem, options, numbers)
        | {
            "format": "keqiao-problem-1",
            "seed_hash": hashlib.sha256(problem.seed.encode()).hexdigest(),
            "wishes": len(problem.wishes),
            "scale": SCALE,
            "places": len(numbers.places),
            "journeys": list(_journeys(_appointments(rows, timed), rests, numbers.places, roads)),
            "slots": [[slot.seats, slot.groups] for slot in problem.slots],
            "timed": timed,
            "options": rows,
        }
    )


def _pools(problem: Problem, options: Sequence[Option], numbers: _Numbers) -> dict[str, Any]:
    """Pools with what is used of them already, and what each option would use."""
    used = ((number, use) for number, option in enumerate(options) for use in option.uses)
    return {
        "pools": [[pool.limit, [list(use[1:]) for use in pool.taken]] for pool in problem.pools],
        "uses": [[number, numbers.pools[use.pool], *use[1:]] for number, use in used],
    }


def _companies(problem: Problem, options: Sequence[Option], numbers: _Numbers) -> dict[str, Any]:
    """Who comes together, how large each of them is, and how many people make a session of theirs."""
    together = [(number, option) for number, option in enumerate(options) if option.company]
    sizes = {member.wish: member.size for _, option in together for member in option.company}
    slots = {option.legs[0].resource: option.legs[0].programme for _, option in together}
    least = {
        numbers.slots[slot]: problem.programmes[programme].min_group for slot, programme in slots.items()
    }
    return {
        "companies": {
            "options": [[number, list(option.wishes[1:])] for number, option in together],
            "sizes": [list(pair) for pair in sorted(sizes.items())],
            "least": [list(pair) for pair in sorted(least.items())],
        }
    }


def _kilometres(
    problem: Problem, options: Sequence[Option], numbers: _Numbers, roads: Roads
) -> dict[str, Any]:
    """Ways that a unit with a mileage budget may drive: from its base, and from stop to stop of one week."""
    units = tours.budgets(problem)
    if not units:
        return {}
    tour: dict[tuple[Key, int], set[Place]] = defaultdict(set)
    stops = [(leg.resource, taking(leg)) for option in options for leg in option.legs if leg.kind == "unit"]
    stops += [(unit.key, busy) for unit in units.values() for busy in unit.busy]
    for key, stop in stops:
        if key in units:
            tour[key, week_of(stop.start)].update((stop.place, units[key].base))
    pairs = {
        tuple(sorted(map(numbers.place, pair))) for each in tour.values() for pair in combinations(each, 2)
    }
    places = list(numbers.places)
    return {"kilometres": [[a, b, tours.way(roads, places[a], places[b])] for a, b in sorted(pairs)]}


def _splits(problem: Problem, options: Sequence[Option], numbers: _Numbers) -> dict[str, Any]:
    """What options in parts are held to: nothing where there are none."""
    split = [option for option in options if is_split(option.legs)]
    if not split:
        return {}
    wishes = {option.wish: problem.wishes[option.wish].size for option in split}
    slots = {leg.resource: problem.programmes[leg.programme] for option in split for leg in option.legs}
    parts = ((numbers.slots[key], part_of(its)) for key, its in slots.items())
    return {
        "splits": {
            "span": SPAN,
            "parts": MOST_PARTS,
            "wishes": [list(each) for each in sorted(wishes.items())],
            "slots": sorted([number, *bounds] for number, bounds in parts),
        }
    }


def _timed(kind: str, holder: Expert | Unit, numbers: _Numbers) -> dict[str, Any]:
    caps = {code.removeprefix("cap_"): getattr(holder, code, None) for code, _ in CAPS}
    rest = getattr(holder, "rest_minutes", 0)
    more = {"rest": rest} if rest else {}
    if isinstance(holder, Unit) and holder.km_budget is not None:
        caps["km"], more["base"] = holder.km_budget, numbers.place(holder.base)
    return more | {
        "kind": kind,
        "busy": [numbers.busy(each) for each in holder.busy],
        "caps": {cap: most for cap, most in caps.items() if most is not None},
    }


# -- the journeys that matter


def _appointments(rows: Iterable[Any], timed: Iterable[dict[str, Any]]) -> Ints:
    """Whose, start, end, place: one row for each time at which somebody may be or is somewhere."""
    wanted = {(leg[1], leg[4], leg[3], leg[6]) for _, _, legs in rows for leg in legs if leg[0]}
    wanted.update((number, *busy) for number, each in enumerate(timed) for busy in each["busy"])
    return np.array(sorted(wanted), dtype=np.int64).reshape(-1, 4)


def _journeys(appointments: Ints, rests: Ints, places: dict[Place, int], roads: Roads) -> Iterator[list[int]]:
    """Place, place with a larger number, month, minutes."""
    by_number = list(places)
    for code in _near(appointments, rests, len(places)).tolist():
        pair, month = divmod(code, _MONTHS)
        a, b = divmod(pair, len(places))
        minutes = roads.minutes(by_number[a], by_number[b], month + 1)
        # Who has the longest journey's time need not travel faster than that: more says nothing more.
        yield [a, b, month + 1, min(minutes, LONGEST_JOURNEY)]


def _near(appointments: Ints, rests: Ints, places: int) -> Ints:
    """Codes of two places and a month in which somebody may have to go from one to the other."""
    whose, start, end, place = appointments.T
    begins = whose * _APART + start  # ascending
    first = np.searchsorted(begins, whose * _APART + end)
    last = np.searchsorted(begins, whose * _APART + end + rests[whose] + LONGEST_JOURNEY)
    month = start.astype("datetime64[m]").astype("datetime64[M]").astype(np.int64) % _MONTHS
    found = [np.empty(0, dtype=np.int64)]
    for begin, stop in _batches(last - first):
        length = (last - first)[begin:stop]
        before = np.repeat(np.arange(begin, stop), length)
        after = np.arange(length.sum()) - np.repeat(np.cumsum(length) - length - first[begin:stop], length)
        a, b = np.minimum(place[before], place[after]), np.maximum(place[before], place[after])
        found.append(np.unique(((a * places + b) * _MONTHS + month[after])[a != b]))
    return np.unique(np.concatenate(found))


def _batches(lengths: Ints) -> Iterator[tuple[int, int]]:
    """Ranges of positions whose lengths come to about a batch each."""
    marks = np.searchsorted(np.cumsum(lengths), np.arange(_BATCH, lengths.sum() + _BATCH, _BATCH)) + 1
    begin = 0
    for stop in np.minimum(marks, len(lengths)).tolist():
        yield begin, stop
        begin = stop


# -- the proof


def _certificate(
    assembled: Assembled, instance: Instance, certificate: Certificate, numbers: _Numbers
) -> dict[str, Any]:
    """The proof about `instance`, whose shelves and rows are those of what was assembled."""
    slots, stretches = _shelves(assembled, certificate, numbers)
    rows = list(zip(assembled.rows, certificate.row.tolist(), strict=True))
    moments = [[numbers.pools[row.pool], row.at, price] for row, price in rows if isinstance(row, Moment)]
    pools = {"pools": [each for each in moments if each[-1]]} if numbers.pools else {}
    return pools | {
        "requests": certificate.request.tolist(),
        "caps": [
            [*_cap(row, numbers), price] for row, price in rows if price and not isinstance(row, Moment)
        ],
        "shares": list(_shares(instance, certificate)),
        "slots": slots,
        "stretches": stretches,
        "bound": int(certificate.bound),
    }


def _cap(row: Cap | Mileage, numbers: _Numbers) -> list[Any]:
    if isinstance(row, Mileage):
        return [numbers.timed["unit", row.resource], "km", row.month]
    return [numbers.timed["expert", row.resource], row.code.removeprefix("cap_"), row.period]


def _ceiling(assembled: Assembled, ceiling: Ceiling, numbers: _Numbers) -> dict[str, Any]:
    """The proof of a ceiling, without what is nothing in it."""
    instance, districts = narrowed(assembled.instance, ceiling.options), ceiling.districts.tolist()
    proof = _certificate(assembled, instance, ceiling.certificate, numbers)
    shares = [[int(ceiling.options[option]), split] for option, split in proof["shares"]]
    stretches = [row for row in proof["stretches"] if row[-1]]
    return {**proof, "districts": districts, "shares": shares, "stretches": stretches}


def _groups(problem: Problem, groups: Groups) -> dict[str, Any]:
    """How large each wish is, and its groups: their numbers tell no names; and who is beside the wishes."""
    number = {name: at for at, name in enumerate(groups.names)}
    beside = [
        [each.demand, each.served, number[each[:1]], number[each[:2]]] for each in sorted(problem.already)
    ]
    return ({"already": beside} if beside else {}) | {
        "policy": problem.fairness,
        "districts": groups.districts,
        "groups": len(groups.demand),
        "wishes": np.column_stack([groups.people, groups.of_wish]).tolist(),
    }


def _shares_of(groups: Groups, wishes: Ints) -> list[list[int]]:
    """How many people of each group are served, if these wishes are, and how many ask."""
    return [list(pair) for pair in zip(groups.served(wishes).tolist(), groups.demand.tolist(), strict=True)]


def _shares(instance: Instance, certificate: Certificate) -> Iterator[list[Any]]:
    """For options of several legs: with one leg, it is given all that is left."""
    legs_of, share = instance.legs_of, certificate.share
    for option in np.flatnonzero(np.diff(legs_of) > 1).tolist():
        yield [option, share[legs_of[option] : legs_of[option + 1]].tolist()]


def _shelves(
    assembled: Assembled, certificate: Certificate, numbers: _Numbers
) -> tuple[list[int], list[list[int | None]]]:
    """What each slot can hold at most, and each stretch of time."""
    slots: dict[int, int] = defaultdict(int)
    stretches: list[list[int | None]] = []
    counts = assembled.instance.shelves.count.tolist()
    for shelf, count, best in zip(assembled.shelves, counts, certificate.shelf.tolist(), strict=True):
        if shelf.kind == "slot":
            slots[numbers.slots[shelf.resource]] = best
        else:
            limit = count if count < ENDLESS else None
            stretches.append([numbers.timed[shelf.kind, shelf.resource], shelf.start, shelf.end, limit, best])
    return [slots[number] for number in range(len(numbers.slots))], stretches

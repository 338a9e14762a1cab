"""A round that is still to be settled, read back from its papers and the keys that they leave out."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from services.matcher.engine.assemble import Assembled, Mileage, Moment, Row, assemble
from services.matcher.engine.groups import Floors, Groups
from services.matcher.engine.instance import Certificate, Ints, spread
from services.matcher.engine.journeys import CAPS, LONGEST_JOURNEY, rest_of
from services.matcher.engine.model import (
    Busy,
    Expert,
    Key,
    Kind,
    Leg,
    Member,
    Option,
    Papers,
    Place,
    Pool,
    Problem,
    Roads,
    Slot,
    Unit,
    Use,
    Wish,
)
from services.matcher.engine.prices import Relaxation
from services.matcher.engine.workers import Workers

# The number in the papers of an expert, a unit or a pool.
_Numbers = Mapping[tuple[str, Key], int]
_NOWHERE = Place(0.0, 0.0)
_NOTHING: frozenset[str] = frozenset()


class Pending(NamedTuple):
    """A round that is still to be settled: its options, their instance, and what its latest solve came to.

    `chosen` are the numbers of the options in its plan; a `firm` plan is not to be moved any more. `keys` are
    those of the wishes, by number.
    """

    options: Sequence[Option]
    assembled: Assembled
    certificate: Certificate
    chosen: Sequence[int] = ()
    firm: bool = False
    keys: Sequence[Key] = ()


class OtherPapers(ValueError):
    """The papers are not of one problem, or not in a form that is known here."""


def read(papers: Papers, roads: Roads, key: Callable[[str], Key]) -> Pending:
    """The round of these papers; `key` makes keys from their texts. Raises OtherPapers.

    Takes a second or so for a round of 5,000 requests.
    """
    asked, plan, proof, keys = (json.loads(paper) for paper in papers)
    if any(each["problem"] != plan["problem"] for each in (proof, keys)):
        raise OtherPapers("papers of several problems")
    reading = _Reading(asked, keys, key)
    problem, options = reading.problem(roads)
    assembled = assemble(problem, options)
    certificate = _certificate(assembled, proof, reading.numbers, _floors(asked))
    return Pending(options, assembled, certificate, plan["chosen"], keys=reading.wishes)


class _Reading:
    """Numbers back to what they stand for."""

    def __init__(self, asked: dict[str, Any], keys: dict[str, Any], key: Callable[[str], Key]) -> None:
        self._asked = asked
        self.wishes, self._slots, self._timed = (
            [key(text) for text in keys[name]] for name in ("wishes", "slots", "timed")
        )
        self._keys: list[Key] = keys["pools"]
        self._places = [Place(*place) for place in keys["places"]]
        self._kinds: list[Kind] = [each["kind"] for each in asked["timed"]]
        self.numbers: dict[tuple[str, Key], int] = {
            each: number for number, each in enumerate(zip(self._kinds, self._timed, strict=True))
        }
        self.numbers |= {("pool", each): number for number, each in enumerate(self._keys)}

    def problem(self, roads: Roads) -> tuple[Problem, list[Option]]:
        """As much of the problem as its instance is made of, and the options."""
        timed = list(zip(self._timed, self._asked["timed"], strict=True))
        slots = zip(self._slots, self._asked["slots"], strict=True)
        problem = Problem(
            wishes=tuple(_wish(key) for key in self.wishes),
            programmes={},
            slots=tuple(Slot(key, None, None, 0, 0, seats, groups) for key, (seats, groups) in slots),
            experts=tuple(self._expert(key, each) for key, each in timed if each["kind"] == "expert"),
            units=tuple(self._unit(key, each) for key, each in timed if each["kind"] == "unit"),
            roads=roads,
            lesson_days={},
            known_days=frozenset(),
            earliest=0,
            pools=tuple(self._pools()),
        )
        uses: dict[int, list[Use]] = defaultdict(list)
        for number, pool, *use in self._asked.get("uses", []):
            uses[number].append(Use(self._keys[pool], *use))
        rows = enumerate(self._asked["options"])
        companies = self._companies()
        options = [
            Option(wish, tuple(map(self._leg, legs)), value, tuple(uses[number]), companies.get(number, ()))
            for number, (wish, value, legs) in rows
        ]
        return problem, options

    def _companies(self) -> dict[int, tuple[Member, ...]]:
        """By option, who comes together; what each is worth alone is not told."""
        told = self._asked.get("companies", {"options": [], "sizes": []})
        sizes, options = dict(told["sizes"]), self._asked["options"]
        return {
            number: tuple(Member(wish, sizes[wish], 0) for wish in (options[number][0], *beside))
            for number, beside in told["options"]
        }

    def _pools(self) -> Iterator[Pool]:
        for key, (limit, taken) in zip(self._keys, self._asked.get("pools", []), strict=True):
            yield Pool(key, limit, "", tuple(Use(key, *use) for use in taken))

    def _leg(self, leg: Sequence[int]) -> Leg:
        timed, number, start, end, occupied, quantity, place = leg
        kind: Kind = self._kinds[number] if timed else "slot"
        key = self._timed[number] if timed else self._slots[number]
        return Leg(kind, key, None, start, end, occupied, quantity, self._places[place])

    def _expert(self, key: Key, each: dict[str, Any]) -> Expert:
        caps = {code: each["caps"].get(code.removeprefix("cap_")) for code, _ in CAPS}
        rest = each.get("rest", 0)
        return Expert(key, _NOTHING, _NOWHERE, (), busy=self._busy(each), rest_minutes=rest, **caps)

    def _unit(self, key: Key, each: dict[str, Any]) -> Unit:
        base = self._places[each["base"]] if "base" in each else _NOWHERE
        budget = each["caps"].get("km")
        return Unit(key, _NOTHING, base, 1, km_budget=budget, busy=self._busy(each))

    def _busy(self, each: dict[str, Any]) -> tuple[Busy, ...]:
        return tuple(Busy(start, end, self._places[place]) for start, end, place in each["busy"])


def _wish(key: Key) -> Wish:
    """Of a wish only its number matters here."""
    return Wish(key, "visit", 1, _NOWHERE, "", "", ())


# -- the proof


def _certificate(
    assembled: Assembled, proof: dict[str, Any], numbers: _Numbers, floors: Floors | None
) -> Certificate:
    """The prices as they were, and all that the papers leave to be worked out from them."""
    instance = assembled.instance
    request = np.array(proof["requests"], dtype=np.int64)
    row = _rows(assembled, proof, numbers)
    lift = np.array(proof.get("lifts", []), dtype=np.int64)
    left = Relaxation(instance, Workers(1), floors).left(request, row, lift)
    share = left[spread(instance.legs_of)]
    for option, shares in proof["shares"]:
        share[instance.legs_of[option] : instance.legs_of[option + 1]] = shares
    stretches = [best for *_, best in proof["stretches"]]
    shelf = np.array([*proof["slots"], *stretches], dtype=np.int64)
    if len(shelf) != len(assembled.shelves):
        raise OtherPapers("the shelves of another problem")
    return Certificate(request, row, share, shelf, proof["bound"], lift)


def _floors(asked: dict[str, Any]) -> Floors | None:
    """The groups of the wishes, if the round was to be fair; how high their floors are is not needed."""
    if "fairness" not in asked:
        return None
    fairness = asked["fairness"]
    people, of_wish = np.split(np.array(fairness["wishes"], dtype=np.int64), [1], axis=1)
    nobody = np.zeros(fairness["groups"], dtype=np.int64)
    return Floors(Groups(of_wish, people[:, 0], nobody, nobody, fairness["districts"], ()), nobody)


def _rows(assembled: Assembled, proof: dict[str, Any], numbers: _Numbers) -> Ints:
    """Prices of caps and of moments of pools; those that are not told are free."""
    known: dict[tuple[Any, ...], int] = {tuple(row[:-1]): row[-1] for row in proof["caps"]}
    known |= {tuple(row[:-1]): row[-1] for row in proof.get("pools", [])}
    return np.array([known.get(_named(row, numbers), 0) for row in assembled.rows], dtype=np.int64)


def _named(row: Row, numbers: _Numbers) -> tuple[Any, ...]:
    """What a row is called in the papers."""
    if isinstance(row, Moment):
        return numbers["pool", row.pool], row.at
    if isinstance(row, Mileage):
        return numbers["unit", row.resource], "km", row.month
    return numbers["expert", row.resource], row.code.removeprefix("cap_"), row.period


class Stands:
    """Where a leg would stand in a round: on the slot, or on stretches of time that it may touch."""

    def __init__(self, assembled: Assembled) -> None:
        self._of: dict[tuple[Kind, Key], list[tuple[int, int, int]]] = defaultdict(list)
        self._rests = assembled.rests
        takings = assembled.instance.shelves.takings.tolist()
        ends = assembled.instance.takings.end
        for shelf, stretch in enumerate(assembled.shelves):
            # A stretch's takings come in order of their end.
            end = int(ends[takings[shelf + 1] - 1]) if stretch.kind != "slot" else 0
            self._of[stretch.kind, stretch.resource].append((shelf, stretch.start, end))

    def of(self, leg: Leg) -> list[int]:
        """Numbers of shelves; all of the leg's day are among them."""
        margin = LONGEST_JOURNEY + rest_of(self._rests, leg.kind, leg.resource)
        before, after = leg.end + margin, leg.occupied - margin
        there = self._of.get((leg.kind, leg.resource), ())
        if leg.kind == "slot":
            return [shelf for shelf, _, _ in there]
        return [shelf for shelf, start, end in there if start < before and end > after]

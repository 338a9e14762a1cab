"""What one more resource would add: sessions, expert days and stays of units that nobody offers yet.

At once, by prices: a resource that is added stands on a shelf of its own, and its worth is the best plan of
that shelf, where each wish counts for what it is worth above its price. By solving again: the wishes around
it are freed and served anew, exactly, with it and everything else that they may have.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple, TypeVar

import numpy as np

from services.matcher.engine import milp
from services.matcher.engine.assemble import Assembled, assemble
from services.matcher.engine.candidates import Finder
from services.matcher.engine.days import day_of
from services.matcher.engine.explain import Settled, filled
from services.matcher.engine.instance import Ints, Table, spread, table
from services.matcher.engine.model import (
    DAY,
    Expert,
    Key,
    Limits,
    Option,
    Place,
    Problem,
    Slot,
    Unit,
    Window,
    Wish,
)
from services.matcher.engine.moves import neighbours, swap
from services.matcher.engine.neighbourhood import part_of
from services.matcher.engine.prices import SCALE
from services.matcher.engine.shelves import best_of

BEST = 20
# How many of the best by price are solved again; how many wishes are freed around each: those that gain most
# by it, and some around each of them.
_TRIED, _WANTING, _AROUND, _NODES = 30, 12, 6, 20
# Times of the day at which a programme is given most often, of which a copy is tried each day.
_TIMES = 2
_OPENING, _CLOSING, _A_DAY = 8 * 60, 17 * 60 + 30, 2
_WEEK = 7
_NONE: Ints = np.empty(0, dtype=np.int64)
_Thing = TypeVar("_Thing", bound=Hashable)


class Added(NamedTuple):
    """The key of a resource that is not there: one more session, expert or stay, and what it would be.

    `code` is more_sessions of `programme`, more_experts with `topic` living in `area`, or more_unit_days of
    `unit`. `day` is the first day (since 1970-01-01), `start` the minute of a session, else of that day.
    """

    code: str
    programme: Key | None
    unit: Key | None
    topic: str | None
    area: str | None
    day: int
    start: int


class Addition(NamedTuple):
    """What one more resource would add, in points: `worth` by prices, `solved` by solving again.

    `wishes` and `pupils` say how many more would be served, by solving again.
    """

    added: Added
    worth: int
    solved: int
    wishes: int
    pupils: int


class Supply(NamedTuple):
    """Resources that are thought of, each by its key; experts have every day and are sold by the day."""

    slots: tuple[Slot, ...]
    experts: Mapping[str, tuple[Expert, ...]]
    units: tuple[Unit, ...]


def imagined(problem: Problem, wishes: Iterable[Wish]) -> Supply:
    """What could be added to a problem with these wishes unserved.

    One more session of each programme on each day at its usual times; an expert for each topic in each area
    that asks for it; each unit once more in each week.
    """
    asked = list(wishes)
    days = open_days(problem, asked)
    return Supply(
        tuple(sessions(problem, days)) if any(wish.kind in ("visit", "training") for wish in asked) else (),
        _experts(asked, days),
        tuple(stays(problem, days)) if any(wish.kind == "exhibition" for wish in asked) else (),
    )


class Latent:
    """Options that wishes would have on what could be added; each wish is looked at once."""

    def __init__(self, problem: Problem, supply: Supply) -> None:
        self.problem, self.supply = problem, supply
        self._found: dict[int, list[Option]] = {}

    def options(self, number: int) -> list[Option]:
        """All options of a wish of which a leg is on something added."""
        if number not in self._found:
            self._found[number] = list(self._find(number))
        return self._found[number]

    def _find(self, number: int) -> Iterator[Option]:
        for finder in self._finders(self.problem.wishes[number]):
            for option in finder.options(number)[0]:
                if any(isinstance(leg.resource, Added) for leg in option.legs):
                    yield option

    def _finders(self, wish: Wish) -> Iterator[Finder]:
        if wish.kind != "expert":
            yield self._offered
        if _wants_experts(wish) and wish.area in self._living:
            yield self._living[wish.area]

    @cached_property
    def _offered(self) -> Finder:
        """Added sessions and stays; beside the experts that there are, for who comes with one."""
        # What takes several of them at once is not what one of them is worth.
        wishes = self.problem.wishes
        whole = tuple(replace(wish, may_split=False) if wish.may_split else wish for wish in wishes)
        return Finder(replace(self.problem, wishes=whole, slots=self.supply.slots, units=self.supply.units))

    @cached_property
    def _living(self) -> dict[str, Finder]:
        """By area, the experts that could live there; beside the slots and units that there are."""
        return {
            area: Finder(replace(self.problem, experts=experts))
            for area, experts in self.supply.experts.items()
        }


def extended(problem: Problem, supply: Supply) -> Problem:
    """The problem with everything added."""
    experts = (expert for each in supply.experts.values() for expert in each)
    return replace(
        problem,
        slots=(*problem.slots, *supply.slots),
        experts=(*problem.experts, *experts),
        units=(*problem.units, *supply.units),
    )


def _wants_experts(wish: Wish) -> bool:
    return wish.kind in ("expert", "training") or wish.with_expert


def dated(added: Added, minute: int) -> Added:
    """The addition as it is counted: of an expert, the day that holds this minute."""
    day = day_of(minute)
    return added._replace(day=day, start=day * DAY) if added.code == "more_experts" else added


# -- what is thought of


def open_days(problem: Problem, wishes: Iterable[Wish]) -> list[int]:
    """Days on which something could take place, and on which somebody would come."""
    wanted = {
        day
        for wish in wishes
        for window in wish.windows
        for day in range(day_of(window.start), day_of(window.end - 1) + 1)
    }
    lessons = frozenset[int]().union(*problem.lesson_days.values())
    return sorted(day for day in wanted & lessons if day * DAY >= problem.earliest)


def sessions(problem: Problem, days: Sequence[int]) -> Iterator[Slot]:
    """One more of each programme that is given, on each of these days at each of its usual times."""
    given: dict[Key, list[Slot]] = defaultdict(list)
    for slot in problem.slots:
        given[slot.programme].append(slot)
    for key, slots in given.items():
        seats = max(slot.seats for slot in slots)  # of the others, some are taken already
        place = _usual([slot.place for slot in slots])[0]
        for minute, length in _usual([(slot.start % DAY, slot.end - slot.start) for slot in slots], _TIMES):
            for day in days:
                added = Added("more_sessions", key, None, None, None, day, day * DAY + minute)
                yield Slot(added, key, place, added.start, added.start + length, seats)


def _usual(things: Sequence[_Thing], number: int = 1) -> list[_Thing]:
    """The most frequent ones; of equals, the first."""
    return [thing for thing, _ in Counter(things).most_common(number)]


def _experts(wishes: Iterable[Wish], days: Sequence[int]) -> dict[str, tuple[Expert, ...]]:
    places: dict[tuple[str, str], list[Place]] = defaultdict(list)
    for wish in wishes:
        if _wants_experts(wish):
            for topic in wish.topics:
                places[wish.area, topic].append(wish.place)
    found: dict[str, list[Expert]] = defaultdict(list)
    for (area, topic), homes in sorted(places.items()):
        found[area].append(expert(topic, area, sorted(homes)[len(homes) // 2], days))
    return {area: tuple(experts) for area, experts in found.items()}


def expert(topic: str, area: str, home: Place, days: Iterable[int]) -> Expert:
    """Somebody who would speak on a topic to everybody, twice a day at most, on each of these days."""
    added = Added("more_experts", None, None, topic, area, 0, 0)
    windows = tuple(Window(day * DAY + _OPENING, day * DAY + _CLOSING) for day in days)
    everybody = frozenset({"pupils", "teachers", "parents"})
    return Expert(added, frozenset({topic}), home, windows, everybody, cap_day=_A_DAY)


def stays(problem: Problem, days: Sequence[int]) -> Iterator[Unit]:
    """Each unit once more in each week that holds one of these days."""
    for unit in problem.units:
        for week in sorted({(day + 3) // _WEEK for day in days}):
            monday = week * _WEEK - 3
            added = Added("more_unit_days", None, unit.key, None, None, monday, monday * DAY)
            free = (Window(monday * DAY, (monday + _WEEK) * DAY),)
            yield replace(unit, key=added, windows=free, busy=(), round=None)


# -- by prices


def by_price(latent: Latent, request: Ints, wishes: Iterable[int]) -> dict[Added, int]:
    """What each addition would be worth to these wishes, in points at the prices `request`; experts by day.

    No plan with the addition can pass the bound by more. What is needed beside it counts as if it were free.
    """
    found = [option for wish in wishes for option in latent.options(wish)]
    if not found:
        return {}
    assembled = assemble(extended(latent.problem, latent.supply), found)
    worth: dict[Added, int] = {}
    for stretch, points in zip(assembled.shelves, _bests(assembled, request).tolist(), strict=True):
        if points >= SCALE and isinstance(stretch.resource, Added):
            worth[dated(stretch.resource, stretch.start)] = points // SCALE
    return worth


def _bests(assembled: Assembled, request: Ints) -> Ints:
    """By shelf: the best of what stands there, if the added leg of an option has all that it is worth."""
    instance = assembled.instance
    left = np.maximum(0, instance.value * SCALE - request[instance.wish])
    is_added = np.array([isinstance(shelf.resource, Added) for shelf in assembled.shelves], dtype=bool)
    score = left[spread(instance.legs_of)] * is_added[instance.legs.shelf]
    best = np.zeros(len(instance.shelves.seats), dtype=np.int64)
    best_of(instance, score, best, np.zeros(len(score), dtype=np.uint8), 0, len(best))
    return best


# -- by solving again


def ranked(settled: Settled, latent: Latent, worth: Mapping[Added, int]) -> list[Addition]:
    """The best additions of a plan, each solved again, the best first; `worth` is theirs by prices.

    Of one programme, one unit, or one topic in one area, only the best day is looked at.
    """
    order = sorted(worth, key=lambda added: (-worth[added], added))
    leading = {what(added): added for added in reversed(order)}.values()
    tried = sorted(leading, key=lambda added: (-worth[added], added))[:_TRIED]
    again = Again(settled, latent.supply, tried)
    found = [again.solved(added) for added in tried]
    return sorted(found, key=lambda each: (-each.solved, -each.worth, each.added))[:BEST]


def what(added: Added) -> Added:
    """The addition, whenever it is."""
    return added._replace(day=0, start=0)


class Again:
    """Parts of a plan solved again with one addition at a time, out of those `tried`."""

    def __init__(self, settled: Settled, supply: Supply, tried: Sequence[Added]) -> None:
        problem = settled.problem
        latent = Latent(problem, _narrowed(supply, tried))
        everybody = range(len(problem.wishes))
        more = [option for wish in everybody for option in latent.options(wish)]
        self._wishes, self._known = problem.wishes, len(settled.options)
        self._worth = by_price(latent, settled.certificate.request, everybody)
        self._uses: dict[Key, list[int]] = defaultdict(list)
        for at, option in enumerate(more):
            for leg in option.legs:
                self._uses[leg.resource].append(self._known + at)
        assembled = assemble(extended(problem, latent.supply), [*settled.options, *more])
        self._of_wish = assembled.instance.of_wish
        self._board, self._plan = filled(assembled, len(problem.wishes), settled.chosen)

    def solved(self, added: Added) -> Addition:
        """What the plan gains by one addition, where the wishes around it are served anew."""
        mine = self._uses[added]
        if not mine:
            return Addition(added, 0, 0, 0, 0)
        opened = self._open(mine)
        wishes = self._around(opened, mine)
        old = self._plan.choice[wishes]
        # What can be bettered without it is none of its merit.
        old = self._anew(self._open(()), wishes, old[old >= 0])
        new = self._anew(opened, wishes, old)
        value, pupils = self._board.value, self._pupils(new) - self._pupils(old)
        gain = int(value[new].sum()) - int(value[old].sum())
        more = len(self._served(new)) - len(self._served(old))
        return Addition(added, self._worth.get(added, 0), max(0, gain), more, pupils)

    def _pupils(self, options: Ints) -> int:
        return sum(self._wishes[wish].size for wish in self._served(options))

    def _served(self, options: Ints) -> list[int]:
        first, beside = self._board.beside.first, self._board.beside.items
        others = [beside[first[option] : first[option + 1]] for option in options.tolist()]
        found: list[int] = np.concatenate([self._board.wish[options], *others]).astype(np.int64).tolist()
        return found

    def _anew(self, opened: Table, wishes: Ints, start: Ints) -> Ints:
        """The best for some wishes beside the rest of the plan, which stays; no worse than `start`."""
        board, plan = self._board, self._plan
        now = plan.choice[wishes]
        now = now[now >= 0]
        swap(board, plan, now, _NONE)
        part = part_of(board, plan, opened, wishes)
        swap(board, plan, _NONE, now)
        answer = milp.maximise(
            part.model(board.value[part.options].astype(float)),
            start=np.flatnonzero(np.isin(part.options, start)).tolist(),
            limits=Limits(3600.0),
            seed=0,
            nodes=_NODES,
        )
        found: Ints = part.options[answer.chosen]
        return found if int(board.value[found].sum()) > int(board.value[start].sum()) else start

    def _open(self, mine: Sequence[int]) -> Table:
        """By wish, the options that there are and those on one addition."""
        options = self._of_wish.items
        is_open = options < self._known
        is_open |= np.isin(options, mine)
        wish = self._board.wish[options[is_open]]
        by_wish = table(wish, len(self._wishes))
        return Table(by_wish.first, options[is_open][by_wish.items])

    def _around(self, opened: Table, mine: Sequence[int]) -> Ints:
        """The wishes that gain most by it, unserved ones first, and those that have what they want."""
        gain = {self._board.wish[option]: self._board.value[option] for option in mine}
        order = sorted(gain, key=lambda wish: (self._plan.choice[wish] >= 0, -gain[wish], wish))
        first = [int(wish) for wish in order[:_WANTING]]
        around = [neighbours(self._board, self._plan, opened, wish, _AROUND, 0) for wish in first]
        return np.array(list(dict.fromkeys([*first, *np.concatenate(around).tolist()])), dtype=np.int64)


def _narrowed(supply: Supply, tried: Iterable[Added]) -> Supply:
    """Only these additions; an expert on their one day."""
    wanted = set(tried)
    days: dict[Added, list[Added]] = defaultdict(list)
    for added in wanted:
        days[what(added)].append(added)
    experts = {
        area: tuple(_on_a_day(expert, added) for expert in each for added in days[expert.key])  # type: ignore[index]
        for area, each in supply.experts.items()
    }
    return Supply(
        tuple(slot for slot in supply.slots if slot.key in wanted),
        experts,
        tuple(unit for unit in supply.units if unit.key in wanted),
    )


def _on_a_day(expert: Expert, added: Added) -> Expert:
    windows = tuple(window for window in expert.windows if day_of(window.start) == added.day)
    return replace(expert, key=added, windows=windows)

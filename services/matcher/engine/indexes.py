"""Where to look for what may serve a wish: things by topic, slots by programme and time, ways by place."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import Floats, KnownRoads
from services.matcher.engine.model import Key, Place, Programme, Slot, Window
from services.matcher.engine.sieve import Codes, Flags

# Kilometres nearer to a limit than this are computed by the plain formula, which decides.
_CLOSE = 1e-6
# Rows that are made together.
_BLOCK = 64


class _Topical(Protocol):
    @property
    def topics(self) -> frozenset[str]: ...


class Topics:
    """Numbers of things by topic, in the order of the topics' names and then their own."""

    def __init__(self, things: Iterable[tuple[int, _Topical]]) -> None:
        self._by_topic: dict[str, list[int]] = defaultdict(list)
        self._known: dict[frozenset[str], Ints] = {}
        everything = []
        for number, thing in things:
            everything.append(number)
            for topic in thing.topics:
                self._by_topic[topic].append(number)
        self.everything = numbers(everything)

    def on(self, topics: frozenset[str]) -> Ints:
        """Numbers of things on any of the topics, each once; no topic means all."""
        if not topics:
            return self.everything
        if topics not in self._known:
            found = (number for topic in sorted(topics) for number in self._by_topic.get(topic, ()))
            self._known[topics] = numbers(dict.fromkeys(found))
        return self._known[topics]


class Ways:
    """Kilometres between places and others, in rows: exact as each compares with a limit, else nearly.

    `limits` are all the distances in km that anything in a row will be compared with, in order.
    """

    def __init__(
        self,
        roads: KnownRoads,
        places: Sequence[Place],
        others: Sequence[Place | None],
        limits: Floats,
        *,
        outward: bool,
    ) -> None:
        """Rows lead from `places` to `others` if `outward`, else back; what is nowhere is 0 km away."""
        self._roads, self._outward, self._others = roads, outward, len(others)
        self._first = {place: number for number, place in enumerate(dict.fromkeys(places))}
        self._places = list(self._first)
        self._targets = [other for other in others if other is not None]
        self._somewhere = numbers(at for at, other in enumerate(others) if other is not None)
        self._limits = np.concatenate(([-np.inf], limits, [np.inf]))
        self._blocks: dict[int, Floats] = {}

    def row(self, place: Place) -> Floats:
        """Kilometres by the position in `others`."""
        block, at = divmod(self._first[place], _BLOCK)
        if block not in self._blocks:
            self._blocks[block] = self._block(block * _BLOCK)
        row: Floats = self._blocks[block][at]
        return row

    def _block(self, first: int) -> Floats:
        """The rows of places that follow one another."""
        places = [*self._places[first : first + _BLOCK], *self._targets]
        here = np.arange(len(places) - len(self._targets))
        there = np.arange(len(here), len(places))
        pairs = np.repeat(here, len(there)), np.tile(there, len(here))
        a, b = pairs if self._outward else pairs[::-1]
        km = self._roads.km_many(places, a, b)
        for at in np.flatnonzero(self._is_close(km)).tolist():
            km[at] = self._roads.km(places[a[at]], places[b[at]])
        found = np.zeros((len(here), self._others))
        found[:, self._somewhere] = km.reshape(len(here), len(there))
        return found

    def _is_close(self, km: Floats) -> Flags:
        above = np.searchsorted(self._limits, km)
        close: Flags = np.minimum(self._limits[above] - km, km - self._limits[above - 1]) < _CLOSE
        return close


class Slots:
    """All slots of known programmes as columns, by number: programme by programme, in each by time."""

    def __init__(self, programmes: Sequence[Programme], slots: Iterable[Slot]) -> None:
        places = {programme.key: number for number, programme in enumerate(programmes)}
        known = (slot for slot in slots if slot.programme in places)
        self.slots = sorted(known, key=lambda slot: (places[slot.programme], slot.start))
        self.programme = numbers(places[slot.programme] for slot in self.slots)
        self.start = numbers(slot.start for slot in self.slots)
        self.end = numbers(slot.end for slot in self.slots)
        self.seats = numbers(slot.seats for slot in self.slots)
        self.full = np.array([slot.groups is not None and slot.groups < 1 for slot in self.slots], dtype=bool)
        self.sizes = np.bincount(self.programme, minlength=len(programmes)).astype(np.int64)
        self._first = np.concatenate(([0], np.cumsum(self.sizes)))
        self.places = list(dict.fromkeys(slot.place for slot in self.slots))
        by_place = {place: number for number, place in enumerate(self.places)}
        self.place = numbers(by_place[slot.place] for slot in self.slots)
        self.spots = list(zip(self.programme.tolist(), self.place.tolist(), strict=True))
        self._rounds: dict[frozenset[Key], Flags] = {}

    def of(self, programmes: Ints) -> Ints:
        """The slots of these programmes, programme by programme, in each by time."""
        sizes = self.sizes[programmes]
        ends = np.cumsum(sizes)
        number = int(ends[-1]) if len(ends) else 0
        found: Ints = np.repeat(self._first[programmes] - ends + sizes, sizes) + np.arange(number)
        return found

    def within(self, slots: Ints, windows: Iterable[Window]) -> Ints:
        """Those of `slots` that lie inside one of the windows."""
        starts, ends = self.start[slots], self.end[slots]
        found = np.zeros(len(slots), dtype=np.bool_)
        for start, end in windows:
            found |= (starts >= start) & (starts < end) & (ends <= end)
        return slots[found]

    def of_other_rounds(self, rounds: frozenset[Key]) -> Flags:
        """By slot, whether it is kept for a round that is none of these."""
        if rounds not in self._rounds:
            self._rounds[rounds] = np.array([slot.round not in rounds for slot in self.slots], dtype=bool)
        return self._rounds[rounds]

    def by_day(self, code: Callable[[int], int]) -> Codes:
        """By slot, the code of the day on which it begins, asked once for each `start`."""
        known = {start: code(start) for start in set(self.start.tolist())}
        return np.array([known[start] for start in self.start.tolist()], dtype=np.int8)


def numbers(items: Iterable[int]) -> Ints:
    """Whole numbers as an array."""
    return np.array(list(items), dtype=np.int64)

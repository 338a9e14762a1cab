"""Experts who come along to what is there for a wish, seats or a stay, and why others do not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from functools import reduce

import numpy as np

from services.matcher.engine import weights
from services.matcher.engine.comers import Comers
from services.matcher.engine.indexes import numbers
from services.matcher.engine.instance import Ints
from services.matcher.engine.model import Busy, Expert, Leg, Problem, Programme, Window, Wish
from services.matcher.engine.moments import Sessions, bit, deepest
from services.matcher.engine.sieve import Fallen, Flags

# The code of who suits where there is no session and no stay that they could come along to.
NOTHING_TO_JOIN = "nothing_to_join"
# Their leg, and how well they suit in percent.
Companion = tuple[Leg, int]


class World:
    """The experts of one problem and their hours; what many wishes ask for is found once."""

    def __init__(self, problem: Problem, experts: Comers[Expert], sessions: Sessions) -> None:
        self.problem, self.experts, self.sessions = problem, experts, sessions
        rows = [(number, *window) for number, its in enumerate(problem.experts) for window in its.windows]
        self._owner, self._opens, self._closes = (numbers(row[at] for row in rows) for at in range(3))
        self._free: dict[tuple[int, int], Flags] = {}

    def free(self, start: int, end: int) -> Flags:
        """By number, whether one of the expert's windows holds the whole interval."""
        if (start, end) not in self._free:
            found = np.zeros(len(self.problem.experts), dtype=np.bool_)
            found[self._owner[(self._opens <= start) & (end <= self._closes)]] = True
            self._free[start, end] = found
        return self._free[start, end]


class _Looked:
    """Who was looked at for one wish: who can come at some time, and what kept the others out at each."""

    def __init__(self) -> None:
        self.came: set[int] = set()
        self._refusals: dict[int, int] = defaultdict(int)

    def refuse(self, number: int, refusals: int) -> None:
        """Note codes, as bits."""
        self._refusals[number] |= refusals

    def code(self, number: int) -> str | None:
        """The code that came nearest to passing, if anything was looked at."""
        return deepest(self._refusals[number]) if number in self._refusals else None


class Accompanying:
    """Who comes along with one group to a venue, for as long as a session lasts."""

    def __init__(self, world: World, wish: Wish, programme: Programme | None) -> None:
        """`programme` is the one that the wish names, if it does."""
        self._world, self._wish, self._named = world, wish, programme
        self._suiting: dict[frozenset[str], Ints] = {}
        self._looked = _Looked()
        self._had_time = np.zeros(len(world.problem.experts), dtype=np.bool_)
        self._any = False

    def to(self, seats: Leg) -> Iterator[Companion]:
        """Experts who can be there; that the day itself is possible has been seen of the slot."""
        world, self._any = self._world, True
        suiting = self._on(weights.topics_of(self._wish, world.problem.programmes[seats.programme]))
        free = suiting[world.free(seats.start, seats.end)[suiting]]
        self._had_time[free] = True
        wanted = Busy(seats.occupied, seats.end, seats.place)
        for number in world.experts.reaching(self._wish, seats.place, free, Counter()):
            if code := world.sessions.refusal(number, wanted):
                self._looked.refuse(number, bit(code))
                continue
            self._looked.came.add(number)
            leg = seats._replace(kind="expert", resource=world.experts.everybody[number].key)
            yield leg, world.experts.fit(self._wish, number, seats.place)

    def count(self, fallen: Fallen) -> None:
        """Count everybody who came to nothing that was looked at, once."""
        everybody = (self._world.experts.on(topics) for topics in self._topics())
        near = reduce(np.union1d, everybody)
        suiting = self._world.experts.suiting(self._wish, near, "topic", fallen)
        for number in suiting.tolist():
            if number not in self._looked.came:
                fallen["expert", self._code(number)] += 1

    def _on(self, topics: frozenset[str]) -> Ints:
        if topics not in self._suiting:
            near = self._world.experts.on(topics)
            self._suiting[topics] = self._world.experts.suiting(self._wish, near, "topic", Counter())
        return self._suiting[topics]

    def _topics(self) -> Iterable[frozenset[str]]:
        return self._suiting or (weights.topics_of(self._wish, self._named),)

    def _code(self, number: int) -> str:
        if not self._any:
            return NOTHING_TO_JOIN
        code = self._looked.code(number)
        return code or (self._kept_away(number) if self._had_time[number] else "availability")

    def _kept_away(self, number: int) -> str:
        """Of who never set out: the school wants somebody else, or every venue is too far for them."""
        key = self._world.experts.everybody[number].key
        return "excluded" if ("expert", key) in self._wish.excluded else "travel_limit"


class Opening:
    """Who opens an exhibition at one school with a lecture, within given hours."""

    def __init__(self, world: World, wish: Wish, programme: Programme | None, fallen: Fallen) -> None:
        """Who comes is found once, and counted if not; `programme` is the one that the wish names."""
        experts = world.experts
        near = experts.on(weights.topics_of(wish, programme))
        suiting = experts.suiting(wish, near, "topic", fallen)
        coming = experts.reaching(wish, wish.place, suiting, fallen)
        self._fits = {number: experts.fit(wish, number, wish.place) for number in coming}
        self._world, self._wish = world, wish
        self._looked = _Looked()
        self._known: dict[Window, list[Companion]] = {}

    def within(self, hours: Window) -> list[Companion]:
        """Their lectures, found once for all stays that begin in the same hours."""
        if hours not in self._known:
            self._known[hours] = list(self._within(hours))
        return self._known[hours]

    def _within(self, hours: Window) -> Iterator[Companion]:
        sessions, wish = self._world.sessions, self._wish
        pieces = sessions.pieces(wish, self._world.problem.session_minutes, (hours,))
        for number, fit in self._fits.items():
            times, refusals = sessions.of(number, pieces, wish.place)
            if times:
                self._looked.came.add(number)
            else:
                self._looked.refuse(number, refusals)
            key = self._world.experts.everybody[number].key
            for time in times:
                yield Leg("expert", key, wish.programme, *time, wish.size, wish.place), fit

    def count(self, fallen: Fallen) -> None:
        """Count everybody who could have come but opens nothing that was looked at, once."""
        for number in self._fits.keys() - self._looked.came:
            fallen["expert", self._looked.code(number) or NOTHING_TO_JOIN] += 1

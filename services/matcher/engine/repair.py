"""A plan put right after something fell away, with as few matches moved as can be.

First by breadth: who lost a place takes one that is free, or one whose holder finds another, and so on along
the shortest such chain (augmenting paths, Ford and Fulkerson 1956; a step may displace one match only). Then
the wishes around are freed and solved exactly: as many kept as can be, of such plans one that moves the
fewest, of such one of good value. Whoever still has a place keeps one: nobody is served by leaving another
without. The chains are where that search starts, so that it never ends worse. How far either goes is counted
in steps: an event has one repair, unless the clock cuts an exact part short, which keeps what it has by then.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from services.matcher.engine import milp, neighbourhood
from services.matcher.engine.boards import NOTHING, Board, board, empty
from services.matcher.engine.boards import Plan as Standing
from services.matcher.engine.instance import Instance, Ints, Table, table
from services.matcher.engine.model import Key, Kind, Limits, Option
from services.matcher.engine.moves import driven, fill, fitting, neighbours, swap

MADE_ROOM_FOR, FULL, NOTHING_LEFT = "made_room_for", "full", "nothing_left"
# Wishes looked at for one chain, and for all chains together.
_LOOKS, _ALL_LOOKS = 120, 2000
# Exact parts, how many of those who lost their place are in one, wishes freed around them, and nodes.
_PARTS, _TOGETHER, _FREED, _NODES = 6, 30, 40, 5
# Unserved wishes for which a chain is tried, where fewer are served than before.
_NEWCOMERS = 12
# How much of a move need not be proven.
_UNPROVEN = 0.25
_NONE: Ints = np.empty(0, dtype=np.int64)


class Event(NamedTuple):
    """What happened: options that cannot be had any more, each with why, and wishes that were withdrawn.

    Wishes that are `pinned` keep what they have whatever happens, also where it is gone.
    """

    gone: Mapping[int, str]
    withdrawn: frozenset[int] = frozenset()
    pinned: frozenset[int] = frozenset()


class Moved(NamedTuple):
    """A match that is another now: its own fell away, made room `for_wish`, or there is less of it (full)."""

    wish: int
    before: int
    after: int
    code: str
    for_wish: int | None = None


class Lost(NamedTuple):
    """A match that could not be kept: nothing is left for its wish, or all of it is taken."""

    wish: int
    before: int
    code: str


class Repaired(NamedTuple):
    """The plan as it is now, and what is different; `joined` are options of wishes that had nothing."""

    chosen: list[int]
    moved: list[Moved]
    lost: list[Lost]
    joined: list[int]


def gone_with(options: Sequence[Option], closed: Collection[tuple[Kind, Key]], code: str) -> dict[int, str]:
    """The options that stand on any of these resources, each with the code of why it fell away."""
    return {
        number: code
        for number, option in enumerate(options)
        if any((leg.kind, leg.resource) in closed for leg in option.legs)
    }


def repair(instance: Instance, before: Iterable[int], event: Event, seconds: float = 1.0) -> Repaired:
    """The plan `before` put right: of all that serve as many, one that moves the fewest matches.

    `instance` says what there is now; where it holds less than the plan before, somebody has to go as if the
    place had fallen away. The exact parts take `seconds` at most, all together. ValueError if not even the
    pinned matches fit together.
    """
    return _Repair(instance, before, event, seconds).run()


class _Repair:
    def __init__(self, instance: Instance, before: Iterable[int], event: Event, seconds: float) -> None:
        self._instance, self._event, self._seconds = instance, event, seconds
        self._before = {int(instance.wish[option]): int(option) for option in before}
        self._board = board(instance)
        self._standing = empty(self._board, instance.wishes)
        self._open = _open(instance, self._board, event)
        self._displaced: set[int] = set()
        self._chains = _Chains(self._board, self._standing, self._open, event.pinned)

    def run(self) -> Repaired:
        """Keep what can be kept, find the others a place, and tell what became of whom."""
        self._keep()
        entitled = [wish for wish in self._before if wish not in self._event.withdrawn]
        displaced = [wish for wish in self._by_value(entitled) if self._standing.choice[wish] < 0]
        self._displaced.update(displaced)
        for wish in displaced:
            self._chains.serve(wish)
        hopeful = [wish for wish in displaced if self._open.first[wish] < self._open.first[wish + 1]]
        parts = range(0, min(len(hopeful), _PARTS * _TOGETHER), _TOGETHER)
        for first in parts:
            self._exactly(hopeful[first : first + _TOGETHER], self._seconds / len(parts))
        self._move_back()
        joined = self._join(len(self._before) - int((self._standing.choice >= 0).sum()))
        return self._told(entitled, joined)

    # -- what stays

    def _keep(self) -> None:
        """Pinned matches, then of the others all that still fit, those worth most first."""
        pinned = [option for wish, option in self._before.items() if wish in self._event.pinned]
        fill(self._board, self._standing, np.array(pinned, dtype=np.int64))
        if int((self._standing.choice >= 0).sum()) < len(pinned):
            raise ValueError("the pinned matches do not fit together")
        left = [self._before[wish] for wish in self._by_value(self._before)]
        kept = [option for option in left if self._is_open(option)]
        fill(self._board, self._standing, np.array(kept, dtype=np.int64))

    def _is_open(self, option: int) -> bool:
        wish = int(self._board.wish[option])
        return option not in self._event.gone and wish not in self._event.withdrawn

    def _by_value(self, wishes: Iterable[int]) -> list[int]:
        return sorted(wishes, key=lambda wish: (-int(self._instance.value[self._before[wish]]), wish))

    # -- the exact part

    def _exactly(self, displaced: Sequence[int], seconds: float) -> None:
        """Free the wishes around those that lost their place, and serve them anew."""
        wishes = self._around(displaced)
        old = self._standing.choice[wishes]
        old = old[old >= 0]
        swap(self._board, self._standing, old, _NONE)
        part = neighbourhood.part_of(self._board, self._standing, self._open, wishes)
        swap(self._board, self._standing, _NONE, self._best(part, old, seconds))

    def _around(self, displaced: Sequence[int]) -> Ints:
        """Those who lost their place, those who moved for them, and who holds what they want, by breadth."""
        standing = self._standing.choice
        moved = [wish for wish, option in self._before.items() if standing[wish] not in (option, NOTHING)]
        found = dict.fromkeys([*displaced, *moved])
        each = 1 + _FREED // len(displaced)
        for wish in displaced:
            near = neighbours(self._board, self._standing, self._open, wish, each, 0)
            found |= dict.fromkeys(near.tolist())
        return np.array([wish for wish in found if self._may_move(wish)], dtype=np.int64)

    def _may_move(self, wish: int) -> bool:
        return wish in self._before and wish not in self._event.pinned

    def _best(self, part: neighbourhood.Part, old: Ints, seconds: float) -> Ints:
        """Options for the part: as many as can be, of such the fewest moved, of such the most worth."""
        if not len(part.options):
            return old
        place = {int(option): at for at, option in enumerate(part.options)}
        value = self._instance.value[part.options]
        stays = np.array([self._stays(int(option)) for option in part.options])
        served = 1 + len(np.unique(self._board.wish[part.options]))
        # In moves: all values together are less than half of one, and what is less need not be proven.
        calm = value / (2 * served * value.max()) + stays + served
        limits = Limits(seconds, 1, _UNPROVEN / (served * float(calm.max())))
        start = [place[int(option)] for option in old]
        model = part.model(calm, self._promises(part.options, old))
        answer = milp.maximise(model, start=start, limits=limits, seed=0, nodes=_NODES)
        return np.asarray(part.options[answer.chosen], dtype=np.int64)

    def _promises(self, options: Ints, old: Ints) -> Iterator[milp.Row]:
        """Nobody whose place did not fall away is left without one for others."""
        wish = self._board.wish[options]
        for served in self._board.wish[old]:
            if int(served) in self._displaced:
                continue
            mine = np.flatnonzero(wish == served)
            yield milp.Row(mine, -np.ones(len(mine), dtype=np.int64), -1)

    def _stays(self, option: int) -> bool:
        return self._before.get(int(self._board.wish[option])) == option

    def _move_back(self) -> None:
        """Nobody is moved for nothing: who still finds its old place free takes it again."""
        for wish, option in self._before.items():
            now = int(self._standing.choice[wish])
            if now in (option, NOTHING) or not self._is_open(option):
                continue
            swap(self._board, self._standing, _one(now), _NONE)
            free = len(fitting(self._board, self._standing, _one(option)))
            swap(self._board, self._standing, _NONE, _one(option if free else now))

    # -- who takes what is left

    def _join(self, missing: int) -> list[int]:
        """Options of wishes that had nothing, until as many are served as before."""
        if missing < 1:
            return []
        value, first, served = self._instance.value, self._open.first, self._standing.choice
        waiting = [wish for wish in range(self._instance.wishes) if self._waits(wish)]
        options = [self._open.items[first[wish] : first[wish + 1]] for wish in waiting]
        free = fitting(self._board, self._standing, np.concatenate([_NONE, *options]))
        joined: list[int] = []
        for option in free[np.lexsort((free, -value[free]))].tolist():
            wish = int(self._board.wish[option])
            if len(joined) < missing and served[wish] < 0:
                fill(self._board, self._standing, _one(option))
                joined += [wish] if served[wish] >= 0 else []
        waiting.sort(key=lambda wish: (-int(value[self._open.items[first[wish]]]), wish))
        for wish in [wish for wish in waiting if served[wish] < 0][:_NEWCOMERS]:
            if len(joined) < missing and self._chains.serve(wish):
                joined.append(wish)
        return [int(served[wish]) for wish in joined]

    def _waits(self, wish: int) -> bool:
        return wish not in self._before and bool(self._open.first[wish] < self._open.first[wish + 1])

    # -- what became of whom

    def _told(self, entitled: Sequence[int], joined: Sequence[int]) -> Repaired:
        now = self._standing.choice
        lost = [Lost(wish, self._before[wish], self._why_lost(wish)) for wish in entitled if now[wish] < 0]
        changed = {wish for wish in entitled if now[wish] >= 0 and now[wish] != self._before[wish]}
        beneficiaries = changed | {int(self._board.wish[option]) for option in joined}
        moved = [self._moved(wish, beneficiaries) for wish in sorted(changed)]
        return Repaired(sorted(now[now >= 0].tolist()), moved, lost, sorted(joined))

    def _why_lost(self, wish: int) -> str:
        return FULL if self._open.first[wish] < self._open.first[wish + 1] else NOTHING_LEFT

    def _moved(self, wish: int, others: Collection[int]) -> Moved:
        """Why a match is another now; of several in its way, who had to go anyway is named first."""
        before, now = self._before[wish], int(self._standing.choice[wish])
        if before in self._event.gone:
            return Moved(wish, before, now, self._event.gone[before])
        swap(self._board, self._standing, _one(now), _NONE)
        blocking = self._chains.blocking(before) or self._chains.holding(before)
        swap(self._board, self._standing, _NONE, _one(now))
        able = [each for each in blocking if each in others]
        if not able:
            return Moved(wish, before, now, FULL)
        able.sort(key=lambda each: (self._before.get(each) not in self._event.gone, each))
        return Moved(wish, before, now, MADE_ROOM_FOR, able[0])


class _Chains:
    """Shortest chains of matches that each take the place of the next, the last a free one."""

    def __init__(
        self, board: Board, standing: Standing, open_of_wish: Table, pinned: Collection[int]
    ) -> None:
        self._board, self._standing, self._open, self._pinned = board, standing, open_of_wish, pinned
        self._looks = _ALL_LOOKS

    def serve(self, wish: int) -> bool:
        """Find a place for an unserved wish, by the fewest moves that a chain can do it with."""
        came_by: dict[int, tuple[int, int] | None] = {wish: None}
        queue, looks = [wish], 0
        for one in queue:
            if looks >= _LOOKS or self._looks <= 0:
                break
            looks, self._looks = looks + 1, self._looks - 1
            free, nexts = self._look(one, came_by)
            for option in free:
                if self._done(_chain(one, option, came_by)):
                    return True
            for other, option in nexts:
                came_by[other] = (one, option)
                queue.append(other)
        return False

    def _look(self, wish: int, known: Collection[int]) -> tuple[list[int], list[tuple[int, int]]]:
        """Options that are free to a wish that leaves its place, and whose place another would take."""
        mine = self._open.items[self._open.first[wish] : self._open.first[wish + 1]]
        now = int(self._standing.choice[wish])
        left = _one(now) if now >= 0 else _NONE
        swap(self._board, self._standing, left, _NONE)
        free = [option for option in fitting(self._board, self._standing, mine).tolist() if option != now]
        nexts: dict[int, int] = {}
        if not free:
            for option in mine.tolist():
                for other in self.blocking(option) if option != now else ():
                    if other not in known and other not in self._pinned:
                        nexts.setdefault(other, option)
        swap(self._board, self._standing, _NONE, left)
        return free, list(nexts.items())

    def blocking(self, option: int) -> list[int]:
        """Wishes of which any one would make room for the option if it left."""
        able: dict[int, None] | None = None
        for entry in range(self._board.first[option], self._board.first[option + 1]):
            blockers = self._blockers(entry)
            if blockers is not None:
                found = dict.fromkeys(blockers)
                able = found if able is None else {each: None for each in able if each in found}
        return list(able or ())

    def holding(self, option: int) -> list[int]:
        """Wishes that have something of what the option takes."""
        entries = range(self._board.first[option], self._board.first[option + 1])
        held = (other for entry in entries for other in _held(self._standing, self._board.holder[entry]))
        return list(dict.fromkeys(int(self._board.wish[self._board.entry_option[other]]) for other in held))

    def _blockers(self, entry: int) -> list[int] | None:
        """Wishes of which any one would make room on the entry's holder; None if there is room."""
        board, standing = self._board, self._standing
        holder, size, mine = board.holder[entry], board.size[entry], board.taking[entry]
        short = standing.used[holder] + size - board.room[holder]
        full = standing.held[holder] >= board.count[holder]
        held = list(_held(standing, holder))
        clashing = [other for other in held if mine >= 0 and _clash(board, mine, board.taking[other])]
        too_far = board.stop[entry] >= 0 and bool(self._driven(entry, NOTHING) > board.budget[holder])
        if short <= 0 and not full and not clashing and not too_far:
            return None
        if board.stop[entry] >= 0 and short <= 0:
            return self._too_far(entry, held)
        able = held if not clashing else clashing if len(clashing) == 1 else []
        return [int(board.wish[board.entry_option[other]]) for other in able if board.size[other] >= short]

    def _too_far(self, entry: int, held: Sequence[int]) -> list[int]:
        """Wishes of which any one leaves enough of a mileage budget."""
        budget = self._board.budget[self._board.holder[entry]]
        able = (other for other in held if self._driven(entry, other) <= budget)
        return [int(self._board.wish[self._board.entry_option[other]]) for other in able]

    def _driven(self, entry: int, leaving: int) -> int:
        holder, stop = int(self._board.holder[entry]), int(self._board.stop[entry])
        return driven(self._board, self._standing, holder, stop, leaving)

    def _done(self, chain: Sequence[tuple[int, int]]) -> bool:
        """Move all of a chain if its options fit together; else nobody."""
        before = [int(self._standing.choice[wish]) for wish, _ in chain]
        leaving = np.array([option for option in before if option >= 0], dtype=np.int64)
        swap(self._board, self._standing, leaving, _NONE)
        coming = np.array([option for _, option in chain], dtype=np.int64)
        fill(self._board, self._standing, coming)
        if all(self._standing.choice[wish] == option for wish, option in chain):
            return True
        come = coming[self._standing.choice[self._board.wish[coming]] == coming]
        swap(self._board, self._standing, come, leaving)
        return False


def _chain(wish: int, option: int, came_by: Mapping[int, tuple[int, int] | None]) -> list[tuple[int, int]]:
    """From the last wish, which takes a free option, back to the first: who takes what."""
    chain = [(wish, option)]
    while (step := came_by[chain[-1][0]]) is not None:
        chain.append(step)
    return chain


def _held(standing: Standing, holder: int) -> Iterator[int]:
    entry = int(standing.head[holder])
    while entry >= 0:
        yield entry
        entry = int(standing.after[entry])


def _clash(board: Board, a: int, b: int) -> bool:
    """Whether two takings of one shelf cannot both be."""
    first, second = (a, b) if board.end[a] <= board.start[b] else (b, a)
    if board.end[first] > board.start[second]:
        return True
    maybe = board.maybe.items[board.maybe.first[second] : board.maybe.first[second + 1]]
    return bool(first - board.base[second] >= board.sure[second] and first not in maybe)


def _open(instance: Instance, board: Board, event: Event) -> Table:
    """By wish, the options that can still be had, those worth most first."""
    left = np.ones(instance.options, dtype=bool)
    left[list(event.gone)] = False
    left[np.isin(instance.wish, list(event.withdrawn))] = False
    items = board.of_wish.items[left[board.of_wish.items]]
    return Table(table(instance.wish[items], instance.wishes).first, items)


def _one(option: int) -> Ints:
    return np.array([option], dtype=np.int64)

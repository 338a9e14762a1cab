"""One wish at once, against what there is now, without taking what a pending round needs more.

What an option costs a round is told from two sides, and the larger counts. The certificate of the round's
latest solve says by how much its proven bound falls when the option takes what it needs: a slot or a stretch
of time is worth its best load, an expert's week or month its price (the bid prices of revenue management,
Talluri and van Ryzin 1998, counted exactly for each resource). That is the least that the round loses, but
for its gap. Its plan says what the matches in the way are worth above the best that is free to them: about
the most.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cached_property
from itertools import accumulate
from typing import NamedTuple

import numpy as np

from services.matcher.engine import journeys
from services.matcher.engine.assemble import Assembled, Cap, Moment, Row
from services.matcher.engine.candidates import Finder, taking
from services.matcher.engine.days import day_of
from services.matcher.engine.instance import ENDLESS, Certificate, Ints, spread
from services.matcher.engine.journeys import LONGEST_JOURNEY, KnownRoads
from services.matcher.engine.model import (
    Busy,
    Finding,
    Key,
    Kind,
    Leg,
    Option,
    Problem,
    Reason,
    Roads,
    Use,
    Wish,
)
from services.matcher.engine.moves import NOTHING, Board, board, empty, fill, fitting, swap
from services.matcher.engine.plan import Plan
from services.matcher.engine.pools import Users, lost, meet
from services.matcher.engine.prices import SCALE

# The reason of what would have suited, but is worth more to a round that is still to be solved.
KEPT_FOR_ROUND = "kept_for_round"
_PERIODS = dict(journeys.CAPS)


class Pending(NamedTuple):
    """A round that is still to be settled: its options, their instance, and what its latest solve came to.

    `chosen` are the numbers of the options in its plan.
    """

    options: Sequence[Option]
    assembled: Assembled
    certificate: Certificate
    chosen: Sequence[int] = ()


class Answer(NamedTuple):
    """What a wish can have at once, or None; `cost` is what that takes from pending rounds, in hundredths.

    The finding counts, beside what the rules removed, options that are taken and those kept for a round.
    """

    option: Option | None
    cost: int
    finding: Finding


class AtOnce:
    """Answers wishes one by one; what it is told to take is taken for the next."""

    def __init__(self, problem: Problem, pending: Iterable[Pending] = ()) -> None:
        """`problem` holds what there is now, and the wishes of the pool."""
        self._problem = replace(problem, roads=KnownRoads(problem.roads))
        self._finder = Finder(self._problem)
        self._numbers = {wish: number for number, wish in enumerate(problem.wishes)}
        self._plan = Plan(self._problem)
        roads = self._problem.roads
        self._rounds = [(Costs(each, roads), Draft(each, roads)) for each in pending]

    def ask(self, wish: Wish) -> Answer:
        """The option that leaves most above what it costs; the wish need not be one of the pool."""
        options, finding = self._options(wish)
        free = [option for option in options if self._plan.fits(option)]
        best, most, cost = None, 0, 0
        # In order of value: what is worth no more than the best above its cost cannot pass it.
        for option in sorted(free, key=lambda option: -option.value):
            if option.value * SCALE <= most:
                break
            worth = option.value * SCALE
            # The plan's side takes longer to tell, and is not asked where the bound's has decided.
            if worth - self._bid(option) > most and worth - self.cost(option) > most:
                cost = self.cost(option)
                best, most = option, worth - cost
        return Answer(best, cost, self._told(finding, options, free, served=best is not None))

    def cost(self, option: Option) -> int:
        """What the pending rounds lose if the option is taken, in hundredths."""
        return sum(max(costs.of(option), draft.loss(option)) for costs, draft in self._rounds)

    def _bid(self, option: Option) -> int:
        return sum(costs.of(option) for costs, _ in self._rounds)

    def take(self, option: Option) -> None:
        """Take what `ask` gave; ValueError if somebody else has it by now."""
        if not self._plan.fits(option):
            raise ValueError("no longer free")
        # The number of a wish that is answered alone says nothing about the next one's.
        self._plan.add(option._replace(wish=-1 - len(self._plan.chosen)))
        for costs, draft in self._rounds:
            costs.take(option)
            draft.take(option)

    def _options(self, wish: Wish) -> tuple[list[Option], Finding]:
        number = self._numbers.get(wish)
        if number is None:
            return Finder(replace(self._problem, wishes=(wish,))).options(0)
        return self._finder.options(number)

    def _told(
        self, finding: Finding, options: Sequence[Option], free: Sequence[Option], *, served: bool
    ) -> Finding:
        if served:
            return finding
        taken = lost(free, options, self._plan.used_up)
        kept = lost((), free, lambda _: KEPT_FOR_ROUND)
        reasons = tuple(Reason(*each) for each in (*taken, *kept))
        return Finding(finding.candidates, finding.reasons + reasons)


class _Stands:
    """Where a leg would stand in a round: on the slot, or on stretches of time that it may touch."""

    def __init__(self, assembled: Assembled) -> None:
        self._of: dict[tuple[Kind, Key], list[tuple[int, int, int]]] = defaultdict(list)
        takings = assembled.instance.shelves.takings.tolist()
        ends = assembled.instance.takings.end
        for shelf, stretch in enumerate(assembled.shelves):
            # A stretch's takings come in order of their end.
            end = int(ends[takings[shelf + 1] - 1]) if stretch.kind != "slot" else 0
            self._of[stretch.kind, stretch.resource].append((shelf, stretch.start, end))

    def of(self, leg: Leg) -> list[int]:
        """Numbers of shelves; all of the leg's day are among them."""
        before, after = leg.end + LONGEST_JOURNEY, leg.occupied - LONGEST_JOURNEY
        there = self._of.get((leg.kind, leg.resource), ())
        if leg.kind == "slot":
            return [shelf for shelf, _, _ in there]
        return [shelf for shelf, start, end in there if start < before and end > after]


class Costs:
    """What one pending round loses, in hundredths, with what has been taken from it so far."""

    def __init__(self, pending: Pending, roads: Roads) -> None:
        self._instance, self._roads = pending.assembled.instance, roads
        self._proof, self._options = pending.certificate, pending.options
        self._shelves = pending.assembled.shelves
        self._stands = _Stands(pending.assembled)
        rows = zip(pending.assembled.rows, pending.certificate.row.tolist(), strict=True)
        self._price: dict[Row, int] = {row: price for row, price in rows if price}
        self._moments = [row for row in self._price if isinstance(row, Moment)]
        self._option_of = spread(self._instance.legs_of)
        self._loads: dict[int, _Load] = {}
        self._times: dict[int, _Times] = {}

    def of(self, option: Option) -> int:
        """By how much the round's bound falls if this is taken."""
        return sum(map(self._of_leg, option.legs)) + sum(map(self._of_use, option.uses))

    def take(self, option: Option) -> None:
        """This is taken: what is left costs more."""
        for leg in option.legs:
            for shelf in self._stands.of(leg):
                if leg.kind == "slot":
                    self._load(shelf).take(leg.quantity)
                else:
                    self._time(shelf).take(leg)

    def _of_leg(self, leg: Leg) -> int:
        shelves = self._stands.of(leg)
        if leg.kind == "slot":
            return sum(self._load(shelf).cost(leg.quantity) for shelf in shelves)
        return self._paid(leg) + sum(self._time(shelf).cost(leg) for shelf in shelves)

    def _of_use(self, use: Use) -> int:
        """The prices of the moments that it lasts."""
        during = (row for row in self._moments if row.pool == use.pool and use.start <= row.at < use.end)
        return use.quantity * sum(self._price[row] for row in during)

    def _paid(self, leg: Leg) -> int:
        """The prices of the caps under which it counts; nobody has a cap on units."""
        periods = _PERIODS.items() if leg.kind == "expert" else ()
        rows = (Cap(leg.resource, code, period(leg.start)) for code, period in periods)
        return sum(self._price.get(row, 0) for row in rows)

    def _load(self, shelf: int) -> _Load:
        if shelf not in self._loads:
            legs = self._legs(shelf)
            seats, count = (int(each[shelf]) for each in self._instance.shelves[:2])
            sizes = self._instance.legs.size[legs].tolist()
            self._loads[shelf] = _Load(
                seats, count, list(zip(sizes, self._proof.share[legs].tolist(), strict=True))
            )
        return self._loads[shelf]

    def _time(self, shelf: int) -> _Times:
        if shelf not in self._times:
            stands: dict[int, tuple[Busy, int]] = {}
            for leg in self._legs(shelf).tolist():
                at, share = int(self._instance.legs.taking[leg]), int(self._proof.share[leg])
                if at not in stands or share > stands[at][1]:
                    stands[at] = self._busy(leg), share
            count, day = int(self._instance.shelves.count[shelf]), day_of(self._shelves[shelf].start)
            limit = (day, count) if count < ENDLESS else None
            most = int(self._proof.shelf[shelf])
            self._times[shelf] = _Times([stands[at] for at in sorted(stands)], limit, most, self._roads)
        return self._times[shelf]

    def _legs(self, shelf: int) -> Ints:
        """Legs on the shelf that are worth something."""
        first, last = self._instance.on_shelf.first[shelf : shelf + 2]
        legs = self._instance.on_shelf.items[first:last]
        return legs[self._proof.share[legs] > 0]

    def _busy(self, leg: int) -> Busy:
        option = int(self._option_of[leg])
        return taking(self._options[option].legs[leg - int(self._instance.legs_of[option])])


class Draft:
    """The plan of one pending round as it stands, with what has been taken of its resources since."""

    def __init__(self, pending: Pending, roads: Roads) -> None:
        self._assembled, self._options, self._roads = pending.assembled, pending.options, roads
        self._board = _own(board(pending.assembled.instance))
        self._standing = empty(self._board, pending.assembled.instance.wishes)
        fill(self._board, self._standing, np.array(pending.chosen, dtype=np.int64))
        self._open = np.ones(pending.assembled.instance.options, dtype=bool)
        self._stands = _Stands(pending.assembled)
        rows = enumerate(pending.assembled.rows, len(pending.assembled.shelves))
        self._rows: dict[Row, int] = {row: holder for holder, row in rows}
        self._users = Users(pending.assembled.pools, self._options, self.chosen)
        self._losses: dict[tuple[int, int | Use], int] = {}

    @property
    def chosen(self) -> list[int]:
        """The plan as it stands."""
        found: list[int] = self._standing.choice[self._standing.choice >= 0].tolist()
        return found

    def loss(self, option: Option) -> int:
        """What the matches that are in the way lose, in hundredths, if each takes the best that is free."""
        leaving = self._in_the_way(option)
        return SCALE * sum(self._loss(match, holder) for match, holder in leaving.items())

    def take(self, option: Option) -> None:
        """Take what the option needs; who is in the way takes the best that is free."""
        leaving = list(self._in_the_way(option))
        swap(self._board, self._standing, _ints(leaving), _ints([]))
        self._users.leave(leaving)
        for leg in option.legs:
            self._narrow(leg)
        self._users.take(option)
        for match in sorted(leaving, key=lambda match: -int(self._board.value[match])):
            wish = int(self._board.wish[match])
            fill(self._board, self._standing, self._choices(wish))
            if self._standing.choice[wish] >= 0:
                self._users.join(int(self._standing.choice[wish]))
        self._losses.clear()

    def _in_the_way(self, option: Option) -> dict[int, int | Use]:
        """Matches that would have to leave, by option, each with the holder that it leaves."""
        leaving: dict[int, int | Use] = {}
        for leg in option.legs:
            for shelf in self._stands.of(leg) if leg.kind != "slot" else ():
                leaving |= dict.fromkeys(self._clashing(leg, shelf), shelf)
            for holder, size in self._holders(leg):
                self._make_room(holder, size, leaving)
        for use in option.uses:
            self._share(use, leaving)
        return leaving

    def _share(self, use: Use, leaving: dict[int, int | Use]) -> None:
        """Add to `leaving` until a pool has room, those who lose least for what they use of it."""
        there = self._users.crowding(use, leaving)
        order = sorted(there, key=lambda match: (self._loss(match, use) / there[match].quantity, match))
        for match in order:
            if not self._users.crowding(use, leaving):
                return
            leaving[match] = use

    def _clashing(self, leg: Leg, shelf: int) -> list[int]:
        held, wanted = self._held(shelf), taking(leg)
        return [
            each for each in held if any(self._mind(other, leg, wanted) for other in self._options[each].legs)
        ]

    def _mind(self, other: Leg, leg: Leg, wanted: Busy) -> bool:
        same = (other.kind, other.resource) == (leg.kind, leg.resource)
        return same and journeys.clash(self._roads, taking(other), wanted)

    def _holders(self, leg: Leg) -> list[tuple[int, int]]:
        """What is filled by a leg: a slot by its size, a day by one, an expert's row by one."""
        shelves = self._stands.of(leg)
        if leg.kind == "slot":
            return [(shelf, leg.quantity) for shelf in shelves]
        days = [shelf for shelf in shelves if self._is_day_of(shelf, leg)]
        keys = [Cap(leg.resource, code, period(leg.start)) for code, period in journeys.CAPS]
        return [(holder, 1) for holder in (*days, *(self._rows[key] for key in keys if key in self._rows))]

    def _is_day_of(self, shelf: int, leg: Leg) -> bool:
        same = day_of(self._assembled.shelves[shelf].start) == day_of(leg.start)
        return bool(same and self._board.count[shelf] < ENDLESS)

    def _make_room(self, holder: int, size: int, leaving: dict[int, int | Use]) -> None:
        """Add to `leaving` until there is room, those who lose least for what they leave."""
        held = self._held(holder)
        gone = [match for match in held if match in leaving]
        short = int(self._standing.used[holder]) + size - int(self._board.room[holder])
        short -= sum(self._size(match, holder) for match in gone)
        over = int(self._standing.held[holder]) - len(gone) + 1 - int(self._board.count[holder])
        if short <= 0 and over <= 0:
            return
        left = [match for match in held if match not in leaving]
        left.sort(key=lambda match: (self._loss(match, holder) / self._size(match, holder), match))
        for match in left:
            leaving[match] = holder
            short, over = short - self._size(match, holder), over - 1
            if short <= 0 and over <= 0:
                return

    def _loss(self, match: int, holder: int | Use) -> int:
        """What a match loses by the best that is free to its wish away from a holder or a use, in points."""
        if (match, holder) not in self._losses:
            swap(self._board, self._standing, _ints([match]), _ints([]))
            free = fitting(self._board, self._standing, self._choices(int(self._board.wish[match]), match))
            swap(self._board, self._standing, _ints([]), _ints([match]))
            away = [int(self._board.value[other]) for other in free if not self._takes(int(other), holder)]
            self._losses[match, holder] = max(0, int(self._board.value[match]) - max(away, default=0))
        return self._losses[match, holder]

    def _takes(self, option: int, holder: int | Use) -> int:
        """Whether an option takes anything of a holder, or of a pool during a use."""
        if isinstance(holder, int):
            return self._size(option, holder)
        return sum(meet(use, holder) for use in self._options[option].uses)

    def _choices(self, wish: int, match: int = NOTHING) -> Ints:
        """The options of a wish that can still be had, if its match leaves, those worth most first."""
        first, last = self._board.of_wish.first[wish : wish + 2]
        options = self._board.of_wish.items[first:last]
        left: list[int] = options[self._open[options]].tolist()
        return _ints([option for option in left if self._users.has_room(option, match)])

    def _held(self, holder: int) -> list[int]:
        """The options of the plan that are on a holder."""
        found, entry = [], int(self._standing.head[holder])
        while entry >= 0:
            found.append(int(self._board.entry_option[entry]))
            entry = int(self._standing.after[entry])
        return found

    def _size(self, option: int, holder: int) -> int:
        """How much of a holder an option takes, 0 for nothing."""
        first, last = self._board.first[option], self._board.first[option + 1]
        sizes = (
            self._board.size[entry] for entry in range(first, last) if self._board.holder[entry] == holder
        )
        return int(next(sizes, 0))

    def _narrow(self, leg: Leg) -> None:
        """Less is left of what the leg takes, and nothing at its time."""
        for holder, size in self._holders(leg):
            self._board.room[holder] -= size
            self._board.count[holder] -= 1
        for shelf in self._stands.of(leg) if leg.kind != "slot" else ():
            first, last = self._assembled.instance.on_shelf.first[shelf : shelf + 2]
            for at in self._assembled.instance.on_shelf.items[first:last]:
                option = int(self._option_of[at])
                if any(self._mind(other, leg, taking(leg)) for other in self._options[option].legs):
                    self._open[option] = False

    @cached_property
    def _option_of(self) -> Ints:
        """The option of each leg."""
        return spread(self._assembled.instance.legs_of)


def _own(board: Board) -> Board:
    """The board with room and counts of its own, to be narrowed."""
    return board._replace(room=board.room.copy(), count=board.count.copy())


def _ints(numbers: Sequence[int]) -> Ints:
    return np.array(numbers, dtype=np.int64)


class _Load:
    """What a slot can be worth to a round with some of its seats and groups gone."""

    def __init__(self, seats: int, count: int, legs: Sequence[tuple[int, int]]) -> None:
        self._seats, self._count = seats, min(count, len(legs) + 1)
        self._best = self._table(legs, limited=count <= len(legs))

    def cost(self, size: int) -> int:
        """What is lost if a group of that size comes; no more than all there is."""
        return self._worth(self._seats, self._count) - self._worth(self._seats - size, self._count - 1)

    def take(self, size: int) -> None:
        """A group of that size comes."""
        self._seats, self._count = self._seats - size, self._count - 1

    def _worth(self, seats: int, count: int) -> int:
        if seats < 0 or count < 0:
            return 0
        return int(self._best[min(count, len(self._best) - 1), seats])

    def _table(self, legs: Sequence[tuple[int, int]], *, limited: bool) -> Ints:
        """Bests by number of groups, one row if that cannot matter, and by seats."""
        best = np.zeros((self._count + 1 if limited else 1, self._seats + 1), dtype=np.int64)
        lower, upper = (slice(None, -1), slice(1, None)) if limited else (slice(None), slice(None))
        for size, share in legs:
            if size <= self._seats:
                with_it = best[lower, : self._seats + 1 - size] + share
                best[upper, size:] = np.maximum(best[upper, size:], with_it)
        return best


class _Times:
    """What a stretch of somebody's time can be worth to a round beside what is taken of it."""

    def __init__(
        self, stands: list[tuple[Busy, int]], limit: tuple[int, int] | None, most: int, roads: Roads
    ) -> None:
        """`stands` in order of end with their worth; `limit` is a day and how many may be on it."""
        self._stands, self._limit, self._roads = stands, limit, roads
        self._known: dict[Busy, int] = {}
        self._most = most

    def cost(self, leg: Leg) -> int:
        """What is lost if the leg's time is taken."""
        wanted = taking(leg)
        if wanted not in self._known:
            left = _best(self._beside(wanted), self._left(self._counts(leg)), self._roads)
            self._known[wanted] = self._most - left
        return self._known[wanted]

    def take(self, leg: Leg) -> None:
        """The leg's time is taken."""
        self._most -= self.cost(leg)
        self._stands = self._beside(taking(leg))
        if self._limit:
            self._limit = self._limit[0], self._left(self._counts(leg))
        self._known = {}

    def _counts(self, leg: Leg) -> bool:
        return self._limit is not None and day_of(leg.start) == self._limit[0]

    def _left(self, taken: int) -> int:
        return self._limit[1] - taken if self._limit else ENDLESS

    def _beside(self, wanted: Busy) -> list[tuple[Busy, int]]:
        roads = self._roads
        return [each for each in self._stands if not journeys.clash(roads, each[0], wanted)]


def _best(stands: Sequence[tuple[Busy, int]], count: int, roads: Roads) -> int:
    """The most that at most `count` appointments, in order of end, can be worth one after the other."""
    ends = [busy.end for busy, _ in stands]
    if count >= len(stands):
        return max(_ending(stands, ends, None, roads), default=0)
    worth = [0] * len(stands)
    for _ in range(max(0, count)):
        worth = _ending(stands, ends, worth, roads)
    return max(worth, default=0)


def _ending(
    stands: Sequence[tuple[Busy, int]], ends: Sequence[int], before: Sequence[int] | None, roads: Roads
) -> list[int]:
    """What the best plan that ends with each is worth, after one of `before` or else of those just found."""
    found: list[int] = []
    plans, tops = (found, []) if before is None else (before, list(accumulate(before, max)))
    for busy, share in stands:
        at, best = bisect_right(ends, busy.start), 0
        while at and tops[at - 1] > best:
            at -= 1
            if plans[at] > best and journeys.reaches(roads, stands[at][0], busy):
                best = plans[at]
        found.append(best + share)
        if before is None:
            tops.append(max(found[-1], tops[-1] if tops else 0))
    return found

"""The plan of a pending round as it stands: what it loses, and who goes where, for one option more."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property

import numpy as np

from services.matcher.engine import journeys, tours
from services.matcher.engine.assemble import Cap, Mileage
from services.matcher.engine.boards import NOTHING, Board, board, empty
from services.matcher.engine.candidates import taking
from services.matcher.engine.days import day_of
from services.matcher.engine.instance import ENDLESS, Ints, spread
from services.matcher.engine.model import Busy, Leg, Option, Roads, Use
from services.matcher.engine.moves import fill, fitting, swap
from services.matcher.engine.pending import Pending, Stands
from services.matcher.engine.pools import Users, meet
from services.matcher.engine.prices import SCALE


class Draft:
    """The plan of one pending round as it stands, with what has been taken of its resources since.

    Whoever is in it keeps a place, the same or another; in a firm one, the same.
    """

    def __init__(self, pending: Pending, roads: Roads, taken: Iterable[Leg] = ()) -> None:
        self._assembled, self._options, self._roads = pending.assembled, pending.options, roads
        self._board = _own(board(pending.assembled.instance))
        self._standing = empty(self._board, pending.assembled.instance.wishes)
        fill(self._board, self._standing, np.array(pending.chosen, dtype=np.int64))
        self._open = np.ones(pending.assembled.instance.options, dtype=bool)
        self._stands = Stands(pending.assembled)
        rows = enumerate(pending.assembled.rows, len(pending.assembled.shelves))
        named = {row: holder for holder, row in rows}
        caps = ((holder, row) for row, holder in named.items() if isinstance(row, Cap))
        self._rows = {(cap.resource, cap.code, cap.period): holder for holder, cap in caps}
        self._months = {row: holder for row, holder in named.items() if isinstance(row, Mileage)}
        self._users = Users(pending.assembled.pools, self._options, self.chosen)
        self._losses: dict[tuple[int, int | Use], int] = {}
        self._firm = pending.firm
        for leg in taken:
            self._narrow(leg)

    @property
    def chosen(self) -> list[int]:
        """The plan as it stands."""
        found: list[int] = self._standing.choice[self._standing.choice >= 0].tolist()
        return found

    def loss(self, option: Option) -> int:
        """About what the matches in the way lose, in hundredths, if each takes the best that is free.

        ENDLESS, or more, if one of them would be left without. `moves` tells exactly.
        """
        leaving = self._in_the_way(option)
        if leaving and self._firm:
            return ENDLESS
        return SCALE * sum(self._loss(match, holder) for match, holder in leaving.items())

    def moves(self, option: Option) -> dict[int, int] | None:
        """Who would go where if the option were taken, by options; None if somebody would be left without."""
        before = self._board, self._open.copy(), self._users
        leaving = list(self._in_the_way(option))
        self._board, self._users = _own(self._board), self._users.copy()
        moved = self._made(option, leaving)
        swap(self._board, self._standing, _ints(moved.values()), _ints([]))
        self._board, self._open, self._users = before
        swap(self._board, self._standing, _ints([]), _ints(leaving))
        return moved if len(moved) == len(leaving) else None

    def take(self, option: Option) -> None:
        """Take what the option needs; who is in the way takes the best that is free."""
        if self._made(option, list(self._in_the_way(option))):
            self._losses.clear()

    def _made(self, option: Option, leaving: Sequence[int]) -> dict[int, int]:
        swap(self._board, self._standing, _ints(leaving), _ints([]))
        self._users.leave(leaving)
        for leg in option.legs:
            self._narrow(leg)
        self._users.take(option)
        moved: dict[int, int] = {}
        for match in sorted(leaving, key=lambda match: -int(self._board.value[match])):
            wish = int(self._board.wish[match])
            fill(self._board, self._standing, self._choices(wish))
            if self._standing.choice[wish] >= 0:
                moved[match] = int(self._standing.choice[wish])
                self._users.join(moved[match])
        return moved

    def _in_the_way(self, option: Option) -> dict[int, int | Use]:
        """Matches that would have to leave, by option, each with the holder or the use that it leaves."""
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
        rest = journeys.rest_of(self._assembled.rests, leg.kind, leg.resource)
        return same and journeys.clash(self._roads, taking(other), wanted, rest)

    def _holders(self, leg: Leg) -> list[tuple[int, int]]:
        """What is filled by a leg: a slot by its size, a day by one, an expert's row by one."""
        shelves = self._stands.of(leg)
        if leg.kind == "slot":
            return [(shelf, leg.quantity) for shelf in shelves]
        days = [shelf for shelf in shelves if self._is_day_of(shelf, leg)]
        keys = [(leg.resource, code, period(leg.start)) for code, period in journeys.CAPS]
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
        left.sort(key=lambda match: (self._loss(match, holder) / max(1, self._size(match, holder)), match))
        for match in left:
            leaving[match] = holder
            short, over = short - self._size(match, holder), over - 1
            if short <= 0 and over <= 0:
                return

    def _loss(self, match: int, holder: int | Use) -> int:
        """What a match loses by the best that is free to its wish away from a holder or a use, in points.

        ENDLESS if there is none.
        """
        if self._options[match].company:
            return ENDLESS  # who comes together cannot be moved one by one
        if (match, holder) not in self._losses:
            swap(self._board, self._standing, _ints([match]), _ints([]))
            free = fitting(self._board, self._standing, self._choices(int(self._board.wish[match]), match))
            swap(self._board, self._standing, _ints([]), _ints([match]))
            away = [int(self._board.value[other]) for other in free if not self._takes(int(other), holder)]
            lost = int(self._board.value[match]) - max(away, default=-ENDLESS)
            self._losses[match, holder] = max(0, lost)
        return self._losses[match, holder]

    def _takes(self, option: int, holder: int | Use) -> int:
        """How much an option takes of a holder, or how often of a pool during a use."""
        if isinstance(holder, int):
            return self._size(option, holder)
        return sum(meet(use, holder) for use in self._options[option].uses)

    def _choices(self, wish: int, match: int = NOTHING) -> Ints:
        """The options of a wish that can still be had, if its match leaves, those worth most first."""
        first, last = self._board.of_wish.first[wish : wish + 2]
        options = self._board.of_wish.items[first:last]
        left: list[int] = options[self._open[options]].tolist()
        return _ints(option for option in left if self._users.has_room(option, match))

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
        self._drive(leg)
        for shelf in self._stands.of(leg) if leg.kind != "slot" else ():
            first, last = self._assembled.instance.on_shelf.first[shelf : shelf + 2]
            for at in self._assembled.instance.on_shelf.items[first:last]:
                option = int(self._option_of[at])
                if any(self._mind(other, leg, taking(leg)) for other in self._options[option].legs):
                    self._open[option] = False

    def _drive(self, leg: Leg) -> None:
        """Fewer kilometres are left of a unit's budget, as if it had gone there and back."""
        unit = self._assembled.budgets.get(leg.resource) if leg.kind == "unit" else None
        if unit is not None:
            holder = self._months.get(Mileage(unit.key, tours.counted_in(leg.occupied)))
            if holder is not None:
                self._board.budget[holder] -= 2 * tours.way(self._roads, unit.base, leg.place)

    @cached_property
    def _option_of(self) -> Ints:
        """The option of each leg."""
        return spread(self._assembled.instance.legs_of)


def _own(board: Board) -> Board:
    """The board with room, counts and budgets of its own, to be narrowed."""
    return board._replace(room=board.room.copy(), count=board.count.copy(), budget=board.budget.copy())


def _ints(numbers: Iterable[int]) -> Ints:
    return np.array(list(numbers), dtype=np.int64)

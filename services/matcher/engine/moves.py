"""A plan in the making, and the moves that better it: put one option in, out with what is in its way.

Compiled, and whole in this file, because numba's cache follows changes of one file only. A move is a chain of
ejections (Glover, 1996): it takes a random option and removes what its wish had and what stands in its way;
each removed wish gets the best of its options that fits, or, where none does, one for which others must go in
turn. It is kept if the plan got better, or not worse by more than the temperature lets pass (Kirkpatrick,
Gelatt and Vecchi, 1983: simulated annealing); else every step of it is taken back.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
from numba import njit
from numpy.typing import NDArray

from services.matcher.engine.boards import NOTHING, Board, Plan
from services.matcher.engine.instance import ENDLESS, Ints, Table
from services.matcher.engine.prices import Reals

Sides: TypeAlias = NDArray[np.uint8]
# More removed wishes than this, and a move is not tried.
_MOST_REMOVED = 3
# Links of a chain: options taken that somebody had to make room for.
_LONGEST_CHAIN = 6
# How often anybody may have to go, not who is worth least.
_ANY_VICTIM = 0.25


class Lifts(NamedTuple):
    """What serving one wish is worth beside its value, since its groups (a district, a township) have little.

    `of_wish` are the groups of each wish, `people` its size, `served` the people of each group that a plan
    serves. Every person of group `g` is worth `lift[g, k]` points more as long as the group has no more than
    `least[g, k]`: a sum of such steps is concave, whatever they are.
    """

    of_wish: Ints
    people: Ints
    served: Ints
    least: Ints
    lift: Ints


def no_lifts(wishes: int) -> Lifts:
    """Lifts that change nothing."""
    none = np.zeros((0, 1), dtype=np.int64)
    nobody = np.zeros((wishes, 0), dtype=np.int64)
    return Lifts(nobody, np.zeros(wishes, dtype=np.int64), none[:, 0], none, none)


@njit(cache=True, nogil=True)
def _follows(board: Board, earlier: int, later: int) -> bool:
    """Whether taking `later` may come after `earlier`."""
    if earlier - board.base[later] < board.sure[later]:
        return True
    low, high = board.maybe.first[later], board.maybe.first[later + 1]
    while low < high:
        middle = (low + high) // 2
        if board.maybe.items[middle] < earlier:
            low = middle + 1
        else:
            high = middle
    return bool(low < board.maybe.first[later + 1] and board.maybe.items[low] == earlier)


@njit(cache=True, nogil=True)
def _clash(board: Board, a: int, b: int) -> bool:
    if board.start[a] < board.end[b] and board.start[b] < board.end[a]:
        return True
    if board.end[a] <= board.start[b]:
        return not _follows(board, a, b)
    return not _follows(board, b, a)


@njit(cache=True, nogil=True)
def driven(board: Board, plan: Plan, holder: int, coming: int, leaving: int) -> int:
    """The kilometres of a budget's tours with one stop more, and without one entry; NOTHING for none."""
    first, last = board.fixed.first[holder], board.fixed.first[holder + 1]
    stops = np.empty(last - first + plan.held[holder] + 1, dtype=np.int64)
    number = 0
    for position in range(first, last):
        stops[number] = board.fixed.items[position]
        number += 1
    entry = plan.head[holder]
    while entry >= 0:
        if entry != leaving:
            stops[number] = board.stop[entry]
            number += 1
        entry = plan.after[entry]
    if coming >= 0:
        stops[number] = coming
        number += 1
    return toured(board, board.base_place[holder], stops[:number])


@njit(cache=True, nogil=True)
def toured(board: Board, base: int, stops: Ints) -> int:
    """The kilometres of the tours of these stops, which are put into the order of time."""
    for at in range(1, len(stops)):
        stop, before = stops[at], at
        while before > 0 and board.begin[stops[before - 1]] > board.begin[stop]:
            stops[before] = stops[before - 1]
            before -= 1
        stops[before] = stop
    total, last, week = 0, base, NOTHING
    for stop in stops:
        if board.week[stop] != week:
            total += board.km[last, base]
            last, week = base, board.week[stop]
        total += board.km[last, board.place[stop]]
        last = board.place[stop]
    return int(total + board.km[last, base])


@njit(cache=True, nogil=True)
def _is_too_far(board: Board, plan: Plan, entry: int) -> bool:
    """Whether an entry would pass the mileage budget that it counts under."""
    holder = board.holder[entry]
    return bool(driven(board, plan, holder, board.stop[entry], NOTHING) > board.budget[holder])


@njit(cache=True, nogil=True)
def _fits(board: Board, plan: Plan, option: int) -> bool:
    for entry in range(board.first[option], board.first[option + 1]):
        holder = board.holder[entry]
        if plan.used[holder] + board.size[entry] > board.room[holder]:
            return False
        if plan.held[holder] >= board.count[holder]:
            return False
        if board.stop[entry] >= 0 and _is_too_far(board, plan, entry):
            return False
        if board.taking[entry] >= 0:
            other = plan.head[holder]
            while other >= 0:
                if _clash(board, board.taking[entry], board.taking[other]):
                    return False
                other = plan.after[other]
    return True


@njit(cache=True, nogil=True)
def _add(board: Board, plan: Plan, option: int) -> None:
    plan.choice[board.wish[option]] = option
    for entry in range(board.first[option], board.first[option + 1]):
        holder = board.holder[entry]
        plan.used[holder] += board.size[entry]
        plan.held[holder] += 1
        first = plan.head[holder]
        plan.after[entry] = first
        plan.ahead[entry] = NOTHING
        if first >= 0:
            plan.ahead[first] = entry
        plan.head[holder] = entry


@njit(cache=True, nogil=True)
def _remove(board: Board, plan: Plan, option: int) -> None:
    plan.choice[board.wish[option]] = NOTHING
    for entry in range(board.first[option], board.first[option + 1]):
        holder = board.holder[entry]
        plan.used[holder] -= board.size[entry]
        plan.held[holder] -= 1
        ahead, after = plan.ahead[entry], plan.after[entry]
        if ahead >= 0:
            plan.after[ahead] = after
        else:
            plan.head[holder] = after
        if after >= 0:
            plan.ahead[after] = ahead


@njit(cache=True, nogil=True)
def fill(board: Board, plan: Plan, order: Ints) -> None:
    """Take options in `order`, each if its wish is unserved and it fits."""
    for option in order:
        if plan.choice[board.wish[option]] < 0 and _fits(board, plan, option):
            _add(board, plan, option)


@njit(cache=True, nogil=True)
def swap(board: Board, plan: Plan, leaving: Ints, coming: Ints) -> None:
    """Remove the options `leaving`, then take those `coming`; the caller knows that they fit."""
    for option in leaving:
        _remove(board, plan, option)
    for option in coming:
        _add(board, plan, option)


@njit(cache=True, nogil=True)
def fitting(board: Board, plan: Plan, options: Ints) -> Ints:
    """Those of `options` that fit beside the plan, each by itself."""
    found = np.empty(len(options), dtype=np.int64)
    number = 0
    for option in options:
        if _fits(board, plan, option):
            found[number] = option
            number += 1
    return found[:number]


@njit(cache=True, nogil=True)
def clashes(board: Board, takings: Ints) -> NDArray[np.uint8]:
    """A square table: 1 where two of the takings, all of one shelf, cannot both be."""
    found = np.zeros((len(takings), len(takings)), dtype=np.uint8)
    for a in range(len(takings)):
        for b in range(a):
            if takings[a] == takings[b] or _clash(board, takings[a], takings[b]):
                found[a, b] = found[b, a] = 1
    return found


@njit(cache=True, nogil=True)
def neighbours(board: Board, plan: Plan, open_of_wish: Table, first: int, number: int, seed: int) -> Ints:
    """Up to `number` wishes around wish `first`: those that hold what the earlier ones want."""
    np.random.seed(seed)
    found = np.empty(number, dtype=np.int64)
    known = np.zeros(len(plan.choice), dtype=np.uint8)
    found[0], known[first], size, at = first, 1, 1, 0
    while at < size and size < number:
        wish = found[at]
        begin, end = open_of_wish.first[wish], open_of_wish.first[wish + 1]
        turn = np.random.randint(max(1, end - begin))
        for position in range(begin, end):
            option = open_of_wish.items[begin + (position - begin + turn) % (end - begin)]
            for entry in range(board.first[option], board.first[option + 1]):
                holding = plan.head[board.holder[entry]]
                while holding >= 0 and size < number:
                    other = board.wish[board.entry_option[holding]]
                    if not known[other]:
                        known[other] = 1
                        found[size] = other
                        size += 1
                    holding = plan.after[holding]
        at += 1
    return found[:size]


@njit(cache=True, nogil=True)
def _victim(board: Board, plan: Plan, holder: int, worth: Reals, side: Sides, mine: int) -> int:
    """Which entry to remove from a holder: worth least above its price, at random times any; or NOTHING."""
    lucky = np.random.random() < _ANY_VICTIM
    found, least = NOTHING, np.inf
    entry = plan.head[holder]
    while entry >= 0:
        option = board.entry_option[entry]
        if side[option] == mine:
            cost = np.random.random() if lucky else worth[option] / max(1, board.size[entry])
            if cost < least:
                found, least = entry, cost
        entry = plan.after[entry]
    return found


@njit(cache=True, nogil=True)
def _clear(board: Board, plan: Plan, option: int, worth: Reals, side: Sides, mine: int, removed: Ints) -> int:
    """Remove what is in the way of `option`; how many, or NOTHING less how many if that is not enough."""
    number = 0
    for entry in range(board.first[option], board.first[option + 1]):
        holder = board.holder[entry]
        if board.taking[entry] >= 0:
            other = plan.head[holder]
            while other >= 0:
                following = plan.after[other]
                if _clash(board, board.taking[entry], board.taking[other]):
                    if number == _MOST_REMOVED or side[board.entry_option[other]] != mine:
                        return NOTHING - number
                    removed[number] = board.entry_option[other]
                    _remove(board, plan, removed[number])
                    number += 1
                other = following
        while (
            plan.used[holder] + board.size[entry] > board.room[holder]
            or plan.held[holder] >= board.count[holder]
            or (board.stop[entry] >= 0 and _is_too_far(board, plan, entry))
        ):
            other = _victim(board, plan, holder, worth, side, mine)
            if number == _MOST_REMOVED or other < 0:
                return NOTHING - number
            removed[number] = board.entry_option[other]
            _remove(board, plan, removed[number])
            number += 1
    return number


@njit(cache=True, nogil=True)
def _best_fitting(board: Board, plan: Plan, open_of_wish: Table, wish: int, side: Sides, mine: int) -> int:
    for position in range(open_of_wish.first[wish], open_of_wish.first[wish + 1]):
        option = open_of_wish.items[position]
        if side[option] == mine and _fits(board, plan, option):
            return int(option)
    return NOTHING


@njit(cache=True, nogil=True)
def _any_other(open_of_wish: Table, wish: int, lost: int, side: Sides, mine: int) -> int:
    """An open option of the wish that is not the one it lost, by lot; or NOTHING."""
    begin, number = open_of_wish.first[wish], open_of_wish.first[wish + 1] - open_of_wish.first[wish]
    if number == 0:
        return NOTHING
    turn = np.random.randint(number)
    for position in range(number):
        option = open_of_wish.items[begin + (position + turn) % number]
        if option != lost and side[option] == mine:
            return int(option)
    return NOTHING


@njit(cache=True, nogil=True)
def _take_back(board: Board, plan: Plan, lifts: Lifts, log: Ints, number: int) -> None:
    """Undo the last `number` steps: an option that was taken, or below zero one that was removed."""
    for at in range(number - 1, -1, -1):
        if log[at] >= 0:
            _remove(board, plan, log[at])
            _lifted(board, lifts, log[at], -1)
        else:
            _add(board, plan, NOTHING - log[at])
            _lifted(board, lifts, NOTHING - log[at], 1)


@njit(cache=True, nogil=True)
def _lifted(board: Board, lifts: Lifts, option: int, sign: int) -> int:
    """Count whom an option serves as served (`sign` 1) or not (-1); what that is worth beside its value."""
    if lifts.of_wish.shape[1] == 0:
        return 0
    gain = _lifted_wish(lifts, board.wish[option], sign)
    for at in range(board.beside.first[option], board.beside.first[option + 1]):
        gain += _lifted_wish(lifts, board.beside.items[at], sign)
    return gain


@njit(cache=True, nogil=True)
def _lifted_wish(lifts: Lifts, wish: int, sign: int) -> int:
    gain = 0
    for at in range(lifts.of_wish.shape[1]):
        group = lifts.of_wish[wish, at]
        old = lifts.served[group]
        new = old + sign * lifts.people[wish]
        lifts.served[group] = new
        for step in range(lifts.least.shape[1]):
            least = lifts.least[group, step]
            gain += lifts.lift[group, step] * (min(new, least) - min(old, least))
    return gain


@njit(cache=True, nogil=True)
def _most_lifted(board: Board, lifts: Lifts, option: int) -> int:
    """No more than this is an option worth beside its value."""
    if lifts.of_wish.shape[1] == 0:
        return 0
    most = _most_lifted_wish(lifts, board.wish[option])
    for at in range(board.beside.first[option], board.beside.first[option + 1]):
        most += _most_lifted_wish(lifts, board.beside.items[at])
    return most


@njit(cache=True, nogil=True)
def _most_lifted_wish(lifts: Lifts, wish: int) -> int:
    most = 0
    for at in range(lifts.of_wish.shape[1]):
        for step in range(lifts.lift.shape[1]):
            most += lifts.lift[lifts.of_wish[wish, at], step]
    return int(most * lifts.people[wish])


@njit(cache=True, nogil=True)
def _chain(
    board: Board, plan: Plan, open_of_wish: Table, lifts: Lifts, worth: Reals, side: Sides, mine: int,
    option: int, allowed: float, log: Ints, lost: Ints, removed: Ints,
) -> tuple[int, int]:  # fmt: skip
    """Take `option`, and serve anew whoever loses by it, link by link; the gain and the length of the log.

    Given up where the gain cannot be `allowed` any more, even if each who waits gets as much as before.
    """
    gain, hope, steps, waiting, links = 0, 0, 0, 0, 0
    old = plan.choice[board.wish[option]]
    if old >= 0:
        _remove(board, plan, old)
        log[steps] = NOTHING - old
        steps += 1
        gain += _lifted(board, lifts, old, -1) - board.value[old]
    while option >= 0:
        number = _clear(board, plan, option, worth, side, mine, removed)
        failed = number < 0
        for other in range(NOTHING - number if failed else number):
            log[steps] = NOTHING - removed[other]
            steps += 1
            lost[waiting] = removed[other]
            waiting += 1
            gain += _lifted(board, lifts, removed[other], -1) - board.value[removed[other]]
            hope += board.value[removed[other]] + _most_lifted(board, lifts, removed[other])
        if failed:
            return -ENDLESS, steps
        _add(board, plan, option)
        log[steps] = option
        steps += 1
        gain += board.value[option] + _lifted(board, lifts, option, 1)
        links += 1
        option = NOTHING
        while waiting > 0 and option < 0:
            waiting -= 1
            wish = board.wish[lost[waiting]]
            hope -= board.value[lost[waiting]] + _most_lifted(board, lifts, lost[waiting])
            if board.member[wish] >= 0 and plan.used[board.member[wish]] > 0:
                continue
            free = _best_fitting(board, plan, open_of_wish, wish, side, mine)
            if free >= 0:
                _add(board, plan, free)
                log[steps] = free
                steps += 1
                gain += board.value[free] + _lifted(board, lifts, free, 1)
            elif links < _LONGEST_CHAIN:
                option = _any_other(open_of_wish, wish, lost[waiting], side, mine)
            worthwhile = gain + hope
            if option >= 0:
                worthwhile += board.value[option] + _most_lifted(board, lifts, option)
            if worthwhile < allowed:
                return -ENDLESS, steps
    return gain, steps


@njit(cache=True, nogil=True)
def anneal(
    board: Board, plan: Plan, options: Ints, open_of_wish: Table, lifts: Lifts, worth: Reals, side: Sides,
    mine: int, moves: int, hot: float, cold: float, seed: int,
) -> int:  # fmt: skip
    """`moves` chains from temperature `hot` to `cold` (points); returns the gain.

    `plan` ends as the last one, and `lifts` count what it serves. A chain begins with one of `options` and
    goes on with `open_of_wish`; `worth` is by option: the value above the price of its wish. Only options
    whose `side` is `mine` are touched: two threads with a side each never meet.
    """
    np.random.seed(seed)
    removed = np.empty(_MOST_REMOVED, dtype=np.int64)
    lost = np.empty(_LONGEST_CHAIN * _MOST_REMOVED + 1, dtype=np.int64)
    log = np.empty(3 * _LONGEST_CHAIN * _MOST_REMOVED + 2, dtype=np.int64)
    total = 0
    cooling = np.log(cold / hot)
    temperature = hot
    for move in range(moves):
        if move % 256 == 0:
            temperature = hot * np.exp(cooling * move / moves)
        option = options[np.random.randint(len(options))]
        if plan.choice[board.wish[option]] == option:
            continue
        allowed = temperature * np.log(np.random.random())
        gain, steps = _chain(
            board, plan, open_of_wish, lifts, worth, side, mine, option, allowed, log, lost, removed
        )
        if gain >= allowed:
            total += gain
        else:
            _take_back(board, plan, lifts, log, steps)
    return total

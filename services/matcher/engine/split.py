"""A large group in parts: sets of two to four slots at one place on one day, each with a part of the group.

At the same time the parts see different sessions; one after the other they take turns. Both are the same to
the rules: slots within `SPAN` minutes, parts that add up to the group, each as large as its slot and
programme take (decisions 0108, 0115). It may be so even where one slot would take the whole group: another
group may need that one more.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain, combinations
from typing import NamedTuple

from services.matcher.engine import weights
from services.matcher.engine.days import day_of
from services.matcher.engine.model import Key, Leg, Option, Place, Programme, Wish
from services.matcher.engine.sieve import Fallen

MOST_PARTS = 4
# From the first session's beginning to the last one's end, in minutes.
SPAN = 4 * 60
SMALLEST_PART = 10
# How many sets are kept of one place and day, and of one wish.
_A_DAY, _A_WISH = 11, 80
# Up to so many slots of a place and day, all sets of them are looked at, which are no more than are kept.
_FEW = 4


class Room(NamedTuple):
    """A slot that suits a wish but for its size.

    `leg` would have the whole group, `fit` is in percent, a part has `least` to `most` people, and `code`
    says why the group does not fit as a whole, "" if it does.
    """

    leg: Leg
    fit: int
    least: int
    most: int
    code: str


Set = tuple[Room, ...]
# The legs of a set in order of time, and its fit in percent.
Cut = tuple[tuple[Leg, ...], int]


def part_of(programme: Programme) -> tuple[int, int]:
    """How small and how large a part may be in a programme's slot, its seats aside."""
    return max(programme.min_group, SMALLEST_PART), programme.max_group


def may_split(wish: Wish) -> bool:
    """Whether the group may come in parts: a visit whose school allows it, and whom nobody accompanies."""
    return wish.may_split and wish.kind == "visit" and not wish.with_expert


def is_split(legs: Sequence[Leg]) -> bool:
    """Whether these legs are parts of one group."""
    return len(legs) > 1 and legs[0].kind == "slot"


def parts_of(option: Option) -> tuple[Leg, ...]:
    """The legs of a group in parts, or the last one: who comes along is not asked what for."""
    return option.legs if is_split(option.legs) else option.legs[-1:]


def seats_of(option: Option) -> int:
    """How many people its slots take, all parts together; 0 without a slot."""
    return sum(leg.quantity for leg in option.legs if leg.kind == "slot")


def splits(wish: Wish, rooms: Iterable[Room], fallen: Fallen) -> list[Cut]:
    """The sets to choose among, best suited first; slots that can take part do not count as fallen away."""
    ranked: list[tuple[int, int, int, Set]] = []
    for here in _by_place_and_day(rooms, wish.size - SMALLEST_PART):
        found = list(_found(here, wish.size))
        for room in dict.fromkeys(room for each in found for room in each if room.code):
            _back(fallen, room.code)
        ranked += [(rank, -_fit(each), each[0].leg.start, each) for rank, each in enumerate(found[:_A_DAY])]
    ranked.sort(key=lambda each: each[:3])
    return [_cut_up(wish, each) for *_, each in ranked[:_A_WISH]]


def again(rooms: Iterable[Room], parts: Mapping[Key, int]) -> Cut | None:
    """The set of these slots with so many people each, if that is still possible, however it was cut."""
    chosen = tuple(sorted((room for room in rooms if room.leg.resource in parts), key=_time))
    holds = (room.least <= parts[room.leg.resource] <= room.most for room in chosen)
    if len(chosen) < len(parts) or not all(holds):
        return None
    legs = (room.leg._replace(quantity=parts[room.leg.resource]) for room in chosen)
    return tuple(legs), _fit(chosen)


def cut(size: int, bounds: Sequence[tuple[int, int]]) -> tuple[int, ...] | None:
    """Parts of a group, as even as their bounds (least, most) allow, what is over one each from the first.

    None if they cannot add up to `size`.
    """
    if not sum(least for least, _ in bounds) <= size <= sum(most for _, most in bounds):
        return None
    low, high = 0, size
    while low < high:
        level = (low + high + 1) // 2
        low, high = (level, high) if sum(_levelled(bounds, level)) <= size else (low, level - 1)
    parts = _levelled(bounds, low)
    over = size - sum(parts)
    for at, more in enumerate(_levelled(bounds, low + 1)):
        if over and more > parts[at]:
            parts[at], over = more, over - 1
    return tuple(parts)


def _levelled(bounds: Iterable[tuple[int, int]], level: int) -> list[int]:
    return [min(most, max(least, level)) for least, most in bounds]


def _by_place_and_day(rooms: Iterable[Room], largest: int) -> Iterator[list[Room]]:
    """Rooms for parts, of one place and day in order of time."""
    found: dict[tuple[Place, int], list[Room]] = defaultdict(list)
    for room in rooms:
        if room.least <= min(room.most, largest):
            found[room.leg.place, day_of(room.leg.start)].append(room)
    return (sorted(here, key=_time) for here in found.values())


def _found(here: Sequence[Room], size: int) -> Iterable[Set]:
    """The sets of one place and day, in the order in which they are kept.

    Those first that have no slot which takes the whole group: one such slot more displaces none of them.
    """
    small = [room for room in here if room.code]
    without = list(_sets(small, size))
    others = _sets(here, size) if len(small) < len(here) else ()
    beside = [each for each in others if not all(room.code for room in each)]
    return chain.from_iterable(_spread(sorted(each, key=_rank)) for each in (without, beside))


def _sets(rooms: Sequence[Room], size: int) -> Iterator[Set]:
    """All sets of few slots; else each as the first with others within the span, as they are joined."""
    if len(rooms) <= _FEW:
        return (each for each in _all(rooms) if _is_set(each, size))
    return _joined(rooms, size)


def _all(rooms: Sequence[Room]) -> Iterator[Set]:
    return chain.from_iterable(combinations(rooms, number) for number in range(2, MOST_PARTS + 1))


def _is_set(rooms: Set, size: int) -> bool:
    within = max(room.leg.end for room in rooms) <= rooms[0].leg.start + SPAN
    least, most = sum(room.least for room in rooms), sum(room.most for room in rooms)
    return within and least <= size <= most


def _joined(rooms: Sequence[Room], size: int) -> Iterator[Set]:
    """Each slot as the first with as few others as suffice: the largest, the nearest, the best suited."""
    known: set[frozenset[Room]] = set()
    for at, first in enumerate(rooms):
        until = first.leg.start + SPAN
        later = [room for room in rooms[at + 1 :] if room.leg.end <= until]
        for order in _ORDERS if first.leg.end <= until else ():
            found = _enough(first, sorted(later, key=order), size)
            if found and frozenset(found) not in known:
                known.add(frozenset(found))
                yield found


def _spread(ranked: Iterable[Set]) -> list[Set]:
    """Those first that share no slot with one before: large groups of several schools want different ones."""
    apart: list[Set] = []
    rest: list[Set] = []
    used: set[Key] = set()
    for each in ranked:
        slots = {room.leg.resource for room in each}
        (apart if used.isdisjoint(slots) else rest).append(each)
        used |= slots if apart and apart[-1] is each else set()
    return [*apart, *rest]


_ORDERS: tuple[Callable[[Room], tuple[int, ...]], ...] = (
    lambda room: (-room.most, room.leg.start),
    lambda room: (room.leg.start, room.leg.end, -room.most),
    lambda room: (-room.fit, -room.most, room.leg.start),
)


def _enough(first: Room, others: Iterable[Room], size: int) -> Set | None:
    """The first with as many others, in their order, as it takes; None if that cannot be."""
    chosen, least, most = [first], first.least, first.most
    for room in others:
        if most >= size or len(chosen) == MOST_PARTS:
            break
        # What asks for more people than are left is passed over.
        if least + room.least <= size:
            chosen.append(room)
            least, most = least + room.least, most + room.most
    return tuple(sorted(chosen, key=_time)) if most >= size and len(chosen) > 1 else None


def _bounds(rooms: Iterable[Room]) -> list[tuple[int, int]]:
    return [(room.least, room.most) for room in rooms]


def _time(room: Room) -> tuple[int, int]:
    return room.leg.start, room.leg.end


def _rank(rooms: Set) -> tuple[int, int, int]:
    """What suits best first, then what takes the least time, then what is soonest."""
    end = max(room.leg.end for room in rooms)
    return -_fit(rooms), end - rooms[0].leg.start, rooms[0].leg.start


def _fit(rooms: Set) -> int:
    return weights.fit_of_parts([room.fit for room in rooms])


def _cut_up(wish: Wish, rooms: Set) -> Cut:
    parts = cut(wish.size, _bounds(rooms)) or ()
    legs = (room.leg._replace(quantity=part) for room, part in zip(rooms, parts, strict=True))
    return tuple(legs), _fit(rooms)


def _back(fallen: Fallen, code: str) -> None:
    """One slot fewer fell away by a code."""
    fallen["slot", code] -= 1
    if fallen["slot", code] <= 0:
        del fallen["slot", code]

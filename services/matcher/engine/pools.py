"""What many share: a class's own time, a school's entitlement, a provider's rooms, guides, kits and coaches.

All of them are pools with a limit. What an option takes of a pool is one use, an interval and a quantity;
what goes on at one moment may not come to more than the limit. Between two beginnings of uses nothing is
added, so that only beginnings need be looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from services.matcher.engine.days import month_number
from services.matcher.engine.model import (
    Claim,
    Key,
    Kind,
    Leg,
    Option,
    Place,
    Pool,
    Problem,
    Roads,
    Use,
    Wish,
)
from services.matcher.engine.sieve import Fallen
from services.matcher.engine.split import is_split

Refusal = Callable[[Option], str | None]
# A use, and the number of its option.
Numbered = tuple[int, Use]
# A moment, and what goes on then by the number of its option.
Crowd = tuple[int, Mapping[int, Use]]
CONTEST = "contest"
# The codes that pools have in this product.
CLASS_BUSY, ENTITLEMENT_USED = "class_busy", "entitlement_used"
USED_UP = {"room": "no_room", "guide": "no_guide", "kit": "no_kit", "coach": "no_coach"}
CODES = (CLASS_BUSY, ENTITLEMENT_USED, *USED_UP.values())


class Pools:
    """What options of one problem take of its pools, and what is left of them."""

    def __init__(self, problem: Problem, roads: Roads) -> None:
        self._roads = roads
        self._pools = {pool.key: pool for pool in problem.pools}
        self._needs = {each.key: each.needs for each in problem.programmes.values() if each.needs}
        self._known: dict[Use, str | None] = {}
        self._known_needs: dict[tuple[Key, int, int], tuple[Use, ...]] = {}

    def concern(self, wish: Wish) -> bool:
        """Whether any option of the wish may use a pool."""
        return bool(wish.claims or self._needs)

    def within(self, wish: Wish, options: Iterable[Option], fallen: Fallen) -> list[Option]:
        """Options with their uses; without those that find a pool used up, whose resources are counted."""
        found: list[Option] = []
        refused: list[Option] = []
        for option in options:
            uses = self.uses(wish, option.legs)
            used = option._replace(uses=uses) if uses else option
            (refused if uses and self.refusal(used) else found).append(used)
        for kind, code, count in lost(found, refused, self.refusal) if refused else ():
            fallen[kind, code] += count
        return found

    def uses(self, wish: Wish, legs: Sequence[Leg]) -> tuple[Use, ...]:
        """What the wish takes of pools if it is served by these legs."""
        needed = self.needed(legs) if self._needs else ()
        if not wish.claims:
            return needed
        claimed = (use for claim in wish.claims for use in self._claimed(claim, wish, legs))
        return (*claimed, *needed)

    def needed(self, legs: Sequence[Leg]) -> tuple[Use, ...]:
        """What these legs take of a provider's pools, whosever they are: once a group."""
        if len(legs) == 1:
            return self._needed(legs[0])
        # Who accompanies a group takes nothing more.
        uses = tuple(use for leg in legs for use in self._needed(leg))
        return tuple(_joined(uses)) if len(uses) > 1 and is_split(legs) else uses

    def refusal(self, option: Option) -> str | None:
        """The code of a pool that what is there already leaves too little of for the option, or None."""
        return next((code for code in map(self._refusal, option.uses) if code), None)

    def _refusal(self, use: Use) -> str | None:
        if use not in self._known:
            pool = self._pools[use.pool]
            self._known[use] = None if has_room(pool, pool.taken, use) else pool.code
        return self._known[use]

    def _needed(self, leg: Leg) -> tuple[Use, ...]:
        if leg.kind != "slot":
            return ()
        session = leg.programme, leg.start, leg.end
        if session not in self._known_needs:
            needs = self._needs.get(leg.programme, ())
            self._known_needs[session] = tuple(
                Use(need.pool, leg.start, leg.end, need.quantity) for need in needs
            )
        return self._known_needs[session]

    def _claimed(self, claim: Claim, wish: Wish, legs: Sequence[Leg]) -> Iterator[Use]:
        # An expert's time lies within that of the seats or the stay; parts of a group go and come together.
        start, end = min(leg.start for leg in legs), max(leg.end for leg in legs)
        place = legs[-1].place
        if not claim.spans:
            yield Use(
                claim.pool,
                start - self._way(wish.place, place, start),
                end + self._way(place, wish.place, end),
            )
        for span in claim.spans:
            if span.start <= start < span.end:
                yield Use(claim.pool, span.start, span.end)

    def _way(self, start: Place, end: Place, minute: int) -> int:
        return self._roads.minutes(start, end, month_number(minute)) if start != end else 0


class Users:
    """Who uses pools in a plan, by numbers of `options`: exact, also at moments for which there is no row."""

    def __init__(self, pools: Iterable[Pool], options: Sequence[Option], chosen: Iterable[int]) -> None:
        self._pools = {pool.key: pool for pool in pools}
        self._options = options
        self._using: dict[Key, dict[int, Use]] = defaultdict(dict)
        for number in chosen:
            self.join(number)

    def copy(self) -> Users:
        """The same, to be changed without changing this."""
        found = Users((), self._options, ())
        found._pools = dict(self._pools)
        found._using = defaultdict(dict, {key: dict(using) for key, using in self._using.items()})
        return found

    def join(self, number: int) -> None:
        """An option comes into the plan."""
        for use in self._options[number].uses:
            self._using[use.pool][number] = use

    def leave(self, numbers: Iterable[int]) -> None:
        """Options leave the plan."""
        for number in numbers:
            for use in self._options[number].uses:
                del self._using[use.pool][number]

    def take(self, option: Option) -> None:
        """An option beside the plan takes what it uses for good."""
        for use in option.uses:
            pool = self._pools.get(use.pool)
            if pool:
                self._pools[use.pool] = replace(pool, taken=(*pool.taken, use))

    def has_room(self, number: int, leaving: int) -> bool:
        """Whether pools have room for an option if another leaves the plan."""
        return not any(self._is_full(use, (leaving,)) for use in self._options[number].uses)

    def crowding(self, use: Use, leaving: Collection[int]) -> dict[int, Use]:
        """Options of the plan in the way of a use, if those of `leaving` do not make room; else none."""
        if not self._is_full(use, leaving):
            return {}
        using = self._using[use.pool].items()
        return {number: other for number, other in using if number not in leaving and meet(other, use)}

    def _is_full(self, use: Use, leaving: Collection[int]) -> bool:
        pool = self._pools.get(use.pool)
        using = self._using[use.pool].items()
        beside = [other for number, other in using if number not in leaving]
        return pool is not None and not has_room(pool, [*pool.taken, *beside], use)


def counted(legs: Sequence[Leg]) -> list[tuple[Kind, Key]]:
    """The resources of an option that findings count: those of the kind that its last leg has."""
    return [(leg.kind, leg.resource) for leg in legs if leg.kind == legs[-1].kind]


def _joined(uses: Iterable[Use]) -> Iterator[Use]:
    """One use of each pool: from the first to the last of an option's, as much as at the busiest moment."""
    by_pool: dict[Key, list[Use]] = defaultdict(list)
    for use in uses:
        by_pool[use.pool].append(use)
    for pool, mine in by_pool.items():
        most = max(going_on(mine, use.start) for use in mine)
        yield Use(pool, min(use.start for use in mine), max(use.end for use in mine), most)


def meet(one: Use, other: Use) -> bool:
    """Whether two uses go on in one pool at some moment."""
    return one.pool == other.pool and one.start < other.end and other.start < one.end


def has_room(pool: Pool, others: Iterable[Use], use: Use) -> bool:
    """Whether the pool has room for one more use beside `others`, of which none need be of its time."""
    beside = [other for other in others if meet(other, use)]
    moments = {use.start, *(other.start for other in beside if other.start > use.start)}
    return all(going_on(beside, moment) + use.quantity <= pool.limit for moment in moments)


def going_on(uses: Iterable[Use], moment: int) -> int:
    """How much is used at a moment."""
    return sum(use.quantity for use in uses if use.start <= moment < use.end)


def left(pool: Pool, moment: int) -> int:
    """How much of a pool is left at a moment beside what is there already."""
    return max(0, pool.limit - going_on(pool.taken, moment))


def by_pool(pools: Iterable[Pool], options: Sequence[Option]) -> Iterator[tuple[Pool, list[Numbered]]]:
    """The pools that options use, each with the uses by number of option."""
    found: dict[Key, list[Numbered]] = defaultdict(list)
    for number, option in enumerate(options):
        for use in option.uses:
            found[use.pool].append((number, use))
    return ((pool, found[pool.key]) for pool in pools if pool.key in found)


def crowded(pool: Pool, uses: Iterable[Numbered]) -> Iterator[Crowd]:
    """Moments with all uses that go on then; what holds at these holds at all others.

    Of two moments that follow one another one may be enough; only such are compared.
    """
    kept: Crowd | None = None
    for now in _by_moment(pool, uses):
        if kept and _is_enough(pool, kept, now):
            continue
        if kept and not _is_enough(pool, now, kept):
            yield kept
        kept = now
    if kept:
        yield kept


def _by_moment(pool: Pool, uses: Iterable[Numbered]) -> Iterator[Crowd]:
    """What goes on whenever a use begins, or one that is there already."""
    begin: dict[int, list[Numbered]] = defaultdict(list)
    for number, use in uses:
        begin[use.start].append((number, use))
    going: dict[int, Use] = {}
    for moment in sorted(begin.keys() | {use.start for use in pool.taken}):
        going = {number: use for number, use in going.items() if use.end > moment}
        going.update(begin.get(moment, ()))
        yield moment, going


def _is_enough(pool: Pool, one: Crowd, other: Crowd) -> bool:
    """Whether all that goes on at the other moment goes on at the one, which has no more room."""
    return other[1].keys() <= one[1].keys() and left(pool, one[0]) <= left(pool, other[0])


def lost(free: Iterable[Option], gone: Iterable[Option], refusal: Refusal) -> Iterator[tuple[Kind, str, int]]:
    """Of the resources of `gone`, those that no option of `free` has: by kind and code, how many.

    Where an expert comes as well, the seats or the stay count; of a group in parts, all its slots. What no
    pool refuses went to somebody else, which counts more.
    """
    held = {each for option in free for each in counted(option.legs)}
    codes: dict[tuple[Kind, Key], str] = {}
    for option in gone:
        for each in counted(option.legs):
            if each not in held and codes.get(each) != CONTEST:
                codes[each] = refusal(option) or CONTEST
    counts: dict[tuple[Kind, str], int] = {}
    for (kind, _), code in codes.items():
        counts[kind, code] = counts.get((kind, code), 0) + 1
    return ((kind, code, count) for (kind, code), count in sorted(counts.items()))

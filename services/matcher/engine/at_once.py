"""One wish at once, against what there is now, without taking what a pending round needs more.

What an option costs a round is told from two sides, and the larger counts. The certificate of the round's
latest solve says by how much its proven bound falls when the option takes what it needs: a slot or a stretch
of time is worth its best load, an expert's week or month its price (the bid prices of revenue management,
Talluri and van Ryzin 1998, counted exactly for each resource). That is the least that the round loses, but
for its gap. Its plan says what the matches in the way are worth above the best that is free to them: about
the most. Nobody who is in a plan is left without for somebody who comes later, whatever that would be worth.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

from services.matcher.engine.bids import Costs
from services.matcher.engine.candidates import Finder, taking
from services.matcher.engine.instance import ENDLESS
from services.matcher.engine.journeys import KnownRoads, clash, rest_of, rests
from services.matcher.engine.model import Finding, Key, Kind, Leg, Option, Problem, Reason, Wish
from services.matcher.engine.pending import Pending
from services.matcher.engine.plan import Plan, is_possible
from services.matcher.engine.pools import counted
from services.matcher.engine.prices import SCALE
from services.matcher.engine.standing import Draft

# The reason of what would have suited, but is worth more to a round that is still to be settled.
KEPT_FOR_ROUND = "kept_for_round"
_OTHERS = 3
# Options of one wish for which it is tried out whether those in the way can all be served otherwise.
_LOOKS = 8
# They stand for the number of a round: matches that no plan knows, and what has been taken.
OF_NO_PLAN, TAKEN = -1, -2


# Round and wish.
Holder = tuple[int, int]


class Other(NamedTuple):
    """Another option that was free, and what taking it would cost the rounds, in hundredths.

    `cost` is ENDLESS or more if somebody would be left without.
    """

    option: Option
    cost: int


class Answer(NamedTuple):
    """What a wish can have at once, or None; `cost` is what that takes from pending rounds, in hundredths.

    The finding counts, beside what the rules removed, options that are taken and those kept for a round.
    `others` are its best options on other resources, `options` how many it had. Of one that gets nothing,
    `holders` have what it could have had, by the number of the round among the pending and of the wish in it
    (OF_NO_PLAN, TAKEN at once, and then in their order), and `price` is the least, in points, that serving it
    would take from them.
    """

    option: Option | None
    cost: int
    finding: Finding
    others: tuple[Other, ...] = ()
    options: tuple[Option, ...] = ()
    holders: frozenset[Holder] = frozenset()
    price: int = 0


class Move(NamedTuple):
    """Of the round with that number among the pending: a wish of it goes from one option to another."""

    round: int
    wish: int
    before: int
    after: int


class AtOnce:
    """Answers wishes one by one; what it is told to take is taken for the next."""

    def __init__(
        self,
        problem: Problem,
        pending: Iterable[Pending] = (),
        kept: Iterable[Option] = (),
        taken: Sequence[Iterable[Leg]] = (),
    ) -> None:
        """`problem` holds what there is now, as if the rounds' plans were not, and the wishes of the pool.

        `kept` are more matches that it does not count, and that are not to be moved. `taken` are, by round,
        the legs that others took since it was solved.
        """
        self._problem = replace(problem, roads=KnownRoads(problem.roads))
        self._finder = Finder(self._problem)
        self._numbers = {wish: number for number, wish in enumerate(problem.wishes)}
        self._plan, self._pending = Plan(self._problem), list(pending)
        since = [*taken, *[()] * (len(self._pending) - len(taken))]
        roads = self._problem.roads
        self._rounds = [
            (Costs(each, roads, legs), Draft(each, roads, legs))
            for each, legs in zip(self._pending, map(list, since), strict=True)
        ]
        self._keyed, self._rests = _Keyed(self._problem), rests(problem)
        self._kept: dict[Holder, Option] = {}
        self._users: dict[tuple[str, Key], dict[Holder, Option]] = defaultdict(dict)
        for number, option in enumerate(kept):
            self._put((OF_NO_PLAN, number), option)
        for number, each in enumerate(self._pending):
            for chosen in each.chosen:
                self._put((number, each.options[chosen].wish), each.options[chosen])
        self._beside = self._with(self._kept.values())
        self._known: dict[tuple[Leg, ...], int] = {}
        self._looks = _LOOKS

    def ask(self, wish: Wish) -> Answer:
        """The option that leaves most above what it costs; the wish need not be one of the pool."""
        options, finding = self._options(wish)
        self._looks = _LOOKS
        free = [option for option in options if self._plan.fits(option)]
        free.sort(key=lambda option: -option.value)
        best, cost = self._best(free)
        told, others = self._told(finding, options, free, best), tuple(self._others(free, best))
        if best is not None:
            return Answer(best, cost, told, others, tuple(options))
        holders = {number: self._in_the_way(option) for number, option in enumerate(options)}
        price = min((self._price(options[each], its) for each, its in holders.items()), default=0)
        everybody: frozenset[Holder] = frozenset().union(*holders.values())
        return Answer(None, 0, told, others, tuple(options), everybody, price)

    def best_of(self, options: Sequence[Option]) -> Option | None:
        """The one of these that `ask` would give, if it had found just them."""
        self._looks = _LOOKS
        free = [option for option in options if self._plan.fits(option)]
        return self._best(sorted(free, key=lambda option: -option.value))[0]

    def cost(self, option: Option) -> int:
        """What the pending rounds lose if the option is taken, in hundredths; ENDLESS if that cannot be."""
        if option.legs not in self._known:
            self._known[option.legs] = self._cost(option)
        return self._known[option.legs]

    def _cost(self, option: Option) -> int:
        if self._beside.fits(option):
            return self._bid(option)
        if self._looks < 1 or sum(draft.loss(option) for _, draft in self._rounds) >= ENDLESS:
            return ENDLESS
        self._looks -= 1
        moves = self._moves(option)
        if moves is None:
            return ENDLESS
        lost = [0] * len(self._rounds)
        for key, after in moves.items():
            lost[key[0]] += SCALE * max(0, self._kept[key].value - after.value)
        return sum(max(costs.of(option), its) for (costs, _), its in zip(self._rounds, lost, strict=True))

    def take(self, option: Option) -> None:
        """Take what `ask` gave; ValueError if somebody else has it by now."""
        if not self._plan.fits(option):
            raise ValueError("no longer free")
        self._known.clear()
        moves = {} if self._beside.fits(option) else self._moves(option)
        if moves is None:
            raise ValueError("kept for a round")
        # The number of a wish that is answered alone says nothing about the next one's.
        self._plan.add(option._replace(wish=-1 - len(self._plan.chosen)))
        for key, moved in moves.items():
            self._put(key, moved)
        self._put((TAKEN, len(self._plan.chosen)), option)
        if moves:
            self._beside = self._with(self._kept.values())
        else:
            self._beside.add(self._plan.chosen[-1]._replace(wish=-1 - len(self._beside.chosen)))
        for costs, draft in self._rounds:
            costs.take(option)
            draft.take(option)

    @property
    def moved(self) -> list[Move]:
        """Matches of the rounds' plans that are served otherwise by now."""
        found = []
        for number, (each, (_, draft)) in enumerate(zip(self._pending, self._rounds, strict=True)):
            now = {each.options[option].wish: option for option in draft.chosen}
            before = {each.options[at].wish: at for at in each.chosen if not each.options[at].company}
            pairs = ((wish, was, now[wish]) for wish, was in before.items() if wish in now)
            found += [Move(number, wish, was, after) for wish, was, after in pairs if was != after]
        return found

    # -- what it costs

    def _best(self, free: Sequence[Option]) -> tuple[Option | None, int]:
        """Of options in order of value, the one that leaves most above its cost, and that cost."""
        best, most, least = None, 0, 0
        for option in free:
            worth = option.value * SCALE
            # What is worth no more than the best above its cost cannot pass it.
            if worth <= most:
                break
            # The plan's side takes longer to tell, and is not asked where the bound's has decided.
            if worth - self._bid(option) > most:
                cost = self.cost(option)
                if worth - cost > most:
                    best, most, least = option, worth - cost, cost
        return best, least

    def _bid(self, option: Option) -> int:
        return sum(costs.of(option) for costs, _ in self._rounds)

    def _moves(self, option: Option) -> dict[Holder, Option] | None:
        """Matches of the plans as they would be beside the option; None if that is not possible."""
        found: dict[Holder, Option] = {}
        for number, (each, (_, draft)) in enumerate(zip(self._pending, self._rounds, strict=True)):
            moved = draft.moves(option)
            if moved is None:
                return None
            after = (each.options[now] for now in moved.values())
            found |= {(number, its.wish): its for its in after}
        # The round's books are from when it was solved: what there is now has the last word.
        if not all(self._keyed.has(leg) for each in found.values() for leg in each.legs):
            return None
        found = {key: self._keyed.known(its) for key, its in found.items()}
        users = {**self._sharing((option, *found.values())), **found}
        together = [option, *users.values()]
        return found if is_possible(self._keyed.part(together), _renumbered(together)) else None

    def _sharing(self, options: Iterable[Option]) -> dict[Holder, Option]:
        """What has been taken, and matches of the plans, on any resource or pool of these options."""
        found: dict[Holder, Option] = {}
        for option in options:
            for held in _held(option):
                found |= self._users[held]
        return found

    def _put(self, key: Holder, option: Option) -> None:
        """Note where a match stands now."""
        for held in _held(self._kept[key]) if key in self._kept else ():
            self._users[held].pop(key, None)
        # What is there for that round only is none of this problem's.
        option = self._keyed.known(option)
        self._kept[key] = option
        for held in _held(option):
            self._users[held][key] = option

    def _with(self, kept: Iterable[Option]) -> Plan:
        """These matches, whether or not there is room for them."""
        plan = Plan(self._problem)
        for option in _renumbered(kept):
            plan.add(option)
        return plan

    def _options(self, wish: Wish) -> tuple[list[Option], Finding]:
        number = self._numbers.get(wish)
        if number is None:
            return Finder(replace(self._problem, wishes=(wish,))).options(0)
        return self._finder.options(number)

    # -- what is told

    def _in_the_way(self, option: Option) -> set[Holder]:
        """Who has what an option needs: seats of its slot, or time that clashes with it."""
        roads = self._problem.roads
        return {
            key
            for leg in option.legs
            for key, other in self._users[leg.kind, leg.resource].items()
            for its in other.legs
            if (its.kind, its.resource) == (leg.kind, leg.resource)
            and (leg.kind == "slot" or clash(roads, taking(its), taking(leg), self._rest(leg)))
        }

    def _rest(self, leg: Leg) -> int:
        return rest_of(self._rests, leg.kind, leg.resource)

    def _price(self, option: Option, holders: Iterable[Holder]) -> int:
        """What a refused option would take from others, in points; from who has no other place, all."""
        cost = self.cost(option) if self._plan.fits(option) else ENDLESS
        return cost // SCALE if cost < ENDLESS else sum(self._kept[each].value for each in holders)

    def _others(self, free: Sequence[Option], best: Option | None) -> Iterator[Other]:
        """The best option on each other resource."""
        used = {leg.resource for leg in best.legs} if best else set()
        found: dict[tuple[Key, ...], Option] = {}
        for option in free:
            key = tuple(leg.resource for leg in option.legs)
            if not set(key) <= used:
                found.setdefault(key, option)
        for option in list(found.values())[:_OTHERS]:
            yield Other(option, self.cost(option))

    def _told(
        self, finding: Finding, options: Sequence[Option], free: Sequence[Option], best: Option | None
    ) -> Finding:
        if best is not None:
            return finding
        held = {each for option in free for each in counted(option.legs[::-1])}
        taken = {each for option in options for each in counted(option.legs[::-1])} - held
        reasons = (*_reasons(taken, "contest"), *_reasons(held, KEPT_FOR_ROUND))
        return Finding(finding.candidates, finding.reasons + reasons)


class _Keyed:
    """The resources of a problem by their keys."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._slots = {slot.key: slot for slot in problem.slots}
        self._experts = {expert.key: expert for expert in problem.experts}
        self._units = {unit.key: unit for unit in problem.units}
        self._pools = {pool.key for pool in problem.pools}

    def has(self, leg: Leg) -> bool:
        """Whether what a leg takes is there."""
        return any(leg.resource in its for its in (self._slots, self._experts, self._units))

    def known(self, option: Option) -> Option:
        """The option without what is none of this problem's."""
        legs = tuple(leg for leg in option.legs if self.has(leg))
        return option._replace(legs=legs, uses=tuple(use for use in option.uses if use.pool in self._pools))

    def part(self, options: Iterable[Option]) -> Problem:
        """The problem with no resources but those of these options."""
        used: dict[Kind, dict[Key, None]] = {"slot": {}, "expert": {}, "unit": {}}
        for option in options:
            for leg in option.legs:
                used[leg.kind][leg.resource] = None
        return replace(
            self._problem,
            slots=tuple(self._slots[key] for key in used["slot"]),
            experts=tuple(self._experts[key] for key in used["expert"]),
            units=tuple(self._units[key] for key in used["unit"]),
        )


def _held(option: Option) -> Iterator[tuple[str, Key]]:
    """What an option stands on: its resources and pools."""
    yield from ((leg.kind, leg.resource) for leg in option.legs)
    yield from (("pool", use.pool) for use in option.uses)


def _renumbered(options: Iterable[Option]) -> Iterator[Option]:
    """Each of a wish of its own: they are of several rounds, and of none."""
    return (option._replace(wish=-1 - number, company=()) for number, option in enumerate(options))


def _reasons(resources: Iterable[tuple[Kind, Key]], code: str) -> Iterator[Reason]:
    counts: dict[Kind, int] = defaultdict(int)
    for kind, _ in resources:
        counts[kind] += 1
    return (Reason(kind, code, count) for kind, count in sorted(counts.items()))

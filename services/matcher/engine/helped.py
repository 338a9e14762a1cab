"""What would have helped a wish that got nothing: the smallest changes, each tried on the plan itself.

A change of the wish (another day, fewer pupils, a longer way, another topic) or of what is offered (one more
session, an expert, a stay of a unit) gives it options that it did not have. They are put beside all others as
a wish of its own, which the plan does not serve yet. A change is shown only when a plan was found that serves
the changed wish and every wish that was served before: at once, or by serving some of these otherwise. Among
the options of one change those that change least are tried first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from services.matcher.engine import milp
from services.matcher.engine.assemble import assemble
from services.matcher.engine.candidates import Finder
from services.matcher.engine.explain import Settled, filled
from services.matcher.engine.instance import Ints, alone
from services.matcher.engine.model import (
    DAY,
    HUNDRED,
    Leg,
    Limits,
    Option,
    Problem,
    Window,
    Wish,
)
from services.matcher.engine.moves import fitting, neighbours, swap
from services.matcher.engine.neighbourhood import Part, part_of
from services.matcher.engine.rules import limit_counts
from services.matcher.engine.split import parts_of, seats_of
from services.matcher.engine.weights import topics_of
from services.matcher.engine.worth import Added, Latent, dated, extended

# Days by which a window may be moved, parts of a group in percent, distance limits in km.
_DAYS = 14
_PERCENT = (90, 75, 50)
_STEPS_KM = (30, 60, 100, 150, 200, 300)
_MORE_STEPS = 3
# A group is not split into smaller ones than this.
_SMALLEST = 10
ADDED = ("more_sessions", "more_experts", "more_unit_days")
CODES = (
    "another_day", "in_parts", "smaller_group", "longer_distance", "without_expert", "another_programme",
    "another_topic", *ADDED, "may_join",
)  # fmt: skip
# How many options of one change are tried, how many of them by moving others, and how large a part is then.
_WAYS, _MOVING, _PART, _NODES = 60, 12, 8, 20
_NONE: Ints = np.empty(0, dtype=np.int64)
# Of topics: the group that each belongs to; those of one group are nearer to each other than to the rest.
Groups = Mapping[str, str]


class Change(NamedTuple):
    """What would have served a wish, with nobody else going without.

    `code` says what would have to change and `amount` by how much: another_day (days), in_parts (how many, if
    the group were split), smaller_group (the number that could come), longer_distance (the limit in km),
    without_expert (who was to be there beside the session or the stay), another_programme, another_topic
    (`topic` is one of what it would get), more_sessions, more_experts, more_unit_days (`added` says what),
    may_join (with others who have nothing either). `option` is how it would be served, `others` how those
    would be who would have to be served otherwise than they are.
    """

    wish: int
    code: str
    amount: int
    topic: str | None
    added: Added | None
    option: Option
    others: tuple[Option, ...]


class Attempt(NamedTuple):
    """One change of one wish, with the options that it opens, each with its step; the smallest first."""

    wish: int
    code: str
    ways: tuple[tuple[int, Option], ...]


def helped(
    settled: Settled, latent: Latent, unserved: Sequence[int], groups: Groups, should_stop: Callable[[], bool]
) -> Iterator[Change]:
    """Every change that would have helped, wish by wish; ends early when told to stop."""
    tried = [*attempts(settled.problem, latent, unserved, groups), *_joining(settled.problem, unserved)]
    tried.sort(key=lambda attempt: attempt.wish)
    trial = Trial(settled, latent, tried, groups)
    for number in range(len(tried)):
        if should_stop():
            return
        found = trial.change(number)
        if found:
            yield found


# -- what could be changed


def attempts(problem: Problem, latent: Latent, unserved: Sequence[int], groups: Groups) -> list[Attempt]:
    """All that could be tried for these wishes, wish by wish."""
    changed = [(number, code, wish) for number in unserved for code, wish in _changed(problem, number)]
    finder = Finder(replace(problem, wishes=(*problem.wishes, *(wish for _, _, wish in changed))))
    measure = Measure(problem, groups)
    found: dict[tuple[int, str], list[tuple[int, Option]]] = defaultdict(list)
    for at, (number, code, _) in enumerate(changed, len(problem.wishes)):
        for option in finder.options(at)[0]:
            step = measure.step(code, problem.wishes[number], option)
            if step > 0:
                found[number, code].append((step, option))
    for number in unserved:
        for option in latent.options(number):
            found[number, added_by(option).code].append((1, option))
    order = sorted(found, key=lambda key: (key[0], CODES.index(key[1])))
    return [Attempt(*key, tuple(_smallest(found[key]))) for key in order]


def _joining(problem: Problem, unserved: Sequence[int]) -> Iterator[Attempt]:
    """Who could come together with others that have nothing, if its school let it."""
    unwilling = frozenset(number for number in unserved if not problem.wishes[number].may_join)
    if not unwilling:
        return
    free = frozenset(unserved)
    wishes = (replace(wish, may_join=at in free) for at, wish in enumerate(problem.wishes))
    found: dict[int, list[tuple[int, Option]]] = defaultdict(list)
    for option in Finder(replace(problem, wishes=tuple(wishes))).companies():
        asked = unwilling.intersection(option.wishes)
        for number in asked if len(asked) == 1 else ():
            found[number].append((1, option))
    for number, ways in sorted(found.items()):
        yield Attempt(number, "may_join", tuple(_smallest(ways)))


def _standing_in(option: Option, wish: int, number: int) -> Option:
    """The option of a wish as one of another number, for which it is tried."""
    renamed = (each._replace(wish=number) if each.wish == wish else each for each in option.company)
    company = tuple(sorted(renamed, key=lambda each: each.wish != number))
    return option._replace(wish=number, company=company)


def _smallest(ways: Iterable[tuple[int, Option]]) -> list[tuple[int, Option]]:
    """The smallest changes first, and of equals what is worth most."""
    return sorted(ways, key=lambda way: (way[0], -way[1].value))[:_WAYS]


def added_by(option: Option) -> Added:
    """What would have to be added for an option. StopIteration if nothing."""
    return next(leg.resource for leg in option.legs if isinstance(leg.resource, Added))


def _changed(problem: Problem, number: int) -> Iterator[tuple[str, Wish]]:
    wish = problem.wishes[number]
    topics = _wanted(problem, wish)
    yield "another_day", replace(wish, windows=_widened(wish.windows))
    if wish.kind == "visit" and not (wish.may_split or wish.with_expert):
        yield "in_parts", replace(wish, may_split=True)
    for percent in _PERCENT if wish.kind != "expert" else ():
        if wish.size * percent // HUNDRED >= _SMALLEST:
            yield "smaller_group", replace(wish, size=wish.size * percent // HUNDRED)
    farther = [km for km in _STEPS_KM if km > wish.limit_km][:_MORE_STEPS]
    if farther:
        yield "longer_distance", replace(wish, limit_km=float(farther[-1]))
    if wish.programme is not None:
        yield "another_programme", replace(wish, programme=None, topics=topics)
    if wish.with_expert:
        yield "without_expert", replace(wish, with_expert=False)
    if topics:
        yield "another_topic", replace(wish, programme=None, topics=frozenset())


def _wanted(problem: Problem, wish: Wish) -> frozenset[str]:
    named = problem.programmes.get(wish.programme) if wish.programme is not None else None
    return topics_of(wish, named)


def _widened(windows: Iterable[Window]) -> tuple[Window, ...]:
    """The same hours on other days: windows moved by up to so many days, joined where they meet."""
    moved = sorted(
        Window(start + days * DAY, end + days * DAY)
        for start, end in windows
        for days in range(-_DAYS, _DAYS + 1)
    )
    joined = moved[:1]
    for window in moved[1:]:
        last = joined[-1]
        if window.start <= last.end:
            joined[-1] = Window(last.start, max(last.end, window.end))
        else:
            joined.append(window)
    return tuple(joined)


class Measure:
    """How large a change is: in whole steps, of which the smallest are tried first; 0 is no change at all."""

    def __init__(self, problem: Problem, groups: Groups) -> None:
        self._problem, self._groups = problem, groups
        self._slots = {slot.key: slot for slot in problem.slots}
        comers = (
            *((e.key, e.home, e.topics) for e in problem.experts),
            *((u.key, u.base, u.topics) for u in problem.units),
        )
        self._homes = {key: home for key, home, _ in comers}
        self._topics = {key: topics for key, _, topics in comers}
        self._largest = {unit.key: unit.max_group for unit in problem.units}

    def step(self, code: str, before: Wish, option: Option) -> int:
        """Days, pupils left at home, kilometres of the limit, or how far another topic is."""
        leg = option.legs[-1]
        if code == "another_day":
            return max(days_off(before.windows, each) for each in parts_of(option))
        if code == "in_parts":
            return len(option.legs) - 1
        if code == "smaller_group":
            return before.size - (seats_of(option) or leg.quantity) if self._counts_heads(before, leg) else 0
        if code == "longer_distance":
            km = max(self._km(before, each) for each in option.legs if each == leg or limit_counts(before))
            return 0 if km <= before.limit_km else next(step for step in _STEPS_KM if km <= step)
        if code == "another_topic":
            return max(self._away(before, leg) for leg in parts_of(option))
        return 1

    def topics(self, leg: Leg) -> frozenset[str]:
        """Of what a leg takes."""
        if leg.kind == "slot":
            return self._problem.programmes[self._slots[leg.resource].programme].topics
        return self._topics[leg.resource]

    def nearest(self, before: Wish, leg: Leg) -> str:
        """The topic of what a leg takes that is nearest to those wished for."""
        near = self._groups_of(before)
        return min(self.topics(leg), key=lambda topic: (self._groups.get(topic) not in near, topic))

    def _counts_heads(self, before: Wish, leg: Leg) -> bool:
        return leg.kind == "slot" or (leg.kind == "unit" and before.size > self._largest[leg.resource])

    def _away(self, before: Wish, leg: Leg) -> int:
        wanted = _wanted(self._problem, before)
        topics = self.topics(leg)
        if topics & wanted or not topics:
            return 0
        return 1 if any(self._groups.get(topic) in self._groups_of(before) for topic in topics) else 2

    def _groups_of(self, wish: Wish) -> set[str]:
        wanted = _wanted(self._problem, wish)
        return {self._groups[topic] for topic in wanted if topic in self._groups}

    def _km(self, wish: Wish, leg: Leg) -> float:
        if leg.kind == "slot":
            place = self._slots[leg.resource].place
            return self._problem.roads.km(wish.place, place) if place else 0.0
        return self._problem.roads.km(self._homes[leg.resource], wish.place)


def days_off(windows: Iterable[Window], leg: Leg) -> int:
    """By how many days at least a window would have to be moved to hold a leg; 0 if one holds it."""
    found = []
    for start, end in windows:
        least, most = -((end - leg.end) // DAY), (leg.start - start) // DAY
        if least <= most:
            found.append(0 if least <= 0 <= most else min(abs(least), abs(most)))
    return min(found, default=0)


# -- trying it


class Trial:
    """All attempts beside the plan, on one board: each is a wish of its own that the plan does not serve."""

    def __init__(self, settled: Settled, latent: Latent, tried: Sequence[Attempt], groups: Groups) -> None:
        problem = settled.problem
        self._attempts, self._problem, self._measure = tried, problem, Measure(problem, groups)
        self._options = settled.options
        self._base, self._known = len(problem.wishes), len(settled.options)
        more = [
            _standing_in(option, attempt.wish, self._base + at)
            for at, attempt in enumerate(tried)
            for _, option in attempt.ways
        ]
        self._first = self._known + np.cumsum([0, *(len(attempt.ways) for attempt in tried)])
        filler = tuple(problem.wishes[attempt.wish] for attempt in tried)
        wishes = replace(problem, wishes=(*problem.wishes, *filler))
        assembled = assemble(extended(wishes, latent.supply), [*settled.options, *more])
        self._of_wish = alone(assembled.instance)
        self._board, self._plan = filled(assembled, len(wishes.wishes), settled.chosen)

    def change(self, number: int) -> Change | None:
        """The smallest change of an attempt with which nobody goes without, or None."""
        first, last = int(self._first[number]), int(self._first[number + 1])
        fits = fitting(self._board, self._plan, np.arange(first, last))
        ways = self._attempts[number].ways
        beside = int(fits[0]) - first if len(fits) else None
        limit = ways[beside][0] if beside is not None else None
        smaller = [at for at, (step, _) in enumerate(ways) if limit is None or step < limit][:_MOVING]
        moved = self._moving(number, np.array(smaller, dtype=np.int64) + first) if smaller else None
        if moved:
            return self._told(number, moved[0] - first, moved[1])
        return self._told(number, beside, ()) if beside is not None else None

    def _told(self, number: int, at: int, others: tuple[Option, ...]) -> Change:
        attempt = self._attempts[number]
        return _change(self._problem, self._measure, attempt, attempt.ways[at], others)

    def _moving(self, number: int, ways: Ints) -> tuple[int, tuple[Option, ...]] | None:
        """One of the options `ways`, and how others are then served otherwise, if all can be served."""
        board, plan, wish = self._board, self._plan, self._base + number
        near = self._alone(neighbours(board, plan, self._of_wish, wish, _PART, 0))
        old = plan.choice[near[1:]]
        swap(board, plan, old, _NONE)
        new = self._served(near, ways, old) if len(fitting(board, plan, ways)) else _NONE
        done = len(new) == len(near) and self._stand(new)
        swap(board, plan, _NONE, old)
        if not done:
            return None
        own = board.wish[new] == wish
        moved = new[~own & ~np.isin(new, old)]
        return int(new[own][0]), tuple(self._options[option] for option in moved.tolist())

    def _alone(self, near: Ints) -> Ints:
        """Of the wishes around the first, those that come to what they have by themselves."""
        first, now = self._board.beside.first, self._plan.choice[near]
        found: Ints = near[(now < 0) | (first[now + 1] == first[now])]
        return found

    def _served(self, near: Ints, ways: Ints, old: Ints) -> Ints:
        """Options that serve all of `near`, the first of them by one of `ways`; nothing if there are none."""
        part = part_of(self._board, self._plan, self._of_wish, near)
        answer = milp.maximise(
            part.model(_wanting(part, ways, old), self._musts(part, near, ways)),
            start=(),
            limits=Limits(3600.0),
            seed=0,
            nodes=_NODES,
        )
        return part.options[answer.chosen]

    def _musts(self, part: Part, near: Ints, ways: Ints) -> Iterator[milp.Row]:
        """Each is served; the first by one of `ways`."""
        wish = self._board.wish[part.options]
        for each in near:
            members = np.flatnonzero(np.isin(part.options, ways) if each == near[0] else wish == each)
            yield milp.Row(members, np.full(len(members), -1, dtype=np.int64), -1)

    def _stand(self, options: Ints) -> bool:
        """Whether all these fit together beside what is in the plan, by the plan's own rules."""
        board, plan = self._board, self._plan
        put: list[int] = []
        for option in options:
            one = np.array([option], dtype=np.int64)
            if len(fitting(board, plan, one)) == 0:
                break
            swap(board, plan, _NONE, one)
            put.append(int(option))
        swap(board, plan, np.array(put, dtype=np.int64), _NONE)
        return len(put) == len(options)


def told_of(problem: Problem, attempt: Attempt, way: tuple[int, Option], groups: Groups) -> Change:
    """A change by one of the ways of an attempt, for which nobody has to be served otherwise."""
    return _change(problem, Measure(problem, groups), attempt, way, ())


def _change(
    problem: Problem,
    measure: Measure,
    attempt: Attempt,
    way: tuple[int, Option],
    others: tuple[Option, ...],
) -> Change:
    step, option = way
    wish = problem.wishes[attempt.wish]
    added = dated(added_by(option), option.legs[0].start) if attempt.code in ADDED else None
    topic = measure.nearest(wish, option.legs[-1]) if attempt.code == "another_topic" else None
    amount = _AMOUNT.get(attempt.code, _none)(wish, step)
    return Change(
        attempt.wish, attempt.code, amount, topic, added, option._replace(wish=attempt.wish), others
    )


def _wanting(part: Part, ways: Ints, old: Ints) -> np.ndarray:
    """Before all a small change, then that few others are moved."""
    rank = {int(option): len(ways) - at for at, option in enumerate(ways)}
    small = np.array([rank.get(int(option), 0) for option in part.options], dtype=float)
    return small * (_PART + 1) + np.isin(part.options, old)


def _none(_: Wish, step: int) -> int:
    return 0


_AMOUNT: Mapping[str, Callable[[Wish, int], int]] = {
    "another_day": lambda _, step: step,
    "in_parts": lambda _, step: step + 1,
    "smaller_group": lambda wish, step: wish.size - step,
    "longer_distance": lambda _, step: step,
}

"""A plan made fairer by parts: the lowest group gets what others can spare without becoming as low.

Parts are solved anew as in `exactly`, but for people instead of points: as many of the lowest district as can
be, while all that are as low keep what they have and the others stay above. Where no part brings it more, the
next lowest is looked at; townships come after districts, which then keep their percents.
"""

from __future__ import annotations

import numpy as np

from services.matcher.engine import neighbourhood
from services.matcher.engine.chains import openings
from services.matcher.engine.exactly import around, everything, freed, part_answer
from services.matcher.engine.groups import Floors, Groups
from services.matcher.engine.instance import Ints, Table, serving
from services.matcher.engine.leximin import floor_rows
from services.matcher.engine.model import HUNDRED, Limits
from services.matcher.engine.moves import swap
from services.matcher.engine.openings import Doorman
from services.matcher.engine.state import State

# A person of the lowest group counts for so many others when parts are solved anew.
_FIRST = 60
# After so many parts that brought it nothing a group is left as it is.
_PATIENCE = 4
# What must be left of the seconds, where there is a clock.
_LEAVES = 0.8
# The wishes that a part frees. Many take ten times as long: only as a last try, and only so often.
_FEW, _MANY, _MANY_TIMES = 30, 120, 6
# So few options are all put into one part then.
_EVERYTHING = 1_500
# One person more is what counts: who serves nearly the most need not be told from who serves the most.
_LIMITS, _NODES = Limits(3600.0, 1, 0.005), 5


def lift(state: State, groups: Groups, doorman: Doorman, parts: int) -> None:
    """Solve up to so many parts anew, in a small part of the time left; raises Ended when it is over."""
    lifting, left = _Lifting(state, groups, doorman), state.seconds(1)
    for _ in range(parts):
        group = lifting.lowest()
        if group is None or state.seconds(1) < _LEAVES * left:
            return
        lifting.try_for(group)
        state.look()


class _Lifting:
    def __init__(self, state: State, groups: Groups, doorman: Doorman) -> None:
        self._state, self._groups, self._doorman = state, groups, doorman
        self._tries = np.zeros(len(groups.demand), dtype=np.int64)
        value = state.instance.value
        self._many_left = _MANY_TIMES
        self._person = float(value.mean() / groups.people.mean())

    def lowest(self) -> int | None:
        """The group to be looked at next: the lowest district of those not given up, else township."""
        groups = self._groups
        percent = groups.percent(self._served())
        percent[(self._tries >= _PATIENCE) | (groups.demand == 0)] = HUNDRED
        first = groups.districts if groups.districts > 1 else 0
        for among in (slice(0, first), slice(groups.districts, None)):
            if len(percent[among]) and percent[among].min() < HUNDRED:
                return int(among.start + np.argmin(percent[among]))
        return None

    def try_for(self, group: int) -> None:
        """Solve one part anew for it, and count what did not help."""
        before = self._served()
        part, old = self._part(group)
        if part is None:
            self._tries[group] = _PATIENCE
            return
        new = self._most(part, old, group, before)
        swap(self._state.board, self._state.plan, np.empty(0, dtype=np.int64), new)
        gained = self._served()[group] > before[group]
        self._tries[group] = 0 if gained else self._tries[group] + 1

    def _served(self) -> Ints:
        return self._groups.served(self._state.served(self._state.chosen))

    def _part(self, group: int) -> tuple[neighbourhood.Part | None, Ints]:
        """Wishes around one of the group that goes without; None where all of it who could be served are."""
        state = self._state
        open_of_wish = openings(state, self._doorman).by_wish
        without = self._without(group, open_of_wish)
        if not len(without):
            return None, without
        return self._freed(group, open_of_wish, without)

    def _freed(self, group: int, open_of_wish: Table, without: Ints) -> tuple[neighbourhood.Part, Ints]:
        """Few wishes around one that goes without, or as a last try many."""
        state, number = self._state, _FEW
        if self._tries[group] == _PATIENCE - 1 and self._many_left:
            self._many_left -= 1
            number = _MANY
            if state.instance.options <= _EVERYTHING:
                old = state.chosen
                swap(state.board, state.plan, old, np.empty(0, dtype=np.int64))
                return everything(state, np.arange(state.instance.options)), old
        first = int(state.dice.choice(without))
        return freed(state, open_of_wish, around(state, open_of_wish, first, number))

    def _without(self, group: int, open_of_wish: Table) -> Ints:
        of_group = (self._groups.of_wish == group).any(axis=1)
        unserved = np.ones(len(of_group), dtype=bool)
        unserved[self._state.served(self._state.chosen)] = False
        return np.flatnonzero(of_group & unserved & (np.diff(open_of_wish.first) > 0))

    def _most(self, part: neighbourhood.Part, old: Ints, group: int, before: Ints) -> Ints:
        """What the freed wishes have, if as many people of the group as can be are served."""
        state, groups = self._state, self._groups
        pairs = serving(state.instance, part.options)
        others = groups.served(state.served(state.chosen))
        part.rows.extend(floor_rows(Floors(groups, self._least(group, before)), pairs, others))
        of_group = (groups.of_wish[pairs.wish] == group).any(axis=1)
        people = np.bincount(pairs.option, of_group * groups.people[pairs.wish], len(part.options))
        objective = state.instance.value[part.options] + np.rint(_FIRST * self._person * people)
        (answer,) = state.workers.each(
            lambda part: part_answer(part, objective, old, _LIMITS, _NODES), [part]
        )
        return np.asarray(part.options[answer.chosen], dtype=np.int64)

    def _least(self, group: int, before: Ints) -> Ints:
        """What everybody keeps: who is as low all, the others one percent more than the group has."""
        groups = self._groups
        percent = groups.percent(before)
        enough = -(-groups.demand * (percent[group] + 1) // HUNDRED)
        least = np.minimum(before, enough)
        least[group] = before[group]
        if group < groups.districts:
            least[groups.districts :] = 0
        else:
            least[: groups.districts] = -(-groups.demand * percent // HUNDRED)[: groups.districts]
        return np.asarray(least, dtype=np.int64)

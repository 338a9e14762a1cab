"""Parts of a plan solved anew where it misses most of its bound, some at once.

Each is made while the others still have what they had; so the first that is better is taken as it is, and the
next if it fits beside that. What is looked at does not depend on how many threads there are.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from services.matcher.engine import neighbourhood
from services.matcher.engine.chains import openings
from services.matcher.engine.exactly import around, freed, kept_floors, part_answer
from services.matcher.engine.instance import Ints, Table
from services.matcher.engine.missed import Places
from services.matcher.engine.model import Limits
from services.matcher.engine.moves import fill, swap
from services.matcher.engine.openings import Doorman
from services.matcher.engine.state import State

# The wishes that a part frees, at least so many around each whom its place concerns.
_FREED, _FEWEST_AROUND = 60, 3
# How much less a place counts after each vain try.
_FADES = 0.4
# More than there are threads, since one in twenty takes as long as all the others.
_AT_ONCE = 4
_NOTHING: Ints = np.empty(0, dtype=np.int64)


class _Look(NamedTuple):
    """A place, the part around it, and what the part's wishes have."""

    place: int
    part: neighbourhood.Part
    old: Ints


def parts(state: State, doorman: Doorman) -> None:
    """Some parts after some, until many of them brought nothing; raises Ended when it is over."""
    state.return_to_best()
    looking, idle, patience = _Looking(state, doorman), 0, state.effort.patience()
    for _ in range(state.effort.parts()):
        if idle == patience:
            return
        idle = 0 if looking.helps() else idle + 1
        state.look()


class _Looking:
    """Looks at place after place: the more one misses the sooner, the more often in vain the later."""

    def __init__(self, state: State, doorman: Doorman) -> None:
        self._state, self._doorman, self._places = state, doorman, Places(state.instance)
        self._tries: Ints = np.zeros(self._places.number, dtype=np.int64)

    def helps(self) -> bool:
        """Solve some parts anew; whether the plan is worth more since."""
        looks = list(self._looks())
        found = self._state.workers.each(self._best, looks)
        gained = [self._is_taken(look.old, new) for look, new in zip(looks, found, strict=True)]
        for look, has_helped in zip(looks, gained, strict=True):
            self._tries[look.place] = 0 if has_helped else self._tries[look.place] + 1
        return any(gained)

    # -- where to look

    def _looks(self) -> Iterator[_Look]:
        """Around some places by lot, each with wishes of its own."""
        misses = np.concatenate(self._doorman.missed(self._state.chosen)) * _FADES**self._tries
        if not misses.any():
            return
        number, chance = min(_AT_ONCE, int(np.count_nonzero(misses))), misses / misses.sum()
        open_of_wish, theirs = openings(self._state, self._doorman).by_wish, _NOTHING
        for place in self._state.dice.choice(len(misses), number, replace=False, p=chance):
            wishes = np.setdiff1d(self._around(place, open_of_wish), theirs)
            theirs = np.union1d(theirs, wishes)
            yield self._look(int(place), wishes, open_of_wish)

    def _around(self, place: int, open_of_wish: Table) -> Ints:
        """Some of those whom a place concerns, and around each some more."""
        is_open = np.zeros(self._state.instance.options, dtype=bool)
        is_open[open_of_wish.items] = True
        first = self._state.dice.permutation(self._places.concerned(place, is_open))[: _FREED // 2]
        each = 1 + max(_FEWEST_AROUND, _FREED // max(1, len(first)) - 1)
        near = [around(self._state, open_of_wish, int(wish), each) for wish in first]
        every = np.concatenate([first, *near]).astype(np.int64)
        return every[np.sort(np.unique(every, return_index=True)[1])][:_FREED]

    def _look(self, place: int, wishes: Ints, open_of_wish: Table) -> _Look:
        state = self._state
        part, old = freed(state, open_of_wish, wishes)
        part.rows.extend(kept_floors(state, part, state.chosen))
        swap(state.board, state.plan, _NOTHING, old)
        return _Look(place, part, old)

    # -- what comes of it

    def _best(self, look: _Look) -> Ints:
        """What the part's wishes have of it at best."""
        value = self._state.instance.value[look.part.options].astype(float)
        # A clock, where there is one, only ends the search.
        answer = part_answer(look.part, value, look.old, Limits(self._state.seconds(1), 1, 0.0))
        return np.asarray(look.part.options[answer.chosen])

    def _is_taken(self, old: Ints, new: Ints) -> bool:
        """Put the new in the old's place if it is better and fits."""
        state = self._state
        if state.worth(new) <= state.worth(old):
            return False
        state.take(np.setdiff1d(state.chosen, old))
        fill(state.board, state.plan, new)
        if np.isin(new, state.chosen).all() and state.accepts(state.chosen):
            return True
        state.take(np.union1d(np.setdiff1d(state.chosen, new), old))
        return False

"""Wishes by district and by township, and how much of what these ask for is served.

A share is the people served by the people asked for, with those who have something already. What counts is
the share in whole percent, so that one pupil more or less in a district of thousands decides nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from services.matcher.engine.instance import Ints
from services.matcher.engine.model import HUNDRED, Already, Wish


class Groups(NamedTuple):
    """`of_wish` are two numbers a wish: its district, then its township; `people` is its size.

    Groups below `districts` are districts, the others townships; `names` are the district's key, and for a
    township that and its own. `demand` counts the people who ask, in wishes and beside them, `already` those
    beside them who are served.
    """

    of_wish: Ints
    people: Ints
    demand: Ints
    already: Ints
    districts: int
    names: tuple[tuple[Hashable, ...], ...]

    def served(self, wishes: Ints) -> Ints:
        """The people of each group, if these wishes are served beside what is already."""
        return self.already + _people(self.of_wish[wishes], self.people[wishes], len(self.demand))

    def percent(self, served: Ints) -> Ints:
        """Shares in whole percent."""
        return served * HUNDRED // np.maximum(1, self.demand)

    def even(self, people: float) -> float:
        """The share of all districts, if so many people more were shared out evenly.

        Who has a larger share already keeps it, and gets nothing of them.
        """
        already, demand = self.already[: self.districts], self.demand[: self.districts]
        getting = np.ones(self.districts, dtype=bool)
        while True:
            share = (int(already[getting].sum()) + people) / max(1, int(demand[getting].sum()))
            beyond = getting & (already > share * demand)
            if not beyond.any():
                return share
            getting &= ~beyond

    def lowest(self, served: Ints) -> int:
        """The number of the district with the lowest share; of several the first."""
        shares = served[: self.districts] / np.maximum(1, self.demand[: self.districts])
        return int(np.argmin(shares))


class Floors(NamedTuple):
    """So many people of each group are to be served at `least`."""

    groups: Groups
    least: Ints

    @property
    def missing(self) -> Ints:
        """How many of them wishes have to bring, beside who is served already."""
        return np.asarray(np.maximum(0, self.least - self.groups.already), dtype=np.int64)

    def are_kept(self, served: Ints) -> bool:
        """Whether these numbers of people are enough."""
        return bool((served >= self.least).all())


def groups_of(wishes: Sequence[Wish], already: Sequence[Already] = ()) -> Groups:
    """The groups of wishes, numbered as they are met, and of who has something already."""
    beside = sorted(already)
    towns = [(wish.area, wish.township) for wish in wishes] + [(each.area, each.township) for each in beside]
    districts = {key: at for at, key in enumerate(dict.fromkeys((area,) for area, _ in towns))}
    number = {key: at + len(districts) for at, key in enumerate(dict.fromkeys(towns))}
    pairs = [(districts[town[:1]], number[town]) for town in towns]
    of_each = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    people = np.array([wish.size for wish in wishes], dtype=np.int64)
    theirs = np.array([each[2:] for each in beside], dtype=np.int64).reshape(-1, 2)
    of_wish, of_beside = of_each[: len(wishes)], of_each[len(wishes) :]
    groups = len(districts) + len(number)
    asked = _people(of_each, np.concatenate([people, theirs[:, 0]]), groups)
    served = _people(of_beside, theirs[:, 1], groups)
    return Groups(of_wish, people, asked, served, len(districts), (*districts, *number))


def _people(of: Ints, people: Ints, groups: int) -> Ints:
    """The people of each group, where these are of the groups `of`."""
    found = np.zeros(groups, dtype=np.int64)
    for each in of.T:
        np.add.at(found, each, people)
    return found

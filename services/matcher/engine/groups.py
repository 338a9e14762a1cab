"""Wishes by district and by township, and how much of what these ask for is served.

A share is the people served by the people asked for; what counts is the share in whole percent, so that one
pupil more or less in a district of thousands decides nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import NamedTuple

import numpy as np

from services.matcher.engine.instance import Ints
from services.matcher.engine.model import HUNDRED, Wish


class Groups(NamedTuple):
    """`of_wish` are two numbers a wish: its district, then its township; `people` is its size.

    Groups below `districts` are districts, the others townships; `demand` counts the people who ask, `names`
    are the district's key, and for a township that and its own.
    """

    of_wish: Ints
    people: Ints
    demand: Ints
    districts: int
    names: tuple[tuple[Hashable, ...], ...]

    def served(self, wishes: Ints) -> Ints:
        """The people of each group, if these wishes are served."""
        found = np.zeros(len(self.demand), dtype=np.int64)
        for of in self.of_wish.T:
            np.add.at(found, of[wishes], self.people[wishes])
        return found

    def percent(self, served: Ints) -> Ints:
        """Shares in whole percent."""
        return served * HUNDRED // np.maximum(1, self.demand)

    def lowest(self, served: Ints) -> int:
        """The number of the district with the lowest share; of several the first."""
        shares = served[: self.districts] / np.maximum(1, self.demand[: self.districts])
        return int(np.argmin(shares))


class Floors(NamedTuple):
    """So many people of each group are to be served at `least`."""

    groups: Groups
    least: Ints

    def are_kept(self, served: Ints) -> bool:
        """Whether these numbers of people are enough."""
        return bool((served >= self.least).all())


def groups_of(wishes: Sequence[Wish]) -> Groups:
    """The groups of wishes, numbered as they are met."""
    districts = {key: at for at, key in enumerate(dict.fromkeys((wish.area,) for wish in wishes))}
    towns = dict.fromkeys((wish.area, wish.township) for wish in wishes)
    number = {key: at + len(districts) for at, key in enumerate(towns)}
    pairs = [(districts[wish.area,], number[wish.area, wish.township]) for wish in wishes]
    of_wish = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    people = np.array([wish.size for wish in wishes], dtype=np.int64)
    groups = Groups(
        of_wish, people, np.zeros(len(districts) + len(towns), dtype=np.int64), len(districts), ()
    )
    demand = groups.served(np.arange(len(wishes)))
    return groups._replace(demand=demand, names=(*districts, *number))

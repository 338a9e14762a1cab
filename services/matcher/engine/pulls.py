"""What pulls a search towards groups that have little: so many points more for each of their people.

One pull is steep and leaves nobody far behind, whatever it costs: with it the fair plan is found. Another
only keeps floors. The steep one is straightened at what a plan has: it is asked anew as the plan changes.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol

import numpy as np

from services.matcher.engine.groups import Floors, Groups
from services.matcher.engine.instance import Ints
from services.matcher.engine.moves import Lifts

# For districts and for townships: a person is worth (share / even share) ** -_STEEP times the mean, and no
# more than _MOST times; townships come after districts.
_STEEP, _MOST, _WEIGHT = (14.0, 6.0), (60.0, 20.0), (1.0, 0.3)
# What keeps a floor is worth this many means a person, beside the floor's price.
_KEEPING = 0.75


class Steps(NamedTuple):
    """Every person of group `g` is worth `lift[g, k]` points more up to `least[g, k]` of them."""

    least: Ints
    lift: Ints


class Pull(Protocol):
    """Steps for a plan by what it serves."""

    @property
    def groups(self) -> Groups:
        """The groups that are pulled."""
        ...

    def steps(self, served: Ints) -> Steps:
        """The steps where so many people of each group are served."""
        ...


class Steep(NamedTuple):
    """Towards the fair plan: `even` is the share that all could have, `person` the mean worth of one."""

    groups: Groups
    even: float
    person: float

    def steps(self, served: Ints) -> Steps:
        """What one wish less would cost below what is served, and what one more is worth above it."""
        usual = self.groups.people.mean()
        below, above = (self._worth(served + usual * each) for each in (-1, 1))
        least = np.stack([served, self.groups.demand], axis=1)
        return Steps(least, np.rint(np.stack([below - above, above], axis=1)).astype(np.int64))

    def _worth(self, served: np.ndarray) -> np.ndarray:
        """Points a person."""
        share = np.maximum(1e-3, served / np.maximum(1, self.groups.demand)) / max(1e-3, self.even)
        towns = np.arange(len(share)) >= self.groups.districts
        steep, most, weight = (np.where(towns, each[1], each[0]) for each in (_STEEP, _MOST, _WEIGHT))
        if self.groups.districts == 1:
            weight = np.where(towns, 1.0, 0.0)
        return np.asarray(self.person * weight * np.minimum(most, share**-steep))


class Keeping(NamedTuple):
    """To keep floors, whose `prices` are in points a person; `person` is the mean worth of one."""

    floors: Floors
    prices: Ints
    person: float

    @property
    def groups(self) -> Groups:
        """The groups of the floors."""
        return self.floors.groups

    def steps(self, served: Ints) -> Steps:
        """One step for each floor."""
        least = self.floors.least
        lift = np.where(least > 0, self.prices + int(np.ceil(_KEEPING * self.person)), 0)
        return Steps(least[:, None], lift[:, None].astype(np.int64))


class Nothing(NamedTuple):
    """No pull, since there are no groups."""

    groups: Groups

    def steps(self, served: Ints) -> Steps:
        """None."""
        none = np.zeros((0, 1), dtype=np.int64)
        return Steps(none, none)


def no_pull(wishes: int) -> Nothing:
    """For a search that asks for no fairness."""
    nobody, none = np.zeros((wishes, 0), dtype=np.int64), np.zeros(0, dtype=np.int64)
    return Nothing(Groups(nobody, np.zeros(wishes, dtype=np.int64), none, none, 0, ()))


def lifts(pull: Pull, wishes: Ints, mine: int) -> Lifts:
    """The lifts for one side of a plan that serves `wishes`.

    What a group has beyond a step is shared out between the two sides, so that both together keep it.
    """
    served = pull.groups.served(wishes)
    steps = pull.steps(served)
    beyond = np.maximum(0, served[:, None] - steps.least)
    spared = beyond // 2 if mine == 0 else beyond - beyond // 2
    least = np.where(beyond > 0, served[:, None] - spared, steps.least)
    return Lifts(pull.groups.of_wish, pull.groups.people, served, least, steps.lift)


def bonus(pull: Pull, wishes: Ints) -> Ints:
    """By wish: how many points more serving it would be worth than one of usual groups, beside its value."""
    groups, served = pull.groups, pull.groups.served(wishes)
    steps, waiting = pull.steps(served), groups.demand - groups.already
    marginal = (steps.lift * (served[:, None] < steps.least)).sum(axis=1).astype(np.float64)
    for part in (slice(0, groups.districts), slice(groups.districts, None)):
        usual = marginal[part] @ waiting[part] / max(1, int(waiting[part].sum()))
        marginal[part] = np.maximum(0.0, marginal[part] - usual)
    more = marginal[groups.of_wish].sum(axis=1) * groups.people
    return np.asarray(more, dtype=np.int64)

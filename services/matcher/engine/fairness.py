"""What is fair: floors from the plan that leaves the worst-off least behind, and ceilings above it.

A ceiling says that no plan serves more people of some districts than so many, whatever it does to the others:
then no plan can give each of these a larger share than that, and the lowest share is no larger either.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from services.matcher.engine.certify import certify
from services.matcher.engine.groups import Floors, Groups
from services.matcher.engine.instance import Certificate, Instance, Ints, narrowed, served, serving
from services.matcher.engine.model import HUNDRED
from services.matcher.engine.prices import SCALE, Relaxation, Watch, seek
from services.matcher.engine.workers import Workers

# The steps of the descent for a ceiling, by options of the instance.
_STEPS, _FEWEST_STEPS, _STEPPED = 160, 60, 8_000_000


class Fair(NamedTuple):
    """The groups of the wishes, and how much of the fair plan each of them is to keep, in percent."""

    groups: Groups
    policy: int

    def floors(self, wishes: Ints) -> Floors:
        """The floors, if the fair plan serves these wishes; none for a district that is the only one."""
        least = self.groups.served(wishes) * self.policy // HUNDRED
        if self.groups.districts == 1:
            least[0] = 0
        return Floors(self.groups, least)

    def rank(self, instance: Instance, chosen: Ints) -> tuple[list[int], list[int], int]:
        """Of two plans the fairer has the larger: lowest shares first, of districts, then of townships."""
        percent = self.groups.percent(self.groups.served(served(instance, chosen)))
        among = self.groups.districts if self.groups.districts > 1 else 0
        districts, towns = sorted(percent[:among].tolist()), sorted(percent[self.groups.districts :].tolist())
        return districts, towns, int(instance.value[chosen].sum())


class Ceiling(NamedTuple):
    """No wishes of these districts together bring more people than `certificate.bound`, in hundredths.

    The certificate is about `options` alone, which are all of their wishes, at one point a person.
    """

    districts: Ints
    options: Ints
    certificate: Certificate


class Fairness(NamedTuple):
    """What came of it: the fair plan by options, the floors, what proves the plan, and what it all costs.

    `value` (points) and `people` are how much more the best could be without floors, by prices; None while
    floors have none.
    """

    plan: list[int]
    floors: Floors
    ceilings: tuple[Ceiling, ...]
    value: int | None
    people: int | None

    @property
    def highest(self) -> float:
        """The lowest share of all districts is above this in no plan; 1 where nothing is proven."""
        return min([1.0, *map(self._share, self.ceilings)])

    def _share(self, ceiling: Ceiling) -> float:
        """The share of its districts' people that a ceiling allows, with who is served already."""
        groups, districts = self.floors.groups, ceiling.districts
        already, demand = (int(each[districts].sum()) for each in (groups.already, groups.demand))
        return (already + ceiling.certificate.bound / SCALE) / demand


def ceilings(
    instance: Instance, groups: Groups, people: Ints, workers: Workers, watch: Watch
) -> tuple[Ceiling, ...]:
    """Over all districts together, and over the one alone that has the lowest share."""
    lowest = np.array([groups.lowest(people)])
    everywhere = np.arange(groups.districts)
    if len(everywhere) < 2:
        return ()
    return tuple(_ceiling(instance, groups, each, workers, watch) for each in (everywhere, lowest))


def _ceiling(instance: Instance, groups: Groups, districts: Ints, workers: Workers, watch: Watch) -> Ceiling:
    pairs = serving(instance, np.arange(instance.options))
    mine = np.isin(groups.of_wish[pairs.wish, 0], districts)
    people = np.bincount(pairs.option[mine], groups.people[pairs.wish[mine]], instance.options)
    options = np.unique(pairs.option[mine])
    there = narrowed(instance, options)._replace(value=people[options].astype(np.int64))
    relaxation = Relaxation(there, workers)
    steps = max(_FEWEST_STEPS, min(_STEPS, _STEPPED // max(1, len(options))))
    relaxed = seek(relaxation, steps, watch)
    return Ceiling(districts, options, certify(relaxation, relaxed.prices))

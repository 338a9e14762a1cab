"""Districts and townships for tests: drawn for the wishes of an instance that stands for no region."""

from __future__ import annotations

import random

import numpy as np

from services.matcher.engine.groups import Groups
from tests.builders.problems import Size, problem


def drawn(seed: int, size: Size) -> Groups:
    """Groups of the problem of that seed and size: one to three districts of one or two townships each."""
    dice = random.Random(seed)
    wishes = problem(seed, size).wishes
    districts = min(dice.choice([1, 2, 3]), len(wishes))
    areas = [number if number < districts else dice.randrange(districts) for number in range(len(wishes))]
    towns = [(area, dice.randrange(2)) for area in areas]
    number = {town: districts + at for at, town in enumerate(dict.fromkeys(towns))}
    of_wish = np.array([(area, number[town]) for area, town in zip(areas, towns, strict=True)])
    people = np.array([wish.size for wish in wishes])
    nobody = np.zeros(districts + len(number), dtype=np.int64)
    groups = Groups(of_wish, people, nobody, districts, tuple((at,) for at in range(len(nobody))))
    return groups._replace(demand=groups.served(np.arange(len(wishes))))

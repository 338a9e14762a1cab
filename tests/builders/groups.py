"""Districts and townships for tests: drawn for the wishes of an instance that stands for no region."""

from __future__ import annotations

import random
from dataclasses import replace

from services.matcher.engine.groups import Groups, groups_of
from services.matcher.engine.model import Already
from tests.builders.problems import Size, problem


def drawn(seed: int, size: Size) -> Groups:
    """Groups of the problem of that seed and size: one to three districts of one or two townships each.

    With every other seed there are people beside the wishes, in some of these townships or in others.
    """
    dice = random.Random(seed)
    wishes = problem(seed, size).wishes
    districts = min(dice.choice([1, 2, 3]), len(wishes))
    areas = [number if number < districts else dice.randrange(districts) for number in range(len(wishes))]
    placed = [
        replace(wish, area=str(area), township=str(dice.randrange(2)))
        for wish, area in zip(wishes, areas, strict=True)
    ]
    return groups_of(placed, _already(dice, districts) if seed % 2 else ())


def _already(dice: random.Random, districts: int) -> list[Already]:
    """Of up to three townships, of which one may be in a district that has no wish."""
    towns = {(dice.randrange(districts + 1), dice.randrange(3)) for _ in range(dice.choice([1, 2, 3]))}
    asked = {town: dice.choice([10, 40, 200]) for town in sorted(towns)}
    return [
        Already(str(area), str(town), people, dice.choice([0, people // 2, people]))
        for (area, town), people in asked.items()
    ]

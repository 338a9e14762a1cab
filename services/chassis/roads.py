"""Ways between places of one region: by the usual formula, and over known legs where these are shorter.

A known leg is a road of a certain length between two places. Nobody lives at its very ends, so a way may lead
by the formula to one end, over the leg, and on from the other, and over as many legs as make it shorter. That
is a shortest path, and so what it says is a distance: as far as back, and no detour is shorter.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from operator import add
from typing import NamedTuple

from services.chassis.geo import ROAD_FACTOR, Point, distance_km, driving_minutes, usual_km

Matrix = tuple[tuple[float, ...], ...]
# Places of which it is remembered where legs take them: more than a region has.
_REMEMBERED = 1 << 14
# What is gained by less than this, in km, are the last digits of a float.
GAIN = 1e-9


class Leg(NamedTuple):
    """A known road: as many km from `a` to `b` as back."""

    a: Point
    b: Point
    km: float


class LegRefused(ValueError):
    """A leg that cannot be: shorter than the great circle, or longer than the formula, which is careful."""


class Roads:
    """The roads of one region; without legs, the formula."""

    def __init__(self, legs: Iterable[Leg] = ()) -> None:
        """Raises LegRefused."""
        known = [checked(leg) for leg in legs]
        self.ends: tuple[Point, ...] = tuple(sorted({end for leg in known for end in leg[:2]}))
        self.between: Matrix = _shortest(self.ends, known)
        self._shortcuts = lru_cache(_REMEMBERED)(self._found)

    def km(self, a: Point, b: Point) -> float:
        """Kilometres by road, to the last digit as many as back."""
        start, goal = (a, b) if a <= b else (b, a)
        best = usual_km(start, goal)
        for km, end in self._shortcuts(start):
            if km >= best:
                break
            best = min(best, km + usual_km(end, goal))
        return best

    def minutes(self, a: Point, b: Point, month: int) -> int:
        """Minutes by road in a month of 1 to 12, rounded up; none where both are the same place."""
        return 0 if a == b else driving_minutes(self.km(a, b), month)

    def within(self, place: Point, km: float) -> list[tuple[Point, float]]:
        """Circles, centres and straight radii in km, that together hold what is within `km` by road."""
        around = [(km, place), *((km - way, end) for way, end in self._shortcuts(place))]
        return [(centre, left / ROAD_FACTOR) for left, centre in around if left > 0]

    def _found(self, place: Point) -> list[tuple[float, Point]]:
        """The ends that legs bring nearer to a place, and how near, the nearest first."""
        usual = [usual_km(place, end) for end in self.ends]
        ways = (min(map(add, usual, row)) for row in self.between)
        told = zip(ways, usual, self.ends, strict=True)
        return sorted((way, end) for way, direct, end in told if way < direct - GAIN)


def checked(leg: Leg) -> Leg:
    """The leg; raises LegRefused."""
    least, most = distance_km(leg.a, leg.b), usual_km(leg.a, leg.b)
    if not least <= leg.km <= most:
        raise LegRefused(f"{leg.km} km between {leg.a} and {leg.b} are not {least:.1f} to {most:.1f}")
    return leg


def _shortest(ends: Sequence[Point], legs: Iterable[Leg]) -> Matrix:
    """Kilometres between all ends, over as many legs as make it shorter (Floyd and Warshall)."""
    ways = {(a, b): usual_km(a, b) for a in ends for b in ends}
    for a, b, km in legs:
        ways[a, b] = ways[b, a] = min(km, ways[a, b])
    for over in ends:
        for a in ends:
            first = ways[a, over]
            ways |= {(a, b): min(ways[a, b], first + ways[over, b]) for b in ends}
    return tuple(tuple(ways[a, b] for b in ends) for a in ends)

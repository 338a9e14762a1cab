"""Distance and travel time between two places: the one formula that everybody uses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0088
ROAD_FACTOR = (
    1.25  # a road's length over the great circle's; published legs give 1.05 to 1.21, so this is careful
)
SPEED_KMH = 55.0
HANDLING_MINUTES = 15.0  # setting off, arriving, finding the door
# Winter roads: how much longer the same way takes, by month.
MONTH_FACTORS: Mapping[int, float] = {11: 1.1, 12: 1.25, 1: 1.25, 2: 1.25, 3: 1.1}


class Point(NamedTuple):
    """A place in degrees, WGS 84."""

    lat: float
    lon: float


Legs = Mapping[frozenset[Point], float]
"""Known road lengths in km between two places, either way round."""


def distance_km(a: Point, b: Point) -> float:
    """The great circle between two places."""
    north, east = math.radians(b.lat - a.lat) / 2, math.radians(b.lon - a.lon) / 2
    chord = (
        math.sin(north) ** 2
        + math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat)) * math.sin(east) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def road_km(a: Point, b: Point, legs: Legs | None = None) -> float:
    """The way by road: its known length, or the great circle with the usual detour."""
    known = legs.get(frozenset((a, b))) if legs else None
    return distance_km(a, b) * ROAD_FACTOR if known is None else known


def travel_minutes(a: Point, b: Point, month: int, legs: Legs | None = None) -> int:
    """Minutes from one place to another in a month of 1 to 12, rounded up; none where they are the same."""
    if a == b:
        return 0
    driving = road_km(a, b, legs) / SPEED_KMH * 60 * MONTH_FACTORS.get(month, 1.0)
    return math.ceil(driving + HANDLING_MINUTES)

"""Distance and travel time: the formula; `roads` adds the lengths that are known, and is what all use."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

EARTH_RADIUS_KM = 6371.0088
# A road's length over the great circle's where nothing is known; published legs give 1.05 to 1.21.
ROAD_FACTOR = 1.25
SPEED_KMH = 55.0
HANDLING_MINUTES = 15.0  # setting off, arriving, finding the door
# Winter roads: how much longer the same way takes, by month.
MONTH_FACTORS: Mapping[int, float] = {11: 1.1, 12: 1.25, 1: 1.25, 2: 1.25, 3: 1.1}


class Point(NamedTuple):
    """A place in degrees, WGS 84."""

    lat: float
    lon: float


def distance_km(a: Point, b: Point) -> float:
    """The great circle between two places."""
    north, east = math.radians(b.lat - a.lat) / 2, math.radians(b.lon - a.lon) / 2
    chord = (
        math.sin(north) ** 2
        + math.cos(math.radians(a.lat)) * math.cos(math.radians(b.lat)) * math.sin(east) ** 2
    )
    return 2 * EARTH_RADIUS_KM * math.asin(min(1.0, math.sqrt(chord)))


def usual_km(a: Point, b: Point) -> float:
    """The great circle with the usual detour: a way of whose roads nothing is known."""
    return distance_km(a, b) * ROAD_FACTOR


def driving_minutes(km: float, month: int) -> int:
    """Minutes for so many kilometres of road in a month of 1 to 12, rounded up, and to set off and arrive."""
    return math.ceil(km / SPEED_KMH * 60 * MONTH_FACTORS.get(month, 1.0) + HANDLING_MINUTES)

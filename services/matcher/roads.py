"""The chassis's formulas of distance, travel time and daylight, in the engine's words."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import date

import numpy as np

from services.chassis import geo, sun
from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import Floats
from services.matcher.engine.model import Place

_FACTORS = np.array([geo.MONTH_FACTORS.get(month, 1.0) for month in range(13)])
# Nearer to a whole minute than this, the last digits of a float might decide: the plain formula does.
_CLOSE = 1e-9
_EPOCH = date(1970, 1, 1).toordinal()


class RegionRoads:
    """Implements the engine's Roads, and its Batched."""

    def km(self, a: Place, b: Place) -> float:
        """Road kilometres."""
        return geo.road_km(_point(a), _point(b))

    def minutes(self, a: Place, b: Place, month: int) -> int:
        """Minutes by road in that month, 0 where the places are the same."""
        return geo.travel_minutes(_point(a), _point(b), month)

    def km_many(self, places: Sequence[Place], a: Ints, b: Ints) -> Floats:
        """Road kilometres from `places[a[i]]` to `places[b[i]]`, up to the last digits of a float."""
        lat, lon = np.radians(_degrees(places)).T
        north, east = (lat[b] - lat[a]) / 2, (lon[b] - lon[a]) / 2
        chord = np.sin(north) ** 2 + np.cos(lat[a]) * np.cos(lat[b]) * np.sin(east) ** 2
        arc: Floats = 2 * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
        return arc * (geo.EARTH_RADIUS_KM * geo.ROAD_FACTOR)

    def minutes_many(self, places: Sequence[Place], a: Ints, b: Ints, months: Ints) -> Ints:
        """Minutes from `places[a[i]]` to `places[b[i]]` in `months[i]`: exactly what `minutes` says."""
        driving = self.km_many(places, a, b) / geo.SPEED_KMH * 60 * _FACTORS[months]
        exact = driving + geo.HANDLING_MINUTES
        found: Ints = np.ceil(exact).astype(np.int64)
        degrees = _degrees(places)
        same = (degrees[a] == degrees[b]).all(axis=1)
        for at in np.flatnonzero((np.abs(exact - np.rint(exact)) < _CLOSE) & ~same).tolist():
            found[at] = self.minutes(places[a[at]], places[b[at]], int(months[at]))
        found[same] = 0
        return found

    def longest(self, places: Sequence[Place]) -> int:
        """Minutes that no journey between two of the places passes: along two sides of the box they fill."""
        sides = float(np.radians(np.ptp(_degrees(places), axis=0)).sum())
        driving = sides * geo.EARTH_RADIUS_KM * geo.ROAD_FACTOR / geo.SPEED_KMH * 60
        return math.ceil(driving * float(_FACTORS.max()) + geo.HANDLING_MINUTES) + 1


class RegionSun:
    """Implements the engine's Sun."""

    def daylight(self, place: Place, day: int) -> tuple[int, int]:
        """The minutes of that day (since 1970-01-01) at which the sun rises and sets at `place`."""
        return sun.daylight(_point(place), date.fromordinal(_EPOCH + day))


def _point(place: Place) -> geo.Point:
    return tuple.__new__(geo.Point, place)  # both are (lat, lon); asked so often that the constructor counts


def _degrees(places: Sequence[Place]) -> Floats:
    return np.array(places, dtype=np.float64).reshape(-1, 2)

"""The chassis's roads, travel time and daylight, in the engine's words."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import date

import numpy as np

from services.chassis import geo, sun
from services.chassis.roads import GAIN, Roads
from services.matcher.engine.instance import Ints
from services.matcher.engine.journeys import Floats
from services.matcher.engine.model import Place

_FACTORS = np.array([geo.MONTH_FACTORS.get(month, 1.0) for month in range(13)])
# Nearer to a whole minute than this, the last digits of a float might decide: the plain formula does.
_CLOSE = 1e-9
_EPOCH = date(1970, 1, 1).toordinal()


class RegionRoads:
    """Implements the engine's Roads, and its Batched; by the formula alone unless roads are given."""

    def __init__(self, known: Roads | None = None) -> None:
        self._known = known or Roads()

    def km(self, a: Place, b: Place) -> float:
        """Road kilometres."""
        return self._known.km(_point(a), _point(b))

    def minutes(self, a: Place, b: Place, month: int) -> int:
        """Minutes by road in that month, 0 where the places are the same."""
        return self._known.minutes(_point(a), _point(b), month)

    def km_many(self, places: Sequence[Place], a: Ints, b: Ints) -> Floats:
        """Road kilometres from `places[a[i]]` to `places[b[i]]`, up to the last digits of a float."""
        here = np.radians(_degrees(places)).T
        km = _usual(here[:, a], here[:, b])
        for first, onward in self._over_ends(here):
            np.minimum(km, first[a] + onward[b], out=km)
        return km

    def _over_ends(self, here: Floats) -> Iterator[tuple[Floats, Floats]]:
        """For each end that legs bring nearer to some of the places: km to it by them, and by the formula."""
        ends = np.radians(_degrees(self._known.ends)).T
        direct = [_usual(here, end[:, None]) for end in ends.T]
        for onward, row in zip(direct, self._known.between, strict=True):
            first = np.min([way + more for way, more in zip(direct, row, strict=True)], axis=0)
            if (first < onward - GAIN).any():
                yield first, onward

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
        """Minutes that no journey between two of the places passes: along two sides of the box they fill.

        What is known is no longer than what is usual.
        """
        sides = float(np.radians(np.ptp(_degrees(places), axis=0)).sum())
        driving = sides * geo.EARTH_RADIUS_KM * geo.ROAD_FACTOR / geo.SPEED_KMH * 60
        return math.ceil(driving * float(_FACTORS.max()) + geo.HANDLING_MINUTES) + 1


class RegionSun:
    """Implements the engine's Sun."""

    def daylight(self, place: Place, day: int) -> tuple[int, int]:
        """The minutes of that day (since 1970-01-01) at which the sun rises and sets at `place`."""
        return sun.daylight(_point(place), date.fromordinal(_EPOCH + day))


def _usual(a: Floats, b: Floats) -> Floats:
    """Kilometres by the formula between places in radians, a row of latitudes and one of longitudes."""
    (north, east), (lat_a, _), (lat_b, _) = (b - a) / 2, a, b
    chord = np.sin(north) ** 2 + np.cos(lat_a) * np.cos(lat_b) * np.sin(east) ** 2
    arc: Floats = 2 * np.arcsin(np.minimum(1.0, np.sqrt(chord)))
    return arc * (geo.EARTH_RADIUS_KM * geo.ROAD_FACTOR)


def _point(place: Place) -> geo.Point:
    return tuple.__new__(geo.Point, place)  # both are (lat, lon); asked so often that the constructor counts


def _degrees(places: Sequence[tuple[float, float]]) -> Floats:
    return np.array(places, dtype=np.float64).reshape(-1, 2)

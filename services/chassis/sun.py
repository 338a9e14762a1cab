"""When the sun rises and sets: the formula of NOAA's solar calculator, for the region's clock.

Source: gml.noaa.gov/grad/solcalc, "Calculation Details", after Meeus, Astronomical Algorithms.
"""

from __future__ import annotations

import math
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from services.chassis.geo import Point

CLOCK_MINUTES = 8 * 60  # the region's clock is UTC+8 the whole year
# Where the sun's upper edge touches the horizon: half its width and what the air bends.
ZENITH = 90.833
# A place is taken to a twentieth of a degree: at most some seconds, and many neighbours have one answer.
_STEPS = 20
_JULIAN_2000 = date(2000, 1, 1).toordinal()  # its noon begins the count of centuries


class Daylight(NamedTuple):
    """Whole minutes of the day, by the region's clock, at which the sun rises and sets."""

    rises: int
    sets: int


def daylight(place: Point, day: date) -> Daylight:
    """Sunrise and sunset of that day at that place, to about a minute.

    Where the sun does not rise, both are its noon; where it does not set, twelve hours before and after.
    """
    return _daylight(round(place.lat * _STEPS), round(place.lon * _STEPS), day.toordinal())


@lru_cache(maxsize=1 << 16)
def _daylight(lat: int, lon: int, ordinal: int) -> Daylight:
    declination, equation = _sun(ordinal)
    noon = 720 - 4 * lon / _STEPS - equation + CLOCK_MINUTES
    half = 4 * math.degrees(_half_day(math.radians(lat / _STEPS), declination))
    return Daylight(round(noon - half), round(noon + half))


def _half_day(lat: float, declination: float) -> float:
    """The angle from noon to sunset."""
    high = math.cos(math.radians(ZENITH)) - math.sin(lat) * math.sin(declination)
    cosine = high / (math.cos(lat) * math.cos(declination))
    return math.acos(max(-1.0, min(1.0, cosine)))


def _sun(ordinal: int) -> tuple[float, float]:
    """The sun's declination, and the minutes that a sundial is fast, at noon of the region's clock."""
    century = (ordinal - _JULIAN_2000 - CLOCK_MINUTES / 1440) / 36525
    mean = math.radians((280.46646 + century * (36000.76983 + century * 0.0003032)) % 360)
    anomaly = math.radians(357.52911 + century * (35999.05029 - 0.0001537 * century))
    orbit = 0.016708634 - century * (0.000042037 + 0.0000001267 * century)
    node = math.radians(125.04 - 1934.136 * century)
    tilt = math.radians(23.439291 - 0.0130042 * century + 0.00256 * math.cos(node))
    seen = mean + math.radians(_centre(century, anomaly) - 0.00569 - 0.00478 * math.sin(node))
    return math.asin(math.sin(tilt) * math.sin(seen)), _equation(mean, anomaly, orbit, tilt)


def _centre(century: float, anomaly: float) -> float:
    """Degrees by which the sun is ahead of its mean place."""
    first = 1.914602 - century * (0.004817 + 0.000014 * century)
    return (
        first * math.sin(anomaly)
        + (0.019993 - 0.000101 * century) * math.sin(2 * anomaly)
        + 0.000289 * math.sin(3 * anomaly)
    )


def _equation(mean: float, anomaly: float, orbit: float, tilt: float) -> float:
    """The equation of time, in minutes."""
    y = math.tan(tilt / 2) ** 2
    return 4 * math.degrees(
        y * math.sin(2 * mean)
        - 2 * orbit * math.sin(anomaly)
        + 4 * orbit * y * math.sin(anomaly) * math.cos(2 * mean)
        - y * y / 2 * math.sin(4 * mean)
        - 5 / 4 * orbit * orbit * math.sin(2 * anomaly)
    )

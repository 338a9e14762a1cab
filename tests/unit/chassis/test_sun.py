"""Sunrise and sunset, beside an ephemeris that owes nothing to the formula."""

from __future__ import annotations

from datetime import date

import pytest

from services.chassis.geo import Point
from services.chassis.sun import daylight

CHIFENG = Point(42.26, 118.89)


# Computed with PyEphem 4 (VSOP87; upper edge, refraction 34', no height), seconds left out.
@pytest.mark.parametrize(
    ("day", "rises", "sets"),
    [
        (date(2026, 12, 22), 7 * 60 + 30, 16 * 60 + 35),
        (date(2027, 1, 15), 7 * 60 + 31, 16 * 60 + 56),
        (date(2027, 3, 21), 6 * 60 + 7, 18 * 60 + 17),
        (date(2027, 6, 21), 4 * 60 + 27, 19 * 60 + 44),
        (date(2027, 9, 10), 5 * 60 + 38, 18 * 60 + 24),
        (date(2027, 11, 5), 6 * 60 + 41, 16 * 60 + 53),
    ],
)
def test_the_sun_of_chifeng_is_within_two_minutes_of_an_ephemeris(day: date, rises: int, sets: int) -> None:
    found = daylight(CHIFENG, day)
    assert abs(found.rises - rises) <= 2
    assert abs(found.sets - sets) <= 2


def test_neighbours_have_the_same_day_and_the_west_a_later_one() -> None:
    day = date(2027, 12, 1)
    assert daylight(Point(42.261, 118.891), day) == daylight(CHIFENG, day)
    assert daylight(Point(42.26, 117.89), day).rises == daylight(CHIFENG, day).rises + 4


def test_where_the_sun_stays_up_or_down_the_day_is_whole_or_empty() -> None:
    north = Point(85, 118.89)
    summer, winter = daylight(north, date(2027, 6, 21)), daylight(north, date(2027, 12, 22))
    assert summer.sets - summer.rises == 24 * 60
    assert winter.sets == winter.rises

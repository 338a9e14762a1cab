"""Distance and travel time: the formula against published roads of the region."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.geo import Point, distance_km, road_km, travel_minutes

LINDONG, DABAN, JINGPENG = Point(43.963, 119.403), Point(43.526, 118.662), Point(43.257, 117.532)
POINTS = st.builds(Point, st.floats(41.2, 45.4), st.floats(116.3, 121.0))


@pytest.mark.parametrize(("a", "b", "published"), [(LINDONG, DABAN, 85), (DABAN, JINGPENG, 115)])
def test_the_usual_detour_is_not_far_from_published_roads(a: Point, b: Point, published: float) -> None:
    assert published <= road_km(a, b) <= published * 1.25


def test_a_known_road_counts_either_way_round() -> None:
    legs = {frozenset((LINDONG, DABAN)): 85.0}
    assert road_km(DABAN, LINDONG, legs) == 85.0
    assert travel_minutes(DABAN, LINDONG, 6, legs) == 108


def test_winter_roads_take_longer() -> None:
    assert (
        travel_minutes(LINDONG, DABAN, 1)
        > travel_minutes(LINDONG, DABAN, 3)
        > travel_minutes(LINDONG, DABAN, 7)
    )


def test_staying_takes_no_time() -> None:
    assert travel_minutes(DABAN, DABAN, 1) == 0


@given(POINTS, POINTS)
def test_there_is_as_far_as_back(a: Point, b: Point) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert distance_km(a, b) >= 0


@given(POINTS, POINTS, POINTS)
def test_no_detour_is_shorter(a: Point, b: Point, c: Point) -> None:
    assert distance_km(a, c) <= distance_km(a, b) + distance_km(b, c) + 1e-9

"""Distance and travel time by the formula."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.geo import Point, distance_km, driving_minutes

POINTS = st.builds(Point, st.floats(41.2, 45.4), st.floats(116.3, 121.0))


def test_winter_roads_take_longer() -> None:
    assert [driving_minutes(85.0, month) for month in (1, 3, 7)] == [131, 117, 108]


@given(POINTS, POINTS)
def test_there_is_as_far_as_back(a: Point, b: Point) -> None:
    assert distance_km(a, b) == pytest.approx(distance_km(b, a))
    assert distance_km(a, b) >= 0


@given(POINTS, POINTS, POINTS)
def test_no_detour_is_shorter(a: Point, b: Point, c: Point) -> None:
    assert distance_km(a, c) <= distance_km(a, b) + distance_km(b, c) + 1e-9

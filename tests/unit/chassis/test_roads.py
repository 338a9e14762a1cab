"""Known roads: whom they help, how far, and that what comes out is a distance."""

from __future__ import annotations

from itertools import pairwise, permutations
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.domain.holds import Place as CatalogPlace
from services.catalog.usecases.holds import ROADS as OF_CATALOG
from services.chassis.geo import Point, distance_km, driving_minutes, usual_km
from services.chassis.region import KNOWN_ROADS, ROADS, read_roads
from services.chassis.roads import Leg, LegRefused, Roads
from services.experts.domain import Place as ExpertsPlace
from services.experts.usecases.holds import ROADS as OF_EXPERTS
from services.matcher.engine.model import Place
from services.matcher.roads import RegionRoads

LINDONG, DABAN, JINGPENG = (
    Point(43.960889, 119.362931),
    Point(43.534414, 118.66518),
    Point(43.264988, 117.545797),
)
HONGSHAN, NINGCHENG = Point(42.296588, 118.953854), Point(41.601375, 119.318876)
POINTS = st.builds(Point, st.floats(41.2, 45.4), st.floats(116.3, 121.0))
# Legs of all lengths that there can be, so that many ways lead over several.
SHARES = st.lists(st.tuples(POINTS, POINTS, st.floats(0, 1)), max_size=5)


def _legs(shares: list[tuple[Point, Point, float]]) -> list[Leg]:
    ways = ((a, b, distance_km(a, b), usual_km(a, b), share) for a, b, share in shares)
    return [Leg(a, b, min(most, least + share * (most - least))) for a, b, least, most, share in ways]


def test_the_regions_published_roads_are_as_long_as_they_say() -> None:
    assert ROADS.km(LINDONG, DABAN) == ROADS.km(DABAN, LINDONG) == 85.0
    assert ROADS.km(DABAN, JINGPENG) == 115.0
    assert ROADS.km(JINGPENG, LINDONG) == 174.0
    assert ROADS.minutes(DABAN, LINDONG, 6) == driving_minutes(85.0, 6) == 108
    assert ROADS.minutes(DABAN, LINDONG, 1) == driving_minutes(85.0, 1) == 131
    assert ROADS.minutes(DABAN, DABAN, 1) == 0


def test_who_lives_near_an_end_goes_over_the_leg() -> None:
    village, hamlet = Point(44.0, 119.4), Point(43.5, 118.6)
    over = usual_km(village, LINDONG) + 85.0 + usual_km(DABAN, hamlet)
    assert ROADS.km(village, hamlet) == pytest.approx(over)
    assert over < usual_km(village, hamlet)


def test_whoever_is_not_on_the_way_is_left_to_the_formula() -> None:
    assert ROADS.km(HONGSHAN, NINGCHENG) == usual_km(HONGSHAN, NINGCHENG)
    assert ROADS.km(HONGSHAN, LINDONG) == usual_km(HONGSHAN, LINDONG)


@settings(max_examples=150, deadline=None)
@given(SHARES, st.lists(POINTS, min_size=3, max_size=3, unique=True))
def test_known_roads_leave_a_distance(shares: list[tuple[Point, Point, float]], places: list[Point]) -> None:
    legs = _legs(shares)
    roads = Roads(legs)
    for a, b, c in permutations([*places, *roads.ends[:2]], 3):
        assert roads.km(a, b) == roads.km(b, a)
        assert distance_km(a, b) - 1e-6 <= roads.km(a, b) <= usual_km(a, b)
        assert roads.km(a, c) <= roads.km(a, b) + roads.km(b, c) + 1e-6
        assert roads.minutes(a, c, 1) <= roads.minutes(a, b, 1) + roads.minutes(b, c, 1)
    assert all(roads.km(leg.a, leg.b) <= leg.km + 1e-6 for leg in legs)


@settings(max_examples=100, deadline=None)
@given(SHARES, POINTS, POINTS, st.floats(1, 400))
def test_circles_hold_what_is_near_by_road(
    shares: list[tuple[Point, Point, float]], here: Point, there: Point, limit: float
) -> None:
    roads = Roads(_legs(shares))
    km = roads.km(here, there)
    inside = any(distance_km(centre, there) <= radius for centre, radius in roads.within(here, limit))
    assert abs(km - limit) < 1e-6 or inside == (km < limit)


def _in_catalog(point: Point) -> CatalogPlace:
    return CatalogPlace(*point, adcode="150422")


def _in_experts(point: Point) -> ExpertsPlace:
    return ExpertsPlace(*point, adcode="150422")


def test_all_who_judge_a_journey_agree() -> None:
    places = [LINDONG, DABAN, JINGPENG, HONGSHAN, Point(44.0, 119.4), Point(43.5, 118.6), Point(43.2, 117.0)]
    engine = RegionRoads(ROADS)
    for a, b in pairwise([*places, *places[::2], *places[::3]]):
        km, minutes = ROADS.km(a, b), ROADS.minutes(a, b, 2)
        assert OF_CATALOG.road_km(_in_catalog(a), _in_catalog(b)) == km
        assert OF_CATALOG.travel_minutes(_in_catalog(a), _in_catalog(b), 2) == minutes
        assert OF_EXPERTS.road_km(_in_experts(a), _in_experts(b)) == km
        assert OF_EXPERTS.travel_minutes(_in_experts(a), _in_experts(b), 2) == minutes
        assert engine.km(Place(*a), Place(*b)) == km
        assert engine.minutes(Place(*a), Place(*b), 2) == minutes


@pytest.mark.parametrize(
    ("km", "source", "told"),
    [("60", "measured", "73"), ("92", "measured", "91"), ("85", " ", "source"), ("x", "measured", "float")],
)
def test_a_leg_that_cannot_be_is_refused_with_its_line(
    tmp_path: Path, km: str, source: str, told: str
) -> None:
    head, first, *_ = KNOWN_ROADS.read_text("utf-8").splitlines()
    row = [*first.split(",")[:6], km, source]
    file = tmp_path / "known_roads.csv"
    file.write_text(f"{head}\n{','.join(row)}\n", "utf-8")
    with pytest.raises(LegRefused, match=f"line 2: .*{told}"):
        read_roads(file)


def test_a_region_without_known_roads_has_the_formula(tmp_path: Path) -> None:
    file = tmp_path / "known_roads.csv"
    file.write_text(KNOWN_ROADS.read_text("utf-8").splitlines()[0] + "\n", "utf-8")
    assert read_roads(file).km(LINDONG, DABAN) == usual_km(LINDONG, DABAN)

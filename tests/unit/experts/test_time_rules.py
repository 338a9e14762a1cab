"""Experts' rules, one by one, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from services.chassis import region
from services.chassis.roads import Roads
from services.experts import domain
from services.experts.domain import Appointment, Limits, Place, Window
from services.experts.usecases.holds import ROADS
from tests.unit.catalog.test_hold_rules import code_of

HERE, THERE = Place(42.0, 118.0, "150402"), Place(43.0, 118.0, "150424")
# Monday, nine in the morning in Chifeng.
START = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
HALF_PAST = START + 0.5 * HOUR
FREE = [Window(START - timedelta(days=60), START + timedelta(days=60))]
LIMITS = Limits("active", HERE, None, None, None, None)


class FlatRoads:
    """One degree is 100 km, an hour by road."""

    def road_km(self, a: Place, b: Place) -> float:
        return 100 * abs(a.lat - b.lat)

    def travel_minutes(self, a: Place, b: Place, month: int) -> float:
        return 60 * abs(a.lat - b.lat) + 0 * month

    def daylight(self, place: Place, day: date) -> tuple[int, int]:
        """From seven to five."""
        return 7 * 60, 17 * 60


def at(start: datetime, hours: float = 1, place: Place = HERE) -> Appointment:
    """An appointment of some hours."""
    return Appointment(start, start + timedelta(hours=hours), place)


def judged(
    wanted: Appointment, *booked: Appointment, windows: list[Window] | None = None, **limits: object
) -> str | None:
    """The code with which the rules refuse the appointment, or None."""
    of = replace(LIMITS, **limits)  # type: ignore[arg-type]
    free = FREE if windows is None else windows
    return code_of(domain.check_time, of, free, list(booked), wanted, FlatRoads())


@pytest.mark.parametrize(
    ("hours", "place", "code"),
    [
        (0.5, HERE, "expert_busy"),
        (1.0, HERE, None),
        (1.9, THERE, "expert_travel"),
        (2.0, THERE, None),
        (-1.0, HERE, None),
        (-1.9, THERE, "expert_travel"),
        (-2.0, THERE, None),
    ],
)
def test_an_expert_needs_time_on_the_road_both_ways(hours: float, place: Place, code: str | None) -> None:
    assert judged(at(START + hours * HOUR, place=place), at(START)) == code


def test_a_known_road_lets_an_expert_be_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """林东 to 大板 are 85 km, and by the formula 91.6: in March 117 minutes, or 125; 90 km are the limit."""
    home, there = Place(43.960889, 119.362931, "150422"), Place(43.534414, 118.66518, "150423")
    limits, wanted = replace(LIMITS, home=home, travel_limit_km=90), at(START + 3 * HOUR, place=there)
    check = (domain.check_time, limits, FREE, [at(START, place=home)], wanted, ROADS)
    assert code_of(*check) is None
    monkeypatch.setattr(region, "ROADS", Roads())
    assert code_of(*check) == "expert_too_far"
    assert code_of(domain.check_time, LIMITS, *check[2:]) == "expert_travel"


@pytest.mark.parametrize(
    ("hours", "place", "code"),
    [
        (1.4, HERE, "expert_rest"),
        (1.5, HERE, None),
        (2.4, THERE, "expert_rest"),
        (2.5, THERE, None),
        (-1.4, HERE, "expert_rest"),
        (-2.5, THERE, None),
        (1.9, THERE, "expert_travel"),
    ],
)
def test_an_expert_rests_after_an_engagement_and_then_sets_out(
    hours: float, place: Place, code: str | None
) -> None:
    assert judged(at(START + hours * HOUR, place=place), at(START), rest_minutes=30) == code


# An hour by road from home; START is nine, and light is from seven to five.
@pytest.mark.parametrize(
    ("hours", "place", "daylight_only", "code"),
    [
        (-1, THERE, True, None),
        (-1.01, THERE, True, "expert_daylight"),
        (-1.01, THERE, False, None),
        (6, THERE, True, None),
        (6.01, THERE, True, "expert_daylight"),
        (10, HERE, True, None),
    ],
)
def test_who_travels_in_daylight_leaves_home_after_sunrise_and_is_back_by_sunset(
    hours: float, place: Place, daylight_only: bool, code: str | None
) -> None:
    assert judged(at(START + hours * HOUR, place=place), daylight_only=daylight_only) == code


def test_only_the_neighbours_in_time_matter() -> None:
    booked = [
        at(START - 5 * HOUR, place=THERE),
        at(START - 1 * HOUR),
        at(START + 1 * HOUR),
        at(START + 9 * HOUR),
    ]
    assert judged(at(START), *booked) is None


@pytest.mark.parametrize(
    ("windows", "code"),
    [
        ([], "expert_unavailable"),
        ([Window(START, START + HOUR)], None),
        ([Window(START, START + 0.9 * HOUR)], "expert_unavailable"),
        (
            [Window(START - HOUR, START + 0.5 * HOUR), Window(START + 0.5 * HOUR, START + 3 * HOUR)],
            "expert_unavailable",
        ),
    ],
)
def test_one_window_contains_the_whole_engagement(windows: list[Window], code: str | None) -> None:
    assert judged(at(START), windows=windows) == code


def test_adjoining_windows_are_joined_before_they_are_kept() -> None:
    half = START + 0.5 * HOUR
    joined = domain.tidy([Window(half, START + HOUR), Window(START, half)])
    assert joined == [Window(START, START + HOUR)]
    assert code_of(domain.tidy, [Window(START, START + HOUR), Window(half, START + 2 * HOUR)]) == (
        "availability_overlaps"
    )
    assert code_of(domain.tidy, [Window(START, START)]) == "availability_overlaps"


@pytest.mark.parametrize(
    ("days", "caps", "code"),
    [
        ([0], {"cap_day": 1}, "expert_cap_day"),
        ([1], {"cap_day": 1}, None),
        ([1, 6], {"cap_week": 2}, "expert_cap_week"),
        ([-1, 7], {"cap_week": 1}, None),
        ([-14, 16], {"cap_month": 2}, "expert_cap_month"),
        ([-15, 17], {"cap_month": 1}, None),
        ([1, 2, 3], {}, None),
    ],
)
def test_caps_count_by_day_week_and_month(days: list[int], caps: dict[str, Any], code: str | None) -> None:
    booked = [at(START + timedelta(days=day, hours=3)) for day in days]
    assert judged(at(START), *booked, **caps) == code


def test_the_day_of_a_cap_is_the_regions_day() -> None:
    # 23:30 and 00:30 in Chifeng lie on two days, though UTC has them on one.
    evening = at(datetime(2027, 3, 15, 15, 30, tzinfo=UTC), 0.25)
    night = at(datetime(2027, 3, 15, 16, 30, tzinfo=UTC), 0.25)
    assert judged(night, evening, cap_day=1) is None


def test_distance_and_state_come_first() -> None:
    assert judged(at(START, place=THERE), travel_limit_km=99) == "expert_too_far"
    assert judged(at(START, place=THERE), travel_limit_km=100) is None
    assert judged(at(START), state="paused", windows=[]) == "expert_paused"

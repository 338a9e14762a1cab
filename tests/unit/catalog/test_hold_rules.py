"""Catalog's rules about holds and stops, one by one, without a database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import pytest

from schemas.refusal import Refusal
from services.catalog.domain import holds, units
from services.catalog.domain.holds import Hold, Place, Seats, Wish
from services.catalog.domain.units import Stop, Unit, Window

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
START = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)
END = START + timedelta(hours=2)
HERE, THERE = Place(42.0, 118.0, "150402"), Place(43.0, 118.0, "150424")
WISH = Wish(
    uuid4(), uuid4(), uuid4(), "slot", uuid4(), 10, START, END, None, None, NOW + timedelta(minutes=30)
)
SEATS = Seats("open", START, END, 30, 0, None, 0, None, 5, 40, "published")
CARAVAN = Unit(uuid4(), "active", HERE, 1, 1, 0, 1, 500, 200, None, [])


class FlatRoads:
    """One degree is 100 km, at 100 km/h; twice as long in January."""

    def road_km(self, a: Place, b: Place) -> float:
        return 100 * abs(a.lat - b.lat)

    def travel_minutes(self, a: Place, b: Place, month: int) -> float:
        return 60 * abs(a.lat - b.lat) * (2 if month == 1 else 1)


def code_of(act: object, *arguments: object) -> str | None:
    """The code with which the rule refuses, or None."""
    try:
        act(*arguments)  # type: ignore[operator]
    except Refusal as refusal:
        return refusal.code
    return None


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"resource_kind": "expert"}, "hold_not_here"),
        ({"ends_at": START}, "hold_period_invalid"),
        ({"starts_at": NOW}, "hold_period_past"),
        ({"expires_at": NOW}, "hold_expired"),
    ],
)
def test_a_wish_must_make_sense(change: dict[str, object], code: str | None) -> None:
    assert code_of(holds.check_wish, replace(WISH, **change), NOW) == code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"state": "cancelled"}, "slot_cancelled"),
        ({"state": "closed"}, "slot_closed"),
        ({"programme_state": "withdrawn"}, "programme_not_published"),
        ({"starts_at": START - timedelta(minutes=1)}, "slot_moved"),
        ({"round_id": UUID(int=1)}, "slot_for_other_round"),
        ({"min_group": 11}, "group_too_small"),
        ({"max_group": 9}, "group_too_large"),
        ({"groups_limit": 2, "groups_taken": 2}, "slot_groups_full"),
        ({"taken": 20}, None),
        ({"taken": 21}, "not_enough_seats"),
    ],
)
def test_seats_are_given_by_named_rules(change: dict[str, object], code: str | None) -> None:
    assert code_of(holds.check_seats, replace(SEATS, **change), WISH) == code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"company_id": None}, "company_miscounted"),
        ({"together": None}, "company_miscounted"),
        ({"together": 9}, "company_miscounted"),
        ({"resource_kind": "unit"}, "company_miscounted"),
    ],
)
def test_a_company_is_counted(change: dict[str, object], code: str | None) -> None:
    together = replace(WISH, company_id=uuid4(), together=23)
    assert code_of(holds.check_wish, replace(together, **change), NOW) == code  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("together", "least", "code"), [(23, 20, None), (23, 24, "group_too_small"), (41, 5, "group_too_large")]
)
def test_a_company_is_held_to_the_limits_of_a_group(together: int, least: int, code: str | None) -> None:
    wish = replace(WISH, company_id=uuid4(), together=together)
    assert code_of(holds.check_seats, replace(SEATS, min_group=least), wish) == code


def test_who_joins_its_company_is_no_further_group() -> None:
    full = replace(SEATS, groups_limit=1, groups_taken=1)
    wish = replace(WISH, company_id=uuid4(), together=20)
    assert code_of(holds.check_seats, full, wish) == "slot_groups_full"
    holds.check_seats(full, wish, joins=True)


def test_a_slot_without_round_serves_any_round_and_its_own_round_serves_itself() -> None:
    round_id = uuid4()
    of_round = replace(WISH, round_id=round_id)
    assert code_of(holds.check_seats, SEATS, of_round) is None
    assert code_of(holds.check_seats, replace(SEATS, round_id=round_id), of_round) is None


def _hold_of(wish: Wish, **changes: object) -> Hold:
    values = {
        "hold_id": wish.hold_id, "state": "held", "version": 1, "match_id": wish.match_id,
        "leg_id": wish.leg_id, "slot_id": wish.resource_id, "quantity": wish.quantity,
        "starts_at": wish.starts_at, "ends_at": wish.ends_at, "round_id": None, "expires_at": wish.expires_at,
    }  # fmt: skip
    return Hold(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({}, None),
        ({"state": "confirmed"}, None),
        ({"expires_at": NOW + timedelta(days=9)}, None),
        ({"quantity": 11}, "hold_conflict"),
        ({"match_id": UUID(int=1)}, "hold_conflict"),
        ({"state": "released"}, "hold_released"),
        ({"state": "expired"}, "hold_expired"),
        ({"state": "refused_late"}, "hold_released"),
    ],
)
def test_the_same_hold_again_gets_its_answer(change: dict[str, object], code: str | None) -> None:
    assert code_of(holds.check_again, _hold_of(WISH, **change), WISH) == code


def test_a_place_sent_along_with_seats_is_no_conflict() -> None:
    assert code_of(holds.check_again, _hold_of(WISH), replace(WISH, place=HERE)) is None


def test_what_was_never_held_is_unknown() -> None:
    assert code_of(holds.check_live, None) == "hold_unknown"


STOP = Stop(START, START, START + timedelta(hours=6), HERE)
UNIT_WISH = replace(WISH, resource_kind="unit", place=HERE)


@pytest.mark.parametrize(
    ("unit", "stop", "code"),
    [
        ({}, {}, None),
        ({"state": "paused"}, {}, "unit_paused"),
        ({"round_id": UUID(int=1)}, {}, "unit_for_other_round"),
        ({"max_group": 9}, {}, "group_too_large"),
        ({"min_dwell_days": 2, "max_dwell_days": 9}, {}, "unit_dwell"),
        ({}, {"ends_at": START + timedelta(days=1)}, "unit_dwell"),
        ({"travel_limit_km": 50}, {"place": THERE}, "unit_too_far"),
        ({"km_budget": 199}, {"place": THERE}, "unit_mileage"),
        ({"km_budget": 200}, {"place": THERE}, None),
        ({"windows": [Window(START, START + timedelta(hours=5))]}, {}, "unit_unavailable"),
        ({"windows": [Window(NOW, START + timedelta(hours=6))]}, {}, None),
    ],
)
def test_stops_are_given_by_named_rules(
    unit: dict[str, object], stop: dict[str, object], code: str | None
) -> None:
    wanted, of = replace(STOP, **stop), replace(CARAVAN, **unit)  # type: ignore[arg-type]
    assert code_of(units.check_stop, of, [], wanted, UNIT_WISH, FlatRoads()) == code


@pytest.mark.parametrize(
    ("hours", "place", "code"),
    [
        (5.9, HERE, "unit_busy"),
        (6.0, HERE, None),
        (6.9, THERE, "unit_travel"),
        (7.0, THERE, None),
        (-6.0, HERE, None),
        (-6.9, THERE, "unit_travel"),
    ],
)
def test_a_unit_needs_its_time_on_the_road(hours: float, place: Place, code: str | None) -> None:
    start = START + timedelta(hours=hours)
    wanted = Stop(start, start, start + timedelta(hours=6), place)
    unit = replace(CARAVAN, max_dwell_days=2)
    assert code_of(units.check_stop, unit, [STOP], wanted, UNIT_WISH, FlatRoads()) == code


def test_stops_of_one_week_are_one_tour_and_of_two_weeks_two() -> None:
    unit, day = replace(CARAVAN, km_budget=250), timedelta(days=1)
    monday = START - START.astimezone(units.SHANGHAI).weekday() * day
    first = replace(STOP, occupied_from=monday, starts_at=monday, place=THERE)
    for days, code in ((1, None), (6, None), (7, "unit_mileage"), (40, None)):
        start = monday + days * day
        wanted = Stop(start, start, start + timedelta(hours=6), THERE)
        assert code_of(units.check_mileage, unit, [first], wanted, FlatRoads()) == code, days


def test_roads_are_longer_in_winter() -> None:
    january = STOP.starts_at.replace(month=1)
    stay = Stop(january, january, january + timedelta(hours=6), HERE)
    start = january + timedelta(hours=7.5)
    wanted = Stop(start, start, start + timedelta(hours=6), THERE)
    assert code_of(units.check_travel, [stay], wanted, FlatRoads()) == "unit_travel"


def test_set_up_days_are_whole_days_of_the_region() -> None:
    # 01:00 UTC is nine in the morning in Chifeng; two days of set-up begin at midnight there.
    assert units.occupied_from(START, 2) == datetime(2027, 3, 12, 16, 0, tzinfo=UTC)
    assert units.occupied_from(START, 0) == START


@pytest.mark.parametrize(
    ("hours", "days"),
    [(1, 1), (14.9, 1), (15, 1), (15.1, 2), (39, 2), (39.1, 3)],
)
def test_dwell_days_are_the_regions_days_that_a_stop_touches(hours: float, days: int) -> None:
    assert units.dwell_days(START, START + timedelta(hours=hours)) == days

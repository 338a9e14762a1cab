"""Catalog's rules about publishing and changing slots, and the days of a weekly rule."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import pytest

from services.catalog.domain import slots
from services.catalog.domain.rights import Mandate, area_prefix
from services.catalog.domain.slots import Rule, Term
from tests.unit.catalog.test_hold_rules import code_of

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)


def test_a_weekly_rule_names_its_days_in_order() -> None:
    rule = Rule([1, 4], time(9, 30), date(2027, 3, 1), date(2027, 3, 14))
    assert [day.day for day in slots.days_of(rule)] == [1, 4, 8, 11]
    assert slots.start_on(rule, date(2027, 3, 4)) == datetime(2027, 3, 4, 1, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("last", "code"),
    [
        (date(2027, 2, 28), "days_inverted"),
        (date(2037, 3, 1), "rule_too_long"),
        (date(9999, 12, 31), "rule_too_long"),
    ],
)
def test_a_rule_has_an_end_in_sight(last: date, code: str) -> None:
    assert code_of(slots.days_of, Rule([1, 2, 3, 4, 5], time(9), date(2027, 3, 1), last)) == code


@pytest.mark.parametrize(
    ("start", "hours", "lead", "code"),
    [
        (timedelta(days=1), 1, 0, None),
        (timedelta(days=1), 0, 0, "slot_ends_before_start"),
        (timedelta(0), 1, 0, "slot_past"),
        (timedelta(days=6, hours=23), 1, 7, "slot_too_soon"),
        (timedelta(days=7), 1, 7, None),
        (timedelta(days=800), 1, 0, "slot_too_late"),
    ],
)
def test_a_slot_has_a_time_that_can_be(start: timedelta, hours: float, lead: int, code: str | None) -> None:
    starts_at = NOW + start
    assert code_of(slots.check_time, starts_at, starts_at + timedelta(hours=hours), NOW, lead) == code


def test_a_closed_day_is_the_regions_day() -> None:
    closures = [{"first_day": date(2027, 3, 5), "last_day": date(2027, 3, 5)}]
    late = datetime(2027, 3, 4, 15, 0, tzinfo=UTC)  # eleven in the evening of the 4th in Chifeng
    assert code_of(slots.check_venue_open, late, late + timedelta(hours=1), closures) is None
    assert code_of(slots.check_venue_open, late, late + timedelta(hours=2), closures) == "venue_closed"


SLOT = {
    "seats": 30, "taken": 20, "groups_limit": None, "groups_taken": 2, "round_id": None, "starts_at": NOW,
    "ends_at": NOW + timedelta(hours=1),
}  # fmt: skip


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"seats": 20}, None),
        ({"seats": 19}, "seats_below_taken"),
        ({"groups_limit": 1}, "seats_below_taken"),
        ({"groups_limit": 2}, None),
        ({"starts_at": NOW - timedelta(hours=1)}, "slot_has_holds"),
        ({"round_id": 1}, "slot_has_holds"),
        ({"starts_at": NOW}, None),
    ],
)
def test_what_is_taken_bounds_a_change(change: dict[str, object], code: str | None) -> None:
    assert code_of(slots.check_change, SLOT, change) == code


KINDS = {date(2027, 3, day): "school_day" for day in range(1, 32)} | {date(2027, 3, 7): "makeup"}
CITY_TERM = Term("150400", date(2027, 3, 1), date(2027, 3, 20))
OWN_TERM = Term("150424", date(2027, 3, 8), date(2027, 3, 31))


@pytest.mark.parametrize(
    ("day", "terms", "adcode", "lessons"),
    [
        (7, [], "150402", True),
        (25, [CITY_TERM], "150402", False),
        (25, [CITY_TERM, OWN_TERM], "150424", True),
        (3, [CITY_TERM, OWN_TERM], "150424", False),
        (3, [CITY_TERM, OWN_TERM], "150402", True),
    ],
)
def test_lessons_follow_the_calendar_and_the_nearest_terms(
    day: int, terms: list[Term], adcode: str, lessons: bool
) -> None:
    assert slots.is_school_day(date(2027, 3, day), KINDS, terms, adcode) is lessons


def test_a_year_that_was_not_loaded_is_unknown() -> None:
    assert code_of(slots.is_school_day, date(2028, 3, 1), KINDS, [], "150402") == "calendar_unknown"


@pytest.mark.parametrize(
    ("adcode", "prefix"),
    [("150400", "1504"), ("150402", "150402"), ("150000", "15"), ("150402001000", "150402001")],
)
def test_an_area_is_what_its_code_begins_with(adcode: str, prefix: str) -> None:
    assert area_prefix(adcode) == prefix


def test_only_coordinators_cover_an_area() -> None:
    assert Mandate(role="coordinator", area="150400").covers("150402")
    assert not Mandate(role="coordinator", area="150402").covers("150424")
    assert not Mandate(role="operator", area="150400").covers("150402")
    assert not Mandate().covers("150402")

"""Two appointments of one expert or unit: when they clash and when there is time for the way."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

from deploy.check.rules.places import Stay, clashes
from services.chassis.geo import Point

WHO = UUID(int=1)
HONGSHAN, AOHAN = Point(42.2966, 118.9539), Point(42.2908, 119.9216)  # about 80 km apart
NINE = datetime(2026, 12, 7, 1, tzinfo=UTC)


def stay(start_minutes: int, minutes: int, point: Point, who: UUID = WHO, setup: int = 0) -> Stay:
    start = NINE + timedelta(minutes=start_minutes)
    return Stay(
        who, uuid4(), start - timedelta(minutes=setup), start, start + timedelta(minutes=minutes), point
    )


def test_an_overlap_is_a_clash() -> None:
    (how,) = clashes("expert", [stay(0, 60, HONGSHAN), stay(30, 60, HONGSHAN)]).values()
    assert how == "overlap by 30 minutes"


def test_touching_appointments_at_one_place_are_fine() -> None:
    assert not clashes("expert", [stay(0, 60, HONGSHAN), stay(60, 60, HONGSHAN)])


def test_too_little_time_for_the_way_is_a_clash() -> None:
    (how,) = clashes("expert", [stay(0, 60, HONGSHAN), stay(75, 60, AOHAN)]).values()
    assert "of 15 minutes" in how


def test_enough_time_for_the_way_is_fine() -> None:
    assert not clashes("expert", [stay(0, 60, HONGSHAN), stay(360, 60, AOHAN)])


def test_set_up_counts_as_time_at_the_place() -> None:
    assert clashes("unit", [stay(0, 60, HONGSHAN), stay(360, 60, AOHAN, setup=290)])


def test_two_people_do_not_meet() -> None:
    assert not clashes("expert", [stay(0, 60, HONGSHAN), stay(30, 60, AOHAN, who=UUID(int=2))])

"""What is lent of a resource: when it comes to more than there is."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

from deploy.check.rules.sharing import Lent, overdrawn

NINE = datetime(2026, 12, 7, 1, tzinfo=UTC)


def lent(start_minutes: int, minutes: int = 60, quantity: int = 1, which: int = 1) -> Lent:
    start = NINE + timedelta(minutes=start_minutes)
    return Lent(UUID(int=which), "guide", 2, quantity, start, start + timedelta(minutes=minutes))


def test_as_many_as_there_are_is_fine_and_one_more_is_not() -> None:
    assert not overdrawn([lent(0), lent(30)])
    (how,) = overdrawn([lent(0), lent(30), lent(59)]).values()
    assert how == "3 are lent at one time, there are 2"


def test_what_ends_is_back_for_what_begins() -> None:
    assert not overdrawn([lent(0, quantity=2), lent(60, quantity=2), lent(120, quantity=2)])


def test_each_resource_is_counted_by_itself() -> None:
    uses = [lent(0, quantity=2), lent(0, quantity=3, which=2)]
    assert list(overdrawn(uses)) == [f"guide {UUID(int=2)}"]

"""What catalog does with what it has heard: the calendar in weekly rules, rounds in slots and holds."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from services.catalog.domain.rights import Mandate
from services.catalog.domain.slots import CalendarUnknown, RoundTakesNoSlots, RoundUnknown
from services.catalog.usecases import hearing, holds, slots
from services.chassis.auth import Actor
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from tests.builders.catalog import NOW, START, a_programme, a_slot, seats_in
from tests.fixtures.scratch import Scratch

CITY = Mandate(None, "coordinator", "150400")
ACT: dict[str, Any] = {"now": NOW, "mandate": CITY, "actor": Actor.system("test")}


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    """A catalog of this module's own."""
    return scratch("catalog")


def a_rule(programme: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Half past nine on each weekday of two weeks, on school days."""
    days = {"first_day": date(2027, 3, 8), "last_day": date(2027, 3, 21), "weekdays": [1, 2, 3, 4, 5]}
    capacity = {"seats": 30, "groups_limit": None, "round_id": None}
    rule = {"programme_id": programme["id"], "time": "09:30", **days, **capacity, "school_days_only": True}
    return {**rule, **changes}


def hear_calendar(conn: Connection, year: int, version: int, holidays: set[date]) -> None:
    """A year of weekdays and weekends, with these holidays."""
    first = date(year, 1, 1)
    days = [first + timedelta(days=n) for n in range(365)]
    kinds = [{"day": str(day), "kind": _kind(day, holidays), "name": None} for day in days]
    hearing.hear(
        conn,
        aggregate="calendar",
        aggregate_id=UUID(int=year),
        state={"year": year, "days": kinds},
        version=version,
    )


def _kind(day: date, holidays: set[date]) -> str:
    if day in holidays:
        return "holiday"
    return "school_day" if day.isoweekday() < 6 else "weekend"


def hear_round(conn: Connection, round_id: UUID, state: str, version: int) -> None:
    """A round as matcher tells of it."""
    told = {"id": str(round_id), "adcode": "150400", "state": state}
    hearing.hear(conn, aggregate="round", aggregate_id=round_id, state=told, version=version)


def test_a_rule_for_school_days_asks_the_calendar_and_the_terms(store: Store) -> None:
    with store.transaction() as conn:
        programme = a_programme(conn)
        with pytest.raises(CalendarUnknown):
            slots.publish_by_rule(conn, **ACT, item=a_rule(programme, first_day=date(2027, 3, 2)))
        hear_calendar(conn, 2027, 2, {date(2027, 3, 10)})
        hear_calendar(conn, 2027, 1, set())  # older news change nothing
        term = {"adcode": "150402", "first_day": "2027-03-01", "last_day": "2027-03-17"}
        hearing.hear(conn, aggregate="terms", aggregate_id=UUID(int=1), state={"terms": [term]}, version=1)
        made, skipped = slots.publish_by_rule(conn, **ACT, item=a_rule(programme))
    assert [slot["starts_at"].day for slot in made] == [8, 9, 11, 12, 15, 16, 17]
    assert [(day["day"].day, day["reason"]) for day in skipped] == [
        (10, "no_school_day"),
        (18, "no_school_day"),
        (19, "no_school_day"),
    ]


def test_capacity_goes_to_rounds_that_are_known_and_not_over(store: Store) -> None:
    round_id = new_id()
    with store.transaction() as conn:
        programme = a_programme(conn)
        item = {"programme_id": programme["id"], "ends_at": None, "seats": 30, "groups_limit": None}

        def publish(starts_at: datetime) -> dict[str, Any]:
            wish = {**item, "starts_at": starts_at, "round_id": round_id}
            return slots.publish_slot(conn, **ACT, item=wish)

        with pytest.raises(RoundUnknown):
            publish(START)
        hear_round(conn, round_id, "open", 1)
        assert publish(START)["round_id"] == round_id
        hear_round(conn, round_id, "published", 2)
        with pytest.raises(RoundTakesNoSlots):
            publish(START + timedelta(days=1))


def test_a_rounds_slot_serves_that_round_alone(store: Store) -> None:
    round_id = new_id()
    with store.transaction() as conn:
        kept, free = a_slot(conn, round_id=round_id), a_slot(conn)
        wishes = [
            seats_in(kept, round_id=None),
            seats_in(kept, round_id=new_id()),
            seats_in(kept, round_id=round_id),
            seats_in(free, round_id=round_id),
        ]
        outcomes = holds.hold_many(conn, now=NOW, actor=None, wishes=wishes)
    assert [out.code for out in outcomes] == ["slot_for_other_round"] * 2 + [None, None]


def test_a_batch_of_holds_is_judged_item_by_item_and_answered_in_order(store: Store) -> None:
    with store.transaction() as conn:
        slot = a_slot(conn, seats=30)
        wishes = [seats_in(slot, size) for size in (20, 20, 10, 1)]
        outcomes = holds.hold_many(conn, now=NOW, actor=None, wishes=wishes)
        again = holds.hold_many(conn, now=NOW, actor=None, wishes=wishes)
    assert [out.outcome for out in outcomes] == ["held", "refused", "held", "refused"]
    assert [out.hold_id for out in outcomes] == [wish.hold_id for wish in wishes]
    assert [out.outcome for out in again] == [out.outcome for out in outcomes]


def test_lapsed_holds_make_room_in_the_same_command(store: Store) -> None:
    with store.transaction() as conn:
        slot = a_slot(conn, seats=30)
        first, second = seats_in(slot, 30), seats_in(slot, 30, expires_at=NOW + timedelta(hours=2))
        holds.hold_many(conn, now=NOW, actor=None, wishes=[first])
        later = first.expires_at
        outcome = holds.hold_many(conn, now=later, actor=None, wishes=[second])[0]
        gone = holds.confirm_many(conn, now=later, actor=None, hold_ids=[first.hold_id])[0]
    assert (outcome.outcome, gone.code) == ("held", "hold_expired")


def test_a_refusal_tells_what_is_free(store: Store) -> None:
    with store.transaction() as conn:
        slot = a_slot(conn, seats=30)
        outcomes = holds.hold_many(conn, now=NOW, actor=None, wishes=[seats_in(slot, 25), seats_in(slot, 25)])
    assert outcomes[1].params == {"free": 5, "wanted": 25}

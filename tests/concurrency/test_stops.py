"""A travelling unit, wanted by many at once: never in two places, set-up days and roads included."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from schemas.refusal import Busy
from services.catalog.domain.holds import Outcome, Wish
from services.catalog.domain.units import Stop
from services.catalog.storage import holds as storage
from services.catalog.usecases import holds
from services.chassis.store import Connection, Store
from tests.builders.catalog import HONGSHAN, LINXI, NOW, START, a_stop_of, a_unit
from tests.concurrency.parallel import each, together
from tests.fixtures.scratch import Scratch

NO_GUARD = "alter table hold drop constraint hold_unit_in_one_place"


@pytest.fixture(scope="module")
def guarded(scratch: Scratch) -> Store:
    """A catalog as it is."""
    return scratch("catalog", connections=24)


@pytest.fixture(scope="module")
def spoilt(scratch: Scratch) -> Store:
    """A catalog without its exclusion constraint."""
    return scratch("catalog", NO_GUARD, connections=24)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalog's code without the unit row's lock: two who read at the same time see the same free days."""
    meeting = threading.Barrier(2)
    really = storage.live_stops

    def read_without_lock(conn: Connection, unit_ids: Iterable[UUID]) -> Any:
        statement = storage.LOCK_UNITS.replace("for no key update", "")
        rows = conn.execute(statement, [list(unit_ids)]).fetchall()
        return {row["id"]: storage._unit(row) for row in rows}

    def read_together(conn: Connection, unit_ids: Iterable[UUID]) -> dict[UUID, list[Stop]]:
        found = really(conn, unit_ids)
        meeting.wait(10)
        return found

    monkeypatch.setattr(storage, "lock_units", read_without_lock)
    monkeypatch.setattr(storage, "live_stops", read_together)


def hold(store: Store, wish: Wish) -> Outcome:
    """One hold in a transaction of its own."""
    with store.transaction() as conn:
        return holds.hold_many(conn, now=NOW, actor=None, wishes=[wish])[0]


def code_of_hold(store: Store, wish: Wish) -> str | None:
    """Why a hold was refused; without the row lock two may wait for each other, and one is sent away."""
    try:
        return hold(store, wish).code
    except Busy as busy:
        return busy.code


def _same_morning(unit: dict[str, Any]) -> list[Wish]:
    return [a_stop_of(unit, START, 3, HONGSHAN), a_stop_of(unit, START + timedelta(hours=1), 3, HONGSHAN)]


def _too_far_apart(unit: dict[str, Any]) -> list[Wish]:
    return [a_stop_of(unit, START, 3, HONGSHAN), a_stop_of(unit, START + timedelta(hours=4), 3, LINXI)]


def test_without_guards_a_unit_is_in_two_places(spoilt: Store, no_locks: None) -> None:
    with spoilt.transaction() as conn:
        unit = a_unit(conn)
    outcomes = together(each(partial(hold, spoilt), _same_morning(unit)))
    assert [out.outcome for out in outcomes] == ["held", "held"]


def test_the_constraint_alone_still_refuses_an_overlap(guarded: Store, no_locks: None) -> None:
    with guarded.transaction() as conn:
        unit = a_unit(conn)
    codes = together(each(partial(code_of_hold, guarded), _same_morning(unit)))
    assert codes.count(None) == 1
    assert set(codes) <= {None, "unit_busy", "busy"}


def test_without_the_lock_a_unit_would_have_to_fly(guarded: Store, no_locks: None) -> None:
    with guarded.transaction() as conn:
        unit = a_unit(conn)
    outcomes = together(each(partial(hold, guarded), _too_far_apart(unit)))
    assert [out.outcome for out in outcomes] == ["held", "held"]


def test_two_stops_with_overlapping_roads_have_one_winner(guarded: Store) -> None:
    for _ in range(10):
        with guarded.transaction() as conn:
            unit = a_unit(conn)
        outcomes = together(each(partial(hold, guarded), _too_far_apart(unit)))
        assert {out.code for out in outcomes} == {None, "unit_travel"}


def test_set_up_days_keep_the_unit_too(guarded: Store) -> None:
    with guarded.transaction() as conn:
        unit = a_unit(conn, kind="mobile_museum", setup_days=2, min_dwell_days=1, max_dwell_days=30)
    first, second = (
        a_stop_of(unit, START, 96, HONGSHAN),
        a_stop_of(unit, START + timedelta(days=5), 96, HONGSHAN),
    )
    outcomes = together(each(partial(hold, guarded), [first, second]))
    assert {out.code for out in outcomes} == {None, "unit_busy"}
    third = a_stop_of(unit, START + timedelta(days=20), 96, LINXI)
    assert hold(guarded, third).outcome == "held"

"""An expert's time, wanted by many at once: never in two places, travel and caps included."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from schemas.refusal import Busy
from services.chassis.store import Connection, Store
from services.experts.domain import Outcome, Wish
from services.experts.storage import holds as storage
from services.experts.usecases import holds
from tests.builders.catalog import NOW, START
from tests.builders.experts import HONGSHAN, LINXI, an_expert, time_of
from tests.concurrency.parallel import each, together
from tests.fixtures.scratch import Scratch

EARLIER, LATER = NOW + timedelta(minutes=29), NOW + timedelta(minutes=31)
NO_GUARD = "alter table engagement drop constraint engagement_in_one_place"


@pytest.fixture(scope="module")
def guarded(scratch: Scratch) -> Store:
    """Experts as they are."""
    return scratch("experts", connections=24)


@pytest.fixture(scope="module")
def spoilt(scratch: Scratch) -> Store:
    """Experts without their exclusion constraint."""
    return scratch("experts", NO_GUARD, connections=24)


@pytest.fixture
def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Experts' code without the expert row's lock: two who read at the same time see the same free day."""
    meeting = threading.Barrier(2)
    really = storage.booked

    def read_without_lock(conn: Connection, expert_ids: Iterable[UUID]) -> Any:
        statement = storage.LOCK_EXPERTS.replace("for no key update", "")
        rows = conn.execute(statement, [list(expert_ids)]).fetchall()
        return {row["id"]: storage._limits(row) for row in rows}

    def read_together(*arguments: Any) -> Any:
        found = really(*arguments)
        meeting.wait(10)
        return found

    monkeypatch.setattr(storage, "lock_experts", read_without_lock)
    monkeypatch.setattr(storage, "booked", read_together)


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


def release(store: Store, wish: Wish) -> str:
    """One release in a transaction of its own."""
    with store.transaction() as conn:
        return holds.release_many(conn, now=NOW, actor=None, hold_ids=[wish.hold_id], reasons={})[0].outcome


def live(store: Store, expert: dict[str, Any]) -> int:
    """How many engagements the expert has."""
    with store.read() as conn:
        statement = "select from engagement where expert_id = %s and state in ('held', 'confirmed')"
        return conn.execute(statement, [expert["id"]]).rowcount


def test_without_guards_an_expert_is_in_two_places(spoilt: Store, no_locks: None) -> None:
    with spoilt.transaction() as conn:
        expert = an_expert(conn)
    wishes = [time_of(expert), time_of(expert, START + timedelta(minutes=30))]
    outcomes = together(each(partial(hold, spoilt), wishes))
    assert [out.outcome for out in outcomes] == ["held", "held"]


def test_the_constraint_alone_still_refuses_an_overlap(guarded: Store, no_locks: None) -> None:
    with guarded.transaction() as conn:
        expert = an_expert(conn)
    wishes = [time_of(expert), time_of(expert, START + timedelta(minutes=30))]
    codes = together(each(partial(code_of_hold, guarded), wishes))
    assert codes.count(None) == 1
    assert set(codes) <= {None, "expert_busy", "busy"}


def test_without_the_lock_an_expert_would_have_to_fly(guarded: Store, no_locks: None) -> None:
    with guarded.transaction() as conn:
        expert = an_expert(conn)
    outcomes = together(each(partial(hold, guarded), _too_far_apart(expert)))
    assert [out.outcome for out in outcomes] == ["held", "held"]


def test_two_holds_with_overlapping_travel_have_one_winner(guarded: Store) -> None:
    for _ in range(10):
        with guarded.transaction() as conn:
            expert = an_expert(conn)
        outcomes = together(each(partial(hold, guarded), _too_far_apart(expert)))
        assert sorted(out.outcome for out in outcomes) == ["held", "refused"]
        assert {out.code for out in outcomes} == {None, "expert_travel"}
        assert live(guarded, expert) == 1


def _too_far_apart(expert: dict[str, Any]) -> list[Wish]:
    # 167 km apart as the crow flies, an hour between: no overlap, but no way either.
    return [time_of(expert), time_of(expert, START + timedelta(hours=2), place=LINXI)]


def test_without_the_lock_a_cap_is_passed(guarded: Store, no_locks: None) -> None:
    with guarded.transaction() as conn:
        expert = an_expert(conn, cap_day=1)
    wishes = [time_of(expert), time_of(expert, START + timedelta(hours=3))]
    assert [out.outcome for out in together(each(partial(hold, guarded), wishes))] == ["held", "held"]


def test_a_cap_holds_under_contention(guarded: Store) -> None:
    with guarded.transaction() as conn:
        expert = an_expert(conn, cap_day=2)
    wishes = [time_of(expert, START + timedelta(minutes=61 * n)) for n in range(8)]
    outcomes = together(each(partial(hold, guarded), wishes))
    assert sorted(out.outcome for out in outcomes) == ["held"] * 2 + ["refused"] * 6
    assert {out.code for out in outcomes if out.code} == {"expert_cap_day"}


def test_many_want_the_same_hour_and_one_has_it(guarded: Store) -> None:
    with guarded.transaction() as conn:
        expert = an_expert(conn)
    outcomes = together(each(partial(hold, guarded), [time_of(expert) for _ in range(20)]))
    assert sorted(out.outcome for out in outcomes) == ["held"] + ["refused"] * 19
    assert {out.code for out in outcomes if out.code} == {"expert_busy"}


def test_a_hold_and_its_release_at_once_leave_the_expert_free(guarded: Store) -> None:
    for _ in range(10):
        with guarded.transaction() as conn:
            expert = an_expert(conn)
        wish = time_of(expert)
        together([partial(hold, guarded, wish), partial(release, guarded, wish)])
        assert live(guarded, expert) == 0
        assert hold(guarded, wish).code == "hold_released"


def test_confirm_against_expiry_has_one_winner(guarded: Store) -> None:
    for _ in range(10):
        with guarded.transaction() as conn:
            expert = an_expert(conn)
        wish = time_of(expert, place=HONGSHAN)
        hold(guarded, wish)
        confirmed, _ = together([partial(_confirm, guarded, wish), partial(_sweep, guarded)])
        assert live(guarded, expert) == (1 if confirmed == "confirmed" else 0)


def _confirm(store: Store, wish: Wish) -> str:
    with store.transaction() as conn:
        return holds.confirm_many(conn, now=EARLIER, actor=None, hold_ids=[wish.hold_id])[0].outcome


def _sweep(store: Store) -> int:
    with store.transaction() as conn:
        return holds.sweep(conn, now=LATER, actor=None)

"""The last seats of a slot, wanted by many at once: never oversold, and filled as far as the groups fit."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from services.catalog.domain.holds import Outcome, Seats, Wish
from services.catalog.storage import holds as storage
from services.catalog.usecases import holds
from services.chassis.store import Connection, Store
from tests.builders.catalog import NOW, a_slot, seats_in
from tests.concurrency.parallel import each, together
from tests.fixtures.scratch import Scratch

# Holds of the builders last half an hour.
EARLIER, LATER = NOW + timedelta(minutes=29), NOW + timedelta(minutes=31)
LONG_AFTER = NOW + timedelta(hours=2)
NO_GUARD = "alter table slot drop constraint slot_never_oversold"


@pytest.fixture(scope="module")
def guarded(scratch: Scratch) -> Store:
    """A catalog as it is."""
    return scratch("catalog", connections=24)


@pytest.fixture(scope="module")
def spoilt(scratch: Scratch) -> Store:
    """A catalog without its check on seats."""
    return scratch("catalog", NO_GUARD, connections=24)


@pytest.fixture
def no_guards(monkeypatch: pytest.MonkeyPatch) -> None:
    """Catalog's code as one would write it without thinking of others: read, check, write back."""
    meeting = threading.Barrier(2)

    def read_without_lock(conn: Connection, slot_ids: Any) -> dict[UUID, Seats]:
        statement = storage.LOCK_SLOTS.replace("for no key update of slot", "")
        rows = conn.execute(statement, [list(slot_ids)]).fetchall()
        return {row.pop("id"): Seats(**row) for row in rows}

    def write_what_was_read(conn: Connection, wish: Wish, now: datetime, *, groups: int) -> bool:
        taken = conn.execute("select taken from slot where id = %s", [wish.resource_id]).fetchall()[0][
            "taken"
        ]
        # Both have read before either writes; whoever is alone goes on after a moment.
        try:
            meeting.wait(1.0)
        except threading.BrokenBarrierError:
            meeting.reset()
        insert = storage.TAKE_SEATS.replace("taken = taken + %(quantity)s", "taken = %(new)s")
        insert = insert.replace("and taken + %(quantity)s <= seats", "")
        new = {"new": taken + wish.quantity, "slot_id": wish.resource_id, "groups": groups}
        new |= {"company_id": None, "together": None}
        return conn.execute(insert, storage._parameters(wish, now) | new).rowcount == 1

    monkeypatch.setattr(storage, "lock_slots", read_without_lock)
    monkeypatch.setattr(storage, "take_seats", write_what_was_read)
    # Versions would give the second writer away as well: the race is about seats alone.
    monkeypatch.setattr(holds, "_tell_slots", lambda *_: None)


def hold(store: Store, wish: Wish, now: datetime = NOW) -> Outcome:
    """One hold in a transaction of its own."""
    with store.transaction() as conn:
        return holds.hold_many(conn, now=now, actor=None, wishes=[wish])[0]


def held_seats(store: Store, slot_id: UUID) -> tuple[int, int]:
    """What the slot says is taken, and what its live holds add up to."""
    with store.read() as conn:
        row = conn.execute(
            "select taken, (select coalesce(sum(quantity), 0) from hold "
            "where slot_id = slot.id and state in ('held', 'confirmed'))::int as live "
            "from slot where id = %s",
            [slot_id],
        ).fetchall()[0]
    return row["taken"], row["live"]


def test_without_guards_the_last_seats_are_sold_twice(spoilt: Store, no_guards: None) -> None:
    with spoilt.transaction() as conn:
        slot = a_slot(conn, seats=30)
    wishes = [seats_in(slot, 20), seats_in(slot, 20)]
    outcomes = together(each(partial(hold, spoilt), wishes))
    assert [o.outcome for o in outcomes] == ["held", "held"]
    taken, live = held_seats(spoilt, slot["id"])
    assert live == 40 > slot["seats"]
    assert taken == 20 != live


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_two_hundred_want_the_last_thirty_seats(guarded: Store, seed: int) -> None:
    dice = random.Random(seed)
    with guarded.transaction() as conn:
        slot = a_slot(conn, seats=30)
    wishes = [seats_in(slot, dice.choice([4, 7, 11, 13])) for _ in range(200)]
    batches = [wishes[n::20] for n in range(20)]
    runs = together(each(lambda batch: [hold(guarded, wish) for wish in batch], batches))
    outcomes = [outcome for run in runs for outcome in run]
    taken, live = held_seats(guarded, slot["id"])
    assert taken == live <= 30
    refused = {out.hold_id for out in outcomes if out.outcome == "refused"}
    assert {out.code for out in outcomes if out.outcome == "refused"} == {"not_enough_seats"}
    # Filled as far as sizes allow: nobody who was refused would still fit.
    assert min(w.quantity for w in wishes if w.hold_id in refused) > 30 - taken


def test_the_groups_limit_holds_under_contention(guarded: Store) -> None:
    with guarded.transaction() as conn:
        slot = a_slot(conn, seats=100, groups_limit=3)
    outcomes = together(each(partial(hold, guarded), [seats_in(slot, 5) for _ in range(20)]))
    assert sorted(out.outcome for out in outcomes) == ["held"] * 3 + ["refused"] * 17
    assert {out.code for out in outcomes if out.code} == {"slot_groups_full"}
    assert held_seats(guarded, slot["id"]) == (15, 15)


def test_one_hold_sent_many_times_at_once_takes_its_seats_once(guarded: Store) -> None:
    with guarded.transaction() as conn:
        slot = a_slot(conn)
    wish = seats_in(slot, 10)
    outcomes = together(each(partial(hold, guarded), [wish] * 12))
    assert {out.outcome for out in outcomes} == {"held"}
    assert held_seats(guarded, slot["id"]) == (10, 10)


def test_batches_that_want_the_same_slots_in_opposite_order_do_not_deadlock(guarded: Store) -> None:
    with guarded.transaction() as conn:
        slots = [a_slot(conn, seats=1000) for _ in range(10)]

    def batch(order: list[dict[str, Any]]) -> list[Outcome]:
        with guarded.transaction() as conn:
            return holds.hold_many(conn, now=NOW, actor=None, wishes=[seats_in(slot, 1) for slot in order])

    orders = [slots if n % 2 else slots[::-1] for n in range(40)]
    runs = together(each(lambda five: [batch(order) for order in five], [orders[n::8] for n in range(8)]))
    assert {outcome.outcome for run in runs for held in run for outcome in held} == {"held"}
    assert {held_seats(guarded, slot["id"]) for slot in slots} == {(40, 40)}


def test_a_late_hold_after_its_release_takes_nothing(guarded: Store) -> None:
    with guarded.transaction() as conn:
        slot = a_slot(conn)
        wish = seats_in(slot, 10)
        holds.release_many(conn, now=NOW, actor=None, hold_ids=[wish.hold_id], reasons={})
    late = hold(guarded, wish)
    assert (late.outcome, late.code) == ("refused", "hold_released")
    assert held_seats(guarded, slot["id"]) == (0, 0)


def test_a_hold_and_its_release_at_once_leave_no_seats_taken(guarded: Store) -> None:
    for _ in range(10):
        with guarded.transaction() as conn:
            slot = a_slot(conn)
        wish = seats_in(slot, 10)
        together([partial(hold, guarded, wish), partial(release, guarded, wish)])
        assert held_seats(guarded, slot["id"]) == (0, 0)
        assert hold(guarded, wish).code == "hold_released"


def test_without_tombstones_a_late_hold_keeps_seats_that_nobody_will_release(
    guarded: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(storage, "bury", lambda *_: None)
    with guarded.transaction() as conn:
        slot = a_slot(conn)
    wish = seats_in(slot, 10)
    release(guarded, wish)
    assert hold(guarded, wish).outcome == "held"
    assert held_seats(guarded, slot["id"]) == (10, 10)


def release(store: Store, wish: Wish) -> str:
    """One release in a transaction of its own."""
    with store.transaction() as conn:
        return holds.release_many(conn, now=NOW, actor=None, hold_ids=[wish.hold_id], reasons={})[0].outcome


def confirm(store: Store, wish: Wish, now: datetime) -> str:
    """One confirmation in a transaction of its own."""
    with store.transaction() as conn:
        return holds.confirm_many(conn, now=now, actor=None, hold_ids=[wish.hold_id])[0].outcome


def extend(store: Store, wish: Wish, now: datetime, until: datetime) -> str:
    """One extension in a transaction of its own."""
    with store.transaction() as conn:
        return holds.extend_many(conn, now=now, actor=None, expiries={wish.hold_id: until})[0].outcome


def sweep(store: Store, now: datetime) -> object:
    """One sweep in a transaction of its own."""
    with store.transaction() as conn:
        return holds.sweep(conn, now=now, actor=None)


def test_confirm_against_expiry_has_one_winner_and_the_seats_follow_it(guarded: Store) -> None:
    for _ in range(10):
        with guarded.transaction() as conn:
            slot = a_slot(conn)
        wish = seats_in(slot, 10)
        hold(guarded, wish)
        # The confirmer's clock is a little behind the sweeper's: both think that they are right.
        confirmed, _ = together([partial(confirm, guarded, wish, EARLIER), partial(sweep, guarded, LATER)])
        assert held_seats(guarded, slot["id"]) == ((10, 10) if confirmed == "confirmed" else (0, 0))


def test_extend_against_expiry_has_one_winner_and_the_seats_follow_it(guarded: Store) -> None:
    for _ in range(10):
        with guarded.transaction() as conn:
            slot = a_slot(conn)
        wish = seats_in(slot, 10)
        hold(guarded, wish)
        extended, _ = together(
            [
                partial(extend, guarded, wish, EARLIER, LATER + timedelta(hours=1)),
                partial(sweep, guarded, LATER),
            ]
        )
        assert held_seats(guarded, slot["id"]) == ((10, 10) if extended == "extended" else (0, 0))


def _confirm_late(store: Store, wish: Wish) -> str:
    return confirm(store, wish, EARLIER)


def _extend_late(store: Store, wish: Wish) -> str:
    return extend(store, wish, EARLIER, LONG_AFTER)


@pytest.mark.parametrize("win", [_confirm_late, _extend_late])
def test_without_the_lock_it_meets_an_expiry_and_both_win(
    spoilt: Store, monkeypatch: pytest.MonkeyPatch, win: Callable[[Store, Wish], str]
) -> None:
    """The control: judged by what was read, not by what is so under the lock, seats go that are reserved."""
    with spoilt.transaction() as conn:
        slot = a_slot(conn)
    wish = seats_in(slot, 10)
    hold(spoilt, wish)
    monkeypatch.setattr(storage, "lock_hold_ids", lambda *_: None)
    monkeypatch.setattr(storage, "lock_slots", lambda *_: {})
    monkeypatch.setattr(storage, "lapsed", lambda *_: ({slot["id"]}, set()))
    monkeypatch.setattr(storage, "expire", _expire_what_was_read)
    monkeypatch.setattr(holds, "_tell_slots", lambda *_: None)
    read, written = threading.Event(), threading.Event()
    monkeypatch.setattr(storage, "return_seats", _return_after(read, written, storage.return_seats))

    def win_meanwhile() -> str:
        read.wait(10)
        try:
            return win(spoilt, wish)
        finally:
            written.set()

    won, _ = together([win_meanwhile, partial(sweep, spoilt, LATER)])
    assert won in ("confirmed", "extended")
    taken, live = held_seats(spoilt, slot["id"])
    assert (taken, live) == (0, 10)


def _expire_what_was_read(conn: Connection, slot_ids: Any, unit_ids: Any, now: datetime) -> list[Any]:
    rows = conn.execute(
        f"select {storage.HOLD} from hold where slot_id = any(%s) and state = 'held' and expires_at <= %s",
        [list(slot_ids), now],
    ).fetchall()
    return [storage._hold(row) for row in rows]


def _return_after(read: threading.Event, written: threading.Event, really: Any) -> Any:
    def return_seats(conn: Connection, ended: Any) -> None:
        lapsed = [hold for hold in ended if hold.slot_id]
        if lapsed:
            read.set()
            written.wait(10)
        really(conn, lapsed)

    return return_seats

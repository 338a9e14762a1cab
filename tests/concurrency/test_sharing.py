"""The last guide of a museum, wanted by several sessions at once: lent once, whatever meets."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import timedelta
from functools import partial
from typing import Any
from uuid import UUID

import pytest

from schemas.refusal import Refusal
from services.catalog.domain.holds import Outcome, Wish
from services.catalog.domain.rights import Mandate
from services.catalog.storage import sharing as storage
from services.catalog.usecases import holds, programmes, sharing
from services.chassis.auth import Actor
from services.chassis.store import Connection, Store
from tests.builders.catalog import NOW, START, a_shared_resource, a_slot, needing, seats_in
from tests.concurrency.parallel import each, together
from tests.fixtures.scratch import Scratch

Row = dict[str, Any]
CITY: dict[str, Any] = {
    "now": NOW,
    "mandate": Mandate(None, "coordinator", "150400"),
    "actor": Actor.system("test"),
}
MINUTES = timedelta(minutes=1)


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    """A catalog of this module's own."""
    return scratch("catalog", connections=24)


@pytest.fixture
def no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resources are read and not locked, and both have read before either writes."""
    meeting, uses = threading.Barrier(2), storage.uses

    def read_without_lock(conn: Connection, resource_ids: Iterable[UUID]) -> dict[UUID, Row]:
        statement = storage.LOCK.replace("for no key update", "")
        return {row["id"]: row for row in conn.execute(statement, [list(resource_ids)]).fetchall()}

    def read_together(*arguments: Any, **keywords: Any) -> Any:
        found = uses(*arguments, **keywords)
        try:
            meeting.wait(1.0)
        except threading.BrokenBarrierError:
            meeting.reset()
        return found

    monkeypatch.setattr(storage, "lock", read_without_lock)
    monkeypatch.setattr(storage, "uses", read_together)


def sessions(store: Store, count: int, number: int = 1) -> tuple[Row, list[Row]]:
    """So many guides, and sessions of as many programmes that overlap and need one each."""
    with store.transaction() as conn:
        guides = a_shared_resource(conn, number=number)
        starts = [START + n * MINUTES for n in range(count)]
        slots = [
            a_slot(
                conn, programme=needing(conn, guides), starts_at=start, ends_at=start + timedelta(minutes=90)
            )
            for start in starts
        ]
    return guides, slots


def hold(store: Store, *wishes: Wish) -> list[Outcome]:
    """Holds in a transaction of their own."""
    with store.transaction() as conn:
        return holds.hold_many(conn, now=NOW, actor=None, wishes=wishes)


def in_use(store: Store, guides: Row) -> int:
    """How many groups have a guide; all their sessions overlap."""
    with store.read() as conn:
        return sum(use.quantity for use in storage.uses(conn, [guides["id"]], from_=NOW)[guides["id"]])


def codes(outcomes: Iterable[Outcome]) -> list[str]:
    """What became of each."""
    return sorted(str(outcome.code or outcome.outcome) for outcome in outcomes)


def test_without_the_lock_one_guide_is_lent_twice(store: Store, no_guard: None) -> None:
    guides, slots = sessions(store, 2)
    runs = together(each(partial(hold, store), map(seats_in, slots)))
    assert codes(outcome for run in runs for outcome in run) == ["held", "held"]
    assert in_use(store, guides) == 2 > guides["number"]


@pytest.mark.parametrize("number", [1, 3])
def test_many_sessions_at_once_share_a_few_guides(store: Store, number: int) -> None:
    guides, slots = sessions(store, 20, number)
    runs = together(each(partial(hold, store), map(seats_in, slots)))
    outcomes = [outcome for run in runs for outcome in run]
    assert codes(outcomes) == ["held"] * number + ["no_guide"] * (20 - number)
    assert in_use(store, guides) == number
    refused = next(outcome for outcome in outcomes if outcome.code)
    assert refused.params is not None
    assert (refused.params["wanted"], refused.params["number"]) == (1, number)


def test_what_is_given_back_or_runs_out_can_be_lent_again(store: Store) -> None:
    guides, (one, other) = sessions(store, 2)
    first, second = seats_in(one), seats_in(other)
    assert codes(hold(store, first, second)) == ["held", "no_guide"]
    with store.transaction() as conn:
        holds.release_many(conn, now=NOW, actor=None, hold_ids=[first.hold_id], reasons={})
    assert codes(hold(store, second)) == ["held"]
    assert codes(hold(store, seats_in(one))) == ["no_guide"]
    with store.transaction() as conn:
        holds.sweep(conn, now=second.expires_at, actor=None)
    assert codes(hold(store, seats_in(one))) == ["held"]
    assert in_use(store, guides) == 1


def test_batches_that_need_the_same_guides_in_opposite_order_do_not_deadlock(store: Store) -> None:
    _, slots = sessions(store, 10, number=1000)
    _, others = sessions(store, 10, number=1000)
    mixed = [slot for pair in zip(slots, others, strict=True) for slot in pair]
    orders = [mixed if n % 2 else mixed[::-1] for n in range(16)]
    runs = together(each(lambda order: hold(store, *(seats_in(slot, 1) for slot in order)), orders))
    assert {outcome.outcome for run in runs for outcome in run} == {"held"}


def fewer(store: Store, guides: Row) -> str:
    """No guide any more, or why not."""
    with store.transaction() as conn:
        try:
            sharing.change(
                conn, **CITY, resource_id=guides["id"], if_version=guides["version"], change={"number": 0}
            )
        except Refusal as refusal:
            return refusal.code
    return "changed"


def test_fewer_guides_against_a_hold_has_one_winner(store: Store) -> None:
    for _ in range(10):
        guides, (slot,) = sessions(store, 1)
        changed, (held,) = together([partial(fewer, store, guides), partial(hold, store, seats_in(slot))])
        assert (changed, held.code) in [("changed", "no_guide"), ("shared_resource_overbooked", None)]


def need_two(store: Store, programme_id: UUID, guides: Row) -> str:
    """Each group of the programme needs two guides from now on, or why not."""
    change = {"needs": [{"resource_id": guides["id"], "quantity": 2}]}
    with store.transaction() as conn:
        try:
            programmes.change_programme(conn, **CITY, programme_id=programme_id, if_version=1, change=change)
        except Refusal as refusal:
            return f"{refusal.code} {refusal.field}"
    return "changed"


def test_a_greater_need_against_a_hold_has_one_winner(store: Store) -> None:
    for _ in range(10):
        guides, (slot,) = sessions(store, 1)
        act = partial(need_two, store, slot["programme_id"], guides)
        changed, (held,) = together([act, partial(hold, store, seats_in(slot))])
        overbooked = "shared_resource_overbooked needs[0].quantity"
        assert (changed, held.code) in [("changed", "no_guide"), (overbooked, None)]


def test_without_the_slots_lock_a_greater_need_overlooks_a_hold(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a hold of a programme that needs nothing yet is under way when a need is stated."""
    with store.transaction() as conn:
        guides = a_shared_resource(conn, number=0)
        programme = needing(conn, guides)
        storage.replace_needs(conn, programme["id"], [])
        slot = a_slot(conn, programme=programme)
    monkeypatch.setattr(storage, "lock_slots_of", lambda *_: None)
    with store.transaction() as conn:
        assert codes(holds.hold_many(conn, now=NOW, actor=None, wishes=[seats_in(slot)])) == ["held"]
        assert need_two(store, programme["id"], guides) == "changed"
    assert in_use(store, guides) == 2 > guides["number"]

"""Whatever is done in whatever order, a slot's taken seats are its live holds and reservations."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.catalog.domain.holds import Wish
from services.catalog.usecases import holds
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from tests.builders.catalog import NOW, a_slot, seats_in
from tests.fixtures.scratch import Scratch

SLOTS, IDS = 3, 8


@dataclass(frozen=True)
class Step:
    """One act on one of a few holds, some minutes after the last; `company` is 0 for a group by itself."""

    act: str
    which: int
    slot: int
    quantity: int
    minutes: int
    company: int = 0


STEPS = st.lists(
    st.builds(
        Step,
        act=st.sampled_from(["hold", "hold", "extend", "confirm", "release", "sweep"]),
        which=st.integers(0, IDS - 1),
        slot=st.integers(0, SLOTS - 1),
        quantity=st.sampled_from([1, 5, 9, 14]),
        minutes=st.sampled_from([0, 0, 1, 20]),
        company=st.sampled_from([0, 0, 1, 2]),
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    """A catalog of this module's own."""
    return scratch("catalog")


# The pool's threads use the random module for their delays, which hypothesis takes for the strategies' doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_taken_is_always_held_and_confirmed(store: Store, steps: list[Step]) -> None:
    with store.transaction() as conn:
        slots = [a_slot(conn, seats=20, groups_limit=4) for _ in range(SLOTS)]
    ids = [new_id() for _ in range(IDS)]
    now = NOW
    for step in steps:
        now += timedelta(minutes=step.minutes)
        with store.transaction() as conn:
            _take(conn, step, ids[step.which], slots, now)
        with store.read() as conn:
            _check_accounts(conn, [slot["id"] for slot in slots])


def _take(conn: Connection, step: Step, hold_id: UUID, slots: list[dict[str, Any]], now: datetime) -> None:
    if step.act == "hold":
        wish = _wish(step, hold_id, slots[step.slot], now)
        holds.hold_many(conn, now=now, actor=None, wishes=[wish])
    elif step.act == "extend":
        holds.extend_many(conn, now=now, actor=None, expiries={hold_id: now + timedelta(minutes=15)})
    elif step.act == "confirm":
        holds.confirm_many(conn, now=now, actor=None, hold_ids=[hold_id])
    elif step.act == "release":
        holds.release_many(conn, now=now, actor=None, hold_ids=[hold_id], reasons={})
    else:
        holds.sweep(conn, now=now, actor=None)


def _wish(step: Step, hold_id: UUID, slot: dict[str, Any], now: datetime) -> Wish:
    # The same match and leg each time: only slot, quantity and company make one hold's content differ.
    together = {"company_id": UUID(int=step.company), "together": 15} if step.company else {}
    return seats_in(
        slot,
        step.quantity,
        hold_id=hold_id,
        match_id=hold_id,
        leg_id=hold_id,
        expires_at=now + timedelta(minutes=10),
        **together,
    )


ACCOUNTS = """
select slot.id, taken, groups_taken, seats, slot.version, published_state.version as told,
       (published_state.data->>'taken')::int as told_taken,
       coalesce(live.seats_held, 0) as seats_held, coalesce(live.groups_held, 0) as groups_held
  from slot
  join published_state on aggregate = 'slot' and aggregate_id = slot.id
  left join (select slot_id, sum(quantity) as seats_held,
                    count(distinct coalesce(company_id, hold_id)) as groups_held from hold
              where state in ('held', 'confirmed') group by slot_id) as live on live.slot_id = slot.id
 where slot.id = any(%s)
"""


def _check_accounts(conn: Connection, slot_ids: list[UUID]) -> None:
    for row in conn.execute(ACCOUNTS, [slot_ids]).fetchall():
        assert row["taken"] == row["seats_held"] <= row["seats"]
        assert row["groups_taken"] == row["groups_held"] <= 4
        assert (row["told"], row["told_taken"]) == (row["version"], row["taken"])

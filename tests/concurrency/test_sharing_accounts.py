"""Whatever is done in whatever order, no more of what sessions share is lent than there is."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.catalog.domain.rights import Mandate
from services.catalog.domain.sharing import SharedResourceOverbooked, most_used
from services.catalog.storage import offers
from services.catalog.storage import sharing as storage
from services.catalog.usecases import holds, programmes, sharing, slots
from services.chassis.auth import Actor
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store, savepoint
from tests.builders.catalog import NOW, START, a_shared_resource, a_slot, needing, seats_in
from tests.fixtures.scratch import Scratch

Row = dict[str, Any]
SLOTS, IDS = 4, 8


@dataclass(frozen=True)
class Step:
    """One act on one of a few holds, sessions or needs, some minutes after the last."""

    act: str
    which: int
    slot: int
    number: int
    minutes: int


STEPS = st.lists(
    st.builds(
        Step,
        act=st.sampled_from(
            ["hold", "hold", "hold", "confirm", "release", "sweep", "number", "need", "cancel"]
        ),
        which=st.integers(0, IDS - 1),
        slot=st.integers(0, SLOTS - 1),
        number=st.integers(0, 3),
        minutes=st.sampled_from([0, 0, 1, 20]),
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
def test_no_more_is_lent_than_there_is(store: Store, steps: list[Step]) -> None:
    with store.transaction() as conn:
        guides = a_shared_resource(conn, number=2)
        sessions = [_session(conn, guides, 60 * n) for n in range(SLOTS)]
    ids = [new_id() for _ in range(IDS)]
    now = NOW
    for step in steps:
        now += timedelta(minutes=step.minutes)
        with store.transaction() as conn:
            _take(conn, step, ids[step.which], sessions[step.slot], guides["id"], now)
        with store.read() as conn:
            _check_accounts(conn, guides["id"], now)


def _session(conn: Connection, guides: Row, minutes: int) -> Row:
    """Ninety minutes of a programme of its own: each overlaps its neighbours."""
    start = START + timedelta(minutes=minutes)
    programme = needing(conn, guides)
    return a_slot(conn, programme=programme, starts_at=start, ends_at=start + timedelta(minutes=90))


def _take(conn: Connection, step: Step, hold_id: UUID, slot: Row, resource_id: UUID, now: datetime) -> None:
    acting: Row = {
        "now": now,
        "mandate": Mandate(None, "coordinator", "150400"),
        "actor": Actor.system("test"),
    }
    if step.act == "hold":
        names = dict.fromkeys(("hold_id", "match_id", "leg_id"), hold_id)
        wish = seats_in(slot, 1, **names, expires_at=now + timedelta(minutes=10))
        holds.hold_many(conn, now=now, actor=None, wishes=[wish])
    elif step.act == "confirm":
        holds.confirm_many(conn, now=now, actor=None, hold_ids=[hold_id])
    elif step.act == "release":
        holds.release_many(conn, now=now, actor=None, hold_ids=[hold_id], reasons={})
    elif step.act == "sweep":
        holds.sweep(conn, now=now, actor=None)
    else:
        _change(conn, step, slot, resource_id, acting)


def _change(conn: Connection, step: Step, slot: Row, resource_id: UUID, acting: Row) -> None:
    """By the provider's hand; what is refused changes nothing."""
    with suppress(SharedResourceOverbooked), savepoint(conn):
        if step.act == "cancel":
            slots.cancel_slot(conn, **acting, slot_id=slot["id"], reason="停电")
        elif step.act == "number":
            row = offers.find(conn, "shared_resource", resource_id) or {}
            change = {"number": step.number}
            sharing.change(conn, **acting, resource_id=resource_id, if_version=row["version"], change=change)
        else:
            _need(conn, step, slot["programme_id"], resource_id, acting)


def _need(conn: Connection, step: Step, programme_id: UUID, resource_id: UUID, acting: Row) -> None:
    row = offers.find(conn, "programme", programme_id) or {}
    needs = [{"resource_id": resource_id, "quantity": step.number}] if step.number else []
    programmes.change_programme(
        conn, **acting, programme_id=programme_id, if_version=row["version"], change={"needs": needs}
    )


def _check_accounts(conn: Connection, resource_id: UUID, now: datetime) -> None:
    row = offers.find(conn, "shared_resource", resource_id) or {}
    used = storage.uses(conn, [resource_id], from_=now)[resource_id]
    assert most_used(used, now) <= row["number"]

"""Whatever is done in whatever order, an expert can keep every live engagement, and was told of truly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.chassis.geo import Point
from services.chassis.ids import new_id
from services.chassis.region import ROADS
from services.chassis.store import Connection, Store
from services.experts.usecases import holds
from tests.builders.catalog import NOW, START
from tests.builders.experts import HONGSHAN, LINXI, YUANBAOSHAN, an_expert, time_of
from tests.fixtures.scratch import Scratch

IDS, CAP = 8, 3
PLACES = (HONGSHAN, YUANBAOSHAN, LINXI)


@dataclass(frozen=True)
class Step:
    """One act on one of a few holds, some minutes after the last."""

    act: str
    which: int
    half_hours: int
    length: int
    place: int
    minutes: int


STEPS = st.lists(
    st.builds(
        Step,
        act=st.sampled_from(["hold", "hold", "hold", "extend", "confirm", "release", "sweep"]),
        which=st.integers(0, IDS - 1),
        half_hours=st.integers(0, 20),
        length=st.sampled_from([30, 60, 90]),
        place=st.integers(0, len(PLACES) - 1),
        minutes=st.sampled_from([0, 0, 1, 20]),
    ),
    min_size=1,
    max_size=40,
)


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    """Experts of this module's own."""
    return scratch("experts")


# The pool's threads use the random module for their delays, which hypothesis takes for the strategies' doing.
@pytest.mark.filterwarnings("ignore:Do not use the `random` module")
@settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(steps=STEPS)
def test_an_expert_can_keep_what_is_live(store: Store, steps: list[Step]) -> None:
    with store.transaction() as conn:
        expert = an_expert(conn, cap_day=CAP)
    ids = [new_id() for _ in range(IDS)]
    now = NOW
    for step in steps:
        now += timedelta(minutes=step.minutes)
        with store.transaction() as conn:
            _take(conn, step, ids[step.which], expert, now)
        with store.read() as conn:
            _check_diary(conn, expert["id"])
            _check_told(conn, ids)


def _take(conn: Connection, step: Step, hold_id: UUID, expert: dict[str, Any], now: datetime) -> None:
    if step.act == "hold":
        start = START + timedelta(minutes=30 * step.half_hours)
        same = {"hold_id": hold_id, "match_id": hold_id, "leg_id": hold_id}
        expiry = now + timedelta(minutes=10)
        wish = time_of(expert, start, step.length, PLACES[step.place], expires_at=expiry, **same)
        holds.hold_many(conn, now=now, actor=None, wishes=[wish])
    elif step.act == "extend":
        holds.extend_many(conn, now=now, actor=None, expiries={hold_id: now + timedelta(minutes=15)})
    elif step.act == "confirm":
        holds.confirm_many(conn, now=now, actor=None, hold_ids=[hold_id])
    elif step.act == "release":
        holds.release_many(conn, now=now, actor=None, hold_ids=[hold_id], reasons={})
    else:
        holds.sweep(conn, now=now, actor=None)


DIARY = """
select starts_at, ends_at, lat, lon from engagement
 where expert_id = %s and state in ('held', 'confirmed') order by starts_at
"""


def _check_diary(conn: Connection, expert_id: UUID) -> None:
    diary = conn.execute(DIARY, [expert_id]).fetchall()
    assert len(diary) <= CAP
    for first, second in pairwise(diary):
        here, there = Point(first["lat"], first["lon"]), Point(second["lat"], second["lon"])
        way = ROADS.minutes(here, there, 3)
        assert (second["starts_at"] - first["ends_at"]).total_seconds() / 60 >= way


TOLD = """
select engagement.state, engagement.version, published_state.version as told,
       published_state.data->>'state' as told_state
  from engagement left join published_state on aggregate = 'engagement' and aggregate_id = hold_id
 where hold_id = any(%s) and state <> 'refused_late'
"""


def _check_told(conn: Connection, ids: list[UUID]) -> None:
    for row in conn.execute(TOLD, [ids]).fetchall():
        assert (row["state"], row["version"]) == (row["told_state"], row["told"])

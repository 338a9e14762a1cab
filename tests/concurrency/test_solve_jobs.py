"""Solvers that compete, die and come too late: a job has one owner, by lease and epoch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.matcher.storage import rounds
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases import solving
from tests.builders.drafts import NOW, SOMEBODY
from tests.concurrency.parallel import together
from tests.fixtures.scratch import Scratch

LEASE = timedelta(seconds=10)
DUE = NOW + timedelta(minutes=1)


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


def a_closed_round(conn: Connection) -> UUID:
    wanted = {"name": "春季集中申报", "adcode": "150400", "opens_at": NOW, "offer_hours": 48, "policy": {}}
    opened = lifecycle.open_round(
        conn, now=NOW, actor=SOMEBODY, wanted=wanted | {"closes_at": NOW + timedelta(days=7)}
    )
    round_id: UUID = opened["id"]
    lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=round_id)
    return round_id


def test_two_processes_close_a_round_whose_time_is_over_once(store: Store) -> None:
    wanted = {"name": "春季集中申报", "adcode": "150400", "opens_at": NOW, "offer_hours": 48, "policy": {}}
    with store.transaction() as conn:
        lifecycle.open_round(conn, now=NOW, actor=SOMEBODY, wanted=wanted | {"closes_at": DUE})

    def tick() -> int:
        with store.transaction() as conn:
            return lifecycle.close_due(conn, now=DUE)

    assert sum(together([tick] * 4)) == 1
    with store.read() as conn:
        jobs = conn.execute("select state from solve_job").fetchall()
    assert [job["state"] for job in jobs] == ["queued"]


def claim(store: Store, *, now: Any = DUE, kind: str = "round") -> dict[str, Any] | None:
    with store.transaction() as conn:
        return rounds.claim(conn, kind=kind, now=now, until=now + LEASE)


def state_of(store: Store, round_id: UUID) -> str:
    with store.read() as conn:
        row = rounds.get(conn, round_id)
    assert row is not None
    return str(row["state"])


def test_a_round_is_closed_by_time_once_and_solved_after_it_has_settled(store: Store) -> None:
    with store.transaction() as conn:
        round_id = a_closed_round(conn)
        assert lifecycle.close_due(conn, now=NOW + timedelta(days=8)) == 0
    assert claim(store, now=NOW) is None, "requests may still be on their way"
    job = claim(store)
    assert job is not None
    assert (job["round_id"], job["epoch"]) == (round_id, 1)


def test_of_many_solvers_one_gets_the_job_and_one_round_is_solved_at_a_time(store: Store) -> None:
    with store.transaction() as conn:
        for _ in range(3):
            a_closed_round(conn)
    claimed = together([lambda: claim(store)] * 6)
    assert len([job for job in claimed if job]) == 1


def test_without_the_lock_of_claims_two_rounds_are_solved_at_once(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.transaction() as conn:
        for _ in range(2):
            a_closed_round(conn)
    with store.transaction() as first, store.transaction() as second:
        # Another number for each: the two claims do not wait for each other.
        monkeypatch.setattr(rounds, "CLAIM_LOCK", 1)
        one = rounds.claim(first, kind="round", now=DUE, until=DUE + LEASE)
        monkeypatch.setattr(rounds, "CLAIM_LOCK", 2)
        two = rounds.claim(second, kind="round", now=DUE, until=DUE + LEASE)
    assert one
    assert two
    assert one["id"] != two["id"]


def test_an_abandoned_job_is_taken_again_and_whoever_comes_late_is_fenced_off(store: Store) -> None:
    with store.transaction() as conn:
        round_id = a_closed_round(conn)
    late = claim(store)
    assert late
    assert claim(store) is None, "the lease runs"
    after = DUE + LEASE + timedelta(seconds=1)
    current = claim(store, now=after)
    assert current is not None
    assert (current["id"], current["epoch"]) == (late["id"], 2)
    with store.transaction() as conn:
        world = solving.begin(conn, job=current, now=after)
        assert rounds.renew(conn, job_id=late["id"], epoch=1, until=after, progress={}) is None
    assert world is not None
    with pytest.raises(solving.Fenced), store.transaction() as conn:
        solving.give_up(conn, job=late, now=after, failure="late")
    assert state_of(store, round_id) == "solving"
    # The control: without the epoch in its condition, the late one's end would count.
    with store.transaction() as conn:
        done = conn.execute("update solve_job set state = 'failed' where id = %s", [late["id"]])
        assert done.rowcount == 1
        conn.rollback()


def test_a_solve_cancelled_before_it_had_a_plan_leaves_the_round_closed(store: Store) -> None:
    with store.transaction() as conn:
        round_id = a_closed_round(conn)
    job = claim(store)
    assert job is not None
    with store.transaction() as conn:
        solving.begin(conn, job=job, now=DUE)
        lifecycle.cancel_solve(conn, now=DUE, round_id=round_id)
        kept = rounds.renew(
            conn, job_id=job["id"], epoch=1, until=DUE + LEASE, progress={"phase": "searching"}
        )
        assert kept == {"cancel": True}
        solving.give_up(conn, job=job, now=DUE, failure=None)
    assert state_of(store, round_id) == "closed"
    with store.transaction() as conn:
        lifecycle.solve_again(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    again = claim(store)
    assert again is not None
    assert again["id"] != job["id"]


def test_a_failed_solve_says_so(store: Store) -> None:
    with store.transaction() as conn:
        round_id = a_closed_round(conn)
    job = claim(store)
    assert job is not None
    with store.transaction() as conn:
        solving.begin(conn, job=job, now=DUE)
        solving.give_up(conn, job=job, now=DUE, failure="MemoryError: 8 GiB")
    assert state_of(store, round_id) == "failed"


def test_the_pool_is_asked_for_once_at_a_time(store: Store) -> None:
    def ask(conn: Connection) -> bool:
        return rounds.queue(conn, job_id=new_id(), kind="at_once", round_id=None, now=NOW, not_before=NOW)

    def asked() -> bool:
        with store.transaction() as conn:
            return ask(conn)

    assert sorted(together([asked] * 5)) == [False, False, False, False, True]

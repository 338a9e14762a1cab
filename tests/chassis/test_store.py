"""The store on a real PostgreSQL: transactions, refusals with names, connections that break."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from schemas.refusal import Busy, Unavailable
from services.chassis import store as stores
from services.chassis.store import Connection, Store, connect, savepoint
from tests.fixtures.database import Invent, Invented

Eventually = Callable[..., Any]


@pytest.fixture
def service(invent: Invent) -> Invented:
    """An invented service with a table of numbers."""
    made = invent()
    made.execute("create table number (n int primary key)")
    return made


def numbers(service: Invented) -> list[int]:
    return [row[0] for row in service.execute("select n from number order by n")]


def put(conn: Connection, number: int) -> None:
    conn.execute("insert into number (n) values (%s)", [number])


def put_all(conn: Connection, *numbers: int) -> None:
    for number in numbers:
        put(conn, number)


def put_while_cut(service: Invented, conn: Connection) -> None:
    put(conn, 1)
    service.execute("select pg_terminate_backend(%s, 5000)", conn.info.backend_pid)
    put(conn, 2)


def test_a_transaction_commits_at_its_end_or_rolls_back_with_the_error(service: Invented) -> None:
    store = service.store()
    with store.transaction() as conn:
        put(conn, 1)
    with pytest.raises(psycopg.errors.UniqueViolation), store.transaction() as conn:
        put_all(conn, 2, 3, 1)
    assert numbers(service) == [1]


def test_a_savepoint_undoes_its_own_work_alone(service: Invented) -> None:
    with service.store().transaction() as conn:
        put(conn, 1)
        with pytest.raises(psycopg.errors.UniqueViolation), savepoint(conn):
            put(conn, 1)
        put(conn, 2)
    assert numbers(service) == [1, 2]


def test_a_read_transaction_cannot_write_and_the_next_one_can(service: Invented) -> None:
    store = service.store(connections=1)
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction), store.read() as conn:
        put(conn, 1)
    with store.transaction() as conn:
        put(conn, 1)
    assert numbers(service) == [1]


def test_a_lock_that_is_not_free_in_three_seconds_is_busy(service: Invented) -> None:
    service.execute("insert into number (n) values (1)")
    store = service.store()
    with store.transaction() as holder:
        holder.execute("select from number for update")
        with pytest.raises(Busy), store.transaction() as waiter:
            waiter.execute("select from number for update")


def test_a_statement_that_takes_too_long_is_busy(service: Invented) -> None:
    with pytest.raises(Busy), service.store().transaction() as conn:
        conn.execute("set local statement_timeout = '50ms'; select pg_sleep(5)")


def test_a_deadlock_is_busy_for_one_and_nothing_for_the_other(service: Invented) -> None:
    service.execute("insert into number (n) values (1), (2)")
    store = service.store()
    both = threading.Barrier(2)
    outcomes: list[str] = []

    def lock(first: int, second: int) -> None:
        try:
            with store.transaction() as conn:
                conn.execute("select from number where n = %s for update", [first])
                both.wait(10)
                conn.execute("select from number where n = %s for update", [second])
            outcomes.append("done")
        except Busy:
            outcomes.append("busy")

    threads = [threading.Thread(target=lock, args=pair) for pair in ((1, 2), (2, 1))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(outcomes) == ["busy", "done"]


def test_no_connection_to_lend_is_busy(service: Invented, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "LENDING_SECONDS", 0.2)
    store = service.store(connections=1)
    with store.read(), pytest.raises(Busy), store.read():
        pass


def test_a_server_that_is_not_there_is_unavailable(service: Invented) -> None:
    nowhere = connect("postgresql://nobody@127.0.0.1:1/nothing", name="nowhere")
    try:
        with pytest.raises(Unavailable), nowhere.transaction():
            pass
        assert not nowhere.ping()
    finally:
        nowhere.close()
    assert service.store().ping()


def test_a_connection_lost_inside_a_transaction_is_unavailable_and_commits_nothing(
    service: Invented,
) -> None:
    store = service.store()
    with pytest.raises(Unavailable), store.transaction() as conn:
        put_while_cut(service, conn)
    assert numbers(service) == []
    with store.transaction() as conn:
        put(conn, 3)
    assert numbers(service) == [3]


def test_connections_that_broke_while_idle_are_never_lent(service: Invented) -> None:
    store = service.store(connections=3)
    with borrowed(store, 3) as pids:
        pass
    for pid in pids:
        # Returns only after the backend has gone.
        assert service.value("select pg_terminate_backend(%s, 5000)", pid)
    for number in range(6):
        with store.transaction() as conn:
            put(conn, number)
    assert numbers(service) == list(range(6))


def test_sessions_have_timeouts_and_utc(service: Invented) -> None:
    with service.store().read() as conn:
        shown = {
            name: conn.execute(f"show {name}".encode()).fetchone()
            for name in (
                "lock_timeout",
                "statement_timeout",
                "idle_in_transaction_session_timeout",
                "timezone",
            )
        }
    assert [next(iter((row or {}).values())) for row in shown.values()] == ["3s", "10s", "15s", "UTC"]


@contextmanager
def borrowed(store: Store, count: int) -> Iterator[list[int]]:
    """Borrow several connections at once; yields their backends' process ids."""
    if count == 0:
        yield []
        return
    with store.read() as conn, borrowed(store, count - 1) as others:
        yield [conn.info.backend_pid, *others]

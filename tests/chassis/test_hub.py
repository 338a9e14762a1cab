"""Waiting for PostgreSQL must not stop the hub: shown with psycopg's own wait function and with ours."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from tests.fixtures.database import Invent, Invented

# Run as `nameko run` would: everything patched before psycopg is imported.
PROGRAM = """
import eventlet
eventlet.monkey_patch()
import json, os, sys, time
from types import SimpleNamespace
import psycopg.waiting
from psycopg._cmodule import _psycopg
from services.chassis import db

if sys.argv[1] == "psycopg's own":
    psycopg.waiting.wait = _psycopg.wait_c

try:
    database = db.Database(max_size=8)
    database.container = SimpleNamespace(max_workers=8, service_name="hub")
    database.setup()
    database.stop()
    started = True
except db.HubWouldBlock:
    started = False

store = db.Store(os.environ["DATABASE_URL"], name="hub", min_size=8, max_size=8)
store.open()
store._pool.wait()

def query(_):
    with store.read() as conn:
        conn.execute("select pg_sleep(0.3)")

def change(statement, pause):
    with store.transaction() as conn:
        conn.execute(statement)
        eventlet.sleep(pause)

began = time.monotonic()
list(eventlet.GreenPool(8).imap(query, range(8)))
eight_queries = time.monotonic() - began

# One worker holds a row's lock and has still to run; the other waits for the lock in PostgreSQL.
holder = eventlet.spawn(change, "update number set n = n + 1", 0.3)
eventlet.sleep(0.05)
waiter = eventlet.spawn(change, "set local lock_timeout = '2s'; update number set n = n + 1", 0)
outcomes = []
for worker in (holder, waiter):
    try:
        worker.wait()
        outcomes.append("done")
    except db.Busy:
        outcomes.append("busy")
print(json.dumps({"started": started, "cooperative": db.hub_is_cooperative(),
                  "eight_queries": eight_queries, "row_lock": outcomes}))
os._exit(0)
"""


@pytest.fixture
def service(invent: Invent) -> Invented:
    """An invented service with one row."""
    made = invent()
    made.execute("create table number (n int)")
    made.execute("insert into number (n) values (0)")
    return made


def outcome(service: Invented, wait_function: str) -> dict[str, Any]:
    """Run the program under eventlet with this wait function and return what it saw."""
    environment = service.environment()
    environment.pop("PSYCOPG_WAIT_FUNC")
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, wait_function],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    seen: dict[str, Any] = json.loads(done.stdout)
    return seen


def test_our_wait_function_lets_other_workers_run(service: Invented) -> None:
    seen = outcome(service, "ours")
    assert seen["started"]
    assert seen["cooperative"]
    assert seen["eight_queries"] < 1.2
    assert seen["row_lock"] == ["done", "done"]


def test_control_psycopgs_own_stops_every_worker_and_is_refused_at_start(service: Invented) -> None:
    seen = outcome(service, "psycopg's own")
    assert not seen["started"]
    assert not seen["cooperative"]
    assert seen["eight_queries"] > 2.0
    assert seen["row_lock"] == ["done", "busy"]

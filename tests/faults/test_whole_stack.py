"""Parts of the whole stack stopped, cut, killed under load: what was accepted goes on, the check is clean."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable

import psycopg
import pytest

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.builders.matcher import Json, School
from tests.builders.provider import Provider
from tests.fixtures.stack import poll
from tests.fixtures.unbroken import GROUP, SETTLED_SECONDS, Asking, all_confirmed, checked

pytestmark = [pytest.mark.fault, pytest.mark.timeout(420)]
OUTAGE_SECONDS = 20.0
MOST = 40


def _bus_stopped(stack: Stack) -> None:
    stack.stop("rabbitmq")
    _until_over(OUTAGE_SECONDS)
    stack.start("rabbitmq")


def _database_restarted(stack: Stack) -> None:
    stack.restart("postgres")


def _connections_cut(stack: Stack) -> None:
    """Every backend of every service, and of the relay and the solver."""
    url = stack.environment("operator")["DATABASE_URL"].format(service="postgres")
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity"
            " where usename not in ('postgres', 'checker') and pid <> pg_backend_pid()"
        )


def _relay_killed(stack: Stack) -> None:
    stack.kill("relay", signal.SIGKILL)
    stack.wait_healthy("relay", 60)


def _consumers_killed(stack: Stack) -> None:
    for name in ("matcher", "demand", "ledger", "catalog"):
        stack.kill(name, signal.SIGKILL)
    for name in ("matcher", "demand", "ledger", "catalog"):
        stack.wait_healthy(name, 60)


def _search_engine_stopped(stack: Stack) -> None:
    stack.stop("elasticsearch")
    _until_over(OUTAGE_SECONDS / 2)
    stack.start("elasticsearch")


def _until_over(seconds: float) -> None:
    """An outage of that length is what is tried here."""
    end = time.monotonic() + seconds
    poll(lambda: time.monotonic() > end, seconds + 5, 0.5)


FAULTS: dict[str, Callable[[Stack], None]] = {
    "bus stopped for 20 s": _bus_stopped,
    "database restarted": _database_restarted,
    "connections cut": _connections_cut,
    "relay killed": _relay_killed,
    "consumers killed": _consumers_killed,
    "search engine stopped": _search_engine_stopped,
}


@pytest.mark.parametrize("fault", FAULTS)
def test_what_was_accepted_goes_on(
    stack: Stack, coordinator: Person, museum: Provider, school: School, spot: Json, fault: str
) -> None:
    made.some_slots(museum, spot, number=1, seats=(MOST + 1) * GROUP)
    asking = Asking(school, MOST)
    with asking.going_on():
        FAULTS[fault](stack)
    assert asking.refused == []
    poll(lambda: all_confirmed(coordinator, asking), SETTLED_SECONDS, 1.0)
    assert "check: ok" in checked(stack)

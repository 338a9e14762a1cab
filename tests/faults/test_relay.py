"""The relay while broker or database freeze, stop or restart: nothing is lost, at most sent twice."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import Any
from urllib.error import HTTPError

import pytest

from deploy.local.stack import Stack
from tests.fixtures.relaying import Relayed

pytestmark = pytest.mark.fault
Eventually = Callable[..., Any]


def test_killed_inside_a_batch_it_loses_nothing_and_may_send_twice(
    relayed: Relayed, stack: Stack, eventually: Eventually
) -> None:
    relay = relayed.start()
    before = relayed.commit(10)
    eventually(lambda: relayed.unsent() == 0)
    # A broker that stands still takes what is sent, into the socket's buffer, and confirms nothing.
    stack.kill("rabbitmq", signal.SIGSTOP)
    try:
        ids = relayed.commit(300)
        eventually(lambda: relayed.service.value(IN_A_BATCH), 15)
        relay.kill()
        relay.wait()
    finally:
        stack.kill("rabbitmq", signal.SIGCONT)
    assert relayed.unsent() == 300, "what was not confirmed is not marked"
    relayed.start()
    eventually(lambda: relayed.unsent() == 0, 30)
    arrived = relayed.arrived()
    assert set(arrived) == {str(each) for each in before + ids}
    assert max(arrived.values()) == 2, "the batch had been sent before"


def test_a_stopped_broker_costs_nothing_but_time(
    relayed: Relayed, stack: Stack, eventually: Eventually
) -> None:
    relayed.start()
    ids = relayed.commit(50)
    eventually(lambda: relayed.unsent() == 0)
    stack.stop("rabbitmq")
    try:
        ids += relayed.commit(500)
        eventually(lambda: _ready_status(relayed) == 503, 15)
        assert relayed.unsent() == 500
    finally:
        stack.start("rabbitmq")
    eventually(lambda: relayed.unsent() == 0, 30)
    assert set(relayed.arrived()) == {str(each) for each in ids}


def test_a_restarted_database_costs_nothing_but_time(
    relayed: Relayed, stack: Stack, eventually: Eventually
) -> None:
    relayed.start()
    ids = relayed.commit(50)
    stack.restart("postgres")
    ids += relayed.commit(50)
    eventually(lambda: relayed.unsent() == 0, 30)
    assert set(relayed.arrived()) == {str(each) for each in ids}


# The relay has locked its rows and, having nothing to ask the database, waits for confirms.
IN_A_BATCH = """
select exists (select from pg_stat_activity
                where datname = current_database() and application_name = 'relay'
                  and state = 'idle in transaction')
"""


def _ready_status(relayed: Relayed) -> int:
    try:
        relayed.fetch("/health/ready")
    except HTTPError as error:
        return error.code
    return 200

"""Broker and database stopped or killed under load: every change arrives once, and the newest stays."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.fixtures.the_chain import Chain

pytestmark = pytest.mark.fault
Eventually = Callable[..., Any]


def test_a_broker_stopped_under_load_loses_nothing(
    chain: Chain, stack: Stack, eventually: Eventually
) -> None:
    chain.start()
    with chain.under_load():
        eventually(chain.enough(100), 30)
        stack.stop("rabbitmq")
        eventually(chain.enough(100), 60)
        stack.start("rabbitmq")
        eventually(chain.enough(100), 30)
    eventually(chain.settled, 60)
    assert chain.hearing.dead() == []


def test_a_broker_killed_under_load_loses_nothing(chain: Chain, stack: Stack, eventually: Eventually) -> None:
    chain.start()
    with chain.under_load():
        eventually(chain.enough(100), 30)
        stack.kill("rabbitmq")
        stack.wait_healthy("rabbitmq")
        eventually(chain.enough(100), 30)
    eventually(chain.settled, 60)


def test_a_database_restarted_under_load_loses_nothing(
    chain: Chain, stack: Stack, eventually: Eventually
) -> None:
    chain.start()
    with chain.under_load():
        eventually(chain.enough(100), 30)
        stack.restart("postgres")
        eventually(chain.enough(100), 60)
    eventually(chain.settled, 60)
    assert chain.hearing.dead() == []


def test_a_database_killed_under_load_loses_nothing(
    chain: Chain, stack: Stack, eventually: Eventually
) -> None:
    chain.start()
    with chain.under_load():
        eventually(chain.enough(100), 30)
        stack.kill("postgres")
        stack.wait_healthy("postgres")
        eventually(chain.enough(100), 60)
    eventually(chain.settled, 60)
    assert chain.hearing.dead() == []

"""From one service's transaction to another's: outbox, relay, bus and inbox together."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from services.chassis.ids import new_id
from tests.fixtures.the_chain import Chain

Eventually = Callable[..., Any]


def test_every_change_arrives_once_and_the_newest_stays(chain: Chain, eventually: Eventually) -> None:
    chain.start()
    with chain.under_load():
        eventually(chain.enough(300), 30)
    eventually(chain.settled, 30)


def test_a_change_is_heard_within_a_second(chain: Chain, eventually: Eventually) -> None:
    chain.start()
    with chain.hearing.owner.store().transaction() as conn:
        chain.append(conn, new_id(), 1)
    committed = datetime.now(UTC)
    eventually(lambda: chain.hearing.done() == 1)
    heard = chain.hearing.listener.value("select at from done")
    assert (heard - committed).total_seconds() < 1

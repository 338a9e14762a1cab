"""From one service's transaction to another's: outbox, relay, bus and inbox together, under faults."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from deploy.local.stack import Stack
from schemas.refusal import Busy, Unavailable
from services.chassis import outbox
from services.chassis.ids import new_id
from tests.fixtures.database import Invent
from tests.fixtures.talk import TABLES, Hearing

Eventually = Callable[..., Any]


@dataclass
class Chain:
    """A service that appends events all the time, its relay, and a service that hears them."""

    hearing: Hearing
    committed: dict[UUID, int] = field(default_factory=dict)

    def start(self) -> None:
        """Start relay and listener."""
        owner = self.hearing.owner
        with socket.create_server(("127.0.0.1", 0)) as free:
            address = f"127.0.0.1:{free.getsockname()[1]}"
        owner.python(
            "-m",
            "services.chassis.relay",
            log=self.hearing.log,
            RELAY_DATABASE_URL=owner.database_url,
            RELAY_SERVICES=owner.name,
            METRICS_ADDRESS=address,
        )
        self.hearing.start()

    @contextmanager
    def under_load(self) -> Iterator[None]:
        """Change things in one transaction after another until the block ends."""
        stopping = threading.Event()
        writer = threading.Thread(target=self._write, args=(stopping,))
        writer.start()
        try:
            yield
        finally:
            stopping.set()
            writer.join(30)

    def settled(self) -> bool:
        """Return whether the listener has done every committed version once, and knows the newest."""
        rows = self.hearing.listener.execute("select id, version from thing")
        done = self.hearing.done()
        return dict(rows) == self.committed and done == sum(self.committed.values())

    def _write(self, stopping: threading.Event) -> None:
        """Append versions of twenty things by turns; what the database refuses is tried again."""
        store, things = self.hearing.owner.store(), [new_id() for _ in range(20)]
        turn = 0
        while not stopping.wait(0.005):
            thing = things[turn % 20]
            version = self.committed.get(thing, 0) + 1
            try:
                with store.transaction() as conn:
                    self.append(conn, thing, version)
            except (Busy, Unavailable):
                continue
            except outbox.VersionGap:
                # The answer to an earlier commit was lost with the connection; the commit was not.
                self.committed[thing] = version
                continue
            self.committed[thing] = version
            turn += 1

    def append(self, conn: Any, thing: UUID, version: int) -> None:
        """Append one version of a thing."""
        outbox.append(
            conn,
            now=datetime.now(UTC),
            type="thing_changed",
            aggregate="thing",
            aggregate_id=thing,
            version=version,
            data={"name": f"v{version}"},
            actor=None,
            owner=self.hearing.owner.name,
        )


@pytest.fixture
def chain(invent: Invent, tmp_path: Any) -> Chain:
    """A chain of which nothing runs yet."""
    owner, listener = invent(), invent()
    for table in TABLES:
        listener.execute(table)
    return Chain(Hearing(owner, listener, tmp_path / "chain.log"))


def enough(chain: Chain, more: int) -> Callable[[], bool]:
    """Return a condition: so many more versions than now are committed."""
    goal = sum(chain.committed.values()) + more
    return lambda: sum(chain.committed.values()) >= goal


def test_every_change_arrives_once_and_the_newest_stays(chain: Chain, eventually: Eventually) -> None:
    chain.start()
    with chain.under_load():
        eventually(enough(chain, 300), 30)
    eventually(chain.settled, 30)


def test_a_change_is_heard_within_a_second(chain: Chain, eventually: Eventually) -> None:
    chain.start()
    with chain.hearing.owner.store().transaction() as conn:
        chain.append(conn, new_id(), 1)
    committed = datetime.now(UTC)
    eventually(lambda: chain.hearing.done() == 1)
    heard = chain.hearing.listener.value("select at from done")
    assert (heard - committed).total_seconds() < 1


@pytest.mark.fault
def test_a_broker_stopped_under_load_loses_nothing(
    chain: Chain, stack: Stack, eventually: Eventually
) -> None:
    chain.start()
    with chain.under_load():
        eventually(enough(chain, 100), 30)
        stack.stop("rabbitmq")
        eventually(enough(chain, 100), 60)
        stack.start("rabbitmq")
        eventually(enough(chain, 100), 30)
    eventually(chain.settled, 60)
    assert chain.hearing.dead() == []


@pytest.mark.fault
def test_a_broker_killed_under_load_loses_nothing(chain: Chain, stack: Stack, eventually: Eventually) -> None:
    chain.start()
    with chain.under_load():
        eventually(enough(chain, 100), 30)
        stack.kill("rabbitmq")
        stack.wait_healthy("rabbitmq")
        eventually(enough(chain, 100), 30)
    eventually(chain.settled, 60)


@pytest.mark.fault
def test_a_database_restarted_under_load_loses_nothing(
    chain: Chain, stack: Stack, eventually: Eventually
) -> None:
    chain.start()
    with chain.under_load():
        eventually(enough(chain, 100), 30)
        stack.restart("postgres")
        eventually(enough(chain, 100), 60)
    eventually(chain.settled, 60)
    assert chain.hearing.dead() == []


@pytest.mark.fault
def test_a_database_killed_under_load_loses_nothing(
    chain: Chain, stack: Stack, eventually: Eventually
) -> None:
    chain.start()
    with chain.under_load():
        eventually(enough(chain, 100), 30)
        stack.kill("postgres")
        stack.wait_healthy("postgres")
        eventually(enough(chain, 100), 60)
    eventually(chain.settled, 60)
    assert chain.hearing.dead() == []

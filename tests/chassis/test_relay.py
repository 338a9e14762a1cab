"""The relay as a process on real servers: everything arrives, whatever is killed, cut or stopped."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen
from uuid import UUID

import pytest
from kombu import Connection as Bus

from deploy.local.stack import Stack
from services.chassis import outbox
from services.chassis.carrier import KEEP
from services.chassis.ids import first_id_of, new_id
from services.chassis.store import Connection
from tests.fixtures.database import Invent, Invented

Eventually = Callable[..., Any]


@dataclass
class Relayed:
    """A service with an outbox, the relay's processes, and a queue that takes what arrives."""

    service: Invented
    log: Path

    def start(self) -> subprocess.Popen[bytes]:
        """Start a relay for this one service on a free port, and wait for nothing."""
        pattern = self.service.database_url.replace(self.service.name, "{service}")
        with socket.create_server(("127.0.0.1", 0)) as free:
            self.address = f"127.0.0.1:{free.getsockname()[1]}"
        return self.service.python(
            "-m",
            "services.chassis.relay",
            log=self.log,
            RELAY_DATABASE_URL=pattern,
            RELAY_SERVICES=self.service.name,
            METRICS_ADDRESS=self.address,
        )

    def write(self, conn: Connection, count: int) -> list[UUID]:
        """Append this many events of new aggregates."""
        return [
            outbox.append(
                conn,
                now=datetime.now(UTC),
                type="thing_added",
                aggregate="thing",
                aggregate_id=new_id(),
                version=1,
                data={"text": "望远镜"},
                actor=None,
                owner=self.service.name,
            )
            for _ in range(count)
        ]

    def commit(self, count: int) -> list[UUID]:
        """Append this many events in a transaction of their own."""
        with self.service.store().transaction() as conn:
            return self.write(conn, count)

    def unsent(self) -> int:
        """Return how many events still wait."""
        return int(self.service.value("select count(*) from outbox where sent_at is null"))

    def arrived(self) -> Counter[str]:
        """Return how often each event has arrived so far; takes nothing away."""
        with Bus(self.service.amqp_url) as bus:
            channel = bus.channel()
            taken: Counter[str] = Counter()
            while message := channel.basic_get(f"{self.service.name}.heard"):
                taken[json.loads(message.body)["id"]] += 1
        return taken

    def fetch(self, path: str) -> str:
        """Return what the relay answers on its own port."""
        with urlopen(f"http://{self.address}{path}", timeout=5) as answer:
            return str(answer.read(), "utf-8")


@pytest.fixture
def relayed(invent: Invent, tmp_path: Path) -> Relayed:
    """A service whose exchange has one durable queue that takes everything."""
    service = invent()
    with Bus(service.amqp_url) as bus:
        channel = bus.channel()
        channel.queue_declare(f"{service.name}.heard", durable=True, auto_delete=False)
        channel.queue_bind(f"{service.name}.heard", f"{service.name}.events", "#")
    return Relayed(service, tmp_path / "relay.log")


def test_events_arrive_once_and_are_marked_sent(relayed: Relayed, eventually: Eventually) -> None:
    relayed.start()
    ids = relayed.commit(700)
    eventually(lambda: relayed.unsent() == 0)
    assert relayed.arrived() == Counter(str(each) for each in ids)
    assert relayed.service.value("select count(*) from outbox where sent_at >= created_at") == 700


def test_messages_are_durable_json_under_their_own_id(relayed: Relayed, eventually: Eventually) -> None:
    relayed.start()
    [event] = relayed.commit(1)
    eventually(lambda: relayed.unsent() == 0)
    with Bus(relayed.service.amqp_url) as bus:
        message = bus.channel().basic_get(f"{relayed.service.name}.heard")
    assert message is not None
    assert message.delivery_info["routing_key"] == "thing.thing_added"
    expected = {
        "content_type": "application/json",
        "content_encoding": "utf-8",
        "delivery_mode": 2,
        "message_id": str(event),
    }
    assert message.properties == expected


def test_a_transaction_that_began_early_and_commits_late_loses_no_event(
    relayed: Relayed, eventually: Eventually
) -> None:
    relayed.start()
    store = relayed.service.store()
    with store.transaction() as early:
        first = relayed.write(early, 3)
        second = relayed.commit(3)
        assert max(first) < min(second), "the late one has the smaller ids"
        eventually(lambda: relayed.arrived() == Counter(str(each) for each in second))
    eventually(lambda: relayed.arrived() == Counter(str(each) for each in first + second))


def test_control_remembering_the_last_id_would_lose_them(relayed: Relayed) -> None:
    taken: list[UUID] = []

    def take_after_the_last() -> None:
        last = max(taken, default=UUID(int=0))
        rows = relayed.service.execute("select id from outbox where id > %s order by id", last)
        taken.extend(row[0] for row in rows)

    with relayed.service.store().transaction() as early:
        first = relayed.write(early, 3)
        relayed.commit(3)
        take_after_the_last()
    take_after_the_last()
    assert not set(first) & set(taken)


def test_two_relays_share_an_outbox_without_sending_anything_twice(
    relayed: Relayed, eventually: Eventually
) -> None:
    ids = relayed.commit(3000)
    relayed.start()
    relayed.start()
    eventually(lambda: relayed.unsent() == 0, 30)
    assert relayed.arrived() == Counter(str(each) for each in ids)


@pytest.mark.parametrize("signals", [1, 2], ids=["one signal", "two signals at once"])
def test_it_stops_cleanly(relayed: Relayed, eventually: Eventually, signals: int) -> None:
    relay = relayed.start()
    ids = relayed.commit(1000)
    eventually(lambda: relayed.unsent() < 1000)
    for _ in range(signals):
        relay.send_signal(signal.SIGTERM)
    assert relay.wait(20) == 0
    sent = relayed.service.value("select count(*) from outbox where sent_at is not null")
    assert relayed.arrived().total() == sent
    relayed.start()
    eventually(lambda: relayed.unsent() == 0)
    assert relayed.arrived() == Counter(str(each) for each in ids)


def test_a_database_that_is_cut_off_is_found_again(relayed: Relayed, eventually: Eventually) -> None:
    relayed.start()
    ids: list[UUID] = []
    for _ in range(5):
        ids += relayed.commit(100)
        relayed.service.execute(
            "select pg_terminate_backend(pid, 5000) from pg_stat_activity "
            "where datname = current_database() and application_name = 'relay'"
        )
    eventually(lambda: relayed.unsent() == 0, 30)
    assert set(relayed.arrived()) == {str(each) for each in ids}


def test_old_sent_events_are_pruned_and_nothing_else(relayed: Relayed, eventually: Eventually) -> None:
    now = datetime.now(UTC)
    old = now - KEEP - timedelta(hours=1)
    insert = (
        "insert into outbox (id, owner, type, aggregate, aggregate_id, version, routing_key, body,"
        " created_at, sent_at) values (%s, 'x', 'x', 'x', %s, 1, 'x', '{}', %s, %s)"
    )
    ancient, recent = UUID(int=first_id_of(old).int + 1), new_id()
    for each, at in ((ancient, old), (recent, now)):
        relayed.service.execute(insert, each, new_id(), at, at)
    relayed.start()
    eventually(lambda: relayed.service.execute("select id from outbox") == [(recent,)])


def test_it_shows_health_and_how_much_waits(relayed: Relayed, eventually: Eventually) -> None:
    relayed.start()
    eventually(lambda: json.loads(relayed.fetch("/health/ready"))["status"] == "ok", 20)
    relayed.commit(5)
    label = f'{{service="{relayed.service.name}"}}'
    eventually(lambda: f"keqiao_relay_published_total{label} 5.0" in relayed.fetch("/metrics"))
    assert f"keqiao_outbox_waiting{label} 0.0" in relayed.fetch("/metrics")


@pytest.mark.fault
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


@pytest.mark.fault
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


@pytest.mark.fault
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

"""The relay as a process on real servers: everything arrives, whatever is killed, cut or stopped."""

from __future__ import annotations

import json
import signal
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from kombu import Connection as Bus

from services.chassis.carrier import KEEP
from services.chassis.ids import first_id_of, new_id
from tests.fixtures.relaying import Relayed

Eventually = Callable[..., Any]


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

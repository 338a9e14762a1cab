"""Facts a second through outbox, relay and inbox, beside bare messages published, confirmed and consumed."""

from __future__ import annotations

import json
import multiprocessing
import time
import uuid
from collections.abc import Callable
from typing import Any

import amqp
import psycopg
from kombu import Connection

from deploy.local.stack import Stack
from loadtests.ratios.pairing import Ratio, in_turn

GOAL = 0.5
BATCH, PREFETCH = 300, 400  # as the relay publishes and as an inbox reads ahead
OWNER, CONSUMER, AGGREGATE = "accounts", "experts", "organisation"
_QUEUE = "accounts.load"
_LIMIT_SECONDS = 120.0

# As republishing writes them: the present state of an aggregate under a new id, for one consumer.
_STATES = "select aggregate_id, version, occurred_at, data from published_state where aggregate = %s"
_WRITE = """
insert into outbox (id, owner, type, aggregate, aggregate_id, version, routing_key, body, created_at)
values (%(id)s, %(owner)s, %(type)s, %(aggregate)s, %(aggregate_id)s, %(version)s, %(key)s, %(body)s, %(at)s)
"""
_READ = "select count(*) from inbox where message_id = any(%s) and consumer = %s"


class TooSlow(RuntimeError):
    """Not all messages arrived in time."""


def measure(stack: Stack, count: int, times: int) -> Ratio:
    """The same bodies both ways, in turn."""
    with psycopg.connect(_url(stack, OWNER)) as conn:
        rows = _rows(conn, count)
    ours, theirs = in_turn(lambda: _through_outbox(stack, rows), lambda: _bare(stack, rows), times)
    return Ratio("relay_inbox", ours, theirs, GOAL, least=True, unit="messages/s")


def _url(stack: Stack, service: str) -> str:
    return stack.environment("operator")["DATABASE_URL"].replace("{service}", service)


def _rows(conn: psycopg.Connection, count: int) -> list[dict[str, Any]]:
    states = conn.execute(_STATES, [AGGREGATE]).fetchall()
    return [_row(*states[number % len(states)]) for number in range(count)]


def _row(aggregate_id: uuid.UUID, version: int, occurred_at: Any, data: dict[str, Any]) -> dict[str, Any]:
    envelope = {
        "id": "",
        "owner": OWNER,
        "type": f"{AGGREGATE}_republished",
        "aggregate": AGGREGATE,
        "aggregate_id": str(aggregate_id),
        "version": version,
        "occurred_at": occurred_at.isoformat().replace("+00:00", "Z"),
        "trace_id": uuid.uuid4().hex,
        "actor": {"user_id": None, "organisation_id": None, "role": None, "name": OWNER},
        "reason": None,
        "data": data,
    }
    key = f"republish.{CONSUMER}.{AGGREGATE}"
    named = {name: envelope[name] for name in ("owner", "type", "aggregate", "aggregate_id", "version")}
    return {**named, "key": key, "at": occurred_at, "envelope": envelope}


def _fresh(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [_named(row, str(_young_id())) for row in rows]


def _young_id() -> uuid.UUID:
    """Of version 7: the relay and the inbox prune by the time in it."""
    stamp = time.time_ns() // 1_000_000
    rest = uuid.uuid4().int & ((1 << 80) - 1)
    return uuid.UUID(int=(stamp << 80 | rest) & ~(0xF << 76) | 7 << 76)


def _named(row: dict[str, Any], name: str) -> dict[str, Any]:
    body = json.dumps({**row["envelope"], "id": name}, ensure_ascii=False, separators=(",", ":"))
    return {**{key: value for key, value in row.items() if key != "envelope"}, "id": name, "body": body}


def _through_outbox(stack: Stack, rows: list[dict[str, Any]]) -> float:
    """From the commit that makes them visible until the consumer has committed the last."""
    written = _fresh(rows)
    with psycopg.connect(_url(stack, OWNER)) as conn, conn.cursor() as cursor:
        cursor.executemany(_WRITE, written)
        conn.commit()
    began, ids = time.monotonic(), [row["id"] for row in written]
    with psycopg.connect(_url(stack, CONSUMER), autocommit=True) as conn:
        _wait(lambda: int(conn.execute(_READ, [ids, CONSUMER]).fetchall()[0][0]) == len(ids), began)
    return len(rows) / (time.monotonic() - began)


def _wait(done: Callable[[], bool], began: float) -> None:
    while not done():
        if time.monotonic() - began > _LIMIT_SECONDS:
            raise TooSlow(f"not all of {CONSUMER}'s facts were read in {_LIMIT_SECONDS:.0f} s")
        time.sleep(0.1)


def _bare(stack: Stack, rows: list[dict[str, Any]]) -> float:
    """One process publishes, another consumes; from the first to the last acknowledgement."""
    url, written = stack.environment("operator")["AMQP_URL"], _fresh(rows)
    ready, done = multiprocessing.Event(), multiprocessing.Event()
    consumer = multiprocessing.Process(target=_consume, args=(url, len(rows), ready, done), daemon=True)
    consumer.start()
    ready.wait(_LIMIT_SECONDS)
    began = time.monotonic()
    _publish(url, [row["body"] for row in written])
    if not done.wait(_LIMIT_SECONDS):
        raise TooSlow("the bare consumer did not get all messages")
    seconds = time.monotonic() - began
    consumer.join()
    return len(rows) / seconds


def _publish(url: str, bodies: list[str]) -> None:
    """Persistent, confirmed batch by batch."""
    with Connection(url) as connection:
        channel, waiting = connection.channel(), set[int]()
        channel.confirm_select()
        channel.events["basic_ack"].add(lambda tag, multiple: _confirmed(waiting, tag, multiple))
        for number, body in enumerate(bodies, start=1):
            waiting.add(number)
            channel.basic_publish(_message(body), "", _QUEUE)
            while number % BATCH == 0 and waiting:
                connection.drain_events(timeout=10)
        while waiting:
            connection.drain_events(timeout=10)


def _message(body: str) -> amqp.Message:
    return amqp.Message(body, content_type="application/json", content_encoding="utf-8", delivery_mode=2)


def _confirmed(waiting: set[int], tag: int, multiple: bool) -> None:
    waiting -= {each for each in waiting if each <= tag} if multiple else {tag}


def _consume(url: str, count: int, ready: Any, done: Any) -> None:
    """Durable queue, acknowledged by the hundred."""
    with Connection(url) as connection:
        channel, got = connection.channel(), list[int]()
        channel.queue_declare(_QUEUE, durable=True, auto_delete=False)
        channel.queue_purge(_QUEUE)
        channel.basic_qos(0, PREFETCH, False)
        channel.basic_consume(_QUEUE, callback=lambda message: got.append(message.delivery_tag))
        ready.set()
        acknowledged = 0
        while acknowledged < count:
            connection.drain_events(timeout=_LIMIT_SECONDS)
            if len(got) == count or len(got) - acknowledged >= PREFETCH // 2:
                channel.basic_ack(got[-1], multiple=True)
                acknowledged = len(got)
        channel.queue_delete(_QUEUE)
        done.set()

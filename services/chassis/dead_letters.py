"""Dead letters of a consumer: what they are, and how they are tried once more."""

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from json import JSONDecodeError, loads
from typing import Any

import amqp

from services.chassis.deliveries import Queues, Wire, headers_of
from services.chassis.hearing import ERROR, FAILURES, REASON, fresh

MANY = 1000


@dataclass(frozen=True)
class DeadLetter:
    """One message that nothing more was tried with, and why."""

    id: str
    what: str
    reason: str
    error: str
    failures: int
    body: bytes


def list_dead(url: str, consumer: str, *, limit: int = MANY) -> list[DeadLetter]:
    """Return up to `limit` dead letters of a consumer, oldest first, and leave them where they are."""
    with Wire(url, Queues(consumer)) as wire:
        # Left unacknowledged, they go back to their places when the connection closes.
        return [_letter(message) for message in _taken(wire, limit)]


def replay(url: str, consumer: str, *, limit: int = MANY) -> int:
    """Send up to `limit` dead letters to the inbox again, as if for the first time; return how many."""
    with Wire(url, Queues(consumer)) as wire:
        done = 0
        for message in _taken(wire, min(limit, _waiting(wire))):
            wire.forward(message, "inbox", fresh(headers_of(message)))
            wire.acknowledge(message)
            done += 1
        return done


def _waiting(wire: Wire) -> int:
    """Return how many letters there are: those that die again during a replay are not replayed again."""
    found = wire.channel.queue_declare(wire.queues.dead, passive=True)
    return int(found.message_count)


def _taken(wire: Wire, limit: int) -> Iterator[amqp.Message]:
    """Yield dead letters without acknowledging them."""
    for _ in range(limit):
        message = wire.take(wire.queues.dead)
        if message is None:
            return
        yield message


def _letter(message: amqp.Message) -> DeadLetter:
    """Return what can be told of a message, however broken it is."""
    headers = headers_of(message)
    return DeadLetter(
        id=str(message.properties.get("message_id") or "-"),
        what=_what(message.body),
        reason=str(headers.get(REASON, "rejected")),
        error=str(headers.get(ERROR, "")),
        failures=int(headers.get(FAILURES, 0)),
        body=message.body or b"",
    )


def _what(body: bytes) -> str:
    """Return owner, type, aggregate and version as far as the body tells them."""
    try:
        envelope: Any = loads(body)
    except (JSONDecodeError, UnicodeDecodeError, RecursionError):
        return "unreadable"
    if not isinstance(envelope, dict):
        return "not an object"
    return " ".join(str(envelope.get(key, "?")) for key in ("owner", "type", "aggregate_id", "version"))


def main(arguments: list[str]) -> int:
    """List or replay the dead letters of a service, over the bus of AMQP_URL."""
    parser = argparse.ArgumentParser(prog="python -m services.chassis.inbox")
    parser.add_argument("verb", choices=("list", "replay"))
    parser.add_argument("service")
    parser.add_argument("--limit", type=int, default=MANY)
    wanted = parser.parse_args(arguments)
    if wanted.verb == "replay":
        print(f"replayed {replay(os.environ['AMQP_URL'], wanted.service, limit=wanted.limit)}")
        return 0
    for letter in list_dead(os.environ["AMQP_URL"], wanted.service, limit=wanted.limit):
        print(f"{letter.id}  {letter.what}  {letter.reason} after {letter.failures} failures: {letter.error}")
    return 0

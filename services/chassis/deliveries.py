"""A consumer's queues on the bus: where facts arrive, wait for another try, and end when they cannot be used.

    <owner>.events --<aggregate>.*, republish.<consumer>.<aggregate>--> <consumer>.inbox
    <consumer>.retry --retry.<ms>--> <consumer>.retry.<ms> --after ms--> <consumer>.inbox
    <consumer>.retry --dead--> <consumer>.dead

There is one waiting queue per delay: in a single one, a long wait at the head holds up the short ones behind
it. All names begin with the consumer's own, and the owners' exchanges exist before it starts, so it needs no
right to configure anything of another's.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import amqp
import amqp.exceptions
import kombu.exceptions
from kombu import Connection

HEARTBEAT_SECONDS = 30
CONNECT_SECONDS = 5
CONFIRM_SECONDS = 10.0
PERSISTENT = 2

BUS_ERRORS = (OSError, amqp.AMQPError, amqp.exceptions.MessageNacked, kombu.exceptions.OperationalError)

Headers = dict[str, Any]


class Queues:
    """The names of one consumer's queues, and how they are made."""

    def __init__(self, consumer: str, delays_ms: Sequence[int] = ()) -> None:
        self.consumer = consumer
        self.inbox = f"{consumer}.inbox"
        self.dead = f"{consumer}.dead"
        self.exchange = f"{consumer}.retry"
        self.delays_ms = tuple(delays_ms)

    def declare(self, channel: amqp.Channel, hears: Mapping[str, Sequence[str]]) -> None:
        """Make the queues and bind them to the owners' events; may be done any number of times."""
        channel.exchange_declare(self.exchange, "topic", durable=True, auto_delete=False)
        self._declare_one(channel, self.inbox, "inbox", dead_letters="dead")
        self._declare_one(channel, self.dead, "dead")
        for delay in self.delays_ms:
            name = f"{self.exchange}.{delay}"
            self._declare_one(channel, name, f"retry.{delay}", dead_letters="inbox", ttl=delay)
        for owner, aggregates in hears.items():
            for key in self._keys(aggregates):
                channel.queue_bind(self.inbox, f"{owner}.events", key)

    def _keys(self, aggregates: Sequence[str]) -> list[str]:
        """Return what is asked of an owner: every change of these aggregates, and what it repeats for us."""
        return [key for name in aggregates for key in (f"{name}.*", f"republish.{self.consumer}.{name}")]

    def _declare_one(
        self,
        channel: amqp.Channel,
        name: str,
        key: str,
        *,
        dead_letters: str | None = None,
        ttl: int | None = None,
    ) -> None:
        """Make one durable queue, reached through the consumer's own exchange by `key`."""
        arguments: Headers = {}
        if dead_letters:
            arguments |= {"x-dead-letter-exchange": self.exchange, "x-dead-letter-routing-key": dead_letters}
        if ttl:
            arguments["x-message-ttl"] = ttl
        channel.queue_declare(name, durable=True, auto_delete=False, arguments=arguments)
        channel.queue_bind(name, self.exchange, key)


class Wire:
    """A connection to the bus with a channel to receive on and one to publish on; a context manager.

    Used by one thread or greenlet alone. Every method may raise one of BUS_ERRORS, after which the wire is to
    be left and a new one made: what was not acknowledged comes again.
    """

    def __init__(self, url: str, queues: Queues) -> None:
        self.queues = queues
        self._connection = Connection(url, heartbeat=HEARTBEAT_SECONDS, connect_timeout=CONNECT_SECONDS)
        self._arrived: deque[amqp.Message] = deque()

    def __enter__(self) -> Self:
        self._connection.connect()
        self.channel = self._open_channel()
        self._outgoing = self._open_channel()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: TracebackType | None) -> None:
        leave(self._connection, broken=isinstance(error, BUS_ERRORS))

    def listen(self, hears: Mapping[str, Sequence[str]], prefetch: int) -> None:
        """Make the queues and begin to receive from the inbox, `prefetch` messages ahead."""
        self.queues.declare(self.channel, hears)
        self.channel.basic_qos(0, prefetch, False)
        self.channel.basic_consume(self.queues.inbox, callback=self._arrived.append)

    def gather(self, most: int, seconds: float) -> list[amqp.Message]:
        """Return up to `most` messages: what is there, or else the first to come; none after `seconds`."""
        wait = 0.0 if self._arrived else seconds
        while len(self._arrived) < most and self._drained(wait):
            wait = 0.0
        self._connection.heartbeat_check()
        return [self._arrived.popleft() for _ in range(min(most, len(self._arrived)))]

    def breathe(self) -> None:
        """Keep the connection alive while a message takes long."""
        while self._drained(0.0):
            pass
        self._connection.heartbeat_check()

    def take(self, queue: str) -> amqp.Message | None:
        """Return the next message of a queue that is not listened to, or None if there is none now."""
        return self.channel.basic_get(queue)

    def acknowledge(self, last: amqp.Message) -> None:
        """Tell the broker that this message, and every one before it, is done with."""
        self.channel.basic_ack(last.delivery_tag, multiple=True)

    def forward(self, message: amqp.Message, key: str, headers: Headers) -> None:
        """Send a message on through the consumer's exchange; return once the broker has taken it over."""
        copy = self._outgoing.prepare_message(
            message.body,
            content_type=message.properties.get("content_type"),
            content_encoding=message.properties.get("content_encoding"),
            headers=headers,
            properties={"delivery_mode": PERSISTENT, "message_id": message.properties.get("message_id")},
        )
        # Mandatory: what no queue takes would be lost behind a confirm.
        self._outgoing.basic_publish_confirm(
            copy, self.queues.exchange, key, mandatory=True, confirm_timeout=CONFIRM_SECONDS
        )

    def _drained(self, seconds: float) -> bool:
        """Read one thing from the broker; return False if nothing came in time."""
        try:
            self._connection.drain_events(timeout=seconds)
        except TimeoutError:
            return False
        return True

    def _open_channel(self) -> amqp.Channel:
        """Return a channel that leaves bodies as bytes."""
        channel = self._connection.channel()
        channel.auto_decode = False
        return channel


def leave(connection: Connection, *, broken: bool) -> None:
    """Close a connection; a broken one without the farewell, for which nobody may be there to wait."""
    with suppress(*BUS_ERRORS):
        if broken:
            connection.collect()
        else:
            connection.close()


def headers_of(message: amqp.Message) -> Headers:
    """Return a copy of a message's headers."""
    return dict(message.properties.get("application_headers") or {})

"""Sending commands: every call has a deadline, and whatever happens it ends by then."""

from __future__ import annotations

import socket
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import amqp
from eventlet.event import Event
from kombu import Connection
from marshmallow import ValidationError
from nameko.extensions import DependencyProvider, SharedExtension

from schemas.contract import shared
from schemas.refusal import Refusal
from services.chassis import metrics
from services.chassis.auth import Actor
from services.chassis.calls import NoAnswer, commands, read_reply, request_message
from services.chassis.deliveries import BUS_ERRORS, CONNECT_SECONDS
from services.chassis.instant import ClockReader, system_clock
from services.chassis.link import Link, bus_url, user_of
from services.chassis.store import in_transaction
from services.chassis.trace import current_trace

DEADLINE_SECONDS = 5.0
# The reply queue outlives a lost connection for this long, and then goes by itself.
_QUEUE_EXPIRES_MS = 300_000
_PATIENCE_SECONDS = 2.0


class CallInsideTransaction(RuntimeError):
    """A call while a transaction is open would hold its locks for as long as the other service takes."""


@dataclass(frozen=True)
class Sender:
    """Who asks, and where the answers are to come."""

    caller: str
    user: str
    key: str
    clock: ClockReader

    @classmethod
    def new(cls, caller: str, url: str) -> Sender:
        """A sender with a reply key of its own."""
        return cls(caller, user_of(url), str(uuid.uuid4()), system_clock())

    def command(
        self, callee: str, name: str, body: Mapping[str, Any], seconds: float, actor: Actor | None
    ) -> tuple[str, amqp.Message]:
        """The message that asks for it, and the id that its reply will have."""
        correlation_id = str(uuid.uuid4())
        return correlation_id, request_message(
            shared(commands(callee)[name][0]).dump(body),
            deadline=self.clock.now() + timedelta(seconds=seconds),
            seconds=seconds,
            trace_id=current_trace(),
            actor=actor,
            reply_to=f"{self.caller}.replies/{self.key}",
            correlation_id=correlation_id,
            user=self.user,
        )

    def declare(self, channel: amqp.Channel) -> str:
        """Make the reply queue; it goes by itself when nobody has listened for a while."""
        exchange, queue = f"{self.caller}.replies", f"{self.caller}.replies.{self.key}"
        channel.exchange_declare(exchange, "direct", durable=True, auto_delete=False)
        # Durable, because RabbitMQ 4 does without queues that are neither durable nor exclusive.
        channel.queue_declare(
            queue, durable=True, auto_delete=False, arguments={"x-expires": _QUEUE_EXPIRES_MS}
        )
        channel.queue_bind(queue, exchange, self.key)
        return queue


class Replies(SharedExtension):
    """A nameko class's reply queue and the calls that wait for something in it."""

    def setup(self) -> None:
        """Work out names; connects to nothing."""
        url = bus_url(self.container.config)
        self.sender = Sender.new(self.container.service_name.removesuffix("_http"), url)
        self.pending: dict[str, Event] = {}
        self._link = Link(url, f"{self.sender.caller}.replies", self._opened, self._lost)
        self._started = False

    def start(self) -> None:
        """Begin to listen; returns at once, also while the bus is away."""
        if not self._started:
            self._started = True
            self.container.spawn_managed_thread(self._link.run, identifier="rpc replies")

    def stop(self) -> None:
        """Close; the queue goes by itself."""
        self._link.stop()

    def is_up(self) -> bool:
        """Whether answers can arrive."""
        return self._link.is_up()

    def ask(
        self, callee: str, name: str, body: Mapping[str, Any], seconds: float, actor: Actor | None
    ) -> amqp.Message:
        """Send a command and return its reply.

        Raises NoAnswer after `seconds`, and sooner where none can come: no queue for the command, or the
        connection lost.
        """
        until = time.monotonic() + seconds
        try:
            self._link.wait_up(min(seconds, _PATIENCE_SECONDS))
            left = until - time.monotonic()
            correlation_id, message = self.sender.command(callee, name, body, left, actor)
            return self._reply(callee, name, correlation_id, message, left)
        except BUS_ERRORS:
            raise NoAnswer(service=callee) from None

    def _reply(
        self, callee: str, name: str, correlation_id: str, message: amqp.Message, seconds: float
    ) -> amqp.Message:
        waiting = self.pending[correlation_id] = Event()
        try:
            self._link.publish(message, f"{callee}.rpc", name, mandatory=True)
            reply: amqp.Message | None = waiting.wait(timeout=seconds)
        finally:
            del self.pending[correlation_id]
        if reply is None:
            raise NoAnswer(service=callee)
        return reply

    def _opened(self, channel: amqp.Channel) -> None:
        queue = self.sender.declare(channel)
        channel.events["basic_return"].add(self._returned)
        channel.basic_consume(queue, callback=self._arrived, no_ack=True)

    def _arrived(self, message: amqp.Message) -> None:
        self._tell(message.properties.get("correlation_id"), message)

    def _returned(self, _: Exception, __: str, ___: str, message: amqp.Message) -> None:
        # No queue takes this command: the callee has never been up, or does not know it.
        self._tell(message.properties.get("correlation_id"), None)

    def _lost(self) -> None:
        # What was asked over the lost connection may or may not arrive; the caller is not left to wait.
        for correlation_id in list(self.pending):
            self._tell(correlation_id, None)

    def _tell(self, correlation_id: str | None, outcome: amqp.Message | None) -> None:
        waiting = self.pending.get(correlation_id or "")
        if waiting is not None and not waiting.ready():
            waiting.send(outcome)


class Client(DependencyProvider):
    """Commands to one owner: `experts = rpc.Client("experts")` gives each worker a Caller."""

    replies = Replies()

    def __init__(self, callee: str) -> None:
        self._callee = callee

    def get_dependency(self, _: object) -> Caller:
        """Return the caller; it holds no state."""
        return Caller(self._callee, self.replies)


class Caller:
    """Sends commands to one owner."""

    def __init__(self, callee: str, replies: Replies) -> None:
        self._callee, self._replies = callee, replies

    def call(
        self,
        name: str,
        body: Mapping[str, Any],
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """The answer as its schema reads it: ids are UUIDs, times datetimes; `body` may hold such values too.

        Raises Refused (or Invalid) when the owner refuses, NoAnswer when it has not answered by the
        deadline: then it may or may not have acted, and the command is to be sent again. Raises
        CallInsideTransaction while a transaction is open here.
        """
        if in_transaction():
            raise CallInsideTransaction(f"{self._callee}.{name}")
        with _counted(self._replies.sender.caller, self._callee, name):
            reply = self._replies.ask(self._callee, name, body, deadline_seconds, actor)
            return _read(self._callee, name, reply)


class PlainClient:
    """Sends commands from a process without nameko: one at a time, by the thread that made it."""

    def __init__(self, connection: Connection, sender: Sender) -> None:
        self._connection, self._sender = connection, sender
        self._outcomes: dict[str, amqp.Message | None] = {}
        self._channel = connection.channel()
        self._queue = sender.declare(self._channel)
        self._channel.events["basic_return"].add(self._returned)
        self._tag = self._channel.basic_consume(self._queue, callback=self._arrived, no_ack=True)

    def call(
        self,
        callee: str,
        name: str,
        body: Mapping[str, Any],
        *,
        deadline_seconds: float = DEADLINE_SECONDS,
        actor: Actor | None = None,
    ) -> dict[str, Any]:
        """As Caller.call, with the owner named first."""
        correlation_id, message = self._sender.command(callee, name, body, deadline_seconds, actor)
        self._channel.basic_publish(message, f"{callee}.rpc", name, mandatory=True)
        return _read(callee, name, self._reply(callee, correlation_id, deadline_seconds))

    def close(self) -> None:
        """Drop the reply queue."""
        with suppress(*BUS_ERRORS):
            # First the consumer: the broker cancels one whose queue goes, and that breaks off the closing.
            self._channel.basic_cancel(self._tag)
            self._channel.queue_delete(self._queue)

    def _reply(self, callee: str, correlation_id: str, seconds: float) -> amqp.Message:
        until = time.monotonic() + seconds
        while correlation_id not in self._outcomes and (left := until - time.monotonic()) > 0:
            with suppress(socket.timeout):
                self._connection.drain_events(timeout=left)
        outcome = self._outcomes.pop(correlation_id, None)
        if outcome is None:
            raise NoAnswer(service=callee)
        return outcome

    def _arrived(self, message: amqp.Message) -> None:
        self._outcomes[message.properties["correlation_id"]] = message

    def _returned(self, _: Exception, __: str, ___: str, message: amqp.Message) -> None:
        self._outcomes[message.properties["correlation_id"]] = None


@contextmanager
def client(amqp_url: str, caller: str) -> Iterator[PlainClient]:
    """A PlainClient whose replies come to `<caller>.replies`; its login may write to `<owner>.rpc`."""
    with Connection(amqp_url, connect_timeout=CONNECT_SECONDS) as connection:
        connection.connect()
        plain = PlainClient(connection, Sender.new(caller, amqp_url))
        try:
            yield plain
        finally:
            plain.close()


@contextmanager
def _counted(caller: str, callee: str, name: str) -> Iterator[None]:
    outcome = "failed"
    try:
        yield
        outcome = "answered"
    except Refusal as refusal:
        outcome = "no_answer" if isinstance(refusal, NoAnswer) else "refused"
        raise
    finally:
        metrics.RPC_CALLED.labels(caller, callee, name, outcome).inc()


def _read(callee: str, name: str, reply: amqp.Message) -> dict[str, Any]:
    answer = read_reply(reply)
    try:
        loaded: dict[str, Any] = shared(commands(callee)[name][1]).load(answer)
    except ValidationError:
        # The owner broke its own contract; to the caller that is as good as silence.
        raise NoAnswer(service=callee) from None
    return loaded

"""Answering commands: one queue per service, a worker per command, nothing begun after the caller gave up."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any

import amqp
from marshmallow import Schema
from nameko.exceptions import ContainerBeingKilled
from nameko.extensions import Entrypoint, ProviderCollector, SharedExtension, register_entrypoint

from schemas.contract import shared
from schemas.refusal import Refusal
from services.chassis import complaints, metrics
from services.chassis.auth import Actor
from services.chassis.calls import (
    MalformedCall,
    Request,
    RpcCall,
    UnknownCommand,
    answer_message,
    commands,
    read_request,
    refusal_message,
)
from services.chassis.deliveries import BUS_ERRORS
from services.chassis.instant import ClockReader, system_clock
from services.chassis.link import Link, bus_url
from services.chassis.problems import Internal
from services.chassis.trace import tracing

_log = logging.getLogger(__name__)

Handler = Callable[[Any, RpcCall, dict[str, Any]], dict[str, Any]]


def command(
    name: str, *, request: type[Schema] | None = None, answer: type[Schema] | None = None
) -> Callable[[Handler], Callable[..., Any]]:
    """Serve a method as a command of its service.

    The method gets an RpcCall and the body as the request schema reads it, and returns what the answer schema
    dumps: both from COMMANDS of `schemas.rpc.<service>` unless given here. A Refusal that it raises travels
    under its code; anything else is logged and answered `internal`. The message is acknowledged after the
    answer has gone, so a command whose worker died is worked on again, within its deadline: commands are
    idempotent.
    """

    def decorate(method: Handler) -> Callable[..., Any]:
        @wraps(method)
        def served(service: Any, task: Task) -> amqp.Message | None:
            return task.reply(partial(method, service))

        register_entrypoint(served, Command(name, request, answer))
        return served

    return decorate


@dataclass(frozen=True)
class Task:
    """A command on its way through a worker."""

    request: Request
    schemas: tuple[type[Schema], type[Schema]]
    clock: ClockReader
    service: str

    def reply(self, method: Callable[[RpcCall, dict[str, Any]], dict[str, Any]]) -> amqp.Message | None:
        """What goes back to the caller; None if the caller has given up before the work began."""
        with tracing(self.request.trace_id):
            began = time.perf_counter()
            outcome, reply = self._worked(method)
            metrics.RPC_SERVED.labels(self.service, self.request.command, outcome).inc()
            metrics.RPC_SECONDS.labels(self.service, self.request.command).observe(
                time.perf_counter() - began
            )
            return reply

    def _worked(
        self, method: Callable[[RpcCall, dict[str, Any]], dict[str, Any]]
    ) -> tuple[str, amqp.Message | None]:
        call = self._call()
        if call.now >= call.deadline:
            return "expired", None
        try:
            body = complaints.load(self.schemas[0], self.request.body)
            answer = shared(self.schemas[1]).dump(method(call, body))
            return "answered", answer_message(self.request, answer)
        except Refusal as refusal:
            return "refused", refusal_message(self.request, refusal)
        except Exception:  # noqa: BLE001 - the outermost loop: whatever broke, the caller hears of it
            _log.exception("%s failed", self.request.command)
            return "failed", refusal_message(self.request, Internal())

    def _call(self) -> RpcCall:
        request = self.request
        actor = Actor.from_json(request.actor) if request.actor else None
        return RpcCall(
            request.command, request.caller, actor, request.trace_id, request.deadline, self.clock.now()
        )


class CommandQueue(ProviderCollector, SharedExtension):
    """The queue `<service>.rpc`, shared by the commands of a nameko class."""

    def setup(self) -> None:
        """Work out names; connects to nothing."""
        self.service = self.container.service_name.removesuffix("_http")
        self._tag = f"{self.service}.rpc"
        self._link = Link(bus_url(self.container.config), f"{self.service}.rpc", self._opened)
        self._started = False
        self._pausing = False

    def start(self) -> None:
        """Begin to take commands; returns at once, also while the bus is away."""
        if not self._started:
            self._started = True
            self.container.spawn_managed_thread(self._link.run, identifier="rpc")

    def stop(self) -> None:
        """Close, after the last worker has answered."""
        self._link.stop()

    def is_up(self) -> bool:
        """Whether commands can arrive."""
        return self._link.is_up()

    def pause(self) -> None:
        """Take no more commands; those in hand are answered."""
        if not self._pausing:
            self._pausing = True
            self._link.cancel(self._tag)

    def settle(self, message: amqp.Message, reply: amqp.Message | None, request: Request | None) -> None:
        """Send the reply, if there is one, and let the command go."""
        if reply is not None and request is not None:
            try:
                self._link.publish(reply, request.reply_exchange, request.reply_key)
            except BUS_ERRORS as error:
                _log.warning("an answer to %s was lost: %s", request.command, error)
                return
        self._link.acknowledge(message)

    def _opened(self, channel: amqp.Channel) -> None:
        exchange, queue = f"{self.service}.rpc", f"{self.service}.rpc"
        channel.exchange_declare(exchange, "direct", durable=True, auto_delete=False)
        channel.queue_declare(queue, durable=True, auto_delete=False)
        for provider in self._providers:
            channel.queue_bind(queue, exchange, provider.command)
        channel.basic_qos(0, self.container.max_workers, False)
        if not self._pausing:
            channel.basic_consume(queue, callback=self._arrived, consumer_tag=self._tag)

    def _arrived(self, message: amqp.Message) -> None:
        # To wait for a free worker here would hold up the connection's heartbeats.
        self.container.spawn_managed_thread(partial(self._dispatch, message), identifier="rpc call")

    def _dispatch(self, message: amqp.Message) -> None:
        if self._pausing:
            return
        try:
            request = read_request(message)
        except MalformedCall as error:
            _log.error("%s.rpc: dropped a malformed call: %s", self.service, error)
            metrics.RPC_SERVED.labels(self.service, "-", "malformed").inc()
            self.settle(message, None, None)
            return
        provider = next((p for p in self._providers if p.command == request.command), None)
        if provider is None:
            self.settle(message, refusal_message(request, UnknownCommand()), request)
        else:
            provider.serve(message, request)


class Command(Entrypoint):
    """The entrypoint behind `command`."""

    queue = CommandQueue()

    def __init__(self, name: str, request: type[Schema] | None, answer: type[Schema] | None) -> None:
        super().__init__()
        self.command = name
        self._given = (request, answer) if request and answer else None

    def setup(self) -> None:
        """Find the command's schemas and join the queue."""
        self._service = self.container.service_name.removesuffix("_http")
        self._schemas = self._given or commands(self._service)[self.command]
        self._clock = system_clock()
        self.queue.register_provider(self)

    def stop(self) -> None:
        """Take no more commands."""
        self.queue.pause()

    def serve(self, message: amqp.Message, request: Request) -> None:
        """Have a worker do it; returns when one has taken it."""
        task = Task(request, self._schemas, self._clock, self._service)
        with suppress(ContainerBeingKilled):
            self.container.spawn_worker(
                self, (task,), {}, handle_result=partial(self._done, message, request)
            )

    def _done(
        self, message: amqp.Message, request: Request, _: object, result: Any, exc_info: Any
    ) -> tuple[Any, Any]:
        # An error here is one of nameko's own making: the method's are answers already.
        reply = refusal_message(request, Internal()) if exc_info else result
        self.queue.settle(message, reply, request)
        return result, exc_info

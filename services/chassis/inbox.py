"""Hears facts: each is handled once, in the transaction that remembers it; retried in bounds, never lost."""

import logging
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import wraps
from typing import Any

import amqp
import eventlet
from eventlet.event import Event
from nameko.extensions import Entrypoint, register_entrypoint

from schemas.refusal import Busy, Unavailable
from services.chassis import dead_letters
from services.chassis.backoff import Backoff, Every
from services.chassis.deliveries import BUS_ERRORS, Queues, Wire, headers_of
from services.chassis.facts import Fact, Malformed, read_fact
from services.chassis.hearing import RETRY_DELAYS_MS, cause, judge
from services.chassis.instant import system_clock
from services.chassis.link import bus_url
from services.chassis.metrics import INBOX_FACTS
from services.chassis.remembering import forget, remember
from services.chassis.store import Connection
from services.chassis.trace import tracing

__all__ = ["Fact", "Inbox", "Malformed", "consume"]

# One commit for so many facts: the disk's answer is most of what a lone fact costs.
BATCH = 200
IDLE_SECONDS = 1.0
FORGET_SECONDS = 600.0
BREATH_SECONDS = 5.0
# Longer than a batch takes; what is not settled by then comes again.
STOP_SECONDS = 20.0
# About five minutes of asking in place; after that the messages wait their turn in the retry queues.
PATIENT_ROUNDS = 60

_log = logging.getLogger(__name__)

Handler = Callable[..., Any]


def consume(
    hears: Mapping[str, Sequence[str]],
    types: Iterable[str] | None = None,
    *,
    stateless: bool = False,
    whole: bool = False,
    batch: int = BATCH,
    delays_ms: Sequence[int] = RETRY_DELAYS_MS,
) -> Callable[[Handler], Handler]:
    """Make a method of a service's worker class hear the aggregates of other owners.

    The method is called as `method(self, fact, conn)` inside a transaction of `self.db`, which commits before
    the message is acknowledged, and never for a message that was handled before. With `types` only these
    event types reach it, and what is republished. With `stateless` there is no database: `conn` is None, and
    the method itself must bear to see a fact twice. With `whole` it is called once per batch, with a list.

    Up to `batch` facts that have arrived share one transaction; if it fails, its halves are tried. A method
    that raises Malformed sends its fact to the dead letters at once, and so does any error if the fact's
    state breaks its owner's schema; busy, unavailable and no_answer are waited out; any other error is tried
    again after each of `delays_ms`, then it is a dead letter.
    """

    def decorate(method: Handler) -> Handler:
        each = method if whole else _one_by_one(method)
        work = _without_memory(each) if stateless else _remembering(each)
        handler = wraps(method)(_quiet_about_outages(work))
        register_entrypoint(handler, Inbox(hears, types, batch=batch, delays_ms=delays_ms))
        return handler

    return decorate


def _remembering(each: Handler) -> Handler:
    """Return what a worker runs: the facts never handled before, and the note of it, in one transaction."""
    forgetting = Every(FORGET_SECONDS)

    def handler(service: Any, facts: list[Fact]) -> None:
        with service.db.transaction() as conn:
            unheard = remember(conn, service.name, facts)
            if unheard:
                each(service, unheard, conn)
            if forgetting.due():
                forget(conn, facts[0].now)
        fresh = {id(fact) for fact in unheard}
        _count(service.name, unheard, "handled")
        _count(service.name, (fact for fact in facts if id(fact) not in fresh), "repeated")

    return handler


def _without_memory(each: Handler) -> Handler:
    """Return what a worker of a service without a database runs."""

    def handler(service: Any, facts: list[Fact]) -> None:
        each(service, facts, None)
        _count(service.name, facts, "handled")

    return handler


def _quiet_about_outages(work: Handler) -> Callable[..., Exception | None]:
    """Return a handler that returns such an error: raised, nameko would log each one with its trace."""

    def handler(service: Any, facts: list[Fact]) -> Exception | None:
        try:
            work(service, facts)
        except (Busy, Unavailable) as error:
            return error
        return None

    return handler


def _count(service: str, facts: Iterable[Fact], outcome: str) -> None:
    """Show what became of these facts."""
    for fact in facts:
        INBOX_FACTS.labels(service, fact.owner, outcome).inc()


def _one_by_one(method: Handler) -> Handler:
    """Return a handler of many facts that calls `method` for each, inside the fact's own trace."""

    def each(service: Any, facts: list[Fact], conn: Connection | None) -> None:
        for fact in facts:
            with tracing(fact.trace_id):
                method(service, fact, conn)

    return each


class Inbox(Entrypoint):
    """The entrypoint behind `consume`: one greenlet receives, one worker at a time handles a batch.

    Receiving, acknowledging and forwarding happen in the same greenlet, so nothing writes to the connection
    at the same time. Before anything is acknowledged its transaction has committed, or the broker has
    confirmed that the message waits in another queue.
    """

    def __init__(
        self,
        hears: Mapping[str, Sequence[str]],
        types: Iterable[str] | None = None,
        *,
        batch: int = BATCH,
        delays_ms: Sequence[int] = RETRY_DELAYS_MS,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self.hears = hears
        self._types = None if types is None else frozenset(types)
        self._batch = batch
        self._delays_ms = delays_ms

    def setup(self) -> None:
        """Work out names; connects to nothing."""
        self._queues = self.queues(self.container.service_name)
        self._clock = system_clock()
        self._stopping = False
        self._ended = Event()
        self._away_since: float | None = None

    def queues(self, consumer: str) -> Queues:
        """Return the queues that this inbox has under a consumer's name."""
        return Queues(consumer, self._delays_ms)

    def start(self) -> None:
        """Begin to hear; returns at once, also while the bus is away."""
        self.container.spawn_managed_thread(self._run, identifier="inbox")

    def stop(self) -> None:
        """Take no more, and wait until the batch in hand is settled."""
        self._stopping = True
        self._ended.wait(timeout=STOP_SECONDS)

    def kill(self) -> None:
        """Take no more; what is in hand comes again."""
        self._stopping = True

    def _run(self) -> None:
        """Hear until stopped, over one connection after another."""
        pause = Backoff(0.2, 5.0)
        try:
            while not self._stopping:
                self._hear_or_pause(pause)
        finally:
            self._ended.send(None)

    def _hear_or_pause(self, pause: Backoff) -> None:
        """Hear over one connection; pause when it is lost."""
        try:
            self._hear(pause)
        except BUS_ERRORS as error:
            _log.warning("%s lost the bus: %s", self._queues.inbox, error)
            eventlet.sleep(pause.next())

    def _hear(self, pause: Backoff) -> None:
        """Hear over one connection until it breaks or the service stops."""
        with Wire(bus_url(self.container.config), self._queues) as wire:
            wire.listen(self.hears, prefetch=2 * self._batch)
            pause.reset()
            while not self._stopping:
                messages = wire.gather(self._batch, IDLE_SECONDS)
                if messages and self._settle(wire, messages):
                    wire.acknowledge(messages[-1])

    def _settle(self, wire: Wire, messages: list[amqp.Message]) -> bool:
        """Handle these messages, together or else in halves; return False if the service stops before."""
        wanted = [(message, fact) for message, fact in self._readable(wire, messages) if self._wants(fact)]
        if not wanted:
            return True
        error = self._attempt_patiently(wire, [fact for _, fact in wanted])
        if error is None:
            return True
        if len(wanted) > 1 and not self._stopping:
            middle = len(wanted) // 2
            halves = (wanted[:middle], wanted[middle:])
            return all(self._settle(wire, [message for message, _ in half]) for half in halves)
        return not self._stopping and self._forward(wire, wanted[0][0], cause(error, wanted[0][1]))

    def _readable(self, wire: Wire, messages: list[amqp.Message]) -> Iterable[tuple[amqp.Message, Fact]]:
        """Yield the messages that are facts; the others go to the dead letters."""
        now = self._clock.now()
        for message in messages:
            try:
                yield message, read_fact(message.body, now=now)
            except Malformed as error:
                self._forward(wire, message, error)

    def _wants(self, fact: Fact) -> bool:
        """Return whether the method asked for this type of fact."""
        return self._types is None or fact.type in self._types or fact.republished

    def _forward(self, wire: Wire, message: amqp.Message, error: Exception) -> bool:
        """Send a message that failed to wait, or to the dead letters; always True: it is settled."""
        verdict = judge(error, headers_of(message), self._delays_ms)
        level = logging.ERROR if verdict.dead else logging.WARNING
        _log.log(level, "%s: %s goes to %s: %s", self._queues.inbox, _name(message), verdict.key, error)
        wire.forward(message, verdict.key, verdict.headers)
        outcome = "dead" if verdict.dead else "retried"
        # The exchange is its owner's; one that has been retried comes from our own.
        source = message.delivery_info["exchange"].partition(".")[0]
        INBOX_FACTS.labels(self.container.service_name, source, outcome).inc()
        return True

    def _attempt_patiently(self, wire: Wire, facts: list[Fact]) -> Exception | None:
        """Run the handler; while what it stands on is away, hold the messages and ask again."""
        pause = Backoff(0.2, 5.0)
        for _ in range(PATIENT_ROUNDS):
            error = self._attempt(wire, facts)
            self._tell_outage(error)
            if not isinstance(error, Unavailable) or self._stopping:
                return error
            eventlet.sleep(pause.next())
            wire.breathe()
        return error

    def _tell_outage(self, error: Exception | None) -> None:
        """Log one line when what the handler stands on goes away, and one when it is back."""
        away = isinstance(error, Unavailable)
        if away and self._away_since is None:
            self._away_since = time.monotonic()
            _log.warning("%s waits: what it stands on does not answer (%r)", self._queues.inbox, error)
        elif not away and self._away_since is not None:
            waited, self._away_since = time.monotonic() - self._away_since, None
            _log.warning("%s goes on after %.0f s", self._queues.inbox, waited)

    def _attempt(self, wire: Wire, facts: list[Fact]) -> Exception | None:
        """Run the handler in a worker; return what it raised, or None after its commit."""
        outcome = Event()

        def note(_: object, result: object, exc_info: Any) -> tuple[object, Any]:
            outcome.send(exc_info[1] if exc_info else result)
            return result, exc_info

        self.container.spawn_worker(self, (facts,), {}, handle_result=note)
        while not outcome.ready():
            outcome.wait(timeout=BREATH_SECONDS)
            if not outcome.ready():
                wire.breathe()
        error: Exception | None = outcome.wait()
        return error


def _name(message: amqp.Message) -> str:
    """Return how logs speak of a message."""
    return str(message.properties.get("message_id") or "a message without id")


if __name__ == "__main__":
    sys.exit(dead_letters.main(sys.argv[1:]))

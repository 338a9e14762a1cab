"""Carries one outbox to the bus, in a thread of its own."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from threading import Event, Thread

import psycopg
from prometheus_client import Counter, Gauge

from services.chassis.backoff import Backoff, Every
from services.chassis.deliveries import BUS_ERRORS
from services.chassis.ids import first_id_of
from services.chassis.instant import ClockReader
from services.chassis.publisher import Outgoing, Publisher
from services.chassis.store import CONNECT_SECONDS

BATCH = 300
BUSY_SECONDS = 0.02
# A batch of so many shows that many are at work. Then a little patience makes larger batches, and everything
# behind the relay pays for a batch what it paid for a message.
MANY, MANY_SECONDS = 4, 0.1
IDLE_SECONDS = 0.25
GAUGE_SECONDS = 2.0
PRUNE_SECONDS = 60.0
KEEP = timedelta(days=7)
PRUNE_BATCH = 1000

# A transaction stays open while the broker confirms, so it may idle longer than a service's.
OPTIONS = (
    "-c statement_timeout=10s -c lock_timeout=3s -c idle_in_transaction_session_timeout=60s -c timezone=UTC"
)

ANY_UNSENT = "select from outbox where sent_at is null limit 1"

# Never "everything after the last id": a transaction that began early may commit late, and its rows with it.
TAKE = """
select id, owner, routing_key, body
  from outbox
 where sent_at is null
 order by id
 limit %s
   for update skip locked
"""

MARK = "update outbox set sent_at = %s where id = any(%s)"

WAITING = "select count(*), min(created_at) from outbox where sent_at is null"

# Ids begin with the time they were made at, so the bound on them spares the scan of all that is younger.
PRUNE = """
delete from outbox
 where id in (select id
                from outbox
               where id < %s and sent_at < %s
               order by id
               limit %s
                 for update skip locked)
"""

PUBLISHED = Counter("keqiao_relay_published_total", "Messages that the broker has confirmed", ("service",))
FAILURES = Counter("keqiao_relay_failures_total", "Times that an outbox or the bus was lost", ("service",))
UNSENT = Gauge("keqiao_outbox_waiting", "Messages of an outbox that are not sent yet", ("service",))
OLDEST = Gauge("keqiao_outbox_oldest_seconds", "Age of the oldest message that is not sent yet", ("service",))

_log = logging.getLogger(__name__)


class Carrier(Thread):
    """Moves what one service's outbox holds to its exchange `<owner>.events`, until it is told to stop.

    Rows are locked while they are published and marked after the broker's confirms, so that a message is
    delivered at least once whatever dies in between, and two carriers of one outbox share the work.
    """

    def __init__(
        self, service: str, database_url: str, bus_url: str, clock: ClockReader, stopping: Event
    ) -> None:
        super().__init__(name=f"carrier-{service}", daemon=True)
        self._service = service
        self._database_url = database_url
        self._bus_url = bus_url
        self._clock = clock
        self._stopping = stopping
        self._connected = False
        self._measuring = Every(GAUGE_SECONDS)
        self._pruning = Every(PRUNE_SECONDS)

    def is_connected(self) -> bool:
        """Return whether both the outbox and the bus are at hand."""
        return self._connected

    def run(self) -> None:
        """Carry until stopped, over one pair of connections after another."""
        pause = Backoff(0.2, 5.0)
        while not self._stopping.is_set():
            try:
                with self._connections() as (conn, bus):
                    pause.reset()
                    self._carry_all(conn, bus)
            except (psycopg.Error, *BUS_ERRORS) as error:
                FAILURES.labels(self._service).inc()
                _log.warning("%s: the outbox or the bus was lost: %s", self._service, str(error).strip())
                self._stopping.wait(pause.next())

    @contextmanager
    def _connections(self) -> Iterator[tuple[psycopg.Connection, Publisher]]:
        """Hold a connection to the outbox and one to the bus."""
        conn = psycopg.connect(
            self._database_url,
            autocommit=True,
            options=OPTIONS,
            connect_timeout=CONNECT_SECONDS,
            application_name="relay",
        )
        with conn, Publisher(self._bus_url) as bus:
            self._connected = True
            try:
                yield conn, bus
            finally:
                self._connected = False

    def _carry_all(self, conn: psycopg.Connection, bus: Publisher) -> None:
        """Carry batch after batch; pause the longer, the less there is to do."""
        pause = BUSY_SECONDS
        while not self._stopping.is_set():
            carried = self._carry(conn, bus)
            if self._measuring.due():
                self._measure(conn)
            if self._pruning.due():
                self._prune(conn)
            pause = _pause_after(carried, pause)
            if carried < BATCH:
                self._stopping.wait(pause)

    def _carry(self, conn: psycopg.Connection, bus: Publisher) -> int:
        """Publish one batch and mark it; return how many messages it had."""
        if not conn.execute(ANY_UNSENT).rowcount:
            return 0
        with conn.transaction():
            rows = conn.execute(TAKE, [BATCH]).fetchall()
            if not rows:
                return 0
            bus.publish(Outgoing(str(row[0]), f"{row[1]}.events", row[2], row[3]) for row in rows)
            conn.execute(MARK, [self._clock.now(), [row[0] for row in rows]])
        PUBLISHED.labels(self._service).inc(len(rows))
        return len(rows)

    def _measure(self, conn: psycopg.Connection) -> None:
        """Show how much waits, and since when."""
        count, oldest = conn.execute(WAITING).fetchall()[0]
        age = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        UNSENT.labels(self._service).set(count)
        OLDEST.labels(self._service).set(max(age, 0.0))

    def _prune(self, conn: psycopg.Connection) -> None:
        """Delete some of the messages that were sent more than KEEP ago."""
        before = self._clock.now() - KEEP
        conn.execute(PRUNE, [first_id_of(before), before, PRUNE_BATCH])


def _pause_after(carried: int, last: float) -> float:
    """Return how long to wait after a batch that was not a full one."""
    if carried >= MANY:
        return MANY_SECONDS
    return BUSY_SECONDS if carried else min(IDLE_SECONDS, last * 1.5)

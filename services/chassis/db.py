"""PostgreSQL inside nameko: the store as a dependency, and waiting that lets other workers run."""

import os
import socket

import eventlet
import psycopg.waiting
from nameko.extensions import DependencyProvider
from psycopg.abc import PQGen

from schemas.refusal import Busy, Unavailable
from services.chassis.store import Connection, Store, connect, in_transaction, savepoint

__all__ = [
    "Busy",
    "Connection",
    "Database",
    "HubWouldBlock",
    "Store",
    "Unavailable",
    "connect",
    "hub_is_cooperative",
    "in_transaction",
    "savepoint",
]

# psycopg's own waiting is written in C and holds up eventlet's hub, and with it every worker of the process:
# eight queries of 0.3 s took 2.4 s. This one goes through the patched selectors. Set before any connection.
psycopg.waiting.wait = psycopg.waiting.wait_selector

PROBE_SECONDS = 0.2
# Beside its workers a container may lend to its inbox and its health check.
SPARE_CONNECTIONS = 2


class HubWouldBlock(RuntimeError):
    """Waiting for PostgreSQL would stop every other worker of this process."""


class Database(DependencyProvider):
    """Lends each worker the Store of DATABASE_URL, with a pool of its container's own.

    The pool holds a connection per worker and two to spare, `max_size` at most. Raises HubWouldBlock at start
    if psycopg's waiting is not cooperative.
    """

    def __init__(self, min_size: int = 1, max_size: int = 12) -> None:
        self._min_size = min_size
        self._max_size = max_size

    def setup(self) -> None:
        """Check the hub and open the pool."""
        if not hub_is_cooperative():
            raise HubWouldBlock("psycopg's wait function, or an unpatched select, would block eventlet's hub")
        size = min(self._max_size, self.container.max_workers + SPARE_CONNECTIONS)
        self.store = Store(
            os.environ["DATABASE_URL"],
            name=self.container.service_name,
            min_size=self._min_size,
            max_size=max(self._min_size, size),
        )
        self.store.open()

    def stop(self) -> None:
        """Close the pool, after the last worker has ended."""
        self.store.close()

    def get_dependency(self, _: object) -> Store:
        """Return the store; one is shared by all workers of the container."""
        return self.store


def hub_is_cooperative() -> bool:
    """Return whether another greenlet can run while psycopg waits; needs no server.

    psycopg's wait function is set to wait for a socket that only another greenlet will write to.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        writer = eventlet.spawn(theirs.send, b"!")
        try:
            return bool(psycopg.waiting.wait(_first_event(), ours.fileno(), PROBE_SECONDS))
        finally:
            writer.cancel()


def _first_event() -> PQGen[bool]:
    """Wait once for reading; return whether anything came before the wait function's interval was over."""
    ready = yield psycopg.waiting.Wait.R
    return ready != psycopg.waiting.Ready.NONE

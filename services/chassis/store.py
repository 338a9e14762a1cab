"""PostgreSQL for any process: a pool, short transactions, and its failures as refusals with names."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import Any

import psycopg
from psycopg import errors
from psycopg.rows import dict_row
from psycopg_pool import ConnectionPool, PoolClosed, PoolTimeout, TooManyRequests

from schemas.refusal import Busy, Unavailable

Connection = psycopg.Connection[dict[str, Any]]

_open: ContextVar[bool] = ContextVar("transaction_open", default=False)

LENDING_SECONDS = 3.0
CONNECT_SECONDS = 3
# The pool gives an attempt up after this long; the next borrower begins a new one. Left at psycopg's
# five minutes, its doubling delays would keep a service away from a database that came back long ago.
RECONNECT_SECONDS = 2.0

SESSION_OPTIONS = " ".join(
    f"-c {setting}"
    for setting in (
        "lock_timeout=3s",
        "statement_timeout=10s",
        "idle_in_transaction_session_timeout=15s",
        "timezone=UTC",
    )
)

BUSY_ERRORS = (
    errors.LockNotAvailable,
    errors.QueryCanceled,
    errors.DeadlockDetected,
    errors.SerializationFailure,
    errors.TooManyConnections,
    TooManyRequests,
)


class Store:
    """A database and the connections lent from it; safe to share among workers."""

    def __init__(self, url: str, *, name: str, min_size: int = 1, max_size: int = 4) -> None:
        self._pool: ConnectionPool[Connection] = ConnectionPool(
            url,
            connection_class=Connection,
            kwargs={
                "row_factory": dict_row,
                "options": SESSION_OPTIONS,
                "connect_timeout": CONNECT_SECONDS,
                "application_name": name,
            },
            min_size=min_size,
            max_size=max_size,
            timeout=LENDING_SECONDS,
            reconnect_timeout=RECONNECT_SECONDS,
            name=name,
            open=False,
        )

    def open(self) -> None:
        """Begin to connect; returns at once, also while the database is away."""
        self._pool.open()

    def close(self) -> None:
        """Give every connection back to the server."""
        self._pool.close()

    @contextmanager
    def transaction(self) -> Iterator[Connection]:
        """Lend a connection inside a transaction that commits at the end, or rolls back with the error.

        READ COMMITTED; a lock is waited for 3 s, a statement 10 s. Raises Busy or Unavailable for what the
        database could not do; nothing is tried twice.
        """
        with self._lent(read_only=False) as conn:
            yield conn

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Lend a connection inside a read only transaction; raises as `transaction` does."""
        with self._lent(read_only=True) as conn:
            yield conn

    def ping(self) -> bool:
        """Return whether the database answers."""
        try:
            with self.read() as conn:
                conn.execute("select 1")
        except (Busy, Unavailable):
            return False
        return True

    @contextmanager
    def _lent(self, *, read_only: bool) -> Iterator[Connection]:
        """Borrow, run and settle one transaction, with failures translated; the pool drops what broke."""
        with self._translated(), self._borrowed() as conn, _noted():
            if conn.read_only is not read_only:
                conn.read_only = read_only
            with conn:
                yield conn

    @contextmanager
    def _borrowed(self) -> Iterator[Connection]:
        """Lend a sound connection and give it back."""
        conn = self._sound()
        try:
            yield conn
        finally:
            self._pool.putconn(conn)

    def _sound(self) -> Connection:
        """Take a connection that the server has not closed while it lay idle.

        The pool's own check pauses a second, then two, after each broken one; after a restart of the server
        all of them are broken, so here they are thrown out without a pause.
        """
        for _ in range(self._pool.max_size):
            conn = self._pool.getconn()
            if not _is_broken(conn):
                return conn
            self._pool.putconn(conn)
        return self._pool.getconn()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        """Raise Busy and Unavailable in place of what psycopg and the pool raise."""
        failures = self._connection_failures()
        try:
            yield
        except BUSY_ERRORS as error:
            raise Busy() from error
        except PoolTimeout as error:
            # Nothing to lend because all is lent, or because no connection can be made?
            refusal = Busy if self._connection_failures() == failures else Unavailable
            raise refusal() from error
        except (psycopg.OperationalError, PoolClosed) as error:
            raise Unavailable() from error

    def _connection_failures(self) -> int:
        """Return how many attempts to connect have failed so far."""
        return self._pool.get_stats().get("connections_errors", 0)


def connect(url: str, *, name: str = "keqiao", min_size: int = 1, max_size: int = 4) -> Store:
    """Return an open store for a plain process (solver, bootstrap, tests); close it when done."""
    store = Store(url, name=name, min_size=min_size, max_size=max_size)
    store.open()
    return store


def in_transaction() -> bool:
    """Return whether this greenlet or thread has a transaction open: no call to another service then."""
    return _open.get()


@contextmanager
def _noted() -> Iterator[None]:
    """Note that a transaction is open, for as long as it is."""
    token = _open.set(True)
    try:
        yield
    finally:
        _open.reset(token)


def savepoint(conn: Connection) -> AbstractContextManager[psycopg.Transaction]:
    """Return a context inside the running transaction whose work alone is undone if it raises."""
    return conn.transaction()


def _is_broken(conn: Connection) -> bool:
    """Return whether the server has closed this idle connection; costs no round trip."""
    try:
        # The first reading takes the server's last words, if there are any; the second finds the end.
        conn.pgconn.consume_input()
        conn.pgconn.consume_input()
    except psycopg.OperationalError:
        return True
    return conn.closed

"""What a service shows of itself: its logs, its numbers for Prometheus, its health and readiness."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple, TypeVar

import psycopg
import structlog
from kombu import Connection
from nameko.extensions import DependencyProvider

from schemas.refusal import Busy, Unavailable
from services.chassis import metrics
from services.chassis.db import Database
from services.chassis.deliveries import BUS_ERRORS
from services.chassis.health import HealthServer
from services.chassis.instant import system_clock
from services.chassis.link import bus_url
from services.chassis.logs import configure_logs
from services.chassis.rpc_client import Replies
from services.chassis.rpc_server import CommandQueue
from services.chassis.trace import current_trace

__all__ = ["SqlGauge", "Telemetry", "configure_logs", "current_trace"]

_BUS_SECONDS = 2

Check = Callable[[], bool]
_T = TypeVar("_T")


class SqlGauge(NamedTuple):
    """A number read from the service's own database when it is asked for.

    `sql` gives rows with a column `value` and one per label; `%(now)s` in it is the stack's time.
    """

    name: str
    text: str
    sql: str
    labels: tuple[str, ...] = ()


class Telemetry(DependencyProvider):
    """Joins a nameko class to its process's health server on METRICS_ADDRESS, and shows its gauges.

    Ready means that the class's database answers, the bus, that commands and answers can arrive, and every
    one of `checks`. A service may have it on each of its classes: the process has one server all the same.
    Workers get the service's logger.
    """

    def __init__(
        self, service: str, *, gauges: Iterable[SqlGauge] = (), checks: Mapping[str, Check] | None = None
    ) -> None:
        self._service, self._gauges, self._more_checks = service, tuple(gauges), dict(checks or {})

    def setup(self) -> None:
        """Speak JSON from here on."""
        configure_logs(self._service)
        self._clock = system_clock()

    def start(self) -> None:
        """Add this class's checks and gauges to the process's, now that all it stands on is set up."""
        self._names = _process.join(self._checks())
        self._shown = [metrics.show(g.name, g.text, self._reader(g), g.labels) for g in self._gauges]

    def stop(self) -> None:
        """Take checks and gauges away; the last class closes the server."""
        for readings in self._shown:
            metrics.hide(readings)
        _process.leave(self._names)

    def get_dependency(self, _: object) -> structlog.stdlib.BoundLogger:
        """Return the service's logger."""
        logger: structlog.stdlib.BoundLogger = structlog.get_logger(self._service)
        return logger

    def _checks(self) -> dict[str, Check]:
        own: dict[str, Check] = {"bus": lambda: bus_answers(bus_url(self.container.config))}
        if self._found(Database):
            own["database"] = lambda: all(database.store.ping() for database in self._found(Database))
        if self._found(CommandQueue):
            own["commands"] = lambda: all(queue.is_up() for queue in self._found(CommandQueue))
        if self._found(Replies):
            own["replies"] = lambda: all(replies.is_up() for replies in self._found(Replies))
        return own | self._more_checks

    def _found(self, kind: type[_T]) -> list[_T]:
        """The extensions of this class that are of one kind; asked at each check, for all begin at once."""
        return [found for found in self.container.extensions if isinstance(found, kind)]

    def _reader(self, gauge: SqlGauge) -> Callable[[], Iterable[metrics.Reading]]:
        def read() -> Iterator[metrics.Reading]:
            try:
                with self._found(Database)[0].store.read() as conn:
                    rows = conn.execute(gauge.sql.encode(), {"now": self._clock.now()}).fetchall()
            except (Busy, Unavailable, psycopg.Error):
                return
            for row in rows:
                yield tuple(str(row[label]) for label in gauge.labels), float(row["value"])

        return read


class _Process:
    """The one health server of a process, open as long as any nameko class in it needs it."""

    def __init__(self) -> None:
        self._checks: dict[str, Check] = {}
        self._server: HealthServer | None = None

    def join(self, checks: Mapping[str, Check]) -> list[str]:
        """Add checks, open the server if it is not; return the names under which they were added."""
        names = {f"{name}.{len(self._checks)}" if name in self._checks else name: name for name in checks}
        self._checks.update({name: checks[own] for name, own in names.items()})
        if self._server is None:
            self._server = HealthServer(os.environ["METRICS_ADDRESS"], self._checks)
            self._server.__enter__()
        return list(names)

    def leave(self, names: Iterable[str]) -> None:
        """Remove checks, and close the server after the last."""
        for name in names:
            self._checks.pop(name, None)
        if not self._checks and self._server is not None:
            self._server.__exit__(None, None, None)
            self._server = None


_process = _Process()


def bus_answers(url: str) -> bool:
    """Whether the bus lets us in."""
    try:
        with Connection(url, connect_timeout=_BUS_SECONDS) as connection:
            connection.connect()
    except BUS_ERRORS:
        return False
    return True

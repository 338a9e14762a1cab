"""The numbers that every service shows, and the way to add its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from prometheus_client import Counter, Histogram
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

HTTP_REQUESTS = Counter(
    "keqiao_http_requests_total", "HTTP calls answered", ("service", "method", "route", "status")
)
HTTP_SECONDS = Histogram(
    "keqiao_http_request_seconds",
    "Time to answer an HTTP call",
    ("service", "method", "route"),
    buckets=_SECONDS,
)
RPC_SERVED = Counter(
    "keqiao_rpc_served_total", "Commands by what became of them", ("service", "command", "outcome")
)
RPC_SECONDS = Histogram(
    "keqiao_rpc_served_seconds", "Time to work on a command", ("service", "command"), buckets=_SECONDS
)
RPC_CALLED = Counter(
    "keqiao_rpc_called_total", "Commands sent, by how they ended", ("service", "callee", "command", "outcome")
)
INBOX_FACTS = Counter(
    "keqiao_inbox_facts_total", "Facts heard, by what became of them", ("service", "owner", "outcome")
)

Reading = tuple[tuple[str, ...], float]


class Readings(Collector):
    """A gauge that is read when the numbers are asked for; readings that fail are left out."""

    def __init__(
        self, name: str, text: str, labels: tuple[str, ...], read: Callable[[], Iterable[Reading]]
    ) -> None:
        self._name, self._text, self._labels, self._read = name, text, labels, read

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """One family with a sample for each reading."""
        family = GaugeMetricFamily(self._name, self._text, labels=self._labels)
        for labels, value in self._read():
            family.add_metric(labels, value)
        yield family


def show(
    name: str, text: str, read: Callable[[], Iterable[Reading]], labels: tuple[str, ...] = ()
) -> Readings:
    """Show the `(label values, number)` pairs that `read` returns, until the result is given to `hide`."""
    readings = Readings(name, text, labels, read)
    REGISTRY.register(readings)
    return readings


def hide(readings: Readings) -> None:
    """Show it no more."""
    REGISTRY.unregister(readings)

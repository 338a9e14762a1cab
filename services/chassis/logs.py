"""Log lines as JSON on standard output: time, level, service, trace id, event, and what else is known."""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

from services.chassis.trace import current_trace

# Libraries that tell every step of theirs at INFO.
_QUIET = ("kombu", "amqp", "nameko", "urllib3", "psycopg", "apscheduler")
# This one warns at every try to reach a server that is away; whoever asked it says so once.
_MUTE = "elastic_transport"


def configure_logs(service: str, level: int = logging.INFO) -> None:
    """Send this process's log lines, and its libraries', to standard output as JSON; may be called again."""
    shared: list[Any] = [
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
        _Service(service),
        _add_trace,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    logging.basicConfig(handlers=[_handler(shared)], level=level, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    logging.getLogger(_MUTE).setLevel(logging.ERROR)


class _Service:
    """Adds the service's name."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, _: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event["service"] = self._name
        return event


def _add_trace(_: object, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    trace_id = current_trace()
    if trace_id:
        event.setdefault("trace_id", trace_id)
    return event


def _handler(shared: list[Any]) -> logging.Handler:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[*shared, structlog.stdlib.PositionalArgumentsFormatter()],
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.format_exc_info,
                structlog.processors.JSONRenderer(ensure_ascii=False, default=str),
            ],
        )
    )
    return handler

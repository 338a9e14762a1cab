"""The relay: a plain process that carries every service's outbox to the bus, one thread an outbox."""

import logging
import os
import signal
import sys
from collections.abc import Mapping
from threading import Event

from services.chassis.carrier import Carrier
from services.chassis.health import HealthServer
from services.chassis.instant import system_clock
from services.chassis.logs import configure_logs

STOP_SECONDS = 15.0
STOP_SIGNALS = {signal.SIGTERM, signal.SIGINT}

_log = logging.getLogger(__name__)


def carriers(environ: Mapping[str, str], stopping: Event) -> list[Carrier]:
    """Return a carrier for each service that the environment names."""
    clock = system_clock(environ)
    return [
        Carrier(
            service,
            environ["RELAY_DATABASE_URL"].replace("{service}", service),
            environ["AMQP_URL"],
            clock,
            stopping,
        )
        for service in environ["RELAY_SERVICES"].split(",")
    ]


def main() -> int:
    """Carry until SIGTERM or SIGINT; a batch in hand is finished. Several relays may run at once."""
    configure_logs("relay")
    # Taken by sigwait, not by a handler: a second signal inside a handler that sets the event would wait for
    # ever for the event's own lock.
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    stopping = Event()
    threads = carriers(os.environ, stopping)
    checks = {thread.name: thread.is_connected for thread in threads}
    with HealthServer(os.environ["METRICS_ADDRESS"], checks):
        for thread in threads:
            thread.start()
        signal.sigwait(STOP_SIGNALS)
        stopping.set()
        for thread in threads:
            thread.join(STOP_SECONDS)
    late = [thread.name for thread in threads if thread.is_alive()]
    if late:
        _log.error("stopped without %s, whose batch will be sent again", ", ".join(late))
    return 1 if late else 0


if __name__ == "__main__":
    sys.exit(main())

"""`python -m services.chassis.prepare <service>…`: makes the queues of services before anybody publishes.

A message that no queue is bound for is gone, also a persistent one. So a stack that starts for the first time
makes all inboxes before its relay, as it brings all databases to their shape before the services.
"""

import importlib
import inspect
import os
import sys
from collections.abc import Iterator

from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from services.chassis.deliveries import Wire
from services.chassis.inbox import Inbox


def main(services: list[str]) -> int:
    """Make the queues of each service, over the address that AMQP_URL_<SERVICE> gives."""
    for service in services:
        for inbox in inboxes(service):
            prepare(inbox, service, os.environ[f"AMQP_URL_{service.upper()}"])
    return 0


def prepare(inbox: Inbox, service: str, url: str) -> None:
    """Make one inbox's queues and bindings, and let go again; may be done any number of times."""
    with Wire(url, inbox.queues(service)) as wire:
        wire.queues.declare(wire.channel, inbox.hears)


def inboxes(service: str) -> Iterator[Inbox]:
    """Yield what the classes of a service's `service.py` consume."""
    module = importlib.import_module(f"services.{service}.service")
    for _, kind in inspect.getmembers(module, inspect.isclass):
        for _, method in inspect.getmembers(kind, inspect.isfunction):
            entrypoints = getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ())
            yield from (each for each in entrypoints if isinstance(each, Inbox))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

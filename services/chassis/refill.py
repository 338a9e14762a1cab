"""`python -m services.chassis.refill <service>`: lets every owner tell a consumer its present states again.

For a projection that is new, or that lost what it had; run it in the service's own environment. What the
consumer knows in the same or a newer version stays as it is.
"""

import os
import sys
from collections.abc import Callable, Mapping, Sequence
from uuid import UUID

from services.chassis import rpc
from services.chassis.prepare import inboxes

PAGE = 500
DEADLINE_SECONDS = 30.0


def refill(
    owners: rpc.PlainClient,
    consumer: str,
    hears: Mapping[str, Sequence[str]],
    say: Callable[[str], None] = lambda _: None,
) -> None:
    """Return once every owner has put its states down for the consumer. Raises NoAnswer."""
    for owner, aggregates in hears.items():
        for aggregate in aggregates:
            say(f"{owner} tells every {aggregate}")
            _tell_all(owners, consumer, owner, aggregate)


def _tell_all(owners: rpc.PlainClient, consumer: str, owner: str, aggregate: str) -> None:
    after: UUID | None = None
    while True:
        body = {"consumer": consumer, "aggregate": aggregate, "after": after, "limit": PAGE}
        answer = owners.call(owner, "republish", body, deadline_seconds=DEADLINE_SECONDS)
        if answer["done"]:
            return
        after = answer["last"]


def main(arguments: Sequence[str]) -> int:
    """The command line; AMQP_URL is the service's."""
    (service,) = arguments
    with rpc.client(os.environ["AMQP_URL"], service) as owners:
        for inbox in inboxes(service):
            refill(owners, service, inbox.hears, print)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

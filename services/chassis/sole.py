"""One at a time, over all processes: a right that the broker gives to one connection and takes with it."""

from collections.abc import Iterator
from contextlib import contextmanager

import amqp.exceptions
from kombu import Connection

from services.chassis.deliveries import CONNECT_SECONDS


class Taken(RuntimeError):
    """Somebody else has the right at this moment."""


@contextmanager
def sole(amqp_url: str, name: str) -> Iterator[None]:
    """Hold the right of that name; raises Taken, or one of BUS_ERRORS where the broker is away.

    It is an exclusive queue, whose name begins with the login's own: whoever dies, or loses the connection,
    has lost it. So what is done under it must bear that a second one begins before the first has noticed.
    """
    with Connection(amqp_url, connect_timeout=CONNECT_SECONDS) as connection:
        connection.connect()
        try:
            connection.channel().queue_declare(name, durable=False, exclusive=True, auto_delete=False)
        except amqp.exceptions.ResourceLocked:
            raise Taken(name) from None
        yield

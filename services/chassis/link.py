"""A connection to the bus that one greenlet reads and any may write to; it comes back by itself."""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from urllib.parse import unquote, urlsplit

import amqp
import eventlet
from eventlet.event import Event
from eventlet.semaphore import Semaphore
from kombu import Connection
from nameko.constants import AMQP_URI_CONFIG_KEY

from services.chassis.deliveries import BUS_ERRORS, CONNECT_SECONDS, HEARTBEAT_SECONDS

_READ_SECONDS = 1.0
_FAREWELL_SECONDS = 2.0
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_log = logging.getLogger(__name__)


class LinkDown(OSError):
    """There is no connection at this moment."""


class Link:
    """Runs until stopped: connects, calls `opened` with a fresh channel, reads, begins again when it breaks.

    `opened` declares and subscribes; its subscriptions' callbacks run in the reading greenlet and must not
    wait. `lost` is called after each break.
    """

    def __init__(
        self,
        url: str,
        name: str,
        opened: Callable[[amqp.Channel], None],
        lost: Callable[[], None] = lambda: None,
    ) -> None:
        self._url, self._name, self._opened, self._lost = url, name, opened, lost
        self._channel: amqp.Channel | None = None
        self._up, self._ended = Event(), Event()
        self._stopping = self._torn = False
        self._writing = Semaphore()

    def run(self) -> None:
        """The reading greenlet's life."""
        pause = _FIRST_PAUSE
        while not self._stopping:
            try:
                self._read()
                pause = _FIRST_PAUSE
            except BUS_ERRORS as error:
                if self._up.ready():
                    pause = _FIRST_PAUSE
                _log.warning("%s lost the bus: %s", self._name, error)
            self._down()
            if not self._stopping:
                eventlet.sleep(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)
        self._ended.send(None)

    def stop(self) -> None:
        """End; returns when the connection is closed."""
        self._stopping = True
        self._ended.wait()

    def is_up(self) -> bool:
        """Whether there is a connection, with everything declared and subscribed."""
        return self._channel is not None

    def wait_up(self, seconds: float) -> None:
        """Return once there is a connection; raise LinkDown after `seconds`."""
        if not self._up.ready():
            self._up.wait(timeout=seconds)
        if self._channel is None:
            raise LinkDown(f"{self._name} has no connection to the bus")

    def publish(self, message: amqp.Message, exchange: str, key: str, *, mandatory: bool = False) -> None:
        """Hand a message to the socket; raises one of BUS_ERRORS."""
        with self._write() as channel:
            channel.basic_publish(message, exchange, key, mandatory=mandatory)

    def acknowledge(self, message: amqp.Message) -> None:
        """Tell the broker that a message is done with; after a break it will come again instead."""
        with suppress(*BUS_ERRORS), self._write() as channel:
            if message.channel is channel:
                channel.basic_ack(message.delivery_tag)

    def cancel(self, consumer_tag: str) -> None:
        """Take no more messages of one subscription."""
        with suppress(*BUS_ERRORS), self._write() as channel:
            channel.basic_cancel(consumer_tag, nowait=True)

    def _open_channel(self) -> amqp.Channel:
        if self._channel is None:
            raise LinkDown(f"{self._name} has no connection to the bus")
        return self._channel

    def _read(self) -> None:
        connection = Connection(self._url, heartbeat=HEARTBEAT_SECONDS, connect_timeout=CONNECT_SECONDS)
        try:
            self._open(connection)
            while not self._stopping:
                self._check_whole()
                with suppress(socket.timeout):
                    connection.drain_events(timeout=_READ_SECONDS)
                connection.heartbeat_check()
            with eventlet.Timeout(_FAREWELL_SECONDS, False):
                connection.close()
        finally:
            # No farewell over a connection that broke: its answer would be waited for without end.
            connection.collect()

    def _open(self, connection: Connection) -> None:
        connection.connect()
        # With this on, py-amqp reads from the socket before each message that it writes, and two greenlets
        # may not read at once.
        connection.connection.client_properties["capabilities"].pop("connection.blocked", None)
        channel = connection.channel()
        self._opened(channel)
        self._torn = False
        self._channel = channel
        self._up.send(None)

    def _check_whole(self) -> None:
        if self._torn:
            raise LinkDown(f"{self._name} could not finish writing a message")

    @contextmanager
    def _write(self) -> Iterator[amqp.Channel]:
        """The channel, for one writer at a time; what was not written whole ends the connection."""
        with self._writing:
            channel = self._open_channel()
            try:
                yield channel
            except BUS_ERRORS:
                self._torn = True
                raise

    def _down(self) -> None:
        self._channel = None
        if self._up.ready():
            self._up = Event()
        self._lost()


def bus_url(config: Mapping[str, object]) -> str:
    """The address of the bus: nameko's setting, else AMQP_URL."""
    return str(config.get(AMQP_URI_CONFIG_KEY) or os.environ["AMQP_URL"])


def user_of(url: str) -> str:
    """The name that an address of the bus logs in with."""
    return unquote(urlsplit(url).username or "guest")

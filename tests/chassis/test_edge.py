"""Our protocol sends answers at once; nameko's waits for the other side's ACK."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from nameko.web.server import HttpOnlyProtocol

from services.chassis.edge import EdgeProtocol


@pytest.fixture
def accepted() -> Iterator[socket.socket]:
    """The server's end of a connection."""
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        end, _ = server.accept()
        with end:
            yield end


def sends_at_once(protocol: type[HttpOnlyProtocol], end: socket.socket) -> bool:
    """Whether the protocol, set up on a connection, has Nagle's delay off."""
    made: Any = protocol.__new__(protocol)
    made.request, made.conn_state = end, [("127.0.0.1", 0), end, 0]
    made.setup()
    return bool(end.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))


def test_namekos_own_protocol_delays(accepted: socket.socket) -> None:
    assert not sends_at_once(HttpOnlyProtocol, accepted)


def test_answers_leave_at_once(accepted: socket.socket) -> None:
    assert sends_at_once(EdgeProtocol, accepted)

"""As many calls as a fixed number of callers get answered, each asking again at once (for rates only)."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

_CHUNK, _END = 65536, b"\r\n0\r\n\r\n"


class WrongAnswer(RuntimeError):
    """An answer of another status than the one that counts."""


@dataclass
class Tally:
    """Seconds that each answered call took."""

    seconds: list[float] = field(default_factory=list)


class Caller:
    """One kept connection that sends ready-made calls; as little work as Python can do."""

    def __init__(self, address: str) -> None:
        parts = urlsplit(address)
        self._place = (parts.hostname or "", parts.port or 80)
        self._connect()

    def call(self, raw: bytes, status: bytes) -> bytes:
        """The answer's body; WrongAnswer unless the status is this one."""
        head, rest = self._head(raw)
        while not _is_whole(head, rest):
            rest += self._socket.recv(_CHUNK)
        if head[9:12] != status:
            raise WrongAnswer(f"{head[:15]!r} {rest[:300]!r}")
        return rest

    def close(self) -> None:
        """Hang up."""
        self._socket.close()

    def _connect(self) -> None:
        self._socket = socket.create_connection(self._place, timeout=30)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def _head(self, raw: bytes) -> tuple[bytes, bytes]:
        """Sends a call and reads until the end of the answer's head, over a new connection if need be.

        The edge hangs up after a thousand calls, and when it is reloaded; a key makes repeating harmless.
        """
        got = self._asked(raw)
        if not got:
            self.close()
            self._connect()
            got = self._asked(raw)
        while b"\r\n\r\n" not in got:
            piece = self._socket.recv(_CHUNK)
            if not piece:
                raise WrongAnswer("the other side hung up")
            got += piece
        head, _, rest = got.partition(b"\r\n\r\n")
        return head, rest

    def _asked(self, raw: bytes) -> bytes:
        """The first piece of the answer; nothing if the other side has hung up meanwhile."""
        try:
            self._socket.sendall(raw)
            return self._socket.recv(_CHUNK)
        except (ConnectionResetError, BrokenPipeError):
            return b""


def _is_whole(head: bytes, body: bytes) -> bool:
    """Whether this is all of an answer: of the length that it names, or its pieces up to the empty one."""
    length = head.lower().partition(b"content-length:")[2].partition(b"\r\n")[0]
    return len(body) >= int(length) if length else body.endswith(_END)


def raw_call(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A call as bytes."""
    told = {
        "Host": "localhost",
        "Content-Length": str(len(body)),
        "Content-Type": "application/json",
        **headers,
    }
    lines = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    return f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode() + body


def saturate(
    address: str, callers: int, seconds: float, next_call: Callable[[int], bytes], status: bytes
) -> tuple[float, list[float]]:
    """Calls answered a second, and how long each took; `next_call` gets the caller's number."""
    tallies = [Tally() for _ in range(callers)]
    failures: list[Exception] = []
    end = time.monotonic() + seconds
    threads = [
        threading.Thread(target=_keep_on, args=(address, n, end, next_call, status, tallies[n], failures))
        for n in range(callers)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise failures[0]
    taken = [each for tally in tallies for each in tally.seconds]
    return len(taken) / seconds, taken


def _keep_on(
    address: str,
    number: int,
    end: float,
    next_call: Callable[[int], bytes],
    status: bytes,
    tally: Tally,
    failures: list[Exception],
) -> None:
    caller = Caller(address)
    try:
        while (began := time.monotonic()) < end:
            caller.call(next_call(number), status)
            tally.seconds.append(time.monotonic() - began)
    except (WrongAnswer, OSError) as error:
        failures.append(error)
    finally:
        caller.close()

"""Waits until nothing is on its way: no event unsent or unread, no match between two states."""

from __future__ import annotations

import time
from collections.abc import Callable

from deploy.check.reader import Reader
from deploy.check.rules.messages import PUBLISHERS, unread

IN_FLIGHT = "select count(*) as n from matches where state in ('holding', 'held', 'confirming', 'releasing')"
UNSENT = "select count(*) as n from outbox where sent_at is null"


def in_flight(reader: Reader) -> dict[str, int]:
    """How many things are on their way, by kind."""
    return {
        "unsent events": sum(reader.one(service, UNSENT)["n"] for service in PUBLISHERS),
        "unread events": sum(len(missing) for missing in unread(reader).values()),
        "moving matches": int(reader.one("matcher", IN_FLIGHT)["n"]),
    }


def settler(reader: Reader, deadline_seconds: float, say: Callable[[str], None]) -> Callable[[], bool]:
    """A function that waits for quiet; all its calls together wait at most `deadline_seconds`."""
    deadline = time.monotonic() + deadline_seconds

    def settle() -> bool:
        while moving := {kind: n for kind, n in in_flight(reader).items() if n}:
            if time.monotonic() > deadline:
                return False
            say("waiting for " + ", ".join(f"{n} {kind}" for kind, n in moving.items()))
            time.sleep(0.5)
        return True

    return settle

"""Rebuilds all indices while search serves: `python -m services.search.rebuild`.

New indices are made beside those that serve; every fact goes to both from then on. The owners are asked to
tell their present states again, and when these have arrived the aliases change over in one step. A run that
was ended half-way leaves the serving indices as they were; the next run begins anew. There is one run at a
time. The service begins one by itself where nothing serves: at its first start, and after a loss of all data.
"""

from __future__ import annotations

import os
import secrets
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from uuid import UUID

from services.chassis import rpc
from services.chassis.instant import system_clock
from services.chassis.refill import DEADLINE_SECONDS, refill
from services.chassis.sole import Taken, sole
from services.search import domain
from services.search.storage import ASK_SECONDS, Engine

#: What the indices are made of, by owner; first what the rest is shown with.
HEARS: Mapping[str, Sequence[str]] = {
    "accounts": ("district", "organisation"),
    "catalog": ("venue", "unit", "programme", "slot"),
    "experts": ("expert", "engagement"),
}
#: An aggregate of each owner whose facts are kept under `<aggregate>:<id>`, to tell when all has arrived.
_FENCES = {"accounts": "organisation", "catalog": "venue", "experts": "expert"}
ARRIVAL_SECONDS = 600.0
_POLL_SECONDS = 0.2


class NotArrived(RuntimeError):
    """What an owner told again did not arrive in time; the old indices go on serving."""


def rebuild(
    engine: Engine, owners: rpc.PlainClient, *, now: datetime, say: Callable[[str], None] = lambda _: None
) -> None:
    """Build new indices from what the owners tell again, and let them serve.

    Raises NotArrived, NoAnswer, Overtaken, SearchUnavailable.
    """
    engine.drop(engine.building)
    engine.sweep()
    edition = f"{now:%Y%m%d%H%M%S}-{secrets.token_hex(3)}"
    engine.create(engine.building, edition)
    try:
        refill(owners, "search", HEARS, say)
        for owner in HEARS:
            _wait_for_all(engine, owners, owner)
    except BaseException:
        engine.drop(engine.building)
        raise
    for name in domain.INDICES.values():
        engine.refresh(engine.building.alias(name))
        say(f"{name}: {engine.count(engine.building.alias(name))}")
    engine.promote(edition)
    # Questions that were asked before the change still run in the old indices.
    time.sleep(2 * ASK_SECONDS)
    engine.sweep()


def rebuild_alone(
    engine: Engine, amqp_url: str, *, now: datetime, say: Callable[[str], None] = lambda _: None
) -> None:
    """As `rebuild`, over the bus at that address; raises Taken while somebody else rebuilds."""
    with sole(amqp_url, "search.rebuild"), rpc.client(amqp_url, "search") as owners:
        rebuild(engine, owners, now=now, say=say)


def _tell_one(owners: rpc.PlainClient, owner: str) -> UUID | None:
    """Let the owner tell one thing again; which, or None if it has none."""
    body = {"consumer": "search", "aggregate": _FENCES[owner], "limit": 1}
    told: UUID | None = owners.call(owner, "republish", body, deadline_seconds=DEADLINE_SECONDS)["last"]
    return told


def _wait_for_all(engine: Engine, owners: rpc.PlainClient, owner: str) -> None:
    """Let the owner tell one thing once more, and wait for it: what was told before comes before.

    Its last write's number is read between, so that its earlier arrival is not taken for the last.
    """
    one = _tell_one(owners, owner)
    if one is None:
        return
    key = f"{_FENCES[owner]}:{one}"
    first = _until(lambda: engine.write_number(engine.building, key), owner)
    _tell_one(owners, owner)
    _until(lambda: _later(engine.write_number(engine.building, key), first), owner)


def _later(number: int | None, first: int) -> int | None:
    return number if number is not None and number > first else None


def _until(reading: Callable[[], int | None], owner: str) -> int:
    until = time.monotonic() + ARRIVAL_SECONDS
    while (number := reading()) is None:
        if time.monotonic() > until:
            raise NotArrived(f"{owner} was asked to tell everything again; it has not arrived")
        time.sleep(_POLL_SECONDS)
    return number


def main() -> int:
    """The command line: addresses from the environment, as the service has them."""
    engine = Engine(os.environ["ELASTICSEARCH_URL"])
    try:
        rebuild_alone(engine, os.environ["AMQP_URL"], now=system_clock().now(), say=print)
    except Taken:
        print("a rebuild is under way already", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())

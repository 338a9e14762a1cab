"""What providers lend to groups, as the engine's pools: rooms, guides, kits and coaches that sessions share.

A group of a session has what its programme needs for as long as the session lasts. What is lent follows from
matcher's own matches: nobody else holds seats. A need of what was not heard of yet is left to its owner.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.store import Connection
from services.matcher.engine.model import Need, Pool, Use
from services.matcher.engine.pools import USED_UP
from services.matcher.storage import world
from services.matcher.usecases.minutes import minute

Row = dict[str, Any]


def lent(
    conn: Connection, programmes: Iterable[Mapping[str, Any]], after: datetime, but: world.NotCounted
) -> tuple[Pool, ...]:
    """The pools that these programmes need, with what live matches have of them after that moment."""
    wanted = {UUID(need["resource_id"]) for row in programmes for need in row["needs"]}
    if not wanted:
        return ()
    uses: dict[UUID, list[Use]] = {}
    for row in world.lent(conn, sorted(wanted), after=after, but=but):
        times = minute(row["starts_at"]), minute(row["ends_at"])
        uses.setdefault(row["resource_id"], []).append(Use(_key(row["resource_id"]), *times, row["quantity"]))
    return tuple(_pool(row, uses.get(row["id"], ())) for row in world.shared_resources(conn, sorted(wanted)))


def needs_of(programme: Mapping[str, Any], pools: Collection[Pool]) -> tuple[Need, ...]:
    """What each group of a programme takes of these pools."""
    known = {pool.key for pool in pools}
    found = (Need(_key(UUID(need["resource_id"])), need["quantity"]) for need in programme["needs"])
    return tuple(need for need in found if need.pool in known)


def _pool(row: Row, uses: Iterable[Use]) -> Pool:
    return Pool(_key(row["id"]), row["number"], USED_UP[row["kind"]], tuple(uses))


def _key(resource_id: UUID) -> str:
    return f"lent {resource_id}"

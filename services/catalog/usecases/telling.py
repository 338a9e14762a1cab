"""How catalog tells others what changed: one event per aggregate and transaction, with its whole state."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.contract import Fact
from schemas.events.catalog import EVENTS
from services.chassis import outbox
from services.chassis.store import Connection

_SCHEMAS: dict[type[Fact], Fact] = {schema: schema() for _, schema in EVENTS.values()}


def tell(
    conn: Connection,
    *,
    now: datetime,
    actor: outbox.Acting | None,
    event: str,
    state: Mapping[str, Any],
    reason: str | None = None,
) -> None:
    """Append one event; `state` is the aggregate's row, with its `id` and its new `version`."""
    aggregate, schema = EVENTS[event]
    outbox.append(
        conn,
        owner="catalog",
        now=now,
        type=event,
        aggregate=aggregate,
        aggregate_id=state["id"],
        version=state["version"],
        data=_SCHEMAS[schema].dump(state),
        actor=actor,
        reason=reason,
    )


def tell_all(
    conn: Connection,
    *,
    now: datetime,
    actor: outbox.Acting | None,
    event: str,
    states: Iterable[Mapping[str, Any]],
    reasons: Mapping[UUID, str | None] | None = None,
) -> None:
    """Append the same kind of event for each state, with its own reason where there is one."""
    for state in states:
        reason = (reasons or {}).get(state["id"])
        tell(conn, now=now, actor=actor, event=event, state=state, reason=reason)

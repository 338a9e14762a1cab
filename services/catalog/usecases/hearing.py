"""What catalog keeps of what others tell."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID

from services.catalog.storage import projections
from services.chassis.store import Connection

_HEARERS: Mapping[str, Callable[[Connection, Mapping[str, Any], int], None]] = {
    "organisation": projections.hear_organisation,
    "round": projections.hear_round,
    "calendar": projections.hear_calendar,
}


def hear(
    conn: Connection, *, aggregate: str, aggregate_id: UUID, state: Mapping[str, Any], version: int
) -> None:
    """Keep the newest state of an organisation, a round, a year's calendar or the terms."""
    if aggregate == "terms":
        projections.hear_terms(conn, aggregate_id, state, version)
    else:
        _HEARERS[aggregate](conn, state, version)

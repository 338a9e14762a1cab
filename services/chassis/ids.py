"""Identifiers: UUIDs of version 7, which sort roughly by the time they were made."""

from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new identifier; later ones sort after earlier ones, but never use that as commit order."""
    return uuid7()


def first_id_of(instant: datetime) -> UUID:
    """Return a bound that every id made before `instant` is below; for pruning by primary key."""
    return UUID(int=int(instant.timestamp() * 1000) << 80)

"""Identifiers: UUIDs of version 7, which sort roughly by the time they were made."""

from uuid import UUID

from uuid_utils.compat import uuid7


def new_id() -> UUID:
    """Return a new identifier; later ones sort after earlier ones, but never use that as commit order."""
    return uuid7()

"""The engine's minutes: whole ones of the region's local time since 1970-01-01."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.matcher import domain

_EPOCH = datetime(1970, 1, 1, tzinfo=domain.SHANGHAI)


def minute(at: datetime) -> int:
    """The engine's minute of a moment."""
    return int((at - _EPOCH).total_seconds() // 60)


def moment(at: int) -> datetime:
    """The moment of an engine's minute, in UTC."""
    return (_EPOCH + timedelta(minutes=at)).astimezone(UTC)

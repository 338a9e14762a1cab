"""What makes a venue, a programme or a travelling unit fit to be offered."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.refusal import Refusal


class OrganisationUnknown(Refusal):
    """No such organisation was heard of (yet)."""

    code = "organisation_unknown"


class NameTaken(Refusal):
    """The organisation has one of this name already."""

    code = "name_taken"


class UnknownTopic(Refusal):
    """A topic is not in the tree."""

    code = "unknown_topic"


class LimitsInverted(Refusal):
    """A least is more than its most."""

    code = "limits_inverted"


class PayerRequired(Refusal):
    """A fee without anybody to pay it."""

    code = "payer_required"


class OfferedTwice(Refusal):
    """A programme cannot be at a venue and with a unit."""

    code = "offered_twice"


class NotTheOwners(Refusal):
    """The venue or unit belongs to another organisation."""

    code = "not_the_owners"


class ProgrammeWithdrawn(Refusal):
    """What was withdrawn is not changed and does not come back."""

    code = "programme_withdrawn"


class WindowsOverlap(Refusal):
    """Two windows overlap, or one ends before it starts."""

    code = "windows_overlap"


def check_topics(topics: Iterable[str], known: Mapping[str, Any]) -> None:
    """Refuse topics that are not in the tree."""
    for index, topic in enumerate(topics):
        if topic not in known:
            raise UnknownTopic(field=f"topics[{index}]", topic=topic)


def check_programme(row: Mapping[str, Any]) -> None:
    """Refuse a programme that contradicts itself."""
    check_limits(row, "min_group", "max_group")
    if row["fee_fen"] > 0 and row["payer"] == "none":
        raise PayerRequired(field="payer")
    if row["venue_id"] and row["unit_id"]:
        raise OfferedTwice(field="unit_id")


def check_unit(row: Mapping[str, Any]) -> None:
    """Refuse a travelling unit that contradicts itself."""
    check_limits(row, "min_group", "max_group")
    check_limits(row, "min_dwell_days", "max_dwell_days")
    _check_windows(row["windows"])


def check_limits(row: Mapping[str, Any], least: str, most: str) -> None:
    """Refuse a least above its most."""
    if row[least] > row[most]:
        raise LimitsInverted(field=most)


def check_owner(thing: Mapping[str, Any] | None, owner_id: UUID, field: str) -> None:
    """Refuse a venue or unit that is not the programme's owner's (or is not there at all)."""
    if thing is None or thing["organisation_id"] != owner_id:
        raise NotTheOwners(field=field)


def check_not_withdrawn(row: Mapping[str, Any]) -> None:
    """Refuse to touch what was withdrawn."""
    if row["state"] == "withdrawn":
        raise ProgrammeWithdrawn()


def _check_windows(windows: Iterable[Mapping[str, datetime]]) -> None:
    end: datetime | None = None
    for window in sorted(windows, key=lambda w: w["starts_at"]):
        if window["ends_at"] <= window["starts_at"] or (end is not None and window["starts_at"] < end):
            raise WindowsOverlap(field="windows")
        end = window["ends_at"]

"""Loading and reading the area tree."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from schemas.events.accounts import DistrictState
from schemas.refusal import Busy, FieldError, Invalid
from services.accounts import domain
from services.accounts.storage import districts as storage
from services.chassis import outbox
from services.chassis.outbox import Acting
from services.chassis.store import Connection

Row = dict[str, Any]


def load_districts(
    conn: Connection, *, now: datetime, actor: Acting, items: Sequence[Mapping[str, Any]]
) -> dict[str, int]:
    """Take a batch as a whole or not at all; counts of what was registered, changed, unchanged.

    Raises Invalid naming every item that does not fit the tree.
    """
    known = storage.lock_some(conn, _mentioned(items))
    _refuse_misfits(items, known)
    counts = {"registered": 0, "changed": 0, "unchanged": 0}
    for item in items:
        counts[_load_one(conn, now, actor, item, known.get(item["adcode"]))] += 1
    return counts


def list_districts(
    conn: Connection, *, level: str | None, parent: str | None, after: str | None, limit: int
) -> Sequence[Row]:
    """Districts in adcode order; everybody sees them."""
    return storage.listed(conn, level=level, parent=parent, after=after, limit=limit)


def _mentioned(items: Sequence[Mapping[str, Any]]) -> list[str]:
    return [code for item in items for code in (item["adcode"], item["parent"]) if code]


def _refuse_misfits(items: Sequence[Mapping[str, Any]], known: Mapping[str, Row]) -> None:
    levels = {adcode: row["level"] for adcode, row in known.items()}
    seen: set[str] = set()
    errors = []
    for index, item in enumerate(items):
        wrong = _misfit(item, levels, known.get(item["adcode"]), seen)
        if wrong:
            errors.append(FieldError(f"items[{index}].{wrong[0]}", wrong[1]))
        levels.setdefault(item["adcode"], item["level"])
        seen.add(item["adcode"])
    if errors:
        raise Invalid(*errors)


def _misfit(
    item: Mapping[str, Any], levels: Mapping[str, str], old: Row | None, seen: set[str]
) -> tuple[str, str] | None:
    """The field and code of what is wrong with one item, or None."""
    parent = item["parent"]
    if item["adcode"] in seen:
        return "adcode", "duplicate"
    if (len(item["adcode"]) == 12) != (item["level"] == "township"):
        return "level", "invalid_adcode"
    if parent is not None and parent not in levels:
        return "parent", "district_unknown"
    if not domain.parent_fits(item["level"], levels[parent] if parent else None):
        return "parent", "district_level_wrong"
    if parent is not None and not domain.lies_under(item["adcode"], parent):
        return "parent", "district_elsewhere"
    if old is not None and (old["level"], old["parent"]) != (item["level"], parent):
        return "level", "district_moved"
    return None


def _load_one(
    conn: Connection, now: datetime, actor: Acting, item: Mapping[str, Any], old: Row | None
) -> str:
    """Write one district and its event if it is new or different; which of the counts it belongs to."""
    if old is not None and all(old[key] == value for key, value in item.items()):
        return "unchanged"
    row: Row = {**item, "version": old["version"] + 1 if old else 1}
    if not storage.save(conn, row):
        raise Busy()
    outcome = "changed" if old else "registered"
    append_district(conn, now=now, actor=actor, row=row, type_=f"district_{outcome}")
    return outcome


def append_district(conn: Connection, *, now: datetime, actor: Acting | None, row: Row, type_: str) -> None:
    """Publish one district as it now stands."""
    aggregate_id = domain.district_id(row["adcode"])
    outbox.append(
        conn,
        now=now,
        type=type_,
        aggregate="district",
        aggregate_id=aggregate_id,
        version=row["version"],
        data=DistrictState().dump({**row, "id": aggregate_id}),
        actor=actor,
    )

"""Registering, changing and reading organisations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.events.accounts import OrganisationState
from schemas.refusal import FieldError, Invalid, NotFound, Stale
from services.accounts import domain
from services.accounts.domain import Mandate
from services.accounts.storage import districts
from services.accounts.storage import organisations as storage
from services.chassis import outbox
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection

Row = dict[str, Any]
Item = Mapping[str, Any]


def register_organisation(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item
) -> Row:
    """Register one organisation inside the mandate's area; raises Invalid naming the field."""
    return _register(conn, now, mandate, actor, [item], [""])[0]


def register_organisations(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, items: Sequence[Item]
) -> list[Row]:
    """Register a batch as a whole or not at all; raises Invalid naming every item that is refused."""
    return _register(conn, now, mandate, actor, items, [f"items[{index}]." for index in range(len(items))])


def change_organisation(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    organisation_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change what may change; NotFound outside the mandate's sight, Stale for another version."""
    old = storage.lock(conn, organisation_id)
    if old is None or not mandate.sees(organisation_id, old["adcode"]):
        raise NotFound()
    if old["version"] != if_version:
        raise Stale()
    row = _changed(conn, old, change)
    storage.change(conn, row, from_version=old["version"])
    append_organisation(conn, now=now, actor=actor, row=row, type_="organisation_changed")
    return row


def read_organisation(conn: Connection, *, mandate: Mandate, organisation_id: UUID) -> Row:
    """One organisation; NotFound outside the mandate's sight."""
    row = storage.find(conn, organisation_id)
    if row is None or not mandate.sees(organisation_id, row["adcode"]):
        raise NotFound()
    return row


def list_organisations(
    conn: Connection,
    *,
    mandate: Mandate,
    kind: str | None,
    adcode: str | None,
    name: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Organisations that the mandate may know of, in id order."""
    return storage.listed(
        conn,
        sees_all=mandate.sees_all,
        area=mandate.prefix if mandate.role == "coordinator" else None,
        own=mandate.organisation_id,
        kind=kind,
        under=domain.area_prefix(adcode) if adcode else "",
        name=name,
        after=after,
        limit=limit,
    )


def append_organisation(
    conn: Connection, *, now: datetime, actor: Acting | None, row: Row, type_: str
) -> None:
    """Publish one organisation as it now stands."""
    outbox.append(
        conn,
        now=now,
        type=type_,
        aggregate="organisation",
        aggregate_id=row["id"],
        version=row["version"],
        data=OrganisationState().dump(row),
        actor=actor,
    )


def _register(
    conn: Connection,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    items: Sequence[Item],
    paths: Sequence[str],
) -> list[Row]:
    known = districts.find_some(conn, _places(items))
    wrong = [_misplaced(item, mandate, known) for item in items]
    errors = [FieldError(path + each[0], each[1]) for path, each in zip(paths, wrong, strict=True) if each]
    rows = [{**item, "id": new_id(), "version": 1} for item in items]
    if not errors:
        errors = [FieldError(f"{path}name", "organisation_name_taken") for path in _add(conn, rows, paths)]
    if errors:
        raise Invalid(*errors)
    for row in rows:
        append_organisation(conn, now=now, actor=actor, row=row, type_="organisation_registered")
    return rows


def _add(conn: Connection, rows: Sequence[Row], paths: Sequence[str]) -> list[str]:
    """Insert all; the paths of those whose name is taken (by another row of the batch, too)."""
    return [path for row, path in zip(rows, paths, strict=True) if not storage.add(conn, row)]


def _places(items: Sequence[Item]) -> list[str]:
    return [code for item in items for code in (item["adcode"], item["township"]) if code]


def _misplaced(item: Item, mandate: Mandate, known: Mapping[str, Row]) -> tuple[str, str] | None:
    """The field and code of what is wrong with the place of one organisation, or None."""
    if len(item["adcode"]) != 6:
        return "adcode", "adcode_not_district"
    if item["adcode"] not in known:
        return "adcode", "district_unknown"
    if not mandate.covers(item["adcode"]):
        return "adcode", "district_not_yours"
    return _township_misplaced(item["township"], item["adcode"], known)


def _township_misplaced(
    township: str | None, adcode: str, known: Mapping[str, Row]
) -> tuple[str, str] | None:
    if township is None:
        return None
    if township not in known or known[township]["level"] != "township":
        return "township", "district_unknown"
    return None if domain.lies_under(township, adcode) else ("township", "district_elsewhere")


def _changed(conn: Connection, old: Row, change: Item) -> Row:
    """The row after `change`; raises NothingToChange or Invalid."""
    if not change:
        raise domain.NothingToChange()
    row = {**old, **change, "version": old["version"] + 1}
    known = districts.find_some(conn, [row["township"]] if row["township"] else [])
    wrong = _township_misplaced(row["township"], row["adcode"], known)
    if wrong:
        raise Invalid(FieldError(*wrong))
    if storage.name_is_taken(conn, row):
        raise Invalid(FieldError("name", "organisation_name_taken"))
    return row

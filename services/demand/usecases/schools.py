"""Registering, changing and reading schools."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.events.demand import SchoolState
from schemas.refusal import Busy, FieldError, Invalid, NotFound
from services.chassis import outbox
from services.chassis.outbox import Acting
from services.chassis.store import Connection
from services.demand import domain
from services.demand.domain import Mandate
from services.demand.storage import schools as storage

Row = dict[str, Any]
Item = Mapping[str, Any]
# What a school has from its organisation, and follows it in.
_INHERITED = ("name", "adcode", "township", "lat", "lon")


def register_school(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item, if_version: int | None
) -> Row:
    """Say what one school is like, for the first time or anew.

    NotFound outside the mandate's sight, Invalid naming the field, and what `check_version` raises. The same
    again changes nothing.
    """
    known = storage.organisations(conn, [item["organisation_id"]])
    _refuse_out_of_sight(mandate, known.get(item["organisation_id"]))
    _refuse_misfits(conn, mandate, [item], [""], known)
    old = storage.lock_some(conn, [item["organisation_id"]]).get(item["organisation_id"])
    row = _new_row(item, known[item["organisation_id"]], old)
    changes = old is None or not _same(old, row)
    domain.check_version(old["version"] if old else None, if_version, changes=changes)
    return _save(conn, now, actor, row, old)


def register_schools(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, items: Sequence[Item]
) -> list[Row]:
    """Say what a batch of schools is like, all or none; raises Invalid naming every item that is refused."""
    paths = [f"items[{index}]." for index in range(len(items))]
    known = storage.organisations(conn, [item["organisation_id"] for item in items])
    _refuse_misfits(conn, mandate, items, paths, known)
    old = storage.lock_some(conn, [item["organisation_id"] for item in items])
    return [
        _save(
            conn,
            now,
            actor,
            _new_row(item, known[item["organisation_id"]], old.get(item["organisation_id"])),
            old.get(item["organisation_id"]),
        )
        for item in items
    ]


def read_school(conn: Connection, *, mandate: Mandate, organisation_id: UUID) -> Row:
    """One school; NotFound outside the mandate's sight."""
    row = storage.find(conn, organisation_id)
    if row is None or not mandate.sees(organisation_id, row["adcode"]):
        raise NotFound()
    return row


def list_schools(
    conn: Connection,
    *,
    mandate: Mandate,
    adcode: str | None,
    stage: str | None,
    name: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Schools that the mandate may know of, in id order."""
    return storage.listed(
        conn,
        sees_all=mandate.sees_all,
        area=mandate.prefix if mandate.role == "coordinator" else None,
        own=mandate.organisation_id,
        under=domain.area_prefix(adcode) if adcode else "",
        stage=stage,
        name=name,
        after=after,
        limit=limit,
    )


def follow_organisation(conn: Connection, *, now: datetime, state: Item, version: int) -> None:
    """Keep an organisation's newest state; a school that is made from it takes its name and place."""
    organisation = {**state, "version": version}
    if not storage.hear_organisation(conn, organisation):
        return
    old = storage.lock_some(conn, [UUID(state["id"])]).get(UUID(state["id"]))
    if old is None:
        return
    row = {**old, **{key: state[key] for key in _INHERITED}, "version": old["version"] + 1}
    if not _same(old, row):
        _save(conn, now, None, row, old)


def _refuse_out_of_sight(mandate: Mandate, organisation: Row | None) -> None:
    if organisation is None or not mandate.sees(organisation["id"], organisation["adcode"]):
        raise NotFound()


def _refuse_misfits(
    conn: Connection, mandate: Mandate, items: Sequence[Item], paths: Sequence[str], known: Mapping[UUID, Row]
) -> None:
    errors: list[FieldError] = []
    seen: set[UUID] = set()
    owners = storage.codes_taken(conn, [item["code"] for item in items if item["code"]])
    for item, path in zip(items, paths, strict=True):
        errors += [
            FieldError(path + wrong.field, wrong.code, wrong.params)
            for wrong in _misfits(item, mandate, known.get(item["organisation_id"]), owners, seen)
        ]
        seen.add(item["organisation_id"])
    if errors:
        raise Invalid(*errors)


def _misfits(
    item: Item, mandate: Mandate, organisation: Row | None, owners: dict[str, UUID], seen: set[UUID]
) -> list[FieldError]:
    """What is wrong with one school; `owners` of school codes grows with the batch."""
    school_id = item["organisation_id"]
    if school_id in seen:
        return [FieldError("organisation_id", "duplicate")]
    if organisation is None or not mandate.may_register(school_id, organisation["adcode"]):
        return [FieldError("organisation_id", "school_organisation_unknown")]
    if organisation["kind"] not in domain.SCHOOL_KINDS:
        return [FieldError("organisation_id", "school_organisation_unknown")]
    errors = domain.school_complaints(item["stage"], item["grades"])
    if item["code"] and owners.setdefault(item["code"], school_id) != school_id:
        errors.append(FieldError("code", "school_code_taken"))
    return errors


def _new_row(item: Item, organisation: Row, old: Row | None) -> Row:
    return {
        **item,
        **{key: organisation[key] for key in _INHERITED},
        "grades": sorted(item["grades"]),
        "demonstration": item["demonstration"] or organisation["demonstration"],
        "version": old["version"] + 1 if old else 1,
    }


def _same(old: Row, row: Row) -> bool:
    return all(old[key] == row[key] for key in old if key != "version")


def _save(conn: Connection, now: datetime, actor: Acting | None, row: Row, old: Row | None) -> Row:
    """Write and publish a school that is new or different; the row as it stands."""
    if old is not None and _same(old, row):
        return old
    if not storage.save(conn, row):
        raise Busy()
    outbox.append(
        conn,
        now=now,
        type="school_changed" if old else "school_registered",
        aggregate="school",
        aggregate_id=row["organisation_id"],
        version=row["version"],
        data=SchoolState().dump(row),
        actor=actor,
    )
    return row

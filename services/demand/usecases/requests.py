"""Submitting, editing, withdrawing and reading requests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.events.demand import RequestState
from schemas.fields import dump_instant, parse_instant
from schemas.refusal import FieldError, Forbidden, Invalid, NotFound, Stale
from services.chassis import outbox
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection
from services.demand import domain
from services.demand.domain import Choice, Mandate, Round, School, Window, Wish
from services.demand.storage import requests as storage
from services.demand.storage import schools
from services.demand.usecases.calendar import school_days

Row = dict[str, Any]
Item = Mapping[str, Any]


def submit_request(conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item) -> Row:
    """Submit a request of the acting school; raises SchoolNotRegistered, or Invalid naming every field."""
    wish = _wish(item)
    around = storage.surroundings(
        conn, school_id=mandate.organisation_id, round_id=item["round_id"], years=_years(wish)
    )
    if around is None:
        raise domain.SchoolNotRegistered()
    errors = _round_errors(item["round_id"], around, now) + _wish_errors(conn, wish, around, now)
    if errors:
        raise Invalid(*errors)
    row = _new_row(item, around, now)
    storage.add(conn, row)
    _append(conn, now, actor, row, around, "request_submitted")
    return row


def edit_request(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    request_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change a request that still waits, in a round that still takes changes; an old verdict is void then.

    NotFound outside the mandate's sight, Forbidden for others than the school, Stale, RequestClosed,
    RoundOver, Invalid naming every field.
    """
    old = _locked(conn, mandate, request_id)
    _refuse_edit(mandate, old, if_version, change)
    row = {**old, **change, **_lists_in(change, old), "state": "submitted", "state_reason": None}
    around = _surroundings(conn, old, row)
    _refuse_round(around, old, now)
    errors = _wish_errors(conn, _wish_of(row), around, now, with_windows="windows" in change)
    if errors:
        raise Invalid(*errors)
    storage.void_verdict(conn, request_id)
    return move(conn, now=now, actor=actor, old=old, row=row, around=around, type_="request_changed")


def withdraw_request(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    request_id: UUID,
    if_version: int | None,
    reason: str,
) -> Row:
    """Ask no more; what was matched is released by the matcher, which hears of it.

    NotFound outside the mandate's sight, Forbidden for others than the school, Stale, RequestClosed once it
    took place or was withdrawn.
    """
    old = _locked(conn, mandate, request_id)
    _refuse_stranger(mandate, old)
    if if_version is not None and if_version != old["version"]:
        raise Stale()
    if old["state"] not in domain.WITHDRAWABLE:
        raise domain.RequestClosed(state=old["state"])
    row = {**old, "state": "withdrawn", "state_reason": reason, "match_id": None}
    return move(conn, now=now, actor=actor, old=old, row=row, type_="request_withdrawn", reason=reason)


def read_request(conn: Connection, *, mandate: Mandate, request_id: UUID) -> Row:
    """One request; NotFound outside the mandate's sight."""
    row = storage.find(conn, request_id)
    if row is None or not mandate.sees(row["school_id"], row["adcode"]):
        raise NotFound()
    return row


def list_requests(
    conn: Connection,
    *,
    mandate: Mandate,
    state: str | None,
    round_id: UUID | None,
    school_id: UUID | None,
    adcode: str | None,
    kind: str | None,
    before: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Requests that the mandate may see, youngest first."""
    return storage.listed(
        conn,
        **_sight(mandate),
        state=state,
        round_id=round_id,
        school_id=school_id,
        under=domain.area_prefix(adcode) if adcode else "",
        kind=kind,
        before=before,
        limit=limit,
    )


def summarise_requests(
    conn: Connection, *, mandate: Mandate, round_id: UUID | None, adcode: str | None
) -> Row:
    """Counts by state of the requests that the mandate may see, and their pupils."""
    rows = storage.counted(
        conn, **_sight(mandate), round_id=round_id, under=domain.area_prefix(adcode) if adcode else ""
    )
    by_state = dict.fromkeys(_STATES, 0) | {row["state"]: row["count"] for row in rows}
    return {
        "total": sum(by_state.values()),
        "pupils": sum(row["pupils"] for row in rows),
        "by_state": by_state,
    }


_STATES = ("submitted", "withdrawn", "offered", "confirmed", "delivered", "unserved", "no_show")


def move(
    conn: Connection,
    *,
    now: datetime,
    actor: Acting | None,
    old: Row,
    row: Row,
    type_: str,
    reason: str | None = None,
    around: Row | None = None,
) -> Row:
    """Write a locked request's next version by compare-and-set and publish it; the row as it stands."""
    row = {**row, "changed_at": now, "version": old["version"] + 1}
    if not storage.change(conn, row, from_version=old["version"], from_state=old["state"]):
        raise Stale()
    school = around or schools.find(conn, old["school_id"])
    if school is None:
        raise NotFound()
    _append(conn, now, actor, row, school, type_, reason)
    return row


def _append(
    conn: Connection,
    now: datetime,
    actor: Acting | None,
    row: Row,
    school: Row,
    type_: str,
    reason: str | None = None,
) -> None:
    outbox.append(
        conn,
        now=now,
        type=type_,
        aggregate="request",
        aggregate_id=row["id"],
        version=row["version"],
        data=_STATE.dump({**row, "school": school, "may_split": _may_split(row)}),
        actor=actor,
        reason=reason,
    )


_STATE = RequestState()


def _may_split(row: Row) -> bool:
    said, its = row["may_split"], {name: row[name] for name in ("kind", "with_expert", "group_size")}
    return domain.may_split(said=said, **its)


def _new_row(item: Item, around: Row, now: datetime) -> Row:
    return {
        **item,
        "id": new_id(),
        "school_id": around["organisation_id"],
        "school_name": around["name"],
        "adcode": around["adcode"],
        **_lists_in(item, {}),
        "state": "submitted",
        "state_reason": None,
        "match_id": None,
        "submitted_at": now,
        "changed_at": now,
        "version": 1,
    }


def _lists_in(item: Item, old: Item) -> Row:
    """Windows and choices as JSON keeps them; the old ones where the change has none."""
    return {"windows": _windows_in(item, old), "choices": _choices_in(item, old)}


def _choices_in(item: Item, old: Item) -> Any:
    if "choices" not in item:
        return old["choices"]
    return [_choice_in(each) for each in item["choices"]]


def _choice_in(choice: Item) -> Row:
    """Ids as JSON keeps them."""
    return {name: str(its) if its else None for name, its in choice.items()}


def _windows_in(item: Item, old: Item) -> Any:
    if "windows" not in item:
        return old["windows"]
    return [
        {key: dump_instant(window[key]) for key in ("starts_at", "ends_at")} for window in item["windows"]
    ]


def _wish(item: Item) -> Wish:
    return Wish(
        kind=item["kind"],
        topics=tuple(item["topics"]),
        programme_id=item["programme_id"],
        grades=tuple(item["grades"]),
        audience=item["audience"],
        group_size=item["group_size"],
        windows=tuple(Window(window["starts_at"], window["ends_at"]) for window in item["windows"]),
        with_expert=item["with_expert"],
        may_split=item["may_split"],
        choices=tuple(Choice(**_choice_in(each)) for each in item["choices"]),
    )


def _wish_of(row: Row) -> Wish:
    windows = [
        {key: parse_instant(window[key]) for key in ("starts_at", "ends_at")} for window in row["windows"]
    ]
    return _wish({**row, "windows": windows})


def _years(wish: Wish) -> set[int]:
    edges = (moment for window in wish.windows for moment in (window.starts_at, window.ends_at))
    return {moment.astimezone(domain.CHINA).year for moment in edges}


def _surroundings(conn: Connection, old: Row, row: Row) -> Row:
    around = storage.surroundings(
        conn, school_id=old["school_id"], round_id=old["round_id"], years=_years(_wish_of(row))
    )
    if around is None:
        raise NotFound()
    return around


def _round_errors(round_id: UUID | None, around: Row, now: datetime) -> list[FieldError]:
    if round_id is None:
        return []
    code = domain.round_complaint(_round(around), around["adcode"], now)
    return [FieldError("round_id", code)] if code else []


def _refuse_round(around: Row, old: Row, now: datetime) -> None:
    round_ = _round(around)
    if old["round_id"] is not None and not (round_ and round_.takes(now)):
        raise domain.RoundOver()


def _round(around: Row) -> Round | None:
    if around["round_adcode"] is None:
        return None
    return Round(
        around["round_adcode"], around["round_opens_at"], around["round_closes_at"], around["round_state"]
    )


def _wish_errors(
    conn: Connection, wish: Wish, around: Row, now: datetime, *, with_windows: bool = True
) -> list[FieldError]:
    versions = {int(year): version for year, version in (around["calendar_versions"] or {}).items()}
    days = school_days(conn, years=versions, terms_version=around["terms_version"])
    school = School(around["stage"], frozenset(around["grades"]), around["adcode"], around["enrolment"])
    return domain.complaints(wish, school, days, now=now, with_windows=with_windows)


def _locked(conn: Connection, mandate: Mandate, request_id: UUID) -> Row:
    row = storage.lock(conn, request_id)
    if row is None or not mandate.sees(row["school_id"], row["adcode"]):
        raise NotFound()
    return row


def _refuse_stranger(mandate: Mandate, old: Row) -> None:
    """Coordinators and operators see a school's request, but only the school asks and stops asking."""
    if old["school_id"] != mandate.organisation_id:
        raise Forbidden()


def _refuse_edit(mandate: Mandate, old: Row, if_version: int, change: Item) -> None:
    _refuse_stranger(mandate, old)
    if not change:
        raise domain.NothingToAlter()
    if if_version != old["version"]:
        raise Stale()
    if old["state"] not in domain.EDITABLE:
        raise domain.RequestClosed(state=old["state"])


def _sight(mandate: Mandate) -> Row:
    return {
        "sees_all": mandate.sees_all,
        "area": mandate.prefix if mandate.role == "coordinator" else None,
        "own": mandate.organisation_id,
    }

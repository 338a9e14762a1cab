"""Loading and reading the school calendar and the terms."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from schemas.events.demand import CalendarState, TermsState
from schemas.refusal import Busy, Invalid, NotFound
from services.chassis import outbox
from services.chassis.outbox import Acting
from services.chassis.store import Connection
from services.demand import domain
from services.demand.domain import SchoolDays, Term
from services.demand.storage import calendar as storage

Row = dict[str, Any]
Item = Mapping[str, Any]

# By year and by version of that year, and by version of the terms: what has a version never changes.
_years: dict[int, tuple[int, dict[date, str]]] = {}
_terms: dict[str, tuple[int, tuple[Term, ...]]] = {}


def load_year(
    conn: Connection,
    *,
    now: datetime,
    actor: Acting,
    year: int,
    source: str,
    days: Sequence[Item],
    if_version: int | None,
) -> Row:
    """Replace a whole year; the same again changes nothing.

    Raises Invalid unless `days` are exactly the year's, and what `check_version` raises.
    """
    _refuse_strange(year)
    _refuse(domain.year_complaints(year, [each["day"] for each in days]))
    old = storage.lock_year(conn, year)
    in_order = sorted((dict(each) for each in days), key=lambda each: each["day"])
    row = _year_row({"year": year, "source": source, "days": in_order, "version": 0})
    same = old is not None and (old["source"], old["days"]) == (source, in_order)
    domain.check_version(old["version"] if old else None, if_version, changes=not same)
    if old is not None and same:
        return _year_row(old)
    row["version"] = old["version"] + 1 if old else 1
    return _save_year(conn, now, actor, row)


def read_year(conn: Connection, *, year: int) -> Row:
    """One year; NotFound if it was never loaded."""
    _refuse_strange(year)
    row = storage.year(conn, year)
    if row is None:
        raise NotFound()
    return _year_row(row)


def load_terms(
    conn: Connection, *, now: datetime, actor: Acting, items: Sequence[Item], if_version: int | None
) -> Row:
    """Replace all terms; the same again changes nothing. Refusals as of `load_year`."""
    _refuse(domain.term_complaints([_term(item) for item in items]))
    old = storage.lock_terms(conn)
    row = {
        "items": [_term_row(item) for item in items],
        "version": old["version"] + 1 if old else 1,
    }
    same = old is not None and old["items"] == row["items"]
    domain.check_version(old["version"] if old else None, if_version, changes=not same)
    if old is not None and same:
        return _terms_view(old)
    if not storage.save_terms(conn, row):
        raise Busy()
    _append_terms(conn, now, actor, row)
    return _terms_view(row)


def read_terms(conn: Connection) -> Row:
    """All terms; NotFound before the first load."""
    row = storage.terms(conn)
    if row is None:
        raise NotFound()
    return _terms_view(row)


def school_days(conn: Connection, *, years: Mapping[int, int], terms_version: int | None) -> SchoolDays:
    """The calendar at these versions, read once per process and version."""
    kinds: dict[date, str] = {}
    for year, version in years.items():
        kinds |= _kinds(conn, year, version)
    terms = _terms_at(conn, terms_version) if terms_version else ()
    return SchoolDays(kinds, frozenset(years), terms)


def _kinds(conn: Connection, year: int, version: int) -> dict[date, str]:
    kept = _years.get(year)
    if kept is None or kept[0] != version:
        kept = version, {row["day"]: row["kind"] for row in storage.days(conn, year)}
        _years[year] = kept
    return kept[1]


def _terms_at(conn: Connection, version: int) -> tuple[Term, ...]:
    kept = _terms.get("all")
    if kept is None or kept[0] != version:
        kept = version, _terms_of(storage.terms(conn))
        _terms["all"] = kept
    return kept[1]


def _terms_of(row: Row | None) -> tuple[Term, ...]:
    return tuple(
        Term(item["adcode"], date.fromisoformat(item["first_day"]), date.fromisoformat(item["last_day"]))
        for item in (row["items"] if row else ())
    )


def _save_year(conn: Connection, now: datetime, actor: Acting, row: Row) -> Row:
    if not storage.save_year(conn, row):
        raise Busy()
    outbox.append(
        conn,
        now=now,
        type="calendar_loaded",
        aggregate="calendar",
        aggregate_id=domain.calendar_id(row["year"]),
        version=row["version"],
        data=CalendarState().dump(row),
        actor=actor,
    )
    return row


def _append_terms(conn: Connection, now: datetime, actor: Acting, row: Row) -> None:
    outbox.append(
        conn,
        now=now,
        type="terms_changed",
        aggregate="terms",
        aggregate_id=domain.terms_id(),
        version=row["version"],
        data={"terms": TermsState().dump({"terms": _terms_view(row)["items"]})["terms"]},
        actor=actor,
    )


def _year_row(row: Row) -> Row:
    return {**row, "demonstration": row["source"] == "demonstration"}


def _term(item: Item) -> Term:
    return Term(item["adcode"], item["first_day"], item["last_day"])


def _term_row(item: Item) -> Row:
    """A term as JSON keeps it."""
    return {
        "id": str(domain.term_id(_term(item))),
        "adcode": item["adcode"],
        "name": item["name"],
        "first_day": item["first_day"].isoformat(),
        "last_day": item["last_day"].isoformat(),
        "demonstration": item["demonstration"],
    }


def _terms_view(row: Row) -> Row:
    items = [
        {
            **item,
            "first_day": date.fromisoformat(item["first_day"]),
            "last_day": date.fromisoformat(item["last_day"]),
        }
        for item in row["items"]
    ]
    return {"items": items, "version": row["version"]}


def _refuse_strange(year: int) -> None:
    """Years outside of the wire's range are not found, however the caller came to think of them."""
    if year not in domain.YEARS:
        raise NotFound()


def _refuse(errors: Iterable[Any]) -> None:
    found = list(errors)
    if found:
        raise Invalid(*found)

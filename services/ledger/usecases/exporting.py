"""Whole lists for files: what the pages show, up to a number of rows that a spreadsheet bears."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from services.chassis.store import Connection
from services.ledger.domain import Period, Scope, TooManyRows
from services.ledger.usecases import answering

Row = dict[str, Any]
Filters = Mapping[str, Any]
LIMIT = 50_000
_PAGE = 2_000


def entries(conn: Connection, scope: Scope, period: Period, filters: Filters) -> Iterator[Row]:
    """The scope's entries, with the name of who said that they took place. Raises TooManyRows."""

    def page(after: Sequence[Any] | None) -> list[Row]:
        return answering.entries(
            conn, scope=scope, period=period, filters=filters, after=after, limit=_PAGE - 1
        )

    for row in _all(page, ("starts_at", "match_id")):
        yield {**row, "said_by": (row["delivery"] or {}).get("said_by")}


def coverage(conn: Connection, scope: Scope, period: Period, dimension: str, basis: str) -> Iterator[Row]:
    """The rows of coverage, and the total as the last one."""
    found = answering.coverage(conn, scope=scope, dimension=dimension, basis=basis, period=period)
    yield from found["rows"]
    yield {**found["total"], "value": "合计"}


def never_served(conn: Connection, scope: Scope, period: Period, basis: str) -> Iterator[Row]:
    """Every school that nothing was done for. Raises TooManyRows."""

    def page(after: Sequence[Any] | None) -> list[Row]:
        return answering.never_served(
            conn, scope=scope, basis=basis, period=period, after=after, limit=_PAGE - 1
        )

    return _all(page, ("adcode", "name", "school_id"))


def trail(conn: Connection, scope: Scope, period: Period, filters: Filters) -> Iterator[Row]:
    """The scope's acts. Raises TooManyRows."""

    def page(after: Sequence[Any] | None) -> list[Row]:
        return answering.trail(
            conn, scope=scope, period=period, filters=filters, after=after, limit=_PAGE - 1
        )

    return _all(page, ("occurred_at", "id"))


def _all(page: Callable[[Sequence[Any] | None], list[Row]], keys: Sequence[str]) -> Iterator[Row]:
    after: Sequence[Any] | None = None
    count = 0
    while rows := page(after):
        count += len(rows)
        if count > LIMIT:
            raise TooManyRows(limit=LIMIT)
        yield from rows
        if len(rows) < _PAGE:
            return
        after = [rows[-1][key] for key in keys]

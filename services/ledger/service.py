"""The ledger over HTTP, and the events that fill it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from schemas.contract import page
from schemas.http.coverage import (
    Comparison,
    Coverage,
    CoverageQuery,
    PeriodQuery,
    Totals,
    UnservedSchool,
)
from schemas.http.ledger import (
    CoverageExport,
    EntriesExport,
    EntriesQuery,
    LedgerEntry,
    LedgerEntryWithActs,
    TrailExport,
    TrailQuery,
    TrailRow,
)
from services.chassis import http, inbox, sheets
from services.chassis.auth import Caller, OrganisationRequired, Tokens
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.telemetry import Telemetry
from services.ledger import columns as shown
from services.ledger import domain
from services.ledger.domain import Period, Scope
from services.ledger.usecases import answering, exporting, recording

#: Who has affairs in the ledger; an operator looks after the system, not after schools.
PARTIES = frozenset({"teacher", "head", "venue", "expert", "coordinator"})
SCHOOLS = frozenset({"teacher", "head", "coordinator"})
COORDINATORS = frozenset({"coordinator"})
TRAIL_READERS = frozenset({"head", "venue", "coordinator", "operator"})


class EntriesPage(EntriesQuery, http.Paging):
    """Which entries to list."""


class TrailPage(TrailQuery, http.Paging):
    """Which acts to list."""


class UnservedPage(PeriodQuery, http.Paging):
    """Which never-served schools to list."""


class LedgerHttp:
    """What was done, for whom, and for whom not yet."""

    name = "ledger_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("ledger")
    openapi = http.OpenApi("ledger")

    @http.endpoint(
        "GET",
        "/ledger",
        query=EntriesPage,
        answer=page(LedgerEntry),
        roles=PARTIES,
        summary="Entries in one's area, or that one took part in, newest first",
    )
    def list_entries(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Filtered by who asks."""
        rows = answering.entries(
            conn,
            scope=_scope(call),
            period=_period(call),
            filters=call.query,
            after=call.cursor,
            limit=call.query["limit"],
        )
        return http.page(rows, call.query["limit"], lambda row: [row["starts_at"], row["match_id"]])

    @http.endpoint(
        "GET",
        "/ledger/<uuid:match_id>",
        answer=LedgerEntryWithActs,
        roles=PARTIES,
        summary="One entry with the acts that are its evidence",
    )
    def read_entry(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not found outside the caller's sight."""
        return answering.entry(conn, call.params["match_id"], scope=_scope(call))

    @http.endpoint(
        "GET",
        "/coverage",
        query=CoverageQuery,
        answer=Coverage,
        roles=SCHOOLS,
        summary="Coverage of one's area, or of one's own school, split one way",
    )
    def read_coverage(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Filtered by who asks."""
        return answering.coverage(
            conn,
            scope=_scope(call),
            dimension=call.query["by"],
            basis=call.query["basis"],
            period=_period(call),
        )

    @http.endpoint(
        "GET",
        "/coverage/summary",
        query=PeriodQuery,
        answer=Comparison,
        roles=COORDINATORS,
        summary="The part of one's area to lift, and the one covered best",
    )
    def compare_areas(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Coordinators only: areas are never ranked in public."""
        return answering.comparison(
            conn, caller=_caller(call), basis=call.query["basis"], period=_period(call)
        )

    @http.endpoint(
        "GET",
        "/coverage/never-served",
        query=UnservedPage,
        answer=page(UnservedSchool),
        roles=SCHOOLS,
        summary="Schools that nothing was done for, by name",
    )
    def list_never_served(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Those that a coordinator covers; a school learns about itself alone."""
        rows = answering.never_served(
            conn,
            scope=_scope(call),
            basis=call.query["basis"],
            period=_period(call),
            after=call.cursor,
            limit=call.query["limit"],
        )
        keys = ("adcode", "name", "school_id")
        return http.page(rows, call.query["limit"], lambda row: [row[key] for key in keys])

    @http.endpoint(
        "GET", "/coverage/totals", query=PeriodQuery, answer=Totals, roles=None, summary="The whole region"
    )
    def read_totals(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public: no area and no school can be told from it."""
        return answering.totals(conn, basis=call.query["basis"], period=_period(call))

    @http.endpoint(
        "GET",
        "/trail",
        query=TrailPage,
        answer=page(TrailRow),
        roles=TRAIL_READERS,
        summary="Who did what, newest first",
    )
    def list_trail(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """An operator sees all, a coordinator their area, others what is theirs."""
        rows = answering.trail(
            conn,
            scope=answering.trail_scope(_caller(call)),
            period=_period(call),
            filters=call.query,
            after=call.cursor,
            limit=call.query["limit"],
        )
        return http.page(rows, call.query["limit"], lambda row: [row["occurred_at"], row["id"]])

    @http.endpoint(
        "GET",
        "/exports/ledger",
        query=EntriesExport,
        roles=PARTIES,
        transaction=False,
        summary="Entries as CSV or a workbook",
    )
    def export_entries(self, call: http.Call) -> http.FileAnswer:
        """What `GET /ledger` lists."""
        scope, period, filters = _scope(call), _period(call), call.query
        return self._file(
            call, "ledger", shown.ENTRIES, lambda conn: exporting.entries(conn, scope, period, filters)
        )

    @http.endpoint(
        "GET",
        "/exports/coverage",
        query=CoverageExport,
        roles=SCHOOLS,
        transaction=False,
        summary="Coverage as CSV or a workbook",
    )
    def export_coverage(self, call: http.Call) -> http.FileAnswer:
        """What `GET /coverage` shows."""
        scope, period, query = _scope(call), _period(call), call.query
        return self._file(
            call,
            "coverage",
            shown.COVERAGE,
            lambda conn: exporting.coverage(conn, scope, period, query["by"], query["basis"]),
        )

    @http.endpoint(
        "GET",
        "/exports/never-served",
        query=CoverageExport,
        roles=COORDINATORS,
        transaction=False,
        summary="Never-served schools as CSV or a workbook",
    )
    def export_never_served(self, call: http.Call) -> http.FileAnswer:
        """What `GET /coverage/never-served` lists."""
        scope, period, basis = _scope(call), _period(call), call.query["basis"]
        return self._file(
            call,
            "never-served",
            shown.UNSERVED,
            lambda conn: exporting.never_served(conn, scope, period, basis),
        )

    @http.endpoint(
        "GET",
        "/exports/trail",
        query=TrailExport,
        roles=TRAIL_READERS,
        transaction=False,
        summary="The trail as CSV or a workbook",
    )
    def export_trail(self, call: http.Call) -> http.FileAnswer:
        """What `GET /trail` lists."""
        scope, period, filters = answering.trail_scope(_caller(call)), _period(call), call.query
        return self._file(
            call, "trail", shown.TRAIL, lambda conn: exporting.trail(conn, scope, period, filters)
        )

    def _file(
        self,
        call: http.Call,
        name: str,
        columns: sheets.Columns,
        rows_of: Callable[[Connection], Iterator[Mapping[str, Any]]],
    ) -> http.FileAnswer:
        """Read all rows in one transaction of its own, then make the file."""
        with self.db.read() as conn:
            rows = list(rows_of(conn))
        return sheets.answer(call, name, columns, rows)


class Ledger:
    """Takes every owner's events in."""

    name = "ledger"
    db = Database()

    @inbox.consume(
        {
            "accounts": ["district", "organisation", "user"],
            "catalog": ["venue", "programme", "slot", "closure", "unit", "stop", "shared_resource"],
            "demand": ["school", "request", "calendar", "terms"],
            "experts": ["expert", "engagement"],
            "matcher": ["round", "match", "verdict"],
        },
        whole=True,
        batch=100,
    )
    def on_facts(self, facts: list[inbox.Fact], conn: Connection) -> None:
        """Into the trail, and into what is counted by."""
        recording.record(conn, facts)


def _caller(call: http.Call) -> Caller:
    if call.caller is None:
        raise OrganisationRequired
    return call.caller


def _scope(call: http.Call) -> Scope:
    return answering.scope_of(_caller(call))


def _period(call: http.Call) -> Period:
    return domain.period(call.query["first_day"], call.query["last_day"])

"""Demand over HTTP and on the bus."""

from __future__ import annotations

from typing import Any

from schemas.contract import page
from schemas.http.calendar import CalendarInput, CalendarView, TermsInput, TermsView
from schemas.http.requests import (
    RequestInput,
    RequestPatch,
    RequestQuery,
    RequestSummary,
    RequestView,
    SummaryQuery,
    WithdrawInput,
    WithdrawQuery,
)
from schemas.http.schools import SchoolInput, SchoolQuery, SchoolsInput, SchoolsRegistered, SchoolView
from schemas.refusal import Forbidden
from services.chassis import http, inbox, rpc
from services.chassis.auth import OrganisationRequired, Tokens
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.facts import Fact
from services.chassis.telemetry import SqlGauge, Telemetry
from services.demand import domain
from services.demand.domain import Mandate
from services.demand.usecases import calendar, hearing, requests, schools

SCHOOL = frozenset({"teacher", "head"})
REGISTRARS = frozenset({"operator", "coordinator"})
SCHOOL_REGISTRARS = REGISTRARS | {"head"}
READERS = SCHOOL | REGISTRARS
REQUESTS = SqlGauge(
    "keqiao_requests",
    "Requests by where they stand",
    "select state, count(*) as value from requests group by state",
    ("state",),
)


class SchoolPage(SchoolQuery, http.Paging):
    """Which schools to list."""


class RequestPage(RequestQuery, http.Paging):
    """Which requests to list."""


class DemandHttp:
    """Schools, requests and the calendar."""

    name = "demand_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("demand", gauges=[REQUESTS])
    openapi = http.OpenApi("demand")

    @http.endpoint(
        "PUT",
        "/schools/<uuid:organisation_id>",
        body=SchoolInput,
        answer=SchoolView,
        roles=SCHOOL_REGISTRARS,
        summary="Say what a school is like; overwriting needs If-Match",
    )
    def register_school(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By its own head, or from above."""
        return schools.register_school(
            conn,
            now=call.now,
            mandate=_mandate(call),
            actor=call.actor,
            item={**call.body, **call.params},
            if_version=call.if_match,
        )

    @http.endpoint(
        "POST",
        "/schools/batch",
        body=SchoolsInput,
        answer=SchoolsRegistered,
        roles=REGISTRARS,
        status=201,
        creates=True,
        summary="Say what up to 500 schools are like, all or nothing",
    )
    def register_schools(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Each refused item is named."""
        rows = schools.register_schools(
            conn, now=call.now, mandate=_mandate(call), actor=call.actor, items=call.body["items"]
        )
        return {"items": rows}

    @http.endpoint(
        "GET",
        "/schools",
        query=SchoolPage,
        answer=page(SchoolView),
        roles=READERS,
        summary="Schools in one's area, or one's own",
    )
    def list_schools(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Filtered by who asks."""
        rows = schools.list_schools(
            conn,
            mandate=_mandate(call),
            adcode=call.query.get("adcode"),
            stage=call.query.get("stage"),
            name=call.query.get("name"),
            after=_after(call),
            limit=call.query["limit"] + 1,
        )
        return http.page(rows, call.query["limit"], lambda row: [row["organisation_id"]])

    @http.endpoint(
        "GET", "/schools/<uuid:organisation_id>", answer=SchoolView, roles=READERS, summary="One school"
    )
    def read_school(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not found outside the caller's sight."""
        return schools.read_school(conn, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "PUT",
        "/calendar/<int:year>",
        body=CalendarInput,
        answer=CalendarView,
        roles=REGISTRARS,
        summary="Load every day of a year; overwriting needs If-Match",
    )
    def load_year(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By the city's coordinator or an operator."""
        _refuse_district(call)
        return calendar.load_year(
            conn, now=call.now, actor=call.actor, if_version=call.if_match, **call.params, **call.body
        )

    @http.endpoint(
        "GET", "/calendar/<int:year>", answer=CalendarView, roles=None, summary="Every day of a year"
    )
    def read_year(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return calendar.read_year(conn, **call.params)

    @http.endpoint(
        "PUT",
        "/terms",
        body=TermsInput,
        answer=TermsView,
        roles=REGISTRARS,
        summary="Replace all terms; overwriting needs If-Match",
    )
    def load_terms(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By the city's coordinator or an operator."""
        _refuse_district(call)
        return calendar.load_terms(
            conn, now=call.now, actor=call.actor, items=call.body["items"], if_version=call.if_match
        )

    @http.endpoint("GET", "/terms", answer=TermsView, roles=None, summary="All terms")
    def read_terms(self, _: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return calendar.read_terms(conn)

    @http.endpoint(
        "POST",
        "/requests",
        body=RequestInput,
        answer=RequestView,
        roles=SCHOOL,
        status=201,
        creates=True,
        summary="Ask for a visit, an expert, an exhibition or a training",
    )
    def submit_request(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """In an open round, or at once."""
        return requests.submit_request(
            conn, now=call.now, mandate=_mandate(call), actor=call.actor, item=call.body
        )

    @http.endpoint(
        "GET",
        "/requests",
        query=RequestPage,
        answer=page(RequestView),
        roles=READERS,
        summary="Requests of one's school or area, youngest first",
    )
    def list_requests(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Filtered by who asks."""
        rows = requests.list_requests(
            conn,
            mandate=_mandate(call),
            state=call.query.get("state"),
            round_id=call.query.get("round_id"),
            school_id=call.query.get("school_id"),
            adcode=call.query.get("adcode"),
            kind=call.query.get("kind"),
            before=_after(call),
            limit=call.query["limit"] + 1,
        )
        return http.page(rows, call.query["limit"], lambda row: [row["id"]])

    @http.endpoint(
        "GET",
        "/requests/summary",
        query=SummaryQuery,
        answer=RequestSummary,
        roles=READERS,
        summary="How many requests stand where",
    )
    def summarise_requests(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Counts only what the caller may see."""
        return requests.summarise_requests(
            conn,
            mandate=_mandate(call),
            round_id=call.query.get("round_id"),
            adcode=call.query.get("adcode"),
        )

    @http.endpoint(
        "GET", "/requests/<uuid:request_id>", answer=RequestView, roles=READERS, summary="One request"
    )
    def read_request(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not found outside the caller's sight."""
        return requests.read_request(conn, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "PATCH",
        "/requests/<uuid:request_id>",
        body=RequestPatch,
        answer=RequestView,
        roles=SCHOOL,
        changes=True,
        summary="Change a request that still waits",
    )
    def edit_request(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """While its round takes changes."""
        return requests.edit_request(
            conn,
            now=call.now,
            mandate=_mandate(call),
            actor=call.actor,
            if_version=call.if_match or 0,
            change=call.body,
            **call.params,
        )

    @http.endpoint(
        "POST",
        "/requests/<uuid:request_id>/withdraw",
        body=WithdrawInput,
        answer=RequestView,
        roles=SCHOOL,
        summary="Ask no more, with a reason; If-Match is heeded where it is sent",
    )
    def withdraw_request(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """What was matched is released."""
        return self._withdraw(call, conn, call.body["reason"])

    @http.endpoint(
        "DELETE",
        "/requests/<uuid:request_id>",
        query=WithdrawQuery,
        answer=RequestView,
        roles=SCHOOL,
        summary="As withdraw, with the reason in the query",
    )
    def delete_request(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Nothing is deleted: the request stands as withdrawn."""
        return self._withdraw(call, conn, call.query["reason"])

    def _withdraw(self, call: http.Call, conn: Connection, reason: str) -> dict[str, Any]:
        return requests.withdraw_request(
            conn,
            now=call.now,
            mandate=_mandate(call),
            actor=call.actor,
            if_version=call.if_match,
            reason=reason,
            **call.params,
        )


class Demand:
    """What demand hears from others."""

    name = "demand"
    db = Database()
    clock = Clock()
    republish = rpc.republish_command()

    @inbox.consume({"accounts": ["organisation"], "matcher": ["round", "match", "verdict"]})
    def on_fact(self, fact: Fact, conn: Connection) -> None:
        """Keep what demand needs to know; a fact older than what is known changes nothing."""
        if fact.aggregate == "organisation":
            schools.follow_organisation(conn, now=fact.now, state=fact.data, version=fact.version)
        elif fact.aggregate == "round":
            hearing.follow_round(conn, state=fact.data, version=fact.version)
        elif fact.aggregate == "match":
            hearing.follow_match(conn, now=fact.now, state=fact.data, version=fact.version)
        else:
            hearing.follow_verdict(conn, now=fact.now, state=fact.data, version=fact.version)


def _mandate(call: http.Call) -> Mandate:
    """Who asks, for whom; endpoints that use it have roles, so an organisation is always named."""
    if call.caller is None or call.caller.acting is None:
        raise OrganisationRequired()
    acting = call.caller.acting
    return Mandate(call.caller.user_id, acting.organisation_id, acting.role, acting.area)


def _refuse_district(call: http.Call) -> None:
    """The calendar is the whole city's: a district's coordinator does not load it."""
    mandate = _mandate(call)
    if not domain.loads_calendar(mandate):
        raise Forbidden()


def _after(call: http.Call) -> Any:
    return call.cursor[0] if call.cursor else None

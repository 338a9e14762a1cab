"""Catalog over HTTP."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from schemas.contract import page
from schemas.http.closures import ClosureInput, ClosureQuery, ClosureView
from schemas.http.items import imported
from schemas.http.programmes import (
    ProgrammeInput,
    ProgrammePatch,
    ProgrammeQuery,
    ProgrammesInput,
    ProgrammeView,
)
from schemas.http.slots import (
    SlotCancel,
    SlotInput,
    SlotPatch,
    SlotQuery,
    SlotRuleInput,
    SlotRuleResult,
    SlotsInput,
    SlotStopped,
    SlotView,
)
from schemas.http.units import StopQuery, StopView, UnitInput, UnitPatch, UnitQuery, UnitView
from schemas.http.venues import Topics, VenueInput, VenuePatch, VenueQuery, VenuesInput, VenueView
from schemas.refusal import Refusal
from schemas.topics import TOPICS
from services.catalog.calls import KEEPERS
from services.catalog.calls import act as _act
from services.catalog.calls import ask as _ask
from services.catalog.calls import bounds as _bounds
from services.catalog.calls import by_id as _by_id
from services.catalog.calls import by_time as _by_time
from services.catalog.calls import change as _change
from services.catalog.calls import mandate as _mandate
from services.catalog.sharing import SharingHttp
from services.catalog.storage.holds import COUNT_LIVE
from services.catalog.usecases import closures, programmes, slots, venues
from services.chassis import http
from services.chassis.auth import Tokens
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.problems import meaning
from services.chassis.telemetry import SqlGauge, Telemetry

LIVE_HOLDS = SqlGauge(
    "catalog_live_holds", "Holds and reservations that count", COUNT_LIVE, labels=("kind", "state")
)


class VenuePage(VenueQuery, http.Paging):
    """Which venues to list."""


class ProgrammePage(ProgrammeQuery, http.Paging):
    """Which programmes to list."""


class SlotPage(SlotQuery, http.Paging):
    """Which slots to list."""


class ClosurePage(ClosureQuery, http.Paging):
    """Which closures to list."""


class UnitPage(UnitQuery, http.Paging):
    """Which travelling units to list."""


class StopPage(StopQuery, http.Paging):
    """Which stops to list."""


class CatalogHttp(SharingHttp):
    """What is offered: public to read, kept by its owners and the coordinators of their area."""

    name = "catalog_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("catalog", gauges=[LIVE_HOLDS])
    openapi = http.OpenApi("catalog")

    @http.endpoint("GET", "/topics", answer=Topics, roles=None, transaction=False, summary="The topic tree")
    def list_topics(self, _: http.Call) -> dict[str, Any]:
        """Public."""
        return {"items": [topic._asdict() for topic in TOPICS.values()]}

    # -- venues ----------------------------------------------------------------------------------------

    @http.endpoint(
        "POST",
        "/venues",
        body=VenueInput,
        answer=VenueView,
        roles=KEEPERS,
        status=201,
        creates=True,
        summary="Register a venue",
    )
    def register_venue(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of one's own organisation, or of one in the area that one coordinates."""
        return venues.register_venue(conn, **_act(call), item=call.body)

    @http.endpoint(
        "POST",
        "/venues/batch",
        body=VenuesInput,
        answer=imported(VenueView),
        roles=KEEPERS,
        creates=True,
        summary="Register up to 200 venues, item by item",
    )
    def register_venues(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """A refused item does not stop the others."""
        return _imported(call, venues.register_venues(conn, **_act(call), items=call.body["items"]))

    @http.endpoint(
        "GET", "/venues", query=VenuePage, answer=page(VenueView), roles=None, summary="Venues, by id"
    )
    def list_venues(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return _by_id(call, venues.list_venues(conn, **_ask(call)))

    @http.endpoint("GET", "/venues/<uuid:venue_id>", answer=VenueView, roles=None, summary="One venue")
    def read_venue(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return venues.read(conn, "venue", call.params["venue_id"])

    @http.endpoint(
        "PATCH",
        "/venues/<uuid:venue_id>",
        body=VenuePatch,
        answer=VenueView,
        roles=KEEPERS,
        changes=True,
        summary="Change a venue",
    )
    def change_venue(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By those who keep it."""
        return venues.change_venue(conn, **_act(call), **_change(call))

    # -- programmes ------------------------------------------------------------------------------------

    @http.endpoint(
        "POST",
        "/programmes",
        body=ProgrammeInput,
        answer=ProgrammeView,
        roles=KEEPERS,
        status=201,
        creates=True,
        summary="Draft a programme, or publish it at once",
    )
    def draft_programme(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of one's own organisation, or of one in the area that one coordinates."""
        return programmes.draft_programme(conn, **_act(call), item=call.body)

    @http.endpoint(
        "POST",
        "/programmes/batch",
        body=ProgrammesInput,
        answer=imported(ProgrammeView),
        roles=KEEPERS,
        creates=True,
        summary="Draft or publish up to 200 programmes, item by item",
    )
    def draft_programmes(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """A refused item does not stop the others."""
        return _imported(call, programmes.draft_programmes(conn, **_act(call), items=call.body["items"]))

    @http.endpoint(
        "GET",
        "/programmes",
        query=ProgrammePage,
        answer=page(ProgrammeView),
        roles=None,
        summary="Published programmes and one's own, by id",
    )
    def list_programmes(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Drafts are their keepers' alone."""
        return _by_id(call, programmes.list_programmes(conn, mandate=_mandate(call), **_ask(call)))

    @http.endpoint(
        "GET", "/programmes/<uuid:programme_id>", answer=ProgrammeView, roles=None, summary="One programme"
    )
    def read_programme(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not found while it is somebody else's draft."""
        return programmes.read_programme(conn, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "PATCH",
        "/programmes/<uuid:programme_id>",
        body=ProgrammePatch,
        answer=ProgrammeView,
        roles=KEEPERS,
        changes=True,
        summary="Change a programme",
    )
    def change_programme(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By those who keep it."""
        return programmes.change_programme(conn, **_act(call), **_change(call))

    @http.endpoint(
        "POST",
        "/programmes/<uuid:programme_id>/publish",
        answer=ProgrammeView,
        roles=KEEPERS,
        changes=True,
        summary="Show a draft to everybody",
    )
    def publish_programme(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By those who keep it."""
        return programmes.publish_programme(conn, **_act(call), if_version=call.if_match or 0, **call.params)

    @http.endpoint(
        "POST",
        "/programmes/<uuid:programme_id>/withdraw",
        answer=ProgrammeView,
        roles=KEEPERS,
        changes=True,
        summary="Offer a programme no more; what is held or confirmed stays",
    )
    def withdraw_programme(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By those who keep it."""
        return programmes.withdraw_programme(conn, **_act(call), if_version=call.if_match or 0, **call.params)

    # -- slots -----------------------------------------------------------------------------------------

    @http.endpoint(
        "POST",
        "/slots",
        body=SlotInput,
        answer=SlotView,
        roles=KEEPERS,
        status=201,
        creates=True,
        summary="Publish a slot",
    )
    def publish_slot(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of a published programme that one keeps."""
        return slots.publish_slot(conn, **_act(call), item=call.body)

    @http.endpoint(
        "POST",
        "/slots/batch",
        body=SlotsInput,
        answer=imported(SlotView),
        roles=KEEPERS,
        creates=True,
        summary="Publish up to 500 slots, item by item",
    )
    def publish_slots(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """A refused item does not stop the others."""
        return _imported(call, slots.publish_slots(conn, **_act(call), items=call.body["items"]))

    @http.endpoint(
        "POST",
        "/slots/rules",
        body=SlotRuleInput,
        answer=SlotRuleResult,
        roles=KEEPERS,
        status=201,
        creates=True,
        summary="Publish the slots of a weekly rule",
    )
    def publish_by_rule(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Closed days, and if asked days without lessons, are left out and named."""
        made, skipped = slots.publish_by_rule(conn, **_act(call), item=call.body)
        return {"items": made, "skipped": skipped}

    @http.endpoint(
        "GET",
        "/slots",
        query=SlotPage,
        answer=page(SlotView),
        roles=None,
        summary="Open slots with their free seats, by time",
    )
    def list_slots(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public; slots of another state are their keepers' alone."""
        return _by_time(call, slots.list_slots(conn, mandate=_mandate(call), **_ask(call, whole=True)))

    @http.endpoint("GET", "/slots/<uuid:slot_id>", answer=SlotView, roles=None, summary="One slot")
    def read_slot(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public, whatever its state: who had it booked must see that it was cancelled."""
        return slots.read_slot(conn, **call.params)

    @http.endpoint(
        "PATCH",
        "/slots/<uuid:slot_id>",
        body=SlotPatch,
        answer=SlotView,
        roles=KEEPERS,
        changes=True,
        summary="Change a slot's capacity, or time and round while nothing is taken",
    )
    def change_slot(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Never below what is taken."""
        return slots.change_slot(conn, **_act(call), **_change(call))

    @http.endpoint(
        "DELETE",
        "/slots/<uuid:slot_id>",
        answer=SlotStopped,
        roles=KEEPERS,
        summary="Close a slot: nobody new, what is taken stays; If-Match is heeded where it is sent",
    )
    def close_slot(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Nothing is deleted."""
        return _stopped(*slots.close_slot(conn, **_act(call), if_version=call.if_match, **call.params))

    @http.endpoint(
        "POST",
        "/slots/<uuid:slot_id>/cancel",
        body=SlotCancel,
        answer=SlotStopped,
        roles=KEEPERS,
        summary="Cancel a slot; its matches are listed and released; If-Match is heeded where it is sent",
    )
    def cancel_slot(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """With a reason, which everybody concerned will read."""
        stopped = slots.cancel_slot(conn, **_act(call), if_version=call.if_match, **call.params, **call.body)
        return _stopped(*stopped)

    @http.endpoint(
        "POST",
        "/slots/<uuid:slot_id>/reopen",
        answer=SlotView,
        roles=KEEPERS,
        summary="Take groups again in a closed slot; If-Match is heeded where it is sent",
    )
    def reopen_slot(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Not one that was cancelled."""
        return slots.reopen_slot(conn, **_act(call), if_version=call.if_match, **call.params)

    # -- closures --------------------------------------------------------------------------------------

    @http.endpoint(
        "POST",
        "/closures",
        body=ClosureInput,
        answer=ClosureView,
        roles=KEEPERS,
        status=201,
        creates=True,
        summary="Close a venue for some days",
    )
    def close_venue(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """The matches that it affects are listed."""
        return closures.close_venue(conn, **_act(call), item=call.body)

    @http.endpoint(
        "GET", "/closures", query=ClosurePage, answer=page(ClosureView), roles=None, summary="Closures, by id"
    )
    def list_closures(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public, but for what they affect."""
        rows = closures.list_closures(
            conn,
            mandate=_mandate(call),
            venue_id=call.query.get("venue_id"),
            from_day=call.query.get("from_"),
            **_bounds(call),
        )
        return _by_id(call, rows)

    @http.endpoint(
        "GET", "/closures/<uuid:closure_id>", answer=ClosureView, roles=None, summary="One closure"
    )
    def read_closure(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public, but for what it affects."""
        return closures.read_closure(conn, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "POST",
        "/closures/<uuid:closure_id>/lift",
        answer=ClosureView,
        roles=KEEPERS,
        summary="Let slots be published on those days again; If-Match is heeded where it is sent",
    )
    def lift_closure(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """What was cancelled stays cancelled."""
        return closures.lift_closure(conn, **_act(call), if_version=call.if_match, **call.params)

    # -- travelling units ------------------------------------------------------------------------------

    @http.endpoint(
        "POST",
        "/units",
        body=UnitInput,
        answer=UnitView,
        roles=KEEPERS,
        status=201,
        creates=True,
        summary="Register a travelling unit",
    )
    def register_unit(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of one's own organisation, or of one in the area that one coordinates."""
        return venues.register_unit(conn, **_act(call), item=call.body)

    @http.endpoint(
        "GET", "/units", query=UnitPage, answer=page(UnitView), roles=None, summary="Travelling units, by id"
    )
    def list_units(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return _by_id(call, venues.list_units(conn, **_ask(call)))

    @http.endpoint("GET", "/units/<uuid:unit_id>", answer=UnitView, roles=None, summary="One travelling unit")
    def read_unit(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Public."""
        return venues.read(conn, "unit", call.params["unit_id"])

    @http.endpoint(
        "PATCH",
        "/units/<uuid:unit_id>",
        body=UnitPatch,
        answer=UnitView,
        roles=KEEPERS,
        changes=True,
        summary="Change a travelling unit for the stops to come",
    )
    def change_unit(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By those who keep it."""
        return venues.change_unit(conn, **_act(call), **_change(call))

    @http.endpoint(
        "GET", "/stops", query=StopPage, answer=page(StopView), roles=None, summary="Units' stops, by time"
    )
    def list_stops(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Confirmed ones are public, without the match; held ones are the unit's keepers' alone."""
        return _by_time(call, venues.list_stops(conn, mandate=_mandate(call), **_ask(call, whole=True)))


def _imported(call: http.Call, outcomes: Sequence[dict[str, Any] | Refusal]) -> dict[str, Any]:
    items = [_item(call, index, outcome) for index, outcome in enumerate(outcomes)]
    refused = sum(item["refusal"] is not None for item in items)
    return {"made": len(items) - refused, "refused": refused, "items": items}


def _item(call: http.Call, index: int, outcome: dict[str, Any] | Refusal) -> dict[str, Any]:
    if not isinstance(outcome, Refusal):
        return {"index": index, "made": outcome, "refusal": None}
    code, message = meaning(outcome)
    text = message.text(call.language, outcome.params)
    refusal = {"code": code, "field": outcome.field, "message": text, "params": outcome.params}
    return {"index": index, "made": None, "refusal": refusal}


def _stopped(slot: dict[str, Any], affected: Sequence[Any]) -> dict[str, Any]:
    return {"slot": slot, "affected_match_ids": affected, "version": slot["version"]}

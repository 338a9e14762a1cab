"""Experts over HTTP and on the bus."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from nameko.timer import timer

from schemas.contract import page
from schemas.http.engagements import EngagementQuery, EngagementView
from schemas.http.experts import (
    AvailabilityInput,
    AvailabilityView,
    ExpertInput,
    ExpertPatch,
    ExpertQuery,
    ExpertsInput,
    ExpertView,
)
from schemas.http.items import imported
from schemas.refusal import Busy, FieldError, Invalid, Refusal, Unavailable
from services.chassis import http, inbox, rpc
from services.chassis.auth import Actor, Tokens
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.facts import Fact
from services.chassis.problems import meaning
from services.chassis.telemetry import SqlGauge, Telemetry
from services.experts.domain import PUBLIC, Mandate, Outcome, Place, Wish, area_prefix
from services.experts.storage.holds import COUNT_LIVE
from services.experts.usecases import holds, profiles

REGISTRARS = frozenset({"venue", "coordinator"})
KNOWING = frozenset({"expert", "coordinator"})
SWEEP_SECONDS = 2
LIVE_HOLDS = SqlGauge(
    "experts_live_holds", "Engagements that count, held and confirmed", COUNT_LIVE, labels=("state",)
)
_log = logging.getLogger(__name__)


class ExpertPage(ExpertQuery, http.Paging):
    """Which experts to list."""


class EngagementPage(EngagementQuery, http.Paging):
    """Which engagements to list."""


class ExpertsHttp:
    """Profiles, public but for what is private; availability and engagements."""

    name = "experts_http"
    db = Database()
    clock = Clock()
    tokens = Tokens()
    telemetry = Telemetry("experts", gauges=[LIVE_HOLDS])
    openapi = http.OpenApi("experts")

    @http.endpoint(
        "POST",
        "/experts",
        body=ExpertInput,
        answer=ExpertView,
        roles=REGISTRARS,
        status=201,
        creates=True,
        summary="Register an expert",
    )
    def register_expert(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Of one's own organisation, or of one in the area that one coordinates."""
        return profiles.register_expert(conn, **_act(call), item=call.body)

    @http.endpoint(
        "POST",
        "/experts/batch",
        body=ExpertsInput,
        answer=imported(ExpertView),
        roles=REGISTRARS,
        creates=True,
        summary="Register up to 200 experts, item by item",
    )
    def register_experts(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """A refused item does not stop the others."""
        return _imported(call, profiles.register_experts(conn, **_act(call), items=call.body["items"]))

    @http.endpoint(
        "GET", "/experts", query=ExpertPage, answer=page(ExpertView), roles=None, summary="Experts, by id"
    )
    def list_experts(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Each as the caller may see it."""
        rows = profiles.list_experts(
            conn,
            mandate=_mandate(call),
            filters=_filters(call),
            after=call.cursor[0] if call.cursor else None,
            limit=call.query["limit"] + 1,
        )
        return http.page(rows, call.query["limit"], lambda row: [row["id"]])

    @http.endpoint("GET", "/experts/<uuid:expert_id>", answer=ExpertView, roles=None, summary="One expert")
    def read_expert(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Home, limits and contact only to the expert and to coordinators."""
        return profiles.read_expert(conn, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "PATCH",
        "/experts/<uuid:expert_id>",
        body=ExpertPatch,
        answer=ExpertView,
        roles=KNOWING,
        changes=True,
        summary="Change a profile",
    )
    def change_expert(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """By the expert, or a coordinator of the area."""
        return profiles.change_expert(
            conn, **_act(call), **call.params, if_version=call.if_match or 0, change=call.body
        )

    @http.endpoint(
        "GET",
        "/experts/<uuid:expert_id>/availability",
        answer=AvailabilityView,
        roles=KNOWING,
        summary="When an expert has time",
    )
    def read_availability(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """To the expert and to coordinators."""
        return profiles.read_availability(conn, now=call.now, mandate=_mandate(call), **call.params)

    @http.endpoint(
        "PUT",
        "/experts/<uuid:expert_id>/availability",
        body=AvailabilityInput,
        answer=AvailabilityView,
        roles=KNOWING,
        changes=True,
        summary="Replace all windows; engagements outside of them are named and stand",
    )
    def replace_availability(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """The ETag is the expert's."""
        return profiles.replace_availability(
            conn, **_act(call), **call.params, if_version=call.if_match or 0, windows=call.body["windows"]
        )

    @http.endpoint(
        "GET",
        "/engagements",
        query=EngagementPage,
        answer=page(EngagementView),
        roles=KNOWING,
        summary="One's own engagements, or those of one's area, by time",
    )
    def list_engagements(self, call: http.Call, conn: Connection) -> dict[str, Any]:
        """Filtered by who asks."""
        rows = profiles.list_engagements(
            conn,
            mandate=_mandate(call),
            filters=_filters(call),
            after=call.cursor,
            limit=call.query["limit"] + 1,
        )
        return http.page(rows, call.query["limit"], lambda row: [row["starts_at"], row["id"]])


class Experts:
    """Whether an expert can be there."""

    name = "experts"
    db = Database()
    clock = Clock()
    republish = rpc.republish_command()

    @rpc.command("hold_many")
    def hold_many(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        """Hold experts' time, item by item."""
        _refuse_twins(body["items"])
        wishes = [_wish(item) for item in body["items"]]
        with self.db.transaction() as conn:
            outcomes = holds.hold_many(conn, now=call.now, actor=call.actor, wishes=wishes)
        return _answer(outcomes)

    @rpc.command("extend_many")
    def extend_many(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        """Move expiries later, item by item."""
        _refuse_twins(body["items"])
        expiries = {item["hold_id"]: item["expires_at"] for item in body["items"]}
        with self.db.transaction() as conn:
            outcomes = holds.extend_many(conn, now=call.now, actor=call.actor, expiries=expiries)
        return _answer(outcomes)

    @rpc.command("confirm_many")
    def confirm_many(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        """Turn holds into reservations, item by item."""
        with self.db.transaction() as conn:
            outcomes = holds.confirm_many(conn, now=call.now, actor=call.actor, hold_ids=_ids(body))
        return _answer(outcomes)

    @rpc.command("release_many")
    def release_many(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        """Give holds and reservations back, item by item."""
        reasons = {item["hold_id"]: item["reason"] for item in body["items"]}
        with self.db.transaction() as conn:
            outcomes = holds.release_many(
                conn, now=call.now, actor=call.actor, hold_ids=_ids(body), reasons=reasons
            )
        return _answer(outcomes)

    @timer(interval=SWEEP_SECONDS)
    def sweep(self) -> None:
        """Expire what has lapsed, some experts at a time; another sweeper may have been faster."""
        try:
            while self._sweep_some() >= holds.SWEPT_AT_ONCE:
                continue
        except (Busy, Unavailable) as refusal:
            _log.warning("the sweep waits for its next turn: %s", refusal)

    def _sweep_some(self) -> int:
        with self.db.transaction() as conn:
            return holds.sweep(conn, now=self.clock.now(), actor=Actor.system("sweeper"))

    @inbox.consume({"accounts": ["organisation"]}, whole=True)
    def on_facts(self, facts: list[Fact], conn: Connection) -> None:
        """Keep what experts needs to know; a fact older than what is known changes nothing."""
        profiles.hear_organisations(conn, facts)


def _mandate(call: http.Call) -> Mandate:
    """Who asks, for whom; the public where nobody is logged in or no organisation is named."""
    acting = call.caller.acting if call.caller else None
    if acting is None:
        return PUBLIC
    own = acting.expert_id if acting.role == "expert" else None
    return Mandate(acting.organisation_id, acting.role, acting.area, own)


def _act(call: http.Call) -> dict[str, Any]:
    return {"now": call.now, "mandate": _mandate(call), "actor": call.actor}


def _filters(call: http.Call) -> dict[str, Any]:
    given = {name: value for name, value in call.query.items() if name not in ("limit", "cursor", "adcode")}
    under = {"under": area_prefix(call.query["adcode"])} if "adcode" in call.query else {}
    return given | under


def _imported(call: http.Call, outcomes: Sequence[dict[str, Any] | Refusal]) -> dict[str, Any]:
    items = [_item(call, index, outcome) for index, outcome in enumerate(outcomes)]
    refused = sum(item["refusal"] is not None for item in items)
    return {"made": len(items) - refused, "refused": refused, "items": items}


def _item(call: http.Call, index: int, outcome: Mapping[str, Any] | Refusal) -> dict[str, Any]:
    if not isinstance(outcome, Refusal):
        return {"index": index, "made": outcome, "refusal": None}
    code, message = meaning(outcome)
    text = message.text(call.language, outcome.params)
    refusal = {"code": code, "field": outcome.field, "message": text, "params": outcome.params}
    return {"index": index, "made": None, "refusal": refusal}


def _refuse_twins(items: Sequence[dict[str, Any]]) -> None:
    if len({item["hold_id"] for item in items}) < len(items):
        raise Invalid(FieldError("items", "duplicate"))


def _ids(body: dict[str, Any]) -> list[UUID]:
    _refuse_twins(body["items"])
    return [item["hold_id"] for item in body["items"]]


def _wish(item: dict[str, Any]) -> Wish:
    # Groups come together in a slot's seats only: whose time it is has nothing to do with it.
    own = {name: value for name, value in item.items() if name not in ("company_id", "together")}
    return Wish(**{**own, "place": Place(**item["place"]) if item["place"] else None})


def _answer(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {"items": [{**vars(outcome), "params": outcome.params or {}} for outcome in outcomes]}

"""Catalog on the bus: hold commands, what it hears, the sweep of lapsed holds; its pages are in http.py."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from nameko.timer import timer

from schemas.refusal import Busy, FieldError, Invalid, Unavailable
from services.catalog.domain.holds import Outcome, Place, Wish
from services.catalog.http import CatalogHttp
from services.catalog.usecases import hearing, holds
from services.chassis import inbox, rpc
from services.chassis.auth import Actor
from services.chassis.clock import Clock
from services.chassis.db import Connection, Database
from services.chassis.facts import Fact

__all__ = ["Catalog", "CatalogHttp"]

SWEEP_SECONDS = 2
_log = logging.getLogger(__name__)


class Catalog:
    """Whether seats, or a unit, are there."""

    name = "catalog"
    db = Database()
    clock = Clock()
    republish = rpc.republish_command()

    @rpc.command("hold_many")
    def hold_many(self, call: rpc.RpcCall, body: dict[str, Any]) -> dict[str, Any]:
        """Hold seats and stops, item by item."""
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
        """Expire what has lapsed, a hundred holds at a time; another sweeper may have been faster."""
        try:
            while self._sweep_some() >= holds.SWEPT_AT_ONCE:
                continue
        except (Busy, Unavailable) as refusal:
            _log.warning("the sweep waits for its next turn: %s", refusal)

    def _sweep_some(self) -> int:
        with self.db.transaction() as conn:
            return holds.sweep(conn, now=self.clock.now(), actor=Actor.system("sweeper"))

    @inbox.consume({"accounts": ["organisation"], "matcher": ["round"], "demand": ["calendar", "terms"]})
    def on_fact(self, fact: Fact, conn: Connection) -> None:
        """Keep what catalog needs to know; a fact older than what is known changes nothing."""
        hearing.hear(
            conn,
            aggregate=fact.aggregate,
            aggregate_id=fact.aggregate_id,
            state=fact.data,
            version=fact.version,
        )


def _refuse_twins(items: Sequence[dict[str, Any]]) -> None:
    if len({item["hold_id"] for item in items}) < len(items):
        raise Invalid(FieldError("items", "duplicate"))


def _ids(body: dict[str, Any]) -> list[UUID]:
    _refuse_twins(body["items"])
    return [item["hold_id"] for item in body["items"]]


def _wish(item: dict[str, Any]) -> Wish:
    return Wish(**{**item, "place": Place(**item["place"]) if item["place"] else None})


def _answer(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    return {"items": [{**vars(outcome), "params": outcome.params or {}} for outcome in outcomes]}

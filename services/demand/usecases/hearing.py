"""What demand does when others tell of rounds, matches and verdicts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.store import Connection
from services.demand import domain
from services.demand.domain import MatchFact, Standing
from services.demand.storage import requests as storage
from services.demand.usecases.requests import move

Row = dict[str, Any]
Item = Mapping[str, Any]

_TYPES = {
    "submitted": "request_reopened",
    "offered": "request_offered",
    "confirmed": "request_confirmed",
    "delivered": "request_delivered",
    "no_show": "request_missed",
    "unserved": "request_unserved",
}


def follow_round(conn: Connection, *, state: Item, version: int) -> None:
    """Keep a round's newest state."""
    storage.hear_round(conn, {**state, "version": version})


def follow_match(conn: Connection, *, now: datetime, state: Item, version: int) -> None:
    """Keep a match's newest state and let its request stand accordingly."""
    old = storage.lock(conn, UUID(state["request_id"]))
    if old is not None and storage.hear_match(conn, {**state, "version": version}):
        _restate(conn, now, old)


def follow_verdict(conn: Connection, *, now: datetime, state: Item, version: int) -> None:
    """Keep the newest verdict on a request and let the request stand accordingly."""
    old = storage.lock(conn, UUID(state["request_id"]))
    row = {**state, "reason": _first_reason(state), "version": version}
    if old is not None and storage.hear_verdict(conn, row):
        _restate(conn, now, old)


def _restate(conn: Connection, now: datetime, old: Row) -> None:
    """Move a locked request to where its matches and its verdict put it, unless the school withdrew it."""
    new = _standing(conn, old["id"])
    before = Standing(old["state"], old["state_reason"], old["match_id"])
    if old["state"] == "withdrawn" or new == before:
        return
    row = {**old, "state": new.state, "state_reason": new.reason, "match_id": new.match_id}
    move(conn, now=now, actor=None, old=old, row=row, type_=_TYPES[new.state], reason=new.reason)


def _standing(conn: Connection, request_id: UUID) -> Standing:
    matches = [
        MatchFact(row["id"], row["state"], row["reason_code"]) for row in storage.matches_of(conn, request_id)
    ]
    verdict = storage.verdict_on(conn, request_id)
    unserved = verdict is not None and verdict["outcome"] == "unserved"
    return domain.standing(matches, verdict["reason"] or "no_candidate" if verdict and unserved else None)


def _first_reason(state: Item) -> str | None:
    """The reason that took away most, of those that the solver gives."""
    reasons = sorted(state["reasons"], key=lambda reason: -reason["count"])
    return reasons[0]["code"] if reasons else None

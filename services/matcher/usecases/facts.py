"""Hearing what others did: keep the newest state, and let go of matches that it makes impossible."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.facts import Fact
from services.chassis.store import Connection
from services.matcher.storage import facts, matches, pool
from services.matcher.usecases import moves
from services.matcher.usecases.moves import Remembered

# Something new may be had after one of these.
_GROWTH = frozenset(
    {
        "slot_published", "slot_changed", "unit_registered", "unit_changed", "expert_registered",
        "expert_changed", "programme_published", "calendar_loaded", "terms_changed", "stop_released",
        "stop_expired", "engagement_released", "engagement_expired", "programme_changed",
        "shared_resource_changed",
    }
)  # fmt: skip
_LOST = frozenset({"engagement_expired", "engagement_released", "stop_expired", "stop_released"})
# Confirmed, or about to be: people decide about such a match.
_SETTLED = frozenset({"confirming", "confirmed"})
_HOLDERS = frozenset({"held", "offered", "confirming", "confirmed"})


def hear(conn: Connection, heard: Iterable[Fact]) -> None:
    """Keep the facts of a batch, in order, and react to those that are news."""
    grown = False
    for fact in heard:
        if _kept(conn, fact):
            _react(conn, fact)
            grown = grown or fact.type in _GROWTH
    if grown:
        pool.capacity_grew(conn, fact.now)


def _kept(conn: Connection, fact: Fact) -> bool:
    """Whether the fact is news: a closure is not kept, but matters."""
    return fact.aggregate == "closure" or facts.keep(
        conn, fact.aggregate, fact.aggregate_id, fact.version, fact.data
    )


def _react(conn: Connection, fact: Fact) -> None:
    reaction = _REACTIONS.get(fact.aggregate)
    if reaction:
        reaction(conn, fact)


def _to_request(conn: Connection, fact: Fact) -> None:
    """A withdrawn request lets go of its match; so does a changed one, which is tried anew."""
    withdrawn = fact.data["state"] == "withdrawn"
    if not withdrawn and fact.type != "request_changed":
        return
    code = "request_withdrawn" if withdrawn else "request_changed"
    for match_id in matches.live_of_request(conn, fact.aggregate_id):
        _let_go(conn, fact, match_id, code)
    matches.drop_draft_of(conn, fact.aggregate_id, fact.now, code)
    pool.try_again(conn, fact.aggregate_id)


def _to_slot(conn: Connection, fact: Fact) -> None:
    """A cancelled or moved slot lets go of its matches."""
    if fact.data["state"] == "cancelled":
        _let_all_go(conn, fact, "slot", "slot_cancelled", lambda _: True)
    elif fact.type != "slot_seats_changed":
        _let_all_go(conn, fact, "slot", "slot_moved", lambda leg: _moved(leg, fact.data))


def _to_expert(conn: Connection, fact: Fact) -> None:
    """As of any comer; and what is not confirmed is let go where the expert has no time for it any more."""
    _to_comer(conn, fact)
    if fact.data["state"] == "active":
        windows = [
            tuple(datetime.fromisoformat(each[name]) for name in ("starts_at", "ends_at"))
            for each in fact.data["availability"]
        ]
        _let_all_go(conn, fact, "expert", "expert_unavailable", lambda leg: _is_open_outside(leg, windows))


def _is_open_outside(leg: Mapping[str, Any], windows: Iterable[tuple[datetime, ...]]) -> bool:
    """Whether a leg may still be moved and none of these windows holds it."""
    held = any(start <= leg["starts_at"] and leg["ends_at"] <= end for start, end in windows)
    return not held and leg["state"] not in _SETTLED


def _to_comer(conn: Connection, fact: Fact) -> None:
    """A paused expert or unit keeps no appointment that is still ahead."""
    if fact.data["state"] == "paused":
        code = f"{fact.aggregate}_paused"
        _let_all_go(conn, fact, fact.aggregate, code, lambda leg: leg["starts_at"] > fact.now)


def _to_closure(conn: Connection, fact: Fact) -> None:
    """A closed venue lets go of what is not confirmed; a confirmed group is for people to move."""
    if fact.data["state"] != "active":
        return
    for match in matches.many(conn, [UUID(match_id) for match_id in fact.data["affected_match_ids"]]):
        if match.state != "confirmed":
            _let_go(conn, fact, match.id, "venue_closed")


def _to_hold(conn: Connection, fact: Fact) -> None:
    """Time that its owner took back, or let expire, is no longer ours."""
    if fact.type not in _LOST:
        return
    match_id = matches.of_hold(conn, fact.aggregate_id)
    found = matches.lock(conn, match_id) if match_id else None
    if found and found.state in _HOLDERS:
        moves.end(conn, found, "superseded", now=fact.now, code="hold_lost", actor=_actor(fact))


def _let_all_go(
    conn: Connection, fact: Fact, kind: str, code: str, concerned: Callable[[Mapping[str, Any]], bool]
) -> None:
    for leg in matches.live_on(conn, kind, fact.aggregate_id):
        if concerned(leg):
            _let_go(conn, fact, leg["id"], code)


def _let_go(conn: Connection, fact: Fact, match_id: UUID, code: str) -> None:
    """Cancel a match that has not taken place, because of the fact."""
    found = matches.lock(conn, match_id)
    if found and found.starts_at > fact.now:
        moves.end(conn, found, "cancelled", now=fact.now, code=code, actor=_actor(fact), reason=fact.reason)


def _moved(leg: Mapping[str, Any], slot: Mapping[str, Any]) -> bool:
    told = tuple(datetime.fromisoformat(slot[name]) for name in ("starts_at", "ends_at"))
    return (leg["starts_at"], leg["ends_at"]) != told


def _actor(fact: Fact) -> Remembered | None:
    return Remembered(fact.actor) if fact.actor else None


_REACTIONS: Mapping[str, Callable[[Connection, Fact], None]] = {
    "request": _to_request,
    "slot": _to_slot,
    "expert": _to_expert,
    "unit": _to_comer,
    "closure": _to_closure,
    "engagement": _to_hold,
    "stop": _to_hold,
}

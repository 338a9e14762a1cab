"""A request that the solve left out, given a place by a coordinator's hand, and taken back again."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.errors import UniqueViolation

from schemas.refusal import NotFound
from services.chassis.ids import new_id
from services.chassis.store import Connection, savepoint
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.storage import facts, hands, matches, pool, rounds
from services.matcher.usecases import drafting, hand_prices
from services.matcher.usecases.drafting import Wanted
from services.matcher.usecases.hand_prices import Setting
from services.matcher.usecases.offering import Party, visible

Row = dict[str, Any]


def preview(
    conn: Connection,
    *,
    round_id: UUID,
    request_id: UUID,
    party: Party,
    wanted: Wanted,
    now: datetime,
    language: str,
) -> Row:
    """What `place` would change and cost, refused as it would be; nothing is written."""
    _check_ours(conn, round_id, request_id, party)
    drafting.check_round(rounds.get(conn, round_id))
    its = _setting(conn, round_id, request_id, now)
    chosen = drafting.best(its, wanted)
    return hand_prices.preview(its, chosen, hand_prices.price(conn, its, chosen), party, language)


def place(
    conn: Connection,
    *,
    round_id: UUID,
    request_id: UUID,
    party: Party,
    wanted: Wanted,
    reason: str,
    shown: str,
    now: datetime,
) -> tuple[Match, Row]:
    """Draft a match for a request that has none, pinned; the best way there is on what is wanted, by value.

    With it comes its price at this moment, which is kept. Raises NotFound, domain.RoundState,
    domain.RequestNotWaiting, domain.MoveImpossible with the codes of the rules that say no, or
    domain.PriceHasChanged if it is not as the preview that was `shown`.
    """
    _check_ours(conn, round_id, request_id, party)
    row = drafting.check_round(rounds.lock(conn, round_id))
    if not pool.is_wanted(conn, request_id):
        raise domain.RequestNotWaiting()
    its = _setting(conn, round_id, request_id, now)
    chosen = drafting.best(its, wanted)
    price = hand_prices.price_as_shown(conn, its, chosen, shown)
    made = its.world.match(chosen, job_id=its.job_id, offer_hours=row["offer_hours"], now=now)
    made = replace(made, pinned=True, pin_reason=reason)
    _insert(conn, made)
    _note(conn, made.id, "placed", party, reason, now, price)
    pool.set_outcome(conn, request_id, "matched")
    return made, price


def drop(conn: Connection, *, match_id: UUID, party: Party, reason: str, now: datetime) -> Match:
    """Take back a draft that was placed by hand, while its round is drawn up: its request waits again.

    Raises NotFound, domain.RoundState, domain.MatchState or domain.NotPlacedByHand.
    """
    seen = drafting.ours(conn, match_id, party)
    draft = drafting.locked(conn, seen)
    if not hands.was_placed(conn, match_id):
        raise domain.NotPlacedByHand()
    matches.drop_placed(conn, match_id, now, reason)
    _note(conn, match_id, "dropped", party, reason, now)
    pool.set_outcome(conn, draft.request_id, "unserved")
    return visible(matches.get(conn, match_id), party)


def _check_ours(conn: Connection, round_id: UUID, request_id: UUID, party: Party) -> None:
    request = facts.request(conn, request_id)
    if request is None or request["round_id"] != round_id or not party.covers(request["adcode"]):
        raise NotFound()


def _setting(conn: Connection, round_id: UUID, request_id: UUID, now: datetime) -> Setting:
    if request_id not in hand_prices.waiting(conn, round_id, now):
        raise domain.RequestNotWaiting()
    job = rounds.latest_job(conn, round_id)
    return hand_prices.setting_of_request(
        conn, request_id=request_id, round_id=round_id, job_id=job["id"] if job else None, now=now
    )


def _note(
    conn: Connection,
    match_id: UUID,
    act: str,
    party: Party,
    reason: str,
    now: datetime,
    price: Row | None = None,
) -> None:
    its = {"id": new_id(), "match_id": match_id, "moved_at": now, "moved_by": party.user_id}
    hands.note(conn, {**its, "act": act, "reason": reason, "price": price, "successor_id": None})


def _insert(conn: Connection, made: Match) -> None:
    """Write the match; something that is answered at once, which no round's lock keeps out, may be faster."""
    try:
        with savepoint(conn):
            matches.insert(conn, made)
    except UniqueViolation as taken:
        raise domain.RequestNotWaiting() from taken

"""A request that the solve left out, given a place by a coordinator's hand, and taken back again."""

from __future__ import annotations

from collections.abc import Sequence
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
from services.matcher.engine.model import Option
from services.matcher.storage import facts, hands, matches, pool, rounds
from services.matcher.usecases import drafting, hand_prices, making_way
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
    displacing: Sequence[UUID] | None = None,
) -> Row:
    """What `place` would change and cost, refused as it would be; nothing is written.

    Where it is not said which draft is to make way, and there is no room, one is found if there is one.
    """
    _check_ours(conn, round_id, request_id, party)
    drafting.check_round(rounds.get(conn, round_id))
    asked: Row = {
        "round_id": round_id,
        "request_id": request_id,
        "party": party,
        "wanted": wanted,
        "now": now,
    }
    its, chosen = _found(conn, asked) if displacing is None else _way(conn, asked, displacing)
    shown = hand_prices.preview(its, chosen, hand_prices.price(conn, its, chosen), party, language)
    return {**shown, "displaces": [_displaced(its.displaced)] if its.displaced else []}


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
    displacing: Sequence[UUID] = (),
) -> tuple[Match, Row]:
    """Draft a match for a request that has none, pinned; the best way there is on what is wanted, by value.

    The draft `displacing`, one at most, makes way for it, and its request waits again.

    With it comes its price at this moment, which is kept. Raises NotFound, domain.RoundState,
    domain.RequestNotWaiting, domain.MoveImpossible with the codes of the rules that say no,
    domain.NotDisplaceable, or domain.PriceHasChanged if it is not as the preview that was `shown`.
    """
    _check_ours(conn, round_id, request_id, party)
    row = drafting.check_round(rounds.lock(conn, round_id))
    if not pool.is_wanted(conn, request_id):
        raise domain.RequestNotWaiting()
    asked: Row = {
        "round_id": round_id,
        "request_id": request_id,
        "party": party,
        "wanted": wanted,
        "now": now,
    }
    its, chosen = _way(conn, asked, displacing)
    price = hand_prices.price_as_shown(conn, its, chosen, shown)
    made = its.world.match(chosen, job_id=its.job_id, offer_hours=row["offer_hours"], now=now)
    made = replace(made, pinned=True, pin_reason=reason)
    _insert(conn, made)
    act: Row = {"moved_at": now, "moved_by": party.user_id, "reason": reason, "price": price}
    _note(conn, made.id, "placed", act)
    pool.set_outcome(conn, request_id, "matched")
    if its.displaced:
        making_way.give_up(conn, its.displaced, reason, now)
        _note(conn, its.displaced.id, "displaced", act, successor=made.id)
    return made, price


def drop(conn: Connection, *, match_id: UUID, party: Party, reason: str, now: datetime) -> Match:
    """Take back a draft that was placed by hand, while its round is drawn up: its request waits again.

    Raises NotFound, domain.RoundState, domain.MatchState or domain.NotPlacedByHand.
    """
    seen = drafting.ours(conn, match_id, party)
    draft = drafting.locked(conn, seen)
    if not hands.was_placed(conn, match_id):
        raise domain.NotPlacedByHand()
    matches.drop_by_hand(conn, match_id, now, "dropped_by_hand", reason)
    act: Row = {"moved_at": now, "moved_by": party.user_id, "reason": reason, "price": None}
    _note(conn, match_id, "dropped", act)
    pool.set_outcome(conn, draft.request_id, "unserved")
    return visible(matches.get(conn, match_id), party)


def _check_ours(conn: Connection, round_id: UUID, request_id: UUID, party: Party) -> None:
    request = facts.request(conn, request_id)
    if request is None or request["round_id"] != round_id or not party.covers(request["adcode"]):
        raise NotFound()


def _found(conn: Connection, asked: Row) -> tuple[Setting, Option]:
    """As there is room; else as there is once a draft makes way."""
    try:
        return _way(conn, asked, ())
    except domain.MoveImpossible:
        draft = making_way.find(conn, **asked)
        if draft is None:
            raise
        return _without(conn, asked, draft)


def _way(conn: Connection, asked: Row, displacing: Sequence[UUID]) -> tuple[Setting, Option]:
    drafts = [making_way.named(conn, match_id, **asked) for match_id in displacing]
    return _without(conn, asked, drafts[0] if drafts else None)


def _without(conn: Connection, asked: Row, draft: Match | None) -> tuple[Setting, Option]:
    its = _setting(conn, asked["round_id"], asked["request_id"], asked["now"], draft)
    return its, drafting.best(its, asked["wanted"])


def _setting(
    conn: Connection, round_id: UUID, request_id: UUID, now: datetime, displaced: Match | None
) -> Setting:
    if request_id not in hand_prices.waiting(conn, round_id, now):
        raise domain.RequestNotWaiting()
    job = rounds.latest_job(conn, round_id)
    its: Row = {"request_id": request_id, "round_id": round_id, "job_id": job["id"] if job else None}
    return hand_prices.setting_of_request(conn, **its, now=now, displaced=displaced)


def _displaced(draft: Match) -> Row:
    names = ("request_id", "school_name", "adcode", "group_size", "title", "starts_at", "value")
    return {"match_id": draft.id, **{name: getattr(draft, name) for name in names}}


def _note(conn: Connection, match_id: UUID, act: str, its: Row, successor: UUID | None = None) -> None:
    hands.note(conn, {**its, "id": new_id(), "match_id": match_id, "act": act, "successor_id": successor})


def _insert(conn: Connection, made: Match) -> None:
    """Write the match; something that is answered at once, which no round's lock keeps out, may be faster."""
    try:
        with savepoint(conn):
            matches.insert(conn, made)
    except UniqueViolation as taken:
        raise domain.RequestNotWaiting() from taken

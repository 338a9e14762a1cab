"""A coordinator's hand in a plan: one pairing moved, by the same rules and within what the plan leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.reasons import ended_text
from schemas.refusal import NotFound
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine.model import Option
from services.matcher.storage import hands, matches, rounds
from services.matcher.usecases import hand_prices
from services.matcher.usecases.hand_prices import Setting
from services.matcher.usecases.minutes import moment
from services.matcher.usecases.offering import Party, visible
from services.matcher.usecases.redrafting import rewritten
from services.matcher.usecases.views import oversees

Row = dict[str, Any]


@dataclass(frozen=True)
class Wanted:
    """Where a pairing is to be moved: to a resource, and to one of its times if it has several."""

    resource_kind: str
    resource_id: UUID
    starts_at: datetime | None = None


def preview(
    conn: Connection, *, match_id: UUID, party: Party, wanted: Wanted, now: datetime, language: str
) -> Row:
    """What `move_by_hand` would change and cost, refused as it would be; nothing is written."""
    draft = ours(conn, match_id, party)
    if draft.state == "offered":
        _check_offer(conn, draft)
    else:
        _check(rounds.get(conn, draft.round_id) if draft.round_id else None, draft)
    its = hand_prices.setting(conn, draft, now)
    chosen = best(its, wanted)
    found = hand_prices.price(conn, its, chosen)
    return hand_prices.preview(its, chosen, found, party, language)


def move_by_hand(
    conn: Connection, *, match_id: UUID, party: Party, wanted: Wanted, reason: str, shown: str, now: datetime
) -> tuple[Match, Row]:
    """Serve a match's request by another resource, and pin it there; the best way there is, by value.

    With it comes its price at this moment, which is kept. A draft is moved there and then, while its round is
    drawn up. An offer stays until its new place is held and then makes way: what comes back is the match that
    replaces it. Raises domain.MoveImpossible with the codes of the rules that say no, domain.PriceHasChanged
    if it is not as the preview that was `shown`, domain.RoundState, domain.MatchState, domain.MoveUnderWay.
    """
    match = ours(conn, match_id, party)
    is_offer = match.state == "offered"
    match = _locked_offer(conn, match) if is_offer else locked(conn, match)
    its = hand_prices.setting(conn, match, now)
    chosen = best(its, wanted)
    price = hand_prices.price_as_shown(conn, its, chosen, shown)
    moved = (_successor if is_offer else _rewritten)(conn, its, match, chosen, reason)
    move = {"id": new_id(), "match_id": match.id, "moved_at": now, "moved_by": party.user_id, "act": "moved"}
    successor = moved.id if is_offer else None
    hands.note(conn, {**move, "reason": reason, "price": price, "successor_id": successor})
    return moved, price


def _rewritten(conn: Connection, its: Setting, draft: Match, chosen: Option, reason: str) -> Match:
    return rewritten(conn, its.world, draft, chosen, now=its.now, pinned=True, pin_reason=reason)


def _successor(conn: Connection, its: Setting, offer: Match, chosen: Option, reason: str) -> Match:
    """A match that the saga holds beside the offer, and offers in its stead."""
    now = its.now
    made = its.world.match(chosen, job_id=offer.job_id, offer_hours=offer.offer_hours, now=now, due=now)
    made = replace(made, replaces=offer.id, pinned=True, pin_reason=reason)
    matches.insert(conn, made)
    return made


def moves_of(conn: Connection, *, match_id: UUID, party: Party, language: str) -> Row:
    """What was done to a match by hand, with the prices, for who oversees it. Raises NotFound."""
    match = matches.get(conn, match_id)
    if match is None or not oversees(party, match.adcode):
        raise NotFound()
    rows = hands.of_match(conn, match_id)
    return {"items": [_told(row, language) for row in rows]}


def _told(row: Row, language: str) -> Row:
    ended = row["reason_code"] and ended_text(row["reason_code"], language)
    successor = {"match_id": row["successor_id"], "state": row["state"], "reason_text": ended}
    price = hand_prices.told(row["price"], language, row["act"]) if row["price"] else None
    return {**row, "price": price, "successor": successor if row["successor_id"] else None}


def ours(conn: Connection, match_id: UUID, party: Party) -> Match:
    """A match of the area that the party coordinates. Raises NotFound."""
    draft = visible(matches.get(conn, match_id), party)
    if not party.covers(draft.adcode):
        raise NotFound()
    return draft


def locked(conn: Connection, draft: Match) -> Match:
    """Keep every other hand, solve and publication waiting; refuse if the draft is past changing."""
    row = rounds.lock(conn, draft.round_id) if draft.round_id else None
    return _check(row, matches.lock(conn, draft.id) if row else None)


def _locked_offer(conn: Connection, offer: Match) -> Match:
    """Keep answers waiting until it is known what the offer is to be moved to."""
    seen = matches.lock(conn, offer.id)
    if seen is None or seen.state != "offered":
        raise domain.MatchState(state=seen.state if seen else "superseded")
    _check_offer(conn, seen)
    return seen


def _check_offer(conn: Connection, offer: Match) -> None:
    if matches.is_being_moved(conn, offer.id):
        raise domain.MoveUnderWay()


def check_round(row: Row | None) -> Row:
    """The round, if its draft can be changed. Raises domain.RoundState."""
    if row is None or row["state"] != "drawn_up":
        raise domain.RoundState(state=row["state"] if row else "published")
    return row


def _check(row: Row | None, draft: Match | None) -> Match:
    check_round(row)
    if draft is None or draft.state != "proposed":
        raise domain.MatchState(state=draft.state if draft else "superseded")
    return draft


def best(its: Setting, wanted: Wanted) -> Option:
    """The best of the request's ways that use what is wanted. Raises domain.MoveImpossible."""
    fitting = [option for option in its.options if uses(option, wanted)]
    if not fitting:
        reasons = its.finding.reasons
        of_kind = [reason for reason in reasons if reason.kind == wanted.resource_kind]
        codes = _codes(reason.code for reason in of_kind or reasons)
        raise domain.MoveImpossible(field="resource_id", codes=codes)
    return max(fitting, key=lambda option: option.value)


def uses(option: Option, wanted: Wanted) -> bool:
    """Whether a way takes what is wanted."""
    return any(
        (leg.kind, leg.resource) == (wanted.resource_kind, wanted.resource_id)
        and wanted.starts_at in (None, moment(leg.start))
        for leg in option.legs
    )


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(sorted(set(codes))) or "nothing_offered"

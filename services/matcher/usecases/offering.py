"""Offers: who must agree, and what follows from each answer, from silence, and from a change of mind."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.refusal import Forbidden, NotFound
from services.chassis.auth import covers
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Agreement, Leg, Match
from services.matcher.storage import facts, matches
from services.matcher.usecases import moves
from services.matcher.usecases.moves import Actor

Row = dict[str, Any]
OVERDUE_AT_A_TIME = 50


@dataclass(frozen=True)
class Party:
    """Who acts: a person, for an organisation of an area, in a role; an expert by that expert's id."""

    user_id: UUID
    organisation_id: UUID | None
    role: str | None
    area: str | None
    expert_id: UUID | None

    def covers(self, adcode: str) -> bool:
        """Whether this is a coordinator of the area that `adcode` lies in."""
        return self.role == "coordinator" and self.area is not None and covers(self.area, adcode)

    def owns(self, leg: Leg) -> bool:
        """Whether the leg's resource is this party's."""
        if leg.resource_kind == "expert" and self.expert_id == leg.resource_id:
            return True
        return self.role in ("venue", "coordinator") and self.organisation_id == leg.organisation_id

    def is_school_of(self, match: Match) -> bool:
        """Whether this is the school that the match is for."""
        return self.role in ("teacher", "head") and self.organisation_id == match.school_id


def offer(conn: Connection, match: Match, *, now: datetime) -> Match:
    """Ask the parties of a held match; where all have agreed beforehand, it is confirmed next.

    What replaces an offer ends that, or itself if the offer has been answered by all or is over.
    """
    if match.replaces and not _make_way(conn, match.replaces, match, now=now):
        return moves.end(conn, match, "superseded", now=now, code="move_too_late") or match
    agreements = tuple(_needed(conn, match))
    deadline = domain.offer_deadline(now, match.offer_hours, match.starts_at)
    offered = moves.move(
        conn, match, "offered", now=now, agreements=agreements, deadline=deadline, offered_at=now
    )
    return moves.move(conn, offered, "confirming", now=now) if offered.agreed else offered


def _make_way(conn: Connection, offer_id: UUID, successor: Match, *, now: datetime) -> bool:
    """End an offer that is still open, so that its parties are asked about its successor."""
    replaced = matches.lock(conn, offer_id)
    if replaced is None or replaced.state != "offered":
        return False
    moves.end(conn, replaced, "superseded", now=now, code="offer_moved", reason=successor.pin_reason)
    return True


def answer(
    conn: Connection,
    *,
    match_id: UUID,
    party: Party,
    said: str,
    reason: str | None,
    now: datetime,
    actor: Actor,
) -> Match:
    """Take a party's answer to an offer.

    Raises NotFound for a match that is not the party's business, NotAsked, AlreadyAnswered, OfferOver, or
    ReasonRequired for a decline without one.
    """
    match = visible(matches.lock(conn, match_id), party)
    positions = domain.answering(
        match.agreements, organisation_id=party.organisation_id, role=party.role, expert_id=party.expert_id
    )
    if not positions:
        raise domain.NotAsked()
    waiting = [position for position in positions if match.agreements[position].open]
    if not waiting:
        raise domain.AlreadyAnswered()
    if match.state != "offered" or match.deadline is None or match.deadline <= now:
        raise domain.OfferOver()
    if said == "decline" and not reason:
        raise domain.ReasonRequired(field="reason")
    agreements = _answered(match.agreements, waiting, said, now, party.user_id)
    told = moves.note(conn, match, "answered", now=now, actor=actor, agreements=agreements)
    if said == "decline":
        return _declined(conn, told, waiting, now=now, actor=actor, reason=reason)
    return moves.move(conn, told, "confirming", now=now, actor=actor) if told.agreed else told


def cancel(
    conn: Connection, *, match_id: UUID, party: Party, reason: str, now: datetime, actor: Actor
) -> Match:
    """Call a match off before it begins: by its school, an owner of one of its legs, or a coordinator."""
    match = visible(matches.lock(conn, match_id), party)
    if match.state not in domain.CANCELLABLE:
        raise domain.MatchState(state=match.state)
    if match.starts_at <= now:
        raise domain.EventBegun()
    legs = [leg for leg in match.legs if party.owns(leg)] or match.legs
    moves.exclude(conn, match, legs, code="party_cancelled", now=now, until=None)
    ended = moves.end(conn, match, "cancelled", now=now, code="party_cancelled", actor=actor, reason=reason)
    return ended or match


def delivered(conn: Connection, *, match_id: UUID, party: Party, now: datetime, actor: Actor) -> Match:
    """Note that it took place: said by the school or by who gave it, once it has begun."""
    match = visible(matches.lock(conn, match_id), party)
    if not party.is_school_of(match) and not any(party.owns(leg) for leg in match.legs):
        raise Forbidden()
    domain.check_match_move(match.state, "delivered")
    if match.starts_at > now:
        raise domain.EventAhead()
    return moves.move(conn, match, "delivered", now=now, actor=actor, delivered_at=now)


def expire_overdue(conn: Connection, *, now: datetime) -> int:
    """End offers whose deadline has passed; what the silent were asked for is not offered them again."""
    overdue = matches.overdue(conn, now=now, limit=OVERDUE_AT_A_TIME)
    for match in matches.many(conn, overdue):
        silent = [number for number, agreement in enumerate(match.agreements) if agreement.open]
        legs = _legs_of(match, silent)
        moves.exclude(conn, match, legs, code="offer_expired", now=now, until=None)
        moves.end(conn, match, "expired", now=now, code="offer_expired")
    return len(overdue)


def visible(match: Match | None, party: Party) -> Match:
    """The match, if it is the party's business; a draft is a coordinator's alone. Raises NotFound."""
    if match is None:
        raise NotFound()
    if party.covers(match.adcode):
        return match
    concerned = party.is_school_of(match) or any(party.owns(leg) for leg in match.legs)
    if not concerned or match.version == 0:
        raise NotFound()
    return match


def _needed(conn: Connection, match: Match) -> Iterator[Agreement]:
    """One agreement per party: the school, then the owner of each leg in its order."""
    school = facts.parties(conn, match.request_id)
    yield Agreement("school", match.school_id, None, not (school and school["auto_accept"]))
    venues = facts.venue_policies(conn, [leg.venue_id for leg in match.legs if leg.venue_id])
    units = facts.unit_policies(conn, [leg.resource_id for leg in match.legs if leg.resource_kind == "unit"])
    for leg in match.legs:
        if leg.resource_kind == "expert":
            yield Agreement("expert", leg.organisation_id, leg.resource_id, needed=True)
        elif leg.resource_kind == "unit":
            yield Agreement("unit", leg.organisation_id, None, _asks(units.get(leg.resource_id)))
        else:
            yield Agreement(
                "venue", leg.organisation_id, None, _asks(venues.get(leg.venue_id) if leg.venue_id else None)
            )


def _asks(policy: Row | None) -> bool:
    return policy is None or policy["policy"] != "auto"


def _answered(
    agreements: tuple[Agreement, ...], positions: Iterable[int], said: str, now: datetime, user_id: UUID
) -> tuple[Agreement, ...]:
    ours = frozenset(positions)
    return tuple(
        replace(agreement, answer=said, answered_at=now, answered_by=user_id) if number in ours else agreement
        for number, agreement in enumerate(agreements)
    )


def _declined(
    conn: Connection,
    match: Match,
    positions: Iterable[int],
    *,
    now: datetime,
    actor: Actor,
    reason: str | None,
) -> Match:
    moves.exclude(conn, match, _legs_of(match, positions), code="party_declined", now=now, until=None)
    ended = moves.end(conn, match, "declined", now=now, code="party_declined", actor=actor, reason=reason)
    return ended or match


def _legs_of(match: Match, positions: Iterable[int]) -> list[Leg]:
    """The legs that these agreements are about: the school's is about all of them."""
    found: list[Leg] = []
    for position in positions:
        found.extend(match.legs if position == 0 else [match.legs[position - 1]])
    return found

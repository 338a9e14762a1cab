"""A draft that makes way for a request which a hand places: which one, and what becomes of its request."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine.candidates import Finder
from services.matcher.storage import facts, matches, pool
from services.matcher.usecases.drafting import Wanted, uses
from services.matcher.usecases.offering import Party
from services.matcher.usecases.problem import load

# Each is tried by itself: so many of least value, lest a whole term's drafts of an expert take too long.
TRIED = 25


def find(
    conn: Connection, *, round_id: UUID, request_id: UUID, party: Party, wanted: Wanted, now: datetime
) -> Match | None:
    """The draft of least value without which the request could have what is wanted; None if there is none."""
    able = _able(conn, round_id, request_id, party, wanted)
    if not able or not _has_way(conn, request_id, wanted, able, now):
        return None
    return next((draft for draft in able if _has_way(conn, request_id, wanted, [draft], now)), None)


def named(
    conn: Connection,
    match_id: UUID,
    *,
    round_id: UUID,
    request_id: UUID,
    party: Party,
    wanted: Wanted,
    now: datetime,
) -> Match:
    """The draft that is to make way, for this transaction alone. Raises domain.NotDisplaceable."""
    draft = matches.lock(conn, match_id)
    if draft is None or draft.round_id != round_id or not _can_go(draft, party):
        raise domain.NotDisplaceable(field="displacing")
    if _has_way(conn, request_id, wanted, [], now):
        raise domain.NotDisplaceable(field="displacing")
    return draft


def give_up(conn: Connection, draft: Match, reason: str, now: datetime) -> None:
    """End a draft for another; its request is unserved again, and will read why."""
    matches.drop_by_hand(conn, draft.id, now, domain.DISPLACED_BY_HAND, reason)
    lost = [
        {"resource_kind": kind, "code": domain.DISPLACED_BY_HAND, "count": 1}
        for kind in sorted({leg.resource_kind for leg in draft.legs})
    ]
    pool.set_outcome(conn, draft.request_id, "unserved", lost)


def _able(conn: Connection, round_id: UUID, request_id: UUID, party: Party, wanted: Wanted) -> list[Match]:
    """Drafts that have the resource, or are of the same school: its class, or what it may have in a term."""
    request = facts.request(conn, request_id)
    school = request["school_id"] if request else None
    found = [
        draft
        for draft in matches.drafts(conn, [round_id])
        if _can_go(draft, party) and (draft.school_id == school or _is_on(draft, wanted))
    ]
    return sorted(found, key=lambda draft: (draft.value, draft.id))[:TRIED]


def _can_go(draft: Match, party: Party) -> bool:
    """A draft that only the solver has made, of the party's area, and that nobody else depends on."""
    untouched = draft.state == "proposed" and draft.version == 0 and draft.next_step_at is None
    return untouched and not draft.pinned and draft.company_id is None and party.covers(draft.adcode)


def _is_on(draft: Match, wanted: Wanted) -> bool:
    resource = (wanted.resource_kind, wanted.resource_id)
    return any((leg.resource_kind, leg.resource_id) == resource for leg in draft.legs)


def _has_way(
    conn: Connection, request_id: UUID, wanted: Wanted, gone: Collection[Match], now: datetime
) -> bool:
    """Whether the request could have what is wanted without these."""
    world = load(conn, now=now, request_ids=[request_id], without=_ids(gone))
    return any(uses(option, wanted) for option in Finder(world.problem).options(0)[0])


def _ids(drafts: Iterable[Match]) -> list[UUID]:
    return [draft.id for draft in drafts]

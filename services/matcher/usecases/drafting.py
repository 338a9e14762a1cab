"""A coordinator's hand in a draft: one pairing moved, by the same rules and within what the draft leaves."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.refusal import NotFound
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import Option
from services.matcher.storage import matches, rounds
from services.matcher.usecases.minutes import moment
from services.matcher.usecases.offering import Party, visible
from services.matcher.usecases.problem import World, load
from services.matcher.usecases.redrafting import rewritten


@dataclass(frozen=True)
class Wanted:
    """Where a pairing is to be moved: to a resource, and to one of its times if it has several."""

    resource_kind: str
    resource_id: UUID
    starts_at: datetime | None = None


def move_by_hand(
    conn: Connection, *, match_id: UUID, party: Party, wanted: Wanted, reason: str, now: datetime
) -> Match:
    """Serve a draft's request by another resource, and pin it there; the best way there is, by value.

    The round must be drawn up. Raises domain.MoveImpossible with the codes of the rules that say no.
    """
    draft = visible(matches.get(conn, match_id), party)
    if not party.covers(draft.adcode):
        raise NotFound()
    _lock_round(conn, draft)
    world = _world_without(conn, draft, now)
    chosen = _best(world, wanted)
    return rewritten(conn, world, draft, chosen, now=now, pinned=True, pin_reason=reason)


def _lock_round(conn: Connection, draft: Match) -> None:
    """Keep every other hand, solve and publication waiting; refuse if the draft is past changing."""
    row = rounds.lock(conn, draft.round_id) if draft.round_id else None
    if row is None or row["state"] != "drawn_up":
        raise domain.RoundState(state=row["state"] if row else "published")
    locked = matches.lock(conn, draft.id)
    if locked is None or locked.state != "proposed":
        raise domain.MatchState(state=locked.state if locked else "superseded")


def _world_without(conn: Connection, draft: Match, now: datetime) -> World:
    """The world as the draft leaves it, seen as if this one pairing were not."""
    return load(conn, now=now, request_ids=[draft.request_id], without=[draft.id])


def _best(world: World, wanted: Wanted) -> Option:
    options, finding = Finder(world.problem).options(0)
    fitting = [option for option in options if _uses(option, wanted)]
    if not fitting:
        kinds = (reason for reason in finding.reasons if reason.kind == wanted.resource_kind)
        raise domain.MoveImpossible(field="resource_id", codes=_codes(reason.code for reason in kinds))
    return max(fitting, key=lambda option: option.value)


def _uses(option: Option, wanted: Wanted) -> bool:
    return any(
        (leg.kind, leg.resource) == (wanted.resource_kind, wanted.resource_id)
        and wanted.starts_at in (None, moment(leg.start))
        for leg in option.legs
    )


def _codes(codes: Iterable[str]) -> str:
    return ", ".join(sorted(set(codes))) or "nothing_offered"

"""Drafts written anew: moved by a hand, or to make room for others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Match
from services.matcher.engine import model
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import Option
from services.matcher.storage import matches, rearranged
from services.matcher.usecases.problem import World, load

# A resource, a beginning, and how many people: a group in parts may be cut otherwise.
Place = tuple[str, model.Key, int, int]


def make_room(
    conn: Connection, drafts: Sequence[tuple[Match, Sequence[Place]]], *, now: datetime, code: str
) -> bool:
    """Serve the requests of drafts in these other places, and note why; False if one of them cannot be.

    Then nothing is to be kept. The rounds are locked, and the caller has seen that all these places can be
    had together.
    """
    world = load(
        conn,
        now=now,
        request_ids=[draft.request_id for draft, _ in drafts],
        without=[draft.id for draft, _ in drafts],
    )
    return all(_goes(conn, world, draft, places, now, code) for draft, places in drafts)


def _goes(
    conn: Connection, world: World, draft: Match, places: Sequence[Place], now: datetime, code: str
) -> bool:
    locked = matches.lock(conn, draft.id)
    if locked is None or locked.state != "proposed" or locked.pinned or locked.legs != draft.legs:
        return False
    number = next(n for n, wish in enumerate(world.problem.wishes) if wish.key == draft.request_id)
    finder = Finder(world.problem)
    found = standing(finder, number, finder.options(number)[0], set(places))
    if found is None:
        return False
    rewritten(conn, world, draft, found, now=now)
    rearranged.note(
        conn, note_id=new_id(), request_id=draft.request_id, match_id=draft.id, code=code, now=now
    )
    return True


def standing(
    finder: Finder, number: int, options: Iterable[Option], places: Collection[Place]
) -> Option | None:
    """The option at these places; of a group in parts also where it would be cut otherwise by now."""
    found = next((option for option in options if set(map(place_of, option.legs)) == places), None)
    parts = {key: people for kind, key, _, people in places if kind == "slot"}
    if found or len(parts) < len(places) or len(parts) < 2:
        return found
    again = finder.in_parts(number, parts)
    return again if again and set(map(place_of, again.legs)) == places else None


def place_of(leg: model.Leg) -> Place:
    """Where a leg is, whatever it is called."""
    return leg.kind, leg.resource, leg.start, leg.quantity


def rewritten(
    conn: Connection, world: World, draft: Match, option: Option, *, now: datetime, **changes: Any
) -> Match:
    """A draft that serves its request in this way from now on, written, with these `changes` beside it."""
    moved = world.match(option, job_id=draft.job_id, offer_hours=draft.offer_hours, now=now)
    kept = replace(moved, id=draft.id, created_at=draft.created_at, version=0, **changes)
    kept = replace(kept, legs=tuple(_of_match(kept.id, leg) for leg in kept.legs))
    matches.rewrite_draft(conn, kept)
    return kept


def _of_match(match_id: UUID, leg: domain.Leg) -> domain.Leg:
    return replace(leg, hold_id=domain.hold_id(match_id, leg.id, leg.attempt))

"""Matches for tests on a scratch database: drafts and offers, moved by matcher's own use cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.auth import Actor
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Agreement, Leg, Match, Place
from services.matcher.storage import matches
from services.matcher.usecases import moves
from services.matcher.usecases.offering import Party

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
START = datetime(2027, 3, 15, 1, 0, tzinfo=UTC)
HONGSHAN = Place(42.26, 118.96, "150402")
SOMEBODY = Actor(new_id(), None, None, "王老师")


def a_leg(match_id: UUID, position: int = 0, **changes: Any) -> Leg:
    """Twenty-five seats in a slot, wanted."""
    leg_id = new_id()
    leg = Leg(
        id=leg_id,
        position=position,
        owner="catalog",
        resource_kind="slot",
        resource_id=new_id(),
        organisation_id=new_id(),
        programme_id=new_id(),
        venue_id=new_id(),
        starts_at=START,
        ends_at=START + timedelta(minutes=90),
        occupied_from=START,
        quantity=25,
        place=HONGSHAN,
        hold_id=domain.hold_id(match_id, leg_id, 1),
        attempt=1,
        state="wanted",
    )
    return replace(leg, **changes)


def an_expert_leg(match_id: UUID, position: int = 0, **changes: Any) -> Leg:
    """An expert's time, wanted."""
    expert = {"owner": "experts", "resource_kind": "expert", "programme_id": None, "venue_id": None}
    return a_leg(match_id, position, **{**expert, **changes})


def a_draft(conn: Connection, **changes: Any) -> Match:
    """A match of one leg, in nobody's round, not yet heard of."""
    match_id = changes.pop("id", None) or new_id()
    draft = Match(
        id=match_id,
        request_id=new_id(),
        round_id=None,
        job_id=None,
        school_id=new_id(),
        school_name="演示小学",
        adcode=HONGSHAN.adcode,
        township=None,
        kind="visit",
        title="星空之下",
        topics=("aerospace",),
        grades=(4,),
        audience="pupils",
        group_size=25,
        starts_at=START,
        ends_at=START + timedelta(minutes=90),
        state="proposed",
        value=300,
        offer_hours=48,
        created_at=NOW,
        legs=(a_leg(match_id),),
        next_step_at=NOW,
    )
    draft = replace(draft, **changes)
    matches.insert(conn, draft)
    return draft


def an_offer(conn: Connection, *, parties: tuple[str, ...] = ("school",), **changes: Any) -> Match:
    """A match that these parties are asked to agree to, until two days from NOW."""
    match = a_draft(conn, **changes)
    for state in ("holding", "held"):
        match = moves.move(conn, match, state, now=NOW)
    agreements = tuple(_agreement(match, party) for party in parties)
    deadline = NOW + timedelta(hours=48)
    return moves.move(
        conn, match, "offered", now=NOW, agreements=agreements, deadline=deadline, offered_at=NOW
    )


def _agreement(match: Match, party: str) -> Agreement:
    ours = match.school_id if party == "school" else match.legs[0].organisation_id
    return Agreement(party, ours, None, needed=True)


def the_school(match: Match) -> Party:
    """A teacher of the match's school."""
    return Party(new_id(), match.school_id, "teacher", HONGSHAN.adcode, None)


def the_venue(match: Match) -> Party:
    """Staff of whoever owns the first leg."""
    return Party(new_id(), match.legs[0].organisation_id, "venue", HONGSHAN.adcode, None)


def state_of(conn: Connection, match: Match) -> tuple[str, str | None]:
    """Where the match stands, and which end it goes to."""
    found = matches.get(conn, match.id)
    assert found is not None
    return found.state, found.ending


def told(conn: Connection, match: Match) -> list[str]:
    """The events of a match, in order."""
    rows = conn.execute(
        "select type from outbox where aggregate_id = %s order by version", [match.id]
    ).fetchall()
    return [row["type"] for row in rows]

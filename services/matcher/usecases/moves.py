"""One move of a match: checked, compared and set, and told, in the transaction of whoever causes it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from schemas.events.matcher import MatchState
from services.chassis import outbox
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.domain import Leg, Match
from services.matcher.storage import displaced, matches, pool

Actor = outbox.Acting | None
_STATE = MatchState()


@dataclass(frozen=True)
class Remembered:
    """An actor as it was written down when it acted, for the event that ends what it began."""

    said: Mapping[str, Any]

    def as_json(self) -> dict[str, Any]:
        """The actor's members, as JSON primitives."""
        return dict(self.said)


def move(
    conn: Connection,
    match: Match,
    to: str,
    *,
    now: datetime,
    actor: Actor = None,
    reason: str | None = None,
    **changes: Any,
) -> Match:
    """Move a match, with `changes` to its members, and tell it; return it as it is then.

    Raises domain.MatchState for a move that there is not, domain.MatchMoved if it is no longer as given.
    """
    domain.check_match_move(match.state, to)
    due = now if to in domain.DRIVEN else None
    after = replace(match, **{"state": to, "next_step_at": due, "failures": 0, **changes})
    return _saved(conn, match, after, f"match_{to}", now=now, actor=actor, reason=reason)


def note(conn: Connection, match: Match, what: str, *, now: datetime, actor: Actor, **changes: Any) -> Match:
    """Change a match without moving it, and tell it as `match_<what>`; raises domain.MatchMoved."""
    return _saved(conn, match, replace(match, **changes), f"match_{what}", now=now, actor=actor, reason=None)


def end(
    conn: Connection,
    match: Match,
    ending: str,
    *,
    now: datetime,
    code: str,
    actor: Actor = None,
    reason: str | None = None,
    legs: tuple[Leg, ...] | None = None,
) -> Match | None:
    """Begin to give back all that a match has, so that it ends as `ending`; a draft ends at once, untold.

    A match that is being released, or has ended, is left alone: then None.
    """
    if code in domain.DISPLACING and match.state in ("proposed", *domain.CANCELLABLE):
        displaced.note(conn, request_id=match.request_id, match_id=match.id, code=code, now=now)
    if match.state == "proposed":
        matches.drop_draft_of(conn, match.request_id, now, code)
        return None
    if match.state not in domain.CANCELLABLE:
        return None
    said = actor.as_json() if actor else None
    ended = replace(match, ending=ending, ended_by=said, reason_code=code, reason=reason)
    return move(conn, ended, "releasing", now=now, actor=actor, reason=reason, legs=legs or match.legs)


def exclude(
    conn: Connection, match: Match, legs: Iterable[Leg], *, code: str, now: datetime, until: datetime | None
) -> None:
    """Keep these legs' resources from the match's request."""
    for leg in legs:
        pool.exclude(
            conn,
            request_id=match.request_id,
            resource_kind=leg.resource_kind,
            resource_id=leg.resource_id,
            code=code,
            now=now,
            until=until,
        )


def _saved(
    conn: Connection,
    before: Match,
    after: Match,
    event: str,
    *,
    now: datetime,
    actor: Actor,
    reason: str | None,
) -> Match:
    if not matches.save(conn, before, after):
        raise domain.MatchMoved()
    after = replace(after, version=before.version + 1)
    outbox.append(
        conn,
        now=now,
        type=event,
        owner="matcher",
        aggregate="match",
        aggregate_id=after.id,
        version=after.version,
        data=public(after),
        actor=actor,
        reason=reason,
    )
    return after


def public(match: Match) -> dict[str, Any]:
    """The match as others may know it, in JSON primitives."""
    said: dict[str, Any] = _STATE.dump(match)
    return said

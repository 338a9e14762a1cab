"""Carries matches on: holds all legs or none, confirms all or none, gives everything back in the end.

Every step is: claim in one transaction, command the owners outside any, compare and set in another. Commands
are idempotent by hold id, so a step that was cut short anywhere is simply made again; while an owner is
silent the match stays where it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

import structlog

from schemas.refusal import Busy, Refusal, Unavailable
from services.chassis.store import Connection, Store, savepoint
from services.matcher import domain
from services.matcher.domain import Leg, Match
from services.matcher.storage import matches, pool
from services.matcher.usecases import moves, offering
from services.matcher.usecases.moves import Remembered

AT_A_TIME = 40
ITEMS_PER_COMMAND = 100
# A party that answers waits for the transaction that its match is in: it must stay short.
WRITTEN_TOGETHER = 8
COMMAND_SECONDS = 4.0
# Longer than all commands of one step together: two owners, two commands each.
LEASE = timedelta(seconds=20)
# While it is being confirmed, a hold must not run out.
CONFIRM_MARGIN = timedelta(hours=1)

Item = dict[str, Any]
Outcome = Mapping[str, Any]
Outcomes = Mapping[UUID, Outcome]
_log = structlog.get_logger(__name__)


class Owner(Protocol):
    """Whoever owns holds and answers commands on them."""

    def call(self, name: str, body: Mapping[str, Any], *, deadline_seconds: float) -> dict[str, Any]:
        """The answer to a command; raises a Refusal, also when there is none in time."""
        ...


class Saga:
    """Drives matches, some at a time; any number of processes may do so at once."""

    def __init__(self, store: Store, now: Callable[[], datetime], owners: Mapping[str, Owner]) -> None:
        self._store, self._now, self._owners = store, now, owners

    def drive(self) -> int:
        """Make the next step of the matches that are due; return how many there were."""
        now = self._now()
        with self._store.transaction() as conn:
            claimed = matches.claim(conn, now=now, until=now + LEASE, limit=AT_A_TIME)
        steps = {
            "proposed": self._begin,
            "holding": self._hold,
            "held": self._offer,
            "confirming": self._confirm,
            "releasing": self._release,
        }
        for state, step in steps.items():
            due = [match for match in claimed if match.state == state]
            if due:
                step(due)
        return len(claimed)

    # -- steps

    def _begin(self, due: Sequence[Match]) -> None:
        """From a draft to holding."""
        self._settle(due, _begin)

    def _hold(self, due: Sequence[Match]) -> None:
        """Time first, then seats for those whose time is held."""
        outcomes = self._ask(
            "hold_many", ((leg, _hold_item(match, leg)) for match in due for leg in _times(match))
        )
        ready = [match for match in due if all(_granted(outcomes, leg) for leg in _times(match))]
        outcomes |= self._ask(
            "hold_many", ((leg, _hold_item(match, leg)) for match in ready for leg in _seats(match))
        )
        self._settle(due, _after_holding, outcomes)

    def _offer(self, due: Sequence[Match]) -> None:
        """Offer what is held; holds that were long in coming are extended first."""
        now = self._now()
        short = [match for match in due if not domain.holds_last(match, now)]
        until = {match.id: domain.hold_until(now, match.offer_hours, match.starts_at) for match in short}
        outcomes = self._ask(
            "extend_many",
            ((leg, _extend_item(leg, until[match.id])) for match in short for leg in match.legs),
        )
        self._settle(due, _after_extending, outcomes, until)

    def _confirm(self, due: Sequence[Match]) -> None:
        """Extend everything, then turn everything into reservations."""
        until = self._now() + CONFIRM_MARGIN
        outcomes = self._ask(
            "extend_many", ((leg, _extend_item(leg, until)) for match in due for leg in match.legs)
        )
        ready = [match for match in due if all(_granted(outcomes, leg) for leg in match.legs)]
        outcomes |= self._ask(
            "confirm_many", ((leg, {"hold_id": leg.hold_id}) for match in ready for leg in match.legs)
        )
        self._settle(due, _after_confirming, outcomes)

    def _release(self, due: Sequence[Match]) -> None:
        """Give back every leg, also those of which it is not known whether they were ever held."""
        outcomes = self._ask(
            "release_many", ((leg, _release_item(match, leg)) for match in due for leg in match.legs)
        )
        self._settle(due, _after_releasing, outcomes)

    # -- how a step is made

    def _ask(self, command: str, wanted: Iterable[tuple[Leg, Item]]) -> dict[UUID, Outcome]:
        """What the owners answered, by hold id; nothing for the legs of an owner that is silent."""
        by_owner: dict[str, list[Item]] = {}
        for leg, item in wanted:
            by_owner.setdefault(leg.owner, []).append(item)
        outcomes: dict[UUID, Outcome] = {}
        for owner, items in sorted(by_owner.items(), reverse=True):
            outcomes |= self._command(owner, command, items)
        return outcomes

    def _command(self, owner: str, command: str, items: Sequence[Item]) -> dict[UUID, Outcome]:
        outcomes: dict[UUID, Outcome] = {}
        for first in range(0, len(items), ITEMS_PER_COMMAND):
            batch = list(items[first : first + ITEMS_PER_COMMAND])
            try:
                answer = self._owners[owner].call(command, {"items": batch}, deadline_seconds=COMMAND_SECONDS)
            except Refusal as refusal:
                # Silence and "too busy" alike: the same command is sent again later.
                _log.warning("owner_silent", owner=owner, command=command, code=refusal.code)
                break
            outcomes |= {outcome["hold_id"]: outcome for outcome in answer["items"]}
        return outcomes

    def _settle(self, due: Sequence[Match], settle: Callable[..., None], *given: object) -> None:
        """Write what a step came to, some matches per transaction."""
        for first in range(0, len(due), WRITTEN_TOGETHER):
            together = due[first : first + WRITTEN_TOGETHER]
            try:
                with self._store.transaction() as conn:
                    for match in together:
                        self._settle_one(conn, match, settle, *given)
            except (Busy, Unavailable) as refusal:
                # The claims run out by themselves, and the step is made again.
                _log.warning("step_not_written", state=together[0].state, code=refusal.code)

    def _settle_one(
        self, conn: Connection, match: Match, settle: Callable[..., None], *given: object
    ) -> None:
        """One match, in a savepoint: what something else has moved meanwhile is left alone."""
        try:
            with savepoint(conn):
                settle(conn, match, self._now(), *given)
        except domain.MatchMoved:
            _log.info("match_moved_meanwhile", match=str(match.id), state=match.state)


# -- what a step comes to


def _begin(conn: Connection, match: Match, now: datetime) -> None:
    until = domain.hold_until(now, match.offer_hours, match.starts_at)
    moves.move(conn, match, "holding", now=now, hold_until=until)


def _after_holding(conn: Connection, match: Match, now: datetime, outcomes: Outcomes) -> None:
    refused = _refused(outcomes, match)
    if refused:
        _compensate(conn, match, now, outcomes, refused)
    elif not all(_granted(outcomes, leg) for leg in match.legs):
        matches.retry_later(conn, match, now + domain.backoff(match.failures))
    else:
        held = moves.move(conn, match, "held", now=now, legs=_marked(match, "held", of=("wanted",)))
        if domain.holds_last(held, now):
            offering.offer(conn, held, now=now)


def _after_extending(
    conn: Connection, match: Match, now: datetime, outcomes: Outcomes, extended: Mapping[UUID, datetime]
) -> None:
    until = extended.get(match.id)
    refused = _refused(outcomes, match) if until else None
    if refused:
        _compensate(conn, match, now, outcomes, refused)
    elif until and not all(_granted(outcomes, leg) for leg in match.legs):
        matches.retry_later(conn, match, now + domain.backoff(match.failures))
    else:
        offering.offer(conn, replace(match, hold_until=until or match.hold_until), now=now)


def _after_confirming(conn: Connection, match: Match, now: datetime, outcomes: Outcomes) -> None:
    refused = _refused(outcomes, match)
    if refused:
        _compensate(conn, match, now, outcomes, refused)
    elif not all(outcomes.get(leg.hold_id, {}).get("outcome") == "confirmed" for leg in match.legs):
        matches.retry_later(conn, match, now + domain.backoff(match.failures))
    else:
        reserved = _marked(match, "reserved", of=("held",))
        moves.move(conn, match, "confirmed", now=now, confirmed_at=now, legs=reserved)


def _after_releasing(conn: Connection, match: Match, now: datetime, outcomes: Outcomes) -> None:
    if not all(_granted(outcomes, leg) for leg in match.legs):
        matches.retry_later(conn, match, now + domain.backoff(match.failures))
        return
    released = _marked(match, "released", of=("wanted", "held", "reserved"))
    actor = Remembered(match.ended_by) if match.ended_by else None
    end = str(match.ending)
    moves.move(conn, match, end, now=now, actor=actor, reason=match.reason, ended_at=now, legs=released)
    matches.stand_alone(conn, match.id)
    pool.try_again(conn, match.request_id)
    pool.capacity_grew(conn, now)


def _compensate(
    conn: Connection, match: Match, now: datetime, outcomes: Outcomes, refused: Sequence[Leg]
) -> None:
    """One leg is not to be had: give the others back, and keep that resource from this request."""
    for leg in refused:
        code = str(outcomes[leg.hold_id]["code"])
        if code not in domain.HOLD_TROUBLE:
            moves.exclude(conn, match, [leg], code=code, now=now, until=domain.excluded_until(code, now))
    marked = tuple(replace(leg, state="refused") if leg in refused else leg for leg in match.legs)
    code = str(outcomes[refused[0].hold_id]["code"])
    moves.end(conn, match, "superseded", now=now, code=code, legs=marked)


# -- items and outcomes


def _marked(match: Match, state: str, *, of: Iterable[str]) -> tuple[Leg, ...]:
    """The legs, those that are in one of the states `of` moved to `state`."""
    moved = frozenset(of)
    return tuple(replace(leg, state=state) if leg.state in moved else leg for leg in match.legs)


def _times(match: Match) -> list[Leg]:
    return [leg for leg in match.legs if leg.is_time]


def _seats(match: Match) -> list[Leg]:
    return [leg for leg in match.legs if not leg.is_time]


def _hold_item(match: Match, leg: Leg) -> Item:
    place = {"lat": leg.place.lat, "lon": leg.place.lon, "adcode": leg.place.adcode}
    return {
        "hold_id": leg.hold_id,
        "match_id": match.id,
        "leg_id": leg.id,
        "resource_kind": leg.resource_kind,
        "resource_id": leg.resource_id,
        "quantity": leg.quantity,
        "starts_at": leg.starts_at,
        "ends_at": leg.ends_at,
        "place": place if leg.is_time else None,
        "round_id": match.round_id,
        "expires_at": match.hold_until,
    }


def _extend_item(leg: Leg, until: datetime) -> Item:
    return {"hold_id": leg.hold_id, "expires_at": until}


def _release_item(match: Match, leg: Leg) -> Item:
    return {"hold_id": leg.hold_id, "reason": match.reason_code}


def _granted(outcomes: Outcomes, leg: Leg) -> bool:
    return leg.hold_id in outcomes and outcomes[leg.hold_id]["outcome"] != "refused"


def _refused(outcomes: Outcomes, match: Match) -> list[Leg]:
    return [leg for leg in match.legs if outcomes.get(leg.hold_id, {}).get("outcome") == "refused"]

"""Rounds and matches: their states and moves, who must agree to what, and what is refused."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from typing import Any
from uuid import UUID, uuid5

from schemas.refusal import Refusal

# Days are the region's; China has had one zone and no summer time since 1991.
SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")

# A hold outlives its offer by this much, so that a late confirmation finds it alive.
HOLD_MARGIN = timedelta(minutes=30)
# No offer stays open until the bell rings: there must be time left to set out.
ANSWER_LEAD = timedelta(minutes=30)
# Nothing is proposed that begins sooner.
SHORTEST_LEAD = timedelta(hours=2)

ROUND_MOVES: Mapping[str, frozenset[str]] = {
    "open": frozenset({"closed"}),
    "closed": frozenset({"solving"}),
    "solving": frozenset({"drawn_up", "failed", "closed"}),
    "failed": frozenset({"closed"}),
    "drawn_up": frozenset({"reviewed", "closed"}),
    "reviewed": frozenset({"published", "closed"}),
    "published": frozenset(),
}
MATCH_MOVES: Mapping[str, frozenset[str]] = {
    "proposed": frozenset({"holding", "superseded"}),
    "holding": frozenset({"held", "releasing"}),
    "held": frozenset({"offered", "releasing"}),
    "offered": frozenset({"confirming", "releasing"}),
    "confirming": frozenset({"confirmed", "releasing"}),
    "confirmed": frozenset({"delivered", "releasing"}),
    "delivered": frozenset({"no_show"}),
    "releasing": frozenset({"declined", "expired", "cancelled", "superseded"}),
    "declined": frozenset(),
    "expired": frozenset(),
    "cancelled": frozenset(),
    "superseded": frozenset(),
    "no_show": frozenset(),
}
ENDS = frozenset(state for state, moves in MATCH_MOVES.items() if not moves) | {"delivered"}
LIVE = tuple(state for state in MATCH_MOVES if state not in ENDS)
# What the saga carries on by itself, also after a restart.
DRIVEN = ("proposed", "holding", "held", "confirming", "releasing")
CANCELLABLE = frozenset({"holding", "held", "offered", "confirming", "confirmed"})
# Nobody counts on these yet.
UNSETTLED = frozenset({"proposed", "holding", "held", "offered", "confirming"})
# How long those of a company who have agreed wait before they look again whether the others have.
COMPANY_WAIT = timedelta(seconds=10)

# A hold refused for these is refused for good as far as this request goes; any other reason may pass.
LASTING_REFUSALS = frozenset(
    {
        "slot_unknown", "slot_cancelled", "slot_closed", "slot_moved", "slot_for_other_round",
        "programme_not_published", "group_too_small", "group_too_large", "unit_unknown", "unit_paused",
        "unit_dwell", "unit_too_far", "unit_for_other_round", "expert_unknown", "expert_paused",
        "expert_too_far",
    }
)  # fmt: skip
# These say something of the hold, not of the resource: nothing is excluded for them.
HOLD_TROUBLE = frozenset(
    {"hold_expired", "hold_released", "hold_unknown", "hold_conflict", "hold_period_past"}
)
PASSING_EXCLUSION = timedelta(minutes=30)
# A match that ends for one of these fell away by no wish of its school: another place is looked for at once.
DISPLACING = frozenset(
    {
        "party_cancelled", "slot_cancelled", "slot_moved", "venue_closed", "expert_paused", "unit_paused",
        "expert_unavailable", "hold_lost", "company_broken",
    }
)  # fmt: skip


# Why a draft ended that a coordinator gave up for another request; and why its request has none.
DISPLACED_BY_HAND = "displaced_by_hand"


class RoundState(Refusal):
    """The round is not in a state in which this can be done; `state` says which it is in."""

    code = "round_state"


class RoundPeriod(Refusal):
    """The round closes before it opens, or has closed before it was made."""

    code = "round_period"


class PapersUnpublished(Refusal):
    """The papers of a solve hold the seed, and are given out when it is: on publication, to everybody."""

    code = "papers_unpublished"


class PapersMissing(Refusal):
    """The round was solved without papers, or before there were any."""

    code = "papers_missing"


class MatchState(Refusal):
    """The match is not in a state in which this can be done; `state` says which it is in."""

    code = "match_state"


class MatchMoved(Refusal):
    """Something else has moved the match in the meantime."""

    code = "match_moved"


class AlreadyAnswered(Refusal):
    """This party has answered the offer."""

    code = "already_answered"


class OfferOver(Refusal):
    """The offer's deadline has passed, or it has been withdrawn."""

    code = "offer_over"


class NotAsked(Refusal):
    """The caller is no party whose agreement this match needs."""

    code = "not_asked"


class ReasonRequired(Refusal):
    """A refusal to others must say why."""

    code = "reason_required"


class EventBegun(Refusal):
    """What has begun cannot be cancelled any more."""

    code = "event_begun"


class EventAhead(Refusal):
    """What has not begun cannot have been delivered."""

    code = "event_ahead"


class MoveImpossible(Refusal):
    """The request cannot be served that way; `codes` are the rules that say no."""

    code = "move_impossible"


class RequestNotWaiting(Refusal):
    """The request has a match, is withdrawn, or its time is over: it waits for no place in the round."""

    code = "request_not_waiting"


class NotPlacedByHand(Refusal):
    """Only what a hand has placed can be taken back; what the solver drew up can be moved."""

    code = "not_placed_by_hand"


class NotDisplaceable(Refusal):
    """The match is no draft that could make way here, or the place is free without it."""

    code = "not_displaceable"


class PriceHasChanged(Refusal):
    """What was shown before the act is not what it would do and cost by now: that stands `beside`."""

    code = "price_has_changed"

    def __init__(self, price: Mapping[str, object]) -> None:
        numbers = {name: value for name, value in price.items() if isinstance(value, int)}
        super().__init__(field="shown", **numbers)
        self.beside = {"price": price}


class MoveUnderWay(Refusal):
    """The offer is being moved already."""

    code = "move_under_way"


class NoSolveRunning(Refusal):
    """There is no solve to be cancelled."""

    code = "no_solve_running"


class WhatIfUnknown(Refusal):
    """There is nothing of the kind that the field names, or nothing that can be had."""

    code = "what_if_unknown"


class WhatIfDays(Refusal):
    """The days end before they begin, or are over."""

    code = "what_if_days"


class WhatIfNotAsked(Refusal):
    """The round has no request from the area whose demand is to change."""

    code = "what_if_not_asked"


class WhatIfNeverGiven(Refusal):
    """The programme has no session ahead that one more could be like."""

    code = "what_if_never_given"


class WhatIfUnanswered(Refusal):
    """There is no answer, or not yet."""

    code = "what_if_unanswered"


class WhatIfsWaiting(Refusal):
    """So many of the round wait for their answers that no further one is taken."""

    code = "what_ifs_waiting"


class WhatIfOver(Refusal):
    """It is answered, cancelled or failed."""

    code = "what_if_over"


# What a change of each kind must say, and what it may say beside that.
CHANGE_MEMBERS: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "demand": (frozenset({"factor"}), frozenset({"adcode"})),
    "closed": (frozenset(), frozenset({"venue_id", "organisation_id", "first_day", "last_day"})),
    "fairness": (frozenset({"percent"}), frozenset()),
    "more_sessions": (frozenset({"programme_id"}), frozenset({"number", "day"})),
    "more_experts": (frozenset({"topic", "adcode"}), frozenset({"number", "day", "cap_week"})),
    "more_unit_days": (frozenset({"unit_id"}), frozenset({"number", "day"})),
}
ADDITIONS = frozenset({"more_sessions", "more_experts", "more_unit_days"})


def change_faults(change: Mapping[str, Any]) -> list[tuple[str, str]]:
    """What is missing from a change of its kind, and what does not belong to it: the member and the code."""
    must, may = CHANGE_MEMBERS[change["kind"]]
    given = {name for name, value in change.items() if value is not None} - {"kind"}
    faults = [(name, "required") for name in sorted(must - given)]
    faults += [(name, "unknown_field") for name in sorted(given - must - may)]
    closed = given & {"venue_id", "organisation_id"}
    if change["kind"] == "closed" and len(closed) != 1:
        faults.append(("organisation_id", "unknown_field") if closed else ("venue_id", "required"))
    return faults


def check_round_move(state: str, to: str) -> None:
    """Refuse a move that a round cannot make."""
    if to not in ROUND_MOVES[state]:
        raise RoundState(state=state)


def check_match_move(state: str, to: str) -> None:
    """Refuse a move that a match cannot make."""
    if to not in MATCH_MOVES[state]:
        raise MatchState(state=state)


def new_salt() -> str:
    """64 hexadecimal digits from the system's randomness."""
    return secrets.token_hex(32)


def new_seed(salt: str) -> str:
    """32 hexadecimal digits from the system's randomness, and as many that bind it to a salt."""
    return secrets.token_hex(16) + hash_of(salt)[:32]


def hash_of(seed: str) -> str:
    """What is published of a seed before it is revealed."""
    return hashlib.sha256(seed.encode()).hexdigest()


def hold_id(match_id: UUID, leg_id: UUID, attempt: int) -> UUID:
    """The name of a leg's hold at its owner, the same however often it is asked for."""
    return uuid5(match_id, f"{leg_id}/{attempt}")


@dataclass(frozen=True, slots=True)
class Place:
    """A point and the division that it lies in."""

    lat: float
    lon: float
    adcode: str


@dataclass(frozen=True, slots=True)
class Leg:
    """One resource of a match; times are the appointment's, `occupied_from` includes set-up days."""

    id: UUID
    position: int
    owner: str
    resource_kind: str
    resource_id: UUID
    organisation_id: UUID
    programme_id: UUID | None
    venue_id: UUID | None
    starts_at: datetime
    ends_at: datetime
    occupied_from: datetime
    quantity: int
    place: Place
    hold_id: UUID
    attempt: int
    state: str

    @property
    def is_time(self) -> bool:
        """Whether somebody's time is taken: such legs are held before seats."""
        return self.resource_kind != "slot"


@dataclass(frozen=True, slots=True)
class Agreement:
    """What one party has to say; who is not `needed` has agreed beforehand."""

    party: str
    organisation_id: UUID
    expert_id: UUID | None
    needed: bool
    answer: str | None = None
    answered_at: datetime | None = None
    answered_by: UUID | None = None

    @property
    def open(self) -> bool:
        """Whether an answer is still awaited."""
        return self.needed and self.answer is None


@dataclass(frozen=True, slots=True)
class Company:
    """Groups that come to a session together, and how many people the session takes at least."""

    id: UUID
    groups: int
    people: int
    least: int


@dataclass(frozen=True, slots=True)
class Match:
    """One pairing, whole; `version` counts its published moves, 0 while a draft.

    One that `replaces` an offer is offered in its stead once it is held, if the offer is still open then.
    """

    id: UUID
    request_id: UUID
    round_id: UUID | None
    job_id: UUID | None
    school_id: UUID
    school_name: str
    adcode: str
    township: str | None
    kind: str
    title: str
    topics: tuple[str, ...]
    grades: tuple[int, ...]
    audience: str
    group_size: int
    starts_at: datetime
    ends_at: datetime
    state: str
    value: int
    offer_hours: int
    created_at: datetime
    legs: tuple[Leg, ...]
    agreements: tuple[Agreement, ...] = ()
    ending: str | None = None
    ended_by: Mapping[str, Any] | None = None
    reason_code: str | None = None
    reason: str | None = None
    pinned: bool = False
    pin_reason: str | None = None
    hold_until: datetime | None = None
    deadline: datetime | None = None
    offered_at: datetime | None = None
    confirmed_at: datetime | None = None
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    version: int = 0
    next_step_at: datetime | None = None
    failures: int = 0
    replaces: UUID | None = None
    company_id: UUID | None = None
    company_groups: int | None = None
    company_people: int | None = None
    company_least: int | None = None

    @property
    def company(self) -> Company | None:
        """Who comes together with it, if anybody does."""
        if self.company_id is None:
            return None
        return Company(
            self.company_id, self.company_groups or 0, self.company_people or 0, self.company_least or 0
        )

    @property
    def agreed(self) -> bool:
        """Whether nobody's answer is awaited any more."""
        return not any(agreement.open for agreement in self.agreements)


def are_too_few(company: Sequence[Match]) -> bool:
    """Whether those who are left of a company are fewer than its session asks for."""
    least = max((match.company_least or 0 for match in company), default=0)
    return sum(match.group_size for match in company) < least


def hold_until(now: datetime, offer_hours: int, starts_at: datetime) -> datetime:
    """Until when a hold must last for an offer made now: its deadline and a margin."""
    return offer_deadline(now, offer_hours, starts_at) + HOLD_MARGIN


def offer_deadline(now: datetime, offer_hours: int, starts_at: datetime) -> datetime:
    """Until when parties may answer: the round's hours, or shortly before it begins."""
    return max(now, min(now + timedelta(hours=offer_hours), starts_at - ANSWER_LEAD))


def holds_last(match: Match, now: datetime) -> bool:
    """Whether the holds, taken some time ago, still outlive an offer made now (a minute more or less)."""
    wanted = hold_until(now, match.offer_hours, match.starts_at) - timedelta(minutes=1)
    return match.hold_until is not None and match.hold_until >= wanted


def excluded_until(code: str, now: datetime) -> datetime | None:
    """Until when a refused resource is not tried again for the request; None for ever."""
    return None if code in LASTING_REFUSALS else now + PASSING_EXCLUSION


def backoff(failures: int) -> timedelta:
    """How long to wait before the next try of a step: 1 s, doubling, a minute at most."""
    return timedelta(seconds=min(60, 2 ** min(failures, 6)))


def area_trunk(area: str) -> str:
    """The digits that all of a division share: pairs, then groups of three, without those that are zero."""
    groups = [area[:2], area[2:4], area[4:6], area[6:9], area[9:12]]
    while groups and not groups[-1].strip("0"):
        groups.pop()
    return "".join(groups)


def answering(
    agreements: Iterable[Agreement], *, organisation_id: UUID | None, role: str | None, expert_id: UUID | None
) -> list[int]:
    """Positions of the agreements for which this caller speaks, answered or not.

    An expert speaks for themself, or the expert's organisation for them; venues and units are spoken for by
    their organisation's staff, schools by their teachers and heads.
    """
    return [
        position
        for position, agreement in enumerate(agreements)
        if agreement.needed and _speaks_for(agreement, organisation_id, role, expert_id)
    ]


def _speaks_for(
    agreement: Agreement, organisation_id: UUID | None, role: str | None, expert_id: UUID | None
) -> bool:
    if agreement.party == "expert" and expert_id is not None and agreement.expert_id == expert_id:
        return True
    ours = organisation_id == agreement.organisation_id
    return ours and role in (("teacher", "head") if agreement.party == "school" else ("venue", "coordinator"))

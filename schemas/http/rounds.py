"""Rounds over HTTP."""

from __future__ import annotations

from schemas.codes import ROUND_STATES
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Flag, Id, Instant, Int, ListOf, Nested, Number, Text


class PolicyInput(Input):
    """What a round may have otherwise: how long to search, how long an expert's session lasts."""

    solve_seconds = Int(min=1, max=600, load_default=20)
    session_minutes = Int(min=20, max=240, load_default=60)


class RoundInput(Input):
    """A new round of the caller's area, or of a part of it."""

    name = Text(max=120, min=2, required=True)
    adcode = Adcode(required=True)
    opens_at = Instant(required=True)
    closes_at = Instant(required=True)
    offer_hours = Int(min=1, max=720, load_default=48)
    policy = Nested(PolicyInput, load_default=lambda: {"solve_seconds": 20, "session_minutes": 60})


class PolicyView(Fact):
    """As PolicyInput."""

    solve_seconds = Int(required=True)
    session_minutes = Int(required=True)


class ProgressView(Fact):
    """Where the round's last solve stands. `state`: queued, running, done, cancelled, failed."""

    state = Text(max=20, required=True)
    epoch = Int(required=True)
    phase = Text(max=40, required=True, allow_none=True)
    value = Int(required=True, allow_none=True)
    bound = Int(required=True, allow_none=True)
    at = Instant(required=True, allow_none=True)
    started_at = Instant(required=True, allow_none=True)
    finished_at = Instant(required=True, allow_none=True)
    failure = Text(max=500, required=True, allow_none=True)


class StateCount(Fact):
    """How many requests stand in a state, and for how many people they ask."""

    state = Text(max=20, required=True)
    requests = Int(required=True)
    pupils = Int(required=True)


class CodeCount(Fact):
    """How often a reason was given."""

    code = Text(max=60, required=True)
    text = Text(max=300, required=True)
    count = Int(required=True)


class Statistics(Fact):
    """A round's requests by where each stands now (its last match's state, or unserved, or withdrawn).

    `refusals` counts matches that ended, by reason; `unserved_reasons` unserved requests by each reason
    that played a part.
    """

    requests = Int(required=True)
    pupils = Int(required=True)
    by_state = ListOf(Nested(StateCount), max=30, required=True)
    refusals = ListOf(Nested(CodeCount), max=200, required=True)
    unserved_reasons = ListOf(Nested(CodeCount), max=200, required=True)


class RoundView(Fact):
    """A round; value, bound and gap only for its coordinators until it is published."""

    id = Id(required=True)
    name = Text(max=120, required=True)
    adcode = Adcode(required=True)
    opens_at = Instant(required=True)
    closes_at = Instant(required=True)
    offer_hours = Int(required=True)
    policy = Nested(PolicyView, required=True)
    state = Text(max=20, required=True)
    epoch = Int(required=True)
    seed_hash = Text(max=64, required=True)
    seed = Text(max=64, required=True, allow_none=True)
    value = Int(required=True, allow_none=True)
    bound = Int(required=True, allow_none=True)
    gap = Number(required=True, allow_none=True)
    failure = Text(max=500, required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)
    drawn_up_at = Instant(required=True, allow_none=True)
    reviewed_at = Instant(required=True, allow_none=True)
    published_at = Instant(required=True, allow_none=True)
    version = Int(required=True)


class RoundDetail(RoundView):
    """A round with its solve and its numbers; these are null for those who may not know them yet."""

    progress = Nested(ProgressView, required=True, allow_none=True)
    statistics = Nested(Statistics, required=True, allow_none=True)


class RoundQuery(Input):
    """Which rounds to list."""

    state = Code(ROUND_STATES)


class AtOnceView(Fact):
    """The at-once pool of the caller's area: how many requests wait, and whether they are being solved."""

    waiting = Int(required=True)
    solving = Flag(required=True)

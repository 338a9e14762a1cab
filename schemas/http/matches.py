"""Matches, answers and explanations over HTTP."""

from __future__ import annotations

from schemas.codes import ANSWERS, MATCH_STATES
from schemas.contract import Fact, Input
from schemas.events.matcher import MatchState
from schemas.fields import Code, Document, Id, Instant, Int, ListOf, Nested, Text
from schemas.http.explanations import (
    ByHandView,
    ChangeView,
    ContestView,
    LotView,
    RearrangedView,
    WhyThisView,
)


class MatchView(MatchState):
    """A match as its parties see it; a draft (`proposed`, version 0) only as a coordinator sees it."""

    reason = Text(max=500, required=True, allow_none=True, lines=True)
    pin_reason = Text(max=500, required=True, allow_none=True, lines=True)
    created_at = Instant(required=True)
    ended_at = Instant(required=True, allow_none=True)
    version = Int(min=0, required=True)


class MatchQuery(Input):
    """Which matches to list, among those that the caller may see."""

    state = Code(MATCH_STATES)
    round_id = Id()
    request_id = Id()
    school_id = Id()


class AnswerInput(Input):
    """A party's answer to an offer; a decline says why."""

    answer = Code(ANSWERS, required=True)
    reason = Text(max=500, min=2, lines=True, load_default=None, allow_none=True)


class CancelInput(Input):
    """Why a match is called off."""

    reason = Text(max=500, min=2, lines=True, required=True)


class MatchCount(Fact):
    """How many matches are in a state, and for how many people."""

    state = Text(max=20, required=True)
    matches = Int(required=True)
    pupils = Int(required=True)


class MatchSummary(Fact):
    """What the caller may see, counted: matches by state, and legs of live ones that are held or reserved."""

    total = Int(required=True)
    by_state = ListOf(Nested(MatchCount), max=20, required=True)
    held_legs = Int(required=True)
    reserved_legs = Int(required=True)


class ReasonView(Fact):
    """Why resources of one kind fell away, as a code and as a sentence in the reader's language.

    `params` are numbers and days by name, as in the event: how much was lacking, where nothing suits.
    """

    resource_kind = Text(max=20, required=True)
    code = Text(max=60, required=True)
    count = Int(required=True)
    params = Document(required=True)
    text = Text(max=300, required=True)


class AttemptView(Fact):
    """One match of the request, and how it ended, if it did."""

    match_id = Id(required=True)
    state = Text(max=20, required=True)
    reason_code = Text(max=60, required=True, allow_none=True)
    text = Text(max=300, required=True, allow_none=True)


class ExplanationView(Fact):
    """What the last solve said of a request. `candidates` passed all hard rules.

    `why` tells of a match what counted, `contest` and `changes` of an unserved request who has what it wanted
    and what would have helped; they follow some time after a round's draft or an answer at once, and are null
    or empty until then. They are, too, where a coordinator set the match by hand, of which `by_hand` tells.
    `rearranged` is there if the request was to be served another way, and says why it is not. `lot` is there
    once its round is published, for its school and its coordinators. A venue reads `why`, `by_hand` and
    `attempts`, as far as its own resources are concerned.
    """

    request_id = Id(required=True)
    round_id = Id(required=True, allow_none=True)
    outcome = Text(max=20, required=True)
    candidates = Int(required=True)
    reasons = ListOf(Nested(ReasonView), max=200, required=True)
    attempts = ListOf(Nested(AttemptView), max=200, required=True)
    why = Nested(WhyThisView, required=True, allow_none=True)
    contest = Nested(ContestView, required=True, allow_none=True)
    changes = ListOf(Nested(ChangeView), max=20, required=True)
    rearranged = Nested(RearrangedView, required=True, allow_none=True)
    by_hand = Nested(ByHandView, required=True, allow_none=True)
    lot = Nested(LotView, required=True, allow_none=True)
    given_at = Instant(required=True)

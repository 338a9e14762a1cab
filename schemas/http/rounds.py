"""Rounds over HTTP."""

from __future__ import annotations

from schemas.codes import ROUND_STATES
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Flag, Id, Instant, Int, ListOf, Nested, Number, Text

# What a district gives up at most, of what the fair plan gives it, where that serves more elsewhere: a tenth.
FAIRNESS = 90
_USUAL_POLICY = {"solve_seconds": 20, "session_minutes": 60, "fairness": FAIRNESS, "most_per_school": None}


class PolicyInput(Input):
    """What a round may have otherwise: seconds to search, minutes of an expert's session, and how fair it is.

    `fairness` is how many percent of what the fair plan gives it each district and township is to keep; with
    0 nobody is lifted, with 100 nobody gives way to more pupils elsewhere. `most_per_school` limits what a
    school gets in a term, with what it has or had then; null means no limit.
    """

    solve_seconds = Int(min=1, max=600, load_default=20)
    session_minutes = Int(min=20, max=240, load_default=60)
    fairness = Int(min=0, max=100, load_default=FAIRNESS)
    most_per_school = Int(min=1, max=1_000, load_default=None, allow_none=True)


class RoundInput(Input):
    """A new round of the caller's area, or of a part of it."""

    name = Text(max=120, min=2, required=True)
    adcode = Adcode(required=True)
    opens_at = Instant(required=True)
    closes_at = Instant(required=True)
    offer_hours = Int(min=1, max=720, load_default=48)
    policy = Nested(PolicyInput, load_default=lambda: dict(_USUAL_POLICY))


class PolicyView(Fact):
    """As PolicyInput."""

    solve_seconds = Int(required=True)
    session_minutes = Int(required=True)
    fairness = Int(required=True)
    most_per_school = Int(required=True, allow_none=True)


class ProgressView(Fact):
    """Where the round's last solve stands. `state`: queued, running, done, cancelled, failed.

    While it runs, value, bound and gap, (bound - value) / bound, are those of the best plan so far.
    """

    state = Text(max=20, required=True)
    epoch = Int(required=True)
    phase = Text(max=40, required=True, allow_none=True)
    value = Int(required=True, allow_none=True)
    bound = Int(required=True, allow_none=True)
    gap = Number(required=True, allow_none=True)
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
    """A round; value, bound and gap only for its coordinators until it is published.

    `ended` says how the search for its draft ended: optimal, limit (of time), or stopped by a coordinator.
    """

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
    ended = Text(max=20, required=True, allow_none=True)
    failure = Text(max=500, required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)
    drawn_up_at = Instant(required=True, allow_none=True)
    reviewed_at = Instant(required=True, allow_none=True)
    published_at = Instant(required=True, allow_none=True)
    version = Int(required=True)


class GroupView(Fact):
    """People of a district, or with `township` of one of its townships: how many are asked for and served.

    `already` are those who had a place before the solve, which a hand gave them; all others count them too:
    `fair` are those whom the fair plan serves, `floor` those who were to be served at least.
    """

    adcode = Text(max=12, required=True)
    township = Text(max=80, required=True, allow_none=True)
    demand = Int(required=True)
    already = Int(required=True)
    fair = Int(required=True)
    floor = Int(required=True)
    served = Int(required=True)


class FairnessView(Fact):
    """How fair the solver's draft is: shares (0 to 1) of the people asked for, in the worst-off district.

    Who of the round had a place before the solve, or asked too late for it to decide, is counted too.
    `lowest` is that of the draft, `fair` that of the fair plan, and no plan has more than `highest` (1 where
    nothing is proven). `value` (points) and `pupils` are how much more could be had without floors; null if
    time was out before floors had prices. `groups` for who oversees the area.
    """

    lowest = Number(required=True)
    fair = Number(required=True)
    highest = Number(required=True)
    value = Int(required=True, allow_none=True)
    pupils = Int(required=True, allow_none=True)
    groups = ListOf(Nested(GroupView), max=2000, required=True, allow_none=True)


class PaperView(Fact):
    """One paper of a round's solve: problem, solution or certificate. `sha256` and `size` are of its text."""

    paper = Text(max=20, required=True)
    address = Text(max=200, required=True)
    size = Int(required=True)
    sha256 = Text(max=64, required=True)


class RoundDetail(RoundView):
    """A round with its solve and its numbers; these are null for those who may not know them yet.

    `papers` prove value and bound of the solver's draft to whoever runs the verifier on them; they are null
    until publication. `changed_by_hand` counts the requests that a coordinator serves, or leaves,
    otherwise, of which the papers do not speak. `salt`, for who oversees the area, makes aliases of requests:
    the beginning of the SHA-256 of salt, "|" and id. `failure_text` is the failure in words.
    """

    changed_by_hand = Int(required=True, allow_none=True)
    fairness = Nested(FairnessView, required=True, allow_none=True)
    papers = ListOf(Nested(PaperView), max=3, required=True, allow_none=True)
    salt = Text(max=64, required=True, allow_none=True)
    failure_text = Text(max=500, required=True, allow_none=True)
    progress = Nested(ProgressView, required=True, allow_none=True)
    statistics = Nested(Statistics, required=True, allow_none=True)


class PublishedRound(Fact):
    """What anybody may know of a published round: how good its result is, and the papers that prove it.

    As in RoundDetail; `seed` broke ties, and `seed_hash` was told before anybody could submit.
    """

    id = Id(required=True)
    name = Text(max=120, required=True)
    adcode = Adcode(required=True)
    closed_at = Instant(required=True, allow_none=True)
    published_at = Instant(required=True)
    value = Int(required=True, allow_none=True)
    bound = Int(required=True, allow_none=True)
    gap = Number(required=True, allow_none=True)
    ended = Text(max=20, required=True, allow_none=True)
    changed_by_hand = Int(required=True)
    policy = Nested(PolicyView, required=True)
    fairness = Nested(FairnessView, required=True, allow_none=True)
    seed_hash = Text(max=64, required=True)
    seed = Text(max=64, required=True)
    papers = ListOf(Nested(PaperView), max=3, required=True)


class SeedView(Fact):
    """What anybody may know of a round's lots from its opening on: `seed` is null until it is published.

    `seed_hash` is the SHA-256 of the seed's text, whose second half is the beginning of that of the salt.
    """

    id = Id(required=True)
    name = Text(max=120, required=True)
    adcode = Adcode(required=True)
    opens_at = Instant(required=True)
    closes_at = Instant(required=True)
    state = Text(max=20, required=True)
    seed_hash = Text(max=64, required=True)
    seed = Text(max=64, required=True, allow_none=True)


class RoundQuery(Input):
    """Which rounds to list."""

    state = Code(ROUND_STATES)


class AtOnceView(Fact):
    """The at-once pool of the caller's area: how many requests wait, and whether they are being solved."""

    waiting = Int(required=True)
    solving = Flag(required=True)

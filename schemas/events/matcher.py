"""What matcher tells the others: rounds, matches with their legs and agreements, and verdicts on requests.

Codes (states, parties, reasons) are plain text here: a consumer must live through a code that it does not
know yet. The lists as they are today stand in `schemas/codes.py`, reasons with their texts in
`schemas/reasons.py`.
"""

from __future__ import annotations

from schemas.contract import Fact
from schemas.fields import (
    Adcode,
    Document,
    Flag,
    Id,
    Instant,
    Int,
    Latitude,
    ListOf,
    Longitude,
    Nested,
    Number,
    Text,
)

MAX_LEGS = 8
MAX_REASONS = 200


class RoundState(Fact):
    """A round of pooled requests; requests are taken from `opens_at` to `closes_at` while it is `open`.

    States: open, closed, solving, drawn_up, reviewed, published, failed. `seed` is null until the round is
    published; from its creation on `seed_hash` is the SHA-256 of the seed's hexadecimal text. `value` and
    `bound` are in points (pupils x need x fit), `gap` is (bound - value) / bound; all null before drawn_up.
    """

    id = Id(required=True)
    name = Text(max=120, required=True)
    adcode = Adcode(required=True)
    opens_at = Instant(required=True)
    closes_at = Instant(required=True)
    offer_hours = Int(min=1, required=True)
    policy = Document(required=True)
    state = Text(max=20, required=True)
    epoch = Int(min=0, required=True)
    seed_hash = Text(max=64, required=True)
    seed = Text(max=64, required=True, allow_none=True)
    value = Int(min=0, required=True, allow_none=True)
    bound = Int(min=0, required=True, allow_none=True)
    gap = Number(min=0, required=True, allow_none=True)
    closed_at = Instant(required=True, allow_none=True)
    drawn_up_at = Instant(required=True, allow_none=True)
    reviewed_at = Instant(required=True, allow_none=True)
    published_at = Instant(required=True, allow_none=True)
    version = Int(min=1, required=True)


class PlaceState(Fact):
    """A point and the division that it lies in."""

    lat = Latitude(required=True)
    lon = Longitude(required=True)
    adcode = Adcode(required=True)


class LegState(Fact):
    """One resource of a match; `hold_id` names its hold or reservation with the owner.

    `owner` is catalog or experts, `resource_kind` slot, unit or expert, `quantity` in pupils (seats).
    `organisation_id` is whose resource it is. `starts_at` and `ends_at` are the appointment without travel
    and set-up days. States: wanted, held, reserved, released, refused.
    """

    id = Id(required=True)
    position = Int(min=0, required=True)
    owner = Text(max=20, required=True)
    resource_kind = Text(max=20, required=True)
    resource_id = Id(required=True)
    organisation_id = Id(required=True)
    programme_id = Id(required=True, allow_none=True)
    venue_id = Id(required=True, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    quantity = Int(min=1, required=True)
    place = Nested(PlaceState, required=True)
    hold_id = Id(required=True)
    attempt = Int(min=1, required=True)
    state = Text(max=20, required=True)


class AgreementState(Fact):
    """What one party (school, venue, expert, unit) has to say; `answer` is accept, decline or null.

    Who is not `needed` agreed beforehand, by its policy, and has no answer. `expert_id` only for experts.
    """

    party = Text(max=20, required=True)
    organisation_id = Id(required=True)
    expert_id = Id(required=True, allow_none=True)
    needed = Flag(required=True)
    answer = Text(max=20, required=True, allow_none=True)
    answered_at = Instant(required=True, allow_none=True)
    answered_by = Id(required=True, allow_none=True)


class CompanyState(Fact):
    """Groups that come to one session together, each with a match of its own; all have the same `id`.

    There are so many `groups`, of so many `people` in all; fewer than `least` are no session.
    """

    id = Id(required=True)
    groups = Int(min=1, required=True)
    people = Int(min=1, required=True)
    least = Int(min=1, required=True)


class MatchState(Fact):
    """A request's pairing, whole. A draft (`proposed`) is not published; the first event is match_holding.

    States: holding, held, offered, confirming, confirmed, delivered, releasing, and the ends declined,
    expired, cancelled, superseded, no_show. `ending` is the end that a releasing match goes to. `reason_code`
    (texts in `schemas/reasons.py`) and the envelope's `reason` (words of a person) say why it ended.
    `adcode` and `township` are the school's; `starts_at` and `ends_at` span all legs; `deadline` is the
    offer's. `topics` are those of the request that the match serves.
    """

    id = Id(required=True)
    request_id = Id(required=True)
    round_id = Id(required=True, allow_none=True)
    school_id = Id(required=True)
    school_name = Text(max=120, required=True)
    adcode = Adcode(required=True)
    township = Adcode(required=True, allow_none=True)
    kind = Text(max=20, required=True)
    title = Text(max=120, required=True)
    topics = ListOf(Text(max=40), max=20, required=True)
    grades = ListOf(Int(min=0, max=13), max=14, required=True)
    audience = Text(max=20, required=True)
    group_size = Int(min=1, required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    state = Text(max=20, required=True)
    ending = Text(max=20, required=True, allow_none=True)
    reason_code = Text(max=60, required=True, allow_none=True)
    value = Int(min=0, required=True)
    pinned = Flag(required=True)
    deadline = Instant(required=True, allow_none=True)
    offered_at = Instant(required=True, allow_none=True)
    confirmed_at = Instant(required=True, allow_none=True)
    delivered_at = Instant(required=True, allow_none=True)
    legs = ListOf(Nested(LegState), min=1, max=MAX_LEGS, required=True)
    agreements = ListOf(Nested(AgreementState), max=MAX_LEGS, required=True)
    company = Nested(CompanyState, allow_none=True, load_default=None, dump_default=None)
    version = Int(min=1, required=True)


class ReasonState(Fact):
    """Why resources of one kind fell away for a request: `count` of them by the rule `code`.

    Where nothing suits, `params` say by how much: `limit_km` and `nearest_km`; `first_day` and `last_day` of
    what there is; `before_day` and `after_day`, the last and the next day with lessons; `on_topic` 0 if none.
    """

    resource_kind = Text(max=20, required=True)
    code = Text(max=60, required=True)
    count = Int(min=0, required=True)
    params = Document(load_default=dict, dump_default=dict)


class VerdictState(Fact):
    """What came of a request in a solve: `unserved` (with its reasons) or `matched`.

    Aggregate verdict; its id is the request's. `candidates` counts the options that passed all hard rules.
    """

    request_id = Id(required=True)
    school_id = Id(required=True)
    round_id = Id(required=True, allow_none=True)
    outcome = Text(max=20, required=True)
    candidates = Int(min=0, required=True)
    reasons = ListOf(Nested(ReasonState), max=MAX_REASONS, required=True)
    given_at = Instant(required=True)
    version = Int(min=1, required=True)


_ROUND_MOVES = ("opened", "closed", "solving", "drawn_up", "reviewed", "published", "failed")
_MATCH_MOVES = (
    "holding",
    "held",
    "offered",
    "answered",
    "company_changed",
    "confirming",
    "confirmed",
    "delivered",
    "releasing",
    "declined",
    "expired",
    "cancelled",
    "superseded",
)

EVENTS: dict[str, tuple[str, type[Fact]]] = {
    **{f"round_{move}": ("round", RoundState) for move in _ROUND_MOVES},
    **{f"match_{move}": ("match", MatchState) for move in _MATCH_MOVES},
    "verdict_given": ("verdict", VerdictState),
}

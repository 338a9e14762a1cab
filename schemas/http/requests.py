"""Requests over HTTP: what a school asks for, and where that stands."""

from __future__ import annotations

from marshmallow import validate

from schemas.codes import AUDIENCES, REQUEST_KINDS, REQUEST_STATES
from schemas.contract import Fact, Input
from schemas.fields import (
    Adcode,
    Code,
    Flag,
    Id,
    Instant,
    Int,
    Language,
    ListOf,
    Nested,
    Text,
)

_TOPIC = validate.Regexp(r"[a-z_]+\Z", error="invalid_topic")


class WindowInput(Input):
    """One time that would suit the school; the end is exclusive."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ChoiceInput(Input):
    """Exactly one thing that the school would like: a topic, a programme, a venue or an expert."""

    topic = Text(load_default=None, allow_none=True, max=40, validate=_TOPIC)
    programme_id = Id(load_default=None, allow_none=True)
    venue_id = Id(load_default=None, allow_none=True)
    expert_id = Id(load_default=None, allow_none=True)


class RequestInput(Input):
    """A new request of the acting school; `round_id` null asks for what can be had at once.

    `with_expert` asks for an expert as well: at the venue of a visit, or for an exhibition's opening lecture.
    `class_name` is the class that it is for, if it is for one: requests of one class never overlap.
    `may_join`: a visit of fewer than a session takes may come to it together with other small groups.
    `may_split`: a visit may come in two to four groups to sessions of one place and day, which is
    worth a little less than one that takes it whole; null: if it is of more people than a class, 55.
    `choices`: what the school would like, best first; something else is worth less, but not ruled out.
    `windows_ranked`: the windows stand in the order in which the school would like them.
    """

    round_id = Id(load_default=None, allow_none=True)
    kind = Code(REQUEST_KINDS, required=True)
    topics = ListOf(Text(max=40, validate=_TOPIC), load_default=list, max=20, unique=True)
    programme_id = Id(load_default=None, allow_none=True)
    grades = ListOf(Int(min=0, max=13), required=True, min=1, max=14, unique=True)
    audience = Code(AUDIENCES, load_default="pupils")
    group_size = Int(required=True, min=1, max=2_000)
    windows = ListOf(Nested(WindowInput), required=True, min=1, max=20)
    distance_limit_km = Int(load_default=100, min=1, max=600)
    language = Language(load_default="zh")
    language_required = Flag(load_default=False)
    with_expert = Flag(load_default=False)
    may_split = Flag(load_default=None, allow_none=True)
    class_name = Text(load_default=None, allow_none=True, min=1, max=40)
    may_join = Flag(load_default=True)
    choices = ListOf(Nested(ChoiceInput), load_default=list, max=5)
    windows_ranked = Flag(load_default=False)
    preferences = Text(load_default=None, allow_none=True, max=500, lines=True)
    contact = Text(load_default=None, allow_none=True, max=100)


class RequestPatch(Input):
    """What may change while the request is open; its round and kind may not."""

    topics = ListOf(Text(max=40, validate=_TOPIC), max=20, unique=True)
    programme_id = Id(allow_none=True)
    grades = ListOf(Int(min=0, max=13), min=1, max=14, unique=True)
    audience = Code(AUDIENCES)
    group_size = Int(min=1, max=2_000)
    windows = ListOf(Nested(WindowInput), min=1, max=20)
    distance_limit_km = Int(min=1, max=600)
    language = Language()
    language_required = Flag()
    with_expert = Flag()
    may_split = Flag(allow_none=True)
    class_name = Text(allow_none=True, min=1, max=40)
    may_join = Flag()
    choices = ListOf(Nested(ChoiceInput), max=5)
    windows_ranked = Flag()
    preferences = Text(allow_none=True, max=500, lines=True)
    contact = Text(allow_none=True, max=100)


class WithdrawInput(Input):
    """Why the school no longer asks."""

    reason = Text(required=True, min=2, max=500)


class WindowView(Fact):
    """One time that would suit the school."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ChoiceView(Fact):
    """One thing that the school would like; three of its members are null."""

    topic = Text(required=True, allow_none=True, max=40)
    programme_id = Id(required=True, allow_none=True)
    venue_id = Id(required=True, allow_none=True)
    expert_id = Id(required=True, allow_none=True)


class RequestView(Fact):
    """One request as the school and its coordinators see it."""

    id = Id(required=True)
    school_id = Id(required=True)
    school_name = Text(required=True, max=120)
    adcode = Adcode(required=True)
    round_id = Id(required=True, allow_none=True)
    kind = Text(required=True, max=20)
    topics = ListOf(Text(max=40), required=True, max=20)
    programme_id = Id(required=True, allow_none=True)
    grades = ListOf(Int(), required=True, max=14)
    audience = Text(required=True, max=20)
    group_size = Int(required=True)
    windows = ListOf(Nested(WindowView), required=True, max=20)
    distance_limit_km = Int(required=True)
    language = Language(required=True)
    language_required = Flag(required=True)
    with_expert = Flag(required=True)
    may_split = Flag(required=True, allow_none=True)
    class_name = Text(required=True, allow_none=True, max=40)
    may_join = Flag(required=True)
    choices = ListOf(Nested(ChoiceView), required=True, max=5)
    windows_ranked = Flag(required=True)
    preferences = Text(required=True, allow_none=True, max=500, lines=True)
    contact = Text(required=True, allow_none=True, max=100)
    state = Text(required=True, max=20)
    state_reason = Text(required=True, allow_none=True, max=500)
    match_id = Id(required=True, allow_none=True)
    submitted_at = Instant(required=True)
    changed_at = Instant(required=True)
    version = Int(required=True)


class RequestQuery(Input):
    """Filters of the list: state, round, school, area (with everything under it), kind."""

    state = Code(REQUEST_STATES)
    round_id = Id()
    school_id = Id()
    adcode = Adcode()
    kind = Code(REQUEST_KINDS)


class WithdrawQuery(Input):
    """Why the school no longer asks, where the call has no body."""

    reason = Text(required=True, min=2, max=500)


class SummaryQuery(Input):
    """Which requests to count: of a round, of an area (with everything under it)."""

    round_id = Id()
    adcode = Adcode()


class RequestSummary(Fact):
    """Counts of what the caller may see, by state; pupils is the sum of group sizes."""

    total = Int(required=True)
    pupils = Int(required=True)
    by_state = Nested("RequestCounts", required=True)


class RequestCounts(Fact):
    """How many requests stand in each state."""

    submitted = Int(required=True)
    withdrawn = Int(required=True)
    offered = Int(required=True)
    confirmed = Int(required=True)
    delivered = Int(required=True)
    unserved = Int(required=True)
    no_show = Int(required=True)

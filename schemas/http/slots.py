"""Slots over HTTP: single, in batches and from a weekly rule; free seats are public."""

from __future__ import annotations

from marshmallow import validate

from schemas.codes import SLOT_STATES
from schemas.contract import Fact, Input
from schemas.events.catalog import SlotState
from schemas.fields import Adcode, Code, Day, Flag, Id, Instant, Int, ListOf, Nested, Text

_MAX_SEATS = 10_000
_TIME_OF_DAY = validate.Regexp(r"([01]\d|2[0-3]):[0-5]\d", error="invalid_value")


class SlotInput(Input):
    """A new slot; without `ends_at` it lasts as long as its programme. `round_id` keeps it for a round."""

    programme_id = Id(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(load_default=None, allow_none=True)
    seats = Int(required=True, min=1, max=_MAX_SEATS)
    groups_limit = Int(load_default=None, allow_none=True, min=1, max=1000)
    round_id = Id(load_default=None, allow_none=True)


class SlotsInput(Input):
    """A batch, taken item by item."""

    items = ListOf(Nested(SlotInput), required=True, min=1, max=500)


class SlotRuleInput(Input):
    """A slot at `time` (HH:MM, Asia/Shanghai) on each of `weekdays` (1 Monday to 7) from first to last day.

    Days on which the venue is closed are left out, and with `school_days_only` those without lessons in the
    venue's district.
    """

    programme_id = Id(required=True)
    weekdays = ListOf(Int(min=1, max=7), required=True, min=1, max=7, unique=True)
    time = Text(required=True, min=5, max=5, validate=_TIME_OF_DAY)
    first_day = Day(required=True)
    last_day = Day(required=True)
    seats = Int(required=True, min=1, max=_MAX_SEATS)
    groups_limit = Int(load_default=None, allow_none=True, min=1, max=1000)
    round_id = Id(load_default=None, allow_none=True)
    school_days_only = Flag(load_default=False)


class SlotPatch(Input):
    """What may change: capacity while it covers what is taken; time and round only while nothing is taken."""

    starts_at = Instant()
    ends_at = Instant()
    seats = Int(min=1, max=_MAX_SEATS)
    groups_limit = Int(allow_none=True, min=1, max=1000)
    round_id = Id(allow_none=True)


class SlotCancel(Input):
    """Why the slot does not take place."""

    reason = Text(required=True, max=200, min=2)


class SlotView(SlotState):
    """One slot; `free` seats may still be held."""


class SlotStopped(Fact):
    """A slot that takes nobody new, with the matches that still have seats in it."""

    slot = Nested(SlotView, required=True)
    affected_match_ids = ListOf(Id(), required=True, max=10_000)
    version = Int(required=True)


class SkippedDay(Fact):
    """A day that the rule left out; `reason` is closed, no_school_day, slot_exists, past or too_soon."""

    day = Day(required=True)
    reason = Text(required=True, max=40)


class SlotRuleResult(Fact):
    """What a rule made, and where it made nothing."""

    items = ListOf(Nested(SlotView), required=True, max=500)
    skipped = ListOf(Nested(SkippedDay), required=True, max=1000)


class SlotQuery(Input):
    """Filters of the list, which is in order of time; `adcode` is the venue's area, `free` what must be free.

    `at_once` asks for slots that no round keeps. Only open slots of published programmes are shown, unless
    `state` asks for others, which their owners may see.
    """

    programme_id = Id()
    venue_id = Id()
    organisation_id = Id()
    adcode = Adcode()
    from_ = Instant(data_key="from")
    until = Instant()
    free = Int(min=1, max=_MAX_SEATS)
    round_id = Id()
    at_once = Flag()
    state = Code(SLOT_STATES)

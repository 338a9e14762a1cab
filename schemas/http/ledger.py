"""The ledger's entries, the trail of acts, and what may be asked of them."""

from __future__ import annotations

from schemas import codes, fields
from schemas.contract import Fact, Input
from schemas.fields import Nested
from schemas.http.coverage import CoverageQuery
from schemas.http.files import Formatted


class _Days(Input):
    """Days of Asia/Shanghai, both included."""

    first_day = fields.Day(load_default=None)
    last_day = fields.Day(load_default=None)


class EntriesQuery(_Days):
    """Which entries to list; `district` takes all that lies in it."""

    state = fields.Code(codes.MATCH_STATES)
    kind = fields.Code(codes.REQUEST_KINDS)
    school_id = fields.Id()
    district = fields.Adcode()
    topic = fields.Text(max=40)


class TrailQuery(_Days):
    """Which acts to list; `match` gives all on one match and its holds."""

    owner = fields.Text(max=40)
    aggregate = fields.Text(max=40)
    aggregate_id = fields.Id()
    type = fields.Text(max=80)
    match = fields.Id()
    actor = fields.Id()
    trace_id = fields.Text(max=64)


class EntriesExport(EntriesQuery, Formatted):
    """Entries as a file."""


class TrailExport(TrailQuery, Formatted):
    """Acts as a file."""


class CoverageExport(CoverageQuery, Formatted):
    """Coverage as a file."""


class LedgerLeg(Fact):
    """One resource that served the activity; its names stand beside in the entry."""

    resource_kind = fields.Text(max=20, required=True)
    resource_id = fields.Id(required=True)
    organisation_id = fields.Id(required=True)
    programme_id = fields.Id(required=True, allow_none=True)
    venue_id = fields.Id(required=True, allow_none=True)
    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)
    quantity = fields.Int(min=1, required=True)
    state = fields.Text(max=20, required=True)


class Delivery(Fact):
    """Who said that it took place, and when."""

    said_by = fields.Text(max=200, required=True, allow_none=True)
    role = fields.Text(max=40, required=True, allow_none=True)
    at = fields.Instant(required=True)
    reason = fields.Text(max=1000, min=0, lines=True, required=True, allow_none=True)
    trail_id = fields.Int(min=1, required=True)


class LedgerEntry(Fact):
    """What was done (or agreed) for a school: for which plan tasks, by whom, for how many, and the proof.

    Entries of cancelled matches stay, with their state, and are not counted.
    """

    match_id = fields.Id(required=True)
    request_id = fields.Id(required=True)
    round_id = fields.Id(required=True, allow_none=True)
    school_id = fields.Id(required=True)
    school_name = fields.Text(max=120, required=True)
    adcode = fields.Adcode(required=True)
    district_name = fields.Text(max=80, required=True, allow_none=True)
    township = fields.Adcode(required=True, allow_none=True)
    township_name = fields.Text(max=80, required=True, allow_none=True)
    kind = fields.Text(max=20, required=True)
    title = fields.Text(max=120, required=True)
    topics = fields.ListOf(fields.Text(max=40), max=20, required=True)
    grades = fields.ListOf(fields.Int(min=0, max=13), max=14, required=True)
    audience = fields.Text(max=20, required=True)
    group_size = fields.Int(min=1, required=True)
    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)
    state = fields.Text(max=20, required=True)
    confirmed_at = fields.Instant(required=True)
    delivered_at = fields.Instant(required=True, allow_none=True)
    plan_tasks = fields.ListOf(fields.Text(max=40), max=20, required=True)
    provider_names = fields.ListOf(fields.Text(max=120), max=20, required=True)
    expert_names = fields.ListOf(fields.Text(max=60), max=20, required=True)
    resource_kinds = fields.ListOf(fields.Text(max=20), max=10, required=True)
    legs = fields.ListOf(Nested(LedgerLeg), max=20, required=True)
    delivery = Nested(Delivery, required=True, allow_none=True)


class TrailRow(Fact):
    """One act: what became of which thing, who did it, and why."""

    id = fields.Int(min=1, required=True)
    owner = fields.Text(max=40, required=True)
    aggregate = fields.Text(max=40, required=True)
    aggregate_id = fields.Id(required=True)
    version = fields.Int(min=1, required=True)
    type = fields.Text(max=80, required=True)
    occurred_at = fields.Instant(required=True)
    actor_user = fields.Id(required=True, allow_none=True)
    actor_organisation = fields.Id(required=True, allow_none=True)
    actor_role = fields.Text(max=40, required=True, allow_none=True)
    actor_name = fields.Text(max=200, required=True, allow_none=True)
    reason = fields.Text(max=1000, min=0, lines=True, required=True, allow_none=True)
    trace_id = fields.Text(max=64, required=True, allow_none=True)
    subject_id = fields.Id(required=True, allow_none=True)
    subject_name = fields.Text(max=120, required=True, allow_none=True)
    adcode = fields.Adcode(required=True, allow_none=True)
    match_id = fields.Id(required=True, allow_none=True)


class LedgerEntryWithActs(LedgerEntry):
    """An entry, and every act on its match and holds in order: the evidence."""

    acts = fields.ListOf(Nested(TrailRow), max=500, required=True)

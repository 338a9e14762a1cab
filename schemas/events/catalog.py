"""What catalog tells the others: venues, programmes, slots, closures, shared resources, units and stops.

Codes are plain text here (lists: schemas/codes.py): a consumer must live through a code that it does not
know yet.
"""

from __future__ import annotations

from marshmallow import fields as ma

from schemas import fields
from schemas.contract import Fact

MIN_GRADE, MAX_GRADE = 0, 13


class Place(Fact):
    """A point and the division that it lies in."""

    lat = fields.Latitude(required=True)
    lon = fields.Longitude(required=True)
    adcode = fields.Adcode(required=True)


class Window(Fact):
    """A half-open interval of time."""

    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)


class VenueState(Fact):
    """A venue; `policy` says whether it agrees to every match by itself (`auto`) or is asked."""

    id = fields.Id(required=True)
    organisation_id = fields.Id(required=True)
    name = fields.Text(max=120, required=True)
    kind = fields.Text(max=20, required=True)
    level = fields.Text(max=20, required=True)
    designation = fields.Text(max=120, required=True, allow_none=True)
    expires_on = fields.Day(required=True, allow_none=True)
    adcode = fields.Adcode(required=True)
    lat = fields.Latitude(required=True)
    lon = fields.Longitude(required=True)
    policy = fields.Text(max=20, required=True)
    state = fields.Text(max=20, required=True)
    demonstration = fields.Flag(required=True)
    version = fields.Int(min=1, required=True)


class SharedResourceState(Fact):
    """What a provider's sessions share: `number` rooms, guides, kits or coaches, each as good as another."""

    id = fields.Id(required=True)
    organisation_id = fields.Id(required=True)
    kind = fields.Text(max=20, required=True)
    name = fields.Text(max=120, required=True)
    name_en = fields.Text(max=120, required=True, allow_none=True)
    number = fields.Int(min=0, required=True)
    state = fields.Text(max=20, required=True)
    demonstration = fields.Flag(required=True)
    version = fields.Int(min=1, required=True)


class Need(Fact):
    """So many of a shared resource, for each group and as long as its session lasts."""

    resource_id = fields.Id(required=True)
    quantity = fields.Int(min=1, required=True)


class ProgrammeState(Fact):
    """A programme in any state: a consumer that shows it to others must ask for `published`.

    It is offered by an organisation, at a venue (`venue_id`) or by a travelling unit (`unit_id`), or by
    neither. Empty `languages` means any; `lead_days` is how long before its start a slot must be published.
    `needs`: what it shares with other programmes of its owner; those from before have none.
    """

    id = fields.Id(required=True)
    organisation_id = fields.Id(required=True)
    venue_id = fields.Id(required=True, allow_none=True)
    unit_id = fields.Id(required=True, allow_none=True)
    kind = fields.Text(max=20, required=True)
    title = fields.Text(max=120, required=True)
    summary = fields.Text(max=4000, min=0, required=True)
    topics = fields.ListOf(fields.Text(max=40), max=20, required=True)
    audiences = fields.ListOf(fields.Text(max=20), max=3, required=True)
    grades = fields.ListOf(fields.Int(min=MIN_GRADE, max=MAX_GRADE), max=14, required=True)
    core_concepts = fields.ListOf(fields.Int(min=1, max=13), max=13, required=True)
    activity_modes = fields.ListOf(fields.Text(max=20), max=8, required=True)
    teaching_modes = fields.ListOf(fields.Text(max=20), max=5, required=True)
    min_group = fields.Int(min=1, required=True)
    max_group = fields.Int(min=1, required=True)
    duration_minutes = fields.Int(min=1, required=True)
    place = fields.Text(max=20, required=True)
    languages = fields.ListOf(fields.Language(), max=3, required=True)
    series = fields.Text(max=80, required=True, allow_none=True)
    campaign = fields.Text(max=80, required=True, allow_none=True)
    plan_task = fields.Text(max=40, required=True, allow_none=True)
    fee_fen = fields.Int(min=0, required=True)
    payer = fields.Text(max=20, required=True)
    lead_days = fields.Int(min=0, required=True)
    needs = fields.ListOf(fields.Nested(Need), max=20, load_default=list, dump_default=list)
    state = fields.Text(max=20, required=True)
    demonstration = fields.Flag(required=True)
    version = fields.Int(min=1, required=True)


class SlotState(Fact):
    """A slot with its seats; `free` is what may still be held, 0 when it is not open or its groups are full.

    `round_id` names the round whose requests alone may use it; null means at once as well as any round.
    """

    id = fields.Id(required=True)
    programme_id = fields.Id(required=True)
    venue_id = fields.Id(required=True, allow_none=True)
    organisation_id = fields.Id(required=True)
    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)
    seats = fields.Int(min=0, required=True)
    taken = fields.Int(min=0, required=True)
    free = fields.Int(min=0, required=True)
    groups_limit = fields.Int(min=1, required=True, allow_none=True)
    groups_taken = fields.Int(min=0, required=True)
    round_id = fields.Id(required=True, allow_none=True)
    state = fields.Text(max=20, required=True)
    version = fields.Int(min=1, required=True)


class ClosureState(Fact):
    """Days on which a venue is closed (both included); `affected_match_ids` were held or confirmed then."""

    id = fields.Id(required=True)
    venue_id = fields.Id(required=True)
    first_day = fields.Day(required=True)
    last_day = fields.Day(required=True)
    reason = fields.Text(max=200, required=True)
    state = fields.Text(max=20, required=True)
    cancelled_slot_ids = fields.ListOf(fields.Id(), max=5000, required=True)
    affected_slot_ids = fields.ListOf(fields.Id(), max=5000, required=True)
    affected_match_ids = fields.ListOf(fields.Id(), max=5000, required=True)
    version = fields.Int(min=1, required=True)


class UnitState(Fact):
    """A travelling unit: its base, what a stop takes (days), whom it serves and when it is on the road.

    A stop lasts `min_dwell_days` to `max_dwell_days` Asia/Shanghai days, the first and the last included, and
    occupies `setup_days` whole days before. Its tours come to at most `km_budget` kilometres a month. Empty
    `windows` means always; `round_id` as for a slot.
    """

    id = fields.Id(required=True)
    organisation_id = fields.Id(required=True)
    name = fields.Text(max=120, required=True)
    kind = fields.Text(max=20, required=True)
    adcode = fields.Adcode(required=True)
    lat = fields.Latitude(required=True)
    lon = fields.Longitude(required=True)
    min_dwell_days = fields.Int(min=1, required=True)
    max_dwell_days = fields.Int(min=1, required=True)
    setup_days = fields.Int(min=0, required=True)
    topics = fields.ListOf(fields.Text(max=40), max=20, required=True)
    grades = fields.ListOf(fields.Int(min=MIN_GRADE, max=MAX_GRADE), max=14, required=True)
    min_group = fields.Int(min=1, required=True)
    max_group = fields.Int(min=1, required=True)
    languages = fields.ListOf(fields.Language(), max=3, required=True)
    travel_limit_km = fields.Int(min=1, required=True, allow_none=True)
    km_budget = fields.Int(min=1, allow_none=True, load_default=None, dump_default=None)
    policy = fields.Text(max=20, required=True)
    round_id = fields.Id(required=True, allow_none=True)
    windows = ma.List(ma.Nested(Window), required=True)
    state = fields.Text(max=20, required=True)
    demonstration = fields.Flag(required=True)
    version = fields.Int(min=1, required=True)


class StopState(Fact):
    """A travelling unit's appointment; its id is the hold's. `occupied_from` includes the set-up days."""

    id = fields.Id(required=True)
    unit_id = fields.Id(required=True)
    match_id = fields.Id(required=True)
    leg_id = fields.Id(required=True)
    quantity = fields.Int(min=1, required=True)
    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)
    occupied_from = fields.Instant(required=True)
    place = ma.Nested(Place, required=True)
    state = fields.Text(max=20, required=True)
    version = fields.Int(min=1, required=True)


EVENTS: dict[str, tuple[str, type[Fact]]] = {
    "venue_registered": ("venue", VenueState),
    "venue_changed": ("venue", VenueState),
    "programme_drafted": ("programme", ProgrammeState),
    "programme_published": ("programme", ProgrammeState),
    "programme_changed": ("programme", ProgrammeState),
    "programme_withdrawn": ("programme", ProgrammeState),
    "slot_published": ("slot", SlotState),
    "slot_changed": ("slot", SlotState),
    "slot_closed": ("slot", SlotState),
    "slot_cancelled": ("slot", SlotState),
    "slot_seats_changed": ("slot", SlotState),
    "closure_added": ("closure", ClosureState),
    "closure_lifted": ("closure", ClosureState),
    "unit_registered": ("unit", UnitState),
    "unit_changed": ("unit", UnitState),
    "shared_resource_registered": ("shared_resource", SharedResourceState),
    "shared_resource_changed": ("shared_resource", SharedResourceState),
    "shared_resource_withdrawn": ("shared_resource", SharedResourceState),
    "stop_held": ("stop", StopState),
    "stop_confirmed": ("stop", StopState),
    "stop_released": ("stop", StopState),
    "stop_expired": ("stop", StopState),
}

"""What experts tells the others: experts with their availability, and their engagements.

Codes are plain text here (lists: schemas/codes.py).
"""

from __future__ import annotations

from marshmallow import fields as ma

from schemas import fields
from schemas.contract import Fact
from schemas.events.catalog import MAX_GRADE, MIN_GRADE, Place, Window


class ExpertState(Fact):
    """An expert with home, limits and availability, for the services that match; not to be shown whole.

    `cap_day`, `cap_week`, `cap_month` count live engagements by the Asia/Shanghai day, Monday-to-Sunday week
    and month in which they start; null means no cap. An engagement must lie inside one window of
    `availability`; windows are disjoint, sorted, and adjoining ones are joined. The way to the first and from
    the last engagement is bounded by `travel_limit_km` (road kilometres from home) only. Between two
    engagements there are `rest_minutes` beside the way; `daylight_only` keeps ways from and to home of more
    than 10 km between sunrise and sunset.
    """

    id = fields.Id(required=True)
    user_id = fields.Id(required=True, allow_none=True)
    organisation_id = fields.Id(required=True)
    name = fields.Text(max=60, required=True)
    kind = fields.Text(max=20, required=True)
    employer = fields.Text(max=120, required=True, allow_none=True)
    title = fields.Text(max=60, required=True, allow_none=True)
    topics = fields.ListOf(fields.Text(max=40), max=20, required=True)
    audiences = fields.ListOf(fields.Text(max=20), max=3, required=True)
    grades = fields.ListOf(fields.Int(min=MIN_GRADE, max=MAX_GRADE), max=14, required=True)
    languages = fields.ListOf(fields.Language(), max=3, required=True)
    adcode = fields.Adcode(required=True)
    lat = fields.Latitude(required=True)
    lon = fields.Longitude(required=True)
    travel_limit_km = fields.Int(min=1, required=True, allow_none=True)
    cap_day = fields.Int(min=1, required=True, allow_none=True)
    cap_week = fields.Int(min=1, required=True, allow_none=True)
    cap_month = fields.Int(min=1, required=True, allow_none=True)
    rest_minutes = fields.Int(min=0, load_default=0, dump_default=0)
    daylight_only = fields.Flag(load_default=False, dump_default=False)
    volunteer = fields.Flag(required=True)
    state = fields.Text(max=20, required=True)
    demonstration = fields.Flag(required=True)
    availability = ma.List(ma.Nested(Window), required=True)
    version = fields.Int(min=1, required=True)


class EngagementState(Fact):
    """An expert's held or confirmed appointment; its id is the hold's."""

    id = fields.Id(required=True)
    expert_id = fields.Id(required=True)
    match_id = fields.Id(required=True)
    leg_id = fields.Id(required=True)
    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)
    place = ma.Nested(Place, required=True)
    state = fields.Text(max=20, required=True)
    version = fields.Int(min=1, required=True)


EVENTS: dict[str, tuple[str, type[Fact]]] = {
    "expert_registered": ("expert", ExpertState),
    "expert_changed": ("expert", ExpertState),
    "engagement_held": ("engagement", EngagementState),
    "engagement_confirmed": ("engagement", EngagementState),
    "engagement_released": ("engagement", EngagementState),
    "engagement_expired": ("engagement", EngagementState),
}

"""Engagements over HTTP: an expert's own diary, and a coordinator's view of an area's."""

from __future__ import annotations

from marshmallow import fields as ma

from schemas.codes import HOLD_STATES
from schemas.contract import Fact, Input
from schemas.events.catalog import Place
from schemas.fields import Code, Id, Instant, Int, Text


class EngagementView(Fact):
    """One engagement; its id is its hold's. A held one expires at `expires_at` unless it is confirmed."""

    id = Id(required=True)
    expert_id = Id(required=True)
    match_id = Id(required=True)
    leg_id = Id(required=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    place = ma.Nested(Place, required=True)
    state = Text(required=True, max=20)
    expires_at = Instant(required=True, allow_none=True)
    version = Int(required=True)


class EngagementQuery(Input):
    """Filters of the list, which is in order of time; without `state`, what is held or confirmed."""

    expert_id = Id()
    from_ = Instant(data_key="from")
    until = Instant()
    state = Code(HOLD_STATES)

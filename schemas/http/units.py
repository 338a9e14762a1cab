"""Travelling units over HTTP, and their stops."""

from __future__ import annotations

from marshmallow import fields as ma

from schemas.codes import AGREEMENT_POLICIES, UNIT_KINDS, UNIT_STATES
from schemas.contract import Fact, Input
from schemas.events.catalog import MAX_GRADE, MIN_GRADE, Place, UnitState
from schemas.fields import (
    Adcode,
    Code,
    Flag,
    Id,
    Instant,
    Int,
    Language,
    Latitude,
    ListOf,
    Longitude,
    Nested,
    Text,
)


class WindowInput(Input):
    """A half-open interval."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class UnitInput(Input):
    """A new travelling unit; without windows it is always on the road.

    `km_budget` is what its tours may come to in a month, kilometres of road (decision 0110); null: anything.
    """

    organisation_id = Id(load_default=None, allow_none=True)
    name = Text(required=True, max=120, min=2)
    kind = Code(UNIT_KINDS, required=True)
    adcode = Adcode(required=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    min_dwell_days = Int(required=True, min=1, max=120)
    max_dwell_days = Int(required=True, min=1, max=120)
    setup_days = Int(load_default=0, min=0, max=14)
    topics = ListOf(Text(max=40), required=True, min=1, max=20, unique=True)
    grades = ListOf(Int(min=MIN_GRADE, max=MAX_GRADE), required=True, min=1, max=14, unique=True)
    min_group = Int(load_default=1, min=1, max=10_000)
    max_group = Int(required=True, min=1, max=10_000)
    languages = ListOf(Language(), load_default=lambda: ["zh"], max=3, unique=True)
    travel_limit_km = Int(load_default=None, allow_none=True, min=1, max=5000)
    km_budget = Int(load_default=None, allow_none=True, min=1, max=100_000)
    policy = Code(AGREEMENT_POLICIES, load_default="ask")
    round_id = Id(load_default=None, allow_none=True)
    windows = ListOf(Nested(WindowInput), load_default=list, max=200)
    demonstration = Flag(load_default=False)


class UnitPatch(Input):
    """What may change about a unit; its owner and kind may not. What is held or confirmed stays."""

    name = Text(max=120, min=2)
    adcode = Adcode()
    lat = Latitude()
    lon = Longitude()
    min_dwell_days = Int(min=1, max=120)
    max_dwell_days = Int(min=1, max=120)
    setup_days = Int(min=0, max=14)
    topics = ListOf(Text(max=40), min=1, max=20, unique=True)
    grades = ListOf(Int(min=MIN_GRADE, max=MAX_GRADE), min=1, max=14, unique=True)
    min_group = Int(min=1, max=10_000)
    max_group = Int(min=1, max=10_000)
    languages = ListOf(Language(), max=3, unique=True)
    travel_limit_km = Int(allow_none=True, min=1, max=5000)
    km_budget = Int(allow_none=True, min=1, max=100_000)
    policy = Code(AGREEMENT_POLICIES)
    round_id = Id(allow_none=True)
    windows = ListOf(Nested(WindowInput), max=200)
    state = Code(UNIT_STATES)
    demonstration = Flag()


class UnitView(UnitState):
    """One travelling unit."""


class UnitQuery(Input):
    """Filters of the list; `adcode` is the base's area."""

    organisation_id = Id()
    kind = Code(UNIT_KINDS)
    adcode = Adcode()


class StopView(Fact):
    """A unit's stop; everybody sees the confirmed ones, whose they are only the unit's people do."""

    id = Id(required=True)
    unit_id = Id(required=True)
    match_id = Id(required=True, allow_none=True)
    quantity = Int(required=True, allow_none=True)
    starts_at = Instant(required=True)
    ends_at = Instant(required=True)
    occupied_from = Instant(required=True)
    place = ma.Nested(Place, required=True)
    state = Text(required=True, max=20)
    version = Int(required=True)


class StopQuery(Input):
    """Filters of the list, which is in order of time."""

    unit_id = Id()
    from_ = Instant(data_key="from")
    until = Instant()

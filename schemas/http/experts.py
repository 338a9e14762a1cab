"""Experts over HTTP: their profile is public, their home, limits and contact are theirs and coordinators'."""

from __future__ import annotations

from schemas.codes import AUDIENCES, EXPERT_KINDS, EXPERT_STATES
from schemas.contract import Fact, Input
from schemas.events.catalog import MAX_GRADE, MIN_GRADE
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

MAX_WINDOWS = 1000
# A day: who needs more has a cap on days or weeks.
MAX_REST = 24 * 60


class WindowInput(Input):
    """A half-open interval."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ExpertInput(Input):
    """A new expert of an organisation; lat and lon are the home's, a cap of null means none.

    `rest_minutes` pass after each engagement before the expert sets out for the next. `daylight_only`
    keeps the ways from and to home between sunrise and sunset.
    """

    user_id = Id(load_default=None, allow_none=True)
    organisation_id = Id(load_default=None, allow_none=True)
    name = Text(required=True, max=60)
    kind = Code(EXPERT_KINDS, required=True)
    employer = Text(load_default=None, allow_none=True, max=120)
    title = Text(load_default=None, allow_none=True, max=60)
    topics = ListOf(Text(max=40), required=True, min=1, max=20, unique=True)
    audiences = ListOf(Code(AUDIENCES), load_default=lambda: ["pupils"], min=1, max=3, unique=True)
    grades = ListOf(Int(min=MIN_GRADE, max=MAX_GRADE), required=True, min=1, max=14, unique=True)
    languages = ListOf(Language(), load_default=lambda: ["zh"], min=1, max=3, unique=True)
    adcode = Adcode(required=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    contact = Text(load_default=None, allow_none=True, max=120)
    travel_limit_km = Int(load_default=None, allow_none=True, min=1, max=5000)
    cap_day = Int(load_default=None, allow_none=True, min=1, max=20)
    cap_week = Int(load_default=None, allow_none=True, min=1, max=100)
    cap_month = Int(load_default=None, allow_none=True, min=1, max=400)
    rest_minutes = Int(load_default=0, min=0, max=MAX_REST)
    daylight_only = Flag(load_default=False)
    volunteer = Flag(load_default=True)
    demonstration = Flag(load_default=False)
    availability = ListOf(Nested(WindowInput), load_default=list, max=MAX_WINDOWS)


class ExpertsInput(Input):
    """A batch, taken item by item."""

    items = ListOf(Nested(ExpertInput), required=True, min=1, max=200)


class ExpertPatch(Input):
    """What may change about an expert. What is held or confirmed stays as it is."""

    user_id = Id(allow_none=True)
    name = Text(max=60)
    kind = Code(EXPERT_KINDS)
    employer = Text(allow_none=True, max=120)
    title = Text(allow_none=True, max=60)
    topics = ListOf(Text(max=40), min=1, max=20, unique=True)
    audiences = ListOf(Code(AUDIENCES), min=1, max=3, unique=True)
    grades = ListOf(Int(min=MIN_GRADE, max=MAX_GRADE), min=1, max=14, unique=True)
    languages = ListOf(Language(), min=1, max=3, unique=True)
    adcode = Adcode()
    lat = Latitude()
    lon = Longitude()
    contact = Text(allow_none=True, max=120)
    travel_limit_km = Int(allow_none=True, min=1, max=5000)
    cap_day = Int(allow_none=True, min=1, max=20)
    cap_week = Int(allow_none=True, min=1, max=100)
    cap_month = Int(allow_none=True, min=1, max=400)
    rest_minutes = Int(min=0, max=MAX_REST)
    daylight_only = Flag()
    volunteer = Flag()
    state = Code(EXPERT_STATES)
    demonstration = Flag()


class PrivateView(Fact):
    """What only the expert and the coordinators of the area see."""

    user_id = Id(required=True, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    contact = Text(required=True, max=120, allow_none=True)
    travel_limit_km = Int(required=True, allow_none=True)
    cap_day = Int(required=True, allow_none=True)
    cap_week = Int(required=True, allow_none=True)
    cap_month = Int(required=True, allow_none=True)
    rest_minutes = Int(required=True)
    daylight_only = Flag(required=True)


class ExpertView(Fact):
    """One expert; `private` is null for everybody else."""

    id = Id(required=True)
    organisation_id = Id(required=True)
    name = Text(required=True, max=60)
    kind = Text(required=True, max=20)
    employer = Text(required=True, max=120, allow_none=True)
    title = Text(required=True, max=60, allow_none=True)
    topics = ListOf(Text(max=40), required=True, max=20)
    audiences = ListOf(Text(max=20), required=True, max=3)
    grades = ListOf(Int(), required=True, max=14)
    languages = ListOf(Text(max=2), required=True, max=3)
    adcode = Adcode(required=True)
    volunteer = Flag(required=True)
    state = Text(required=True, max=20)
    demonstration = Flag(required=True)
    private = Nested(PrivateView, required=True, allow_none=True)
    version = Int(required=True)


class ExpertQuery(Input):
    """Filters of the list; `adcode` is the area that the expert lives in."""

    organisation_id = Id()
    kind = Code(EXPERT_KINDS)
    topic = Text(max=40)
    grade = Int(min=MIN_GRADE, max=MAX_GRADE)
    adcode = Adcode()


class AvailabilityInput(Input):
    """All windows of an expert's availability; they replace what there was, and may not overlap."""

    windows = ListOf(Nested(WindowInput), required=True, max=MAX_WINDOWS)


class WindowView(Fact):
    """A half-open interval."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class AvailabilityView(Fact):
    """The windows in order, adjoining ones joined; `uncovered` engagements lie outside and still stand."""

    expert_id = Id(required=True)
    windows = ListOf(Nested(WindowView), required=True, max=MAX_WINDOWS)
    uncovered = ListOf(Id(), required=True, max=1000)
    version = Int(required=True)

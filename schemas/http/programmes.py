"""Programmes over HTTP: a draft is its owner's alone, what is published is public."""

from __future__ import annotations

from schemas.codes import (
    ACTIVITY_MODES,
    AUDIENCES,
    PAYERS,
    PROGRAMME_KINDS,
    PROGRAMME_PLACES,
    PROGRAMME_STATES,
    TEACHING_MODES,
)
from schemas.contract import Input
from schemas.events.catalog import MAX_GRADE, MIN_GRADE, ProgrammeState
from schemas.fields import Adcode, Code, Flag, Id, Int, Language, ListOf, Nested, Text

_MAX_GROUP = 10_000
_MAX_MINUTES = 60 * 24 * 60


class NeedInput(Input):
    """So many of a shared resource of the same organisation, for each group as long as its session lasts."""

    resource_id = Id(required=True)
    quantity = Int(load_default=1, min=1, max=1000)


class ProgrammeInput(Input):
    """A new programme, at a venue or by a travelling unit of the same organisation, or by neither.

    It is a draft unless `publish` is true.
    """

    organisation_id = Id(load_default=None, allow_none=True)
    venue_id = Id(load_default=None, allow_none=True)
    unit_id = Id(load_default=None, allow_none=True)
    kind = Code(PROGRAMME_KINDS, required=True)
    title = Text(required=True, max=120, min=2)
    summary = Text(load_default="", max=4000, min=0, lines=True)
    topics = ListOf(Text(max=40), required=True, min=1, max=20, unique=True)
    audiences = ListOf(Code(AUDIENCES), required=True, min=1, max=3, unique=True)
    grades = ListOf(Int(min=MIN_GRADE, max=MAX_GRADE), required=True, min=1, max=14, unique=True)
    core_concepts = ListOf(Int(min=1, max=13), load_default=list, max=13, unique=True)
    activity_modes = ListOf(Code(ACTIVITY_MODES), load_default=list, max=8, unique=True)
    teaching_modes = ListOf(Code(TEACHING_MODES), load_default=list, max=5, unique=True)
    min_group = Int(load_default=1, min=1, max=_MAX_GROUP)
    max_group = Int(required=True, min=1, max=_MAX_GROUP)
    duration_minutes = Int(required=True, min=10, max=_MAX_MINUTES)
    place = Code(PROGRAMME_PLACES, load_default="on_site")
    languages = ListOf(Language(), load_default=lambda: ["zh"], max=3, unique=True)
    series = Text(load_default=None, allow_none=True, max=80)
    campaign = Text(load_default=None, allow_none=True, max=80)
    plan_task = Text(load_default=None, allow_none=True, max=40)
    fee_fen = Int(load_default=0, min=0, max=100_000_000)
    payer = Code(PAYERS, load_default="none")
    lead_days = Int(load_default=0, min=0, max=365)
    needs = ListOf(Nested(NeedInput), load_default=list, max=20)
    demonstration = Flag(load_default=False)
    publish = Flag(load_default=False)


class ProgrammesInput(Input):
    """A batch, taken item by item."""

    items = ListOf(Nested(ProgrammeInput), required=True, min=1, max=200)


class ProgrammePatch(Input):
    """What may change about a programme that is not withdrawn; its owner, venue and unit may not."""

    kind = Code(PROGRAMME_KINDS)
    title = Text(max=120, min=2)
    summary = Text(max=4000, min=0, lines=True)
    topics = ListOf(Text(max=40), min=1, max=20, unique=True)
    audiences = ListOf(Code(AUDIENCES), min=1, max=3, unique=True)
    grades = ListOf(Int(min=MIN_GRADE, max=MAX_GRADE), min=1, max=14, unique=True)
    core_concepts = ListOf(Int(min=1, max=13), max=13, unique=True)
    activity_modes = ListOf(Code(ACTIVITY_MODES), max=8, unique=True)
    teaching_modes = ListOf(Code(TEACHING_MODES), max=5, unique=True)
    min_group = Int(min=1, max=_MAX_GROUP)
    max_group = Int(min=1, max=_MAX_GROUP)
    duration_minutes = Int(min=10, max=_MAX_MINUTES)
    place = Code(PROGRAMME_PLACES)
    languages = ListOf(Language(), max=3, unique=True)
    series = Text(allow_none=True, max=80)
    campaign = Text(allow_none=True, max=80)
    plan_task = Text(allow_none=True, max=40)
    fee_fen = Int(min=0, max=100_000_000)
    payer = Code(PAYERS)
    lead_days = Int(min=0, max=365)
    needs = ListOf(Nested(NeedInput), max=20)
    demonstration = Flag()


class ProgrammeView(ProgrammeState):
    """One programme."""


class ProgrammeQuery(Input):
    """Filters of the list: `adcode` is the owner's area; only owners see other states than published."""

    organisation_id = Id()
    venue_id = Id()
    unit_id = Id()
    kind = Code(PROGRAMME_KINDS)
    topic = Text(max=40)
    grade = Int(min=MIN_GRADE, max=MAX_GRADE)
    adcode = Adcode()
    state = Code(PROGRAMME_STATES)

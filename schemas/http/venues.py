"""Venues over HTTP: public to read; kept by the owner's staff and the coordinators of its area."""

from __future__ import annotations

from schemas.codes import AGREEMENT_POLICIES, VENUE_KINDS, VENUE_LEVELS, VENUE_STATES
from schemas.contract import Fact, Input
from schemas.events.catalog import VenueState
from schemas.fields import Adcode, Code, Day, Flag, Id, Latitude, ListOf, Longitude, Nested, Text


class VenueInput(Input):
    """A new venue; without `organisation_id` it belongs to the organisation that the caller acts for."""

    organisation_id = Id(load_default=None, allow_none=True)
    name = Text(required=True, max=120, min=2)
    kind = Code(VENUE_KINDS, required=True)
    level = Code(VENUE_LEVELS, required=True)
    designation = Text(load_default=None, allow_none=True, max=120)
    expires_on = Day(load_default=None, allow_none=True)
    adcode = Adcode(required=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    policy = Code(AGREEMENT_POLICIES, load_default="ask")
    demonstration = Flag(load_default=False)


class VenuesInput(Input):
    """A batch, taken item by item."""

    items = ListOf(Nested(VenueInput), required=True, min=1, max=200)


class VenuePatch(Input):
    """What may change about a venue; its owner may not."""

    name = Text(max=120, min=2)
    kind = Code(VENUE_KINDS)
    level = Code(VENUE_LEVELS)
    designation = Text(allow_none=True, max=120)
    expires_on = Day(allow_none=True)
    adcode = Adcode()
    lat = Latitude()
    lon = Longitude()
    policy = Code(AGREEMENT_POLICIES)
    state = Code(VENUE_STATES)
    demonstration = Flag()


class VenueView(VenueState):
    """One venue, as everybody may see it."""


class VenueQuery(Input):
    """Filters of the list; `adcode` means the area with everything under it."""

    organisation_id = Id()
    kind = Code(VENUE_KINDS)
    level = Code(VENUE_LEVELS)
    adcode = Adcode()


class Topic(Fact):
    """One node of the topic tree."""

    code = Text(required=True, max=40)
    parent = Text(required=True, max=40, allow_none=True)
    zh = Text(required=True, max=40)
    en = Text(required=True, max=80)


class Topics(Fact):
    """The topic tree, parents before children."""

    items = ListOf(Nested(Topic), required=True, max=500)

"""Organisations over HTTP: registered by operators and coordinators, seen by members and coordinators."""

from __future__ import annotations

from schemas.codes import ORGANISATION_KINDS
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Flag, Id, Int, Latitude, ListOf, Longitude, Nested, Text


class OrganisationInput(Input):
    """A new organisation; `adcode` has 6 digits, `township` (where known) 12 and lies under it."""

    kind = Code(ORGANISATION_KINDS, required=True)
    name = Text(required=True, max=120, min=2)
    adcode = Adcode(required=True)
    township = Adcode(load_default=None, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    demonstration = Flag(load_default=False)


class OrganisationsInput(Input):
    """A batch that is taken as a whole or not at all."""

    items = ListOf(Nested(OrganisationInput), required=True, min=1, max=500)


class OrganisationPatch(Input):
    """What may change about an organisation; its kind and district may not."""

    name = Text(max=120, min=2)
    township = Adcode(allow_none=True)
    lat = Latitude()
    lon = Longitude()
    demonstration = Flag()


class OrganisationView(Fact):
    """One organisation."""

    id = Id(required=True)
    kind = Text(required=True, max=40)
    name = Text(required=True, max=120)
    adcode = Adcode(required=True)
    township = Adcode(required=True, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    demonstration = Flag(required=True)
    version = Int(required=True)


class OrganisationsRegistered(Fact):
    """The batch's organisations, in the order of its items."""

    items = ListOf(Nested(OrganisationView), required=True, max=500)


class OrganisationQuery(Input):
    """Filters of the list: kind, area (with everything under it), part of the name."""

    kind = Code(ORGANISATION_KINDS)
    adcode = Adcode()
    name = Text(max=120)

"""Districts over HTTP: the area tree, loaded by an operator and read by everybody."""

from __future__ import annotations

from schemas.codes import DISTRICT_LEVELS
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Flag, Int, Latitude, ListOf, Longitude, Nested, Text


class DistrictInput(Input):
    """One node; a parent stands before its children in the batch, or is known already."""

    adcode = Adcode(required=True)
    parent = Adcode(load_default=None, allow_none=True)
    level = Code(DISTRICT_LEVELS, required=True)
    name = Text(required=True, max=80)
    name_en = Text(load_default=None, allow_none=True, max=120)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    population = Int(load_default=None, allow_none=True, min=0, max=2_000_000_000)
    demonstration = Flag(load_default=False)


class DistrictsInput(Input):
    """A batch that is taken as a whole or not at all."""

    items = ListOf(Nested(DistrictInput), required=True, min=1, max=500)


class DistrictView(Fact):
    """One node as everybody sees it."""

    adcode = Adcode(required=True)
    parent = Adcode(required=True, allow_none=True)
    level = Text(required=True, max=20)
    name = Text(required=True, max=80)
    name_en = Text(required=True, allow_none=True, max=120)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    population = Int(required=True, allow_none=True)
    demonstration = Flag(required=True)
    version = Int(required=True)


class DistrictsLoaded(Fact):
    """What a batch did: nodes that were new, changed, or stood so already."""

    registered = Int(required=True)
    changed = Int(required=True)
    unchanged = Int(required=True)


class DistrictQuery(Input):
    """Filters of the list; without any, the whole tree."""

    level = Code(DISTRICT_LEVELS)
    parent = Adcode()

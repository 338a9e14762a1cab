"""Schools over HTTP: what makes an organisation of kind school a requester."""

from __future__ import annotations

from marshmallow import validate

from schemas.codes import STAGES
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Flag, Id, Int, Latitude, ListOf, Longitude, Nested, Text

_CODE = validate.Regexp(r"[0-9A-Z]{4,20}\Z", error="invalid_school_code")


class SchoolInput(Input):
    """A school's own facts; its name and place are those of its organisation. Grades: 0, 1-12, 13."""

    stage = Code(STAGES, required=True)
    grades = ListOf(Int(min=0, max=13), required=True, min=1, max=14, unique=True)
    enrolment = Int(required=True, min=1, max=100_000)
    classes = Int(required=True, min=1, max=2_000)
    rural = Flag(load_default=False)
    code = Text(load_default=None, allow_none=True, max=20, validate=_CODE)
    auto_accept = Flag(load_default=False)
    demonstration = Flag(load_default=False)


class SchoolItem(SchoolInput):
    """A school of a batch, with its organisation."""

    organisation_id = Id(required=True)


class SchoolsInput(Input):
    """A batch that is taken as a whole or not at all."""

    items = ListOf(Nested(SchoolItem), required=True, min=1, max=500)


class SchoolView(Fact):
    """One school."""

    organisation_id = Id(required=True)
    name = Text(required=True, max=120)
    stage = Text(required=True, max=2)
    grades = ListOf(Int(), required=True, max=14)
    adcode = Adcode(required=True)
    township = Adcode(required=True, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    enrolment = Int(required=True)
    classes = Int(required=True)
    rural = Flag(required=True)
    code = Text(required=True, allow_none=True, max=20)
    auto_accept = Flag(required=True)
    demonstration = Flag(required=True)
    version = Int(required=True)


class SchoolsRegistered(Fact):
    """The batch's schools, in the order of its items."""

    items = ListOf(Nested(SchoolView), required=True, max=500)


class SchoolQuery(Input):
    """Filters of the list: area (with everything under it), stage, part of the name."""

    adcode = Adcode()
    stage = Code(STAGES)
    name = Text(max=120)

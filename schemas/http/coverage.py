"""Coverage: how many schools are served and how many pupils reached, and where not."""

from __future__ import annotations

from schemas import codes, fields
from schemas.contract import Fact, Input
from schemas.fields import Nested

DIMENSIONS = (
    *("district", "township", "stage", "rural"),
    *("grade", "topic", "resource_kind", "plan_task", "kind"),
)
BASES = ("all", "confirmed", "delivered")


class PeriodQuery(Input):
    """Days of Asia/Shanghai on which activities begin, both included; `basis` says which count."""

    first_day = fields.Day(load_default=None)
    last_day = fields.Day(load_default=None)
    basis = fields.Code(
        BASES,
        load_default="all",
        metadata={"description": "confirmed: agreed by all; delivered: has taken place; all: both"},
    )


class CoverageQuery(PeriodQuery):
    """What to split coverage by."""

    by = fields.Code(DIMENSIONS, load_default="district")


class Figures(Fact):
    """One part's figures. `per_thousand` counts a pupil who came twice twice; null where there are no pupils.

    By topic, resource kind, plan task and kind, `schools` and `pupils` are those of the whole scope, and an
    activity with two topics counts under both.
    """

    value = fields.Text(max=80, min=0, required=True, allow_none=True)
    name = fields.Text(max=120, required=True, allow_none=True)
    schools = fields.Int(min=0, required=True)
    served = fields.Int(min=0, required=True)
    never_served = fields.Int(min=0, required=True)
    served_share = fields.Number(min=0, max=1, required=True, allow_none=True)
    pupils = fields.Int(min=0, required=True)
    activities = fields.Int(min=0, required=True)
    reached = fields.Int(min=0, required=True)
    per_thousand = fields.Number(min=0, required=True, allow_none=True)


class Coverage(Fact):
    """Coverage of what the caller may see."""

    by = fields.Code(DIMENSIONS, required=True)
    basis = fields.Code(BASES, required=True)
    rows = fields.ListOf(Nested(Figures), max=5000, required=True)
    total = Nested(Figures, required=True)


class Comparison(Fact):
    """For coordinators: the part of their area to lift (覆盖率待提升) and the one covered best."""

    by = fields.Code(("district", "township"), required=True)
    basis = fields.Code(BASES, required=True)
    total = Nested(Figures, required=True)
    to_lift = Nested(Figures, required=True, allow_none=True)
    best_covered = Nested(Figures, required=True, allow_none=True)


class Totals(Figures):
    """The whole region's figures, for everybody."""

    basis = fields.Code(BASES, required=True)


class UnservedSchool(Fact):
    """A school that nothing was done for; how often it asked, and how many requests found nothing."""

    school_id = fields.Id(required=True)
    name = fields.Text(max=120, required=True)
    stage = fields.Code(codes.STAGES, required=True)
    adcode = fields.Adcode(required=True)
    district_name = fields.Text(max=80, required=True, allow_none=True)
    township = fields.Adcode(required=True, allow_none=True)
    township_name = fields.Text(max=80, required=True, allow_none=True)
    enrolment = fields.Int(min=0, required=True)
    rural = fields.Flag(required=True)
    demonstration = fields.Flag(required=True)
    requests = fields.Int(min=0, required=True)
    unserved = fields.Int(min=0, required=True)

"""The school calendar over HTTP: every day of a year, and the terms."""

from __future__ import annotations

from schemas.codes import CALENDAR_SOURCES, DAY_KINDS
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Day, Flag, Id, Int, ListOf, Nested, Text


class CalendarDayInput(Input):
    """One day: school_day, makeup (a weekend day with lessons), weekend or holiday."""

    day = Day(required=True)
    kind = Code(DAY_KINDS, required=True)
    name = Text(load_default=None, allow_none=True, max=40)


class CalendarInput(Input):
    """A whole year: every day once. Days without an official notice are marked demonstration."""

    source = Code(CALENDAR_SOURCES, required=True)
    days = ListOf(Nested(CalendarDayInput), required=True, min=365, max=366)


class CalendarView(Fact):
    """One year, day by day."""

    year = Int(required=True)
    source = Text(required=True, max=20)
    demonstration = Flag(required=True)
    days = ListOf(Nested("CalendarDayView"), required=True, max=366)
    version = Int(required=True)


class CalendarDayView(Fact):
    """One day."""

    day = Day(required=True)
    kind = Text(required=True, max=20)
    name = Text(required=True, allow_none=True, max=40)


class TermInput(Input):
    """One term of an area; both days belong to it."""

    adcode = Adcode(required=True)
    name = Text(required=True, max=60)
    first_day = Day(required=True)
    last_day = Day(required=True)
    demonstration = Flag(load_default=False)


class TermsInput(Input):
    """All terms of all areas; what is not in it is gone."""

    items = ListOf(Nested(TermInput), required=True, max=500)


class TermView(Fact):
    """One term."""

    id = Id(required=True)
    adcode = Adcode(required=True)
    name = Text(required=True, max=60)
    first_day = Day(required=True)
    last_day = Day(required=True)
    demonstration = Flag(required=True)


class TermsView(Fact):
    """All terms."""

    items = ListOf(Nested(TermView), required=True, max=500)
    version = Int(required=True)

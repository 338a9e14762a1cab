"""Facts that demand publishes: schools, requests, the calendar of a year and the terms, each as a whole.

Codes are plain text here: a consumer must live through a code that it does not know yet.
"""

from __future__ import annotations

from schemas.contract import Fact
from schemas.fields import (
    Adcode,
    Day,
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


class SchoolState(Fact):
    """A requester; `organisation_id` is the aggregate's id. Grades: 0 kindergarten, 1-12, 13 university."""

    organisation_id = Id(required=True)
    name = Text(required=True, max=120)
    stage = Text(required=True, max=2)
    grades = ListOf(Int(min=0, max=13), required=True, max=14)
    adcode = Adcode(required=True)
    township = Adcode(required=True, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    enrolment = Int(required=True, min=0, max=100_000)
    classes = Int(required=True, min=0, max=2_000)
    rural = Flag(required=True)
    code = Text(required=True, max=20, allow_none=True)
    auto_accept = Flag(required=True)
    demonstration = Flag(required=True)


class WindowState(Fact):
    """One time that would suit the school, in UTC; the end is exclusive."""

    starts_at = Instant(required=True)
    ends_at = Instant(required=True)


class ChoiceState(Fact):
    """One thing that the school would like: a topic, a programme, a venue or an expert; the rest is null."""

    topic = Text(required=True, max=40, allow_none=True)
    programme_id = Id(required=True, allow_none=True)
    venue_id = Id(required=True, allow_none=True)
    expert_id = Id(required=True, allow_none=True)


class RequestSchoolState(Fact):
    """The school as it stood when the request was last changed, so that a request can be read alone."""

    name = Text(required=True, max=120)
    stage = Text(required=True, max=2)
    adcode = Adcode(required=True)
    township = Adcode(required=True, allow_none=True)
    lat = Latitude(required=True)
    lon = Longitude(required=True)
    enrolment = Int(required=True, min=0, max=100_000)
    rural = Flag(required=True)
    auto_accept = Flag(required=True)
    demonstration = Flag(required=True)


class RequestState(Fact):
    """What a school asks for and where that stands; `round_id` null means at once, pupils in `group_size`.

    `with_expert`: a visit that wants an expert at the venue, for as long as it lasts; an exhibition that
    wants one at the school, for an opening lecture on its first day. `class_name`: the class that it is for,
    as the school calls it; requests of one class never overlap. `may_split`: whether it may come in parts;
    `may_join`: too small a group may come to a session together with others.
    `choices`: what the school would like, best first; `windows_ranked`: its windows stand best first too.

    States: submitted, withdrawn, offered, confirmed, delivered, unserved, no_show. The contact's name and
    telephone stay in demand: events are kept for ever in the ledger.
    """

    id = Id(required=True)
    school_id = Id(required=True)
    round_id = Id(required=True, allow_none=True)
    kind = Text(required=True, max=20)
    topics = ListOf(Text(max=40), required=True, max=20)
    programme_id = Id(required=True, allow_none=True)
    grades = ListOf(Int(min=0, max=13), required=True, max=14)
    audience = Text(required=True, max=20)
    group_size = Int(required=True, min=1, max=2_000)
    windows = ListOf(Nested(WindowState), required=True, max=20)
    distance_limit_km = Int(required=True, min=1, max=600)
    language = Language(required=True)
    language_required = Flag(required=True)
    with_expert = Flag(load_default=False, dump_default=False)
    may_split = Flag(load_default=False, dump_default=False)
    class_name = Text(max=40, allow_none=True, load_default=None, dump_default=None)
    may_join = Flag(load_default=True, dump_default=True)
    choices = ListOf(Nested(ChoiceState), load_default=list, dump_default=list, max=5)
    windows_ranked = Flag(load_default=False, dump_default=False)
    preferences = Text(required=True, max=500, allow_none=True, lines=True)
    state = Text(required=True, max=20)
    state_reason = Text(required=True, max=500, allow_none=True)
    match_id = Id(required=True, allow_none=True)
    submitted_at = Instant(required=True)
    school = Nested(RequestSchoolState, required=True)


class CalendarDayState(Fact):
    """One day in Asia/Shanghai: school_day, makeup (a weekend day with lessons), weekend or holiday."""

    day = Day(required=True)
    kind = Text(required=True, max=20)
    name = Text(required=True, max=40, allow_none=True)


class CalendarState(Fact):
    """All days of one year, in order. A year that was never loaded is unknown, not "all weekdays"."""

    year = Int(required=True, min=2000, max=2100)
    source = Text(required=True, max=20)
    demonstration = Flag(required=True)
    days = ListOf(Nested(CalendarDayState), required=True, max=366)


class TermState(Fact):
    """One term of the area under `adcode`; both days belong to it."""

    id = Id(required=True)
    adcode = Adcode(required=True)
    name = Text(required=True, max=60)
    first_day = Day(required=True)
    last_day = Day(required=True)
    demonstration = Flag(required=True)


class TermsState(Fact):
    """All terms of all areas, one aggregate.

    Lessons are given on a day when its kind is school_day or makeup and, if the school's own district has
    terms (else: if the city above it has), the day lies in one of these. An area without terms has the
    calendar alone.
    """

    terms = ListOf(Nested(TermState), required=True, max=500)


EVENTS: dict[str, tuple[str, type[Fact]]] = {
    "school_registered": ("school", SchoolState),
    "school_changed": ("school", SchoolState),
    "request_submitted": ("request", RequestState),
    "request_changed": ("request", RequestState),
    "request_withdrawn": ("request", RequestState),
    "request_offered": ("request", RequestState),
    "request_confirmed": ("request", RequestState),
    "request_delivered": ("request", RequestState),
    "request_missed": ("request", RequestState),
    "request_unserved": ("request", RequestState),
    "request_reopened": ("request", RequestState),
    "calendar_loaded": ("calendar", CalendarState),
    "terms_changed": ("terms", TermsState),
}

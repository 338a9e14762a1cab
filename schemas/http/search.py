"""What may be asked of search, and what it answers; `type` says which kind of thing a hit is.

Hits are dumped as they stand in the index (`Document`): they were made from the owners' checked facts, and a
schema's pass over a page of them costs as much as the query. Their shape is `SlotHit` etc., held by a test.
"""

from __future__ import annotations

from marshmallow import fields as plain

from schemas import codes, fields
from schemas.contract import Fact, Input

TYPES = ("slots", "programmes", "venues", "experts")
SORTS = ("relevance", "date", "distance")
_WAYS = "Chinese words or any part of one, pinyin, initials; all that is set off by spaces must be met"


def _codes(**what: str) -> fields.ListOf:
    return fields.ListOf(fields.Text(max=40), max=30, metadata=what)


class SearchQuery(Input):
    """What to look for; several values of one member mean any of them, several members mean all.

    Days are those of Asia/Shanghai and both included. `seats` is for so many people in one group. With
    `bookable` (the default) only what can be booked is found: open slots to come with a free seat, programmes
    that have one or need none, experts with free time. `round_id` leaves out slots kept for other rounds.
    """

    type = fields.Code(TYPES, load_default="slots")
    q = fields.Text(max=100, min=0, load_default=None, metadata={"description": _WAYS})
    kind = _codes()
    topic = _codes(description="codes of the topic tree; a topic includes those below it")
    concept = fields.ListOf(fields.Int(min=1, max=13), max=13)
    grade = fields.ListOf(fields.Int(min=0, max=13), max=14)
    mode = _codes(description="activity modes")
    audience = _codes()
    language = fields.ListOf(fields.Language(), max=3)
    place = _codes()
    level = _codes(description="levels of venues")
    district = fields.ListOf(fields.Adcode(), max=30)
    campaign = fields.Text(max=80)
    programme_id = fields.Id()
    venue_id = fields.Id()
    organisation_id = fields.Id()
    round_id = fields.Id()
    first_day = fields.Day()
    last_day = fields.Day()
    seats = fields.Int(min=1, max=2000)
    lat = fields.Latitude()
    lon = fields.Longitude()
    within_km = fields.Number(min=0.1, max=2000.0, metadata={"description": "kilometres by road"})
    bookable = fields.Flag(load_default=True)
    sort = fields.Code(SORTS, load_default="relevance")
    facets = fields.Flag(load_default=False)


class SuggestionQuery(Input):
    """What was typed so far."""

    q = fields.Text(max=40, required=True)
    limit = fields.Int(min=1, max=20, load_default=8)


class FacetValue(Fact):
    """How many things have a value, all other choices kept."""

    value = fields.Text(max=80, required=True)
    count = fields.Int(min=0, required=True)


class SearchPage(Fact):
    """A page of hits, their number in all, and the facets if they were asked for."""

    items = plain.List(fields.Document(), required=True)
    next = plain.String(required=True, allow_none=True)
    total = fields.Int(min=0, required=True)
    facets = plain.Dict(keys=plain.String(), values=plain.List(plain.Nested(FacetValue)), required=True)


class Suggestion(Fact):
    """A name to search for; `type` is topic or district (`id` is its code), programme, venue or expert."""

    type = fields.Text(max=20, required=True)
    id = fields.Text(max=40, required=True)
    text = fields.Text(max=120, required=True)


class Suggestions(Fact):
    """The best suggestions first."""

    items = plain.List(plain.Nested(Suggestion), required=True)


class _Hit(Fact):
    """What all hits have; `distance_km` by road, if a point was given. Highlights are HTML with `<em>`."""

    type = fields.Code(("slot", "programme", "venue", "expert"), required=True)
    id = fields.Id(required=True)
    title = fields.Text(max=120, required=True)
    kind = fields.Text(max=20, required=True)
    organisation_id = fields.Id(required=True)
    organisation_name = fields.Text(max=120, required=True, allow_none=True)
    adcode = fields.Adcode(required=True, allow_none=True)
    district_name = fields.Text(max=80, required=True, allow_none=True)
    demonstration = fields.Flag(required=True)
    distance_km = fields.Number(min=0, required=True, allow_none=True)
    highlights = plain.Dict(keys=plain.String(), values=plain.String(), required=True)


class _PlacedHit(_Hit):
    """What has a point of its own."""

    venue_id = fields.Id(required=True, allow_none=True)
    venue_name = fields.Text(max=120, required=True, allow_none=True)
    venue_kind = fields.Text(max=20, required=True, allow_none=True)
    level = fields.Text(max=20, required=True, allow_none=True)
    lat = fields.Latitude(required=True, allow_none=True)
    lon = fields.Longitude(required=True, allow_none=True)


class VenueHit(_PlacedHit):
    """A venue."""

    designation = fields.Text(max=120, required=True, allow_none=True)
    expires_on = fields.Day(required=True, allow_none=True)


class ProgrammeHit(_PlacedHit):
    """A programme."""

    summary = fields.Text(max=4000, min=0, required=True)
    topics = fields.ListOf(fields.Text(max=40), max=20, required=True)
    audiences = fields.ListOf(fields.Code(codes.AUDIENCES), max=3, required=True)
    grades = fields.ListOf(fields.Int(min=0, max=13), max=14, required=True)
    core_concepts = fields.ListOf(fields.Int(min=1, max=13), max=13, required=True)
    activity_modes = fields.ListOf(fields.Text(max=20), max=8, required=True)
    teaching_modes = fields.ListOf(fields.Text(max=20), max=5, required=True)
    min_group = fields.Int(min=1, required=True)
    max_group = fields.Int(min=1, required=True)
    duration_minutes = fields.Int(min=1, required=True)
    place = fields.Text(max=20, required=True)
    languages = fields.ListOf(fields.Language(), max=3, required=True)
    campaign = fields.Text(max=80, required=True, allow_none=True)
    fee_fen = fields.Int(min=0, required=True)
    payer = fields.Text(max=20, required=True)


class SlotHit(ProgrammeHit):
    """A slot of a programme, with the seats that are left."""

    programme_id = fields.Id(required=True)
    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)
    seats = fields.Int(min=0, required=True)
    free = fields.Int(min=0, required=True)
    groups_limit = fields.Int(min=1, required=True, allow_none=True)
    groups_taken = fields.Int(min=0, required=True)
    round_id = fields.Id(required=True, allow_none=True)
    state = fields.Text(max=20, required=True)


class ExpertHit(_Hit):
    """An expert, as the public may see one: neither home nor hours."""

    name = fields.Text(max=60, required=True)
    position = fields.Text(max=60, required=True, allow_none=True)
    employer = fields.Text(max=120, required=True, allow_none=True)
    topics = fields.ListOf(fields.Text(max=40), max=20, required=True)
    audiences = fields.ListOf(fields.Text(max=20), max=3, required=True)
    grades = fields.ListOf(fields.Int(min=0, max=13), max=14, required=True)
    languages = fields.ListOf(fields.Language(), max=3, required=True)
    volunteer = fields.Flag(required=True)


HITS: dict[str, type[Fact]] = {
    "slot": SlotHit,
    "programme": ProgrammeHit,
    "venue": VenueHit,
    "expert": ExpertHit,
}

"""What the four hold commands (hold, extend, confirm, release) look like, whoever owns the scarce thing."""

from __future__ import annotations

from marshmallow import fields as ma

from schemas import fields
from schemas.codes import HOLD_OUTCOMES, RESOURCE_KINDS
from schemas.contract import Fact, Input

MAX_ITEMS = 500


class PlaceInput(Input):
    """Where a unit or an expert has to be."""

    lat = fields.Latitude(required=True)
    lon = fields.Longitude(required=True)
    adcode = fields.Adcode(required=True)


class HoldItem(Input):
    """One leg's wish for one resource.

    `hold_id` is uuid5(match, leg, attempt) and names the hold for ever. Sending the same item again gives the
    same answer; the same id with other content is refused `hold_conflict` (`expires_at` is no content: a
    repeated command never moves the expiry, `extend_many` does). `starts_at` and `ends_at` are those of the
    slot or of the appointment, without travel and set-up days. `place` is required for experts and
    units and ignored for slots. `round_id` says for which round the hold is made (null: at once).

    Groups of a company come to a slot together: each has a hold of its own with the same `company_id`, and
    `together` says how many people they are in all, which is what the programme's least and most are about.
    A slot counts a company as one group.
    """

    hold_id = fields.Id(required=True)
    match_id = fields.Id(required=True)
    leg_id = fields.Id(required=True)
    resource_kind = fields.Code(RESOURCE_KINDS, required=True)
    resource_id = fields.Id(required=True)
    quantity = fields.Int(min=1, max=100_000, required=True)
    starts_at = fields.Instant(required=True)
    ends_at = fields.Instant(required=True)
    place = ma.Nested(PlaceInput, required=True, allow_none=True)
    round_id = fields.Id(required=True, allow_none=True)
    expires_at = fields.Instant(required=True)
    company_id = fields.Id(load_default=None, dump_default=None, allow_none=True)
    together = fields.Int(min=1, max=100_000, load_default=None, dump_default=None, allow_none=True)


class ExtendItem(Input):
    """A new expiry for a live hold; an earlier one than it has changes nothing."""

    hold_id = fields.Id(required=True)
    expires_at = fields.Instant(required=True)


class ConfirmItem(Input):
    """A hold to be turned into a reservation."""

    hold_id = fields.Id(required=True)


class ReleaseItem(Input):
    """A hold or a reservation to be given back, with the reason that the events will carry."""

    hold_id = fields.Id(required=True)
    reason = fields.Text(max=200, load_default=None, allow_none=True)


class Outcome(Fact):
    """What became of one item; `code` and `params` say why when it is `refused`."""

    hold_id = fields.Id(required=True)
    outcome = fields.Code(HOLD_OUTCOMES, required=True)
    code = fields.Text(max=60, required=True, allow_none=True)
    params = ma.Dict(keys=ma.String(), required=True)


def _items(item: type[Input]) -> fields.ListOf:
    return fields.ListOf(ma.Nested(item), min=1, max=MAX_ITEMS, required=True)


class HoldMany(Input):
    """Items in any order; a hold id at most once."""

    items = _items(HoldItem)


class ExtendMany(Input):
    """Items in any order; a hold id at most once."""

    items = _items(ExtendItem)


class ConfirmMany(Input):
    """Items in any order; a hold id at most once."""

    items = _items(ConfirmItem)


class ReleaseMany(Input):
    """Items in any order; a hold id at most once. An unknown id leaves a tombstone for a late hold."""

    items = _items(ReleaseItem)


class Outcomes(Fact):
    """One outcome per item, in the order of the request."""

    items = ma.List(ma.Nested(Outcome), required=True)


HOLD_REFUSALS = (
    "hold_conflict",  # this id was used with other content
    "hold_released",  # it was given back, or its release came first
    "hold_expired",  # its time ran out before it was extended or confirmed
    "hold_unknown",  # nothing was ever held under this id
    "hold_period_invalid",  # it ends before it starts
    "hold_period_past",  # it starts in the past
    "hold_place_required",  # an expert or unit must know where to go
    "hold_not_here",  # another service owns this kind of resource
)
HOLD_COMMANDS = {
    "hold_many": (HoldMany, Outcomes),
    "extend_many": (ExtendMany, Outcomes),
    "confirm_many": (ConfirmMany, Outcomes),
    "release_many": (ReleaseMany, Outcomes),
}

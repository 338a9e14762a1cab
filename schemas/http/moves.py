"""A pairing made or moved by a coordinator's hand over HTTP, and what that costs whom."""

from __future__ import annotations

from schemas.codes import HAND_ACTS, MATCH_STATES, RESOURCE_KINDS
from schemas.contract import Fact, Input
from schemas.fields import Adcode, Code, Id, Instant, Int, ListOf, Nested, Text
from schemas.http.explanations import WhyThisView
from schemas.http.matches import MatchView


class PreviewInput(Input):
    """Where a coordinator thinks of moving a pairing, of a draft or offered."""

    resource_kind = Code(RESOURCE_KINDS, required=True)
    resource_id = Id(required=True)
    starts_at = Instant(load_default=None, allow_none=True)
    reason = Text(max=500, min=2, lines=True, load_default=None, allow_none=True)


class MoveInput(PreviewInput):
    """Where a coordinator moves a pairing, why, and what was `shown` of it: as its preview named that."""

    reason = Text(max=500, min=2, lines=True, required=True)
    shown = Text(max=64, min=1, required=True)


class PlacePreviewInput(PreviewInput):
    """Where a coordinator thinks of placing a request, and the draft that is to make way for it.

    Nothing said of `displacing`, the draft of least value is found that frees the place, if one is needed.
    """

    displacing = ListOf(Id(), max=1, load_default=None, allow_none=True)


class PlaceInput(MoveInput):
    """As MoveInput; what is to make way is said outright, as the preview's `displaces` tells it."""

    displacing = ListOf(Id(), max=1, load_default=list)


class WantedIn(Fact):
    """Requests of one district that wanted the place and go without; their needs, in percent."""

    adcode = Adcode(required=True)
    requests = Int(required=True)
    people = Int(required=True)
    least = Int(required=True)
    most = Int(required=True)


class LeftBehind(Fact):
    """The other groups that were to come together with the match.

    If fewer `people` are left than the session's `least`, those who are not confirmed lose the place: `lost`
    of the `groups`, worth `lost_value` points together; other places are looked for.
    """

    groups = Int(required=True)
    people = Int(required=True)
    least = Int(required=True)
    lost = Int(required=True)
    lost_value = Int(required=True)


class GivenUp(Fact):
    """The drafted match that makes way: its value, and for how many people it was."""

    match_id = Id(required=True)
    value = Int(required=True)
    people = Int(required=True)


class PriceView(Fact):
    """What a move changes, in points and in requests that have no place in the round.

    `before` and `after` are of the match, `plan_*` of all that the round holds. `wanted` requests are those
    that the rules allow the new place; `taken` of them could have it as the draft stands, worth `taken_best`
    at best, and `without` have nothing else that is free. What the match leaves could be had by `left`.
    `cost` is what the place takes from others by the prices of the round's latest solve; null where the
    solver did not tell it. `accepted` parties of an offer have to be asked again; null for a draft.
    `company` is null where nobody was to come together with the match, `displaced` where no other match has
    to make way.
    """

    before = Int(required=True)
    after = Int(required=True)
    plan_before = Int(required=True)
    plan_after = Int(required=True)
    wanted = Int(required=True)
    wanted_people = Int(required=True)
    taken = Int(required=True)
    taken_best = Int(required=True)
    without = Int(required=True)
    left = Int(required=True)
    cost = Int(required=True, allow_none=True)
    accepted = Int(required=True, allow_none=True)
    company = Nested(LeftBehind, required=True, allow_none=True)
    displaced = Nested(GivenUp, required=True, allow_none=True)
    districts = ListOf(Nested(WantedIn), max=2000, required=True)
    text = Text(max=1000, required=True)


class PlaceView(Fact):
    """One place of the match: what it is, when, and what counts there.

    `why` is null where the match could not be made so any more.
    """

    title = Text(max=200, required=True)
    starts_at = Instant(required=True)
    value = Int(required=True)
    why = Nested(WhyThisView, required=True, allow_none=True)


class WaitingView(Fact):
    """A request of the caller's area that wanted the place, and the most that it would be worth there."""

    request_id = Id(required=True)
    school_name = Text(max=200, required=True)
    adcode = Adcode(required=True)
    group_size = Int(required=True)
    need = Int(required=True)
    value = Int(required=True)


class DisplacedView(Fact):
    """A drafted match of the caller's area that would have to make way, and whose it is."""

    match_id = Id(required=True)
    request_id = Id(required=True)
    school_name = Text(max=200, required=True)
    adcode = Adcode(required=True)
    group_size = Int(required=True)
    title = Text(max=200, required=True)
    starts_at = Instant(required=True)
    value = Int(required=True)


class PreviewView(Fact):
    """What a move would change; nothing has been.

    At most fifty requests are named, those of greatest need first. `shown` names all this: the act has to say
    it, and is refused once the places, the price or those whom it concerns are others than here.
    """

    present = Nested(PlaceView, required=True)
    wanted = Nested(PlaceView, required=True)
    price = Nested(PriceView, required=True)
    waiting = ListOf(Nested(WaitingView), max=50, required=True)
    shown = Text(max=64, required=True)


class PlacePreviewView(PreviewView):
    """What giving a place to a request without one would change; nothing has been.

    As PreviewView, but that nothing is there at `present`; `before` of the price is 0. `displaces` is what
    has to make way, and the act has to name it; empty where there is room.
    """

    present = Nested(PlaceView, required=True, allow_none=True)
    displaces = ListOf(Nested(DisplacedView), max=1, required=True)


class PlacedByHandView(MatchView):
    """A draft that a coordinator made, with what was known of the price at that moment."""

    price = Nested(PriceView, required=True)


class DropInput(Input):
    """Why a coordinator takes back what was placed by hand."""

    reason = Text(max=500, min=2, lines=True, required=True)


class MovedByHandView(MatchView):
    """A match that has been moved, with what was known of the price at that moment.

    An offer stays as it is until its new place is held: this is then the match that `replaces` it.
    """

    replaces = Id(required=True, allow_none=True)
    price = Nested(PriceView, required=True)


class SuccessorView(Fact):
    """What is, or was, to replace an offer, or what a draft made way for; and where that stands."""

    match_id = Id(required=True)
    state = Code(MATCH_STATES, required=True)
    reason_text = Text(max=500, required=True, allow_none=True)


class HandMoveView(Fact):
    """What was done to a match by hand: when, by whom, why, and its price at that moment.

    `act` is placed where a hand made it, dropped where it was taken back, displaced where it made way for the
    `successor`, at that one's price, else moved. What is taken back has no price. `successor` is null for a
    draft that was moved: that was done there and then. `match_id` is what it was done to.
    """

    id = Id(required=True)
    match_id = Id(required=True)
    moved_at = Instant(required=True)
    moved_by = Id(required=True)
    act = Code(HAND_ACTS, required=True)
    reason = Text(max=500, required=True, lines=True)
    price = Nested(PriceView, required=True, allow_none=True)
    successor = Nested(SuccessorView, required=True, allow_none=True)


class HandMovesView(Fact):
    """How a match was placed, moved and taken back by hand, the newest first; at most a hundred."""

    items = ListOf(Nested(HandMoveView), max=100, required=True)

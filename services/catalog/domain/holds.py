"""The life of a hold, and the rules by which seats and stops are given."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from schemas.refusal import Refusal

LIVE = ("held", "confirmed")


class HoldConflict(Refusal):
    """This hold id was used before, with other content."""

    code = "hold_conflict"


class HoldReleased(Refusal):
    """The hold was given back, or its release came before it."""

    code = "hold_released"


class HoldExpired(Refusal):
    """The hold's time ran out."""

    code = "hold_expired"


class HoldUnknown(Refusal):
    """Nothing was ever held under this id."""

    code = "hold_unknown"


class HoldPeriodInvalid(Refusal):
    """The hold ends before it starts."""

    code = "hold_period_invalid"


class HoldPeriodPast(Refusal):
    """The hold starts in the past."""

    code = "hold_period_past"


class HoldPlaceRequired(Refusal):
    """A travelling unit must know where to go."""

    code = "hold_place_required"


class HoldNotHere(Refusal):
    """Another service owns this kind of resource."""

    code = "hold_not_here"


class SlotUnknown(Refusal):
    """There is no such slot."""

    code = "slot_unknown"


class SlotClosed(Refusal):
    """The slot takes nobody new."""

    code = "slot_closed"


class SlotCancelled(Refusal):
    """The slot does not take place."""

    code = "slot_cancelled"


class SlotMoved(Refusal):
    """The slot takes place at another time than the hold says."""

    code = "slot_moved"


class SlotForOtherRound(Refusal):
    """The slot's seats are kept for the requests of another round."""

    code = "slot_for_other_round"


class ProgrammeNotPublished(Refusal):
    """The slot's programme is not, or no longer, offered."""

    code = "programme_not_published"


class NotEnoughSeats(Refusal):
    """The slot has fewer free seats than asked for."""

    code = "not_enough_seats"


class SlotGroupsFull(Refusal):
    """The slot takes no further group."""

    code = "slot_groups_full"


class GroupTooSmall(Refusal):
    """The group is smaller than the smallest that is taken."""

    code = "group_too_small"


class CompanyMiscounted(Refusal):
    """A company has an id and a number of people, who are no fewer than come for one of its groups."""

    code = "company_miscounted"


class GroupTooLarge(Refusal):
    """The group is larger than the largest that is taken."""

    code = "group_too_large"


@dataclass(frozen=True)
class Place:
    """A point and the division that it lies in."""

    lat: float
    lon: float
    adcode: str


@dataclass(frozen=True)
class Wish:
    """What one item of `hold_many` asks for."""

    hold_id: UUID
    match_id: UUID
    leg_id: UUID
    resource_kind: str
    resource_id: UUID
    quantity: int
    starts_at: datetime
    ends_at: datetime
    place: Place | None
    round_id: UUID | None
    expires_at: datetime
    company_id: UUID | None = None
    together: int | None = None

    @property
    def people(self) -> int:
        """How many come in all, where groups come together."""
        return self.together or self.quantity


@dataclass(frozen=True)
class Hold:
    """A hold in whatever state; a tombstone has only its id and state. `occupied_from` is a unit's alone."""

    hold_id: UUID
    state: str
    version: int
    match_id: UUID | None = None
    leg_id: UUID | None = None
    slot_id: UUID | None = None
    unit_id: UUID | None = None
    quantity: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None
    occupied_from: datetime | None = None
    place: Place | None = None
    round_id: UUID | None = None
    expires_at: datetime | None = None
    company_id: UUID | None = None
    together: int | None = None

    @property
    def live(self) -> bool:
        """Whether it keeps what it holds."""
        return self.state in LIVE


@dataclass(frozen=True)
class Outcome:
    """What became of one item."""

    hold_id: UUID
    outcome: str
    code: str | None = None
    params: dict[str, object] | None = None


@dataclass
class Seats:
    """What the rules need of a slot and its programme; `taken` and `groups_taken` follow a batch."""

    state: str
    starts_at: datetime
    ends_at: datetime
    seats: int
    taken: int
    groups_limit: int | None
    groups_taken: int
    round_id: UUID | None
    min_group: int
    max_group: int
    programme_state: str


def refused(hold_id: UUID, refusal: Refusal) -> Outcome:
    """The outcome that tells a refusal."""
    return Outcome(hold_id, "refused", refusal.code, dict(refusal.params))


def check_wish(wish: Wish, now: datetime) -> None:
    """Refuse what could never be granted."""
    if wish.resource_kind not in ("slot", "unit"):
        raise HoldNotHere(resource_kind=wish.resource_kind)
    if wish.ends_at <= wish.starts_at:
        raise HoldPeriodInvalid()
    if wish.starts_at <= now:
        raise HoldPeriodPast()
    if wish.expires_at <= now:
        raise HoldExpired()
    check_company(wish)


def check_company(wish: Wish) -> None:
    """Refuse a company that is none; only in a slot do groups come together."""
    if (wish.company_id is None) != (wish.together is None) or wish.people < wish.quantity:
        raise CompanyMiscounted()
    if wish.company_id is not None and wish.resource_kind != "slot":
        raise CompanyMiscounted()


def check_again(known: Hold, wish: Wish) -> None:
    """Refuse to hold under a known id, unless it is the same hold and still live."""
    if known.state == "refused_late":
        raise HoldReleased()
    if _content(known) != _content_of(wish):
        raise HoldConflict()
    check_live(known)


def check_live(known: Hold | None) -> None:
    """Refuse to go on with a hold that is not live."""
    if known is None:
        raise HoldUnknown()
    if known.state == "expired":
        raise HoldExpired()
    if known.state not in LIVE:
        raise HoldReleased()


def _content(known: Hold) -> tuple[object, ...]:
    # Where the pupils come from is nothing to a slot: a place sent along is neither kept nor compared.
    kind, id_ = ("slot", known.slot_id) if known.slot_id else ("unit", known.unit_id)
    return (
        known.match_id,
        known.leg_id,
        kind,
        id_,
        known.quantity,
        known.starts_at,
        known.ends_at,
        known.place,
        known.round_id,
        known.company_id,
        known.together,
    )


def _content_of(wish: Wish) -> tuple[object, ...]:
    place = wish.place if wish.resource_kind == "unit" else None
    return (
        wish.match_id,
        wish.leg_id,
        wish.resource_kind,
        wish.resource_id,
        wish.quantity,
        wish.starts_at,
        wish.ends_at,
        place,
        wish.round_id,
        wish.company_id,
        wish.together,
    )


def check_seats(slot: Seats, wish: Wish, *, joins: bool = False) -> None:
    """Refuse seats by the first rule that the wish breaks; the conditional update has the last word.

    `joins` says that others of its company are there already: then it is no further group.
    """
    check_open(slot)
    if (slot.starts_at, slot.ends_at) != (wish.starts_at, wish.ends_at):
        raise SlotMoved()
    if slot.round_id is not None and slot.round_id != wish.round_id:
        raise SlotForOtherRound()
    check_group(wish.people, slot.min_group, slot.max_group)
    if slot.groups_limit is not None and slot.groups_taken >= slot.groups_limit and not joins:
        raise SlotGroupsFull(groups_limit=slot.groups_limit)
    if slot.taken + wish.quantity > slot.seats:
        raise NotEnoughSeats(free=slot.seats - slot.taken, wanted=wish.quantity)


def check_open(slot: Seats) -> None:
    """Refuse a slot that takes nobody."""
    if slot.state == "cancelled":
        raise SlotCancelled()
    if slot.state != "open":
        raise SlotClosed()
    if slot.programme_state != "published":
        raise ProgrammeNotPublished()


def check_group(size: int, smallest: int, largest: int) -> None:
    """Refuse a group outside the limits of what it comes to."""
    if size < smallest:
        raise GroupTooSmall(size=size, min_group=smallest)
    if size > largest:
        raise GroupTooLarge(size=size, max_group=largest)

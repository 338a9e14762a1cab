"""What a provider's sessions share: how much is in use at a moment, and the rules by which it is given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from schemas.refusal import Refusal


class NoRoom(Refusal):
    """Too few rooms are free at that time."""

    code = "no_room"


class NoGuide(Refusal):
    """Too few guides are free at that time."""

    code = "no_guide"


class NoKit(Refusal):
    """Too few kits are free at that time."""

    code = "no_kit"


class NoCoach(Refusal):
    """Too few coaches are free at that time."""

    code = "no_coach"


class NeedUnknown(Refusal):
    """A programme needs what its owner does not share, or no longer."""

    code = "need_unknown"


class NeedTwice(Refusal):
    """A programme names one resource twice."""

    code = "need_twice"


class NeedsWithoutSessions(Refusal):
    """A travelling unit's programme has no sessions in which anything could be used."""

    code = "needs_without_sessions"


class SharedResourceOverbooked(Refusal):
    """More is in use at some time to come than there would be."""

    code = "shared_resource_overbooked"


class SharedResourceNeeded(Refusal):
    """Programmes need it."""

    code = "shared_resource_needed"


class SharedResourceWithdrawn(Refusal):
    """What was withdrawn is not changed and does not come back."""

    code = "shared_resource_withdrawn"


USED_UP: Mapping[str, type[Refusal]] = {"room": NoRoom, "guide": NoGuide, "kit": NoKit, "coach": NoCoach}


@dataclass(frozen=True)
class Need:
    """What each group takes of a resource."""

    resource_id: UUID
    quantity: int


@dataclass(frozen=True)
class Use:
    """What one group has of a resource, while its session lasts."""

    quantity: int
    starts_at: datetime
    ends_at: datetime


@dataclass
class Shared:
    """A (locked) resource; `uses` are those of live holds around the time in question, and follow a batch."""

    kind: str
    number: int
    uses: list[Use] = field(default_factory=list)

    def check(self, wanted: Use) -> None:
        """Refuse a use for which too few are free at some moment of it."""
        free = self.number - most_used(self.uses, wanted.starts_at, wanted.ends_at)
        if wanted.quantity > free:
            raise USED_UP[self.kind](wanted=wanted.quantity, free=max(0, free), number=self.number)


@dataclass
class Books:
    """What sessions of a batch need, by slot, and how the resources stand."""

    needs: Mapping[UUID, Sequence[Need]]
    shared: Mapping[UUID, Shared]

    def check(self, slot_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
        """Refuse one more group in the slot by the first resource that has too little left."""
        for need in self.needs.get(slot_id, ()):
            self.shared[need.resource_id].check(Use(need.quantity, starts_at, ends_at))

    def take(self, slot_id: UUID, starts_at: datetime, ends_at: datetime) -> None:
        """One more group is in the slot."""
        for need in self.needs.get(slot_id, ()):
            self.shared[need.resource_id].uses.append(Use(need.quantity, starts_at, ends_at))


def most_used(uses: Iterable[Use], from_: datetime, until: datetime | None = None) -> int:
    """The most in use at one moment from `from_` up to `until`: more can be only when a use begins."""
    beside = [use for use in uses if use.ends_at > from_ and (until is None or use.starts_at < until)]
    moments = {max(from_, use.starts_at) for use in beside}
    return max((_in_use(beside, moment) for moment in moments), default=0)


def _in_use(uses: Iterable[Use], moment: datetime) -> int:
    return sum(use.quantity for use in uses if use.starts_at <= moment < use.ends_at)


def check_number(uses: Iterable[Use], number: int, now: datetime, where: str) -> None:
    """Refuse a number below what live holds use at some moment to come."""
    used = most_used(uses, now)
    if used > number:
        raise SharedResourceOverbooked(field=where, used=used, number=number)


def check_not_withdrawn(row: Mapping[str, Any]) -> None:
    """Refuse to touch what was withdrawn."""
    if row["state"] == "withdrawn":
        raise SharedResourceWithdrawn()


def check_needs(programme: Mapping[str, Any], known: Mapping[UUID, Mapping[str, Any]]) -> None:
    """Refuse needs that contradict the programme; `known` are the resources that they name."""
    if programme["needs"] and programme["unit_id"]:
        raise NeedsWithoutSessions(field="needs")
    named: set[UUID] = set()
    for index, need in enumerate(programme["needs"]):
        where, resource = f"needs[{index}].resource_id", known.get(need["resource_id"])
        if resource is None or not _is_shared_by(programme["organisation_id"], resource):
            raise NeedUnknown(field=where)
        if need["resource_id"] in named:
            raise NeedTwice(field=where)
        named.add(need["resource_id"])


def _is_shared_by(owner_id: UUID, resource: Mapping[str, Any]) -> bool:
    return (resource["organisation_id"], resource["state"]) == (owner_id, "active")

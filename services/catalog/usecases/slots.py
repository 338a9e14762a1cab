"""Publishing, changing, closing, cancelling and reading slots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from schemas.refusal import NotFound, Refusal
from services.catalog.domain import slots as rules
from services.catalog.domain.holds import SlotCancelled
from services.catalog.domain.rights import Mandate
from services.catalog.domain.slots import Rule
from services.catalog.storage import holds, offers, projections
from services.catalog.storage import slots as storage
from services.catalog.usecases import owners
from services.catalog.usecases.telling import tell
from services.chassis.ids import new_id
from services.chassis.outbox import Acting
from services.chassis.store import Connection

Row = dict[str, Any]
Item = Mapping[str, Any]


@dataclass
class _Offer:
    """A programme with what its slots are judged by; its venue is locked against closures."""

    programme: Row
    venue: Row | None
    closures: list[Row]


@dataclass
class _Shop:
    """What a batch of slots is judged by, each programme and round looked up once."""

    conn: Connection
    mandate: Mandate
    offers: dict[UUID, _Offer] = field(default_factory=dict)
    rounds: dict[UUID | None, str | None] = field(default_factory=dict)

    def offer(self, programme_id: UUID) -> _Offer:
        """The offer of a programme that the asker keeps; NotFound names no other."""
        if programme_id not in self.offers:
            self.offers[programme_id] = _offer(self.conn, self.mandate, programme_id)
        return self.offers[programme_id]

    def round_state(self, round_id: UUID | None) -> str | None:
        """How a round stands."""
        if round_id not in self.rounds:
            self.rounds[round_id] = projections.round_state(self.conn, round_id)
        return self.rounds[round_id]


def publish_slot(conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item) -> Row:
    """A new slot of a published programme; raises what the rules of slots raise."""
    return _publish(_Shop(conn, mandate), now, actor, item)


def publish_slots(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, items: Sequence[Item]
) -> list[Row | Refusal]:
    """New slots, item by item."""
    shop = _Shop(conn, mandate)
    return [_published_or_not(shop, now, actor, item) for item in items]


def publish_by_rule(
    conn: Connection, *, now: datetime, mandate: Mandate, actor: Acting, item: Item
) -> tuple[list[Row], list[Row]]:
    """The slots of a weekly rule, and the days left out; raises RuleTooLong, CalendarUnknown."""
    shop = _Shop(conn, mandate)
    offer = shop.offer(item["programme_id"])
    rules.check_offered(offer.programme, offer.venue)
    rules.check_round(item["round_id"], shop.round_state(item["round_id"]))
    rule = Rule(item["weekdays"], time.fromisoformat(item["time"]), item["first_day"], item["last_day"])
    made: list[Row] = []
    skipped: list[Row] = []
    for day, lesson in _days(conn, rule, offer, item["school_days_only"]):
        outcome = _on_day(shop, now, actor, item, rule, day, lesson)
        skipped.append({"day": day, "reason": outcome}) if isinstance(outcome, str) else made.append(outcome)
    return made, skipped


def change_slot(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    slot_id: UUID,
    if_version: int,
    change: Item,
) -> Row:
    """Change capacity, or time and round of an untouched slot; Stale, SeatsBelowTaken, SlotHasHolds."""
    offer, old = _own(conn, mandate, slot_id)
    owners.require_version(old, if_version)
    rules.check_change(old, change)
    new = {**old, **change}
    if (new["starts_at"], new["ends_at"]) != (old["starts_at"], old["ends_at"]):
        rules.check_time(new["starts_at"], new["ends_at"], now, offer.programme["lead_days"])
        rules.check_venue_open(new["starts_at"], new["ends_at"], offer.closures)
    if new["round_id"] != old["round_id"]:
        rules.check_round(new["round_id"], projections.round_state(conn, new["round_id"]))
    row = storage.change(conn, new)
    tell(conn, now=now, actor=actor, event="slot_changed", state=row)
    return row


def close_slot(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    slot_id: UUID,
    if_version: int | None = None,
) -> tuple[Row, list[UUID]]:
    """Take nobody new; what is held or confirmed stays. Returns the slot and the matches that are in it."""
    return _stop(conn, now, mandate, actor, slot_id, if_version, "closed", None)


def cancel_slot(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    slot_id: UUID,
    reason: str,
    if_version: int | None = None,
) -> tuple[Row, list[UUID]]:
    """Let it not take place; the matches that are in it are returned, and matcher releases them."""
    return _stop(conn, now, mandate, actor, slot_id, if_version, "cancelled", reason)


def reopen_slot(
    conn: Connection,
    *,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    slot_id: UUID,
    if_version: int | None = None,
) -> Row:
    """Take groups again; raises SlotCancelled for what was cancelled, VenueClosed, SlotPast, Stale."""
    offer, old = _own(conn, mandate, slot_id)
    owners.require_version(old, if_version)
    if old["state"] == "open":
        return old
    if old["state"] == "cancelled":
        raise SlotCancelled()
    rules.check_time(old["starts_at"], old["ends_at"], now, 0)
    rules.check_venue_open(old["starts_at"], old["ends_at"], offer.closures)
    row = storage.move(conn, [slot_id], of=["closed"], to="open")[0]
    tell(conn, now=now, actor=actor, event="slot_changed", state=row)
    return row


def read_slot(conn: Connection, *, slot_id: UUID) -> Row:
    """One slot in whatever state; NotFound."""
    row = storage.find(conn, slot_id)
    if row is None:
        raise NotFound()
    return row


def list_slots(
    conn: Connection, *, mandate: Mandate, filters: Item, after: Sequence[Any] | None, limit: int
) -> list[Row]:
    """Open slots of published programmes, or one's own of another state, in order of time."""
    return storage.listed(
        conn,
        staff_of=mandate.staff_of,
        area=mandate.prefix,
        filters=filters,
        after=after,
        limit=limit,
    )


# -- steps -------------------------------------------------------------------------------------------------


def _offer(conn: Connection, mandate: Mandate, programme_id: UUID) -> _Offer:
    # Whoever changes what the programme needs locks it the other way, and then all slots that it has.
    programme = offers.find(conn, "programme", programme_id, lock="share")
    owners.require_editor(
        conn, mandate, programme, public=bool(programme and programme["state"] == "published")
    )
    assert programme is not None
    venue_id = programme["venue_id"]
    # A closure locks its venue the other way, so none comes between this look and our commit.
    venue = offers.find(conn, "venue", venue_id, lock="share") if venue_id else None
    return _Offer(programme, venue, offers.active_closures(conn, venue_id))


def _publish(shop: _Shop, now: datetime, actor: Acting, item: Item) -> Row:
    offer = shop.offer(item["programme_id"])
    programme = offer.programme
    rules.check_offered(programme, offer.venue)
    ends_at = item["ends_at"] or item["starts_at"] + timedelta(minutes=programme["duration_minutes"])
    rules.check_time(item["starts_at"], ends_at, now, programme["lead_days"])
    rules.check_venue_open(item["starts_at"], ends_at, offer.closures)
    rules.check_round(item["round_id"], shop.round_state(item["round_id"]))
    row = _row(programme, item, ends_at)
    if not storage.insert(shop.conn, row):
        raise rules.SlotExists(field="starts_at")
    tell(shop.conn, now=now, actor=actor, event="slot_published", state=row)
    return row


def _row(programme: Row, item: Item, ends_at: datetime) -> Row:
    owned = {key: programme[key] for key in ("venue_id", "organisation_id")}
    given = {key: item[key] for key in ("programme_id", "starts_at", "seats", "groups_limit", "round_id")}
    fresh = {
        "id": new_id(),
        "taken": 0,
        "groups_taken": 0,
        "free": item["seats"],
        "state": "open",
        "version": 1,
    }
    return {**owned, **given, **fresh, "ends_at": ends_at}


def _published_or_not(shop: _Shop, now: datetime, actor: Acting, item: Item) -> Row | Refusal:
    # No savepoint: whatever refuses an item does so before the item has written anything.
    try:
        return _publish(shop, now, actor, item)
    except Refusal as refusal:
        return refusal


def _days(conn: Connection, rule: Rule, offer: _Offer, lessons_only: bool) -> list[tuple[date, bool]]:
    days = list(rules.days_of(rule))
    if not lessons_only or offer.venue is None:
        return [(day, True) for day in days]
    kinds = projections.day_kinds(conn, {day.year for day in days})
    terms = projections.terms(conn)
    adcode = offer.venue["adcode"]
    return [(day, rules.is_school_day(day, kinds, terms, adcode)) for day in days]


_SKIPS: Mapping[str, str] = {
    "venue_closed": "closed",
    "slot_exists": "slot_exists",
    "slot_past": "past",
    "slot_too_soon": "too_soon",
}


def _on_day(
    shop: _Shop, now: datetime, actor: Acting, item: Item, rule: Rule, day: date, lesson: bool
) -> Row | str:
    """The slot of that day, or why the rule leaves the day out."""
    if not lesson:
        return "no_school_day"
    outcome = _published_or_not(
        shop, now, actor, {**item, "starts_at": rules.start_on(rule, day), "ends_at": None}
    )
    if not isinstance(outcome, Refusal):
        return outcome
    if outcome.code not in _SKIPS:
        raise outcome
    return _SKIPS[outcome.code]


def _own(conn: Connection, mandate: Mandate, slot_id: UUID) -> tuple[_Offer, Row]:
    """The slot and its offer, both locked: the venue first, as whoever closes a venue locks them."""
    seen = storage.find(conn, slot_id)
    owners.require_editor(conn, mandate, seen, public=True)
    offer = _offer(conn, mandate, seen["programme_id"]) if seen else None
    row = storage.find(conn, slot_id, lock=True)
    if offer is None or row is None:
        raise NotFound()
    return offer, row


def _stop(
    conn: Connection,
    now: datetime,
    mandate: Mandate,
    actor: Acting,
    slot_id: UUID,
    if_version: int | None,
    to: str,
    reason: str | None,
) -> tuple[Row, list[UUID]]:
    _, row = _own(conn, mandate, slot_id)
    owners.require_version(row, if_version)
    of = ["open"] if to == "closed" else ["open", "closed"]
    for moved in storage.move(conn, [slot_id], of=of, to=to):
        tell(conn, now=now, actor=actor, event=f"slot_{to}", state=moved, reason=reason)
        row = moved
    return row, holds.live_matches(conn, [slot_id])

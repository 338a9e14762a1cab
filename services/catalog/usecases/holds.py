"""The four commands on seats and stops, and the sweep of what has lapsed; docs/locking.md is the rule book.

Every command locks in one order (hold ids, slot rows, unit rows, shared resources, each sorted), expires what
has lapsed on the locked slots and units before it decides, and raises a changed slot's version once, at its
end. Outcomes come back in the order of the items.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from psycopg.errors import ExclusionViolation

from schemas.refusal import Refusal
from services.catalog.domain import holds as rules
from services.catalog.domain import units
from services.catalog.domain.holds import Hold, Outcome, Place, Seats, Wish
from services.catalog.domain.sharing import Books
from services.catalog.domain.units import Stop, Unit
from services.catalog.storage import holds as storage
from services.catalog.storage import slots
from services.catalog.usecases import sharing
from services.catalog.usecases.telling import tell_all
from services.chassis import geo, outbox, region
from services.chassis.store import Connection, savepoint

Actor = outbox.Acting | None
SWEPT_AT_ONCE = 100


class _Roads:
    """The region's roads in the domain's words."""

    def road_km(self, a: Place, b: Place) -> float:
        return region.ROADS.km(geo.Point(a.lat, a.lon), geo.Point(b.lat, b.lon))

    def travel_minutes(self, a: Place, b: Place, month: int) -> float:
        return region.ROADS.minutes(geo.Point(a.lat, a.lon), geo.Point(b.lat, b.lon), month)


ROADS = _Roads()


@dataclass
class _Book:
    """What a batch is judged by; kept current while the batch goes through."""

    known: dict[UUID, Hold]
    seats: dict[UUID, Seats]
    units: dict[UUID, Unit]
    stops: dict[UUID, list[Stop]]
    shared: Books
    companies: set[tuple[UUID, UUID]]
    changed_slots: set[UUID] = field(default_factory=set)
    new_stops: list[UUID] = field(default_factory=list)


def hold_many(conn: Connection, *, now: datetime, actor: Actor, wishes: Sequence[Wish]) -> list[Outcome]:
    """Hold each wish's seats or stop, or say why not; a repeated wish gets the answer that it got."""
    storage.lock_hold_ids(conn, [wish.hold_id for wish in wishes])
    book = _open_book(conn, now, actor, wishes)
    outcomes = {wish.hold_id: _hold(conn, now, book, wish) for wish in sorted(wishes, key=_by_resource)}
    _tell_slots(conn, now, actor, book.changed_slots)
    _tell_stops(conn, now, actor, "stop_held", storage.holds(conn, book.new_stops).values())
    return [outcomes[wish.hold_id] for wish in wishes]


def extend_many(
    conn: Connection, *, now: datetime, actor: Actor, expiries: Mapping[UUID, datetime]
) -> list[Outcome]:
    """Move the expiry of live holds later; a confirmed one has none any more and is left alone."""
    known, lapsed = _lock(conn, now, actor, expiries)
    outcomes = [_judge(hold_id, known, "extended") for hold_id in expiries]
    storage.extend(conn, {hold_id: expiries[hold_id] for hold_id in _granted(outcomes)}, now)
    _tell_slots(conn, now, actor, _slots_of(lapsed))
    return outcomes


def confirm_many(conn: Connection, *, now: datetime, actor: Actor, hold_ids: Sequence[UUID]) -> list[Outcome]:
    """Turn live holds into reservations, which no longer expire; a cancelled slot refuses."""
    known, lapsed = _lock(conn, now, actor, hold_ids)
    cancelled = slots.cancelled(conn, _slots_of(known.values()))
    outcomes = [_judge(hold_id, known, "confirmed", cancelled) for hold_id in hold_ids]
    moved = storage.move(conn, _granted(outcomes), of=["held"], to="confirmed", now=now)
    _tell_slots(conn, now, actor, _slots_of(lapsed))
    _tell_stops(conn, now, actor, "stop_confirmed", moved)
    return outcomes


def release_many(
    conn: Connection,
    *,
    now: datetime,
    actor: Actor,
    hold_ids: Sequence[UUID],
    reasons: Mapping[UUID, str | None],
) -> list[Outcome]:
    """Give holds and reservations back; what was never held is refused from now on. Never refused itself."""
    known, lapsed = _lock(conn, now, actor, hold_ids)
    storage.bury(conn, [hold_id for hold_id in hold_ids if hold_id not in known], now)
    moved = storage.move(conn, hold_ids, of=rules.LIVE, to="released", now=now)
    storage.return_seats(conn, moved)
    _tell_slots(conn, now, actor, _slots_of([*lapsed, *moved]))
    _tell_stops(conn, now, actor, "stop_released", moved, reasons)
    return [Outcome(hold_id, "released") for hold_id in hold_ids]


def sweep(conn: Connection, *, now: datetime, actor: Actor, limit: int = SWEPT_AT_ONCE) -> int:
    """Expire what has lapsed of the resources of the `limit` oldest such holds; returns how many holds."""
    slot_ids, unit_ids = storage.lapsed(conn, now, limit)
    storage.lock_slots(conn, slot_ids)
    storage.lock_units(conn, unit_ids)
    lapsed = _expire(conn, now, actor, slot_ids, unit_ids)
    _tell_slots(conn, now, actor, _slots_of(lapsed))
    return len(lapsed)


# -- steps -------------------------------------------------------------------------------------------------


def _open_book(conn: Connection, now: datetime, actor: Actor, wishes: Sequence[Wish]) -> _Book:
    slot_ids = {w.resource_id for w in wishes if w.resource_kind == "slot"}
    unit_ids = {w.resource_id for w in wishes if w.resource_kind == "unit"}
    storage.lock_slots(conn, slot_ids)
    locked_units = storage.lock_units(conn, unit_ids)
    lapsed = _expire(conn, now, actor, slot_ids, unit_ids)
    return _Book(
        known=storage.holds(conn, [wish.hold_id for wish in wishes]),
        # Read once more: the sweep of what had lapsed may just have given seats back.
        seats=storage.lock_slots(conn, slot_ids),
        units=locked_units,
        stops=storage.live_stops(conn, unit_ids),
        shared=sharing.books(conn, wishes),
        companies=storage.companies(conn, slot_ids) if any(wish.company_id for wish in wishes) else set(),
        changed_slots=_slots_of(lapsed),
    )


def _hold(conn: Connection, now: datetime, book: _Book, wish: Wish) -> Outcome:
    try:
        if known := book.known.get(wish.hold_id):
            rules.check_again(known, wish)
        else:
            rules.check_wish(wish, now)
            (_hold_seats if wish.resource_kind == "slot" else _hold_stop)(conn, now, book, wish)
    except Refusal as refusal:
        return rules.refused(wish.hold_id, refusal)
    return Outcome(wish.hold_id, "held")


def _hold_seats(conn: Connection, now: datetime, book: _Book, wish: Wish) -> None:
    slot = book.seats.get(wish.resource_id)
    if slot is None:
        raise rules.SlotUnknown()
    company = (wish.resource_id, wish.company_id) if wish.company_id else None
    joins = company in book.companies
    rules.check_seats(slot, wish, joins=joins)
    if not joins:
        book.shared.check(wish.resource_id, wish.starts_at, wish.ends_at)
    with savepoint(conn):
        if not storage.take_seats(conn, wish, now, groups=0 if joins else 1):
            # Never seen while the slot's row is locked: the condition stands for whoever forgets to lock it.
            raise rules.NotEnoughSeats(free=0, wanted=wish.quantity)
    slot.taken += wish.quantity
    if not joins:
        slot.groups_taken += 1
        book.shared.take(wish.resource_id, wish.starts_at, wish.ends_at)
    if company:
        book.companies.add(company)
    book.changed_slots.add(wish.resource_id)


def _hold_stop(conn: Connection, now: datetime, book: _Book, wish: Wish) -> None:
    unit = book.units.get(wish.resource_id)
    if unit is None:
        raise units.UnitUnknown()
    wanted = units.stop_of(unit, wish)
    booked = book.stops.setdefault(unit.id, [])
    units.check_stop(unit, booked, wanted, wish, ROADS)
    try:
        with savepoint(conn):
            storage.insert_stop(conn, wish, wanted, now)
    except ExclusionViolation:
        # Never seen while the unit's row is locked: the constraint stands for whoever forgets to lock it.
        raise units.UnitBusy() from None
    booked.append(wanted)
    book.new_stops.append(wish.hold_id)


def _lock(
    conn: Connection, now: datetime, actor: Actor, hold_ids: Iterable[UUID]
) -> tuple[dict[UUID, Hold], list[Hold]]:
    """Lock the holds and their resources; returns how the holds stand, and those that were expired."""
    storage.lock_hold_ids(conn, hold_ids)
    known = storage.holds(conn, hold_ids).values()
    slot_ids, unit_ids = _slots_of(known), {hold.unit_id for hold in known if hold.unit_id}
    storage.lock_slots(conn, slot_ids)
    storage.lock_units(conn, unit_ids)
    lapsed = _expire(conn, now, actor, slot_ids, unit_ids)
    return storage.holds(conn, hold_ids), lapsed


def _expire(
    conn: Connection, now: datetime, actor: Actor, slot_ids: Iterable[UUID], unit_ids: Iterable[UUID]
) -> list[Hold]:
    lapsed = storage.expire(conn, slot_ids, unit_ids, now)
    storage.return_seats(conn, lapsed)
    _tell_stops(conn, now, actor, "stop_expired", lapsed)
    return lapsed


def _judge(
    hold_id: UUID, known: Mapping[UUID, Hold], word: str, cancelled: frozenset[UUID] = frozenset()
) -> Outcome:
    hold = known.get(hold_id)
    try:
        rules.check_live(hold)
        if hold and hold.slot_id in cancelled:
            raise rules.SlotCancelled()
    except Refusal as refusal:
        return rules.refused(hold_id, refusal)
    return Outcome(hold_id, word)


def _granted(outcomes: Iterable[Outcome]) -> list[UUID]:
    return [outcome.hold_id for outcome in outcomes if outcome.outcome != "refused"]


def _slots_of(holds: Iterable[Hold]) -> set[UUID]:
    return {hold.slot_id for hold in holds if hold.slot_id}


def _by_resource(wish: Wish) -> tuple[str, UUID]:
    return wish.resource_kind, wish.resource_id


def _tell_slots(conn: Connection, now: datetime, actor: Actor, slot_ids: Iterable[UUID]) -> None:
    states = slots.bump(conn, slot_ids)
    tell_all(conn, now=now, actor=actor, event="slot_seats_changed", states=states)


def _tell_stops(
    conn: Connection,
    now: datetime,
    actor: Actor,
    event: str,
    changed: Iterable[Hold],
    reasons: Mapping[UUID, str | None] | None = None,
) -> None:
    stops = [{**vars(hold), "id": hold.hold_id} for hold in changed if hold.unit_id]
    tell_all(conn, now=now, actor=actor, event=event, states=stops, reasons=reasons)

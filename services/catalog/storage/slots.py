"""Slots: their rows, and the state that others are told."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.chassis.store import Connection

Row = dict[str, Any]

# What may still be held: nothing of a slot that is not open or has no room for another group.
FREE = """
case when slot.state = 'open' and (groups_limit is null or groups_taken < groups_limit)
     then seats - taken else 0 end
"""

SLOT = f"""
slot.id, slot.programme_id, slot.venue_id, slot.organisation_id, starts_at, ends_at, seats, taken,
groups_limit, groups_taken, round_id, slot.state, slot.version, {FREE} as free
"""

BUMP = f"update slot set version = version + 1 where id = any(%s) returning {SLOT}"


def bump(conn: Connection, slot_ids: Iterable[UUID]) -> list[Row]:
    """Give changed (locked) slots their next version; returns their whole states, in order of id."""
    return sorted(conn.execute(BUMP, [list(slot_ids)]).fetchall(), key=lambda row: row["id"])


def cancelled(conn: Connection, slot_ids: Iterable[UUID]) -> frozenset[UUID]:
    """Those of these slots that do not take place."""
    found = conn.execute("select id from slot where id = any(%s) and state = 'cancelled'", [list(slot_ids)])
    return frozenset(row["id"] for row in found.fetchall())


INSERT = """
insert into slot (id, programme_id, venue_id, organisation_id, starts_at, ends_at, seats, taken, groups_limit,
                  groups_taken, round_id, state, version)
values (%(id)s, %(programme_id)s, %(venue_id)s, %(organisation_id)s, %(starts_at)s, %(ends_at)s, %(seats)s, 0,
        %(groups_limit)s, 0, %(round_id)s, 'open', 1)
on conflict do nothing
"""


def insert(conn: Connection, row: Mapping[str, Any]) -> bool:
    """Publish a slot; false if its programme has one at that time."""
    return conn.execute(INSERT, row).rowcount == 1


FIND = f"select {SLOT} from slot where id = %s"


def find(conn: Connection, slot_id: UUID, *, lock: bool = False) -> Row | None:
    """One slot's whole state; locked against holds and changes if asked."""
    return conn.execute(FIND + (" for no key update" if lock else ""), [slot_id]).fetchone()


CHANGE = f"""
update slot set starts_at = %(starts_at)s, ends_at = %(ends_at)s, seats = %(seats)s,
                groups_limit = %(groups_limit)s, round_id = %(round_id)s, version = version + 1
 where id = %(id)s and version = %(version)s returning {SLOT}
"""


def change(conn: Connection, row: Mapping[str, Any]) -> Row:
    """Write a (locked) slot's capacity, time and round, and raise its version."""
    return conn.execute(CHANGE, row).fetchall()[0]


MOVE = f"""
update slot set state = %(to)s, version = version + 1 where id = any(%(ids)s) and state = any(%(of)s)
returning {SLOT}
"""


def move(conn: Connection, slot_ids: Iterable[UUID], *, of: Sequence[str], to: str) -> list[Row]:
    """Compare and set the state of (locked) slots; returns those that moved, in order of id."""
    rows = conn.execute(MOVE, {"ids": list(slot_ids), "of": list(of), "to": to}).fetchall()
    return sorted(rows, key=lambda row: row["id"])


LOCK_OF_VENUE = f"""
select {SLOT} from slot
 where venue_id = %(venue_id)s and state <> 'cancelled' and ends_at > %(now)s
   and starts_at < %(until)s and ends_at > %(from_)s
 order by id for no key update
"""


def lock_of_venue(
    conn: Connection, venue_id: UUID, *, from_: datetime, until: datetime, now: datetime
) -> list[Row]:
    """Lock the slots of a venue that touch a time and are not over, in order of id."""
    return conn.execute(
        LOCK_OF_VENUE, {"venue_id": venue_id, "from_": from_, "until": until, "now": now}
    ).fetchall()


LISTED = f"""
select {SLOT} from slot
  join programme on programme.id = slot.programme_id
  join organisation on organisation.id = slot.organisation_id
  left join venue on venue.id = slot.venue_id
 where ((slot.state = coalesce(%(state)s, 'open') and slot.state = 'open' and programme.state = 'published')
        or (slot.state = %(state)s and (slot.organisation_id = %(staff_of)s
            or (%(area)s::text is not null and organisation.adcode like %(area)s || '%%'))))
   and (%(programme_id)s::uuid is null or slot.programme_id = %(programme_id)s)
   and (%(venue_id)s::uuid is null or slot.venue_id = %(venue_id)s)
   and (%(organisation_id)s::uuid is null or slot.organisation_id = %(organisation_id)s)
   and (%(under)s::text is null or venue.adcode like %(under)s || '%%')
   and (%(from_)s::timestamptz is null or starts_at >= %(from_)s)
   and (%(until)s::timestamptz is null or starts_at < %(until)s)
   and (%(round_id)s::uuid is null or slot.round_id = %(round_id)s)
   and (%(at_once)s::boolean is null or (slot.round_id is null) = %(at_once)s)
   and (%(free)s::integer is null or {FREE} >= %(free)s)
   and (%(after_time)s::timestamptz is null or (starts_at, slot.id) > (%(after_time)s, %(after_id)s))
 order by starts_at, slot.id limit %(limit)s
"""
FILTERS = (
    "programme_id", "venue_id", "organisation_id", "under", "from_", "until", "round_id", "at_once", "free",
    "state",
)  # fmt: skip


def listed(
    conn: Connection,
    *,
    staff_of: UUID | None,
    area: str | None,
    filters: Mapping[str, Any],
    after: Sequence[Any] | None,
    limit: int,
) -> list[Row]:
    """Open slots of published programmes (or, to their owners, slots of the state asked for), by time."""
    after_time, after_id = after or (None, None)
    asker = {"staff_of": staff_of, "area": area, "limit": limit}
    known = dict.fromkeys(FILTERS) | dict(filters)
    return conn.execute(LISTED, {**known, **asker, "after_time": after_time, "after_id": after_id}).fetchall()

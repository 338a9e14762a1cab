"""Holds on seats and on units. Locks in this order: hold ids, slot rows, unit rows, each sorted by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.catalog.domain.holds import Hold, Place, Seats, Wish
from services.catalog.domain.units import Stop, Unit, Window
from services.chassis.store import Connection

Row = Mapping[str, Any]

LOCK_HOLD_IDS = """
select pg_advisory_xact_lock(hashtextextended(id::text, 0))
  from (select unnest(%s::uuid[]) as id order by 1) as wanted
"""


def lock_hold_ids(conn: Connection, hold_ids: Iterable[UUID]) -> None:
    """Let commands about the same holds wait for each other, also about holds that do not exist yet."""
    conn.execute(LOCK_HOLD_IDS, [list(hold_ids)])


LOCK_SLOTS = """
select slot.id, slot.state, starts_at, ends_at, seats, taken, groups_limit, groups_taken, round_id,
       programme.min_group, programme.max_group, programme.state as programme_state
  from slot join programme on programme.id = slot.programme_id
 where slot.id = any(%s) order by slot.id for no key update of slot
"""


def lock_slots(conn: Connection, slot_ids: Iterable[UUID]) -> dict[UUID, Seats]:
    """Lock these slots' rows in the order of their ids; an unknown one is missing from the answer."""
    rows = conn.execute(LOCK_SLOTS, [list(slot_ids)]).fetchall()
    return {row.pop("id"): Seats(**row) for row in rows}


LOCK_UNITS = """
select id, state, adcode, lat, lon, min_dwell_days, max_dwell_days, setup_days, min_group, max_group,
       travel_limit_km, round_id, windows, km_budget
  from unit where id = any(%s) order by id for no key update
"""


def lock_units(conn: Connection, unit_ids: Iterable[UUID]) -> dict[UUID, Unit]:
    """Lock these units' rows in the order of their ids; an unknown one is missing from the answer."""
    return {row["id"]: _unit(row) for row in conn.execute(LOCK_UNITS, [list(unit_ids)]).fetchall()}


HOLD = """
hold_id, state, version, match_id, leg_id, slot_id, unit_id, quantity, starts_at, ends_at,
lower(occupied) as occupied_from, lat, lon, adcode, round_id, expires_at, company_id, together
"""

HOLDS = f"select {HOLD} from hold where hold_id = any(%s)"


def holds(conn: Connection, hold_ids: Iterable[UUID]) -> dict[UUID, Hold]:
    """The holds, in whatever state, that these ids name."""
    return {row["hold_id"]: _hold(row) for row in conn.execute(HOLDS, [list(hold_ids)]).fetchall()}


STOPS = """
select unit_id, lower(occupied) as occupied_from, starts_at, ends_at, lat, lon, adcode from hold
 where unit_id = any(%s) and state in ('held', 'confirmed')
"""


def live_stops(conn: Connection, unit_ids: Iterable[UUID]) -> dict[UUID, list[Stop]]:
    """The live stops of each unit; a unit has a few hundred a year at most."""
    found: dict[UUID, list[Stop]] = {}
    for row in conn.execute(STOPS, [list(unit_ids)]).fetchall():
        stop = Stop(row["occupied_from"], row["starts_at"], row["ends_at"], _place(row))
        found.setdefault(row["unit_id"], []).append(stop)
    return found


TAKE_SEATS = """
with granted as (
    update slot set taken = taken + %(quantity)s, groups_taken = groups_taken + %(groups)s
     where id = %(slot_id)s and state = 'open' and taken + %(quantity)s <= seats
       and (groups_limit is null or groups_taken + %(groups)s <= groups_limit)
    returning id
)
insert into hold (hold_id, match_id, leg_id, slot_id, quantity, starts_at, ends_at, round_id, expires_at,
                  state, version, changed_at, company_id, together)
select %(hold_id)s, %(match_id)s, %(leg_id)s, id, %(quantity)s, %(starts_at)s, %(ends_at)s, %(round_id)s,
       %(expires_at)s, 'held', 1, %(now)s, %(company_id)s, %(together)s
  from granted
"""


def take_seats(conn: Connection, wish: Wish, now: datetime, *, groups: int = 1) -> bool:
    """Take the seats and note the hold, both or neither; false if the slot has not enough.

    It takes so many of the slot's `groups`: none where others of its company are there already.
    """
    more = {"slot_id": wish.resource_id, "groups": groups}
    together = {"company_id": wish.company_id, "together": wish.together}
    return conn.execute(TAKE_SEATS, _parameters(wish, now) | more | together).rowcount == 1


COMPANIES = """
select distinct slot_id, company_id from hold
 where slot_id = any(%s) and company_id is not null and state in ('held', 'confirmed')
"""


def companies(conn: Connection, slot_ids: Iterable[UUID]) -> set[tuple[UUID, UUID]]:
    """The companies of which somebody has seats in these (locked) slots, each with its slot."""
    rows = conn.execute(COMPANIES, [list(slot_ids)]).fetchall()
    return {(row["slot_id"], row["company_id"]) for row in rows}


INSERT_STOP = """
insert into hold (hold_id, match_id, leg_id, unit_id, quantity, starts_at, ends_at, occupied, lat, lon,
                  adcode, round_id, expires_at, state, version, changed_at)
values (%(hold_id)s, %(match_id)s, %(leg_id)s, %(unit_id)s, %(quantity)s, %(starts_at)s, %(ends_at)s,
        tstzrange(%(occupied_from)s, %(ends_at)s), %(lat)s, %(lon)s, %(adcode)s, %(round_id)s, %(expires_at)s,
        'held', 1, %(now)s)
"""


def insert_stop(conn: Connection, wish: Wish, stop: Stop, now: datetime) -> None:
    """Hold the unit; raises psycopg.errors.ExclusionViolation if it overlaps a live stop."""
    place = {"lat": stop.place.lat, "lon": stop.place.lon, "adcode": stop.place.adcode}
    extra = {"unit_id": wish.resource_id, "occupied_from": stop.occupied_from}
    conn.execute(INSERT_STOP, _parameters(wish, now) | place | extra)


EXTEND = """
update hold set expires_at = wanted.expires_at, changed_at = %s
  from (select unnest(%s::uuid[]) as hold_id, unnest(%s::timestamptz[]) as expires_at) as wanted
 where hold.hold_id = wanted.hold_id and state = 'held' and hold.expires_at < wanted.expires_at
"""


def extend(conn: Connection, expiries: Mapping[UUID, datetime], now: datetime) -> None:
    """Move the expiry of held holds later; an earlier one changes nothing."""
    conn.execute(EXTEND, [now, list(expiries), list(expiries.values())])


MOVE = f"""
update hold set state = %(to)s, version = version + 1, changed_at = %(now)s
 where hold_id = any(%(hold_ids)s) and state = any(%(of)s)
returning {HOLD}
"""


def move(
    conn: Connection, hold_ids: Iterable[UUID], *, of: Sequence[str], to: str, now: datetime
) -> list[Hold]:
    """Compare and set the state; returns those that moved. Seats are the caller's to give back."""
    rows = conn.execute(MOVE, {"hold_ids": list(hold_ids), "of": list(of), "to": to, "now": now}).fetchall()
    return [_hold(row) for row in rows]


EXPIRE = f"""
update hold set state = 'expired', version = version + 1, changed_at = %(now)s
 where (slot_id = any(%(slot_ids)s) or unit_id = any(%(unit_ids)s))
   and state = 'held' and expires_at <= %(now)s
returning {HOLD}
"""


def expire(conn: Connection, slot_ids: Iterable[UUID], unit_ids: Iterable[UUID], now: datetime) -> list[Hold]:
    """Expire what has lapsed of these (locked) slots and units; seats are the caller's to give back."""
    parameters = {"slot_ids": list(slot_ids), "unit_ids": list(unit_ids), "now": now}
    return [_hold(row) for row in conn.execute(EXPIRE, parameters).fetchall()]


RETURN_SEATS = """
update slot set taken = taken - freed.seats, groups_taken = groups_taken - freed.groups
  from (select slot_id, sum(quantity) as seats,
               count(*) filter (where company_id is null)
                   + count(distinct company_id) filter (where not exists (
                       select from hold other where other.slot_id = given.slot_id
                          and other.company_id = given.company_id and other.state in ('held', 'confirmed')
                     )) as groups
          from unnest(%s::uuid[], %s::integer[], %s::uuid[]) as given (slot_id, quantity, company_id)
         group by slot_id) as freed
 where slot.id = freed.slot_id
"""


def return_seats(conn: Connection, ended: Iterable[Hold]) -> None:
    """Give back the seats of holds that this transaction has ended (their slots are locked).

    A company gives its place among the groups back when the last of it goes.
    """
    seats = [hold for hold in ended if hold.slot_id]
    companies = [hold.company_id for hold in seats]
    conn.execute(RETURN_SEATS, [[h.slot_id for h in seats], [h.quantity for h in seats], companies])


LAPSED = """
select slot_id, unit_id from hold where state = 'held' and expires_at <= %s order by expires_at limit %s
"""


def lapsed(conn: Connection, now: datetime, limit: int) -> tuple[set[UUID], set[UUID]]:
    """Slots and units that have holds to be expired, found without a lock."""
    rows = conn.execute(LAPSED, [now, limit]).fetchall()
    return {r["slot_id"] for r in rows if r["slot_id"]}, {r["unit_id"] for r in rows if r["unit_id"]}


BURY = """
insert into hold (hold_id, state, version, changed_at)
select id, 'refused_late', 1, %s from (select unnest(%s::uuid[]) as id order by 1) as unknown
"""


def bury(conn: Connection, hold_ids: Iterable[UUID], now: datetime) -> None:
    """Leave tombstones that refuse these holds if they come after their release."""
    conn.execute(BURY, [now, list(hold_ids)])


LIVE_OF_SLOTS = """
select distinct match_id from hold
 where slot_id = any(%s) and state in ('held', 'confirmed') order by match_id
"""


def live_matches(conn: Connection, slot_ids: Iterable[UUID]) -> list[UUID]:
    """Matches that hold or have reserved seats in these slots."""
    return [row["match_id"] for row in conn.execute(LIVE_OF_SLOTS, [list(slot_ids)]).fetchall()]


COUNT_LIVE = """
select case when slot_id is null then 'unit' else 'slot' end as kind, state, count(*) as value
  from hold where state in ('held', 'confirmed') group by 1, 2
"""


def count_live(conn: Connection) -> dict[tuple[str, str], int]:
    """How many holds there are by kind of resource and state."""
    return {(r["kind"], r["state"]): r["value"] for r in conn.execute(COUNT_LIVE).fetchall()}


def _parameters(wish: Wish, now: datetime) -> dict[str, Any]:
    names = ("hold_id", "match_id", "leg_id", "quantity", "starts_at", "ends_at", "round_id", "expires_at")
    return {**{name: getattr(wish, name) for name in names}, "now": now}


def _hold(row: Row) -> Hold:
    rest = {key: row[key] for key in row if key not in ("lat", "lon", "adcode")}
    return Hold(**rest, place=None if row["lat"] is None else _place(row))


def _place(row: Row) -> Place:
    return Place(row["lat"], row["lon"], row["adcode"])


def _unit(row: Row) -> Unit:
    rest = {key: row[key] for key in row if key not in ("adcode", "lat", "lon", "windows")}
    return Unit(**rest, base=_place(row), windows=[_window(window) for window in row["windows"]])


def _window(window: Mapping[str, str]) -> Window:
    return Window(datetime.fromisoformat(window["starts_at"]), datetime.fromisoformat(window["ends_at"]))

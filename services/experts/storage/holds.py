"""Engagements: holds on experts' time. Locks in this order: hold ids, then expert rows, each sorted by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from services.chassis.store import Connection
from services.experts.domain import Appointment, Engagement, Limits, Place, Wish

Row = Mapping[str, Any]
# Caps look at a calendar month, and a month's last week may reach into the next: this covers both.
AROUND = timedelta(days=45)


# -- locks, in this order: hold ids, then expert rows ------------------------------------------------------

LOCK_HOLD_IDS = """
select pg_advisory_xact_lock(hashtextextended(id::text, 0))
  from (select unnest(%s::uuid[]) as id order by 1) as wanted
"""


def lock_hold_ids(conn: Connection, hold_ids: Iterable[UUID]) -> None:
    """Let commands about the same holds wait for each other, also about holds that do not exist yet."""
    conn.execute(LOCK_HOLD_IDS, [list(hold_ids)])


LOCK_EXPERTS = """
select id, state, adcode, lat, lon, travel_limit_km, cap_day, cap_week, cap_month,
       rest_minutes, daylight_only
  from expert where id = any(%s) order by id for no key update
"""


def lock_experts(conn: Connection, expert_ids: Iterable[UUID]) -> dict[UUID, Limits]:
    """Lock these experts' rows in the order of their ids; an unknown one is missing from the answer."""
    rows = conn.execute(LOCK_EXPERTS, [list(expert_ids)]).fetchall()
    return {row["id"]: _limits(row) for row in rows}


def _limits(row: Row) -> Limits:
    return Limits(
        state=row["state"],
        home=_place(row),
        travel_limit_km=row["travel_limit_km"],
        cap_day=row["cap_day"],
        cap_week=row["cap_week"],
        cap_month=row["cap_month"],
        rest_minutes=row["rest_minutes"],
        daylight_only=row["daylight_only"],
    )


# -- engagements -------------------------------------------------------------------------------------------

ENGAGEMENT = """
hold_id, state, version, match_id, leg_id, expert_id, quantity, starts_at, ends_at, lat, lon, adcode,
round_id, expires_at
"""

ENGAGEMENTS = f"select {ENGAGEMENT} from engagement where hold_id = any(%s)"


def engagements(conn: Connection, hold_ids: Iterable[UUID]) -> dict[UUID, Engagement]:
    """The engagements, in whatever state, that these ids name."""
    rows = conn.execute(ENGAGEMENTS, [list(hold_ids)]).fetchall()
    return {row["hold_id"]: _engagement(row) for row in rows}


BOOKED = """
select expert_id, starts_at, ends_at, lat, lon, adcode from engagement
 where expert_id = any(%s) and state in ('held', 'confirmed') and starts_at between %s and %s
"""


def booked(
    conn: Connection, expert_ids: Iterable[UUID], first: datetime, last: datetime
) -> dict[UUID, list[Appointment]]:
    """Live engagements per expert, from 45 days before `first` to 45 days after `last`."""
    found: dict[UUID, list[Appointment]] = {}
    for row in conn.execute(BOOKED, [list(expert_ids), first - AROUND, last + AROUND]).fetchall():
        appointment = Appointment(row["starts_at"], row["ends_at"], _place(row))
        found.setdefault(row["expert_id"], []).append(appointment)
    return found


INSERT = """
insert into engagement (hold_id, match_id, leg_id, expert_id, quantity, starts_at, ends_at, lat, lon, adcode,
                        round_id, expires_at, state, version, changed_at)
values (%(hold_id)s, %(match_id)s, %(leg_id)s, %(expert_id)s, %(quantity)s, %(starts_at)s, %(ends_at)s,
        %(lat)s, %(lon)s, %(adcode)s, %(round_id)s, %(expires_at)s, 'held', 1, %(now)s)
"""


def insert_engagement(conn: Connection, wish: Wish, now: datetime) -> None:
    """Hold the time; raises psycopg.errors.ExclusionViolation if it overlaps a live engagement."""
    assert wish.place is not None
    conn.execute(
        INSERT,
        {
            "hold_id": wish.hold_id,
            "match_id": wish.match_id,
            "leg_id": wish.leg_id,
            "expert_id": wish.resource_id,
            "quantity": wish.quantity,
            "starts_at": wish.starts_at,
            "ends_at": wish.ends_at,
            "lat": wish.place.lat,
            "lon": wish.place.lon,
            "adcode": wish.place.adcode,
            "round_id": wish.round_id,
            "expires_at": wish.expires_at,
            "now": now,
        },
    )


EXTEND = """
update engagement set expires_at = wanted.expires_at, changed_at = %s
  from (select unnest(%s::uuid[]) as hold_id, unnest(%s::timestamptz[]) as expires_at) as wanted
 where engagement.hold_id = wanted.hold_id and state = 'held' and engagement.expires_at < wanted.expires_at
"""


def extend(conn: Connection, expiries: Mapping[UUID, datetime], now: datetime) -> None:
    """Move the expiry of held engagements later; an earlier one changes nothing."""
    conn.execute(EXTEND, [now, list(expiries), list(expiries.values())])


MOVE = f"""
update engagement set state = %(to)s, version = version + 1, changed_at = %(now)s
 where hold_id = any(%(hold_ids)s) and state = any(%(of)s)
returning {ENGAGEMENT}
"""


def move(
    conn: Connection, hold_ids: Iterable[UUID], *, of: Sequence[str], to: str, now: datetime
) -> list[Engagement]:
    """Compare and set the state; returns those that moved."""
    rows = conn.execute(MOVE, {"hold_ids": list(hold_ids), "of": list(of), "to": to, "now": now}).fetchall()
    return [_engagement(row) for row in rows]


EXPIRE = f"""
update engagement set state = 'expired', version = version + 1, changed_at = %(now)s
 where expert_id = any(%(expert_ids)s) and state = 'held' and expires_at <= %(now)s
returning {ENGAGEMENT}
"""


def expire(conn: Connection, expert_ids: Iterable[UUID], now: datetime) -> list[Engagement]:
    """Expire what has lapsed of these (locked) experts; returns it."""
    rows = conn.execute(EXPIRE, {"expert_ids": list(expert_ids), "now": now}).fetchall()
    return [_engagement(row) for row in rows]


LAPSED = """
select distinct expert_id from engagement
 where state = 'held' and expires_at <= %s order by expert_id limit %s
"""


def experts_with_lapsed(conn: Connection, now: datetime, limit: int) -> list[UUID]:
    """Experts who have engagements to be expired, found without a lock."""
    return [row["expert_id"] for row in conn.execute(LAPSED, [now, limit]).fetchall()]


BURY = """
insert into engagement (hold_id, state, version, changed_at)
select id, 'refused_late', 1, %s from (select unnest(%s::uuid[]) as id order by 1) as unknown
"""


def bury(conn: Connection, hold_ids: Iterable[UUID], now: datetime) -> None:
    """Leave tombstones that refuse these holds if they come after their release."""
    conn.execute(BURY, [now, list(hold_ids)])


COUNT_LIVE = """
select state, count(*) as value from engagement where state in ('held', 'confirmed') group by state
"""


def count_live(conn: Connection) -> dict[str, int]:
    """How many engagements are held and how many confirmed."""
    return {row["state"]: row["value"] for row in conn.execute(COUNT_LIVE).fetchall()}


def _engagement(row: Row) -> Engagement:
    return Engagement(
        **{key: row[key] for key in row if key not in ("lat", "lon", "adcode")},
        place=None if row["lat"] is None else _place(row),
    )


def _place(row: Row) -> Place:
    return Place(row["lat"], row["lon"], row["adcode"])

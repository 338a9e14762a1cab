"""What a solve needs to know of the world: requests, capacity not yet taken, time not yet promised."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.chassis.store import Connection
from services.matcher.domain import LIVE

Row = dict[str, Any]


class NotCounted(NamedTuple):
    """What takes nothing: drafts of the rounds `ignoring` not set by hand, and the matches `without`.

    Nor does anything of the round `undone` that was not set by hand, published or not: for a copy of the
    world in which that round was never solved.
    """

    ignoring: list[UUID]
    without: list[UUID]
    undone: UUID | None = None


def requests(conn: Connection, request_ids: Sequence[UUID], but: NotCounted) -> list[Row]:
    """The requests, with their rounds' states and when their school was last served."""
    return conn.execute(
        "select r.*, (d.policy ->> 'most_per_school')::int as most_per_school,"
        "       (select max(m.ends_at) from matches m where m.school_id = r.school_id"
        "              and m.state in ('confirmed', 'delivered')"
        "              and (%(undone)s::uuid is null or m.pinned or m.state = 'delivered'"
        "                   or m.round_id is distinct from %(undone)s)) as last_served"
        "  from known_request r left join rounds d on d.id = r.round_id"
        " where r.id = any(%(ids)s) order by r.id",
        {"ids": list(request_ids), "undone": but.undone},
    ).fetchall()


def appointments(conn: Connection, schools: Sequence[UUID], but: NotCounted) -> list[Row]:
    """What these schools have or had, with the class that it is for and the way there; as `slots`."""
    return conn.execute(
        """
        select m.id, m.school_id, m.starts_at, m.ends_at, r.class_name,
               r.lat as home_lat, r.lon as home_lon, l.lat, l.lon
          from matches m
          join known_request r on r.id = m.request_id
          join lateral (select lat, lon from legs where match_id = m.id order by position limit 1) l on true
         where m.school_id = any(%(schools)s) and m.state = any(%(counted)s)
           and m.id <> all(%(without)s)
           and (%(undone)s::uuid is null or m.pinned or m.round_id is distinct from %(undone)s)
           and not (m.state = 'proposed' and not m.pinned and m.version = 0
                    and m.next_step_at is null and coalesce(m.round_id = any(%(ignoring)s), false))
         order by m.id
        """,
        {"schools": list(schools), "counted": [*LIVE, "delivered", "no_show"], **but._asdict()},
    ).fetchall()


def programmes(conn: Connection) -> list[Row]:
    """Published programmes, with the kind of their venue."""
    return conn.execute("select * from known_programme where state = 'published' order by id").fetchall()


def slots(conn: Connection, *, after: datetime, rounds: Sequence[UUID], but: NotCounted) -> list[Row]:
    """Open slots, at active venues or online, that at-once requests or those of `rounds` may use.

    With what is left of them: the lesser of what the owner says is free, less what matcher means to hold and
    has not yet, and of all seats less everything that matcher has on them, but what is not counted.
    """
    return conn.execute(
        """
        with ours as (
            select l.resource_id, sum(l.quantity) as seats,
                   count(distinct coalesce(m.company_id, m.id)) as groups,
                   coalesce(sum(l.quantity) filter (where m.state in ('proposed', 'holding')), 0) as coming,
                   count(distinct coalesce(m.company_id, m.id))
                       filter (where m.state in ('proposed', 'holding')) as coming_groups
              from legs l join matches m on m.id = l.match_id
             where l.resource_kind = 'slot' and m.state = any(%(live)s) and l.ends_at > %(after)s
               and m.id <> all(%(without)s)
               and (%(undone)s::uuid is null or m.pinned or m.round_id is distinct from %(undone)s)
               and not (m.state = 'proposed' and not m.pinned and m.version = 0
                        and m.next_step_at is null and coalesce(m.round_id = any(%(ignoring)s), false))
             group by l.resource_id),
        back as (
            select l.resource_id, sum(l.quantity) as seats,
                   count(distinct coalesce(m.company_id, m.id)) as groups
              from legs l join matches m on m.id = l.match_id
             where m.round_id = %(undone)s and not m.pinned and l.resource_kind = 'slot'
               and m.state = any(%(live)s) and l.state in ('held', 'reserved')
             group by l.resource_id)
        select s.id, s.programme_id, s.organisation_id, s.venue_id, s.starts_at, s.ends_at, s.round_id,
               s.seats, v.lat, v.lon, v.adcode, v.kind as venue_kind,
               least(s.free + coalesce(b.seats, 0) - coalesce(o.coming, 0),
                     s.seats - coalesce(o.seats, 0))::int as free,
               (s.groups_limit - greatest(s.groups_taken - coalesce(b.groups, 0)
                                              + coalesce(o.coming_groups, 0),
                                          coalesce(o.groups, 0)))::int as groups_left
          from known_slot s
          join known_programme p on p.id = s.programme_id
          left join known_venue v on v.id = s.venue_id
          left join ours o on o.resource_id = s.id
          left join back b on b.resource_id = s.id
         where s.state = 'open' and s.starts_at > %(after)s
           and (v.state = 'active' or (s.venue_id is null and p.place = 'online'))
           and (s.round_id is null or s.round_id = any(%(rounds)s))
         order by s.id
        """,
        {"after": after, "rounds": list(rounds), "live": list(LIVE), **but._asdict()},
    ).fetchall()


def shared_resources(conn: Connection, resource_ids: Sequence[UUID]) -> list[Row]:
    """These rooms, guides, kits and coaches, as far as they are known."""
    return conn.execute(
        "select id, kind, number from known_shared_resource where id = any(%s) order by id",
        [list(resource_ids)],
    ).fetchall()


def lent(conn: Connection, resource_ids: Sequence[UUID], *, after: datetime, but: NotCounted) -> list[Row]:
    """What groups with seats have of these resources, by what their programmes need now; as `slots`.

    Groups that come together have it once.
    """
    return conn.execute(
        """
        select distinct on (n.resource_id, l.resource_id, coalesce(m.company_id, m.id), l.starts_at)
               n.resource_id, n.quantity, l.starts_at, l.ends_at
          from legs l
          join matches m on m.id = l.match_id
          join known_programme p on p.id = l.programme_id and p.needs <> '[]'
          cross join lateral jsonb_to_recordset(p.needs) as n (resource_id uuid, quantity integer)
         where l.resource_kind = 'slot' and l.ends_at > %(after)s and m.state = any(%(live)s)
           and l.state in ('wanted', 'held', 'reserved') and n.resource_id = any(%(resources)s)
           and m.id <> all(%(without)s)
           and (%(undone)s::uuid is null or m.pinned or m.round_id is distinct from %(undone)s)
           and not (m.state = 'proposed' and not m.pinned and m.version = 0
                    and m.next_step_at is null and coalesce(m.round_id = any(%(ignoring)s), false))
         order by n.resource_id, l.resource_id, coalesce(m.company_id, m.id), l.starts_at, l.id
        """,
        {"after": after, "resources": list(resource_ids), "live": list(LIVE), **but._asdict()},
    ).fetchall()


def experts(conn: Connection) -> list[Row]:
    """Experts who take engagements."""
    return conn.execute("select * from known_expert where state = 'active' order by id").fetchall()


def units(conn: Connection) -> list[Row]:
    """Travelling units that take stops."""
    return conn.execute("select * from known_unit where state = 'active' order by id").fetchall()


def engagements(conn: Connection, *, after: datetime, but: NotCounted) -> list[Row]:
    """Experts' appointments: what their owner has told and what matcher has or means to have, each once.

    From `after` on, which the caller sets early enough for caps that count a whole month.
    """
    return conn.execute(
        """
        select id as hold_id, expert_id as resource_id, starts_at, ends_at, lat, lon
          from known_engagement where state in ('held', 'confirmed') and ends_at > %(after)s
           and not exists (select from matches u where u.id = match_id and u.round_id = %(undone)s
                                                   and u.state = any(%(live)s) and not u.pinned)
        union all
        select l.hold_id, l.resource_id, l.starts_at, l.ends_at, l.lat, l.lon
          from legs l join matches m on m.id = l.match_id
         where l.resource_kind = 'expert' and l.ends_at > %(after)s and m.state = any(%(live)s)
           and l.state in ('wanted', 'held', 'reserved')
           and not exists (select from known_engagement k where k.id = l.hold_id)
           and m.id <> all(%(without)s)
           and (%(undone)s::uuid is null or m.pinned or m.round_id is distinct from %(undone)s)
           and not (m.state = 'proposed' and not m.pinned and m.version = 0
                    and m.next_step_at is null and coalesce(m.round_id = any(%(ignoring)s), false))
         order by 1
        """,
        {"after": after, "live": list(LIVE), **but._asdict()},
    ).fetchall()


def stops(conn: Connection, *, after: datetime, but: NotCounted) -> list[Row]:
    """Travelling units' stops, set-up days included; as `engagements`."""
    return conn.execute(
        """
        select id as hold_id, unit_id as resource_id, occupied_from as starts_at, ends_at, lat, lon
          from known_stop where state in ('held', 'confirmed') and ends_at > %(after)s
           and not exists (select from matches u where u.id = match_id and u.round_id = %(undone)s
                                                   and u.state = any(%(live)s) and not u.pinned)
        union all
        select l.hold_id, l.resource_id, l.occupied_from, l.ends_at, l.lat, l.lon
          from legs l join matches m on m.id = l.match_id
         where l.resource_kind = 'unit' and l.ends_at > %(after)s and m.state = any(%(live)s)
           and l.state in ('wanted', 'held', 'reserved')
           and not exists (select from known_stop k where k.id = l.hold_id)
           and m.id <> all(%(without)s)
           and (%(undone)s::uuid is null or m.pinned or m.round_id is distinct from %(undone)s)
           and not (m.state = 'proposed' and not m.pinned and m.version = 0
                    and m.next_step_at is null and coalesce(m.round_id = any(%(ignoring)s), false))
         order by 1
        """,
        {"after": after, "live": list(LIVE), **but._asdict()},
    ).fetchall()


def calendars(conn: Connection) -> list[Row]:
    """The years' days."""
    return conn.execute("select year, days from known_calendar order by year").fetchall()


def terms(conn: Connection) -> list[Row]:
    """All terms of all areas."""
    row = conn.execute("select terms from known_terms order by version desc limit 1").fetchone()
    return list(row["terms"]) if row else []

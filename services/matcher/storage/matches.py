"""Matches with their legs and agreements: read whole, written by compare-and-set, claimed by the saga."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg import sql
from psycopg.types.json import Jsonb

from services.chassis.store import Connection
from services.matcher.domain import DRIVEN, LIVE, Agreement, Leg, Match, Place

Row = dict[str, Any]
# Any number, as long as every solution asks for the same one.
WRITE_LOCK = 4_711_000_100
_PARTS = ("legs", "agreements")
_COLUMNS = tuple(each.name for each in fields(Match) if each.name not in _PARTS)
_LEG = tuple(each.name for each in fields(Leg) if each.name != "place")
# Never changes after the match was made: not written again.
_FIXED = frozenset(
    {
        "id",
        "request_id",
        "round_id",
        "school_id",
        "school_name",
        "adcode",
        "township",
        "created_at",
        "version",
        "replaces",
    }
)


def write_alone(conn: Connection) -> None:
    """Keep other solutions that schools share something in waiting until this transaction ends."""
    conn.execute("select pg_advisory_xact_lock(%s)", [WRITE_LOCK])


def insert(conn: Connection, match: Match) -> None:
    """Write a new match with its legs; raises UniqueViolation if its request has a live one."""
    conn.execute(_insert("matches", _COLUMNS), _values(match))
    for leg in match.legs:
        _insert_leg(conn, match.id, leg)
    _insert_agreements(conn, match)


def get(conn: Connection, match_id: UUID) -> Match | None:
    """One match, whole."""
    return next(iter(_whole(conn, conn.execute("select * from matches where id = %s", [match_id]))), None)


def lock(conn: Connection, match_id: UUID) -> Match | None:
    """One match, whole, for this transaction alone."""
    rows = conn.execute("select * from matches where id = %s for update", [match_id])
    return next(iter(_whole(conn, rows)), None)


def many(conn: Connection, match_ids: Iterable[UUID]) -> list[Match]:
    """Several matches, whole, by id."""
    return _whole(
        conn, conn.execute("select * from matches where id = any(%s) order by id", [list(match_ids)])
    )


def save(conn: Connection, before: Match, after: Match) -> bool:
    """Write `after` if the match is still in the state and version of `before`, which then goes up by one.

    Returns False, and writes nothing, if something else has moved it.
    """
    names = [name for name in _COLUMNS if name not in _FIXED]
    done = conn.execute(
        sql.SQL(
            "update matches set {}, claimed_until = null, version = version + 1"
            " where id = %(id)s and state = %(seen_state)s and version = %(seen_version)s"
        ).format(_assignments(names)),
        {**_values(after), "seen_state": before.state, "seen_version": before.version},
    )
    if done.rowcount != 1:
        return False
    _save_parts(conn, before, after)
    return True


def rewrite_draft(conn: Connection, draft: Match) -> None:
    """Replace a draft's content and legs; the caller has locked it."""
    names = [name for name in _COLUMNS if name not in _FIXED]
    statement = sql.SQL("update matches set {} where id = %(id)s and state = 'proposed'")
    conn.execute(statement.format(_assignments(names)), _values(draft))
    conn.execute("delete from legs where match_id = %s", [draft.id])
    for leg in draft.legs:
        _insert_leg(conn, draft.id, leg)


def drop_drafts(conn: Connection, round_id: UUID, now: datetime, code: str, *, keep_pinned: bool) -> int:
    """Supersede a round's drafts (they were never published); those set by hand only on demand."""
    return conn.execute(
        "update matches set state = 'superseded', reason_code = %s, ended_at = %s, next_step_at = null"
        " where round_id = %s and state = 'proposed' and version = 0 and next_step_at is null"
        "   and not (pinned and %s)",
        [code, now, round_id, keep_pinned],
    ).rowcount


def drop_draft_of(conn: Connection, request_id: UUID, now: datetime, code: str) -> bool:
    """Supersede the draft of a request, if it has one that nobody has heard of."""
    return (
        conn.execute(
            "update matches set state = 'superseded', reason_code = %s, ended_at = %s, next_step_at = null"
            " where request_id = %s and state = 'proposed' and version = 0",
            [code, now, request_id],
        ).rowcount
        == 1
    )


def drop_by_hand(conn: Connection, match_id: UUID, now: datetime, code: str, reason: str) -> None:
    """Take back a draft by hand; the caller has locked it."""
    conn.execute(
        "update matches set state = 'superseded', reason_code = %s, reason = %s,"
        "       ended_at = %s, next_step_at = null where id = %s and state = 'proposed' and version = 0",
        [code, reason, now, match_id],
    )


def start_drafts(conn: Connection, round_id: UUID, now: datetime) -> int:
    """Hand a round's drafts to the saga."""
    return conn.execute(
        "update matches set next_step_at = %s"
        " where round_id = %s and state = 'proposed' and next_step_at is null",
        [now, round_id],
    ).rowcount


def drafts(conn: Connection, round_ids: Iterable[UUID]) -> list[Match]:
    """Drafts of rounds that nobody has heard of and no hand has set, in order."""
    return _whole(
        conn,
        conn.execute(
            "select * from matches where round_id = any(%s) and state = 'proposed' and version = 0"
            "   and next_step_at is null and not pinned order by id",
            [list(round_ids)],
        ),
    )


def taken_since(conn: Connection, round_id: UUID, job_id: UUID, begun_at: datetime) -> list[Leg]:
    """Legs of live matches that a solve of a round does not know of: made since, or set by hand."""
    rows = conn.execute(
        "select l.* from legs l join matches m on m.id = l.match_id"
        " where m.state = any(%(live)s) and l.state in ('wanted', 'held', 'reserved')"
        "   and (m.round_id is distinct from %(round)s and m.created_at >= %(begun)s"
        "        or m.round_id = %(round)s and m.job_id = %(job)s and m.pinned) order by l.id",
        {"live": list(LIVE), "round": round_id, "job": job_id, "begun": begun_at},
    ).fetchall()
    return [_leg(row) for row in rows]


def live_of_request(conn: Connection, request_id: UUID) -> list[UUID]:
    """The request's live matches that are no drafts: one, or while an offer is being moved two."""
    rows = conn.execute(
        "select id from matches where request_id = %s and state = any(%s) and state <> 'proposed'"
        " order by id",
        [request_id, list(LIVE)],
    )
    return [row["id"] for row in rows]


def is_being_moved(conn: Connection, match_id: UUID) -> bool:
    """Whether a live match is to replace this one."""
    return (
        conn.execute(
            "select from matches where replaces = %s and state = any(%s)", [match_id, list(LIVE)]
        ).fetchone()
        is not None
    )


def stand_alone(conn: Connection, ended_id: UUID) -> None:
    """What was offered in an ended match's stead is from now on the only live match of its request."""
    conn.execute(
        "update matches set replaces = null where replaces = %s"
        " and state in ('offered', 'confirming', 'confirmed')",
        [ended_id],
    )


def live_on(conn: Connection, resource_kind: str, resource_id: UUID) -> list[Row]:
    """Live matches with a leg on a resource, the leg's times beside them; drafts included."""
    return conn.execute(
        "select m.id, m.request_id, m.state, l.starts_at, l.ends_at"
        "  from legs l join matches m on m.id = l.match_id"
        " where l.resource_kind = %s and l.resource_id = %s and m.state = any(%s) order by m.id",
        [resource_kind, resource_id, list(LIVE)],
    ).fetchall()


def of_hold(conn: Connection, hold_id: UUID) -> UUID | None:
    """The match that a hold belongs to."""
    row = conn.execute("select match_id from legs where hold_id = %s", [hold_id]).fetchone()
    return row["match_id"] if row else None


# -- the saga's


def claim(conn: Connection, *, now: datetime, until: datetime, limit: int) -> list[Match]:
    """Matches with a step due, claimed until then; what another process has claimed is left to it."""
    rows = conn.execute(
        "update matches set claimed_until = %(until)s where id in ("
        "  select id from matches where next_step_at <= %(now)s and state = any(%(driven)s)"
        "     and (claimed_until is null or claimed_until < %(now)s)"
        "   order by next_step_at limit %(limit)s for update skip locked)"
        " returning *",
        {"now": now, "until": until, "limit": limit, "driven": list(DRIVEN)},
    )
    return _whole(conn, rows)


def overdue(conn: Connection, *, now: datetime, limit: int) -> list[UUID]:
    """Offers whose deadline has passed, locked; those that another transaction works on are left to it."""
    rows = conn.execute(
        "select id from matches where state = 'offered' and deadline <= %s"
        " order by deadline limit %s for update skip locked",
        [now, limit],
    )
    return [row["id"] for row in rows]


def retry_later(conn: Connection, match: Match, at: datetime) -> None:
    """Note that a step failed and when to try again; a match that moved meanwhile is left alone."""
    conn.execute(
        "update matches set next_step_at = %s, failures = failures + 1, claimed_until = null"
        " where id = %s and state = %s and version = %s",
        [at, match.id, match.state, match.version],
    )


def set_hold_until(conn: Connection, match: Match, until: datetime) -> None:
    """Note until when the match's holds were asked to last, before they are asked for."""
    conn.execute(
        "update matches set hold_until = %s where id = %s and version = %s", [until, match.id, match.version]
    )


# -- rows to values and back


def _whole(conn: Connection, rows: Iterable[Row]) -> list[Match]:
    found = list(rows)
    ids = [row["id"] for row in found]
    legs = _by_match(conn.execute("select * from legs where match_id = any(%s) order by position", [ids]))
    agreed = _by_match(
        conn.execute("select * from agreements where match_id = any(%s) order by position", [ids])
    )
    return [_match(row, legs.get(row["id"], []), agreed.get(row["id"], [])) for row in found]


def _by_match(rows: Iterable[Row]) -> dict[UUID, list[Row]]:
    found: dict[UUID, list[Row]] = {}
    for row in rows:
        found.setdefault(row["match_id"], []).append(row)
    return found


def _match(row: Row, legs: Iterable[Row], agreements: Iterable[Row]) -> Match:
    values = {name: row[name] for name in _COLUMNS}
    return Match(
        **{**values, "topics": tuple(row["topics"]), "grades": tuple(row["grades"])},
        legs=tuple(_leg(leg) for leg in legs),
        agreements=tuple(_agreement(agreement) for agreement in agreements),
    )


def _leg(row: Row) -> Leg:
    return Leg(**{name: row[name] for name in _LEG}, place=Place(row["lat"], row["lon"], row["adcode"]))


def _agreement(row: Row) -> Agreement:
    return Agreement(**{each.name: row[each.name] for each in fields(Agreement)})


def _values(match: Match) -> Row:
    values = {name: getattr(match, name) for name in _COLUMNS}
    ended_by = Jsonb(dict(match.ended_by)) if match.ended_by is not None else None
    return {**values, "ended_by": ended_by, "topics": list(match.topics), "grades": list(match.grades)}


def _insert_leg(conn: Connection, match_id: UUID, leg: Leg) -> None:
    values = {name: getattr(leg, name) for name in _LEG}
    place = {"lat": leg.place.lat, "lon": leg.place.lon, "adcode": leg.place.adcode}
    row = {**values, **place, "match_id": match_id}
    conn.execute(_insert("legs", tuple(row)), row)


def _insert_agreements(conn: Connection, match: Match) -> None:
    for position, agreement in enumerate(match.agreements):
        values = {each.name: getattr(agreement, each.name) for each in fields(Agreement)}
        row = {**values, "match_id": match.id, "position": position}
        conn.execute(_insert("agreements", tuple(row)), row)


def _save_parts(conn: Connection, before: Match, after: Match) -> None:
    states = {leg.id: leg.state for leg in before.legs}
    for leg in after.legs:
        if states[leg.id] != leg.state:
            conn.execute("update legs set state = %s where id = %s", [leg.state, leg.id])
    if before.agreements != after.agreements:
        conn.execute("delete from agreements where match_id = %s", [after.id])
        _insert_agreements(conn, after)


def _assignments(names: Iterable[str]) -> sql.Composed:
    return sql.SQL(", ").join(
        sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in names
    )


def _insert(table: str, columns: tuple[str, ...]) -> sql.Composed:
    return sql.SQL("insert into {} ({}) values ({})").format(
        sql.Identifier(table),
        sql.SQL(", ").join(map(sql.Identifier, columns)),
        sql.SQL(", ").join(map(sql.Placeholder, columns)),
    )


def counted(rows: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """`state, number` rows as a dictionary."""
    return {row["state"]: row["number"] for row in rows}

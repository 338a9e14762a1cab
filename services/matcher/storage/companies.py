"""Matches whose groups come to a session together."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from services.chassis.store import Connection
from services.matcher.domain import LIVE, Match
from services.matcher.storage import matches

# Who is still to come; a match that is being released is not.
_COMING = tuple(state for state in LIVE if state != "releasing")


def changed(conn: Connection, limit: int) -> list[UUID]:
    """Companies in which fewer come than those say who do."""
    rows = conn.execute(
        "select company_id from matches where company_id is not null and state = any(%s)"
        " group by company_id having sum(group_size) <> max(company_people) limit %s",
        [list(_COMING), limit],
    ).fetchall()
    return [row["company_id"] for row in rows]


def lock(conn: Connection, company_id: UUID) -> list[UUID]:
    """Who of a company is still to come, locked in order of id."""
    rows = conn.execute(
        "select id from matches where company_id = %s and state = any(%s) order by id for update",
        [company_id, list(_COMING)],
    ).fetchall()
    return [row["id"] for row in rows]


def others(conn: Connection, company_id: UUID, match_id: UUID) -> list[Match]:
    """Who of a company is still to come beside that match."""
    rows = conn.execute(
        "select id from matches where company_id = %s and id <> %s and state = any(%s) order by id",
        [company_id, match_id, list(_COMING)],
    ).fetchall()
    return matches.many(conn, [row["id"] for row in rows])


def waiting(conn: Connection, company_ids: Iterable[UUID]) -> set[UUID]:
    """Those of these companies of which somebody has not agreed yet, or has just gone."""
    rows = conn.execute(
        "select company_id from matches where company_id = any(%s) and state = any(%s) group by company_id"
        " having bool_or(state not in ('confirming', 'confirmed')) or sum(group_size) <> max(company_people)",
        [list(company_ids), list(_COMING)],
    ).fetchall()
    return {row["company_id"] for row in rows}


def count_draft(conn: Connection, match_id: UUID, *, groups: int, people: int) -> None:
    """Note in a draft, which nobody has heard of, how many come."""
    conn.execute(
        "update matches set company_groups = %s, company_people = %s where id = %s and state = 'proposed'",
        [groups, people, match_id],
    )

"""Users and their memberships in PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]

_COLUMNS = "id, login, name, email, language, expert_id, active, version"
_MEMBERSHIPS = """
select m.user_id, m.organisation_id, m.role,
       o.name as organisation_name, o.kind as organisation_kind, o.adcode
  from memberships m join organisations o on o.id = m.organisation_id
 where m.user_id = any(%s)
 order by m.user_id, m.organisation_id, m.role
"""


def add(conn: Connection, row: Row) -> bool:
    """Insert one without memberships; false if the login or the expert is taken."""
    done = conn.execute(
        """
        insert into users
               (id, login, name, email, language, password_hash, expert_id, active, version, changed_at)
        values (%(id)s, %(login)s, %(name)s, %(email)s, %(language)s, %(password_hash)s, %(expert_id)s,
                %(active)s, %(version)s, %(now)s)
        on conflict do nothing
        """,
        row,
    )
    return done.rowcount == 1


def taken(conn: Connection, logins: Iterable[str], experts: Iterable[UUID]) -> tuple[set[str], set[UUID]]:
    """Which of these logins and experts belong to a user already."""
    rows = conn.execute(
        "select login, expert_id from users where login = any(%s) or expert_id = any(%s)",
        [sorted(set(logins)), sorted(set(experts))],
    ).fetchall()
    return {row["login"] for row in rows}, {row["expert_id"] for row in rows}


def expert_is_taken(conn: Connection, expert_id: UUID, *, by_other_than: UUID) -> bool:
    """Whether another user is this expert."""
    found = conn.execute("select 1 from users where expert_id = %s and id <> %s", [expert_id, by_other_than])
    return found.fetchone() is not None


def find(conn: Connection, user_id: UUID) -> Row | None:
    """One with its memberships, or None."""
    return _whole(conn, conn.execute(f"select {_COLUMNS} from users where id = %s", [user_id]).fetchone())


def lock(conn: Connection, user_id: UUID) -> Row | None:
    """One with its memberships, locked against other changes and new sessions, or None."""
    row = conn.execute(f"select {_COLUMNS} from users where id = %s for update", [user_id]).fetchone()
    return _whole(conn, row)


def hold_active(conn: Connection, user_id: UUID) -> Row | None:
    """An active user with its password hash, held against closing until commit, or None."""
    row = conn.execute(
        f"select {_COLUMNS}, password_hash from users where id = %s and active for share", [user_id]
    ).fetchone()
    return _whole(conn, row)


def credentials(conn: Connection, login: str) -> Row | None:
    """Id, password hash and whether active, or None."""
    return conn.execute("select id, password_hash, active from users where login = %s", [login]).fetchone()


def password_hash(conn: Connection, user_id: UUID) -> str | None:
    """The user's password hash, or None."""
    row = conn.execute("select password_hash from users where id = %s", [user_id]).fetchone()
    return row["password_hash"] if row else None


def change(conn: Connection, row: Row, *, from_version: int, now: datetime) -> bool:
    """Write what may change; false if the version is not `from_version` any more."""
    done = conn.execute(
        """
        update users
           set name = %(name)s, email = %(email)s, language = %(language)s, expert_id = %(expert_id)s,
               active = %(active)s, password_hash = coalesce(%(password_hash)s, password_hash),
               version = %(version)s, changed_at = %(now)s
         where id = %(id)s and version = %(from_version)s
        """,
        row | {"from_version": from_version, "now": now},
    )
    return done.rowcount == 1


def add_membership(conn: Connection, user_id: UUID, organisation_id: UUID, role: str) -> bool:
    """Insert one membership; false if it is there."""
    done = conn.execute(
        """
        insert into memberships (user_id, organisation_id, role) values (%s, %s, %s)
        on conflict do nothing
        """,
        [user_id, organisation_id, role],
    )
    return done.rowcount == 1


def drop_membership(conn: Connection, user_id: UUID, organisation_id: UUID, role: str) -> bool:
    """Delete one membership; false if there was none."""
    done = conn.execute(
        "delete from memberships where user_id = %s and organisation_id = %s and role = %s",
        [user_id, organisation_id, role],
    )
    return done.rowcount == 1


def listed(
    conn: Connection,
    *,
    sees_all: bool,
    area: str | None,
    own: UUID | None,
    myself: UUID,
    organisation_id: UUID | None,
    role: str | None,
    login: str | None,
    after: UUID | None,
    limit: int,
) -> Sequence[Row]:
    """Up to `limit` users in id order: oneself, and whoever has a membership in `area` or in `own`.

    `organisation_id` and `role` must hold for one and the same membership that is in sight.
    """
    rows = conn.execute(
        f"""
        select {_COLUMNS} from users u
         where exists (
                select 1 from memberships m join organisations o on o.id = m.organisation_id
                 where m.user_id = u.id
                   and (%(sees_all)s or u.id = %(myself)s or o.id = %(own)s
                        or starts_with(o.adcode, %(area)s))
                   and (%(organisation_id)s::uuid is null or o.id = %(organisation_id)s)
                   and (%(role)s::text is null or m.role = %(role)s))
           and (%(login)s::text is null or login = %(login)s)
           and (%(after)s::uuid is null or id > %(after)s)
         order by id limit %(limit)s
        """,
        {
            "sees_all": sees_all,
            "area": area,
            "own": own,
            "myself": myself,
            "organisation_id": organisation_id,
            "role": role,
            "login": login,
            "after": after,
            "limit": limit,
        },
    ).fetchall()
    return _with_memberships(conn, rows)


def _whole(conn: Connection, row: Row | None) -> Row | None:
    return _with_memberships(conn, [row])[0] if row else None


def _with_memberships(conn: Connection, rows: Sequence[Row]) -> list[Row]:
    by_user: dict[UUID, list[Row]] = {row["id"]: [] for row in rows}
    for membership in conn.execute(_MEMBERSHIPS, [list(by_user)]):
        by_user[membership.pop("user_id")].append(membership)
    return [row | {"memberships": by_user[row["id"]]} for row in rows]

"""Refresh tokens, counted log-in attempts and signing keys in PostgreSQL."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg

Connection = psycopg.Connection[dict[str, Any]]
Row = dict[str, Any]


def add_refresh(conn: Connection, row: Row) -> None:
    """Insert one refresh token (its hash)."""
    conn.execute(
        """
        insert into refresh_tokens (token_hash, family, user_id, issued_at, expires_at)
        values (%(token_hash)s, %(family)s, %(user_id)s, %(now)s, %(expires_at)s)
        """,
        row,
    )


def find_refresh(conn: Connection, token_hash: bytes) -> Row | None:
    """Family and user of one token, or None."""
    return conn.execute(
        "select family, user_id from refresh_tokens where token_hash = %s",
        [token_hash],
    ).fetchone()


def rotate(conn: Connection, token_hash: bytes, now: datetime) -> bool:
    """Mark a live token as used; false if it was used, revoked or ran out. Of two at once, one succeeds."""
    done = conn.execute(
        """
        update refresh_tokens set rotated_at = %(now)s
         where token_hash = %(hash)s and rotated_at is null and revoked_at is null and expires_at > %(now)s
        """,
        {"hash": token_hash, "now": now},
    )
    return done.rowcount == 1


def revoke_family(conn: Connection, family: UUID, now: datetime) -> int:
    """Revoke what is left of one log-in; how many tokens that were."""
    return conn.execute(
        "update refresh_tokens set revoked_at = %s where family = %s and revoked_at is null", [now, family]
    ).rowcount


def revoke_user(conn: Connection, user_id: UUID, now: datetime) -> int:
    """Revoke all log-ins of a user; how many tokens that were."""
    return conn.execute(
        "update refresh_tokens set revoked_at = %s where user_id = %s and revoked_at is null", [now, user_id]
    ).rowcount


def count_attempt(conn: Connection, keys: Sequence[str], now: datetime, window: timedelta) -> dict[str, Row]:
    """Count one more attempt under each key, a new window where the old one is over; the counts by key.

    Rows are locked in key order, so that two attempts never wait for each other in a circle.
    """
    rows = conn.execute(
        """
        insert into login_attempts as old (key, failures, window_start)
        select key, 1, %(now)s from unnest(%(keys)s::text[]) as key order by key
        on conflict (key) do update
           set failures = case when old.window_start <= %(edge)s then 1 else old.failures + 1 end,
               window_start = case when old.window_start <= %(edge)s then %(now)s else old.window_start end
        returning key, failures, window_start
        """,
        {"keys": sorted(keys), "now": now, "edge": now - window},
    )
    return {row["key"]: row for row in rows}


def forgive_attempt(conn: Connection, keys: Sequence[str], *, wholly: str) -> None:
    """Take one attempt back under each key, and all of them under `wholly`: it was no failure."""
    conn.execute(
        """
        with mine as (select key from login_attempts where key = any(%(keys)s) order by key for update)
        update login_attempts a
           set failures = case when a.key = %(wholly)s then 0 else greatest(a.failures - 1, 0) end
          from mine where mine.key = a.key
        """,
        {"keys": sorted(keys), "wholly": wholly},
    )


def sweep(conn: Connection, *, attempts_before: datetime, tokens_before: datetime) -> None:
    """Delete attempts of windows long over and refresh tokens that ran out long ago."""
    conn.execute("delete from login_attempts where window_start < %s", [attempts_before])
    conn.execute("delete from refresh_tokens where expires_at < %s", [tokens_before])


def current_key(conn: Connection) -> Row | None:
    """The key that signs, or None before the first."""
    return conn.execute(
        "select kid, public_key, sealed from signing_keys where retired_at is null"
    ).fetchone()


def verifying_keys(conn: Connection, retired_after: datetime) -> Sequence[Row]:
    """The current key and those whose tokens may still be about, newest first."""
    return conn.execute(
        """
        select kid, public_key from signing_keys
         where retired_at is null or retired_at > %s order by created_at desc, kid limit 20
        """,
        [retired_after],
    ).fetchall()


def add_key(conn: Connection, row: Row) -> bool:
    """Insert a key as the current one; false if there is one already."""
    done = conn.execute(
        """
        insert into signing_keys (kid, public_key, sealed, created_at)
        values (%(kid)s, %(public_key)s, %(sealed)s, %(now)s)
        on conflict ((retired_at is null)) where retired_at is null do nothing
        """,
        row,
    )
    return done.rowcount == 1


def retire_key(conn: Connection, now: datetime) -> None:
    """Let the current key sign no more."""
    conn.execute("update signing_keys set retired_at = %s where retired_at is null", [now])

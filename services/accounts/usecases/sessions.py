"""Logging in, refreshing and ending sessions."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from secrets import token_urlsafe
from typing import Any
from uuid import UUID

from services.accounts import keys, passwords
from services.accounts.domain import AccountInactive, RefreshRefused, TooManyAttempts, WrongCredentials
from services.accounts.storage import sessions as storage
from services.accounts.storage import users
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store

Row = dict[str, Any]

ACCESS_LIFE = timedelta(minutes=15)
REFRESH_LIFE = timedelta(days=14)
# A retired key is shown for as long as a token that it signed may still be about, and clocks differ.
KEY_AFTERLIFE = ACCESS_LIFE + timedelta(minutes=5)
ATTEMPT_WINDOW = timedelta(minutes=15)
# Failures within a window after which no password is looked at: of one login from one address, of one
# login from anywhere, from one address (a whole school may share one).
PAIR_LIMIT, LOGIN_LIMIT, ADDRESS_LIMIT = 5, 50, 200
_ISSUER = "keqiao"
# A token travels in a header of a few kilobytes, with up to twenty names in it.
_NAME_LENGTH = 40


def log_in(store: Store, *, now: datetime, login: str, password: str, address: str, secret: bytes) -> Row:
    """Begin a session by name and password; an unknown login takes as long as a wrong password.

    Raises TooManyAttempts, WrongCredentials, or AccountInactive for the right password of a closed account.
    The attempt counts as failed, in a transaction of its own, before the password is looked at: many guesses
    at once cannot slip by.
    """
    with store.transaction() as conn:
        refusal = count_attempt(conn, now=now, login=login, address=address)
    if refusal:
        raise refusal
    with store.read() as conn:
        found = users.credentials(conn, login)
    if not passwords.password_fits(password, found["password_hash"] if found else None) or found is None:
        raise WrongCredentials()
    with store.transaction() as conn:
        return _begin(conn, now, found, _attempt_keys(login, address), secret)


def count_attempt(conn: Connection, *, now: datetime, login: str, address: str) -> TooManyAttempts | None:
    """Count one more attempt; the refusal if there were too many, to be raised after the commit."""
    attempt_keys = _attempt_keys(login, address)
    counts = storage.count_attempt(conn, attempt_keys, now, ATTEMPT_WINDOW)
    limits = dict(zip(attempt_keys, (PAIR_LIMIT, LOGIN_LIMIT, ADDRESS_LIMIT), strict=True))
    over = [row["window_start"] for key, row in counts.items() if row["failures"] > limits[key]]
    if not over:
        return None
    wait = max(over) + ATTEMPT_WINDOW - now
    return TooManyAttempts(retry_after=max(1, math.ceil(wait.total_seconds())))


def _begin(conn: Connection, now: datetime, found: Row, attempt_keys: Sequence[str], secret: bytes) -> Row:
    """A session for whoever was found, unless closed, or another password was set, meanwhile."""
    storage.forgive_attempt(conn, attempt_keys, wholly=attempt_keys[0])
    user = users.hold_active(conn, found["id"])
    if user is None:
        raise AccountInactive()
    if user["password_hash"] != found["password_hash"]:
        raise WrongCredentials()
    return _issue(conn, now, user, new_id(), secret)


def refresh_session(store: Store, *, now: datetime, refresh_token: str, secret: bytes) -> Row:
    """Trade a refresh token for a new pair; it works once, raises RefreshRefused.

    A token that was used before revokes its whole log-in: either it was stolen, or its copy was.
    """
    with store.transaction() as conn:
        fresh = _refreshed(conn, now, refresh_token, secret)
    if fresh is None:
        # Only now: the revocation must not be rolled back with the refusal.
        raise RefreshRefused()
    return fresh


def _refreshed(conn: Connection, now: datetime, refresh_token: str, secret: bytes) -> Row | None:
    hashed = _hash(refresh_token)
    found = storage.find_refresh(conn, hashed)
    # The user before the token, as closing an account does it, or the two would wait for each other.
    user = users.hold_active(conn, found["user_id"]) if found else None
    if found is None or user is None:
        return None
    if not storage.rotate(conn, hashed, now):
        storage.revoke_family(conn, found["family"], now)
        return None
    return _issue(conn, now, user, found["family"], secret)


def end_session(conn: Connection, *, now: datetime, refresh_token: str) -> None:
    """Revoke the log-in that the token belongs to; an unknown token is nothing to complain of."""
    found = storage.find_refresh(conn, _hash(refresh_token))
    if found:
        storage.revoke_family(conn, found["family"], now)


def key_set(conn: Connection, *, now: datetime) -> Row:
    """The public keys that verify every access token still alive."""
    return {"keys": [keys.as_jwk(row) for row in storage.verifying_keys(conn, now - KEY_AFTERLIFE)]}


def sweep(conn: Connection, *, now: datetime) -> None:
    """Forget what nobody can use any more."""
    storage.sweep(conn, attempts_before=now - 2 * ATTEMPT_WINDOW, tokens_before=now - REFRESH_LIFE)


def claims_of(user: Row, *, now: datetime) -> Row:
    """What an access token says: who it is, and for whom they may act in which role."""
    return {
        "iss": _ISSUER,
        "aud": _ISSUER,
        "sub": str(user["id"]),
        "name": user["name"],
        "iat": int(now.timestamp()),
        "exp": int((now + ACCESS_LIFE).timestamp()),
        "jti": str(new_id()),
        "m": [_membership_claim(user, membership) for membership in user["memberships"]],
    }


def _membership_claim(user: Row, membership: Row) -> Row:
    expert_id = user["expert_id"] if membership["role"] == "expert" else None
    return {
        "o": str(membership["organisation_id"]),
        "k": membership["organisation_kind"],
        "r": membership["role"],
        "a": membership["adcode"],
        "n": membership["organisation_name"][:_NAME_LENGTH],
        "x": str(expert_id) if expert_id else None,
    }


def _issue(conn: Connection, now: datetime, user: Row, family: UUID, secret: bytes) -> Row:
    refresh_token = token_urlsafe(32)
    storage.add_refresh(
        conn,
        {
            "token_hash": _hash(refresh_token),
            "family": family,
            "user_id": user["id"],
            "now": now,
            "expires_at": now + REFRESH_LIFE,
        },
    )
    return {
        "access_token": keys.sign(conn, claims_of(user, now=now), secret=secret),
        "refresh_token": refresh_token,
        "token_type": "Bearer",
        "expires_in": int(ACCESS_LIFE.total_seconds()),
        "user": user,
    }


def _hash(token: str) -> bytes:
    # The token itself has 256 random bits: a plain hash cannot be searched.
    return sha256(token.encode()).digest()


def _attempt_keys(login: str, address: str) -> Sequence[str]:
    return f"pair:{address} {login}", f"login:{login}", f"address:{address}"

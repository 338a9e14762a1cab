"""Passwords as argon2id hashes, made on threads beside the hub."""

from __future__ import annotations

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from eventlet import tpool

# OWASP's smallest recommended setting; one hash takes about 20 ms of one core. At argon2's defaults
# it takes 124 ms, and on the hub every other worker of the process would wait for it.
_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def hash_password(password: str) -> str:
    """The salted hash of `password`, from a thread."""
    hashed: str = tpool.execute(_HASHER.hash, password)
    return hashed


def password_fits(password: str, hashed: str | None) -> bool:
    """Whether `password` is the hashed one. Without a hash (no such login) it takes as long, and is false."""
    fits: bool = tpool.execute(_verify, password, hashed or _nobody())
    return fits and hashed is not None


def hash_at_once(password: str) -> str:
    """The salted hash of `password`, for plain processes without a hub."""
    return _HASHER.hash(password)


def _verify(password: str, hashed: str) -> bool:
    try:
        return _HASHER.verify(hashed, password)
    except (VerificationError, InvalidHashError):
        return False


@cache
def _nobody() -> str:
    return _HASHER.hash("nobody has this password")

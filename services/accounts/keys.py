"""Signing keys: Ed25519, sealed with ACCOUNTS_KEY_SECRET; `python -m services.accounts.keys rotate`."""

from __future__ import annotations

import base64
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from functools import lru_cache
from secrets import token_bytes, token_hex
from typing import Any

import jwt
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from services.accounts.storage import sessions
from services.chassis.instant import system_clock
from services.chassis.store import Connection, connect

_NONCE_BYTES = 12


class KeySecretWrong(RuntimeError):
    """ACCOUNTS_KEY_SECRET is absent, malformed, or not the one that the keys were sealed with."""


def key_secret(environ: Mapping[str, str] = os.environ) -> bytes:
    """The 32 bytes that keys are sealed with; raises KeySecretWrong."""
    try:
        secret = bytes.fromhex(environ.get("ACCOUNTS_KEY_SECRET", ""))
    except ValueError as error:
        raise KeySecretWrong("ACCOUNTS_KEY_SECRET is not hexadecimal") from error
    if len(secret) != 32:
        raise KeySecretWrong("ACCOUNTS_KEY_SECRET must be 32 bytes (64 hexadecimal digits)")
    return secret


def ensure_key(conn: Connection, *, secret: bytes, now: datetime) -> None:
    """Make the first key unless there is one; of two processes that try at once, one succeeds."""
    if sessions.current_key(conn) is None:
        sessions.add_key(conn, _new_key(secret, now))


def rotate_key(conn: Connection, *, secret: bytes, now: datetime) -> str:
    """Retire the current key, which goes on verifying, and sign with a new one; returns the kid that signs.

    Of two rotations at once the second finds the first one's key in place and leaves it.
    """
    sessions.retire_key(conn, now)
    sessions.add_key(conn, _new_key(secret, now))
    current = sessions.current_key(conn)
    return str(current["kid"]) if current else ""


def sign(conn: Connection, claims: Mapping[str, Any], *, secret: bytes) -> str:
    """A compact EdDSA token over `claims` by the current key; raises KeySecretWrong."""
    row = sessions.current_key(conn)
    if row is None:
        raise KeySecretWrong("there is no signing key; run the bootstrap")
    key = _unsealed(row["kid"], bytes(row["sealed"]), secret)
    return jwt.encode(dict(claims), key, algorithm="EdDSA", headers={"kid": row["kid"]})


def as_jwk(row: Mapping[str, Any]) -> dict[str, str]:
    """The public half as RFC 8037 writes it."""
    x = base64.urlsafe_b64encode(bytes(row["public_key"])).rstrip(b"=").decode()
    return {"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": row["kid"], "x": x}


def _new_key(secret: bytes, now: datetime) -> dict[str, Any]:
    key, kid = Ed25519PrivateKey.generate(), token_hex(8)
    nonce = token_bytes(_NONCE_BYTES)
    sealed = nonce + AESGCM(secret).encrypt(nonce, key.private_bytes_raw(), kid.encode())
    return {"kid": kid, "public_key": key.public_key().public_bytes_raw(), "sealed": sealed, "now": now}


@lru_cache(maxsize=4)
def _unsealed(kid: str, sealed: bytes, secret: bytes) -> Ed25519PrivateKey:
    try:
        raw = AESGCM(secret).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], kid.encode())
    except InvalidTag as error:
        raise KeySecretWrong("the signing keys were sealed with another ACCOUNTS_KEY_SECRET") from error
    return Ed25519PrivateKey.from_private_bytes(raw)


def main(arguments: list[str]) -> int:
    """`rotate`: sign with a new key from now on."""
    if arguments != ["rotate"]:
        print("usage: python -m services.accounts.keys rotate", file=sys.stderr)
        return 2
    store = connect(os.environ["DATABASE_URL"], name="accounts-keys")
    try:
        with store.transaction() as conn:
            print(rotate_key(conn, secret=key_secret(), now=system_clock().now()))
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))

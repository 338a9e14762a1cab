"""Two refreshes by one token at once: shown to succeed twice without the guard, once with it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from hashlib import sha256
from secrets import token_bytes
from typing import Any
from uuid import UUID

import pytest

from services.accounts.storage import sessions as storage
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from tests.concurrency.parallel import each, together
from tests.fixtures.scratch import Scratch

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
LOOK = """
select 1 from refresh_tokens where token_hash = %(hash)s and rotated_at is null and revoked_at is null
"""
MARK = "update refresh_tokens set rotated_at = %(now)s where token_hash = %(hash)s"


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    return scratch("accounts")


def a_token(conn: Connection) -> bytes:
    user = {
        "id": new_id(),
        "login": f"t{new_id().hex}",
        "name": "王老师",
        "email": None,
        "language": "zh",
        "password_hash": "-",
        "expert_id": None,
        "active": True,
        "version": 1,
        "now": NOW,
    }
    conn.execute(
        b"""insert into users (id, login, name, email, language, password_hash, expert_id, active, version,
            changed_at) values (%(id)s, %(login)s, %(name)s, %(email)s, %(language)s, %(password_hash)s,
            %(expert_id)s, %(active)s, %(version)s, %(now)s)""",
        user,
    )
    hashed = sha256(token_bytes()).digest()
    row: dict[str, Any] = {"token_hash": hashed, "family": new_id(), "user_id": user["id"]}
    storage.add_refresh(conn, row | {"now": NOW, "expires_at": NOW + timedelta(days=1)})
    return hashed


def family_of(store: Store, hashed: bytes) -> UUID:
    with store.read() as conn:
        row = storage.find_refresh(conn, hashed)
    assert row is not None
    family: UUID = row["family"]
    return family


def test_without_the_guard_both_refreshes_succeed(store: Store) -> None:
    """The control: each looks before the other has marked."""
    with store.transaction() as conn:
        hashed = a_token(conn)
    with store.transaction() as one, store.transaction() as other:
        both = [conn.execute(LOOK.encode(), {"hash": hashed}).fetchone() for conn in (one, other)]
        one.execute(MARK.encode(), {"hash": hashed, "now": NOW})
        one.commit()
        other.execute(MARK.encode(), {"hash": hashed, "now": NOW})
    assert None not in both


def test_with_the_guard_one_refresh_succeeds(store: Store) -> None:
    for _ in range(10):
        with store.transaction() as conn:
            hashed = a_token(conn)

        def rotate(_: int, hashed: bytes = hashed) -> bool:
            with store.transaction() as conn:
                return storage.rotate(conn, hashed, NOW)

        assert sorted(together(each(rotate, range(4)))) == [False, False, False, True]
        assert family_of(store, hashed)


def test_what_ran_out_or_was_revoked_does_not_rotate(store: Store) -> None:
    with store.transaction() as conn:
        old, revoked = a_token(conn), a_token(conn)
        assert not storage.rotate(conn, old, NOW + timedelta(days=1))
    with store.transaction() as conn:
        storage.revoke_family(conn, family_of(store, revoked), NOW)
        assert not storage.rotate(conn, revoked, NOW)

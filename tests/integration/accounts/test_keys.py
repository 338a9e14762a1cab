"""Signing keys: made once, sealed at rest, rotated without logging anybody out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import jwt
import pytest

from services.accounts import keys
from services.accounts.bootstrap import BootstrapRefused, bootstrap
from services.accounts.usecases import sessions
from services.chassis.store import Store
from tests.fixtures.scratch import Scratch

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
SECRET, OTHER_SECRET = bytes(range(32)), bytes(range(1, 33))
PASSWORD = "erste-betreiberin"


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    return scratch("accounts")


@pytest.fixture(autouse=True)
def _service_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KEQIAO_SERVICE", "accounts")


def sign(store: Store, secret: bytes = SECRET) -> str:
    with store.transaction() as conn:
        return keys.sign(conn, {"sub": "x"}, secret=secret)


def verifying_kids(store: Store, now: datetime) -> list[str]:
    with store.read() as conn:
        return [key["kid"] for key in sessions.key_set(conn, now=now)["keys"]]


def test_bootstrap_needs_a_password_once_and_changes_nothing_twice(store: Store) -> None:
    with pytest.raises(BootstrapRefused), store.transaction() as conn:
        bootstrap(conn, now=NOW, secret=SECRET, operator_password=None)
    for password in (PASSWORD, "another password", None):
        with store.transaction() as conn:
            bootstrap(conn, now=NOW, secret=SECRET, operator_password=password)
    with store.read() as conn:
        counts = {
            table: conn.execute(f"select count(*) as n from {table}".encode()).fetchone()
            for table in ("districts", "organisations", "users", "memberships", "signing_keys", "outbox")
        }
    assert {table: row and row["n"] for table, row in counts.items()} == {
        "districts": 1,
        "organisations": 1,
        "users": 1,
        "memberships": 1,
        "signing_keys": 1,
        "outbox": 3,
    }


def test_keys_are_sealed_at_rest(store: Store) -> None:
    with store.read() as conn:
        row = conn.execute("select sealed, public_key from signing_keys").fetchone()
    assert row is not None
    assert len(bytes(row["sealed"])) == 12 + 32 + 16
    with pytest.raises(keys.KeySecretWrong):
        sign(store, OTHER_SECRET)


def test_rotation_signs_anew_and_goes_on_verifying(store: Store) -> None:
    before = jwt.get_unverified_header(sign(store))["kid"]
    with store.transaction() as conn:
        new = keys.rotate_key(conn, secret=SECRET, now=NOW)
    assert jwt.get_unverified_header(sign(store))["kid"] == new != before
    assert set(verifying_kids(store, NOW + timedelta(minutes=15))) == {before, new}
    assert verifying_kids(store, NOW + timedelta(minutes=30)) == [new]


def test_what_nobody_can_use_any_more_is_forgotten(store: Store) -> None:
    with store.transaction() as conn:
        for number in range(3):
            at = NOW + timedelta(minutes=20 * number)
            sessions.count_attempt(conn, now=at, login=f"sweep{number}", address="192.0.2.1")
        sessions.sweep(conn, now=NOW + timedelta(minutes=45))
        rows = conn.execute("select key from login_attempts where key like 'login:sweep%'").fetchall()
    assert {row["key"] for row in rows} == {"login:sweep1", "login:sweep2"}


@pytest.mark.parametrize("value", ["", "zz", "00" * 31])
def test_a_secret_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(keys.KeySecretWrong):
        keys.key_secret({"ACCOUNTS_KEY_SECRET": value})

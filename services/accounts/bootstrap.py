"""Makes what must be there before anybody can log in: key, city, its association, the first operator."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

from services.accounts import keys, passwords
from services.accounts.storage import districts, organisations, users
from services.accounts.usecases.districts import append_district
from services.accounts.usecases.organisations import append_organisation
from services.accounts.usecases.users import append_user
from services.chassis.instant import system_clock
from services.chassis.store import Connection, connect

OPERATOR_LOGIN = "operator"
CITY: dict[str, Any] = {
    "adcode": "150400",
    "parent": None,
    "level": "city",
    "name": "赤峰市",
    "name_en": "Chifeng",
    "lat": 42.2578,
    "lon": 118.8869,
    "population": 4_035_967,
    "demonstration": False,
    "version": 1,
}
# The first ids are derived, so that a second bootstrap finds the first one's work.
_SPACE = UUID("0d2b52d4-3e0e-5c7d-8a43-6a5a3c1b7e11")
ASSOCIATION: dict[str, Any] = {
    "id": uuid5(_SPACE, "association"),
    "kind": "association",
    "name": "赤峰市科学技术协会",
    "adcode": CITY["adcode"],
    "township": None,
    "lat": CITY["lat"],
    "lon": CITY["lon"],
    "demonstration": False,
    "version": 1,
}


class BootstrapRefused(RuntimeError):
    """The environment lacks what the first start needs."""


def bootstrap(conn: Connection, *, now: datetime, secret: bytes, operator_password: str | None) -> None:
    """Make what is missing; a second run changes nothing, an existing operator's password least of all.

    Raises BootstrapRefused if the operator is missing and no password of 10 characters is given.
    """
    keys.ensure_key(conn, secret=secret, now=now)
    _ensure_city(conn, now)
    _ensure_association(conn, now)
    if users.credentials(conn, OPERATOR_LOGIN) is None:
        _add_operator(conn, now, operator_password)


def _ensure_city(conn: Connection, now: datetime) -> None:
    if not districts.find_some(conn, [CITY["adcode"]]):
        districts.save(conn, CITY)
        append_district(conn, now=now, actor=None, row=CITY, type_="district_registered")


def _ensure_association(conn: Connection, now: datetime) -> None:
    if organisations.find(conn, ASSOCIATION["id"]) is None:
        organisations.add(conn, ASSOCIATION)
        append_organisation(conn, now=now, actor=None, row=ASSOCIATION, type_="organisation_registered")


def _add_operator(conn: Connection, now: datetime, password: str | None) -> None:
    if password is None or len(password) < 10:
        raise BootstrapRefused("BOOTSTRAP_OPERATOR_PASSWORD must have at least 10 characters")
    user: dict[str, Any] = {
        "id": uuid5(_SPACE, "operator"),
        "login": OPERATOR_LOGIN,
        "name": "系统运维",
        "email": None,
        "language": "zh",
        "password_hash": passwords.hash_at_once(password),
        "expert_id": None,
        "active": True,
        "version": 1,
        "now": now,
    }
    users.add(conn, user)
    users.add_membership(conn, user["id"], ASSOCIATION["id"], "operator")
    whole = users.find(conn, user["id"])
    if whole:
        append_user(conn, now=now, actor=None, row=whole, type_="user_registered")


def main(environ: Mapping[str, str] = os.environ) -> int:
    """Bootstrap the database of DATABASE_URL."""
    store = connect(environ["DATABASE_URL"], name="accounts-bootstrap")
    try:
        with store.transaction() as conn:
            bootstrap(
                conn,
                now=system_clock(environ).now(),
                secret=keys.key_secret(environ),
                operator_password=environ.get("BOOTSTRAP_OPERATOR_PASSWORD"),
            )
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())

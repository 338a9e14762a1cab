"""What accounts publishes is what its examples say; its schemas read them without loss."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock
from uuid import UUID

import pytest

from schemas.events.accounts import EVENTS
from services.accounts.domain import Mandate
from services.accounts.usecases import districts, organisations, users
from services.chassis.auth import Actor
from services.chassis.store import Store
from services.chassis.trace import tracing
from tests.contracts import golden
from tests.fixtures.scratch import Scratch

NOW = datetime(2027, 3, 1, 1, 0, tzinfo=UTC)
LATER = NOW + timedelta(minutes=5)
OPERATOR, ASSOCIATION, EXPERT = (UUID(int=number) for number in (0xA1, 0xA2, 0xA3))
ACTOR = Actor(OPERATOR, ASSOCIATION, "operator", "系统运维")
PLACE = {"lat": 42.26, "lon": 118.96}


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    return scratch("accounts")


def publish(store: Store) -> dict[str, golden.Message]:
    """Do everything once that accounts tells of."""
    mandate = Mandate(OPERATOR, ASSOCIATION, "operator", "150400")
    city: dict[str, Any] = {"adcode": "150400", "parent": None, "level": "city", "name": "赤峰市", **PLACE}
    city |= {"name_en": "Chifeng", "population": 4_035_967, "demonstration": False}
    school = {"kind": "school", "name": "演示小学", "adcode": "150400", "township": None, **PLACE}
    with store.transaction() as conn:
        districts.load_districts(conn, now=NOW, actor=ACTOR, items=[city])
        districts.load_districts(conn, now=LATER, actor=ACTOR, items=[{**city, "lat": 42.2578}])
        made = organisations.register_organisation(
            conn, now=NOW, mandate=mandate, actor=ACTOR, item={**school, "demonstration": True}
        )
        organisations.change_organisation(
            conn,
            now=LATER,
            mandate=mandate,
            actor=ACTOR,
            organisation_id=made["id"],
            if_version=1,
            change={"name": "演示中心小学"},
        )
        teacher = {
            "login": "s0001",
            "name": "王老师",
            "password": "tong-hua-6-ban",
            "email": "s0001@people.keqiao.invalid",
            "language": "zh",
            "expert_id": EXPERT,
            "memberships": [{"organisation_id": made["id"], "role": "teacher"}],
        }
        (user,) = users.register_users(
            conn, now=NOW, mandate=mandate, actor=ACTOR, items=[teacher], paths=[""]
        )
        users.change_user(
            conn,
            now=LATER,
            mandate=mandate,
            actor=ACTOR,
            user_id=user["id"],
            if_version=1,
            change={"active": False},
        )
        return golden.first_of_each_type(conn)


def test_accounts_publishes_what_its_examples_say(store: Store) -> None:
    with (
        tracing("0af7651916cd43dd8448eb211c80319c"),
        mock.patch.dict("os.environ", KEQIAO_SERVICE="accounts"),
    ):
        golden.check("accounts", publish(store))


def test_the_schemas_read_the_examples_without_loss() -> None:
    for message in golden.examples("accounts"):
        schema = EVENTS[message["type"]][1]()
        assert schema.dump(schema.load(message["data"])) == message["data"]


def test_no_password_and_no_login_is_published() -> None:
    for message in golden.examples("accounts"):
        assert not {"password", "password_hash", "login"} & set(message["data"])

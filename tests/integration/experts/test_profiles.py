"""Experts over HTTP: what is private, who changes it, and holds as matcher makes them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.builders.accounts import (
    LINXI,
    Person,
    a_coordinator,
    an_organisation,
    logged_in,
    nobody,
    the_operator,
    user_body,
)
from tests.builders.holds import time_item
from tests.builders.provider import expert_body, made, window
from tests.fixtures.commands import Command
from tests.fixtures.stack import poll

PRIVATE = ("lat", "lon", "contact", "travel_limit_km", "cap_day")


@dataclass(frozen=True)
class Home:
    """An association with a coordinator, and one of its experts with a login."""

    organisation: dict[str, Any]
    coordinator: Person
    expert: dict[str, Any]
    expert_person: Person


@pytest.fixture(scope="module")
def home(stack: Stack, districts: None) -> Home:
    operator = the_operator(stack)
    organisation = an_organisation(operator, "association")
    coordinator = a_coordinator(stack, operator)
    body = expert_body(organisation_id=organisation["id"], availability=[window(20), window(21)], cap_day=2)
    poll(
        lambda: coordinator.post("/experts", body | {"topics": ["no"]}).json()["code"] == "unknown_topic", 20
    )
    expert = made(coordinator.post("/experts", body))
    user = user_body(organisation["id"], "expert", expert_id=expert["id"])
    made(operator.post("/users", user))
    return Home(organisation, coordinator, expert, logged_in(stack, user["login"]))


def another(home: Home, **changes: Any) -> dict[str, Any]:
    """A further expert of the association."""
    return made(
        home.coordinator.post("/experts", expert_body(organisation_id=home.organisation["id"], **changes))
    )


def test_what_is_private_is_the_experts_and_the_coordinators(
    home: Home, stack: Stack, operator: Person
) -> None:
    path = f"/experts/{home.expert['id']}"
    public = nobody(stack).get(path).json()
    assert public["name"] == "苏雅"
    assert public["private"] is None
    assert not set(PRIVATE) & set(public)
    far = a_coordinator(stack, operator, LINXI)
    assert far.get(path).json()["private"] is None
    for knowing in (home.expert_person, home.coordinator):
        assert knowing.get(path).json()["private"]["contact"] == "13800000000"
    assert far.get(f"{path}/availability").status_code == 403
    assert far.patch(path, {"cap_day": 1}, 1).status_code == 403


def test_an_expert_keeps_the_own_diary(home: Home, command: Command) -> None:
    expert = home.expert
    person = home.expert_person
    held = time_item(expert, window(20)["starts_at"], window(20, 1)["ends_at"])
    assert command("experts", "hold_many", [held])[0]["outcome"] == "held"
    diary = person.get("/engagements").json()["items"]
    assert [e["id"] for e in diary] == [held["hold_id"]]
    path = f"/experts/{expert['id']}/availability"
    version = person.get(path).json()["version"]
    changed = person.put(path, {"windows": [window(21)]}, version).json()
    assert changed["uncovered"] == [held["hold_id"]]
    assert person.put(path, {"windows": []}, version).json()["code"] == "stale"
    refused = person.put(path, {"windows": [window(21), window(21, 2)]}, version + 1).json()
    assert refused["code"] == "availability_overlaps"
    late = time_item(expert, window(20, 3)["ends_at"], window(20, 4)["ends_at"])
    assert command("experts", "hold_many", [late])[0]["code"] == "expert_unavailable"


def test_a_paused_expert_takes_nothing_new(home: Home, command: Command) -> None:
    expert = another(home, availability=[window(20)])
    path = f"/experts/{expert['id']}"
    assert home.coordinator.patch(path, {"state": "paused"}, 1).json()["state"] == "paused"
    item = time_item(expert, window(20)["starts_at"], window(20, 1)["ends_at"])
    assert command("experts", "hold_many", [item])[0]["code"] == "expert_paused"


def test_a_hold_is_confirmed_released_and_never_comes_back(home: Home, command: Command) -> None:
    expert = another(home, availability=[window(20)])
    item = time_item(expert, window(20)["starts_at"], window(20, 1)["ends_at"])
    same = {"hold_id": item["hold_id"]}
    assert command("experts", "hold_many", [item])[0]["outcome"] == "held"
    assert command("experts", "hold_many", [item])[0]["outcome"] == "held"
    assert command("experts", "hold_many", [item | {"quantity": 11}])[0]["code"] == "hold_conflict"
    assert command("experts", "confirm_many", [same])[0]["outcome"] == "confirmed"
    assert command("experts", "confirm_many", [same])[0]["outcome"] == "confirmed"
    assert command("experts", "release_many", [same | {"reason": "学校取消"}])[0]["outcome"] == "released"
    assert command("experts", "hold_many", [item])[0]["code"] == "hold_released"
    assert command("experts", "confirm_many", [same])[0]["code"] == "hold_released"


def test_a_batch_of_experts_is_taken_item_by_item(home: Home) -> None:
    good = expert_body(organisation_id=home.organisation["id"])
    items = [good, good | {"topics": ["unheard-of"]}, good | {"availability": [window(3), window(3)]}]
    answer = home.coordinator.post("/experts/batch", {"items": items}).json()
    codes = [item["refusal"] and item["refusal"]["code"] for item in answer["items"]]
    assert codes == [None, "unknown_topic", "availability_overlaps"]


def test_engagements_are_nobody_elses_business(home: Home, stack: Stack, operator: Person) -> None:
    assert nobody(stack).get("/engagements").status_code == 401
    far = a_coordinator(stack, operator, LINXI)
    listed = far.get(f"/engagements?expert_id={home.expert['id']}")
    assert (listed.status_code, listed.json()["items"]) == (200, [])
    stranger = replace(home.expert_person, token="")
    assert stranger.get("/engagements").status_code == 401

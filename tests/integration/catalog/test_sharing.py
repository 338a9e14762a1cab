"""Shared resources over HTTP: who keeps them, what programmes need of them, and what groups then get."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.builders.accounts import CITY, LINXI, Person, a_coordinator, nobody, the_operator
from tests.builders.holds import seats_item
from tests.builders.provider import (
    Provider,
    a_programme,
    a_provider,
    a_shared_resource,
    a_slot,
    made,
    programme_body,
    shared_body,
    slot_body,
)
from tests.fixtures.commands import Command

Json = dict[str, Any]


@pytest.fixture(scope="module")
def provider(stack: Stack, districts: None) -> Provider:
    return a_provider(stack, the_operator(stack))


@pytest.fixture(scope="module")
def other(stack: Stack, districts: None) -> Provider:
    return a_provider(stack, the_operator(stack))


@pytest.fixture(scope="module")
def public(stack: Stack) -> Person:
    return nobody(stack)


def needs(resource: Json, quantity: int = 1) -> Json:
    """What a programme says that needs so much of it."""
    return {"needs": [{"resource_id": resource["id"], "quantity": quantity}]}


def test_a_shared_resource_is_registered_and_everybody_sees_it(provider: Provider, public: Person) -> None:
    guides = a_shared_resource(provider, 2, name_en="Guides")
    assert guides["organisation_id"] == provider.organisation["id"]
    assert (guides["number"], guides["state"], guides["version"]) == (2, "active", 1)
    seen = public.get(f"/shared-resources/{guides['id']}")
    assert seen.json() == guides
    assert seen.headers["ETag"] == '"1"'
    own = f"/shared-resources?organisation_id={provider.organisation['id']}&kind=guide&state=active&limit=200"
    assert guides in public.get(own).json()["items"]
    coaches = a_shared_resource(provider, kind="coach")
    assert coaches not in public.get(own).json()["items"]


def test_a_list_goes_on_where_its_page_ends(other: Provider, public: Person) -> None:
    all_of_them = [a_shared_resource(other) for _ in range(3)]
    path = f"/shared-resources?organisation_id={other.organisation['id']}&limit=2"
    first = public.get(path).json()
    second = public.get(f"{path}&cursor={first['next']}").json()
    assert [*first["items"], *second["items"]] == all_of_them
    assert second["next"] is None


@pytest.mark.parametrize(
    ("change", "field"),
    [({"kind": "guard"}, "kind"), ({"number": -1}, "number"), ({"number": 1.5}, "number"), ({"x": 1}, "x")],
)
def test_what_is_no_shared_resource_is_refused_by_field(provider: Provider, change: Json, field: str) -> None:
    refused = provider.staff.post("/shared-resources", shared_body(**change)).json()
    assert (refused["code"], refused["field"]) == ("invalid", field)


def test_only_those_who_keep_it_change_it(
    provider: Provider, other: Provider, public: Person, stack: Stack, operator: Person
) -> None:
    path = f"/shared-resources/{a_shared_resource(provider)['id']}"
    assert other.staff.patch(path, {"number": 5}, 1).status_code == 403
    assert a_coordinator(stack, operator, LINXI).patch(path, {"number": 5}, 1).status_code == 403
    assert public.post("/shared-resources", shared_body()).status_code == 401
    assert provider.staff.patch(path, {"number": 5}, 1).json()["version"] == 2
    assert provider.staff.patch(path, {"number": 6}, 1).json()["code"] == "stale"
    changed = a_coordinator(stack, operator, CITY).patch(path, {"name_en": "Guides"}, 2).json()
    assert (changed["number"], changed["name_en"], changed["version"]) == (5, "Guides", 3)


def test_a_name_is_taken_until_it_is_withdrawn(provider: Provider) -> None:
    body = shared_body()
    first = made(provider.staff.post("/shared-resources", body))
    assert provider.staff.post("/shared-resources", body).json()["code"] == "name_taken"
    assert withdrawn(provider, first).json()["state"] == "withdrawn"
    made(provider.staff.post("/shared-resources", body))
    again = provider.staff.patch(f"/shared-resources/{first['id']}", {"number": 5}, 2)
    assert again.json()["code"] == "shared_resource_withdrawn"


def withdrawn(provider: Provider, resource: Json) -> Any:
    """The answer to a withdrawal."""
    path = f"/shared-resources/{resource['id']}/withdraw"
    return provider.staff.call("POST", path, If_Match=f'"{resource["version"]}"')


def test_a_programme_says_what_each_of_its_groups_needs(provider: Provider, public: Person) -> None:
    guides, kits = a_shared_resource(provider, 2), a_shared_resource(provider, 3, kind="kit")
    programme = a_programme(provider, **needs(guides))
    path = f"/programmes/{programme['id']}"
    assert programme["needs"] == [{"resource_id": guides["id"], "quantity": 1}]
    assert public.get(path).json() == programme
    more = {"needs": [{"resource_id": guides["id"]}, {"resource_id": kits["id"], "quantity": 3}]}
    changed = provider.staff.patch(path, more, 1).json()
    assert {need["resource_id"]: need["quantity"] for need in changed["needs"]} == {
        guides["id"]: 1,
        kits["id"]: 3,
    }
    listed = public.get(f"/programmes?organisation_id={provider.organisation['id']}&limit=200").json()
    assert changed in listed["items"]
    assert provider.staff.patch(path, {"title": "另一个名字"}, 2).json()["needs"] == changed["needs"]
    assert provider.staff.patch(path, {"needs": []}, 2).json()["code"] == "stale"
    assert provider.staff.patch(path, {"needs": []}, 3).json()["needs"] == []


def test_needs_of_what_the_owner_does_not_share_are_refused(provider: Provider, other: Provider) -> None:
    guides = a_shared_resource(provider)
    twice = {"needs": [*needs(guides)["needs"], *needs(guides, 2)["needs"]]}
    assert refused(provider, needs(a_shared_resource(other))) == ("need_unknown", "needs[0].resource_id")
    assert refused(provider, twice) == ("need_twice", "needs[1].resource_id")
    assert refused(provider, needs(guides, 0)) == ("invalid", "needs[0].quantity")
    withdrawn(provider, guides)
    assert refused(provider, needs(guides)) == ("need_unknown", "needs[0].resource_id")


def refused(provider: Provider, wanted: Json) -> tuple[str, str]:
    """The code and the field of a refused programme."""
    answer = provider.staff.post("/programmes", programme_body(None, **wanted)).json()
    return answer["code"], answer["field"]


def test_a_travelling_units_programme_needs_nothing(provider: Provider) -> None:
    body: Json = {"name": "大篷车", "kind": "caravan", "adcode": "150402", "lat": 42.26, "lon": 118.96}
    body |= {"min_dwell_days": 1, "max_dwell_days": 1, "topics": ["energy"], "grades": [1], "max_group": 9}
    unit = made(provider.staff.post("/units", body))
    wanted = {"unit_id": unit["id"], **needs(a_shared_resource(provider))}
    assert refused(provider, wanted) == ("needs_without_sessions", "needs")


def test_what_is_needed_is_not_withdrawn(provider: Provider) -> None:
    guides = a_shared_resource(provider)
    programme = a_programme(provider, **needs(guides))
    answer = withdrawn(provider, guides)
    assert (answer.status_code, answer.json()["code"]) == (409, "shared_resource_needed")
    provider.staff.call("POST", f"/programmes/{programme['id']}/withdraw", If_Match='"1"')
    assert withdrawn(provider, guides).json()["state"] == "withdrawn"


def test_sessions_of_one_time_share_a_guide(provider: Provider, command: Command) -> None:
    guides = a_shared_resource(provider)
    first, second = (a_slot(provider, a_programme(provider, **needs(guides))) for _ in range(2))
    later = made(provider.staff.post("/slots", slot_body(a_programme(provider, **needs(guides)), 31)))
    items = [seats_item(first), seats_item(second), seats_item(later)]
    assert sorted(told(command("catalog", "hold_many", items))) == ["held", "held", "no_guide"]
    lost = next(item for item in items[:2] if told(command("catalog", "hold_many", [item])) == ["no_guide"])
    kept = next(item for item in items[:2] if item is not lost)
    release = {"hold_id": kept["hold_id"], "reason": None}
    command("catalog", "release_many", [release])
    assert told(command("catalog", "hold_many", [lost])) == ["held"]


def told(outcomes: list[Json]) -> list[str]:
    """What became of each item."""
    return [outcome["code"] or outcome["outcome"] for outcome in outcomes]


def test_there_are_never_fewer_than_groups_have(provider: Provider, command: Command) -> None:
    guides = a_shared_resource(provider, 3)
    programme = a_programme(provider, **needs(guides))
    slot = a_slot(provider, programme)
    command("catalog", "hold_many", [seats_item(slot), seats_item(slot)])
    path = f"/shared-resources/{guides['id']}"
    fewer = provider.staff.patch(path, {"number": 1}, 1)
    assert (fewer.status_code, fewer.json()["code"]) == (409, "shared_resource_overbooked")
    assert fewer.json()["field"] == "number"
    more_each = provider.staff.patch(f"/programmes/{programme['id']}", needs(guides, 2), 1).json()
    assert (more_each["code"], more_each["field"]) == ("shared_resource_overbooked", "needs[0].quantity")
    assert provider.staff.patch(path, {"number": 2}, 1).json()["number"] == 2
    assert told(command("catalog", "hold_many", [seats_item(slot)])) == ["no_guide"]

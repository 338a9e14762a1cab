"""Venues, programmes and units over HTTP: who keeps them, who sees what, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.builders.accounts import CITY, LINXI, Person, a_coordinator, nobody, the_operator
from tests.builders.provider import (
    Provider,
    a_programme,
    a_provider,
    a_venue,
    made,
    programme_body,
    venue_body,
    window,
)


@pytest.fixture(scope="module")
def provider(stack: Stack, districts: None) -> Provider:
    return a_provider(stack, the_operator(stack))


@pytest.fixture(scope="module")
def other(stack: Stack, districts: None) -> Provider:
    return a_provider(stack, the_operator(stack))


@pytest.fixture(scope="module")
def public(stack: Stack) -> Person:
    return nobody(stack)


def test_a_venue_is_registered_and_everybody_sees_it(provider: Provider, public: Person) -> None:
    venue = a_venue(provider, designation="全国科普教育基地", expires_on="2028-12-31")
    assert venue["organisation_id"] == provider.organisation["id"]
    seen = public.get(f"/venues/{venue['id']}")
    assert seen.json() == venue
    assert seen.headers["ETag"] == '"1"'
    listed = public.get(
        f"/venues?organisation_id={provider.organisation['id']}&adcode=150400&limit=200"
    ).json()
    assert venue in listed["items"]


def test_the_same_name_twice_is_refused(provider: Provider) -> None:
    body = venue_body()
    made(provider.staff.post("/venues", body))
    again = provider.staff.post("/venues", body)
    assert (again.status_code, again.json()["code"]) == (409, "name_taken")


def test_only_those_who_keep_a_venue_change_it(
    provider: Provider, other: Provider, stack: Stack, operator: Person
) -> None:
    venue = a_venue(provider)
    path = f"/venues/{venue['id']}"
    assert other.staff.patch(path, {"policy": "ask"}, 1).status_code == 403
    assert a_coordinator(stack, operator, LINXI).patch(path, {"policy": "ask"}, 1).status_code == 403
    assert provider.staff.patch(path, {"policy": "ask"}, 1).json()["version"] == 2
    assert a_coordinator(stack, operator, CITY).patch(path, {"level": "region"}, 2).json()["version"] == 3


def test_a_stale_change_is_refused(provider: Provider) -> None:
    venue = a_venue(provider)
    path = f"/venues/{venue['id']}"
    provider.staff.patch(path, {"policy": "ask"}, 1)
    assert provider.staff.patch(path, {"policy": "auto"}, 1).json()["code"] == "stale"
    assert provider.staff.call("PATCH", path, {"policy": "auto"}).status_code == 428


def test_nobody_offers_for_an_organisation_of_others(provider: Provider, other: Provider) -> None:
    body = venue_body(organisation_id=other.organisation["id"])
    refused = provider.staff.post("/venues", body).json()
    assert (refused["code"], refused["field"]) == ("organisation_unknown", "organisation_id")


def test_a_draft_is_its_keepers_alone(provider: Provider, other: Provider, public: Person) -> None:
    draft = a_programme(provider, publish=False)
    path = f"/programmes/{draft['id']}"
    assert draft["state"] == "draft"
    assert public.get(path).status_code == 404
    assert other.staff.get(path).status_code == 404
    assert other.staff.patch(path, {"title": "别人的"}, 1).status_code == 404
    own = f"/programmes?organisation_id={provider.organisation['id']}&limit=200"
    assert draft["id"] not in _ids(public.get(own).json())
    assert draft["id"] in _ids(provider.staff.get(own).json())


def test_a_published_programme_is_public_until_it_is_withdrawn(provider: Provider, public: Person) -> None:
    draft = a_programme(provider, publish=False)
    path = f"/programmes/{draft['id']}"
    published = provider.staff.call("POST", f"{path}/publish", If_Match='"1"').json()
    assert published["state"] == "published"
    assert public.get(path).json() == published
    withdrawn = provider.staff.call("POST", f"{path}/withdraw", If_Match='"2"').json()
    assert withdrawn["state"] == "withdrawn"
    assert public.get(path).status_code == 404
    assert provider.staff.patch(path, {"title": "回来"}, 3).json()["code"] == "programme_withdrawn"


def test_publishing_and_withdrawing_twice_heed_the_version(provider: Provider) -> None:
    path = f"/programmes/{a_programme(provider, publish=False)['id']}"

    def act(what: str, version: int) -> tuple[int, Any]:
        answer = provider.staff.call("POST", f"{path}/{what}", If_Match=f'"{version}"')
        return answer.status_code, answer.json()["version" if answer.ok else "code"]

    assert act("publish", 1) == (200, 2)
    assert act("publish", 1) == (412, "stale")
    assert act("publish", 2) == (200, 2)
    assert act("withdraw", 2) == (200, 3)
    assert act("withdraw", 2) == (412, "stale")
    assert act("withdraw", 3) == (200, 3)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"topics": ["aerospace", "unheard-of"]}, "unknown_topic", "topics[1]"),
        ({"min_group": 50, "max_group": 20}, "limits_inverted", "max_group"),
        ({"fee_fen": 500}, "payer_required", "payer"),
        ({"max_group": 30.9}, "invalid", "max_group"),
        ({"publish": "on"}, "invalid", "publish"),
        ({"grades": [3, 3]}, "invalid", "grades"),
        ({"grades": []}, "invalid", "grades"),
        ({"title": "\u0000"}, "malformed_json", None),
        ({"unheard_of": 1}, "invalid", "unheard_of"),
        ({"core_concepts": [14]}, "invalid", "core_concepts[0]"),
    ],
)
def test_what_contradicts_itself_is_refused_by_field(
    provider: Provider, change: dict[str, object], code: str, field: str | None
) -> None:
    answer = provider.staff.post("/programmes", programme_body(None, **change))
    assert 400 <= answer.status_code < 500, answer.text
    refused = answer.json()
    if field is not None:
        assert (refused["code"], refused.get("field")) == (code, field)


def test_a_programme_is_at_its_own_organisations_venue(provider: Provider, other: Provider) -> None:
    foreign = a_venue(other)
    refused = provider.staff.post("/programmes", programme_body(foreign)).json()
    assert (refused["code"], refused["field"]) == ("not_the_owners", "venue_id")


def test_a_batch_is_taken_item_by_item(provider: Provider) -> None:
    good, bad = programme_body(None), programme_body(None, topics=["unheard-of"])
    answer = provider.staff.post("/programmes/batch", {"items": [good, bad, good]}).json()
    assert (answer["made"], answer["refused"]) == (2, 1)
    refusal = answer["items"][1]["refusal"]
    assert (refusal["code"], refusal["field"]) == ("unknown_topic", "topics[0]")
    assert "unheard-of" in refusal["message"]


def test_the_topic_tree_is_public_and_whole(public: Person) -> None:
    items = public.get("/topics").json()["items"]
    codes = [topic["code"] for topic in items]
    assert {"aerospace", "ocean", "health", "self_protection", "emergency"} <= set(codes)
    assert all(topic["parent"] in [None, *codes[:index]] for index, topic in enumerate(items))


def test_a_unit_is_registered_changed_and_seen(provider: Provider, public: Person) -> None:
    body: dict[str, Any] = {
        "name": f"大篷车 {provider.organisation['id'][-6:]}",
        "kind": "caravan",
        "adcode": "150402",
    }
    body |= {"lat": 42.26, "lon": 118.96, "min_dwell_days": 1, "max_dwell_days": 2, "topics": ["energy"]}
    unit = made(provider.staff.post("/units", {**body, "grades": [1, 2], "max_group": 300}))
    path = f"/units/{unit['id']}"
    assert public.get(path).json() == unit
    windows = [window(20), window(21)]
    changed = provider.staff.patch(path, {"windows": windows, "setup_days": 1}, 1).json()
    assert changed["windows"] == windows
    refused = provider.staff.patch(path, {"windows": [window(20), window(20)]}, 2).json()
    assert (refused["code"], refused["field"]) == ("windows_overlap", "windows")
    assert provider.staff.patch(path, {"min_dwell_days": 3}, 2).json()["code"] == "limits_inverted"


def _ids(listed: dict[str, list[dict[str, str]]]) -> set[str]:
    return {item["id"] for item in listed["items"]}

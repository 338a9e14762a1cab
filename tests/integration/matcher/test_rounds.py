"""A round from opening to offers, on the real services."""

from __future__ import annotations

import hashlib

import pytest

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person, a_coordinator
from tests.builders.provider import Provider, a_provider


@pytest.fixture
def coordinator(stack: Stack, operator: Person) -> Person:
    made.ensure_calendar(operator)
    return a_coordinator(stack, operator)


@pytest.fixture
def museum(stack: Stack, operator: Person) -> Provider:
    return a_provider(stack, operator)


def test_requests_are_solved_together_held_and_confirmed(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider
) -> None:
    round_ = made.a_round(coordinator)
    (slot,) = made.some_slots(museum, seats=60, round_id=round_["id"])
    schools = [made.a_school(stack, operator) for _ in range(3)]
    asked = [
        made.ask_in_round(school, round_, group_size=size)
        for school, size in zip(schools, (25, 30, 35), strict=True)
    ]

    drawn = _close_and_draw_up(coordinator, round_)
    assert drawn["gap"] == 0
    assert drawn["value"] == drawn["bound"] > 0
    drafts = coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"]
    # 25 + 35 fill the sixty seats: two of three, and not 25 + 30 as first come would have it.
    assert sorted(draft["group_size"] for draft in drafts) == [25, 35]
    assert all(draft["state"] == "proposed" and draft["version"] == 0 for draft in drafts)
    assert schools[0].teacher.get("/matches").json()["items"] == []
    assert schools[0].teacher.get(f"/rounds/{round_['id']}").json()["value"] is None

    seen = made.published(coordinator, round_)
    assert hashlib.sha256(seen["seed"].encode()).hexdigest() == round_["seed_hash"]
    for request in (asked[0], asked[2]):
        match = made.wait_for_match(coordinator, request, "confirmed")
        assert [leg["state"] for leg in match["legs"]] == ["reserved"]
    free = museum.staff.get(f"/slots/{slot['id']}").json()
    assert (free["taken"], free["free"]) == (60, 0)
    told = schools[1].teacher.get(f"/explanations/{asked[1]['id']}").json()
    assert told["outcome"] == "unserved"
    assert "contest" in {reason["code"] for reason in told["reasons"]}


def _close_and_draw_up(coordinator: Person, round_: made.Json) -> made.Json:
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    return made.wait_for_round(coordinator, round_, "drawn_up")

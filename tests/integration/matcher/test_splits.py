"""A large group that comes in parts: one match with several legs at one venue, on the real services."""

from __future__ import annotations

import pytest

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.builders.provider import Provider, a_programme, a_venue, slot_body
from tests.fixtures.stack import poll

LEGS = [(37, "reserved"), (37, "reserved"), (36, "reserved")]


def some_small_slots(
    museum: Provider, spot: made.Json, *days: float, policy: str = "ask", **changes: object
) -> list[made.Json]:
    """On each day two sessions side by side and one after them, of forty seats each."""
    venue = a_venue(museum, policy=policy, **spot)
    one, other = (a_programme(museum, venue, max_group=40) for _ in range(2))
    bodies = [slot_body(each, day, seats=40, **changes) for day in days for each in (one, other, one)]
    for later in bodies[2::3]:
        later["starts_at"] = later["starts_at"].replace("T02:", "T04:")
    return [poll(lambda body=body: _a_slot(museum, body), made.PATIENCE) for body in bodies]  # type: ignore[misc]


def _a_slot(museum: Provider, body: made.Json) -> made.Json | None:
    """Catalog has heard of the round."""
    answer = museum.staff.post("/slots", body)
    return answer.json() if answer.status_code == 201 else None


def _taken(museum: Provider, slots: list[made.Json]) -> list[int]:
    return [museum.staff.get(f"/slots/{slot['id']}").json()["taken"] for slot in slots]


@pytest.fixture
def large(stack: Stack, operator: Person, spot: made.Json) -> made.School:
    """A school that has more pupils than a session has seats."""
    return made.a_school(stack, operator, spot)


def test_a_round_gives_a_large_group_three_sessions_that_one_answer_confirms(
    coordinator: Person, museum: Provider, large: made.School, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator)
    slots = some_small_slots(museum, spot, 60, round_id=round_["id"])
    request = made.ask_in_round(large, round_, days=60, group_size=110)
    made.published(coordinator, round_)
    offer = made.wait_for_match(coordinator, request, "offered")
    assert len({leg["resource_id"] for leg in offer["legs"]}) == len(offer["legs"]) == 3
    assert (offer["group_size"], sum(leg["quantity"] for leg in offer["legs"])) == (110, 110)
    assert [leg["state"] for leg in offer["legs"]] == ["held"] * 3
    assert offer["starts_at"] == offer["legs"][0]["starts_at"] < offer["legs"][2]["starts_at"]

    answered = museum.staff.post(f"/matches/{offer['id']}/answers", {"answer": "accept"})
    assert answered.json()["state"] == "confirming"
    match = made.wait_for_match(coordinator, request, "confirmed")
    assert [(leg["quantity"], leg["state"]) for leg in match["legs"]] == LEGS
    assert sorted(_taken(museum, slots)) == [36, 37, 37]
    told = large.teacher.get(f"/explanations/{request['id']}").json()
    assert (told["why"]["split"], len(told["why"]["suits"])) == (10, 3)


def test_one_refused_hold_gives_all_parts_back(
    coordinator: Person, museum: Provider, large: made.School, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator)
    slots = some_small_slots(museum, spot, 61, policy="auto", round_id=round_["id"])
    request = made.ask_in_round(large, round_, days=61, group_size=110)
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    made.wait_for_round(coordinator, round_, "drawn_up")
    known = museum.staff.get(f"/slots/{slots[1]['id']}").json()
    fewer = museum.staff.patch(f"/slots/{slots[1]['id']}", {"seats": 20}, known["version"])
    assert fewer.status_code == 200, fewer.text
    made.published(coordinator, round_, drawn_up=True)
    ended = made.wait_for_match(coordinator, request, "superseded")
    assert ended["reason_code"] == "not_enough_seats"
    assert sorted(leg["state"] for leg in ended["legs"]) == ["refused", "released", "released"]
    assert _taken(museum, slots) == [0, 0, 0]


def test_a_part_that_falls_away_takes_the_group_to_another_day(
    coordinator: Person, museum: Provider, large: made.School, spot: made.Json
) -> None:
    slots = some_small_slots(museum, spot, 63, 64, policy="auto")
    request = made.ask(large, windows=[made.whole_days(63, 2)], group_size=110)
    first = made.wait_for_match(coordinator, request, "confirmed")
    gone = first["legs"][2]["resource_id"]
    known = museum.staff.get(f"/slots/{gone}").json()
    ended = museum.staff.post(f"/slots/{gone}/cancel", {"reason": "设备检修"})
    assert ended.status_code == 200, (ended.text, known["version"])

    def again() -> made.Json:
        """The same request has another match by now."""
        rows = coordinator.get(f"/matches?request_id={request['id']}").json()["items"]
        assert (rows[-1]["id"] != first["id"], rows[-1]["state"]) == (True, "confirmed")
        return dict(rows[-1])

    second = poll(again, made.PATIENCE, 0.2)
    used = {leg["resource_id"] for leg in first["legs"]}
    assert used.isdisjoint({leg["resource_id"] for leg in second["legs"]})
    assert sum(_taken(museum, slots)) == 110


def test_who_would_not_be_split_is_told_what_it_would_give(
    coordinator: Person, museum: Provider, large: made.School, spot: made.Json
) -> None:
    some_small_slots(museum, spot, 66, policy="auto")
    request = made.ask(large, days=66, group_size=110, may_split=False)

    def refused() -> made.Json:
        """The request was looked at when all sessions were known, and got nothing."""
        told: made.Json = large.teacher.get(f"/explanations/{request['id']}").json()
        assert told.get("outcome") == "unserved", told
        assert "in_parts" in {each["code"] for each in told["changes"]}, told
        return told

    told = poll(refused, made.PATIENCE, 0.2)
    assert "group_too_large" in {each["code"] for each in told["reasons"]}
    (change,) = [each for each in told["changes"] if each["code"] == "in_parts"]
    assert (change["amount"], change["parts"]) == (3, 3)
    known = large.teacher.get(f"/requests/{request['id']}").json()
    allowed = large.teacher.patch(f"/requests/{request['id']}", {"may_split": True}, known["version"])
    assert allowed.json()["may_split"] is True
    match = made.wait_for_match(coordinator, request, "confirmed")
    assert [(leg["quantity"], leg["state"]) for leg in match["legs"]] == LEGS

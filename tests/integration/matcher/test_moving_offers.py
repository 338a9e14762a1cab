"""An offer moved by hand, on the real services: its new place is held first, and nothing lost if it is not."""

from __future__ import annotations

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.builders.provider import Provider
from tests.fixtures.stack import poll

Json = made.Json
REASON = "校车当天不开"


def moved(who: Person, match: Json, kind: str, resource: Json, status: int = 200) -> Json:
    body = {"resource_kind": kind, "resource_id": resource["id"], "reason": REASON}
    answer = who.call("POST", f"/matches/{match['id']}/move", body)
    assert answer.status_code == status, answer.text
    told: Json = answer.json()
    return told


def is_possible(who: Person, match: Json, expert: Json) -> bool:
    """Matcher has heard of the expert."""
    body = {"resource_kind": "expert", "resource_id": expert["id"]}
    return who.call("POST", f"/matches/{match['id']}/move/preview", body).status_code == 200


def taken(who: Person, slot: Json) -> int:
    """Seats of the slot that somebody has."""
    seats: int = who.get(f"/slots/{slot['id']}").json()["taken"]
    return seats


def test_an_offer_makes_way_once_its_new_place_is_held(
    coordinator: Person, museum: Provider, school: made.School, spot: Json
) -> None:
    slots = made.some_slots(museum, spot, 2, seats=30, policy="ask", days=52)
    request = made.ask(school, windows=[made.whole_days(52, 2)])
    offer = made.wait_for_match(coordinator, request, "offered")
    (other,) = [slot for slot in slots if slot["id"] != offer["legs"][0]["resource_id"]]
    body = {"resource_kind": "slot", "resource_id": other["id"]}
    price = coordinator.call("POST", f"/matches/{offer['id']}/move/preview", body).json()["price"]
    assert price["accepted"] == 0, "the school agrees to everything beforehand"

    successor = moved(coordinator, offer, "slot", other)
    assert (successor["replaces"], successor["pin_reason"]) == (offer["id"], REASON)
    ended = made.wait_for(coordinator, offer["id"], "superseded")
    assert (ended["reason_code"], ended["reason"]) == ("offer_moved", REASON)
    made.wait_for(coordinator, successor["id"], "offered")
    assert [taken(museum.staff, slot) for slot in (other,)] == [25]
    (trail,) = coordinator.get(f"/matches/{offer['id']}/moves").json()["items"]
    assert (trail["successor"]["match_id"], trail["successor"]["state"]) == (successor["id"], "offered")

    accepted = museum.staff.post(f"/matches/{successor['id']}/answers", {"answer": "accept"})
    assert accepted.status_code == 200, accepted.text
    confirmed = made.wait_for_match(coordinator, request, "confirmed")
    assert confirmed["id"] == successor["id"]
    assert sorted(taken(museum.staff, slot) for slot in slots) == [0, 25]


def test_an_offer_stays_where_its_new_place_is_not_to_be_had(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, school: made.School, spot: Json
) -> None:
    made.some_slots(museum, spot, seats=30, policy="ask", days=55)
    experts = [made.an_expert(stack, operator, spot, days=(55,))[0] for _ in range(2)]
    request = made.ask(school, days=55, with_expert=True)
    offer = made.wait_for_match(coordinator, request, "offered")
    has = {leg["resource_id"] for leg in offer["legs"]}
    (other,) = [expert for expert in experts if expert["id"] not in has]

    poll(lambda: is_possible(coordinator, offer, other), made.PATIENCE)
    successor = moved(coordinator, offer, "expert", other)
    ended = made.wait_for(coordinator, successor["id"], "superseded")
    assert ended["reason_code"] == "not_enough_seats", "both places are in one slot of thirty seats"
    assert made.wait_for(coordinator, offer["id"], "offered")["version"] == offer["version"]
    (trail,) = coordinator.get(f"/matches/{offer['id']}/moves").json()["items"]
    assert trail["successor"]["state"] == "superseded"

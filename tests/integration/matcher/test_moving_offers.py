"""An offer moved by hand, on the real services: its new place is held first, then its parties are asked."""

from __future__ import annotations

from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.builders.provider import Provider

Json = made.Json
REASON = "校车当天不开"


def moved(who: Person, match: Json, kind: str, resource: Json) -> Json:
    body = {"resource_kind": kind, "resource_id": resource["id"], "reason": REASON}
    shown = who.call("POST", f"/matches/{match['id']}/move/preview", body).json()["shown"]
    answer = who.call("POST", f"/matches/{match['id']}/move", {**body, "shown": shown})
    assert answer.status_code == 200, answer.text
    told: Json = answer.json()
    return told


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

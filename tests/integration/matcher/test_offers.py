"""Offers, answers, legs and changes of mind, outside any round, on the real services."""

from __future__ import annotations

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import HONGSHAN, Person
from tests.builders.provider import Provider, programme_body, slot_body
from tests.builders.provider import made as body_of
from tests.fixtures.stack import poll


def test_a_request_at_once_is_matched_offered_and_confirmed_by_those_who_are_asked(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: made.Json
) -> None:
    school = made.a_school(stack, operator, spot, auto_accept=False)
    (slot,) = made.some_slots(museum, spot, seats=30, policy="ask", days=41)
    request = made.ask(school, days=41)
    offer = made.wait_for_match(school.teacher, request, "offered")
    needed = {agreement["party"] for agreement in offer["agreements"] if agreement["needed"]}
    assert needed == {"school", "venue"}
    path = f"/matches/{offer['id']}/answers"

    stranger = made.a_school(stack, operator, spot).teacher
    assert stranger.post(path, {"answer": "accept"}).status_code == 404
    assert coordinator.post(path, {"answer": "accept"}).json()["code"] == "not_asked"
    silent = school.teacher.post(path, {"answer": "decline"})
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    assert school.teacher.post(path, {"answer": "accept"}).json()["state"] == "offered"
    assert school.teacher.post(path, {"answer": "accept"}).json()["code"] == "already_answered"
    assert museum.staff.post(path, {"answer": "accept"}).json()["state"] == "confirming"
    made.wait_for_match(school.teacher, request, "confirmed")
    assert museum.staff.get(f"/slots/{slot['id']}").json()["taken"] == 25
    early = school.teacher.call("POST", f"/matches/{offer['id']}/delivered")
    assert early.json()["code"] == "event_ahead"
    counted = school.teacher.get("/matches/summary").json()
    assert counted["by_state"] == [{"state": "confirmed", "matches": 1, "pupils": 25}]
    assert counted["reserved_legs"] == 1


def test_a_declined_offer_gives_the_seats_back_and_the_request_gets_another_slot(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
) -> None:
    slots = made.some_slots(museum, spot, 2, seats=30, policy="ask", days=43)
    window = made.whole_days(43, 2)
    request = made.ask(school, windows=[window])
    first = made.wait_for_match(coordinator, request, "offered")
    declined = museum.staff.post(
        f"/matches/{first['id']}/answers", {"answer": "decline", "reason": "展厅当天检修"}
    )
    assert (declined.json()["state"], declined.json()["ending"]) == ("releasing", "declined")
    second = _another(coordinator, request, first)
    assert second["legs"][0]["resource_id"] != first["legs"][0]["resource_id"]
    ended = coordinator.get(f"/matches/{first['id']}").json()
    assert (ended["state"], ended["reason"]) == ("declined", "展厅当天检修")
    assert [leg["state"] for leg in ended["legs"]] == ["released"]
    taken = {slot["id"]: museum.staff.get(f"/slots/{slot['id']}").json()["taken"] for slot in slots}
    assert taken[first["legs"][0]["resource_id"]] == 0
    assert taken[second["legs"][0]["resource_id"]] == 25


def test_a_visit_with_an_expert_has_two_legs_at_one_time_or_none(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
) -> None:
    made.some_slots(museum, spot, seats=30, days=46)
    expert, staff = made.an_expert(stack, operator, spot, days=(46,))
    request = made.ask(school, days=46, with_expert=True)
    offer = made.wait_for_match(coordinator, request, "offered")
    legs = {leg["resource_kind"]: leg for leg in offer["legs"]}
    assert set(legs) == {"slot", "expert"}
    assert legs["expert"]["resource_id"] == expert["id"]
    assert (legs["expert"]["starts_at"], legs["expert"]["place"]) == (
        legs["slot"]["starts_at"],
        legs["slot"]["place"],
    )
    accepted = staff.post(f"/matches/{offer['id']}/answers", {"answer": "accept"})
    assert accepted.json()["state"] == "confirming"
    confirmed = made.wait_for_match(coordinator, request, "confirmed")
    assert {leg["state"] for leg in confirmed["legs"]} == {"reserved"}
    off = coordinator.post(f"/matches/{offer['id']}/cancel", {"reason": "大雪封路"})
    assert off.json()["state"] == "releasing"
    ended = made.wait_for(coordinator, offer["id"], "cancelled")
    assert {leg["state"] for leg in ended["legs"]} == {"released"}


def test_an_expert_comes_to_the_school_and_a_paused_one_does_not(
    stack: Stack, operator: Person, coordinator: Person, school: made.School, spot: made.Json
) -> None:
    expert, staff = made.an_expert(stack, operator, spot, days=(47,), topics=("ocean",))
    request = made.ask(school, days=47, kind="expert", topics=["ocean"])
    offer = made.wait_for_match(coordinator, request, "offered")
    assert [leg["owner"] for leg in offer["legs"]] == ["experts"]
    place = offer["legs"][0]["place"]
    assert (place["lat"], place["lon"]) == (school.organisation["lat"], school.organisation["lon"])
    assert staff.post(f"/matches/{offer['id']}/answers", {"answer": "accept"}).status_code == 200
    made.wait_for_match(coordinator, request, "confirmed")
    known = coordinator.get(f"/experts/{expert['id']}").json()
    paused = coordinator.patch(f"/experts/{expert['id']}", {"state": "paused"}, known["version"])
    assert paused.status_code == 200, paused.text
    ended = made.wait_for(coordinator, offer["id"], "cancelled")
    assert ended["reason_code"] == "expert_paused"


def test_a_caravan_stops_at_the_school(
    coordinator: Person, museum: Provider, school: made.School, spot: made.Json
) -> None:
    unit = {
        "name": f"大篷车 {school.organisation['id'][-8:]}", "kind": "caravan", "adcode": HONGSHAN,
        **spot, "min_dwell_days": 1, "max_dwell_days": 2, "topics": ["energy"], "grades": [4],
        "max_group": 500, "policy": "ask", "travel_limit_km": 5,
    }  # fmt: skip
    made_unit = body_of(museum.staff.post("/units", unit))
    request = made.ask(school, days=48, kind="exhibition", topics=["energy"], group_size=180)
    offer = made.wait_for_match(coordinator, request, "offered")
    assert [leg["resource_id"] for leg in offer["legs"]] == [made_unit["id"]]
    assert {a["party"] for a in offer["agreements"] if a["needed"]} == {"unit"}
    assert museum.staff.post(f"/matches/{offer['id']}/answers", {"answer": "accept"}).status_code == 200
    made.wait_for_match(coordinator, request, "confirmed")


def test_a_caravan_is_opened_by_an_expert_and_goes_where_none_comes(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
) -> None:
    unit = {
        "name": f"科普大篷车 {school.organisation['id'][-8:]}", "kind": "caravan", "adcode": HONGSHAN,
        **spot, "min_dwell_days": 1, "max_dwell_days": 2, "topics": ["energy"], "grades": [4],
        "max_group": 500, "policy": "auto", "travel_limit_km": 5,
    }  # fmt: skip
    body_of(museum.staff.post("/units", unit))
    expert, staff = made.an_expert(stack, operator, spot, days=(54,), topics=("energy",))
    wanted = {"kind": "exhibition", "topics": ["energy"], "with_expert": True, "group_size": 180}
    request = made.ask(school, days=54, **wanted)
    offer = made.wait_for_match(coordinator, request, "offered")
    legs = {leg["resource_kind"]: leg for leg in offer["legs"]}
    assert legs["expert"]["resource_id"] == expert["id"]
    assert legs["expert"]["place"] == legs["unit"]["place"]
    assert offer["title"] == unit["name"]
    stay = legs["unit"]["starts_at"], legs["unit"]["ends_at"]
    assert stay == (offer["starts_at"], offer["ends_at"])
    assert stay[0] <= legs["expert"]["starts_at"] < legs["expert"]["ends_at"] <= stay[1]
    assert staff.post(f"/matches/{offer['id']}/answers", {"answer": "accept"}).status_code == 200
    confirmed = made.wait_for_match(coordinator, request, "confirmed")
    assert {leg["state"] for leg in confirmed["legs"]} == {"reserved"}
    off = staff.post(f"/matches/{offer['id']}/cancel", {"reason": "专家生病"})
    assert off.status_code == 200, off.text
    ended = made.wait_for(coordinator, offer["id"], "cancelled")
    assert {leg["state"] for leg in ended["legs"]} == {"released"}


def test_an_online_session_is_offered_to_who_names_it_and_takes_place_at_the_school(
    coordinator: Person, museum: Provider, school: made.School
) -> None:
    online = body_of(museum.staff.post("/programmes", programme_body(None, kind="lecture", place="online")))
    slot = body_of(museum.staff.post("/slots", slot_body(online, days=49, seats=200)))
    request = made.ask(school, days=49, topics=[], programme_id=online["id"], distance_limit_km=1)
    offer = made.wait_for_match(coordinator, request, "offered")
    (leg,) = offer["legs"]
    assert (leg["resource_id"], leg["venue_id"]) == (slot["id"], None)
    assert (leg["place"]["lat"], leg["place"]["lon"]) == (
        school.organisation["lat"],
        school.organisation["lon"],
    )
    assert {a["party"] for a in offer["agreements"] if a["needed"]} == {"venue"}
    assert museum.staff.post(f"/matches/{offer['id']}/answers", {"answer": "accept"}).status_code == 200
    made.wait_for_match(coordinator, request, "confirmed")
    assert museum.staff.get(f"/slots/{slot['id']}").json()["taken"] == 25


def test_withdrawing_a_request_and_cancelling_a_slot_let_go_of_the_match(
    coordinator: Person, museum: Provider, school: made.School, spot: made.Json
) -> None:
    first, second = made.some_slots(museum, spot, 2, seats=30, policy="ask", days=50)
    asked = [made.ask(school, days=day) for day in (50, 51)]
    offers = [made.wait_for_match(coordinator, request, "offered") for request in asked]
    assert [offer["legs"][0]["resource_id"] for offer in offers] == [first["id"], second["id"]]
    gone = school.teacher.post(f"/requests/{asked[0]['id']}/withdraw", {"reason": "改期"})
    assert gone.status_code == 200, gone.text
    ended = made.wait_for(coordinator, offers[0]["id"], "cancelled")
    assert ended["reason_code"] == "request_withdrawn"
    called_off = museum.staff.post(f"/slots/{second['id']}/cancel", {"reason": "停电"})
    assert called_off.status_code == 200, called_off.text
    ended = made.wait_for(coordinator, offers[1]["id"], "cancelled")
    assert ended["reason_code"] == "slot_cancelled"
    assert museum.staff.get(f"/slots/{first['id']}").json()["taken"] == 0


def _another(who: Person, request: made.Json, first: made.Json) -> made.Json:
    """The next match of a request."""

    def offered() -> made.Json | None:
        """Another match is offered."""
        rows = who.get(f"/matches?request_id={request['id']}").json()["items"]
        newest: made.Json = rows[-1]
        return newest if newest["id"] != first["id"] and newest["state"] == "offered" else None

    return poll(offered, made.PATIENCE, 0.2)


def test_one_refused_leg_gives_the_other_back(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
) -> None:
    round_ = made.a_round(coordinator)
    (slot,) = made.some_slots(museum, spot, seats=30, days=52, round_id=round_["id"])
    made.an_expert(stack, operator, spot, days=(52,))
    request = made.ask_in_round(school, round_, days=52, with_expert=True)
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    made.wait_for_round(coordinator, round_, "drawn_up")
    known = museum.staff.get(f"/slots/{slot['id']}").json()
    fewer = museum.staff.patch(f"/slots/{slot['id']}", {"seats": 10}, known["version"])
    assert fewer.status_code == 200, fewer.text
    made.published(coordinator, round_, drawn_up=True)
    ended = made.wait_for_match(coordinator, request, "superseded")
    assert ended["reason_code"] == "not_enough_seats"
    states = {leg["resource_kind"]: leg["state"] for leg in ended["legs"]}
    assert states == {"expert": "released", "slot": "refused"}
    engaged = coordinator.get("/engagements").json()["items"]
    assert [each["state"] for each in engaged if each["match_id"] == ended["id"]] in ([], ["released"])
    assert museum.staff.get(f"/slots/{slot['id']}").json()["taken"] == 0

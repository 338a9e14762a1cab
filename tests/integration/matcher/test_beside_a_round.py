"""At once and after an event, beside a round that is drawn up, on the real services."""

from __future__ import annotations

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.builders.provider import Provider, a_programme, a_venue, slot_body
from tests.builders.provider import made as body_of
from tests.fixtures.stack import poll


def slots(museum: Provider, spot: made.Json, *bodies: made.Json) -> list[made.Json]:
    """Slots of one programme, which any group may come to."""
    programme = a_programme(museum, a_venue(museum, policy="ask", **spot))
    return [body_of(museum.staff.post("/slots", slot_body(programme, **body))) for body in bodies]


def drafted(who: Person, round_: made.Json, request: made.Json) -> made.Json:
    """The draft of a request."""
    rows = who.get(f"/rounds/{round_['id']}/matches?request_id={request['id']}").json()["items"]
    return dict(next(row for row in rows if row["state"] == "proposed"))


def explained(who: Person, request: made.Json) -> made.Json:
    """As the person reads it."""
    answer = who.get(f"/explanations/{request['id']}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def test_a_place_that_a_drawn_up_round_needs_is_kept_and_what_it_leaves_is_offered(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
) -> None:
    slots(museum, spot, {"days": 60, "seats": 60})
    round_ = made.a_round(coordinator)
    pooled = made.ask_in_round(school, round_, days=60, group_size=40)
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    made.wait_for_round(coordinator, round_, "drawn_up")
    assert drafted(coordinator, round_, pooled)["group_size"] == 40
    other = made.a_school(stack, operator, spot)
    large, small = (made.ask(other, days=60, group_size=size) for size in (30, 20))
    made.wait_for_match(coordinator, small, "offered")

    def refused() -> made.Json:
        """The answer is there, and what is told of it."""
        told: made.Json = coordinator.get(f"/explanations/{large['id']}").json()
        assert "contest" in told, told
        assert told["contest"], told
        return told

    poll(refused, made.PATIENCE, 0.2)
    told = explained(other.teacher, large)
    assert [reason["code"] for reason in told["reasons"]][-1:] == ["kept_for_round"]
    assert (told["contest"]["holders"], told["contest"]["pupils"]) == (1, 40)
    assert coordinator.get(f"/matches?request_id={large['id']}").json()["items"] == []


def test_who_loses_an_offered_slot_gets_one_that_a_draft_makes_room_in(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
) -> None:
    (large,) = slots(museum, spot, {"days": 63, "seats": 60})
    round_ = made.a_round(coordinator)
    pooled = made.ask_in_round(school, round_, days=63, group_size=40)
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    made.wait_for_round(coordinator, round_, "drawn_up")
    first, small = slots(museum, spot, {"days": 62, "seats": 60}, {"days": 63, "seats": 45})
    late = made.a_school(stack, operator, spot)
    asked = made.ask(late, windows=[made.whole_days(62, 2)], group_size=50)
    offer = made.wait_for_match(coordinator, asked, "offered")
    assert offer["legs"][0]["resource_id"] == first["id"]
    called_off = museum.staff.post(f"/slots/{first['id']}/cancel", {"reason": "停电"})
    assert called_off.status_code == 200, called_off.text

    def offered_again() -> made.Json | None:
        """Another match of the request is offered."""
        newest: made.Json = coordinator.get(f"/matches?request_id={asked['id']}").json()["items"][-1]
        return newest if newest["id"] != offer["id"] and newest["state"] == "offered" else None

    again = poll(offered_again, made.PATIENCE, 0.2)
    assert again["legs"][0]["resource_id"] == large["id"]
    assert drafted(coordinator, round_, pooled)["legs"][0]["resource_id"] == small["id"]
    assert explained(late.teacher, asked)["rearranged"]["code"] == "slot_cancelled"
    assert explained(coordinator, pooled)["rearranged"]["code"] == "made_room_for"
    made.published(coordinator, round_, drawn_up=True)
    made.wait_for_match(coordinator, pooled, "offered")
    assert museum.staff.get(f"/slots/{small['id']}").json()["taken"] == 40

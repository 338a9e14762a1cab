"""Slots and closures over HTTP, with holds as matcher makes them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.builders.accounts import Person, nobody, the_operator
from tests.builders.holds import in_minutes, seats_item
from tests.builders.provider import (
    Provider,
    a_programme,
    a_provider,
    a_slot,
    a_venue,
    made,
    slot_body,
)
from tests.fixtures.commands import Command
from tests.fixtures.stack import poll


@pytest.fixture(scope="module")
def provider(stack: Stack, districts: None) -> Provider:
    return a_provider(stack, the_operator(stack))


@pytest.fixture(scope="module")
def public(stack: Stack) -> Person:
    return nobody(stack)


def test_a_slot_lasts_as_long_as_its_programme_and_shows_its_free_seats(
    provider: Provider, public: Person
) -> None:
    programme = a_programme(provider, duration_minutes=120)
    slot = a_slot(provider, programme, groups_limit=3)
    assert (slot["seats"], slot["taken"], slot["free"], slot["state"]) == (30, 0, 30, "open")
    assert slot["ends_at"][11:16] == "04:00"
    assert public.get(f"/slots/{slot['id']}").json() == slot
    assert public.get(f"/slots?programme_id={programme['id']}&free=30").json()["items"] == [slot]
    assert public.get(f"/slots?programme_id={programme['id']}&free=31").json()["items"] == []


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"starts_at": "2020-01-01T00:00:00Z"}, "slot_past", "starts_at"),
        ({"starts_at": "2099-01-01T00:00:00Z"}, "slot_too_late", "starts_at"),
        ({"ends_at": "2026-01-01T00:00:00Z"}, "slot_ends_before_start", "ends_at"),
        ({"starts_at": "2027-06-01T09:00:00"}, "invalid", "starts_at"),
        ({"seats": 0}, "invalid", "seats"),
        ({"seats": 100_000}, "invalid", "seats"),
        ({"round_id": "00000000-0000-4000-8000-000000000000"}, "round_unknown", "round_id"),
        ({"programme_id": "00000000-0000-4000-8000-000000000000"}, "not_found", None),
    ],
)
def test_a_slot_that_cannot_be_is_refused_by_field(
    provider: Provider, change: dict[str, Any], code: str, field: str | None
) -> None:
    body = slot_body(a_programme(provider), **change)
    refused = provider.staff.post("/slots", body).json()
    assert (refused["code"], refused.get("field")) == (code, field)


def test_slots_are_published_as_long_before_as_the_programme_asks(provider: Provider) -> None:
    programme = a_programme(provider, lead_days=7)
    soon = provider.staff.post("/slots", slot_body(programme, days=5)).json()
    assert (soon["code"], soon["field"]) == ("slot_too_soon", "starts_at")
    made(provider.staff.post("/slots", slot_body(programme, days=8)))


def test_a_draft_has_no_slots(provider: Provider) -> None:
    draft = a_programme(provider, publish=False)
    assert provider.staff.post("/slots", slot_body(draft)).json()["code"] == "programme_not_published"


def test_a_batch_names_what_it_refuses_and_takes_the_rest(provider: Provider) -> None:
    programme = a_programme(provider)
    items = [slot_body(programme, days=30), slot_body(programme, days=30), slot_body(programme, days=31)]
    answer = provider.staff.post("/slots/batch", {"items": items}).json()
    assert (answer["made"], answer["refused"]) == (2, 1)
    assert answer["items"][1]["refusal"]["code"] == "slot_exists"


def test_a_weekly_rule_leaves_closed_days_out(provider: Provider) -> None:
    venue = a_venue(provider)
    programme = a_programme(provider, venue)
    monday = date.today() + timedelta(days=28 - date.today().weekday())
    closed = {"venue_id": venue["id"], "first_day": str(monday), "last_day": str(monday), "reason": "布展"}
    made(provider.staff.post("/closures", closed))
    rule = {"programme_id": programme["id"], "weekdays": [1, 3], "time": "09:30", "seats": 40}
    rule |= {"first_day": str(monday), "last_day": str(monday + timedelta(days=13))}
    answer = made(provider.staff.post("/slots/rules", rule))
    assert [slot["starts_at"][11:16] for slot in answer["items"]] == ["01:30"] * 3
    assert answer["skipped"] == [{"day": str(monday), "reason": "closed"}]
    again = made(provider.staff.post("/slots/rules", rule))
    assert [day["reason"] for day in again["skipped"]] == ["closed"] + ["slot_exists"] * 3


@pytest.mark.parametrize(("time", "last"), [("24:00", 7), ("9:30", 7), ("09:30", -1)])
def test_a_rule_that_cannot_be_is_refused(provider: Provider, time: str, last: int) -> None:
    first = date.today() + timedelta(days=10)
    rule = {"programme_id": a_programme(provider)["id"], "weekdays": [1], "time": time, "seats": 40}
    rule |= {"first_day": str(first), "last_day": str(first + timedelta(days=last))}
    assert provider.staff.post("/slots/rules", rule).status_code == 422


def test_seats_do_not_fall_below_what_is_taken(provider: Provider, command: Command) -> None:
    slot = a_slot(provider)
    assert command("catalog", "hold_many", [seats_item(slot, 20)])[0]["outcome"] == "held"
    path = f"/slots/{slot['id']}"
    refused = provider.staff.patch(path, {"seats": 19}, 2).json()
    assert (refused["code"], refused["field"]) == ("seats_below_taken", "seats")
    assert provider.staff.patch(path, {"starts_at": in_minutes(99999)}, 2).json()["code"] == "slot_has_holds"
    assert provider.staff.patch(path, {"seats": 20}, 1).json()["code"] == "stale"
    changed = provider.staff.patch(path, {"seats": 20}, 2).json()
    assert (changed["seats"], changed["free"]) == (20, 0)


def test_a_cancelled_slot_lists_its_matches_and_refuses(provider: Provider, command: Command) -> None:
    slot = a_slot(provider)
    item = seats_item(slot, 20)
    command("catalog", "hold_many", [item])
    stopped = provider.staff.post(f"/slots/{slot['id']}/cancel", {"reason": "设备检修"}).json()
    assert (stopped["slot"]["state"], stopped["affected_match_ids"]) == ("cancelled", [item["match_id"]])
    assert command("catalog", "hold_many", [seats_item(slot)])[0]["code"] == "slot_cancelled"
    assert command("catalog", "confirm_many", [{"hold_id": item["hold_id"]}])[0]["code"] == "slot_cancelled"
    released = command("catalog", "release_many", [{"hold_id": item["hold_id"], "reason": "场次取消"}])
    assert released[0]["outcome"] == "released"


def test_a_closed_slot_keeps_what_it_has_and_opens_again(provider: Provider, command: Command) -> None:
    slot = a_slot(provider)
    item = seats_item(slot, 20)
    command("catalog", "hold_many", [item])
    assert provider.staff.delete(f"/slots/{slot['id']}").json()["affected_match_ids"] == [item["match_id"]]
    assert command("catalog", "hold_many", [seats_item(slot)])[0]["code"] == "slot_closed"
    assert command("catalog", "confirm_many", [{"hold_id": item["hold_id"]}])[0]["outcome"] == "confirmed"
    assert provider.staff.post(f"/slots/{slot['id']}/reopen").json()["state"] == "open"
    assert command("catalog", "hold_many", [seats_item(slot)])[0]["outcome"] == "held"


@pytest.mark.parametrize(
    ("method", "ending", "body"),
    [("DELETE", "", None), ("POST", "/reopen", None), ("POST", "/cancel", {"reason": "设备检修"})],
)
def test_stopping_and_reopening_heed_a_version_that_is_sent(
    provider: Provider, method: str, ending: str, body: Any
) -> None:
    path = f"/slots/{a_slot(provider)['id']}"
    stale = provider.staff.call(method, path + ending, body, If_Match='"7"')
    assert (stale.status_code, stale.json()["code"]) == (412, "stale")
    assert provider.staff.call(method, path + ending, body, If_Match='"1"').status_code == 200


def test_lifting_a_closure_heeds_a_version_that_is_sent(provider: Provider) -> None:
    day = str(date.today() + timedelta(days=50))
    body = {"venue_id": a_venue(provider)["id"], "first_day": day, "last_day": day, "reason": "布展"}
    path = f"/closures/{made(provider.staff.post('/closures', body))['id']}/lift"
    for version in (0, 2):
        assert provider.staff.call("POST", path, If_Match=f'"{version}"').status_code == 412
    assert provider.staff.call("POST", path, If_Match='"1"').json()["state"] == "lifted"


def test_a_closure_cancels_free_slots_and_lists_the_others(
    provider: Provider, public: Person, command: Command
) -> None:
    venue = a_venue(provider)
    programme = a_programme(provider, venue)
    free, booked = a_slot(provider, programme), a_slot(provider, programme, days=31)
    item = seats_item(booked)
    command("catalog", "hold_many", [item])
    first = date.fromisoformat(free["starts_at"][:10])
    body = {"venue_id": venue["id"], "first_day": str(first), "reason": "闭馆维护"}
    closure = made(provider.staff.post("/closures", {**body, "last_day": str(first + timedelta(days=1))}))
    assert closure["cancelled_slot_ids"] == [free["id"]]
    assert (closure["affected_slot_ids"], closure["affected_match_ids"]) == (
        [booked["id"]],
        [item["match_id"]],
    )
    seen = public.get(f"/closures/{closure['id']}").json()
    assert (seen["reason"], seen["affected_match_ids"]) == ("闭馆维护", [])
    assert public.get(f"/slots/{free['id']}").json()["state"] == "cancelled"
    assert public.get(f"/slots/{booked['id']}").json()["state"] == "closed"
    again = provider.staff.post("/slots", slot_body(programme)).json()
    assert (again["code"], again["field"]) == ("venue_closed", "starts_at")
    assert provider.staff.post(f"/closures/{closure['id']}/lift").json()["state"] == "lifted"
    made(provider.staff.post("/slots", slot_body(programme)))


def test_lapsed_holds_give_their_seats_back_by_themselves(
    provider: Provider, public: Person, command: Command
) -> None:
    slot = a_slot(provider)
    item = seats_item(slot, 20, expires_at=in_minutes(0.05))
    assert command("catalog", "hold_many", [item])[0]["outcome"] == "held"
    path = f"/slots/{slot['id']}"
    assert public.get(path).json()["free"] == 10
    poll(lambda: public.get(path).json()["free"] == 30, 15)
    assert command("catalog", "confirm_many", [{"hold_id": item["hold_id"]}])[0]["code"] == "hold_expired"


def test_one_hold_id_twice_in_one_call_is_refused(provider: Provider, command: Command) -> None:
    item = seats_item(a_slot(provider))
    with pytest.raises(Exception, match="invalid"):
        command("catalog", "hold_many", [item, item])


def test_slots_come_in_pages_by_time(provider: Provider, public: Person) -> None:
    programme = a_programme(provider)
    days = [slot_body(programme, days=40 - n) for n in range(5)]
    provider.staff.post("/slots/batch", {"items": days})
    path = f"/slots?programme_id={programme['id']}&limit=2"
    seen: list[str] = []
    cursor: str | None = ""
    while cursor is not None:
        listed = public.get(path + (f"&cursor={cursor}" if cursor else "")).json()
        seen += [slot["starts_at"] for slot in listed["items"]]
        cursor = listed["next"]
    assert seen == sorted(body["starts_at"] for body in days)

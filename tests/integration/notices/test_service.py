"""Notices as they stand in the stack: an offer reaches its people in the system and by mail."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import requests

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person, logged_in, nobody, user_body
from tests.builders.matcher import Json
from tests.builders.provider import Provider

Eventually = Callable[..., Any]


def _letters(stack: Stack, address: str) -> list[Json]:
    url = stack.environment("operator")["MAIL_URL"]
    items: list[Json] = requests.get(f"{url}/mails", params={"to": address}, timeout=10).json()["items"]
    return items


def _guide(stack: Stack, operator: Person, museum: Provider) -> tuple[Person, str]:
    """Somebody of the museum's staff with an address."""
    address = f"g{secrets.token_hex(6)}@example.org"
    body = user_body(museum.organisation["id"], "venue", email=address)
    answer = operator.post("/users", body)
    assert answer.status_code == 201, answer.text
    return logged_in(stack, body["login"]), address


def test_an_offer_reaches_the_venue_and_a_confirmation_everybody(
    stack: Stack, operator: Person, museum: Provider, spot: Json, eventually: Eventually
) -> None:
    guide, address = _guide(stack, operator, museum)
    school = made.a_school(stack, operator, spot)
    made.some_slots(museum, spot, seats=30, policy="ask", days=52)
    request = made.ask(school, days=52)
    offer = made.wait_for_match(school.teacher, request, "offered")
    (notice,) = eventually(lambda: guide.get("/notices?kind=offer_awaits_answer").json()["items"], 20)
    assert notice["aggregate_id"] == offer["id"]
    (letter,) = eventually(lambda: _letters(stack, address), 20)
    assert school.organisation["name"] in letter["subject"]
    assert museum.staff.post(f"/matches/{offer['id']}/answers", {"answer": "accept"}).status_code == 200
    for person in (guide, school.teacher):
        eventually(lambda who=person: who.get("/notices?kind=match_confirmed").json()["items"], 30)
    # Read in the language of the call, marked as read once, counted right.
    assert guide.get("/notices/counts").json() == {"total": 2, "unread": 2}
    english = guide.call("GET", "/notices?unread=true", Accept_Language="en").json()["items"]
    assert english[-1]["title"].startswith("Please answer")
    assert guide.call("POST", f"/notices/{notice['id']}/read").json()["read_at"]
    assert guide.get("/notices/counts").json()["unread"] == 1
    assert guide.call("POST", "/notices/read-all").json()["unread"] == 0
    assert school.teacher.call("POST", f"/notices/{notice['id']}/read").status_code == 404


def test_a_person_says_what_not_to_mail(school: made.School) -> None:
    teacher = school.teacher
    said = teacher.put("/notices/preferences", {"muted": ["offer_awaits_answer"]})
    assert said.json()["muted"] == ["offer_awaits_answer"]
    assert teacher.get("/notices/preferences").json() == said.json()
    for bad in ({"muted": ["everything"]}, {"muted": "x"}, {}, {"muted": ["match_confirmed"] * 2}):
        assert teacher.put("/notices/preferences", bad).status_code == 422


def test_notices_are_ones_own(stack: Stack, school: made.School, operator: Person) -> None:
    assert nobody(stack).get("/notices").status_code == 401
    # They belong to the person, so no organisation need be named.
    assert replace(school.teacher, organisation_id="").get("/notices").status_code == 200
    assert school.teacher.get("/notices/deliveries").status_code == 403
    assert operator.get("/notices/deliveries?state=sent").status_code == 200

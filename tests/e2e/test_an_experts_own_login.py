"""An expert with a login of the own: sees what concerns the own hours, answers alone, and is told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from tests.builders import matcher as made
from tests.builders.accounts import HONGSHAN, Person, a_coordinator, logged_in, user_body
from tests.builders.provider import made as created
from tests.fixtures.front import Front
from tests.fixtures.stack import poll

Json = dict[str, Any]
DAY, LATER = 61, 62
TOPIC = "ocean"


@dataclass(frozen=True)
class Speaker:
    """An expert's profile, the expert's own login, and the staff of the association behind it."""

    profile: Json
    self: Person
    staff: Person


@pytest.fixture
def spot(front: Front, operator: Person) -> Json:
    """A place of this test's own, in a region that knows its school days."""
    made.ensure_calendar(operator)
    return {**made.a_spot(), "adcode": HONGSHAN}


def _speaker(front: Front, operator: Person, spot: Json) -> Speaker:
    profile, staff = made.an_expert(front, operator, spot, days=(DAY, LATER), topics=(TOPIC,))
    body = user_body(profile["organisation_id"], "expert", expert_id=profile["id"], name=profile["name"])
    created(operator.post("/users", body))
    return Speaker(profile, logged_in(front, body["login"]), staff)


def _lecture(school: made.School, **wished: Any) -> Json:
    return made.ask(school, kind="expert", topics=[TOPIC], **wished)


def _matches(person: Person) -> list[str]:
    return [match["id"] for match in person.get("/matches").json()["items"]]


def _answer(person: Person, offer: Json, said: str, reason: str | None = None) -> Any:
    return person.post(f"/matches/{offer['id']}/answers", {"answer": said, "reason": reason})


def test_an_expert_accepts_alone_and_finds_it_among_the_own_engagements(
    front: Front, operator: Person, spot: Json
) -> None:
    speaker = _speaker(front, operator, spot)
    school = made.a_school(front, operator, spot)
    coordinator = a_coordinator(front, operator, HONGSHAN)
    request = _lecture(school, days=DAY)
    offer = made.wait_for_match(coordinator, request, "offered")
    assert offer["legs"][0]["resource_id"] == speaker.profile["id"]

    stranger = _speaker(front, operator, made.a_spot() | {"adcode": HONGSHAN}).self
    assert _matches(stranger) == []
    assert _answer(stranger, offer, "accept").status_code == 404
    assert _matches(speaker.self) == [offer["id"]]
    poll(lambda: _was_told(speaker.self, "offer_awaits_answer"), made.PATIENCE)

    accepted = _answer(speaker.self, offer, "accept")
    assert accepted.status_code == 200, accepted.text
    assert accepted.json()["state"] == "confirming"
    assert _answer(speaker.staff, offer, "decline", "改主意").json()["code"] == "already_answered"
    made.wait_for_match(coordinator, request, "confirmed")
    engaged = poll(lambda: _engagement(speaker.self, offer), made.PATIENCE)
    assert (engaged["expert_id"], engaged["starts_at"]) == (speaker.profile["id"], offer["starts_at"])
    assert _engagement(stranger, offer) is None
    poll(lambda: _was_told(speaker.self, "match_confirmed"), made.PATIENCE)


def test_an_expert_declines_with_a_reason_and_the_hours_are_free_again(
    front: Front, operator: Person, spot: Json
) -> None:
    speaker = _speaker(front, operator, spot)
    school = made.a_school(front, operator, spot)
    request = _lecture(school, days=LATER)
    offer = made.wait_for_match(school.teacher, request, "offered")
    silent = _answer(speaker.self, offer, "decline")
    assert (silent.status_code, silent.json()["code"]) == (422, "reason_required")
    declined = _answer(speaker.self, offer, "decline", "当天有手术")
    assert (declined.json()["state"], declined.json()["ending"]) == ("releasing", "declined")
    ended = made.wait_for(school.teacher, offer["id"], "declined")
    assert (ended["reason"], [leg["state"] for leg in ended["legs"]]) == ("当天有手术", ["released"])

    # Another school that wants this very hour gets it.
    same_hour = [{name: offer[name] for name in ("starts_at", "ends_at")}]
    again = _lecture(made.a_school(front, operator, spot), windows=same_hour)
    other = made.wait_for_match(speaker.self, again, "offered")
    assert other["starts_at"] == offer["starts_at"]


def _was_told(person: Person, kind: str) -> bool:
    """The inbox has a notice of this kind."""
    return kind in {notice["kind"] for notice in person.get("/notices?limit=200").json()["items"]}


def _engagement(person: Person, match: Json) -> Json | None:
    """The confirmed engagement of a match, as this person may see it."""
    listed = person.get("/engagements").json()["items"]
    return next((e for e in listed if e["match_id"] == match["id"] and e["state"] == "confirmed"), None)

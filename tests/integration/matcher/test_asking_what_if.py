"""An official asks what if about a round, on the real services: prices at once, both sides later."""

from __future__ import annotations

import secrets

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import LINXI, Person, a_coordinator
from tests.builders.provider import Provider
from tests.fixtures.stack import poll

Json = made.Json


def asked(who: Person, round_: Json, *changes: Json, status: int = 202, key: str | None = None) -> Json:
    answer = who.post(f"/rounds/{round_['id']}/what-ifs", {"changes": list(changes)}, key)
    assert answer.status_code == status, answer.text
    told: Json = answer.json()
    return told


def answered(who: Person, what_if: Json, state: str = "done") -> Json:
    """The question, once it is over."""

    def over() -> Json:
        """The question is answered."""
        found: Json = who.get(f"/rounds/{what_if['round_id']}/what-ifs/{what_if['id']}").json()
        assert found["state"] == state, (found["state"], found["progress"])
        return found

    return poll(over, made.PATIENCE, 0.2)


def exported(who: Person, what_if: Json) -> list[str]:
    """The lines of the answer's table."""
    answer = who.get(f"/rounds/{what_if['round_id']}/what-ifs/{what_if['id']}/export")
    assert answer.status_code == 200, answer.text
    return answer.content.decode("utf-8-sig").splitlines()


def explained(who: Person, round_: Json) -> bool:
    """The round's prices are known."""
    return who.get(f"/rounds/{round_['id']}/additions").json()["made_at"] is not None


def a_contested_round(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: Json
) -> tuple[Json, str]:
    """Three groups of 25 to 35 want sixty seats; drawn up and explained, with the programme's id."""
    round_ = made.a_round(coordinator)
    (slot,) = made.some_slots(museum, spot, seats=60, round_id=round_["id"])
    for size in (25, 30, 35):
        made.ask_in_round(made.a_school(stack, operator, spot), round_, group_size=size)
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    made.wait_for_round(coordinator, round_, "drawn_up")
    poll(lambda: explained(coordinator, round_), made.PATIENCE, 0.2)
    return round_, slot["programme_id"]


def test_what_one_more_session_would_add_is_told_twice_and_changes_nothing(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: Json
) -> None:
    round_, programme = a_contested_round(stack, operator, coordinator, museum, spot)
    key = secrets.token_hex(8)
    question = asked(coordinator, round_, {"kind": "more_sessions", "programme_id": programme}, key=key)
    assert question["at_once"][0]["points"] > 0, "by prices, at once"
    assert (
        asked(coordinator, round_, {"kind": "more_sessions", "programme_id": programme}, key=key) == question
    )
    told = answered(coordinator, question)
    base, changed = told["result"]["base"], told["result"]["changed"]
    assert (base["served"], changed["served"], changed["people"]) == (2, 3, 90)
    assert (base["gap"], changed["gap"]) == (0, 0)
    (worth,) = told["result"]["additions"]
    assert (worth["wishes"], worth["people"]) == (1, 30)
    assert [(each["gain"], each["lose"]) for each in told["result"]["moved"]] == [(1, 0)]
    assert exported(coordinator, question)[1].split(",")[2::4] == ["2", "3", "1"]
    drafts = coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"]
    assert sorted(draft["group_size"] for draft in drafts) == [25, 35]

    made.published(coordinator, round_, drawn_up=True)
    for draft in drafts:
        made.wait_for(coordinator, draft["id"], "confirmed")
    after = answered(coordinator, asked(coordinator, round_, {"kind": "demand", "factor": 2}))
    assert after["result"]["base"]["requests"] == 3, "what the round promised is given back on the copy"
    assert (after["result"]["base"]["served"], after["result"]["changed"]["requests"]) == (2, 6)
    listed = coordinator.get(f"/rounds/{round_['id']}/what-ifs").json()["items"]
    assert [each["id"] for each in listed] == [after["id"], question["id"]]


def test_who_does_not_oversee_the_area_finds_no_round_to_ask_about(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, school: made.School, spot: Json
) -> None:
    round_ = made.a_round(coordinator)
    made.ask_in_round(school, round_)
    question = asked(coordinator, round_, {"kind": "demand", "factor": 0.5})
    path = f"/rounds/{round_['id']}/what-ifs"
    far = a_coordinator(stack, operator, LINXI)
    asked(far, round_, {"kind": "demand", "factor": 2}, status=404)
    assert far.get(path).status_code == far.get(f"{path}/{question['id']}").status_code == 404
    assert far.post(f"{path}/{question['id']}/cancel").status_code == 404
    for stranger in (school.teacher, museum.staff):
        asked(stranger, round_, {"kind": "demand", "factor": 2}, status=403)
        assert stranger.get(path).status_code == 403
    assert operator.get(path).status_code == 200
    answered(coordinator, question)
    assert far.get(f"{path}/{question['id']}/export").status_code == 404
    over = coordinator.post(f"{path}/{question['id']}/cancel")
    assert (over.status_code, over.json()["code"]) == (409, "what_if_over")


def test_what_makes_no_sense_is_refused_at_its_field_in_both_languages(coordinator: Person) -> None:
    round_ = made.a_round(coordinator)
    path = f"/rounds/{round_['id']}/what-ifs"
    for change, code in (({"kind": "demand"}, "required"), ({"kind": "demand", "factor": 40}, "too_large")):
        told = asked(coordinator, round_, change, status=422)
        assert [(each["field"], each["code"]) for each in told["errors"]] == [("changes[0].factor", code)]
    nowhere = {"changes": [{"kind": "demand", "factor": 2, "adcode": LINXI}]}
    for language, words in (("zh", "没有来自这个地区的申请"), ("en", "no request from there")):
        answer = coordinator.call(
            "POST", path, nowhere, Idempotency_Key=secrets.token_hex(8), Accept_Language=language
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "what_if_not_asked")
        assert words in answer.text
        assert answer.json()["errors"][0]["field"] == "changes[0].adcode"

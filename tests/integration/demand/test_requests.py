"""Asking, editing and withdrawing over HTTP, through two processes on one database."""

from __future__ import annotations

import json
import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.demand.usecases import hearing
from tests.builders import demand as made
from tests.builders.demand import LINXI, next_weekday, window_from, wish_body
from tests.concurrency.parallel import each, together
from tests.fixtures.wishing import DemandDoor, School


def body(**changes: Any) -> dict[str, Any]:
    return wish_body(datetime.now(UTC), **changes)


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def requests_of(demand: DemandDoor, school: School) -> int:
    rows = demand.rows("select id from requests where school_id = %(id)s", id=school.organisation_id)
    return len(rows)


def test_a_request_is_submitted_seen_and_told_of(demand: DemandDoor) -> None:
    school = demand.a_school()
    answer = school.post("/requests", body(contact="王老师 0476-1234567", preferences="有轮椅\n请走坡道"))
    assert answer.status_code == 201, answer.text
    request = answer.json()
    assert answer.headers["ETag"] == '"1"'
    assert (request["state"], request["school_id"], request["round_id"]) == (
        "submitted",
        str(school.organisation_id),
        None,
    )
    assert school.get(f"/requests/{request['id']}").json() == request
    assert [item["id"] for item in school.get("/requests").json()["items"]] == [request["id"]]
    told = demand.rows(
        "select type, version, body from outbox where aggregate_id = %(id)s", id=uuid.UUID(request["id"])
    )
    assert [(row["type"], row["version"]) for row in told] == [("request_submitted", 1)]
    assert "0476" not in told[0]["body"]


def test_a_request_belongs_to_its_round(demand: DemandDoor) -> None:
    school, round_id = demand.a_school(), demand.a_round()
    answer = school.post("/requests", body(round_id=str(round_id)))
    assert answer.json()["round_id"] == str(round_id)
    mine = school.get(f"/requests?round_id={round_id}").json()["items"]
    assert [item["id"] for item in mine] == [answer.json()["id"]]


def test_rounds_that_take_no_request_say_why(demand: DemandDoor) -> None:
    school, now = demand.a_school(), datetime.now(UTC)
    for code, round_id in {
        "round_unknown": uuid.uuid4(),
        "round_elsewhere": demand.a_round(adcode=LINXI),
        "round_closed": demand.a_round(state="solving"),
        "round_not_open_yet": demand.a_round(opens_at=(now + timedelta(hours=1)).isoformat()),
    }.items():
        assert errors(school.post("/requests", body(round_id=str(round_id)))) == [("round_id", code)]
    late = demand.a_round(closes_at=(now - timedelta(seconds=1)).isoformat())
    assert errors(school.post("/requests", body(round_id=str(late)))) == [("round_id", "round_closed")]
    assert requests_of(demand, school) == 0


WINDOW = {"starts_at": "2027-03-15T01:00:00Z", "ends_at": "2027-03-15T03:00:00Z"}


@pytest.mark.parametrize(
    ("change", "field", "code"),
    [
        ({"group_size": 0}, "group_size", "too_small"),
        ({"group_size": 100_000}, "group_size", "too_large"),
        ({"group_size": 30.9}, "group_size", "invalid_type"),
        ({"group_size": "30"}, "group_size", "invalid_type"),
        ({"group_size": True}, "group_size", "invalid_type"),
        ({"group_size": 301}, "group_size", "group_over_enrolment"),
        ({"language_required": "on"}, "language_required", "invalid_type"),
        ({"language": "fr"}, "language", "invalid_choice"),
        ({"kind": "party"}, "kind", "invalid_choice"),
        ({"kind": None}, "kind", "not_null"),
        ({"topics": []}, "topics", "topics_or_programme"),
        ({"topics": ["Aerospace"]}, "topics[0]", "invalid_topic"),
        ({"topics": ["ocean", "ocean"]}, "topics", "duplicate"),
        ({"kind": "expert", "programme_id": str(uuid.uuid4())}, "programme_id", "programme_not_for_kind"),
        ({"kind": "training"}, "audience", "audience_not_for_kind"),
        ({"programme_id": "7"}, "programme_id", "invalid_id"),
        ({"grades": [9]}, "grades[0]", "grade_not_taught"),
        ({"grades": []}, "grades", "too_few"),
        ({"distance_limit_km": 601}, "distance_limit_km", "too_large"),
        ({"windows": []}, "windows", "too_few"),
        ({"windows": [WINDOW] * 21}, "windows", "too_many"),
        ({"windows": [{**WINDOW, "starts_at": "2027-03-15T09:00:00"}]}, "windows[0].starts_at", "naive_time"),
        ({"windows": [{**WINDOW, "ends_at": WINDOW["starts_at"]}]}, "windows[0].ends_at", None),
        (
            {"windows": [{"starts_at": "2020-03-16T01:00:00Z", "ends_at": "2020-03-16T03:00:00Z"}]},
            "windows[0].starts_at",
            "window_in_past",
        ),
        (
            {"windows": [{"starts_at": "2099-03-16T01:00:00Z", "ends_at": "2099-03-16T03:00:00Z"}]},
            "windows[0].starts_at",
            "window_too_far",
        ),
        (
            {"windows": [window_from(next_weekday(datetime.now(UTC), 6), hours=26)]},
            "windows[0].starts_at",
            "no_school_day",
        ),
        ({"preferences": "x\u0000"}, "preferences", "invalid_characters"),
        ({"preferences": "x" * 501}, "preferences", "too_long"),
        ({"class_name": ""}, "class_name", None),
        ({"class_name": "四" * 41}, "class_name", "too_long"),
        ({"state": "confirmed"}, "state", "unknown_field"),
        ({"school_id": str(uuid.uuid4())}, "school_id", "unknown_field"),
        ({"round_id": 5}, "round_id", "invalid_type"),
    ],
)
def test_bad_input_is_named_and_leaves_no_row(
    demand: DemandDoor, change: dict[str, Any], field: str, code: str | None
) -> None:
    school = demand.a_school()
    answer = school.post("/requests", {**body(), **change})
    if answer.status_code == 400:  # the decoder refuses NUL before any field is looked at
        assert code == "invalid_characters"
    else:
        assert field in [name for name, _ in errors(answer)]
        assert code is None or (field, code) in errors(answer)
    assert requests_of(demand, school) == 0


def test_refusals_speak_the_callers_language(demand: DemandDoor) -> None:
    school = demand.a_school()
    for language, word in (("zh-CN,zh", "半小时"), ("en-GB,en", "half an hour")):
        start = datetime.now(UTC) + timedelta(days=14)
        window = {"starts_at": start.isoformat(), "ends_at": (start + timedelta(minutes=5)).isoformat()}
        answer = school.call(
            "POST",
            "/requests",
            body(windows=[window]),
            Idempotency_Key=secrets.token_hex(8),
            Accept_Language=language,
        )
        assert word in answer.json()["errors"][0]["message"]


def test_an_organisation_without_school_is_told_so(demand: DemandDoor) -> None:
    stranger = demand.somebody(uuid.uuid4())
    answer = stranger.post("/requests", body())
    assert (answer.status_code, answer.json()["code"]) == (409, "school_not_registered")


def test_a_request_is_edited_while_it_waits(demand: DemandDoor) -> None:
    school = demand.a_school()
    request = school.post("/requests", body()).json()
    path = f"/requests/{request['id']}"
    edited = school.patch(path, {"group_size": 60, "distance_limit_km": 250}, 1)
    assert edited.status_code == 200, edited.text
    assert (edited.json()["group_size"], edited.json()["version"]) == (60, 2)
    assert edited.json()["windows"] == request["windows"]
    assert school.patch(path, {"group_size": 50}, 1).status_code == 412
    assert school.call("PATCH", path, {"group_size": 50}).status_code == 428
    assert school.patch(path, {}, 2).json()["code"] == "nothing_to_alter"
    assert errors(school.patch(path, {"group_size": 500}, 2)) == [("group_size", "group_over_enrolment")]
    assert errors(school.patch(path, {"kind": "expert"}, 2)) == [("kind", "unknown_field")]
    assert errors(school.patch(path, {"topics": []}, 2)) == [("topics", "topics_or_programme")]


def test_a_request_names_its_class(demand: DemandDoor) -> None:
    school = demand.a_school()
    assert school.post("/requests", body()).json()["class_name"] is None
    request = school.post("/requests", body(class_name="四（1）班")).json()
    path = f"/requests/{request['id']}"
    assert school.patch(path, {"class_name": "四（2）班"}, 1).json()["class_name"] == "四（2）班"
    told = demand.rows(
        "select body from outbox where aggregate_id = %(id)s order by version", id=uuid.UUID(request["id"])
    )
    assert [json.loads(row["body"])["data"]["class_name"] for row in told] == ["四（1）班", "四（2）班"]
    assert school.patch(path, {"class_name": None}, 2).json()["class_name"] is None


def test_a_school_says_whether_its_group_may_come_in_parts(demand: DemandDoor) -> None:
    school = demand.a_school()
    request = school.post("/requests", body(group_size=110)).json()
    path = f"/requests/{request['id']}"
    assert request["may_split"] is None
    assert school.patch(path, {"may_split": False}, 1).json()["may_split"] is False
    assert school.patch(path, {"may_split": None, "group_size": 40}, 2).json()["may_split"] is None
    assert errors(school.patch(path, {"may_split": True, "with_expert": True}, 3)) == [
        ("may_split", "split_not_for_kind")
    ]
    told = demand.rows(
        "select body from outbox where aggregate_id = %(id)s order by version", id=uuid.UUID(request["id"])
    )
    assert [json.loads(row["body"])["data"]["may_split"] for row in told] == [True, False, False]


def test_a_school_says_what_it_would_like_best(demand: DemandDoor) -> None:
    school = demand.a_school()
    assert school.post("/requests", body()).json()["choices"] == []
    venue = str(uuid.uuid4())
    request = school.post("/requests", body(choices=[{"venue_id": venue}], windows_ranked=True)).json()
    path, first = f"/requests/{request['id']}", made.choice(venue_id=venue)
    assert (request["choices"], request["windows_ranked"]) == ([first], True)
    second = school.patch(path, {"choices": [{"topic": "aerospace"}, {"venue_id": venue}]}, 1).json()
    assert second["choices"] == [made.choice(topic="aerospace"), first]
    assert school.patch(path, {"group_size": 40}, 2).json()["choices"] == second["choices"]
    told = demand.rows(
        "select body from outbox where aggregate_id = %(id)s order by version", id=uuid.UUID(request["id"])
    )
    said = [json.loads(row["body"])["data"] for row in told]
    assert [each["choices"] for each in said] == [[first], second["choices"], second["choices"]]
    assert all(each["windows_ranked"] for each in said)
    assert school.patch(path, {"choices": [], "windows_ranked": False}, 3).json()["choices"] == []


@pytest.mark.parametrize(
    ("choices", "field", "code"),
    [
        ([{}], "choices[0]", "choice_of_one"),
        ([{"topic": "ai"}], "choices[0].topic", "choice_outside_topics"),
        ([{"topic": "aerospace"}, {"topic": "aerospace"}], "choices[1].topic", "duplicate"),
        ([{"expert_id": str(uuid.uuid4())}], "choices[0].expert_id", "choice_not_for_kind"),
    ],
)
def test_a_choice_that_nothing_can_meet_is_named(
    demand: DemandDoor, choices: list[dict[str, str]], field: str, code: str
) -> None:
    school = demand.a_school()
    assert errors(school.post("/requests", body(choices=choices))) == [(field, code)]


def test_nobody_has_more_than_five_choices(demand: DemandDoor) -> None:
    six = [{"venue_id": str(uuid.uuid4())} for _ in range(6)]
    ((field, _),) = errors(demand.a_school().post("/requests", body(choices=six)))
    assert field == "choices"


def test_windows_that_were_accepted_are_not_held_against_time(demand: DemandDoor) -> None:
    school = demand.a_school()
    with made.being_demand(), demand.store.transaction() as conn:
        past = datetime(2027, 3, 1, tzinfo=UTC)
        request = made.a_request(conn, school.organisation_id, now=past)
        conn.execute(
            """update requests set windows = '[{"starts_at": "2026-01-05T01:00:00Z",
               "ends_at": "2026-01-05T03:00:00Z"}]' where id = %s""",
            [request["id"]],
        )
    answer = school.patch(f"/requests/{request['id']}", {"group_size": 30}, 1)
    assert answer.status_code == 200, answer.text


def test_no_edit_after_the_round_has_closed(demand: DemandDoor) -> None:
    school, round_id = demand.a_school(), demand.a_round()
    request = school.post("/requests", body(round_id=str(round_id))).json()
    demand.a_round(id=round_id, version=2, state="closed")
    edited = school.patch(f"/requests/{request['id']}", {"group_size": 30}, 1)
    assert (edited.status_code, edited.json()["code"]) == (409, "round_over")


def test_a_matched_request_is_not_edited_but_may_be_withdrawn(demand: DemandDoor) -> None:
    school = demand.a_school()
    request = school.post("/requests", body()).json()
    with made.being_demand(), demand.store.transaction() as conn:
        state = made.match_state(request, "offered")
        hearing.follow_match(conn, now=datetime.now(UTC), state=state, version=3)
    path = f"/requests/{request['id']}"
    assert school.get(path).json()["match_id"] == state["id"]
    edited = school.patch(path, {"group_size": 30}, 2)
    assert (edited.status_code, edited.json()["code"]) == (409, "request_closed")
    withdrawn = school.call("POST", f"{path}/withdraw", {"reason": "班级有变"})
    assert (withdrawn.json()["state"], withdrawn.json()["state_reason"]) == ("withdrawn", "班级有变")
    again = school.call("POST", f"{path}/withdraw", {"reason": "班级有变"})
    assert (again.status_code, again.json()["code"]) == (409, "request_closed")


def test_withdrawing_needs_a_reason_and_heeds_the_version(demand: DemandDoor) -> None:
    school = demand.a_school()
    path = f"/requests/{school.post('/requests', body()).json()['id']}"
    assert errors(school.call("POST", f"{path}/withdraw", {})) == [("reason", "required")]
    assert errors(school.call("DELETE", path)) == [("reason", "required")]
    stale = school.call("POST", f"{path}/withdraw", {"reason": "班级有变"}, If_Match='"9"')
    assert stale.status_code == 412
    assert school.call("DELETE", f"{path}?reason=班级有变", If_Match='"1"').json()["state"] == "withdrawn"


def test_the_same_request_may_be_made_twice(demand: DemandDoor) -> None:
    school, same = demand.a_school(), body()
    assert [school.post("/requests", same).status_code for _ in range(2)] == [201, 201]
    assert requests_of(demand, school) == 2


def test_one_key_at_once_through_two_processes_makes_one_request(demand: DemandDoor) -> None:
    for _ in range(5):
        school, key, same = demand.a_school(), secrets.token_hex(8), body()
        doors = [school.at(address) for address in demand.addresses] * 3

        def submit(door: School, key: str = key, same: dict[str, Any] = same) -> tuple[int, str]:
            answer = door.post("/requests", same, key)
            return answer.status_code, answer.json().get("id", answer.json().get("code"))

        answers = together(each(submit, doors))
        assert {code for code, _ in answers} <= {201, 409}
        assert len({id_ for code, id_ in answers if code == 201}) == 1
        assert {what for code, what in answers if code == 409} <= {"in_flight"}
        assert requests_of(demand, school) == 1


def test_without_the_key_each_call_makes_one(demand: DemandDoor) -> None:
    """The control: what the key prevents does happen with a key per call."""
    school, same = demand.a_school(), body()
    doors = [school.at(address) for address in demand.addresses] * 3
    answers = together(each(lambda door: door.post("/requests", same).status_code, doors))
    assert answers == [201] * 6
    assert requests_of(demand, school) == 6

"""A round from opening to offers, on the real services."""

from __future__ import annotations

import hashlib
import json
from uuid import UUID

import psycopg
import pytest
import requests
from psycopg.rows import dict_row

from deploy.local.stack import Stack
from services.matcher.storage import papers
from services.matcher.storage.papers import NAMES
from tests.builders import matcher as made
from tests.builders.accounts import LINXI, Person, a_coordinator
from tests.builders.provider import Provider
from tests.fixtures.front import Front


def test_requests_are_solved_together_held_and_confirmed(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator)
    (slot,) = made.some_slots(museum, spot, seats=60, round_id=round_["id"])
    schools = [made.a_school(stack, operator, spot) for _ in range(3)]
    asked = [
        made.ask_in_round(school, round_, group_size=size)
        for school, size in zip(schools, (25, 30, 35), strict=True)
    ]

    drawn = _close_and_draw_up(coordinator, round_)
    assert drawn["gap"] == 0
    assert drawn["value"] == drawn["bound"] > 0
    drafts = coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"]
    # 25 + 35 fill the sixty seats: two of three, and not 25 + 30 as first come would have it.
    assert sorted(draft["group_size"] for draft in drafts) == [25, 35]
    assert all(draft["state"] == "proposed" and draft["version"] == 0 for draft in drafts)
    assert schools[0].teacher.get("/matches").json()["items"] == []
    assert schools[0].teacher.get(f"/rounds/{round_['id']}").json()["value"] is None

    seen = made.published(coordinator, round_, drawn_up=True)
    assert hashlib.sha256(seen["seed"].encode()).hexdigest() == round_["seed_hash"]
    for request in (asked[0], asked[2]):
        match = made.wait_for_match(coordinator, request, "confirmed")
        assert [leg["state"] for leg in match["legs"]] == ["reserved"]
    free = museum.staff.get(f"/slots/{slot['id']}").json()
    assert (free["taken"], free["free"]) == (60, 0)
    told = schools[1].teacher.get(f"/explanations/{asked[1]['id']}").json()
    assert told["outcome"] == "unserved"
    assert "contest" in {reason["code"] for reason in told["reasons"]}


def test_a_round_says_how_much_a_school_gets_in_a_term(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator, policy={"most_per_school": 1})
    assert round_["policy"] == {
        "solve_seconds": 20,
        "session_minutes": 60,
        "fairness": 90,
        "most_per_school": 1,
    }
    made.some_slots(museum, spot, 2, seats=60, round_id=round_["id"])
    school = made.a_school(stack, operator, spot)
    asked = [made.ask_in_round(school, round_, group_size=size, class_name="四（1）班") for size in (25, 30)]
    assert {request["class_name"] for request in asked} == {"四（1）班"}
    _close_and_draw_up(coordinator, round_)
    drafts = coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"]
    assert [draft["group_size"] for draft in drafts] == [30]
    made.published(coordinator, round_, drawn_up=True)
    told = school.teacher.get(f"/explanations/{asked[0]['id']}").json()
    said = {reason["code"]: reason["text"] for reason in told["reasons"]}
    assert "名额已用完" in said["entitlement_used"]
    refused = coordinator.post("/rounds", made.round_body(policy={"most_per_school": 0}))
    assert [error["field"] for error in refused.json()["errors"]] == ["policy.most_per_school"]


def test_the_solver_logs_json_and_nothing_else(
    stack: Stack, coordinator: Person, museum: Provider, school: made.School, spot: made.Json
) -> None:
    log = stack.settings.logs / "solver.log"
    began = log.stat().st_size
    round_ = made.a_round(coordinator)
    made.some_slots(museum, spot, seats=60, round_id=round_["id"])
    made.ask_in_round(school, round_)
    _close_and_draw_up(coordinator, round_)
    told = [json.loads(line) for line in log.read_text()[began:].splitlines()]
    assert "solved" in {line["event"] for line in told}


def _close_and_draw_up(coordinator: Person, round_: made.Json) -> made.Json:
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    return made.wait_for_round(coordinator, round_, "drawn_up")


def test_a_pairing_moved_by_hand_is_pinned_and_keeps_the_rules(
    coordinator: Person, museum: Provider, school: made.School, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator)
    slots = made.some_slots(museum, spot, 2, seats=30, round_id=round_["id"])
    (elsewhere,) = made.some_slots(museum, spot, days=60, seats=30, round_id=round_["id"])
    window = made.whole_days(30, 2)
    request = made.ask_in_round(school, round_, windows=[window])
    _close_and_draw_up(coordinator, round_)
    draft = made.wait_for_match(coordinator, request, "proposed")
    (other,) = [slot for slot in slots if slot["id"] != draft["legs"][0]["resource_id"]]

    path = f"/matches/{draft['id']}/move"
    move = {"resource_kind": "slot", "resource_id": other["id"], "reason": "校车当天不开"}
    assert school.teacher.post(path, move).status_code == 403
    shown = coordinator.post(f"{path}/preview", {**move, "reason": None})
    assert shown.status_code == 200, shown.text
    unseen = coordinator.post(path, move)
    assert (unseen.status_code, unseen.json()["field"]) == (422, "shown")
    move["shown"] = shown.json()["shown"]
    moved = coordinator.post(path, move)
    assert moved.status_code == 200, moved.text
    assert moved.json()["price"] == shown.json()["price"]
    kept = coordinator.get(f"/matches/{draft['id']}/moves").json()["items"]
    assert [each["price"] for each in kept] == [shown.json()["price"]]
    assert (moved.json()["pinned"], moved.json()["pin_reason"]) == (True, "校车当天不开")
    assert moved.json()["legs"][0]["resource_id"] == other["id"]
    for path_of, seen in ((f"/rounds/{round_['id']}", round_), (f"/matches/{draft['id']}", draft)):
        again = coordinator.call("GET", path_of, If_None_Match=f'"{seen["version"]}"')
        assert again.status_code == 200, "what a hand has done is not hidden behind a version"
    assert coordinator.get(f"/rounds/{round_['id']}").json()["changed_by_hand"] == 1

    late = coordinator.post(path, {**move, "resource_id": elsewhere["id"]})
    assert (late.status_code, late.json()["code"]) == (422, "move_impossible")

    assert coordinator.call("POST", f"/rounds/{round_['id']}/solve").status_code == 200
    made.wait_for_round(coordinator, round_, "drawn_up")
    kept = made.wait_for_match(coordinator, request, "proposed")
    assert kept["id"] == draft["id"], "what was set by hand survives another solve"
    made.published(coordinator, round_, drawn_up=True)
    confirmed = made.wait_for_match(coordinator, request, "confirmed")
    assert confirmed["legs"][0]["resource_id"] == other["id"]
    assert coordinator.post(path, move).json()["code"] == "round_state"


def test_an_impossible_request_is_told_why_in_both_languages(
    stack: Stack,
    operator: Person,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
) -> None:
    round_ = made.a_round(coordinator)
    made.some_slots(museum, spot, 1, seats=30, round_id=round_["id"])
    made.an_expert(stack, operator, spot, days=(40,))
    request = made.ask_in_round(school, round_, group_size=45, grades=[6])
    together = made.ask_in_round(school, round_, with_expert=True)
    far = made.a_school(stack, operator, {**spot, "lat": spot["lat"] + 0.2})
    farther = made.ask_in_round(far, round_, distance_limit_km=10)
    later = made.ask_in_round(school, round_, windows=[made.whole_days(45, 1)])
    _close_and_draw_up(coordinator, round_)
    path = f"/explanations/{request['id']}"
    assert school.teacher.get(path).status_code == 404, "a draft's verdict is not told"
    made.published(coordinator, round_, drawn_up=True)
    told = school.teacher.call("GET", path, Accept_Language="en").json()
    assert (told["outcome"], told["candidates"]) == ("unserved", 0)
    reasons = {reason["code"]: reason["text"] for reason in told["reasons"]}
    assert "are for other grades" in reasons["grade"]
    chinese = school.teacher.get(path).json()
    assert any("年级" in reason["text"] for reason in chinese["reasons"])
    _is_told_in_numbers(school, together, later, farther, far)


def _is_told_in_numbers(
    school: made.School, together: made.Json, later: made.Json, farther: made.Json, far: made.School
) -> None:
    """Of a visit with an expert both kinds are told; of what is far away or on other days, where and when."""
    both = _told(school, together)
    assert both["slot", "expert"]["text"].endswith("没有专家能够到场")
    assert "位专家在所报时间没有空" in both["expert", "availability"]["text"]
    slot_day = made.morning(30).date().isoformat()
    window = _told(school, later)["slot", "window"]
    assert window["params"] == {"first_day": slot_day, "last_day": slot_day}
    assert window["text"].endswith(f"不在所报时间内（在{slot_day}至{slot_day}之间）")
    distance = _told(far, farther)["slot", "distance"]
    nearest = distance["params"]["nearest_km"]  # ours, or one that another test has put nearer
    assert (distance["params"]["limit_km"], 10 < nearest <= 28) == (10, True)
    assert distance["text"].endswith(f"超出距离上限（上限10公里，最近的也有{nearest}公里）")


def _told(school: made.School, request: made.Json) -> dict[tuple[str, str], made.Json]:
    reasons = school.teacher.get(f"/explanations/{request['id']}").json()["reasons"]
    return {(reason["resource_kind"], reason["code"]): reason for reason in reasons}


def test_a_round_moves_only_along_its_way_and_only_for_its_coordinators(
    stack: Stack, operator: Person, coordinator: Person, school: made.School
) -> None:
    round_ = made.a_round(coordinator)
    path = f"/rounds/{round_['id']}"
    assert coordinator.call("POST", f"{path}/publish").json()["code"] == "round_state"
    assert coordinator.call("POST", f"{path}/cancel-solve").json()["code"] == "no_solve_running"
    assert school.teacher.call("POST", f"{path}/close").status_code == 403
    elsewhere = a_coordinator(stack, operator, LINXI)
    assert elsewhere.call("POST", f"{path}/close").status_code == 403
    assert elsewhere.post("/rounds", made.round_body()).status_code == 403
    late = made.round_body(closes_at="2020-01-01T00:00:00Z")
    assert coordinator.post("/rounds", late).json()["code"] == "round_period"
    assert coordinator.get(f"/rounds/{school.organisation['id']}").status_code == 404


@pytest.fixture(scope="module")
def texts() -> dict[str, bytes]:
    """Papers as long as those of a round of some thousand requests, told apart by their first member."""
    return {name: json.dumps([name, list(range(300_000))]).encode() for name in NAMES}


@pytest.fixture
def solved_round(
    stack: Stack,
    coordinator: Person,
    museum: Provider,
    school: made.School,
    spot: made.Json,
    texts: dict[str, bytes],
) -> made.Json:
    """A round that is drawn up, with these papers in the place of its own."""
    round_ = made.a_round(coordinator)
    made.some_slots(museum, spot, seats=60, round_id=round_["id"])
    made.ask_in_round(school, round_)
    _close_and_draw_up(coordinator, round_)
    url = stack.environment("operator")["DATABASE_URL"].format(service="matcher")
    with psycopg.connect(url, row_factory=dict_row) as conn:
        row = conn.execute("select id from solve_job where round_id = %s", [round_["id"]]).fetchone()
        assert row is not None
        packed = {name: papers.pack(text.decode()) for name, text in texts.items()}
        papers.replace(conn, round_id=UUID(round_["id"]), job_id=row["id"], papers=packed)
    return round_


def _anybody(front: Front, path: str, **headers: str) -> requests.Response:
    """What somebody without a login gets at the edge."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return requests.get(f"http://127.0.0.1:{front.port('edge')}{path}", headers=named, timeout=30)


def test_anybody_may_take_a_published_round_s_papers_away_and_nobody_before(
    front: Front, coordinator: Person, solved_round: made.Json, texts: dict[str, bytes]
) -> None:
    base = f"/api/v1/rounds/{solved_round['id']}/papers"
    early = [
        _anybody(front, f"{base}/problem"),
        coordinator.get(f"/rounds/{solved_round['id']}/papers/problem"),
    ]
    assert [(each.status_code, each.json()["code"]) for each in early] == [(404, "papers_unpublished")] * 2
    seen = made.published(coordinator, solved_round, drawn_up=True)
    assert [each["address"] for each in seen["papers"]] == [f"{base}/{name}" for name in texts]
    for name, text in texts.items():
        packed, plain = (
            _anybody(front, f"{base}/{name}", Accept_Encoding=each) for each in ("gzip", "identity")
        )
        assert packed.content == plain.content == text
        assert packed.headers["Content-Encoding"] == "gzip"
        assert int(packed.headers["Content-Length"]) < len(text) / 2
        assert plain.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{name}.json"
        assert plain.headers["ETag"] == f'"{hashlib.sha256(text).hexdigest()}"'
        for answer in (packed, plain):
            known = {"If_None_Match": answer.headers["ETag"]}
            encoding = answer.headers.get("Content-Encoding", "identity")
            again = _anybody(front, f"{base}/{name}", Accept_Encoding=encoding, **known)
            assert (again.status_code, again.content) == (304, b"")


def test_the_list_of_published_rounds_and_the_verifier_are_anybody_s(
    front: Front, coordinator: Person, solved_round: made.Json
) -> None:
    def listed() -> dict[str, made.Json]:
        return {row["id"]: row for row in _anybody(front, "/api/v1/rounds/published").json()["items"]}

    def seeds() -> made.Json:
        rows = _anybody(front, "/api/v1/rounds/seeds").json()["items"]
        found: made.Json = next(row for row in rows if row["id"] == solved_round["id"])
        return found

    assert solved_round["id"] not in listed()
    assert (seeds()["seed_hash"], seeds()["seed"]) == (solved_round["seed_hash"], None)
    made.published(coordinator, solved_round, drawn_up=True)
    row = listed()[solved_round["id"]]
    assert (row["name"], row["changed_by_hand"], len(row["papers"])) == (solved_round["name"], 0, 3)
    assert hashlib.sha256(row["seed"].encode()).hexdigest() == solved_round["seed_hash"]
    assert seeds()["seed"] == row["seed"]
    verifier = _anybody(front, "/api/v1/verifier")
    assert verifier.headers["Content-Type"].startswith("text/x-python")
    assert verifier.headers["Content-Disposition"].endswith("verify.py")
    compile(verifier.text, "verify.py", "exec")


def test_a_round_that_nobody_asked_anything_of_is_drawn_up_and_published_empty(
    coordinator: Person, museum: Provider, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator)
    made.some_slots(museum, spot, seats=60, round_id=round_["id"])
    drawn = _close_and_draw_up(coordinator, round_)
    assert (drawn["value"], drawn["bound"], drawn["gap"]) == (0, 0, 0)
    assert coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"] == []
    made.published(coordinator, round_, drawn_up=True)


def test_a_round_whose_requests_nothing_suits_tells_each_why(
    coordinator: Person, museum: Provider, school: made.School, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator)
    made.some_slots(museum, spot, seats=10, round_id=round_["id"])
    asked = [made.ask_in_round(school, round_, group_size=size) for size in (25, 40)]
    drawn = _close_and_draw_up(coordinator, round_)
    assert (drawn["value"], drawn["bound"], drawn["gap"]) == (0, 0, 0)
    made.published(coordinator, round_, drawn_up=True)
    for request in asked:
        told = school.teacher.get(f"/explanations/{request['id']}").json()
        assert told["outcome"] == "unserved"
        assert "seats" in {reason["code"] for reason in told["reasons"]}


def test_a_request_that_the_draft_leaves_out_is_placed_by_hand_and_confirmed(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: made.Json
) -> None:
    round_ = made.a_round(coordinator)
    (slot,) = made.some_slots(museum, spot, seats=30, round_id=round_["id"])
    schools = [made.a_school(stack, operator, spot) for _ in range(2)]
    asked = [made.ask_in_round(school, round_) for school in schools]
    _close_and_draw_up(coordinator, round_)
    (draft,) = coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"]
    served = next(n for n, request in enumerate(asked) if request["id"] == draft["request_id"])
    left_out = asked[1 - served]
    path = f"/rounds/{round_['id']}/requests/{left_out['id']}/place"
    wanted = {"resource_kind": "slot", "resource_id": slot["id"], "reason": "这所学校从未轮到"}
    shown = coordinator.post(f"{path}/preview", wanted).json()
    assert [gone["match_id"] for gone in shown["displaces"]] == [draft["id"]]
    assert (shown["present"], shown["price"]["plan_before"]) == (None, draft["value"])
    act = {**wanted, "shown": shown["shown"]}
    full = coordinator.post(path, act)
    assert (full.status_code, full.json()["code"]) == (422, "move_impossible"), (
        "nothing goes that is not named"
    )
    act["displacing"] = [draft["id"]]
    placed = coordinator.post(path, act).json()
    assert placed["price"] == shown["price"]

    dropped = coordinator.post(f"/matches/{placed['id']}/drop", {"reason": "再商量"})
    assert dropped.json()["state"] == "superseded"
    late = coordinator.post(path, act)
    assert (late.status_code, late.json()["field"]) == (409, "displacing"), "there is room by now"
    free = coordinator.post(f"{path}/preview", wanted).json()
    assert free["displaces"] == []
    again = coordinator.post(path, {**wanted, "shown": free["shown"]}).json()
    made.published(coordinator, round_, drawn_up=True)
    confirmed = made.wait_for_match(coordinator, left_out, "confirmed")
    assert (confirmed["id"], confirmed["pinned"]) == (again["id"], True)
    told = schools[served].teacher.get(f"/explanations/{asked[served]['id']}").json()
    assert told["outcome"] == "unserved"
    assert "由协调员改给了其他申请" in told["reasons"][0]["text"]
    trail = coordinator.get(f"/matches/{placed['id']}/moves").json()["items"]
    assert [each["act"] for each in trail] == ["dropped", "displaced", "placed"]

"""A museum with one guide and two sessions at one time, on the real services."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local.settings import CHECKOUT
from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.builders.provider import Provider, a_programme, a_shared_resource, a_venue, slot_body
from tests.fixtures.stack import poll

DAYS = 61


@pytest.fixture
def guide(museum: Provider) -> made.Json:
    return a_shared_resource(museum)


@pytest.fixture
def round_(coordinator: Person) -> made.Json:
    return made.a_round(coordinator)


@pytest.fixture
def requests(
    stack: Stack, operator: Person, museum: Provider, spot: made.Json, guide: made.Json, round_: made.Json
) -> list[made.Json]:
    """Two schools ask for the day on which two programmes have a session at ten."""
    venue = a_venue(museum, policy="auto", **spot)
    for _ in range(2):
        programme = a_programme(museum, venue, needs=[{"resource_id": guide["id"]}])
        body = slot_body(programme, DAYS, seats=30, round_id=round_["id"])
        poll(lambda body=body: museum.staff.post("/slots", body).status_code == 201, made.PATIENCE)  # type: ignore[misc]
    schools = [made.a_school(stack, operator, spot) for _ in range(2)]
    return [made.ask_in_round(school, round_, days=DAYS) for school in schools]


def matches_of(who: Person, round_: made.Json) -> list[made.Json]:
    """All matches of a round."""
    found: list[made.Json] = who.get(f"/matches?round_id={round_['id']}&limit=200").json()["items"]
    return found


def test_one_guide_serves_one_session_and_the_other_school_reads_why(
    coordinator: Person, round_: made.Json, requests: list[made.Json], tmp_path: Path
) -> None:
    made.published(coordinator, round_)
    (match,) = matches_of(coordinator, round_)
    served = next(request for request in requests if request["id"] == match["request_id"])
    made.wait_for_match(coordinator, served, "confirmed")
    unserved = next(request for request in requests if request is not served)
    told = coordinator.get(f"/explanations/{unserved['id']}").json()
    assert "no_guide" in [reason["code"] for reason in told["reasons"]]
    assert "没有空余的讲解员" in "".join(reason["text"] for reason in told["reasons"])
    for name in ("problem", "solution", "certificate"):
        paper = coordinator.get(f"/rounds/{round_['id']}/papers/{name}")
        (tmp_path / f"{name}.json").write_bytes(paper.content)
    verifier = CHECKOUT / "services/matcher/verify.py"
    command = [sys.executable, "-I", str(verifier), "problem.json", "solution.json", "certificate.json"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_guide_who_falls_ill_before_the_offers_is_a_reason(
    coordinator: Person,
    museum: Provider,
    guide: made.Json,
    round_: made.Json,
    requests: list[made.Json],
) -> None:
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    made.wait_for_round(coordinator, round_, "drawn_up")
    fewer = museum.staff.patch(f"/shared-resources/{guide['id']}", {"number": 0}, 1)
    assert fewer.status_code == 200, fewer.text
    made.published(coordinator, round_, drawn_up=True)
    (match,) = matches_of(coordinator, round_)
    ended = made.wait_for(coordinator, match["id"], "superseded")
    assert ended["reason_code"] == "no_guide"
    assert [leg["state"] for leg in ended["legs"]] == ["refused"]
    counted = coordinator.get(f"/rounds/{round_['id']}").json()["statistics"]["refusals"]
    assert {"code": "no_guide", "text": "届时讲解员不足。", "count": 1} in counted

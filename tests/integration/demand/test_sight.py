"""Who sees and changes which schools and requests, lists and counts included."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.builders import demand as made
from tests.builders.demand import CITY, HONGSHAN, LINXI, school_body, wish_body, year_days
from tests.fixtures.wishing import DemandDoor, School


@dataclass(frozen=True)
class Town:
    """A school in each of two districts, each with a request, and somebody in every role."""

    request: str
    far_request: str
    school: str
    far_school: str
    people: dict[str, School]


@pytest.fixture(scope="module")
def town(demand: DemandDoor) -> Town:
    near, far = demand.a_school(), demand.a_school(adcode=LINXI)
    ids = [who.post("/requests", wish_body(datetime.now(UTC))).json()["id"] for who in (near, far)]
    people = {
        "operator": demand.somebody(uuid.uuid4(), "operator", kind="association", area=CITY),
        "city": demand.somebody(uuid.uuid4(), "coordinator", kind="association", area=CITY),
        "coordinator": demand.somebody(uuid.uuid4(), "coordinator", kind="association"),
        "head": demand.somebody(near.organisation_id, "head"),
        "teacher": near,
        "far teacher": far,
        "venue": demand.somebody(uuid.uuid4(), "venue", kind="venue"),
        "expert": demand.somebody(uuid.uuid4(), "expert", kind="association"),
    }
    return Town(ids[0], ids[1], str(near.organisation_id), str(far.organisation_id), people)


EVERYBODY = ("operator", "city", "coordinator", "head", "teacher", "far teacher", "venue", "expert")
# The answer to each of EVERYBODY, in that order.
TABLE = {
    "read the request": (200, 200, 200, 200, 200, 404, 403, 403),
    "read the far request": (200, 200, 404, 404, 404, 200, 403, 403),
    "edit the request": (403, 403, 403, 412, 412, 404, 403, 403),
    "withdraw the request": (403, 403, 403, 412, 412, 404, 403, 403),
    "submit a request": (403, 403, 403, 201, 201, 201, 403, 403),
    "read the school": (200, 200, 200, 200, 200, 404, 403, 403),
    "change the school": (428, 428, 428, 428, 403, 403, 403, 403),
    "change the far school": (428, 428, 404, 404, 403, 403, 403, 403),
    "import a school": (201, 201, 201, 403, 403, 403, 403, 403),
    "import a school far away": (201, 201, 422, 403, 403, 403, 403, 403),
    "load the calendar": (422, 422, 403, 403, 403, 403, 403, 403),
    "load the terms": (422, 422, 403, 403, 403, 403, 403, 403),
    "count requests": (200, 200, 200, 200, 200, 200, 403, 403),
}


def act(demand: DemandDoor, town: Town, who: School, what: str) -> int:
    """Do it, and return the status."""
    changed = school_body(enrolment=333)
    far = LINXI if what.endswith("far away") else HONGSHAN
    backwards = {"adcode": CITY, "name": "x", "first_day": "2027-03-02", "last_day": "2027-03-01"}
    acts: dict[str, Any] = {
        "read the request": lambda: who.get(f"/requests/{town.request}"),
        "read the far request": lambda: who.get(f"/requests/{town.far_request}"),
        "edit the request": lambda: who.patch(f"/requests/{town.request}", {"group_size": 9}, 99),
        "withdraw the request": lambda: who.call(
            "POST", f"/requests/{town.request}/withdraw", {"reason": "不再需要"}, If_Match='"99"'
        ),
        "submit a request": lambda: who.post("/requests", wish_body(datetime.now(UTC))),
        "read the school": lambda: who.get(f"/schools/{town.school}"),
        "change the school": lambda: who.put(f"/schools/{town.school}", changed),
        "change the far school": lambda: who.put(f"/schools/{town.far_school}", changed),
        "import a school": lambda: import_school(demand, who, far),
        "import a school far away": lambda: import_school(demand, who, far),
        "load the calendar": lambda: who.put("/calendar/2031", {"source": "official", "days": days_of(2030)}),
        "load the terms": lambda: who.put("/terms", {"items": [backwards]}),
        "count requests": lambda: who.get("/requests/summary"),
    }
    status: int = acts[what]().status_code
    return status


def import_school(demand: DemandDoor, who: School, adcode: str) -> Any:
    with made.being_demand(), demand.store.transaction() as conn:
        id_ = made.an_organisation(conn, adcode=adcode)
    return who.post("/schools/batch", {"items": [{"organisation_id": str(id_), **school_body()}]})


def days_of(year: int) -> list[dict[str, Any]]:
    return [{**day, "day": day["day"].isoformat()} for day in year_days(year)]


@pytest.mark.parametrize("what", TABLE)
def test_who_may_do_what(demand: DemandDoor, town: Town, what: str) -> None:
    answers = tuple(act(demand, town, town.people[name], what) for name in EVERYBODY)
    assert dict(zip(EVERYBODY, answers, strict=True)) == dict(zip(EVERYBODY, TABLE[what], strict=True))


def everything(who: School, path: str, key: str) -> set[str]:
    """All ids of a list, page by page."""
    found: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        body = who.get(f"{path}?limit=5{cursor}").json()
        found |= {item[key] for item in body["items"]}
        cursor = f"&cursor={body['next']}" if body["next"] else None
    return found


def test_lists_and_counts_hold_what_the_caller_may_see(town: Town) -> None:
    for name, near, far in [
        ("operator", True, True),
        ("city", True, True),
        ("coordinator", True, False),
        ("head", True, False),
        ("teacher", True, False),
        ("far teacher", False, True),
    ]:
        who = town.people[name]
        seen = everything(who, "/requests", "id")
        assert (town.request in seen, town.far_request in seen) == (near, far), name
        assert who.get("/requests/summary").json()["total"] == len(seen)
        schools = everything(who, "/schools", "organisation_id")
        assert (town.school in schools, town.far_school in schools) == (near, far), name


def test_filters_narrow_what_is_seen_and_never_widen_it(town: Town) -> None:
    coordinator = town.people["coordinator"]
    assert coordinator.get(f"/requests?adcode={LINXI}").json()["items"] == []
    assert coordinator.get(f"/requests?school_id={town.far_school}").json()["items"] == []
    assert coordinator.get(f"/requests/summary?adcode={LINXI}").json()["total"] == 0
    near = coordinator.get(f"/requests?school_id={town.school}").json()["items"]
    assert {item["school_id"] for item in near} == {town.school}


def test_counts_by_state_add_up(demand: DemandDoor) -> None:
    school = demand.a_school()
    ids = [school.post("/requests", wish_body(datetime.now(UTC))).json()["id"] for _ in range(3)]
    assert school.call("DELETE", f"/requests/{ids[0]}?reason=不再需要").status_code == 200
    summary = school.get("/requests/summary").json()
    assert (summary["total"], summary["pupils"]) == (3, 135)
    assert {state: n for state, n in summary["by_state"].items() if n} == {"submitted": 2, "withdrawn": 1}

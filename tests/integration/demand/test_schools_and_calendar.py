"""Schools are made from organisations; years and terms are loaded whole."""

from __future__ import annotations

import secrets
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.builders import demand as made
from tests.builders.demand import (
    CITY,
    LINXI,
    next_weekday,
    school_body,
    window_from,
    year_days,
)
from tests.fixtures.wishing import DemandDoor, School


@pytest.fixture
def operator(demand: DemandDoor) -> School:
    return demand.somebody(uuid.uuid4(), "operator", kind="association", area=CITY)


def organisation(demand: DemandDoor, **changes: Any) -> str:
    with made.being_demand(), demand.store.transaction() as conn:
        return str(made.an_organisation(conn, **changes))


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_a_school_has_name_and_place_from_its_organisation(demand: DemandDoor, operator: School) -> None:
    id_ = organisation(demand, name="演示第九小学", lat=42.5, township="150402001000")
    answer = operator.put(f"/schools/{id_}", school_body())
    assert answer.status_code == 200, answer.text
    school = answer.json()
    assert (school["name"], school["lat"], school["township"]) == ("演示第九小学", 42.5, "150402001000")
    assert (school["version"], school["demonstration"]) == (1, True)


def test_overwriting_needs_the_version_and_the_same_again_does_not(
    demand: DemandDoor, operator: School
) -> None:
    path = f"/schools/{organisation(demand)}"
    assert operator.put(path, school_body()).json()["version"] == 1
    assert operator.put(path, school_body()).json()["version"] == 1
    assert operator.put(path, school_body(enrolment=400)).status_code == 428
    assert operator.put(path, school_body(enrolment=400), 7).status_code == 412
    assert operator.put(path, school_body(enrolment=400), 1).json()["version"] == 2
    assert operator.put(path, school_body(enrolment=400), 1).json()["code"] == "stale"
    assert operator.put(path, school_body(enrolment=400), 2).json()["version"] == 2


def test_what_is_not_there_yet_has_no_version_to_be_based_on(demand: DemandDoor, operator: School) -> None:
    path = f"/schools/{organisation(demand)}"
    assert operator.put(path, school_body(), 1).json()["code"] == "stale"
    assert operator.put(path, school_body()).json()["version"] == 1


def test_what_is_no_school_is_refused(demand: DemandDoor, operator: School) -> None:
    assert operator.put(f"/schools/{uuid.uuid4()}", school_body()).status_code == 404
    venue = organisation(demand, kind="venue")
    found = errors(operator.put(f"/schools/{venue}", school_body()))
    assert found == [("organisation_id", "school_organisation_unknown")]
    path = f"/schools/{organisation(demand)}"
    assert errors(operator.put(path, school_body(grades=[1, 13]))) == [("grades[1]", "grade_not_of_stage")]
    assert errors(operator.put(path, school_body(code="abc!")))[0][0] == "code"
    assert errors(operator.put(path, school_body(enrolment=0)))[0] == ("enrolment", "too_small")


def test_a_batch_of_schools_is_taken_whole_or_not_at_all(demand: DemandDoor, operator: School) -> None:
    code = secrets.token_hex(5).upper()
    ids = [organisation(demand) for _ in range(3)]
    items: list[dict[str, Any]] = [
        {"organisation_id": ids[0], **school_body(code=code)},
        {"organisation_id": ids[1], **school_body(code=code)},
        {"organisation_id": str(uuid.uuid4()), **school_body()},
        {"organisation_id": ids[0], **school_body()},
        {"organisation_id": ids[2], **school_body(stage="K")},
    ]
    found = errors(operator.post("/schools/batch", {"items": items}))
    assert found[:3] == [
        ("items[1].code", "school_code_taken"),
        ("items[2].organisation_id", "school_organisation_unknown"),
        ("items[3].organisation_id", "duplicate"),
    ]
    assert {(field.split(".")[0], code) for field, code in found[3:]} == {("items[4]", "grade_not_of_stage")}
    assert operator.get(f"/schools/{ids[0]}").status_code == 404
    loaded = operator.post("/schools/batch", {"items": items[:1]})
    assert [item["organisation_id"] for item in loaded.json()["items"]] == [ids[0]]
    taken = errors(operator.put(f"/schools/{ids[1]}", school_body(code=code)))
    assert taken == [("code", "school_code_taken")]


def test_a_head_registers_the_own_school_only(demand: DemandDoor) -> None:
    own, other = organisation(demand), organisation(demand)
    head = demand.somebody(uuid.UUID(own), "head")
    assert head.put(f"/schools/{own}", school_body()).status_code == 200
    assert head.put(f"/schools/{other}", school_body()).status_code == 404
    far = demand.somebody(uuid.uuid4(), "coordinator", kind="association", area=LINXI)
    assert far.put(f"/schools/{other}", school_body()).status_code == 404


def days(year: int, **special: str) -> list[dict[str, Any]]:
    kinds = {day.removeprefix("d").replace("_", "-"): kind for day, kind in special.items()}
    return [
        {"day": day["day"].isoformat(), "kind": kinds.get(day["day"].isoformat(), day["kind"])}
        for day in year_days(year)
    ]


def test_a_year_is_replaced_as_a_whole(operator: School) -> None:
    first = operator.put("/calendar/2041", {"source": "demonstration", "days": days(2041)})
    assert first.status_code == 200, first.text
    assert (first.json()["version"], first.json()["demonstration"], len(first.json()["days"])) == (
        1,
        True,
        365,
    )
    assert (
        operator.put("/calendar/2041", {"source": "demonstration", "days": days(2041)[::-1]}).json()[
            "version"
        ]
        == 1
    )
    changed = {"source": "official", "days": days(2041, d2041_10_01="holiday")}
    assert operator.put("/calendar/2041", changed).status_code == 428
    assert operator.put("/calendar/2041", changed, 1).json()["version"] == 2
    assert operator.put("/calendar/2041", changed, 1).json()["code"] == "stale"
    seen = operator.get("/calendar/2041").json()
    assert {"day": "2041-10-01", "kind": "holiday", "name": None} in seen["days"]
    assert seen["demonstration"] is False
    assert operator.get("/calendar/2042").status_code == 404


def test_a_year_with_gaps_strangers_or_twins_is_refused(operator: School) -> None:
    whole = days(2043)
    for given, field, code in [
        (whole[:-1] + whole[:1], "days[364].day", "duplicate"),
        (days(2044)[:365], "days[0].day", "day_outside_year"),
        (whole[1:], "days", "too_few"),
        (days(2044)[:-1], "days[0].day", "day_outside_year"),
        ([{**whole[0], "kind": "party"}, *whole[1:]], "days[0].kind", "invalid_choice"),
    ]:
        answer = operator.put("/calendar/2043", {"source": "official", "days": given})
        assert errors(answer)[0] == (field, code)
    leap = errors(operator.put("/calendar/2044", {"source": "official", "days": days(2044)[:-1]}))
    assert leap == [("days", "days_missing")]


def test_a_changed_calendar_counts_at_once_in_every_process(demand: DemandDoor, operator: School) -> None:
    school, monday = demand.a_school(), next_weekday(datetime.now(UTC), 1) + timedelta(days=28)
    year, windows = monday.year, [window_from(monday)]
    version = operator.get(f"/calendar/{year}").json()["version"]
    wish = {"kind": "visit", "topics": ["ocean"], "grades": [1], "group_size": 9, "windows": windows}
    doors = [school.at(address) for address in demand.addresses]
    assert [door.post("/requests", wish).status_code for door in doors] == [201, 201]
    free = {f"d{monday.date().isoformat().replace('-', '_')}": "holiday"}
    holiday = {"source": "demonstration", "days": days(year, **free)}
    assert operator.put(f"/calendar/{year}", holiday, version).status_code == 200
    for door in doors:
        assert errors(door.post("/requests", wish)) == [("windows[0].starts_at", "no_school_day")]
    plain = {"source": "demonstration", "days": days(year)}
    assert operator.put(f"/calendar/{year}", plain, version + 1).status_code == 200


def test_terms_are_replaced_as_a_whole(operator: School) -> None:
    # Far away in time and space, so that they bind no other test's school.
    term = {"adcode": "440300", "name": "春季学期", "first_day": "2041-03-01", "last_day": "2041-07-10"}
    before = operator.get("/terms")
    version = before.json()["version"] if before.status_code == 200 else None
    loaded = operator.put("/terms", {"items": [term]}, version)
    assert loaded.status_code == 200, loaded.text
    assert loaded.json()["items"][0]["id"]
    again = operator.put("/terms", {"items": [term]})
    assert again.json()["version"] == loaded.json()["version"]
    assert operator.put("/terms", {"items": [term]}, loaded.json()["version"] + 1).status_code == 412
    assert operator.put("/terms", {"items": []}).status_code == 428
    twice = errors(operator.put("/terms", {"items": [term, term]}, loaded.json()["version"]))
    assert twice == [("items[1].first_day", "terms_overlap")]


@pytest.mark.parametrize("year", ["1999", "2101", "0", "-1", "99999999999999999999", "x", "2027.0"])
def test_years_that_nobody_has_are_not_found(operator: School, year: str) -> None:
    assert operator.get(f"/calendar/{year}").status_code == 404
    assert operator.put(f"/calendar/{year}", {"source": "official", "days": days(2030)}).status_code == 404

"""Who may do what to whom, over HTTP: a table, and the edges of each role's sight."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import pytest

from deploy.local.stack import Stack
from tests.builders.accounts import (
    CITY,
    HONGSHAN,
    LINXI,
    Person,
    a_coordinator,
    a_district,
    a_user,
    an_organisation,
    nobody,
    organisation_body,
    the_operator,
    user_body,
)


@dataclass(frozen=True)
class Town:
    """Two districts with a school and a venue in one, a school in the other, and somebody in every role."""

    school: dict[str, Any]
    venue: dict[str, Any]
    far_school: dict[str, Any]
    people: dict[str, Person]
    far_teacher: Person


@pytest.fixture(scope="module")
def town(stack: Stack, districts: None) -> Town:
    operator = the_operator(stack)
    school, venue = an_organisation(operator), an_organisation(operator, "venue")
    far_school = an_organisation(operator, adcode=LINXI)
    association = an_organisation(operator, "association")
    people = {
        "nobody": nobody(stack),
        "operator": operator,
        "city": a_coordinator(stack, operator, CITY),
        "coordinator": a_coordinator(stack, operator),
        "head": a_user(stack, operator, school["id"], "head"),
        "teacher": a_user(stack, operator, school["id"], "teacher"),
        "venue": a_user(stack, operator, venue["id"], "venue"),
        "expert": a_user(stack, operator, association["id"], "expert"),
    }
    return Town(school, venue, far_school, people, a_user(stack, operator, far_school["id"], "teacher"))


EVERYBODY = ("nobody", "operator", "city", "coordinator", "head", "teacher", "venue", "expert")
# The answer to each of EVERYBODY, in that order.
TABLE = {
    "load districts": (401, 200, 403, 403, 403, 403, 403, 403),
    "register a school here": (401, 201, 201, 201, 403, 403, 403, 403),
    "register a school far away": (401, 201, 201, 422, 403, 403, 403, 403),
    "read the school": (401, 200, 200, 200, 200, 200, 404, 404),
    "read the far school": (401, 200, 200, 404, 404, 404, 404, 404),
    "rename the far school": (401, 412, 412, 404, 404, 403, 404, 403),
    "add a teacher to the school": (401, 201, 201, 201, 201, 403, 422, 403),
    "add a head to the school": (401, 201, 201, 201, 422, 403, 422, 403),
    "add a teacher far away": (401, 201, 201, 422, 422, 403, 422, 403),
    "add staff to the venue": (401, 201, 201, 201, 422, 403, 201, 403),
    "add a coordinator of the city": (401, 201, 201, 422, 422, 403, 422, 403),
    "add an operator": (401, 201, 422, 422, 422, 403, 422, 403),
    "read the far teacher": (401, 200, 200, 404, 404, 404, 404, 404),
    "close the far teacher": (401, 412, 412, 404, 404, 404, 404, 404),
    "close the teacher": (401, 412, 412, 412, 412, 412, 404, 404),
    "add the far teacher to the school": (401, 201, 201, 404, 404, 403, 404, 403),
}


def act(town: Town, person: Person, what: str, operator: Person) -> int:
    """Do it, and return the status."""
    bodies = {
        "load districts": lambda: person.put("/districts", {"items": [a_district(HONGSHAN)]}),
        "register a school here": lambda: person.post("/organisations", organisation_body()),
        "register a school far away": lambda: person.post("/organisations", organisation_body(adcode=LINXI)),
        "read the school": lambda: person.get(f"/organisations/{town.school['id']}"),
        "read the far school": lambda: person.get(f"/organisations/{town.far_school['id']}"),
        "rename the far school": lambda: person.patch(
            f"/organisations/{town.far_school['id']}", {"name": "另一个名字"}, 99
        ),
        "add a teacher to the school": lambda: person.post("/users", user_body(town.school["id"], "teacher")),
        "add a head to the school": lambda: person.post("/users", user_body(town.school["id"], "head")),
        "add a teacher far away": lambda: person.post("/users", user_body(town.far_school["id"], "teacher")),
        "add staff to the venue": lambda: person.post("/users", user_body(town.venue["id"], "venue")),
        "add a coordinator of the city": lambda: person.post(
            "/users", user_body(town.people["city"].organisation_id, "coordinator")
        ),
        "add an operator": lambda: person.post("/users", user_body(operator.organisation_id, "operator")),
        "read the far teacher": lambda: person.get(f"/users/{town.far_teacher.user_id}"),
        "close the far teacher": lambda: person.patch(
            f"/users/{town.far_teacher.user_id}", {"active": False}, 99
        ),
        "close the teacher": lambda: person.patch(
            f"/users/{town.people['teacher'].user_id}", {"active": False}, 99
        ),
        "add the far teacher to the school": lambda: person.post(
            "/memberships",
            {
                "user_id": operator.post("/users", user_body(town.far_school["id"], "teacher")).json()["id"],
                "organisation_id": town.school["id"],
                "role": "teacher",
            },
        ),
    }
    return bodies[what]().status_code


@pytest.mark.parametrize("what", TABLE)
def test_who_may_do_what(town: Town, operator: Person, what: str) -> None:
    answers = tuple(act(town, town.people[name], what, operator) for name in EVERYBODY)
    assert dict(zip(EVERYBODY, answers, strict=True)) == dict(zip(EVERYBODY, TABLE[what], strict=True))


def ids(person: Person, path: str) -> set[str]:
    """All ids of a list, page by page."""
    found: set[str] = set()
    cursor: str | None = ""
    while cursor is not None:
        answer = person.get(f"{path}{'&' if '?' in path else '?'}limit=200{cursor}")
        assert answer.status_code == 200, answer.text
        body = answer.json()
        found |= {item["id"] for item in body["items"]}
        cursor = f"&cursor={body['next']}" if body["next"] else None
    return found


def test_lists_hold_what_the_caller_may_see_and_nothing_else(town: Town) -> None:
    near, far = town.school["id"], town.far_school["id"]
    for name, sees_near, sees_far in [
        ("operator", True, True),
        ("city", True, True),
        ("coordinator", True, False),
        ("head", True, False),
        ("teacher", True, False),
        ("venue", False, False),
    ]:
        found = ids(town.people[name], "/organisations")
        assert (near in found, far in found) == (sees_near, sees_far), name
    assert ids(town.people["teacher"], "/organisations") == {near}


def test_user_lists_hold_whom_the_caller_may_see_and_nobody_else(town: Town) -> None:
    people = town.people
    near = f"/users?organisation_id={town.school['id']}"
    far = f"/users?organisation_id={town.far_school['id']}"
    assert people["teacher"].user_id in ids(people["coordinator"], near)
    assert ids(people["coordinator"], far) == set()
    assert town.far_teacher.user_id in ids(people["city"], far)
    assert {people["head"].user_id, people["teacher"].user_id} <= ids(people["head"], near)
    assert ids(people["teacher"], "/users") == {people["teacher"].user_id}
    assert ids(people["expert"], "/users") == {people["expert"].user_id}
    assert ids(people["head"], far) == set()


def test_a_membership_elsewhere_is_nobodys_business(stack: Stack, operator: Person, town: Town) -> None:
    both = a_user(stack, operator, town.school["id"], "teacher")
    body = {"user_id": both.user_id, "organisation_id": town.far_school["id"], "role": "teacher"}
    assert operator.post("/memberships", body).status_code == 201
    seen = town.people["head"].get(f"/users/{both.user_id}").json()["memberships"]
    assert [each["organisation_id"] for each in seen] == [town.school["id"]]
    assert len(both.get("/users/me").json()["memberships"]) == 2
    closed = town.people["head"].patch(f"/users/{both.user_id}", {"active": False}, 2)
    assert closed.status_code == 403


def test_roles_are_given_and_taken(stack: Stack, operator: Person, town: Town) -> None:
    teacher = a_user(stack, operator, town.school["id"], "teacher")
    other = an_organisation(operator)
    path = f"/memberships/{teacher.user_id}/{other['id']}/teacher"
    body = {"user_id": teacher.user_id, "organisation_id": other["id"], "role": "teacher"}
    given = town.people["coordinator"].post("/memberships", body)
    assert (given.status_code, given.json()["version"]) == (201, 2)
    assert town.people["coordinator"].post("/memberships", body).json()["code"] == "membership_exists"
    assert town.people["head"].delete(path).status_code == 404
    taken = town.people["coordinator"].delete(path)
    assert (taken.status_code, taken.json()["version"]) == (200, 3)
    assert town.people["coordinator"].delete(path).status_code == 404


def test_nobody_closes_or_demotes_themselves(town: Town) -> None:
    me = town.people["coordinator"]
    closed = me.patch(f"/users/{me.user_id}", {"active": False}, 1)
    assert (closed.status_code, closed.json()["code"]) == (422, "not_yourself")
    dropped = me.delete(f"/memberships/{me.user_id}/{me.organisation_id}/coordinator")
    assert (dropped.status_code, dropped.json()["code"]) == (422, "not_yourself")


def test_another_organisation_cannot_be_acted_for(town: Town) -> None:
    foreign = town.people["teacher"].acting_for(town.far_school["id"]).get("/organisations")
    assert (foreign.status_code, foreign.json()["code"]) == (403, "organisation_not_yours")
    unnamed = town.people["teacher"].acting_for("").get("/organisations")
    assert (unnamed.status_code, unnamed.json()["code"]) == (400, "organisation_required")
    unknown = town.people["operator"].get(f"/organisations/{uuid.uuid4()}")
    assert unknown.status_code == 404

"""Batches are taken as a whole or not at all, and name every item that is refused."""

from __future__ import annotations

import secrets
from typing import Any

from deploy.local.stack import Stack
from tests.builders.accounts import (
    HONGSHAN,
    LINXI,
    PLACE,
    Person,
    a_coordinator,
    a_district,
    an_organisation,
    logged_in,
    organisation_body,
    user_body,
)
from tests.concurrency.parallel import each, together


def errors(answer: Any) -> list[tuple[str, str]]:
    assert answer.status_code == 422, answer.text
    return [(error["field"], error["code"]) for error in answer.json()["errors"]]


def test_organisations_arrive_in_the_order_of_their_items(operator: Person) -> None:
    items = [organisation_body(kind) for kind in ("school", "venue", "hospital")]
    answer = operator.post("/organisations/batch", {"items": items})
    assert answer.status_code == 201
    assert [item["name"] for item in answer.json()["items"]] == [item["name"] for item in items]
    assert {item["version"] for item in answer.json()["items"]} == {1}


def test_every_misplaced_organisation_is_named_and_none_is_left(stack: Stack, operator: Person) -> None:
    coordinator = a_coordinator(stack, operator)
    good = organisation_body()
    items = [
        good,
        organisation_body(adcode="999999"),
        organisation_body(adcode=LINXI),
        organisation_body(adcode="150402001000"),
        organisation_body(township="150424100000"),
    ]
    answer = coordinator.post("/organisations/batch", {"items": items})
    assert errors(answer) == [
        ("items[1].adcode", "district_unknown"),
        ("items[2].adcode", "district_not_yours"),
        ("items[3].adcode", "adcode_not_district"),
        ("items[4].township", "district_unknown"),
    ]
    assert coordinator.get(f"/organisations?name={good['name']}").json()["items"] == []


def test_a_name_is_taken_once_per_district_and_kind(operator: Person) -> None:
    body = organisation_body()
    assert operator.post("/organisations", body).status_code == 201
    assert errors(operator.post("/organisations", body)) == [("name", "organisation_name_taken")]
    again = operator.post("/organisations/batch", {"items": [organisation_body(), body]})
    assert errors(again) == [("items[1].name", "organisation_name_taken")]
    twice = organisation_body()
    assert errors(operator.post("/organisations/batch", {"items": [twice, twice]})) == [
        ("items[1].name", "organisation_name_taken")
    ]


def test_users_of_a_batch_can_log_in(stack: Stack, operator: Person) -> None:
    school = an_organisation(operator)["id"]
    items = [user_body(school, "teacher") for _ in range(5)]
    answer = operator.post("/users/batch", {"items": items})
    assert answer.status_code == 201
    assert [item["login"] for item in answer.json()["items"]] == [item["login"] for item in items]
    assert logged_in(stack, items[4]["login"]).organisation_id == school


def test_every_user_that_does_not_fit_is_named_and_none_is_left(operator: Person) -> None:
    school, venue = an_organisation(operator)["id"], an_organisation(operator, "venue")["id"]
    good = user_body(school, "teacher")
    items = [
        good,
        user_body(venue, "teacher"),
        user_body("01900000-0000-7000-8000-000000000000", "teacher"),
        user_body(school, "teacher", login="operator"),
        user_body(school, "teacher", login=good["login"]),
        user_body(school, "teacher", password="aaaaaaaaaaaa"),
    ]
    assert sorted(errors(operator.post("/users/batch", {"items": items}))) == [
        ("items[1].memberships[0].role", "role_not_for_kind"),
        ("items[2].memberships[0].organisation_id", "organisation_unknown"),
        ("items[3].login", "login_taken"),
        ("items[4].login", "login_taken"),
        ("items[5].password", "password_weak"),
    ]
    assert operator.get(f"/users?login={good['login']}").json()["items"] == []


def test_a_login_is_given_once_also_to_two_at_once(operator: Person) -> None:
    school = an_organisation(operator)["id"]
    for _ in range(3):
        body = user_body(school, "teacher")

        def register(_: int, body: dict[str, Any] = body) -> int:
            return operator.post("/users", body).status_code

        assert sorted(together(each(register, range(4)))) == [201, 422, 422, 422]


def test_the_tree_is_loaded_whole_or_not_at_all(operator: Person) -> None:
    digits = f"{secrets.randbelow(10**6):06d}"
    township = {
        "adcode": HONGSHAN + digits,
        "parent": HONGSHAN,
        "level": "township",
        "name": "演示镇",
        "demonstration": True,
        **PLACE,
    }
    loaded = operator.put("/districts", {"items": [township]})
    assert loaded.json() == {"registered": 1, "changed": 0, "unchanged": 0}
    assert operator.put("/districts", {"items": [township]}).json()["unchanged"] == 1
    renamed = {**township, "name": "演示苏木"}
    assert operator.put("/districts", {"items": [renamed]}).json()["changed"] == 1
    other = {**township, "adcode": HONGSHAN + f"{secrets.randbelow(10**6):06d}"}
    wrong = [
        {**other, "parent": "999999"},
        {**other, "adcode": LINXI + "100000"},
        {**other, "level": "district"},
        {**township, "level": "city", "adcode": "150500", "parent": "150400"},
        {**renamed, "parent": LINXI},
        a_district(HONGSHAN, level="city", parent=None),
    ]
    found = errors(operator.put("/districts", {"items": [other, *wrong]}))
    assert found == [
        ("items[1].adcode", "duplicate"),
        ("items[2].parent", "district_elsewhere"),
        ("items[3].adcode", "duplicate"),
        ("items[4].parent", "district_level_wrong"),
        ("items[5].parent", "district_elsewhere"),
        ("items[6].level", "district_moved"),
    ]
    listed = operator.get(f"/districts?parent={HONGSHAN}&level=township&limit=200").json()["items"]
    assert other["adcode"] not in [item["adcode"] for item in listed]


def test_a_repeated_key_gets_the_first_answer(operator: Person) -> None:
    body, key = organisation_body(), secrets.token_hex(8)
    first, again = operator.post("/organisations", body, key), operator.post("/organisations", body, key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = operator.post("/organisations", organisation_body(), key)
    assert other.json()["code"] == "idempotency_key_reused"


def test_of_two_changes_at_once_one_is_stale(operator: Person) -> None:
    for _ in range(3):
        made = an_organisation(operator)

        def rename(name: str, id_: str = made["id"]) -> int:
            return operator.patch(f"/organisations/{id_}", {"name": name}, 1).status_code

        names = [f"甲 {secrets.token_hex(4)}", f"乙 {secrets.token_hex(4)}"]
        assert sorted(together(each(rename, names))) == [200, 412]
        assert operator.get(f"/organisations/{made['id']}").json()["version"] == 2

"""Logging in, refreshing, and what ends a session."""

from __future__ import annotations

import statistics
import time
from typing import Any

import jwt
import pytest

from deploy.local.stack import Stack
from services.chassis.ids import new_id
from tests.builders.accounts import (
    PASSWORD,
    Person,
    a_user,
    an_organisation,
    logged_in,
    nobody,
    user_body,
)
from tests.concurrency.parallel import each, together


@pytest.fixture
def teacher(stack: Stack, operator: Person) -> Person:
    return a_user(stack, operator, an_organisation(operator)["id"], "teacher")


def log_in(person: Person, login: str, password: str, address: str = "") -> tuple[int, dict[str, Any]]:
    headers = {"X_Forwarded_For": address} if address else {}
    answer = person.call("POST", "/tokens", {"login": login, "password": password}, **headers)
    return answer.status_code, answer.json()


def test_the_access_token_says_who_may_act_for_whom(teacher: Person) -> None:
    claims = jwt.decode(teacher.token, options={"verify_signature": False})
    assert claims["exp"] - claims["iat"] == 900
    assert (claims["iss"], claims["aud"], claims["sub"]) == ("keqiao", "keqiao", teacher.user_id)
    (membership,) = claims["m"]
    assert membership["o"] == teacher.organisation_id
    assert (membership["k"], membership["r"], membership["a"], membership["x"]) == (
        "school",
        "teacher",
        "150402",
        None,
    )


def test_the_key_set_verifies_the_token_and_shows_no_private_half(stack: Stack, teacher: Person) -> None:
    keys = nobody(stack).get("/keys").json()["keys"]
    kid = jwt.get_unverified_header(teacher.token)["kid"]
    key = next(key for key in keys if key["kid"] == kid)
    assert set(key) == {"kty", "crv", "use", "alg", "kid", "x"}
    public = jwt.PyJWK(key, algorithm="EdDSA")
    assert (
        jwt.decode(teacher.token, public, algorithms=["EdDSA"], audience="keqiao")["sub"] == teacher.user_id
    )


def test_an_expert_finds_its_expert_in_the_token(stack: Stack, operator: Person) -> None:
    home = an_organisation(operator, "association")["id"]
    expert_id = str(new_id())
    body = user_body(home, "expert", expert_id=expert_id)
    assert operator.post("/users", body).status_code == 201
    claims = jwt.decode(logged_in(stack, body["login"]).token, options={"verify_signature": False})
    assert claims["m"][0]["x"] == expert_id
    again = operator.post("/users", user_body(home, "expert", expert_id=expert_id))
    assert again.json()["errors"][0]["code"] == "expert_taken"


def test_wrong_password_and_unknown_login_say_the_same(stack: Stack, teacher: Person) -> None:
    wrong = log_in(nobody(stack), teacher.login, "not the password")
    unknown = log_in(nobody(stack), "nobody-has-this", "not the password")
    assert wrong[0] == unknown[0] == 401
    assert {**wrong[1], "trace_id": ""} == {**unknown[1], "trace_id": ""}


def test_an_unknown_login_takes_as_long_as_a_wrong_password(stack: Stack, operator: Person) -> None:
    people = [a_user(stack, operator, operator.organisation_id, "coordinator") for _ in range(2)]

    def seconds(login: str) -> float:
        began = time.perf_counter()
        assert log_in(nobody(stack), login, "not the password")[0] == 401
        return time.perf_counter() - began

    wrong, unknown = [], []
    for turn in range(8):
        wrong.append(seconds(people[turn % 2].login))
        unknown.append(seconds(f"nobody{turn % 2}{people[0].login}"))
    # Medians of few calls on a busy machine: the bound only tells "hashed" (20 ms) from "not hashed" (2 ms).
    assert statistics.median(unknown) > 0.5 * statistics.median(wrong)


def test_failures_are_throttled_by_login_and_address(stack: Stack, teacher: Person) -> None:
    there, elsewhere = "192.0.2.17", "192.0.2.18"
    codes = [log_in(nobody(stack), teacher.login, "not the password", there)[0] for _ in range(7)]
    assert codes == [401] * 5 + [429] * 2
    answer = nobody(stack).call(
        "POST", "/tokens", {"login": teacher.login, "password": PASSWORD}, X_Forwarded_For=there
    )
    assert answer.status_code == 429
    assert answer.json()["code"] == "too_many_attempts"
    assert 0 < int(answer.headers["Retry-After"]) <= 900
    assert log_in(nobody(stack), teacher.login, PASSWORD, elsewhere)[0] == 201


def test_success_forgives_earlier_failures(stack: Stack, teacher: Person) -> None:
    for _ in range(3):
        for _ in range(4):
            assert log_in(nobody(stack), teacher.login, "not the password", "192.0.2.19")[0] == 401
        assert log_in(nobody(stack), teacher.login, PASSWORD, "192.0.2.19")[0] == 201


def test_guesses_at_once_are_counted_before_they_are_looked_at(stack: Stack, teacher: Person) -> None:
    def guess(number: int) -> int:
        return log_in(nobody(stack), teacher.login, f"guess number {number}", "192.0.2.20")[0]

    codes = together(each(guess, range(20)))
    assert codes.count(401) <= 5
    assert set(codes) <= {401, 429, 503}


def test_a_refresh_token_works_once_and_its_reuse_ends_the_session(stack: Stack, teacher: Person) -> None:
    first = nobody(stack).post("/tokens/refresh", {"refresh_token": teacher.refresh_token})
    assert first.status_code == 201
    fresh = first.json()["refresh_token"]
    again = nobody(stack).post("/tokens/refresh", {"refresh_token": teacher.refresh_token})
    assert (again.status_code, again.json()["code"]) == (401, "refresh_refused")
    after = nobody(stack).post("/tokens/refresh", {"refresh_token": fresh})
    assert (after.status_code, after.json()["code"]) == (401, "refresh_refused")


def test_of_two_refreshes_at_once_one_wins_and_the_session_ends(stack: Stack, operator: Person) -> None:
    second = stack.spawn_extra("accounts", "refresh")
    try:
        for _ in range(5):
            teacher = a_user(stack, operator, an_organisation(operator)["id"], "teacher")
            doors = [nobody(stack), nobody(stack).at(accounts=second.http_port)]

            def refresh(door: Person, token: str = teacher.refresh_token) -> tuple[int, dict[str, Any]]:
                answer = door.post("/tokens/refresh", {"refresh_token": token})
                return answer.status_code, answer.json()

            answers = together(each(refresh, doors))
            assert sorted(code for code, _ in answers) == [201, 401]
            fresh = next(body for code, body in answers if code == 201)["refresh_token"]
            assert refresh(doors[0], fresh)[0] == 401
    finally:
        second.kill(15)


def test_logging_out_ends_the_session_and_tells_nothing(stack: Stack, teacher: Person) -> None:
    assert nobody(stack).post("/tokens/revoke", {"refresh_token": teacher.refresh_token}).status_code == 204
    assert nobody(stack).post("/tokens/revoke", {"refresh_token": "never seen"}).status_code == 204
    after = nobody(stack).post("/tokens/refresh", {"refresh_token": teacher.refresh_token})
    assert after.status_code == 401


def test_closing_an_account_ends_its_sessions(stack: Stack, operator: Person, teacher: Person) -> None:
    closed = operator.patch(f"/users/{teacher.user_id}", {"active": False}, 1)
    assert closed.json()["active"] is False
    after = nobody(stack).post("/tokens/refresh", {"refresh_token": teacher.refresh_token})
    assert after.status_code == 401
    assert log_in(nobody(stack), teacher.login, PASSWORD)[1]["code"] == "account_inactive"
    assert log_in(nobody(stack), teacher.login, "not the password")[1]["code"] == "wrong_credentials"


def test_a_new_password_needs_the_current_one_and_ends_sessions(stack: Stack, teacher: Person) -> None:
    me = f"/users/{teacher.user_id}"
    without = teacher.patch(me, {"password": "ein-neues-wort"}, 1)
    assert (without.status_code, without.json()["code"]) == (422, "current_password_wrong")
    weak = {"password": f"{teacher.login}{teacher.login}", "current_password": PASSWORD}
    assert teacher.patch(me, weak, 1).json()["errors"][0]["code"] == "password_weak"
    changed = teacher.patch(me, {"password": "ein-neues-wort", "current_password": PASSWORD}, 1)
    assert changed.status_code == 200
    assert "password" not in changed.text
    assert log_in(nobody(stack), teacher.login, PASSWORD)[0] == 401
    assert log_in(nobody(stack), teacher.login, "ein-neues-wort")[0] == 201
    after = nobody(stack).post("/tokens/refresh", {"refresh_token": teacher.refresh_token})
    assert after.status_code == 401


def test_bad_input_is_named_and_never_a_500(stack: Stack) -> None:
    door = nobody(stack)
    for body, field in [
        ({}, "login"),
        ({"login": "operator"}, "password"),
        ({"login": 7, "password": "x"}, "login"),
        ({"login": "operator", "password": ["x"]}, "password"),
        ({"login": "operator", "password": "x" * 201}, "password"),
        ({"login": "operator", "password": "x\u0000"}, "password"),
        ({"login": "operator", "password": "x", "admin": True}, "admin"),
    ]:
        answer = door.post("/tokens", body)
        assert answer.status_code in (400, 422), body
        if answer.status_code == 422:
            assert field in [error["field"] for error in answer.json()["errors"]]

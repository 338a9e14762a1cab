"""Who may not: every operation of every contract, tried by everybody whom it does not concern.

Strangers have the same roles elsewhere: a teacher of another school, another venue's staff, another expert,
the coordinator of another district; and somebody without a token.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from tests.builders.bodies import body_for
from tests.builders.contract import Operation
from tests.builders.hostile import Case, none_of, send
from tests.fixtures.census import Census
from tests.fixtures.front import Contracts
from tests.fixtures.town import Town

#: What anybody may call, and why.
PUBLIC = {
    "GET /districts": "the area tree",
    "GET /keys": "verifies our tokens",
    "POST /tokens": "logging in",
    "POST /tokens/refresh": "the refresh token is the proof",
    "POST /tokens/revoke": "the refresh token is the proof",
    "GET /topics": "the topic tree",
    "GET /venues": "what is offered",
    "GET /venues/{venue_id}": "what is offered",
    "GET /programmes": "what is published; drafts are their keepers'",
    "GET /programmes/{programme_id}": "what is published; drafts are their keepers'",
    "GET /slots": "open slots and free seats",
    "GET /slots/{slot_id}": "who had it booked must see that it was cancelled",
    "GET /closures": "without the matches that they affect",
    "GET /closures/{closure_id}": "without the matches that they affect",
    "GET /units": "what is offered",
    "GET /units/{unit_id}": "what is offered",
    "GET /shared-resources": "what is offered",
    "GET /shared-resources/{resource_id}": "what is offered",
    "GET /stops": "confirmed ones, without the match",
    "GET /experts": "without home, limits and contact",
    "GET /experts/{expert_id}": "without home, limits and contact",
    "GET /calendar/{year}": "school days",
    "GET /terms": "school terms",
    "GET /rounds/published": "how good a published result is; names nobody",
    "GET /rounds/seeds": "the hash of each round's seed, so that nobody can choose one later; names nobody",
    "GET /rounds/{round_id}/papers/problem": "so that anybody may check a published result; names nobody",
    "GET /rounds/{round_id}/papers/solution": "so that anybody may check a published result; names nobody",
    "GET /rounds/{round_id}/papers/certificate": "so that anybody may check a published result; names nobody",
    "GET /verifier": "so that anybody may check a published result",
    "GET /search": "what is public",
    "GET /suggestions": "what is public",
    "GET /coverage/totals": "the whole region, in which no area and no school can be told",
}
#: What every person may do about nobody but themselves, whatever they send.
ONES_OWN = {
    "GET /users/me",
    "GET /notices",
    "GET /notices/counts",
    "GET /notices/preferences",
    "PUT /notices/preferences",
    "POST /notices/read-all",
}
#: Rounds are announced to everybody who is logged in; their numbers and drafts are not.
ANNOUNCED = {"GET /rounds/{round_id}", "GET /rounds/{round_id}/matches"}
#: An expert is public, so that somebody else's hours are refused, not denied.
KNOWN_TO_EXIST = {"GET /experts/{expert_id}/availability"}
#: Codes with which a body, rather than the caller, is outside of what the caller may touch.
OUTSIDE = {
    "organisation_unknown",
    "district_not_yours",
    "role_not_grantable",
    "round_elsewhere",
    "school_organisation_unknown",
}
#: Whether there is such a thing is nobody else's business: it is not found, not forbidden.
OF_PRIVATE_THINGS = ("{request_id}", "{match_id}", "{notice_id}", "{user_id}")
STRANGERS = ("nobody", "teacher", "head", "venue", "expert", "coordinator")
each_stranger = pytest.mark.parametrize("stranger", STRANGERS)


def test_the_table_says_what_is_public(contracts: Contracts) -> None:
    open_to_all = {
        each.name for operations in contracts.values() for each in operations if each.roles is None
    }
    assert open_to_all == set(PUBLIC)
    known = {each.name for operations in contracts.values() for each in operations}
    assert known >= ONES_OWN | ANNOUNCED | KNOWN_TO_EXIST


@each_stranger
def test_a_stranger_changes_nothing(contracts: Contracts, town: Town, census: Census, stranger: str) -> None:
    # A batch whose every item was refused is an answer, which is remembered under its key.
    with census.unchanged(town.user_ids, besides="idempotency"):
        found = [
            fault
            for each in _private(contracts)
            if each.method != "GET"
            for fault in _acts(town, each, stranger)
        ]
    none_of(found)


def _private(contracts: Contracts) -> Iterator[Operation]:
    for operations in contracts.values():
        yield from (each for each in operations if each.roles is not None and each.name not in ONES_OWN)


def _acts(town: Town, operation: Operation, stranger: str) -> Iterator[str]:
    """What is wrong with the answer to the operation on the town's things."""
    body = body_for(operation, dict(town.ids))
    path = town.path(operation) + ("?reason=aa" if "reason" in operation.query else "")
    case = Case("", operation.method, path, None if body is None else json.dumps(body).encode())
    answer = send(town.strangers[stranger], case)
    said = answer.json()
    if stranger == "nobody":
        allowed = answer.status_code == 401
    elif stranger in (operation.roles or ()) and any(each in operation.path for each in OF_PRIVATE_THINGS):
        allowed = answer.status_code == 404
    elif answer.status_code == 200 and operation.path.endswith("/batch"):
        allowed = said["made"] == 0 and {row["refusal"]["code"] for row in said["items"]} <= {
            "forbidden",
            "not_found",
            *OUTSIDE,
        }
    else:
        codes = {said.get("code"), *(error["code"] for error in said.get("errors", []))}
        allowed = answer.status_code in (403, 404) or bool(answer.status_code == 422 and codes & OUTSIDE)
    if not allowed:
        yield f"{operation.name}: {answer.status_code} {answer.text[:300]}"


@each_stranger
def test_a_stranger_is_shown_nothing(contracts: Contracts, town: Town, stranger: str) -> None:
    reading = [each for operations in contracts.values() for each in operations if each.method == "GET"]
    none_of([fault for each in reading for fault in _looks(town, each, stranger)])


def _looks(town: Town, operation: Operation, stranger: str) -> Iterator[str]:
    """What the stranger learns by the operation, plain and with each filter that names the town's things."""
    path = town.path(operation)
    for query in ("", *_filters(town, operation)):
        answer = send(town.strangers[stranger], Case("", "GET", path + query))
        seen = [
            name for name, text in town.private.items() if text in answer.text and text not in path + query
        ]
        if seen:
            yield f"{operation.name}{query}: shows {seen}: {answer.text[:200]}"
        if why := _too_much(operation, stranger, answer.status_code, query):
            yield f"{operation.name}{query}: {why}: {answer.text[:200]}"
        if answer.status_code == 200 and query and operation.roles is not None and _counts(answer.text):
            yield f"{operation.name}{query}: counts or lists what is not theirs: {answer.text[:200]}"


def _too_much(operation: Operation, stranger: str, status: int, query: str) -> str | None:
    """Why the status is not what it has to be."""
    if operation.roles is None:
        expected = {200, 404}
    elif stranger == "nobody":
        expected = {401}
    elif operation.roles and stranger not in operation.roles:
        expected = {403}
    elif operation.name in ANNOUNCED or "{" not in operation.path:
        expected = {200}
    else:
        expected = {403} if operation.name in KNOWN_TO_EXIST else {404}
    if operation.name in ("GET /search", "GET /suggestions"):
        expected = {200, 422}  # without words there is nothing to suggest
    return None if status in expected else f"{status} instead of {sorted(expected)}"


def _counts(text: str) -> bool:
    """Whether a list has items, a summary a total, a sheet a row."""
    if not text.startswith("{"):
        return len(text.strip().splitlines()) > 1
    said = json.loads(text)
    return bool(said.get("items")) or bool(said.get("total"))


def _filters(town: Town, operation: Operation) -> list[str]:
    ids = town.ids
    known = {
        "school_id": [ids["school_id"]],
        "request_id": [ids["request_id"]],
        "round_id": [ids["round_id"]],
        "organisation_id": [ids["organisation_id"], ids["provider_id"], ids["association_id"]],
        "expert_id": [ids["expert_id"]],
        "venue_id": [ids["venue_id"]],
        "programme_id": [ids["programme_id"]],
        "aggregate_id": [ids["request_id"], ids["match_id"], ids["user_id"]],
        "match": [ids["match_id"]],
        "actor": [ids["user_id"]],
        "adcode": ["150402"],
        "district": ["150402"],
        "login": [town.private["teacher's login"]],
    }
    return [f"?{name}={value}" for name in operation.query for value in known.get(name, [])]


def test_those_whom_it_concerns_are_shown_it(contracts: Contracts, town: Town) -> None:
    unseen = dict(town.private)
    reading = [each for operations in contracts.values() for each in operations if each.method == "GET"]
    for operation in reading:
        for query in ("", *_filters(town, operation)):
            for role in [role for role in town.people if unseen and role in (operation.roles or town.people)]:
                text = send(town.people[role], Case("", "GET", town.path(operation) + query)).text
                unseen = {name: secret for name, secret in unseen.items() if secret not in text}
    assert unseen == {}

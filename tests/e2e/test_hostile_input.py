"""Bad input at every endpoint: a 4xx that names the field in the caller's language, no 5xx, and no row.

Most cases are made from the served contracts, so an endpoint that is new tomorrow is tried as well.
"""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable, Iterator

import pytest

from deploy.nginx.routes import RESOURCES
from tests.builders.accounts import Person
from tests.builders.bodies import body_for
from tests.builders.contract import Operation
from tests.builders.hostile import (
    Case,
    faults,
    malformed_bodies,
    missing_members,
    none_of,
    wrong_cursors,
    wrong_members,
    wrong_queries,
)
from tests.fixtures.census import Census
from tests.fixtures.front import Contracts
from tests.fixtures.town import Town

each_service = pytest.mark.parametrize("service", tuple(RESOURCES))
Cases = Iterator[Case]


@pytest.fixture(autouse=True, scope="module")
def no_row_is_left(town: Town, census: Census) -> Iterator[None]:
    """Nothing that these tests send is taken."""
    with census.unchanged(town.user_ids):
        yield


def tried(town: Town, operations: list[Operation], cases: Callable[[Operation, str], Cases]) -> list[str]:
    """What is wrong with the answers to the cases of each operation, sent by somebody whom it is for."""
    found = []
    for operation in operations:
        found += faults(town.for_roles(operation.roles), cases(operation, town.path(operation)))
    return found


@each_service
def test_a_body_that_breaks_the_contract_is_refused_by_the_name_of_its_member(
    contracts: Contracts, town: Town, service: str
) -> None:
    with_body = [operation for operation in contracts[service] if operation.body]
    none_of(tried(town, with_body, wrong_members))
    none_of(tried(town, with_body, missing_members))


@each_service
def test_what_is_no_json_is_refused(contracts: Contracts, town: Town, service: str) -> None:
    with_body = [operation for operation in contracts[service] if operation.body]
    none_of(tried(town, with_body, malformed_bodies))
    without = [each for each in contracts[service] if each.body is None and each.method != "GET"]
    none_of(tried(town, without, lambda operation, path: iter([_surprise(operation, path)])))


def _surprise(operation: Operation, path: str) -> Case:
    query = "?reason=aa" if "reason" in operation.query else ""
    return Case("a body", operation.method, path + query, b'{"txet": 1}', (422,), "unknown_field", "txet")


@each_service
def test_a_query_that_breaks_the_contract_is_refused_by_the_name_of_its_member(
    contracts: Contracts, town: Town, service: str
) -> None:
    foreign = _a_cursor(town.people["operator"])
    none_of(tried(town, [each for each in contracts[service] if each.body is None], wrong_queries))
    none_of(tried(town, contracts[service], lambda each, path: wrong_cursors(each, path, foreign)))


def _a_cursor(person: Person) -> str:
    """A true cursor, of a list that no test here asks for more of."""
    cursor = person.get("/districts?limit=1").json()["next"]
    assert cursor
    forged = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
    return base64.urlsafe_b64encode(forged[:-1] + b"x").decode().rstrip("=")


@each_service
def test_ids_of_nothing_are_not_found(contracts: Contracts, town: Town, service: str) -> None:
    def cases(operation: Operation, _: str) -> Cases:
        sent = _json(body_for(operation, dict(town.ids)))
        for name in [name for name in town.ids if name.endswith("_id") and f"{{{name}}}" in operation.path]:
            for other in (
                str(uuid.uuid4()),
                "1",
                "%00",
                "..%2f..",
                "a%0a",
                "%EF%BF%BD",
                "a" * 9000,
                "a" * 17000,
            ):
                path = operation.at({**town.ids, name: "@"}).replace("%40", other) + _reason(operation)
                statuses = (400, 404, 414) if len(other) > 36 or "%" in other else (404,)
                unread = other == "%00" or len(other) > 16_000
                yield Case(f"{name}={other[:8]}", operation.method, path, sent, statuses, unread=unread)

    none_of(tried(town, contracts[service], cases))


def _reason(operation: Operation) -> str:
    return "?reason=aa" if "reason" in operation.query else ""


def _json(body: object) -> bytes | None:
    return None if body is None else json.dumps(body).encode()


@each_service
def test_a_stale_or_missing_version_changes_nothing(contracts: Contracts, town: Town, service: str) -> None:
    def cases(operation: Operation, path: str) -> Cases:
        sent = _json(body_for(operation, dict(town.ids)))
        for value, status, code in (
            ('"999999"', 412, "stale"),
            ("", 428, "precondition_required"),
            ("*", 400, "malformed_header"),
            ('"1", "2"', 400, "malformed_header"),
            ('"99999999999999999999"', 400, "malformed_header"),
        ):
            headers = (("If-Match", value),)
            yield Case(f"If-Match {value}", operation.method, path, sent, (status,), code, headers=headers)

    none_of(tried(town, [each for each in contracts[service] if each.changes], cases))


@each_service
def test_whatever_creates_wants_a_key(contracts: Contracts, town: Town, service: str) -> None:
    def cases(operation: Operation, path: str) -> Cases:
        sent = _json(body_for(operation, dict(town.ids)))
        for key in ("", "长".encode().decode("latin-1"), "k" * 1000):
            headers = (("Idempotency-Key", key),)
            yield Case(f"key {key[:8]}", operation.method, path, sent, (400,), headers=headers)

    none_of(tried(town, [each for each in contracts[service] if each.creates], cases))

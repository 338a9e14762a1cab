"""Two edits of one request at once, and a withdrawal against a match: guards shown off, then on."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from schemas.refusal import Refusal
from services.chassis.store import Connection
from services.demand.storage import requests as storage
from services.demand.usecases import hearing
from tests.builders import demand as made
from tests.builders.demand import wish_body
from tests.concurrency.parallel import each, together
from tests.fixtures.wishing import DemandDoor, School

ROUNDS = 5


@pytest.fixture(autouse=True)
def _being_demand() -> Iterator[None]:
    with made.being_demand():
        yield


def submitted(school: School) -> UUID:
    return UUID(school.post("/requests", wish_body(datetime.now(UTC))).json()["id"])


def found(conn: Connection, id_: UUID) -> dict[str, Any]:
    row = storage.find(conn, id_)
    assert row is not None
    return row


UNGUARDED = """
update requests set group_size = %(group_size)s, distance_limit_km = %(distance_limit_km)s where id = %(id)s
"""


def test_without_the_guard_the_first_of_two_edits_is_lost(demand: DemandDoor) -> None:
    """The control: two people read, each changes one thing, both are told that it worked."""
    id_ = submitted(demand.a_school())
    with demand.store.read() as conn:
        first, second = found(conn, id_), found(conn, id_)
    for row in ({**first, "group_size": 30}, {**second, "distance_limit_km": 500}):
        with demand.store.transaction() as conn:
            assert conn.execute(UNGUARDED.encode(), row).rowcount == 1
    with demand.store.read() as conn:
        stands = found(conn, id_)
    assert (stands["group_size"], stands["distance_limit_km"]) == (45, 500)


def test_with_the_guard_the_second_write_finds_nothing(demand: DemandDoor) -> None:
    id_ = submitted(demand.a_school())
    with demand.store.read() as conn:
        first, second = found(conn, id_), found(conn, id_)
    outcomes = []
    for row in ({**first, "group_size": 30}, {**second, "distance_limit_km": 500}):
        with demand.store.transaction() as conn:
            fresh = {**row, "version": 2}
            outcomes.append(storage.change(conn, fresh, from_version=1, from_state="submitted"))
    assert outcomes == [True, False]


def test_of_two_edits_at_once_through_two_processes_one_is_stale(demand: DemandDoor) -> None:
    for _ in range(ROUNDS):
        school = demand.a_school()
        path = f"/requests/{submitted(school)}"
        changes = [{"group_size": 30}, {"distance_limit_km": 500}]

        def edit(
            given: tuple[str, dict[str, int]], school: School = school, path: str = path
        ) -> tuple[int, int | None]:
            answer = school.at(given[0]).patch(path, given[1], 1)
            return answer.status_code, answer.json().get("version")

        answers = together(each(edit, list(zip(demand.addresses, changes, strict=True))))
        assert sorted(answers, key=str) == [(200, 2), (412, None)]


def test_a_withdrawal_and_a_match_at_once_end_withdrawn_without_a_gap(demand: DemandDoor) -> None:
    for _ in range(ROUNDS):
        school = demand.a_school()
        id_ = submitted(school)
        state = made.match_state({"id": id_}, "offered")

        def withdraw(school: School = school, id_: UUID = id_) -> int:
            return school.call("POST", f"/requests/{id_}/withdraw", {"reason": "不再需要"}).status_code

        def offer(state: dict[str, Any] = state) -> int:
            try:
                with demand.store.transaction() as conn:
                    hearing.follow_match(conn, now=datetime.now(UTC), state=state, version=3)
            except Refusal:
                return 0
            return 1

        assert together([withdraw, offer]) == [200, 1]
        told = demand.rows(
            "select type, version from outbox where aggregate_id = %(id)s order by version", id=id_
        )
        assert [row["version"] for row in told] == list(range(1, len(told) + 1))
        assert told[-1]["type"] == "request_withdrawn"
        with demand.store.read() as conn:
            assert found(conn, id_)["state"] == "withdrawn"

"""What demand makes of others' facts, in any order, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.demand.domain import RoundOver
from services.demand.usecases import hearing, requests
from tests.builders import demand as made
from tests.builders.demand import NOW
from tests.fixtures.scratch import Scratch


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    store = scratch("demand")
    with made.being_demand(), store.transaction() as conn:
        made.the_year(conn)
    return store


@pytest.fixture
def conn(store: Store) -> Iterator[Connection]:
    with made.being_demand(), store.transaction() as conn:
        yield conn


@pytest.fixture
def request_(conn: Connection) -> dict[str, Any]:
    return made.a_request(conn, made.a_school(conn))


def standing(conn: Connection, request: dict[str, Any]) -> tuple[str, str | None, UUID | None, int]:
    row = conn.execute(
        "select state, state_reason, match_id, version from requests where id = %s", [request["id"]]
    ).fetchone()
    assert row is not None
    return row["state"], row["state_reason"], row["match_id"], row["version"]


def told(conn: Connection, request: dict[str, Any]) -> list[str]:
    rows = conn.execute(
        "select type from outbox where aggregate_id = %s order by version", [request["id"]]
    ).fetchall()
    return [row["type"] for row in rows]


def hear_match(conn: Connection, request: dict[str, Any], match_id: UUID, state: str, version: int) -> None:
    fact = made.match_state(request, state, match_id)
    hearing.follow_match(conn, now=NOW, state=fact, version=version)


def test_a_match_moves_its_request(conn: Connection, request_: dict[str, Any]) -> None:
    match = new_id()
    moves = ["holding", "held", "offered", "offered", "confirming", "confirmed", "delivered"]
    for version, state in enumerate(moves, 1):
        hear_match(conn, request_, match, state, version)
    assert standing(conn, request_) == ("delivered", None, match, 4)
    assert told(conn, request_) == [
        "request_submitted",
        "request_offered",
        "request_confirmed",
        "request_delivered",
    ]


def test_a_fact_with_an_older_version_is_ignored(conn: Connection, request_: dict[str, Any]) -> None:
    match = new_id()
    hear_match(conn, request_, match, "confirmed", 6)
    hear_match(conn, request_, match, "offered", 4)
    hear_match(conn, request_, match, "confirmed", 6)
    assert standing(conn, request_) == ("confirmed", None, match, 2)


def test_the_order_of_two_matches_facts_does_not_matter(conn: Connection, store: Store) -> None:
    first, second = new_id(), new_id()
    facts = [(first, "offered", 3), (first, "declined", 5), (second, "offered", 3), (second, "confirmed", 5)]
    ends = set()
    for order in ([0, 1, 2, 3], [2, 3, 0, 1], [3, 2, 1, 0], [1, 3, 0, 2]):
        request = made.a_request(conn, made.a_school(conn))
        ids = {first: new_id(), second: new_id()}
        for index in order:
            match, state, version = facts[index]
            hear_match(conn, request, ids[match], state, version)
        state, reason, match_id, _ = standing(conn, request)
        ends.add((state, reason, match_id == ids[second]))
    assert ends == {("confirmed", None, True)}


def test_a_declined_offer_puts_the_request_back_with_the_reason(
    conn: Connection, request_: dict[str, Any]
) -> None:
    match = new_id()
    hear_match(conn, request_, match, "offered", 3)
    hearing.follow_match(
        conn,
        now=NOW,
        state=made.match_state(request_, "declined", match, reason_code="expert_away"),
        version=5,
    )
    assert standing(conn, request_)[:3] == ("submitted", "expert_away", None)
    assert told(conn, request_)[-1] == "request_reopened"


def test_a_verdict_says_why_nothing_was_found(conn: Connection, request_: dict[str, Any]) -> None:
    hearing.follow_verdict(conn, now=NOW, state=made.verdict_state(request_), version=1)
    assert standing(conn, request_)[:3] == ("unserved", "no_seats", None)
    match = new_id()
    hear_match(conn, request_, match, "offered", 3)
    assert standing(conn, request_)[:3] == ("offered", None, match)
    hear_match(conn, request_, match, "expired", 5)
    assert standing(conn, request_)[:3] == ("unserved", "no_seats", None)
    hearing.follow_verdict(conn, now=NOW, state=made.verdict_state(request_, "matched"), version=2)
    assert standing(conn, request_)[:3] == ("submitted", "match_expired", None)


def test_an_edited_wish_outlives_the_verdict_on_the_old_one(conn: Connection) -> None:
    school = made.a_school(conn)
    request = made.a_request(conn, school)
    hearing.follow_verdict(conn, now=NOW, state=made.verdict_state(request), version=1)
    edited = requests.edit_request(
        conn,
        now=NOW,
        mandate=made.mandate_of(school),
        actor=made.SOMEBODY,
        request_id=request["id"],
        if_version=2,
        change={"distance_limit_km": 300},
    )
    assert (edited["state"], edited["state_reason"]) == ("submitted", None)
    hearing.follow_verdict(conn, now=NOW, state=made.verdict_state(request), version=1)
    assert standing(conn, request)[0] == "submitted"
    hearing.follow_verdict(conn, now=NOW, state=made.verdict_state(request), version=2)
    assert standing(conn, request)[0] == "unserved"


def test_a_withdrawn_request_stays_withdrawn(conn: Connection) -> None:
    school = made.a_school(conn)
    request, match = made.a_request(conn, school), new_id()
    hear_match(conn, request, match, "offered", 3)
    withdrawn = requests.withdraw_request(
        conn,
        now=NOW,
        mandate=made.mandate_of(school),
        actor=made.SOMEBODY,
        request_id=request["id"],
        if_version=None,
        reason="换了老师",
    )
    assert (withdrawn["state"], withdrawn["state_reason"], withdrawn["version"]) == (
        "withdrawn",
        "换了老师",
        3,
    )
    hear_match(conn, request, match, "confirmed", 5)
    hear_match(conn, request, match, "cancelled", 7)
    assert standing(conn, request) == ("withdrawn", "换了老师", None, 3)
    assert told(conn, request)[-1] == "request_withdrawn"


def test_facts_about_nothing_of_ours_are_passed_over(conn: Connection) -> None:
    stranger = {"id": new_id()}
    hear_match(conn, stranger, new_id(), "offered", 3)
    hearing.follow_verdict(conn, now=NOW, state=made.verdict_state(stranger), version=1)


def test_a_round_is_kept_at_its_newest_version(conn: Connection) -> None:
    id_ = made.a_round(conn, version=2)
    made.a_round(conn, id=id_, version=3, state="closed")
    made.a_round(conn, id=id_, version=2)
    row = conn.execute("select state, version from rounds where id = %s", [id_]).fetchone()
    assert row == {"state": "closed", "version": 3}


def test_a_school_follows_its_organisation_in_name_and_place(conn: Connection) -> None:
    school = made.a_school(conn)
    made.an_organisation(conn, id=school, version=3, name="新名小学", lat=42.5)
    made.an_organisation(conn, id=school, version=2, name="旧名小学")
    row = conn.execute(
        "select name, lat, version from schools where organisation_id = %s", [school]
    ).fetchone()
    assert row == {"name": "新名小学", "lat": 42.5, "version": 2}
    made.an_organisation(conn, id=school, version=4, name="新名小学", lat=42.5)
    again = conn.execute("select version from schools where organisation_id = %s", [school]).fetchone()
    assert again == {"version": 2}


def test_an_organisation_that_is_no_school_is_only_remembered(conn: Connection) -> None:
    venue = made.an_organisation(conn, kind="venue")
    assert conn.execute("select 1 from schools where organisation_id = %s", [venue]).fetchone() is None


def test_requests_wait_in_their_round_and_not_after_it(conn: Connection) -> None:
    school = made.a_school(conn)
    round_id = made.a_round(conn)
    request = made.a_request(conn, school, round_id=round_id)
    made.a_round(conn, id=round_id, version=2, state="closed")
    with pytest.raises(RoundOver):
        requests.edit_request(
            conn,
            now=NOW + timedelta(hours=1),
            mandate=made.mandate_of(school),
            actor=made.SOMEBODY,
            request_id=request["id"],
            if_version=1,
            change={"group_size": 30},
        )

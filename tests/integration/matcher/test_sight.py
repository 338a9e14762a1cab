"""Who sees which matches and verdicts, in lists, single reads and counts, on a real database."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest

from schemas.refusal import NotFound
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.matcher.domain import Match
from services.matcher.usecases import views
from services.matcher.usecases.offering import Party
from tests.builders import drafts
from tests.fixtures.scratch import Scratch

HONGSHAN, LINXI, CITY = "150402", "150424", "150400"


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def conn(store: Store) -> Iterator[Connection]:
    with store.transaction() as conn:
        yield conn
        conn.rollback()


def somebody(
    role: str, area: str = HONGSHAN, organisation: UUID | None = None, expert: UUID | None = None
) -> Party:
    return Party(new_id(), organisation or new_id(), role, area, expert)


def sees(conn: Connection, party: Party, match: Match) -> bool:
    """Whether the party may read the match; lists and counts have to agree."""
    listed = match.id in {row["id"] for row in views.list_matches(conn, party, {}, after=None, limit=200)}
    counted = views.summary(conn, party, {"request_id": match.request_id})["total"] == 1
    try:
        read = bool(views.read_match(conn, party, match.id)["id"] == match.id)
    except NotFound:
        read = False
    assert listed == counted == read
    return read


def test_an_offer_is_the_business_of_its_parties_and_of_who_oversees_its_area(conn: Connection) -> None:
    expert_id, match_id = new_id(), new_id()
    legs = (drafts.an_expert_leg(match_id, resource_id=expert_id), drafts.a_leg(match_id, 1))
    match = drafts.an_offer(conn, id=match_id, legs=legs)
    allowed = [
        drafts.the_school(match),
        somebody("head", organisation=match.school_id),
        somebody("venue", LINXI, organisation=legs[1].organisation_id),
        somebody("expert", LINXI, expert=expert_id),
        somebody("coordinator"),
        somebody("coordinator", CITY),
        somebody("operator", CITY),
    ]
    denied = [
        somebody("teacher"),
        somebody("venue"),
        somebody("venue", organisation=match.school_id),
        somebody("teacher", organisation=legs[1].organisation_id),
        somebody("expert", expert=new_id()),
        somebody("coordinator", LINXI),
    ]
    assert [sees(conn, party, match) for party in allowed] == [True] * len(allowed)
    assert [sees(conn, party, match) for party in denied] == [False] * len(denied)


def test_a_draft_is_a_coordinator_s_alone(conn: Connection) -> None:
    draft = drafts.a_draft(conn)
    assert sees(conn, somebody("coordinator"), draft)
    assert not sees(conn, drafts.the_school(draft), draft)
    assert not sees(conn, drafts.the_venue(draft), draft)


def test_counts_are_by_state_and_name_what_is_set_aside(conn: Connection) -> None:
    match = drafts.an_offer(conn)
    conn.execute("update legs set state = 'held' where match_id = %s", [match.id])
    counted = views.summary(conn, drafts.the_school(match), {})
    assert counted == {
        "total": 1,
        "by_state": [{"state": "offered", "matches": 1, "pupils": 25}],
        "held_legs": 1,
        "reserved_legs": 0,
    }


def test_pages_follow_each_other(conn: Connection) -> None:
    school_id = new_id()
    made = [drafts.an_offer(conn, school_id=school_id) for _ in range(5)]
    party = drafts.the_school(made[0])
    first = views.list_matches(conn, party, {}, after=None, limit=2)
    assert len(first) == 3, "one more than asked for, to know whether there is a next page"
    rest = views.list_matches(conn, party, {}, after=first[1]["id"], limit=5)
    assert [row["id"] for row in first[:2] + rest] == [match.id for match in made]

"""What matcher makes of others' facts on a real database: newest wins, the impossible is let go."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from services.chassis.facts import Fact
from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.matcher.domain import Match
from services.matcher.usecases import facts
from tests.builders import drafts
from tests.builders.drafts import START
from tests.builders.heard import LATER, a_fact, times
from tests.fixtures.scratch import Scratch


@pytest.fixture(scope="module")
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def conn(store: Store) -> Iterator[Connection]:
    with store.transaction() as conn:
        yield conn


def hear(conn: Connection, *heard: Fact) -> None:
    facts.hear(conn, heard)


def ends_as(conn: Connection, match: Match) -> tuple[str, str | None, str | None]:
    row = conn.execute("select state, ending, reason_code from matches where id = %s", [match.id]).fetchone()
    assert row is not None
    return row["state"], row["ending"], row["reason_code"]


def test_the_newest_version_stays_whatever_the_order(conn: Connection) -> None:
    slot_id = new_id()
    newer = a_fact("catalog", "slot_seats_changed", slot_id, version=3, free=4)
    older = a_fact("catalog", "slot_published", slot_id, version=1, free=30)
    hear(conn, newer, older, replace(newer, id=new_id()))
    row = conn.execute("select free, version from known_slot where id = %s", [slot_id]).fetchone()
    assert row == {"free": 4, "version": 3}


@pytest.mark.parametrize("said", [True, False])
def test_a_request_from_before_there_were_choices_has_none_and_no_order(conn: Connection, said: bool) -> None:
    fact = a_fact("demand", "request_submitted", new_id())
    liked = [{"topic": "aerospace", "programme_id": None, "venue_id": None, "expert_id": None}]
    written = fact.data | {"choices": liked, "windows_ranked": True}
    before = {name: value for name, value in fact.data.items() if name not in ("choices", "windows_ranked")}
    hear(conn, replace(fact, data=written if said else before))
    statement = "select choices, windows_ranked from known_request where id = %s"
    row = conn.execute(statement, [fact.aggregate_id]).fetchone()
    assert row == {"choices": liked if said else [], "windows_ranked": said}


def test_a_cancelled_slot_lets_go_of_its_matches_and_says_who_did_it(conn: Connection) -> None:
    match = drafts.an_offer(conn)
    slot_id = match.legs[0].resource_id
    hear(conn, a_fact("catalog", "slot_cancelled", slot_id, state="cancelled", **times(START)))
    assert ends_as(conn, match) == ("releasing", "cancelled", "slot_cancelled")
    row = conn.execute("select ended_by, reason from matches where id = %s", [match.id]).fetchone()
    assert row is not None
    assert (row["ended_by"]["name"], row["reason"]) == ("包馆长", "设备检修")


def test_a_moved_slot_lets_go_and_one_whose_seats_change_does_not(conn: Connection) -> None:
    match = drafts.an_offer(conn)
    slot_id = match.legs[0].resource_id
    hear(conn, a_fact("catalog", "slot_seats_changed", slot_id, version=3, **times(START)))
    hear(conn, a_fact("catalog", "slot_changed", slot_id, version=4, **times(START)))
    assert ends_as(conn, match)[0] == "offered"
    hear(conn, a_fact("catalog", "slot_changed", slot_id, version=5, **times(START + timedelta(days=1))))
    assert ends_as(conn, match) == ("releasing", "cancelled", "slot_moved")


def test_a_paused_expert_keeps_what_has_begun_and_nothing_else(conn: Connection) -> None:
    expert_id, match_id = new_id(), new_id()
    leg = drafts.an_expert_leg(match_id, resource_id=expert_id)
    ahead = drafts.an_offer(conn, id=match_id, legs=(leg,))
    hear(conn, a_fact("experts", "expert_changed", expert_id, state="paused"))
    assert ends_as(conn, ahead) == ("releasing", "cancelled", "expert_paused")


def test_an_expert_without_time_any_more_keeps_what_is_confirmed(conn: Connection) -> None:
    expert_id = new_id()
    matches = []
    for state in ("offered", "confirmed"):
        match_id = new_id()
        leg = drafts.an_expert_leg(match_id, resource_id=expert_id)
        matches.append(drafts.an_offer(conn, id=match_id, legs=(leg,)))
        conn.execute("update matches set state = %s where id = %s", [state, match_id])
    enough = [times(START - timedelta(minutes=30)) | {"ends_at": times(START)["ends_at"]}]
    hear(conn, a_fact("experts", "expert_changed", expert_id, 9, state="active", availability=enough))
    assert [ends_as(conn, match)[0] for match in matches] == ["offered", "confirmed"]
    later = [times(START + timedelta(days=1))]
    hear(conn, a_fact("experts", "expert_changed", expert_id, 10, state="active", availability=later))
    assert ends_as(conn, matches[0]) == ("releasing", "cancelled", "expert_unavailable")
    assert ends_as(conn, matches[1])[0] == "confirmed"


def test_a_hold_that_its_owner_let_expire_supersedes_the_match(conn: Connection) -> None:
    match_id = new_id()
    leg = drafts.an_expert_leg(match_id)
    match = drafts.an_offer(conn, id=match_id, legs=(leg,))
    hear(conn, a_fact("experts", "engagement_expired", leg.hold_id, state="expired"))
    assert ends_as(conn, match) == ("releasing", "superseded", "hold_lost")


@pytest.mark.parametrize("type_", ["request_withdrawn", "request_changed"])
def test_a_request_that_is_withdrawn_or_changed_lets_go_of_match_and_draft(
    conn: Connection, type_: str
) -> None:
    offered, draft = drafts.an_offer(conn), drafts.a_draft(conn)
    state = "withdrawn" if type_ == "request_withdrawn" else "submitted"
    for match in (offered, draft):
        hear(conn, a_fact("demand", type_, match.request_id, state=state))
    assert ends_as(conn, offered) == ("releasing", "cancelled", type_)
    assert ends_as(conn, draft) == ("superseded", None, type_)
    assert drafts.told(conn, draft) == []


def test_a_withdrawn_request_lets_go_of_an_offer_and_of_what_is_to_replace_it(conn: Connection) -> None:
    offer = drafts.an_offer(conn)
    successor = drafts.an_offer(conn, request_id=offer.request_id, replaces=offer.id)
    hear(conn, a_fact("demand", "request_withdrawn", offer.request_id, state="withdrawn"))
    for match in (offer, successor):
        assert ends_as(conn, match) == ("releasing", "cancelled", "request_withdrawn")


def test_a_closure_lets_go_of_what_is_not_confirmed(conn: Connection) -> None:
    offered, confirmed = drafts.an_offer(conn), drafts.an_offer(conn)
    conn.execute("update matches set state = 'confirmed' where id = %s", [confirmed.id])
    affected = [str(offered.id), str(confirmed.id), str(new_id())]
    hear(conn, a_fact("catalog", "closure_added", new_id(), state="active", affected_match_ids=affected))
    assert ends_as(conn, offered) == ("releasing", "cancelled", "venue_closed")
    assert ends_as(conn, confirmed)[0] == "confirmed"


def test_what_may_serve_somebody_wakes_the_pool(conn: Connection) -> None:
    hear(conn, a_fact("catalog", "slot_published", new_id(), version=1))
    row = conn.execute("select grown_at from capacity_growth").fetchone()
    assert row == {"grown_at": LATER}

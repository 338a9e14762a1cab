"""Places for those whose match fell away, with as little disturbance as can be; on a real database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from schemas.http.matches import ExplanationView
from services.chassis.ids import new_id
from services.chassis.store import Store
from services.matcher.domain import Match
from services.matcher.usecases import facts, mending, redrafting, telling
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.offering import Party
from tests.builders import asking, drafts
from tests.builders.asking import answered, asks, match_of
from tests.builders.drafts import SOMEBODY, START
from tests.builders.heard import a_fact, times
from tests.builders.solves import DUE
from tests.fixtures.scratch import Scratch

Row = dict[str, Any]
COORDINATOR = Party(new_id(), new_id(), "coordinator", "150400", None)


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def round_id(store: Store, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A request of 40 is drafted in a slot of 60 seats; another slot, of 40, would do as well."""
    with store.transaction() as conn:
        asking.a_calendar(conn)
    return asking.a_round_of_one_with_two_places(store, monkeypatch)


def draft(store: Store, round_id: UUID) -> Row:
    with store.read() as conn:
        row = conn.execute(
            "select m.*, l.resource_id from matches m join legs l on l.match_id = m.id"
            " where m.round_id = %s and m.state = 'proposed'",
            [round_id],
        ).fetchone()
    assert row is not None
    return row


def offered(store: Store, asked: Mapping[str, Any]) -> Match:
    """The request was offered seats in a slot of its own."""
    match_id = new_id()
    leg = drafts.a_leg(match_id, quantity=asked["group_size"])
    with store.transaction() as conn:
        return drafts.an_offer(conn, id=match_id, request_id=UUID(asked["id"]), legs=(leg,))


def called_off(store: Store, match: Match) -> None:
    """The slot of a match is cancelled, and what the match had is given back."""
    with store.transaction() as conn:
        slot = match.legs[0].resource_id
        facts.hear(conn, [a_fact("catalog", "slot_cancelled", slot, state="cancelled", **times(START))])
        conn.execute(
            "update matches set state = 'cancelled' where id = %s and state = 'releasing'", [match.id]
        )


def explained(store: Store, request_id: str) -> Row:
    with store.read() as conn:
        told = telling.explain(conn, COORDINATOR, request_id=UUID(request_id), language="en")
    shown: Row = ExplanationView().dump(told)
    return shown


def waiting(store: Store) -> int:
    with store.read() as conn:
        row = conn.execute("select count(*) as number from displaced").fetchone()
    assert row is not None
    return int(row["number"])


def test_who_lost_a_slot_gets_the_one_that_a_draft_can_make_room_in(store: Store, round_id: UUID) -> None:
    before, asked = draft(store, round_id), asks(store, 55)
    called_off(store, offered(store, asked))
    answered(store)
    found, moved = match_of(store, asked), draft(store, round_id)
    assert found is not None
    assert (found["resource_id"], found["next_step_at"]) == (before["resource_id"], DUE)
    assert (moved["id"], moved["version"]) == (before["id"], 0)
    assert moved["resource_id"] != before["resource_id"]
    assert waiting(store) == 0
    mine = explained(store, asked["id"])["rearranged"]
    assert (mine["code"], mine["text"]) == (
        "slot_cancelled",
        "The session was cancelled. This place was found instead.",
    )
    assert explained(store, str(moved["request_id"]))["rearranged"]["code"] == "made_room_for"


def test_a_draft_that_loses_its_slot_is_drafted_elsewhere(store: Store, round_id: UUID) -> None:
    before = draft(store, round_id)
    with store.transaction() as conn:
        slot = conn.execute("select * from known_slot where id = %s", [before["resource_id"]]).fetchone()
        assert slot is not None
        conn.execute("update known_slot set state = 'cancelled' where id = %s", [slot["id"]])
        told = a_fact("catalog", "slot_cancelled", slot["id"], state="cancelled", **times(slot["starts_at"]))
        facts.hear(conn, [told])
    answered(store)
    now = draft(store, round_id)
    assert (now["request_id"], now["next_step_at"]) == (before["request_id"], None)
    assert now["resource_id"] != before["resource_id"]
    assert explained(store, str(now["request_id"]))["rearranged"]["code"] == "slot_cancelled"


def test_places_are_looked_for_together(store: Store, round_id: UUID) -> None:
    """The small group would do in either slot, the large one in one only; a round's draft is in neither."""
    with store.transaction() as conn:
        conn.execute("update matches set state = 'superseded' where round_id = %s", [round_id])
    small, large = asks(store, 40, "甲"), asks(store, 55, "乙")
    for asked in (small, large):
        called_off(store, offered(store, asked))
    answered(store)
    found = [match_of(store, asked) for asked in (small, large)]
    assert [row["state"] if row else None for row in found] == ["proposed", "proposed"]


def test_a_draft_that_was_reviewed_makes_room_for_nobody(store: Store, round_id: UUID) -> None:
    before, asked = draft(store, round_id), asks(store, 55)
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    called_off(store, offered(store, asked))
    answered(store)
    assert draft(store, round_id)["resource_id"] == before["resource_id"]
    assert waiting(store) == 0, "it is answered at once from now on"


def test_a_draft_that_somebody_changes_meanwhile_stays(
    store: Store, round_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, asked = draft(store, round_id), asks(store, 55)
    called_off(store, offered(store, asked))
    monkeypatch.setattr(redrafting, "make_room", lambda *_, **__: False)
    answered(store)
    last = match_of(store, asked)
    assert last is not None
    assert last["state"] == "cancelled"
    assert draft(store, round_id)["resource_id"] == before["resource_id"]


def test_a_repair_that_breaks_leaves_the_request_to_the_pool(
    store: Store, round_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, asked = draft(store, round_id), asks(store, 55)
    called_off(store, offered(store, asked))

    def broken(*_: object) -> None:
        raise ValueError("the pinned matches do not fit together")

    monkeypatch.setattr(mending, "mend", broken)
    answered(store)
    found = match_of(store, asked)
    assert (waiting(store), found and found["state"]) == (0, "proposed"), "answered at once in the same turn"
    assert draft(store, round_id)["resource_id"] != before["resource_id"]


def test_nothing_is_looked_for_until_everything_is_given_back(store: Store) -> None:
    asked = asks(store, 25)
    match = offered(store, asked)
    with store.transaction() as conn:
        slot = match.legs[0].resource_id
        facts.hear(conn, [a_fact("catalog", "slot_cancelled", slot, state="cancelled", **times(START))])
        assert mending.begin(conn, now=DUE) is None
        conn.execute("update matches set state = 'cancelled' where id = %s", [match.id])
        broken = mending.begin(conn, now=DUE)
    assert broken is not None
    assert [each.code for each in broken.lost] == ["slot_cancelled"]

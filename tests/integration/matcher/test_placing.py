"""A request that the draft left out is given a place by hand: priced before, pinned, and taken back again."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from threading import Barrier, Event
from typing import Any
from uuid import UUID

import pytest

from schemas.http.moves import HandMovesView, PlacedByHandView, PlacePreviewView
from schemas.refusal import NotFound
from services.chassis.ids import new_id
from services.chassis.store import Store
from services.matcher import domain, solver
from services.matcher.storage import matches, pool
from services.matcher.storage import rounds as storage
from services.matcher.storage import views as numbers
from services.matcher.usecases import drafting, hand_prices, placing, views
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.drafting import Wanted
from services.matcher.usecases.offering import Party
from tests.builders.drafts import SOMEBODY
from tests.builders.solves import DUE, Still
from tests.concurrency.parallel import together
from tests.integration.matcher.test_by_hand import (
    CITY,
    HONGSHAN,
    LINXI,
    REASON,
    draft,
    everything,
    later,
    round_id,
    store,
)

__all__ = ["draft", "later", "round_id", "store"]
Row = dict[str, Any]


@pytest.fixture
def left_out(store: Store, round_id: UUID) -> UUID:
    """The request of 30, for which the second slot came too late."""
    return request_of(store, "第二小学")


def request_of(store: Store, school: str) -> UUID:
    with store.read() as conn:
        row = conn.execute(
            "select id from known_request where school_name = %s",
            [school],
        ).fetchone()
    assert row is not None
    found: UUID = row["id"]
    return found


def preview(store: Store, round_id: UUID, request_id: UUID, wanted: Wanted, party: Party = HONGSHAN) -> Row:
    its: Row = {"round_id": round_id, "request_id": request_id, "party": party, "wanted": wanted}
    with store.transaction() as conn:
        shown: Row = PlacePreviewView().dump(placing.preview(conn, **its, now=DUE, language="en"))
    return shown


def place(
    store: Store,
    round_id: UUID,
    request_id: UUID,
    wanted: Wanted,
    party: Party = HONGSHAN,
    *,
    shown: str | None = None,
) -> Row:
    """With what is shown at that very moment, if it is not said what was."""
    shown = shown or preview(store, round_id, request_id, wanted, party)["shown"]
    its: Row = {"round_id": round_id, "request_id": request_id, "party": party, "wanted": wanted}
    with store.transaction() as conn:
        made, price = placing.place(conn, **its, reason=REASON, shown=shown, now=DUE)
    told = {**views.dump(made), "price": hand_prices.told(price, "en", "placed")}
    shaped: Row = PlacedByHandView().dump(told)
    return shaped


def drop(store: Store, match_id: UUID, party: Party = HONGSHAN) -> domain.Match:
    with store.transaction() as conn:
        return placing.drop(conn, match_id=match_id, party=party, reason=REASON, now=DUE)


def test_a_preview_says_what_the_request_gains_and_who_else_wanted_the_place_and_changes_nothing(
    store: Store, round_id: UUID, draft: domain.Match, left_out: UUID, later: Wanted
) -> None:
    with store.transaction() as conn:
        conn.execute("update known_request set group_size = 35 where adcode = '150424'")
    before = everything(store)
    shown = preview(store, round_id, left_out, later)
    assert everything(store) == before
    price = shown["price"]
    assert shown["present"] is None
    assert (price["before"], price["after"]) == (0, shown["wanted"]["value"])
    assert (price["plan_before"], price["plan_after"]) == (draft.value, draft.value + price["after"])
    assert (price["wanted"], price["wanted_people"]) == (1, 35), "Linxi's wanted it as well"
    assert (price["taken"], price["without"], price["left"]) == (1, 1, 0)
    assert (shown["waiting"], price["accepted"]) == ([], None), "and is not named to Hongshan"
    assert f"the request gets a match worth {price['after']} points" in price["text"]
    assert len(preview(store, round_id, left_out, later, CITY)["waiting"]) == 1


def test_it_is_pinned_with_reason_and_price_and_counted_as_set_by_hand(
    store: Store, round_id: UUID, left_out: UUID, later: Wanted
) -> None:
    shown = preview(store, round_id, left_out, later)
    made = place(store, round_id, left_out, later)
    assert (made["state"], made["pinned"], made["pin_reason"]) == ("proposed", True, REASON)
    assert made["price"] == shown["price"]
    with store.read() as conn:
        kept = drafting.moves_of(conn, match_id=UUID(made["id"]), party=CITY, language="en")
        verdict = pool.verdict(conn, left_out)
        assert numbers.changed_by_hand(conn, round_id) == 1
    (trail,) = HandMovesView().dump(kept)["items"]
    assert (trail["act"], trail["moved_by"], trail["price"]) == (
        "placed",
        str(HONGSHAN.user_id),
        shown["price"],
    )
    assert verdict is not None
    assert (verdict["outcome"], verdict["told"]) == ("matched", False)


def test_solving_again_keeps_it(store: Store, round_id: UUID, left_out: UUID, later: Wanted) -> None:
    made = place(store, round_id, left_out, later)
    with store.transaction() as conn:
        lifecycle.solve_again(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    assert solver.Lane("round", store, Still(), Event()).turn()
    with store.read() as conn:
        kept = matches.get(conn, UUID(made["id"]))
        round_now = storage.get(conn, round_id)
    assert kept is not None
    assert round_now is not None
    assert (round_now["state"], kept.state, kept.pinned) == ("drawn_up", "proposed", True)


def test_it_can_be_taken_back_and_given_again(
    store: Store, round_id: UUID, draft: domain.Match, left_out: UUID, later: Wanted
) -> None:
    made = place(store, round_id, left_out, later)
    dropped = drop(store, UUID(made["id"]), CITY)
    assert (dropped.state, dropped.reason_code, dropped.reason) == ("superseded", "dropped_by_hand", REASON)
    with store.read() as conn:
        verdict = pool.verdict(conn, left_out)
        kept = drafting.moves_of(conn, match_id=dropped.id, party=CITY, language="en")
        assert numbers.changed_by_hand(conn, round_id) == 0
    taken_back, placed = HandMovesView().dump(kept)["items"]
    assert (taken_back["act"], taken_back["moved_by"]) == ("dropped", str(CITY.user_id))
    assert (placed["act"], placed["moved_by"]) == ("placed", str(HONGSHAN.user_id))
    assert (taken_back["reason"], taken_back["price"]) == (REASON, None)
    assert verdict is not None
    assert verdict["outcome"] == "unserved"
    assert place(store, round_id, left_out, later)["price"] == made["price"]
    with pytest.raises(domain.MatchState):
        drop(store, UUID(made["id"]))
    with pytest.raises(domain.NotPlacedByHand):
        drop(store, draft.id)


def tried(store: Store, round_id: UUID, request_id: UUID, wanted: Wanted, shown: str) -> str:
    """The state of the match that was made, or the code of the refusal."""
    try:
        return str(place(store, round_id, request_id, wanted, CITY, shown=shown)["state"])
    except (domain.RequestNotWaiting, domain.MoveImpossible) as refusal:
        return refusal.code


def test_of_two_hands_that_place_one_request_one_does(
    store: Store, round_id: UUID, left_out: UUID, later: Wanted
) -> None:
    shown = preview(store, round_id, left_out, later)["shown"]
    act = partial(tried, store, round_id, left_out, later, shown)
    assert sorted(together([act, act])) == ["proposed", "request_not_waiting"]


@pytest.mark.parametrize("guarded", [True, False])
def test_what_is_left_is_given_once_and_twice_if_the_round_is_not_locked(
    store: Store,
    round_id: UUID,
    left_out: UUID,
    later: Wanted,
    guarded: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two requests, of 30 and 35, and 40 seats; unguarded, both hands look before either writes."""
    with store.transaction() as conn:
        conn.execute("update known_request set group_size = 35 where adcode = '150424'")
    requests = [left_out, request_of(store, "第三小学")]
    seen = {each: preview(store, round_id, each, later, CITY)["shown"] for each in requests}
    acts = [partial(tried, store, round_id, each, later, seen[each]) for each in requests]
    if not guarded:
        both_have_looked = Barrier(2)
        price = hand_prices.price
        monkeypatch.setattr(storage, "lock", storage.get)
        monkeypatch.setattr(hand_prices, "price", lambda *its: (price(*its), both_have_looked.wait(30))[0])
    assert sorted(together(acts)) == (
        ["move_impossible", "proposed"] if guarded else ["proposed", "proposed"]
    )


@pytest.mark.parametrize("act", [preview, partial(place, shown="what was there before")])
def test_both_refuse_the_same(
    store: Store,
    round_id: UUID,
    draft: domain.Match,
    left_out: UUID,
    later: Wanted,
    act: Callable[..., Row],
) -> None:
    with pytest.raises(NotFound):
        act(store, round_id, left_out, later, LINXI)
    with pytest.raises(NotFound):
        act(store, new_id(), left_out, later)
    with pytest.raises(domain.RequestNotWaiting):
        act(store, round_id, draft.request_id, later)
    with pytest.raises(domain.MoveImpossible) as refused:
        act(store, round_id, left_out, Wanted("slot", draft.legs[0].resource_id))
    assert refused.value.field == "resource_id"
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    with pytest.raises(domain.RoundState):
        act(store, round_id, left_out, later)

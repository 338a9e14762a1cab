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
from services.matcher.usecases import drafting, hand_prices, placing, telling, views
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
    ask,
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


def preview(
    store: Store,
    round_id: UUID,
    request_id: UUID,
    wanted: Wanted,
    party: Party = HONGSHAN,
    *,
    displacing: list[UUID] | None = None,
) -> Row:
    its: Row = {"round_id": round_id, "request_id": request_id, "party": party, "wanted": wanted}
    its["displacing"] = displacing
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
    displacing: list[UUID] | None = None,
) -> Row:
    """With what is shown at that very moment, if it is not said what was."""
    shown = shown or preview(store, round_id, request_id, wanted, party)["shown"]
    its: Row = {"round_id": round_id, "request_id": request_id, "party": party, "wanted": wanted}
    its["displacing"] = displacing or []
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
        told = telling.explain(conn, CITY, request_id=left_out, language="zh")["by_hand"]
    assert told["code"] == "placed_by_hand"
    assert told["text"] == f"该安排由协调员手工安排，价值{made['price']['after']}分"
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


# -- where there is no room


@pytest.fixture
def first(draft: domain.Match) -> Wanted:
    """The first slot, which the draft of 40 fills."""
    return Wanted("slot", draft.legs[0].resource_id)


def test_a_draft_makes_way_where_it_is_named_and_its_request_reads_why_and_may_be_placed_again(
    store: Store, round_id: UUID, draft: domain.Match, left_out: UUID, later: Wanted, first: Wanted
) -> None:
    before = everything(store)
    shown = preview(store, round_id, left_out, first)
    assert everything(store) == before
    (gone,) = shown["displaces"]
    assert (gone["match_id"], gone["school_name"], gone["value"]) == (str(draft.id), "第一小学", draft.value)
    price = shown["price"]
    assert price["displaced"] == {"match_id": str(draft.id), "value": draft.value, "people": 40}
    assert (price["before"], price["plan_before"], price["plan_after"]) == (0, draft.value, price["after"])
    assert f"a drafted match of 40 people, worth {draft.value} points, is given up" in price["text"]
    with pytest.raises(domain.MoveImpossible):
        place(store, round_id, left_out, first, shown=shown["shown"])

    made = place(store, round_id, left_out, first, shown=shown["shown"], displacing=[draft.id])
    assert (made["state"], made["price"]) == ("proposed", price)
    ended = found(store, draft.id)
    assert (ended.state, ended.reason_code, ended.reason) == ("superseded", domain.DISPLACED_BY_HAND, REASON)
    assert trail(store, draft.id) == [("displaced", str(draft.id), made["id"], price)]
    assert [each[0] for each in trail(store, UUID(made["id"]))] == ["displaced", "placed"]
    assert said_of(store, draft.request_id) == ("unserved", [domain.DISPLACED_BY_HAND])
    with store.read() as conn:
        assert numbers.changed_by_hand(conn, round_id) == 2

    drop(store, UUID(made["id"]))
    with store.read() as conn:
        assert numbers.changed_by_hand(conn, round_id) == 1, "the solver's own plan had it in the first slot"
    assert preview(store, round_id, draft.request_id, first)["displaces"] == []
    assert place(store, round_id, draft.request_id, first)["price"]["after"] == draft.value
    assert said_of(store, draft.request_id) == ("matched", [])


def found(store: Store, match_id: UUID) -> domain.Match:
    with store.read() as conn:
        match = matches.get(conn, match_id)
    assert match is not None
    return match


def trail(store: Store, match_id: UUID) -> list[tuple[str, str, str | None, Row]]:
    """What was done by hand, to which match, for which one, at which price."""
    with store.read() as conn:
        kept = drafting.moves_of(conn, match_id=match_id, party=CITY, language="en")
    return [
        (each["act"], each["match_id"], each["successor"] and each["successor"]["match_id"], each["price"])
        for each in HandMovesView().dump(kept)["items"]
    ]


def said_of(store: Store, request_id: UUID) -> tuple[str, list[str]]:
    """The outcome that the city reads, and the reasons in which a hand plays a part."""
    with store.read() as conn:
        told = telling.explain(conn, CITY, request_id=request_id, language="en")
    assert told["why"] is None
    return told["outcome"], [each["code"] for each in told["reasons"] if "hand" in each["code"]]


@pytest.mark.parametrize(
    "spared",
    [
        "pinned = true",
        "adcode = '150424'",
        "company_id = id, company_groups = 2, company_people = 60, company_least = 50",
        "next_step_at = created_at",
    ],
)
def test_what_a_hand_has_set_is_of_elsewhere_in_company_or_published_does_not_make_way(
    store: Store, round_id: UUID, draft: domain.Match, left_out: UUID, first: Wanted, spared: str
) -> None:
    with store.transaction() as conn:
        conn.execute(f"update matches set {spared} where id = %s", [draft.id])
    with pytest.raises(domain.MoveImpossible):
        preview(store, round_id, left_out, first)
    with pytest.raises(domain.NotDisplaceable):
        preview(store, round_id, left_out, first, displacing=[draft.id])


def test_of_drafts_that_could_make_way_the_one_of_least_value_does_unless_another_is_named(
    store: Store, round_id: UUID, draft: domain.Match, left_out: UUID, later: Wanted
) -> None:
    """Two of 20 fill the second slot; either frees a place for 20 of the request that waits."""
    with store.transaction() as conn:
        conn.execute("update known_request set group_size = 20 where id = %s", [left_out])
        ask(conn, round_id, "第四小学", 20)
        ask(conn, round_id, "第五小学", 20)
    one, other = (drafted(store, round_id, name, later) for name in ("第四小学", "第五小学"))
    with store.transaction() as conn:
        conn.execute("update matches set value = value - 1 where id = %s", [other])
    (gone,) = preview(store, round_id, left_out, later)["displaces"]
    assert gone["match_id"] == str(other)
    shown = preview(store, round_id, left_out, later, displacing=[one])
    assert shown["price"]["displaced"]["match_id"] == str(one)


def drafted(store: Store, round_id: UUID, school: str, wanted: Wanted) -> UUID:
    """A draft on what is wanted, as the solver would have drawn it up."""
    made = UUID(place(store, round_id, request_of(store, school), wanted)["id"])
    with store.transaction() as conn:
        conn.execute("update matches set pinned = false where id = %s", [made])
    return made


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
        act(store, round_id, request_of(store, "第三小学"), later, CITY)
    assert (refused.value.field, refused.value.params["codes"]) == ("resource_id", "seats"), "50 for 40 seats"
    for other in (draft.id, new_id()):
        with pytest.raises(domain.NotDisplaceable):
            act(store, round_id, left_out, later, displacing=[other])
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    with pytest.raises(domain.RoundState):
        act(store, round_id, left_out, later)

"""A draft moved by hand: what it would cost is shown before, kept after, and each reads what is theirs."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import partial
from threading import Event
from typing import Any
from uuid import UUID

import pytest
from psycopg.types.json import Jsonb

from schemas.http.matches import ExplanationView
from schemas.http.moves import HandMovesView, MovedByHandView, PreviewView
from schemas.refusal import NotFound
from services.chassis.ids import new_id
from services.chassis.problems import problem
from services.chassis.store import Connection, Store
from services.matcher import domain, solver
from services.matcher.storage import facts as storage
from services.matcher.storage import matches
from services.matcher.usecases import drafting, hand_prices, moves, offering, placing, saga, telling, views
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.drafting import Wanted
from services.matcher.usecases.offering import Party
from tests.builders import drafts, facts, settled, solves
from tests.builders.drafts import NOW, SOMEBODY, START
from tests.builders.solves import DUE, keep
from tests.fixtures.scratch import Scratch

Row = dict[str, Any]
CITY = Party(new_id(), new_id(), "coordinator", "150400", None)
HONGSHAN = Party(new_id(), new_id(), "coordinator", "150402", None)
LINXI = Party(new_id(), new_id(), "coordinator", "150424", None)
LATER = START + timedelta(days=1)
REASON = "校车当天不开"


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def round_id(store: Store, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """One request of 40 has the first slot of 40; one of 30 and one of 50, of Linxi, can have nothing.

    The second slot, a day later and of 40 seats, came in after the solve.
    """
    with store.transaction() as conn:
        _lessons(conn)
        round_id = solves.opened(conn)
        programme = _programme(conn)
        keep(conn, "slot", facts.slot(programme, START, seats=40, free=40))
        ask(conn, round_id, "第一小学", 40)
        ask(conn, round_id, "第二小学", 30)
        ask(conn, round_id, "第三小学", 50, "150424")
        lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=round_id)
    monkeypatch.setattr(solver, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(solver, "solve", settled.openly)
    assert solver.Lane("round", store, solves.Still(), Event()).turn()
    with store.transaction() as conn:
        keep(conn, "slot", facts.slot(programme, LATER, seats=40, free=40))
    return round_id


def _lessons(conn: Connection) -> None:
    days = (date(2027, 2, 1) + timedelta(days=each) for each in range(120))
    known = [{"day": day.isoformat(), "kind": "school_day", "name": None} for day in days]
    calendar: Row = {"id": facts.some_id(), "year": 2027, "source": "demonstration", "days": known}
    assert storage.keep(conn, "calendar", UUID(calendar["id"]), 1, calendar)


def _programme(conn: Connection) -> Row:
    organisation = facts.some_id()
    venue = facts.venue("科技馆", organisation)
    programme = facts.programme("星空之下", organisation, venue["id"])
    keep(conn, "venue", venue)
    keep(conn, "programme", programme)
    return programme


def ask(conn: Connection, round_id: UUID, name: str, size: int, adcode: str = "150402") -> None:
    """A school's request of the round, for any time from the first slot to the second."""
    windows = [{"starts_at": facts.iso(START), "ends_at": facts.iso(LATER + timedelta(hours=4))}]
    its = {"round_id": str(round_id), "windows": windows, "group_size": size}
    keep(conn, "request", facts.request(facts.school(name, adcode), **its))


@pytest.fixture
def draft(store: Store, round_id: UUID) -> domain.Match:
    with store.read() as conn:
        row = conn.execute("select id from matches where round_id = %s", [round_id]).fetchone()
        assert row is not None
        found = matches.get(conn, row["id"])
    assert found is not None
    return found


@pytest.fixture
def later(store: Store) -> Wanted:
    """The second slot."""
    with store.read() as conn:
        row = conn.execute("select id from known_slot where starts_at = %s", [LATER]).fetchone()
    assert row is not None
    return Wanted("slot", row["id"])


def preview(
    store: Store,
    draft: domain.Match,
    wanted: Wanted,
    party: Party,
    language: str = "en",
    now: datetime = DUE,
) -> Row:
    """As the party reads it, through the contract."""
    asked: Row = {"match_id": draft.id, "party": party, "wanted": wanted, "now": now}
    with store.transaction() as conn:
        shown: Row = PreviewView().dump(drafting.preview(conn, **asked, language=language))
    return shown


def move(
    store: Store,
    draft: domain.Match,
    wanted: Wanted,
    party: Party = HONGSHAN,
    *,
    shown: str | None = None,
) -> Row:
    """With what is shown at that very moment, if it is not said what was."""
    shown = shown or preview(store, draft, wanted, party)["shown"]
    asked: Row = {"match_id": draft.id, "party": party, "wanted": wanted, "now": DUE}
    with store.transaction() as conn:
        moved, price = drafting.move_by_hand(conn, **asked, reason=REASON, shown=shown)
    told: Row = MovedByHandView().dump({**views.dump(moved), "price": hand_prices.told(price, "zh")})
    return told


def everything(store: Store) -> list[Row]:
    with store.read() as conn:
        found = (
            conn.execute("select * from matches").fetchall() + conn.execute("select * from legs").fetchall()
        )
        return found + conn.execute("select * from hand_moves").fetchall()


def test_a_preview_says_what_changes_for_the_match_the_plan_and_those_who_wait_and_changes_nothing(
    store: Store, draft: domain.Match, later: Wanted
) -> None:
    before = everything(store)
    shown = preview(store, draft, later, CITY)
    assert everything(store) == before
    present, wanted, price = shown["present"], shown["wanted"], shown["price"]
    assert (present["starts_at"], wanted["starts_at"]) == (facts.iso(START), facts.iso(LATER))
    assert present["value"] == draft.value == price["before"] == price["plan_before"]
    assert wanted["value"] == wanted["why"]["value"] == price["after"] == price["plan_after"]
    assert wanted["why"]["text"].startswith("40 people")
    assert "km away" in wanted["why"]["suits"][0]["text"]
    assert (price["wanted"], price["wanted_people"], price["taken"]) == (1, 30, 1)
    assert (price["without"], price["left"]) == (0, 1), "the first slot is as good to the one that waits"
    assert price["taken_best"] == shown["waiting"][0]["value"] > 0
    assert f"worth {price['after']} points instead of {price['before']}" in price["text"]
    assert "未获安排" in preview(store, draft, later, CITY, "zh")["price"]["text"]


def test_only_requests_of_areas_that_the_coordinator_oversees_are_named(
    store: Store, draft: domain.Match, later: Wanted
) -> None:
    with store.transaction() as conn:
        conn.execute("update known_request set group_size = 35 where adcode = '150424'")
    ours, city = preview(store, draft, later, HONGSHAN), preview(store, draft, later, CITY)
    districts = [(each["adcode"], each["requests"], each["people"]) for each in ours["price"]["districts"]]
    assert districts == [("150402", 1, 30), ("150424", 1, 35)]
    assert [each["school_name"] for each in ours["waiting"]] == ["第二小学"]
    assert {each["school_name"] for each in city["waiting"]} == {"第二小学", "第三小学"}
    assert "第三小学" not in str(ours)


@pytest.mark.parametrize(("least", "lost", "says"), [(50, 1, "lose this place"), (10, 0, "still come")])
def test_who_was_to_come_together_with_it_is_counted(
    store: Store, draft: domain.Match, later: Wanted, least: int, lost: int, says: str
) -> None:
    """A group of 15 is left in the first slot: too few for a session of 50 or more, enough for one of 10."""
    with store.transaction() as conn:
        its: Row = {"company_id": new_id(), "company_groups": 2, "company_people": 55, "company_least": least}
        other = drafts.a_draft(conn, group_size=15, round_id=draft.round_id, value=700, **its)
        conn.execute(
            "update matches set company_id = %(company_id)s, company_groups = 2, company_people = 55,"
            " company_least = %(company_least)s where id = %(id)s",
            {**its, "id": draft.id},
        )
        together = matches.get(conn, draft.id)
    assert together is not None
    shown = preview(store, together, later, CITY)["price"]
    gone = other.value * lost
    assert shown["company"] == {"groups": 1, "people": 15, "least": least, "lost": lost, "lost_value": gone}
    assert shown["plan_before"] == draft.value + other.value
    assert shown["plan_after"] == shown["after"] + other.value - gone
    assert says in shown["text"]
    assert move(store, together, later)["price"]["company"] == shown["company"]


def test_a_move_answers_and_keeps_the_price_that_was_shown(
    store: Store, draft: domain.Match, later: Wanted
) -> None:
    shown = preview(store, draft, later, HONGSHAN, "zh")
    moved = move(store, draft, later)
    assert (moved["pinned"], moved["pin_reason"], moved["price"]) == (True, REASON, shown["price"])
    with store.read() as conn:
        kept = drafting.moves_of(conn, match_id=draft.id, party=CITY, language="zh")
        (trail,) = HandMovesView().dump(kept)["items"]
        with pytest.raises(NotFound):
            drafting.moves_of(conn, match_id=draft.id, party=LINXI, language="zh")
    assert (trail["moved_by"], trail["reason"]) == (str(HONGSHAN.user_id), REASON)
    assert trail["price"] == shown["price"]
    back = preview(store, draft, Wanted("slot", draft.legs[0].resource_id), HONGSHAN)["price"]
    assert (back["before"], back["after"]) == (shown["price"]["after"], shown["price"]["before"])


def test_what_is_shown_has_one_name_for_all_who_look_until_it_changes(
    store: Store, draft: domain.Match, later: Wanted
) -> None:
    def name(*its: Any) -> str:
        return str(preview(store, draft, later, *its)["shown"])

    with store.transaction() as conn:
        conn.execute("update known_slot set seats = 90, free = 90 where starts_at = %s", [LATER])
    seen = name(HONGSHAN)
    assert {seen, name(CITY), name(CITY, "zh"), name(CITY, "zh", DUE + timedelta(hours=1))} == {seen}
    with store.transaction() as conn:
        drafts.a_draft(conn, round_id=draft.round_id, value=700)
    assert name(HONGSHAN) == seen, "what all drafts are worth together is not what this move costs"
    with store.transaction() as conn:
        conn.execute("update known_request set group_size = 35 where adcode = '150424'")
    assert name(HONGSHAN) != seen, "another number of people wants the place"


@pytest.mark.parametrize("guarded", [True, False])
def test_a_move_that_costs_others_than_was_shown_is_refused_and_goes_unseen_without_the_guard(
    store: Store,
    round_id: UUID,
    draft: domain.Match,
    later: Wanted,
    guarded: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Between the look and the act another hand gives one of those who wanted the place a part of it."""
    with store.transaction() as conn:
        conn.execute("update known_slot set seats = 90, free = 90 where starts_at = %s", [LATER])
    shown = preview(store, draft, later, HONGSHAN)
    place_beside(store, round_id, "第二小学", later)
    if not guarded:
        monkeypatch.setattr(hand_prices, "check", lambda *_: None)
        unseen = move(store, draft, later, shown=shown["shown"])["price"]
        assert (unseen["wanted"], shown["price"]["wanted"]) == (1, 2)
        return
    before = everything(store)
    with pytest.raises(domain.PriceHasChanged) as refused:
        move(store, draft, later, shown=shown["shown"])
    assert everything(store) == before
    again = preview(store, draft, later, HONGSHAN)
    told = json.loads(problem(refused.value, language="en", trace_id=None).data)
    assert (told["status"], told["code"], told["field"]) == (409, "price_has_changed", "shown")
    assert {**again["price"], **told["price"]} == again["price"] != shown["price"]
    assert f"{again['price']['after']} points instead of" in told["detail"]
    assert move(store, draft, later, shown=again["shown"])["pinned"]


def place_beside(store: Store, round_id: UUID, school: str, wanted: Wanted) -> None:
    """A place for a request that has none, by the city's hand."""
    with store.transaction() as conn:
        row = conn.execute("select id from known_request where school_name = %s", [school]).fetchone()
        assert row is not None
        its: Row = {
            "round_id": round_id,
            "request_id": row["id"],
            "party": CITY,
            "wanted": wanted,
            "now": DUE,
        }
        shown = placing.preview(conn, **its, language="en")["shown"]
        placing.place(conn, **its, reason=REASON, shown=shown)


def test_what_the_solver_told_of_a_way_is_its_cost_and_else_it_is_not_known(
    store: Store, draft: domain.Match, later: Wanted
) -> None:
    assert preview(store, draft, later, HONGSHAN)["price"]["cost"] is None, "it came after the solve"
    way = {"resource_kind": "slot", "resource_id": str(later.resource_id), "starts_at": LATER.isoformat()}
    with store.transaction() as conn:
        conn.execute(
            "update explanations set told = jsonb_set(told, '{why,alternatives}', %s) where request_id = %s",
            [Jsonb([{**way, "cost": 17}]), draft.request_id],
        )
    price = preview(store, draft, later, HONGSHAN)["price"]
    assert price["cost"] == 17
    assert price["text"].endswith("takes 17 points from others")


def test_each_party_reads_that_a_hand_set_the_match_and_of_the_price_what_is_theirs(
    store: Store, round_id: UUID, draft: domain.Match, later: Wanted
) -> None:
    price = move(store, draft, later)["price"]
    school = Party(new_id(), draft.school_id, "teacher", "150402", None)
    venue = Party(new_id(), draft.legs[0].organisation_id, "venue", "150402", None)
    assert why_by_hand(store, draft, HONGSHAN)["reason"] == REASON, "of a draft too"
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
        lifecycle.publish(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    with pytest.raises(NotFound):
        why_by_hand(store, draft, venue)
    with store.transaction() as conn:
        conn.execute("update matches set version = 1 where round_id = %s", [round_id])
    told = {name: why_by_hand(store, draft, each) for name, each in (("ours", HONGSHAN), ("its", school))}
    numbers = ("before", "after", "wanted", "taken", "cost", "plan_before", "plan_after")
    assert {name: told["ours"][name] for name in numbers} == {name: price[name] for name in numbers}
    of_plan = {"plan_before": None, "plan_after": None}
    assert told["its"] == told["ours"] | of_plan
    assert (told["its"]["code"], told["its"]["reason"]) == ("moved_by_hand", REASON)
    assert f"worth {price['after']} points instead of {price['before']}; 1 requests" in told["its"]["text"]
    of_others = {"wanted": None, "taken": None, "cost": None}
    its = why_by_hand(store, draft, venue, "zh")
    assert its == told["its"] | of_others | {"text": its["text"]}
    assert its["text"] == f"该安排由协调员手工调整：由{price['before']}分变为{price['after']}分"


def why_by_hand(store: Store, match: domain.Match, party: Party, language: str = "en") -> Row:
    """What the party reads of the hand, through the contract."""
    with store.read() as conn:
        told = telling.explain(conn, party, request_id=match.request_id, language=language)
    shown: Row = ExplanationView().dump(told)["by_hand"]
    return shown


# -- what has been offered


def offered(store: Store, match: domain.Match) -> domain.Match:
    """The match, with all that it wants held, and offered."""
    with store.transaction() as conn:
        holding = moves.move(conn, match, "holding", now=DUE)
        return offering.offer(conn, moves.move(conn, holding, "held", now=DUE), now=DUE)


def found(store: Store, match_id: UUID) -> domain.Match:
    with store.read() as conn:
        match = matches.get(conn, match_id)
    assert match is not None
    return match


def test_an_offer_that_was_answered_by_all_is_not_moved_any_more(
    store: Store, draft: domain.Match, later: Wanted
) -> None:
    offer = offered(store, draft)
    assert offer.state == "offered"
    successor = found(store, UUID(move(store, draft, later)["id"]))
    assert (successor.replaces, successor.state, successor.pinned) == (offer.id, "proposed", True)
    with pytest.raises(domain.MoveUnderWay):
        move(store, draft, later)
    with store.transaction() as conn:
        moves.move(conn, found(store, offer.id), "confirming", now=DUE)
    late = offered(store, successor)
    assert (late.state, late.ending, late.reason_code) == ("releasing", "superseded", "move_too_late")
    assert found(store, offer.id).state == "confirming"


def test_an_offer_stays_where_the_owner_refuses_its_new_place(
    store: Store, draft: domain.Match, later: Wanted
) -> None:
    offer = offered(store, draft)
    successor = found(store, UUID(move(store, offer, later)["id"]))
    (leg,) = successor.legs
    refused = {leg.hold_id: {"hold_id": leg.hold_id, "outcome": "refused", "code": "not_enough_seats"}}
    with store.transaction() as conn:
        holding = moves.move(conn, successor, "holding", now=DUE)
        saga._after_holding(conn, holding, DUE, refused)
    ended = found(store, successor.id)
    assert (ended.state, ended.ending, ended.reason_code) == ("releasing", "superseded", "not_enough_seats")
    assert found(store, offer.id) == offer
    with store.read() as conn:
        told = drafting.moves_of(conn, match_id=offer.id, party=CITY, language="en")
    assert HandMovesView().dump(told)["items"][0]["successor"]["state"] == "releasing"


@pytest.mark.parametrize("act", [preview, partial(move, shown="what was there before")])
def test_both_refuse_the_same(
    store: Store, round_id: UUID, draft: domain.Match, later: Wanted, act: Callable[..., Row]
) -> None:
    with pytest.raises(NotFound):
        act(store, draft, later, LINXI)
    with pytest.raises(NotFound):
        act(store, draft, later, Party(new_id(), draft.school_id, "teacher", "150402", None))
    with pytest.raises(domain.MoveImpossible) as refused:
        act(store, draft, Wanted("slot", new_id()), HONGSHAN)
    assert refused.value.field == "resource_id"
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    with pytest.raises(domain.RoundState):
        act(store, draft, later, HONGSHAN)

"""What a round's solve leaves told after its draft, and who reads what of it; on a real database."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from datetime import date, timedelta
from hashlib import sha256
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from schemas.http.explanations import AdditionsView
from schemas.http.matches import ExplanationView
from schemas.http.rounds import RoundDetail
from schemas.refusal import NotFound
from services.chassis.ids import new_id
from services.chassis.store import Store
from services.matcher import solver
from services.matcher.storage import facts as storage
from services.matcher.storage import rounds
from services.matcher.usecases import explaining, telling, views
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.offering import Party
from tests.builders import asking, settled, solves
from tests.builders.drafts import SOMEBODY
from tests.builders.facts import some_id
from tests.builders.solves import DUE
from tests.fixtures.scratch import Scratch

Row = dict[str, Any]
COORDINATOR = Party(new_id(), new_id(), "coordinator", "150400", None)


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def lane(store: Store) -> solver.Lane:
    return solver.Lane("round", store, solves.Still(), Event())


@pytest.fixture
def round_id(store: Store) -> UUID:
    """Two requests of 40 pupils want the 60 seats of a slot on a school day."""
    with store.transaction() as conn:
        days = (date(2027, 2, 1) + timedelta(days=each) for each in range(120))
        known = [{"day": day.isoformat(), "kind": "school_day", "name": None} for day in days]
        calendar: Row = {"id": some_id(), "year": 2027, "source": "demonstration", "days": known}
        assert storage.keep(conn, "calendar", UUID(calendar["id"]), 1, calendar)
        return solves.a_closed_round(conn)


@pytest.fixture
def solved(
    store: Store, lane: solver.Lane, round_id: UUID, monkeypatch: pytest.MonkeyPatch
) -> Callable[[], UUID]:
    """Has the round solved as it should be, and published; returns it."""
    monkeypatch.setattr(solver, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(solver, "solve", settled.openly)

    def turn() -> UUID:
        assert lane.turn()
        return round_id

    return turn


def publish(store: Store, round_id: UUID) -> None:
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
        lifecycle.publish(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
        conn.execute("update matches set version = 1 where round_id = %s", [round_id])


def requests(store: Store, round_id: UUID) -> dict[str, Row]:
    """The request that was served and the one that was not, by the outcome."""
    with store.read() as conn:
        rows = conn.execute(
            "select r.*, v.outcome from known_request r join verdicts v on v.request_id = r.id"
            " where r.round_id = %s",
            [round_id],
        ).fetchall()
    return {row["outcome"]: row for row in rows}


def explained(store: Store, party: Party, request: Row, language: str = "en") -> Row:
    """As the party reads it, through the contract."""
    with store.read() as conn:
        told = telling.explain(conn, party, request_id=request["id"], language=language)
    shown: Row = ExplanationView().dump(told)
    return shown


def added(store: Store, party: Party, round_id: UUID, language: str = "en") -> Row:
    """The additions as the party reads them, through the contract."""
    with store.read() as conn:
        shown: Row = AdditionsView().dump(
            telling.additions(conn, party, round_id=round_id, language=language)
        )
    return shown


def school_of(request: Row) -> Party:
    return Party(new_id(), request["school_id"], "teacher", request["adcode"], None)


def venue_of(store: Store) -> Party:
    with store.read() as conn:
        row = conn.execute("select organisation_id from known_slot").fetchone()
    assert row is not None
    return Party(new_id(), row["organisation_id"], "venue", "150402", None)


def test_a_coordinator_reads_why_before_and_a_school_after_publication(
    store: Store, solved: Callable[[], UUID]
) -> None:
    round_id = solved()
    served = requests(store, round_id)["matched"]
    why = explained(store, COORDINATOR, served)["why"]
    assert (why["pupils"], why["value"]) == (40, 40 * why["need"] * why["fit"] // 1000)
    assert "never_served" in [part["code"] for part in why["needs"]]
    assert sum(part["percent"] for part in why["needs"]) == why["need"] - 100
    assert why["text"].startswith("40 people")
    with pytest.raises(NotFound):
        explained(store, school_of(served), served)
    publish(store, round_id)
    assert explained(store, school_of(served), served)["why"] == why


def test_an_unserved_school_reads_of_the_contest_and_of_what_would_have_helped_and_of_no_other_school(
    store: Store, solved: Callable[[], UUID]
) -> None:
    round_id = solved()
    publish(store, round_id)
    found = requests(store, round_id)
    told = explained(store, school_of(found["unserved"]), found["unserved"], "zh")
    assert (told["why"], told["contest"]["holders"], told["contest"]["pupils"]) == (None, 1, 40)
    by_code = {change["code"]: change for change in told["changes"]}
    assert by_code["smaller_group"]["amount"] == 20
    assert by_code["more_sessions"]["text"] == "如“星空之下”增加一场，例如2027-03-15"
    assert found["matched"]["school_name"] not in str(told)
    assert str(found["matched"]["id"]) not in str(told)


def test_a_school_finds_its_request_in_the_papers_by_alias_and_lot_and_no_one_else_s(
    store: Store, solved: Callable[[], UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    round_id = solved_with_papers(solved, monkeypatch)
    assert explained(store, COORDINATOR, requests(store, round_id)["matched"])["lot"] is None
    publish(store, round_id)
    with store.read() as conn:
        round_ = RoundDetail().dump(
            views.read_round(conn, COORDINATOR, round_id=round_id, language="en") | {"progress": None}
        )
        problem = json.loads(
            gzip.decompress(views.read_paper(conn, round_id=round_id, paper="problem").packed)
        )
        hidden = views.read_round(conn, venue_of(store), round_id=round_id, language="en")["salt"]
    for request in requests(store, round_id).values():
        lot = explained(store, school_of(request), request)["lot"]
        assert problem["lots"][lot["number"]] == [lot["alias"], lot["lot"]]
        assert lot["lot"] == sha256(f"{round_['seed']}|{lot['alias']}".encode()).hexdigest()[:16]
        assert lot["alias"] == sha256(f"{round_['salt']}|{request['id']}".encode()).hexdigest()[:16]
        assert (lot["of"], lot["seed"], hidden) == (2, round_["seed"], None)
        assert explained(store, COORDINATOR, request, "zh")["lot"]["text"].endswith(f"抽签号{lot['lot']}")
    assert round_["seed"].endswith(sha256(round_["salt"].encode()).hexdigest()[:32]), "told before it closed"
    served = requests(store, round_id)["matched"]
    assert explained(store, venue_of(store), served)["lot"] is None


def solved_with_papers(solved: Callable[[], UUID], monkeypatch: pytest.MonkeyPatch) -> UUID:
    """The round, solved with its papers as the solver does."""
    monkeypatch.setattr(solver, "solve", asking.openly)
    return solved()


def test_a_venue_reads_what_counted_for_what_it_gives_and_nothing_else(
    store: Store, solved: Callable[[], UUID]
) -> None:
    round_id = solved()
    found, venue = requests(store, round_id), venue_of(store)
    with pytest.raises(NotFound):
        explained(store, venue, found["matched"])
    publish(store, round_id)
    told = explained(store, venue, found["matched"])
    assert [suits["resource_kind"] for suits in told["why"]["suits"]] == ["slot"]
    assert (told["reasons"], told["contest"], told["changes"], len(told["attempts"])) == ([], None, [], 1)
    with pytest.raises(NotFound):
        explained(store, venue, found["unserved"])
    with pytest.raises(NotFound):
        explained(store, Party(new_id(), new_id(), "venue", "150402", None), found["matched"])


def test_a_coordinator_reads_what_would_be_worth_most(store: Store, solved: Callable[[], UUID]) -> None:
    round_id = solved()
    told = added(store, COORDINATOR, round_id)
    (session,) = told["additions"]
    assert (told["unserved"], told["helped"], told["whole"]) == (1, 1, True)
    assert (session["code"], session["title"], session["day"]) == ("more_sessions", "星空之下", "2027-03-15")
    assert (session["wishes"], session["pupils"]) == (1, 40)
    assert 0 < session["solved"] <= session["worth"]
    assert session["text"].startswith("one more session of “星空之下” on 2027-03-15: 1 more")
    with pytest.raises(NotFound):
        added(store, Party(new_id(), new_id(), "coordinator", "150402", None), round_id)
    with pytest.raises(NotFound):
        added(store, COORDINATOR, new_id())


def test_until_it_is_worked_out_nothing_is_told(store: Store, round_id: UUID) -> None:
    told = added(store, COORDINATOR, round_id)
    assert (told["made_at"], told["additions"]) == (None, [])


def test_what_a_hand_has_set_is_not_explained_by_the_solver(store: Store, solved: Callable[[], UUID]) -> None:
    round_id = solved()
    with store.transaction() as conn:
        conn.execute("update matches set pinned = true, pin_reason = '调整' where round_id = %s", [round_id])
    told = explained(store, COORDINATOR, requests(store, round_id)["matched"])
    assert (told["why"], told["by_hand"]["code"], told["by_hand"]["reason"]) == (None, "set_by_hand", "调整")


def test_what_is_told_of_an_earlier_solve_never_replaces_a_later_one_s(
    store: Store, solved: Callable[[], UUID]
) -> None:
    round_id = solved()
    before = added(store, COORDINATOR, round_id)
    with store.read() as conn:
        first = rounds.latest_job(conn, round_id)
    assert first is not None
    with store.transaction() as conn:
        lifecycle.solve_again(conn, now=DUE + timedelta(seconds=1), actor=SOMEBODY, round_id=round_id)
        nothing = explaining.Told({}, {})
        assert not explaining.keep(conn, round_id=round_id, job_id=first["id"], told=nothing)
    assert added(store, COORDINATOR, round_id) == before


def test_for_another_round_that_waits_what_is_left_comes_after_it(
    store: Store, lane: solver.Lane, round_id: UUID, solved: Callable[[], UUID]
) -> None:
    with store.transaction() as conn:
        other = solves.a_closed_round(conn)
        conn.execute("delete from known_slot where id <> (select id from known_slot order by id limit 1)")
    assert solved() == round_id
    first, second = (requests(store, each) for each in (round_id, other))
    done = round_id if first else other
    told = added(store, COORDINATOR, done)
    assert (told["whole"], told["helped"], told["additions"]) == (False, 0, [])
    assert explained(store, COORDINATOR, (first or second)["unserved"])["contest"] is not None
    assert lane.turn(), "the other round"
    assert lane.turn(), "what is left of the first"
    told = added(store, COORDINATOR, done)
    assert (told["whole"], bool(told["additions"])) == (True, True)
    assert not lane.turn(), "and nothing is left"


def test_an_explanation_that_breaks_leaves_the_draft(
    store: Store, solved: Callable[[], UUID], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    monkeypatch.setattr(explaining, "explain", broken)
    round_id = solved()
    with store.read() as conn:
        row = rounds.get(conn, round_id)
    assert row is not None
    assert (row["state"], row["failure"]) == ("drawn_up", None)
    assert added(store, COORDINATOR, round_id)["made_at"] is None

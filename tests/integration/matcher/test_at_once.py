"""What is answered at once beside a round that is still to be settled; on a real database."""

from __future__ import annotations

import gzip
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.http.matches import ExplanationView
from services.chassis.ids import new_id
from services.chassis.store import Store
from services.matcher.storage import rounds
from services.matcher.usecases import at_once, explaining, helping, redrafting, telling
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.offering import Party
from tests.builders import asking, facts
from tests.builders.asking import answered, asks, match_of, verdict_of
from tests.builders.drafts import SOMEBODY, START
from tests.builders.solves import DUE
from tests.fixtures.scratch import Scratch

Row = dict[str, Any]
COORDINATOR = Party(new_id(), new_id(), "coordinator", "150400", None)


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def round_id(store: Store, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """One of its two requests of 40 is drafted in the only slot, of 60 seats."""
    return asking.a_round_drawn_up(store, monkeypatch)


def codes(store: Store, asked: Row) -> list[str]:
    return [reason["code"] for reason in verdict_of(store, asked)["reasons"]]


def explained(store: Store, asked: Row, language: str = "en", party: Party = COORDINATOR) -> Row:
    with store.read() as conn:
        told = telling.explain(conn, party, request_id=UUID(asked["id"]), language=language)
    shown: Row = ExplanationView().dump(told)
    return shown


def another_slot(store: Store, seats: int, days: int = 0) -> None:
    """A copy of the slot, some days later, with so many seats."""
    with store.transaction() as conn:
        conn.execute(
            "insert into known_slot"
            " select %(id)s, programme_id, venue_id, organisation_id, starts_at + %(by)s, ends_at + %(by)s,"
            "        %(seats)s, %(seats)s, groups_limit, groups_taken, round_id, state, version"
            "   from known_slot order by id limit 1",
            {"id": new_id(), "by": timedelta(days=days), "seats": seats},
        )


def draft(store: Store, round_id: UUID) -> Row:
    with store.read() as conn:
        row = conn.execute(
            "select m.*, l.resource_id, l.starts_at as at from matches m join legs l on l.match_id = m.id"
            " where m.round_id = %s and m.state = 'proposed'",
            [round_id],
        ).fetchone()
    assert row is not None
    return row


def publish(store: Store, round_id: UUID, *, only_review: bool = False) -> None:
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
        if not only_review:
            lifecycle.publish(conn, now=DUE, actor=SOMEBODY, round_id=round_id)


@pytest.mark.usefixtures("round_id")
def test_what_a_round_leaves_over_is_given_and_what_it_needs_is_kept(store: Store) -> None:
    large, small = asks(store, 30, "大班"), asks(store, 20, "小班")
    answered(store)
    given = match_of(store, small)
    assert given is not None
    assert (given["state"], given["next_step_at"], given["round_id"]) == ("proposed", DUE, None)
    assert match_of(store, large) is None
    assert codes(store, large)[-1] == "kept_for_round"


@pytest.mark.usefixtures("round_id")
def test_who_is_refused_reads_why_and_what_would_have_helped(store: Store) -> None:
    large = asks(store, 30)
    another_slot(store, 35, days=1)
    answered(store)
    assert explained(store, large)["changes"] == [], "the answer does not wait for it"
    asking.helped(store)
    told = explained(store, large)
    assert "1 sessions were possible, but a round that is" in told["reasons"][-1]["text"]
    assert (told["contest"]["holders"], told["contest"]["pupils"]) == (1, 40)
    assert "still being settled" in told["contest"]["text"]
    day = next(change for change in told["changes"] if change["code"] == "another_day")
    assert (day["amount"], day["moved"]) == (1, 0)
    session = next(change for change in told["changes"] if change["code"] == "more_sessions")
    assert (session["title"], session["resource_id"], session["moved"]) == ("星空之下", None, 0)
    assert session["text"].startswith("if “星空之下” had one more session, as on 2027-03-15")
    assert "正在办理的集中申报期更需要" in explained(store, large, "zh")["contest"]["text"]
    school = Party(new_id(), UUID(large["school_id"]), "teacher", "150402", None)
    assert explained(store, large, party=school)["contest"] == told["contest"]


def test_somebody_on_the_topic_in_the_district_would_have_helped_and_none_elsewhere(store: Store) -> None:
    with store.transaction() as conn:
        asking.a_calendar(conn)
    asked = asks(store, 30, kind="expert", topics=["aerospace"])
    answered(store)
    asking.helped(store)
    (change,) = explained(store, asked)["changes"]
    assert (change["code"], change["adcode"], change["topic"]) == ("more_experts", "150402", "aerospace")
    with store.transaction() as conn:
        conn.execute("update known_request set windows = '[]'")
        conn.execute("update explanations set unhelped_since = %s", [DUE])
    asking.helped(store)
    assert explained(store, asked)["changes"] == [], "nobody can come at no time"


@pytest.mark.usefixtures("round_id")
def test_everybody_who_is_refused_is_helped_in_the_end_and_no_answer_waits_for_it(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(explaining, "_EVERY", 1)
    refused = [asks(store, 30 + number, f"第{number}小学") for number in range(3)]
    desk = asking.a_desk(store)
    answered(store, desk)
    small = asks(store, 20)
    with store.transaction() as conn:
        rounds.queue(conn, job_id=new_id(), kind="at_once", round_id=None, now=DUE, not_before=DUE)
    with store.transaction() as conn:
        unhelped = helping.begin(conn, books=at_once.Books(), now=DUE)
    assert unhelped is not None
    found = helping.changes(unhelped, now=DUE, should_stop=desk._is_wanted)
    assert len(found) == 1, "somebody waits for an answer"
    with store.transaction() as conn:
        helping.keep(conn, unhelped, found)
        conn.execute("update known_request set state = 'withdrawn' where id = %s", [refused[2]["id"]])
    assert desk.turn()
    assert match_of(store, small) is not None
    assert asking.helped(store) == 1
    told = [{change["code"] for change in explained(store, asked)["changes"]} for asked in refused]
    assert ["more_sessions" in each for each in told] == [True, True, False], "the last is withdrawn"
    assert asking.helped(store) == 0, "nobody is helped twice"


@pytest.mark.usefixtures("round_id")
def test_help_that_breaks_leaves_the_answer_and_is_not_tried_for_ever(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise MemoryError

    large = asks(store, 30)
    answered(store)
    monkeypatch.setattr(helping, "changes", broken)
    assert asking.helped(store) == 1
    assert (explained(store, large)["changes"], codes(store, large)) == ([], ["kept_for_round"])


@pytest.mark.usefixtures("round_id")
def test_who_is_served_reads_what_counted_and_what_else_there_was(store: Store) -> None:
    small = asks(store, 20)
    another_slot(store, 25)
    answered(store)
    told = explained(store, small)
    assert (told["outcome"], told["why"]["pupils"], told["contest"]) == ("matched", 20, None)
    assert [each["code"] for each in told["why"]["alternatives"]] == ["free"]


def test_once_the_round_is_published_nothing_is_kept_for_it(store: Store, round_id: UUID) -> None:
    large = asks(store, 30)
    answered(store)
    publish(store, round_id)
    with store.transaction() as conn:
        conn.execute("delete from pool_tries")
    answered(store)
    assert "kept_for_round" not in codes(store, large)


def test_a_draft_moves_for_a_later_request_and_says_so(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.transaction() as conn:
        asking.a_calendar(conn)
    round_id = asking.a_round_of_one_with_two_places(store, monkeypatch)
    first = draft(store, round_id)
    large = asks(store, 55)
    answered(store)
    given, moved = match_of(store, large), draft(store, round_id)
    assert given is not None
    assert given["resource_id"] == first["resource_id"]
    assert (moved["id"], moved["version"], moved["job_id"]) == (first["id"], 0, first["job_id"])
    assert moved["resource_id"] != first["resource_id"]
    told = explained(store, {"id": str(moved["request_id"])})
    assert (told["rearranged"]["code"], told["why"]) == ("made_room_for", None)


def test_a_draft_that_was_reviewed_moves_for_nobody(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    with store.transaction() as conn:
        asking.a_calendar(conn)
    round_id = asking.a_round_of_one_with_two_places(store, monkeypatch)
    publish(store, round_id, only_review=True)
    large = asks(store, 55)
    answered(store)
    assert match_of(store, large) is None
    assert codes(store, large)[-1] == "kept_for_round"


def test_a_draft_that_somebody_has_changed_meanwhile_stays_and_so_does_who_came_later(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with store.transaction() as conn:
        asking.a_calendar(conn)
    asking.a_round_of_one_with_two_places(store, monkeypatch)
    large = asks(store, 55)
    monkeypatch.setattr(redrafting, "make_room", lambda *_, **__: False)
    answered(store)
    assert match_of(store, large) is None
    assert codes(store, large)[-1] == "kept_for_round"


@pytest.mark.usefixtures("round_id")
def test_a_desk_that_has_just_begun_answers_as_one_that_was_there(store: Store) -> None:
    desk = asking.a_desk(store)
    asks(store, 5)
    answered(store, desk)
    first, second = asks(store, 30, "甲"), asks(store, 31, "乙")
    answered(store, desk)
    with store.transaction() as conn:
        conn.execute("delete from pool_tries")
    told = codes(store, first), codes(store, second)
    answered(store, asking.a_desk(store))
    assert told == (codes(store, first), codes(store, second)) == (["kept_for_round"], ["kept_for_round"])


@pytest.mark.usefixtures("round_id")
def test_papers_that_cannot_be_read_keep_nobody_waiting(store: Store) -> None:
    with store.transaction() as conn:
        conn.execute(
            "update round_papers set packed = %s where paper = 'certificate'", [gzip.compress(b"{}")]
        )
    small = asks(store, 20)
    answered(store)
    assert match_of(store, small) is not None


def test_each_school_is_answered_once_before_any_twice_and_who_needs_most_first(store: Store) -> None:
    with store.transaction() as conn:
        asking.a_calendar(conn)
    rural, town = facts.school("乡村小学", rural=True), facts.school("镇小学", rural=False)
    asked = []
    for school, minute in ((town, 0), (rural, 3), (rural, 2), (town, 1)):
        window = [{"starts_at": facts.iso(START), "ends_at": facts.iso(START + timedelta(hours=4))}]
        at = facts.iso(DUE - timedelta(minutes=9 - minute))
        request = facts.request(school, windows=window, submitted_at=at)
        with store.transaction() as conn:
            asking.keep(conn, "request", request)
        asked.append(UUID(request["id"]))
    with store.transaction() as conn:
        world = at_once.begin(conn, books=at_once.Books(), now=DUE).world
    order = [world.problem.wishes[number].key for number in at_once.order(world, "lot")]
    assert order == [asked[2], asked[0], asked[1], asked[3]]

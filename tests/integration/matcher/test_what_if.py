"""What if about a round: asked, worked out on a copy, given up, and told; on a real database."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from schemas.http.what_ifs import WhatIfInput, WhatIfView
from schemas.refusal import Invalid, NotFound, Refusal
from services.chassis.ids import new_id
from services.chassis.store import Store
from services.matcher import domain, solver
from services.matcher.storage import facts as storage
from services.matcher.storage import rounds
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases import what_ifs
from services.matcher.usecases.offering import Party
from tests.builders import facts, settled, solves
from tests.builders.drafts import SOMEBODY, START
from tests.builders.facts import some_id
from tests.builders.solves import DUE
from tests.fixtures.scratch import Scratch

Row = dict[str, Any]
COORDINATOR = Party(new_id(), new_id(), "coordinator", "150400", None)
OPERATOR = Party(new_id(), new_id(), "operator", "150400", None)
STRANGERS = (
    Party(new_id(), new_id(), "coordinator", "150424", None),
    Party(new_id(), new_id(), "operator", "150424", None),
)
FILLED = (
    "what_ifs", "round_worths", "round_additions", "explanations", "round_papers", "agreements", "legs",
    "matches", "verdicts", "solve_job", "rounds", "outbox", *(f"known_{each}" for each in ("request", "slot",
    "programme", "venue", "organisation", "district", "calendar")),
)  # fmt: skip


@pytest.fixture(scope="module")
def own(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def store(own: Store) -> Store:
    """The module's database, with nothing of an earlier test in it."""
    with own.transaction() as conn:
        for table in FILLED:
            conn.execute(f"delete from {table}".encode())
    return own


@pytest.fixture
def round_id(store: Store, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Two requests of 40 pupils want the 60 seats of a slot on a school day; solves take their time."""
    monkeypatch.setattr(solver, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(solver, "solve", settled.openly)
    with store.transaction() as conn:
        days = (date(2027, 2, 1) + timedelta(days=each) for each in range(120))
        known = [{"day": day.isoformat(), "kind": "school_day", "name": None} for day in days]
        calendar: Row = {"id": some_id(), "year": 2027, "source": "demonstration", "days": known}
        assert storage.keep(conn, "calendar", UUID(calendar["id"]), 1, calendar)
        for adcode, name in (("150400", "赤峰市"), ("150402", "红山区")):
            district = {"id": some_id(), "adcode": adcode, "parent": None, "level": "district", "name": name}
            assert storage.keep(conn, "district", UUID(district["id"]), 1, district)
        return solves.a_closed_round(conn)


@pytest.fixture
def turn(store: Store) -> Callable[[str], bool]:
    """Lets a lane take one job and see it through; whether there was one."""
    clock, ending = solves.Still(), Event()
    lanes = {"round": solver.Lane, "what_if": solver.WhatIfLane}
    return lambda kind: lanes[kind](kind, store, clock, ending).turn()


@pytest.fixture
def drawn_up(round_id: UUID, turn: Callable[[str], bool]) -> UUID:
    """The round, solved and explained."""
    assert turn("round")
    return round_id


def ask(store: Store, round_id: UUID, *changes: Row, party: Party = COORDINATOR, language: str = "en") -> Row:
    """As it goes over HTTP: through both contracts."""
    body = WhatIfInput().load({"changes": list(changes)})
    with store.transaction() as conn:
        return shown(
            what_ifs.ask(conn, party, round_id=round_id, changes=body["changes"], now=DUE, language=language)
        )


def shown(told: Row) -> Row:
    dumped: Row = WhatIfView().dump(told)
    assert not WhatIfView().validate(dumped)
    return dumped


def read(store: Store, asked: Row, party: Party = COORDINATOR, language: str = "en") -> Row:
    ids = {"round_id": UUID(asked["round_id"]), "what_if_id": UUID(asked["id"])}
    with store.read() as conn:
        return shown(what_ifs.read(conn, party, **ids, language=language))


def table(store: Store, asked: Row, party: Party = COORDINATOR) -> list[Row]:
    """The lines of its file."""
    ids = {"round_id": UUID(asked["round_id"]), "what_if_id": UUID(asked["id"])}
    with store.read() as conn:
        return what_ifs.table(conn, party, **ids, language="zh")


def cancel(store: Store, asked: Row, party: Party = COORDINATOR) -> Row:
    ids = {"round_id": UUID(asked["round_id"]), "what_if_id": UUID(asked["id"])}
    with store.transaction() as conn:
        return shown(what_ifs.cancel(conn, party, **ids, now=DUE, language="en"))


def known(store: Store, table: str) -> Row:
    """The first row of what is known."""
    with store.read() as conn:
        row = conn.execute(f"select * from {table} order by id limit 1".encode()).fetchone()
    assert row is not None
    return row


def a_session(store: Store, **more: Any) -> Row:
    return {"kind": "more_sessions", "programme_id": str(known(store, "known_programme")["id"]), **more}


def a_closure(store: Store, **more: Any) -> Row:
    return {"kind": "closed", "venue_id": str(known(store, "known_venue")["id"]), **more}


def served(told: Row) -> tuple[int, int]:
    """Requests served as it is, and with the changes."""
    return told["result"]["base"]["served"], told["result"]["changed"]["served"]


# -- asked and answered


def test_one_more_session_is_priced_at_once_and_then_solved_with(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    asked = ask(store, drawn_up, a_session(store))
    assert (asked["state"], asked["result"]) == ("queued", None)
    (price,) = asked["at_once"]
    assert (price["change"], price["day"]) == (0, "2027-03-15")
    assert price["points"] > 0
    assert price["text"].startswith("by prices, at once: one on 2027-03-15 is worth about")
    assert turn("what_if")
    told = read(store, asked)
    assert (told["state"], told["failure_text"]) == ("done", None)
    assert served(told) == (1, 2)
    assert (told["result"]["base"]["pupils"], told["result"]["changed"]["pupils"]) == (40, 80)
    assert told["result"]["changed"]["gap"] == 0
    assert told["result"]["moved"] == [
        {"adcode": "150402", "name": "红山区", "stage": "P", "gain": 1, "lose": 0}
    ]
    (worth,) = told["result"]["additions"]
    assert 0 < worth["solved"] <= worth["worth"]
    assert (worth["wishes"], worth["people"], worth["day"]) == (1, 40, "2027-03-15")
    assert worth["text"].startswith("by solving again, one on 2027-03-15: 1 more requests served")


def test_districts_stand_side_by_side_and_no_school_is_named(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    asked = ask(store, drawn_up, a_session(store), party=OPERATOR)
    assert turn("what_if")
    told = read(store, asked, OPERATOR, "zh")
    first, second = table(store, asked, OPERATOR)
    assert (first["name"], second["name"], second["served_more"]) == ("全部地区", "红山区", 1)
    assert {**first, "name": "红山区"} == second, "there is only one district"
    (district,) = told["result"]["districts"]
    assert (district["name"], district["base"]["share"], district["changed"]["share"]) == ("红山区", 0.5, 1.0)
    assert told["changes"][0]["text"] == "“星空之下”在按价格最有利的日期增加1场"
    assert "第一小学" not in str(told)


def test_there_is_no_table_without_an_answer(store: Store, drawn_up: UUID) -> None:
    asked = ask(store, drawn_up, a_session(store))
    with pytest.raises(domain.WhatIfUnanswered):
        table(store, asked)


def test_nothing_of_the_world_is_changed(store: Store, drawn_up: UUID, turn: Callable[[str], bool]) -> None:
    def world() -> list[Row]:
        with store.read() as conn:
            return [
                row
                for table in (
                    "rounds",
                    "matches",
                    "legs",
                    "verdicts",
                    "outbox",
                    "round_papers",
                    "explanations",
                )
                for row in conn.execute(f"select * from {table} order by 1".encode()).fetchall()
            ]

    before = world()
    ask(store, drawn_up, a_closure(store), {"kind": "demand", "factor": 2})
    assert turn("what_if")
    assert world() == before


def test_a_closed_venue_takes_what_it_gave_but_only_in_its_days(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    asked = ask(store, drawn_up, a_closure(store))
    assert asked["changes"][0]["text"] == "“科技馆” closed, all the time"
    assert turn("what_if")
    told = read(store, asked)
    assert served(told) == (1, 0)
    assert [(each["gain"], each["lose"]) for each in told["result"]["moved"]] == [(0, 1)]
    earlier = ask(store, drawn_up, a_closure(store, last_day="2027-03-14"))
    assert turn("what_if")
    assert served(read(store, earlier)) == (1, 1)
    owner = str(known(store, "known_venue")["organisation_id"])
    district = {"id": owner, "kind": "venue", "name": "科技馆单位", "adcode": "150402"}
    with store.transaction() as conn:
        assert storage.keep(conn, "organisation", UUID(owner), 1, district)
    whole = ask(store, drawn_up, {"kind": "closed", "organisation_id": owner, "first_day": "2027-03-15"})
    assert turn("what_if")
    assert served(read(store, whole)) == (1, 0)


@pytest.mark.parametrize(("factor", "requests"), [(2, 4), (0.5, 1), (1, 2)])
def test_demand_is_multiplied(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool], factor: float, requests: int
) -> None:
    asked = ask(store, drawn_up, {"kind": "demand", "factor": factor, "adcode": "150402"})
    assert asked["changes"][0]["text"] == f"{factor:g} times as many requests from 红山区"
    assert turn("what_if")
    told = read(store, asked)
    assert (told["result"]["base"]["requests"], told["result"]["changed"]["requests"]) == (2, requests)
    assert served(told) == (1, 1)


def test_of_a_published_round_all_that_it_gave_is_given_back_on_the_copy(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=drawn_up)
        lifecycle.publish(conn, now=DUE, actor=SOMEBODY, round_id=drawn_up)
        conn.execute("update matches set state = 'confirmed', version = 3, next_step_at = null")
        conn.execute("update legs set state = 'reserved'")
        conn.execute("update known_slot set free = 20")
    asked = ask(store, drawn_up, a_session(store))
    assert turn("what_if")
    assert served(read(store, asked)) == (1, 2)


def test_what_a_hand_has_set_stays_on_both_sides(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    with store.transaction() as conn:
        conn.execute("update matches set pinned = true, pin_reason = '调整'")
    asked = ask(store, drawn_up, a_session(store))
    assert turn("what_if")
    told = read(store, asked)
    assert (told["result"]["set_by_hand"], told["result"]["base"]["requests"]) == (1, 1)
    assert served(told) == (0, 1)


def test_before_a_solve_there_are_no_prices_but_there_is_an_answer(
    store: Store, round_id: UUID, turn: Callable[[str], bool]
) -> None:
    with store.transaction() as conn:
        lifecycle.cancel_solve(conn, now=DUE, round_id=round_id)
    asked = ask(store, round_id, a_session(store, day="2027-03-15"))
    assert (asked["priced_at"], asked["at_once"]) == (None, [])
    assert turn("what_if")
    assert served(read(store, asked)) == (1, 2)


def test_a_session_on_a_day_that_suits_nobody_is_worth_nothing(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    asked = ask(store, drawn_up, a_session(store, day="2027-03-18"))
    assert [(each["points"], each["day"]) for each in asked["at_once"]] == [(0, None)]
    assert turn("what_if")
    told = read(store, asked)
    assert served(told) == (1, 1)
    assert [(each["worth"], each["solved"]) for each in told["result"]["additions"]] == [(0, 0)]


def test_experts_who_would_live_in_a_district_are_priced_and_solved_with(
    store: Store, round_id: UUID, turn: Callable[[str], bool]
) -> None:
    with store.transaction() as conn:
        conn.execute("update known_request set kind = 'expert', topics = '{ai}'")
    assert turn("round")
    experts = {"kind": "more_experts", "topic": "ai", "adcode": "150402", "number": 2}
    asked = ask(store, round_id, experts, {**experts, "number": 1, "day": "2027-03-16"})
    assert asked["changes"][0]["text"] == (
        "2 more on “Artificial intelligence” in 红山区, free on all school days, at most 2 times a week each"
    )
    assert [each["day"] for each in asked["at_once"]] == ["2027-03-15", None]
    assert asked["at_once"][0]["points"] > 0
    assert turn("what_if")
    told = read(store, asked)
    assert served(told) == (0, 2)
    assert [(each["day"], each["wishes"]) for each in told["result"]["additions"]] == [
        ("2027-03-15", 2),
        ("2027-03-16", 0),
    ]


def test_another_fairness_policy_is_asked_for(store: Store, drawn_up: UUID) -> None:
    asked = ask(store, drawn_up, {"kind": "fairness", "percent": 80})
    assert asked["changes"][0]["text"] == "80 % of fairness wanted"


def test_a_round_is_copied_with_the_fairness_that_it_was_solved_with(
    store: Store, round_id: UUID, turn: Callable[[str], bool]
) -> None:
    add_a_small_school_elsewhere(store, round_id)
    assert turn("round")
    asked = ask(store, round_id, {"kind": "fairness", "percent": 0})
    assert turn("what_if")
    told = read(store, asked)
    elsewhere = {each["adcode"]: each for each in told["result"]["districts"]}["150404"]
    assert served(told) == (2, 2)
    assert (elsewhere["base"]["served"], elsewhere["changed"]["served"]) == (1, 0)
    assert told["result"]["base"]["pupils"] < told["result"]["changed"]["pupils"]


def add_a_small_school_elsewhere(store: Store, round_id: UUID) -> None:
    """Of 25 pupils, for whom one of the larger two is to go without where it is to be fair; a second slot."""
    times = known(store, "known_request")["windows"]
    with store.transaction() as conn:
        conn.execute("update rounds set policy = policy || '{\"fairness\": 90}' where id = %s", [round_id])
        programme = facts.programme("星空之下", some_id(), str(known(store, "known_venue")["id"]))
        solves.keep(conn, "programme", programme)
        solves.keep(conn, "slot", facts.slot(programme, START))
        asked: Row = {"round_id": str(round_id), "windows": times, "group_size": 25}
        solves.keep(conn, "request", facts.request(facts.school("山里小学", "150404"), **asked))


def test_a_round_without_requests_has_an_answer_too(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    with store.transaction() as conn:
        conn.execute("update known_request set state = 'withdrawn'")
    asked = ask(store, drawn_up, a_session(store))
    assert turn("what_if")
    told = read(store, asked)
    assert (told["state"], told["result"]["districts"], served(told)) == ("done", [], (0, 0))


# -- refused


def refused(store: Store, round_id: UUID, *changes: Row) -> tuple[str | None, str]:
    """The field and the code of the first thing that is wrong."""
    with pytest.raises(Refusal) as caught:
        ask(store, round_id, *changes)
    refusal = caught.value
    code = refusal.errors[0].code if isinstance(refusal, Invalid) else refusal.code
    return refusal.field, code


def test_each_kind_needs_its_members_and_takes_no_others(store: Store, drawn_up: UUID) -> None:
    for change, field, code in (
        ({"kind": "demand"}, "factor", "required"),
        ({"kind": "demand", "factor": 2, "percent": 3}, "percent", "unknown_field"),
        ({"kind": "closed"}, "venue_id", "required"),
        (a_closure(store, organisation_id=some_id()), "organisation_id", "unknown_field"),
        ({"kind": "more_experts", "topic": "ai"}, "adcode", "required"),
        (a_session(store, cap_week=2), "cap_week", "unknown_field"),
    ):
        assert refused(store, drawn_up, change) == (f"changes[0].{field}", code)


def test_what_there_is_not_is_refused_at_its_field(store: Store, drawn_up: UUID) -> None:
    fine = {"kind": "demand", "factor": 2}
    for change, field, code in (
        ({"kind": "closed", "venue_id": some_id()}, "venue_id", "what_if_unknown"),
        ({"kind": "more_unit_days", "unit_id": some_id()}, "unit_id", "what_if_unknown"),
        ({"kind": "demand", "factor": 2, "adcode": "150499"}, "adcode", "what_if_unknown"),
        ({"kind": "more_experts", "topic": "ai", "adcode": "150400"}, "adcode", "what_if_unknown"),
        (a_closure(store, first_day="2027-03-20", last_day="2027-03-19"), "last_day", "what_if_days"),
        (a_session(store, day="2027-02-01"), "day", "what_if_days"),
    ):
        assert refused(store, drawn_up, fine, change) == (f"changes[1].{field}", code)
    with store.transaction() as conn:
        conn.execute("update known_slot set state = 'closed'")
    assert refused(store, drawn_up, a_session(store)) == ("changes[0].programme_id", "what_if_never_given")


def test_who_does_not_oversee_the_area_finds_nothing(store: Store, drawn_up: UUID) -> None:
    asked = ask(store, drawn_up, {"kind": "demand", "factor": 2})
    for stranger in STRANGERS:
        with pytest.raises(NotFound):
            ask(store, drawn_up, {"kind": "demand", "factor": 2}, party=stranger)
        with pytest.raises(NotFound):
            read(store, asked, stranger)
        with pytest.raises(NotFound):
            cancel(store, asked, stranger)
        with store.read() as conn, pytest.raises(NotFound):
            what_ifs.listed(conn, stranger, round_id=drawn_up, after=None, limit=5, language="en")


def test_of_one_round_only_so_many_wait_and_all_are_listed_newest_first(store: Store, drawn_up: UUID) -> None:
    asked = [ask(store, drawn_up, {"kind": "demand", "factor": 2}) for _ in range(what_ifs.MOST_WAITING)]
    assert refused(store, drawn_up, {"kind": "demand", "factor": 2}) == (None, "what_ifs_waiting")
    with store.read() as conn:
        listed = what_ifs.listed(conn, COORDINATOR, round_id=drawn_up, after=None, limit=9, language="en")
        rest = what_ifs.listed(
            conn, COORDINATOR, round_id=drawn_up, after=listed[2]["id"], limit=9, language="en"
        )
    assert [str(row["id"]) for row in listed] == [each["id"] for each in reversed(asked)]
    assert rest == listed[3:]


# -- given up, put back, broken


def test_a_question_that_waits_can_be_given_up_once(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool]
) -> None:
    asked = ask(store, drawn_up, a_session(store))
    assert cancel(store, asked)["state"] == "cancelled"
    with pytest.raises(domain.WhatIfOver):
        cancel(store, asked)
    assert not turn("what_if")


def interrupting(store: Store, what: Callable[[], object]) -> solves.Solve:
    """A solve in whose course something happens, and that then stops as soon as it is told to."""

    def solve(problem: Any, limits: Any, report: Any, stop: Callable[[], bool], **_: object) -> Any:
        what()
        solves.until(stop)
        return settled.openly(problem)

    return solve


def test_a_question_that_is_worked_on_can_be_given_up(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(store, drawn_up, a_session(store))
    monkeypatch.setattr(solver, "solve", interrupting(store, lambda: cancel(store, asked)))
    assert turn("what_if")
    told = read(store, asked)
    assert (told["state"], told["result"]) == ("cancelled", None)


def test_a_round_goes_first_and_the_question_begins_anew(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    def a_round_comes() -> None:
        with store.transaction() as conn:
            lifecycle.solve_again(conn, now=DUE, actor=SOMEBODY, round_id=drawn_up)

    asked = ask(store, drawn_up, a_session(store))
    monkeypatch.setattr(solver, "solve", interrupting(store, a_round_comes))
    assert turn("what_if")
    assert (read(store, asked)["state"], read(store, asked)["progress"]["side"]) == ("queued", None)
    assert not turn("what_if"), "a round waits"
    monkeypatch.setattr(solver, "solve", settled.openly)
    assert turn("round")
    assert turn("what_if")
    assert served(read(store, asked)) == (1, 2)


def test_putting_back_does_not_count_as_being_lost(store: Store, drawn_up: UUID) -> None:
    ask(store, drawn_up, a_session(store))
    for epoch in range(1, 8):
        with store.transaction() as conn:
            job = rounds.claim(conn, kind="what_if", now=DUE, until=DUE + solver.LEASE)
            assert job is not None
            assert (job["epoch"], job["yields"]) == (epoch, epoch - 1)
            assert rounds.put_back(conn, job_id=job["id"], epoch=job["epoch"])
            assert not rounds.put_back(conn, job_id=job["id"], epoch=job["epoch"])


def test_what_breaks_is_said_and_touches_nothing(
    store: Store, drawn_up: UUID, turn: Callable[[str], bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = ask(store, drawn_up, a_session(store))
    monkeypatch.setattr(solver, "solve", solves.breaking(MemoryError()))
    assert turn("what_if")
    told = read(store, asked)
    assert (told["state"], told["result"]) == ("failed", None)
    assert "memory" in told["failure_text"]
    with store.read() as conn:
        row = rounds.get(conn, drawn_up)
    assert row is not None
    assert row["state"] == "drawn_up"

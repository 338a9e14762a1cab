"""What requests share, on a real database: a school's entitlement for a term, a class's own time."""

from __future__ import annotations

from datetime import timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from services.chassis.store import Connection, Store
from services.matcher import solver
from services.matcher.engine.candidates import Finder
from services.matcher.engine.model import DAY, Solution, Window
from services.matcher.engine.solver import solve
from services.matcher.storage import matches, pool
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases.problem import load
from services.matcher.usecases.shared import terms_from
from tests.builders import facts, solves
from tests.builders.drafts import NOW, SOMEBODY, START
from tests.fixtures.scratch import Scratch

State = dict[str, Any]
DAYS = timedelta(days=1)


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


def slots_on(conn: Connection, *days: int) -> None:
    """Sessions of 60 seats at one science base, so many days after START."""
    organisation = facts.some_id()
    venue = facts.venue("科技馆", organisation)
    programme = facts.programme("星空之下", organisation, venue["id"])
    solves.keep(conn, "venue", venue)
    solves.keep(conn, "programme", programme)
    for day in days:
        solves.keep(conn, "slot", facts.slot(programme, START + day * DAYS))


def asked(conn: Connection, school: State, round_id: UUID | None, day: int, **known: Any) -> UUID:
    """A request of 40 pupils for one day."""
    begin = START + day * DAYS
    windows = [{"starts_at": facts.iso(begin), "ends_at": facts.iso(begin + timedelta(hours=4))}]
    state = facts.request(school, round_id=str(round_id) if round_id else None, windows=windows, **known)
    solves.keep(conn, "request", state)
    return UUID(state["id"])


def calendar(conn: Connection, *first_days: str) -> None:
    """Every day of 2027 has lessons; terms begin on these days."""
    days = [
        {"day": (NOW + n * DAYS).date().isoformat(), "kind": "school_day", "name": None} for n in range(120)
    ]
    solves.keep(conn, "calendar", {"id": facts.some_id(), "year": 2027, "days": days})
    terms = [
        {"adcode": "150400", "name": "term", "first_day": day, "last_day": "2027-12-31"} for day in first_days
    ]
    solves.keep(conn, "terms", {"id": facts.some_id(), "terms": terms})


def solved(store: Store, kind: str = "round") -> None:
    """The waiting job is solved."""
    lane = solver.Lane(kind, store, solves.Still(), Event())
    assert lane.turn()


def drafts(store: Store) -> list[UUID]:
    """The requests that have something."""
    with store.read() as conn:
        rows = conn.execute("select request_id from matches where state = 'proposed' order by starts_at")
        return [row["request_id"] for row in rows.fetchall()]


def verdict(store: Store, request_id: UUID) -> list[str]:
    """The reasons that a request was given."""
    with store.read() as conn:
        found = pool.verdict(conn, request_id)
    assert found is not None
    return [reason["code"] for reason in found["reasons"]]


def test_a_school_gets_no_more_a_term_than_the_round_says(store: Store) -> None:
    school = facts.school("第一小学")
    with store.transaction() as conn:
        calendar(conn, "2027-03-01", "2027-03-17")
        slots_on(conn, 0, 1, 2, 3)
        round_id = solves.opened(conn, most_per_school=1)
        requests = [asked(conn, school, round_id, day) for day in range(4)]
        lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=round_id)
    solved(store)
    served = drafts(store)
    assert [requests.index(each) // 2 for each in served] == [0, 1]
    unserved = [each for each in requests if each not in served]
    assert [verdict(store, each)[-1] for each in unserved] == ["entitlement_used"] * 2


def test_what_a_school_has_already_counts(store: Store) -> None:
    school = facts.school("第一小学")
    with store.transaction() as conn:
        calendar(conn)
        slots_on(conn, 0, 1)
        first, second = (solves.opened(conn, most_per_school=1) for _ in range(2))
        had = asked(conn, school, first, 0)
        lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=first)
    solved(store)
    assert drafts(store) == [had]
    with store.transaction() as conn:
        later = asked(conn, school, second, 1)
        lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=second)
    solved(store)
    assert drafts(store) == [had]
    assert "entitlement_used" in verdict(store, later)


def test_a_class_never_has_two_appointments_at_once(store: Store) -> None:
    school, other = facts.school("第一小学"), facts.school("第二小学")
    with store.transaction() as conn:
        calendar(conn)
        slots_on(conn, 0)
        slots_on(conn, 0)
        slots_on(conn, 0)
        round_id = solves.opened(conn)
        mine = [asked(conn, school, round_id, 0, class_name="四（1）班") for _ in range(2)]
        theirs = asked(conn, other, round_id, 0, class_name="四（1）班")
        lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=round_id)
    solved(store)
    assert theirs in drafts(store)
    assert len(drafts(store)) == 2
    (unserved,) = (each for each in mine if each not in drafts(store))
    assert "class_busy" in verdict(store, unserved)


def test_what_another_solve_gave_to_a_class_meanwhile_stands(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round is being solved when the class is served at once."""
    school = facts.school("第一小学")
    with store.transaction() as conn:
        calendar(conn)
        slots_on(conn, 0)
        slots_on(conn, 0)
        round_id = solves.opened(conn)
        asked(conn, school, round_id, 0, class_name="四（1）班")
        lifecycle.close(conn, now=NOW, actor=SOMEBODY, round_id=round_id)
        single = asked(conn, school, None, 0, class_name="四（1）班")

    def meanwhile(*arguments: Any, **keywords: Any) -> Solution:
        found = solve(*arguments, **keywords)
        monkeypatch.setattr(solver, "solve", solve)
        _serve_at_once(store, single)
        return found

    monkeypatch.setattr(solver, "solve", meanwhile)
    solved(store)
    assert drafts(store) == [single]


def _serve_at_once(store: Store, request_id: UUID) -> None:
    with store.transaction() as conn:
        world = load(conn, now=solves.DUE, request_ids=[request_id])
        (option, *_), _ = Finder(world.problem).options(0)
        matches.insert(conn, world.match(option, job_id=None, offer_hours=48, now=solves.DUE, due=solves.DUE))


def test_terms_leave_no_day_out() -> None:
    terms = terms_from([20_000, 19_000, 20_000])
    assert [term.start for term in terms] == [0, 19_000 * DAY, 20_000 * DAY]
    assert [term.start for term in terms[1:]] == [term.end for term in terms[:-1]]
    assert terms_from([]) == (Window(0, terms[-1].end),)

"""Requests outside rounds on a scratch database, beside a round that is drawn up; and a desk that answers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime, timedelta
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from services.chassis.ids import new_id
from services.chassis.store import Connection, Store
from services.matcher import solver
from services.matcher.engine.model import Limits, Problem, Solution
from services.matcher.engine.published import documents
from services.matcher.engine.solver import Solved, solve
from services.matcher.storage import facts as storage
from services.matcher.storage import rounds
from tests.builders import facts, solves
from tests.builders.drafts import START
from tests.builders.facts import some_id
from tests.builders.solves import DUE

Row = dict[str, Any]


def openly(problem: Problem, *_: object, **__: object) -> Solution:
    """A solve of a small problem with its papers, at the pace of whoever asks for it."""
    return solve(problem, Limits(1.0), lambda _: None, lambda: False, with_papers=True)


def keep(conn: Connection, aggregate: str, state: Mapping[str, Any], version: int = 1) -> None:
    """Have matcher know it."""
    assert storage.keep(conn, aggregate, UUID(state["id"]), version, state)


def a_calendar(conn: Connection) -> None:
    """Lessons on every day of the spring."""
    days = (date(2027, 2, 1) + timedelta(days=each) for each in range(120))
    known = [{"day": day.isoformat(), "kind": "school_day", "name": None} for day in days]
    keep(conn, "calendar", {"id": some_id(), "year": 2027, "source": "demonstration", "days": known})


def a_round_drawn_up(store: Store, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """Two requests of 40 want the 60 seats of a slot on a school day; one of them is drafted there."""
    with store.transaction() as conn:
        a_calendar(conn)
        round_id = solves.a_closed_round(conn)
    monkeypatch.setattr(solver, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(solver, "solve", openly)
    assert solver.Lane("round", store, solves.Still(), Event()).turn()
    return round_id


def asks(store: Store, size: int, name: str = "第三小学", start: datetime = START, **known: Any) -> Row:
    """A request at once, for four hours from a beginning."""
    window = {"starts_at": facts.iso(start), "ends_at": facts.iso(start + timedelta(hours=4))}
    asked = facts.request(facts.school(name), group_size=size, windows=[window], **known)
    with store.transaction() as conn:
        keep(conn, "request", asked)
    return asked


def answered(store: Store, desk: solver.Desk | None = None) -> None:
    """One turn of a desk, which knows nothing yet unless it is given."""
    with store.transaction() as conn:
        rounds.queue(conn, job_id=new_id(), kind="at_once", round_id=None, now=DUE, not_before=DUE)
    assert (desk or a_desk(store)).turn()


def helped(store: Store) -> int:
    """Turns of a desk that nobody asks anything, until it has nothing left to work out; how many."""
    desk, turns = a_desk(store), 0
    while desk.turn():
        turns += 1
    return turns


def a_desk(store: Store) -> solver.Desk:
    """As it is when the solver has just begun."""
    return solver.Desk(store, solves.Still(), Event())


def match_of(store: Store, asked: Mapping[str, Any]) -> Row | None:
    """The newest match of a request, with where it is."""
    with store.read() as conn:
        return conn.execute(
            "select m.*, l.resource_id, l.starts_at as at from matches m join legs l on l.match_id = m.id"
            " where m.request_id = %s order by m.id desc limit 1",
            [asked["id"]],
        ).fetchone()


def verdict_of(store: Store, asked: Mapping[str, Any]) -> Row:
    """What was last said of a request."""
    with store.read() as conn:
        row = conn.execute("select * from verdicts where request_id = %s", [asked["id"]]).fetchone()
    assert row is not None
    return row


def a_lane(store: Store) -> solver.Lane:
    """The lane that solves rounds."""
    return solver.Lane("round", store, solves.Still(), Event())


def a_round_of_one_with_two_places(store: Store, monkeypatch: pytest.MonkeyPatch) -> UUID:
    """A request of 40 is drafted in a slot of 60 seats; another, of 40, on the same day would do as well."""
    with store.transaction() as conn:
        round_id = solves.a_closed_round(conn)
        conn.execute(
            "delete from known_request where id = (select id from known_request order by id limit 1)"
        )
        conn.execute(
            "insert into known_slot"
            " select %s, programme_id, venue_id, organisation_id, starts_at + interval '1 hour',"
            "        ends_at + interval '1 hour', 40, 40, groups_limit, groups_taken, round_id, state,"
            "        version"
            "   from known_slot",
            [new_id()],
        )
    monkeypatch.setattr(solver, "BEAT_SECONDS", 0.05)
    monkeypatch.setattr(solver, "solve", in_the_larger)
    assert a_lane(store).turn()
    return round_id


def in_the_larger(problem: Problem, *_: object, **__: object) -> Solution:
    """A solve that puts the first request into the larger slot."""
    larger = max(problem.slots, key=lambda slot: slot.seats)
    found = openly(problem)
    assert isinstance(found.openly, Solved)
    number = next(n for n, option in enumerate(found.openly.options) if option.legs[0].resource == larger.key)
    its = found.openly
    papers = documents(its.problem, its.options, its.assembled, [number], its.certificate, problem.roads)
    return replace(found, chosen=(its.options[number]._replace(wish=0),), papers=papers)

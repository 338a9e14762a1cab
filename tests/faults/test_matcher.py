"""Matcher and solver killed in the middle of things, owners fallen silent: nothing is lost or doubled."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person, logged_in
from tests.builders.matcher import Json, School
from tests.builders.provider import Provider
from tests.fixtures.stack import poll

pytestmark = [pytest.mark.fault, pytest.mark.timeout(240)]
LEASE_AND_MORE = 60.0


@contextmanager
def frozen(stack: Stack, name: str) -> Iterator[None]:
    """The process stands still: what it is asked waits, and is worked on once it goes on."""
    stack.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill(name, signal.SIGCONT)


def _killed(stack: Stack, name: str) -> None:
    """End a process without warning and wait for its successor."""
    stack.kill(name, signal.SIGKILL)
    stack.wait_healthy(name, 60)


def _taken(museum: Provider, slot: Json) -> int:
    return int(museum.staff.get(f"/slots/{slot['id']}").json()["taken"])


def _events(stack: Stack, match_id: str) -> list[str]:
    with _database(stack) as conn:
        rows = conn.execute("select type from outbox where aggregate_id = %s order by version", [match_id])
        return [row[0] for row in rows]


@contextmanager
def _database(stack: Stack) -> Iterator[psycopg.Connection]:
    with psycopg.connect(stack.environment("operator")["DATABASE_URL"].format(service="matcher")) as conn:
        yield conn


def test_killed_while_holding(
    stack: Stack, coordinator: Person, museum: Provider, school: School, spot: Json
) -> None:
    (slot,) = made.some_slots(museum, spot, seats=30)
    with frozen(stack, "catalog"):
        request = made.ask(school)
        match = made.wait_for_match(coordinator, request, "holding")
        _killed(stack, "matcher")
        assert made.wait_for(coordinator, match["id"], "holding")["legs"][0]["state"] == "wanted"
    confirmed = made.wait_for_match(coordinator, request, "confirmed", deadline=LEASE_AND_MORE)
    assert confirmed["id"] == match["id"]
    assert _taken(museum, slot) == 25
    assert _events(stack, match["id"]).count("match_held") == 1


def test_killed_while_confirming(
    stack: Stack, coordinator: Person, museum: Provider, school: School, spot: Json
) -> None:
    (slot,) = made.some_slots(museum, spot, seats=30, policy="ask")
    request = made.ask(school)
    match = made.wait_for_match(coordinator, request, "offered")
    with frozen(stack, "catalog"):
        answer = museum.staff.post(f"/matches/{match['id']}/answers", {"answer": "accept"})
        assert answer.json()["state"] == "confirming"
        _killed(stack, "matcher")
    confirmed = made.wait_for(coordinator, match["id"], "confirmed", deadline=LEASE_AND_MORE)
    assert [leg["state"] for leg in confirmed["legs"]] == ["reserved"]
    assert _taken(museum, slot) == 25


def test_killed_while_releasing(
    stack: Stack, coordinator: Person, museum: Provider, school: School, spot: Json
) -> None:
    (slot,) = made.some_slots(museum, spot, seats=30, policy="ask")
    request = made.ask(school)
    match = made.wait_for_match(coordinator, request, "offered")
    assert _taken(museum, slot) == 25
    with frozen(stack, "catalog"):
        said = {"answer": "decline", "reason": "设备检修"}
        assert museum.staff.post(f"/matches/{match['id']}/answers", said).json()["state"] == "releasing"
        _killed(stack, "matcher")
    made.wait_for(coordinator, match["id"], "declined", deadline=LEASE_AND_MORE)
    assert _taken(museum, slot) == 0
    assert _events(stack, match["id"])[-2:] == ["match_releasing", "match_declined"]


def test_a_silent_owner_holds_a_match_up_and_loses_nothing(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, school: School, spot: Json
) -> None:
    made.some_slots(museum, spot, seats=30)
    made.an_expert(stack, operator, spot)
    stack.stop("experts")
    try:
        request = made.ask(school, with_expert=True)
        match = made.wait_for_match(coordinator, request, "holding")
        poll(lambda: _failures(stack, match["id"]) >= 1, 30)
        assert made.wait_for(coordinator, match["id"], "holding")["reason_code"] is None
    finally:
        stack.start("experts")
    offered = made.wait_for(coordinator, match["id"], "offered", deadline=LEASE_AND_MORE)
    assert {leg["state"] for leg in offered["legs"]} == {"held"}


def _failures(stack: Stack, match_id: str) -> int:
    """The saga has found the owner silent."""
    with _database(stack) as conn:
        row = conn.execute("select failures from matches where id = %s", [match_id]).fetchone()
    return int(row[0]) if row else 0


# -- the solver


@contextmanager
def _unwritable(stack: Stack) -> Iterator[None]:
    """Nobody can write matches: a solver that has solved waits with its solution in hand."""
    with _database(stack) as conn:
        conn.execute("lock table matches in share mode")
        yield
        conn.rollback()


def _in_hand(coordinator: Person, round_: Json) -> Json:
    """The round's solve, once its solution is being written."""

    def reached() -> Json:
        """The solver is writing."""
        progress: Json = coordinator.get(f"/rounds/{round_['id']}").json()["progress"]
        assert progress is not None, "no job yet"
        assert progress["phase"] == "writing", progress
        return progress

    return poll(reached, 40, 0.2)


def _a_closed_round(coordinator: Person, museum: Provider, school: School, spot: Json) -> tuple[Json, Json]:
    round_ = made.a_round(coordinator)
    made.some_slots(museum, spot, seats=30, round_id=round_["id"])
    request = made.ask_in_round(school, round_)
    assert coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
    return round_, request


def test_a_solver_killed_inside_a_solve_is_followed_by_another(
    stack: Stack, coordinator: Person, museum: Provider, school: School, spot: Json
) -> None:
    round_, _ = _a_closed_round(coordinator, museum, school, spot)
    with _unwritable(stack):
        assert _in_hand(coordinator, round_)["epoch"] == 1
        stack.kill("solver", signal.SIGKILL)
    drawn = made.wait_for_round(coordinator, round_, "drawn_up", LEASE_AND_MORE)
    assert drawn["progress"]["epoch"] == 2
    assert len(coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"]) == 1


def test_a_solver_that_comes_too_late_is_fenced_off(
    stack: Stack, coordinator: Person, museum: Provider, school: School, spot: Json
) -> None:
    round_, request = _a_closed_round(coordinator, museum, school, spot)
    log = stack.settings.logs / "solver.log"
    began = log.stat().st_size
    with _unwritable(stack):
        _in_hand(coordinator, round_)
        stack.kill("solver", signal.SIGSTOP)
        # Its statement, still waiting in PostgreSQL, is given up by lock_timeout, and its claim by the lease.
        poll(lambda: not _waits_for_lock(stack), 20)
    second = stack.spawn_extra("solver", "second")
    try:
        drawn = made.wait_for_round(coordinator, round_, "drawn_up", LEASE_AND_MORE)
        assert drawn["progress"]["epoch"] == 2
        stack.kill("solver", signal.SIGCONT)
        poll(lambda: "solver_fenced_off" in log.read_text()[began:], 30)
    finally:
        stack.kill("solver", signal.SIGCONT)
        second.kill()
    draft = made.wait_for_match(coordinator, request, "proposed")
    rows = coordinator.get(f"/rounds/{round_['id']}/matches").json()["items"]
    assert [row["id"] for row in rows] == [draft["id"]]
    assert made.wait_for_round(coordinator, round_, "drawn_up")["progress"]["epoch"] == 2


def _waits_for_lock(stack: Stack) -> bool:
    """Somebody in matcher's database waits for a table."""
    with _database(stack) as conn:
        row = conn.execute(
            "select count(*) from pg_locks l join pg_stat_activity a using (pid)"
            " where not l.granted and a.application_name = 'solver'"
        ).fetchone()
    return bool(row and row[0])


def test_two_matchers_and_a_kill_of_one_do_nothing_twice(
    stack: Stack, operator: Person, coordinator: Person, museum: Provider, spot: Json
) -> None:
    round_ = made.a_round(coordinator)
    slots = made.some_slots(museum, spot, 3, seats=60, round_id=round_["id"])
    schools = [made.a_school(stack, operator, spot) for _ in range(6)]
    window = made.whole_days(30, 3)
    asked = [made.ask_in_round(school, round_, windows=[window]) for school in schools]
    second = stack.spawn_extra("matcher", "second")
    try:
        made.published(coordinator, round_)
        _killed(stack, "matcher")
        done = [
            made.wait_for_match(coordinator, request, "confirmed", deadline=LEASE_AND_MORE)
            for request in asked
        ]
    finally:
        second.kill()
    assert sum(_taken(museum, slot) for slot in slots) == 150
    for match in done:
        events = _events(stack, match["id"])
        assert len(events) == len(set(events)) == match["version"], events


@pytest.fixture
def travel(stack: Stack) -> Iterator[Stack]:
    """Time may be moved, and comes back."""
    yield stack
    stack.reset_clock()


def test_silence_ends_an_offer_and_the_next_in_line_gets_it(
    travel: Stack, operator: Person, coordinator: Person, museum: Provider, school: School, spot: Json
) -> None:
    (slot,) = made.some_slots(museum, spot, seats=30, policy="ask")
    first = made.ask(school)
    offered = made.wait_for_match(coordinator, first, "offered")
    waiting = made.ask(made.a_school(travel, operator, spot), days=30)
    travel.move_clock(49 * 3600)
    later = logged_in(travel, coordinator.login)
    expired = made.wait_for(later, offered["id"], "expired")
    assert expired["reason_code"] == "offer_expired"
    next_ = made.wait_for_match(later, waiting, "offered", deadline=LEASE_AND_MORE)
    assert next_["legs"][0]["resource_id"] == slot["id"]
    told = later.get(f"/explanations/{first['id']}").json()
    assert [attempt["state"] for attempt in told["attempts"]] == ["expired"]

"""What becomes of a round's solve: finished, stopped, broken, out of memory; on a real database."""

from __future__ import annotations

import gzip
import hashlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from deploy.local.settings import CHECKOUT
from deploy.local.stack import Stack
from schemas.refusal import NotFound
from services.chassis.ids import new_id
from services.chassis.store import Store
from services.matcher import domain, solver
from services.matcher.engine.model import Problem, Progress, Solution
from services.matcher.storage import matches, papers, rounds
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases import views
from services.matcher.usecases.offering import Party
from tests.builders import drafts, solves
from tests.builders.drafts import SOMEBODY
from tests.builders.solves import DUE, Solve
from tests.fixtures.scratch import Scratch
from tests.fixtures.stack import poll

Row = dict[str, Any]
Solved = Callable[[Solve], None]
COORDINATOR = Party(new_id(), new_id(), "coordinator", "150400", None)
TEACHER = Party(new_id(), new_id(), "teacher", "150402", None)


@pytest.fixture
def store(scratch: Scratch) -> Store:
    return scratch("matcher")


@pytest.fixture
def round_id(store: Store) -> UUID:
    with store.transaction() as conn:
        return solves.a_closed_round(conn)


@pytest.fixture
def solved(store: Store, monkeypatch: pytest.MonkeyPatch) -> Solved:
    """Has the waiting job solved in a given way."""
    monkeypatch.setattr(solver, "BEAT_SECONDS", 0.05)
    lane = solver.Lane("round", store, solves.Still(), Event())

    def turn(solve: Solve) -> None:
        monkeypatch.setattr(solver, "solve", solve)
        assert lane.turn()

    return turn


def seen(store: Store, round_id: UUID, party: Party = COORDINATOR, language: str = "en") -> Row:
    """The round as the party reads it."""
    with store.read() as conn:
        return views.read_round(conn, party, round_id=round_id, language=language)


def again(store: Store, round_id: UUID) -> None:
    with store.transaction() as conn:
        lifecycle.solve_again(conn, now=DUE, actor=SOMEBODY, round_id=round_id)


def publish(store: Store, round_id: UUID) -> None:
    with store.transaction() as conn:
        lifecycle.review(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
        lifecycle.publish(conn, now=DUE, actor=SOMEBODY, round_id=round_id)


def paper(store: Store, round_id: UUID, name: str) -> papers.Packed:
    with store.read() as conn:
        return views.read_paper(conn, round_id=round_id, paper=name)


def proposed(store: Store, round_id: UUID) -> list[UUID]:
    """The drafts of the round."""
    with store.read() as conn:
        rows = conn.execute(
            "select id from matches where round_id = %s and state = 'proposed'", [round_id]
        ).fetchall()
    return [row["id"] for row in rows]


# -- finished


def test_a_finished_solve_is_drawn_up_with_its_numbers_and_its_end(
    store: Store, round_id: UUID, solved: Solved
) -> None:
    solved(solves.solving())
    told = seen(store, round_id)
    assert (told["state"], told["value"], told["bound"], told["ended"]) == ("drawn_up", 900, 1000, "limit")
    assert (told["gap"], told["changed_by_hand"], told["failure_text"]) == (0.1, 0, None)
    assert len(proposed(store, round_id)) == 1
    others = seen(store, round_id, TEACHER)
    assert [others[name] for name in ("value", "gap", "ended", "changed_by_hand", "papers")] == [None] * 5


def test_papers_are_nobody_s_until_the_round_is_published_and_then_everybody_s(
    store: Store, round_id: UUID, solved: Solved
) -> None:
    solved(solves.solving())
    assert seen(store, round_id)["papers"] is None, "they hold the seed"
    with pytest.raises(domain.PapersUnpublished):
        paper(store, round_id, "solution")
    publish(store, round_id)
    text = b'{"solution":"first"}'
    found = paper(store, round_id, "solution")
    assert gzip.decompress(found.packed) == text
    assert (found.size, found.sha256) == (len(text), hashlib.sha256(text).hexdigest())
    told = seen(store, round_id, TEACHER)["papers"]
    assert [each["paper"] for each in told] == ["problem", "solution", "certificate"]
    assert told[1]["address"] == f"/api/v1/rounds/{round_id}/papers/solution"
    with pytest.raises(NotFound):
        paper(store, new_id(), "solution")


def test_anybody_may_list_published_rounds_and_no_others(
    store: Store, round_id: UUID, solved: Solved
) -> None:
    solved(solves.solving())
    with store.transaction() as conn:
        solves.a_closed_round(conn)
    publish(store, round_id)
    with store.read() as conn:
        (row,) = views.list_published(conn, after=None, limit=5)
    assert (row["id"], row["ended"], row["changed_by_hand"], len(row["papers"])) == (round_id, "limit", 0, 3)
    assert hashlib.sha256(row["seed"].encode()).hexdigest() == row["seed_hash"]


def test_another_solve_replaces_the_papers_and_one_without_leaves_none(
    store: Store, round_id: UUID, solved: Solved
) -> None:
    solved(solves.solving())
    again(store, round_id)
    solved(solves.solving(papers=solves.papers("second")))
    with store.read() as conn:
        kept = papers.get(conn, round_id, "problem")
    assert kept is not None
    assert gzip.decompress(kept.packed) == b'{"problem":"second"}'
    again(store, round_id)
    solved(solves.solving(papers=None))
    publish(store, round_id)
    assert seen(store, round_id)["papers"] == []
    with pytest.raises(domain.PapersMissing):
        paper(store, round_id, "problem")


def test_what_a_hand_has_moved_is_counted_beside_the_gap(
    store: Store, round_id: UUID, solved: Solved
) -> None:
    solved(solves.solving())
    (draft_id,) = proposed(store, round_id)
    with store.transaction() as conn:
        draft = matches.get(conn, draft_id)
        assert draft is not None
        matches.rewrite_draft(conn, replace(draft, pinned=True, pin_reason="校车当天不开"))
    publish(store, round_id)
    told = seen(store, round_id, TEACHER)
    assert (told["gap"], told["changed_by_hand"]) == (0.1, 1)


# -- stopped


def stopping(store: Store, round_id: UUID, **changes: Any) -> Solve:
    """A solve that a coordinator stops, and that then gives back what it has."""

    def solve(
        problem: Problem,
        _: object,
        report: Callable[[Progress], None],
        stop: Callable[[], bool],
        **__: object,
    ) -> Solution:
        with store.transaction() as conn:
            lifecycle.cancel_solve(conn, now=DUE, round_id=round_id)
        poll(stop, 10, 0.02)
        return solves.found(problem, **{"status": "stopped", **changes})

    return solve


def test_a_stopped_solve_leaves_the_best_plan_so_far_as_the_draft(
    store: Store, round_id: UUID, solved: Solved
) -> None:
    solved(stopping(store, round_id))
    told = seen(store, round_id)
    assert (told["state"], told["ended"], told["gap"]) == ("drawn_up", "stopped", 0.1)
    assert told["progress"]["state"] == "done"
    assert len(proposed(store, round_id)) == 1
    publish(store, round_id)
    assert len(seen(store, round_id)["papers"]) == 3


def test_one_that_ended_by_itself_when_it_was_stopped_says_so(
    store: Store, round_id: UUID, solved: Solved
) -> None:
    solved(stopping(store, round_id, status="optimal", value=1000))
    assert seen(store, round_id)["ended"] == "optimal"


@pytest.mark.parametrize("without", [{"chosen": ()}, {"findings": {}}], ids=["no plan", "half the requests"])
def test_one_that_was_stopped_too_early_leaves_everything_as_it_was(
    store: Store, round_id: UUID, solved: Solved, without: Row
) -> None:
    solved(solves.solving())
    before = proposed(store, round_id)
    again(store, round_id)
    solved(stopping(store, round_id, papers=None, **without))
    told = seen(store, round_id)
    assert (told["state"], told["progress"]["state"]) == ("closed", "cancelled")
    assert proposed(store, round_id) == before
    with store.read() as conn:
        assert len(papers.listed(conn, round_id)) == 3


def test_the_gap_is_told_while_the_search_goes_on(store: Store, round_id: UUID) -> None:
    with store.transaction() as conn:
        job = rounds.claim(conn, kind="round", now=DUE, until=DUE + solver.LEASE)
    assert job is not None
    assert seen(store, round_id)["progress"]["gap"] is None
    progress = Progress("searching", 940, 1000)._asdict()
    with store.transaction() as conn:
        rounds.renew(conn, job_id=job["id"], epoch=1, until=DUE + solver.LEASE, progress=progress)
    assert seen(store, round_id)["progress"]["gap"] == pytest.approx(0.06)


# -- broken


@pytest.fixture
def as_they_were(store: Store, round_id: UUID, solved: Solved) -> Iterator[None]:
    """A draft and an offer that are there before a solve, and unchanged after it."""
    solved(solves.solving())
    with store.transaction() as conn:
        drafts.an_offer(conn)
    before = _everything(store)
    again(store, round_id)
    yield
    assert _everything(store) == before


def _everything(store: Store) -> list[Row]:
    with store.read() as conn:
        return [
            *conn.execute("select * from matches order by id").fetchall(),
            *conn.execute("select * from legs order by id").fetchall(),
            *conn.execute("select * from round_papers order by paper").fetchall(),
        ]


@pytest.mark.usefixtures("as_they_were")
@pytest.mark.parametrize("error", [MemoryError(), RuntimeError("std::bad_alloc")])
def test_a_solve_that_runs_out_of_memory_says_so_in_both_languages(
    store: Store, round_id: UUID, solved: Solved, error: Exception
) -> None:
    solved(solves.breaking(error))
    english, chinese = seen(store, round_id), seen(store, round_id, language="zh")
    assert (english["state"], english["failure"]) == ("failed", "solve_out_of_memory")
    assert "too little memory" in english["failure_text"]
    assert "内存不足" in chinese["failure_text"]
    assert seen(store, round_id, TEACHER)["failure_text"] is None


@pytest.mark.usefixtures("as_they_were")
def test_what_else_breaks_is_told_as_it_is(store: Store, round_id: UUID, solved: Solved) -> None:
    solved(solves.breaking(ValueError("no such place")))
    told = seen(store, round_id)
    assert told["failure"] == told["failure_text"] == "ValueError: no such place"


# The whole process is limited, so it is one of its own; it takes what it gets, for one turn of the lane.
STARVING = """
import os
from threading import Event
from services.chassis.store import connect
from services.matcher import solver
from tests.builders import solves
solver.solve = solves.hungry
store = connect(os.environ["DATABASE_URL"])
solver.limit_memory(1024)
assert solver.Lane("round", store, solves.Still(), Event()).turn()
store.close()
"""


@pytest.mark.usefixtures("as_they_were")
@pytest.mark.slow
def test_a_solver_that_takes_all_the_memory_it_may_have_fails_the_round_and_lives(
    stack: Stack, store: Store, round_id: UUID
) -> None:
    command = [sys.executable, "-W", "ignore", "-c", STARVING]
    variables = {**os.environ, "DATABASE_URL": _address(stack, store)}
    ended = subprocess.run(
        command, cwd=CHECKOUT, env=variables, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    told = seen(store, round_id)
    assert (told["state"], told["failure"]) == ("failed", "solve_out_of_memory")
    assert told["progress"]["state"] == "failed"


def _address(stack: Stack, store: Store) -> str:
    with store.read() as conn:
        row = conn.execute("select current_database() as name").fetchone()
    assert row is not None
    return f"{stack.environment('matcher')['DATABASE_URL'].rsplit('/', 1)[0]}/{row['name']}"


@pytest.mark.usefixtures("as_they_were")
def test_a_round_that_ends_every_solver_is_given_up(store: Store, round_id: UUID, solved: Solved) -> None:
    at = DUE
    for _ in range(4):
        with store.transaction() as conn:
            job = rounds.claim(conn, kind="round", now=at, until=DUE)
            assert job is not None
            lifecycle.begin_solving(conn, now=DUE, round_id=round_id)
            conn.execute("update solve_job set claimed_until = %s", [DUE - solver.LEASE])
    solved(solves.solving())
    told = seen(store, round_id)
    assert (told["state"], told["failure"], told["progress"]["epoch"]) == ("failed", "solver_lost", 5)

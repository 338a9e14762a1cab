"""What a hand has given before a round is solved again counts in the shares of its districts."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from threading import Event
from typing import Any
from uuid import UUID

import pytest

from schemas.http.rounds import RoundDetail
from services.chassis.store import Connection, Store
from services.matcher import domain, solver, verify
from services.matcher.engine.model import Limits, Problem, Solution
from services.matcher.engine.solver import solve
from services.matcher.storage import papers
from services.matcher.usecases import rounds as lifecycle
from services.matcher.usecases import views
from services.matcher.usecases.drafting import Wanted
from tests.builders import facts, solves
from tests.builders.drafts import SOMEBODY
from tests.builders.solves import DUE, keep
from tests.integration.matcher.test_by_hand import CITY, draft, later, move, round_id, store
from tests.integration.matcher.test_what_if import ask, read

__all__ = ["draft", "later", "round_id", "store"]
Row = dict[str, Any]


def _with_papers(problem: Problem, *_: object, **__: object) -> Solution:
    return solve(problem, Limits(10.0), lambda _: None, lambda: False, with_papers=True)


@pytest.fixture
def turn(store: Store, round_id: UUID, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], bool]:
    """Lets a lane of the solver take one job and see it through, papers and all; whether there was one."""
    monkeypatch.setattr(solver, "solve", _with_papers)
    lanes = {"round": solver.Lane, "what_if": solver.WhatIfLane}
    return lambda kind: lanes[kind](kind, store, solves.Still(), Event()).turn()


def test_the_place_goes_to_the_district_that_has_nothing_since_a_hand_gave_the_other_something(
    store: Store,
    round_id: UUID,
    draft: domain.Match,
    later: Wanted,
    turn: Callable[[str], bool],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """A hand moves Hongshan's 40 pupils; 30 more of Hongshan and 20 of Linxi want the place that they had.

    Ten of Linxi asked for a morning that is over, and count as well; who has withdrawn does not.
    With what is beside the solve left out (`pool.beside` answering nothing) both districts seemed to have
    nothing, the larger group was worth more, and Hongshan had 70 of 70 pupils served, Linxi none of 20.
    """
    with store.transaction() as conn:
        conn.execute("update rounds set policy = '{\"fairness\": 100}'")
        conn.execute("update known_request set group_size = 20 where adcode = '150424'")
        _too_late(conn, round_id, 10)
        _too_late(conn, round_id, 90, state="withdrawn")
    move(store, draft, later)
    with store.transaction() as conn:
        lifecycle.solve_again(conn, now=DUE, actor=SOMEBODY, round_id=round_id)
    assert turn("round")
    assert _shares(store, round_id) == {"150402": (70, 40, 40), "150424": (30, 0, 20)}
    said = _verified(store, round_id, tmp_path, capsys)
    assert said.startswith("true: 1 of 2 requests served")
    assert "lowest district 57.1 %, fair plan 57.1 %" in said
    asked = ask(store, round_id, {"kind": "demand", "factor": 1})
    assert turn("what_if")
    assert _districts(read(store, asked)) == {"150402": (1, 0), "150424": (1, 1)}


def _too_late(conn: Connection, round_id: UUID, people: int, **changes: Any) -> None:
    """A request of Linxi whose only morning is over."""
    windows = [{"starts_at": facts.iso(DUE - timedelta(hours=4)), "ends_at": facts.iso(DUE)}]
    its: Row = {"round_id": str(round_id), "windows": windows, "group_size": people, **changes}
    keep(conn, "request", facts.request(facts.school("第四小学", "150424"), **its))


def _shares(store: Store, round_id: UUID) -> dict[str, tuple[int, int, int]]:
    """By district, as its coordinator reads it: the people who ask, those served before, and those served."""
    with store.read() as conn:
        told = RoundDetail().dump(views.read_round(conn, CITY, round_id=round_id, language="zh"))
    assert told["fairness"]["lowest"] == pytest.approx(40 / 70)
    groups = [group for group in told["fairness"]["groups"] if group["township"] is None]
    return {group["adcode"]: (group["demand"], group["already"], group["served"]) for group in groups}


def _verified(store: Store, round_id: UUID, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What a stranger's program says of the papers."""
    files = [folder / f"{name}.json" for name in papers.NAMES]
    with store.read() as conn:
        for name, file in zip(papers.NAMES, files, strict=True):
            paper = papers.get(conn, round_id, name)
            assert paper is not None
            file.write_bytes(gzip.decompress(paper.packed))
    capsys.readouterr()
    assert verify.main([str(file) for file in files]) == 0
    return capsys.readouterr().out


def _districts(told: Row) -> dict[str, tuple[int, int]]:
    """By district: the requests that the copy decides, and those that it serves."""
    rows = told["result"]["districts"]
    return {row["adcode"]: (row["base"]["requests"], row["base"]["served"]) for row in rows}

"""The verifier on rounds in which small groups come together: what holds, and lies that are named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.matcher import verify
from services.matcher.engine.model import Limits
from services.matcher.engine.solver import solve
from tests.builders import papers, problems

Bend = Callable[[papers.Paper, papers.Paper, papers.Paper], object]
SIZE = problems.Size(wishes=9, units=0, experts=1, companies=True)
SEED = 4


def published(seed: int, fairness: int) -> papers.Papers:
    """What the engine publishes of a seeded problem."""
    problem = replace(problems.problem(seed, SIZE), fairness=fairness)
    solution = solve(problem, Limits(10.0), lambda _: None, lambda: False, with_papers=True)
    assert solution.papers is not None
    return {name: json.loads(paper) for name, paper in solution.papers._asdict().items()}


@pytest.fixture(scope="module")
def honest() -> papers.Papers:
    """A fair round with companies, of which one is chosen."""
    found = published(SEED, 80)
    together = {one for one, _ in found["problem"]["companies"]["options"]}
    assert together & set(found["solution"]["chosen"])
    return found


def said(written: papers.Papers, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    """What the verifier prints."""
    verify.main(papers.write(papers.linked(written), folder))
    return capsys.readouterr().out


@pytest.mark.parametrize("fairness", [0, 80])
@pytest.mark.parametrize("seed", range(6))
def test_what_the_engine_publishes_holds(
    seed: int, fairness: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said(published(seed, fairness), tmp_path, capsys).startswith("true")


def test_all_who_come_together_are_counted_as_served(
    honest: papers.Papers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    beside = dict(honest["problem"]["companies"]["options"])
    served = sum(1 + len(beside.get(one, ())) for one in honest["solution"]["chosen"])
    assert said(copy.deepcopy(honest), tmp_path, capsys).startswith(f"true: {served} of 9")


# -- planted lies


def _company(problem: papers.Paper, plan: papers.Paper) -> list[Any]:
    """One that is in the plan."""
    rows: list[list[Any]] = problem["companies"]["options"]
    return next(row for row in rows if row[0] in plan["chosen"])


def _beside(change: Callable[[list[Any], papers.Paper], object]) -> Bend:
    """Change who comes beside the first in a chosen company."""
    return lambda problem, plan, _: change(_company(problem, plan), problem)


def _told(name: str, change: Callable[[list[Any]], object]) -> Bend:
    return lambda problem, _, __: change(problem["companies"][name])


def _serve_a_member_again(problem: papers.Paper, plan: papers.Paper, _: papers.Paper) -> None:
    """Another option that serves somebody of a chosen company, beside it."""
    one, beside = _company(problem, plan)
    again = next(
        number
        for number, others in problem["companies"]["options"]
        if number != one and set(others) & set(beside)
    )
    plan["chosen"] = [one, again]


def _understate_a_size(problem: papers.Paper, plan: papers.Paper, _: papers.Paper) -> None:
    one, beside = _company(problem, plan)
    sizes = problem["companies"]["sizes"]
    next(row for row in sizes if row[0] == beside[0])[1] -= 1
    problem["options"][one][2][0][5] -= 1


def _count_one_less(problem: papers.Paper, plan: papers.Paper, _: papers.Paper) -> None:
    """The leg says fewer than come."""
    problem["options"][_company(problem, plan)[0]][2][0][5] -= 1


def _add_a_leg(problem: papers.Paper, plan: papers.Paper, _: papers.Paper) -> None:
    legs = problem["options"][_company(problem, plan)[0]][2]
    legs.append([legs[0][0], (legs[0][1] + 1) % len(problem["slots"]), *legs[0][2:]])


def _leave_out_a_price(problem: papers.Paper, plan: papers.Paper, proof: papers.Paper) -> None:
    """As if a company paid for its first request only: then the bound would be lower."""
    for _, others in problem["companies"]["options"]:
        for wish in others:
            proof["requests"][wish] = 0
    proof["bound"] = plan["value"] * proof["scale"]


LIES: list[tuple[str, str, Bend]] = [
    ("wish_twice", "a member served twice", _serve_a_member_again),
    ("size_disagrees", "a member's size understated", _understate_a_size),
    ("company_miscounted", "fewer than come", _count_one_less),
    ("company_miscounted", "a member who is not counted", _beside(lambda row, _: row[1].pop())),
    ("below_minimum", "a company below the minimum",
     lambda problem, _, __: [row.__setitem__(1, 500) for row in problem["companies"]["least"]]),
    ("company_place", "nobody beside", _beside(lambda row, _: row.__setitem__(1, []))),
    ("company_place", "in two places", _add_a_leg),
    ("member_twice", "the first once more",
     _beside(lambda row, problem: row[1].append(problem["options"][row[0]][0]))),
    ("number_unknown", "somebody of no size", _told("sizes", lambda rows: rows.clear())),
    ("number_unknown", "an option that there is not", _told("options", lambda rows: rows.append([999, [0]]))),
    ("number_unknown", "the size of nobody", _told("sizes", lambda rows: rows.append([10**6, 9]))),
    ("number_unknown", "the least of no slot", _told("least", lambda rows: rows.append([10**6, 9]))),
    ("stated_twice", "a company twice", _told("options", lambda rows: rows.append(rows[0]))),
    ("stated_twice", "a size twice", _told("sizes", lambda rows: rows.append(rows[0]))),
    ("value_wrong", "a company's worth twice",
     lambda _, plan, __: plan.update(value=plan["value"] + 1)),
    ("knapsack_understated", "prices that are not paid", _leave_out_a_price),
    ("key_missing", "companies of no size", lambda problem, _, __: problem["companies"].pop("sizes")),
]  # fmt: skip


@pytest.mark.parametrize(
    ("code", "bend"), [pytest.param(code, bend, id=f"{code}: {lie}") for code, lie, bend in LIES]
)
def test_a_planted_lie_about_a_company_is_named(
    code: str, bend: Bend, honest: papers.Papers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bent = copy.deepcopy(honest)
    bend(*(bent[name] for name in papers.NAMES))
    assert said(bent, tmp_path, capsys).startswith(f"false: {code}:")


def test_who_comes_alone_is_held_to_the_minimum_too(
    honest: papers.Papers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Where a slot's least number is stated no option may bring fewer; and that is said in Chinese too."""
    bent = copy.deepcopy(honest)
    one, _ = _company(bent["problem"], bent["solution"])
    bent["problem"]["options"][one][2][0][5] = 1
    bent["problem"]["companies"]["options"] = []
    told = said(bent, tmp_path, capsys)
    assert told.startswith("false: below_minimum:")
    assert "至少" in told

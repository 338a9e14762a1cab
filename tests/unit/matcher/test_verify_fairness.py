"""The verifier on fair rounds: what the engine publishes holds, and lies about fairness are named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.matcher import verify
from services.matcher.engine.model import Already, Limits, Problem
from services.matcher.engine.season import season
from services.matcher.engine.solver import solve
from services.matcher.roads import RegionRoads
from tests.builders import papers

Bend = Callable[[papers.Paper, papers.Paper, papers.Paper], object]


def _published(problem: Problem) -> papers.Papers:
    """What the engine publishes of it, if nine tenths of the fair plan are to be kept."""
    limits = Limits(seconds=1, threads=1)
    fair = replace(problem, fairness=90)
    solution = solve(fair, limits, lambda _: None, lambda: False, with_papers=True)
    assert solution.papers is not None
    return {name: json.loads(paper) for name, paper in solution.papers._asdict().items()}


@pytest.fixture(scope="module")
def honest() -> papers.Papers:
    """Of a season in which fairness costs something; in two townships and elsewhere some have something."""
    problem = season(120, 7, RegionRoads())
    one, other = problem.wishes[0], problem.wishes[-1]
    already = (
        Already(one.area, one.township, 300, 300),
        Already(other.area, other.township, 200, 50),
        Already("150499", "", 80, 80),
    )
    return _published(replace(problem, already=already))


def _said(written: papers.Papers, folder: Path, capsys: pytest.CaptureFixture[str]) -> str:
    code = verify.main(papers.write(papers.linked(written), folder))
    said = capsys.readouterr().out
    assert said.startswith("true" if code == 0 else "false")
    return said


def test_a_fair_round_holds_and_its_lowest_district_is_told(
    honest: papers.Papers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    said = _said(copy.deepcopy(honest), tmp_path, capsys)
    assert said.startswith("true")
    assert "lowest district" in said
    assert "none above" in said


def test_papers_from_before_anything_beside_the_requests_was_counted_still_hold(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = _published(season(60, 7, RegionRoads()))
    assert "already" not in old["problem"]["fairness"]
    del old["solution"]["groups"]
    assert _said(old, tmp_path, capsys).startswith("true")


def test_who_has_something_already_is_counted_in_what_is_told(honest: papers.Papers) -> None:
    told, fairness = honest["solution"]["groups"], honest["problem"]["fairness"]
    served, asked = (sum(each[at] for each in told[: fairness["districts"]]) for at in (0, 1))
    wishes = {honest["problem"]["options"][one][0] for one in honest["solution"]["chosen"]}
    assert asked == 580 + sum(size for size, *_ in fairness["wishes"])
    assert served == 430 + sum(fairness["wishes"][wish][0] for wish in wishes)


def _unserve_a_township(problem: papers.Paper, plan: papers.Paper, _: papers.Paper) -> None:
    """Leave everybody out who is in the township of the first who is served."""
    options, groups = problem["options"], problem["fairness"]["wishes"]
    town = groups[options[plan["chosen"][0]][0]][2]
    plan["chosen"] = [one for one in plan["chosen"] if groups[options[one][0]][2] != town]
    plan["value"] = sum(options[one][1] for one in plan["chosen"])


def _ceiling(change: Callable[[dict[str, Any]], object]) -> Bend:
    return lambda _, __, proof: change(proof["ceilings"][0])


def _beside(row: int, column: int, by: int) -> Bend:
    """Someone has something who has not, or the other way round."""

    def bend(problem: papers.Paper, _: papers.Paper, __: papers.Paper) -> None:
        problem["fairness"]["already"][row][column] += by

    return bend


def _told(column: int) -> Bend:
    """A share is a person higher than it is told of, or of a person more."""

    def bend(_: papers.Paper, plan: papers.Paper, __: papers.Paper) -> None:
        plan["groups"][-1][column] += 1

    return bend


def _no_fairness_but_shares(problem: papers.Paper, plan: papers.Paper, _: papers.Paper) -> None:
    del problem["fairness"], plan["fair"]


def _less(ceiling: dict[str, Any]) -> None:
    ceiling["requests"][0] = -1


LIES: list[tuple[str, str, Bend]] = [
    ("floor_missed", "a township left behind", _unserve_a_township),
    ("lift_negative", "a lift below nothing", lambda _, __, proof: proof["lifts"].__setitem__(0, -1)),
    ("wrong_length", "a lift too few", lambda _, __, proof: proof["lifts"].pop()),
    ("fairness_unasked", "no fair plan", lambda _, plan, __: plan.pop("fair")),
    ("fairness_unasked", "no lifts", lambda _, __, proof: proof.pop("lifts")),
    ("fairness_unasked", "no ceilings", lambda _, __, proof: proof.pop("ceilings")),
    ("fairness_unasked", "fairness that was not asked for", lambda problem, _, __: problem.pop("fairness")),
    ("option_unknown", "a fair plan of what there is not", lambda _, plan, __: plan["fair"].append(10**6)),
    ("wish_twice", "a fair plan that serves twice", lambda p, plan, __: plan["fair"].append(_other(p, plan))),
    ("bound_understated", "a ceiling too low", _ceiling(lambda each: each.update(bound=each["bound"] - 1))),
    ("request_price_negative", "a ceiling of negative prices", _ceiling(_less)),
    ("number_unknown", "a ceiling over nobody", _ceiling(lambda each: each.update(districts=[]))),
    ("number_unknown", "a district among townships", lambda p, _, __: p["fairness"].update(districts=0)),
    ("out_of_range", "fewer served already than nobody", _beside(0, 1, -1000)),
    ("already_exceeded", "more served already than asked", _beside(0, 1, 1)),
    ("number_unknown", "somebody already of a district that there is not", _beside(0, 2, 1000)),
    ("share_wrong", "served already and not told", _beside(1, 1, 1)),
    ("share_wrong", "asked already and not told", _beside(1, 0, 1)),
    ("share_wrong", "a share too high", _told(0)),
    ("share_wrong", "a share of too many", _told(1)),
    ("wrong_length", "a share too few", lambda _, plan, __: plan["groups"].pop()),
    ("fairness_unasked", "shares that nobody asked for", _no_fairness_but_shares),
    ("wrong_length", "a request without a group", lambda p, _, __: p["fairness"]["wishes"].pop()),
]  # fmt: skip


def _other(problem: papers.Paper, plan: papers.Paper) -> int:
    """Another option of a wish that the fair plan serves."""
    served = {problem["options"][one][0] for one in plan["fair"]}
    others = (at for at, (wish, *_) in enumerate(problem["options"]) if wish in served)
    return next(at for at in others if at not in plan["fair"])


@pytest.mark.parametrize(
    ("code", "bend"), [pytest.param(code, bend, id=f"{code}: {lie}") for code, lie, bend in LIES]
)
def test_a_planted_lie_about_fairness_is_named(
    code: str, bend: Bend, honest: papers.Papers, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    bent = copy.deepcopy(honest)
    bend(*(bent[name] for name in papers.NAMES))
    assert _said(bent, tmp_path, capsys).startswith(f"false: {code}:")

"""The verifier on groups in parts: what the engine publishes holds, and whatever is bent in it is named."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from services.matcher import verify
from services.matcher.engine.model import Limits, Problem
from services.matcher.engine.solver import solve
from tests.builders import papers, problems

SIZE = problems.Size(wishes=8, slots=8, experts=1, units=1, days=3, splits=True, pools=True)
Said = Callable[[papers.Papers], tuple[int, str]]
TRUE = (0, "true")
Bend = Callable[[papers.Paper], object]


@pytest.fixture
def said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Said:
    """What the verifier says of papers: its exit code, and its first words."""

    def run(written: papers.Papers) -> tuple[int, str]:
        code = verify.main(papers.write(written, tmp_path))
        return code, ":".join(capsys.readouterr().out.split(":")[: code + 1]).replace(" ", "")

    return run


def parted() -> papers.Papers:
    """The small world in which request 8 may also come in two parts to the two slots, on Wednesday."""
    found = copy.deepcopy(papers.small())
    problem = found["problem"]
    problem["splits"] = {"span": 240, "parts": 4, "wishes": [[8, 45]], "slots": [[0, 10, 40], [1, 10, 25]]}
    start, end = papers.at(2, 14), papers.at(2, 15.5)
    legs = [[0, slot, start, end, start, size, 0] for slot, size in ((0, 23), (1, 22))]
    problem["options"].append([8, 520, legs])
    proof = found["certificate"]
    prices = proof["requests"], proof["caps"], proof["pools"]
    return papers.papers(problem, found["solution"]["chosen"], "a seed", *prices)


def bent(bend: Bend) -> papers.Papers:
    """The same with something bent in the problem, and the papers then made to name one another again."""
    found = parted()
    bend(found["problem"])
    return papers.linked(found)


def _published(problem: Problem) -> papers.Papers:
    solution = solve(problem, Limits(10.0), lambda _: None, lambda: False, with_papers=True)
    assert solution.papers is not None
    return {name: json.loads(getattr(solution.papers, name)) for name in papers.NAMES}


@pytest.mark.parametrize("fairness", [0, 80])
@pytest.mark.parametrize("seed", range(6))
def test_what_the_engine_publishes_holds(seed: int, fairness: int, said: Said) -> None:
    problem = replace(problems.problem(seed, SIZE), fairness=fairness)
    places = ("150402", "150403")
    wishes = (replace(each, area=places[n % 2]) for n, each in enumerate(problem.wishes))
    lessons = dict.fromkeys(places, problem.lesson_days[problems.AREA])
    written = _published(replace(problem, wishes=tuple(wishes), lesson_days=lessons))
    assert said(written) == TRUE
    several = [row for row in written["problem"]["options"] if len([leg for leg in row[2] if not leg[0]]) > 1]
    assert ("splits" in written["problem"]) == bool(several)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(100, 500))
def test_what_the_engine_publishes_holds_in_every_case(seed: int, said: Said) -> None:
    assert said(_published(problems.problem(seed, replace(SIZE, pools=seed % 2 == 0)))) == TRUE


@pytest.mark.parametrize("seed", range(8))
def test_any_prices_prove_something_about_parts_too(seed: int, said: Said) -> None:
    problem = problems.problem(seed, SIZE)
    assert said(papers.seeded(seed, problem, papers.options_of(problem))) == TRUE


def test_papers_without_parts_say_nothing_of_them(said: Said) -> None:
    problem = problems.problem(3, replace(SIZE, splits=False))
    assert "splits" not in _published(problem)["problem"]
    assert said(papers.small()) == TRUE


def _leg(number: int, at: int, what: int) -> Bend:
    def bend(problem: papers.Paper) -> None:
        problem["options"][-1][2][number][at] = what

    return bend


def _stated(key: str, what: Any) -> Bend:
    def bend(problem: papers.Paper) -> None:
        problem["splits"][key] = what

    return bend


def _moved(days: int, minutes: int) -> Bend:
    def bend(problem: papers.Paper) -> None:
        leg = problem["options"][-1][2][1]
        leg[2:5] = [each + days * 24 * 60 + minutes for each in leg[2:5]]

    return bend


def _of_two_sizes(problem: papers.Paper) -> None:
    people = [[30, n % 2, 2 + n % 2] for n in range(problem["wishes"])]
    problem["fairness"] = {"policy": 80, "districts": 2, "groups": 4, "wishes": people}


LIES: list[tuple[str, str, Bend]] = [
    ("split_sum", "a pupil left behind", _leg(0, 5, 22)),
    ("split_sum", "a pupil counted twice", _leg(1, 5, 23)),
    ("resource_twice", "two parts in one slot", _leg(1, 1, 0)),
    ("split_part", "a part below the programme's minimum", _stated("slots", [[0, 24, 40], [1, 10, 25]])),
    ("split_part", "a part above its maximum", _stated("slots", [[0, 10, 22], [1, 10, 25]])),
    ("split_place", "parts at two places", _leg(1, 6, 1)),
    ("split_day", "parts on two days", _moved(1, -300)),
    ("split_span", "parts too far apart", _moved(0, 151)),
    ("split_many", "more parts than are allowed", _stated("parts", 1)),
    ("split_unstated", "parts of which nothing is stated", lambda problem: problem.pop("splits")),
    ("split_unstated", "parts of a request that has no size", _stated("wishes", [[7, 45]])),
    ("split_unstated", "parts in a slot that has no bounds", _stated("slots", [[0, 10, 40]])),
    ("split_size", "a request of two sizes", _of_two_sizes),
    ("not_integer", "half an hour", _stated("span", 0.5)),
]


@pytest.mark.parametrize(
    ("code", "bend"), [pytest.param(code, bend, id=f"{code}: {lie}") for code, lie, bend in LIES]
)
def test_a_planted_lie_is_named(code: str, bend: Bend, said: Said) -> None:
    assert said(parted()) == TRUE
    assert said(bent(bend)) == (1, f"false:{code}")


def test_every_code_is_seen() -> None:
    seen = {code for code, _, _ in LIES}
    assert {code for code in verify.FALSE if code.startswith("split_")} <= seen

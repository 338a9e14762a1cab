"""The summary of a run tells every lane's suites against their budgets, and what failed."""

from __future__ import annotations

import json
from pathlib import Path

from deploy.budgets import BUDGETS, summary
from deploy.local.settings import TEST_STACKS
from deploy.testing import LANES, ORDER


def test_every_suite_has_one_place_and_a_budget() -> None:
    assert len(ORDER) == len(set(ORDER)) == sum(map(len, LANES))
    assert set(BUDGETS) == set(ORDER)
    assert len(LANES) == TEST_STACKS


def test_a_summary_adds_up_each_lane_and_names_what_failed_last(tmp_path: Path) -> None:
    first, second = tmp_path / "first.json", tmp_path / "second.json"
    spent = {"unit": BUDGETS["unit"] + 1, "contracts": 1.0}
    first.write_text(json.dumps({"seconds": spent, "tests": {"unit": 5, "contracts": 2}, "failed": []}))
    failed = ["tests/e2e/test_story.py::test_it"]
    second.write_text(json.dumps({"seconds": {"e2e": 3.0}, "tests": {"e2e": 1}, "failed": failed}))
    lines = summary([first, second, tmp_path / "never run"]).splitlines()
    assert [line.split()[0] for line in lines[1:]] == [
        "unit",
        "contracts",
        "together",
        "e2e",
        "together",
        "FAILED",
    ]
    assert ["OVER BUDGET" in line for line in lines[1:3]] == [True, False]
    assert lines[-1] == "FAILED tests/e2e/test_story.py::test_it"

"""How long each suite may take, and the summary of a run: seconds against budgets, and what failed."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

#: Seconds that a suite (a folder below tests/) may take on two cores, beside the other lane's suites. Either
#: lane's together, with two minutes for two stacks to come up and go, stay under 18 minutes.
BUDGETS: Mapping[str, float] = {
    "architecture": 25,
    "unit": 210,
    "contracts": 15,
    "chassis": 210,
    "integration": 620,
    "stack": 90,
    "concurrency": 55,
    "e2e": 130,
    "faults": 470,
}


def summary(files: Sequence[Path]) -> str:
    """One block of lines a lane from what its run counted; a lane that counted nothing is left out."""
    counted = [json.loads(file.read_text()) for file in files if file.exists()]
    failed = [f"FAILED {test}" for lane in counted for test in lane["failed"]]
    return "\n".join(["time by suite", *(line for lane in counted for line in _lane(lane)), *failed])


def _lane(counted: Mapping[str, Any]) -> Iterator[str]:
    for suite, seconds in counted["seconds"].items():
        yield _line(suite, counted["tests"][suite], seconds)
    tests, seconds = sum(counted["tests"].values()), sum(counted["seconds"].values())
    yield f"{'together':<14} {tests:>5} tests {seconds:>7.1f} s"


def _line(suite: str, tests: int, seconds: float) -> str:
    budget = BUDGETS.get(suite)
    if budget is None:
        return f"{suite:<14} {tests:>5} tests {seconds:>7.1f} s  (no budget)"
    verdict = "" if seconds <= budget else "  OVER BUDGET"
    return f"{suite:<14} {tests:>5} tests {seconds:>7.1f} s of {budget:>5.0f} s{verdict}"

"""A pytest plugin: how long each suite took against the time it may take, printed after a run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

#: Seconds that a suite (a folder below tests/) may take on two cores; together under 20 minutes with set-up.
BUDGETS: Mapping[str, float] = {
    "architecture": 15,
    "unit": 75,
    "contracts": 10,
    "stack": 70,
    "chassis": 155,
    "integration": 290,
    "concurrency": 60,
    "e2e": 90,
    "faults": 425,
}


@dataclass
class _Spent:
    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)

    def add(self, suite: str, seconds: float, finished: bool) -> None:
        self.seconds[suite] = self.seconds.get(suite, 0.0) + seconds
        self.tests[suite] = self.tests.get(suite, 0) + finished


_SPENT = pytest.StashKey[_Spent]()


def pytest_configure(config: pytest.Config) -> None:
    """Begin counting."""
    config.stash[_SPENT] = _Spent()
    config.pluginmanager.register(_Counter(config.stash[_SPENT]))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line a suite: tests, seconds, budget."""
    spent = terminalreporter.config.stash[_SPENT]
    if not spent.seconds:
        return
    terminalreporter.section("time by suite")
    for suite, seconds in spent.seconds.items():
        terminalreporter.line(_line(suite, spent.tests[suite], seconds))


class _Counter:
    def __init__(self, spent: _Spent) -> None:
        self._spent = spent

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up and clean-up count as well as the test itself."""
        parts = Path(report.nodeid.split("::")[0]).parts
        suite = parts[1] if len(parts) > 2 else "tests"
        self._spent.add(suite, report.duration, report.when == "call")


def _line(suite: str, tests: int, seconds: float) -> str:
    budget = BUDGETS.get(suite)
    if budget is None:
        return f"{suite:<14} {tests:>5} tests {seconds:>7.1f} s  (no budget)"
    verdict = "" if seconds <= budget else "  OVER BUDGET"
    return f"{suite:<14} {tests:>5} tests {seconds:>7.1f} s of {budget:>5.0f} s{verdict}"

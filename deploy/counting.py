"""A pytest plugin: writes how long each suite took and what failed, for the summary of a run."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest


@dataclass
class _Counted:
    seconds: dict[str, float] = field(default_factory=dict)
    tests: dict[str, int] = field(default_factory=dict)
    failed: list[str] = field(default_factory=list)

    def add(self, suite: str, report: pytest.TestReport) -> None:
        self.seconds[suite] = self.seconds.get(suite, 0.0) + report.duration
        self.tests[suite] = self.tests.get(suite, 0) + (report.when == "call")
        if report.failed and report.nodeid not in self.failed:
            self.failed.append(report.nodeid)


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--results` names the file (JSON: seconds and tests by suite, the ids of what failed)."""
    parser.addoption(
        "--results", type=Path, required=True, metavar="FILE", help="where to write what was counted"
    )


def pytest_configure(config: pytest.Config) -> None:
    """Begin counting."""
    config.pluginmanager.register(_Counter(config.getoption("--results")))


class _Counter:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._counted = _Counted()

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Set-up and clean-up count as well as the test itself."""
        parts = Path(report.nodeid.split("::")[0]).parts
        self._counted.add(parts[1] if len(parts) > 2 else "tests", report)

    def pytest_sessionfinish(self) -> None:
        """Interrupted or not."""
        self._file.write_text(json.dumps(asdict(self._counted)))

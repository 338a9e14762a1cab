"""One phase of arrivals: Locust in a process of its own, and what it measured."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from loadtests import ground
from loadtests.ground import Ground

_FILE = Path(__file__).with_name("locustfile.py")
_SLACK_SECONDS = 120
_WHOLE = "Aggregated"


@dataclass(frozen=True)
class Endpoint:
    """One kind of call: how many, how many went wrong, and percentiles in milliseconds."""

    name: str
    calls: int
    failures: int
    p50: float
    p95: float
    p99: float


@dataclass(frozen=True)
class Measured:
    """A phase: its endpoints by name, and what went wrong in words (kind of failure -> how often)."""

    endpoints: dict[str, Endpoint]
    errors: dict[str, int]

    @property
    def calls(self) -> int:
        return sum(each.calls for each in self.endpoints.values())


def run(there: Ground) -> Measured:
    """Lets people come for `there.seconds`; RuntimeError if Locust itself breaks off."""
    with tempfile.TemporaryDirectory(prefix="keqiao-load-") as folder:
        place = Path(folder)
        there.write(place / "ground.json")
        _locust(place, there.seconds)
        return Measured(_endpoints(place / "load_stats.csv"), _errors(place / "load_failures.csv"))


def _locust(place: Path, seconds: float) -> None:
    command = [sys.executable, "-m", "locust", "-f", str(_FILE), "--headless", "--users", "1"]
    options = [
        "--csv",
        str(place / "load"),
        "--only-summary",
        "--exit-code-on-error",
        "0",
        "--loglevel",
        "ERROR",
    ]
    variables = {**os.environ, ground.VARIABLE: str(place / "ground.json")}
    result = subprocess.run(
        [*command, *options, "--run-time", f"{seconds + _SLACK_SECONDS:.0f}s"],
        env={**variables, "PYTHONPATH": str(_FILE.parents[1])},
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode or not (place / "load_stats.csv").exists():
        raise RuntimeError(f"locust ended with {result.returncode}: {result.stderr[-2000:]}")


def _endpoints(path: Path) -> dict[str, Endpoint]:
    rows = [row for row in _rows(path) if row["Name"] != _WHOLE]
    return {row["Name"]: _endpoint(row) for row in rows}


def _endpoint(row: dict[str, str]) -> Endpoint:
    p50, p95, p99 = (float(row[share]) for share in ("50%", "95%", "99%"))
    return Endpoint(row["Name"], int(row["Request Count"]), int(row["Failure Count"]), p50, p95, p99)


def _errors(path: Path) -> dict[str, int]:
    return {f"{row['Name']}: {row['Error']}": int(row["Occurrences"]) for row in _rows(path)}


def _rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as lines:
        return list(csv.DictReader(lines))

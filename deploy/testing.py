"""Runs the tests on stacks of their own: set-up, suites in two lanes, one summary; for `make test` and CI."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from deploy import budgets
from deploy.lane import results
from deploy.local import setup
from deploy.local.progress import StackError, say
from deploy.local.servers import ours
from deploy.local.settings import TEST_STACKS, Settings, for_tests
from deploy.local.stack import Stack

#: Each lane's suites run one after another on a stack of its own, beside the other lane's: much of their time
#: is waiting. Both take about as long. Cheap and pure first. What stops and kills parts of a stack is last in
#: its lane, when what measures how long something takes is over there.
LANES = (
    ("architecture", "unit", "contracts", "integration"),
    ("chassis", "concurrency", "e2e", "stack", "faults"),
)
ORDER = tuple(suite for lane in LANES for suite in lane)
_LOOK_SECONDS = 0.2


@dataclass(frozen=True)
class Lane:
    """Suites and the stack that they run on."""

    settings: Settings
    suites: tuple[str, ...]

    @property
    def log(self) -> Path:
        """What the lane says while another one has the terminal."""
        return self.settings.state / "run.log"

    def start(self, arguments: Sequence[str], aloud: bool) -> subprocess.Popen[bytes]:
        """Run it, on this terminal or into its log."""
        if aloud:
            return self._process(arguments)
        with self.log.open("wb") as log:
            return self._process(arguments, log)

    def _process(self, arguments: Sequence[str], log: BinaryIO | None = None) -> subprocess.Popen[bytes]:
        place = {
            "KEQIAO_TEST_STATE": str(self.settings.state),
            "KEQIAO_TEST_PORT_BASE": str(self.settings.port_base),
        }
        return subprocess.Popen(
            [sys.executable, "-m", "deploy.lane", *arguments, *self.suites],
            cwd=self.settings.checkout,
            env={**os.environ, **place},
            stdout=log,
            stderr=log,
        )


def main() -> int:
    """Exit code 0 only if every suite passed and each lane ran at least one test."""
    options = _parse()
    began = time.monotonic()
    try:
        _check_order()
        setup.run(for_tests(), tests=True)
        lanes = _lanes(options)
        _clear_ground()
    except StackError as error:
        say(f"failed: {error}")
        return 1
    failed = _run(lanes, [name for name in ("--prove", "--keep") if getattr(options, name.strip("-"))])
    print(budgets.summary([results(lane.settings) for lane in lanes]), flush=True)
    for lane in failed:
        say(f"tests: FAILED among {', '.join(lane.suites)}")
    say(f"tests: {'FAILED' if failed else 'passed'}, {time.monotonic() - began:.0f} s with set-up")
    return 1 if failed else 0


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.testing", description=__doc__)
    parser.add_argument("--prove", action="store_true", help="the full depth instead of seeded samples")
    parser.add_argument("--keep", action="store_true", help="leave the test stacks up")
    parser.add_argument("--one-by-one", action="store_true", help="all on one stack, none beside another")
    parser.add_argument("suites", nargs="*", metavar="suite", help=f"only these of {', '.join(ORDER)}")
    return parser.parse_args()


def _lanes(options: argparse.Namespace) -> list[Lane]:
    """The lanes that have something to run; the full depth takes the whole machine, so one by one."""
    wanted = options.suites or [name for name in ORDER if _has_tests(name)]
    unknown = sorted(set(wanted) - set(ORDER))
    if unknown:
        raise StackError(f"no such suites: {', '.join(unknown)}; known: {', '.join(ORDER)}")
    split = (ORDER,) if options.one_by_one or options.prove else LANES
    chosen = [tuple(name for name in lane if name in wanted) for lane in split]
    return [Lane(for_tests(beside=n), suites) for n, suites in enumerate(filter(None, chosen))]


def _clear_ground() -> None:
    """End what an interrupted run left, also in a lane that this run does not use."""
    for n in range(TEST_STACKS):
        settings = for_tests(beside=n)
        if settings.state.exists():
            Stack(settings).down()
        settings.state.mkdir(parents=True, exist_ok=True)


def _run(lanes: Sequence[Lane], arguments: Sequence[str]) -> list[Lane]:
    """The lanes that failed. The first one talks here; what the others said follows, each whole."""
    for lane in lanes[1:]:
        say(f"tests: {' '.join(lane.suites)} meanwhile, told afterwards; now in {lane.log}")
    compiling = ours.begin_compiling(lanes[0].settings)
    processes = [lane.start(arguments, aloud=lane is lanes[0]) for lane in lanes]
    try:
        processes[0].wait()
        for lane, process in zip(lanes[1:], processes[1:], strict=True):
            _follow(lane.log, process)
    finally:
        statuses = [process.wait() for process in processes]  # interrupted, they still take their stacks down
        compiling.wait()
    return [lane for lane, status in zip(lanes, statuses, strict=True) if status != 0]


def _follow(log: Path, process: subprocess.Popen[bytes]) -> None:
    """Print what a lane has said, and what it says until it ends."""
    with log.open("rb") as said:
        while True:
            ended = process.poll() is not None
            while text := said.read(65536):
                sys.stdout.buffer.write(text)
                sys.stdout.flush()
            if ended:
                return
            time.sleep(_LOOK_SECONDS)


def _check_order() -> None:
    folders = {path.name for path in _tests().iterdir() if path.is_dir()}
    forgotten = sorted(name for name in folders - set(ORDER) if _has_tests(name))
    if forgotten:
        raise StackError(f"suites without a place in deploy/testing.py's LANES: {', '.join(forgotten)}")


def _has_tests(suite: str) -> bool:
    return any((_tests() / suite).rglob("test_*.py"))


def _tests() -> Path:
    return for_tests().checkout / "tests"


if __name__ == "__main__":
    sys.exit(main())

"""Runs some suites one after another on one test stack: up, pytest, down; what a lane of `make test` is."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from deploy.local.progress import StackError, say
from deploy.local.settings import Settings, for_tests
from deploy.local.stack import Stack

_NO_TESTS = 5
# A thousand enumerated cases are one test: what would be a hang elsewhere is work there.
_PROVING_SECONDS = 3600


def main() -> int:
    """Exit code 0 only if every suite passed and at least one test ran."""
    options = _parse()
    settings = for_tests()
    results(settings).unlink(missing_ok=True)
    try:
        return _with_stack(settings, options)
    except StackError as error:
        say(f"failed: {error}")
        return 1


def results(settings: Settings) -> Path:
    """Where a run on this stack leaves its seconds by suite and what failed, for the summary (JSON)."""
    return settings.state / "results.json"


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.lane", description=__doc__)
    parser.add_argument("--prove", action="store_true", help="the full depth instead of seeded samples")
    parser.add_argument("--keep", action="store_true", help="leave the test stack up")
    parser.add_argument("suites", nargs="+", help="folders below tests/")
    return parser.parse_args()


def _with_stack(settings: Settings, options: argparse.Namespace) -> int:
    stack = Stack(settings)
    stack.down()  # what an interrupted run left, with its clock and its data
    stack.reset_clock()
    try:
        stack.up()
        return _run(settings, options)
    finally:
        if not options.keep:
            stack.down()


def _run(settings: Settings, options: argparse.Namespace) -> int:
    folders = [f"tests/{name}" for name in options.suites]
    depth = "prove" if options.prove else "sample"
    command = [str(settings.venv / "bin/python"), "-m", "pytest", *_arguments(settings, options), *folders]
    variables = {
        **os.environ,
        "KEQIAO_TEST_DEPTH": depth,
        "NUMBA_CACHE_DIR": str(settings.compiled),
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    say(f"tests: {' '.join(folders)} ({depth})")
    status = subprocess.run(command, cwd=settings.checkout, env=variables, check=False).returncode
    return 1 if status == _NO_TESTS else status


def _arguments(settings: Settings, options: argparse.Namespace) -> list[str]:
    """The cache is the lane's own, because two that write one lose what the other has written."""
    own = ["-o", f"cache_dir={settings.state / 'pytest_cache'}", f"--results={results(settings)}"]
    depth = ["-o", f"timeout={_PROVING_SECONDS}"] if options.prove else ["-m", "not slow"]
    return ["-p", "deploy.counting", *own, *depth]


if __name__ == "__main__":
    sys.exit(main())

"""Runs the tests on a stack of their own: set-up, suites in order, clean-up; what `make test` and CI call."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import time

from deploy.local import setup
from deploy.local.progress import StackError, say
from deploy.local.settings import Settings, for_tests
from deploy.local.stack import Stack

#: Cheap and pure first; what stops and kills parts of the stack last, so that it disturbs no other suite.
ORDER = (
    "architecture",
    "unit",
    "contracts",
    "chassis",
    "integration",
    "concurrency",
    "e2e",
    "stack",
    "faults",
)
_NO_TESTS = 5


def main() -> int:
    """Exit code 0 only if every suite passed and at least one test ran."""
    options = _parse()
    settings = for_tests()
    began = time.monotonic()
    try:
        _check_order(settings)
        setup.run(settings, tests=True)
        status = _with_stack(settings, options)
    except StackError as error:
        say(f"failed: {error}")
        return 1
    say(f"tests: {'passed' if status == 0 else 'FAILED'}, {time.monotonic() - began:.0f} s with set-up")
    return status


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python3 -m deploy.testing", description=__doc__)
    parser.add_argument("--prove", action="store_true", help="the full depth instead of seeded samples")
    parser.add_argument("--keep", action="store_true", help="leave the test stack up")
    parser.add_argument("suites", nargs="*", help=f"only these of {', '.join(ORDER)}")
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
    wanted = options.suites or [name for name in ORDER if _has_tests(settings, name)]
    folders = [f"tests/{name}" for name in wanted]
    depth = "prove" if options.prove else "sample"
    markers = [] if options.prove else ["-m", "not slow"]
    command = [str(settings.venv / "bin/python"), "-m", "pytest", "-p", "deploy.budgets", *markers, *folders]
    variables = {**os.environ, "KEQIAO_TEST_DEPTH": depth, "PYTHONDONTWRITEBYTECODE": "1"}
    say(f"tests: {' '.join(folders)} ({depth})")
    status = subprocess.run(command, cwd=settings.checkout, env=variables, check=False).returncode
    return 1 if status == _NO_TESTS else status


def _check_order(settings: Settings) -> None:
    folders = {path.name for path in (settings.checkout / "tests").iterdir() if path.is_dir()}
    forgotten = sorted(name for name in folders - set(ORDER) if _has_tests(settings, name))
    if forgotten:
        raise StackError(f"suites without a place in deploy/testing.py's ORDER: {', '.join(forgotten)}")


def _has_tests(settings: Settings, suite: str) -> bool:
    return any((settings.checkout / "tests" / suite).rglob("test_*.py"))


if __name__ == "__main__":
    sys.exit(main())

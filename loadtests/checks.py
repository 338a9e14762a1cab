"""What no load may break: the rules of `make check`, and no answer that is an error of ours."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable

from deploy.local.stack import Stack
from loadtests.phase import Measured

WAIT_SECONDS = 300


def of_the_stack(stack: Stack) -> tuple[bool, str]:
    """Whether every rule of `make check` holds once all is quiet, and what it said."""
    settings = stack.settings
    command = [str(settings.venv / "bin/python"), "-m", "deploy.check", "--wait", str(WAIT_SECONDS)]
    variables = {"PATH": "/usr/bin:/bin", **stack.environment("checker"), **settings.marker()}
    result = subprocess.run(
        command, cwd=settings.checkout, env=variables, capture_output=True, text=True, check=False
    )
    return result.returncode == 0, (result.stdout or result.stderr).strip()


def errors_of(phases: Iterable[Measured]) -> list[str]:
    """Every kind of call that did not get the answer it should have had; a phase without calls is one too."""
    found = list(phases)
    silent = ["a phase in which nothing was asked" for measured in found if not measured.calls]
    return silent + [f"{times} x {error}" for measured in found for error, times in measured.errors.items()]

"""What the person at the terminal sees: one line a step, with the time since the command began."""

from __future__ import annotations

import sys
import time
from pathlib import Path

_BEGAN = time.monotonic()


class StackError(Exception):
    """The stack could not be brought to the wanted state; the message says what to look at."""


def say(message: str) -> None:
    """Print one line of progress to standard error: standard output is for what was asked."""
    print(f"[{time.monotonic() - _BEGAN:6.1f}s] {message}", file=sys.stderr, flush=True)


def tail(log: Path, lines: int = 25) -> str:
    """The last lines of a log, or a word that there is none."""
    if not log.exists():
        return f"(no log at {log.name} yet)"
    text = log.read_text(errors="replace").splitlines()[-lines:]
    return "\n".join(f"    {line}" for line in text) or "    (empty log)"

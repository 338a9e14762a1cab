"""What a rule is, and how suspects become verdicts: only what persists with nothing in flight."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from deploy.check.reader import Reader

AGAIN_SECONDS = 1.0
READS = 4


@dataclass(frozen=True)
class Finding:
    """What one reading of a rule saw: how much was examined, and what did not fit (name -> how)."""

    numbers: dict[str, int]
    suspects: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Rule:
    """One promise; `read` examines all of it."""

    name: str
    promise: str
    read: Callable[[Reader], Finding]


@dataclass(frozen=True)
class Verdict:
    """A rule's last numbers and the suspects that stayed."""

    rule: Rule
    numbers: dict[str, int]
    faults: dict[str, str]

    @property
    def ok(self) -> bool:
        return not self.faults


def judge(
    rules: Sequence[Rule],
    reader: Reader,
    settle: Callable[[], bool],
    *,
    pause: Callable[[float], None] = time.sleep,
) -> list[Verdict]:
    """Reads every rule; reads those with suspects again, after `settle`, and keeps what stayed as it was."""
    settle()
    return [_judge_one(rule, reader, settle, pause) for rule in rules]


def _judge_one(
    rule: Rule, reader: Reader, settle: Callable[[], bool], pause: Callable[[float], None]
) -> Verdict:
    finding = rule.read(reader)
    left = finding.suspects
    for _ in range(READS):
        if not left:
            break
        pause(AGAIN_SECONDS)
        settle()
        finding = rule.read(reader)
        left = persisting(left, finding.suspects)
    return Verdict(rule, finding.numbers, left)


def persisting(before: dict[str, str], after: dict[str, str]) -> dict[str, str]:
    """The suspects of both readings that are wrong in the very same way."""
    return {name: how for name, how in after.items() if before.get(name) == how}

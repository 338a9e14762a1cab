"""What becomes of a fact whose handler failed: another try after a while, or the dead letters."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.refusal import Refusal
from services.chassis.facts import Fact, Malformed, check_data

RETRY_DELAYS_MS = (1_000, 5_000, 30_000, 120_000)

# Failures of what we stand on: waiting helps, and the message is not to blame.
PATIENT_CODES = frozenset({"busy", "unavailable", "no_answer"})
PATIENCE = 60
LONGEST_TEXT = 500

FAILURES = "keqiao-failures"
WAITS = "keqiao-waits"
REASON = "keqiao-reason"
ERROR = "keqiao-error"


@dataclass(frozen=True)
class Verdict:
    """Where a message goes next: the routing key on its consumer's exchange, and its new headers."""

    key: str
    headers: dict[str, Any]

    @property
    def dead(self) -> bool:
        """Return whether nothing more is tried."""
        return self.key == "dead"


def judge(error: Exception, headers: Mapping[str, Any], delays_ms: Sequence[int]) -> Verdict:
    """Decide about a message that failed with `error`.

    What is malformed is dead at once. A failure of the handler is tried again once per delay. While something
    that we stand on is busy or away, tries do not count against it, but PATIENCE of them are the end.
    """
    told = dict(headers) | {ERROR: f"{type(error).__name__}: {error}"[:LONGEST_TEXT]}
    if isinstance(error, Malformed):
        return _dead(told, "malformed")
    counter, bound, reason = FAILURES, len(delays_ms), "failed"
    if is_patient(error):
        counter, bound, reason = WAITS, PATIENCE, "waited too long"
    done = _count(headers, counter)
    if done >= bound or not delays_ms:
        return _dead(told, reason)
    delay = delays_ms[min(done, len(delays_ms) - 1)]
    return Verdict(f"retry.{delay}", told | {counter: done + 1})


def cause(error: Exception, fact: Fact) -> Exception:
    """Return why a fact could not be handled: because it is malformed, or else the handler's own error."""
    if is_patient(error):
        return error
    try:
        check_data(fact)
    except Malformed as malformed:
        return malformed
    return error


def is_patient(error: Exception) -> bool:
    """Return whether the error says that something we stand on is busy or away."""
    return isinstance(error, Refusal) and error.code in PATIENT_CODES


def fresh(headers: Mapping[str, Any]) -> dict[str, Any]:
    """Return the headers of a dead letter that is to be tried as if for the first time."""
    return {key: value for key, value in headers.items() if not key.startswith(("keqiao-", "x-"))}


def _dead(headers: dict[str, Any], reason: str) -> Verdict:
    """Return the end of a message, with the reason in its headers."""
    return Verdict("dead", headers | {REASON: reason})


def _count(headers: Mapping[str, Any], counter: str) -> int:
    """Return a counter of the headers; one that another program has spoilt counts as zero."""
    value = headers.get(counter, 0)
    return value if isinstance(value, int) else 0

"""Suspects become faults only when they stay as they are, reading after reading."""

from collections.abc import Callable, Iterator
from itertools import count
from typing import Any, cast

from deploy.check.reader import Reader
from deploy.check.verdict import READS, Finding, Rule, judge, persisting

NOBODY = cast(Reader, object())


def rule(*readings: dict[str, str]) -> Rule:
    given: Iterator[dict[str, str]] = iter(readings)
    return Rule("test", "a promise", lambda _: Finding({"things": 1}, next(given)))


def judged(subject: Rule, settle: Callable[[], bool] = lambda: True) -> Any:
    (verdict,) = judge([subject], NOBODY, settle, pause=lambda _: None)
    return verdict


def test_no_suspects_is_ok_after_one_reading() -> None:
    assert judged(rule({})).ok


def test_a_suspect_that_goes_away_is_no_fault() -> None:
    assert judged(rule({"slot 1": "taken 5, held 4"}, {})).ok


def test_a_suspect_that_changes_is_moving_and_no_fault() -> None:
    assert judged(rule({"slot 1": "taken 5, held 4"}, {"slot 1": "taken 6, held 5"})).ok


def test_a_suspect_that_comes_later_is_no_fault_yet() -> None:
    assert judged(rule({"slot 1": "wrong"}, {"slot 2": "wrong"})).ok


def test_a_suspect_that_stays_is_a_fault() -> None:
    verdict = judged(rule(*[{"slot 1": "taken 5, held 4", "slot 2": "wrong"}] * (READS + 1)))
    assert verdict.faults == {"slot 1": "taken 5, held 4", "slot 2": "wrong"}


def test_it_waits_for_quiet_before_every_reading() -> None:
    calls = count()
    judged(rule(*[{"slot 1": "wrong"}] * (READS + 1)), lambda: next(calls) >= 0)
    assert next(calls) == READS + 1


def test_persisting_keeps_what_is_wrong_in_the_same_way() -> None:
    assert persisting({"a": "1", "b": "1"}, {"a": "1", "b": "2", "c": "1"}) == {"a": "1"}

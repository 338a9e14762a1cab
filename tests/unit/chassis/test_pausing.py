"""The relay is quick while little happens, and patient while much does."""

from __future__ import annotations

from services.chassis.carrier import BUSY_SECONDS, IDLE_SECONDS, MANY, MANY_SECONDS, _pause_after


def test_a_lone_fact_is_followed_closely_and_silence_ever_more_slowly() -> None:
    assert _pause_after(1, IDLE_SECONDS) == BUSY_SECONDS
    pause, pauses = BUSY_SECONDS, []
    for _ in range(20):
        pauses.append(pause := _pause_after(0, pause))
    assert pauses == sorted(pauses)
    assert pauses[-1] == IDLE_SECONDS


def test_many_facts_are_waited_for_so_that_they_share_a_batch() -> None:
    assert _pause_after(MANY, BUSY_SECONDS) == MANY_SECONDS
    assert BUSY_SECONDS < MANY_SECONDS < IDLE_SECONDS

"""What becomes of a fact that failed, decided without any server."""

from __future__ import annotations

import pytest

from schemas.refusal import Busy, NotFound, Unavailable
from services.chassis.facts import Malformed
from services.chassis.hearing import ERROR, FAILURES, PATIENCE, REASON, WAITS, cause, fresh, judge
from tests.chassis.test_facts import fact

DELAYS = (1000, 5000, 30000)


@pytest.mark.parametrize(("failures", "key"), [(0, "retry.1000"), (1, "retry.5000"), (2, "retry.30000")])
def test_a_failing_handler_waits_longer_each_time(failures: int, key: str) -> None:
    verdict = judge(ValueError("x"), {FAILURES: failures}, DELAYS)
    assert (verdict.key, verdict.headers[FAILURES], verdict.dead) == (key, failures + 1, False)


def test_after_its_last_wait_it_is_dead() -> None:
    verdict = judge(ValueError("why"), {FAILURES: 3}, DELAYS)
    assert verdict.dead
    assert (verdict.headers[REASON], verdict.headers[ERROR]) == ("failed", "ValueError: why")


def test_malformed_is_dead_at_once() -> None:
    assert judge(Malformed("not JSON"), {}, DELAYS).headers[REASON] == "malformed"


@pytest.mark.parametrize("error", [Busy(), Unavailable()])
def test_what_we_stand_on_is_waited_for_without_counting(error: Exception) -> None:
    verdict = judge(error, {FAILURES: 2, WAITS: 30}, DELAYS)
    assert verdict.key == "retry.30000"
    assert (verdict.headers[FAILURES], verdict.headers[WAITS]) == (2, 31)


def test_patience_ends() -> None:
    assert judge(Busy(), {WAITS: PATIENCE - 1}, DELAYS).key == "retry.30000"
    assert judge(Busy(), {WAITS: PATIENCE}, DELAYS).dead


def test_another_refusal_is_a_failure_like_any() -> None:
    assert judge(NotFound(), {}, DELAYS).headers[FAILURES] == 1


def test_headers_that_another_program_spoilt_do_no_harm() -> None:
    assert judge(ValueError(), {FAILURES: "many", "x-death": []}, DELAYS).key == "retry.1000"


def test_a_long_error_is_cut() -> None:
    assert len(judge(ValueError("x" * 10_000), {}, DELAYS).headers[ERROR]) == 500


def test_a_replayed_letter_begins_again() -> None:
    assert fresh({FAILURES: 3, REASON: "failed", "x-death": [], "traceparent": "00"}) == {"traceparent": "00"}


def test_a_handlers_error_about_a_broken_state_is_the_states_fault() -> None:
    broken = fact(owner="catalog", aggregate="slot", data={"seats": "thirty"})
    assert isinstance(cause(KeyError("taken"), broken), Malformed)
    assert isinstance(cause(Busy(), broken), Busy)


def test_a_handlers_error_about_a_sound_state_is_its_own() -> None:
    assert isinstance(cause(KeyError("x"), fact(owner="nobody", aggregate="thing", data={})), KeyError)

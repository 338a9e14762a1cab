"""The inbox on a real broker and database: once, in bounds, never lost, whatever dies in between."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from services.chassis.deliveries import Queues, Wire, headers_of
from services.chassis.ids import new_id
from tests.fixtures.talk import Hearing

Eventually = Callable[..., Any]


def test_a_fact_is_handled_and_remembered_in_one_transaction(
    hearing: Hearing, eventually: Eventually
) -> None:
    hearing.start()
    fact = hearing.fact(name="first")
    hearing.tell(fact)
    eventually(lambda: hearing.done(fact) == 1)
    assert hearing.listener.value("select message_id::text from inbox") == fact["id"]
    eventually(lambda: hearing.waiting("inbox") == 0)


def test_a_message_delivered_twice_is_handled_once(hearing: Hearing, eventually: Eventually) -> None:
    hearing.start()
    fact, last = hearing.fact(), hearing.fact()
    hearing.tell(fact, fact)
    hearing.tell(fact, last)
    eventually(lambda: hearing.done(last) == 1)
    assert hearing.done(fact) == 1


def test_facts_out_of_order_leave_the_newest_version(hearing: Hearing, eventually: Eventually) -> None:
    hearing.start()
    thing = new_id()
    facts = [hearing.fact(version, aggregate_id=thing, name=f"v{version}") for version in (3, 1, 5, 2, 4)]
    for fact in facts:
        hearing.tell(fact)
    eventually(lambda: hearing.done() == 5)
    assert hearing.listener.execute("select version, name from thing") == [(5, "v5")]


def test_what_is_malformed_is_dead_at_once_with_its_reason(hearing: Hearing, eventually: Eventually) -> None:
    hearing.start()
    fact = hearing.fact()
    broken = [b"\xff\xfe{", b"[1, 2]", b'{"id": "1"}', b'{"data": NaN}', b"[" * 20_000, b""]
    hearing.tell(*broken, fact)
    eventually(lambda: hearing.done(fact) == 1)
    letters = eventually(hearing.dead)
    assert [letter.body for letter in letters] == broken
    assert {(letter.reason, letter.failures) for letter in letters} == {("malformed", 0)}


def test_a_fact_that_its_handler_calls_malformed_is_dead_at_once(
    hearing: Hearing, eventually: Eventually
) -> None:
    hearing.start()
    hearing.tell(hearing.fact(fail="malformed"))
    [letter] = eventually(hearing.dead)
    assert (letter.reason, letter.failures) == ("malformed", 0)
    assert hearing.done() == 0


def test_a_poisonous_fact_is_tried_once_per_delay_then_dead_and_holds_up_nothing(
    hearing: Hearing, eventually: Eventually
) -> None:
    hearing.start()
    poison, fine = hearing.fact(fail="poison"), [hearing.fact() for _ in range(20)]
    hearing.tell(*fine[:10], poison, *fine[10:])
    eventually(lambda: hearing.done() == 20)
    assert hearing.dead() == []
    [letter] = eventually(hearing.dead)
    assert (letter.id, letter.reason, letter.failures) == (poison["id"], "failed", 3)
    assert "ValueError: this fact cannot be handled" in letter.error
    assert hearing.done(poison) == 0


def test_a_long_wait_does_not_hold_up_a_short_one(hearing: Hearing, eventually: Eventually) -> None:
    hearing.start()
    slow = hearing.fact(fail="poison")
    hearing.tell(slow)
    eventually(lambda: hearing.waiting("retry.900") == 1)
    began = time.monotonic()
    quick = hearing.fact(fail="poison")
    hearing.tell(quick)
    # The second wait of the quick one is over before the third of the slow one.
    eventually(lambda: hearing.waiting("retry.300") == 1)
    assert hearing.waiting("retry.900") == 1
    assert time.monotonic() - began < 0.9


def test_dead_letters_are_listed_and_replayed(hearing: Hearing, eventually: Eventually) -> None:
    hearing.listener.execute("alter table thing add constraint named check (name <> 'wrong')")
    hearing.start()
    facts = [hearing.fact(name="wrong") for _ in range(3)]
    hearing.tell(*facts)
    eventually(lambda: len(hearing.dead()) == 3)
    listed = _cli(hearing, "list")
    assert all(fact["id"] in listed for fact in facts)
    assert len(hearing.dead()) == 3, "listing takes nothing away"
    hearing.listener.execute("alter table thing drop constraint named")
    assert "replayed 2" in _cli(hearing, "replay", "--limit", "2")
    eventually(lambda: hearing.done() == 2)
    assert len(hearing.dead()) == 1
    assert "replayed 1" in _cli(hearing, "replay")
    eventually(lambda: hearing.done() == 3)
    assert hearing.dead() == []


def test_a_lock_that_is_not_free_is_waited_out_without_counting(
    hearing: Hearing, eventually: Eventually
) -> None:
    hearing.start()
    fact, other = hearing.fact(gate="shut"), hearing.fact()
    with hearing.locked_gate("shut"):
        hearing.tell(fact)
        hearing.tell(other)
        eventually(lambda: hearing.done(other) == 1, 15)
        assert hearing.done(fact) == 0
    eventually(lambda: hearing.done(fact) == 1, 15)
    assert hearing.dead() == []


def test_being_busy_longer_than_all_delays_kills_no_fact(hearing: Hearing, eventually: Eventually) -> None:
    hearing.start()
    hearing.tell(hearing.fact(fail="busy"))
    headers = eventually(lambda: _waited_often(hearing), 20)
    assert hearing.dead() == []
    assert "keqiao-failures" not in headers


def test_cut_connections_to_postgresql_lose_nothing(hearing: Hearing, eventually: Eventually) -> None:
    hearing.start()
    facts = [hearing.fact() for _ in range(400)]
    for first in range(0, 400, 40):
        hearing.tell(*facts[first : first + 40])
        hearing.listener.execute(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = %s",
            hearing.listener.name,
        )
    eventually(lambda: hearing.done() == 400, 30)
    assert hearing.dead() == []


def test_types_that_were_not_asked_for_are_passed_over(hearing: Hearing, eventually: Eventually) -> None:
    hearing.start(LISTENER_TYPES="thing_added")
    unwanted, added = hearing.fact(), hearing.fact(kind="thing_added")
    repeated = hearing.fact(kind="thing_republished")
    hearing.tell(unwanted, added, repeated)
    eventually(lambda: hearing.done() == 2)
    assert hearing.done(unwanted) == 0
    eventually(lambda: hearing.waiting("inbox") == 0)


def test_dying_between_work_and_acknowledgement_repeats_no_work(
    hearing: Hearing, eventually: Eventually, tmp_path: Path
) -> None:
    assert _die_between_work_and_acknowledgement(hearing, eventually, tmp_path) == 1


def test_control_without_the_inbox_row_the_work_is_done_twice(
    hearing: Hearing, eventually: Eventually, tmp_path: Path
) -> None:
    assert _die_between_work_and_acknowledgement(hearing, eventually, tmp_path, LISTENER_FORGETS="1") == 2


def test_stopping_settles_the_batch_in_hand(hearing: Hearing, eventually: Eventually) -> None:
    process = hearing.start()
    facts = [hearing.fact() for _ in range(500)]
    hearing.tell(*facts)
    eventually(lambda: hearing.done() > 0)
    process.terminate()
    assert process.wait(20) == 0
    assert hearing.done() + hearing.waiting("inbox") == 500


def _die_between_work_and_acknowledgement(
    hearing: Hearing, eventually: Eventually, tmp_path: Path, **environment: str
) -> int:
    """Let the listener die once after its commit; return how often the work was done in the end."""
    environment["LISTENER_DIES_ONCE"] = str(tmp_path / "died")
    first = hearing.start(**environment)
    fact, last = hearing.fact(), hearing.fact()
    hearing.tell(fact)
    assert first.wait(20) == -9
    assert hearing.done(fact) == 1
    hearing.start(**environment)
    hearing.tell(last)
    eventually(lambda: hearing.done(last) == 1)
    return hearing.done(fact)


def _waited_often(hearing: Hearing) -> dict[str, Any] | None:
    """The fact's headers once it has waited more often than there are delays; often it is not in sight."""
    headers = _headers(hearing)
    return headers if headers.get("keqiao-waits", 0) > 4 else None


def _headers(hearing: Hearing) -> dict[str, Any]:
    """Return the headers of the one message that waits for another try, or none while it is being tried."""
    with Wire(hearing.listener.amqp_url, Queues(hearing.listener.name)) as wire:
        for delay in (100, 300, 900):
            message = wire.take(f"{hearing.listener.name}.retry.{delay}")
            if message is not None:
                return headers_of(message)
    return {}


def _cli(hearing: Hearing, verb: str, *more: str) -> str:
    """Run the command line tool for dead letters and return what it says."""
    done = subprocess.run(
        [sys.executable, "-m", "services.chassis.inbox", verb, hearing.listener.name, *more],
        env=hearing.listener.environment(),
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout


def test_an_outage_is_one_line_when_it_begins_and_one_when_it_is_over(
    hearing: Hearing, eventually: Eventually
) -> None:
    hearing.start()
    fact = hearing.fact(fail="away", stands_on="the other server")
    hearing.tell(fact)
    eventually(lambda: "inbox waits" in hearing.log.read_text())
    until = time.monotonic() + 1.5
    eventually(lambda: time.monotonic() > until)  # time for some more tries
    hearing.listener.execute("insert into gate (name) values ('the other server')")
    eventually(lambda: hearing.done(fact) == 1)
    eventually(lambda: "inbox goes on" in hearing.log.read_text())
    log = hearing.log.read_text()
    assert (log.count("inbox waits"), log.count("inbox goes on")) == (1, 1)
    assert "Traceback" not in log
    assert "error handling worker" not in log

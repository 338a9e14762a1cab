"""Commands on a real broker: answers, refusals, deadlines, and what becomes of a call that nobody answers."""

from __future__ import annotations

import re
import signal
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import amqp
import pytest
from kombu import Connection

from services.chassis import rpc
from services.chassis.auth import Actor
from services.chassis.calls import publish_commands
from services.chassis.rpc_client import Sender
from tests.chassis.tiny.contract import COMMANDS
from tests.fixtures.stack import poll
from tests.fixtures.trial import RunTiny, TinyProcess

Eventually = Callable[..., Any]


def fresh_name() -> str:
    """A callee that no other process answers for."""
    name = "tiny_" + re.sub("[0-9]", "x", uuid.uuid4().hex[:8])
    publish_commands(name, COMMANDS)
    return name


def executed(tiny: TinyProcess, words: str) -> int:
    return int(tiny.execute("select count(*) from executed where command = %s", words)[0][0])


def test_a_command_is_answered_with_who_asked_and_in_which_trace(tiny: TinyProcess) -> None:
    trace = uuid.uuid4().hex
    headers = {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"}
    answer = tiny.post("/calls/echo", {"words": "hello"}, headers=headers)
    anonymous = {"user_id": None, "organisation_id": None, "role": None, "name": "anonymous"}
    assert answer.json() == {"words": "hello", "caller": "operator", "trace_id": trace, "actor": anonymous}


def test_a_refusal_keeps_its_code_field_and_params(tiny: TinyProcess) -> None:
    with rpc.client(tiny.amqp_url, "tiny") as client, pytest.raises(rpc.Refused) as refused:
        client.call("tiny", "refuse", {"words": "three"})
    assert (refused.value.code, refused.value.field) == ("nothing_left", "words")
    assert refused.value.params == {"left": 0, "asked": "three"}


def test_a_body_that_breaks_the_contract_is_refused_by_field(tiny: TinyProcess) -> None:
    answer = tiny.post("/calls/echo", {"words": "x" * 1001})
    assert (answer.status_code, answer.json()["field"]) == (422, "words")


def test_what_breaks_there_is_internal_here_and_tells_nothing(tiny: TinyProcess) -> None:
    answer = tiny.post("/calls/break", {"words": "x"})
    assert (answer.status_code, answer.json()["code"]) == (500, "internal")
    assert "secret" not in answer.text
    assert "the secret is 42" in tiny.log.read_text()


def test_no_call_is_made_while_a_transaction_is_open(tiny: TinyProcess) -> None:
    words = f"inside {uuid.uuid4()}"
    assert tiny.post("/calls-inside", {"words": words}).status_code == 500
    assert "CallInsideTransaction" in tiny.log.read_text()
    assert executed(tiny, words) == 0


def test_present_states_are_republished_page_by_page(tiny: TinyProcess) -> None:
    with rpc.client(tiny.amqp_url, "tiny") as client:
        answer = client.call("tiny", "republish", {"consumer": "search", "aggregate": "note"})
    assert answer == {"last": None, "done": True}


def test_a_callee_that_has_never_been_up_gives_no_answer(run_tiny: RunTiny) -> None:
    alone = run_tiny(("TinyHttp",), TINY_NAME=fresh_name())
    answer = alone.post("/calls/echo", {"words": "anybody"})
    assert (answer.status_code, answer.json()["code"]) == (504, "no_answer")
    assert alone.get("/pending").json() == {"pending": 0}


def test_a_callee_that_is_down_gives_no_answer_and_does_not_act_when_it_comes_back(
    run_tiny: RunTiny, eventually: Eventually
) -> None:
    name, words = fresh_name(), f"down {uuid.uuid4()}"
    callee = run_tiny(("Tiny",), TINY_NAME=name)
    caller = run_tiny(("TinyHttp",), TINY_NAME=name)
    assert caller.post("/calls/echo", {"words": words}).status_code == 200
    callee.stop()
    for _ in range(2):
        assert caller.post("/calls/echo", {"words": words}).json()["code"] == "no_answer"
    assert caller.get("/pending").json() == {"pending": 0}
    callee.start()
    eventually(lambda: caller.post("/calls/echo", {"words": "after"}).status_code == 200)
    assert executed(callee, words) == 1


def test_a_callee_that_stood_still_does_not_act_after_its_caller_has_gone(
    run_tiny: RunTiny, eventually: Eventually
) -> None:
    name, words = fresh_name(), f"still {uuid.uuid4()}"
    callee = run_tiny(("Tiny",), TINY_NAME=name)
    callee.process.send_signal(signal.SIGSTOP)
    with rpc.client(callee.amqp_url, name) as client, pytest.raises(rpc.NoAnswer):
        client.call(name, "echo", {"words": words}, deadline_seconds=0.5)
    callee.process.send_signal(signal.SIGCONT)
    with rpc.client(callee.amqp_url, name) as client:
        client.call(name, "echo", {"words": "after"}, deadline_seconds=10)
    assert executed(callee, words) == 0


def test_without_a_deadline_in_the_message_it_would_act_late(
    run_tiny: RunTiny, eventually: Eventually
) -> None:
    name, words = fresh_name(), f"late {uuid.uuid4()}"
    callee = run_tiny(("Tiny",), TINY_NAME=name)
    callee.process.send_signal(signal.SIGSTOP)
    publish(callee.amqp_url, name, words, seconds=3600)
    callee.process.send_signal(signal.SIGCONT)
    eventually(lambda: executed(callee, words) == 1)


def test_a_command_that_waited_too_long_for_a_worker_is_not_begun(
    run_tiny: RunTiny, eventually: Eventually
) -> None:
    name, words = fresh_name(), f"queued {uuid.uuid4()}"
    callee = run_tiny(("Tiny",), TINY_NAME=name, MAX_WORKERS="1")
    publish(callee.amqp_url, name, "first", seconds=10, wait_seconds=1.5)
    with rpc.client(callee.amqp_url, name) as client:
        with pytest.raises(rpc.NoAnswer):
            client.call(name, "echo", {"words": words}, deadline_seconds=0.5)
        client.call(name, "echo", {"words": "after"}, deadline_seconds=10)
    assert executed(callee, words) == 0


def test_many_calls_that_time_out_leave_nothing_behind(run_tiny: RunTiny) -> None:
    name = fresh_name()
    callee = run_tiny(("Tiny",), TINY_NAME=name)
    caller = run_tiny(("TinyHttp",), TINY_NAME=name)
    callee.process.send_signal(signal.SIGSTOP)
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: caller.post("/calls/echo", {"words": "x"}).status_code, range(8)))
    assert set(answers) == {504}
    assert caller.get("/pending").json() == {"pending": 0}


@pytest.mark.parametrize(
    ("body", "reply_to"),
    [
        (b"\xff\x00 not json", "tiny.replies/" + "0" * 36),
        (b"[" * 10_000, "tiny.replies/" + "0" * 36),
        (b"{}", "tiny.replies/" + "0" * 36),
        (
            b'{"body": {}, "deadline": "2026-01-01T00:00:00", "trace_id": null, "actor": null}',
            "tiny.replies/" + "0" * 36,
        ),
        (b"{}", "amq.topic/" + "0" * 36),
        (b"{}", ""),
    ],
)
def test_a_message_that_is_no_call_is_dropped_and_the_next_one_served(
    tiny: TinyProcess, body: bytes, reply_to: str
) -> None:
    with Connection(tiny.amqp_url) as connection:
        message = amqp.Message(body, content_type="application/json", reply_to=reply_to, correlation_id="1")
        connection.default_channel.basic_publish(message, "tiny.rpc", "echo")
    with rpc.client(tiny.amqp_url, "tiny") as client:
        assert client.call("tiny", "echo", {"words": "next"})["words"] == "next"


def test_nobody_can_call_in_anothers_name(tiny: TinyProcess) -> None:
    with Connection(tiny.amqp_url) as connection:
        message = amqp.Message(b"{}", user_id="matcher")
        connection.default_channel.basic_publish(message, "tiny.rpc", "echo")
        with pytest.raises(amqp.PreconditionFailed):
            connection.drain_events(timeout=5)


def test_a_command_in_hand_is_answered_before_the_process_ends(
    run_tiny: RunTiny, eventually: Eventually
) -> None:
    name, words = fresh_name(), f"ending {uuid.uuid4()}"
    callee = run_tiny(("Tiny",), TINY_NAME=name)
    with ThreadPoolExecutor(1) as pool, rpc.client(callee.amqp_url, name) as client:
        call = pool.submit(
            client.call, name, "echo", {"words": words, "wait_seconds": 1.5}, deadline_seconds=10
        )
        eventually(lambda: executed(callee, words) == 1)
        callee.ask_to_end()
        assert call.result()["words"] == words
    assert callee.process.wait(15) == 0


def pages_done_when_a_command_is_answered(tiny: TinyProcess, name: str) -> int:
    """Ask for twice as many slow pages as there are workers, then for a command; count pages before it."""
    with ThreadPoolExecutor(9) as pool:
        pages = [pool.submit(tiny.get, "/slow") for _ in range(8)]
        with rpc.client(tiny.amqp_url, name) as client:
            wait_until_all_are_sent(tiny)
            client.call(name, "echo", {"words": "quick"}, deadline_seconds=20)
        done = sum(page.done() for page in pages)
        assert {page.result().status_code for page in pages} == {200}
    return done


def wait_until_all_are_sent(tiny: TinyProcess) -> None:
    """Return when the workers of the pages are all taken."""
    busy = """
    select pid from pg_stat_activity
     where datname = current_database() and query = 'select pg_sleep(1.5)' and state = 'active'
    """
    poll(lambda: len(tiny.execute(busy)) == 4)


def test_slow_pages_hold_up_commands_that_share_their_workers(run_tiny: RunTiny) -> None:
    name = fresh_name()
    shared = run_tiny(("TinyShared",), TINY_NAME=name)
    assert pages_done_when_a_command_is_answered(shared, name) > 0


def test_slow_pages_do_not_hold_up_commands_with_workers_of_their_own(run_tiny: RunTiny) -> None:
    name = fresh_name()
    apart = run_tiny(TINY_NAME=name)
    assert pages_done_when_a_command_is_answered(apart, name) == 0


def publish(url: str, name: str, words: str, *, seconds: float, wait_seconds: float = 0.0) -> None:
    """Send a command and wait for nothing."""
    body = {"words": words, "wait_seconds": wait_seconds}
    sender = Sender.new(name, url)
    with Connection(url) as connection:
        _, message = sender.command(name, "echo", body, seconds, Actor.system("test"))
        connection.default_channel.basic_publish(message, f"{name}.rpc", "echo")

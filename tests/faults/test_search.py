"""Elasticsearch away, frozen, killed: booking goes on, search says so and catches up; rebuilds."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import requests

from deploy.local.stack import Stack
from services.search.storage import NAMES
from tests.builders import provider as made
from tests.builders.accounts import Person, nobody
from tests.builders.provider import Json, Provider
from tests.fixtures.booking import Book
from tests.fixtures.stack import poll

pytestmark = [pytest.mark.fault, pytest.mark.timeout(300)]
CAUGHT_UP_SECONDS = 60.0

# Run as `nameko run` would: everything patched before the client is imported; or, as the control, not.
HUB = """
import sys
import eventlet
if sys.argv[1] == "patched":
    eventlet.monkey_patch()
import json, os
from services.search.domain import SearchUnavailable
from services.search.storage import Engine

engine = Engine(os.environ["ELASTICSEARCH_URL"])
ticks = 0

def tick():
    global ticks
    while True:
        ticks += 1
        eventlet.sleep(0.05)

def ask(_):
    try:
        engine.search("keqiao-slots", {"size": 0})
        return "answered"
    except SearchUnavailable:
        return "unavailable"

ticker = eventlet.spawn(tick)
print("ready", flush=True)
sys.stdin.readline()
outcomes = list(eventlet.GreenPool(8).imap(ask, range(8)))
print(json.dumps({"ticks": ticks, "outcomes": outcomes}))
"""


def _visible(visitor: Person, slot: Json, **asked: object) -> list[Json]:
    query = "".join(f"&{name}={value}" for name, value in asked.items())
    answer = visitor.get(f"/search?programme_id={slot['programme_id']}{query}")
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


@contextmanager
def _without_elasticsearch(stack: Stack) -> Iterator[None]:
    stack.stop("elasticsearch")
    try:
        yield
    finally:
        stack.start("elasticsearch")


def test_booking_goes_on_without_search_which_says_so_and_catches_up(
    stack: Stack, museum: Provider, book: Book
) -> None:
    visitor = nobody(stack)
    programme = made.a_programme(museum, title=f"断电 {secrets.token_hex(4)}")
    slot = made.a_slot(museum, programme)
    poll(lambda: _visible(visitor, slot), 20)
    log = stack.settings.logs / "search.log"
    began = log.stat().st_size
    with _without_elasticsearch(stack):
        answer = visitor.call("GET", "/search?q=x", Accept_Language="en")
        assert (answer.status_code, answer.json()["code"]) == (503, "search_unavailable")
        assert "bookings go on" in answer.json()["detail"]
        book(slot, 12)
        later = made.a_slot(museum, programme, days=40)
        assert museum.staff.get(f"/slots/{slot['id']}").json()["taken"] == 12
    found = poll(lambda: _complete(visitor, slot, {slot["id"]: 18, later["id"]: 30}), CAUGHT_UP_SECONDS)
    assert len(found) == 2
    # The log says so once, and once that it is over: no line and no trace for every try.
    told = log.read_text()[began:]
    assert (told.count("search.inbox waits"), told.count("search.inbox goes on")) == (1, 1), told
    assert "Traceback" not in told


def _complete(visitor: Person, slot: Json, free: dict[str, int]) -> list[Json]:
    items = _visible(visitor, slot)
    assert {item["id"]: item["free"] for item in items} == free
    return items


def test_a_killed_elasticsearch_loses_nothing_that_was_taken_in(
    stack: Stack, museum: Provider, book: Book
) -> None:
    visitor = nobody(stack)
    slot = made.a_slot(museum)
    poll(lambda: _visible(visitor, slot), 20)
    book(slot, 5)
    poll(lambda: _complete(visitor, slot, {slot["id"]: 25}), 20)
    stack.kill("elasticsearch", signal.SIGKILL)
    stack.wait_healthy("elasticsearch", 120)
    poll(lambda: _complete(visitor, slot, {slot["id"]: 25}), CAUGHT_UP_SECONDS)


def test_a_search_service_killed_between_work_and_ack_hears_it_again(
    stack: Stack, museum: Provider, book: Book
) -> None:
    visitor = nobody(stack)
    slot = made.a_slot(museum)
    poll(lambda: _visible(visitor, slot), 20)
    for seats in range(1, 6):
        book(slot, seats)
    stack.kill("search", signal.SIGKILL)
    book(slot, 10)
    stack.wait_healthy("search", 60)
    poll(lambda: _complete(visitor, slot, {slot["id"]: 5}), CAUGHT_UP_SECONDS)


def test_a_rebuild_serves_all_the_while_and_ends_with_everything(
    stack: Stack, museum: Provider, book: Book
) -> None:
    visitor = nobody(stack)
    programme = made.a_programme(museum)
    slot = made.a_slot(museum, programme)
    poll(lambda: _visible(visitor, slot), 20)
    before = _indices(stack)
    ended, gaps = threading.Event(), 0

    def watch() -> None:
        nonlocal gaps
        while not ended.is_set():
            gaps += len(_visible(visitor, slot, bookable="false")) != 1

    watcher = threading.Thread(target=watch)
    watcher.start()
    rebuilding = _rebuild(stack)
    # What happens meanwhile goes to the old indices and to the new ones.
    book(slot, 7)
    out, err = rebuilding.communicate(timeout=120)
    ended.set()
    watcher.join()
    assert rebuilding.returncode == 0, err
    assert gaps == 0
    assert not before & _indices(stack)
    poll(lambda: _complete(visitor, slot, {slot["id"]: 23}), CAUGHT_UP_SECONDS)
    assert "slots: " in out


@pytest.mark.slow
def test_a_rebuild_that_is_killed_leaves_what_serves(stack: Stack, museum: Provider) -> None:
    visitor = nobody(stack)
    slot = made.a_slot(museum)
    poll(lambda: _visible(visitor, slot), 20)
    before = _indices(stack)
    with _frozen(stack, "catalog"):
        rebuilding = _rebuild(stack)
        assert rebuilding.stdout is not None
        while "catalog" not in rebuilding.stdout.readline():
            assert rebuilding.poll() is None
        rebuilding.kill()
        rebuilding.communicate()
    assert before <= _indices(stack)
    assert _visible(visitor, slot)
    again = _rebuild(stack)
    _, err = again.communicate(timeout=120)
    assert again.returncode == 0, err
    assert len(_indices(stack)) == len(before)


@pytest.mark.parametrize("loss", ["indices deleted", pytest.param("data lost", marks=pytest.mark.slow)])
def test_what_elasticsearch_lost_is_rebuilt_without_a_hand(
    stack: Stack, museum: Provider, book: Book, loss: str
) -> None:
    visitor = nobody(stack)
    slot = made.a_slot(museum)
    poll(lambda: _visible(visitor, slot), 20)
    book(slot, 7)
    with _frozen(stack, "experts"):
        _lose(stack, loss)
        poll(lambda: _says_that_it_catches_up(visitor), 30)
        book(slot, 4)
    poll(lambda: _complete(visitor, slot, {slot["id"]: 19}), CAUGHT_UP_SECONDS)
    assert len(_indices(stack)) >= len(NAMES)
    assert _verdict(stack, "search")["ok"]


def _verdict(stack: Stack, rule: str) -> Json:
    """What the check says of one rule; seats that this test holds without a match are another's matter."""
    said = subprocess.run(
        [sys.executable, "-m", "deploy.check", "--json", "--wait", "5"],
        env={**os.environ, **stack.settings.marker()},
        capture_output=True,
        text=True,
        check=False,
    )
    verdict: Json = json.loads(said.stdout)["rules"][rule]
    return verdict


def _lose(stack: Stack, loss: str) -> None:
    if loss == "indices deleted":
        url = stack.environment("operator")["ELASTICSEARCH_URL"]
        for index in _indices(stack):
            requests.delete(f"{url}/{index}", timeout=30).raise_for_status()
        return
    with _without_elasticsearch(stack):
        shutil.rmtree(stack.settings.state / "elasticsearch" / "data")


def _says_that_it_catches_up(visitor: Person) -> bool:
    """Search names the reason, and when to come back."""
    answer = visitor.call("GET", "/search?q=x", Accept_Language="en")
    assert (answer.status_code, answer.json()["code"]) == (503, "search_catching_up")
    return "catching up" in answer.json()["detail"] and int(answer.headers["Retry-After"]) > 0


def test_there_is_one_rebuild_at_a_time(stack: Stack) -> None:
    # The service's own may not have swept up yet.
    poll(lambda: _ended(_rebuild(stack)) == 0, 60, 1.0)
    with _frozen(stack, "catalog"):
        first = _rebuild(stack)
        assert first.stdout is not None
        while "catalog" not in first.stdout.readline():
            assert first.poll() is None
        _, err = _rebuild(stack).communicate(timeout=60)
        assert "under way already" in err
    _, err = first.communicate(timeout=120)
    assert first.returncode == 0, err


def _ended(rebuilding: subprocess.Popen[str]) -> int:
    """Its exit code, once it has ended."""
    rebuilding.communicate(timeout=120)
    return rebuilding.returncode


def _rebuild(stack: Stack) -> subprocess.Popen[str]:
    environ = {**os.environ, **stack.environment("search"), "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-W", "ignore", "-m", "services.search.rebuild"]
    return subprocess.Popen(command, env=environ, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def _indices(stack: Stack) -> set[str]:
    url = stack.environment("operator")["ELASTICSEARCH_URL"]
    rows = requests.get(f"{url}/_cat/indices/keqiao-*?format=json", timeout=10).json()
    return {row["index"] for row in rows}


@contextmanager
def _frozen(stack: Stack, name: str) -> Iterator[None]:
    stack.kill(name, signal.SIGSTOP)
    try:
        yield
    finally:
        stack.kill(name, signal.SIGCONT)


@pytest.mark.parametrize(("how", "free"), [("patched", True), ("plain", False)])
def test_waiting_for_elasticsearch_lets_other_workers_run(stack: Stack, how: str, free: bool) -> None:
    """The control: without eventlet's patches the whole process waits for eight answers one after another."""
    environ = {**os.environ, **stack.environment("search")}
    command = [sys.executable, "-W", "ignore", "-c", HUB, how]
    with subprocess.Popen(
        command, env=environ, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as program:
        assert program.stdout is not None
        assert program.stdin is not None
        assert program.stdout.readline() == "ready\n"
        with _frozen(stack, "elasticsearch"):
            program.stdin.write("go\n")
            program.stdin.flush()
            line = program.stdout.readline()
    told = json.loads(line)
    assert told["outcomes"] == ["unavailable"] * 8
    # All eight wait out the deadline of three seconds at the same time, and the ticker ticks on.
    assert (told["ticks"] > 20) is free, told

"""A round of five thousand requests through the running stack, from closing to offers, with its proof."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread
from typing import Any

import pytest
import requests

from deploy.local.stack import Stack
from tests.builders import matcher as made
from tests.builders.accounts import Person
from tests.fixtures.stack import poll
from tests.fixtures.unbroken import checked
from tests.fixtures.valley import FIRST_DAY, Valley

Json = dict[str, Any]
REQUESTS, SESSIONS, DAYS, SEATS = 5000, 24, 9, 120
CALLERS, SOLVE_SECONDS, PATIENCE = 8, 20, 400.0
PAPERS = ("problem", "solution", "certificate")


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_five_thousand_wishes_from_closing_to_offers(valley: Valley, stack: Stack) -> None:
    policy = {"solve_seconds": SOLVE_SECONDS, "session_minutes": 60}
    round_ = made.a_round(valley.coordinator, adcode=valley.adcode, policy=policy)
    for provider in (valley.museum, valley.base):
        made.some_slots(
            provider, valley.spot, SESSIONS, policy="ask", days=FIRST_DAY, seats=SEATS, round_id=round_["id"]
        )
    asked(valley, round_)

    # It closes. While it is solved, everybody else is served.
    with reading(valley.schools[0].teacher) as answers:
        assert valley.coordinator.call("POST", f"/rounds/{round_['id']}/close").status_code == 200
        drawn = made.wait_for_round(valley.coordinator, round_, "drawn_up", PATIENCE)
    assert answers
    assert set(answers) == {200}
    assert 0 <= drawn["gap"] < 0.02

    # It is published, anybody may check it, and what was drafted is offered.
    made.published(valley.coordinator, round_, drawn_up=True)
    assert verified(stack, round_).startswith("true: ")
    poll(lambda: nothing_waits(valley.coordinator, round_), PATIENCE, 2.0)
    assert "check: ok" in checked(stack)

    # Everybody is told why, and what would have helped; and whoever tests next finds nobody at work.
    poll(lambda: everybody_is_told(valley.coordinator, round_), PATIENCE, 2.0)


def asked(valley: Valley, round_: Json) -> None:
    """Classes of all sizes, each free on some of the days; a few callers at a time."""
    dice = random.Random(7)
    first = made.ask_in_round(valley.schools[0], round_, windows=[_window(dice)])
    assert first["round_id"] == round_["id"]

    def ask(number: int, window: Json, size: int) -> int:
        school = valley.schools[number % len(valley.schools)]
        body = made.request_body(round_id=round_["id"], windows=[window], group_size=size)
        return school.teacher.post("/requests", body).status_code

    wishes = [(number, _window(dice), dice.randrange(12, 48)) for number in range(1, REQUESTS)]
    with ThreadPoolExecutor(CALLERS) as callers:
        codes = list(callers.map(lambda wish: ask(*wish), wishes))
    assert set(codes) == {201}


def _window(dice: random.Random) -> Json:
    return made.whole_days(FIRST_DAY + dice.randrange(SESSIONS - DAYS), DAYS)


@contextmanager
def reading(person: Person) -> Iterator[list[int]]:
    """Somebody who goes on looking at what is theirs; the codes of the answers."""
    codes: list[int] = []
    enough = Event()

    def look() -> None:
        while not enough.wait(0.2):
            codes.append(person.get("/requests?limit=20").status_code)

    looking = Thread(target=look)
    looking.start()
    try:
        yield codes
    finally:
        enough.set()
        looking.join()


def verified(stack: Stack, round_: Json) -> str:
    """What the published verifier says of the published papers."""
    address = f"http://127.0.0.1:{stack.settings.port('edge')}/api/v1"
    wanted = {f"{name}.json": f"/rounds/{round_['id']}/papers/{name}" for name in PAPERS}
    with tempfile.TemporaryDirectory() as folder:
        for name, path in {"verify.py": "/verifier", **wanted}.items():
            Path(folder, name).write_bytes(requests.get(address + path, timeout=60).content)
        command = [sys.executable, "-I", "verify.py", *wanted]
        return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False).stdout


def everybody_is_told(coordinator: Person, round_: Json) -> bool:
    """The round's explanations have been worked out, and what to add first."""
    found = coordinator.get(f"/rounds/{round_['id']}/additions").json()
    assert found["made_at"] is not None
    return True


def nothing_waits(coordinator: Person, round_: Json) -> bool:
    """Every draft of the round is offered by now, or ended."""
    for state in ("proposed", "holding", "held"):
        found = coordinator.get(f"/matches?round_id={round_['id']}&state={state}&limit=1").json()["items"]
        assert not found, (state, found[0]["id"])
    return True

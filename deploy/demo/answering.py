"""Experts, venues, units and schools answer their offers: most accept, some decline, a few say nothing."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field

from deploy.demo.client import Json, Problem
from deploy.demo.crowd import say, together
from deploy.demo.dice import dice, key
from deploy.demo.rounds import OFFER_HOURS
from deploy.demo.world import World

MOVING = ("holding", "held", "offered", "confirming", "releasing")
SETTLE_SECONDS = 900.0
CALM_SECONDS = 8.0
_POLL_SECONDS = 0.7
_DECLINING = {"school": 0.03, "venue": 0.05, "expert": 0.08, "unit": 0.05}
_SILENT = 0.03


@dataclass
class Tally:
    """What was answered, and how often the clock was moved."""

    answers: Counter[str] = field(default_factory=Counter)
    clock_moves: int = 0


def settle(world: World, move_clock: Callable[[float], None]) -> Tally:
    """Answers until no match is on its way any more; TimeoutError if that never comes."""
    tally, deadline, calm_since = Tally(), time.monotonic() + SETTLE_SECONDS, None
    while time.monotonic() < deadline:
        moving = _moving(world)
        if not moving:
            calm_since = calm_since or time.monotonic()
            if time.monotonic() - calm_since > CALM_SECONDS:
                return tally
        else:
            calm_since = None
            _answer_or_wait(world, moving, tally, move_clock)
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"matches are still on their way: {_moving(world)}")


def _moving(world: World) -> dict[str, int]:
    rows = world.city.get("/matches/summary")["by_state"]
    counts = {row["state"]: row["matches"] for row in rows}
    return {state: counts[state] for state in MOVING if counts.get(state)}


def _answer_or_wait(
    world: World, moving: dict[str, int], tally: Tally, move_clock: Callable[[float], None]
) -> None:
    offered = list(world.city.every("/matches", {"state": "offered"})) if moving.get("offered") else []
    asked = [(match, agreement) for match in offered for agreement in _open(match)]
    # Who was silent once has been overtaken by the deadline; later offers are answered by everybody.
    willing = [each for each in asked if tally.clock_moves or not _stays_silent(*each)]
    if willing:
        tally.answers.update(together("answers", willing, lambda each: _answer(world, *each)))
    elif asked and set(moving) == {"offered"}:
        move_clock(OFFER_HOURS * 3600 + 60)
        tally.clock_moves += 1
        say(f"{len(asked)} parties said nothing: the clock moves past their deadline")


def _open(match: Json) -> list[Json]:
    return [each for each in match["agreements"] if each["needed"] and each["answer"] is None]


def _stays_silent(match: Json, agreement: Json) -> bool:
    return dice("silent", match["id"], agreement["party"]).random() < _SILENT


def _answer(world: World, match: Json, agreement: Json) -> str:
    party = agreement["party"]
    declines = dice("answer", match["id"], party).random() < _DECLINING[party]
    body: Json = {"answer": "decline" if declines else "accept"}
    if declines:
        body["reason"] = "当天已有安排（演示）"
    person = world.person(_login(world, agreement))
    try:
        person.post(f"/matches/{match['id']}/answers", body, key=key("answer", match["id"], party))
    except Problem as problem:
        if problem.status >= 500:
            raise
        return f"too late ({problem.code})"
    return f"{party} {body['answer']}"


def _login(world: World, agreement: Json) -> str:
    if agreement["party"] == "expert":
        return world.expert_logins[agreement["expert_id"]]
    if agreement["party"] == "unit":
        return "units"
    return world.staff[agreement["organisation_id"]]

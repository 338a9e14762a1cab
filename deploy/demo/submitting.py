"""Schools submit their wishes, each logged in as its own teacher."""

from __future__ import annotations

import time
from collections import Counter

from deploy.demo.client import Json, Problem
from deploy.demo.crowd import say, together
from deploy.demo.dice import key
from deploy.demo.wishes import Wish
from deploy.demo.world import World

_SETTLE_SECONDS = 30.0


def requests_by_name(world: World) -> dict[str, Json]:
    """What was submitted so far, by the wish's name."""
    return {item["contact"]: item for item in world.city.every("/requests") if item["contact"]}


def submit(world: World, wishes: list[Wish], round_id: str) -> None:
    """Submits those that are not there yet; ValueError if a school is refused."""
    known = requests_by_name(world)
    missing = [wish for wish in wishes if wish.name not in known]
    refused = Counter(
        filter(None, together("requests", missing, lambda wish: _submit(world, wish, round_id)))
    )
    say(f"requests: {len(wishes)} planned, {len(missing)} new")
    if refused:
        raise ValueError(f"requests were refused: {refused.most_common(5)}")


def wait_until_heard(world: World, round_id: str) -> None:
    """Waits until the matcher knows all requests of the round; TimeoutError if it never does."""
    planned = sum(1 for item in world.city.every("/requests", {"round_id": round_id}))
    deadline = time.monotonic() + _SETTLE_SECONDS
    while world.city.get(f"/rounds/{round_id}")["statistics"]["requests"] < planned:
        if time.monotonic() > deadline:
            raise TimeoutError(f"the matcher has not heard of all {planned} requests")
        time.sleep(0.3)


def _submit(world: World, wish: Wish, round_id: str) -> str | None:
    person = world.person(wish.school.teacher)
    deadline = time.monotonic() + _SETTLE_SECONDS
    while True:
        try:
            person.post("/requests", body(world, wish, round_id), key=key("wish", round_id, wish.name))
            return None
        except Problem as problem:
            if time.monotonic() > deadline or not _may_pass(problem):
                return f"{wish.name}: {problem}"
        time.sleep(0.3)


def _may_pass(problem: Problem) -> bool:
    """What a service that has not heard of the round or the school yet says."""
    text = str(problem.body)
    return "round_unknown" in text or "school_not_registered" in text


def body(world: World, wish: Wish, round_id: str) -> Json:
    """The request's body."""
    return {
        "round_id": round_id if wish.in_round else None,
        "kind": wish.kind,
        "topics": world.codes(wish.topics),
        "programme_id": world.programmes[wish.programme]["id"] if wish.programme else None,
        "grades": list(wish.grades),
        "audience": wish.audience,
        "class_name": wish.class_name,
        "group_size": wish.group_size,
        "windows": [{"starts_at": first, "ends_at": last} for first, last in wish.windows],
        "windows_ranked": bool(wish.liked),
        "choices": [{"programme_id": world.programmes[title]["id"]} for title in wish.liked],
        "distance_limit_km": wish.distance_limit_km,
        "language": wish.language,
        "language_required": wish.language_required,
        "preferences": wish.preferences,
        "with_expert": wish.with_expert,
        "contact": wish.name,
    }

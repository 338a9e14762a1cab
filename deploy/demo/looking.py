"""What people look up: searches in all the ways that Chinese is typed, and how fast a booking shows."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from deploy.demo.client import Json
from deploy.demo.crowd import say
from deploy.demo.dice import key
from deploy.demo.schools import School, schools
from deploy.demo.world import World

CONTACT = "查询核对（演示）"
HELD_SECONDS, SHOWN_SECONDS = 300.0, 60.0
_POLL_SECONDS = 0.05
# What is typed, and how; `type` says what is looked for.
TYPED: tuple[tuple[str, Json], ...] = (
    ("Chinese words", {"type": "venues", "q": "赤峰 博物馆"}),
    ("part of a word", {"type": "venues", "q": "克什"}),
    ("pinyin", {"type": "venues", "q": "chifeng"}),
    ("initials", {"type": "venues", "q": "cf"}),
    ("topic and grade", {"type": "slots", "topic": "aerospace", "grade": 5}),
    ("40 free seats in a district", {"type": "slots", "district": "150425", "seats": 40}),
    ("near a school", {"type": "slots", "lat": 42.29, "lon": 119.92, "within_km": 60, "sort": "distance"}),
    ("experts", {"type": "experts", "topic": "health"}),
)


def searches(world: World) -> list[tuple[str, int, str]]:
    """How each way of typing was answered: its name, the number of hits, the first hit's title."""
    return [(name, *_search(world, query)) for name, query in TYPED]


def _search(world: World, query: Json) -> tuple[int, str]:
    page = world.api.get("/search", {**query, "limit": 1, "facets": "true"})
    return page["total"], page["items"][0]["title"] if page["items"] else "–"


@dataclass(frozen=True, slots=True)
class Booking:
    """A class that can go to a session outside the round."""

    slot: Json
    school: School
    grade: int
    group_size: int


def freshness(world: World) -> float | None:
    """Seconds from seats being held at their owner to search showing them as taken; None if done before.

    A school asks at once for one session, and both sides are watched. TimeoutError if nothing is held.
    """
    if any(item["contact"] == CONTACT for item in world.city.every("/requests")):
        return None
    booking = _find(world)
    slot_id, free = booking.slot["id"], booking.slot["free"]
    _ask(world, booking)
    _until(lambda: world.api.get(f"/slots/{slot_id}")["free"] < free, "seats were not held", HELD_SECONDS)
    held = time.monotonic()
    _until(lambda: _free_in_search(world, booking.slot) < free, "search never showed the booking")
    return time.monotonic() - held


def _find(world: World) -> Booking:
    titles = {programme["id"]: programme for programme in world.programmes.values()}
    for slot in world.city.every("/slots", {"at_once": "true", "free": 40}):
        programme = titles[slot["programme_id"]]
        found = _class_for(programme) if programme["kind"] in ("visit", "show", "mini_class") else None
        if found:
            return Booking(slot, *found)
    raise LookupError("no session outside the round has 40 free seats")


def _class_for(programme: Json) -> tuple[School, int, int] | None:
    for school in schools():
        common = sorted(set(school.grades) & set(programme["grades"]))
        if common and school.auto_accepts and programme["min_group"] <= 30 <= programme["max_group"]:
            return school, common[0], 30
    return None


def _ask(world: World, booking: Booking) -> None:
    slot = booking.slot
    body = {
        "round_id": None,
        "kind": "visit",
        "topics": [],
        "programme_id": slot["programme_id"],
        "grades": [booking.grade],
        "audience": "pupils",
        "group_size": booking.group_size,
        "windows": [{"starts_at": slot["starts_at"], "ends_at": slot["ends_at"]}],
        "distance_limit_km": 600,
        "language": "zh",
        "language_required": False,
        "preferences": None,
        "contact": CONTACT,
    }
    world.person(booking.school.teacher).post("/requests", body, key=key("freshness", slot["id"]))
    say(f"{booking.school.name} asks at once for {slot['starts_at']}")


def _free_in_search(world: World, slot: Json) -> int:
    query = {"type": "slots", "programme_id": slot["programme_id"], "bookable": "false", "limit": 200}
    hits = world.api.get("/search", query)["items"]
    return next(int(hit["free"]) for hit in hits if hit["id"] == slot["id"])


def _until(condition: Callable[[], bool], complaint: str, seconds: float = SHOWN_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(complaint)
        time.sleep(_POLL_SECONDS)

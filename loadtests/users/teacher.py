"""A teacher: looks for something, reads about it, asks for it, and sees where the school's requests stand."""

from __future__ import annotations

import random
import uuid

from loadtests.ground import Ground
from loadtests.visit import Visit
from loadtests.wishes import wish

WORDS = ("航天", "机器人", "科技馆", "chifeng", "cf", "博物", "生态", "应急", "kejiguan", "海洋")


def look_around(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Searches by a word, then for free sessions, and opens one."""
    visit.get("/search", {"q": chance.choice(WORDS)}, name="search by word")
    visit.get(
        "/search",
        {"type": "slots", "topic": chance.choice(ground.topics), "seats": 30},
        name="search sessions",
    )
    visit.get(f"/slots/{chance.choice(ground.slots)}", name="slot")


def ask(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Searches, submits a request and looks at the school's list."""
    visit.get("/search", {"q": chance.choice(WORDS)}, name="search by word")
    visit.post(
        "/requests",
        wish(ground, visit.who.organisation_id, chance),
        key=str(uuid.uuid4()),
        name="submit a request",
    )
    visit.get("/requests", {"limit": 20}, name="own requests")


def follow_up(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Reads requests, matches and messages."""
    visit.get("/requests", {"limit": 20}, name="own requests")
    visit.get("/matches", {"limit": 20}, name="own matches")
    visit.get("/notices", {"limit": 20}, name="inbox")

"""Somebody at a venue: reads who comes, answers an offer, looks at the timetable."""

from __future__ import annotations

import random

from loadtests.ground import Ground
from loadtests.users.answering import answer_one
from loadtests.visit import Visit


def read_the_day(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Matches, timetable and messages."""
    visit.get("/matches", {"limit": 50}, name="venue's matches")
    visit.get("/slots", {"organisation_id": visit.who.organisation_id, "limit": 50}, name="venue's slots")
    visit.get("/notices", {"limit": 20}, name="inbox")


def answer(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Accepts an offer, if there is one."""
    answer_one(visit, chance)

"""A coordinator: reads where requests, matches and coverage stand."""

from __future__ import annotations

import random

from loadtests.ground import Ground
from loadtests.visit import Visit


def survey(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Counts, rounds and coverage."""
    visit.get("/requests/summary", name="request counts")
    visit.get("/rounds", {"limit": 20}, name="rounds")
    visit.get("/coverage", name="coverage")


def read_requests(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """A page of the area's requests and matches."""
    visit.get("/requests", {"limit": 50}, name="area's requests")
    visit.get("/matches", {"limit": 50}, name="area's matches")

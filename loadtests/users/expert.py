"""An expert: reads the own engagements and answers an offer."""

from __future__ import annotations

import random

from loadtests.ground import Ground
from loadtests.users.answering import answer_one
from loadtests.visit import Visit


def read_the_week(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Engagements and messages."""
    visit.get("/engagements", {"limit": 50}, name="own engagements")
    visit.get("/notices", {"limit": 20}, name="inbox")


def answer(visit: Visit, ground: Ground, chance: random.Random) -> None:
    """Accepts an offer, if there is one."""
    answer_one(visit, chance)

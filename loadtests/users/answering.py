"""Answering an offer, as everybody who is asked does it."""

from __future__ import annotations

import random

from loadtests.visit import Visit


def answer_one(visit: Visit, chance: random.Random) -> None:
    """Accepts one of the open offers; that somebody was quicker is an answer too."""
    open_offers = visit.get("/matches", {"state": "offered", "limit": 20}, name="open offers")
    if open_offers and open_offers["items"]:
        match = chance.choice(open_offers["items"])
        visit.post(
            f"/matches/{match['id']}/answers",
            {"answer": "accept"},
            name="answer an offer",
            allowed={409, 422},
        )

"""What a teacher of the load test asks for."""

from __future__ import annotations

import random

from loadtests.ground import Ground

WINDOWS = 3


def wish(ground: Ground, school_id: str, chance: random.Random) -> dict[str, object]:
    """The body of a request for a visit that may or may not find a place."""
    return {
        "round_id": ground.round_id,
        "kind": "visit",
        "topics": [chance.choice(ground.topics)],
        "grades": ground.grades[school_id][:1],
        "group_size": chance.randint(10, 40),
        "windows": chance.sample(ground.windows, min(WINDOWS, len(ground.windows))),
        "distance_limit_km": 150,
    }

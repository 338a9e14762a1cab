"""What a teacher of the load test asks for."""

from __future__ import annotations

import random

from loadtests.ground import Ground

WINDOWS = 3
BROAD_TOPICS, BROAD_WINDOWS, CHOICES = 8, 8, 2


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


def broad_wish(ground: Ground, school_id: str, chance: random.Random) -> dict[str, object]:
    """The body of a request that much would suit, so that a round of such requests is long to solve."""
    topics = chance.sample(ground.topics, min(BROAD_TOPICS, len(ground.topics)))
    return wish(ground, school_id, chance) | {
        "topics": topics,
        "choices": [{"topic": topic} for topic in topics[:CHOICES]],
        "windows_ranked": True,
        "windows": chance.sample(ground.windows, min(BROAD_WINDOWS, len(ground.windows))),
        "group_size": chance.randint(13, 47),
        "distance_limit_km": 600,
    }

"""Named, seeded chance: the same name always throws the same dice."""

from __future__ import annotations

import random
import uuid

NAMESPACE = uuid.UUID("6f2d3f0e-6d55-5c40-9f0e-15040020262a")
SEED = "chifeng-2026"


def dice(*name: object) -> random.Random:
    """A generator of its own for one thing, whatever else is thrown before it."""
    return random.Random(":".join(map(str, (SEED, *name))))


def key(*name: object) -> str:
    """A stable Idempotency-Key for one item, so that a repeated run never makes a second one."""
    return str(uuid.uuid5(NAMESPACE, ":".join(map(str, name))))

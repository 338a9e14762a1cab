"""Locust's entry: one user object that lets visits begin at a constant average rate (an open model)."""

from __future__ import annotations

import random

from locust import FastHttpUser, task
from locust.exception import StopUser

from loadtests import arrivals, ground
from loadtests.shapes import PROPORTIONS
from loadtests.visit import Visit

GROUND = ground.read()


class Everybody(FastHttpUser):
    """All people of the region; each visit is somebody else's."""

    host = GROUND.address
    concurrency = arrivals.MOST_AT_ONCE

    @task
    def arrive(self) -> None:
        """Runs the whole phase once."""
        chance = random.Random(20261124)
        weighted = [(weight, self._story(role, act, chance)) for role, act, weight in PROPORTIONS]
        arrivals.run(weighted, GROUND.rate, GROUND.seconds, chance)
        self.environment.runner.quit()
        raise StopUser

    def _story(self, role: str, act, chance: random.Random) -> arrivals.Story:
        def visit() -> None:
            act(Visit(self.client, chance.choice(GROUND.people[role])), GROUND, chance)

        return visit

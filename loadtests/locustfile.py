"""Locust's entry: one user object that lets visits begin at a constant average rate (an open model)."""

from __future__ import annotations

import random
from collections.abc import Callable

import gevent
from locust import FastHttpUser, task
from locust.exception import StopUser

from loadtests import arrivals, ground
from loadtests.ground import Ground
from loadtests.shapes import PROPORTIONS
from loadtests.timetable import Story
from loadtests.visit import Visit

Act = Callable[[Visit, Ground, random.Random], None]

GROUND = ground.read()
#: Locust writes its numbers down once a second, and not once more at the end.
_WRITING_SECONDS = 2.5


class Everybody(FastHttpUser):
    """All people of the region; each visit is somebody else's."""

    host = GROUND.address
    concurrency = arrivals.MOST_AT_ONCE

    @task
    def arrive(self) -> None:
        """Runs the whole phase once."""
        chance = random.Random(20261124)
        weighted = [(weight, self._story(role, act, chance)) for role, act, weight in PROPORTIONS]
        try:
            arrivals.run(weighted, GROUND.rate, GROUND.seconds, chance)
        except arrivals.Overrun as error:
            self._count_overrun(error)
        gevent.sleep(_WRITING_SECONDS)
        self.environment.runner.quit()
        raise StopUser

    def _count_overrun(self, error: arrivals.Overrun) -> None:
        """As a call that went wrong, so that the run fails: Locust would only log the error."""
        told = {"request_type": "-", "name": "arrivals", "response_time": 0, "response_length": 0}
        self.environment.events.request.fire(**told, exception=error, context={})

    def _story(self, role: str, act: Act, chance: random.Random) -> Story:
        def visit() -> None:
            act(Visit(self.client, chance.choice(GROUND.people[role])), GROUND, chance)

        return visit

"""The demonstration's region, made ready for load: people logged in, a round of its own to ask in."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from deploy.demo import facts
from deploy.demo.client import Api, Problem
from deploy.demo.crowd import say, together
from deploy.demo.stack_clock import StackClock
from deploy.demo.world import CITY, World, world
from deploy.local.stack import Stack
from loadtests import sessions
from loadtests.ground import Ground, Somebody
from loadtests.wishes import broad_wish

Json = dict[str, Any]

_DIVISIONS = tuple(f"d{each.adcode}" for each in facts.divisions())
LOGINS: Mapping[str, Iterable[str]] = {
    "teacher": [f"s{n:04d}" for n in range(1, 241, 6)],
    "venue": [f"v{n:02d}" for n in range(1, 13)],
    "expert": [f"e{n:03d}" for n in range(1, 151, 12)],
    "coordinator": [CITY, *_DIVISIONS[:4]],
}
BROAD_EACH = 15
_SOONEST, _DAYS = dt.timedelta(days=4), 30
_LESSONS = ("00:30:00Z", "08:30:00Z")  # half past eight to half past four in China
_NO_SUCH_LOGIN = 401


class NotLoaded(RuntimeError):
    """The stack has not the demonstration's people; `make demo` loads them."""


class Region:
    """The running stack as the load test uses it."""

    def __init__(self, stack: Stack) -> None:
        variables = stack.environment("demo")
        self.address = variables["PUBLIC_URL"]
        self._world: World = world(variables, Api(self.address))
        self._clock = StackClock(stack)
        self.round_id = ""

    def open_round(self, solve_seconds: int) -> None:
        """A round of this run alone, so that what is asked here is served to nobody."""
        now = self._clock.now()
        body = {
            "name": f"负载测试（演示）{now:%m-%d %H:%M:%S}",
            "adcode": facts.CITY,
            "opens_at": _text(now),
            "closes_at": _text(now + dt.timedelta(days=20)),
            "policy": {"solve_seconds": solve_seconds, "session_minutes": 60},
        }
        self.round_id = self._world.city.post("/rounds", body, key=str(uuid.uuid4()))["id"]

    def now(self) -> str:
        """The stack's time, as services write it."""
        return _text(self._clock.now())

    def moment(self) -> dt.datetime:
        """The stack's time."""
        return self._clock.now()

    def offer_sessions(self, there: Ground) -> None:
        """Sessions for the round alone: the demonstration's are all kept for its own."""
        days = [window["starts_at"][:10] for window in there.windows]
        sessions.offer(self._world.api, there.people["venue"], self.round_id, days)

    def submit_broad(self, there: Ground) -> None:
        """Requests of all teachers that much would suit: they make the round long to solve."""
        chance = random.Random(there.round_id)
        asked = [
            (teacher, broad_wish(there, teacher.organisation_id, chance))
            for teacher in there.people["teacher"]
            for _ in range(BROAD_EACH)
        ]
        together("requests that much would suit", asked, lambda each: self._submit(*each))

    def _submit(self, teacher: Somebody, body: Json) -> None:
        headers = {**teacher.headers, "Idempotency-Key": str(uuid.uuid4())}
        self._world.api.call("POST", "/requests", body=body, headers=headers)

    def in_another_round(self, there: Ground) -> Ground:
        """The same ground, asking in a second round; the first one stays the one that is solved."""
        solved = self.round_id
        self.open_round(1)
        asked, self.round_id = self.round_id, solved
        return replace(there, round_id=asked)

    def close_round(self) -> None:
        """Ends it, which sets the solver to work."""
        self._world.city.post(f"/rounds/{self.round_id}/close", key=str(uuid.uuid4()))

    def progress(self) -> Json | None:
        """How the round's latest solve stands, None before the first."""
        found: Json | None = self._world.city.get(f"/rounds/{self.round_id}").get("progress")
        return found

    def solve_again(self) -> None:
        """Sets the solver to work on the same round once more."""
        self._tell_round("solve")

    def cancel_solve(self) -> None:
        """Lets the solver stop, if it is still at it."""
        self._tell_round("cancel-solve")

    def _tell_round(self, act: str) -> None:
        try:
            self._world.city.post(f"/rounds/{self.round_id}/{act}", key=str(uuid.uuid4()))
        except Problem as problem:
            say(f"{act}: {problem.code}")

    def ground(self, rate: float, seconds: float) -> Ground:
        """Everybody logged in afresh, and what there is to ask for; raises NotLoaded."""
        people = {role: self._logged_in(role, logins) for role, logins in LOGINS.items()}
        slots = self._slots()
        return Ground(
            address=self.address,
            rate=rate,
            seconds=seconds,
            people=people,
            grades={each.organisation_id: self._grades(each) for each in people["teacher"]},
            topics=[topic["code"] for topic in self._world.api.get("/topics")["items"]],
            windows=self._windows(slots),
            slots=[slot["id"] for slot in slots],
            round_id=self.round_id,
        )

    def _logged_in(self, role: str, logins: Iterable[str]) -> list[Somebody]:
        return together(f"{role}s logged in", logins, lambda login: self._somebody(role, login))

    def _somebody(self, role: str, login: str) -> Somebody:
        given = {"login": login, "password": self._world.password}
        try:
            answer = self._world.api.call("POST", "/tokens", body=given).body
        except Problem as problem:
            if problem.status == _NO_SUCH_LOGIN:
                raise NotLoaded(f"nobody is called {login}; run `make demo` first") from None
            raise
        where = answer["user"]["memberships"][0]["organisation_id"]
        return Somebody(login, role, where, answer["access_token"])

    def _grades(self, teacher: Somebody) -> list[int]:
        path = f"/schools/{teacher.organisation_id}"
        return list(self._world.api.call("GET", path, headers=teacher.headers).body["grades"])

    def _slots(self) -> list[Json]:
        return list(self._world.city.every("/slots"))

    def _windows(self, slots: list[Json]) -> list[dict[str, str]]:
        soonest = _text(self._clock.now() + _SOONEST)
        days = sorted({slot["starts_at"][:10] for slot in slots if slot["starts_at"] > soonest})
        return [
            dict(zip(("starts_at", "ends_at"), (f"{d}T{t}" for t in _LESSONS), strict=True))
            for d in days[:_DAYS]
        ]


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

"""Sessions kept for the load test's own round, so that its solver has something to choose from."""

from __future__ import annotations

import datetime as dt
import random
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from deploy.demo.client import Api
from deploy.demo.crowd import say
from loadtests.ground import Somebody

Json = dict[str, Any]

#: Of each venue owner at most so many, and never more than its own timetable has.
MOST = 60
_SEATS = 60
#: An owner's own sessions stand beside these: the same programme may not begin twice at one moment.
_LATER_MINUTES = range(1, 30)


def offer(api: Api, owners: Iterable[Somebody], round_id: str, days: Sequence[str]) -> int:
    """Let each owner offer sessions on these days (UTC) to this round alone; how many there are."""
    chance = random.Random(round_id)
    made = sum(_offered(api, owner, round_id, days, chance) for owner in owners)
    say(f"{made} sessions for the round")
    return made


def _offered(api: Api, owner: Somebody, round_id: str, days: Sequence[str], chance: random.Random) -> int:
    query = {"organisation_id": owner.organisation_id, "limit": "200"}
    timetable = api.call("GET", "/slots", query=query, headers=owner.headers).body["items"]
    bodies = copies(timetable, round_id, days, chance.choice(_LATER_MINUTES))
    if not bodies:
        return 0
    headers = {**owner.headers, "Idempotency-Key": str(uuid.uuid4())}
    answer = api.call("POST", "/slots/batch", body={"items": bodies}, headers=headers).body
    return sum(1 for item in answer["items"] if item["made"])


def copies(timetable: Iterable[Json], round_id: str, days: Sequence[str], later: int) -> list[Json]:
    """New slots like those of a timetable on these days, some minutes later; each moment once."""
    wanted = [slot for slot in timetable if slot["starts_at"][:10] in days]
    bodies = {
        (slot["programme_id"], slot["starts_at"]): {
            "programme_id": slot["programme_id"],
            "starts_at": _shifted(slot["starts_at"], later),
            "seats": _SEATS,
            "round_id": round_id,
        }
        for slot in wanted
    }
    return list(bodies.values())[:MOST]


def _shifted(moment: str, minutes: int) -> str:
    later = dt.datetime.fromisoformat(moment) + dt.timedelta(minutes=minutes)
    return later.strftime("%Y-%m-%dT%H:%M:%SZ")

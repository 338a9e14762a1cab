"""What counted for a match, as it is kept and told: codes and numbers, keys as ids."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from services.matcher.engine import weights
from services.matcher.engine.model import Key, Kind, Problem
from services.matcher.engine.weighing import Suits, WhyThis
from services.matcher.usecases.problem import World

Row = dict[str, Any]


def why(world: World, problem: Problem, found: WhyThis, alternatives: Sequence[Row], *, now: datetime) -> Row:
    """What counted, beside these alternatives."""
    request = world.requests[problem.wishes[found.wish].key]
    return {
        **named(found, "pupils", "need", "fit", "value", "split", "groups", "people"),
        **named(found, "choices", "choice", "choice_lost", "windows", "window", "window_lost"),
        "needs": list(_needs(request, now)),
        "suits": [_suits(world, each) for each in found.suits],
        "alternatives": alternatives,
    }


def named(found: object, *names: str) -> Row:
    """These members of something that was found."""
    return {name: getattr(found, name) for name in names}


def owner(world: World, kind: Kind, key: Key) -> str:
    """Whose a resource is."""
    return str(world.resources[kind, key]["organisation_id"])


def _suits(world: World, each: Suits) -> Row:
    lost = named(each, "topic", "language", "distance", "km")
    return {**lost, "resource_kind": each.kind, "organisation_id": owner(world, each.kind, each.resource)}


def _needs(request: Mapping[str, Any], now: datetime) -> Iterator[Row]:
    """The parts of a school's need, as `weights.need` adds them up."""
    served = request["last_served"]
    if served is None:
        yield {"code": "never_served", "percent": weights.NEVER_SERVED}
    elif (now - served).days >= weights.LONG_AGO_DAYS:
        yield {"code": "long_ago", "percent": weights.LONG_AGO}
    if request["rural"]:
        yield {"code": "rural", "percent": weights.RURAL}
    if request["enrolment"] < weights.SMALL_ENROLMENT:
        yield {"code": "small_school", "percent": weights.SMALL_SCHOOL}

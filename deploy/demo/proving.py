"""What the summary says of a round's plan: verified from its public papers, fair or not, and explained."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

import requests

from deploy.demo.client import Json, Problem
from deploy.demo.world import World

PAPERS = ("problem", "solution", "certificate")
VERIFIER = "verify.py"
_ADDITIONS, _REASONS = 3, 3
_SECONDS = 60


def lines(world: World, round_: Json) -> Iterator[str]:
    """The proof, the districts' shares, three explanations, and what to add first."""
    yield "  verified by a stranger's means: " + verified(world, round_)
    yield "  fairness: " + _fairness(world, round_)
    asked = list(world.city.every("/requests", {"round_id": round_["id"]}))
    yield "  served by district: " + _shares(world, asked)
    yield from _explanations(world, asked)
    yield from _additions(world, round_)


def verified(world: World, round_: Json) -> str:
    """What the published verifier says of the published papers: both as anybody may fetch them."""
    with tempfile.TemporaryDirectory() as folder:
        for name in PAPERS:
            _fetch(world, f"/rounds/{round_['id']}/papers/{name}", Path(folder, f"{name}.json"))
        _fetch(world, "/verifier", Path(folder, VERIFIER))
        command = [sys.executable, "-I", VERIFIER, *(f"{name}.json" for name in PAPERS)]
        said = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return (said.stdout or said.stderr).strip().replace("\n", " ")


def _fetch(world: World, path: str, file: Path) -> None:
    answer = requests.get(f"{world.api.address}/api/v1{path}", timeout=_SECONDS)
    answer.raise_for_status()
    file.write_bytes(answer.content)


def _fairness(world: World, round_: Json) -> str:
    """The district with the lowest share of people served: in the plan, in the fair one, and in any.

    What there was no time to prove or to price is not spoken of.
    """
    round_ = world.city.get(f"/rounds/{round_['id']}")
    told = round_["fairness"]
    if told is None:
        return "not asked for"
    shares = f"{told['lowest']:.1%} in the lowest district, {told['fair']:.1%} in the fair plan"
    most = f", {told['highest']:.1%} at most in any" if told["highest"] < 1 else ""
    kept = f"; {round_['policy']['fairness']} % of the fair plan kept"
    free = told["value"] is None
    price = "" if free else f", costs {told['value']} points and {told['pupils']} pupils by prices"
    return f"{shares}{most}{kept}{price}"


def _shares(world: World, requests_: list[Json]) -> str:
    """The best and the worst served share of demand among the districts, as it stands."""
    names = {row["value"]: row["name"] for row in world.city.get("/coverage", {"by": "district"})["rows"]}
    asked: dict[str, list[bool]] = defaultdict(list)
    for request in requests_:
        district = str(names.get(request["adcode"], request["adcode"]))
        asked[district].append(request["match_id"] is not None)
    shares = {district: sum(served) / len(served) for district, served in asked.items()}
    if not shares:
        return "nobody asked"
    worst, best = min(shares, key=shares.__getitem__), max(shares, key=shares.__getitem__)
    return f"{shares[best]:.0%} in {best} at best, {shares[worst]:.0%} in {worst} at worst, of {len(shares)}"


def _explanations(world: World, requests_: list[Json]) -> Iterator[str]:
    """One request that got what it asked for, one that did not, one that a small change would help."""
    wanted = dict(_KINDS)
    for request in requests_:
        told = _told(world, request)
        kind = told and next((kind for kind, text in wanted.items() if text(told)), None)
        if told and kind:
            yield f"  {kind}: {request['school_name']}: {wanted.pop(kind)(told)}"
        if not wanted:
            return


def _told(world: World, request: Json) -> Json | None:
    try:
        return world.city.get(f"/explanations/{request['id']}")
    except Problem:
        return None  # nothing was said of it yet


def _why(told: Json) -> str | None:
    return told["why"] and str(told["why"]["text"])


def _why_not(told: Json) -> str | None:
    """Who has what it wanted; or, if it could have had nothing, the rules that most fell by."""
    if told["contest"]:
        return str(told["contest"]["text"])
    if told["outcome"] == "matched" or not told["reasons"]:
        return None
    most = sorted(told["reasons"], key=lambda reason: -reason["count"])[:_REASONS]
    return "；".join(str(reason["text"]).rstrip("。") for reason in most)


def _change(told: Json) -> str | None:
    return str(told["changes"][0]["text"]) if told["changes"] else None


_KINDS: dict[str, Callable[[Json], str | None]] = {
    "why this": _why,
    "what would have helped": _change,
    "why not": _why_not,
}


def _additions(world: World, round_: Json) -> Iterator[str]:
    found = world.city.get(f"/rounds/{round_['id']}/additions")
    if found["made_at"] is None:
        yield "  what to add: still being worked out"
        return
    yield f"  helped by a small change, verified: {found['helped']} of {found['unserved']} unserved"
    for addition in found["additions"][:_ADDITIONS]:
        yield f"  to add: {addition['text']}"

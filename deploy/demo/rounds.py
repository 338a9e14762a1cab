"""The round: opened, closed, solved, one pairing moved by hand, reviewed and published."""

from __future__ import annotations

import datetime as dt
import time

from deploy.demo import facts
from deploy.demo.client import Json, Problem
from deploy.demo.crowd import say
from deploy.demo.dice import key
from deploy.demo.world import World

NAME = "科普资源集中申报（演示）"
OFFER_HOURS = 48
SOLVE_SECONDS = 600.0
REASON = "该校当天有运动会，经与学校和场馆商量改到另一场次（演示）"
_POLL_SECONDS = 1.0


def find_or_open(world: World, now: dt.datetime) -> Json:
    """The demonstration's round; opened now, for ten days, if there is none."""
    for known in world.city.every("/rounds"):
        if known["name"] == NAME:
            return known
    body = {
        "name": NAME,
        "adcode": facts.CITY,
        "opens_at": _text(now),
        "closes_at": _text(now + dt.timedelta(days=10)),
        "offer_hours": OFFER_HOURS,
    }
    opened = world.city.post("/rounds", body, key=key("round", NAME))
    say(f"round opened: {NAME}, seed's hash {opened['seed_hash'][:12]}…")
    return opened


def _text(moment: dt.datetime) -> str:
    return moment.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def anchor(round_: Json) -> dt.date:
    """The day on which the round opened: all dates of the demonstration follow from it."""
    return dt.datetime.fromisoformat(round_["opens_at"]).astimezone(dt.UTC).date()


def read(world: World, round_: Json) -> Json:
    """The round as it is now."""
    return world.city.get(f"/rounds/{round_['id']}")


def close(world: World, round_: Json) -> Json:
    """Closes it before its time; the solver begins by itself."""
    return world.city.post(f"/rounds/{round_['id']}/close", {}, key=key("close", round_["id"]))


def wait_for_draft(world: World, round_: Json) -> Json:
    """Waits until the solution is drawn up; TimeoutError if it takes too long, ValueError if it failed."""
    deadline, said = time.monotonic() + SOLVE_SECONDS, ""
    while time.monotonic() < deadline:
        now = read(world, round_)
        if now["state"] in ("drawn_up", "reviewed", "published"):
            return now
        if now["state"] == "failed":
            raise ValueError(f"the solve failed: {now}")
        said = _say_once(said, f"round is {now['state']}: {_progress(now)}")
        time.sleep(_POLL_SECONDS)
    raise TimeoutError(f"no draft after {SOLVE_SECONDS:.0f} s")


def _progress(round_: Json) -> str:
    progress = round_.get("progress") or {}
    told = (progress.get("phase") or progress.get("state"), *map(progress.get, ("value", "bound")))
    return " / ".join(str(each) for each in told if each is not None)


def _say_once(said: str, line: str) -> str:
    if line != said:
        say(line)
    return line


def move_one(world: World, round_: Json) -> str | None:
    """Moves one visit of the draft to another session of its programme; says what, or None."""
    drafts = list(world.city.every(f"/rounds/{round_['id']}/matches"))
    if any(draft["pinned"] for draft in drafts):
        return "a pairing was moved before"
    for draft in drafts:
        moved = _try_to_move(world, round_, draft) if draft["legs"][0]["resource_kind"] == "slot" else None
        if moved:
            return moved
    return None


def _try_to_move(world: World, round_: Json, draft: Json) -> str | None:
    leg = draft["legs"][0]
    others = world.city.get(
        "/slots", {"programme_id": leg["programme_id"], "round_id": round_["id"], "free": leg["quantity"]}
    )["items"]
    for slot in others:
        if slot["id"] != leg["resource_id"] and _move(world, draft, slot):
            return f"{draft['school_name']}: {draft['title']} from {leg['starts_at']} to {slot['starts_at']}"
    return None


def _move(world: World, draft: Json, slot: Json) -> bool:
    body = {"resource_kind": "slot", "resource_id": slot["id"], "reason": REASON}
    path = f"/matches/{draft['id']}/move"
    try:
        shown = world.city.post(f"{path}/preview", body)["shown"]
        world.city.post(path, {**body, "shown": shown}, key=key("move", draft["id"], slot["id"]))
    except Problem as problem:
        if problem.status >= 500:
            raise
        return False
    return True


def review(world: World, round_: Json) -> Json:
    """Marks the draft as read."""
    return world.city.post(f"/rounds/{round_['id']}/review", {}, key=key("review", round_["id"]))


def publish(world: World, round_: Json) -> Json:
    """Lets the offers go out."""
    return world.city.post(f"/rounds/{round_['id']}/publish", {}, key=key("publish", round_["id"]))

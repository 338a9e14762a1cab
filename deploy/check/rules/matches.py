"""Matches and their resources: what is confirmed is reserved by its owner, and nothing is kept for nobody."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from deploy.check.reader import Reader, Row
from deploy.check.verdict import Finding

# States in which a match may have live holds (a releasing one is giving them back), and in which all its legs
# are reserved; those that the saga drives on, and what each state is to the school.
ALIVE = ("holding", "held", "offered", "confirming", "confirmed", "delivered", "no_show", "releasing")
DRIVEN = ("holding", "held", "confirming", "releasing")
SEEN_AS = {
    "offered": "offered",
    "confirming": "offered",
    "confirmed": "confirmed",
    "delivered": "delivered",
    "no_show": "no_show",
}
SETTLED = ("confirmed", "delivered")
OPEN_LEGS = ("wanted", "held", "reserved")

LEGS = """
select legs.hold_id, legs.match_id, legs.owner, legs.resource_id, legs.quantity,
       legs.state as leg_state, matches.state as match_state
  from legs join matches on matches.id = legs.match_id
 where matches.state <> 'proposed'
"""
SEATS_AND_STOPS = """
select hold_id, match_id, coalesce(slot_id, unit_id) as resource_id, quantity, state
  from hold where state in ('held', 'confirmed')
"""
TIMES = """
select hold_id, match_id, expert_id as resource_id, quantity, state
  from engagement where state in ('held', 'confirmed')
"""
STUCK = "select id, state, failures from matches where state = any(%(driven)s) and next_step_at is null"
MOVING = "select count(*) as n from matches where state = any(%(driven)s)"
SEEN = "select request_id, id as match_id, state from matches where state = any(%(seen)s)"
REQUESTS = "select id, state, match_id from requests"
Live = dict[UUID, Row]


def matches_are_reserved(reader: Reader) -> Finding:
    """Every leg of a confirmed match is reserved at its owner, and every reservation has such a leg."""
    legs, live = _legs(reader), _live(reader)
    settled = [
        leg for leg in legs.values() if leg["match_state"] in SETTLED and leg["leg_state"] in OPEN_LEGS
    ]
    suspects = dict(_unreserved(settled, live)) | dict(_unmatched(legs, live))
    numbers = {
        "confirmed": len({leg["match_id"] for leg in settled}),
        "legs": len(settled),
        "reservations": sum(hold["state"] == "confirmed" for hold in live.values()),
    }
    return Finding(numbers, suspects)


def holds_have_their_match(reader: Reader) -> Finding:
    """No live hold outlives its match, or the leg that it was made for."""
    legs, live = _legs(reader), _live(reader)
    held = {hold_id: hold for hold_id, hold in live.items() if hold["state"] == "held"}
    suspects = {f"hold {hold_id}": how for hold_id in held if (how := _orphaned(legs.get(hold_id)))}
    return Finding({"holds": len(held)}, suspects)


def moving_matches_go_on(reader: Reader) -> Finding:
    """Every match between two states has its next step in the saga's diary."""
    moving = reader.one("matcher", MOVING, {"driven": list(DRIVEN)})["n"]
    stuck = reader.rows("matcher", STUCK, {"driven": list(DRIVEN)})
    suspects = {f"match {row['id']}": f"is {row['state']}, and nothing is due" for row in stuck}
    return Finding({"moving": moving}, suspects)


def requests_stand_where_matches_do(reader: Reader) -> Finding:
    """What demand tells the school is what matcher has, match by match."""
    rows = reader.rows("matcher", SEEN, {"seen": list(SEEN_AS)})
    matched = {row["request_id"]: row for row in rows}
    requests = {row["id"]: row for row in reader.rows("demand", REQUESTS)}
    suspects = {
        f"request {identity}": how
        for identity in requests.keys() | matched.keys()
        if (how := _standing_differs(requests.get(identity), matched.get(identity)))
    }
    return Finding({"requests": len(requests), "matched": len(matched)}, suspects)


def _standing_differs(request: Row | None, match: Row | None) -> str | None:
    if request is None:
        return f"matcher's match is {match['state']}, demand has no such request" if match else None
    if match is None or request["state"] == "withdrawn":
        shown = request["state"] in SEEN_AS.values()
        return f"demand says {request['state']}, matcher has no match" if shown else None
    there = SEEN_AS[match["state"]]
    same = request["state"] == there and request["match_id"] == match["match_id"]
    return None if same else f"demand says {request['state']}, matcher's match is {match['state']}"


def _legs(reader: Reader) -> Live:
    return {row["hold_id"]: row for row in reader.rows("matcher", LEGS)}


def _live(reader: Reader) -> Live:
    rows = reader.rows("catalog", SEATS_AND_STOPS) + reader.rows("experts", TIMES)
    return {row["hold_id"]: row for row in rows}


def _unreserved(settled: list[Row], live: Live) -> Iterator[tuple[str, str]]:
    for leg in settled:
        hold = live.get(leg["hold_id"])
        how = _misfit(leg, hold)
        if how:
            yield f"match {leg['match_id']} leg {leg['hold_id']}", how


def _misfit(leg: Row, hold: Row | None) -> str | None:
    if hold is None:
        return f"{leg['match_state']}, but {leg['owner']} has no live hold"
    if hold["state"] != "confirmed":
        return f"{leg['match_state']}, but {leg['owner']} has it only {hold['state']}"
    return None if _same(leg, hold) else f"{leg['owner']} reserved another resource, match or quantity"


def _same(leg: Row, hold: Row) -> bool:
    members = ("match_id", "resource_id", "quantity")
    return _values(leg, members) == _values(hold, members)


def _values(row: Row, members: tuple[str, ...]) -> list[Any]:
    return [row[member] for member in members]


def _unmatched(legs: Live, live: Live) -> Iterator[tuple[str, str]]:
    for hold_id, hold in live.items():
        leg = legs.get(hold_id)
        if hold["state"] != "confirmed":
            continue
        if leg is None:
            yield f"reservation {hold_id}", "no match has it as a leg"
        elif leg["match_state"] not in (*SETTLED, "no_show") or leg["leg_state"] not in OPEN_LEGS:
            yield f"reservation {hold_id}", f"its match is {leg['match_state']}, its leg {leg['leg_state']}"


def _orphaned(leg: Row | None) -> str | None:
    if leg is None:
        return "no match has it as a leg"
    if leg["match_state"] not in ALIVE:
        return f"its match is {leg['match_state']}"
    return None if leg["leg_state"] in OPEN_LEGS else f"its leg is {leg['leg_state']}"

"""What a found thing is made of: documents composed from the owners' facts, and which facts each rests on.

A document shows more than its own aggregate: a slot carries its programme's title and its venue's place. It
is composed anew whenever one of those facts comes, in whatever order they come; `rank` says which composition
is the newer one, so that two workers that compose at once cannot leave the older one standing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple

from schemas.refusal import Refusal, Unavailable

State = dict[str, Any]
Document = dict[str, Any]

#: The aggregates that are found, and the index that each lives in.
INDICES = {"programme": "programmes", "slot": "slots", "venue": "venues", "expert": "experts"}
#: The aggregates that documents rest on besides.
SUPPORTS = ("district", "organisation", "unit", "engagement")
FACTS = "facts"
#: An expert's time is taken by engagements in these states.
TAKING = ("held", "confirmed")

# 24 + 22 + 17 bits: what a 63-bit version number of the engine has room for.
_OWN, _NEAR, _FAR = 1 << 24, 1 << 22, 1 << 17


class SearchUnavailable(Unavailable):
    """Elasticsearch does not answer; nothing is lost, and what happened meanwhile is caught up with."""

    code = "search_unavailable"


class CatchingUp(SearchUnavailable):
    """The indices are not there (yet): they are being rebuilt from what their owners tell."""

    code = "search_catching_up"


class CursorInvalid(Refusal):
    """The cursor does not belong to this query."""

    code = "cursor_invalid"


class PointRequired(Refusal):
    """Distance was asked for without saying from where."""

    code = "search_point_required"


class StoredFact(NamedTuple):
    """A fact as search keeps it."""

    version: int
    state: State


Facts = Mapping[str, StoredFact]


def key_of(aggregate: str, state: Mapping[str, Any], aggregate_id: object) -> str:
    """The name under which a fact is kept and referred to; districts are referred to by their code."""
    return district_key(state["adcode"]) if aggregate == "district" else f"{aggregate}:{aggregate_id}"


def district_key(adcode: str) -> str:
    """The key of a district's fact."""
    return f"district:{adcode}"


def areas(adcode: str | None) -> list[str]:
    """The codes of all areas around a place, the widest first: province, city, district, township."""
    if not adcode:
        return []
    chain = [adcode[:2] + "0000", adcode[:4] + "00", adcode[:6], adcode]
    return list(dict.fromkeys(chain))


def references(aggregate: str, state: Mapping[str, Any]) -> list[str]:
    """The keys of the facts that this fact names itself."""
    named = [
        f"{kind}:{state[member]}"
        for kind, member in _REFERENCES.get(aggregate, ())
        if state.get(member) is not None
    ]
    if aggregate in ("venue", "organisation", "unit", "expert"):
        named.extend(district_key(code) for code in areas(state.get("township") or state["adcode"])[1:])
    return named


_REFERENCES: Mapping[str, Sequence[tuple[str, str]]] = {
    "slot": (("programme", "programme_id"), ("venue", "venue_id"), ("organisation", "organisation_id")),
    "programme": (("venue", "venue_id"), ("unit", "unit_id"), ("organisation", "organisation_id")),
    "venue": (("organisation", "organisation_id"),),
    "unit": (("organisation", "organisation_id"),),
    "expert": (("organisation", "organisation_id"),),
    "engagement": (("expert", "expert_id"),),
}


def rank(own: int, near: Iterable[int], far: Iterable[int]) -> int:
    """A number that grows with every fact that a composition has taken in.

    Compared first by the aggregate's own version, then by those of the facts it names (`near`), then by those
    that these name (`far`). With the former equal, the latter are versions of the same facts, which only
    grow: a composition that missed a fact is always smaller than one that did not.
    """
    levels = (min(own, _OWN - 1), min(sum(near), _NEAR - 1), min(sum(far), _FAR - 1))
    return (levels[0] * _NEAR + levels[1]) * _FAR + levels[2]


Window = tuple[datetime, datetime]


def free_windows(availability: Sequence[Mapping[str, str]], engagements: Iterable[State]) -> list[Window]:
    """An expert's availability less what is held or confirmed."""
    windows = [_window(window) for window in availability]
    for engagement in engagements:
        if engagement["state"] in TAKING:
            windows = _without(windows, *_window(engagement))
    return windows


def _window(state: Mapping[str, str]) -> Window:
    return datetime.fromisoformat(state["starts_at"]), datetime.fromisoformat(state["ends_at"])


def _without(windows: list[Window], start: datetime, end: datetime) -> list[Window]:
    left: list[Window] = []
    for opens, closes in windows:
        if end <= opens or closes <= start:
            left.append((opens, closes))
        else:
            left.extend(piece for piece in ((opens, start), (end, closes)) if piece[0] < piece[1])
    return left


def instant(moment: datetime) -> str:
    """A moment as documents and queries hold it: UTC, whole seconds, with Z."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

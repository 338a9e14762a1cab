"""What requests share, as the engine's pools: the time of a class, and what a school may have in a term.

A class is known by its school and its name. A term is counted until the next one begins, so that every day
belongs to one; where no term is known, all days do. A request of no round has no limit, but counts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from services.chassis.store import Connection
from services.matcher.engine.days import month_number
from services.matcher.engine.model import DAY, Claim, Option, Place, Pool, Roads, Use, Window
from services.matcher.engine.pools import CLASS_BUSY, ENTITLEMENT_USED, has_room
from services.matcher.storage import world
from services.matcher.usecases.minutes import minute

Row = dict[str, Any]
# The terms of an area, in order and without gaps.
Terms = Callable[[str], tuple[Window, ...]]
# Before everything, and after everything that the papers may speak of.
_EARLIEST, _LATEST = 0, 10**9


def terms_from(first_days: Iterable[int]) -> tuple[Window, ...]:
    """Terms that begin on these days (since 1970-01-01), and the time before the first."""
    cuts = [_EARLIEST, *(day * DAY for day in sorted(set(first_days))), _LATEST]
    return tuple(Window(start, end) for start, end in pairwise(cuts))


def shared(
    conn: Connection, requests: Sequence[Row], terms: Terms, roads: Roads, but: world.NotCounted
) -> Shared:
    """The pools of these requests, with what their schools have already but for what is not counted."""
    schools = {row["school_id"] for row in requests if row["class_name"] or row["most_per_school"]}
    had = world.appointments(conn, sorted(schools), but) if schools else []
    return Shared(requests, had, terms, roads)


class Shared:
    """Pools of requests, and which of them each request claims."""

    def __init__(self, requests: Sequence[Row], had: Sequence[Row], terms: Terms, roads: Roads) -> None:
        self._terms, self._roads, self._had = terms, roads, had
        classes = {_class_of(row) for row in requests if row["class_name"]}
        entitled = {_entitlement_of(row): row for row in requests if row["most_per_school"]}
        self.pools = (
            *(Pool(key, 1, CLASS_BUSY, self._appointments(key)) for key in sorted(classes)),
            *(
                Pool(key, row["most_per_school"], ENTITLEMENT_USED, self._counted(key, row))
                for key, row in sorted(entitled.items())
            ),
        )

    def claims(self, row: Row) -> tuple[Claim, ...]:
        """What a request takes of pools if it is served; what no other day would help with comes first."""
        found = []
        if row["most_per_school"]:
            found.append(Claim(_entitlement_of(row), self._terms(row["adcode"])))
        if row["class_name"]:
            found.append(Claim(_class_of(row)))
        return tuple(found)

    def _appointments(self, key: str) -> tuple[Use, ...]:
        """When a class is out already, its roads included."""
        mine = (row for row in self._had if row["class_name"] and _class_of(row) == key)
        return tuple(self._away(key, row) for row in mine)

    def _away(self, key: str, row: Row) -> Use:
        home, there = Place(row["home_lat"], row["home_lon"]), Place(row["lat"], row["lon"])
        start, end = minute(row["starts_at"]), minute(row["ends_at"])
        return Use(key, start - self._way(home, there, start), end + self._way(there, home, end))

    def _way(self, start: Place, end: Place, at: int) -> int:
        return self._roads.minutes(start, end, month_number(at)) if start != end else 0

    def _counted(self, key: str, row: Row) -> tuple[Use, ...]:
        """For each appointment of the school, the term that it counts in."""
        begun = [minute(had["starts_at"]) for had in self._had if had["school_id"] == row["school_id"]]
        terms = self._terms(row["adcode"])
        return tuple(Use(key, *term) for at in begun for term in terms if term.start <= at < term.end)


def _class_of(row: Row) -> str:
    return f"class {row['class_name']} of {row['school_id']}"


def _entitlement_of(row: Row) -> str:
    return f"{row['most_per_school']} a term for {row['school_id']}"


def standing(pools: Iterable[Pool], chosen: Iterable[Option]) -> list[Option]:
    """Those of `chosen` that pools, as they are by now, still have room for, one after the other."""
    now = {pool.key: pool for pool in pools}
    taken: dict[object, list[Use]] = {key: list(pool.taken) for key, pool in now.items()}
    kept = []
    for option in chosen:
        uses = [use for use in option.uses if use.pool in now]
        if all(has_room(now[use.pool], taken[use.pool], use) for use in uses):
            kept.append(option)
            for use in uses:
                taken[use.pool].append(use)
    return kept

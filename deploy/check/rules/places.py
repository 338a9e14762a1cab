"""Time and travel: no expert and no travelling unit has to be in two places at once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby, pairwise
from uuid import UUID

from deploy.check.reader import Reader, Row
from deploy.check.verdict import Finding
from services.chassis.geo import Point
from services.chassis.region import ROADS

# The months of winter roads are the region's, not UTC's.
_REGION = timedelta(hours=8)

ENGAGEMENTS = """
select expert_id as who, hold_id, starts_at as from_when, starts_at, ends_at, lat, lon
  from engagement
 where state in ('held', 'confirmed')
 order by expert_id, starts_at, ends_at
"""
STOPS = """
select unit_id as who, hold_id, lower(occupied) as from_when, starts_at, upper(occupied) as ends_at, lat, lon
  from hold
 where unit_id is not null and state in ('held', 'confirmed')
 order by unit_id, lower(occupied), upper(occupied)
"""
SHRUNK_STOPS = """
select hold_id from hold
 where unit_id is not null and state in ('held', 'confirmed')
   and not (occupied @> tstzrange(starts_at, ends_at))
"""


@dataclass(frozen=True)
class Stay:
    """A live appointment: who is where, from `from_when` (set-up days included) to `ends_at`."""

    who: UUID
    hold_id: UUID
    from_when: datetime
    starts_at: datetime
    ends_at: datetime
    point: Point


def experts_are_in_one_place(reader: Reader) -> Finding:
    """Between two live engagements of an expert there is time for the way."""
    stays = [_stay(row) for row in reader.rows("experts", ENGAGEMENTS)]
    return Finding(
        {"engagements": len(stays), "experts": len({stay.who for stay in stays})}, clashes("expert", stays)
    )


def units_are_in_one_place(reader: Reader) -> Finding:
    """Between two live stops of a unit, set-up days included, there is time for the way."""
    stays = [_stay(row) for row in reader.rows("catalog", STOPS)]
    shrunk = {
        f"stop {row['hold_id']}": "keeps less time than it takes"
        for row in reader.rows("catalog", SHRUNK_STOPS)
    }
    numbers = {"stops": len(stays), "units": len({stay.who for stay in stays})}
    return Finding(numbers, clashes("unit", stays) | shrunk)


def clashes(kind: str, stays: Iterable[Stay]) -> dict[str, str]:
    """Neighbouring stays of one person or unit (sorted) that cannot both be kept."""
    return {
        f"{kind} {first.who} between {first.hold_id} and {second.hold_id}": how
        for first, second in _neighbours(stays)
        if (how := _clash(first, second))
    }


def _neighbours(stays: Iterable[Stay]) -> Iterator[tuple[Stay, Stay]]:
    for _, group in groupby(stays, key=lambda stay: stay.who):
        yield from pairwise(group)


def _clash(first: Stay, second: Stay) -> str | None:
    between = (second.from_when - first.ends_at).total_seconds() / 60
    if between < 0:
        return f"overlap by {-between:.0f} minutes"
    needed = _way(first, second)
    return f"the way takes {needed:.0f} of {between:.0f} minutes" if needed > between else None


def _way(first: Stay, second: Stay) -> float:
    month = (second.starts_at.astimezone(UTC) + _REGION).month
    return float(ROADS.minutes(first.point, second.point, month))


def _stay(row: Row) -> Stay:
    times = {name: row[name] for name in ("who", "hold_id", "from_when", "starts_at", "ends_at")}
    return Stay(**times, point=Point(row["lat"], row["lon"]))

"""What providers lend: at no moment more rooms, guides, kits or coaches than there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import accumulate, groupby
from uuid import UUID

from deploy.check.reader import Reader
from deploy.check.verdict import Finding

# Sessions that were over when the number, or what programmes need, last changed say nothing of it.
LENT = """
select shared_resource.id, shared_resource.kind, shared_resource.number, need.quantity,
       greatest(slot.starts_at, shared_resource.counted_from) as starts_at, slot.ends_at
  from shared_resource
  join need on need.resource_id = shared_resource.id
  join slot on slot.programme_id = need.programme_id and slot.state <> 'cancelled'
  cross join lateral (select distinct coalesce(company_id, hold_id) from hold
                       where hold.slot_id = slot.id and hold.state in ('held', 'confirmed')) as party
 where slot.ends_at > shared_resource.counted_from
 order by shared_resource.id
"""
RESOURCES = "select count(*) as resources from shared_resource where state = 'active'"


@dataclass(frozen=True)
class Lent:
    """What one group has of a resource of which there are `number`, while its session lasts."""

    id: UUID
    kind: str
    number: int
    quantity: int
    starts_at: datetime
    ends_at: datetime


def no_more_is_lent_than_there_is(reader: Reader) -> Finding:
    """What live holds need of a shared resource never comes to more than its number at one moment."""
    lent = [Lent(**row) for row in reader.rows("catalog", LENT)]
    resources = int(reader.one("catalog", RESOURCES)["resources"])
    return Finding({"resources": resources, "groups": len(lent)}, overdrawn(lent))


def overdrawn(lent: Iterable[Lent]) -> dict[str, str]:
    """Resources (uses sorted by them) of which more are lent at some moment than there are."""
    by_resource = groupby(lent, key=lambda each: (each.kind, each.id, each.number))
    most = {(kind, id_, number): _most(list(uses)) for (kind, id_, number), uses in by_resource}
    return {
        f"{kind} {id_}": f"{used} are lent at one time, there are {number}"
        for (kind, id_, number), used in most.items()
        if used > number
    }


def _most(uses: Iterable[Lent]) -> int:
    """The most that goes on at one moment; what ends then is back by then."""
    changes = sorted(change for use in uses for change in _changes(use))
    return max(accumulate(quantity for _, quantity in changes), default=0)


def _changes(use: Lent) -> Iterator[tuple[datetime, int]]:
    yield use.starts_at, use.quantity
    yield use.ends_at, -use.quantity

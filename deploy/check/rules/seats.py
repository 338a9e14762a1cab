"""Seats: what a slot says is taken is what its live holds and reservations add up to."""

from __future__ import annotations

from deploy.check.reader import Reader, Row
from deploy.check.verdict import Finding

SLOTS = """
select count(*) as slots, coalesce(sum(seats), 0) as seats, coalesce(sum(taken), 0) as taken from slot
"""
LIVE = """
select count(*) filter (where state = 'held') as holds,
       count(*) filter (where state = 'confirmed') as reservations
  from hold
 where slot_id is not null and state in ('held', 'confirmed')
"""
MISCOUNTED = """
select slot.id, slot.seats, slot.taken, slot.groups_taken, slot.groups_limit,
       coalesce(sum(hold.quantity), 0) as held,
       count(distinct coalesce(hold.company_id, hold.hold_id)) as groups
  from slot
  left join hold on hold.slot_id = slot.id and hold.state in ('held', 'confirmed')
 group by slot.id
having slot.taken <> coalesce(sum(hold.quantity), 0)
    or slot.groups_taken <> count(distinct coalesce(hold.company_id, hold.hold_id))
    or slot.taken > slot.seats
    or slot.groups_taken > coalesce(slot.groups_limit, slot.groups_taken)
"""


def seats_are_counted(reader: Reader) -> Finding:
    """slot.taken equals the seats of live holds and reservations, and never exceeds slot.seats."""
    numbers = {**reader.one("catalog", SLOTS), **reader.one("catalog", LIVE)}
    suspects = {f"slot {row['id']}": _how(row) for row in reader.rows("catalog", MISCOUNTED)}
    return Finding({name: int(number) for name, number in numbers.items()}, suspects)


def _how(row: Row) -> str:
    counted = f"says {row['taken']} of {row['seats']} seats, {row['groups_taken']} groups are taken"
    return f"{counted}; live holds take {row['held']} seats, {row['groups']} groups"

"""Shared resources and what programmes need of them; what is in use follows from live holds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from services.catalog.domain.sharing import Need, Use
from services.chassis.store import Connection

Row = dict[str, Any]

LOCK = """
select id, organisation_id, kind, number, state from shared_resource
 where id = any(%s) order by id for no key update
"""


def lock(conn: Connection, resource_ids: Iterable[UUID]) -> dict[UUID, Row]:
    """Lock these resources in the order of their ids; an unknown one is missing from the answer.

    Whoever has a resource locked is the only one who can add to what is in use of it.
    """
    return {row["id"]: row for row in conn.execute(LOCK, [list(resource_ids)]).fetchall()}


USES = """
select need.resource_id, need.quantity, slot.starts_at, slot.ends_at
  from need
  join slot on slot.programme_id = need.programme_id and slot.state <> 'cancelled'
  cross join lateral (select distinct coalesce(company_id, hold_id) from hold
                       where hold.slot_id = slot.id and hold.state in ('held', 'confirmed')) as party
 where need.resource_id = any(%(resources)s) and slot.ends_at > %(from_)s
   and (%(until)s::timestamptz is null or slot.starts_at < %(until)s)
"""


def uses(
    conn: Connection, resource_ids: Iterable[UUID], *, from_: datetime, until: datetime | None = None
) -> dict[UUID, list[Use]]:
    """What live holds have of these (locked) resources from a moment on: each what its programme needs.

    Groups that come together have it once.
    """
    found: dict[UUID, list[Use]] = {id_: [] for id_ in resource_ids}
    given = {"resources": list(found), "from_": from_, "until": until}
    for row in conn.execute(USES, given).fetchall():
        found[row["resource_id"]].append(Use(row["quantity"], row["starts_at"], row["ends_at"]))
    return found


NEEDS_OF_SLOTS = """
select slot.id, need.resource_id, need.quantity
  from slot join need on need.programme_id = slot.programme_id
 where slot.id = any(%s) order by slot.id, need.resource_id
"""


def needs_of_slots(conn: Connection, slot_ids: Iterable[UUID]) -> dict[UUID, list[Need]]:
    """What each group of these (locked) slots needs; one that needs nothing is missing from the answer."""
    found: dict[UUID, list[Need]] = {}
    for row in conn.execute(NEEDS_OF_SLOTS, [list(slot_ids)]).fetchall():
        found.setdefault(row["id"], []).append(Need(row["resource_id"], row["quantity"]))
    return found


def needs_of(conn: Connection, programme_ids: Sequence[UUID]) -> dict[UUID, list[Row]]:
    """What each of these programmes needs, in order of the resources' ids."""
    found: dict[UUID, list[Row]] = {id_: [] for id_ in programme_ids}
    rows = conn.execute(
        "select programme_id, resource_id, quantity from need"
        " where programme_id = any(%s) order by resource_id",
        [list(found)],
    )
    for row in rows.fetchall():
        found[row.pop("programme_id")].append(row)
    return found


def replace_needs(conn: Connection, programme_id: UUID, needs: Iterable[Mapping[str, Any]]) -> None:
    """Write what a programme needs from now on."""
    conn.execute("delete from need where programme_id = %s", [programme_id])
    with conn.cursor() as cursor:
        cursor.executemany(
            "insert into need (programme_id, resource_id, quantity) values (%s, %s, %s)",
            [(programme_id, need["resource_id"], need["quantity"]) for need in needs],
        )


def lock_slots_of(conn: Connection, programme_id: UUID, now: datetime) -> None:
    """Let holds in a programme's slots wait that are not over, in order of their ids."""
    conn.execute(
        "select id from slot where programme_id = %s and ends_at > %s order by id for no key update",
        [programme_id, now],
    )


def count_from(conn: Connection, resource_ids: Iterable[UUID], now: datetime) -> None:
    """Let what is in use of these (locked) resources be counted from now on."""
    conn.execute("update shared_resource set counted_from = %s where id = any(%s)", [now, list(resource_ids)])


def programmes_in_need(conn: Connection, resource_id: UUID) -> int:
    """How many programmes that are not withdrawn need a resource."""
    row = conn.execute(
        "select count(*) as n from need join programme on programme.id = need.programme_id"
        " where need.resource_id = %s and programme.state <> 'withdrawn'",
        [resource_id],
    ).fetchone()
    return int(row["n"]) if row else 0

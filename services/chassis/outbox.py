"""Events as rows: written in the transaction that causes them, carried to the bus by the relay."""

import json
import os
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.chassis.trace import current_trace

# One statement, so one round trip: the message is written only if the aggregate's version is the next one.
# Two transactions that append the same version meet on the row of published_state, and the later one loses.
APPEND = """
with state as (
    insert into published_state as present (aggregate, aggregate_id, version, type, data, occurred_at)
    select %(aggregate)s, %(aggregate_id)s, %(version)s, %(type)s, %(data)s, %(now)s
     where %(version)s = 1
        or exists (select from published_state
                    where aggregate = %(aggregate)s and aggregate_id = %(aggregate_id)s)
    on conflict (aggregate, aggregate_id) do update
       set version = excluded.version, type = excluded.type, data = excluded.data,
           occurred_at = excluded.occurred_at
     where present.version = excluded.version - 1
    returning version
)
insert into outbox (id, owner, type, aggregate, aggregate_id, version, routing_key, body, created_at)
select %(id)s, %(owner)s, %(type)s, %(aggregate)s, %(aggregate_id)s, version, %(routing_key)s, %(body)s,
       %(now)s
  from state
"""

STATES_AFTER = """
select aggregate_id, version, data, occurred_at
  from published_state
 where aggregate = %(aggregate)s and (%(after)s::uuid is null or aggregate_id > %(after)s)
 order by aggregate_id
 limit %(limit)s
"""

WRITE = """
insert into outbox (id, owner, type, aggregate, aggregate_id, version, routing_key, body, created_at)
values (%(id)s, %(owner)s, %(type)s, %(aggregate)s, %(aggregate_id)s, %(version)s, %(routing_key)s, %(body)s,
        %(now)s)
"""


class VersionGap(RuntimeError):
    """An event's version does not follow the last one published of its aggregate."""


class Acting(Protocol):
    """Whoever an event names as its actor."""

    def as_json(self) -> dict[str, Any]:
        """Return user_id, organisation_id, role and name as JSON primitives."""


def append(
    conn: Connection,
    *,
    now: datetime,
    type: str,  # noqa: A002 - the envelope's own word
    aggregate: str,
    aggregate_id: UUID,
    version: int,
    data: Mapping[str, Any],
    actor: Acting | None,
    reason: str | None = None,
    trace_id: str | None = None,
    owner: str | None = None,
) -> UUID:
    """Write one event into the running transaction and return its id.

    `data` is the aggregate's whole public state, already dumped to JSON primitives. Without an actor the
    service itself is named; without a trace id the running trace. Raises VersionGap, and writes nothing,
    unless `version` is one more than the last one appended (1 for a new aggregate).
    """
    envelope = _envelope(
        owner=owner or _this_service(),
        type=type,
        aggregate=aggregate,
        aggregate_id=aggregate_id,
        version=version,
        occurred_at=now,
        trace_id=trace_id or current_trace(),
        actor=actor.as_json() if actor else _the_system(owner or _this_service()),
        reason=reason,
    )
    state = _json(data)
    row = _row(envelope, state, routing_key=f"{aggregate}.{type}", now=now)
    done = conn.execute(APPEND, row | {"data": state})
    if done.rowcount != 1:
        raise VersionGap(f"{aggregate} {aggregate_id}: version {version} of {type} is not the next one")
    return UUID(envelope["id"])


def republish(
    conn: Connection,
    *,
    now: datetime,
    consumer: str,
    aggregate: str,
    after: UUID | None,
    limit: int = 500,
) -> UUID | None:
    """Write the present states of up to `limit` aggregates, for one consumer alone; return where to go on.

    Begin with `after=None` and pass the returned id until None comes back. The messages have new ids, the
    type `<aggregate>_republished` and the version last published, so a consumer keeps what is newer.
    """
    states = conn.execute(STATES_AFTER, {"aggregate": aggregate, "after": after, "limit": limit}).fetchall()
    with conn.cursor() as cursor:
        cursor.executemany(WRITE, [_republished(state, consumer, aggregate, now) for state in states])
    return states[-1]["aggregate_id"] if len(states) == limit else None


def _republished(state: Mapping[str, Any], consumer: str, aggregate: str, now: datetime) -> dict[str, Any]:
    """Return the outbox row that tells one consumer one present state."""
    envelope = _envelope(
        owner=_this_service(),
        type=f"{aggregate}_republished",
        aggregate=aggregate,
        aggregate_id=state["aggregate_id"],
        version=state["version"],
        occurred_at=state["occurred_at"],
        trace_id=current_trace(),
        actor=_the_system(_this_service()),
        reason=None,
    )
    routing_key = f"republish.{consumer}.{aggregate}"
    return _row(envelope, _json(state["data"]), routing_key=routing_key, now=now)


def _envelope(*, aggregate_id: UUID, occurred_at: datetime, **rest: Any) -> dict[str, Any]:
    """Return the message without its state as JSON primitives, under a new id."""
    instant = occurred_at.isoformat().replace("+00:00", "Z")
    return {"id": str(new_id()), "aggregate_id": str(aggregate_id), "occurred_at": instant, **rest}


def _row(envelope: dict[str, Any], state: str, *, routing_key: str, now: datetime) -> dict[str, Any]:
    """Return the parameters of an insert into the outbox; the state, written once, is put into the body."""
    return {
        **{key: envelope[key] for key in ("id", "owner", "type", "aggregate", "aggregate_id", "version")},
        "routing_key": routing_key,
        "body": f'{_json(envelope)[:-1]},"data":{state}}}',
        "now": now,
    }


def _json(value: object) -> str:
    """Return the shortest JSON text of `value`; NaN and what is not JSON are errors of the program."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _this_service() -> str:
    """Return the name that the environment gives this process."""
    return os.environ["KEQIAO_SERVICE"]


def _the_system(name: str) -> dict[str, Any]:
    """Return the actor of what a service does by itself."""
    return {"user_id": None, "organisation_id": None, "role": None, "name": name}

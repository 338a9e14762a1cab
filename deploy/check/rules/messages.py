"""Messages: every event is written once, in order, sent or waiting, and read by everybody who hears it."""

from __future__ import annotations

from uuid import UUID

from deploy.check.hearing import hearing
from deploy.check.reader import Reader, Row
from deploy.check.verdict import Finding

PUBLISHERS = ("accounts", "catalog", "demand", "experts", "matcher")
SHOWN = 20

COUNTS = """
select count(*) filter (where routing_key not like 'republish.%') as events,
       count(*) filter (where routing_key like 'republish.%') as told_again,
       count(*) filter (where sent_at is not null) as sent,
       count(*) filter (where sent_at is null) as waiting
  from outbox
"""
BROKEN_CHAINS = """
with chain as (
    select aggregate, aggregate_id, count(*) as events, count(distinct version) as versions,
           min(version) as first, max(version) as last
      from outbox
     where routing_key not like 'republish.%'
     group by aggregate, aggregate_id
)
select coalesce(chain.aggregate, state.aggregate) as aggregate,
       coalesce(chain.aggregate_id, state.aggregate_id) as id,
       chain.events, chain.versions, chain.last, state.version,
       coalesce(chain.first, state.version + 1) as first
  from chain
  full join published_state state
    on state.aggregate = chain.aggregate and state.aggregate_id = chain.aggregate_id
 where chain.first is distinct from 1 or chain.events <> chain.versions
    or chain.events is distinct from chain.last or chain.last is distinct from state.version
"""
# The relay deletes what was sent a week ago; the ledger's trail keeps it.
PRUNED = """
select count(distinct version) as acts from trail
 where owner = %(owner)s and aggregate = %(aggregate)s and aggregate_id = %(id)s and version < %(first)s
"""
SENT_TO_ALL = """
select id from outbox
 where sent_at is not null and routing_key not like 'republish.%%' and aggregate = any(%(aggregates)s)
"""
READ = "select message_id as id from inbox where consumer = %(consumer)s"


def events_are_in_order(reader: Reader) -> Finding:
    """The outbox holds each aggregate's versions up to the published one, each once and none left out."""
    totals = {"events": 0, "told_again": 0, "sent": 0, "waiting": 0}
    suspects: dict[str, str] = {}
    for service in PUBLISHERS:
        for name, number in reader.one(service, COUNTS).items():
            totals[name] += number
        for row in reader.rows(service, BROKEN_CHAINS):
            if not _was_pruned(reader, service, row):
                suspects[f"{service} {row['aggregate']} {row['id']}"] = _how(row)
    return Finding(totals, suspects)


def _was_pruned(reader: Reader, service: str, row: Row) -> bool:
    """Whether only old events are missing, and the trail has each of them."""
    newest = row["version"] if row["events"] is None else row["last"]
    whole = row["events"] is None or row["events"] == row["versions"] == row["last"] - row["first"] + 1
    if row["first"] == 1 or not whole or newest != row["version"]:
        return False
    key = {"owner": service, "aggregate": row["aggregate"], "id": row["id"], "first": row["first"]}
    return bool(reader.one("ledger", PRUNED, key)["acts"] == row["first"] - 1)


def _how(row: Row) -> str:
    events = f"{row['events']} events of {row['versions']} versions up to {row['last']}"
    return f"{events}, published state is {row['version']}"


def events_are_read(reader: Reader) -> Finding:
    """Every sent event is in the inbox of every service that hears its aggregate."""
    missing = unread(reader)
    heard = sum(len(owners) for owners in hearing().values())
    suspects = {
        f"event {event} of {owner} to {consumer}": "sent, never read"
        for (consumer, owner), events in missing.items()
        for event in sorted(events)[:SHOWN]
    }
    return Finding({"streams": heard, "unread": sum(map(len, missing.values()))}, suspects)


def unread(reader: Reader) -> dict[tuple[str, str], set[UUID]]:
    """(consumer, owner) -> events that were sent and are not in the consumer's inbox."""
    found: dict[tuple[str, str], set[UUID]] = {}
    for consumer, owners in hearing().items():
        if not reader.keeps_inbox(consumer):
            continue
        for owner, aggregates in owners.items():
            sent = {row["id"] for row in reader.rows(owner, SENT_TO_ALL, {"aggregates": list(aggregates)})}
            read = {row["id"] for row in reader.rows(consumer, READ, {"consumer": consumer})}
            if sent - read:
                found[consumer, owner] = sent - read
    return found

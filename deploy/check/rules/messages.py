"""Messages: every event is written once, in order, sent or waiting, and read by everybody who hears it."""

from __future__ import annotations

from uuid import UUID

from deploy.check.hearing import hearing
from deploy.check.reader import Reader, Row
from deploy.check.verdict import Finding

PUBLISHERS = ("accounts", "catalog", "demand", "experts", "matcher")
SHOWN = 20

COUNTS = """
select count(*) as events,
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
       chain.events, chain.versions, chain.last, state.version
  from chain
  full join published_state state
    on state.aggregate = chain.aggregate and state.aggregate_id = chain.aggregate_id
 where chain.first is distinct from 1 or chain.events <> chain.versions
    or chain.events is distinct from chain.last or chain.last is distinct from state.version
"""
SENT_TO_ALL = """
select id from outbox
 where sent_at is not null and routing_key not like 'republish.%%' and aggregate = any(%(aggregates)s)
"""
READ = "select message_id as id from inbox where consumer = %(consumer)s"


def events_are_in_order(reader: Reader) -> Finding:
    """The outbox holds each aggregate's versions 1..n once, and n is the published version."""
    totals = {"events": 0, "sent": 0, "waiting": 0}
    suspects: dict[str, str] = {}
    for service in PUBLISHERS:
        for name, number in reader.one(service, COUNTS).items():
            totals[name] += number
        for row in reader.rows(service, BROKEN_CHAINS):
            suspects[f"{service} {row['aggregate']} {row['id']}"] = _how(row)
    return Finding(totals, suspects)


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

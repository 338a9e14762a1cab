"""Taking facts in: keep what they say, and put down what somebody must hear of."""

from __future__ import annotations

from services.chassis.facts import Fact
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.notices import domain
from services.notices.storage import facts as storage
from services.notices.storage import telling


def hear(conn: Connection, fact: Fact) -> None:
    """Keep a fact and announce it. What is republished is kept and not announced: it is no news."""
    if fact.aggregate == "organisation":
        storage.keep_organisation(conn, version=fact.version, data=fact.data)
    elif fact.aggregate == "user":
        storage.keep_person(conn, version=fact.version, data=fact.data)
    else:
        storage.keep_subject(
            conn, aggregate=fact.aggregate, id=fact.aggregate_id, version=fact.version, data=fact.data
        )
    if not fact.republished:
        _announce(conn, fact)


def _announce(conn: Connection, fact: Fact) -> None:
    for rule in domain.rules_for(fact.type, fact.data):
        telling.announce(
            conn,
            {
                "id": new_id(),
                "fact_key": domain.fact_key(rule.kind, fact.aggregate, fact.aggregate_id, fact.version),
                "kind": rule.kind,
                "aggregate": fact.aggregate,
                "aggregate_id": fact.aggregate_id,
                "version": fact.version,
                "reason": fact.reason,
                "actor_name": (fact.actor or {}).get("name"),
                "trace_id": fact.trace_id,
                "now": fact.now,
            },
        )

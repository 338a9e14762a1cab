"""The ledger takes every golden message of every owner into its trail, and counts what is to be counted."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace

from deploy.check.hearing import hearing
from schemas import codes
from schemas.http import coverage as contract
from services.chassis.facts import read_fact
from services.chassis.ids import new_id
from services.ledger import domain
from services.ledger.domain import Scope
from services.ledger.usecases import answering, recording
from tests.builders.facts import NOW
from tests.contracts import golden
from tests.fixtures.scratch import Scratch


def test_every_message_is_an_act(scratch: Scratch) -> None:
    hears = hearing()["ledger"]
    messages = [message for owner in hears for message in golden.examples(owner)]
    # Golden messages of two owners may have one id; messages on the bus never do.
    read = (read_fact(json.dumps(message).encode(), now=NOW) for message in messages)
    facts = [replace(fact, id=new_id()) for fact in read]
    assert {fact.aggregate for fact in facts} == {name for names in hears.values() for name in names}
    with scratch("ledger").transaction() as conn:
        recording.record(conn, facts)
        kept = Counter(row["aggregate"] for row in conn.execute("select aggregate from trail").fetchall())
        acts = {(fact.aggregate, fact.aggregate_id, fact.version) for fact in facts}
        assert kept == Counter(aggregate for aggregate, _, _ in acts)
        entries = answering.entries(
            conn,
            scope=Scope(area=""),
            period=domain.period(None, None),
            filters={},
            after=None,
            limit=100,
        )
    assert {entry["state"] for entry in entries} >= {"delivered"}


def test_the_contract_knows_the_dimensions_and_bases() -> None:
    assert contract.DIMENSIONS == domain.DIMENSIONS
    assert set(contract.BASES) == set(domain.COUNTED)
    assert {state for states in domain.COUNTED.values() for state in states} <= set(codes.MATCH_STATES)

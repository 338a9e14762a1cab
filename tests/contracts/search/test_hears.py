"""Search makes a document of every golden message of the owners that it hears."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator

import pytest

from deploy.check.hearing import hearing
from deploy.local.stack import Stack
from schemas.http.search import HITS
from services.chassis.facts import Fact, read_fact
from services.search import domain, rebuild, usecases
from services.search.storage import Engine
from tests.builders.facts import NOW
from tests.contracts import golden


def _heard() -> list[Fact]:
    hears = hearing()["search"]
    messages = [message for owner in hears for message in golden.examples(owner)]
    return [
        read_fact(json.dumps(message).encode(), now=NOW)
        for message in messages
        if message["aggregate"] in hears[message["owner"]]
    ]


@pytest.fixture
def engine(stack: Stack) -> Iterator[Engine]:
    """Indices of the test's own."""
    engine = Engine(stack.environment("operator")["ELASTICSEARCH_URL"], prefix=f"test-{secrets.token_hex(4)}")
    engine.create(engine.serving, "000001")
    yield engine
    engine.drop(engine.serving)
    engine.close()


def test_every_message_becomes_a_document_of_the_published_shape(engine: Engine) -> None:
    facts = _heard()
    usecases.take_in(engine, facts)
    for aggregate, index in domain.INDICES.items():
        told = {str(fact.aggregate_id) for fact in facts if fact.aggregate == aggregate}
        engine.refresh(engine.serving.alias(index))
        hits = engine.search(engine.serving.alias(index), {"size": 100})["hits"]["hits"]
        assert told
        assert {hit["_id"] for hit in hits} == told
        for hit in hits:
            view = {**hit["_source"]["view"], "distance_km": None, "highlights": {}}
            assert HITS[aggregate]().validate(view) == {}


def test_a_rebuild_asks_for_all_that_is_heard() -> None:
    heard = {owner: set(aggregates) for owner, aggregates in hearing()["search"].items()}
    assert {owner: set(aggregates) for owner, aggregates in rebuild.HEARS.items()} == heard

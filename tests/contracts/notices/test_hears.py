"""Notices take in every golden message that they hear, and have words for each that is told."""

from __future__ import annotations

import json

from deploy.check.hearing import hearing
from schemas.events import matcher
from services.chassis.facts import read_fact
from services.notices import domain, texts
from services.notices.storage import telling
from services.notices.usecases import hearing as listening
from services.notices.usecases.telling import params_of
from tests.builders.facts import NOW
from tests.contracts import golden
from tests.fixtures.scratch import Scratch


def test_every_message_is_taken_in_and_put_into_words(scratch: Scratch) -> None:
    hears = hearing()["notices"]
    told: set[str] = set()
    with scratch("notices").transaction() as conn:
        for owner, aggregates in hears.items():
            for message in golden.examples(owner):
                if message["aggregate"] not in aggregates:
                    continue
                fact = read_fact(json.dumps(message).encode(), now=NOW)
                listening.hear(conn, fact)
                for rule in domain.rules_for(fact.type, fact.data):
                    assert rule.audiences(fact.data)
                    params = params_of(conn, {"reason": fact.reason}, fact.data)
                    text = texts.rendered(rule.kind, params, "zh")
                    assert "—" not in text.title + text.body, (rule.kind, text)
                    told.add(fact.type)
        assert telling.take_waiting(conn, now=NOW, limit=100)
    # A golden verdict may be one that found something: nobody is told of that.
    assert told >= set(domain.RULES) - {"verdict_given"}


def test_every_rule_is_set_off_by_an_event_that_there_is() -> None:
    assert set(domain.RULES) <= set(matcher.EVENTS)

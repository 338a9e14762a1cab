"""What matcher says on the bus, and what it makes of what others say: both against the golden messages."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from schemas.codes import MATCH_STATES, ROUND_STATES
from schemas.failures import FAILURES
from schemas.reasons import ENDED, FALLEN
from services.chassis.facts import read_fact
from services.chassis.ids import new_id
from services.chassis.store import Connection
from services.matcher import domain
from services.matcher.engine import pools, rules
from services.matcher.storage import pool
from services.matcher.storage.facts import KEPT
from services.matcher.usecases import companies, facts, moves, offering, pooling, rounds, saga, solving
from tests.builders import drafts
from tests.builders.drafts import NOW, SOMEBODY
from tests.contracts import golden
from tests.fixtures.scratch import Scratch

HEARD = {
    "accounts": {"organisation", "district"},
    "catalog": {"venue", "programme", "slot", "closure", "unit", "stop", "shared_resource"},
    "experts": {"expert", "engagement"},
    "demand": {"school", "request", "calendar", "terms"},
}


class Story:
    """Acts a minute apart, so that events keep their order."""

    def __init__(self, conn: Connection) -> None:
        self.conn, self.minute = conn, NOW

    def now(self) -> datetime:
        """The next minute."""
        self.minute += timedelta(minutes=1)
        return self.minute

    def move(self, match: domain.Match, *states: str) -> domain.Match:
        """The match moved through these states by matcher itself."""
        for state in states:
            match = moves.move(self.conn, match, state, now=self.now())
        return match


def tell_all(conn: Connection) -> None:
    """Everything that happens to rounds, matches and verdicts."""
    story = Story(conn)
    _round(story)
    _delivered(story)
    _ended(story)
    _verdict(story)
    _together(story)


def _round(story: Story) -> None:
    conn = story.conn
    wanted = {"name": "春季集中申报", "adcode": "150400", "opens_at": NOW, "offer_hours": 48}
    wanted |= {"closes_at": NOW + timedelta(days=7), "policy": {"solve_seconds": 20, "session_minutes": 60}}
    round_id: UUID = rounds.open_round(conn, now=story.now(), actor=SOMEBODY, wanted=wanted)["id"]
    rounds.close(conn, now=story.now(), actor=SOMEBODY, round_id=round_id)
    rounds.begin_solving(conn, now=story.now(), round_id=round_id)
    rounds.fail(conn, now=story.now(), round_id=round_id, failure="MemoryError: 8 GiB")
    rounds.solve_again(conn, now=story.now(), actor=SOMEBODY, round_id=round_id)
    rounds.begin_solving(conn, now=story.now(), round_id=round_id)
    found: dict[str, Any] = {"value": 980, "bound": 1000, "gap": 0.02, "ended": "limit", "fairness": None}
    rounds.draw_up(conn, now=story.now(), round_id=round_id, **found)
    rounds.review(conn, now=story.now(), actor=SOMEBODY, round_id=round_id)
    rounds.publish(conn, now=story.now(), actor=SOMEBODY, round_id=round_id)


def _delivered(story: Story) -> None:
    conn, until = story.conn, NOW + timedelta(hours=48)
    held = story.move(drafts.a_draft(conn), "holding", "held")
    school = drafts.the_school(held)
    asked = (domain.Agreement("school", held.school_id, None, needed=True),)
    moves.move(
        conn, held, "offered", now=story.now(), agreements=asked, deadline=until, offered_at=story.minute
    )
    act: dict[str, Any] = {"match_id": held.id, "party": school, "actor": SOMEBODY}
    confirming = offering.answer(conn, **act, said="accept", reason=None, now=story.now())
    saga._after_confirming(conn, confirming, story.now(), _all(confirming, "confirmed"))
    offering.delivered(conn, **act, now=drafts.START + timedelta(hours=2))


def _all(match: domain.Match, outcome: str) -> dict[UUID, dict[str, str]]:
    return {leg.hold_id: {"outcome": outcome} for leg in match.legs}


def _ended(story: Story) -> None:
    for ending in ("declined", "expired", "cancelled", "superseded"):
        match = story.move(drafts.a_draft(story.conn), "holding")
        ended = moves.end(
            story.conn, match, ending, now=story.now(), code="party_declined", actor=SOMEBODY, reason="改期"
        )
        assert ended is not None
        saga._after_releasing(story.conn, ended, story.now(), _all(ended, "released"))


def _together(story: Story) -> None:
    together = {"company_id": new_id(), "company_groups": 3, "company_people": 75, "company_least": 40}
    first, *_ = (story.move(drafts.a_draft(story.conn, **together), "holding", "held") for _ in range(3))
    moves.end(story.conn, first, "cancelled", now=story.now(), code="party_cancelled")
    companies.settle(story.conn, now=story.now())


def _verdict(story: Story) -> None:
    match = drafts.a_draft(story.conn)
    params = {"limit_km": 60, "nearest_km": 84}
    reasons = [{"resource_kind": "slot", "code": "distance", "count": 12, "params": params}]
    verdict = {
        "request_id": match.request_id,
        "school_id": match.school_id,
        "round_id": None,
        "adcode": "150402",
    }
    rest = {"outcome": "unserved", "candidates": 0, "reasons": reasons, "given_at": NOW, "job_id": match.id}
    pool.give_verdicts(story.conn, [verdict | rest], at_once=False)
    pooling.tell_verdicts(story.conn, now=story.now())


@pytest.fixture(scope="module")
def said(scratch: Scratch) -> dict[str, golden.Message]:
    """The first message of each type that the story makes."""
    with pytest.MonkeyPatch.context() as patch, scratch("matcher").transaction() as conn:
        patch.setattr(domain, "new_seed", lambda _: "0123456789abcdef" * 4)
        tell_all(conn)
        return golden.first_of_each_type(conn)


def test_matcher_says_what_its_examples_say(said: dict[str, golden.Message]) -> None:
    golden.check("matcher", said)


def test_a_seed_is_told_with_its_round_s_publication_and_no_sooner(said: dict[str, golden.Message]) -> None:
    told = {type_: said[type_]["data"]["seed"] for type_ in said if type_.startswith("round_")}
    assert {type_ for type_, seed in told.items() if seed} == {"round_published"}


def test_states_and_reasons_are_those_of_the_contracts() -> None:
    assert set(domain.MATCH_MOVES) == set(MATCH_STATES)
    assert set(domain.ROUND_MOVES) == set(ROUND_STATES)
    tables = (rules.PROGRAMME_RULES, rules.EXPERT_RULES, rules.UNIT_RULES)
    assert {code for table in tables for code, _ in table} | set(pools.CODES) <= set(FALLEN)
    assert {"party_declined", "offer_expired", "request_withdrawn", "hold_lost"} <= set(ENDED)
    assert {solving.OUT_OF_MEMORY, solving.SOLVER_LOST} == set(FAILURES)


def test_matcher_keeps_everything_that_it_hears_in_any_order(scratch: Scratch) -> None:
    heard = [
        read_fact(golden_text(message), now=NOW)
        for owner, aggregates in HEARD.items()
        for message in golden.examples(owner)
        if message["aggregate"] in aggregates
    ]
    newest = {
        (fact.aggregate, fact.aggregate_id): fact.version for fact in sorted(heard, key=lambda f: f.version)
    }
    with scratch("matcher").transaction() as conn:
        facts.hear(conn, reversed(heard))
        facts.hear(conn, heard)
        for (aggregate, id_), version in newest.items():
            if aggregate in KEPT:
                row = conn.execute(
                    f"select version from {KEPT[aggregate].table} where id = %s".encode(), [id_]
                ).fetchone()
                assert row == {"version": version}, aggregate


def golden_text(message: golden.Message) -> str:
    """The message as it stands on the wire."""
    return json.dumps(message)

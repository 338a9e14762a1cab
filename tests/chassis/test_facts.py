"""Reading a fact: the quick way accepts nothing that the schema would not, and reads it the same."""

from __future__ import annotations

import json
from copy import deepcopy
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.chassis.facts import Fact, Malformed, _envelope, _plain_envelope, check_data, newest, read_fact
from services.chassis.ids import new_id

NOW = datetime(2027, 3, 1, tzinfo=UTC)
EXAMPLES = sorted((Path(__file__).resolve().parents[2] / "schemas" / "examples").rglob("*.json"))

ENVELOPE = {
    "id": "01a20dea-5c39-7263-8ab8-d79ee42a4988",
    "type": "slot_changed",
    "owner": "catalog",
    "aggregate": "slot",
    "aggregate_id": "01a20dea-5c39-7263-8ab8-d79f1966a1e8",
    "version": 3,
    "occurred_at": "2026-11-24T14:11:00.522229Z",
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "actor": {
        "user_id": "01a20dea-5c39-7263-8ab8-d7a0e05b9eab",
        "organisation_id": None,
        "role": "venue",
        "name": "其其格",
    },
    "reason": None,
    "data": {"seats": 30},
}

ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=50),
    st.sampled_from(
        ["", " ", "a\u0000", "e\u0301", "\ud800", "x" * 300, "2026-11-24", "2026-11-24T14:11:00"]
    ),
    st.lists(st.none(), max_size=1),
    st.just({}),
)


def schema_reads(value: Any) -> dict[str, Any] | None:
    """Return what the schema makes of an envelope, or None if it refuses."""
    try:
        return _envelope(value)
    except Malformed:
        return None


def test_the_plain_form_is_read_as_the_schema_reads_it() -> None:
    plain = _plain_envelope(ENVELOPE)
    assert plain is not None
    assert plain == schema_reads(ENVELOPE)


@given(member=st.sampled_from(sorted(ENVELOPE)), odd=ODD)
def test_what_the_quick_way_accepts_the_schema_reads_the_same(member: str, odd: Any) -> None:
    value = ENVELOPE | {member: odd}
    plain = _plain_envelope(value)
    assert plain is None or plain == schema_reads(value)


@given(member=st.sampled_from(["user_id", "organisation_id", "role", "name"]), odd=ODD)
def test_so_it_is_for_the_actor(member: str, odd: Any) -> None:
    value = deepcopy(ENVELOPE)
    value["actor"] = {**ENVELOPE["actor"], member: odd}  # type: ignore[dict-item]
    plain = _plain_envelope(value)
    assert plain is None or plain == schema_reads(value)


@pytest.mark.parametrize("member", sorted(ENVELOPE))
def test_a_missing_member_is_malformed(member: str) -> None:
    body = json.dumps({key: value for key, value in ENVELOPE.items() if key != member}).encode()
    with pytest.raises(Malformed):
        read_fact(body, now=NOW)


def test_members_that_are_not_known_yet_are_ignored() -> None:
    assert read_fact(json.dumps(ENVELOPE | {"shard": 7}).encode(), now=NOW).version == 3


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: f"{file.parent.name}/{file.stem}")
def test_every_golden_message_is_a_fact_whose_state_keeps_its_schema(file: Path) -> None:
    value = json.loads(file.read_text(encoding="utf-8"))
    if "data" not in value:
        pytest.skip("not an event")
    check_data(read_fact(json.dumps(value).encode(), now=NOW))


def test_a_state_that_breaks_its_owners_schema_is_malformed() -> None:
    with pytest.raises(Malformed, match="seats"):
        check_data(fact(owner="catalog", aggregate="slot", data={"seats": "thirty"}))


def test_an_aggregate_without_a_schema_is_not_judged() -> None:
    check_data(fact(owner="nobody", aggregate="thing", data={}))


def fact(*, owner: str, aggregate: str, data: dict[str, Any]) -> Fact:
    return Fact(
        id=new_id(),
        type=f"{aggregate}_changed",
        owner=owner,
        aggregate=aggregate,
        aggregate_id=new_id(),
        version=1,
        occurred_at=NOW,
        trace_id=None,
        actor=None,
        reason=None,
        data=data,
        now=NOW,
    )


def told(version: int, aggregate_id: object = ENVELOPE["aggregate_id"], aggregate: str = "slot") -> Fact:
    """Return a fact about an aggregate, under an id of its own."""
    envelope = {"id": str(new_id()), "version": version, "aggregate_id": aggregate_id, "aggregate": aggregate}
    return read_fact(json.dumps(ENVELOPE | envelope), now=NOW)


def test_of_a_batch_the_newest_of_each_aggregate_is_left_in_whatever_order_they_came() -> None:
    other = str(new_id())
    batch = [told(2), told(7, other), told(4), told(3), told(5, aggregate="venue"), told(7, other)]
    left = [(fact.aggregate, str(fact.aggregate_id), fact.version) for fact in newest(batch)]
    own = ENVELOPE["aggregate_id"]
    assert left == [("slot", own, 4), ("slot", other, 7), ("venue", own, 5)]
    assert newest(batch)[1] is batch[1]

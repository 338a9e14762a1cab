"""A fact as a consumer receives it: the envelope of an event, read from a message and checked."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib import import_module
from typing import Any
from uuid import UUID

from marshmallow import Schema, ValidationError

from schemas.envelope import EnvelopeSchema

_ENVELOPE = EnvelopeSchema()


class Malformed(ValueError):
    """A message is not a fact as its owner has promised it; no retry will mend that."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One event: its aggregate reached `version`, and `data` is the whole public state as JSON primitives.

    `now` is the consumer's time of handling it. A consumer keeps the newest version and ignores the rest.
    """

    id: UUID
    type: str
    owner: str
    aggregate: str
    aggregate_id: UUID
    version: int
    occurred_at: datetime
    trace_id: str | None
    actor: dict[str, Any] | None
    reason: str | None
    data: dict[str, Any]
    now: datetime

    @property
    def republished(self) -> bool:
        """Return whether this repeats a present state for this consumer, rather than telling of a change."""
        return self.type == f"{self.aggregate}_republished"


def read_fact(body: bytes | str, *, now: datetime) -> Fact:
    """Return the fact in a message's body; raise Malformed if it is none."""
    envelope = _envelope(_decoded(body))
    fact = Fact(now=now, **envelope)
    _check_data(fact)
    return fact


def _decoded(body: bytes | str) -> Any:
    """Return the JSON value; the decoder's limits on depth and numbers count as malformed too."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        return json.loads(text, parse_constant=_no_such_number)
    except (ValueError, RecursionError) as error:
        raise Malformed(f"not JSON: {error}") from error


def _no_such_number(name: str) -> None:
    """Refuse NaN and the infinities, which Python would read."""
    raise ValueError(f"{name} is not JSON")


def _envelope(value: Any) -> dict[str, Any]:
    """Return the envelope's members with their own types, and `data` and `actor` as they came."""
    try:
        loaded: dict[str, Any] = _ENVELOPE.load(value)
    except ValidationError as error:
        raise Malformed(f"not an event: {error.messages}") from error
    return loaded | {"data": value["data"], "actor": value["actor"]}


def _check_data(fact: Fact) -> None:
    """Raise Malformed if the state breaks the schema of its owner."""
    schema = _state_schemas(fact.owner).get(fact.aggregate)
    if schema is None:
        return
    errors = schema.validate(fact.data)
    if errors:
        raise Malformed(f"{fact.owner}'s {fact.aggregate}: {errors}")


@cache
def _state_schemas(owner: str) -> Mapping[str, Schema]:
    """Return the schema of each aggregate that the owner publishes; none for an owner without contracts."""
    try:
        events = import_module(f"schemas.events.{owner}").EVENTS
    except ModuleNotFoundError:
        return {}
    return {aggregate: schema() for aggregate, schema in events.values()}
